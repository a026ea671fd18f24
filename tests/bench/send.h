/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The frame of every program that sends, ours and the peers':
 *
 *   PROGRAM HOST PORT COUNT CONNECTIONS FILE TLS CA USER PASSWORD
 *
 * It sends the message in FILE (CRLF, header and body) COUNT times from bench@example.org to
 * bench@example.net, and prints one line of JSON: program, acknowledged, bytes (of contents that were
 * acknowledged), wall_s, user_s, system_s, peak_rss_kib. What _many programs call a connection is a
 * session of its own, all in one thread; in others it is one of those that a session has. TLS is "none", "starttls" or "implicit"; CA
 * is a file, and it, USER and PASSWORD are "" for none.
 */
#ifndef MAILSUB_TESTS_SEND_H
#define MAILSUB_TESTS_SEND_H

#include <stdbool.h>
#include <stddef.h>

struct sending {
    const char *host;
    int port;
    unsigned long count;
    int connections;
    const char *path;
    const char *tls;
    const char *ca;
    const char *user;
    const char *password;
    char *data; /* the message; NULL where it is large: then it is to be streamed */
    size_t len;
    unsigned long n_acknowledged;
};

/* More is not loaded. */
enum { SEND_LARGE = 1024 * 1024 };

#define SEND_FROM "bench@example.org"
#define SEND_TO "bench@example.net"

/* End with a message when ok is false. */
void send_need(bool ok, const char *what);

/* What the program does: all that is timed. */
void send_all(struct sending *sending);
extern const char send_name[];

#endif

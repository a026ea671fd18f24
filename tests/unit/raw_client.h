/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client that sends what it is told, right or wrong, in clear or in TLS, and reads lines. */
#ifndef MAILSUB_TESTS_RAW_CLIENT_H
#define MAILSUB_TESTS_RAW_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include <gnutls/gnutls.h>

struct raw_client {
    int fd;
    gnutls_session_t tls;
    gnutls_certificate_credentials_t credentials;
    bool by_octet; /* each octet is sent alone */
    size_t n_buffered;
    char buffered[8192];
    char line[8192];
};

/* To 127.0.0.1. Nothing waits for longer than 20 seconds. */
void raw_client_open(struct raw_client *client, int port);
void raw_client_close(struct raw_client *client);
/* Handshake; ca is PEM, name must be in the certificate. Returns the verification's status: 0, or
   GNUTLS_CERT_*. The session is used whatever it is. */
unsigned raw_client_start_tls(struct raw_client *client, const char *ca, const char *name);
void raw_client_send(struct raw_client *client, const char *data, size_t len);
/* One line without its CRLF, lent until the next call; NULL at the end of the connection. */
const char *raw_client_read_line(struct raw_client *client);

#endif

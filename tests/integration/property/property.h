/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A random request, what was asked with it, and the checkers of what came of it. Strings live until
 * the next request is made.
 */
#ifndef MAILSUB_TESTS_PROPERTY_H
#define MAILSUB_TESTS_PROPERTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mailsub/mailsub.h>

enum { FROM, SENDER, REPLY_TO, TO, CC, N_LISTS };
enum { MOST_MAILBOXES = 16, MOST_HEADERS = 4, MOST_FILES = 4, MOST_BLIND = 16 };
enum { ASKED_DATE = 1732228260 };

/* ptr NULL: none. NUL-terminated. */
struct text {
    const char *ptr;
    size_t len;
};

struct asked_mailbox {
    struct text name;
    struct text address; /* as it has to be written */
};

struct asked_list {
    size_t n;
    struct asked_mailbox items[MOST_MAILBOXES];
};

struct asked_file {
    struct text name;
    struct text type;
    struct text content;
};

/* The sum of the calls that succeeded. */
struct asked {
    struct asked_list lists[N_LISTS];
    size_t n_blind;
    struct text blind[MOST_BLIND];
    struct text subject;
    size_t n_headers;
    struct text header_names[MOST_HEADERS];
    struct text header_values[MOST_HEADERS];
    struct text text;
    struct text html;
    size_t n_files;
    struct asked_file files[MOST_FILES];
    size_t n_refused; /* calls */
};

extern const char *const list_names[N_LISTS];

/*
 * Make request number seed on a new message, which *out_message receives; it may hold an error.
 * NULL, or what the library did wrong: refused what is allowed, or the other way round.
 */
const char *request_make(uint64_t seed, struct asked *asked, mailsub_message **out_message);

/* Each: NULL, or what is wrong with the message. */
const char *check_raw(const struct asked *asked, struct text message);
const char *check_gmime(const struct asked *asked, struct text message);
bool has_gmime(void);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* URLs in texts: found, and taken apart as browsers do (WHATWG URL, RFC 3986). */
#ifndef MAILSUB_MESSAGE_URL_H
#define MAILSUB_MESSAGE_URL_H

#include "message/host.h"

enum mailsub__url_scheme {
    MAILSUB__URL_BARE, /* a host name without a scheme: "www.example.org/x" */
    MAILSUB__URL_HTTP,
    MAILSUB__URL_HTTPS
};

typedef struct mailsub__url_parts {
    enum mailsub__url_scheme scheme;
    mailsub__host host; /* folded */
    bool has_path;      /* more than the host */
} mailsub__url_parts;

/* Take a URL apart. False: it has another scheme, or no host. */
bool mailsub__url_parse_link(mailsub__slice url, mailsub__url_parts *out);

/* Takes the words of a text one by one. */
typedef struct mailsub__url_words {
    mailsub__slice rest;
} mailsub__url_words;

/*
 * The next word: what stands between blanks, angle brackets, quotes and other marks that no URL
 * holds, without the marks of a sentence at its end. False: no more. Each octet is looked at a
 * constant number of times.
 */
bool mailsub__url_next_word(mailsub__url_words *words, mailsub__slice *out_word);
/* Whether a word of a text is a link: it has a scheme of the web, or begins with "www.". */
bool mailsub__url_is_link(mailsub__slice word);

#endif

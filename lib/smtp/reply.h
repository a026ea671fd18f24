/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Replies of a server (RFC 5321 section 4.2): a parser that finds their lines, wherever the input
 * was cut, and what is kept of a reply: code, enhanced status (RFC 2034, RFC 3463), clean text.
 * Nothing here takes memory, so that a reply can always be told; but for long challenges.
 */
#ifndef MAILSUB_SMTP_REPLY_H
#define MAILSUB_SMTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

/* RFC 5321 section 4.5.3.1.5 says 512 octets with the line end; real servers write more. */
#define MAILSUB__REPLY_MAX_LINE 2048
/* The line of a challenge, RFC 4954 section 4: base64 of 12,288 octets, "334 " and the line end. */
#define MAILSUB__REPLY_MAX_CHALLENGE (12288 + 6)
/* Against a server that never ends its reply: no time-out stops one that keeps writing. */
#define MAILSUB__REPLY_MAX_LINES 200
#define MAILSUB__REPLY_MAX_OCTETS (64 * 1024)

#define MAILSUB__REPLY_TEXT_LEN 512
#define MAILSUB__ENHANCED_LEN 12

enum mailsub__reply_progress {
    MAILSUB__REPLY_MORE,  /* the input is used up */
    MAILSUB__REPLY_LINE,  /* a line; the reply goes on */
    MAILSUB__REPLY_LAST,  /* the line that ends the reply */
    MAILSUB__REPLY_BROKEN /* no reply: see error. Nothing behind it can be trusted */
};

typedef struct mailsub__reply_parser {
    int code;            /* of the reply under way */
    mailsub__slice line; /* the line found, without its end; lent until the next call */
    mailsub__slice text; /* of that line, behind code and separator */
    int error;           /* MAILSUB_E_REPLY_MALFORMED, _REPLY_TOO_LONG; MAILSUB_E_NOMEM */
    size_t n_lines;      /* of the reply under way, and its octets */
    size_t n_octets;
    size_t n_held;
    char held[MAILSUB__REPLY_MAX_LINE]; /* the start of a line that was cut */
    /* Where a challenge that finds no room in held is kept; the owner's. NULL: no login is under
       way, and a line that begins with 334 is a line like any other. */
    mailsub__buffer *long_line;
} mailsub__reply_parser;

void mailsub__reply_parser_init(mailsub__reply_parser *parser);
/* Take octets from the front of input, up to the end of one line. */
enum mailsub__reply_progress mailsub__reply_parser_next(mailsub__reply_parser *parser,
                                                        mailsub__slice *input);
/* True between two replies: no octet of the next one has come. */
static inline bool mailsub__reply_parser_is_fresh(const mailsub__reply_parser *parser)
{
    return parser->n_octets == 0;
}

typedef struct mailsub__reply {
    int code;                             /* 200 to 599 */
    char enhanced[MAILSUB__ENHANCED_LEN]; /* "5.1.1" or ""; its class is that of code */
    char text[MAILSUB__REPLY_TEXT_LEN];   /* lines joined by a space, enhanced status taken out */
    size_t text_len;
    bool text_cut; /* it ends with "..." */
} mailsub__reply;

void mailsub__reply_reset(mailsub__reply *reply);
/* text is clean. */
void mailsub__reply_add_line(mailsub__reply *reply, int code, mailsub__slice text);

/* A clean line of a reply without the enhanced status at its front, if it has one. */
mailsub__slice mailsub__reply_strip_enhanced(int code, mailsub__slice text);

/*
 * Make text one printable line of valid UTF-8, in place, and return its length, which never grows:
 * what a server says ends in logs and on terminals. Controls, octets that are not UTF-8, and
 * characters that turn or break a line become question marks.
 */
size_t mailsub__text_clean(char *text, size_t len);

#endif

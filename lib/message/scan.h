/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looks through content that is sent without base64, in one pass: can it be sent as 7bit or 8bit
 * lines, how long is it then, and does it hold our boundary. Where it was cut changes nothing.
 */
#ifndef MAILSUB_MESSAGE_SCAN_H
#define MAILSUB_MESSAGE_SCAN_H

#include <stdint.h>

#include "base/slice.h"
#include "codec/newline.h"

enum { MAILSUB__SCAN_LONGEST_NEEDLE = 32 };

typedef struct mailsub__scan {
    mailsub__slice needle; /* borrowed */
    char tail[MAILSUB__SCAN_LONGEST_NEEDLE];
    size_t n_tail;

    mailsub__newline newline;
    size_t column;

    /* Results. */
    bool has_needle;
    bool has_high;     /* octets beyond ASCII */
    bool is_not_lines; /* NUL, or a line beyond 998 octets */
    size_t n_octets;   /* with every line end, also a missing last one, made CRLF */
    uint64_t digest;
} mailsub__scan;

/* needle: what must not occur, wherever in a line. */
void mailsub__scan_init(mailsub__scan *scan, mailsub__slice needle);
/* last: nothing comes behind it; data may then be empty. */
void mailsub__scan_feed(mailsub__scan *scan, mailsub__slice data, bool last);

/*
 * Tells whether content is still the same, not whether somebody forged it (FNV-1a): the result for
 * what was fed before, or the start, becomes the result with data behind it.
 */
#define MAILSUB__SCAN_DIGEST_START UINT64_C(0xcbf29ce484222325)
uint64_t mailsub__scan_digest(uint64_t digest, const char *data, size_t len);

#endif

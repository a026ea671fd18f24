/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "message/scan.h"

#include <assert.h>

#include "codec/utf8.h"
#include "message/body.h"

void mailsub__scan_init(mailsub__scan *scan, mailsub__slice needle)
{
    assert(needle.len > 0 && needle.len <= sizeof scan->tail);
    *scan = (mailsub__scan){.needle = needle, .digest = MAILSUB__SCAN_DIGEST_START};
    mailsub__newline_init(&scan->newline);
}

uint64_t mailsub__scan_digest(uint64_t digest, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        digest = (digest ^ (unsigned char)data[i]) * UINT64_C(0x100000001b3);
    return digest;
}

/* Search data, and where it joins what came before. */
static void find_needle(mailsub__scan *scan, mailsub__slice data)
{
    char joint[2 * MAILSUB__SCAN_LONGEST_NEEDLE];
    size_t most = scan->needle.len - 1;
    size_t n = data.len < most ? data.len : most;
    memcpy(joint, scan->tail, scan->n_tail);
    memcpy(joint + scan->n_tail, data.ptr, n);
    n += scan->n_tail;
    scan->has_needle |= memmem(joint, n, scan->needle.ptr, scan->needle.len) ||
                        memmem(data.ptr, data.len, scan->needle.ptr, scan->needle.len);
    if (data.len >= most) {
        memcpy(scan->tail, data.ptr + data.len - most, most);
        scan->n_tail = most;
    } else {
        scan->n_tail = n < most ? n : most;
        memcpy(scan->tail, joint + n - scan->n_tail, scan->n_tail);
    }
}

/* Lines that all end with CRLF, as they will be sent; a CRLF may be divided between two pieces. */
static void measure_lines(mailsub__scan *scan, mailsub__slice lines)
{
    scan->n_octets += lines.len;
    while (lines.len > 0) {
        const char *end = memchr(lines.ptr, '\n', lines.len);
        size_t n = end ? (size_t)(end - lines.ptr) + 1 : lines.len;
        scan->column += n;
        bool ends_in_cr = lines.ptr[n - 1] == '\r';
        if (scan->column > (size_t)MAILSUB__BODY_LONGEST_LINE + (end ? 2 : ends_in_cr))
            scan->is_not_lines = true;
        if (end)
            scan->column = 0;
        lines = mailsub__slice_of(lines.ptr + n, lines.len - n);
    }
}

void mailsub__scan_feed(mailsub__scan *scan, mailsub__slice data, bool last)
{
    find_needle(scan, data);
    scan->digest = mailsub__scan_digest(scan->digest, data.ptr, data.len);
    scan->has_high |= !mailsub__ascii_only(data);
    scan->is_not_lines |= memchr(data.ptr, '\0', data.len) != NULL;
    char piece[4096];
    mailsub__step step = {.in = data.ptr, .in_len = data.len, .last = last};
    bool done;
    do {
        step.out = piece;
        step.out_room = sizeof piece;
        done = mailsub__newline_encode(&scan->newline, &step);
        measure_lines(scan, mailsub__slice_of(piece, sizeof piece - step.out_room));
    } while (!done && step.out_room == 0);
}

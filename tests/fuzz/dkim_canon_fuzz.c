/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Invariants: a body gives the same whole, octet by octet and cut as the fuzzer says, and by the
 * feed for octets without white space where there is none. What comes out is canonical: it changes
 * no more, and ends with one line end or is nothing at all; relaxed, it has no tab, no two spaces in
 * a row and no space at the end of a line. The simple form is the input but for its end. A header
 * field, relaxed, changes no more either, and has no line end inside.
 */
#include "fuzz_step.h"

#include <mailsub/dkim.h>

#include "message/dkim_canon.h"

static int append(void *out, mailsub__slice octets)
{
    FUZZ_CHECK(octets.len > 0);
    return mailsub__buffer_append_slice(out, octets);
}

typedef int feed_fn(mailsub__dkim_body *body, const char *data, size_t len);

static void canon_by(feed_fn *feed, int form, mailsub__slice in, size_t piece, mailsub__buffer *out)
{
    mailsub__dkim_body body;
    mailsub__buffer_reset(out);
    mailsub__dkim_body_init(&body, form, append, out);
    for (size_t at = 0; at < in.len;) {
        size_t n = in.len - at < piece ? in.len - at : piece;
        char *exact = fuzz_alloc(n);
        memcpy(exact, in.ptr + at, n);
        FUZZ_CHECK(feed(&body, exact, n) == MAILSUB_OK);
        free(exact);
        at += n;
    }
    FUZZ_CHECK(mailsub__dkim_body_finish(&body) == MAILSUB_OK);
}

static void canon(int form, mailsub__slice in, size_t piece, mailsub__buffer *out)
{
    canon_by(mailsub__dkim_body_feed, form, in, piece, out);
}

static bool ends_with(mailsub__slice text, const char *end)
{
    size_t n = strlen(end);
    return text.len >= n && memcmp(text.ptr + text.len - n, end, n) == 0;
}

static bool contains(mailsub__slice text, const char *what)
{
    return memmem(text.ptr, text.len, what, strlen(what)) != NULL;
}

static void check_relaxed(mailsub__slice text)
{
    FUZZ_CHECK(!memchr(text.ptr, '\t', text.len));
    FUZZ_CHECK(!contains(text, "  ") && !contains(text, " \r\n"));
    FUZZ_CHECK(text.len == 0 || ends_with(text, "\r\n"));
    FUZZ_CHECK(!ends_with(text, "\r\n\r\n") && !(text.len == 2 && ends_with(text, "\r\n")));
}

/* The input without the line ends at its end, and one. */
static void check_simple(mailsub__slice in, mailsub__slice text)
{
    while (ends_with(in, "\r\n"))
        in.len -= 2;
    FUZZ_CHECK(text.len == in.len + 2 && ends_with(text, "\r\n"));
    FUZZ_CHECK(memcmp(text.ptr, in.ptr, in.len) == 0);
}

static void check_body(int form, mailsub__slice in, size_t cut)
{
    mailsub_allocator allocator = fuzz_allocator();
    mailsub__buffer whole;
    mailsub__buffer other;
    mailsub__buffer_init(&whole, &allocator, SIZE_MAX / 4);
    mailsub__buffer_init(&other, &allocator, SIZE_MAX / 4);
    canon(form, in, SIZE_MAX, &whole);
    mailsub__slice text = mailsub__buffer_slice(&whole);
    const size_t pieces[] = {1, cut};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        canon(form, in, pieces[i], &other);
        FUZZ_CHECK(mailsub__slice_equal(mailsub__buffer_slice(&other), text));
    }
    if (!memchr(in.ptr, ' ', in.len) && !memchr(in.ptr, '\t', in.len)) {
        canon_by(mailsub__dkim_body_feed_solid, form, in, cut, &other);
        FUZZ_CHECK(mailsub__slice_equal(mailsub__buffer_slice(&other), text));
    }
    canon(form, text, cut, &other);
    FUZZ_CHECK(mailsub__slice_equal(mailsub__buffer_slice(&other), text));
    if (form == MAILSUB_DKIM_RELAXED)
        check_relaxed(text);
    else
        check_simple(in, text);
    mailsub__buffer_deinit(&whole);
    mailsub__buffer_deinit(&other);
}

static void check_field(mailsub__slice in)
{
    mailsub_allocator allocator = fuzz_allocator();
    mailsub__buffer once;
    mailsub__buffer twice;
    mailsub__buffer_init(&once, &allocator, SIZE_MAX / 4);
    mailsub__buffer_init(&twice, &allocator, SIZE_MAX / 4);
    FUZZ_CHECK(mailsub__dkim_canon_field(MAILSUB_DKIM_RELAXED, in, &once) == MAILSUB_OK);
    mailsub__slice text = mailsub__buffer_slice(&once);
    FUZZ_CHECK(text.len <= in.len);
    const char *value = memchr(text.ptr, ':', text.len);
    if (value) {
        size_t n = (size_t)(text.ptr + text.len - value);
        FUZZ_CHECK(!memchr(value, '\r', n) && !memchr(value, '\n', n) && !memchr(value, '\t', n));
        FUZZ_CHECK(!ends_with(text, " "));
    }
    FUZZ_CHECK(mailsub__dkim_canon_field(MAILSUB_DKIM_RELAXED, text, &twice) == MAILSUB_OK);
    FUZZ_CHECK(mailsub__slice_equal(mailsub__buffer_slice(&twice), text));
    mailsub__buffer_reset(&twice);
    FUZZ_CHECK(mailsub__dkim_canon_field(MAILSUB_DKIM_SIMPLE, in, &twice) == MAILSUB_OK);
    FUZZ_CHECK(mailsub__slice_equal(mailsub__buffer_slice(&twice), in));
    mailsub__buffer_deinit(&once);
    mailsub__buffer_deinit(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_cut cut = fuzz_take_cut(&data, &size);
    mailsub__slice in = mailsub__slice_of(data, size);
    check_body(MAILSUB_DKIM_SIMPLE, in, cut.piece);
    check_body(MAILSUB_DKIM_RELAXED, in, cut.piece);
    check_field(in);
    return 0;
}

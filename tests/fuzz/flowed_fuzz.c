/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Invariants: a reader of format=flowed (RFC 3676 section 4) gets back each line of the text as a
 * paragraph of its own, save for spaces at its end and one behind the marks of a quotation; a line
 * that could be cut has 78 characters at most, and none begins with a dot or "From ".
 */
#include <string.h>

#include "fuzz.h"

#include "message/flowed.h"

enum { LONGEST = 78, MANY_QUOTES = 50 };

static size_t quotes_of(mailsub__slice line)
{
    size_t n = 0;
    while (n < line.len && line.ptr[n] == '>')
        n++;
    return n;
}

static mailsub__slice skip(mailsub__slice text, size_t n)
{
    return mailsub__slice_of(text.ptr + n, text.len - n);
}

static bool is_signature(mailsub__slice content)
{
    return mailsub__slice_equal(content, mailsub__slice_str("-- "));
}

/* Take a line ended by CRLF, as it was written. */
static mailsub__slice written_line(mailsub__slice *rest)
{
    const char *end = memmem(rest->ptr, rest->len, "\r\n", 2);
    FUZZ_CHECK(end);
    mailsub__slice line = mailsub__slice_of(rest->ptr, (size_t)(end - rest->ptr));
    *rest = skip(*rest, line.len + 2);
    FUZZ_CHECK(!memchr(line.ptr, '\r', line.len) && !memchr(line.ptr, '\n', line.len));
    FUZZ_CHECK(line.len == 0 || line.ptr[0] != '.');
    FUZZ_CHECK(line.len < 5 || memcmp(line.ptr, "From ", 5) != 0);
    return line;
}

static void check_length(mailsub__slice line, size_t quotes)
{
    if (line.len <= LONGEST || quotes > MANY_QUOTES)
        return;
    /* A word beyond the line stands alone, or behind "-- ". */
    mailsub__slice content = skip(line, quotes);
    if (content.len > 0 && content.ptr[0] == ' ')
        content = skip(content, 1);
    if (content.len > 3 && memcmp(content.ptr, "-- ", 3) == 0)
        content = skip(content, 3);
    const char *space = memchr(content.ptr, ' ', content.len);
    FUZZ_CHECK(!space || space == content.ptr + content.len - 1);
}

/* Read one paragraph of what was written into out; its octets. */
static size_t read_paragraph(mailsub__slice *rest, size_t *out_quotes, char *out)
{
    size_t n = 0;
    for (size_t n_lines = 0;; n_lines++) {
        mailsub__slice line = written_line(rest);
        size_t quotes = quotes_of(line);
        check_length(line, quotes);
        FUZZ_CHECK(n_lines == 0 || quotes == *out_quotes);
        *out_quotes = quotes;
        mailsub__slice content = skip(line, quotes);
        if (content.len > 0 && content.ptr[0] == ' ')
            content = skip(content, 1);
        memcpy(out + n, content.ptr, content.len);
        n += content.len;
        bool flows = content.len > 0 && content.ptr[content.len - 1] == ' ';
        if (!flows || is_signature(content)) {
            FUZZ_CHECK(!is_signature(content) || n_lines == 0);
            return n;
        }
    }
}

static mailsub__slice text_line(mailsub__slice *rest)
{
    size_t n = 0;
    while (n < rest->len && rest->ptr[n] != '\r' && rest->ptr[n] != '\n')
        n++;
    mailsub__slice line = mailsub__slice_of(rest->ptr, n);
    *rest = skip(*rest, n);
    if (rest->len > 0)
        *rest = skip(*rest, rest->len > 1 && memcmp(rest->ptr, "\r\n", 2) == 0 ? 2 : 1);
    return line;
}

static void check(mailsub__slice text, mailsub__slice out)
{
    char *found = fuzz_alloc(out.len);
    while (text.len > 0) {
        mailsub__slice line = text_line(&text);
        size_t want_quotes = quotes_of(line);
        mailsub__slice want = skip(line, want_quotes);
        if (want_quotes > 0 && want.len > 0 && want.ptr[0] == ' ')
            want = skip(want, 1);
        bool is_mark = is_signature(want);
        while (!is_mark && want.len > 0 && want.ptr[want.len - 1] == ' ')
            want.len--;
        size_t quotes = 0;
        size_t n = read_paragraph(&out, &quotes, found);
        FUZZ_CHECK(quotes == want_quotes);
        FUZZ_CHECK(mailsub__slice_equal(want, mailsub__slice_of(found, n)));
    }
    FUZZ_CHECK(out.len == 0);
    free(found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mailsub_allocator allocator = fuzz_allocator();
    mailsub__slice text = mailsub__slice_of(data, size);
    mailsub__buffer out;
    mailsub__buffer_init(&out, &allocator, SIZE_MAX / 2);
    FUZZ_CHECK(mailsub__flowed_append(&out, text) == MAILSUB_OK);
    check(text, mailsub__buffer_slice(&out));
    mailsub__buffer_deinit(&out);
    return 0;
}

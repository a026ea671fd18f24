/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Invariants: a type that is accepted is written in printable ASCII, the essence and the names of
 * its parameters in small letters, each value such that a strict reader gets back what the input
 * stands for; what the name of a file stands for is a type that would be accepted.
 */
#include <string.h>

#include "../codec_decode.h"
#include "fuzz.h"

#include "message/media_type.h"

static mailsub__slice skip(mailsub__slice text, size_t n)
{
    FUZZ_CHECK(n <= text.len);
    return mailsub__slice_of(text.ptr + n, text.len - n);
}

static size_t span(mailsub__slice text, const char *set)
{
    size_t n = 0;
    while (n < text.len && text.ptr[n] != '\0' && strchr(set, text.ptr[n]))
        n++;
    return n;
}

/* Read one value of the input, quoted or not; its octets go to value. */
static size_t read_value(mailsub__slice *rest, char *value)
{
    bool quoted = rest->len > 0 && rest->ptr[0] == '"';
    size_t n = 0;
    size_t i = quoted;
    while (i < rest->len && (quoted ? rest->ptr[i] != '"' : !strchr("; ", rest->ptr[i]))) {
        i += quoted && rest->ptr[i] == '\\';
        FUZZ_CHECK(i < rest->len);
        value[n++] = rest->ptr[i++];
    }
    *rest = skip(*rest, i + quoted);
    return n;
}

static size_t after_quotes(mailsub__slice text, size_t i)
{
    for (i++; i < text.len && text.ptr[i] != '"'; i++)
        i += text.ptr[i] == '\\';
    return i + 1;
}

/* Whether a further part of the parameter of that name begins here. */
static bool continues(mailsub__slice text, const char *name)
{
    size_t len = strlen(name);
    return text.len > 2 + len && memcmp(text.ptr + 2, name, len) == 0 && text.ptr[2 + len] == '*';
}

/* Octets of the parameter of that name at the front of what was written, all its parts. */
static size_t written_len(mailsub__slice text, const char *name)
{
    size_t i = 2;
    while (i < text.len) {
        mailsub__slice next = skip(text, i);
        if (next.ptr[0] == '"')
            i = after_quotes(text, i);
        else if (memcmp(next.ptr, "; ", next.len < 2 ? 1 : 2) == 0 && !continues(next, name))
            break;
        else
            i++;
    }
    return i;
}

static void check_params(mailsub__slice in, mailsub__slice out)
{
    char *want = fuzz_alloc(in.len);
    char *found = fuzz_alloc(out.len);
    for (in = skip(in, span(in, " ")); in.len > 0; in = skip(in, span(in, " "))) {
        in = skip(in, 1);
        in = skip(in, span(in, " "));
        const char *equals = memchr(in.ptr, '=', in.len);
        FUZZ_CHECK(equals);
        char name[64] = "";
        size_t name_len = (size_t)(equals - in.ptr);
        FUZZ_CHECK(name_len < sizeof name);
        for (size_t i = 0; i < name_len; i++)
            name[i] = mailsub__ascii_lower(in.ptr[i]);
        in = skip(in, name_len + 1);
        size_t want_len = read_value(&in, want);
        size_t len = written_len(out, name);
        FUZZ_CHECK(decode_param(out.ptr, len, name, found) == want_len);
        FUZZ_CHECK(memcmp(found, want, want_len) == 0);
        out = skip(out, len);
    }
    FUZZ_CHECK(out.len == 0);
    free(want);
    free(found);
}

static void check_written(mailsub__slice in)
{
    mailsub_allocator allocator = fuzz_allocator();
    mailsub__buffer buffer;
    mailsub__buffer_init(&buffer, &allocator, SIZE_MAX / 2);
    FUZZ_CHECK(mailsub__media_type_append(&buffer, in) == MAILSUB_OK);
    mailsub__slice out = mailsub__buffer_slice(&buffer);
    for (size_t i = 0; i < out.len; i++)
        FUZZ_CHECK(out.ptr[i] >= ' ' && out.ptr[i] <= '~');
    size_t essence = 0;
    for (; essence < in.len && !strchr("; ", in.ptr[essence]); essence++)
        FUZZ_CHECK(essence < out.len && out.ptr[essence] == mailsub__ascii_lower(in.ptr[essence]));
    check_params(skip(in, essence), skip(out, essence));
    mailsub__buffer_deinit(&buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mailsub__slice in = mailsub__slice_of(data, size);
    FUZZ_CHECK(mailsub__media_type_check(mailsub__media_type_of_name(in)) == MAILSUB_OK);
    int rc = mailsub__media_type_check(in);
    if (rc == MAILSUB_OK)
        check_written(in);
    else
        FUZZ_CHECK(mailsub_error_group(rc) == MAILSUB_GROUP_MESSAGE || rc == MAILSUB_E_LIMIT);
    return 0;
}

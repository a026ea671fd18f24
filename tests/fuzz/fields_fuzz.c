/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Invariants: a value that a known field accepts is written as one field of ASCII lines, each of
 * which holds more than white space and at most 998 octets, and 78 where it can be folded; a reader
 * of RFC 2047 gets an unstructured text back exactly; a field of another kind is accepted again as
 * it was written, and written the same. The first octet chooses the field.
 */
#include <string.h>

#include "../codec_decode.h"
#include "fuzz.h"

#include "message/fields.h"
#include "message/header_scan.h"
#include "message/line.h"

static const char *const names[] = {
    "X-Value",    "Comments",  "Organization",   "Keywords", "List-Id", "List-Unsubscribe",
    "References", "Errors-To", "Auto-Submitted", "Priority", "X-"};

static bool is_white(char c)
{
    return c == ' ' || c == '\t';
}

static bool ends_line(mailsub__slice text, size_t i)
{
    return text.len - i >= 2 && memcmp(text.ptr + i, "\r\n", 2) == 0;
}

static void check_line(mailsub__slice line)
{
    size_t inner = 0;
    bool can_fold = false;
    for (size_t i = 0; i < line.len; i++) {
        FUZZ_CHECK(line.ptr[i] == '\t' || (line.ptr[i] >= ' ' && line.ptr[i] <= '~'));
        inner += !is_white(line.ptr[i]);
        can_fold |= i > 1 && i + 1 < line.len && line.ptr[i] == ' ' && line.ptr[i - 1] != ':' &&
                    !is_white(line.ptr[i - 1]) && !is_white(line.ptr[i + 1]);
    }
    FUZZ_CHECK(inner > 0);
    FUZZ_CHECK(line.len <= 998);
    FUZZ_CHECK(line.len <= 78 || !can_fold || memchr(line.ptr, '"', line.len));
}

/* Check the lines of the field and unfold its value. */
static size_t unfold(mailsub__slice field, mailsub__slice name, char *out)
{
    size_t n = 0;
    size_t start = 0;
    FUZZ_CHECK(field.len > name.len + 2 && memcmp(field.ptr, name.ptr, name.len) == 0);
    FUZZ_CHECK(field.ptr[name.len] == ':');
    for (size_t i = 0; i < field.len; i++) {
        if (ends_line(field, i)) {
            check_line(mailsub__slice_of(field.ptr + start, i - start));
            start = i += 2;
            FUZZ_CHECK(i == field.len || is_white(field.ptr[i]));
        }
        if (i < field.len && i > name.len)
            out[n++] = field.ptr[i];
    }
    FUZZ_CHECK(start == field.len);
    FUZZ_CHECK(n > 0 && out[0] == ' ');
    memmove(out, out + 1, n - 1);
    return n - 1;
}

/* The text that an unstructured value stands for: white space between encoded words is none. */
static size_t decode_text(const char *text, size_t len, char *out)
{
    size_t n = 0;
    size_t space_from = 0;
    bool behind_word = false;
    for (size_t i = 0; i < len;) {
        size_t space = i;
        while (i < len && is_white(text[i]))
            i++;
        size_t start = i;
        while (i < len && !is_white(text[i]))
            i++;
        size_t n_word = decode_word(text + start, i - start, false, out + n + (start - space));
        bool is_word = n_word != DECODE_FAILED;
        space_from = is_word && behind_word ? start : space;
        memcpy(out + n, text + space_from, start - space_from);
        n += start - space_from;
        if (is_word)
            n_word = decode_word(text + start, i - start, false, out + n);
        else
            memcpy(out + n, text + start, n_word = i - start);
        n += n_word;
        behind_word = is_word;
    }
    return n;
}

static void write(const mailsub__field *field, mailsub__slice name, mailsub__slice value,
                  mailsub__buffer *out)
{
    mailsub__fold fold;
    mailsub__fold_init(&fold, out);
    FUZZ_CHECK(mailsub__field_write(field, &fold, name, value) == MAILSUB_OK);
    mailsub__fold_deinit(&fold);
}

static void check_written(const mailsub__field *field, mailsub__slice name, mailsub__slice value)
{
    mailsub_allocator allocator = fuzz_allocator();
    mailsub__buffer out, again;
    mailsub__buffer_init(&out, &allocator, SIZE_MAX / 4);
    mailsub__buffer_init(&again, &allocator, SIZE_MAX / 4);
    write(field, name, value, &out);
    mailsub__slice text = mailsub__buffer_slice(&out);
    char *unfolded = fuzz_alloc(text.len);
    char *decoded = fuzz_alloc(2 * text.len);
    size_t n = unfold(text, name, unfolded);
    if (field->kind == MAILSUB__FIELD_TEXT || field->kind == MAILSUB__FIELD_VALUE) {
        FUZZ_CHECK(decode_text(unfolded, n, decoded) == value.len);
        FUZZ_CHECK(memcmp(decoded, value.ptr, value.len) == 0);
    } else if (field->kind != MAILSUB__FIELD_PHRASES && field->kind != MAILSUB__FIELD_LIST_ID) {
        mailsub__slice read = mailsub__slice_of(unfolded, n);
        FUZZ_CHECK(mailsub__field_check(field, read, &allocator) == MAILSUB_OK);
        write(field, name, read, &again);
        FUZZ_CHECK(mailsub__slice_equal(mailsub__buffer_slice(&again), text));
    }
    free(unfolded);
    free(decoded);
    mailsub__buffer_deinit(&out);
    mailsub__buffer_deinit(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    mailsub__slice name = mailsub__slice_str(names[data[0] % (sizeof names / sizeof names[0])]);
    mailsub__slice value = mailsub__slice_of(data + 1, size - 1);
    const mailsub__field *field = mailsub__field_find(name);
    if (mailsub__line_check(value, MAILSUB__LINE_TAB) != MAILSUB_OK)
        return 0;
    mailsub_allocator allocator = fuzz_allocator();
    int rc = mailsub__field_check(field, value, &allocator);
    if (rc == MAILSUB_OK)
        check_written(field, name, value);
    else
        FUZZ_CHECK(mailsub_error_group(rc) == MAILSUB_GROUP_MESSAGE);
    return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Content-Type, Content-Disposition and their parameters (RFC 2045, RFC 2183, RFC 2231). */
#include "message/part_header.h"

#include <stdio.h>

#include <mailsub/error.h>

#include "message/existing_field.h"

enum { LONGEST_FIELD = 64 * 1024, LONGEST_VALUE = 1024 };

/* A parameter: "name*0*=UTF-8''a%20b". */
struct param {
    mailsub__slice name; /* without its stars */
    bool is_encoded;     /* a star at its end */
    bool goes_on;        /* a number behind a star, which is not 0 */
    char value[LONGEST_VALUE];
    size_t len;
};

static mailsub__slice skip(mailsub__slice text, size_t n)
{
    return mailsub__slice_of(text.ptr + n, text.len - n);
}

/* White space and comments. */
static mailsub__slice skip_gap(mailsub__slice text)
{
    unsigned depth = 0;
    for (; text.len > 0; text = skip(text, 1)) {
        char c = text.ptr[0];
        if (c == '\\' && depth > 0 && text.len > 1)
            text = skip(text, 1);
        else if (c == '(')
            depth++;
        else if (c == ')' && depth > 0)
            depth--;
        else if (depth == 0 && c != ' ' && c != '\t')
            break;
    }
    return text;
}

static mailsub__slice take_word(mailsub__slice *rest, const char *ends)
{
    size_t n = 0;
    while (n < rest->len && !strchr(ends, rest->ptr[n]))
        n++;
    mailsub__slice word = mailsub__slice_of(rest->ptr, n);
    *rest = skip(*rest, n);
    return word;
}

static void add(struct param *param, char c)
{
    if (param->len < sizeof param->value)
        param->value[param->len++] = c;
}

static void take_value(struct param *param, mailsub__slice *rest)
{
    param->len = 0;
    if (rest->len == 0 || rest->ptr[0] != '"') {
        mailsub__slice word = take_word(rest, "; \t");
        for (size_t i = 0; i < word.len; i++)
            add(param, word.ptr[i]);
        return;
    }
    *rest = skip(*rest, 1);
    while (rest->len > 0 && rest->ptr[0] != '"') {
        if (rest->ptr[0] == '\\' && rest->len > 1)
            *rest = skip(*rest, 1);
        add(param, rest->ptr[0]);
        *rest = skip(*rest, 1);
    }
    if (rest->len > 0)
        *rest = skip(*rest, 1);
}

/* "filename*1*": a name, a number, and that its value is encoded. */
static void split_name(struct param *param, mailsub__slice name)
{
    const char *star = memchr(name.ptr, '*', name.len);
    param->name = star ? mailsub__slice_of(name.ptr, (size_t)(star - name.ptr)) : name;
    param->is_encoded = star && name.ptr[name.len - 1] == '*';
    param->goes_on = star && star + 1 < name.ptr + name.len && star[1] >= '1' && star[1] <= '9';
}

/* The next parameter; false: there is none. What has no value is passed over. */
static bool next_param(mailsub__slice *rest, struct param *out)
{
    while (rest->len > 0) {
        take_word(rest, ";");
        while (rest->len > 0 && rest->ptr[0] == ';')
            *rest = skip_gap(skip(*rest, 1));
        mailsub__slice name = take_word(rest, "=; \t(");
        *rest = skip_gap(*rest);
        if (name.len == 0 || rest->len == 0 || rest->ptr[0] != '=')
            continue;
        *rest = skip_gap(skip(*rest, 1));
        take_value(out, rest);
        split_name(out, name);
        return true;
    }
    return false;
}

static bool is_named(const struct param *param, const char *name)
{
    return mailsub__slice_equal_nocase(param->name, mailsub__slice_str(name));
}

static void copy_lower(char *out, size_t room, mailsub__slice text)
{
    size_t n = text.len < room ? text.len : room - 1;
    for (size_t i = 0; i < n; i++)
        out[i] = mailsub__ascii_lower(text.ptr[i]);
    out[n] = '\0';
}

/* Keep at the end of text what finds room there. */
static void append_end(char *text, size_t room, mailsub__slice more)
{
    size_t len = strlen(text);
    if (more.len >= room)
        more = skip(more, more.len - room + 1);
    size_t over = len + more.len >= room ? len + more.len - room + 1 : 0;
    memmove(text, text + over, len - over);
    memcpy(text + len - over, more.ptr, more.len);
    text[len - over + more.len] = '\0';
}

static int hex_value(char c)
{
    static const char hex_digits[] = "0123456789abcdef";
    const char *found = c == '\0' ? NULL : strchr(hex_digits, mailsub__ascii_lower(c));
    return found ? (int)(found - hex_digits) : -1;
}

/* "utf-8'en'a%20b" becomes "a b", in place. */
static void undo_percent(struct param *param)
{
    mailsub__slice in = mailsub__slice_of(param->value, param->len);
    const char *first = param->goes_on ? NULL : memchr(in.ptr, '\'', in.len);
    const char *second =
        first ? memchr(first + 1, '\'', in.len - (size_t)(first - in.ptr) - 1) : NULL;
    if (second)
        in = skip(in, (size_t)(second - in.ptr) + 1);
    param->len = 0;
    for (size_t i = 0; i < in.len; i++) {
        int high = in.ptr[i] == '%' && i + 2 < in.len ? hex_value(in.ptr[i + 1]) : -1;
        int low = high >= 0 ? hex_value(in.ptr[i + 2]) : -1;
        add(param, low >= 0 ? (char)(high * 16 + low) : in.ptr[i]);
        i += low >= 0 ? 2 : 0;
    }
}

/* The name of a file, of which there may be several, and in pieces: the first, or all pieces. */
static int take_file_name(mailsub__part_header *out, struct param *param,
                          const mailsub_allocator *allocator)
{
    int rc = MAILSUB_OK;
    mailsub__buffer text;
    if (param->is_encoded)
        undo_percent(param);
    if (!param->goes_on)
        out->file_name[0] = '\0';
    mailsub__slice value = mailsub__slice_of(param->value, param->len);
    mailsub__buffer_init(&text, allocator, LONGEST_FIELD);
    /* Encoded words have no place here, and many programs write and read them all the same. */
    if (!param->is_encoded && value.len > 1 && memmem(value.ptr, value.len, "=?", 2)) {
        rc = mailsub__existing_decode_words(&text, value);
        if (!rc)
            value = mailsub__buffer_slice(&text);
        rc = rc == MAILSUB_E_8BIT ? MAILSUB_OK : rc;
    }
    if (!rc)
        append_end(out->file_name, sizeof out->file_name, value);
    mailsub__buffer_deinit(&text);
    return rc;
}

static int take_type(mailsub__part_header *out, mailsub__slice value,
                     const mailsub_allocator *allocator)
{
    struct param param;
    bool has_name = out->file_name[0] != '\0'; /* of Content-Disposition, which counts */
    int rc = MAILSUB_OK;
    mailsub__slice rest = skip_gap(value);
    copy_lower(out->type, sizeof out->type, take_word(&rest, "; \t("));
    while (!rc && next_param(&rest, &param)) {
        mailsub__slice text = mailsub__slice_of(param.value, param.len);
        if (is_named(&param, "boundary") && text.len < sizeof out->boundary)
            snprintf(out->boundary, sizeof out->boundary, "%.*s", (int)text.len, text.ptr);
        else if (is_named(&param, "charset"))
            copy_lower(out->charset, sizeof out->charset, text);
        else if (is_named(&param, "name") && !has_name)
            rc = take_file_name(out, &param, allocator);
    }
    return rc;
}

static int take_disposition(mailsub__part_header *out, mailsub__slice value,
                            const mailsub_allocator *allocator)
{
    struct param param;
    bool is_first = true;
    int rc = MAILSUB_OK;
    mailsub__slice rest = skip_gap(value);
    out->is_attachment =
        mailsub__slice_equal_nocase(take_word(&rest, "; \t("), mailsub__slice_str("attachment"));
    while (!rc && next_param(&rest, &param)) {
        if (!is_named(&param, "filename"))
            continue;
        if (is_first)
            out->file_name[0] = '\0'; /* of Content-Type */
        is_first = false;
        rc = take_file_name(out, &param, allocator);
    }
    return rc;
}

static int take_coding(mailsub__part_header *out, mailsub__slice value,
                       const mailsub_allocator *allocator)
{
    (void)allocator;
    mailsub__slice rest = skip_gap(value);
    mailsub__slice word = take_word(&rest, "; \t(");
    if (mailsub__slice_equal_nocase(word, mailsub__slice_str("base64")))
        out->coding = MAILSUB__TRANSFER_BASE64;
    else if (mailsub__slice_equal_nocase(word, mailsub__slice_str("quoted-printable")))
        out->coding = MAILSUB__TRANSFER_QUOTED_PRINTABLE;
    return MAILSUB_OK;
}

int mailsub__part_header_read(mailsub__part_header *out, mailsub__header_scan scan, bool in_digest,
                              const mailsub_allocator *allocator)
{
    static const struct {
        const char *name;
        int (*take)(mailsub__part_header *out, mailsub__slice value,
                    const mailsub_allocator *allocator);
    } rows[] = {{"Content-Type", take_type},
                {"Content-Disposition", take_disposition},
                {"Content-Transfer-Encoding", take_coding}};
    mailsub__header_field field;
    mailsub__buffer value;
    int rc = MAILSUB_OK;
    *out = (mailsub__part_header){.coding = MAILSUB__TRANSFER_NONE};
    strcpy(out->type, in_digest ? "message/rfc822" : "text/plain");
    mailsub__buffer_init(&value, allocator, SIZE_MAX / 4);
    while (!rc && mailsub__header_scan_next(&scan, &field)) {
        for (size_t i = 0; i < sizeof rows / sizeof rows[0] && !rc; i++) {
            if (!mailsub__slice_equal_nocase(field.name, mailsub__slice_str(rows[i].name)))
                continue;
            mailsub__buffer_reset(&value);
            rc = mailsub__header_scan_unfold(&scan, field.value, &value);
            if (!rc)
                rc = rows[i].take(out, mailsub__buffer_slice(&value), allocator);
        }
    }
    mailsub__buffer_deinit(&value);
    return rc;
}

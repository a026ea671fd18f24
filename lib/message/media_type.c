/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "message/media_type.h"

#include "codec/param.h"
#include "message/line.h"

enum { MAX_PARAMS = 16, LONGEST_RESTRICTED_NAME = 127 };

struct param {
    mailsub__slice name;
    mailsub__slice value; /* with the quotes, when it is quoted */
};

/* restricted-name of RFC 6838 section 4.2, narrower than the tokens of RFC 2045. */
static bool is_restricted_name(mailsub__slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool letter = mailsub__ascii_is_alpha(c) || mailsub__ascii_is_digit(c);
        if (!letter && (i == 0 || c == '\0' || !strchr("!#$&-^_.+", c)))
            return false;
    }
    return text.len > 0 && text.len <= LONGEST_RESTRICTED_NAME;
}

/* token of RFC 2045 section 5.1 */
static size_t token_len(mailsub__slice text)
{
    size_t n = 0;
    while (n < text.len && text.ptr[n] > ' ' && text.ptr[n] < 0x7f &&
           !strchr("()<>@,;:\\\"/[]?=", text.ptr[n]))
        n++;
    return n;
}

/* quoted-string with its quotes; 0: it has no end. */
static size_t quoted_len(mailsub__slice text)
{
    for (size_t i = 1; i < text.len; i++) {
        if (text.ptr[i] == '\\')
            i++;
        else if (text.ptr[i] == '"')
            return i + 1;
    }
    return 0;
}

static mailsub__slice skip(mailsub__slice text, size_t n)
{
    return mailsub__slice_of(text.ptr + n, text.len - n);
}

static mailsub__slice skip_spaces(mailsub__slice text)
{
    while (text.len > 0 && text.ptr[0] == ' ')
        text = skip(text, 1);
    return text;
}

/* Take ";" attribute "=" value from the front; false: there is none, or it is malformed. */
static bool next_param(mailsub__slice *rest, struct param *out)
{
    mailsub__slice text = skip_spaces(*rest);
    if (text.len == 0 || text.ptr[0] != ';')
        return false;
    text = skip_spaces(skip(text, 1));
    size_t n = token_len(text);
    out->name = mailsub__slice_of(text.ptr, n);
    text = skip(text, n);
    if (n == 0 || n > MAILSUB__MAX_PARAM_NAME || text.len < 2 || text.ptr[0] != '=')
        return false;
    text = skip(text, 1);
    n = text.ptr[0] == '"' ? quoted_len(text) : token_len(text);
    out->value = mailsub__slice_of(text.ptr, n);
    *rest = skip_spaces(skip(text, n));
    return n > 0;
}

/* type/subtype; what follows goes to *out_rest. */
static mailsub__slice essence_of(mailsub__slice text, mailsub__slice *out_rest)
{
    const char *semicolon = memchr(text.ptr, ';', text.len);
    size_t n = semicolon ? (size_t)(semicolon - text.ptr) : text.len;
    *out_rest = skip(text, n);
    while (semicolon && n > 0 && text.ptr[n - 1] == ' ')
        n--;
    return mailsub__slice_of(text.ptr, n);
}

static bool is_name(mailsub__slice text, const char *name)
{
    return mailsub__slice_equal_nocase(text, mailsub__slice_str(name));
}

/* type/subtype of a part that is not made of parts. */
static int check_essence(mailsub__slice essence)
{
    const char *slash = memchr(essence.ptr, '/', essence.len);
    if (!slash)
        return MAILSUB_E_MEDIA_TYPE;
    mailsub__slice top = mailsub__slice_of(essence.ptr, (size_t)(slash - essence.ptr));
    mailsub__slice sub = skip(essence, top.len + 1);
    bool is_container =
        is_name(top, "multipart") || (is_name(top, "message") && !is_name(sub, "rfc822"));
    if (!is_restricted_name(top) || !is_restricted_name(sub) || is_container)
        return MAILSUB_E_MEDIA_TYPE;
    return MAILSUB_OK;
}

static bool is_refused(mailsub__slice name)
{
    return is_name(name, "name") || is_name(name, "boundary") || memchr(name.ptr, '*', name.len) ||
           memchr(name.ptr, '\'', name.len) || memchr(name.ptr, '%', name.len);
}

static int check_params(mailsub__slice rest)
{
    struct param params[MAX_PARAMS];
    for (size_t n = 0; rest.len > 0; n++) {
        if (n == MAX_PARAMS || !next_param(&rest, &params[n]) || is_refused(params[n].name))
            return MAILSUB_E_MEDIA_TYPE;
        for (size_t i = 0; i < n; i++) {
            if (mailsub__slice_equal_nocase(params[i].name, params[n].name))
                return MAILSUB_E_MEDIA_TYPE;
        }
    }
    return MAILSUB_OK;
}

int mailsub__media_type_check(mailsub__slice text)
{
    int rc = mailsub__line_check(text, MAILSUB__LINE_NO_TAB);
    if (rc)
        return rc;
    mailsub__slice params;
    rc = check_essence(essence_of(text, &params));
    return rc ? rc : check_params(params);
}

bool mailsub__media_type_is_message(mailsub__slice text)
{
    mailsub__slice params;
    return is_name(essence_of(text, &params), "message/rfc822");
}

static int append_lower(mailsub__buffer *buffer, mailsub__slice text)
{
    char *room;
    int rc = mailsub__buffer_reserve(buffer, text.len, &room);
    if (rc)
        return rc;
    for (size_t i = 0; i < text.len; i++)
        room[i] = mailsub__ascii_lower(text.ptr[i]);
    mailsub__buffer_commit(buffer, text.len);
    return MAILSUB_OK;
}

/* The value that a quoted string stands for; it is written as simply as it can be. */
static int append_quoted(mailsub__buffer *buffer, const char *name, mailsub__slice quoted)
{
    mailsub__buffer value;
    mailsub__buffer_init(&value, buffer->allocator, quoted.len);
    for (size_t i = 1; i + 1 < quoted.len; i++) {
        i += quoted.ptr[i] == '\\';
        mailsub__buffer_append_char(&value, quoted.ptr[i]);
    }
    int rc = value.error;
    if (!rc)
        rc = mailsub__param_append(buffer, name, mailsub__buffer_slice(&value));
    mailsub__buffer_deinit(&value);
    return rc;
}

int mailsub__media_type_append(mailsub__buffer *buffer, mailsub__slice text)
{
    mailsub__slice rest;
    int rc = append_lower(buffer, essence_of(text, &rest));
    struct param param;
    while (!rc && next_param(&rest, &param)) {
        char name[MAILSUB__MAX_PARAM_NAME + 1];
        for (size_t i = 0; i < param.name.len; i++)
            name[i] = mailsub__ascii_lower(param.name.ptr[i]);
        name[param.name.len] = '\0';
        rc = param.value.ptr[0] == '"' ? append_quoted(buffer, name, param.value)
                                       : mailsub__param_append(buffer, name, param.value);
    }
    return rc;
}

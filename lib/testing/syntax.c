/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "testing/syntax.h"

#include <arpa/inet.h>

#include <mailsub/export.h>

#define MAX_LABEL 63

static bool is_let_dig(char c)
{
    return mailsub__ascii_is_alpha(c) || mailsub__ascii_is_digit(c);
}

/* RFC 5322 section 3.2.3 */
static bool is_atext(char c)
{
    return is_let_dig(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool is_label(mailsub__slice label)
{
    if (label.len == 0 || label.len > MAX_LABEL)
        return false;
    for (size_t i = 0; i < label.len; i++) {
        if (!is_let_dig(label.ptr[i]) && label.ptr[i] != '-')
            return false;
    }
    return label.ptr[0] != '-' && label.ptr[label.len - 1] != '-';
}

/* Split at the first c: *out_head is what stands before it, *rest what stands behind. */
static bool cut(mailsub__slice *rest, char c, mailsub__slice *out_head)
{
    const char *at = memchr(rest->ptr, c, rest->len);
    if (!at)
        return false;
    *out_head = mailsub__slice_of(rest->ptr, (size_t)(at - rest->ptr));
    *rest = mailsub__slice_of(at + 1, rest->len - out_head->len - 1);
    return true;
}

static bool is_domain(mailsub__slice text)
{
    if (text.len > MAILSUB_MAX_DOMAIN)
        return false;
    mailsub__slice label;
    while (cut(&text, '.', &label)) {
        if (!is_label(label))
            return false;
    }
    return is_label(text);
}

/* RFC 5321 section 4.1.3 */
static bool is_literal(mailsub__slice text)
{
    static const char ipv6[] = "IPv6:";
    char address[64];
    if (text.len < 3 || text.len > sizeof address || text.ptr[0] != '[' ||
        text.ptr[text.len - 1] != ']')
        return false;
    size_t len = text.len - 2;
    memcpy(address, text.ptr + 1, len);
    address[len] = '\0';
    struct in6_addr parsed;
    if (strncasecmp(address, ipv6, strlen(ipv6)) == 0)
        return inet_pton(AF_INET6, address + strlen(ipv6), &parsed) == 1;
    return inet_pton(AF_INET, address, &parsed) == 1;
}

bool mailsub__syntax_is_client_name(mailsub__slice text)
{
    return is_literal(text) || is_domain(text);
}

static bool is_dot_string(mailsub__slice text)
{
    bool after_atom = false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '.' ? !after_atom : !is_atext(text.ptr[i]))
            return false;
        after_atom = text.ptr[i] != '.';
    }
    return after_atom;
}

/* Length of the quoted string that text begins with; 0 when there is none. */
static size_t quoted_len(mailsub__slice text)
{
    if (text.len == 0 || text.ptr[0] != '"')
        return 0;
    for (size_t i = 1; i < text.len; i++) {
        if (text.ptr[i] == '"')
            return i + 1;
        if (text.ptr[i] == '\\')
            i++;
        if (i >= text.len || text.ptr[i] < ' ' || text.ptr[i] > '~')
            return 0;
    }
    return 0;
}

bool mailsub__syntax_is_mailbox(mailsub__slice text)
{
    size_t local_len = quoted_len(text);
    bool quoted = local_len > 0;
    if (!quoted) {
        const char *at = memchr(text.ptr, '@', text.len);
        local_len = at ? (size_t)(at - text.ptr) : 0;
    }
    if (local_len > MAILSUB_MAX_LOCAL_PART || text.len > MAILSUB_MAX_ADDRESS ||
        local_len + 1 >= text.len || text.ptr[local_len] != '@')
        return false;
    return (quoted || is_dot_string(mailsub__slice_of(text.ptr, local_len))) &&
           mailsub__syntax_is_client_name(
               mailsub__slice_of(text.ptr + local_len + 1, text.len - local_len - 1));
}

bool mailsub__syntax_split_path(mailsub__slice argument, const char *keyword,
                                mailsub__slice *out_path, mailsub__slice *out_params)
{
    size_t start = strlen(keyword) + 1;
    if (argument.len < start || strncasecmp(argument.ptr, keyword, start - 1) != 0 ||
        argument.ptr[start - 1] != '<')
        return false;
    mailsub__slice rest = mailsub__slice_of(argument.ptr + start, argument.len - start);
    /* A quoted local part may hold a ">". */
    size_t quoted = quoted_len(rest);
    const char *end = memchr(rest.ptr + quoted, '>', rest.len - quoted);
    if (!end)
        return false;
    size_t path_len = (size_t)(end - rest.ptr);
    mailsub__slice params = mailsub__slice_of(end + 1, rest.len - path_len - 1);
    if (params.len == 1 || (params.len > 0 && params.ptr[0] != ' '))
        return false;
    *out_path = mailsub__slice_of(rest.ptr, path_len);
    *out_params = params.len > 0 ? mailsub__slice_of(params.ptr + 1, params.len - 1) : params;
    return true;
}

bool mailsub__syntax_next_word(mailsub__slice *rest, mailsub__slice *out_word)
{
    if (rest->len == 0)
        return false;
    if (!cut(rest, ' ', out_word)) {
        *out_word = *rest;
        *rest = MAILSUB__SLICE_EMPTY;
    }
    return true;
}

bool mailsub__syntax_number(mailsub__slice text, uint64_t *out_number)
{
    uint64_t number = 0;
    if (text.len == 0 || text.len > 19)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!mailsub__ascii_is_digit(text.ptr[i]))
            return false;
        number = number * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    *out_number = number;
    return true;
}

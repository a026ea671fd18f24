/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The local part is taken to its content first and then written in its simplest form: quotes that
 * are not needed are left away, as RFC 5321 section 4.1.2 asks.
 *
 * Not here: display names, lists, comments, obsolete forms.
 */
#include "message/address.h"

#include <arpa/inet.h>

#include <mailsub/error.h>

#include "codec/domain.h"
#include "codec/utf8.h"
#include "message/atom.h"

struct local_part {
    char content[MAILSUB_MAX_LOCAL_PART];
    size_t len;
};

static bool is_non_ascii(char c)
{
    return ((unsigned char)c & 0x80) != 0;
}

static bool local_add(struct local_part *local, char c)
{
    if (local->len == sizeof local->content)
        return false;
    local->content[local->len++] = c;
    return true;
}

/* Octets of text that make up a quoted local part with its quotes; 0: malformed or too long. */
static size_t take_quoted(mailsub__slice text, struct local_part *local)
{
    for (size_t i = 1; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '"')
            return i + 1;
        if (c == '\\') {
            if (++i == text.len || is_non_ascii(text.ptr[i]))
                return 0;
            c = text.ptr[i];
        }
        if (!local_add(local, c))
            return 0;
    }
    return 0;
}

/* Octets of text in front of its @ that are a dot-atom; 0: none, or too long. */
static size_t take_dot_atom(mailsub__slice text, struct local_part *local)
{
    size_t i = 0;
    char before = '.';
    for (; i < text.len && text.ptr[i] != '@'; i++) {
        char c = text.ptr[i];
        bool fits = c == '.' ? before != '.' : mailsub__atom_char(c) || is_non_ascii(c);
        if (!fits || !local_add(local, c))
            return 0;
        before = c;
    }
    return before == '.' ? 0 : i;
}

/* A dot-atom of RFC 6531: what is not ASCII counts as atext. */
static bool is_dot_atom(mailsub__slice text)
{
    char before = '.';
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '.' ? before == '.' : !mailsub__atom_char(c) && !is_non_ascii(c))
            return false;
        before = c;
    }
    return before != '.';
}

/* Append the local part; false when it is longer than MAILSUB_MAX_LOCAL_PART. */
static bool write_local(mailsub__address *out, mailsub__slice local)
{
    if (is_dot_atom(local)) {
        memcpy(out->text, local.ptr, local.len);
        out->len = local.len;
    } else {
        char quoted[2 * MAILSUB_MAX_LOCAL_PART + 2];
        size_t n = 0;
        quoted[n++] = '"';
        for (size_t i = 0; i < local.len; i++) {
            if (local.ptr[i] == '"' || local.ptr[i] == '\\')
                quoted[n++] = '\\';
            quoted[n++] = local.ptr[i];
        }
        quoted[n++] = '"';
        if (n > MAILSUB_MAX_LOCAL_PART)
            return false;
        memcpy(out->text, quoted, n);
        out->len = n;
    }
    out->local_len = out->len;
    return true;
}

/* [192.0.2.1] or [IPv6:2001:db8::1], RFC 5321 section 4.1.3, in the canonical text. */
static int rewrite_literal(mailsub__slice domain, char out[MAILSUB_MAX_DOMAIN + 1])
{
    static const char tag[] = "IPv6:";
    const size_t tag_len = sizeof tag - 1;
    if (domain.len < 2 || domain.ptr[domain.len - 1] != ']')
        return MAILSUB_E_ADDRESS;
    mailsub__slice inside = mailsub__slice_of(domain.ptr + 1, domain.len - 2);
    bool v6 =
        inside.len > tag_len && mailsub__slice_equal_nocase(mailsub__slice_of(inside.ptr, tag_len),
                                                            mailsub__slice_of(tag, tag_len));
    if (v6)
        inside = mailsub__slice_of(inside.ptr + tag_len, inside.len - tag_len);
    char text[INET6_ADDRSTRLEN];
    unsigned char octets[16];
    if (inside.len >= sizeof text)
        return MAILSUB_E_ADDRESS;
    memcpy(text, inside.ptr, inside.len);
    text[inside.len] = '\0';
    int family = v6 ? AF_INET6 : AF_INET;
    if (inet_pton(family, text, octets) != 1 || !inet_ntop(family, octets, text, sizeof text))
        return MAILSUB_E_ADDRESS;
    char *end = out;
    *end++ = '[';
    if (v6)
        end = stpcpy(end, tag);
    end = stpcpy(end, text);
    strcpy(end, "]");
    return MAILSUB_OK;
}

static int rewrite_domain(mailsub__slice domain, char out[MAILSUB_MAX_DOMAIN + 1])
{
    if (domain.len == 0)
        return MAILSUB_E_ADDRESS;
    if (domain.ptr[0] == '[')
        return rewrite_literal(domain, out);
    /* What can be in no domain is bad syntax of the address, not a bad name. */
    for (size_t i = 0; i < domain.len; i++) {
        char c = domain.ptr[i];
        if (!is_non_ascii(c) && !mailsub__ascii_is_alpha(c) && !mailsub__ascii_is_digit(c) &&
            c != '.' && c != '-' && c != '_')
            return MAILSUB_E_ADDRESS;
    }
    return mailsub__domain_to_ascii(domain, out);
}

int mailsub__address_join(mailsub__slice local, mailsub__slice domain,
                          enum mailsub__address_form form, mailsub__address *out)
{
    mailsub__address parsed = {.len = 0};
    if (local.len > MAILSUB_MAX_LOCAL_PART || !write_local(&parsed, local))
        return MAILSUB_E_ADDRESS;
    char name[MAILSUB_MAX_DOMAIN + 1];
    int rc = rewrite_domain(domain, name);
    if (rc)
        return rc;
    size_t name_len = strlen(name);
    if (parsed.len + 1 + name_len > MAILSUB_MAX_ADDRESS)
        return MAILSUB_E_ADDRESS;
    if (form == MAILSUB__ADDRESS_ASCII && !mailsub__ascii_only(local))
        return MAILSUB_E_SMTPUTF8;
    parsed.text[parsed.len] = '@';
    memcpy(parsed.text + parsed.len + 1, name, name_len + 1);
    parsed.len += 1 + name_len;
    *out = parsed;
    return MAILSUB_OK;
}

int mailsub__address_parse(mailsub__slice text, enum mailsub__address_form form,
                           mailsub__address *out)
{
    struct local_part local = {.len = 0};
    size_t taken = text.len > 0 && text.ptr[0] == '"' ? take_quoted(text, &local)
                                                      : take_dot_atom(text, &local);
    if (taken == 0 || taken == text.len || text.ptr[taken] != '@')
        return MAILSUB_E_ADDRESS;
    return mailsub__address_join(mailsub__slice_of(local.content, local.len),
                                 mailsub__slice_of(text.ptr + taken + 1, text.len - taken - 1),
                                 form, out);
}

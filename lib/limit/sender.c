/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * It is not the syntax of RFC 5321 that is checked here: a sender that no message can have is only
 * one that is counted in vain. But no two mailboxes become one, and one does not become two: quotes
 * that are not needed and the case of the domain make no difference (RFC 5321 sections 2.4 and
 * 4.1.2). The local part is compared exactly, for only its server knows whether case matters.
 */
#include "limit/sender.h"

#include <mailsub/error.h>

#include "codec/domain.h"
#include "codec/utf8.h"

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool is_atom_text(char c)
{
    return mailsub__ascii_is_alpha(c) || mailsub__ascii_is_digit(c) || (unsigned char)c >= 0x80 ||
           (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static bool is_dot_atom(mailsub__slice text)
{
    bool after_dot = true;
    for (size_t i = 0; i < text.len; i++) {
        bool dot = text.ptr[i] == '.';
        if (dot ? after_dot : !is_atom_text(text.ptr[i]))
            return false;
        after_dot = dot;
    }
    return !after_dot;
}

/* Write a local part; out has room for all of it. */
static size_t write_local(mailsub__slice local, char *out)
{
    size_t len = 0;
    if (local.len >= 2 && local.ptr[0] == '"' && local.ptr[local.len - 1] == '"') {
        for (size_t i = 1; i + 1 < local.len; i++) {
            if (local.ptr[i] == '\\' && i + 2 < local.len)
                i++;
            out[len++] = local.ptr[i];
        }
        if (is_dot_atom(mailsub__slice_of(out, len)))
            return len;
    }
    memcpy(out, local.ptr, local.len);
    return local.len;
}

static int write_domain(mailsub__slice domain, char out[MAILSUB_MAX_DOMAIN + 1])
{
    if (domain.len == 0 || domain.ptr[0] != '[')
        return mailsub__domain_to_ascii(domain, out);
    if (domain.len > MAILSUB_MAX_DOMAIN || domain.ptr[domain.len - 1] != ']')
        return MAILSUB_E_DOMAIN;
    for (size_t i = 0; i < domain.len; i++)
        out[i] = mailsub__ascii_lower(domain.ptr[i]);
    out[domain.len] = '\0';
    return MAILSUB_OK;
}

/* Whether all octets are printable ASCII, eight at a time: this is on the way of each decision. */
static bool is_printable(mailsub__slice text)
{
    const uint64_t ones = 0x0101010101010101u;
    uint64_t bad = 0;
    size_t i = 0;
    for (; i + 8 <= text.len; i += 8) {
        uint64_t word;
        memcpy(&word, text.ptr + i, 8);
        /* The top bit of an octet: it has one itself, is below 0x20, or is 0x7f. */
        bad |= word | (word - 0x20 * ones) | (word + ones);
    }
    bool tail = true;
    for (; i < text.len; i++)
        tail = tail && text.ptr[i] >= 0x20 && text.ptr[i] < 0x7f;
    return tail && (bad & 0x80 * ones) == 0;
}

static int check_text(mailsub__slice text)
{
    if (is_printable(text))
        return MAILSUB_OK;
    bool ascii = true;
    for (size_t i = 0; i < text.len; i++) {
        if (is_control(text.ptr[i]))
            return MAILSUB_E_CONTROL;
        ascii = ascii && (unsigned char)text.ptr[i] < 0x80;
    }
    return ascii || mailsub__utf8_is_valid(text) ? MAILSUB_OK : MAILSUB_E_UTF8;
}

int mailsub__sender_parse(const char *text, bool is_domain, mailsub__sender *out_sender)
{
    mailsub__slice all = mailsub__slice_str(text);
    int rc = check_text(all);
    if (rc)
        return rc;
    if (all.len == 0 && !is_domain) {
        out_sender->text[0] = '\0';
        out_sender->len = out_sender->at = 0;
        return MAILSUB_OK;
    }
    const char *at = memrchr(all.ptr, '@', all.len);
    size_t local_len = at ? (size_t)(at - all.ptr) : 0;
    if (!at || local_len > MAILSUB_MAX_ADDRESS || (local_len == 0) != is_domain)
        return MAILSUB_E_ADDRESS;
    size_t len = write_local(mailsub__slice_of(all.ptr, local_len), out_sender->text);
    out_sender->text[len] = '@';
    rc = write_domain(mailsub__slice_of(at + 1, all.len - local_len - 1),
                      out_sender->text + len + 1);
    if (rc)
        return rc;
    out_sender->at = len;
    out_sender->len = len + 1 + strlen(out_sender->text + len + 1);
    return MAILSUB_OK;
}

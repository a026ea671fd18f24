/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The DKIM signer: its life and its options. Its key is in dkim_key.c, its fields in
   dkim_fields.c. */
#include "message/dkim.h"

#include <stdio.h>

#include "base/memory.h"
#include "codec/domain.h"
#include "codec/utf8.h"
#include "message/address.h"
#include "message/line.h"

enum {
    MAX_NAME = 253, /* of DNS, in text */
    MAX_LIFETIME_S = 10 * 365 * 24 * 60 * 60
};

/* What stands between selector and domain. */
#define INFIX "._domainkey."

/* RFC 6376 section 3.5 wants two labels at least; nobody could publish a key for "localhost". */
static int parse_domain(const char *domain, char out[MAILSUB_MAX_DOMAIN + 1])
{
    int rc = mailsub__domain_to_ascii(mailsub__slice_str(domain), out);
    return !rc && !strchr(out, '.') ? MAILSUB_E_DOMAIN : rc;
}

/* It may end in a number, as a host name may not: "2026" and "k1.20260101" are customary. */
static int parse_selector(const char *selector, char out[MAILSUB_MAX_DOMAIN + 1])
{
    char text[2048];
    static const char tail[] = ".x";
    int len = snprintf(text, sizeof text, "%s%s", selector, tail);
    if (len < 0 || (size_t)len >= sizeof text)
        return MAILSUB_E_DOMAIN;
    int rc = mailsub__domain_to_ascii(mailsub__slice_str(text), out);
    if (!rc)
        out[strlen(out) - (sizeof tail - 1)] = '\0';
    return rc;
}

static int parse_names(mailsub_dkim *dkim, const char *domain, const char *selector)
{
    int rc = parse_domain(domain, dkim->domain);
    if (!rc)
        rc = parse_selector(selector, dkim->selector);
    if (rc)
        return rc;
    size_t len = strlen(dkim->selector) + sizeof INFIX - 1 + strlen(dkim->domain);
    return len > MAX_NAME ? MAILSUB_E_DOMAIN : MAILSUB_OK;
}

int mailsub_dkim_new(const mailsub_allocator *allocator, const char *domain, const char *selector,
                     mailsub_dkim **out_dkim)
{
    mailsub_allocator table;
    if (!domain || !selector || !out_dkim || mailsub__allocator_init(&table, allocator))
        return MAILSUB_E_INVALID;
    mailsub_dkim *dkim = mailsub__alloc_zeroed(&table, sizeof *dkim);
    if (!dkim)
        return MAILSUB_E_NOMEM;
    dkim->allocator = table;
    atomic_init(&dkim->n_refs, 1);
    atomic_init(&dkim->frozen, false);
    dkim->header_form = dkim->body_form = MAILSUB_DKIM_RELAXED;
    dkim->has_timestamp = true;
    int rc = parse_names(dkim, domain, selector);
    if (!rc)
        rc = mailsub__dkim_init_fields(dkim);
    if (rc)
        mailsub_dkim_unref(dkim);
    else
        *out_dkim = dkim;
    return rc;
}

mailsub_dkim *mailsub_dkim_ref(mailsub_dkim *dkim)
{
    if (dkim)
        atomic_fetch_add_explicit(&dkim->n_refs, 1, memory_order_relaxed);
    return dkim;
}

void mailsub_dkim_unref(mailsub_dkim *dkim)
{
    if (!dkim || atomic_fetch_sub_explicit(&dkim->n_refs, 1, memory_order_acq_rel) > 1)
        return;
    mailsub__dkim_deinit_key(dkim);
    mailsub__free(&dkim->allocator, dkim->identity);
    mailsub__free(&dkim->allocator, dkim->fields);
    mailsub_allocator allocator = dkim->allocator;
    mailsub__free(&allocator, dkim);
}

int mailsub__dkim_begin_change(const mailsub_dkim *dkim)
{
    if (!dkim)
        return MAILSUB_E_INVALID;
    return atomic_load(&dkim->frozen) ? MAILSUB_E_STATE : MAILSUB_OK;
}

char *mailsub__dkim_copy(const mailsub_dkim *dkim, const char *text, size_t len)
{
    char *copy = mailsub__alloc(&dkim->allocator, len + 1);
    if (!copy)
        return NULL;
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

int mailsub__dkim_freeze(mailsub_dkim *dkim)
{
    if (!dkim->key.public)
        return MAILSUB_E_KEY;
    atomic_store(&dkim->frozen, true);
    return MAILSUB_OK;
}

static bool is_form(int form)
{
    return form == MAILSUB_DKIM_SIMPLE || form == MAILSUB_DKIM_RELAXED;
}

int mailsub_dkim_set_canonicalization(mailsub_dkim *dkim, int header, int body)
{
    int rc = mailsub__dkim_begin_change(dkim);
    if (rc)
        return rc;
    if (!is_form(header) || !is_form(body))
        return MAILSUB_E_INVALID;
    dkim->header_form = header;
    dkim->body_form = body;
    return MAILSUB_OK;
}

bool mailsub__dkim_is_within(mailsub__slice name, mailsub__slice domain)
{
    if (name.len < domain.len)
        return false;
    size_t front = name.len - domain.len;
    return memcmp(name.ptr + front, domain.ptr, domain.len) == 0 &&
           (front == 0 || name.ptr[front - 1] == '.');
}

/* The form that it is kept in; the local part may be missing. */
static int parse_identity(const mailsub_dkim *dkim, mailsub__slice text, mailsub__address *out)
{
    int rc = mailsub__line_check(text, MAILSUB__LINE_NO_TAB);
    if (rc == MAILSUB_E_LIMIT)
        return MAILSUB_E_ADDRESS;
    if (rc)
        return rc;
    if (text.len > 0 && text.ptr[0] == '@') {
        out->text[0] = '@';
        char domain[MAILSUB_MAX_DOMAIN + 1];
        rc = mailsub__domain_to_ascii(mailsub__slice_of(text.ptr + 1, text.len - 1), domain);
        if (rc)
            return rc;
        out->len = 1 + strlen(domain); /* 253 at most */
        memcpy(out->text + 1, domain, out->len);
    } else {
        rc = mailsub__address_parse(text, MAILSUB__ADDRESS_UTF8, out);
        if (rc)
            return rc;
    }
    bool fits = mailsub__dkim_is_within(mailsub__address_domain(mailsub__address_slice(out)),
                                        mailsub__slice_str(dkim->domain));
    return fits ? MAILSUB_OK : MAILSUB_E_DOMAIN;
}

int mailsub_dkim_set_identity(mailsub_dkim *dkim, const char *identity)
{
    int rc = mailsub__dkim_begin_change(dkim);
    if (rc)
        return rc;
    char *copy = NULL;
    if (identity) {
        mailsub__address parsed;
        rc = parse_identity(dkim, mailsub__slice_str(identity), &parsed);
        if (rc)
            return rc;
        copy = mailsub__dkim_copy(dkim, parsed.text, parsed.len);
        if (!copy)
            return MAILSUB_E_NOMEM;
    }
    mailsub__free(&dkim->allocator, dkim->identity);
    dkim->identity = copy;
    return MAILSUB_OK;
}

int mailsub_dkim_set_timestamp(mailsub_dkim *dkim, int is_on)
{
    int rc = mailsub__dkim_begin_change(dkim);
    if (!rc && !is_on && dkim->lifetime_s > 0)
        rc = MAILSUB_E_INVALID;
    if (!rc)
        dkim->has_timestamp = is_on != 0;
    return rc;
}

int mailsub_dkim_set_lifetime(mailsub_dkim *dkim, int64_t seconds)
{
    int rc = mailsub__dkim_begin_change(dkim);
    if (rc)
        return rc;
    if (seconds < 0 || seconds > MAX_LIFETIME_S || (seconds > 0 && !dkim->has_timestamp))
        return MAILSUB_E_INVALID;
    dkim->lifetime_s = seconds;
    return MAILSUB_OK;
}

const char *mailsub_dkim_get_domain(const mailsub_dkim *dkim)
{
    return dkim ? dkim->domain : "";
}

const char *mailsub_dkim_get_selector(const mailsub_dkim *dkim)
{
    return dkim ? dkim->selector : "";
}

int mailsub_dkim_get_header_canonicalization(const mailsub_dkim *dkim)
{
    return dkim ? dkim->header_form : MAILSUB_DKIM_RELAXED;
}

int mailsub_dkim_get_body_canonicalization(const mailsub_dkim *dkim)
{
    return dkim ? dkim->body_form : MAILSUB_DKIM_RELAXED;
}

const char *mailsub_dkim_get_identity(const mailsub_dkim *dkim)
{
    return dkim ? dkim->identity : NULL;
}

int mailsub_dkim_get_timestamp(const mailsub_dkim *dkim)
{
    return dkim && dkim->has_timestamp;
}

int64_t mailsub_dkim_get_lifetime(const mailsub_dkim *dkim)
{
    return dkim ? dkim->lifetime_s : 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One mailbox address given as text: parsed, checked, and written again from what was understood
 * (RFC 5321 section 4.1.2, RFC 5322 section 3.4.1).
 */
#ifndef MAILSUB_MESSAGE_ADDRESS_H
#define MAILSUB_MESSAGE_ADDRESS_H

#include <mailsub/export.h>

#include "base/slice.h"

/* As it goes on the wire, in the envelope and in a header alike. */
typedef struct mailsub__address {
    char text[MAILSUB_MAX_ADDRESS + 1];
    size_t len;
    size_t local_len;
} mailsub__address;

/* Whether a local part may hold other characters than ASCII: then only SMTPUTF8 can carry it. */
enum mailsub__address_form { MAILSUB__ADDRESS_ASCII, MAILSUB__ADDRESS_UTF8 };

/*
 * Parse local-part@domain without comments or white space around it. Dot-atom or quoted local part;
 * domain name or address literal. MAILSUB_E_ADDRESS, MAILSUB_E_DOMAIN, MAILSUB_E_SMTPUTF8 (only
 * the form is wrong), MAILSUB_E_NOMEM. text has passed mailsub__line_check.
 */
int mailsub__address_parse(mailsub__slice text, enum mailsub__address_form form,
                           mailsub__address *out);
/*
 * The same from its parts: what the local part means, its quotes taken away, and the domain without
 * white space in it. The same errors.
 */
int mailsub__address_join(mailsub__slice local, mailsub__slice domain,
                          enum mailsub__address_form form, mailsub__address *out);

static inline mailsub__slice mailsub__address_slice(const mailsub__address *address)
{
    return mailsub__slice_of(address->text, address->len);
}

static inline mailsub__slice mailsub__address_domain(mailsub__slice address)
{
    /* The last @: a quoted local part may hold others, a domain none. */
    const char *at = memrchr(address.ptr, '@', address.len);
    return at ? mailsub__slice_of(at + 1, (size_t)(address.ptr + address.len - at) - 1)
              : MAILSUB__SLICE_EMPTY;
}

#endif

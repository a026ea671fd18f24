/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a server offers in its reply to EHLO (RFC 5321 section 4.1.1.1). */
#ifndef MAILSUB_SMTP_CAPABILITY_H
#define MAILSUB_SMTP_CAPABILITY_H

#include <stdbool.h>
#include <stdint.h>

#include <mailsub/extension.h>

#include "base/slice.h"
#include "codec/civil.h"

/* A dozen mechanisms; what is offered beyond that counts as not offered. */
#define MAILSUB__MECHANISMS_LEN 256

enum mailsub__capability {
#define MAILSUB__CAPABILITY_ENUM(number, NAME, keyword) MAILSUB__CAPABILITY_##NAME = (number),
    MAILSUB_EXTENSION_LIST(MAILSUB__CAPABILITY_ENUM)
#undef MAILSUB__CAPABILITY_ENUM
        MAILSUB__N_CAPABILITIES = MAILSUB_EXTENSION_END_
};

typedef struct mailsub__capabilities {
    uint32_t offered;    /* bits 1u << MAILSUB__CAPABILITY_* */
    uint64_t size_limit; /* octets of a message; 0: none is told */
    /* Seconds; 0: none is told. What is no number tells none. */
    uint64_t deliver_by_min; /* RFC 2852 section 4: for messages that come back */
    uint64_t hold_max_s;     /* RFC 4865 section 4; and as a time, or "" */
    char hold_max_until[MAILSUB__RFC3339_SIZE];
    /* RFC 9422; 0: none is told. */
    uint32_t max_transactions; /* MAILMAX: of a connection */
    uint32_t max_recipients;   /* RCPTMAX: of a transaction */
    uint32_t max_domains;      /* RCPTDOMAINMAX: of the recipients of a transaction */
    char mechanisms[MAILSUB__MECHANISMS_LEN]; /* names in capitals, each with a space behind it */
} mailsub__capabilities;

/* Forget everything: before each EHLO and HELO, and so behind STARTTLS (RFC 3207 section 4.2). */
void mailsub__capabilities_reset(mailsub__capabilities *capabilities);
/* One line of the reply behind its first, without code and separator. What is unknown is skipped.
 */
void mailsub__capabilities_add(mailsub__capabilities *capabilities, mailsub__slice line);

static inline bool mailsub__capabilities_has(const mailsub__capabilities *capabilities,
                                             enum mailsub__capability capability)
{
    return capabilities->offered >> capability & 1u;
}

#endif

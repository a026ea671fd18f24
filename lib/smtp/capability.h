/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a server offers in its reply to EHLO (RFC 5321 section 4.1.1.1). */
#ifndef MAILSUB_SMTP_CAPABILITY_H
#define MAILSUB_SMTP_CAPABILITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* The extensions known here: X(NAME, keyword). */
#define MAILSUB__CAPABILITY_LIST(X)                                                                \
    X(PIPELINING, "PIPELINING")        /* RFC 2920 */                                              \
    X(SIZE, "SIZE")                    /* RFC 1870 */                                              \
    X(EIGHTBITMIME, "8BITMIME")        /* RFC 6152 */                                              \
    X(STARTTLS, "STARTTLS")            /* RFC 3207 */                                              \
    X(AUTH, "AUTH")                    /* RFC 4954 */                                              \
    X(ENHANCED, "ENHANCEDSTATUSCODES") /* RFC 2034 */                                              \
    X(CHUNKING, "CHUNKING")            /* RFC 3030 */                                              \
    X(BINARYMIME, "BINARYMIME")        /* RFC 3030 */                                              \
    X(SMTPUTF8, "SMTPUTF8")            /* RFC 6531 */                                              \
    X(DSN, "DSN")                      /* RFC 3461 */                                              \
    X(DELIVERBY, "DELIVERBY")          /* RFC 2852 */                                              \
    X(FUTURERELEASE, "FUTURERELEASE")  /* RFC 4865 */                                              \
    X(MT_PRIORITY, "MT-PRIORITY")      /* RFC 6710 */                                              \
    X(REQUIRETLS, "REQUIRETLS")        /* RFC 8689 */                                              \
    X(LIMITS, "LIMITS")                /* RFC 9422 */                                              \
    X(ETRN, "ETRN")                    /* RFC 1985 */                                              \
    X(VRFY, "VRFY")                    /* RFC 5321 section 4.1.1.6 */                              \
    X(EXPN, "EXPN")                    /* RFC 5321 section 4.1.1.7 */                              \
    X(HELP, "HELP")                    /* RFC 5321 section 4.1.1.8 */

enum mailsub__capability {
#define MAILSUB__CAPABILITY_ENUM(NAME, keyword) MAILSUB__CAPABILITY_##NAME,
    MAILSUB__CAPABILITY_LIST(MAILSUB__CAPABILITY_ENUM)
#undef MAILSUB__CAPABILITY_ENUM
        MAILSUB__N_CAPABILITIES
};

typedef struct mailsub__capabilities {
    uint32_t offered;    /* bits 1u << MAILSUB__CAPABILITY_* */
    uint32_t mechanisms; /* bits 1u << index in the mechanism table of auth.h */
    uint64_t size_limit; /* octets of a message; 0: none is told */
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file
 * The extensions of SMTP that the library knows, and what becomes of a wish that a server cannot
 * fulfil.
 */
#ifndef MAILSUB_EXTENSION_H
#define MAILSUB_EXTENSION_H

#include <mailsub/export.h>

MAILSUB_BEGIN_DECLS

/** The extensions: X(number, NAME, keyword). Numbers are permanent, and below 32. */
#define MAILSUB_EXTENSION_LIST(X)                                                                  \
    X(0, PIPELINING, "PIPELINING")        /* RFC 2920 */                                           \
    X(1, SIZE, "SIZE")                    /* RFC 1870 */                                           \
    X(2, EIGHTBITMIME, "8BITMIME")        /* RFC 6152 */                                           \
    X(3, STARTTLS, "STARTTLS")            /* RFC 3207 */                                           \
    X(4, AUTH, "AUTH")                    /* RFC 4954 */                                           \
    X(5, ENHANCED, "ENHANCEDSTATUSCODES") /* RFC 2034 */                                           \
    X(6, CHUNKING, "CHUNKING")            /* RFC 3030 */                                           \
    X(7, BINARYMIME, "BINARYMIME")        /* RFC 3030 */                                           \
    X(8, SMTPUTF8, "SMTPUTF8")            /* RFC 6531 */                                           \
    X(9, DSN, "DSN")                      /* RFC 3461 */                                           \
    X(10, DELIVERBY, "DELIVERBY")         /* RFC 2852 */                                           \
    X(11, FUTURERELEASE, "FUTURERELEASE") /* RFC 4865 */                                           \
    X(12, MT_PRIORITY, "MT-PRIORITY")     /* RFC 6710 */                                           \
    X(13, REQUIRETLS, "REQUIRETLS")       /* RFC 8689 */                                           \
    X(14, LIMITS, "LIMITS")               /* RFC 9422 */                                           \
    X(15, ETRN, "ETRN")                   /* RFC 1985 */                                           \
    X(16, VRFY, "VRFY")                   /* RFC 5321 section 4.1.1.6 */                           \
    X(17, EXPN, "EXPN")                   /* RFC 5321 section 4.1.1.7 */                           \
    X(18, HELP, "HELP")                   /* RFC 5321 section 4.1.1.8 */

enum {
#define MAILSUB_EXTENSION_ENUM_(number, NAME, keyword) MAILSUB_EXTENSION_##NAME = (number),
    MAILSUB_EXTENSION_LIST(MAILSUB_EXTENSION_ENUM_)
#undef MAILSUB_EXTENSION_ENUM_
        MAILSUB_EXTENSION_END_ = 19
};

/** What to do with a wish of the message that this server cannot fulfil. */
enum {
    MAILSUB_MISSING_FAIL = 0, /**< nothing is sent: MAILSUB_E_EXTENSION or _EXTENSION_LIMIT */
    MAILSUB_MISSING_WARN = 1, /**< sent without it; a warning stands in the receipt */
    MAILSUB_MISSING_DROP = 2  /**< sent without it; told by mailsub_receipt_get_dropped alone */
};

/**
 * Keyword of an extension, as servers write it.
 * @param extension  MAILSUB_EXTENSION_*
 * @return static text; "?" when there is no such extension
 * Thread: any; since 0.1
 */
MAILSUB_API const char *mailsub_extension_name(int extension);

MAILSUB_END_DECLS

#endif

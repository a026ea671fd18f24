/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of the policy check: one table, from which the check, the public functions, the tests
 * and the comparison with mailsub-policy(7) take what they know of a rule.
 */
#ifndef MAILSUB_MESSAGE_RULES_H
#define MAILSUB_MESSAGE_RULES_H

#include <stdint.h>

#include <mailsub/policy.h>

#include "base/slice.h"

/* Severities in the profiles default, strict and bulk: Off, Warning, Error. */
#define MAILSUB__RULES(X)                                                                          \
    X(NOREPLY_SENDER, "noreply-sender", W, E, E)                                                   \
    X(NULL_SENDER, "null-sender", W, E, E)                                                         \
    X(SENDER_MISMATCH, "sender-mismatch", W, E, E)                                                 \
    X(HTML_WITHOUT_TEXT, "html-without-text", W, E, W)                                             \
    X(TEXT_MADE_OF_HTML, "text-made-of-html", O, E, O)                                             \
    X(TEXT_DIFFERS, "text-differs-from-html", W, E, W)                                             \
    X(DATE_SKEW, "date-skew", W, E, E)                                                             \
    X(URL_SHORTENER, "url-shortener", W, E, E)                                                     \
    X(LINK_TEXT_MISMATCH, "link-text-mismatch", W, E, E)                                           \
    X(PLAIN_HTTP_LINK, "plain-http-link", W, E, W)                                                 \
    X(LARGE_ATTACHMENT, "large-attachment", W, E, W)                                               \
    X(OVERSIZE, "oversize", E, E, E)                                                               \
    X(MANY_VISIBLE, "many-visible-recipients", W, E, E)                                            \
    X(DUPLICATE_RECIPIENT, "duplicate-recipient", W, E, W)                                         \
    X(MISSING_SUBJECT, "missing-subject", W, E, E)                                                 \
    X(NO_UNSUBSCRIBE, "bulk-without-unsubscribe", W, E, E)                                         \
    X(UNSIGNED_UNSUBSCRIBE, "unsubscribe-not-signed", W, W, E)                                     \
    X(BULK_TO_MANY, "bulk-to-many-in-one", W, E, E)                                                \
    X(CLASS_FIELDS, "class-fields", W, E, E)                                                       \
    X(EXECUTABLE, "executable-attachment", E, E, E)                                                \
    X(ENCRYPTED_ARCHIVE, "archive-encrypted", W, E, E)                                             \
    X(LOOKALIKE_DOMAIN, "lookalike-domain", W, E, E)                                               \
    X(MESSAGE_ID_HOST, "message-id-host", W, E, W)                                                 \
    X(HELO_NAME, "helo-name", W, W, W)                                                             \
    X(UNSIGNED, "unsigned", W, E, E)                                                               \
    X(SHORT_KEY, "dkim-key-short", W, W, W)

#define MAILSUB__RULE_ENUM(NAME, id, normal, strict, bulk) MAILSUB__RULE_##NAME,
enum mailsub__rule_index { MAILSUB__RULES(MAILSUB__RULE_ENUM) MAILSUB__N_RULES };
#undef MAILSUB__RULE_ENUM

enum { MAILSUB__N_PROFILES = MAILSUB_PROFILE_NONE + 1 };

typedef struct mailsub__rule {
    const char *id;
    uint8_t severity[MAILSUB__N_PROFILES];
} mailsub__rule;

extern const mailsub__rule mailsub__rules[MAILSUB__N_RULES];

/* The index of the rule with this identifier; MAILSUB__N_RULES when there is none. */
size_t mailsub__rule_find(const char *id);

#endif

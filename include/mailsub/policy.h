/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file
 * The policy check: what operators of mail servers lock senders for, told before the first octet
 * leaves. mailsub-policy(7) has every rule, its reason, and how to satisfy it.
 *
 * The rules are one table. A policy says how severe each of them is; it begins as one of four
 * profiles, and every rule can be raised, lowered and switched off by its identifier. A program adds
 * rules of its own. What a check finds is a list of findings.
 */
#ifndef MAILSUB_POLICY_H
#define MAILSUB_POLICY_H

#include <mailsub/export.h>
#include <mailsub/message.h>
#include <mailsub/system.h>

MAILSUB_BEGIN_DECLS

typedef struct mailsub_policy mailsub_policy;
typedef struct mailsub_findings mailsub_findings;

/** Where a policy begins. */
enum {
    MAILSUB_PROFILE_DEFAULT = 0, /**< errors only for what no operator takes */
    MAILSUB_PROFILE_STRICT = 1,  /**< errors for all that some operator locks senders for */
    MAILSUB_PROFILE_BULK = 2,    /**< for newsletters: what has no class counts as bulk mail */
    MAILSUB_PROFILE_NONE = 3     /**< every rule is off */
};

/** How severe a finding is. */
enum {
    MAILSUB_SEVERITY_OFF = 0,     /**< the rule is not looked at */
    MAILSUB_SEVERITY_WARNING = 1, /**< told, and sent all the same */
    MAILSUB_SEVERITY_ERROR = 2    /**< the message is not sent: MAILSUB_E_POLICY */
};

/**
 * What the check cannot see in the message. All of it may be unknown: then the rules that need it
 * find nothing.
 */
typedef struct mailsub_facts {
    size_t size;           /**< sizeof(mailsub_facts) */
    const char *login;     /**< user name of the login; NULL: none, or unknown */
    const char *helo_name; /**< name in EHLO; NULL: unknown */
    uint64_t max_size;     /**< octets that the server takes, its SIZE; 0: unknown, or any number */
    const char *const *signing_domains; /**< domains for which there is a DKIM key */
    size_t n_signing_domains;           /**< their number */
    int relay_signs; /**< not 0: the server signs what it takes for the domain of From */
} mailsub_facts;

/**
 * How a rule of the program tells what it found.
 * @param report_context  what the rule was called with
 * @param where           the field or part, such as "Subject" or "attachment 2"; NULL for none
 * @param detail          what is wrong with it, one line; NULL for none
 * @return 0; MAILSUB_E_NOMEM, which the rule is to return
 */
typedef int (*mailsub_rule_report_fn)(void *report_context, const char *where, const char *detail);

/**
 * A rule of the program's own.
 * @param context         what mailsub_policy_add_rule was given
 * @param message         to be read only: changing calls return MAILSUB_E_STATE
 * @param report          to be called once for each finding
 * @param report_context  to be handed to report
 * @return 0; a negative MAILSUB_E_*, which ends the check, and the submission with it
 */
typedef int (*mailsub_rule_fn)(void *context, mailsub_message *message,
                               mailsub_rule_report_fn report, void *report_context);

/**
 * Create a policy. Setters return MAILSUB_E_STATE once a config has it.
 * @param allocator   memory for the policy; NULL for malloc
 * @param profile     MAILSUB_PROFILE_*
 * @param out_policy  receives the policy, with one reference that the caller holds
 * @return 0; MAILSUB_E_INVALID out_policy is NULL, no such profile, or allocator is incomplete;
 *         MAILSUB_E_NOMEM
 * Since 0.1
 */
MAILSUB_API int mailsub_policy_new(const mailsub_allocator *allocator, int profile,
                                   mailsub_policy **out_policy);

/**
 * Take a further reference. A policy may be used by any number of checks in any threads as long as
 * nobody changes it.
 * @param policy  the policy; NULL is allowed
 * @return policy
 * Thread: any; since 0.1
 */
MAILSUB_API mailsub_policy *mailsub_policy_ref(mailsub_policy *policy);

/**
 * Give a reference back; the last one frees the policy.
 * @param policy  NULL is allowed
 * Thread: any; since 0.1
 */
MAILSUB_API void mailsub_policy_unref(mailsub_policy *policy);

/**
 * Say how severe a rule is.
 * @param policy    the policy
 * @param rule      identifier of a rule, of the library or the program; not NULL
 * @param severity  MAILSUB_SEVERITY_*
 * @return 0; MAILSUB_E_INVALID a NULL, no such rule or severity
 * Since 0.1
 */
MAILSUB_API int mailsub_policy_set_severity(mailsub_policy *policy, const char *rule, int severity);

/**
 * How severe a rule is.
 * @param policy        the policy; NULL for the profile MAILSUB_PROFILE_DEFAULT
 * @param rule          as for mailsub_policy_set_severity
 * @param out_severity  receives MAILSUB_SEVERITY_*
 * @return 0; MAILSUB_E_INVALID a NULL, or no such rule
 * Since 0.1
 */
MAILSUB_API int mailsub_policy_get_severity(const mailsub_policy *policy, const char *rule,
                                            int *out_severity);

/**
 * Set the number from which on a rule speaks:
 *
 *  date-skew                seconds that a Date may be off; the future counts 48 times. 86,400
 *  large-attachment         octets of all attachments times recipients; 26,214,400 (25 MiB)
 *  many-visible-recipients  mailboxes in To and Cc together; 20
 *
 * @param policy  the policy
 * @param rule    one of these; not NULL
 * @param most    what is still allowed; 0 or more
 * @return 0; MAILSUB_E_INVALID a NULL, below 0, or a rule without a number
 * Since 0.1
 */
MAILSUB_API int mailsub_policy_set_threshold(mailsub_policy *policy, const char *rule,
                                             int64_t most);

/**
 * The number that mailsub_policy_set_threshold sets.
 * @param policy    the policy; NULL for the profile MAILSUB_PROFILE_DEFAULT
 * @param rule      as there
 * @param out_most  receives it
 * @return 0; MAILSUB_E_INVALID a NULL, or a rule without a number
 * Since 0.1
 */
MAILSUB_API int mailsub_policy_get_threshold(const mailsub_policy *policy, const char *rule,
                                             int64_t *out_most);

/**
 * Replace the list of URL shorteners.
 * @param policy  the policy
 * @param hosts   host names, IDN too; those that begin with "www." are meant as well; copied
 * @param n       their number; 0 for none
 * @return 0; MAILSUB_E_INVALID a NULL; MAILSUB_E_DOMAIN one of them is no host name
 * Since 0.1
 */
MAILSUB_API int mailsub_policy_set_shorteners(mailsub_policy *policy, const char *const *hosts,
                                              size_t n);

/**
 * Add a rule of the program's own. Rules are called in the order in which they were added, after
 * those of the library.
 * @param policy    the policy
 * @param id        1 to 64 small letters, digits and dashes; not that of another rule
 * @param severity  MAILSUB_SEVERITY_*
 * @param rule      not NULL
 * @param context   handed to rule; must outlive the policy
 * @return 0; MAILSUB_E_INVALID a NULL, or id or severity is none; MAILSUB_E_LIMIT there are 100
 *         already; MAILSUB_E_NOMEM
 * Since 0.1
 */
MAILSUB_API int mailsub_policy_add_rule(mailsub_policy *policy, const char *id, int severity,
                                        mailsub_rule_fn rule, void *context);

/**
 * Check a message. It is not changed; but where facts tell the server's SIZE the message is laid
 * out to be measured, which fixes its Date and Message-ID. Of an existing message the parts are
 * looked into, decoded: the first 1 MiB of each text, in UTF-8 or a charset that has ASCII in it,
 * and the attachments, but not the messages within it.
 * @param message   the message; may be incomplete
 * @param policy    NULL for the profile MAILSUB_PROFILE_DEFAULT
 * @param facts     what is known besides; NULL for nothing
 * @param findings  receives what was found, in the place of what it held; NULL when not wanted
 * @return 0 when it may be sent, with warnings or without; MAILSUB_E_POLICY when a finding is an
 *         error; MAILSUB_E_INVALID message is NULL, or facts is incomplete; MAILSUB_E_FILE,
 *         MAILSUB_E_FILE_CHANGED an attachment; what a rule of the program returned; where the
 *         message was measured, the errors of mailsub_message_write; MAILSUB_E_NOMEM
 * Since 0.1
 */
MAILSUB_API int mailsub_message_check(mailsub_message *message, const mailsub_policy *policy,
                                      const mailsub_facts *facts, mailsub_findings *findings);

/**
 * Create an empty list of findings.
 * @param allocator     memory for the list and all it holds; NULL for malloc
 * @param out_findings  receives the list; the caller frees it
 * @return 0; MAILSUB_E_INVALID out_findings is NULL or allocator is incomplete; MAILSUB_E_NOMEM
 * Since 0.1
 */
MAILSUB_API int mailsub_findings_new(const mailsub_allocator *allocator,
                                     mailsub_findings **out_findings);

/**
 * Free a list of findings.
 * @param findings  NULL is allowed; not one that a receipt lends
 * Since 0.1
 */
MAILSUB_API void mailsub_findings_free(mailsub_findings *findings);

/**
 * Number of findings. One rule finds 20 things at most.
 * @param findings  NULL counts as empty
 * Since 0.1
 */
MAILSUB_API size_t mailsub_findings_count(const mailsub_findings *findings);

/**
 * Identifier of the rule that was broken.
 * @param findings  the list
 * @param index     from 0; below mailsub_findings_count; outside, these functions return "" and 0
 * @return lent until the list is used again or freed, as all strings below
 * Since 0.1
 */
MAILSUB_API const char *mailsub_findings_get_rule(const mailsub_findings *findings, size_t index);

/**
 * How severe a finding is.
 * @param findings  the list
 * @param index     as above
 * @return MAILSUB_SEVERITY_WARNING or _ERROR
 * Since 0.1
 */
MAILSUB_API int mailsub_findings_get_severity(const mailsub_findings *findings, size_t index);

/**
 * Where it is: a header field, "envelope", "text", "html", "attachment" and its number from 1, or
 * "server".
 * @param findings  the list
 * @param index     as above
 * Since 0.1
 */
MAILSUB_API const char *mailsub_findings_get_where(const mailsub_findings *findings, size_t index);

/**
 * What exactly was found: one line, cleaned of control characters, at most 300 octets.
 * @param findings  the list
 * @param index     as above
 * Since 0.1
 */
MAILSUB_API const char *mailsub_findings_get_detail(const mailsub_findings *findings, size_t index);

/**
 * What to do about it, one line of English; "" for a rule of the program.
 * @param findings  the list
 * @param index     as above
 * Since 0.1
 */
MAILSUB_API const char *mailsub_findings_get_advice(const mailsub_findings *findings, size_t index);

/**
 * Write findings as lines of text for a person or a log.
 * @param findings  the list
 * @param sink      takes the text; not NULL
 * @param context   handed to sink
 * @return 0; MAILSUB_E_INVALID a NULL; MAILSUB_E_SINK it stopped
 * Since 0.1
 */
MAILSUB_API int mailsub_findings_write(const mailsub_findings *findings, mailsub_sink_fn sink,
                                       void *context);

/**
 * Number of rules of the library.
 * Thread: any; since 0.1
 */
MAILSUB_API size_t mailsub_rule_count(void);

/**
 * Identifier of a rule; it never changes its meaning.
 * @param index  from 0; below mailsub_rule_count
 * @return static text; "" when there is no such rule
 * Thread: any; since 0.1
 */
MAILSUB_API const char *mailsub_rule_get_id(size_t index);

/**
 * What a rule says, in one line.
 * @param id  its identifier
 * @return static text; "" when there is no such rule, or id is NULL
 * Thread: any; since 0.1
 */
MAILSUB_API const char *mailsub_rule_get_text(const char *id);

/**
 * Why operators want it.
 * @param id  as above
 * @return as above
 * Thread: any; since 0.1
 */
MAILSUB_API const char *mailsub_rule_get_reason(const char *id);

/**
 * Where it is written.
 * @param id  as above
 * @return as above
 * Thread: any; since 0.1
 */
MAILSUB_API const char *mailsub_rule_get_reference(const char *id);

/**
 * What to do about a message that breaks it.
 * @param id  as above
 * @return as above
 * Thread: any; since 0.1
 */
MAILSUB_API const char *mailsub_rule_get_advice(const char *id);

/**
 * How severe it is in a profile.
 * @param id       as above
 * @param profile  MAILSUB_PROFILE_*
 * @return MAILSUB_SEVERITY_*; MAILSUB_SEVERITY_OFF when there is no such rule or profile
 * Thread: any; since 0.1
 */
MAILSUB_API int mailsub_rule_get_severity(const char *id, int profile);

MAILSUB_END_DECLS

#endif

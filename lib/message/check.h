/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One check of a message, shared by the files that hold the rules. */
#ifndef MAILSUB_MESSAGE_CHECK_H
#define MAILSUB_MESSAGE_CHECK_H

#include "message/findings.h"
#include "message/policy.h"
#include "message/state.h"

struct mailsub__check {
    mailsub_message *message;
    const mailsub_policy *policy;
    const mailsub_facts *facts; /* never NULL */
    mailsub_findings *findings;
    uint8_t n_found[MAILSUB__N_RULES];
    bool is_bulk;
    int error; /* the first one; rules go on, and find nothing that matters */
};

/* Whether anything that the rule finds would still be kept: else its work can be left out. */
bool mailsub__check_wants(const mailsub__check *check, enum mailsub__rule_index rule);

/*
 * Keep a finding. format is the detail, in which the first "%" stands for a and the second for b.
 */
void mailsub__check_tell(mailsub__check *check, enum mailsub__rule_index rule, const char *where,
                         const char *format, const mailsub__slice values[2]);
/* The same with one value, or none. */
void mailsub__check_tell_one(mailsub__check *check, enum mailsub__rule_index rule,
                             const char *where, const char *format, mailsub__slice value);

/*
 * The value of an added field, or of any field of an existing message, without white space around
 * it; of several the first. False: there is none.
 */
bool mailsub__check_field(const mailsub__check *check, const char *name, mailsub__slice *out_value);

/* The author's domain; empty when there is no author. */
mailsub__slice mailsub__check_author_domain(const mailsub__check *check);
/* Whether a DKIM signature of this domain, or one above it, is or will be on the message. */
bool mailsub__check_is_signed(const mailsub__check *check, mailsub__slice domain);
/* Tell when a domain is made to look like another. */
void mailsub__check_domain(mailsub__check *check, const char *where, mailsub__slice domain);

/* The groups of rules. */
void mailsub__check_sender(mailsub__check *check);
void mailsub__check_header(mailsub__check *check);
/* Of these only the rule that asks for the time. */
void mailsub__check_date(mailsub__check *check);
void mailsub__check_recipients(mailsub__check *check);
void mailsub__check_bulk(mailsub__check *check);
void mailsub__check_texts(mailsub__check *check);
/* The rules about texts and attachments, for a message that existed already. */
void mailsub__check_existing(mailsub__check *check);
void mailsub__check_parts(mailsub__check *check);
void mailsub__check_size(mailsub__check *check);
void mailsub__check_server(mailsub__check *check);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The library's rules see the message, the policy and the facts, and the time, which only the rule
 * about the Date asks for. Every change of the message forgets what is kept here (see
 * mailsub__message_end_change); policy and facts are compared. What cannot be compared cheaply is
 * looked at each time: files, which may become others, keys that sign, lists of shorteners, and what
 * the server says.
 */
#include "message/clean.h"

#include <string.h>

#include "message/check.h"

static bool has_files(const mailsub_message *message)
{
    const struct mailsub__part *part = message->first_part;
    while (part && !part->path)
        part = part->next;
    return part || (message->existing && message->existing->source.path);
}

static bool is_signed_here(const mailsub_message *message)
{
    const mailsub__dkim_list *offered = message->offered_signers;
    return message->signers.n > 0 || (offered && offered->n > 0);
}

/* Does all that the rules see stand in what is kept? */
static bool can_be_kept(const mailsub__check *check)
{
    const mailsub_facts *facts = check->facts;
    return !check->policy->has_shorteners && !facts->helo_name && facts->max_size == 0 &&
           facts->n_signing_domains == 0 && !is_signed_here(check->message);
}

static const char *login_of(const mailsub__check *check)
{
    return check->facts->login ? check->facts->login : "";
}

void mailsub__clean_note(const mailsub__check *check)
{
    mailsub__clean *clean = &check->message->clean;
    const char *login = login_of(check);
    size_t len = strlen(login);
    clean->is_known =
        can_be_kept(check) && len <= MAILSUB__CLEAN_LONGEST_LOGIN && !has_files(check->message);
    if (!clean->is_known)
        return;
    memcpy(clean->login, login, len + 1);
    memcpy(clean->severity, check->policy->severity, sizeof clean->severity);
    memcpy(clean->thresholds, check->policy->thresholds, sizeof clean->thresholds);
    clean->profile = check->policy->profile;
    clean->relay_signs = check->facts->relay_signs != 0;
}

bool mailsub__clean_holds(const mailsub__check *check)
{
    const mailsub__clean *clean = &check->message->clean;
    const mailsub_policy *policy = check->policy;
    return clean->is_known && can_be_kept(check) && clean->profile == policy->profile &&
           clean->relay_signs == (check->facts->relay_signs != 0) &&
           memcmp(clean->severity, policy->severity, sizeof clean->severity) == 0 &&
           memcmp(clean->thresholds, policy->thresholds, sizeof clean->thresholds) == 0 &&
           strcmp(clean->login, login_of(check)) == 0;
}

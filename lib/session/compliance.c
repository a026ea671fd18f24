/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The policy check of what is submitted, in two steps: what the message itself shows, before there
 * is a connection; and what only the server can say, its SIZE and the name that it was greeted by,
 * before the first command of the transaction.
 */
#include <stdio.h>

#include "message/message.h"
#include "message/policy.h"
#include "session/session.h"

int mailsub_config_set_policy(mailsub_config *config, mailsub_policy *policy)
{
    if (!config)
        return MAILSUB_E_INVALID;
    if (atomic_load(&config->frozen))
        return MAILSUB_E_STATE;
    mailsub_policy_ref(policy);
    mailsub_policy_unref(config->policy);
    config->policy = policy;
    if (policy)
        atomic_store(&policy->frozen, true);
    return MAILSUB_OK;
}

int mailsub_config_set_relay_signs(mailsub_config *config, int on)
{
    if (!config || (on != 0 && on != 1))
        return MAILSUB_E_INVALID;
    if (atomic_load(&config->frozen))
        return MAILSUB_E_STATE;
    config->relay_signs = on;
    return MAILSUB_OK;
}

/* The error that stopped the message, for the receipt's detail. */
static void describe(mailsub_receipt *receipt)
{
    const mailsub_findings *findings = &receipt->findings;
    for (size_t i = 0; i < mailsub_findings_count(findings); i++) {
        if (mailsub_findings_get_severity(findings, i) != MAILSUB_SEVERITY_ERROR)
            continue;
        snprintf(receipt->detail, sizeof receipt->detail, "%s: %s: %s",
                 mailsub_findings_get_rule(findings, i), mailsub_findings_get_where(findings, i),
                 mailsub_findings_get_detail(findings, i));
        return;
    }
}

int mailsub__compliance_check(const mailsub_session *session, const mailsub__job *job)
{
    const mailsub_config *config = session->config;
    const mailsub_facts facts = {
        .size = sizeof facts,
        .login = config->user,
        .relay_signs = config->relay_signs,
    };
    int rc = mailsub_message_check(job->message, config->policy, &facts, &job->receipt->findings);
    if (rc == MAILSUB_E_POLICY)
        describe(job->receipt);
    return rc;
}

/* As in the greeting. To this host itself any name is good enough. */
static const char *helo_name(const mailsub__link *link)
{
    const mailsub_session *session = link->session;
    if (mailsub__transport_is_loopback(link->transport))
        return NULL;
    if (session->config->helo_name)
        return session->config->helo_name;
    if (session->helo_name[0] != '\0')
        return session->helo_name;
    return mailsub__transport_get_local_literal(link->transport);
}

int mailsub__compliance_check_server(const mailsub__link *link, mailsub__job *job)
{
    if (job->server_checked)
        return MAILSUB_OK;
    job->server_checked = true;
    const mailsub_facts facts = {
        .size = sizeof facts,
        .helo_name = helo_name(link),
        .max_size = mailsub__engine_capabilities(link->engine, false)->size_limit,
    };
    int rc = mailsub__message_check_server(job->message, link->session->config->policy, &facts,
                                           &job->receipt->findings);
    if (rc == MAILSUB_E_POLICY)
        describe(job->receipt);
    return rc;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a session does besides sending messages: each verb checks its argument and runs one order.
 * The engine knows the commands and their replies.
 */
#include "codec/domain.h"
#include "codec/utf8.h"
#include "session/session.h"

/* ---- ETRN ---- */

/* "#queue": RFC 1985 section 5.3 leaves its form to the server. */
static bool is_queue_name(mailsub__slice name)
{
    if (name.len < 2 || name.len > 255 || name.ptr[0] != '#')
        return false;
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] <= ' ' || name.ptr[i] >= 0x7f)
            return false;
    }
    return true;
}

/* The argument as it is sent: a domain in ASCII, with its @ where subdomains are meant too. */
static int parse_node(const char *node, char out[1 + 256])
{
    mailsub__slice name = mailsub__slice_str(node);
    if (name.len > 0 && name.ptr[0] == '#') {
        if (!is_queue_name(name))
            return MAILSUB_E_DOMAIN;
        memcpy(out, name.ptr, name.len + 1);
        return MAILSUB_OK;
    }
    bool with_subdomains = name.len > 0 && name.ptr[0] == '@';
    char domain[256];
    int rc = mailsub__domain_to_ascii(
        mailsub__slice_of(name.ptr + with_subdomains, name.len - with_subdomains), domain);
    if (rc)
        return rc;
    out[0] = '@';
    strcpy(out + with_subdomains, domain);
    return MAILSUB_OK;
}

static int run(mailsub_session *session, enum mailsub__kind kind, const char *argument,
               mailsub_receipt *receipt)
{
    const mailsub__order order = {.kind = kind, .argument = argument, .receipt = receipt};
    return mailsub__session_run(session, &order);
}

int mailsub_session_etrn(mailsub_session *session, const char *node, mailsub_receipt *receipt)
{
    char argument[1 + 256];
    int rc = session && node ? parse_node(node, argument) : MAILSUB_E_INVALID;
    return rc ? mailsub__session_refuse(receipt, rc)
              : run(session, MAILSUB__KIND_ETRN, argument, receipt);
}

/* ---- VRFY, EXPN, HELP ---- */

static int ask(mailsub_session *session, enum mailsub__kind kind, const char *text,
               mailsub_receipt *receipt)
{
    int rc = MAILSUB_OK;
    if (!session || !text || text[0] == '\0')
        rc = MAILSUB_E_INVALID;
    else if (!mailsub__utf8_is_valid(mailsub__slice_str(text)))
        rc = MAILSUB_E_UTF8;
    return rc ? mailsub__session_refuse(receipt, rc) : run(session, kind, text, receipt);
}

int mailsub_session_verify(mailsub_session *session, const char *mailbox, mailsub_receipt *receipt)
{
    return ask(session, MAILSUB__KIND_VRFY, mailbox, receipt);
}

int mailsub_session_expand(mailsub_session *session, const char *list, mailsub_receipt *receipt)
{
    return ask(session, MAILSUB__KIND_EXPN, list, receipt);
}

int mailsub_session_help(mailsub_session *session, const char *topic, mailsub_receipt *receipt)
{
    if (!session)
        return mailsub__session_refuse(receipt, MAILSUB_E_INVALID);
    return run(session, MAILSUB__KIND_HELP, topic ? topic : "", receipt);
}

/* ---- recipients, and the server itself ---- */

int mailsub_session_probe(mailsub_session *session, mailsub_message *message,
                          mailsub_receipt *receipt)
{
    if (!session || !message)
        return mailsub__session_refuse(receipt, MAILSUB_E_INVALID);
    const mailsub__order order = {
        .kind = MAILSUB__KIND_PROBE, .message = message, .receipt = receipt};
    return mailsub__session_run(session, &order);
}

/* A connection that is there already would show nothing: it is left for a new one. */
int mailsub_session_check(mailsub_session *session, mailsub_receipt *receipt)
{
    int rc = mailsub_session_close(session);
    if (rc)
        return mailsub__session_refuse(receipt, rc);
    mailsub__failover_forget(&session->failover);
    rc = run(session, MAILSUB__KIND_CHECK, "", receipt);
    mailsub_session_close(session);
    return rc;
}

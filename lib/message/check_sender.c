/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules about who sends: mailboxes, login, domains, EHLO. */
#include <mailsub/class.h>

#include "message/address.h"
#include "message/check.h"
#include "message/host.h"
#include "message/lookalike.h"
#include "message/robot.h"

static mailsub__slice local_part(mailsub__slice address)
{
    const char *at = memrchr(address.ptr, '@', address.len);
    return at ? mailsub__slice_of(address.ptr, (size_t)(at - address.ptr)) : address;
}

static mailsub__slice author(const mailsub__check *check)
{
    return check->message->from.is_set ? check->message->from.mailbox.address
                                       : MAILSUB__SLICE_EMPTY;
}

static mailsub__slice envelope_sender(const mailsub__check *check)
{
    const mailsub_message *message = check->message;
    if (message->return_path.is_set || message->from.is_set)
        return mailsub__message_sender(message);
    return MAILSUB__SLICE_EMPTY;
}

/* A null sender that was asked for by name; without From there is only nothing yet. */
static bool has_null_sender(const mailsub__check *check)
{
    const struct mailsub__single_mailbox *path = &check->message->return_path;
    return path->is_set && path->mailbox.address.len == 0;
}

mailsub__slice mailsub__check_author_domain(const mailsub__check *check)
{
    return mailsub__address_domain(author(check));
}

static void check_noreply(mailsub__check *check)
{
    const struct {
        const char *where;
        mailsub__slice address;
    } rows[] = {{"From", author(check)}, {"envelope", envelope_sender(check)}};
    for (size_t i = 0; i < 2; i++) {
        if (i > 0 && mailsub__slice_equal(rows[i].address, rows[0].address))
            continue;
        if (mailsub__robot_is_noreply(local_part(rows[i].address)))
            mailsub__check_tell_one(check, MAILSUB__RULE_NOREPLY_SENDER, rows[i].where, "%",
                                    rows[i].address);
    }
}

static void check_null(mailsub__check *check)
{
    mailsub__slice value;
    if (!has_null_sender(check) || check->message->class == MAILSUB_CLASS_REPLY)
        return;
    /* "auto-replied" and what stands behind it. */
    if (mailsub__check_field(check, "Auto-Submitted", &value) && value.len >= 12 &&
        mailsub__slice_equal_nocase(mailsub__slice_of(value.ptr, 12),
                                    mailsub__slice_str("auto-replied")))
        return;
    mailsub__check_tell_one(check, MAILSUB__RULE_NULL_SENDER, "envelope", "<>",
                            MAILSUB__SLICE_EMPTY);
}

/* The login's own address, or one of it with a part behind: "me+tag@...", and VERP. */
static bool is_own_address(mailsub__slice login, mailsub__slice address)
{
    mailsub__slice mine = local_part(login);
    mailsub__slice theirs = local_part(address);
    mailsub__host host;
    if (!mailsub__host_fold(mailsub__address_domain(login), &host) ||
        !mailsub__slice_equal_nocase(mailsub__host_slice(&host), mailsub__address_domain(address)))
        return false;
    if (theirs.len < mine.len ||
        !mailsub__slice_equal_nocase(mine, mailsub__slice_of(theirs.ptr, mine.len)))
        return false;
    return theirs.len == mine.len || memchr("+-=", theirs.ptr[mine.len], 3);
}

static void check_login(mailsub__check *check)
{
    mailsub__slice login = mailsub__slice_str(check->facts->login);
    const mailsub__slice addresses[] = {envelope_sender(check), author(check)};
    static const char *const where[] = {"envelope", "From"};
    /* A login without a domain is a name of its own, which says nothing about addresses. */
    if (!memchr(login.ptr, '@', login.len))
        return;
    for (size_t i = 0; i < 2; i++) {
        const mailsub__slice values[2] = {login, addresses[i]};
        if (i > 0 && mailsub__slice_equal(addresses[0], addresses[1]))
            break;
        if (addresses[i].len > 0 && !is_own_address(login, addresses[i]))
            mailsub__check_tell(check, MAILSUB__RULE_SENDER_MISMATCH, where[i],
                                "the login is %, the address %", values);
    }
}

static void check_agreement(mailsub__check *check)
{
    const mailsub_message *message = check->message;
    mailsub__slice domain = mailsub__check_author_domain(check);
    mailsub__slice envelope = mailsub__address_domain(envelope_sender(check));
    mailsub__slice sender = message->sender.is_set
                                ? mailsub__address_domain(message->sender.mailbox.address)
                                : MAILSUB__SLICE_EMPTY;
    if (domain.len == 0)
        return;
    if (envelope.len > 0 && !mailsub__host_related(domain, envelope)) {
        const mailsub__slice values[2] = {domain, envelope};
        mailsub__check_tell(check, MAILSUB__RULE_SENDER_MISMATCH, "envelope",
                            "From is of %, the envelope sender of %", values);
    }
    if (sender.len > 0 && !mailsub__host_related(domain, sender)) {
        const mailsub__slice values[2] = {domain, sender};
        mailsub__check_tell(check, MAILSUB__RULE_SENDER_MISMATCH, "Sender",
                            "From is of %, Sender of %", values);
    }
}

void mailsub__check_domain(mailsub__check *check, const char *where, mailsub__slice domain)
{
    enum mailsub__lookalike found;
    char label[MAILSUB_MAX_DOMAIN + 1];
    if (!mailsub__check_wants(check, MAILSUB__RULE_LOOKALIKE_DOMAIN))
        return;
    check->error = mailsub__lookalike_find(domain, &found, label);
    if (check->error || found == MAILSUB__LOOKALIKE_NOT)
        return;
    const mailsub__slice values[2] = {mailsub__slice_str(label), domain};
    mailsub__check_tell(check, MAILSUB__RULE_LOOKALIKE_DOMAIN, where,
                        found == MAILSUB__LOOKALIKE_MIXED
                            ? "% mixes letters of several scripts: %"
                            : "% only looks like a name in Latin letters: %",
                        values);
}

static void check_list(mailsub__check *check, const char *where,
                       const struct mailsub__mailbox *mailbox)
{
    for (; mailbox; mailbox = mailbox->next) {
        if (mailbox->address.len > 0)
            mailsub__check_domain(check, where, mailsub__address_domain(mailbox->address));
    }
}

static void check_domains(mailsub__check *check)
{
    const mailsub_message *message = check->message;
    const struct {
        const char *where;
        const struct mailsub__single_mailbox *single;
    } singles[] = {{"From", &message->from},
                   {"Sender", &message->sender},
                   {"envelope", &message->return_path}};
    for (size_t i = 0; i < sizeof singles / sizeof singles[0]; i++) {
        if (singles[i].single->is_set)
            mailsub__check_domain(check, singles[i].where,
                                  mailsub__address_domain(singles[i].single->mailbox.address));
    }
    check_list(check, "From", message->more_from.first);
    check_list(check, "Reply-To", message->reply_to.first);
    check_list(check, "To", message->to.first);
    check_list(check, "Cc", message->cc.first);
    check_list(check, "envelope", message->bcc.first);
}

/* A signature of another domain says nothing for the author's. */
bool mailsub__check_is_signed(const mailsub__check *check, mailsub__slice domain)
{
    const mailsub_message *message = check->message;
    const mailsub__dkim_list *offered = message->offered_signers;
    mailsub__slice value;
    for (size_t i = 0; i < message->signers.n; i++) {
        if (mailsub__dkim_is_within(domain, mailsub__slice_str(message->signers.items[i]->domain)))
            return true;
    }
    for (size_t i = 0; offered && i < offered->n; i++) {
        if (mailsub__dkim_is_within(domain, mailsub__slice_str(offered->items[i]->domain)))
            return true;
    }
    return message->existing && mailsub__check_field(check, "DKIM-Signature", &value);
}

static void check_unsigned(mailsub__check *check)
{
    mailsub__slice domain = mailsub__check_author_domain(check);
    const mailsub_facts *facts = check->facts;
    if (domain.len == 0 || mailsub__check_is_signed(check, domain))
        return;
    for (size_t i = 0; i < facts->n_signing_domains; i++) {
        mailsub__host host;
        mailsub__slice key = mailsub__slice_str(facts->signing_domains[i]);
        if (!mailsub__host_fold(key, &host) || host.len > domain.len)
            continue;
        size_t front = domain.len - host.len;
        if (memcmp(domain.ptr + front, host.text, host.len) == 0 &&
            (front == 0 || domain.ptr[front - 1] == '.')) {
            mailsub__check_tell_one(check, MAILSUB__RULE_UNSIGNED, "DKIM-Signature",
                                    "there is a key for %", mailsub__host_slice(&host));
            return;
        }
    }
}

static void check_key(mailsub__check *check, const mailsub_dkim *dkim)
{
    enum { ADVISED_BITS = 2048 };
    const mailsub__slice values[2] = {mailsub__slice_str(mailsub_dkim_get_selector(dkim)),
                                      mailsub__slice_str(mailsub_dkim_get_domain(dkim))};
    if (strcmp(mailsub_dkim_get_algorithm(dkim), "rsa-sha256") == 0 &&
        mailsub_dkim_get_key_bits(dkim) < ADVISED_BITS)
        mailsub__check_tell(check, MAILSUB__RULE_SHORT_KEY, "DKIM-Signature",
                            "selector % of domain %", values);
}

/* Those of the message, and those of a config that will sign it. */
static void check_keys(mailsub__check *check)
{
    const mailsub_message *message = check->message;
    mailsub__dkim_set signers = {.n = 0};
    if (message->signers.n == 0 && !message->offered_signers)
        return;
    if (mailsub__dkim_choose(message, message->offered_signers, &signers) == MAILSUB_OK) {
        for (size_t i = 0; i < signers.n; i++)
            check_key(check, signers.items[i]);
    }
    mailsub__dkim_set_clear(&signers);
}

void mailsub__check_sender(mailsub__check *check)
{
    check_noreply(check);
    check_null(check);
    check_login(check);
    check_agreement(check);
    check_domains(check);
    check_unsigned(check);
    check_keys(check);
}

void mailsub__check_server(mailsub__check *check)
{
    mailsub__slice helo = mailsub__slice_str(check->facts->helo_name);
    if (helo.len > 0 && helo.ptr[0] == '[')
        mailsub__check_tell_one(check, MAILSUB__RULE_HELO_NAME, "server",
                                "this host has no name, only the address %", helo);
    else if (helo.len > 0 && mailsub__host_is_local(helo))
        mailsub__check_tell_one(check, MAILSUB__RULE_HELO_NAME, "server",
                                "% is no full name of a host", helo);
}

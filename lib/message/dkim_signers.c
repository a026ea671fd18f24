/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who signs a message: the signers that it was given, and those that a config offers. */
#include "message/state.h"

int mailsub__dkim_set_add(mailsub__dkim_set *set, mailsub_dkim *dkim)
{
    for (size_t i = 0; i < set->n; i++) {
        if (set->items[i] == dkim)
            return MAILSUB_OK;
    }
    if (set->n == MAILSUB_DKIM_MAX_SIGNERS)
        return MAILSUB_E_LIMIT;
    set->items[set->n++] = mailsub_dkim_ref(dkim);
    return MAILSUB_OK;
}

void mailsub__dkim_set_clear(mailsub__dkim_set *set)
{
    while (set->n > 0)
        mailsub_dkim_unref(set->items[--set->n]);
}

bool mailsub__dkim_set_equal(const mailsub__dkim_set *a, const mailsub__dkim_set *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        if (a->items[i] != b->items[i])
            return false;
    }
    return true;
}

/* One signer of a domain and selector is enough. */
static bool is_among(const mailsub__dkim_set *set, const mailsub_dkim *dkim)
{
    for (size_t i = 0; i < set->n; i++) {
        if (strcmp(set->items[i]->domain, dkim->domain) == 0 &&
            strcmp(set->items[i]->selector, dkim->selector) == 0)
            return true;
    }
    return false;
}

static int choose_offered(mailsub__slice domain, const mailsub__dkim_list *offered,
                          mailsub__dkim_set *set)
{
    size_t nearest = 0; /* the longest name wins */
    for (size_t i = 0; i < offered->n; i++) {
        mailsub__slice own = mailsub__slice_str(offered->items[i]->domain);
        if (own.len > nearest && mailsub__dkim_is_within(domain, own))
            nearest = own.len;
    }
    int rc = MAILSUB_OK;
    for (size_t i = 0; i < offered->n && nearest > 0 && !rc; i++) {
        mailsub_dkim *dkim = offered->items[i];
        mailsub__slice own = mailsub__slice_str(dkim->domain);
        if (own.len == nearest && mailsub__dkim_is_within(domain, own) && !is_among(set, dkim))
            rc = mailsub__dkim_set_add(set, dkim);
    }
    return rc;
}

int mailsub__dkim_choose(const mailsub_message *message, const mailsub__dkim_list *offered,
                         mailsub__dkim_set *set)
{
    int rc = MAILSUB_OK;
    for (size_t i = 0; i < message->signers.n && !rc; i++)
        rc = mailsub__dkim_set_add(set, message->signers.items[i]);
    if (!rc && offered && offered->n > 0)
        rc = choose_offered(mailsub__address_domain(message->from.mailbox.address), offered, set);
    return rc;
}

static int add_signer(mailsub_message *message, mailsub_dkim *dkim)
{
    int rc = mailsub__dkim_freeze(dkim);
    return rc ? rc : mailsub__dkim_set_add(&message->signers, dkim);
}

int mailsub_message_sign_dkim(mailsub_message *message, mailsub_dkim *dkim)
{
    int rc = mailsub__message_begin_any_change(message);
    if (!rc && dkim)
        rc = add_signer(message, dkim);
    else if (!rc)
        mailsub__dkim_set_clear(&message->signers);
    return mailsub__message_end_change(message, "DKIM-Signature", rc);
}

size_t mailsub_message_count_signers(const mailsub_message *message)
{
    return message ? message->signers.n : 0;
}

mailsub_dkim *mailsub_message_get_signer(const mailsub_message *message, size_t index)
{
    return message && index < message->signers.n ? message->signers.items[index] : NULL;
}

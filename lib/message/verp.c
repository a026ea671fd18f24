/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Variable envelope return paths: the recipient stands in the local part of the sender, behind "+",
 * its "@" as "=". A domain holds no "=", so the last one parts them again, whatever the recipient's
 * own local part holds. A local part beyond 64 octets is refused and not cut: what was cut would
 * name another recipient.
 */
#include "message/verp.h"

#include <mailsub/class.h>

#include "codec/utf8.h"
#include "message/address.h"
#include "message/line.h"
#include "message/state.h"

static int parse(const char *text, enum mailsub__address_form form, mailsub__address *out)
{
    mailsub__slice address = mailsub__slice_str(text);
    int rc = mailsub__line_check(address, MAILSUB__LINE_NO_TAB);
    return rc ? rc : mailsub__address_parse(address, form, out);
}

/* Quotes would have to be undone, and stand within the words of another. */
static bool is_plain(mailsub__slice address)
{
    return address.ptr[0] != '"' && mailsub__address_domain(address).ptr[0] != '[';
}

static int make(mailsub__slice sender, mailsub__slice recipient, mailsub__address *out)
{
    mailsub__slice domain = mailsub__address_domain(recipient);
    mailsub__slice sender_domain = mailsub__address_domain(sender);
    size_t sender_len = sender.len - sender_domain.len - 1;
    size_t local_len = recipient.len - domain.len - 1;
    char local[MAILSUB_MAX_LOCAL_PART];
    if (!is_plain(recipient))
        return MAILSUB_E_ADDRESS;
    if (sender_len + 1 + local_len + 1 + domain.len > sizeof local)
        return MAILSUB_E_LIMIT;
    char *end = mempcpy(local, sender.ptr, sender_len);
    *end++ = '+';
    end = mempcpy(end, recipient.ptr, local_len);
    *end++ = '=';
    end = mempcpy(end, domain.ptr, domain.len);
    /* Whoever has such a recipient needs SMTPUTF8 for him alone. */
    return mailsub__address_join(
        mailsub__slice_of(local, (size_t)(end - local)), sender_domain,
        mailsub__ascii_only(recipient) ? MAILSUB__ADDRESS_ASCII : MAILSUB__ADDRESS_UTF8, out);
}

int mailsub__verp_make(mailsub__slice sender, mailsub__slice recipient, char *out, size_t *out_len)
{
    mailsub__address made;
    int rc = make(sender, recipient, &made);
    if (rc)
        return rc;
    memcpy(out, made.text, made.len);
    *out_len = made.len;
    return MAILSUB_OK;
}

/* A sender that can name recipients. */
static int parse_sender(const char *text, mailsub__address *out)
{
    int rc = parse(text, MAILSUB__ADDRESS_ASCII, out);
    return !rc && !is_plain(mailsub__address_slice(out)) ? MAILSUB_E_ADDRESS : rc;
}

static int set_verp(mailsub_message *message, const char *sender)
{
    mailsub__address parsed;
    if (!sender)
        return MAILSUB_E_INVALID;
    int rc = parse_sender(sender, &parsed);
    if (!rc)
        rc = mailsub_message_set_return_path(message, parsed.text);
    if (!rc)
        message->names_recipients = true;
    return rc;
}

int mailsub_message_set_verp(mailsub_message *message, const char *sender)
{
    int rc = mailsub__message_begin_any_change(message);
    if (!rc)
        rc = set_verp(message, sender);
    return mailsub__message_end_change(message, "Return-Path", rc);
}

int mailsub_message_get_verp(const mailsub_message *message)
{
    return message && message->names_recipients;
}

static int hand_out(const mailsub__address *address, char *out, size_t room)
{
    if (address->len >= room)
        return MAILSUB_E_LIMIT;
    memcpy(out, address->text, address->len + 1);
    return MAILSUB_OK;
}

int mailsub_verp_get_sender(const char *sender, const char *recipient, char *out_sender,
                            size_t room)
{
    mailsub__address own;
    mailsub__address named;
    mailsub__address made;
    if (!sender || !recipient || !out_sender)
        return MAILSUB_E_INVALID;
    int rc = parse_sender(sender, &own);
    if (!rc)
        rc = parse(recipient, MAILSUB__ADDRESS_UTF8, &named);
    if (!rc)
        rc = make(mailsub__address_slice(&own), mailsub__address_slice(&named), &made);
    return rc ? rc : hand_out(&made, out_sender, room);
}

int mailsub_verp_get_recipient(const char *sender, const char *address, char *out_recipient,
                               size_t room)
{
    mailsub__address own;
    mailsub__address bounced;
    mailsub__address recipient;
    if (!sender || !address || !out_recipient)
        return MAILSUB_E_INVALID;
    int rc = parse_sender(sender, &own);
    if (!rc)
        rc = parse(address, MAILSUB__ADDRESS_UTF8, &bounced);
    if (rc)
        return rc;
    mailsub__slice local = mailsub__slice_of(bounced.text, bounced.local_len);
    if (!mailsub__slice_equal(mailsub__address_domain(mailsub__address_slice(&own)),
                              mailsub__address_domain(mailsub__address_slice(&bounced))) ||
        local.len <= own.local_len || memcmp(local.ptr, own.text, own.local_len) != 0 ||
        local.ptr[own.local_len] != '+')
        return MAILSUB_E_ADDRESS;
    local = mailsub__slice_of(local.ptr + own.local_len + 1, local.len - own.local_len - 1);
    const char *mark = memrchr(local.ptr, '=', local.len);
    if (!mark || mark == local.ptr)
        return MAILSUB_E_ADDRESS;
    size_t n = (size_t)(mark - local.ptr);
    rc = mailsub__address_join(mailsub__slice_of(local.ptr, n),
                               mailsub__slice_of(mark + 1, local.len - n - 1),
                               MAILSUB__ADDRESS_UTF8, &recipient);
    return rc ? rc : hand_out(&recipient, out_recipient, room);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/parcel.h"

#include <stddef.h>

#include <mailsub/class.h>

#include "base/memory.h"
#include "message/address.h"
#include "message/line.h"
#include "message/message.h"
#include "message/verp.h"

#define MAX_ADDRESSES ((size_t)(MAILSUB_MAX_RECIPIENTS + 1) * MAILSUB_MAX_ADDRESS)

/* Nothing was sent because of code. */
static void fill_failed(mailsub_receipt *receipt, int code, const char *detail)
{
    mailsub__verdict cause = {.code = code, .stage = MAILSUB_STAGE_CHECK};
    mailsub__receipt_fail(receipt, &cause, detail);
    receipt->filled = true;
}

int mailsub__parcel_new(const mailsub_allocator *allocator, mailsub_receipt *receipt,
                        mailsub__parcel **out_parcel)
{
    mailsub__receipt_reset(receipt);
    mailsub__parcel *parcel = mailsub__alloc_zeroed(allocator, sizeof *parcel);
    if (!parcel) {
        fill_failed(receipt, MAILSUB_E_NOMEM, "");
        return MAILSUB_E_NOMEM;
    }
    parcel->allocator = *allocator;
    parcel->receipt = receipt;
    mailsub__buffer_init(&parcel->addresses, &parcel->allocator, MAX_ADDRESSES);
    *out_parcel = parcel;
    return MAILSUB_OK;
}

void mailsub__parcel_free(mailsub__parcel *parcel)
{
    mailsub_allocator allocator = parcel->allocator;
    mailsub__buffer_deinit(&parcel->addresses);
    mailsub__free(&allocator, parcel->recipients);
    mailsub__free(&allocator, parcel);
}

/* It never went anywhere. */
static int give_up(mailsub__parcel *parcel, int code, const char *detail)
{
    fill_failed(parcel->receipt, code, detail);
    mailsub__parcel_free(parcel);
    return code;
}

mailsub__parcel *mailsub__parcel_of(mailsub__transaction *transaction)
{
    void *start = (char *)transaction - offsetof(mailsub__parcel, transaction);
    return start;
}

/* ---- a message ---- */

void mailsub__parcel_describe(mailsub__transaction *transaction, const mailsub_message *message,
                              mailsub_receipt *receipt)
{
    transaction->sender = mailsub__message_sender(message);
    transaction->sender_for = mailsub_message_get_verp(message) ? mailsub__verp_make : NULL;
    transaction->recipients = mailsub__message_recipients(message);
    transaction->n_recipients = mailsub_message_count_recipients(message);
    transaction->size = mailsub__message_size(message);
    transaction->smtputf8 = mailsub__message_text_needs_smtputf8(message);
    /* RFC 6532: the header of such a message is UTF-8. */
    transaction->eight_bit =
        transaction->smtputf8 || mailsub__message_body(message) != MAILSUB__BODY_7BIT;
    transaction->binary = mailsub__message_body(message) == MAILSUB__BODY_BINARY;
    transaction->delivery = mailsub__message_delivery(message);
    transaction->verdicts = receipt->verdicts;
    transaction->on_recipient_text = mailsub__receipt_add_text;
    transaction->context = receipt;
}

static int reopen(mailsub__transaction *transaction)
{
    return mailsub__message_open(mailsub__parcel_of(transaction)->message, &transaction->content);
}

int mailsub__parcel_list(mailsub_receipt *receipt, const mailsub_message *message)
{
    size_t n = mailsub_message_count_recipients(message);
    if (n == 0 || receipt->n_recipients > 0)
        return MAILSUB_OK;
    return mailsub__receipt_list(receipt, mailsub__message_recipients(message), n);
}

/* The receipt knows the message before anything is sent. */
static void announce(const mailsub__parcel *parcel)
{
    const char *message_id = "";
    mailsub_message_get_message_id(parcel->message, &message_id);
    mailsub__receipt_copy(parcel->receipt->message_id, sizeof parcel->receipt->message_id,
                          message_id);
}

/* It is the caller's again. */
static void give_back(mailsub_message *message)
{
    mailsub__message_close(message);
    mailsub__message_offer_signers(message, NULL);
    mailsub__message_unlock(message);
}

int mailsub__parcel_pack(mailsub__parcel *parcel, mailsub_message *message, uint32_t can,
                         const mailsub__dkim_list *signers)
{
    const char *detail = "";
    if (!mailsub__message_lock(message))
        return give_up(parcel, MAILSUB_E_STATE, "");
    parcel->message = message;
    mailsub__message_offer_signers(message, signers);
    int rc = mailsub__parcel_list(parcel->receipt, message);
    if (rc == MAILSUB_OK)
        rc = mailsub__message_prepare(message, can, &detail);
    if (rc == MAILSUB_OK) {
        announce(parcel);
        rc = mailsub__message_open(message, &parcel->transaction.content);
        detail = mailsub__message_detail(message);
    }
    if (rc) {
        rc = give_up(parcel, rc, detail);
        give_back(message);
        return rc;
    }
    mailsub__parcel_describe(&parcel->transaction, message, parcel->receipt);
    parcel->transaction.reopen = reopen;
    return MAILSUB_OK;
}

/* ---- octets ---- */

static int read_raw(void *context, char *out, size_t room, size_t *out_len)
{
    mailsub__parcel *parcel = context;
    size_t len = 0;
    int rc = parcel->raw.read(parcel->raw.context, out, room, &len);
    if (rc > 0 || (rc == MAILSUB_OK && len > room))
        return MAILSUB_E_INVALID;
    if (rc == MAILSUB_OK)
        *out_len = len;
    return rc;
}

static int rewind_raw(mailsub__transaction *transaction)
{
    const mailsub_raw_message *raw = &mailsub__parcel_of(transaction)->raw;
    int rc = raw->rewind(raw->context);
    return rc > 0 ? MAILSUB_E_INVALID : rc;
}

/* Append an address as it goes on the wire. */
static int add_address(mailsub__parcel *parcel, const char *text, size_t *out_len)
{
    mailsub__address address;
    if (!text)
        return MAILSUB_E_INVALID;
    int rc = mailsub__line_check(mailsub__slice_str(text), MAILSUB__LINE_NO_TAB);
    if (rc == MAILSUB_OK)
        rc = mailsub__address_parse(mailsub__slice_str(text), MAILSUB__ADDRESS_UTF8, &address);
    if (rc == MAILSUB_OK)
        rc = mailsub__buffer_append_slice(&parcel->addresses, mailsub__address_slice(&address));
    if (rc == MAILSUB_OK)
        *out_len = address.len;
    return rc;
}

/* Lengths first: the octets may move until the last one is there. */
static int take_envelope(mailsub__parcel *parcel)
{
    const mailsub_raw_message *raw = &parcel->raw;
    size_t sender_len = 0;
    int rc = MAILSUB_OK;
    if (raw->sender[0] != '\0')
        rc = add_address(parcel, raw->sender, &sender_len);
    for (size_t i = 0; i < raw->n_recipients && rc == MAILSUB_OK; i++)
        rc = add_address(parcel, raw->recipients[i], &parcel->recipients[i].len);
    if (rc)
        return rc;
    const char *at = mailsub__buffer_slice(&parcel->addresses).ptr;
    parcel->transaction.sender = mailsub__slice_of(at, sender_len);
    at += sender_len;
    for (size_t i = 0; i < raw->n_recipients; i++) {
        parcel->recipients[i].ptr = at;
        at += parcel->recipients[i].len;
    }
    return mailsub__receipt_list(parcel->receipt, parcel->recipients, raw->n_recipients);
}

static int check_raw(const mailsub_raw_message *raw)
{
    const uint32_t known = MAILSUB_RAW_8BIT | MAILSUB_RAW_BINARY | MAILSUB_RAW_SMTPUTF8;
    if (raw->size < sizeof *raw || !raw->sender || !raw->read || (raw->flags & ~known) != 0 ||
        (!raw->recipients && raw->n_recipients > 0))
        return MAILSUB_E_INVALID;
    if (raw->n_recipients == 0)
        return MAILSUB_E_NO_RECIPIENTS;
    return raw->n_recipients > MAILSUB_MAX_RECIPIENTS ? MAILSUB_E_LIMIT : MAILSUB_OK;
}

static void describe_raw(mailsub__parcel *parcel)
{
    const mailsub_raw_message *raw = &parcel->raw;
    mailsub__transaction *transaction = &parcel->transaction;
    transaction->recipients = parcel->recipients;
    transaction->n_recipients = raw->n_recipients;
    transaction->size = raw->content_len;
    transaction->binary = (raw->flags & MAILSUB_RAW_BINARY) != 0;
    transaction->smtputf8 = (raw->flags & MAILSUB_RAW_SMTPUTF8) != 0;
    transaction->eight_bit = transaction->smtputf8 || (raw->flags & MAILSUB_RAW_8BIT) != 0;
    transaction->content = (mailsub__source){parcel, read_raw};
    transaction->reopen = raw->rewind ? rewind_raw : NULL;
    transaction->verdicts = parcel->receipt->verdicts;
    transaction->on_recipient_text = mailsub__receipt_add_text;
    transaction->context = parcel->receipt;
}

int mailsub__parcel_pack_raw(mailsub__parcel *parcel, const mailsub_raw_message *raw)
{
    int rc = check_raw(raw);
    if (rc)
        return give_up(parcel, rc, "");
    parcel->raw = *raw;
    parcel->recipients =
        mailsub__alloc_array(&parcel->allocator, raw->n_recipients, sizeof *parcel->recipients);
    rc = parcel->recipients ? take_envelope(parcel) : MAILSUB_E_NOMEM;
    if (rc)
        return give_up(parcel, rc, "");
    describe_raw(parcel);
    return MAILSUB_OK;
}

/* ---- the end ---- */

void mailsub__parcel_deliver(mailsub__parcel *parcel)
{
    mailsub_receipt *receipt = parcel->receipt;
    const mailsub__transaction *transaction = &parcel->transaction;
    const char *text = transaction->text;
    receipt->whole = transaction->whole;
    receipt->dropped = transaction->dropped;
    receipt->warnings = transaction->warnings;
    mailsub__receipt_copy(receipt->queue_id, sizeof receipt->queue_id, transaction->queue_id);
    if (parcel->message && receipt->whole.reply_code == 0 &&
        mailsub_error_group(receipt->whole.code) == MAILSUB_GROUP_MESSAGE &&
        mailsub__message_detail(parcel->message)[0] != '\0')
        text = mailsub__message_detail(parcel->message);
    if (receipt->whole.reply_code != 0)
        mailsub__receipt_copy(receipt->text, sizeof receipt->text, text);
    else
        mailsub__receipt_copy(receipt->detail, sizeof receipt->detail, text);
    receipt->filled = true;
    if (parcel->message)
        give_back(parcel->message);
}

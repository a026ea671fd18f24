/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A message on its way through a public engine: its transaction, and the receipt that it fills. */
#ifndef MAILSUB_SESSION_PARCEL_H
#define MAILSUB_SESSION_PARCEL_H

#include <mailsub/engine.h>

#include "message/dkim.h"
#include "session/receipt.h"
#include "smtp/engine.h"

typedef struct mailsub__parcel {
    struct mailsub__parcel *next;
    mailsub_allocator allocator;
    mailsub_message *message; /* NULL: raw */
    mailsub_raw_message raw;
    mailsub_receipt *receipt;
    int64_t deadline_ms; /* -1: none */
    mailsub__transaction transaction;
    mailsub__buffer addresses; /* of a raw envelope: the sender, then the recipients */
    mailsub__slice *recipients;
} mailsub__parcel;

/* Make a parcel and reset the receipt. MAILSUB_E_NOMEM: the receipt is filled with that. */
int mailsub__parcel_new(const mailsub_allocator *allocator, mailsub_receipt *receipt,
                        mailsub__parcel **out_parcel);
/* Nothing of it is under way. */
void mailsub__parcel_free(mailsub__parcel *parcel);
/* Lock, sign, prepare and describe the message. On failure the receipt is filled, the parcel freed.
   The signers outlive the parcel. */
int mailsub__parcel_pack(mailsub__parcel *parcel, mailsub_message *message, uint32_t can,
                         const mailsub__dkim_list *signers);
int mailsub__parcel_pack_raw(mailsub__parcel *parcel, const mailsub_raw_message *raw);
mailsub__parcel *mailsub__parcel_of(mailsub__transaction *transaction);
/* The transaction is done: fill the receipt and give the message back. */
void mailsub__parcel_deliver(mailsub__parcel *parcel);

/* Give each recipient of the message its place in the receipt, however early the submission ends;
   once is enough. MAILSUB_E_NOMEM. */
int mailsub__parcel_list(mailsub_receipt *receipt, const mailsub_message *message);

/* What the engine is to know of a message that is prepared, whatever else it knows already. */
void mailsub__parcel_describe(mailsub__transaction *transaction, const mailsub_message *message,
                              mailsub_receipt *receipt);

#endif

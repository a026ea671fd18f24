/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files on DKIM share: the signer, and its use on a laid out message. */
#ifndef MAILSUB_MESSAGE_DKIM_H
#define MAILSUB_MESSAGE_DKIM_H

#include <stdatomic.h>
#include <stdbool.h>

#include <mailsub/dkim.h>
#include <mailsub/message.h>

#include "base/buffer.h"
#include "base/key.h"
#include "message/fields.h"

typedef struct mailsub__dkim_field {
    char name[MAILSUB__FIELD_LONGEST_NAME + 1];
    size_t name_len;
    int mode; /* MAILSUB_DKIM_*, never _UNSIGNED */
} mailsub__dkim_field;

enum { MAILSUB__DKIM_N_RECORDS = MAILSUB_DKIM_RECORD_ZONE + 1 };

struct mailsub_dkim {
    mailsub_allocator allocator;
    atomic_uint n_refs;
    atomic_bool frozen; /* in use: setters return MAILSUB_E_STATE */
    char domain[MAILSUB_MAX_DOMAIN + 1];
    char selector[MAILSUB_MAX_DOMAIN + 1];

    mailsub__key key;          /* its public part is NULL: none is set */
    char *pin;                 /* the key may ask for it again */
    mailsub_dkim_sign_fn sign; /* NULL: the key does it */
    void *sign_context;
    char *records[MAILSUB__DKIM_N_RECORDS]; /* by MAILSUB_DKIM_RECORD_* */

    int header_form; /* MAILSUB_DKIM_SIMPLE or _RELAXED */
    int body_form;
    char *identity; /* NULL: none */
    bool has_timestamp;
    int64_t lifetime_s; /* 0: for ever */
    mailsub__dkim_field *fields;
    size_t n_fields;
    size_t room_for_fields;
};

/* How every setter begins: MAILSUB_E_INVALID, MAILSUB_E_STATE. */
int mailsub__dkim_begin_change(const mailsub_dkim *dkim);
/* name is domain, or one below it. */
bool mailsub__dkim_is_within(mailsub__slice name, mailsub__slice domain);
/* A copy of len octets as a string; NULL when memory is short. */
char *mailsub__dkim_copy(const mailsub_dkim *dkim, const char *text, size_t len);
/* The parts of _new and _unref that belong to the other files. */
int mailsub__dkim_init_fields(mailsub_dkim *dkim);
void mailsub__dkim_deinit_key(mailsub_dkim *dkim);

/* A key is set, so that it can be used, and it is from now on: MAILSUB_E_KEY. */
int mailsub__dkim_freeze(mailsub_dkim *dkim);

/* Signers that others hold. */
typedef struct mailsub__dkim_list {
    mailsub_dkim **items;
    size_t n;
} mailsub__dkim_list;

/* Signers that a message or an image holds; all zero is none. */
typedef struct mailsub__dkim_set {
    mailsub_dkim *items[MAILSUB_DKIM_MAX_SIGNERS];
    size_t n;
} mailsub__dkim_set;

/* Take a reference, unless it is in the set already. MAILSUB_E_LIMIT. */
int mailsub__dkim_set_add(mailsub__dkim_set *set, mailsub_dkim *dkim);
void mailsub__dkim_set_clear(mailsub__dkim_set *set);
bool mailsub__dkim_set_equal(const mailsub__dkim_set *a, const mailsub__dkim_set *b);

struct mailsub__image;
/*
 * Who signs a message: those that it was given, and of those that are offered, which may be NULL,
 * the ones of its author's domain, or else of the nearest domain above. set is empty.
 */
int mailsub__dkim_choose(const mailsub_message *message, const mailsub__dkim_list *offered,
                         mailsub__dkim_set *set);
/*
 * Write the signatures of a laid out message into its image. MAILSUB_E_SIGNING, MAILSUB_E_SIGNED,
 * MAILSUB_E_DATE, an error of the clock, and those of reading the content; message->detail says
 * more.
 */
int mailsub__dkim_sign_image(mailsub_message *message, struct mailsub__image *image);

#endif

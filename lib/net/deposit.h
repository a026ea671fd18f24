/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A message becomes a file, by one of two customs, and only a whole one is ever seen:
 *
 *   Maildir     tmp/NAME, which is moved to new/NAME
 *   directory   .NAME.eml.part, which is moved to NAME.eml when NAME.json, its envelope, is there
 *
 * It is on the disk before it is told so. What is done to the disk may wait for it.
 *
 * Not handled: quotas of Maildir++, sizes in names, mail in tmp/ that another program left, which
 * readers remove after 36 hours.
 *
 * https://cr.yp.to/proto/maildir.html; RFC 5321 section 4.4.
 */
#ifndef MAILSUB_NET_DEPOSIT_H
#define MAILSUB_NET_DEPOSIT_H

#include <stdbool.h>

#include "base/buffer.h"
#include "net/spool.h"

enum mailsub__deposit_form { MAILSUB__DEPOSIT_MAILDIR, MAILSUB__DEPOSIT_DIRECTORY };

/* Names are shorter than 64 octets, which is what is kept of a server's queue id. */
#define MAILSUB__DEPOSIT_NAME_LEN 96

typedef struct mailsub__deposit {
    const char *path; /* of the directory; borrowed */
    enum mailsub__deposit_form form;
    int directory; /* -1: no message is under way */
    bool is_new;   /* something in the directory was made for it */
    unsigned n_begun;
    char name[MAILSUB__DEPOSIT_NAME_LEN];
} mailsub__deposit;

/* For whom a message is. */
typedef struct mailsub__letter {
    const char *addresses; /* the sender and then the recipients, each with a NUL behind it */
    size_t n_addresses;
    bool eight_bit;
    bool utf8;
} mailsub__letter;

enum mailsub__deposit_end {
    MAILSUB__DEPOSIT_DONE,
    MAILSUB__DEPOSIT_FAILED, /* nobody will see it */
    MAILSUB__DEPOSIT_UNSURE  /* it is there, but a crash of the system may take it away */
};

void mailsub__deposit_init(mailsub__deposit *deposit, enum mailsub__deposit_form form,
                           const char *path);
/*
 * Make the file for a message, and give it to the spool. What stands before the content in a
 * Maildir is written too. 0 or an errno.
 */
int mailsub__deposit_begin(mailsub__deposit *deposit, const mailsub__letter *letter,
                           mailsub__spool *spool);
/* The content is complete; the spool stays open. *out_error is an errno where it is not DONE. */
enum mailsub__deposit_end mailsub__deposit_finish(mailsub__deposit *deposit,
                                                  const mailsub__letter *letter,
                                                  mailsub__spool *spool, int *out_error);
/* Take away what there is of a message that was not finished. */
void mailsub__deposit_drop(mailsub__deposit *deposit);
/* In a child: it is the parent's. closed: the descriptor is not there any more. */
void mailsub__deposit_abandon(mailsub__deposit *deposit, bool closed);
/* By which the message is found: without .eml, or what a Maildir's readers put behind it. */
const char *mailsub__deposit_get_name(const mailsub__deposit *deposit);

#endif

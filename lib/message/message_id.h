/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Message identifiers (RFC 5322 section 3.6.4): checked, and made. */
#ifndef MAILSUB_MESSAGE_MESSAGE_ID_H
#define MAILSUB_MESSAGE_MESSAGE_ID_H

#include <mailsub/export.h>
#include <mailsub/system.h>

#include "base/slice.h"

enum {
    MAILSUB__MESSAGE_ID_LONGEST = 250, /* of one that was set, without its angle brackets */
    /* A UUID, "@", a domain, angle brackets and NUL. */
    MAILSUB__MESSAGE_ID_SIZE = 36 + 1 + MAILSUB_MAX_DOMAIN + 2 + 1
};

/* id-left@id-right without angle brackets and obsolete forms, at most 250 octets. */
bool mailsub__message_id_is_valid(mailsub__slice id);
/* Write <uuid@domain>, NUL-terminated; a random UUID (RFC 4122 version 4). The error of random. */
int mailsub__message_id_generate(char out[MAILSUB__MESSAGE_ID_SIZE], const mailsub_random *random,
                                 mailsub__slice domain);

#endif

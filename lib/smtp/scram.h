/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of SCRAM (RFC 5802): what the server's messages say, and what proves both sides. */
#ifndef MAILSUB_SMTP_SCRAM_H
#define MAILSUB_SMTP_SCRAM_H

#include <stdint.h>

#include "base/crypto.h"
#include "base/slice.h"

/*
 * RFC 5802 section 5.1 and RFC 7677 section 4: at least 4096. A server that asks for less either
 * keeps passwords badly or is somebody who wants a proof that is quick to guess from.
 */
#define MAILSUB__SCRAM_MIN_ITERATIONS 4096
/*
 * More than twice what is recommended for new passwords today (OWASP: 600,000 of SHA-256, 1,300,000
 * of SHA-1); a third of a second of one core that has instructions for SHA, one or two seconds of
 * one without. Without a bound, one reply of a hostile server would keep the caller busy for minutes,
 * or half an hour: 2^31 is a legal count.
 */
#define MAILSUB__SCRAM_MAX_ITERATIONS 2000000

/* The server's first message. */
typedef struct mailsub__scram_first {
    mailsub__slice nonce;
    mailsub__slice salt;   /* in base64 */
    uint32_t n_iterations; /* UINT32_MAX: that, or more */
} mailsub__scram_first;

/* MAILSUB_E_REPLY_MALFORMED; MAILSUB_E_REPLY_UNEXPECTED: it demands an extension. */
int mailsub__scram_read_first(mailsub__slice message, mailsub__scram_first *out);
/* The value of an attribute that opens the message, such as 'v'; false: it does not. */
bool mailsub__scram_read_attribute(mailsub__slice message, char name, mailsub__slice *out_value);

/* What goes into the proofs; the salt is decoded, the password prepared. */
typedef struct mailsub__scram_proof_input {
    enum mailsub__hash hash;
    mailsub__slice password;
    mailsub__slice salt;
    uint32_t n_iterations;
    mailsub__slice auth_message;
} mailsub__scram_proof_input;

/* RFC 5802 section 3. Both have as many octets as the hash. The codes of base/crypto.h. */
int mailsub__scram_prove(const mailsub__scram_proof_input *input,
                         unsigned char out_proof[MAILSUB__MAX_DIGEST_LEN],
                         unsigned char out_signature[MAILSUB__MAX_DIGEST_LEN]);

#endif

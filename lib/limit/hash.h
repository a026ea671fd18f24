/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A keyed hash for tables: who chooses sender addresses cannot make them meet in one place. */
#ifndef MAILSUB_LIMIT_HASH_H
#define MAILSUB_LIMIT_HASH_H

#include <stddef.h>
#include <stdint.h>

typedef struct mailsub__hash_key {
    uint64_t words[2];
} mailsub__hash_key;

/* A key that other processes do not know. */
void mailsub__hash_key_init(mailsub__hash_key *key);
uint64_t mailsub__hash_text(const mailsub__hash_key *key, const char *text, size_t len);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The server's side of the mechanisms (RFC 4422): login.c speaks AUTH and base64, what the messages
 * mean is told here. Nothing a client says is believed that it did not prove.
 */
#ifndef MAILSUB_TESTING_SASL_H
#define MAILSUB_TESTING_SASL_H

#include <stdbool.h>

#include "base/buffer.h"
#include "testing/server.h"

/* What a message leads to. */
enum mailsub__sasl_result {
    MAILSUB__SASL_CHALLENGE, /* exchange->challenge is said, and answered */
    MAILSUB__SASL_ACCEPTED,  /* exchange->user has logged in */
    MAILSUB__SASL_REFUSED,
    MAILSUB__SASL_MALFORMED, /* no correct client says this: exchange->blame */
    MAILSUB__SASL_NO_MEMORY
};

typedef struct mailsub__sasl_exchange mailsub__sasl_exchange;

typedef struct mailsub__sasl_mechanism {
    const char *name;
    uint32_t flag; /* MAILSUB_TESTING_AUTH_* */
    bool binds;    /* offered inside TLS only, with MAILSUB_TESTING_AUTH_PLUS */
    bool server_first;
    const char *prompt; /* where the client gives no initial response; raw */
    /* message has a NUL behind it. */
    enum mailsub__sasl_result (*take)(mailsub__sasl_exchange *exchange, mailsub__slice message);
} mailsub__sasl_mechanism;

/* One run of one mechanism. */
struct mailsub__sasl_exchange {
    const mailsub_testing_server *server;
    const mailsub__sasl_mechanism *mechanism; /* NULL: none is under way */
    void *tls;                                /* gnutls_session_t; NULL in clear */
    unsigned n_messages;                      /* taken */
    const mailsub__user *user;
    const char *blame;
    mailsub__buffer challenge;
    mailsub__buffer name; /* of the user, while it is not proven */
    mailsub__buffer text; /* SCRAM: all that both sides have said */
    mailsub__buffer nonce;
    mailsub__buffer bound; /* SCRAM: what the client has to repeat, header and binding */
    bool failed;           /* the client was told, and has to take note before it is refused */
};

void mailsub__sasl_init(mailsub__sasl_exchange *exchange, const mailsub_testing_server *server);
/* Forget what was said. */
void mailsub__sasl_reset(mailsub__sasl_exchange *exchange);

size_t mailsub__sasl_count(void);
const mailsub__sasl_mechanism *mailsub__sasl_at(size_t i);
/* NULL: there is no such user. */
const mailsub__user *mailsub__sasl_find_user(const mailsub_testing_server *server,
                                             mailsub__slice name);

/* sasl_scram.c */
enum mailsub__sasl_result mailsub__sasl_scram_sha1(mailsub__sasl_exchange *exchange,
                                                   mailsub__slice message);
enum mailsub__sasl_result mailsub__sasl_scram_sha256(mailsub__sasl_exchange *exchange,
                                                     mailsub__slice message);

#endif

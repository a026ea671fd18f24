/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The mechanisms of SASL (RFC 4422): one table, and what each of them sees of a login. A mechanism
 * knows nothing of base64, of SMTP, or of whether it may be used: that is told by its row and
 * decided in auth.c.
 */
#ifndef MAILSUB_SMTP_MECHANISM_H
#define MAILSUB_SMTP_MECHANISM_H

#include <stdbool.h>
#include <stdint.h>

#include <mailsub/auth.h>

#include "base/buffer.h"
#include "smtp/credentials.h"
#include "smtp/secrets.h"

/* RFC 4422 section 3.1 */
#define MAILSUB__MAX_MECHANISM_NAME 20

/* What a server learns to refuse: each is shown to it once. */
enum mailsub__secret_kind {
    MAILSUB__SECRET_CERTIFICATE, /* of TLS, outside the exchange */
    MAILSUB__SECRET_PASSWORD,
    MAILSUB__SECRET_TOKEN,
    MAILSUB__SECRET_OWN /* of the application's mechanism */
};

enum {
    MAILSUB__MECHANISM_SERVER_FIRST = 1u << 0, /* there is no initial response */
    MAILSUB__MECHANISM_BY_NAME = 1u << 1,      /* only where the config names it */
    MAILSUB__MECHANISM_BINDS = 1u << 2,        /* needs a channel binding */
    MAILSUB__MECHANISM_PROMPTS = 1u << 3       /* challenges are words for a person, if anything */
};

typedef struct mailsub__mechanism {
    const char *name;
    uint8_t secret; /* enum mailsub__secret_kind */
    uint8_t flags;
    /*
     * Append to login->answer what is said to a challenge; login->n_answers is 0 for the first,
     * which is empty unless the server speaks first. MAILSUB_E_REPLY_UNEXPECTED: there is nothing
     * more to say. MAILSUB_E_CREDENTIALS: they cannot be expressed. MAILSUB_E_AUTH_*: the server
     * cheats. MAILSUB_E_NOMEM.
     */
    int (*step)(mailsub_login *login, mailsub__slice challenge);
    /* The server says 235: MAILSUB_OK when that is believed. NULL: always. */
    int (*accept)(mailsub_login *login);
    /* Give login->state back. NULL: there is none. */
    void (*end)(mailsub_login *login);
} mailsub__mechanism;

/* Channel binding data of the connection (RFC 5056). */
typedef struct mailsub__binding {
    char type[16]; /* "tls-exporter", "tls-unique"; "": there is none */
    unsigned char data[64];
    size_t len;
} mailsub__binding;

/* One run of one mechanism. */
struct mailsub_login {
    const mailsub_allocator *allocator;
    const mailsub__mechanism *mechanism;
    const mailsub_mechanism *custom; /* the application's, whose adapter mechanism is; or NULL */
    const mailsub_credentials *credentials;
    const char *authorization; /* identity to act as; "": the user's own */
    const char *host;          /* "": not known */
    int port;                  /* 0: not known */
    const mailsub_random *random;
    const mailsub__binding *binding;
    bool binding_offered; /* the server offered some mechanism that binds */
    bool binding_wanted;  /* and none of them is excluded by the config */

    unsigned n_answers;
    mailsub__buffer answer; /* secret, not in base64 */
    bool is_open;           /* this answer holds nothing that must be kept secret */
    mailsub__secrets *secrets;
    bool user_repeated; /* LOGIN: was asked for again, once */
    void *state;        /* the mechanism's own */
    const char *detail; /* static: why a step failed; "" */
    char text[512];     /* clean: why the server refuses, told inside the exchange */
    bool downgraded;    /* the server offers channel binding, and the offer never came here */
};

/* Keep the server's words about its refusal, cleaned and without what is secret. */
void mailsub__login_keep_text(mailsub_login *login, mailsub__slice text);

/* The table, the preferred ones first. */
size_t mailsub__mechanism_count(void);
const mailsub__mechanism *mailsub__mechanism_at(size_t i);
/* NULL: there is none of this name. */
const mailsub__mechanism *mailsub__mechanism_find(mailsub__slice name);
/* RFC 4422 section 3.1: 1 to 20 letters, digits, hyphens, underscores; letters of any case here. */
bool mailsub__mechanism_is_name(mailsub__slice name);
/* Every mechanism of an application. */
const mailsub__mechanism *mailsub__mechanism_adapter(const mailsub_mechanism *custom);

/* plain.c */
int mailsub__plain_step(mailsub_login *login, mailsub__slice challenge);
/* login.c */
int mailsub__login_step(mailsub_login *login, mailsub__slice challenge);
/* external.c */
int mailsub__external_step(mailsub_login *login, mailsub__slice challenge);
/* cram_md5.c */
int mailsub__cram_md5_step(mailsub_login *login, mailsub__slice challenge);
/* oauth.c */
int mailsub__oauthbearer_step(mailsub_login *login, mailsub__slice challenge);
int mailsub__xoauth2_step(mailsub_login *login, mailsub__slice challenge);
int mailsub__oauth_accept(mailsub_login *login);
/* scram.c */
int mailsub__scram_sha1_step(mailsub_login *login, mailsub__slice challenge);
int mailsub__scram_sha256_step(mailsub_login *login, mailsub__slice challenge);
int mailsub__scram_accept(mailsub_login *login);
void mailsub__scram_end(mailsub_login *login);
/* custom.c */
int mailsub__custom_step(mailsub_login *login, mailsub__slice challenge);
int mailsub__custom_accept(mailsub_login *login);
void mailsub__custom_end(mailsub_login *login);

#endif

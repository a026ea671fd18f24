/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One login (RFC 4954) over all the mechanisms that are tried for it: which one is next, what is
 * said in base64, what a refusal means, and the report about each. That and when it may be said is
 * the engine's matter, in signon.c.
 */
#ifndef MAILSUB_SMTP_AUTH_H
#define MAILSUB_SMTP_AUTH_H

#include "smtp/credentials.h"
#include "smtp/mechanism.h"
#include "smtp/secrets.h"

/* How to log in, besides user and password. Strings and tables are borrowed; NULL: none. */
typedef struct mailsub__login_settings {
    const char *token;
    const char *authorization; /* identity to act as */
    mailsub_credentials_fn fetch;
    void *fetch_context;
    const char *mechanisms; /* names parted by spaces, all known, in the order of preference */
    const char *excluded;   /* names parted by spaces */
    const mailsub_mechanism *custom;
    size_t n_custom;
    const mailsub_random *random;
    const char *host;
    int port;
    bool has_certificate; /* TLS shows one of ours, so EXTERNAL makes sense */
} mailsub__login_settings;

/* More than a config can name, and some that nobody knows. */
#define MAILSUB__MAX_ATTEMPTS 32

typedef struct mailsub__attempt {
    char name[MAILSUB__MAX_MECHANISM_NAME + 1];
    uint8_t state; /* MAILSUB_LOGIN_* */
} mailsub__attempt;

typedef struct mailsub__login_report {
    size_t n;
    mailsub__attempt attempts[MAILSUB__MAX_ATTEMPTS];
    char text[512]; /* what the server said about it inside an exchange; clean */
} mailsub__login_report;

typedef struct mailsub__auth {
    const mailsub_allocator *allocator;
    const char *user; /* as configured; NULL: none */
    const char *password;
    mailsub__login_settings settings;
    mailsub_credentials credentials;
    mailsub__secrets secrets;
    mailsub__binding binding;
    mailsub__login_report report;
    mailsub_login login;     /* the exchange under way; its mechanism is NULL when there is none */
    size_t current;          /* its place in the report */
    unsigned refused;        /* bits 1u << enum mailsub__secret_kind: refused by this server */
    bool refreshed;          /* a fresh token was asked for */
    bool held;               /* line is an initial response that waits for a challenge */
    mailsub__buffer line;    /* secret: what is to be said, in base64 */
    mailsub__buffer encoded; /* secret: the challenge as it came */
    mailsub__buffer decoded; /* secret */
    mailsub__buffer long_line; /* secret: the parser's, for challenges beyond a reply's line */
} mailsub__auth;

void mailsub__auth_init(mailsub__auth *auth, const mailsub_allocator *allocator, const char *user,
                        const char *password, const mailsub__login_settings *settings);
void mailsub__auth_deinit(mailsub__auth *auth);
/* Is a login asked for? */
bool mailsub__auth_is_wanted(const mailsub__auth *auth);
void mailsub__auth_set_binding(mailsub__auth *auth, const char *type, mailsub__slice data);

/* Get the credentials. What the callback returns; MAILSUB_E_CREDENTIALS, MAILSUB_E_NOMEM. */
int mailsub__auth_fetch(mailsub__auth *auth);
/* List the mechanisms for the report; offered are names parted by spaces. allowed: the connection
   is one over which a login may go. */
void mailsub__auth_list(mailsub__auth *auth, const char *offered, bool allowed);
/*
 * Begin the best of those that are left; *out_found tells whether there was one. Afterwards line is
 * its initial response, or "" when the server speaks first. MAILSUB_E_NOMEM and other faults that
 * are not the mechanism's.
 */
int mailsub__auth_choose(mailsub__auth *auth, bool *out_found);
/* What is said next, in base64; "=" for an initial response that is empty (RFC 4954 section 4). */
mailsub__slice mailsub__auth_line(const mailsub__auth *auth);

/* Keep a line of a challenge as it came, to be answered once the reply is complete. */
void mailsub__auth_take_challenge(mailsub__auth *auth, mailsub__slice text);
/* Answer it: line is what to say then. The codes of mailsub__mechanism.step. */
int mailsub__auth_respond(mailsub__auth *auth);
/* The server says that the login succeeded. The codes of mailsub__mechanism.accept. */
int mailsub__auth_accept(mailsub__auth *auth);
/* The exchange has ended without success, by a reply or, with 0, by our own doing. What the next
   mailsub__auth_choose finds is all that may still be tried. MAILSUB_E_NOMEM. */
int mailsub__auth_refuse(mailsub__auth *auth, int reply_code);
/* The code for a login of which nothing is left to try. */
int mailsub__auth_verdict(const mailsub__auth *auth);

/* Replace what is secret in a text of the server, which may echo it, by "***". Returns the new
   length, never more than len. */
size_t mailsub__auth_redact(const mailsub__auth *auth, char *text, size_t len);

#endif

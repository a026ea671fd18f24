/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A submission to a real server as a row: how it is made, and what is to become of it. The services
 * and the special addresses are in postfix.py.
 */
#ifndef MAILSUB_TESTS_SUBMISSION_H
#define MAILSUB_TESTS_SUBMISSION_H

#include "real.h"

#define ALICE "alice"
#define ALICE_PASSWORD "correct horse"
#define BOB "bob"
#define BOB_PASSWORD "b\xc3\xa4ttery=st\xc3\xa4ple"

#define TOKEN "token"

#define MAX_FATES 4
#define TRANSCRIPT_ROOM (512 * 1024)

enum {
    ALLOW_CLEAR_LOGIN = 1u << 0,
    ALL_OR_NONE = 1u << 1,
    SHORT_GREETING = 1u << 2, /* wait 200 ms for the greeting */
    TRUST_SYSTEM = 1u << 3,
    REFUSED_CONTENT = 1u << 4, /* a header field that postfix.py's header_checks reject */
    SKIP_VERIFY = 1u << 5,
    BLIND = 1u << 6,         /* all recipients but the first are blind ones */
    OPPORTUNISTIC = 1u << 7, /* STARTTLS when it is offered, as to a host elsewhere */
    NO_TLS = 1u << 8,
    UNVERIFIED = 1u << 9 /* the certificate is nobody's, and that is all right */
};

/* A recipient and what is to become of it. An address of NULL ends the list. */
struct fate {
    const char *address;
    int outcome;
    int code;
    int stage;
    int reply_code;
    const char *enhanced;
    const char *text; /* stands somewhere in the reply; NULL: not looked at */
};

#define ACCEPTED(who)                                                                              \
    {                                                                                              \
        who "@ours.example", MAILSUB_OUTCOME_ACCEPTED, MAILSUB_OK, MAILSUB_STAGE_END_OF_DATA, 250, \
            "2.0.0", "queued as"                                                                   \
    }
#define UNTRIED(who, cause, where)                                                                 \
    {                                                                                              \
        .address = who "@ours.example", .outcome = MAILSUB_OUTCOME_NOT_ATTEMPTED,                  \
        .code = MAILSUB_##cause, .stage = MAILSUB_STAGE_##where, .enhanced = ""                    \
    }
#define TURNED_AWAY(who, cause, where, reply_code, enhanced, text)                                 \
    {                                                                                              \
        who "@ours.example", MAILSUB_OUTCOME_NOT_ATTEMPTED, MAILSUB_##cause,                       \
            MAILSUB_STAGE_##where, reply_code, enhanced, text                                      \
    }
#define REFUSED(who, cause, where, reply_code, enhanced, text)                                     \
    {                                                                                              \
        who "@ours.example", MAILSUB_OUTCOME_REFUSED, MAILSUB_##cause, MAILSUB_STAGE_##where,      \
            reply_code, enhanced, text                                                             \
    }
#define DEFERRED(who, cause, where, reply_code, enhanced, text)                                    \
    {                                                                                              \
        who "@ours.example", MAILSUB_OUTCOME_DEFERRED, MAILSUB_##cause, MAILSUB_STAGE_##where,     \
            reply_code, enhanced, text                                                             \
    }
#define UNKNOWN_USER                                                                               \
    REFUSED("nobody", E_RECIPIENTS_REFUSED, RCPT, 550, "5.1.1",                                    \
            "User unknown in virtual mailbox table")
#define WRONG_PASSWORD(who)                                                                        \
    TURNED_AWAY(who, E_AUTH_REJECTED, AUTH, 535, "5.7.8", "authentication failed")
#define BUSY_MAILBOX DEFERRED("later", E_RECIPIENTS_DEFERRED, RCPT, 450, "4.2.0", "Mailbox is busy")

struct submission {
    const char *name;
    const char *scheme;
    const char *service;
    const char *host; /* NULL: localhost */
    const char *user;
    const char *password;
    const char *verify_name;
    const char *client; /* certificate to show, of services.py; TOKEN: a PKCS #11 one */
    const char *mechanisms;
    const char *from;        /* local part; NULL: alice */
    const char *return_path; /* NULL: as from */
    const char *existing;    /* a message that exists, with its recipients; NULL: one is built */
    size_t padding;          /* octets of text besides */
    unsigned flags;

    int code;
    int stage;
    int reply_code;
    const char *enhanced;
    const char *text;     /* stands somewhere in the reply; without one, in the detail */
    const char *never;    /* what is not said, such as "C: AUTH" */
    const char *protocol; /* what Postfix says that it spoke, RFC 3848; NULL for its sendmail */
    struct fate fates[MAX_FATES + 1];
};

#define SUCCESS                                                                                    \
    .code = MAILSUB_OK, .stage = MAILSUB_STAGE_END_OF_DATA, .reply_code = 250,                     \
    .enhanced = "2.0.0", .text = "queued as"
#define PARTIAL                                                                                    \
    .code = MAILSUB_E_PARTIAL, .stage = MAILSUB_STAGE_END_OF_DATA, .reply_code = 250,              \
    .enhanced = "2.0.0", .text = "queued as"
#define FAILURE(cause, where, reply, status, words)                                                \
    .code = MAILSUB_##cause, .stage = MAILSUB_STAGE_##where, .reply_code = (reply),                \
    .enhanced = (status), .text = (words)
#define AS_ALICE .user = ALICE, .password = ALICE_PASSWORD
#define AS_BOB .user = BOB, .password = BOB_PASSWORD, .from = "bob"

/* What a row works with. */
struct fixture {
    struct unit_heap heap;
    mailsub_allocator allocator;
    struct real_resources before;
    mailsub_config *config;
    mailsub_session *session;
    mailsub_message *message;
    mailsub_receipt *receipt;
    char transcript[TRANSCRIPT_ROOM];
    size_t transcript_len;
};

/*
 * Empty the mailboxes and make everything that the row asks for; nothing is connected yet. The
 * fixture is all zero, or was used before.
 */
void submission_set_up(struct fixture *fixture, const struct submission *row);

/* Make the config anew, for what it is to be told before a session freezes it. */
void submission_configure(struct fixture *fixture, const struct submission *row);

/* Hold the receipt, the transcript and what was delivered against the row. */
void submission_check(struct fixture *fixture, const struct submission *row);

/* Free everything, and fail when a byte is left. */
void submission_free(struct fixture *fixture);

/* The same, and fail too when there are more threads or descriptors than at set-up. */
void submission_tear_down(struct fixture *fixture);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A transcript as the library writes it, played to another engine: whether that comes to the same
 * end, line by line. Lines are marked by direction: "C: ", "S: ", "N: " and "D: "; others, such as
 * the head of a report, are passed over. One connection a transcript.
 *
 * What was redacted is not needed. The answers of a login are as unknown as the challenges: its
 * mechanisms are replaced by ones that answer anything and end as the transcript says
 * (replay_login.c; link with -Wl,--wrap=mailsub__mechanism_find). Content is made up, with its
 * length and where it could not be read.
 */
#ifndef MAILSUB_TESTS_REPLAY_H
#define MAILSUB_TESTS_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smtp/engine.h"

struct replay_line {
    char mark;        /* C, S or N */
    const char *text; /* behind the mark */
};

struct replay_recipient {
    mailsub__slice address;
    int code;
    bool checked;          /* it was left out before anything was sent */
    uint64_t transaction;  /* that asked for it; 0: none did */
    mailsub__slice sender; /* where each has one of its own; else empty */
};

/* A message, a probe or an operation. */
struct replay_message {
    struct replay *replay;
    bool known; /* it was submitted in the transcript */
    bool submitted;
    enum mailsub__kind kind;
    mailsub__slice sender;
    mailsub__slice argument;
    uint64_t size;
    bool eight_bit;
    bool binary;
    bool smtputf8;
    bool rewindable;
    bool verp;
    size_t n_recipients;
    struct replay_recipient *recipients;
    mailsub__slice *addresses;
    mailsub__recipient_wish *wishes;
    mailsub__delivery delivery;
    mailsub__verdict *verdicts;
    int code; /* of the whole */
    int stage;
    int extension;   /* whose lack ended it; -1: none */
    int read_code;   /* the content cannot be read; MAILSUB_OK: it can */
    uint64_t n_read; /* behind so many octets */
    int rewind_code; /* it cannot be read again */
    uint64_t source_at;
    mailsub__transaction transaction;
};

/* One exchange of a login. */
struct replay_login {
    char name[24];
    bool initial; /* AUTH has an initial response */
    bool cancelled;
    size_t n_responses;
    int code; /* how it ended, and with which words of the server's inside it */
    const char *text;
};

struct replay {
    char *text;
    char *copies; /* what had to be changed before it is said again */
    size_t n_copied;
    size_t room;
    struct replay_line *lines; /* of the engine */
    size_t n_lines;
    struct replay_message *messages;
    size_t n_messages;
    struct replay_login *logins;
    size_t n_logins;
    mailsub__engine_settings settings;
    char helo_name[256];
    char excluded[512];
    char mechanisms[512];
    bool has_binding;
    bool refreshes;     /* a token was refused, and another one tried */
    const char *detail; /* of the end */
    int end_code;
    /* While it is played. */
    size_t login_at; /* logins begun */
    size_t n_steps;  /* answers of the one under way */
};

enum { REPLAY_WHY_LEN = 1024 };

/* text is copied. NULL: it is no transcript with an engine in it; why tells the cause. */
struct replay *replay_load(const char *text, size_t len, char why[REPLAY_WHY_LEN]);
void replay_free(struct replay *replay);
/* True: the same came of it. Once for each replay. */
bool replay_run(struct replay *replay, char why[REPLAY_WHY_LEN]);

/* A copy to be changed, which lives as long as the replay; empty when there are too many. */
mailsub__slice replay_copy(struct replay *replay, mailsub__slice text);

/* Of a note: is it this event, its field as text or number, and what stands behind the colon. */
bool replay_note_is(const char *note, const char *name);
bool replay_note_field(const char *note, const char *key, char *out, size_t room);
uint64_t replay_note_number(const char *note, const char *key);
int replay_note_code(const char *note);
const char *replay_note_text(const char *note);

/* replay_wish.c */
/* The parameters of a MAIL, and of a RCPT for recipient i. */
void replay_wish_mail(struct replay_message *message, const char *line);
void replay_wish_rcpt(struct replay_message *message, size_t i, const char *line);
/* Ask for what no server could give. */
void replay_wish_extension(struct replay_message *message, int extension);

/* replay_login.c */
/* What stands in a line about logins. */
void replay_login_note(struct replay *replay, const struct replay_line *line);
/* All lines were seen: the settings of the login. */
void replay_login_settle(struct replay *replay);
/* The one whose login is played; NULL: none. */
void replay_login_play(struct replay *replay);

#endif

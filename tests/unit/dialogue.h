/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dialogues with a server, written as text, and played to the engine. See dialogues/README. */
#ifndef MAILSUB_TESTS_DIALOGUE_H
#define MAILSUB_TESTS_DIALOGUE_H

#include <stdbool.h>

#include "unit.h"

#include "base/buffer.h"
#include "smtp/engine.h"

#define DIALOGUE_MAX_RECIPIENTS 8
#define DIALOGUE_MAX_LINES 400

struct dialogue {
    char *file; /* the whole text; lines point into it */
    char *lines[DIALOGUE_MAX_LINES];
    size_t n_lines;
    size_t first_step; /* the lines before it are settings */

    mailsub__engine_settings settings;
    enum mailsub__protection protection;
    enum mailsub__kind kind;
    mailsub__slice argument;
    mailsub__slice sender;
    mailsub__slice recipients[DIALOGUE_MAX_RECIPIENTS];
    size_t n_recipients;
    char *content;
    size_t content_len;
    uint64_t size;
    const char *binding; /* type of the channel binding; its data is "binding data" */
    bool eight_bit;
    mailsub__delivery delivery;
    mailsub__recipient_wish wishes[DIALOGUE_MAX_RECIPIENTS];
    bool binary;
    bool reopen; /* the content can be read again; or this fails */
    bool reopen_fails;
    bool verp; /* the sender names the recipient */
    bool smtputf8;
    bool whole_only; /* the test is what comes in one piece */
    size_t fails_at; /* the source fails behind so many octets; SIZE_MAX: it does not */
};

enum dialogue_pieces { DIALOGUE_WHOLE, DIALOGUE_LINES, DIALOGUE_BYTES };

struct dialogue_play {
    enum dialogue_pieces pieces;
    size_t fail_at;         /* the allocation that fails; 0: none */
    size_t cut_at;          /* the connection is lost behind so many octets; SIZE_MAX: it is not */
    size_t n_requests;      /* result: allocations asked for */
    size_t n_octets;        /* result: octets sent and received */
    const char *transcript; /* result: lent until the next play */
};

/* Both fail the running test when something is wrong; where is told by file and line. */
void dialogue_load(struct dialogue *dialogue, const char *path);
void dialogue_unload(struct dialogue *dialogue);
/* Backslash escapes, in place; the length of the result. */
size_t dialogue_unescape(char *text);
/* Is the setting one of delivery or policy? Then it is applied. */
bool dialogue_wish(struct dialogue *dialogue, const char *name, char *value);
void dialogue_run(const struct dialogue *dialogue, struct dialogue_play *play);

#endif

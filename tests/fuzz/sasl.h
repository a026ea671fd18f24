/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the targets of the mechanisms share: a login by one mechanism, to which a server says the
 * lines of the input as challenges, as they stand on the wire, and in the end that it succeeded.
 *
 * Invariants: an exchange ends; the password and the token are in no answer but that of a mechanism
 * which hands them over, and never in the text that is kept for the receipt; what is said is base64
 * that fits into a line; the same input leads to the same end.
 */
#ifndef MAILSUB_TESTS_SASL_H
#define MAILSUB_TESTS_SASL_H

#include <string.h>

#include "fuzz.h"

#include "codec/base64.h"
#include "smtp/auth.h"
#include "smtp/command.h"

#define SASL_PASSWORD "pencil"
#define SASL_TOKEN "t0k.EN-secret"

struct sasl_end {
    int code;      /* of the step that failed, or of the acceptance */
    bool accepted; /* a success was believed */
    unsigned n_answers;
    char text[512];
};

static inline int sasl_fill(void *context, void *out, size_t n_bytes)
{
    (void)context;
    memset(out, 0, n_bytes); /* a nonce of 24 A */
    return MAILSUB_OK;
}

static inline void sasl_check_line(mailsub__slice line, bool shows_secret)
{
    mailsub_allocator allocator = fuzz_allocator();
    mailsub__buffer raw;
    FUZZ_CHECK(line.len <= MAILSUB__AUTH_LINE_MAX - 2);
    mailsub__buffer_init(&raw, &allocator, MAILSUB__AUTH_LINE_MAX);
    bool empty = line.len == 1 && line.ptr[0] == '=';
    FUZZ_CHECK(empty || mailsub__base64_append_decoded(&raw, line.ptr, line.len) == MAILSUB_OK);
    mailsub__slice said = mailsub__buffer_slice(&raw);
    FUZZ_CHECK(shows_secret || !memmem(said.ptr, said.len, SASL_PASSWORD, 6));
    FUZZ_CHECK(shows_secret || !memmem(said.ptr, said.len, SASL_TOKEN, strlen(SASL_TOKEN)));
    mailsub__buffer_deinit(&raw);
}

static inline struct sasl_end sasl_talk(const char *mechanism, bool shows_secret,
                                        const uint8_t *data, size_t size)
{
    static const mailsub_random random = {sizeof random, NULL, sasl_fill};
    mailsub_allocator allocator = fuzz_allocator();
    mailsub__login_settings settings = {
        .token = SASL_TOKEN, .mechanisms = mechanism, .random = &random, .host = "mx.example"};
    struct sasl_end end = {.code = MAILSUB_OK};
    mailsub__auth auth;
    bool found = false;
    char offered[32];
    snprintf(offered, sizeof offered, "%s ", mechanism);
    mailsub__auth_init(&auth, &allocator, "user", SASL_PASSWORD, &settings);
    mailsub__auth_set_binding(&auth, "tls-exporter", mailsub__slice_str("binding"));
    FUZZ_CHECK(mailsub__auth_fetch(&auth) == MAILSUB_OK);
    mailsub__auth_list(&auth, offered, true);
    FUZZ_CHECK(mailsub__auth_choose(&auth, &found) == MAILSUB_OK && found);
    sasl_check_line(mailsub__auth_line(&auth), shows_secret);
    for (size_t at = 0; at < size && end.code == MAILSUB_OK; end.n_answers++) {
        const uint8_t *lf = memchr(data + at, '\n', size - at);
        size_t len = lf ? (size_t)(lf - data) - at : size - at;
        char *exact = fuzz_alloc(len);
        memcpy(exact, data + at, len);
        mailsub__auth_take_challenge(&auth, mailsub__slice_of(exact, len));
        free(exact);
        end.code = mailsub__auth_respond(&auth);
        if (end.code == MAILSUB_OK)
            sasl_check_line(mailsub__auth_line(&auth), shows_secret);
        FUZZ_CHECK(end.n_answers < 8);
        at += len + 1;
    }
    memcpy(end.text, auth.report.text, sizeof end.text);
    FUZZ_CHECK(!strstr(end.text, SASL_PASSWORD) && !strstr(end.text, SASL_TOKEN));
    if (end.code == MAILSUB_OK) {
        end.code = mailsub__auth_accept(&auth);
        end.accepted = end.code == MAILSUB_OK;
    }
    mailsub__auth_deinit(&auth);
    return end;
}

/* Twice the same. */
static inline struct sasl_end sasl_play(const char *mechanism, bool shows_secret,
                                        const uint8_t *data, size_t size)
{
    struct sasl_end once = sasl_talk(mechanism, shows_secret, data, size);
    struct sasl_end twice = sasl_talk(mechanism, shows_secret, data, size);
    FUZZ_CHECK(once.code == twice.code && once.accepted == twice.accepted);
    FUZZ_CHECK(strcmp(once.text, twice.text) == 0);
    return once;
}

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The login of a replay. Nobody knows the password of a transcript, and the server of it answers no
 * other proof than the one that it was given; so each mechanism is replaced, in the table, by one
 * of its name that says anything, as often as the real one did, and then ends as that did.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay.h"
#include "smtp/mechanism.h"

/* ---- what the transcript says ---- */

static void append(char *words, size_t room, const char *word)
{
    size_t len = strlen(words);
    if (len + strlen(word) + 2 <= room)
        snprintf(words + len, room - len, "%s%s", len > 0 ? " " : "", word);
}

static bool is_secret(uint8_t secret, const char *name)
{
    const mailsub__mechanism *mechanism = NULL;
    for (size_t i = 0; i < mailsub__mechanism_count() && !mechanism; i++) {
        if (strcmp(mailsub__mechanism_at(i)->name, name) == 0)
            mechanism = mailsub__mechanism_at(i);
    }
    return mechanism && mechanism->secret == secret;
}

/* By name only, or the application's own: these are not considered unless they are named. */
static bool needs_naming(const char *name)
{
    for (size_t i = 0; i < mailsub__mechanism_count(); i++) {
        const mailsub__mechanism *mechanism = mailsub__mechanism_at(i);
        if (strcmp(mechanism->name, name) == 0)
            return (mechanism->flags & MAILSUB__MECHANISM_BY_NAME) != 0;
    }
    return true;
}

static void take_mechanism(struct replay *replay, const char *note)
{
    char name[24];
    int state = (int)replay_note_number(note, "number");
    replay_note_field(note, "name", name, sizeof name);
    if (state == MAILSUB_LOGIN_NO_CREDENTIALS && is_secret(MAILSUB__SECRET_PASSWORD, name))
        replay->settings.password = NULL;
    if (state == MAILSUB_LOGIN_NO_CREDENTIALS && is_secret(MAILSUB__SECRET_TOKEN, name))
        replay->settings.login.token = NULL;
    if (is_secret(MAILSUB__SECRET_CERTIFICATE, name))
        replay->settings.login.has_certificate = state != MAILSUB_LOGIN_NO_CREDENTIALS;
    if (state == MAILSUB_LOGIN_EXCLUDED)
        append(replay->excluded, sizeof replay->excluded, name);
    else if (state == MAILSUB_LOGIN_NOT_TRIED)
        append(replay->mechanisms, sizeof replay->mechanisms, name);
    if (strstr(name, "-PLUS") && state != MAILSUB_LOGIN_NO_BINDING)
        replay->has_binding = true;
}

static void take_begun(struct replay *replay, const char *note)
{
    struct replay_login *login = &replay->logins[replay->n_logins++];
    replay_note_field(note, "name", login->name, sizeof login->name);
    login->text = "";
    for (struct replay_login *before = replay->logins; before < login; before++)
        replay->refreshes |= strcmp(before->name, login->name) == 0;
}

void replay_login_note(struct replay *replay, const struct replay_line *line)
{
    struct replay_login *login =
        replay->n_logins > 0 ? &replay->logins[replay->n_logins - 1] : NULL;
    if (line->mark == 'N' && replay_note_is(line->text, "STARTED")) {
        replay->settings.password = "7PgZ-no password-Kx3";
        replay->settings.login.token = "9QmV-no-token-Lw5";
    } else if (line->mark == 'N' && replay_note_is(line->text, "MECHANISM")) {
        take_mechanism(replay, line->text);
    } else if (line->mark == 'N' && replay_note_is(line->text, "LOGIN_BEGUN")) {
        take_begun(replay, line->text);
    } else if (!login) {
        return;
    } else if (line->mark == 'N' && replay_note_is(line->text, "LOGIN_ENDED")) {
        login->code = replay_note_code(line->text);
        login->text = replay_note_text(line->text);
    } else if (line->mark == 'C' && strncmp(line->text, "AUTH ", 5) == 0) {
        login->initial = strchr(line->text + 5, ' ') != NULL;
    } else if (line->mark == 'C' && strcmp(line->text, "***") == 0) {
        login->n_responses++;
    } else if (line->mark == 'C' && strcmp(line->text, "*") == 0) {
        login->cancelled = true;
    }
}

static int give_token(void *context, int reason, mailsub_credentials *credentials)
{
    (void)context;
    return reason == MAILSUB_CREDENTIALS_REFUSED
               ? mailsub_credentials_set_token(credentials, "2HsB-no-token-Rt8")
               : MAILSUB_OK;
}

static int fill_zeros(void *context, void *out, size_t n_bytes)
{
    (void)context;
    memset(out, 0, n_bytes);
    return MAILSUB_OK;
}

/* Did the login end because there was nothing to log in with? */
static bool has_nothing(const struct replay *replay)
{
    return replay->end_code == MAILSUB_E_CREDENTIALS && replay->mechanisms[0] == '\0';
}

void replay_login_settle(struct replay *replay)
{
    static const mailsub_random zeros = {sizeof zeros, NULL, fill_zeros};
    mailsub__login_settings *login = &replay->settings.login;
    bool named = false;
    for (size_t i = 0; i < replay->n_logins; i++)
        named |= needs_naming(replay->logins[i].name);
    login->mechanisms = named ? replay->mechanisms : NULL;
    login->excluded = replay->excluded;
    login->random = &zeros;
    if (replay->refreshes)
        login->fetch = give_token;
    if (has_nothing(replay)) {
        replay->settings.password = NULL;
        login->token = NULL;
    }
}

/* ---- the mechanism that takes the place of all ---- */

static struct replay *playing;

void replay_login_play(struct replay *replay)
{
    playing = replay;
}

static bool is_server_first(const mailsub_login *login)
{
    return (login->mechanism->flags & MAILSUB__MECHANISM_SERVER_FIRST) != 0;
}

/* How many answers the real one gave. The first may have been held back, being too long. */
static size_t count_answers(const mailsub_login *login, const struct replay_login *script)
{
    bool held = !script->initial && !is_server_first(login);
    return script->n_responses + (script->initial ? 1 : 0) + (held && script->n_responses == 0);
}

/* The exchange that is being made; NULL: there was none like it. */
static const struct replay_login *script_of(const mailsub_login *login)
{
    bool begins = login->n_answers == 0 && !is_server_first(login);
    size_t at = begins ? playing->login_at : playing->login_at - 1;
    if (begins || login->n_answers == 0)
        playing->n_steps = 0;
    if (at >= playing->n_logins || strcmp(playing->logins[at].name, login->mechanism->name) != 0)
        return NULL;
    return &playing->logins[at];
}

/* As the real one. */
static int end(mailsub_login *login, const struct replay_login *script)
{
    static const mailsub_mechanism own = {.size = sizeof own};
    if (script->cancelled)
        login->custom = &own; /* only an application's mechanism is cancelled */
    if (playing->detail)
        login->detail = playing->detail;
    return script->code ? script->code : MAILSUB_E_REPLY_UNEXPECTED;
}

static int answer(mailsub_login *login, mailsub__slice challenge)
{
    char filler[600];
    (void)challenge;
    const struct replay_login *script = script_of(login);
    if (!script)
        return MAILSUB_E_CREDENTIALS; /* it could not be used then either */
    snprintf(login->text, sizeof login->text, "%s", script->text);
    login->downgraded = script->code == MAILSUB_E_AUTH_DOWNGRADE;
    if (playing->n_steps++ >= count_answers(login, script))
        return end(login, script);
    /* What was too long for the command, is again. */
    bool held = playing->n_steps == 1 && !script->initial && !is_server_first(login);
    for (size_t i = 0; i < sizeof filler; i++)
        filler[i] = "5cVwJ9zN"[i % 8]; /* nothing that a server would say by chance */
    return mailsub__buffer_append(&login->answer, filler, held ? sizeof filler : 8);
}

static int accept_end(mailsub_login *login)
{
    if (playing->login_at == 0)
        return MAILSUB_OK;
    const struct replay_login *script = &playing->logins[playing->login_at - 1];
    if (playing->detail)
        login->detail = playing->detail;
    return script->code;
}

const mailsub__mechanism *__real_mailsub__mechanism_find(mailsub__slice name);
const mailsub__mechanism *__wrap_mailsub__mechanism_find(mailsub__slice name);

static bool is_considered(mailsub__slice name)
{
    char padded[MAILSUB__MAX_MECHANISM_NAME + 3];
    char words[sizeof playing->mechanisms + 3];
    snprintf(padded, sizeof padded, " %.*s ", (int)name.len, name.ptr);
    snprintf(words, sizeof words, " %s ", playing->mechanisms);
    return strstr(words, padded) != NULL;
}

const mailsub__mechanism *__wrap_mailsub__mechanism_find(mailsub__slice name)
{
    enum { MAX = 32 };
    static mailsub__mechanism stand_ins[MAX];
    static char names[MAX][MAILSUB__MAX_MECHANISM_NAME + 1];
    const mailsub__mechanism *real = __real_mailsub__mechanism_find(name);
    bool known =
        real || (playing && name.len <= MAILSUB__MAX_MECHANISM_NAME && is_considered(name));
    for (size_t i = 0; playing && known && i < MAX; i++) {
        if (!stand_ins[i].name) {
            memcpy(names[i], name.ptr, name.len);
            stand_ins[i] = (mailsub__mechanism){
                .name = real ? real->name : names[i],
                .secret = real ? real->secret : (uint8_t)MAILSUB__SECRET_OWN,
                .flags = real ? real->flags : (uint8_t)0,
                .step = answer,
                .accept = accept_end,
            };
        }
        if (mailsub__slice_equal_nocase(name, mailsub__slice_str(stand_ins[i].name)))
            return &stand_ins[i];
    }
    return real;
}

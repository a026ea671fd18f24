/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The login as the engine goes through it: AUTH and the lines behind it (RFC 4954). */
#include <assert.h>
#include <stdio.h>

#include "smtp/command.h"
#include "smtp/engine_private.h"

#define PART(text) ((mailsub__slice){(text), sizeof(text) - 1})

void mailsub__engine_set_binding(mailsub__engine *engine, const char *type, mailsub__slice data)
{
    mailsub__auth_set_binding(&engine->auth, type, data);
}

const mailsub__login_report *mailsub__engine_login(const mailsub__engine *engine)
{
    return &engine->auth.report;
}

/* In the middle of an exchange nothing polite can be said: a QUIT would be taken as an answer. */
static void fail_login(mailsub__engine *engine, int code, const mailsub__reply *cause)
{
    engine->detail = engine->auth.login.detail;
    mailsub__tell_login(engine, MAILSUB_LOG_LOGIN_ENDED, code);
    mailsub__engine_fail(engine, code, MAILSUB_STAGE_AUTH, cause);
}

/* The end of a login for which no mechanism is left, without a reply that says why. */
static void give_up(mailsub__engine *engine, int code)
{
    if (mailsub_error_group(code) == MAILSUB_GROUP_FATAL) {
        mailsub__engine_fail(engine, code, MAILSUB_STAGE_AUTH, NULL);
        return;
    }
    if (code == MAILSUB_E_CREDENTIALS)
        engine->detail = "no mechanism that is offered can be used with these credentials";
    mailsub__engine_leave(engine, code, MAILSUB_STAGE_AUTH, NULL);
}

/* Begin the next mechanism, if there is one. */
static int choose(mailsub__engine *engine, bool *out_found)
{
    int rc = mailsub__auth_choose(&engine->auth, out_found);
    mailsub__tell_mechanisms(engine);
    if (rc || !*out_found)
        return rc;
    mailsub__tell_login(engine, MAILSUB_LOG_LOGIN_BEGUN, MAILSUB_OK);
    mailsub__engine_go(engine, MAILSUB__STATE_AUTH);
    return MAILSUB_OK;
}

/*
 * A mechanism has ended without success, by a reply or by our own doing: begin the next; without
 * one, leave with code, which is the reply's where there is one.
 */
static void go_on(mailsub__engine *engine, int code, const mailsub__reply *reply)
{
    bool found = false;
    engine->parser.long_line = NULL;
    int rc = mailsub__auth_refuse(&engine->auth, reply ? reply->code : 0);
    mailsub__tell_login(engine, MAILSUB_LOG_LOGIN_ENDED, code);
    if (rc == MAILSUB_OK)
        rc = choose(engine, &found);
    if (rc == MAILSUB_OK && found)
        return;
    if (rc == MAILSUB_OK && reply)
        mailsub__engine_leave(engine, code, MAILSUB_STAGE_AUTH, reply);
    else
        give_up(engine, rc ? rc : code);
}

static bool may_log_in(const mailsub__engine *engine)
{
    return engine->protection == MAILSUB__TLS_VERIFIED || engine->settings.clear_login;
}

void mailsub__signon_begin(mailsub__engine *engine)
{
    const char *offered = engine->capabilities.mechanisms;
    int rc = may_log_in(engine) ? mailsub__auth_fetch(&engine->auth) : MAILSUB_E_CLEAR_LOGIN;
    mailsub__auth_list(&engine->auth, offered, rc != MAILSUB_E_CLEAR_LOGIN);
    bool found = false;
    mailsub__tell_mechanisms(engine);
    if (rc == MAILSUB_OK)
        rc = choose(engine, &found);
    if (rc || !found)
        give_up(engine, rc ? rc : mailsub__auth_verdict(&engine->auth));
}

/* With an initial response, unless the line would be longer than a command may be (RFC 4954). */
bool mailsub__signon_send_auth(mailsub__engine *engine)
{
    mailsub__auth *auth = &engine->auth;
    mailsub__slice answer = mailsub__auth_line(auth);
    const char *name = auth->report.attempts[auth->current].name;
    const mailsub__slice parts[] = {PART("AUTH "), mailsub__slice_str(name), PART(" ")};
    size_t len = parts[0].len + parts[1].len + parts[2].len + answer.len + 2;
    bool sent;
    engine->parser.long_line = &auth->long_line;
    auth->held = len > MAILSUB__COMMAND_MAX;
    if (answer.len > 0 && !auth->held)
        sent = mailsub__output_secret(engine, MAILSUB__STATE_AUTH, parts, 3, answer);
    else
        sent = mailsub__output_command(engine, MAILSUB__STATE_AUTH, parts, 2);
    if (sent)
        mailsub__engine_go(engine, MAILSUB__STATE_WAIT);
    return sent;
}

/* A mechanism of the application that cannot go on has a right to be replaced by another; what is
   wrong with the server's side, or with ours, is the end. */
static bool may_cancel(const mailsub__engine *engine, int code)
{
    return engine->auth.login.custom && mailsub_error_group(code) != MAILSUB_GROUP_PROTOCOL &&
           mailsub_error_group(code) != MAILSUB_GROUP_FATAL;
}

bool mailsub__signon_send_response(mailsub__engine *engine)
{
    mailsub__auth *auth = &engine->auth;
    int rc = mailsub__auth_respond(auth);
    if (rc && may_cancel(engine, rc)) {
        mailsub__engine_go(engine, MAILSUB__STATE_CANCEL);
        return true;
    }
    if (rc) {
        fail_login(engine, rc, rc == MAILSUB_E_REPLY_UNEXPECTED ? &engine->reply : NULL);
        return false;
    }
    if (!mailsub__output_secret(engine, MAILSUB__STATE_RESPONSE, NULL, 0,
                                mailsub__buffer_slice(&auth->line)))
        return false;
    mailsub__engine_go(engine, MAILSUB__STATE_WAIT);
    return true;
}

/* RFC 4954 section 4: a line with an asterisk; the answer is a refusal. */
bool mailsub__signon_send_cancel(mailsub__engine *engine)
{
    const mailsub__slice line = PART("*");
    if (!mailsub__output_command(engine, MAILSUB__STATE_CANCEL, &line, 1))
        return false;
    mailsub__engine_go(engine, MAILSUB__STATE_WAIT);
    return true;
}

/*
 * A line of a challenge. It is kept apart from the text of replies, which is cleaned, cut and
 * logged; a challenge can be long, and what it says may help to guess a password. True when the
 * line is done with; the prompts of LOGIN are words for a person, and are told as such.
 */
bool mailsub__signon_take_line(mailsub__engine *engine, int code, bool first)
{
    mailsub__reply_parser *parser = &engine->parser;
    if (code != 334 || !parser->long_line)
        return false;
    const mailsub__mechanism *mechanism = engine->auth.login.mechanism;
    if (!first) /* no challenge has two lines: this makes it no base64 */
        mailsub__auth_take_challenge(&engine->auth, PART("\n"));
    mailsub__auth_take_challenge(&engine->auth, parser->text);
    if ((mechanism->flags & MAILSUB__MECHANISM_PROMPTS) &&
        parser->line.len <= MAILSUB__REPLY_MAX_LINE)
        return false;
    const char shown[] = {'3', '3', '4', parser->line.len > 3 ? parser->line.ptr[3] : ' ',
                          '*', '*', '*'};
    mailsub__tell_line(engine, MAILSUB_TRANSCRIPT_SERVER,
                       mailsub__slice_of(shown, parser->text.len > 0 ? sizeof shown : 4));
    mailsub__reply_add_line(&engine->reply, code, MAILSUB__SLICE_EMPTY);
    return true;
}

void mailsub__signon_challenged(mailsub__engine *engine, const mailsub__flight *flight)
{
    (void)flight;
    mailsub__engine_go(engine, MAILSUB__STATE_RESPONSE);
}

/* What was secret stays known until the end, so that a late echo of it is recognised. */
void mailsub__signon_accepted(mailsub__engine *engine, const mailsub__flight *flight)
{
    (void)flight;
    engine->parser.long_line = NULL;
    int rc = mailsub__auth_accept(&engine->auth);
    if (rc) {
        fail_login(engine, rc, NULL);
        return;
    }
    mailsub__tell_login(engine, MAILSUB_LOG_LOGIN_ENDED, MAILSUB_OK);
    mailsub__buffer_reset(&engine->out); /* empty, but its memory held the password */
    mailsub__opening_become_ready(engine);
}

void mailsub__signon_refused(mailsub__engine *engine, const mailsub__flight *flight)
{
    (void)flight;
    bool downgraded = engine->auth.login.downgraded;
    int code = engine->reply.code / 100 == 4 ? MAILSUB_E_AUTH_DEFERRED : MAILSUB_E_AUTH_REJECTED;
    go_on(engine, downgraded ? MAILSUB_E_AUTH_DOWNGRADE : code, &engine->reply);
}

void mailsub__signon_cancelled(mailsub__engine *engine, const mailsub__flight *flight)
{
    (void)flight;
    go_on(engine, MAILSUB_E_CREDENTIALS, NULL);
}

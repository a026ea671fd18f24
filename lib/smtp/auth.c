/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The login as a whole.
 *
 * After a refusal, another mechanism is tried only where that cannot help a thief:
 *  - A secret that this server refused (5yz) is not shown to it again by another mechanism: whoever
 *    counts tries would lock the account, and a server that could not check a proof (SCRAM) would
 *    get the password itself (PLAIN). A token may be refreshed once, since tokens run out.
 *  - 504, 534 and 538 refuse the mechanism, before the secret was looked at (RFC 4954 section 6):
 *    the next may follow. The server whom TLS verified could as well have left it out of its offer.
 *  - Behind a mechanism that was bound to the TLS connection none follows that is not: somebody in
 *    the middle, who cannot pass a bound login on, would refuse it in order to get one that he can.
 *  - 4yz ends the login: the same mechanism will be right later.
 */
#include "smtp/auth.h"

#include <assert.h>

#include "codec/base64.h"
#include "smtp/command.h"

/* Room for a challenge that a line of 12,288 octets brings. */
enum { MAX_CHALLENGE = 16 * 1024 };

void mailsub__auth_init(mailsub__auth *auth, const mailsub_allocator *allocator, const char *user,
                        const char *password, const mailsub__login_settings *settings)
{
    *auth = (mailsub__auth){
        .allocator = allocator, .user = user, .password = password, .settings = *settings};
    mailsub__credentials_init(&auth->credentials, allocator);
    mailsub__secrets_init(&auth->secrets, allocator);
    mailsub__buffer_init_secret(&auth->login.answer, allocator, MAILSUB__AUTH_LINE_MAX);
    mailsub__buffer_init_secret(&auth->line, allocator, MAILSUB__AUTH_LINE_MAX - 2);
    mailsub__buffer_init_secret(&auth->encoded, allocator, MAX_CHALLENGE);
    mailsub__buffer_init_secret(&auth->decoded, allocator, MAX_CHALLENGE);
    mailsub__buffer_init_secret(&auth->long_line, allocator, MAX_CHALLENGE);
}

static void end_exchange(mailsub__auth *auth)
{
    mailsub_login *login = &auth->login;
    if (login->mechanism && login->mechanism->end)
        login->mechanism->end(login);
    login->mechanism = NULL;
    auth->held = false;
}

void mailsub__auth_deinit(mailsub__auth *auth)
{
    end_exchange(auth);
    mailsub__credentials_deinit(&auth->credentials);
    mailsub__secrets_deinit(&auth->secrets);
    mailsub__buffer_deinit(&auth->login.answer);
    mailsub__buffer_deinit(&auth->line);
    mailsub__buffer_deinit(&auth->encoded);
    mailsub__buffer_deinit(&auth->decoded);
    mailsub__buffer_deinit(&auth->long_line);
}

/* ---- words parted by spaces ---- */

static mailsub__slice next_word(const char **rest)
{
    *rest += strspn(*rest, " ");
    mailsub__slice word = mailsub__slice_of(*rest, strcspn(*rest, " "));
    *rest += word.len;
    return word;
}

static bool has_word(const char *words, mailsub__slice wanted)
{
    if (!words)
        return false;
    for (mailsub__slice word = next_word(&words); word.len > 0; word = next_word(&words)) {
        if (mailsub__slice_equal_nocase(word, wanted))
            return true;
    }
    return false;
}

/* ---- credentials ---- */

static bool names_external(const mailsub__auth *auth)
{
    return has_word(auth->settings.mechanisms, mailsub__slice_str("EXTERNAL"));
}

bool mailsub__auth_is_wanted(const mailsub__auth *auth)
{
    return auth->user || auth->settings.fetch || names_external(auth);
}

void mailsub__auth_set_binding(mailsub__auth *auth, const char *type, mailsub__slice data)
{
    mailsub__slice name = mailsub__slice_str(type);
    assert(name.len < sizeof auth->binding.type && data.len <= sizeof auth->binding.data);
    auth->binding = (mailsub__binding){.len = data.len};
    memcpy(auth->binding.type, name.ptr, name.len);
    memcpy(auth->binding.data, data.ptr, data.len);
}

/* What the callback did not do right. */
static int call_fetch(mailsub__auth *auth, int reason)
{
    const mailsub__login_settings *settings = &auth->settings;
    int rc = settings->fetch(settings->fetch_context, reason, &auth->credentials);
    if (rc != MAILSUB_OK && mailsub_error_group(rc) == MAILSUB_GROUP_NONE)
        return MAILSUB_E_CREDENTIALS;
    return rc;
}

static int keep_secrets(mailsub__auth *auth)
{
    int rc =
        mailsub__secrets_add(&auth->secrets, mailsub__buffer_slice(&auth->credentials.password));
    return rc ? rc
              : mailsub__secrets_add(&auth->secrets,
                                     mailsub__buffer_slice(&auth->credentials.token));
}

int mailsub__auth_fetch(mailsub__auth *auth)
{
    mailsub_credentials *credentials = &auth->credentials;
    int rc = MAILSUB_OK;
    if (auth->user)
        rc = mailsub__credentials_put(&credentials->user, auth->user);
    if (rc == MAILSUB_OK && auth->password) {
        rc = mailsub__credentials_put(&credentials->password, auth->password);
        credentials->has_password = rc == MAILSUB_OK;
    }
    if (rc == MAILSUB_OK && auth->settings.token) {
        rc = mailsub__credentials_put(&credentials->token, auth->settings.token);
        credentials->has_token = rc == MAILSUB_OK;
    }
    if (rc == MAILSUB_OK && auth->settings.fetch)
        rc = call_fetch(auth, MAILSUB_CREDENTIALS_FIRST);
    return rc ? rc : keep_secrets(auth);
}

/* Ask for another token, once; *out_fresh tells whether there is one. MAILSUB_E_NOMEM. */
static int refresh_token(mailsub__auth *auth, bool *out_fresh)
{
    mailsub_credentials *credentials = &auth->credentials;
    *out_fresh = false;
    if (auth->refreshed || !auth->settings.fetch)
        return MAILSUB_OK;
    auth->refreshed = true;
    mailsub__buffer before = credentials->token;
    mailsub__buffer_init_secret(&credentials->token, auth->allocator, before.max);
    credentials->has_token = false;
    int rc = call_fetch(auth, MAILSUB_CREDENTIALS_REFUSED);
    if (rc == MAILSUB_OK)
        rc = keep_secrets(auth);
    *out_fresh = rc == MAILSUB_OK && credentials->has_token &&
                 !mailsub__slice_equal(mailsub__buffer_slice(&before),
                                       mailsub__buffer_slice(&credentials->token));
    mailsub__buffer_deinit(&before);
    return rc == MAILSUB_E_NOMEM ? rc : MAILSUB_OK;
}

/* ---- the list ---- */

static const mailsub_mechanism *find_custom(const mailsub__auth *auth, mailsub__slice name)
{
    for (size_t i = 0; i < auth->settings.n_custom; i++) {
        const mailsub_mechanism *custom = &auth->settings.custom[i];
        if (mailsub__slice_equal_nocase(name, mailsub__slice_str(custom->name)))
            return custom;
    }
    return NULL;
}

/* Its own come before the library's, so that an application can replace one. */
static const mailsub__mechanism *find(const mailsub__auth *auth, mailsub__slice name)
{
    const mailsub_mechanism *custom = find_custom(auth, name);
    return custom ? mailsub__mechanism_adapter(custom) : mailsub__mechanism_find(name);
}

/* Why it cannot be used, as far as that is known beforehand; NOT_TRIED: it can. */
static int state_of(const mailsub__auth *auth, const mailsub__mechanism *mechanism,
                    mailsub__slice name, const char *offered, bool allowed)
{
    const mailsub__login_settings *settings = &auth->settings;
    bool named = has_word(settings->mechanisms, name);
    if (has_word(settings->excluded, name))
        return MAILSUB_LOGIN_EXCLUDED;
    if ((mechanism->flags & MAILSUB__MECHANISM_BY_NAME) && !named)
        return MAILSUB_LOGIN_ONLY_BY_NAME;
    if (settings->mechanisms && !named)
        return MAILSUB_LOGIN_EXCLUDED;
    if (!has_word(offered, name))
        return MAILSUB_LOGIN_NOT_OFFERED;
    if (!allowed)
        return MAILSUB_LOGIN_CLEAR;
    bool has[] = {
        [MAILSUB__SECRET_CERTIFICATE] = settings->has_certificate || named,
        [MAILSUB__SECRET_PASSWORD] = auth->credentials.has_password,
        [MAILSUB__SECRET_TOKEN] = auth->credentials.has_token,
        [MAILSUB__SECRET_OWN] = true,
    };
    if (!has[mechanism->secret])
        return MAILSUB_LOGIN_NO_CREDENTIALS;
    if ((mechanism->flags & MAILSUB__MECHANISM_BINDS) && auth->binding.type[0] == '\0')
        return MAILSUB_LOGIN_NO_BINDING;
    return MAILSUB_LOGIN_NOT_TRIED;
}

static bool is_listed(const mailsub__auth *auth, mailsub__slice name)
{
    for (size_t i = 0; i < auth->report.n; i++) {
        if (mailsub__slice_equal_nocase(name, mailsub__slice_str(auth->report.attempts[i].name)))
            return true;
    }
    return false;
}

static void add(mailsub__auth *auth, mailsub__slice name, int state)
{
    if (auth->report.n == MAILSUB__MAX_ATTEMPTS || name.len > MAILSUB__MAX_MECHANISM_NAME ||
        is_listed(auth, name))
        return;
    mailsub__attempt *attempt = &auth->report.attempts[auth->report.n++];
    memcpy(attempt->name, name.ptr, name.len);
    attempt->name[name.len] = '\0';
    attempt->state = (uint8_t)state;
}

/* One that is known here, by its name in the form of the table. */
static void add_known(mailsub__auth *auth, mailsub__slice name, const char *offered, bool allowed)
{
    const mailsub__mechanism *mechanism = find(auth, name);
    if (!mechanism)
        return;
    const mailsub_mechanism *custom = find_custom(auth, name);
    name = mailsub__slice_str(custom ? custom->name : mechanism->name);
    add(auth, name, state_of(auth, mechanism, name, offered, allowed));
}

/* Mechanisms that bind, as far as this side and the server want to: what SCRAM's header tells. */
static void note_binding(mailsub__auth *auth, const char *offered)
{
    mailsub_login *login = &auth->login;
    login->binding_wanted = false;
    for (size_t i = 0; i < mailsub__mechanism_count(); i++) {
        const mailsub__mechanism *mechanism = mailsub__mechanism_at(i);
        mailsub__slice name = mailsub__slice_str(mechanism->name);
        if (!(mechanism->flags & MAILSUB__MECHANISM_BINDS))
            continue;
        bool named = !auth->settings.mechanisms || has_word(auth->settings.mechanisms, name);
        if (named && !has_word(auth->settings.excluded, name))
            login->binding_wanted = true;
    }
    /* Whatever hash it has: a server that offers one of them binds. */
    login->binding_offered = strstr(offered, "-PLUS ") != NULL;
}

void mailsub__auth_list(mailsub__auth *auth, const char *offered, bool allowed)
{
    auth->report.n = 0;
    note_binding(auth, offered);
    const char *rest = auth->settings.mechanisms ? auth->settings.mechanisms : "";
    for (mailsub__slice word = next_word(&rest); word.len > 0; word = next_word(&rest))
        add_known(auth, word, offered, allowed);
    for (size_t i = 0; i < auth->settings.n_custom; i++)
        add_known(auth, mailsub__slice_str(auth->settings.custom[i].name), offered, allowed);
    for (size_t i = 0; i < mailsub__mechanism_count(); i++)
        add_known(auth, mailsub__slice_str(mailsub__mechanism_at(i)->name), offered, allowed);
    rest = offered;
    for (mailsub__slice word = next_word(&rest); word.len > 0; word = next_word(&rest))
        add(auth, word, MAILSUB_LOGIN_UNKNOWN);
}

/* ---- one mechanism ---- */

static void set_state(mailsub__auth *auth, int state)
{
    auth->report.attempts[auth->current].state = (uint8_t)state;
}

/* Put the answer into the line, in base64. */
static int encode(mailsub__auth *auth)
{
    mailsub_login *login = &auth->login;
    mailsub__slice raw = mailsub__buffer_slice(&login->answer);
    int rc = mailsub__base64_append(&auth->line, raw.ptr, raw.len);
    if (rc == MAILSUB_OK && !login->is_open) {
        rc = mailsub__secrets_add(&auth->secrets, raw);
        if (rc == MAILSUB_OK)
            rc = mailsub__secrets_add(&auth->secrets, mailsub__buffer_slice(&auth->line));
    }
    login->n_answers++;
    return rc;
}

/* One step of the mechanism. */
static int take_step(mailsub__auth *auth, mailsub__slice challenge)
{
    mailsub_login *login = &auth->login;
    mailsub__buffer_reset(&login->answer);
    mailsub__buffer_reset(&auth->line);
    login->is_open = false;
    login->detail = "";
    int rc = login->mechanism->step(login, challenge);
    if (rc == MAILSUB_OK)
        rc = encode(auth);
    memcpy(auth->report.text, login->text, sizeof login->text);
    return rc == MAILSUB_E_LIMIT ? MAILSUB_E_CREDENTIALS : rc;
}

static int begin(mailsub__auth *auth, mailsub__slice name)
{
    mailsub_login *login = &auth->login;
    const mailsub__login_settings *settings = &auth->settings;
    login->allocator = auth->allocator;
    login->mechanism = find(auth, name);
    login->custom = find_custom(auth, name);
    login->credentials = &auth->credentials;
    login->authorization = settings->authorization ? settings->authorization : "";
    login->host = settings->host ? settings->host : "";
    login->port = settings->port;
    login->random = settings->random;
    login->binding = &auth->binding;
    login->secrets = &auth->secrets;
    login->n_answers = 0;
    login->user_repeated = false;
    login->state = NULL;
    login->detail = "";
    login->downgraded = false;
    mailsub__buffer_reset(&auth->line);
    if (login->mechanism->flags & MAILSUB__MECHANISM_SERVER_FIRST)
        return MAILSUB_OK;
    return take_step(auth, MAILSUB__SLICE_EMPTY);
}

/* Faults that another mechanism would meet too. */
static bool is_general(int code)
{
    return code == MAILSUB_E_NOMEM || code == MAILSUB_E_RANDOM || code == MAILSUB_E_SYSTEM;
}

int mailsub__auth_choose(mailsub__auth *auth, bool *out_found)
{
    mailsub__login_report *report = &auth->report;
    end_exchange(auth);
    for (size_t i = 0; i < report->n; i++) {
        if (report->attempts[i].state != MAILSUB_LOGIN_NOT_TRIED)
            continue;
        auth->current = i;
        int rc = begin(auth, mailsub__slice_str(report->attempts[i].name));
        if (is_general(rc))
            return rc;
        if (rc == MAILSUB_OK) {
            *out_found = true;
            return MAILSUB_OK;
        }
        set_state(auth, MAILSUB_LOGIN_UNUSABLE);
        end_exchange(auth);
    }
    *out_found = false;
    return MAILSUB_OK;
}

mailsub__slice mailsub__auth_line(const mailsub__auth *auth)
{
    bool server_first = auth->login.mechanism->flags & MAILSUB__MECHANISM_SERVER_FIRST;
    if (auth->line.len == 0 && auth->login.n_answers == 1 && !server_first)
        return mailsub__slice_str("=");
    return mailsub__buffer_slice(&auth->line);
}

void mailsub__auth_take_challenge(mailsub__auth *auth, mailsub__slice text)
{
    mailsub__buffer_append_slice(&auth->encoded, text);
}

/* The challenge decoded. Servers are known that write the prompts of LOGIN as they are. */
static int decode(mailsub__auth *auth, mailsub__slice *out)
{
    mailsub__slice text = mailsub__buffer_slice(&auth->encoded);
    mailsub__buffer_reset(&auth->decoded);
    int rc = auth->encoded.error;
    if (rc == MAILSUB_OK)
        rc = mailsub__base64_append_decoded(&auth->decoded, text.ptr, text.len);
    *out = mailsub__buffer_slice(&auth->decoded);
    if (rc == MAILSUB_E_REPLY_MALFORMED &&
        (auth->login.mechanism->flags & MAILSUB__MECHANISM_PROMPTS)) {
        *out = text;
        return MAILSUB_OK;
    }
    return rc == MAILSUB_E_LIMIT ? MAILSUB_E_REPLY_TOO_LONG : rc;
}

int mailsub__auth_respond(mailsub__auth *auth)
{
    int rc = MAILSUB_OK;
    /* RFC 4954 section 4: the challenge to a command without initial response is empty. What a
       server writes there all the same has no meaning. */
    if (auth->held) {
        auth->held = false;
    } else {
        mailsub__slice challenge;
        rc = decode(auth, &challenge);
        if (rc == MAILSUB_OK)
            rc = take_step(auth, challenge);
    }
    mailsub__buffer_reset(&auth->encoded);
    if (rc)
        set_state(auth, MAILSUB_LOGIN_FAILED);
    return rc;
}

/* ---- the end of an exchange ---- */

int mailsub__auth_accept(mailsub__auth *auth)
{
    mailsub_login *login = &auth->login;
    int rc = login->mechanism->accept ? login->mechanism->accept(login) : MAILSUB_OK;
    set_state(auth, rc ? MAILSUB_LOGIN_FAILED : MAILSUB_LOGIN_ACCEPTED);
    if (rc == MAILSUB_OK)
        end_exchange(auth);
    return rc;
}

/* Take back the right to be tried: see the head of this file. */
static void withhold(mailsub__auth *auth, bool bound, bool all)
{
    for (size_t i = 0; i < auth->report.n; i++) {
        mailsub__attempt *attempt = &auth->report.attempts[i];
        if (attempt->state != MAILSUB_LOGIN_NOT_TRIED)
            continue;
        const mailsub__mechanism *mechanism = find(auth, mailsub__slice_str(attempt->name));
        bool unbound = bound && !(mechanism->flags & MAILSUB__MECHANISM_BINDS);
        if (all || unbound || auth->refused >> mechanism->secret & 1u)
            attempt->state = MAILSUB_LOGIN_WITHHELD;
    }
}

int mailsub__auth_refuse(mailsub__auth *auth, int reply_code)
{
    int rc = MAILSUB_OK;
    bool fresh = false;
    const mailsub__mechanism *mechanism = auth->login.mechanism;
    bool only_mechanism =
        reply_code == 504 || reply_code == 534 || reply_code == 538 || reply_code == 0;
    bool deferred = reply_code / 100 == 4;
    bool bound = (mechanism->flags & MAILSUB__MECHANISM_BINDS) != 0;
    if (reply_code != 0)
        set_state(auth, deferred ? MAILSUB_LOGIN_DEFERRED : MAILSUB_LOGIN_REJECTED);
    if (!only_mechanism && !deferred && mechanism->secret != MAILSUB__SECRET_OWN) {
        if (mechanism->secret == MAILSUB__SECRET_TOKEN)
            rc = refresh_token(auth, &fresh);
        if (fresh)
            set_state(auth, MAILSUB_LOGIN_NOT_TRIED); /* it is the first of them: the next choice */
        else
            auth->refused |= 1u << mechanism->secret;
    }
    withhold(auth, bound, deferred || auth->login.downgraded);
    return rc;
}

int mailsub__auth_verdict(const mailsub__auth *auth)
{
    for (size_t i = 0; i < auth->report.n; i++) {
        if (auth->report.attempts[i].state == MAILSUB_LOGIN_UNUSABLE)
            return MAILSUB_E_CREDENTIALS;
    }
    const mailsub_credentials *credentials = &auth->credentials;
    bool has_any = credentials->has_password || credentials->has_token || names_external(auth);
    return has_any ? MAILSUB_E_AUTH_NOT_OFFERED : MAILSUB_E_CREDENTIALS;
}

size_t mailsub__auth_redact(const mailsub__auth *auth, char *text, size_t len)
{
    return mailsub__secrets_redact(&auth->secrets, text, len);
}

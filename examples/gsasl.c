/* SPDX-License-Identifier: 0BSD */
/*
 * gsasl MECHANISM URL SENDER RECIPIENT [CA]: log in by a mechanism of libgsasl, which libmailsub
 * does not have, such as GSSAPI (Kerberos):
 *
 *   gsasl GSSAPI submission://me@mail.example.org me@example.org you@example.net
 *
 *   cc -o gsasl gsasl.c $(pkg-config --cflags --libs mailsub libgsasl)
 */
#include <gsasl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mailsub/mailsub.h>

struct kit {
    Gsasl *gsasl;
    const char *mechanism;
};

/* One exchange. */
struct exchange {
    Gsasl_session *session;
    int result; /* of its last step */
};

static void set(Gsasl_session *session, Gsasl_property property, const mailsub_login *login,
                int what)
{
    const char *value = mailsub_login_get(login, what, NULL);
    if (*value)
        gsasl_property_set(session, property, value);
}

/* libgsasl wants the channel binding in base64. */
static void set_binding(Gsasl_session *session, const mailsub_login *login)
{
    const char *type = mailsub_login_get(login, MAILSUB_LOGIN_GET_BINDING_TYPE, NULL);
    size_t len;
    const char *data = mailsub_login_get(login, MAILSUB_LOGIN_GET_BINDING, &len);
    char *text = NULL;
    if (len == 0 || gsasl_base64_to(data, len, &text, NULL) != GSASL_OK)
        return;
    gsasl_property_set(
        session, strcmp(type, "tls-exporter") == 0 ? GSASL_CB_TLS_EXPORTER : GSASL_CB_TLS_UNIQUE,
        text);
    gsasl_free(text);
}

/*
 * GSSAPI logs in by the ticket that is there. Were no identity named, it would be that of the
 * ticket (RFC 4752 section 3.1), whomever the caller asked for.
 */
static void set_identity(Gsasl_session *session, const mailsub_login *login)
{
    if (!*mailsub_login_get(login, MAILSUB_LOGIN_GET_AUTHORIZATION, NULL))
        set(session, GSASL_AUTHZID, login, MAILSUB_LOGIN_GET_USER);
}

static int begin(void *context, mailsub_login *login, void **out_state)
{
    const struct kit *kit = context;
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (!exchange)
        return MAILSUB_E_NOMEM;
    if (gsasl_client_start(kit->gsasl, kit->mechanism, &exchange->session) != GSASL_OK) {
        free(exchange);
        return MAILSUB_E_CREDENTIALS;
    }
    Gsasl_session *session = exchange->session;
    set(session, GSASL_AUTHID, login, MAILSUB_LOGIN_GET_USER);
    set(session, GSASL_PASSWORD, login, MAILSUB_LOGIN_GET_PASSWORD);
    set(session, GSASL_AUTHZID, login, MAILSUB_LOGIN_GET_AUTHORIZATION);
    set(session, GSASL_HOSTNAME, login, MAILSUB_LOGIN_GET_HOST);
    if (strcmp(kit->mechanism, "GSSAPI") == 0)
        set_identity(session, login);
    gsasl_property_set(session, GSASL_SERVICE, "smtp");
    if (strstr(kit->mechanism, "-PLUS"))
        set_binding(session, login);
    *out_state = exchange;
    return MAILSUB_OK;
}

/* What the server proves wrongly must not lead to the next mechanism, but to the end. */
static int answer(void *context, void *state, mailsub_login *login, const void *challenge,
                  size_t len)
{
    struct exchange *exchange = state;
    char *out = NULL;
    size_t out_len = 0;
    (void)context;
    exchange->result = gsasl_step(exchange->session, challenge, len, &out, &out_len);
    int rc = MAILSUB_E_CREDENTIALS;
    if (exchange->result == GSASL_OK || exchange->result == GSASL_NEEDS_MORE)
        rc = mailsub_login_answer(login, out, out_len);
    else if (len > 0)
        rc = MAILSUB_E_AUTH_FORGED;
    gsasl_free(out);
    return rc;
}

/* The server says success: so must the mechanism. */
static int accept_login(void *context, void *state)
{
    const struct exchange *exchange = state;
    (void)context;
    return exchange->result == GSASL_OK ? MAILSUB_OK : MAILSUB_E_AUTH_FORGED;
}

static void end(void *context, void *state)
{
    struct exchange *exchange = state;
    (void)context;
    gsasl_finish(exchange->session);
    free(exchange);
}

static int add_mechanism(mailsub_config *config, struct kit *kit)
{
    int server_first =
        strcmp(kit->mechanism, "CRAM-MD5") == 0 || strcmp(kit->mechanism, "DIGEST-MD5") == 0;
    const mailsub_mechanism mechanism = {
        .size = sizeof mechanism,
        .name = kit->mechanism,
        .flags = server_first ? MAILSUB_MECHANISM_SERVER_FIRST : 0,
        .context = kit,
        .begin = begin,
        .answer = answer,
        .accept = accept_login,
        .end = end,
    };
    int rc = mailsub_config_add_mechanism(config, &mechanism);
    return rc ? rc : mailsub_config_set_mechanisms(config, kit->mechanism);
}

static int submit(mailsub_config *config, const char *sender, const char *recipient)
{
    mailsub_session *session = NULL;
    mailsub_message *message = NULL;
    mailsub_receipt *receipt = NULL;
    int rc = mailsub_message_new(NULL, &message);
    if (rc == MAILSUB_OK)
        rc = mailsub_receipt_new(NULL, &receipt);
    if (rc == MAILSUB_OK)
        rc = mailsub_session_new(config, &session);
    if (rc == MAILSUB_OK) {
        mailsub_message_set_from(message, sender, NULL);
        mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, recipient, NULL);
        mailsub_message_set_subject(message, "Greetings");
        mailsub_message_set_text(message, "Sent by way of libgsasl.\n", MAILSUB_NUL_TERMINATED);
        rc = mailsub_session_submit(session, message, receipt);
    }
    printf("%s, login by %s\n", mailsub_strerror(rc), mailsub_receipt_get_login(receipt));
    mailsub_session_free(session);
    mailsub_receipt_free(receipt);
    mailsub_message_free(message);
    return rc;
}

int main(int argc, char **argv)
{
    struct kit kit = {NULL, argc > 1 ? argv[1] : ""};
    mailsub_config *config = NULL;
    if (argc < 5 || argc > 6) {
        fprintf(stderr, "usage: gsasl MECHANISM URL SENDER RECIPIENT [CA]\n");
        return 64;
    }
    if (gsasl_init(&kit.gsasl) != GSASL_OK)
        return 70;
    int rc = mailsub_config_new(NULL, &config);
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_url(config, argv[2]);
    if (rc == MAILSUB_OK && argc > 5)
        rc = mailsub_config_set_ca_file(config, argv[5]);
    if (rc == MAILSUB_OK)
        rc = add_mechanism(config, &kit);
    if (rc == MAILSUB_OK)
        rc = submit(config, argv[3], argv[4]);
    else
        fprintf(stderr, "%s\n", mailsub_strerror(rc));
    mailsub_config_unref(config);
    gsasl_done(kit.gsasl);
    return mailsub_error_sysexit(rc);
}

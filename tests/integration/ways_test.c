/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Submissions to the fake server through real proxies, which run_ways has started: microsocks and
 * tinyproxy, each without and with a login.
 */
#include "unit.h"

#include <stdbool.h>
#include <stdio.h>

#include <mailsub/mailsub.h>

static const struct row {
    const char *name;
    const char *proxy; /* the variable that holds its host and port; the scheme by its name */
    const char *login; /* before the host */
    bool dead_port;    /* instead of the server's */
    int want;
    const char *want_detail; /* a part of it */
} rows[] = {
    {"microsocks", "SOCKS5", "", false, MAILSUB_OK, ""},
    {"microsocks with a login", "SOCKS5_LOGIN", "joe:s3cret%20%3a@", false, MAILSUB_OK, ""},
    {"microsocks with a wrong login", "SOCKS5_LOGIN", "joe:wrong@", false, MAILSUB_E_PROXY_LOGIN,
     "it refused the login"},
    {"microsocks without the login", "SOCKS5_LOGIN", "", false, MAILSUB_E_PROXY_LOGIN,
     "it demands a login"},
    {"microsocks to a dead port", "SOCKS5", "", true, MAILSUB_E_PROXY, "refused"},
    {"tinyproxy", "HTTP", "", false, MAILSUB_OK, ""},
    {"tinyproxy with a login", "HTTP_LOGIN", "joe:s3cret@", false, MAILSUB_OK, ""},
    {"tinyproxy with a wrong login", "HTTP_LOGIN", "joe:wrong@", false, MAILSUB_E_PROXY_LOGIN,
     "HTTP/1.0 40"},
    {"tinyproxy without the login", "HTTP_LOGIN", "", false, MAILSUB_E_PROXY_LOGIN, "407"},
    {"tinyproxy to a port that it forbids", "HTTP", "", true, MAILSUB_E_PROXY_REFUSED, "403"},
};

static const char *variable(const char *name)
{
    char full[64];
    snprintf(full, sizeof full, "MAILSUB_%s", name);
    const char *value = getenv(full);
    assert_non_null(value);
    return value;
}

static mailsub_session *new_session(const struct row *row)
{
    char url[128];
    char proxy[128];
    mailsub_config *config = NULL;
    mailsub_session *session = NULL;
    bool is_socks = row->proxy[0] == 'S';
    snprintf(url, sizeof url, "submissions://localhost:%s",
             row->dead_port ? "1" : variable("PORT"));
    snprintf(proxy, sizeof proxy, "%s://%s%s", is_socks ? "socks5" : "http", row->login,
             variable(row->proxy));
    assert_int_equal(mailsub_config_new(NULL, &config), MAILSUB_OK);
    assert_int_equal(mailsub_config_set_url(config, url), MAILSUB_OK);
    assert_int_equal(mailsub_config_set_proxy(config, proxy), MAILSUB_OK);
    assert_int_equal(mailsub_config_set_ca_file(config, variable("CA")), MAILSUB_OK);
    assert_int_equal(mailsub_session_new(config, &session), MAILSUB_OK);
    mailsub_config_unref(config);
    return session;
}

static void submit_row(void **state)
{
    const struct row *row = *state;
    mailsub_session *session = new_session(row);
    mailsub_message *message = NULL;
    mailsub_receipt *receipt = NULL;
    assert_int_equal(mailsub_message_new(NULL, &message), MAILSUB_OK);
    assert_int_equal(mailsub_receipt_new(NULL, &receipt), MAILSUB_OK);
    mailsub_message_set_from(message, "me@example.org", NULL);
    mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "you@example.net", NULL);
    mailsub_message_set_subject(message, row->name);
    mailsub_message_set_text(message, "By a proxy.\n", MAILSUB_NUL_TERMINATED);
    int rc = mailsub_session_submit(session, message, receipt);
    if (rc != row->want)
        print_message("%s: %s\n", mailsub_error_name(rc), mailsub_receipt_get_detail(receipt));
    assert_int_equal(rc, row->want);
    assert_non_null(strstr(mailsub_receipt_get_detail(receipt), row->want_detail));
    mailsub_session_free(session);
    mailsub_message_free(message);
    mailsub_receipt_free(receipt);
}

int main(void)
{
    static struct CMUnitTest tests[sizeof rows / sizeof rows[0]];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, rows, submit_row);
    return UNIT_RUN(tests, n_tests);
}

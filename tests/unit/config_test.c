/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_kit.h"

#include <stdio.h>

#include <mailsub/session.h>

static mailsub_config *new_config(void)
{
    return kit_config("submission://me:pw@mail.example.org");
}

static void the_url_leaves_alone_what_it_does_not_say(void **state)
{
    (void)state;
    mailsub_config *config = new_config();
    assert_int_equal(mailsub_config_set_url(config, "submissions://other.example.org:4650"), 0);
    assert_string_equal(config->user, "me");
    assert_string_equal(config->password, "pw");
    assert_string_equal(mailsub_config_get_host(config), "other.example.org");
    assert_int_equal(mailsub_config_get_port(config), 4650);
    assert_int_equal(mailsub_config_get_tls(config), MAILSUB_TLS_IMPLICIT);
    mailsub_config_unref(config);
}

static void a_refused_url_changes_nothing(void **state)
{
    (void)state;
    mailsub_config *config = new_config();
    assert_int_equal(mailsub_config_set_url(config, "http://evil.example"), MAILSUB_E_URL);
    assert_string_not_equal(mailsub_config_get_error_detail(config), "");
    assert_string_equal(mailsub_config_get_host(config), "mail.example.org");
    assert_int_equal(mailsub_config_get_port(config), 587);
    assert_string_equal(config->user, "me");
    mailsub_config_unref(config);
}

static void further_servers_stand_in_their_order(void **state)
{
    (void)state;
    static const char *const urls[] = {"smtps://[2001:db8::1]", "smtp+unix:/run/a%20b",
                                       "smtp://B.example.org"};
    static const char *const wanted[] = {"submission://mail.example.org:587",
                                         "smtps://[2001:db8::1]:465", "smtp+unix:/run/a%20b",
                                         "smtp://b.example.org:25"};
    mailsub_config *config = new_config();
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(mailsub_config_add_url(config, urls[i]), MAILSUB_OK);
    assert_int_equal(mailsub_config_count_servers(config), 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(mailsub_config_get_server(config, i), wanted[i]);
    assert_string_equal(mailsub_config_get_server(config, 4), "");
    assert_string_equal(mailsub_config_get_host(config), "mail.example.org");
    assert_string_equal(mailsub_config_get_path(config), "");
    assert_int_equal(mailsub__config_server_tls(config, &config->servers[1]), MAILSUB_TLS_IMPLICIT);
    assert_int_equal(mailsub__config_server_tls(config, &config->servers[2]),
                     MAILSUB_TLS_OPPORTUNISTIC);
    assert_int_equal(mailsub_config_get_tls(config), MAILSUB_TLS_STARTTLS);
    assert_string_equal(config->user, "me");
    assert_int_equal(mailsub_config_set_url(config, "smtp://c.example.org"), MAILSUB_OK);
    assert_int_equal(mailsub_config_count_servers(config), 1);
    assert_int_equal(mailsub_config_count_servers(NULL), 0);
    assert_string_equal(mailsub_config_get_server(NULL, 0), "");
    mailsub_config_unref(config);
}

static void a_server_that_cannot_stand_behind_others_is_refused(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "smtp://user:pw@other.example.org",
        "submission://MAIL.example.org:587",
        "smtp://mail.example.org:587",
        "lmtp://other.example.org",
        "lmtp+unix:/run/lmtp",
        "sendmail:/usr/sbin/sendmail",
        "http://other.example.org",
        "other.example.org",
    };
    mailsub_config *config = new_config();
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        assert_int_equal(mailsub_config_add_url(config, urls[i]), MAILSUB_E_URL);
        assert_string_not_equal(mailsub_config_get_error_detail(config), "");
    }
    assert_int_equal(mailsub_config_add_url(config, NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_add_url(NULL, "smtp://x.example.org"), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_count_servers(config), 1);
    assert_int_equal(mailsub_config_set_url(config, "sendmail:/usr/sbin/sendmail"), MAILSUB_OK);
    assert_int_equal(mailsub_config_add_url(config, "smtp://x.example.org"), MAILSUB_E_URL);
    assert_int_equal(mailsub_config_set_url(config, "smtp+unix:/run/x"), MAILSUB_OK);
    assert_int_equal(mailsub_config_add_url(config, "smtp+unix:/run/%78"), MAILSUB_E_URL);
    mailsub_config_unref(config);
}

static void servers_have_their_number(void **state)
{
    (void)state;
    char url[64];
    mailsub_config *config = NULL;
    assert_int_equal(mailsub_config_new(NULL, &config), MAILSUB_OK);
    assert_int_equal(mailsub_config_add_url(config, "smtp://x.example.org"), MAILSUB_E_STATE);
    assert_int_equal(mailsub_config_set_url(config, "smtp://x.example.org"), MAILSUB_OK);
    for (int i = 1; i <= MAILSUB_MAX_SERVERS; i++) {
        snprintf(url, sizeof url, "smtp://x%d.example.org", i);
        assert_int_equal(mailsub_config_add_url(config, url),
                         i < MAILSUB_MAX_SERVERS ? MAILSUB_OK : MAILSUB_E_LIMIT);
    }
    assert_int_equal(mailsub_config_count_servers(config), MAILSUB_MAX_SERVERS);
    mailsub_config_unref(config);
}

static int name_two_servers(mailsub_config *config)
{
    int rc = mailsub_config_set_url(config, "smtp+unix:/run/x");
    return rc ? rc : mailsub_config_add_url(config, "smtp+unix:/run/y");
}

static void each_allocation_of_servers_may_fail(void **state)
{
    (void)state;
    kit_config_fail_each(name_two_servers);
}

static void pauses_have_their_range(void **state)
{
    (void)state;
    mailsub_config *config = new_config();
    assert_int_equal(config->pause_first_ms, 30000);
    assert_int_equal(config->pause_most_ms, 1800000);
    assert_int_equal(mailsub_config_set_server_pause(config, -1, 5), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_server_pause(config, 6, 5), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_server_pause(config, 6, 86400001), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_server_pause(config, 0, 86400000), MAILSUB_OK);
    assert_int_equal(config->pause_first_ms, 0);
    mailsub_config_unref(config);
}

static void tls_chosen_by_name_outlives_the_url(void **state)
{
    (void)state;
    mailsub_config *config = new_config();
    assert_int_equal(mailsub_config_set_tls(config, MAILSUB_TLS_OPPORTUNISTIC), MAILSUB_OK);
    assert_int_equal(mailsub_config_set_url(config, "submissions://mail.example.org"), MAILSUB_OK);
    assert_int_equal(mailsub_config_get_tls(config), MAILSUB_TLS_OPPORTUNISTIC);
    assert_int_equal(mailsub_config_set_tls(config, MAILSUB_TLS_NONE), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_tls(config, -1), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_get_tls(config), MAILSUB_TLS_OPPORTUNISTIC);
    mailsub_config_unref(config);
}

static void credentials_are_checked(void **state)
{
    (void)state;
    char long_text[1026];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    mailsub_config *config = new_config();
    assert_int_equal(mailsub_config_set_credentials(config, "", "x"), MAILSUB_E_CREDENTIALS);
    assert_int_equal(mailsub_config_set_credentials(config, "\xff", "x"), MAILSUB_E_CREDENTIALS);
    assert_int_equal(mailsub_config_set_credentials(config, "x", "\xff"), MAILSUB_E_CREDENTIALS);
    assert_int_equal(mailsub_config_set_credentials(config, long_text, "x"), MAILSUB_E_CREDENTIALS);
    assert_int_equal(mailsub_config_set_credentials(config, "x", long_text), MAILSUB_E_CREDENTIALS);
    assert_int_equal(mailsub_config_set_credentials(config, "x", NULL), MAILSUB_E_INVALID);
    assert_string_equal(config->user, "me");
    assert_int_equal(mailsub_config_set_credentials(config, NULL, NULL), MAILSUB_OK);
    assert_null(config->user);
    assert_null(config->password);
    mailsub_config_unref(config);
}

static void unreadable_authorities_are_refused(void **state)
{
    (void)state;
    mailsub_config *config = new_config();
    const mailsub__trust *before = config->trust;
    assert_int_equal(mailsub_config_set_ca_file(config, "/nonexistent/ca.pem"), MAILSUB_E_CA);
    assert_non_null(strstr(mailsub_config_get_error_detail(config), "/nonexistent/ca.pem"));
    assert_int_equal(mailsub_config_set_ca_file(config, "/dev/null"), MAILSUB_E_CA);
    assert_int_equal(mailsub_config_set_ca_file(config, "/"), MAILSUB_E_CA);
    assert_int_equal(mailsub_config_set_ca_data(config, "not a certificate", 17), MAILSUB_E_CA);
    assert_int_equal(mailsub_config_set_ca_data(config, "", 0), MAILSUB_E_INVALID);
    assert_ptr_equal(config->trust, before);
    assert_false(config->trust_chosen);
    mailsub_config_unref(config);
}

struct name_row {
    const char *name; /* also the text */
    int want_helo;
    int want_verify;
    const char *want_text; /* as kept */
};

static const struct name_row name_rows[] = {
    {"app.example.org", 0, 0, "app.example.org"},
    {"APP.example.org", 0, 0, "app.example.org"},
    {"b\xc3\xbc"
     "cher.example",
     0, 0, "xn--bcher-kva.example"},
    {"[192.0.2.1]", 0, MAILSUB_E_HOST_NAME, "[192.0.2.1]"},
    {"[IPv6:2001:db8::1]", 0, MAILSUB_E_HOST_NAME, "[IPv6:2001:db8::1]"},
    {"192.0.2.1", MAILSUB_E_HOST_NAME, 0, "192.0.2.1"},
    {"2001:db8::1", MAILSUB_E_HOST_NAME, 0, "2001:db8::1"},
    {"[2001:db8::1]", MAILSUB_E_HOST_NAME, MAILSUB_E_HOST_NAME, NULL},
    {"[IPv6:192.0.2.1]", MAILSUB_E_HOST_NAME, MAILSUB_E_HOST_NAME, NULL},
    {"[]", MAILSUB_E_HOST_NAME, MAILSUB_E_HOST_NAME, NULL},
    {"", MAILSUB_E_HOST_NAME, MAILSUB_E_HOST_NAME, NULL},
    {"a b", MAILSUB_E_HOST_NAME, MAILSUB_E_HOST_NAME, NULL},
    {"a..b", MAILSUB_E_HOST_NAME, MAILSUB_E_HOST_NAME, NULL},
};

static void name_row(void **state)
{
    const struct name_row *row = *state;
    const char *text = row->name;
    mailsub_config *config = new_config();
    assert_int_equal(mailsub_config_set_helo_name(config, text), row->want_helo);
    assert_int_equal(mailsub_config_set_verify_name(config, text), row->want_verify);
    if (row->want_helo == MAILSUB_OK)
        assert_string_equal(config->helo_name, row->want_text);
    else
        assert_null(config->helo_name);
    if (row->want_verify == MAILSUB_OK)
        assert_string_equal(config->verify_name, row->want_text);
    else
        assert_null(config->verify_name);
    assert_int_equal(mailsub_config_set_helo_name(config, NULL), MAILSUB_OK);
    assert_int_equal(mailsub_config_set_verify_name(config, NULL), MAILSUB_OK);
    assert_null(config->helo_name);
    assert_null(config->verify_name);
    mailsub_config_unref(config);
}

static void line_ends_are_refused(void **state)
{
    (void)state;
    static const struct name_row line_ends = {"a\r\nMAIL FROM:<x>", MAILSUB_E_HOST_NAME,
                                              MAILSUB_E_HOST_NAME, NULL};
    void *row = unit_row(&line_ends);
    name_row(&row);
}

static void numbers_have_ranges(void **state)
{
    (void)state;
    mailsub_config *config = new_config();
    assert_int_equal(config->timeout_ms[MAILSUB_TIMEOUT_END_OF_DATA], 600000);
    assert_int_equal(mailsub_config_set_timeout(config, MAILSUB_TIMEOUT_DATA, 1), MAILSUB_OK);
    assert_int_equal(config->timeout_ms[MAILSUB_TIMEOUT_DATA], 1);
    assert_int_equal(mailsub_config_set_timeout(config, -1, 1), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_timeout(config, MAILSUB__N_TIMEOUTS, 1), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_timeout(config, 0, 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_timeout(config, 0, 86400001), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_deadline(config, 86400000), MAILSUB_OK);
    assert_int_equal(mailsub_config_set_deadline(config, -1), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_deadline(config, 86400001), MAILSUB_E_INVALID);
    assert_int_equal(config->deadline_ms, 86400000);
    assert_int_equal(mailsub_config_set_all_or_none(config, 2), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_all_or_none(config, 1), MAILSUB_OK);
    mailsub_config_unref(config);
}

static void a_config_in_use_is_frozen(void **state)
{
    (void)state;
    mailsub_config *config = new_config();
    mailsub_session *session = NULL;
    assert_int_equal(mailsub_session_new(config, &session), MAILSUB_OK);
    assert_int_equal(mailsub_config_set_url(config, "smtp://x.example"), MAILSUB_E_STATE);
    assert_int_equal(mailsub_config_set_credentials(config, NULL, NULL), MAILSUB_E_STATE);
    assert_int_equal(mailsub_config_set_tls(config, MAILSUB_TLS_STARTTLS), MAILSUB_E_STATE);
    assert_int_equal(mailsub_config_set_ca_file(config, "/x"), MAILSUB_E_STATE);
    assert_int_equal(mailsub_config_set_ca_data(config, "x", 1), MAILSUB_E_STATE);
    assert_int_equal(mailsub_config_set_verify_name(config, NULL), MAILSUB_E_STATE);
    assert_int_equal(mailsub_config_set_helo_name(config, NULL), MAILSUB_E_STATE);
    assert_int_equal(mailsub_config_set_timeout(config, 0, 1), MAILSUB_E_STATE);
    assert_int_equal(mailsub_config_set_deadline(config, 1), MAILSUB_E_STATE);
    assert_int_equal(mailsub_config_set_all_or_none(config, 1), MAILSUB_E_STATE);
    assert_int_equal(mailsub_config_set_transcript(config, NULL, NULL), MAILSUB_E_STATE);
    assert_int_equal(mailsub_config_insecure_set_no_tls(config), MAILSUB_E_STATE);
    assert_int_equal(mailsub_config_insecure_allow_clear_login(config), MAILSUB_E_STATE);
    assert_int_equal(mailsub_config_insecure_skip_verify(config), MAILSUB_E_STATE);
    mailsub_config_unref(config); /* the session keeps its own reference */
    assert_string_equal(mailsub_config_get_host(config), "mail.example.org");
    mailsub_session_free(session);
}

static void null_is_answered(void **state)
{
    (void)state;
    mailsub_config *config = NULL;
    mailsub_session *session = NULL;
    assert_int_equal(mailsub_config_new(NULL, NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_url(NULL, "smtp://x.example"), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_ca_file(NULL, "/x"), MAILSUB_E_INVALID);
    assert_string_equal(mailsub_config_get_host(NULL), "");
    assert_int_equal(mailsub_config_get_port(NULL), 0);
    assert_string_equal(mailsub_config_get_error_detail(NULL), "");
    mailsub_config_unref(NULL);
    assert_null(mailsub_config_ref(NULL));
    assert_int_equal(mailsub_config_new(NULL, &config), MAILSUB_OK);
    assert_int_equal(mailsub_config_set_url(config, NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_ca_file(config, NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_session_new(config, &session), MAILSUB_E_INVALID); /* no server yet */
    assert_null(session);
    mailsub_config_unref(config);
}

static int set_what_is_copied(mailsub_config *config)
{
    int rc = mailsub_config_set_url(config, "smtp://me:secret@mail.example.org");
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_helo_name(config, "app.example.org");
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_verify_name(config, "other.example.org");
    return rc;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    kit_config_fail_each(set_what_is_copied);
}

static void extensions_have_safe_policies_at_first(void **state)
{
    (void)state;
    mailsub_config *config = new_config();
    for (int i = 0; i < MAILSUB_EXTENSION_END_; i++) {
        int want = i == MAILSUB_EXTENSION_DSN || i == MAILSUB_EXTENSION_MT_PRIORITY
                       ? MAILSUB_MISSING_WARN
                   : i == MAILSUB_EXTENSION_AUTH ? MAILSUB_MISSING_DROP
                                                 : MAILSUB_MISSING_FAIL;
        assert_int_equal(mailsub_config_get_extension_policy(config, i), want);
        assert_string_not_equal(mailsub_extension_name(i), "?");
    }
    assert_int_equal(mailsub_config_get_extension_policy(config, -1), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_get_extension_policy(config, 19), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_get_extension_policy(NULL, 0), MAILSUB_E_INVALID);
    assert_string_equal(mailsub_extension_name(-1), "?");
    assert_string_equal(mailsub_extension_name(19), "?");
    mailsub_config_unref(config);
}

static void policies_are_set_where_a_message_can_do_without(void **state)
{
    (void)state;
    mailsub_config *config = new_config();
    for (int i = -1; i <= MAILSUB_EXTENSION_END_; i++) {
        bool can = i == MAILSUB_EXTENSION_DSN || i == MAILSUB_EXTENSION_MT_PRIORITY ||
                   i == MAILSUB_EXTENSION_AUTH || i == MAILSUB_EXTENSION_DELIVERBY ||
                   i == MAILSUB_EXTENSION_FUTURERELEASE;
        bool is = i >= 0 && i < MAILSUB_EXTENSION_END_;
        assert_int_equal(mailsub_config_set_extension_policy(config, i, MAILSUB_MISSING_DROP),
                         can ? MAILSUB_OK : MAILSUB_E_INVALID);
        assert_int_equal(mailsub_config_set_extension_policy(config, i, MAILSUB_MISSING_WARN),
                         can ? MAILSUB_OK : MAILSUB_E_INVALID);
        assert_int_equal(mailsub_config_set_extension_policy(config, i, MAILSUB_MISSING_FAIL),
                         is ? MAILSUB_OK : MAILSUB_E_INVALID);
    }
    assert_int_equal(mailsub_config_set_extension_policy(config, 0, 3), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_extension_policy(config, 0, -1), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_extension_policy(NULL, 0, 0), MAILSUB_E_INVALID);
    mailsub_config_unref(config);
}

struct setter_row {
    const char *name;
    int (*set)(mailsub_config *config);
    int want;
    const char *detail; /* part of it */
};

#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static int pin(mailsub_config *config)
{
    return mailsub_config_add_pin(config, HEX);
}

static int bad_pin(mailsub_config *config)
{
    return mailsub_config_add_pin(config, "abc\r\n");
}

static int pin_too_many(mailsub_config *config)
{
    for (int i = 0; i < 16; i++)
        assert_int_equal(pin(config), MAILSUB_OK);
    return pin(config);
}

static int fingerprint(mailsub_config *config)
{
    return mailsub_config_set_fingerprint(config, HEX);
}

static int no_fingerprint(mailsub_config *config)
{
    return mailsub_config_set_fingerprint(config, NULL);
}

static int bad_fingerprint(mailsub_config *config)
{
    return mailsub_config_set_fingerprint(config, "");
}

static int missing_crl(mailsub_config *config)
{
    return mailsub_config_set_crl_file(config, "/nonexistent/crl.pem");
}

static int empty_crl(mailsub_config *config)
{
    return mailsub_config_set_crl_file(config, "/dev/null");
}

static int missing_client(mailsub_config *config)
{
    return mailsub_config_set_client_certificate(config, "/nonexistent/c", "/nonexistent/k", NULL);
}

static int client_without_key(mailsub_config *config)
{
    return mailsub_config_set_client_certificate(config, "/etc/c.pem", NULL, NULL);
}

static int bad_client(mailsub_config *config)
{
    return mailsub_config_set_client_certificate_data(config, "nothing", 7, NULL);
}

static int no_client(mailsub_config *config)
{
    return mailsub_config_set_client_certificate_data(config, "", 0, NULL);
}

static int missing_pkcs12(mailsub_config *config)
{
    return mailsub_config_set_client_pkcs12(config, "/nonexistent/c.p12", NULL);
}

static int bad_pkcs12(mailsub_config *config)
{
    return mailsub_config_set_client_pkcs12(config, "/dev/null", "secret");
}

static int newest_version(mailsub_config *config)
{
    return mailsub_config_set_tls_min_version(config, MAILSUB_TLS_VERSION_1_3);
}

static int old_version(mailsub_config *config)
{
    return mailsub_config_set_tls_min_version(config, 0x0302);
}

static int versions_that_exclude_each_other(mailsub_config *config)
{
    assert_int_equal(mailsub_config_set_tls_priority(config, "NORMAL:-VERS-TLS1.3"), MAILSUB_OK);
    return newest_version(config);
}

static int a_priority(mailsub_config *config)
{
    assert_int_equal(mailsub_config_set_tls_priority(config, "SECURE256"), MAILSUB_OK);
    return mailsub_config_set_tls_priority(config, NULL);
}

static int bad_priority(mailsub_config *config)
{
    return mailsub_config_set_tls_priority(config, "BEST");
}

static int long_priority(mailsub_config *config)
{
    char text[1000];
    memset(text, 'A', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    return mailsub_config_set_tls_priority(config, text);
}

static int no_resumption(mailsub_config *config)
{
    return mailsub_config_set_tls_resumption(config, 0);
}

static int bad_resumption(mailsub_config *config)
{
    return mailsub_config_set_tls_resumption(config, 2);
}

static const struct setter_row setter_rows[] = {
    {"a pin", pin, MAILSUB_OK, ""},
    {"a pin that is none", bad_pin, MAILSUB_E_PIN, "not a SHA-256"},
    {"a fingerprint", fingerprint, MAILSUB_OK, ""},
    {"no fingerprint", no_fingerprint, MAILSUB_OK, ""},
    {"a fingerprint that is none", bad_fingerprint, MAILSUB_E_PIN, "not a SHA-256"},
    {"a revocation list that is missing", missing_crl, MAILSUB_E_CERTIFICATE, "No such file"},
    {"an empty revocation list", empty_crl, MAILSUB_E_CERTIFICATE, "no revocation list"},
    {"a client certificate that is missing", missing_client, MAILSUB_E_CERTIFICATE,
     "/nonexistent/c: "},
    {"a client certificate without key", client_without_key, MAILSUB_E_INVALID, ""},
    {"a client certificate that is none", bad_client, MAILSUB_E_CERTIFICATE, "the client"},
    {"an empty client certificate", no_client, MAILSUB_E_INVALID, "no client certificate"},
    {"PKCS #12 that is missing", missing_pkcs12, MAILSUB_E_CERTIFICATE, "/nonexistent/c.p12: "},
    {"PKCS #12 that is none", bad_pkcs12, MAILSUB_E_CERTIFICATE, "/dev/null: "},
    {"the newest version", newest_version, MAILSUB_OK, ""},
    {"an old version", old_version, MAILSUB_E_INVALID, "no such TLS version"},
    {"a priority that is none", bad_priority, MAILSUB_E_INVALID, "malformed"},
    {"a priority without end", long_priority, MAILSUB_E_INVALID, "malformed"},
    {"no resumption", no_resumption, MAILSUB_OK, ""},
    {"a switch that is neither", bad_resumption, MAILSUB_E_INVALID, "neither 0 nor 1"},
};

/* Several calls, of which the last one is told. */
static const struct setter_row sequence_rows[] = {
    {"a pin too many", pin_too_many, MAILSUB_E_LIMIT, "16 pins"},
    {"versions that exclude each other", versions_that_exclude_each_other, MAILSUB_E_INVALID,
     "leaves no version"},
    {"a priority, taken back", a_priority, MAILSUB_OK, ""},
};

/* Call the setter with the n-th allocation failing; 0: none fails. Then once more, in use. */
static int set_once(const struct setter_row *row, size_t n, bool is_frozen_too)
{
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub_config *config = NULL;
    assert_int_equal(mailsub_config_new(&allocator, &config), 0);
    heap.fail_at = n > 0 ? heap.n_requests + n : 0;
    int rc = row->set(config);
    if (rc != MAILSUB_E_NOMEM)
        assert_non_null(strstr(mailsub_config_get_error_detail(config), row->detail));
    heap.fail_at = 0;
    mailsub_session *session = NULL;
    assert_int_equal(mailsub_config_set_url(config, "smtp://relay.test"), 0);
    assert_int_equal(mailsub_session_new(config, &session), 0);
    if (is_frozen_too)
        assert_int_equal(row->set(config), MAILSUB_E_STATE);
    mailsub_session_free(session);
    mailsub_config_unref(config);
    assert_int_equal(heap.n_live, 0);
    return rc;
}

static void setter_row(void **state)
{
    const struct setter_row *row = *state;
    assert_int_equal(set_once(row, 0, true), row->want);
    assert_int_equal(row->set(NULL), MAILSUB_E_INVALID);
    int rc = MAILSUB_E_NOMEM;
    for (size_t n = 1; rc == MAILSUB_E_NOMEM; n++)
        rc = set_once(row, n, true);
    assert_int_equal(rc, row->want);
}

static void sequence_row(void **state)
{
    const struct setter_row *row = *state;
    assert_int_equal(set_once(row, 0, false), row->want);
}

int main(void)
{
    static struct CMUnitTest tests[64] = {
        cmocka_unit_test(the_url_leaves_alone_what_it_does_not_say),
        cmocka_unit_test(a_refused_url_changes_nothing),
        cmocka_unit_test(further_servers_stand_in_their_order),
        cmocka_unit_test(a_server_that_cannot_stand_behind_others_is_refused),
        cmocka_unit_test(servers_have_their_number),
        cmocka_unit_test(pauses_have_their_range),
        cmocka_unit_test(each_allocation_of_servers_may_fail),
        cmocka_unit_test(tls_chosen_by_name_outlives_the_url),
        cmocka_unit_test(credentials_are_checked),
        cmocka_unit_test(unreadable_authorities_are_refused),
        cmocka_unit_test(line_ends_are_refused),
        cmocka_unit_test(numbers_have_ranges),
        cmocka_unit_test(a_config_in_use_is_frozen),
        cmocka_unit_test(null_is_answered),
        cmocka_unit_test(extensions_have_safe_policies_at_first),
        cmocka_unit_test(policies_are_set_where_a_message_can_do_without),
        cmocka_unit_test(every_allocation_may_fail),
    };
    size_t n_tests = 17;
    UNIT_ADD_ROWS(tests, n_tests, name_rows, name_row);
    UNIT_ADD_ROWS(tests, n_tests, setter_rows, setter_row);
    UNIT_ADD_ROWS(tests, n_tests, sequence_rows, sequence_row);
    return UNIT_RUN(tests, n_tests);
}

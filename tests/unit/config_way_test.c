/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a config says of the way to the server. */
#include "config_kit.h"

#include <stdio.h>

#include <mailsub/session.h>

static void a_path_takes_the_place_of_a_host(void **state)
{
    (void)state;
    mailsub_config *config = kit_config("submission://me:pw@mail.example.org");
    assert_string_equal(mailsub_config_get_path(config), "");
    assert_int_equal(mailsub_config_set_url(config, "lmtp+unix:/run/a%20b"), MAILSUB_OK);
    assert_string_equal(mailsub_config_get_path(config), "/run/a b");
    assert_string_equal(mailsub_config_get_host(config), "localhost");
    assert_int_equal(mailsub_config_get_port(config), 0);
    assert_int_equal(mailsub_config_get_tls(config), MAILSUB_TLS_OPPORTUNISTIC);
    assert_true(config->lmtp);
    assert_string_equal(config->user, "me");
    mailsub__dial_settings dial;
    mailsub__config_fill_dial(config, config->servers, &dial);
    assert_string_equal(dial.unix_path, "/run/a b");
    assert_int_equal(mailsub_config_set_url(config, "smtp+unix:/run/x"), MAILSUB_OK);
    assert_false(config->lmtp);
    assert_int_equal(mailsub_config_set_url(config, "submission://mail.example.org"), MAILSUB_OK);
    assert_string_equal(mailsub_config_get_path(config), "");
    mailsub__config_fill_dial(config, config->servers, &dial);
    assert_null(dial.unix_path);
    mailsub_config_unref(config);
}

static void lmtp_by_name_outlives_the_url(void **state)
{
    (void)state;
    mailsub_config *config = kit_config("smtp://mail.example.org:24");
    assert_int_equal(mailsub_config_set_lmtp(config, 1), MAILSUB_OK);
    assert_int_equal(mailsub_config_set_url(config, "smtp://other.example.org:24"), MAILSUB_OK);
    assert_true(config->lmtp);
    assert_int_equal(mailsub_config_set_url(config, "lmtp://other.example.org"), MAILSUB_OK);
    assert_int_equal(mailsub_config_set_lmtp(config, 0), MAILSUB_OK);
    assert_false(config->lmtp);
    mailsub_config_unref(config);
}

static void source_addresses_are_kept_by_family(void **state)
{
    (void)state;
    mailsub_config *config = kit_config("smtp://mail.example.org");
    mailsub__dial_settings dial;
    assert_int_equal(mailsub_config_set_source_address(config, "192.0.2.1"), MAILSUB_OK);
    assert_int_equal(mailsub_config_set_source_address(config, "2001:db8::1"), MAILSUB_OK);
    assert_int_equal(mailsub_config_set_source_address(config, "192.0.2.2"), MAILSUB_OK);
    static const char *const wrong[] = {"",           "localhost",  "[::1]",         "192.0.2",
                                        "192.0.2.1 ", "fe80::1%lo", "192.0.2.1\r\n", "0x7f.1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(mailsub_config_set_source_address(config, wrong[i]), MAILSUB_E_HOST_NAME);
    assert_string_not_equal(mailsub_config_get_error_detail(config), "");
    mailsub__config_fill_dial(config, config->servers, &dial);
    assert_string_equal(dial.source_ipv4, "192.0.2.2");
    assert_string_equal(dial.source_ipv6, "2001:db8::1");
    assert_int_equal(mailsub_config_set_source_address(config, NULL), MAILSUB_OK);
    mailsub__config_fill_dial(config, config->servers, &dial);
    assert_null(dial.source_ipv4);
    assert_null(dial.source_ipv6);
    mailsub_config_unref(config);
}

struct proxy_row {
    const char *name; /* also the URL */
    int want_rc;
    int want_kind;
    const char *want_host;
    int want_port;
    const char *want_user; /* NULL: none */
    const char *want_password;
    const char *want_credentials;
};

#define REFUSED(url)                                                                               \
    {                                                                                              \
        .name = url, .want_rc = MAILSUB_E_URL                                                      \
    }

static const struct proxy_row proxies[] = {
    {"socks5://proxy.example.org", 0, MAILSUB__PROXY_SOCKS5, "proxy.example.org", 1080, NULL, NULL,
     NULL},
    {"SOCKS5H://127.0.0.1:9050/", 0, MAILSUB__PROXY_SOCKS5, "127.0.0.1", 9050, NULL, NULL, NULL},
    {"http://[::1]:3128", 0, MAILSUB__PROXY_HTTP, "::1", 3128, NULL, NULL, NULL},
    {"http://proxy.example.org", 0, MAILSUB__PROXY_HTTP, "proxy.example.org", 80, NULL, NULL, NULL},
    {"http://me:a%3ab@proxy.example.org", 0, MAILSUB__PROXY_HTTP, "proxy.example.org", 80, "me",
     "a:b", "bWU6YTpi"},
    {"socks5://m%3ae:pw@proxy.example.org", 0, MAILSUB__PROXY_SOCKS5, "proxy.example.org", 1080,
     "m:e", "pw", "bTplOnB3"},
    REFUSED(""),
    REFUSED("proxy.example.org:1080"),
    REFUSED("https://proxy.example.org"),
    REFUSED("socks4://proxy.example.org"),
    REFUSED("smtp://proxy.example.org"),
    REFUSED("socks5:/run/socks"),
    REFUSED("socks5://"),
    REFUSED("socks5://proxy.example.org/x"),
    REFUSED("socks5://proxy.example.org:0"),
    REFUSED("socks5://a b"),
    REFUSED("socks5://me@proxy.example.org"),
    REFUSED("socks5://me:@proxy.example.org"),
    REFUSED("socks5://me:a%0db@proxy.example.org"),
    REFUSED("http://m%3ae:pw@proxy.example.org"),
    REFUSED("http://x\r\ny"),
};

static void check_proxy(const mailsub_config *config, const struct proxy_row *row)
{
    const mailsub__server server = {.way = MAILSUB__WAY_TCP};
    mailsub__dial_settings dial;
    mailsub__config_fill_dial(config, &server, &dial);
    assert_int_equal(dial.proxy.kind, row->want_kind);
    assert_string_equal(dial.proxy.host, row->want_host);
    assert_int_equal(dial.proxy.port, row->want_port);
    if (!row->want_user) {
        assert_null(dial.proxy.user);
        assert_null(dial.proxy.password);
        assert_null(dial.proxy.credentials);
        return;
    }
    assert_string_equal(dial.proxy.user, row->want_user);
    assert_string_equal(dial.proxy.password, row->want_password);
    assert_string_equal(dial.proxy.credentials, row->want_credentials);
}

/* With each allocation failing once, and each time behind another proxy, which then stays. */
static void proxy_row(void **state)
{
    const struct proxy_row *row = *state;
    for (size_t fail_at = 0;; fail_at++) {
        struct unit_heap heap = {.fail_at = 0};
        mailsub_allocator allocator = unit_allocator(&heap);
        mailsub_config *config = NULL;
        assert_int_equal(mailsub_config_new(&allocator, &config), MAILSUB_OK);
        assert_int_equal(mailsub_config_set_proxy(config, "socks5://a:b@old.example.org"), 0);
        size_t n_before = heap.n_requests;
        heap.fail_at = fail_at > 0 ? n_before + fail_at : 0;
        int rc = mailsub_config_set_proxy(config, row->name);
        bool is_through = fail_at > 0 && heap.n_requests - n_before < fail_at;
        if (rc == MAILSUB_OK)
            check_proxy(config, row);
        else
            assert_string_equal(config->proxy_host, "old.example.org");
        assert_int_equal(rc, fail_at == 0 || is_through ? row->want_rc : MAILSUB_E_NOMEM);
        assert_int_equal(mailsub_config_set_proxy(config, NULL), MAILSUB_OK);
        assert_int_equal(config->proxy_kind, MAILSUB__PROXY_NONE);
        assert_null(config->proxy_password);
        mailsub_config_unref(config);
        assert_int_equal(heap.n_live, 0);
        if (is_through)
            return;
    }
}

static void a_proxys_login_has_255_octets_at_most(void **state)
{
    (void)state;
    char url[600];
    mailsub_config *config = kit_config("smtp://mail.example.org");
    for (int len = 255; len <= 256; len++) {
        snprintf(url, sizeof url, "socks5://%0*d:x@p.example.org", len, 1);
        assert_int_equal(mailsub_config_set_proxy(config, url), len == 255 ? 0 : MAILSUB_E_URL);
        snprintf(url, sizeof url, "socks5://x:%0*d@p.example.org", len, 1);
        assert_int_equal(mailsub_config_set_proxy(config, url), len == 255 ? 0 : MAILSUB_E_URL);
    }
    mailsub_config_unref(config);
}

static int connect_nowhere(void *context, const char *host, int port, int *out_fd)
{
    (void)context;
    (void)host;
    (void)port;
    (void)out_fd;
    return MAILSUB_E_CONNECT;
}

static void a_config_in_use_is_frozen(void **state)
{
    (void)state;
    mailsub_config *config = kit_config("smtp+unix:/run/x");
    mailsub_session *session = NULL;
    assert_int_equal(mailsub_config_set_connect(config, connect_nowhere, NULL), MAILSUB_OK);
    assert_int_equal(mailsub_config_set_connect(config, NULL, NULL), MAILSUB_OK);
    assert_int_equal(mailsub_session_new(config, &session), MAILSUB_OK);
    assert_int_equal(mailsub_config_set_source_address(config, NULL), MAILSUB_E_STATE);
    assert_int_equal(mailsub_config_set_proxy(config, NULL), MAILSUB_E_STATE);
    assert_int_equal(mailsub_config_set_connect(config, NULL, NULL), MAILSUB_E_STATE);
    mailsub_session_free(session);
    mailsub_config_unref(config);
}

static void null_is_answered(void **state)
{
    (void)state;
    assert_string_equal(mailsub_config_get_path(NULL), "");
    assert_int_equal(mailsub_config_set_source_address(NULL, NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_proxy(NULL, NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_connect(NULL, NULL, NULL), MAILSUB_E_INVALID);
}

static int set_what_is_copied(mailsub_config *config)
{
    int rc = mailsub_config_set_url(config, "smtp+unix:/run/x");
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_source_address(config, "192.0.2.1");
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_source_address(config, "2001:db8::1");
    return rc;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    kit_config_fail_each(set_what_is_copied);
}

int main(void)
{
    static struct CMUnitTest tests[64] = {
        cmocka_unit_test(a_path_takes_the_place_of_a_host),
        cmocka_unit_test(lmtp_by_name_outlives_the_url),
        cmocka_unit_test(source_addresses_are_kept_by_family),
        cmocka_unit_test(a_proxys_login_has_255_octets_at_most),
        cmocka_unit_test(a_config_in_use_is_frozen),
        cmocka_unit_test(null_is_answered),
        cmocka_unit_test(every_allocation_may_fail),
    };
    size_t n_tests = 7;
    UNIT_ADD_ROWS(tests, n_tests, proxies, proxy_row);
    return UNIT_RUN(tests, n_tests);
}

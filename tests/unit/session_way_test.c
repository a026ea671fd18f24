/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sessions by each way to a server: Unix sockets, LMTP, descriptors and connections of the
 * application, proxies. Behind each stands the fake server of libmailsub-testing, or a script.
 */
#include "leftovers.h"
#include "session_kit.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer.h"
#include "way_relay.h"

#define OCTETS(text) (text), sizeof(text) - 1

static struct session_kit fixture;

/* Where its server is. */
struct place {
    struct way_relay relay;
    bool has_relay;
    char path[64];
    char url[128];
    char proxy[128];
    char notes[512]; /* of the transcript */
    size_t n_descriptors;
};

static struct place place;

static void take_note(void *context, int direction, const char *line, size_t len)
{
    (void)context;
    size_t used = strlen(place.notes);
    if (direction == MAILSUB_TRANSCRIPT_NOTE && used + len + 2 < sizeof place.notes)
        snprintf(place.notes + used, sizeof place.notes - used, "%.*s\n", (int)len, line);
}

static int set_up(void **state)
{
    place = (struct place){.n_descriptors = count_descriptors()};
    snprintf(place.path, sizeof place.path, "/tmp/mailsub-way-%ld", (long)getpid());
    snprintf(place.url, sizeof place.url, "smtp+unix:%s", place.path);
    session_kit_make(&fixture, MAILSUB_RECIPIENT_TO, "x\n");
    mailsub_config_set_helo_name(fixture.config, "app.example.org");
    mailsub_config_set_transcript(fixture.config, take_note, NULL);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    /* The relay is idle once the session has gone, and speaks to the server. */
    mailsub_session_free(fixture.session);
    fixture.session = NULL;
    if (place.has_relay)
        way_relay_stop(&place.relay);
    session_kit_free(&fixture);
    assert_int_equal(count_descriptors(), place.n_descriptors);
    return 0;
}

static int start_server(uint32_t flags)
{
    assert_int_equal(mailsub_testing_server_new(flags, &fixture.server), 0);
    assert_int_equal(mailsub_testing_server_start(fixture.server), 0);
    return mailsub_testing_server_get_port(fixture.server);
}

static void start_relay(const char *path, const struct way_turn *turns, int target)
{
    place.relay = (struct way_relay){.path = path, .turns = turns, .target = target};
    way_relay_start(&place.relay);
    place.has_relay = true;
}

static void begin_session(const char *url)
{
    assert_int_equal(mailsub_config_set_url(fixture.config, url), 0);
    if (fixture.server && mailsub_testing_server_get_ca(fixture.server)[0])
        mailsub_config_set_ca_data(fixture.config, mailsub_testing_server_get_ca(fixture.server),
                                   strlen(mailsub_testing_server_get_ca(fixture.server)));
    assert_int_equal(mailsub_session_new(fixture.config, &fixture.session), 0);
}

static int submit(void)
{
    return mailsub_session_submit(fixture.session, fixture.message, fixture.receipt);
}

#define EXPECT_NOTE(text) assert_non_null(strstr(place.notes, text))

/* ---- Unix sockets ---- */

static void a_unix_socket_leads_to_the_server(void **state)
{
    (void)state;
    int port = start_server(MAILSUB_TESTING_PIPELINING);
    start_relay(place.path, NULL, port);
    begin_session(place.url);
    for (int i = 0; i < 2; i++)
        assert_int_equal(submit(), MAILSUB_OK);
    char want[128];
    snprintf(want, sizeof want, "Unix socket %s", place.path);
    EXPECT_NOTE(want);
    assert_int_equal(mailsub_testing_server_count_messages(fixture.server), 2);
    assert_string_equal(mailsub_receipt_get_tls_version(fixture.receipt), "");
}

static void tls_is_used_over_a_unix_socket_when_it_is_offered(void **state)
{
    (void)state;
    int port = start_server(MAILSUB_TESTING_STARTTLS);
    start_relay(place.path, NULL, port);
    begin_session(place.url);
    assert_int_equal(submit(), MAILSUB_OK);
    assert_string_not_equal(mailsub_receipt_get_tls_version(fixture.receipt), "");
    EXPECT_NOTE("certificate verified");
}

static void a_missing_unix_socket_is_told(void **state)
{
    (void)state;
    begin_session(place.url);
    assert_int_equal(submit(), MAILSUB_E_CONNECT);
    assert_int_equal(mailsub_receipt_get_stage(fixture.receipt), MAILSUB_STAGE_CONNECT);
    char want[128];
    snprintf(want, sizeof want, "%s: No such file or directory", place.path);
    assert_string_equal(mailsub_receipt_get_detail(fixture.receipt), want);
}

static const struct way_turn lmtp[] = {
    {OCTETS(""), OCTETS("220 x LMTP\r\n")},
    {OCTETS("LHLO app.example.org\r\n"), OCTETS("250 x\r\n")},
    {OCTETS("MAIL FROM:<me@example.org>\r\n"), OCTETS("250 2.1.0 ok\r\n")},
    {OCTETS("RCPT TO:<one@example.net>\r\n"), OCTETS("250 2.1.5 ok\r\n")},
    {OCTETS("RCPT TO:<two@example.net>\r\n"), OCTETS("250 2.1.5 ok\r\n")},
    {OCTETS("DATA\r\n"), OCTETS("354 go on\r\n")},
    {NULL, 0, OCTETS("250 2.0.0 kept\r\n452 4.2.2 full\r\n")},
    {NULL, 0, NULL, 0},
};

static void lmtp_over_a_unix_socket_answers_for_each(void **state)
{
    (void)state;
    start_relay(place.path, lmtp, 0);
    snprintf(place.url, sizeof place.url, "lmtp+unix:%s", place.path);
    begin_session(place.url);
    assert_int_equal(submit(), MAILSUB_E_PARTIAL);
    assert_int_equal(mailsub_receipt_get_outcome(fixture.receipt, 0), MAILSUB_OUTCOME_ACCEPTED);
    assert_int_equal(mailsub_receipt_get_outcome(fixture.receipt, 1), MAILSUB_OUTCOME_DEFERRED);
    assert_int_equal(mailsub_receipt_get_recipient_reply_code(fixture.receipt, 1), 452);
}

/* ---- connections of the application ---- */

static int connect_tcp(int port)
{
    int fd = peer_connect(port);
    assert_true(fd >= 0);
    return fd;
}

static void a_descriptor_is_used_once(void **state)
{
    (void)state;
    int port = start_server(MAILSUB_TESTING_IMPLICIT_TLS);
    begin_session("submissions://localhost:1");
    assert_int_equal(mailsub_session_take_descriptor(fixture.session, connect_tcp(port)), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(submit(), MAILSUB_OK);
    EXPECT_NOTE("certificate verified");
    mailsub_session_close(fixture.session);
    /* Now it goes its own way, where nobody listens. */
    assert_int_equal(submit(), MAILSUB_E_CONNECT);
    assert_int_equal(mailsub_session_take_descriptor(fixture.session, connect_tcp(port)), 0);
    assert_int_equal(submit(), MAILSUB_OK);
    assert_int_equal(mailsub_testing_server_count_messages(fixture.server), 3);
    /* What is not used is closed with the session. */
    assert_int_equal(mailsub_session_take_descriptor(fixture.session, connect_tcp(port)), 0);
    assert_int_equal(mailsub_session_take_descriptor(fixture.session, connect_tcp(port)), 0);
}

static void the_certificate_counts_over_a_descriptor_too(void **state)
{
    (void)state;
    int port = start_server(MAILSUB_TESTING_IMPLICIT_TLS);
    begin_session("submissions://mail.example.org");
    assert_int_equal(mailsub_session_take_descriptor(fixture.session, connect_tcp(port)), 0);
    assert_int_equal(submit(), MAILSUB_E_TLS_NAME);
}

static void what_is_no_stream_socket_is_closed(void **state)
{
    (void)state;
    begin_session("submissions://localhost:1");
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(mailsub_session_take_descriptor(fixture.session, ends[0]), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_session_take_descriptor(NULL, ends[1]), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_session_take_descriptor(fixture.session, -1), MAILSUB_E_INVALID);
    int datagram = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(mailsub_session_take_descriptor(fixture.session, datagram), MAILSUB_E_INVALID);
}

static int connect_elsewhere(void *context, const char *host, int port, int *out_fd)
{
    assert_string_equal(host, "localhost");
    assert_int_equal(port, 465);
    *out_fd = connect_tcp(*(const int *)context);
    return MAILSUB_OK;
}

static int refuse_to_connect(void *context, const char *host, int port, int *out_fd)
{
    (void)context;
    (void)host;
    (void)port;
    (void)out_fd;
    return MAILSUB_E_RESOLVE;
}

static void the_application_connects(void **state)
{
    (void)state;
    int port = start_server(MAILSUB_TESTING_IMPLICIT_TLS);
    assert_int_equal(mailsub_config_set_connect(fixture.config, connect_elsewhere, &port), 0);
    begin_session("submissions://localhost");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(submit(), MAILSUB_OK);
        mailsub_session_close(fixture.session);
    }
    assert_int_equal(mailsub_testing_server_count_connections(fixture.server), 2);
}

static void the_application_cannot_connect(void **state)
{
    (void)state;
    assert_int_equal(mailsub_config_set_connect(fixture.config, refuse_to_connect, NULL), 0);
    begin_session("submissions://mail.example.org");
    assert_int_equal(submit(), MAILSUB_E_RESOLVE);
    assert_string_equal(mailsub_receipt_get_detail(fixture.receipt),
                        "mail.example.org port 465: the application could not connect");
}

/* ---- proxies ---- */

#define SOCKS_NAME OCTETS("\5\1\0\3\20mail.example.org\1\321")
#define SOCKS_GRANTED OCTETS("\5\0\0\1\177\0\0\1\0\31")
#define HTTP_HEAD "CONNECT mail.example.org:465 HTTP/1.1\r\nHost: mail.example.org:465\r\n"
#define END                                                                                        \
    {                                                                                              \
        NULL, 0, NULL, 0                                                                           \
    }

static const struct way_turn socks[] = {
    {OCTETS("\5\1\0"), OCTETS("\5\0")}, {SOCKS_NAME, SOCKS_GRANTED}, END};
static const struct way_turn socks_login[] = {{OCTETS("\5\2\0\2"), OCTETS("\5\2")},
                                              {OCTETS("\1\3m:e\3s@t"), OCTETS("\1\0")},
                                              {SOCKS_NAME, SOCKS_GRANTED},
                                              END};
static const struct way_turn socks_unreachable[] = {
    {OCTETS("\5\1\0"), OCTETS("\5\0")}, {SOCKS_NAME, OCTETS("\5\4\0\1\0\0\0\0\0\0")}, END};
static const struct way_turn socks_demands[] = {{OCTETS("\5\1\0"), OCTETS("\5\377")}, END};
static const struct way_turn hangs_up[] = {{OCTETS("\5\1\0"), OCTETS("\5")}, END};
static const struct way_turn http[] = {
    {OCTETS(HTTP_HEAD "\r\n"), OCTETS("HTTP/1.1 200 Fine\r\nVia: x\r\n\r\n")}, END};
static const struct way_turn http_login[] = {
    {OCTETS(HTTP_HEAD "Proxy-Authorization: Basic bWU6c0B0\r\n\r\n"),
     OCTETS("HTTP/1.0 200 Fine\r\n\r\n")},
    END};
static const struct way_turn http_forbids[] = {
    {OCTETS(HTTP_HEAD "\r\n"), OCTETS("HTTP/1.1 403 Filtered\r\nContent-Length: 1\r\n\r\nx")}, END};
static const struct way_turn no_proxy[] = {{OCTETS(""), OCTETS("220 mail.example ESMTP\r\n")}, END};

static const struct proxy_row {
    const char *name;
    const char *scheme;
    const char *login;
    const struct way_turn *turns;
    int want;
    const char *want_detail; /* behind "proxy localhost port N: " */
} proxies[] = {
    {"SOCKS5", "socks5", "", socks, 0, ""},
    {"SOCKS5 by its other name", "socks5h", "", socks, 0, ""},
    {"SOCKS5 with a login", "socks5", "m%3ae:s%40t@", socks_login, 0, ""},
    {"SOCKS5 that cannot reach the server", "socks5", "", socks_unreachable, MAILSUB_E_PROXY,
     "host unreachable"},
    {"SOCKS5 that demands a login", "socks5", "", socks_demands, MAILSUB_E_PROXY_LOGIN,
     "it demands a login"},
    {"a proxy that hangs up", "socks5", "", hangs_up, MAILSUB_E_PROXY, "it closed the connection"},
    {"HTTP", "http", "", http, 0, ""},
    {"HTTP with a login", "http", "me:s%40t@", http_login, 0, ""},
    {"HTTP that forbids", "http", "", http_forbids, MAILSUB_E_PROXY_REFUSED,
     "HTTP/1.1 403 Filtered"},
    {"a mail server in place of a proxy", "http", "", no_proxy, MAILSUB_E_PROXY_PROTOCOL, ""},
};

/* The server is called mail.example.org, and nobody here asks for that name. */
static void begin_proxied(const struct proxy_row *row)
{
    int port = start_server(MAILSUB_TESTING_IMPLICIT_TLS);
    start_relay(NULL, row->turns, row->turns == hangs_up ? 0 : port);
    snprintf(place.proxy, sizeof place.proxy, "%s://%slocalhost:%d", row->scheme, row->login,
             place.relay.port);
    assert_int_equal(mailsub_config_set_proxy(fixture.config, place.proxy), 0);
    assert_int_equal(mailsub_config_set_verify_name(fixture.config, "localhost"), 0);
    begin_session("submissions://mail.example.org");
}

static void proxy_row(void **state)
{
    const struct proxy_row *row = *state;
    void *unused = NULL;
    set_up(&unused);
    begin_proxied(row);
    assert_int_equal(submit(), row->want);
    char want[160];
    if (row->want) {
        assert_int_equal(mailsub_receipt_get_stage(fixture.receipt), MAILSUB_STAGE_CONNECT);
        snprintf(want, sizeof want, "proxy localhost port %d: %s", place.relay.port,
                 row->want_detail);
        assert_non_null(strstr(mailsub_receipt_get_detail(fixture.receipt), want));
    } else {
        snprintf(want, sizeof want, "mail.example.org port 465 by proxy 127.0.0.1 port %d",
                 place.relay.port);
        EXPECT_NOTE(want);
        EXPECT_NOTE("certificate verified");
        /* And once more, over another connection. */
        mailsub_session_close(fixture.session);
        assert_int_equal(submit(), MAILSUB_OK);
        assert_int_equal(mailsub_testing_server_count_messages(fixture.server), 2);
    }
    tear_down(&unused);
}

static const struct way_turn socks_localhost[] = {
    {OCTETS("\5\1\0"), OCTETS("\5\0")},
    {OCTETS("\5\1\0\3\11localhost\0\31"), SOCKS_GRANTED},
    END,
};

/* In clear only to this host; what the proxy calls localhost is not this host. */
static void a_proxys_localhost_gets_nothing_in_clear(void **state)
{
    (void)state;
    int port = start_server(0);
    start_relay(NULL, socks_localhost, port);
    snprintf(place.proxy, sizeof place.proxy, "socks5://127.0.0.1:%d", place.relay.port);
    assert_int_equal(mailsub_config_set_proxy(fixture.config, place.proxy), 0);
    begin_session("smtp://localhost");
    assert_int_equal(submit(), MAILSUB_E_CONNECT);
    mailsub_session_free(fixture.session);
    fixture.session = NULL;
    assert_int_equal(mailsub_testing_server_count_messages(fixture.server), 0);
}

/* The server speaks first, in the same segment as the proxy's last word. */
static void what_stands_behind_the_proxys_reply_is_the_servers(void **state)
{
    (void)state;
    static const struct way_turn turns[] = {
        {OCTETS("\5\1\0"), OCTETS("\5\0")},
        {SOCKS_NAME, OCTETS("\5\0\0\1\177\0\0\1\0\31"
                            "220 x\r\n")},
        {OCTETS("EHLO app.example.org\r\n"), OCTETS("250 x\r\n")},
        {OCTETS("MAIL FROM:<me@example.org>\r\n"), OCTETS("550 5.7.1 no\r\n")},
        END,
    };
    start_relay(NULL, turns, 0);
    snprintf(place.proxy, sizeof place.proxy, "socks5://127.0.0.1:%d", place.relay.port);
    assert_int_equal(mailsub_config_set_proxy(fixture.config, place.proxy), 0);
    assert_int_equal(mailsub_config_insecure_set_no_tls(fixture.config), 0);
    begin_session("smtp://mail.example.org:465");
    assert_int_equal(submit(), MAILSUB_E_SENDER_REFUSED);
}

/* ---- memory ---- */

static int submit_with(struct unit_heap *heap, const char *url, const char *proxy, int port)
{
    mailsub_allocator allocator = unit_allocator(heap);
    mailsub_config *config = NULL;
    mailsub_session *session = NULL;
    const char *ca = mailsub_testing_server_get_ca(fixture.server);
    int rc = mailsub_config_new(&allocator, &config);
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_url(config, url);
    if (rc == MAILSUB_OK && proxy)
        rc = mailsub_config_set_proxy(config, proxy);
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_verify_name(config, "localhost");
    if (rc == MAILSUB_OK && port > 0)
        rc = mailsub_config_set_ca_data(config, ca, strlen(ca));
    if (rc == MAILSUB_OK)
        rc = mailsub_session_new(config, &session);
    if (rc == MAILSUB_OK)
        rc = mailsub_session_submit(session, fixture.message, NULL);
    mailsub_session_free(session);
    mailsub_config_unref(config);
    assert_int_equal(heap->n_live, 0);
    return rc;
}

static void fail_each_allocation(const char *url, const char *proxy, int port)
{
    struct unit_heap heap = {.fail_at = 0};
    assert_int_equal(submit_with(&heap, url, proxy, port), MAILSUB_OK);
    for (size_t n = heap.n_requests; n > 0; n--) {
        heap = (struct unit_heap){.fail_at = n};
        int rc = submit_with(&heap, url, proxy, port);
        assert_true(rc == MAILSUB_E_NOMEM || rc == MAILSUB_OK);
    }
}

static void each_allocation_may_fail_over_a_unix_socket(void **state)
{
    (void)state;
    int port = start_server(MAILSUB_TESTING_DISCARD);
    start_relay(place.path, NULL, port);
    fail_each_allocation(place.url, NULL, 0);
}

static void each_allocation_may_fail_through_a_proxy(void **state)
{
    (void)state;
    int port = start_server(MAILSUB_TESTING_IMPLICIT_TLS | MAILSUB_TESTING_DISCARD);
    start_relay(NULL, http_login, port);
    snprintf(place.proxy, sizeof place.proxy, "http://me:s%%40t@127.0.0.1:%d", place.relay.port);
    fail_each_allocation("submissions://mail.example.org", place.proxy, port);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    start_first_thread();
    static struct CMUnitTest tests[64] = {
        TEST(a_unix_socket_leads_to_the_server),
        TEST(tls_is_used_over_a_unix_socket_when_it_is_offered),
        TEST(a_missing_unix_socket_is_told),
        TEST(lmtp_over_a_unix_socket_answers_for_each),
        TEST(a_descriptor_is_used_once),
        TEST(the_certificate_counts_over_a_descriptor_too),
        TEST(what_is_no_stream_socket_is_closed),
        TEST(the_application_connects),
        TEST(the_application_cannot_connect),
        TEST(a_proxys_localhost_gets_nothing_in_clear),
        TEST(what_stands_behind_the_proxys_reply_is_the_servers),
        TEST(each_allocation_may_fail_over_a_unix_socket),
        TEST(each_allocation_may_fail_through_a_proxy),
    };
    size_t n_tests = 13;
    UNIT_ADD_ROWS(tests, n_tests, proxies, proxy_row);
    return UNIT_RUN(tests, n_tests);
}

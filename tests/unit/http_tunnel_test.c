/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Replies of HTTP proxies to CONNECT; tests/integration/run_ways has a real one. */
#include "unit.h"

#include <mailsub/error.h>

#include "net/http_tunnel.h"

struct row {
    const char *name;
    const char *reply;
    int want; /* the error; MAILSUB_OK: the tunnel is open */
    const char *want_reason;
    size_t
        want_rest; /* octets of the reply that are not the proxy's; of a failure they do not count */
};

static const struct row rows[] = {
    {"the shortest", "HTTP/1.1 200 \r\n\r\n", 0, "", 0},
    {"without the last blank", "HTTP/1.0 200\r\n\r\n", 0, "", 0},
    {"with words and fields",
     "HTTP/1.1 200 Connection established\r\nVia: 1.1 proxy\r\nX-Empty:\r\nx!#$:\ty\r\n\r\n", 0, "",
     0},
    {"another good status", "HTTP/1.1 204 No content\r\n\r\n", 0, "", 0},
    {"a length has no meaning", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n220 hi", 0, "", 6},
    {"the greeting stands right behind", "HTTP/1.1 200 OK\r\n\r\n220 hi\r\n", 0, "", 8},
    {"the greeting is an empty line", "HTTP/1.1 200 OK\r\n\r\n\r\n\r\n", 0, "", 4},
    {"words before the reply",
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 0,
     "", 0},
    {"a login is demanded",
     "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n"
     "Content-Length: 2\r\n\r\nno",
     MAILSUB_E_PROXY_LOGIN, "HTTP/1.1 407 Proxy Authentication Required", 2},
    {"a login is wrong", "HTTP/1.0 401 Unauthorized\r\n\r\n", MAILSUB_E_PROXY_LOGIN,
     "HTTP/1.0 401 Unauthorized", 0},
    {"forbidden", "HTTP/1.1 403 Filtered\r\n\r\n", MAILSUB_E_PROXY_REFUSED, "HTTP/1.1 403 Filtered",
     0},
    {"no such method", "HTTP/1.1 405 No\r\n\r\n", MAILSUB_E_PROXY_REFUSED, "HTTP/1.1 405 No", 0},
    {"elsewhere", "HTTP/1.1 302 Found\r\nLocation: http://x/\r\n\r\n", MAILSUB_E_PROXY_REFUSED,
     "HTTP/1.1 302 Found", 0},
    {"not implemented", "HTTP/1.1 501 No\r\n\r\n", MAILSUB_E_PROXY_REFUSED, "HTTP/1.1 501 No", 0},
    {"nobody listens there", "HTTP/1.1 502 Bad gateway\r\n\r\n", MAILSUB_E_PROXY,
     "HTTP/1.1 502 Bad gateway", 0},
    {"too many", "HTTP/1.1 429 Slow down\r\n\r\n", MAILSUB_E_PROXY, "HTTP/1.1 429 Slow down", 0},
    {"what it says cannot forge a log", "HTTP/1.1 500 a\xc3\xa4\x80z\r\n\r\n", MAILSUB_E_PROXY,
     "HTTP/1.1 500 a???z", 0},
    {"another protocol", "HTTP/1.1 101 Switching\r\n\r\n", MAILSUB_E_PROXY_PROTOCOL,
     "HTTP/1.1 101 Switching", 0},
    {"a mail server", "220 mail.example ESMTP\r\n", MAILSUB_E_PROXY_PROTOCOL,
     "this is no HTTP proxy", 1},
    {"HTTP/2", "HTTP/2.0 200 OK\r\n\r\n", MAILSUB_E_PROXY_PROTOCOL, "this is no HTTP proxy", 3},
    {"a short status", "HTTP/1.1 20\r\n\r\n", MAILSUB_E_PROXY_PROTOCOL, "this is no HTTP proxy", 3},
    {"a long status", "HTTP/1.1 2000 OK\r\n\r\n", MAILSUB_E_PROXY_PROTOCOL, "this is no HTTP proxy",
     3},
    {"a status beyond the classes", "HTTP/1.1 600 OK\r\n\r\n", MAILSUB_E_PROXY_PROTOCOL,
     "this is no HTTP proxy", 3},
    {"a status with letters", "HTTP/1.1 2x0 OK\r\n\r\n", MAILSUB_E_PROXY_PROTOCOL,
     "this is no HTTP proxy", 3},
    {"an empty line first", "\r\nHTTP/1.1 200 OK\r\n\r\n", MAILSUB_E_PROXY_PROTOCOL,
     "this is no HTTP proxy", 20},
    {"a lone LF", "HTTP/1.1 200 OK\n\r\n", MAILSUB_E_PROXY_PROTOCOL, "this is no HTTP proxy", 2},
    {"a lone LF behind a field", "HTTP/1.1 200 OK\r\nA: b\n\r\n", MAILSUB_E_PROXY_PROTOCOL,
     "the head of the reply is malformed", 2},
    {"a lone CR", "HTTP/1.1 200 OK\rX\r\n\r\n", MAILSUB_E_PROXY_PROTOCOL,
     "the head of the reply is malformed", 4},
    {"a CR at the end of the head", "HTTP/1.1 200 OK\r\n\rX", MAILSUB_E_PROXY_PROTOCOL,
     "the head of the reply is malformed", 0},
    {"a continued line", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", MAILSUB_E_PROXY_PROTOCOL,
     "the head of the reply is malformed", 5},
    {"a field without a name", "HTTP/1.1 200 OK\r\n: b\r\n\r\n", MAILSUB_E_PROXY_PROTOCOL,
     "the head of the reply is malformed", 6},
    {"a field without a colon", "HTTP/1.1 200 OK\r\nAb\r\n\r\n", MAILSUB_E_PROXY_PROTOCOL,
     "the head of the reply is malformed", 3},
    {"a blank before the colon", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", MAILSUB_E_PROXY_PROTOCOL,
     "the head of the reply is malformed", 7},
    {"a control in a field", "HTTP/1.1 200 OK\r\nA: b\1\r\n\r\n", MAILSUB_E_PROXY_PROTOCOL,
     "the head of the reply is malformed", 4},
};

static const mailsub__proxy plain = {.kind = MAILSUB__PROXY_HTTP};

static void begin(mailsub__http_tunnel *tunnel)
{
    mailsub__http_tunnel_init(tunnel, &plain, "mail.test", 587);
    mailsub__http_tunnel_ack_output(tunnel, mailsub__http_tunnel_peek_output(tunnel).len);
}

static size_t feed_in_steps(mailsub__http_tunnel *tunnel, const char *reply, size_t len,
                            size_t step)
{
    size_t at = 0;
    while (at < len && mailsub__http_tunnel_get_state(tunnel) == MAILSUB__PROXY_TALKING) {
        size_t n = len - at < step ? len - at : step;
        size_t used = 0;
        char *exact = malloc(n);
        memcpy(exact, reply + at, n);
        mailsub__http_tunnel_feed(tunnel, exact, n, &used);
        free(exact);
        at += used;
    }
    return len - at;
}

static void check_end(const mailsub__http_tunnel *tunnel, const struct row *row, size_t rest)
{
    mailsub__detail detail = {.len = 0};
    if (!row->want) {
        assert_int_equal(mailsub__http_tunnel_get_state(tunnel), MAILSUB__PROXY_OPEN);
        assert_int_equal(rest, row->want_rest);
        return;
    }
    assert_int_equal(mailsub__http_tunnel_get_state(tunnel), MAILSUB__PROXY_FAILED);
    assert_int_equal(mailsub__http_tunnel_get_error(tunnel), row->want);
    mailsub__http_tunnel_describe(tunnel, &detail);
    assert_string_equal(detail.text, row->want_reason);
}

/* Whole, in pieces of each size, and cut at each place. */
static void reply_row(void **state)
{
    const struct row *row = *state;
    size_t len = strlen(row->reply);
    mailsub__http_tunnel tunnel;
    for (size_t step = 1; step <= len; step++) {
        begin(&tunnel);
        size_t rest = feed_in_steps(&tunnel, row->reply, len, step);
        check_end(&tunnel, row, rest);
        mailsub__http_tunnel_deinit(&tunnel);
        assert_int_equal(tunnel.out_len, 0);
    }
    for (size_t cut = 0; cut < len; cut++) {
        begin(&tunnel);
        size_t rest = feed_in_steps(&tunnel, row->reply, cut, cut + 1);
        if (mailsub__http_tunnel_get_state(&tunnel) == MAILSUB__PROXY_TALKING)
            assert_int_equal(rest, 0);
        if (mailsub__http_tunnel_get_state(&tunnel) == MAILSUB__PROXY_OPEN)
            assert_int_equal(row->want, MAILSUB_OK);
        mailsub__http_tunnel_deinit(&tunnel);
    }
}

static void nul_is_refused(void **state)
{
    (void)state;
    static const char reply[] = "HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n";
    mailsub__http_tunnel tunnel;
    begin(&tunnel);
    feed_in_steps(&tunnel, reply, sizeof reply - 1, 64);
    assert_int_equal(mailsub__http_tunnel_get_error(&tunnel), MAILSUB_E_PROXY_PROTOCOL);
    begin(&tunnel);
    feed_in_steps(&tunnel, "HTTP/1.1 200 OK\r\n\0: b\r\n\r\n", 26, 64);
    assert_int_equal(mailsub__http_tunnel_get_error(&tunnel), MAILSUB_E_PROXY_PROTOCOL);
}

static void a_head_must_end(void **state)
{
    (void)state;
    mailsub__http_tunnel tunnel;
    begin(&tunnel);
    size_t n_fed = feed_in_steps(&tunnel, "HTTP/1.1 200 OK\r\n", 17, 64);
    for (size_t i = 0; mailsub__http_tunnel_get_state(&tunnel) == MAILSUB__PROXY_TALKING; i++) {
        assert_true(i < MAILSUB__HTTP_MAX_HEAD);
        n_fed += feed_in_steps(&tunnel, "A: b\r\n", 6, 64);
    }
    assert_int_equal(mailsub__http_tunnel_get_error(&tunnel), MAILSUB_E_PROXY_PROTOCOL);
    /* Nor may there be words before the reply without end. */
    begin(&tunnel);
    for (size_t i = 0; mailsub__http_tunnel_get_state(&tunnel) == MAILSUB__PROXY_TALKING; i++) {
        assert_true(i < MAILSUB__HTTP_MAX_HEAD);
        n_fed += feed_in_steps(&tunnel, "HTTP/1.1 100 \r\n\r\n", 17, 64);
    }
    assert_int_equal(mailsub__http_tunnel_get_error(&tunnel), MAILSUB_E_PROXY_PROTOCOL);
    (void)n_fed;
}

struct request_row {
    const char *name;
    const char *host;
    int port;
    const char *credentials;
    const char *want;
};

static const struct request_row requests[] = {
    {"to a name", "mail.test", 587, NULL,
     "CONNECT mail.test:587 HTTP/1.1\r\nHost: mail.test:587\r\n\r\n"},
    {"to an IPv6 address", "2001:db8::1", 25, NULL,
     "CONNECT [2001:db8::1]:25 HTTP/1.1\r\nHost: [2001:db8::1]:25\r\n\r\n"},
    {"with a login", "192.0.2.1", 465, "bWU6c2VjcmV0",
     "CONNECT 192.0.2.1:465 HTTP/1.1\r\nHost: 192.0.2.1:465\r\n"
     "Proxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n"},
};

static void request_row(void **state)
{
    const struct request_row *row = *state;
    mailsub__proxy proxy = {.kind = MAILSUB__PROXY_HTTP, .credentials = row->credentials};
    mailsub__http_tunnel tunnel;
    mailsub__http_tunnel_init(&tunnel, &proxy, row->host, row->port);
    for (size_t at = 0; at < strlen(row->want); at++) {
        mailsub__slice out = mailsub__http_tunnel_peek_output(&tunnel);
        assert_int_equal(out.len, strlen(row->want) - at);
        assert_memory_equal(out.ptr, row->want + at, out.len);
        mailsub__http_tunnel_ack_output(&tunnel, 1);
    }
    assert_int_equal(mailsub__http_tunnel_peek_output(&tunnel).len, 0);
    mailsub__http_tunnel_deinit(&tunnel);
}

static void the_longest_texts_fit(void **state)
{
    (void)state;
    char host[256];
    char credentials[685];
    memset(host, 'x', sizeof host - 1);
    host[sizeof host - 1] = '\0';
    memset(credentials, 'A', sizeof credentials - 1);
    credentials[sizeof credentials - 1] = '\0';
    mailsub__proxy proxy = {.kind = MAILSUB__PROXY_HTTP, .credentials = credentials};
    mailsub__http_tunnel tunnel;
    size_t used = 0;
    mailsub__http_tunnel_init(&tunnel, &proxy, host, 65535);
    mailsub__slice out = mailsub__http_tunnel_peek_output(&tunnel);
    assert_memory_equal(out.ptr + out.len - 8, "AAAA\r\n\r\n", 8);
    /* And a reply that comes before the whole of it was sent is refused. */
    mailsub__http_tunnel_ack_output(&tunnel, out.len - 1);
    mailsub__http_tunnel_feed(&tunnel, "H", 1, &used);
    assert_int_equal(mailsub__http_tunnel_get_error(&tunnel), MAILSUB_E_PROXY_PROTOCOL);
    mailsub__http_tunnel_deinit(&tunnel);
}

int main(void)
{
    static struct CMUnitTest
        tests[3 + sizeof rows / sizeof rows[0] + sizeof requests / sizeof requests[0]] = {
            cmocka_unit_test(nul_is_refused),
            cmocka_unit_test(a_head_must_end),
            cmocka_unit_test(the_longest_texts_fit),
        };
    size_t n_tests = 3;
    UNIT_ADD_ROWS(tests, n_tests, rows, reply_row);
    UNIT_ADD_ROWS(tests, n_tests, requests, request_row);
    return UNIT_RUN(tests, n_tests);
}

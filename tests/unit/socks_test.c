/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Conversations with SOCKS5 proxies; tests/integration/run_ways has a real one. */
#include "unit.h"

#include <mailsub/error.h>

#include "net/socks.h"

#define MAX_TURNS 3

struct turn {
    const char *sent; /* octets that the client sends */
    size_t sent_len;
    const char *reply;
    size_t reply_len;
};

#define OCTETS(text) (text), sizeof(text) - 1

struct row {
    const char *name;
    const char *user; /* NULL: none */
    const char *host;
    int port;
    struct turn turns[MAX_TURNS];
    int want; /* the error; MAILSUB_OK: the tunnel is open */
    const char *want_reason;
    size_t want_rest; /* octets of the last reply that are not the proxy's */
};

#define HELLO OCTETS("\5\1\0")
#define HELLO_LOGIN OCTETS("\5\2\0\2")
#define LOGIN OCTETS("\1\2me\6secret")
#define CONNECT_NAME OCTETS("\5\1\0\3\11mail.test\2\113")
#define GRANTED OCTETS("\5\0\0\1\177\0\0\1\0\31")

static const struct row rows[] = {
    {"a name",
     NULL,
     "mail.test",
     587,
     {{HELLO, OCTETS("\5\0")}, {CONNECT_NAME, GRANTED}},
     0,
     "",
     0},
    {"an IPv4 address",
     NULL,
     "192.0.2.1",
     25,
     {{HELLO, OCTETS("\5\0")}, {OCTETS("\5\1\0\1\300\0\2\1\0\31"), GRANTED}},
     0,
     "",
     0},
    {"an IPv6 address",
     NULL,
     "2001:db8::1",
     65535,
     {{HELLO, OCTETS("\5\0")},
      {OCTETS("\5\1\0\4\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1\377\377"), GRANTED}},
     0,
     "",
     0},
    {"a reply with a name",
     NULL,
     "mail.test",
     587,
     {{HELLO, OCTETS("\5\0")}, {CONNECT_NAME, OCTETS("\5\0\0\3\2ab\0\31")}},
     0,
     "",
     0},
    {"a reply with an empty name",
     NULL,
     "mail.test",
     587,
     {{HELLO, OCTETS("\5\0")}, {CONNECT_NAME, OCTETS("\5\0\0\3\0\0\31")}},
     0,
     "",
     0},
    {"a reply with an IPv6 address",
     NULL,
     "mail.test",
     587,
     {{HELLO, OCTETS("\5\0")},
      {CONNECT_NAME, OCTETS("\5\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\31")}},
     0,
     "",
     0},
    {"the server's greeting stands behind the reply",
     NULL,
     "mail.test",
     587,
     {{HELLO, OCTETS("\5\0")},
      {CONNECT_NAME, OCTETS("\5\0\0\1\177\0\0\1\0\31"
                            "220 hi\r\n")}},
     0,
     "",
     8},
    {"a login",
     "me",
     "mail.test",
     587,
     {{HELLO_LOGIN, OCTETS("\5\2")}, {LOGIN, OCTETS("\1\0")}, {CONNECT_NAME, GRANTED}},
     0,
     "",
     0},
    {"a login that nobody wants",
     "me",
     "mail.test",
     587,
     {{HELLO_LOGIN, OCTETS("\5\0")}, {CONNECT_NAME, GRANTED}},
     0,
     "",
     0},
    {"a login that is refused",
     "me",
     "mail.test",
     587,
     {{HELLO_LOGIN, OCTETS("\5\2")}, {LOGIN, OCTETS("\1\1")}},
     MAILSUB_E_PROXY_LOGIN,
     "it refused the login",
     0},
    {"a login that is demanded",
     NULL,
     "mail.test",
     587,
     {{HELLO, OCTETS("\5\377")}},
     MAILSUB_E_PROXY_LOGIN,
     "it demands a login",
     0},
    {"another login that is demanded",
     "me",
     "mail.test",
     587,
     {{HELLO_LOGIN, OCTETS("\5\377")}},
     MAILSUB_E_PROXY_LOGIN,
     "no method of login in common",
     0},
    {"a method that was not offered",
     NULL,
     "mail.test",
     587,
     {{HELLO, OCTETS("\5\2")}},
     MAILSUB_E_PROXY_PROTOCOL,
     "it chose what was not offered",
     0},
    {"a method of nobody",
     "me",
     "mail.test",
     587,
     {{HELLO_LOGIN, OCTETS("\5\1")}},
     MAILSUB_E_PROXY_PROTOCOL,
     "it chose what was not offered",
     0},
    {"SOCKS4",
     NULL,
     "mail.test",
     587,
     {{HELLO, OCTETS("\0\133")}},
     MAILSUB_E_PROXY_PROTOCOL,
     "this is no SOCKS5 proxy",
     1},
    {"a mail server",
     NULL,
     "mail.test",
     587,
     {{HELLO, OCTETS("220 hi")}},
     MAILSUB_E_PROXY_PROTOCOL,
     "this is no SOCKS5 proxy",
     5},
    {"a login's reply of another version",
     "me",
     "mail.test",
     587,
     {{HELLO_LOGIN, OCTETS("\5\2")}, {LOGIN, OCTETS("\5\0")}},
     MAILSUB_E_PROXY_PROTOCOL,
     "this is no SOCKS5 proxy",
     1},
    {"a reply of another version",
     NULL,
     "mail.test",
     587,
     {{HELLO, OCTETS("\5\0")}, {CONNECT_NAME, OCTETS("\4\0")}},
     MAILSUB_E_PROXY_PROTOCOL,
     "this is no SOCKS5 proxy",
     1},
    {"a reserved octet",
     NULL,
     "mail.test",
     587,
     {{HELLO, OCTETS("\5\0")}, {CONNECT_NAME, OCTETS("\5\0\1\1")}},
     MAILSUB_E_PROXY_PROTOCOL,
     "a reserved octet is not 0",
     1},
    {"an address of no kind",
     NULL,
     "mail.test",
     587,
     {{HELLO, OCTETS("\5\0")}, {CONNECT_NAME, OCTETS("\5\0\0\2\1")}},
     MAILSUB_E_PROXY_PROTOCOL,
     "an address of no known kind",
     0},
    {"a general failure, and no more of the reply",
     NULL,
     "mail.test",
     587,
     {{HELLO, OCTETS("\5\0")}, {CONNECT_NAME, OCTETS("\5\1")}},
     MAILSUB_E_PROXY,
     "general failure",
     0},
    {"rules",
     NULL,
     "mail.test",
     587,
     {{HELLO, OCTETS("\5\0")}, {CONNECT_NAME, OCTETS("\5\2\0\1\0\0\0\0\0\0")}},
     MAILSUB_E_PROXY_REFUSED,
     "not allowed by its rules",
     8},
    {"nobody listens there",
     NULL,
     "mail.test",
     587,
     {{HELLO, OCTETS("\5\0")}, {CONNECT_NAME, OCTETS("\5\5")}},
     MAILSUB_E_PROXY,
     "connection refused",
     0},
    {"names are not supported",
     NULL,
     "mail.test",
     587,
     {{HELLO, OCTETS("\5\0")}, {CONNECT_NAME, OCTETS("\5\10")}},
     MAILSUB_E_PROXY_REFUSED,
     "address type not supported",
     0},
    {"a failure beyond the list",
     NULL,
     "mail.test",
     587,
     {{HELLO, OCTETS("\5\0")}, {CONNECT_NAME, OCTETS("\5\11")}},
     MAILSUB_E_PROXY,
     "a failure that has no name",
     0},
};

/* Take output in pieces of at most step octets, and check it. */
static void check_sent(mailsub__socks *socks, const struct turn *turn, size_t step)
{
    for (size_t at = 0; at < turn->sent_len;) {
        mailsub__slice out = mailsub__socks_peek_output(socks);
        assert_true(out.len > 0 && out.len <= turn->sent_len - at);
        size_t n = out.len < step ? out.len : step;
        assert_memory_equal(out.ptr, turn->sent + at, n);
        mailsub__socks_ack_output(socks, n);
        at += n;
    }
    assert_int_equal(mailsub__socks_peek_output(socks).len, 0);
}

static size_t feed_in_steps(mailsub__socks *socks, const struct turn *turn, size_t step)
{
    size_t at = 0;
    while (at < turn->reply_len && mailsub__socks_get_state(socks) == MAILSUB__PROXY_TALKING) {
        size_t n = turn->reply_len - at < step ? turn->reply_len - at : step;
        size_t used = 0;
        /* In a block of its own, so that a sanitizer sees every octet too many. */
        char *exact = malloc(n);
        memcpy(exact, turn->reply + at, n);
        mailsub__socks_feed(socks, exact, n, &used);
        free(exact);
        assert_true(used <= n);
        at += used;
        if (used < n)
            break;
    }
    return turn->reply_len - at;
}

static void talk(const struct row *row, size_t step)
{
    mailsub__proxy proxy = {.kind = MAILSUB__PROXY_SOCKS5, .user = row->user, .password = "secret"};
    mailsub__socks socks;
    size_t rest = 0;
    mailsub__socks_init(&socks, &proxy, row->host, row->port);
    for (size_t i = 0; i < MAX_TURNS && row->turns[i].sent; i++) {
        assert_int_equal(mailsub__socks_get_state(&socks), MAILSUB__PROXY_TALKING);
        check_sent(&socks, &row->turns[i], step);
        rest = feed_in_steps(&socks, &row->turns[i], step);
    }
    assert_int_equal(mailsub__socks_get_state(&socks),
                     row->want ? MAILSUB__PROXY_FAILED : MAILSUB__PROXY_OPEN);
    assert_int_equal(rest, row->want_rest);
    assert_int_equal(mailsub__socks_peek_output(&socks).len, 0);
    if (row->want) {
        mailsub__detail detail = {.len = 0};
        assert_int_equal(mailsub__socks_get_error(&socks), row->want);
        mailsub__socks_describe(&socks, &detail);
        assert_string_equal(detail.text, row->want_reason);
    }
    mailsub__socks_deinit(&socks);
    assert_int_equal(socks.out_len, 0);
}

static void talk_row(void **state)
{
    const struct row *row = *state;
    for (size_t step = 1; step <= 16; step++)
        talk(row, step);
    talk(row, 1024);
}

/* Cut anywhere, a conversation just waits. */
static void cut_row(void **state)
{
    const struct row *row = *state;
    mailsub__proxy proxy = {.kind = MAILSUB__PROXY_SOCKS5, .user = row->user, .password = "secret"};
    for (size_t i = 0; i < MAX_TURNS && row->turns[i].sent; i++) {
        struct turn cut = row->turns[i];
        for (cut.reply_len = 0; cut.reply_len < row->turns[i].reply_len; cut.reply_len++) {
            mailsub__socks socks;
            mailsub__socks_init(&socks, &proxy, row->host, row->port);
            for (size_t j = 0; j < i; j++) {
                check_sent(&socks, &row->turns[j], 1024);
                feed_in_steps(&socks, &row->turns[j], 1024);
            }
            check_sent(&socks, &cut, 1024);
            size_t rest = feed_in_steps(&socks, &cut, 1024);
            if (mailsub__socks_get_state(&socks) == MAILSUB__PROXY_TALKING)
                assert_int_equal(rest, 0);
            else
                assert_true(row->turns[i].reply_len - cut.reply_len <= row->want_rest || row->want);
            mailsub__socks_deinit(&socks);
        }
    }
}

static void a_reply_before_its_question_is_refused(void **state)
{
    (void)state;
    mailsub__proxy proxy = {.kind = MAILSUB__PROXY_SOCKS5};
    mailsub__socks socks;
    size_t used = 0;
    mailsub__socks_init(&socks, &proxy, "mail.test", 25);
    mailsub__socks_ack_output(&socks, 2);
    mailsub__socks_feed(&socks, "\5", 1, &used);
    assert_int_equal(mailsub__socks_get_error(&socks), MAILSUB_E_PROXY_PROTOCOL);
    /* Both replies at once: the second is one to what was not sent. */
    mailsub__socks_init(&socks, &proxy, "mail.test", 25);
    mailsub__socks_ack_output(&socks, 3);
    mailsub__socks_feed(&socks, "\5\0\5\0\0\1\0\0\0\0\0\0", 12, &used);
    assert_int_equal(mailsub__socks_get_error(&socks), MAILSUB_E_PROXY_PROTOCOL);
    mailsub__socks_deinit(&socks);
}

static void the_longest_texts_fit(void **state)
{
    (void)state;
    char text[256];
    memset(text, 'x', 255);
    text[255] = '\0';
    mailsub__proxy proxy = {.kind = MAILSUB__PROXY_SOCKS5, .user = text, .password = text};
    mailsub__socks socks;
    size_t used = 0;
    mailsub__socks_init(&socks, &proxy, text, 25);
    mailsub__socks_ack_output(&socks, mailsub__socks_peek_output(&socks).len);
    mailsub__socks_feed(&socks, "\5\2", 2, &used);
    assert_int_equal(mailsub__socks_peek_output(&socks).len, 513);
    mailsub__socks_ack_output(&socks, 513);
    mailsub__socks_feed(&socks, "\1\0", 2, &used);
    assert_int_equal(mailsub__socks_peek_output(&socks).len, 262);
    mailsub__socks_deinit(&socks);
}

int main(void)
{
    static struct CMUnitTest tests[2 + 2 * sizeof rows / sizeof rows[0]] = {
        cmocka_unit_test(a_reply_before_its_question_is_refused),
        cmocka_unit_test(the_longest_texts_fit),
    };
    size_t n_tests = 2;
    UNIT_ADD_ROWS(tests, n_tests, rows, talk_row);
    UNIT_ADD_ROWS(tests, n_tests, rows, cut_row);
    return UNIT_RUN(tests, n_tests);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fake server as a test sees it: through its public header and a socket. Each dialogue runs in
 * clear, in clear octet by octet, and in TLS.
 */
#include "unit.h"

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include <gnutls/x509.h>

#include <mailsub/error.h>
#include <mailsub/testing.h>

#include "raw_client.h"

#define PIPELINING MAILSUB_TESTING_PIPELINING
#define ENHANCED MAILSUB_TESTING_ENHANCED
#define AUTH_PLAIN MAILSUB_TESTING_AUTH_PLAIN
#define AUTH_LOGIN MAILSUB_TESTING_AUTH_LOGIN
#define AUTH_CLEAR MAILSUB_TESTING_AUTH_CLEAR

struct rule {
    const char *verb;
    const char *argument;
    const char *reply;
    unsigned times;
};

/*
 * Lines of a dialogue: "C: text" is sent with CRLF, "c: text" as it stands, where ^ stands for CR,
 * _ for LF, ~ for NUL and | for an octet above 127; what stands between two replies is sent at
 * once. "S: text" is the beginning of the next reply line; "S." is the end of the connection.
 */
struct row {
    const char *name;
    uint32_t flags;
    struct rule rules[2];
    const char *dialogue;
    size_t want_errors;
    size_t want_messages;
    const char *want_content; /* of the first message; NULL for any */
    bool whole_only;          /* the test is about what is sent together */
};

#define HELLO "S: 220 \nC: EHLO client.example\nS: 250-localhost\n"
#define HELLO_PLAIN HELLO "S: 250 SIZE 104857600\n"
#define ENVELOPE                                                                                   \
    HELLO_PLAIN "C: MAIL FROM:<a@b.example>\nS: 250 Ok\nC: RCPT TO:<c@d.example>\nS: 250 Ok\n"
#define DATA ENVELOPE "C: DATA\nS: 354 \n"
#define QUIT "C: QUIT\nS: 221 \nS.\n"

static const struct row rows[] = {
    {
        .name = "a message is taken, without the dots that were added",
        .dialogue = DATA "C: Subject: x\nC: \nC: ..\nC: ..a\nC: .\n"
                         "S: 250 Ok: queued as FAKE-1\n" QUIT,
        .want_messages = 1,
        .want_content = "Subject: x\r\n\r\n.\r\n.a\r\n",
    },
    {
        .name = "an empty message ends at once",
        .dialogue = DATA "C: .\nS: 250 \n" QUIT,
        .want_messages = 1,
        .want_content = "",
    },
    {
        .name = "one connection takes several messages",
        .dialogue = DATA "C: 1\nC: .\nS: 250 Ok: queued as FAKE-1\n"
                         "C: MAIL FROM:<>\nS: 250 \nC: RCPT TO:<Postmaster>\nS: 250 \n"
                         "C: DATA\nS: 354 \nC: 2\nC: .\nS: 250 Ok: queued as FAKE-2\n" QUIT,
        .want_messages = 2,
        .want_content = "1\r\n",
    },
    {
        .name = "enhanced status codes stand where they belong",
        .flags = ENHANCED,
        .dialogue = "S: 220 localhost\nC: HELO client.example\nS: 250 localhost\n"
                    "C: NOOP a word\nS: 250 2.0.0 Ok\nC: VRFY a\nS: 252 2.0.0 \n"
                    "C: MAIL FROM:<a@[127.0.0.1]>\nS: 250 2.1.0 \n"
                    "C: RCPT TO:<\"a>b \\\" c\"@d.example>\nS: 250 2.1.5 \nC: RSET\nS: 250 2.0.0 \n"
                    "C: mail from:<a@[IPv6:::1]>\nS: 250 2.1.0 \nC: rcpt to:<c@d.example>\n"
                    "S: 250 2.1.5 \nC: data\nS: 354 End\nC: .\nS: 250 2.0.0 Ok: queued\n"
                    "C: quit\nS: 221 2.0.0 \nS.\n",
        .want_messages = 1,
    },
    {
        .name = "everything may travel together with PIPELINING",
        .flags = PIPELINING,
        .dialogue = HELLO "S: 250-PIPELINING\nS: 250 SIZE 104857600\n"
                          "C: MAIL FROM:<a@b.example>\nC: RCPT TO:<c@d.example>\n"
                          "C: RCPT TO:<e@d.example>\nC: DATA\nS: 250 \nS: 250 \nS: 250 \nS: 354 \n"
                          "C: 1\nC: .\nC: MAIL FROM:<a@b.example>\nC: RCPT TO:<c@d.example>\n"
                          "C: DATA\nS: 250 Ok: queued as FAKE-1\nS: 250 \nS: 250 \nS: 354 \n"
                          "C: 2\nC: .\nC: QUIT\nS: 250 Ok: queued as FAKE-2\nS: 221 \nS.\n",
        .want_messages = 2,
    },
    {
        .name = "commands sent together without PIPELINING are refused",
        .dialogue = HELLO_PLAIN "C: MAIL FROM:<a@b.example>\nC: RCPT TO:<c@d.example>\n"
                                "S: 503 \nS.\n",
        .want_errors = 1,
        .whole_only = true,
    },
    {
        .name = "content before the reply to DATA is refused",
        .flags = PIPELINING,
        .dialogue = HELLO "S: 250-PIPELINING\nS: 250 SIZE \nC: MAIL FROM:<a@b.example>\n"
                          "C: RCPT TO:<c@d.example>\nC: DATA\nC: text\nC: .\n"
                          "S: 250 \nS: 250 \nS: 503 \nS.\n",
        .want_errors = 1,
        .whole_only = true,
    },
    {
        .name = "a command sent with the content is refused without PIPELINING",
        .dialogue = DATA "C: x\nC: .\nC: QUIT\nS: 503 \nS.\n",
        .want_errors = 1,
        .whole_only = true,
    },
    {
        .name = "commands sent behind EHLO are refused",
        .flags = PIPELINING,
        .dialogue = "S: 220 \nC: EHLO client.example\nC: NOOP\nS: 503 \nS.\n",
        .want_errors = 1,
        .whole_only = true,
    },
    {
        .name = "a bare LF does not end a content, and is refused",
        .dialogue = DATA "c: a_._MAIL FROM:<x@y.example>_^_._^_.^_\nS: 550 \n" QUIT,
        .want_errors = 1,
    },
    {
        .name = "a bare CR is refused",
        .dialogue = DATA "c: a^.^_b^_.^_\nS: 550 \n" QUIT,
        .want_errors = 1,
    },
    {
        .name = "a dot with a bare CR does not end a content",
        .dialogue = DATA "c: .^x^_.^_\nS: 550 \n" QUIT,
        .want_errors = 1,
    },
    {
        .name = "a dot that was not doubled is noticed",
        .dialogue = DATA "c: .a^_.^_\nS: 550 \n" QUIT,
        .want_errors = 1,
    },
    {
        .name = "a NUL is refused",
        .dialogue = DATA "c: a~b^_.^_\nS: 550 \n" QUIT,
        .want_errors = 1,
    },
    {
        .name = "8-bit content is refused",
        .dialogue = DATA "c: 12345678|9^_.^_\nS: 550 \n" QUIT,
        .want_errors = 1,
    },
    {
        .name = "a command that ends in a bare LF is refused",
        .dialogue = HELLO_PLAIN "c: NOOP_\nS: 500 \nC: NOOP\nS: 250 \n" QUIT,
        .want_errors = 1,
    },
    {
        .name = "control and 8-bit octets in commands are refused",
        .dialogue =
            HELLO_PLAIN "c: NOOP ^x^_\nS: 500 \nc: NOOP ~^_\nS: 500 \nc: NOOP |^_\nS: 500 \n"
                        "C: NOOP \t\nS: 500 \n" QUIT,
        .want_errors = 4,
    },
    {
        .name = "commands out of order are refused",
        .dialogue = "S: 220 \nC: MAIL FROM:<a@b.example>\nS: 503 \nC: RCPT TO:<c@d.example>\n"
                    "S: 503 \nC: DATA\nS: 503 \nC: EHLO client.example\nS: 250-\nS: 250 \n"
                    "C: MAIL FROM:<a@b.example>\nS: 250 \nC: DATA\nS: 554 \n"
                    "C: MAIL FROM:<a@b.example>\nS: 503 \nC: STARTTLS\nS: 503 \n"
                    "C: AUTH PLAIN\nS: 503 \n" QUIT,
        .want_errors = 7,
    },
    {
        .name = "malformed arguments are refused",
        .dialogue =
            "S: 220 \nC: EHLO\nS: 501 \nC: EHLO a_b\nS: 501 \nC: EHLO -a.example\nS: 501 \n"
            "C: EHLO [1.2.3]\nS: 501 \nC: HELO a b\nS: 501 \nC: HELO [IPv6:2001:db8::1]\n"
            "S: 250 \nC: NOOP\nS: 250 \nC: RSET now\nS: 501 \nC: DATA \nS: 501 \n"
            "C: MAIL FROM: <a@b.example>\nS: 501 \nC: MAIL FROM:a@b.example\nS: 501 \n"
            "C: MAIL FROM:<a.@b.example>\nS: 501 \nC: MAIL FROM:<.a@b.example>\nS: 501 \n"
            "C: MAIL FROM:<a..b@b.example>\nS: 501 \nC: MAIL FROM:<a b@b.example>\nS: 501 \n"
            "C: MAIL FROM:<a@b..example>\nS: 501 \nC: MAIL FROM:<a@b.example> \nS: 501 \n"
            "C: MAIL FROM:<a>\nS: 501 \nC: MAIL FROM:<a@b.example> SIZE=1\nS: 555 \n"
            "C: MAIL FROM:<a@b.example>\nS: 250 \nC: RCPT TO:<>\nS: 501 \n"
            "C: RCPT TO:<@x.example:a@b.example>\nS: 501 \n" QUIT,
        .want_errors = 19,
    },
    {
        .name = "what was not offered is refused",
        .dialogue = HELLO_PLAIN "C: MAIL FROM:<a@b.example> BODY=8BITMIME\nS: 555 \n"
                                "C: MAIL FROM:<a@b.example> AUTH=<>\nS: 555 \n"
                                "C: MAIL FROM:<a@b.example>\nS: 250 \n"
                                "C: RCPT TO:<a@b.example> NOTIFY=NEVER\nS: 555 \n"
                                "C: BDAT 1 LAST\nS: 500 \n" QUIT,
        .want_errors = 4,
    },
    {
        .name = "SIZE is checked",
        .dialogue = HELLO_PLAIN "C: MAIL FROM:<a@b.example> SIZE=x\nS: 501 \n"
                                "C: MAIL FROM:<a@b.example> SIZE=104857601\nS: 552 \n"
                                "C: MAIL FROM:<a@b.example> SIZE=2\nS: 250 \n"
                                "C: RCPT TO:<c@d.example>\nS: 250 \nC: DATA\nS: 354 \n"
                                "C: x\nC: .\nS: 552 \n" QUIT,
        .want_errors = 2,
    },
    {
        .name = "EHLO may be unknown",
        .flags = MAILSUB_TESTING_NO_EHLO,
        .dialogue =
            "S: 220 \nC: EHLO client.example\nS: 502 \nC: HELO client.example\nS: 250 \n" QUIT,
    },
    {
        .name = "PLAIN with an initial response",
        .flags = AUTH_PLAIN | AUTH_CLEAR | ENHANCED,
        .dialogue = HELLO "S: 250-AUTH PLAIN\nS: 250-\nS: 250 SIZE\n"
                          "C: AUTH PLAIN AGpvZQBzZWNyZXQ=\nS: 235 2.7.0 \n"
                          "C: AUTH PLAIN AGpvZQBzZWNyZXQ=\nS: 503 \n" QUIT,
        .want_errors = 1,
    },
    {
        .name = "PLAIN with a challenge, and an identity of its own",
        .flags = AUTH_PLAIN | AUTH_LOGIN | AUTH_CLEAR,
        .dialogue = HELLO "S: 250-AUTH PLAIN LOGIN\nS: 250 SIZE\n"
                          "C: AUTH PLAIN\nS: 334 \nC: *\nS: 501 \n"
                          "C: auth plain\nS: 334 \nC: am9lAGpvZQBzZWNyZXQ=\nS: 235 \n" QUIT,
    },
    {
        .name = "LOGIN with and without initial response",
        .flags = AUTH_LOGIN | AUTH_CLEAR,
        .dialogue = HELLO "S: 250-AUTH LOGIN\nS: 250 SIZE\n"
                          "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: *\nS: 501 \n"
                          "C: AUTH LOGIN am9l\nS: 334 UGFzc3dvcmQ6\nC: d3Jvbmc=\nS: 535 \n"
                          "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: am9l\nS: 334 UGFzc3dvcmQ6\n"
                          "C: c2VjcmV0\nS: 235 \n" QUIT,
    },
    {
        .name = "wrong logins are refused",
        .flags = AUTH_PLAIN | AUTH_CLEAR | ENHANCED,
        .dialogue = HELLO "S: 250-\nS: 250-\nS: 250 \n"
                          "C: AUTH PLAIN AGpvZQB3cm9uZw==\nS: 535 5.7.8 \n"
                          "C: AUTH PLAIN YW5uAGpvZQBzZWNyZXQ=\nS: 535 \n"
                          "C: AUTH LOGIN\nS: 504 \nC: AUTH PLAIN =\nS: 501 \n"
                          "C: AUTH PLAIN AGpvZQ\nS: 501 \nC: AUTH PLAIN AG=vZQBz\nS: 501 \n" QUIT,
        .want_errors = 4,
    },
    {
        .name = "mail may need a login",
        .flags = MAILSUB_TESTING_REQUIRE_AUTH | AUTH_PLAIN | AUTH_CLEAR,
        .dialogue = HELLO "S: 250-AUTH PLAIN\nS: 250 \nC: MAIL FROM:<a@b.example>\nS: 530 \n"
                          "C: AUTH PLAIN AGpvZQBzZWNyZXQ=\nS: 235 \n"
                          "C: MAIL FROM:<a@b.example> AUTH=<>\nS: 250 \nC: RCPT TO:<c@d.example>\n"
                          "S: 250 \nC: DATA\nS: 354 \nC: .\nS: 250 \n" QUIT,
        .want_messages = 1,
    },
    {
        .name = "one recipient of two is refused, on two lines, once",
        .rules = {{"rcpt", "bad@", "550-5.1.1 No\n550 5.1.1 such user", 1}},
        .dialogue =
            ENVELOPE "C: RCPT TO:<bad@d.example>\nS: 550-5.1.1 No\nS: 550 5.1.1 such user\n"
                     "C: RCPT TO:<bad@d.example>\nS: 250 \nC: DATA\nS: 354 \nC: .\nS: 250 \n" QUIT,
        .want_messages = 1,
    },
    {
        .name = "the first rule that fits counts",
        .rules = {{"MAIL", "a@b", "450 4.1.8 a", 1}, {"MAIL", NULL, "550 5.1.8 b", 0}},
        .dialogue = HELLO_PLAIN "C: MAIL FROM:<a@b.example>\nS: 450 4.1.8 a\n"
                                "C: MAIL FROM:<a@b.example>\nS: 550 5.1.8 b\n" QUIT,
    },
    {
        .name = "a group whose MAIL is refused is no error of the client",
        .flags = PIPELINING,
        .rules = {{"MAIL", NULL, "550 5.7.1 No", 1}},
        .dialogue = HELLO "S: 250-PIPELINING\nS: 250 \nC: MAIL FROM:<a@b.example>\n"
                          "C: RCPT TO:<c@d.example>\nC: DATA\nS: 550 \nS: 503 \nS: 503 \n" QUIT,
    },
    {
        .name = "but a second DATA is",
        .flags = PIPELINING,
        .rules = {{"MAIL", NULL, "550 5.7.1 No", 1}},
        .dialogue = HELLO "S: 250-PIPELINING\nS: 250 \nC: MAIL FROM:<a@b.example>\n"
                          "C: RCPT TO:<c@d.example>\nC: DATA\nS: 550 \nS: 503 \nS: 503 \n"
                          "C: DATA\nS: 503 \n" QUIT,
        .want_errors = 1,
    },
    {
        .name = "a malformed line ends a login",
        .flags = AUTH_LOGIN | AUTH_CLEAR,
        .dialogue = HELLO "S: 250-AUTH LOGIN\nS: 250 SIZE\nC: AUTH LOGIN am9l\nS: 334 \n"
                          "c: c2VjcmV0_\nS: 500 \nC: NOOP\nS: 250 \n" QUIT,
        .want_errors = 1,
    },
    {
        .name = "a client may leave in the middle of a login",
        .flags = AUTH_LOGIN | AUTH_CLEAR,
        .dialogue = HELLO "S: 250-AUTH LOGIN\nS: 250 SIZE\nC: AUTH LOGIN am9l\nS: 334 \n",
    },
    {
        .name = "a client may leave in the middle of a content",
        .dialogue = DATA,
    },
    {
        .name = "a group whose recipients are refused is no error of the client",
        .flags = PIPELINING,
        .rules = {{"RCPT", NULL, "550 5.1.1 No", 0}},
        .dialogue = HELLO "S: 250-PIPELINING\nS: 250 \nC: MAIL FROM:<a@b.example>\n"
                          "C: RCPT TO:<c@d.example>\nC: DATA\nS: 250 \nS: 550 \nS: 554 \n"
                          "C: RSET\nS: 250 \n" QUIT,
    },
    {
        .name = "DATA may be taken though no recipient was",
        .flags = PIPELINING,
        .rules = {{"RCPT", NULL, "550 5.1.1 No", 0}, {"DATA", NULL, "354 Go on", 0}},
        .dialogue = HELLO "S: 250-PIPELINING\nS: 250 \nC: MAIL FROM:<a@b.example>\n"
                          "C: RCPT TO:<c@d.example>\nC: DATA\nS: 250 \nS: 550 \nS: 354 Go on\n"
                          "C: .\nS: 554 \n" QUIT,
    },
    {
        .name = "a rule of the healthy class changes the wording only",
        .rules = {{".", NULL, "250-Thanks\n250 id=7", 0}, {"QUIT", NULL, "221 So long", 0}},
        .dialogue = DATA "C: x\nC: .\nS: 250-Thanks\nS: 250 id=7\nC: QUIT\nS: 221 So long\nS.\n",
        .want_messages = 1,
    },
    {
        .name = "a message that is refused at its end is not taken",
        .rules = {{".", NULL, "554 5.7.1 Spam", 1}},
        .dialogue =
            DATA "C: x\nC: .\nS: 554 5.7.1 Spam\nC: MAIL FROM:<a@b.example>\nS: 250 \n" QUIT,
    },
    {
        .name = "the server may hang up at the end of data",
        .rules = {{".", NULL, NULL, 0}},
        .dialogue = DATA "C: x\nC: .\nS.\n",
    },
    {
        .name = "the server may hang up before the content",
        .rules = {{"CONTENT", NULL, NULL, 0}},
        .dialogue = DATA "S.\n",
    },
    {
        .name = "the server may hang up during the content with a word",
        .rules = {{"CONTENT", NULL, "421 4.3.2 Shutting down", 0}},
        .dialogue = DATA "C: x\nS: 421 4.3.2 Shutting down\nS.\n",
    },
    {
        .name = "what was answered before the hang-up arrives",
        .flags = PIPELINING,
        .rules = {{"RCPT", NULL, NULL, 0}},
        .dialogue = HELLO "S: 250-PIPELINING\nS: 250 \nC: MAIL FROM:<a@b.example>\n"
                          "C: RCPT TO:<c@d.example>\nC: RSET\nS: 250 \nS.\n",
        .whole_only = true,
    },
    {
        .name = "the greeting may be a refusal",
        .rules = {{"", NULL, "554 5.7.1 Not you", 0}},
        .dialogue = "S: 554 5.7.1 Not you\nC: NOOP\nS: 503 \n" QUIT,
        .want_errors = 1,
    },
    {
        .name = "the greeting may be a hang-up",
        .rules = {{"", NULL, NULL, 0}},
        .dialogue = "S.\n",
    },
    {
        .name = "the greeting may be worded",
        .rules = {{"", NULL, "220-Two\n220 lines", 0}},
        .dialogue = "S: 220-Two\nS: 220 lines\nC: NOOP\nS: 250 \n" QUIT,
    },
    {
        .name = "a rule may offer PIPELINING",
        .rules = {{"EHLO", NULL, "250-x\n250 PIPELINING", 0}},
        .dialogue = "S: 220 \nC: EHLO client.example\nS: 250-x\nS: 250 PIPELINING\n"
                    "C: MAIL FROM:<a@b.example>\nC: RSET\nS: 250 \nS: 250 \n" QUIT,
    },
    {
        .name = "a rule may know commands that the server does not",
        .rules = {{"ETRN", "d.example", "250 2.0.0 Queue started", 0}},
        .dialogue = HELLO_PLAIN "C: ETRN d.example\nS: 250 2.0.0 Queue started\nC: ETRN e.example\n"
                                "S: 500 \n" QUIT,
        .want_errors = 1,
    },
};

static mailsub_testing_server *start_server(uint32_t flags, const struct rule *rules,
                                            size_t n_rules)
{
    mailsub_testing_server *server = NULL;
    assert_int_equal(mailsub_testing_server_new(flags, &server), MAILSUB_OK);
    assert_int_equal(mailsub_testing_server_add_user(server, "joe", "secret"), MAILSUB_OK);
    for (size_t i = 0; i < n_rules && rules[i].verb; i++)
        assert_int_equal(mailsub_testing_server_add_rule(server, rules[i].verb, rules[i].argument,
                                                         rules[i].reply, rules[i].times),
                         MAILSUB_OK);
    assert_int_equal(mailsub_testing_server_start(server), MAILSUB_OK);
    return server;
}

/* Append a line of a dialogue as it goes out; returns the new length. */
static size_t add_client_line(char *out, size_t len, const char *line, size_t line_len)
{
    static const char marks[] = "^_~|";
    static const char octets[] = "\r\n\0\xe4";
    bool raw = line[0] == 'c';
    for (size_t i = 3; i < line_len; i++) {
        const char *mark = raw ? strchr(marks, line[i]) : NULL;
        out[len++] = mark ? octets[mark - marks] : line[i];
    }
    if (!raw) {
        out[len++] = '\r';
        out[len++] = '\n';
    }
    return len;
}

static void expect_line(struct raw_client *client, const char *want, size_t want_len)
{
    const char *line = raw_client_read_line(client);
    if (!line || strncmp(line, want, want_len) != 0)
        fail_msg("got \"%s\", not \"%.*s\"", line ? line : "(end)", (int)want_len, want);
}

static void play(struct raw_client *client, const char *dialogue)
{
    char out[4096];
    size_t n_out = 0;
    for (const char *line = dialogue; *line; line += strcspn(line, "\n") + 1) {
        size_t len = strcspn(line, "\n");
        if (line[0] != 'S') {
            assert_true(n_out + len + 2 < sizeof out);
            n_out = add_client_line(out, n_out, line, len);
            continue;
        }
        raw_client_send(client, out, n_out);
        n_out = 0;
        if (line[1] == '.')
            assert_null(raw_client_read_line(client));
        else
            expect_line(client, line + 3, len - 3);
    }
    assert_int_equal(n_out, 0);
}

static int collect(void *context, const void *data, size_t len)
{
    char **out = context;
    *out = malloc(len + 1);
    assert_non_null(*out);
    memcpy(*out, data, len);
    (*out)[len] = '\0';
    return 0;
}

/* The caller frees it. */
static char *transcript_of(const mailsub_testing_server *server)
{
    char *text = NULL;
    assert_int_equal(mailsub_testing_server_write_transcript(server, collect, &text), MAILSUB_OK);
    return text ? text : strdup("");
}

static void check_record(const mailsub_testing_server *server, const struct row *row)
{
    /* Whatever the client sends: no part of a login, "joe" and "secret" and their like. */
    static const char *const secrets[] = {"AGpv", "am9l", "c2Vj", "d3Jv", "YW5u", "secret"};
    char *transcript = transcript_of(server);
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        assert_null(strstr(transcript, secrets[i]));
    if (mailsub_testing_server_count_client_errors(server) != row->want_errors)
        fail_msg("not %zu errors in:\n%s", row->want_errors, transcript);
    free(transcript);
    assert_int_equal(mailsub_testing_server_count_messages(server), row->want_messages);
    if (row->want_content) {
        size_t len = 0;
        const char *content = mailsub_testing_server_get_content(server, 0, &len);
        assert_non_null(content);
        assert_string_equal(content, row->want_content);
        assert_int_equal(len, strlen(row->want_content));
        assert_int_equal(mailsub_testing_server_get_size(server, 0), len);
    }
}

enum way { IN_CLEAR, BY_OCTET, IN_TLS };

static void run_dialogue(const struct row *row, enum way way)
{
    uint32_t tls = way == IN_TLS ? MAILSUB_TESTING_IMPLICIT_TLS : 0;
    mailsub_testing_server *server = start_server(row->flags | tls, row->rules, 2);
    struct raw_client client;
    raw_client_open(&client, mailsub_testing_server_get_port(server));
    client.by_octet = way == BY_OCTET;
    if (way == IN_TLS)
        assert_int_equal(
            raw_client_start_tls(&client, mailsub_testing_server_get_ca(server), "localhost"), 0);
    play(&client, row->dialogue);
    raw_client_close(&client);
    mailsub_testing_server_stop(server);
    check_record(server, row);
    mailsub_testing_server_free(server);
}

static void a_dialogue_goes_as_it_should(void **state)
{
    const struct row *row = *state;
    run_dialogue(row, IN_CLEAR);
    run_dialogue(row, IN_TLS);
    if (!row->whole_only)
        run_dialogue(row, BY_OCTET);
}

static void the_envelope_is_captured(void **state)
{
    (void)state;
    mailsub_testing_server *server = start_server(AUTH_PLAIN | AUTH_CLEAR, NULL, 0);
    struct raw_client client;
    raw_client_open(&client, mailsub_testing_server_get_port(server));
    play(&client,
         HELLO "S: 250-AUTH\nS: 250 \nC: MAIL FROM:<>\nS: 250 \nC: RCPT TO:<c@d.example>\n"
               "S: 250 \nC: DATA\nS: 354 \nC: .\nS: 250 \n"
               "C: AUTH PLAIN AGpvZQBzZWNyZXQ=\nS: 235 \n"
               "C: MAIL FROM:<a@b.example>\nS: 250 \nC: RCPT TO:<c@d.example>\nS: 250 \n"
               "C: RCPT TO:<\"x y\"@d.example>\nS: 250 \nC: DATA\nS: 354 \nC: .\nS: 250 \n");
    /* While the server runs. */
    assert_int_equal(mailsub_testing_server_count_connections(server), 1);
    assert_int_equal(mailsub_testing_server_count_messages(server), 2);
    assert_string_equal(mailsub_testing_server_get_sender(server, 0), "");
    assert_string_equal(mailsub_testing_server_get_login(server, 0), "");
    assert_null(mailsub_testing_server_get_recipient(server, 0, 1));
    assert_string_equal(mailsub_testing_server_get_sender(server, 1), "a@b.example");
    assert_string_equal(mailsub_testing_server_get_login(server, 1), "joe");
    assert_string_equal(mailsub_testing_server_get_recipient(server, 1, 0), "c@d.example");
    assert_string_equal(mailsub_testing_server_get_recipient(server, 1, 1), "\"x y\"@d.example");
    assert_null(mailsub_testing_server_get_recipient(server, 1, 2));
    assert_null(mailsub_testing_server_get_sender(server, 2));
    assert_null(mailsub_testing_server_get_content(server, 2, NULL));
    assert_null(mailsub_testing_server_get_login(server, 2));
    assert_null(mailsub_testing_server_get_recipient(server, 2, 0));
    assert_int_equal(mailsub_testing_server_get_size(server, 2), 0);
    raw_client_close(&client);
    mailsub_testing_server_free(server);
}

static void the_transcript_shows_the_dialogue(void **state)
{
    (void)state;
    mailsub_testing_server *server = start_server(AUTH_PLAIN | AUTH_LOGIN | AUTH_CLEAR, NULL, 0);
    struct raw_client client;
    raw_client_open(&client, mailsub_testing_server_get_port(server));
    play(&client, HELLO "S: 250-AUTH\nS: 250 \nC: AUTH PLAIN AGpvZQBzZWNyZXQ=\nS: 235 \n"
                        "C: MAIL FROM:<>\nS: 250 \nC: RCPT TO:<c@d.example>\nS: 250 \nC: DATA\n"
                        "S: 354 \nC: x\nC: .\nS: 250 \nc: QUIT\t^_\nS: 500 \n" QUIT);
    raw_client_close(&client);
    mailsub_testing_server_stop(server);
    char *text = transcript_of(server);
    assert_string_equal(text, "-- connection 1\n"
                              "S: 220 localhost ESMTP libmailsub-testing\n"
                              "C: EHLO client.example\n"
                              "S: 250-localhost\n"
                              "S: 250-AUTH PLAIN LOGIN\n"
                              "S: 250 SIZE 104857600\n"
                              "C: AUTH PLAIN ****\n"
                              "S: 235 Authentication successful\n"
                              "C: MAIL FROM:<>\n"
                              "S: 250 Ok\n"
                              "C: RCPT TO:<c@d.example>\n"
                              "S: 250 Ok\n"
                              "C: DATA\n"
                              "S: 354 End data with <CR><LF>.<CR><LF>\n"
                              "C: [3 octets of content]\n"
                              "C: .\n"
                              "S: 250 Ok: queued as FAKE-1\n"
                              "C: ****\n"
                              "-- client error: Octet not allowed in a command\n"
                              "S: 500 Octet not allowed in a command\n"
                              "C: QUIT\n"
                              "S: 221 Bye\n");
    free(text);
    mailsub_testing_server_free(server);
}

static int refuse(void *context, const void *data, size_t len)
{
    (void)context;
    (void)data;
    (void)len;
    return 1;
}

static void the_transcript_has_an_end(void **state)
{
    (void)state;
    mailsub_testing_server *server = start_server(0, NULL, 0);
    struct raw_client client;
    raw_client_open(&client, mailsub_testing_server_get_port(server));
    play(&client, HELLO_PLAIN);
    char noop[400 + 1];
    memset(noop, 'x', sizeof noop - 1);
    memcpy(noop, "C: NOOP ", 8);
    memcpy(noop + sizeof noop - 12, "\nS: 250 Ok\n", 12);
    for (int i = 0; i < 3000; i++)
        play(&client, noop);
    raw_client_close(&client);
    mailsub_testing_server_stop(server);
    char *text = transcript_of(server);
    size_t len = strlen(text);
    assert_in_range(len, 1024 * 1024 - 500, 1024 * 1024);
    assert_non_null(strstr(text + len - 80, "\n-- the transcript is full"));
    free(text);
    assert_int_equal(mailsub_testing_server_write_transcript(server, refuse, NULL), MAILSUB_E_SINK);
    mailsub_testing_server_free(server);
}

/* Lines beyond all limits are no way to make the server store them. */
static void a_line_without_end_is_refused(void **state)
{
    (void)state;
    mailsub_testing_server *server = start_server(0, NULL, 0);
    struct raw_client client;
    raw_client_open(&client, mailsub_testing_server_get_port(server));
    play(&client, HELLO_PLAIN);
    char text[1000];
    memset(text, 'x', sizeof text);
    memcpy(text, "NOOP ", 5);
    memcpy(text + 511, "\r\n", 2);
    raw_client_send(&client, text, 513);
    play(&client, "S: 500 \n");
    memset(text, 'x', sizeof text);
    for (int i = 0; i < 200; i++)
        raw_client_send(&client, text, sizeof text);
    play(&client, "C: \nS: 500 Line too long\nC: MAIL FROM:<a@b.example>\nS: 250 \n"
                  "C: RCPT TO:<c@d.example>\nS: 250 \nC: DATA\nS: 354 \n");
    raw_client_send(&client, text, 998);
    play(&client, "C: \nC: .\nS: 250 \nC: MAIL FROM:<a@b.example>\nS: 250 \n"
                  "C: RCPT TO:<c@d.example>\nS: 250 \nC: DATA\nS: 354 \n");
    raw_client_send(&client, text, 999);
    play(&client, "C: \nC: .\nS: 550 line of more than 998\n" QUIT);
    raw_client_close(&client);
    assert_int_equal(mailsub_testing_server_count_client_errors(server), 3);
    mailsub_testing_server_free(server);
}

static void starttls_forgets_what_was_said(void **state)
{
    (void)state;
    const uint32_t flags = MAILSUB_TESTING_STARTTLS | AUTH_PLAIN | PIPELINING;
    mailsub_testing_server *server = start_server(flags, NULL, 0);
    struct raw_client client;
    raw_client_open(&client, mailsub_testing_server_get_port(server));
    play(&client, HELLO "S: 250-PIPELINING\nS: 250-STARTTLS\nS: 250 SIZE\nC: AUTH PLAIN\nS: 503 \n"
                        "C: MAIL FROM:<a@b.example>\nS: 250 \nC: STARTTLS\nS: 220 \n");
    assert_int_equal(
        raw_client_start_tls(&client, mailsub_testing_server_get_ca(server), "127.0.0.1"), 0);
    play(&client, "C: MAIL FROM:<a@b.example>\nS: 503 \nC: EHLO client.example\nS: 250-\n"
                  "S: 250-PIPELINING\nS: 250-AUTH PLAIN\nS: 250 SIZE\n"
                  "C: AUTH PLAIN AGpvZQBzZWNyZXQ=\nS: 235 \nC: STARTTLS\nS: 503 \n" QUIT);
    raw_client_close(&client);
    assert_int_equal(mailsub_testing_server_count_client_errors(server), 3);
    mailsub_testing_server_free(server);
}

/* RFC 3207 section 4.2, and the injections of CVE-2011-0411. */
static void nothing_may_follow_starttls_in_clear(void **state)
{
    (void)state;
    mailsub_testing_server *server = start_server(MAILSUB_TESTING_STARTTLS | PIPELINING, NULL, 0);
    struct raw_client client;
    raw_client_open(&client, mailsub_testing_server_get_port(server));
    play(&client, HELLO "S: 250-PIPELINING\nS: 250-STARTTLS\nS: 250 SIZE\n"
                        "C: STARTTLS\nC: NOOP\nS: 503 \nS.\n");
    raw_client_close(&client);
    assert_int_equal(mailsub_testing_server_count_client_errors(server), 1);
    mailsub_testing_server_free(server);
}

static const struct certificate_row {
    const char *name;
    const char *certificate_name;
    int64_t from_s;
    int64_t until_s;
    const char *verify_name;
    unsigned want_status; /* all of these bits, and none when 0 */
} certificate_rows[] = {
    {"a certificate for localhost", NULL, -10, 60, "localhost", 0},
    {"a certificate for ::1", NULL, -10, 60, "::1", 0},
    {"not for another name", NULL, -10, 60, "mail.example",
     GNUTLS_CERT_INVALID | GNUTLS_CERT_UNEXPECTED_OWNER},
    {"a certificate for another name", "mail.example", -10, 60, "mail.example", 0},
    {"then not for localhost", "mail.example", -10, 60, "localhost",
     GNUTLS_CERT_INVALID | GNUTLS_CERT_UNEXPECTED_OWNER},
    {"an expired certificate", NULL, -200, -100, "localhost",
     GNUTLS_CERT_INVALID | GNUTLS_CERT_EXPIRED},
    {"a certificate of the future", NULL, 1000, 2000, "localhost",
     GNUTLS_CERT_INVALID | GNUTLS_CERT_NOT_ACTIVATED},
};

static void a_certificate_is_what_was_set(void **state)
{
    const struct certificate_row *row = *state;
    mailsub_testing_server *server = NULL;
    assert_int_equal(mailsub_testing_server_new(MAILSUB_TESTING_IMPLICIT_TLS, &server), MAILSUB_OK);
    assert_int_equal(mailsub_testing_server_set_certificate(server, row->certificate_name,
                                                            row->from_s, row->until_s),
                     MAILSUB_OK);
    assert_int_equal(mailsub_testing_server_start(server), MAILSUB_OK);
    struct raw_client client;
    raw_client_open(&client, mailsub_testing_server_get_port(server));
    assert_int_equal(
        raw_client_start_tls(&client, mailsub_testing_server_get_ca(server), row->verify_name),
        row->want_status);
    play(&client, "S: 220 \n" QUIT);
    raw_client_close(&client);
    mailsub_testing_server_free(server);
}

static size_t count_entries(const char *directory)
{
    DIR *dir = opendir(directory);
    assert_non_null(dir);
    size_t n = 0;
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

/* A silent server neither answers nor hangs up, until it is stopped. */
static void stop_ends_everything(void **state)
{
    (void)state;
    static const struct rule rules[] = {{"NOOP", NULL, "", 0}};
    size_t n_descriptors = count_entries("/proc/self/fd");
    size_t n_threads = count_entries("/proc/self/task");
    mailsub_testing_server *server = start_server(PIPELINING, rules, 1);
    struct raw_client silent;
    struct raw_client idle;
    raw_client_open(&silent, mailsub_testing_server_get_port(server));
    raw_client_open(&idle, mailsub_testing_server_get_port(server));
    play(&idle, "S: 220 \n");
    play(&silent, HELLO "S: 250-PIPELINING\nS: 250 \nC: RSET\nC: NOOP\nS: 250 \n");
    raw_client_send(&silent, "QUIT\r\n", 6);
    mailsub_testing_server_stop(server);
    mailsub_testing_server_stop(server);
    assert_null(raw_client_read_line(&silent));
    assert_null(raw_client_read_line(&idle));
    raw_client_close(&silent);
    raw_client_close(&idle);
    assert_int_equal(count_entries("/proc/self/fd"), n_descriptors);
    /* A thread that was joined may stand in /proc a moment longer. */
    for (int i = 0; i < 5000 && count_entries("/proc/self/task") > n_threads; i++)
        poll(NULL, 0, 1);
    assert_true(count_entries("/proc/self/task") <= n_threads);
    assert_int_equal(mailsub_testing_server_count_connections(server), 2);
    mailsub_testing_server_free(server);
}

static size_t resident_octets(void)
{
    unsigned long size = 0;
    unsigned long resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu %lu", &size, &resident), 2);
    fclose(file);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

static void discarded_contents_take_no_memory(void **state)
{
    (void)state;
    const size_t size = (size_t)50 * 1024 * 1024;
    size_t resident_before = resident_octets();
    mailsub_testing_server *server = start_server(MAILSUB_TESTING_DISCARD, NULL, 0);
    struct raw_client client;
    raw_client_open(&client, mailsub_testing_server_get_port(server));
    play(&client, DATA);
    static char lines[64 * 1024];
    for (size_t i = 0; i < sizeof lines; i++)
        lines[i] = "\nx\r"[(i % 64 == 63) ? 0 : (i % 64 == 62) ? 2 : 1];
    for (size_t sent = 0; sent < size; sent += sizeof lines)
        raw_client_send(&client, lines, sizeof lines);
    play(&client, "C: .\nS: 250 \n" QUIT);
    assert_true(resident_octets() < resident_before + size / 8);
    raw_client_close(&client);
    mailsub_testing_server_stop(server);
    size_t len = 1;
    assert_string_equal(mailsub_testing_server_get_content(server, 0, &len), "");
    assert_int_equal(len, 0);
    assert_true(mailsub_testing_server_get_size(server, 0) == size);
    mailsub_testing_server_free(server);
}

#define N_CLIENTS 8
#define N_MESSAGES 25

struct crowd {
    mailsub_testing_server *server;
    bool tls;
    atomic_size_t n_done;
    atomic_int n_running;
};

static void *send_messages(void *context)
{
    struct crowd *crowd = context;
    struct raw_client client;
    raw_client_open(&client, mailsub_testing_server_get_port(crowd->server));
    if (crowd->tls)
        raw_client_start_tls(&client, mailsub_testing_server_get_ca(crowd->server), "localhost");
    play(&client, HELLO "S: 250-PIPELINING\nS: 250 \n");
    for (int i = 0; i < N_MESSAGES; i++) {
        play(&client, "C: MAIL FROM:<a@b.example>\nC: RCPT TO:<c@d.example>\nC: DATA\nS: 250 \n"
                      "S: 250 \nS: 354 \nC: Hello\nC: .\nS: 250 \n");
        crowd->n_done++;
    }
    play(&client, QUIT);
    raw_client_close(&client);
    crowd->n_running--;
    return NULL;
}

/* Look at everything as long as somebody sends. */
static void *watch_messages(void *context)
{
    struct crowd *crowd = context;
    const mailsub_testing_server *server = crowd->server;
    size_t *n_bad = calloc(1, sizeof *n_bad);
    while (crowd->n_running > 0) {
        size_t n_done = crowd->n_done;
        size_t n = mailsub_testing_server_count_messages(server);
        *n_bad += n < n_done;
        for (size_t i = 0; i < n; i++) {
            size_t len = 0;
            const char *content = mailsub_testing_server_get_content(server, i, &len);
            *n_bad += !content || len != 7 || strcmp(content, "Hello\r\n") != 0;
            *n_bad += strcmp(mailsub_testing_server_get_sender(server, i), "a@b.example") != 0;
        }
        char *text = transcript_of(server);
        *n_bad += *text && text[strlen(text) - 1] != '\n';
        free(text);
        *n_bad += mailsub_testing_server_count_client_errors(server) > 0;
        *n_bad += mailsub_testing_server_count_connections(server) > N_CLIENTS;
    }
    return n_bad;
}

static void eight_clients_are_served_and_watched(uint32_t tls)
{
    struct crowd crowd = {.tls = tls != 0, .n_running = N_CLIENTS};
    crowd.server = start_server(PIPELINING | tls, NULL, 0);
    pthread_t clients[N_CLIENTS];
    pthread_t watcher;
    assert_int_equal(pthread_create(&watcher, NULL, watch_messages, &crowd), 0);
    for (size_t i = 0; i < N_CLIENTS; i++)
        assert_int_equal(pthread_create(&clients[i], NULL, send_messages, &crowd), 0);
    for (size_t i = 0; i < N_CLIENTS; i++)
        pthread_join(clients[i], NULL);
    void *n_bad;
    pthread_join(watcher, &n_bad);
    assert_int_equal(*(size_t *)n_bad, 0);
    free(n_bad);
    mailsub_testing_server_stop(crowd.server);
    assert_int_equal(mailsub_testing_server_count_messages(crowd.server), N_CLIENTS * N_MESSAGES);
    assert_int_equal(mailsub_testing_server_count_connections(crowd.server), N_CLIENTS);
    mailsub_testing_server_free(crowd.server);
}

static void eight_clients_in_clear(void **state)
{
    (void)state;
    eight_clients_are_served_and_watched(0);
}

static void eight_clients_in_tls(void **state)
{
    (void)state;
    eight_clients_are_served_and_watched(MAILSUB_TESTING_IMPLICIT_TLS);
}

static void wrong_calls_are_refused(void **state)
{
    (void)state;
    mailsub_testing_server *server = NULL;
    assert_int_equal(mailsub_testing_server_new(0, NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_testing_server_new(1u << 31, &server), MAILSUB_E_INVALID);
    assert_null(server);
    assert_int_equal(mailsub_testing_server_new(0, &server), MAILSUB_OK);
    assert_int_equal(mailsub_testing_server_add_user(NULL, "a", "b"), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_testing_server_add_user(server, NULL, "b"), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_testing_server_add_user(server, "a", NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_testing_server_add_rule(NULL, "MAIL", NULL, NULL, 0),
                     MAILSUB_E_INVALID);
    assert_int_equal(mailsub_testing_server_add_rule(server, NULL, NULL, NULL, 0),
                     MAILSUB_E_INVALID);
    assert_int_equal(mailsub_testing_server_add_rule(server, ".", "x", NULL, 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_testing_server_set_certificate(NULL, NULL, 0, 1), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_testing_server_set_certificate(server, NULL, 1, 1), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_testing_server_set_certificate(server, NULL, INT64_MIN, INT64_MAX),
                     MAILSUB_E_INVALID);
    assert_int_equal(mailsub_testing_server_set_certificate(server, "", 0, 1), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_testing_server_start(NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_testing_server_write_transcript(server, NULL, NULL),
                     MAILSUB_E_INVALID);
    assert_int_equal(mailsub_testing_server_write_transcript(NULL, refuse, NULL),
                     MAILSUB_E_INVALID);
    mailsub_testing_server_free(server);
    mailsub_testing_server_free(NULL);
    mailsub_testing_server_stop(NULL);
}

static void set_up_ends_with_the_start(void **state)
{
    (void)state;
    mailsub_testing_server *server = NULL;
    assert_int_equal(mailsub_testing_server_new(0, &server), MAILSUB_OK);
    mailsub_testing_server_stop(server);
    assert_int_equal(mailsub_testing_server_get_port(server), 0);
    assert_string_equal(mailsub_testing_server_get_url(server), "");
    assert_string_equal(mailsub_testing_server_get_ca(server), "");
    assert_int_equal(mailsub_testing_server_start(server), MAILSUB_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(mailsub_testing_server_start(server), MAILSUB_E_STATE);
        assert_int_equal(mailsub_testing_server_add_user(server, "a", "b"), MAILSUB_E_STATE);
        assert_int_equal(mailsub_testing_server_add_rule(server, "MAIL", NULL, NULL, 0),
                         MAILSUB_E_STATE);
        assert_int_equal(mailsub_testing_server_set_certificate(server, NULL, 0, 1),
                         MAILSUB_E_STATE);
        mailsub_testing_server_stop(server);
    }
    mailsub_testing_server_free(server);
}

static void the_url_tells_the_kind_of_tls(void **state)
{
    (void)state;
    static const struct {
        uint32_t flags;
        const char *scheme;
    } cases[] = {
        {0, "smtp"},
        {MAILSUB_TESTING_STARTTLS, "submission"},
        {MAILSUB_TESTING_IMPLICIT_TLS, "submissions"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mailsub_testing_server *server = start_server(cases[i].flags, NULL, 0);
        char want[64];
        snprintf(want, sizeof want, "%s://localhost:%d", cases[i].scheme,
                 mailsub_testing_server_get_port(server));
        assert_string_equal(mailsub_testing_server_get_url(server), want);
        mailsub_testing_server_free(server);
    }
    assert_int_equal(mailsub_testing_server_get_port(NULL), 0);
    assert_string_equal(mailsub_testing_server_get_url(NULL), "");
    assert_string_equal(mailsub_testing_server_get_ca(NULL), "");
    assert_int_equal(mailsub_testing_server_count_messages(NULL), 0);
    assert_int_equal(mailsub_testing_server_count_connections(NULL), 0);
    assert_int_equal(mailsub_testing_server_count_client_errors(NULL), 0);
    assert_null(mailsub_testing_server_get_content(NULL, 0, NULL));
}

int main(void)
{
    struct CMUnitTest tests[100] = {
        cmocka_unit_test(the_envelope_is_captured),
        cmocka_unit_test(the_transcript_shows_the_dialogue),
        cmocka_unit_test(the_transcript_has_an_end),
        cmocka_unit_test(a_line_without_end_is_refused),
        cmocka_unit_test(starttls_forgets_what_was_said),
        cmocka_unit_test(nothing_may_follow_starttls_in_clear),
        cmocka_unit_test(stop_ends_everything),
        cmocka_unit_test(discarded_contents_take_no_memory),
        cmocka_unit_test(eight_clients_in_clear),
        cmocka_unit_test(eight_clients_in_tls),
        cmocka_unit_test(wrong_calls_are_refused),
        cmocka_unit_test(set_up_ends_with_the_start),
        cmocka_unit_test(the_url_tells_the_kind_of_tls),
    };
    size_t n_tests = 13;
    UNIT_ADD_ROWS(tests, n_tests, rows, a_dialogue_goes_as_it_should);
    UNIT_ADD_ROWS(tests, n_tests, certificate_rows, a_certificate_is_what_was_set);
    return UNIT_RUN(tests, n_tests);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <mailsub/config.h>
#include <mailsub/error.h>

#include "base/memory.h"
#include "session/url.h"

struct row {
    const char *name; /* also the URL */
    int want_rc;
    const char *want_host;
    int want_port;
    int want_tls;
    const char *want_user; /* NULL: none */
    const char *want_password;
    bool want_lmtp;
    const char *want_path; /* NULL: none */
};

#define REFUSED(url)                                                                               \
    {                                                                                              \
        .name = url, .want_rc = MAILSUB_E_URL                                                      \
    }

#define LOCAL(url, lmtp, path)                                                                     \
    {                                                                                              \
        .name = url, .want_host = "localhost", .want_tls = MAILSUB_TLS_OPPORTUNISTIC,              \
        .want_lmtp = lmtp, .want_path = path                                                       \
    }

/* With a slash before it as long as the name of a Unix socket can be. */
#define TEN "0123456789"
#define LONG_PATH TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "012345"

static const struct row rows[] = {
    {"submissions://mail.example.org", 0, "mail.example.org", 465, MAILSUB_TLS_IMPLICIT, NULL, NULL,
     false, NULL},
    {"smtps://mail.example.org", 0, "mail.example.org", 465, MAILSUB_TLS_IMPLICIT, NULL, NULL,
     false, NULL},
    {"submission://mail.example.org", 0, "mail.example.org", 587, MAILSUB_TLS_STARTTLS, NULL, NULL,
     false, NULL},
    {"SMTP://Mail.Example.ORG/", 0, "mail.example.org", 25, MAILSUB_TLS_STARTTLS, NULL, NULL, false,
     NULL},
    {"smtp://mail.example.org:465", 0, "mail.example.org", 465, MAILSUB_TLS_IMPLICIT, NULL, NULL,
     false, NULL},
    {"smtp://mail.example.org:2525", 0, "mail.example.org", 2525, MAILSUB_TLS_STARTTLS, NULL, NULL,
     false, NULL},
    {"smtp://localhost", 0, "localhost", 25, MAILSUB_TLS_OPPORTUNISTIC, NULL, NULL, false, NULL},
    {"smtp://127.8.8.8:2525", 0, "127.8.8.8", 2525, MAILSUB_TLS_OPPORTUNISTIC, NULL, NULL, false,
     NULL},
    {"smtp://[::1]:2525", 0, "::1", 2525, MAILSUB_TLS_OPPORTUNISTIC, NULL, NULL, false, NULL},
    {"smtp://localhost:465", 0, "localhost", 465, MAILSUB_TLS_IMPLICIT, NULL, NULL, false, NULL},
    {"submission://localhost", 0, "localhost", 587, MAILSUB_TLS_STARTTLS, NULL, NULL, false, NULL},
    {"smtp://localhost.example.org", 0, "localhost.example.org", 25, MAILSUB_TLS_STARTTLS, NULL,
     NULL, false, NULL},
    {"smtp://notlocalhost", 0, "notlocalhost", 25, MAILSUB_TLS_STARTTLS, NULL, NULL, false, NULL},
    {"submission://[2001:db8::7]", 0, "2001:db8::7", 587, MAILSUB_TLS_STARTTLS, NULL, NULL, false,
     NULL},
    {"submission://192.0.2.7:1", 0, "192.0.2.7", 1, MAILSUB_TLS_STARTTLS, NULL, NULL, false, NULL},
    {"submission://b\xc3\xbc"
     "cher.example",
     0, "xn--bcher-kva.example", 587, MAILSUB_TLS_STARTTLS, NULL, NULL, false, NULL},
    {"submission://me:pw@h.example", 0, "h.example", 587, MAILSUB_TLS_STARTTLS, "me", "pw", false,
     NULL},
    {"submission://me@h.example", 0, "h.example", 587, MAILSUB_TLS_STARTTLS, "me", "", false, NULL},
    {"submission://a%40b:p%3aw%25%C3%BC:x@h.example:10587", 0, "h.example", 10587,
     MAILSUB_TLS_STARTTLS, "a@b", "p:w%\xc3\xbc:x", false, NULL},
    {.name = "lmtp://localhost",
     .want_host = "localhost",
     .want_port = 24,
     .want_tls = MAILSUB_TLS_OPPORTUNISTIC,
     .want_lmtp = true},
    {.name = "lmtp://mail.example.org:2400",
     .want_host = "mail.example.org",
     .want_port = 2400,
     .want_tls = MAILSUB_TLS_STARTTLS,
     .want_lmtp = true},
    LOCAL("smtp+unix:/run/x", false, "/run/x"),
    LOCAL("lmtp+unix:/run/x", true, "/run/x"),
    LOCAL("LMTP+Unix:///run//x/", true, "/run//x/"),
    LOCAL("smtp+unix:/run/%c3%bc%3f%23%25", false, "/run/\xc3\xbc?#%"),
    LOCAL("smtp+unix:/" LONG_PATH, false, "/" LONG_PATH),
    LOCAL("sendmail:/usr/sbin/sendmail", false, "/usr/sbin/sendmail"),
    LOCAL("Sendmail:///usr/lib/send%20mail", false, "/usr/lib/send mail"),
    LOCAL("sendmail:/x" LONG_PATH, false, "/x" LONG_PATH),
    LOCAL("maildir:/home/me/Maildir", false, "/home/me/Maildir"),
    LOCAL("MailDir:///srv/my%20mail/", false, "/srv/my mail/"),
    LOCAL("directory:/var/spool/out%3f", false, "/var/spool/out?"),
    REFUSED("maildir:Maildir"),
    REFUSED("maildir:~/Maildir"),
    REFUSED("maildir:"),
    REFUSED("maildir://localhost/srv/mail"),
    REFUSED("directory:/srv/mail#x"),
    REFUSED("directory:/srv/%0a"),
    REFUSED("dir:/srv/mail"),
    REFUSED("file:/srv/mail"),
    REFUSED("sendmail:sendmail"),
    REFUSED("sendmail:"),
    REFUSED("sendmail://localhost/usr/sbin/sendmail"),
    REFUSED("sendmail:/usr/sbin/sendmail?-t"),
    REFUSED("sendmail:/usr/sbin/send%0amail"),
    REFUSED("smtp+unix:/x" LONG_PATH),
    REFUSED("smtp+unix:"),
    REFUSED("smtp+unix:/"),
    REFUSED("smtp+unix:x"),
    REFUSED("smtp+unix:x/y"),
    REFUSED("smtp+unix://"),
    REFUSED("smtp+unix:///"),
    REFUSED("smtp+unix://run/x"),
    REFUSED("smtp+unix://me:pw@/run/x"),
    REFUSED("smtp+unix:////run/x"),
    REFUSED("smtp+unix:/run/x?y"),
    REFUSED("smtp+unix:/run/x#y"),
    REFUSED("smtp+unix:/run/%00"),
    REFUSED("smtp+unix:/run/%0a"),
    REFUSED("smtp+unix:/run/%ff"),
    REFUSED("smtp+unix:/run/%1"),
    REFUSED("unix:/run/x"),
    REFUSED("lmtp:/run/x"),
    REFUSED("lmtp://localhost:25"),
    REFUSED(""),
    REFUSED("mail.example.org"),
    REFUSED("submission:mail.example.org"),
    REFUSED("http://mail.example.org"),
    REFUSED("://mail.example.org"),
    REFUSED("submission://"),
    REFUSED("submission:///"),
    REFUSED("submission://:587"),
    REFUSED("submission://h.example:"),
    REFUSED("submission://h.example:0"),
    REFUSED("submission://h.example:65536"),
    REFUSED("submission://h.example:587x"),
    REFUSED("submission://h.example:-1"),
    REFUSED("submission://h.example:000587"),
    REFUSED("submission://h.example/inbox"),
    REFUSED("submission://h.example?x=1"),
    REFUSED("submission://h.example#x"),
    REFUSED("submission://me@you@h.example"),
    REFUSED("submission://@h.example"),
    REFUSED("submission://:pw@h.example"),
    REFUSED("submission://a%0d%0ab:pw@h.example"),
    REFUSED("submission://a%00b:pw@h.example"),
    REFUSED("submission://a%4:pw@h.example"),
    REFUSED("submission://a%zz:pw@h.example"),
    REFUSED("submission://a%ff:pw@h.example"),
    REFUSED("submission://h..example"),
    REFUSED("submission://h example"),
    REFUSED("submission://1.2.3"),
    REFUSED("submission://[::1"),
    REFUSED("submission://[127.0.0.1]"),
    REFUSED("submission://[::1]x"),
    REFUSED("submission://2001:db8::7"),
};

static enum mailsub__way way_of(const struct row *row)
{
    if (!row->want_path)
        return MAILSUB__WAY_TCP;
    switch (row->name[0]) {
    case 's':
    case 'S':
        return row->name[1] == 'm' ? MAILSUB__WAY_UNIX : MAILSUB__WAY_COMMAND;
    case 'm':
    case 'M':
        return MAILSUB__WAY_MAILDIR;
    case 'd':
        return MAILSUB__WAY_DIRECTORY;
    default:
        return MAILSUB__WAY_UNIX;
    }
}

static void check(const mailsub__url *url, const struct row *row)
{
    assert_string_equal(url->host, row->want_host);
    assert_int_equal(url->port, row->want_port);
    assert_int_equal(url->tls, row->want_tls);
    assert_int_equal(url->lmtp, row->want_lmtp);
    assert_int_equal(url->way, way_of(row));
    assert_true(mailsub__slice_equal(mailsub__buffer_slice(&url->path),
                                     mailsub__slice_str(row->want_path)));
    assert_int_equal(url->has_user, row->want_user != NULL);
    if (!row->want_user)
        return;
    mailsub__slice user = mailsub__buffer_slice(&url->user);
    mailsub__slice password = mailsub__buffer_slice(&url->password);
    assert_true(mailsub__slice_equal(user, mailsub__slice_str(row->want_user)));
    assert_true(mailsub__slice_equal(password, mailsub__slice_str(row->want_password)));
}

/* Each row with enough memory, and with each allocation failing once. */
static void parse_row(void **state)
{
    const struct row *row = *state;
    for (size_t fail_at = 0;; fail_at++) {
        struct unit_heap heap = {.fail_at = fail_at};
        mailsub_allocator allocator = unit_allocator(&heap);
        mailsub__url url;
        const char *cause = NULL;
        int rc = mailsub__url_parse(&allocator, row->name, &url, &cause);
        if (rc == MAILSUB_OK) {
            check(&url, row);
            mailsub__url_deinit(&url);
        } else if (rc == MAILSUB_E_URL) {
            assert_true(strlen(cause) > 0);
        }
        assert_int_equal(heap.n_live, 0);
        if (fail_at == 0 || heap.n_requests < fail_at)
            assert_int_equal(rc, row->want_rc);
        else
            assert_int_equal(rc, MAILSUB_E_NOMEM);
        if (fail_at > 0 && heap.n_requests < fail_at)
            return;
    }
}

static const struct written_row {
    const char *name;
    const char *want;
} written_rows[] = {
    {"smtp://user:pw@Mail.Example.ORG", "smtp://mail.example.org:25"},
    {"SUBMISSIONS://b\xc3\xbc"
     "cher.example:4650/",
     "submissions://xn--bcher-kva.example:4650"},
    {"smtp://[2001:db8::1]:26", "smtp://[2001:db8::1]:26"},
    {"lmtp+unix:///run/a%20b/\xc3\xbc", "lmtp+unix:/run/a%20b/%C3%BC"},
    {"sendmail:/%2Fbin/x%3Fy", "sendmail:/%2Fbin/x%3Fy"},
};

static void a_url_is_written_anew(void **state)
{
    const struct written_row *row = *state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer text;
    mailsub__url url;
    const char *cause = NULL;
    assert_int_equal(mailsub__url_parse(&allocator, row->name, &url, &cause), MAILSUB_OK);
    mailsub__buffer_init(&text, &allocator, 16384);
    assert_int_equal(mailsub__url_write(&url, &text), MAILSUB_OK);
    assert_string_equal(mailsub__buffer_str(&text), row->want);
    mailsub__buffer_deinit(&text);
    mailsub__url_deinit(&url);
    assert_int_equal(heap.n_live, 0);
}

static void line_ends_are_refused(void **state)
{
    (void)state;
    static const struct row line_ends[] = {
        REFUSED("submission://h.example\r\nMAIL"),
        REFUSED("submission://a\nb:c@h.example"),
    };
    for (size_t i = 0; i < sizeof line_ends / sizeof line_ends[0]; i++) {
        void *row = unit_row(&line_ends[i]);
        parse_row(&row);
    }
}

int main(void)
{
    static struct CMUnitTest
        tests[1 + sizeof rows / sizeof rows[0] + sizeof written_rows / sizeof written_rows[0]] = {
            cmocka_unit_test(line_ends_are_refused),
        };
    size_t n_tests = 1;
    UNIT_ADD_ROWS(tests, n_tests, rows, parse_row);
    UNIT_ADD_ROWS(tests, n_tests, written_rows, a_url_is_written_anew);
    return UNIT_RUN(tests, n_tests);
}

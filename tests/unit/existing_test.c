/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "message_kit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message/state.h"

enum { TAKE = MAILSUB_FROM_TAKE_RECIPIENTS };

#define FROM "From: alice@a.de\r\n"
#define ID "Message-ID: <1@a.de>\r\n"
#define HEAD "Date: Fri, 21 Nov 1997 09:55:06 -0600\r\n" FROM ID
#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define LONG HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED
#define SIGNED(names) "DKIM-Signature: v=1; d=a.de; h=" names "; b=x\r\n"

struct row {
    const char *name;
    const char *in;
    const char *want; /* what is written; NULL: refused */
    int want_rc;      /* when the message is made or written */
};

static const struct row rows[] = {
    {"in order stays as it is", HEAD "Subject:  two  spaces\r\n\r\nHi\r\n",
     HEAD "Subject:  two  spaces\r\n\r\nHi\r\n", 0},
    {"bare LF", "Date: x\nFrom: alice@a.de\nMessage-ID: <1@a.de>\n\nHi\nyou\n",
     "Date: x\r\n" FROM ID "\r\nHi\r\nyou\r\n", 0},
    {"bare CR throughout", "Date: x\rFrom: alice@a.de\rMessage-ID: <1@a.de>\r\rHi\ryou",
     "Date: x\r\n" FROM ID "\r\nHi\r\nyou\r\n", 0},
    {"bare CR in a field begins none", HEAD "Subject: a\rBcc: evil@evil.de\r\n\r\nHi\r\n",
     HEAD "Subject: a Bcc: evil@evil.de\r\n\r\nHi\r\n", 0},
    {"mixed line ends in the body", HEAD "\r\na\rb\nc\r\nd", HEAD "\r\na\r\nb\r\nc\r\nd\r\n", 0},
    {"mailbox line in front", "From alice@a.de Sat Nov 21 23:39:56 2026\n" HEAD "\r\nHi\r\n",
     HEAD "\r\nHi\r\n", 0},
    {"quoted mailbox line in front", ">From alice\r\n" HEAD "\r\nHi\r\n", HEAD "\r\nHi\r\n", 0},
    {"missing empty line", HEAD "Hi: \r\nyou all\r\n", HEAD "Hi: \r\n\r\nyou all\r\n", 0},
    {"header only", HEAD, HEAD "\r\n", 0},
    {"header cut in its last line", HEAD "X-A: b", HEAD "X-A: b\r\n\r\n", 0},
    {"body empty", HEAD "\r\n", HEAD "\r\n", 0},
    {"Date and Message-ID added", FROM "\r\nHi\r\n", FROM KIT_DATE KIT_ID "\r\nHi\r\n", 0},
    {"empty Date is missing", "Date: \r\n" FROM ID "\r\n", FROM ID KIT_DATE "\r\n", 0},
    {"MIME-Version added to MIME fields", HEAD "Content-Type: text/plain\r\n\r\nHi\r\n",
     HEAD "Content-Type: text/plain\r\nMIME-Version: 1.0\r\n\r\nHi\r\n", 0},
    {"blind fields removed",
     "Return-Path: <x@a.de>\r\nBCC: b@b.de,\r\n c@c.de\r\n" HEAD "Resent-Bcc : d@d.de\r\n\r\n",
     HEAD "\r\n", 0},
    {"folded field stays folded", HEAD "Subject: a\r\n\tb\r\n c\r\n\r\n",
     HEAD "Subject: a\r\n\tb\r\n c\r\n\r\n", 0},
    {"line of white space in a field", HEAD "Subject: a\r\n  \r\n b\r\n\r\nHi\r\n",
     HEAD "Subject: a   b\r\n\r\nHi\r\n", 0},
    {"white space before the colon", HEAD "Subject \t: a\r\n\r\nHi\r\n",
     HEAD "Subject: a\r\n\r\nHi\r\n", 0},
    {"control characters become spaces", HEAD "Subject: a\x1b[1m\x7f\r\n\r\n",
     HEAD "Subject: a [1m\r\n\r\n", 0},
    {"control characters around a value are white space",
     HEAD "MIME-Version: 1.0\r\nContent-Transfer-Encoding: \x1b binary\x7f\r\n\r\nHi\r\n",
     HEAD "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n"
          "Content-Transfer-Encoding: 7bit\r\n\r\nHi\r\n",
     0},
    {"several To become one", HEAD "To: b@b.de\r\nCc: c@c.de\r\nTo: D <d@d.de>,e@e.de\r\n\r\n",
     HEAD "To: b@b.de, D <d@d.de>, e@e.de\r\nCc: c@c.de\r\n\r\n", 0},
    {"two Subjects", HEAD "Subject: a\r\nSubject: b\r\n\r\n", NULL, MAILSUB_E_HEADER_REPEATED},
    {"two From", HEAD FROM "\r\n", NULL, MAILSUB_E_HEADER_REPEATED},
    {"no From", "Subject: a\r\n\r\n", NULL, MAILSUB_E_NO_FROM},
    {"nothing at all", "", NULL, MAILSUB_E_NO_FROM},
    {"malformed From", "From: alice\r\n\r\n", NULL, MAILSUB_E_ADDRESS},
    {"From of an empty group", "From: a:;\r\n\r\n", NULL, MAILSUB_E_ADDRESS},
    {"malformed To is carried", HEAD "To: bob\r\n\r\n", HEAD "To: bob\r\n\r\n", 0},
    {"obsolete address of To is carried", HEAD "To: <@x,@y:bob@b.de>\r\n\r\n",
     HEAD "To: <@x,@y:bob@b.de>\r\n\r\n", 0},
    {"UTF-8 in a Subject", HEAD "Subject: caf\xc3\xa9\r\n\r\n",
     HEAD "Subject: =?UTF-8?B?Y2Fmw6k=?=\r\n\r\n", 0},
    {"UTF-8 beside an encoded word", HEAD "Subject: =?utf-8?q?=C3=A4?= caf\xc3\xa9\r\n\r\n",
     HEAD "Subject: =?UTF-8?B?w6QgY2Fmw6k=?=\r\n\r\n", 0},
    {"UTF-8 in a name", HEAD "To: caf\xc3\xa9 <b@b.de>\r\n\r\n",
     HEAD "To: =?UTF-8?B?Y2Fmw6k=?= <b@b.de>\r\n\r\n", 0},
    {"UTF-8 in a field of tokens", HEAD "References: <\xc3\xa9@a>\r\n\r\n", NULL, MAILSUB_E_8BIT},
    {"Latin-1 in a Subject", HEAD "Subject: caf\xe9\r\n\r\n", NULL, MAILSUB_E_UTF8},
    {"long header line folded", HEAD "X-A: " LONG "\r\n\r\n", NULL, MAILSUB_E_LINE_TOO_LONG},
    {"long line in a text", HEAD "\r\n" LONG "\r\n", NULL, 0},
    {"8-bit text without MIME fields", HEAD "\r\ntwo plain words and a caf\xc3\xa9\r\n",
     HEAD "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
          "Content-Transfer-Encoding: quoted-printable\r\n\r\ntwo plain words and a caf=C3=A9\r\n",
     0},
    {"8-bit text of no known charset", HEAD "\r\ncafes and caf\xe9\n",
     HEAD "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\n"
          "Content-Transfer-Encoding: quoted-printable\r\n\r\ncafes and caf=E9\r\n",
     0},
    {"encoding replaced in its place",
     HEAD "MIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\n"
          "Content-Type: text/plain; charset=latin1\r\n\r\n\xe4\xf6\xfc\n",
     HEAD "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=latin1\r\n"
          "Content-Transfer-Encoding: base64\r\n\r\n5Pb8DQo=\r\n",
     0},
    {"binary file", HEAD "Content-Type: a/b\r\nContent-Transfer-Encoding: binary\r\n\r\n\r\n\n\r",
     HEAD "Content-Type: a/b\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\n"
          "DQoKDQ==\r\n",
     0},
    {"8-bit multipart", HEAD "Content-Type: multipart/mixed; boundary=x\r\n\r\n\xe4\r\n", NULL,
     MAILSUB_E_8BIT},
    {"long line in a multipart",
     HEAD "Content-Type: multipart/mixed; boundary=x\r\n\r\n" LONG "\r\n", NULL,
     MAILSUB_E_LINE_TOO_LONG},
    {"long line in base64", HEAD "Content-Transfer-Encoding: base64\r\n\r\n" LONG "\r\n", NULL, 0},
    {"8-bit octets in base64", HEAD "Content-Transfer-Encoding: base64\r\n\r\n\xe4\r\n", NULL,
     MAILSUB_E_8BIT},
    {"long line in quoted-printable",
     HEAD "Content-Transfer-Encoding: quoted-printable\r\n\r\n" LONG "\r\n", NULL,
     MAILSUB_E_LINE_TOO_LONG},
    {"signed, line ends all LF",
     "DKIM-Signature: h=from:date\nDate: x\nFrom: alice@a.de\nMessage-ID: <1@a.de>\n\na\nb\n",
     "DKIM-Signature: h=from:date\r\nDate: x\r\n" FROM ID "\r\na\r\nb\r\n", 0},
    {"signed, mixed line ends", HEAD SIGNED("from") "\r\na\r\nb\n", NULL, MAILSUB_E_SIGNED},
    {"signed, 8-bit", HEAD SIGNED("from") "\r\n\xe4\r\n", NULL, MAILSUB_E_SIGNED},
    {"signed, Date missing but not covered", FROM ID SIGNED("from") "\r\n",
     FROM ID SIGNED("from") KIT_DATE "\r\n", 0},
    {"signed, Date missing and covered", FROM ID SIGNED("From : Date") "\r\n", NULL,
     MAILSUB_E_SIGNED},
    {"signed, Message-ID missing and covered", "Date: x\r\n" FROM SIGNED("message-id") "\r\n", NULL,
     MAILSUB_E_SIGNED},
    {"signed, Bcc not covered", HEAD "Bcc: b@b.de\r\n" SIGNED("from") "\r\n",
     HEAD SIGNED("from") "\r\n", 0},
    {"signed, Bcc covered", HEAD "Bcc: b@b.de\r\n" SIGNED("bcc:from") "\r\n", NULL,
     MAILSUB_E_SIGNED},
    {"signed, covered field not in order", HEAD "Subject : a\r\n" SIGNED("subject") "\r\n", NULL,
     MAILSUB_E_SIGNED},
    {"signature without a list of fields", FROM ID "DKIM-Signature: v=1\r\n\r\n", NULL,
     MAILSUB_E_SIGNED},
    {"S/MIME, 8-bit", HEAD "Content-Type: multipart/signed; boundary=x\r\n\r\n\xe4\r\n", NULL,
     MAILSUB_E_SIGNED},
    {"OpenPGP in place, 8-bit", HEAD "\r\nHi\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\n\xe4\r\n",
     NULL, MAILSUB_E_SIGNED},
};

static mailsub_message *adopt(struct unit_heap *heap, const char *text, size_t len, uint32_t flags,
                              int *out_rc)
{
    mailsub_message *message = kit_message_on(heap);
    assert_non_null(message);
    *out_rc = mailsub__message_adopt(message, mailsub__slice_of(text, len), NULL, flags);
    return message;
}

/* Whatever comes out: CRLF only, no long line, no NUL, no 8-bit octet, no blind field. */
static void check_raw(const struct kit_text *text)
{
    bool in_header = true;
    size_t line = 0;
    for (size_t i = 0; i < text->len; i++) {
        unsigned char c = (unsigned char)text->data[i];
        assert_true(c != '\0' && c < 0x80);
        assert_true(c != '\n' || (i > 0 && text->data[i - 1] == '\r'));
        assert_true(c != '\r' || text->data[i + 1] == '\n');
        if (c != '\n')
            continue;
        size_t len = i - 1 - line;
        assert_true(len <= 998);
        in_header &= len > 0;
        assert_false(in_header && strncasecmp(text->data + line, "bcc", 3) == 0);
        line = i + 1;
    }
    assert_int_equal(line, text->len);
}

static void check_row(void **state)
{
    const struct row *row = *state;
    struct unit_heap heap = {0};
    int rc;
    mailsub_message *message = adopt(&heap, row->in, strlen(row->in), 0, &rc);
    struct kit_text text = {0};
    if (!rc)
        rc = mailsub_message_write(message, kit_sink, &text);
    assert_int_equal(rc, row->want_rc);
    if (!rc) {
        check_raw(&text);
        kit_check_reading(message, &text);
    }
    if (row->want)
        assert_string_equal(text.data, row->want);
    free(text.data);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

/* The same from a file. */
static char path[] = "/tmp/mailsub-existing-XXXXXX";

static void fill_file(const char *data, size_t len)
{
    int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), (ssize_t)len);
    assert_int_equal(close(fd), 0);
}

static void check_file_row(void **state)
{
    const struct row *row = *state;
    fill_file(row->in, strlen(row->in));
    struct unit_heap heap = {0};
    mailsub_message *message = kit_message_on(&heap);
    int rc = mailsub__message_adopt(message, MAILSUB__SLICE_EMPTY, path, 0);
    struct kit_text text = {0};
    if (!rc)
        rc = mailsub_message_write(message, kit_sink, &text);
    assert_int_equal(rc, row->want_rc);
    if (!rc)
        kit_check_reading(message, &text);
    if (row->want)
        assert_string_equal(text.data, row->want);
    free(text.data);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

/* Recipients, and the sender in front. */
struct envelope_row {
    const char *name;
    const char *in;
    uint32_t flags;
    const char *want;
};

static const struct envelope_row envelopes[] = {
    {"none without being asked", FROM "To: b@b.de\r\n\r\n", 0, "alice@a.de"},
    {"To, Cc and Bcc", FROM "To: b@b.de, C <c@c.de>\r\nCc: g: d@d.de;\r\nbcc: e@e.de\r\n\r\n", TAKE,
     "alice@a.de b@b.de c@c.de d@d.de e@e.de"},
    {"every field of a name", FROM "Bcc: b@b.de\r\nBcc:\r\n c@c.de\r\nTo:\r\n\r\n", TAKE,
     "alice@a.de b@b.de c@c.de"},
    {"Sender before From", FROM "Sender: S <s@s.de>\r\nTo: b@b.de\r\n\r\n", TAKE, "s@s.de b@b.de"},
    {"first of a group of one author", "From: g: a@a.de;\r\nTo: c@c.de\r\n\r\n", TAKE,
     "a@a.de c@c.de"},
    {"who is named again",
     FROM "To: B <b@b.de>, g: c@c.de, b@B.DE;\r\nCc: B@b.de, c@c.de\r\nBcc: d@d.de, b@b.de\r\n\r\n",
     TAKE, "alice@a.de b@b.de c@c.de B@b.de d@d.de"},
    {"several authors sent again",
     "Resent-From: r@r.de, x@r.de\r\nResent-To: x@x.de\r\n" FROM "\r\n", TAKE, "r@r.de x@x.de"},
    {"sent again",
     "Resent-From: r@r.de\r\nResent-To: x@x.de\r\nResent-Bcc: y@y.de\r\n" FROM
     "To: b@b.de\r\nBcc: z@z.de\r\n\r\n",
     TAKE, "r@r.de x@x.de y@y.de"},
    {"sent again twice",
     "Resent-From: r@r.de\r\nResent-Sender: s@s.de\r\nResent-To: x@x.de\r\n"
     "Resent-From: old@r.de\r\nResent-To: old@x.de\r\nResent-Cc: old@y.de\r\n" FROM "\r\n",
     TAKE, "s@s.de x@x.de"},
    {"sent again, trace fields between",
     "Resent-From: r@r.de\r\nResent-To: x@x.de\r\nReceived: by x; y\r\n"
     "Resent-Cc: old@y.de\r\n" FROM "\r\n",
     TAKE, "r@r.de x@x.de"},
    {"Resent- fields say nothing without being asked", "Resent-From: r@r.de\r\n" FROM "\r\n", 0,
     "alice@a.de"},
    {"nobody", FROM "To: undisclosed-recipients:;\r\n\r\n", TAKE, "alice@a.de"},
};

static void check_envelope(void **state)
{
    const struct envelope_row *row = *state;
    struct unit_heap heap = {0};
    int rc;
    mailsub_message *message = adopt(&heap, row->in, strlen(row->in), row->flags, &rc);
    assert_int_equal(rc, MAILSUB_OK);
    char found[256];
    mailsub__slice sender = mailsub__message_sender(message);
    int at = snprintf(found, sizeof found, "%.*s", (int)sender.len, sender.ptr);
    const mailsub__slice *recipients = mailsub__message_recipients(message);
    for (size_t i = 0; i < mailsub_message_count_recipients(message); i++)
        at += snprintf(found + at, sizeof found - (size_t)at, " %.*s", (int)recipients[i].len,
                       recipients[i].ptr);
    assert_string_equal(found, row->want);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void malformed_recipients_are_refused(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    int rc;
    const char text[] = FROM "To: bob\r\n\r\n";
    mailsub_message *message = adopt(&heap, text, sizeof text - 1, TAKE, &rc);
    assert_int_equal(rc, MAILSUB_E_ADDRESS);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void nul_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {FROM "Subject: a#b\r\n\r\n", FROM "\r\na#b\r\n"};
    for (size_t i = 0; i < 2; i++) {
        char text[100];
        strcpy(text, texts[i]);
        *strchr(text, '#') = '\0';
        struct unit_heap heap = {0};
        int rc;
        mailsub_message *message = adopt(&heap, text, strlen(texts[i]), 0, &rc);
        assert_int_equal(rc, MAILSUB_E_CONTROL);
        mailsub_message_free(message);
        assert_int_equal(heap.n_live, 0);
    }
}

static void unknown_flags_are_refused(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    int rc;
    mailsub_message *message = adopt(&heap, FROM, sizeof FROM - 1, 2, &rc);
    assert_int_equal(rc, MAILSUB_E_INVALID);
    mailsub_message_free(message);
}

static void only_what_is_missing_can_be_set(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    int rc;
    const char whole[] = HEAD "\r\nHi\r\n";
    mailsub_message *message = adopt(&heap, whole, sizeof whole - 1, 0, &rc);
    assert_int_equal(rc, MAILSUB_OK);
    const int results[] = {
        mailsub_message_set_from(message, "b@b.de", NULL),
        mailsub_message_add_from(message, "b@b.de", NULL),
        mailsub_message_set_sender(message, "b@b.de", NULL),
        mailsub_message_add_reply_to(message, "b@b.de", NULL),
        mailsub_message_set_subject(message, "a"),
        mailsub_message_add_header(message, "X-A", "b", 1),
        mailsub_message_set_date(message, 0, 0),
        mailsub_message_set_message_id(message, "a@b"),
        mailsub_message_set_text(message, "a", 1),
        mailsub_message_set_html(message, "a", 1),
        mailsub_message_attach_data(message, "a", NULL, "a", 1),
        mailsub_message_attach_file(message, "/proc/self/exe", "a", NULL),
    };
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++)
        assert_int_equal(results[i], MAILSUB_E_STATE);
    assert_int_equal(mailsub_message_get_error(message, NULL), MAILSUB_OK);
    assert_int_equal(mailsub_message_set_return_path(message, "r@r.de"), MAILSUB_OK);
    assert_int_equal(mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "b@b.de", "B"),
                     MAILSUB_OK);
    assert_int_equal(mailsub_message_count_recipients(message), 1);
    const char *id;
    assert_int_equal(mailsub_message_get_message_id(message, &id), MAILSUB_OK);
    assert_string_equal(id, "<1@a.de>");
    kit_assert_written(message, whole);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void missing_fields_are_set(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    int rc;
    mailsub_message *message = adopt(&heap, "Subject: a\n\nHi\n", 15, 0, &rc);
    assert_int_equal(rc, MAILSUB_OK);
    assert_int_equal(mailsub_message_set_from(message, "alice@a.de", "A, B"), MAILSUB_OK);
    assert_int_equal(mailsub_message_set_date(message, 0, 0), MAILSUB_OK);
    assert_int_equal(mailsub_message_set_message_id(message, "1@a.de"), MAILSUB_OK);
    kit_assert_written(message,
                       "Subject: a\r\nDate: Thu, 01 Jan 1970 00:00:00 +0000\r\n"
                       "From: \"A, B\" <alice@a.de>\r\nMessage-ID: <1@a.de>\r\n\r\nHi\r\n");
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void copies_are_the_same_message(void **state)
{
    (void)state;
    static const char text[] = HEAD "To: b@b.de\r\n\r\nHi\r\n";
    fill_file(text, sizeof text - 1);
    for (int in_file = 0; in_file < 2; in_file++) {
        struct unit_heap heap = {0};
        mailsub_message *message = kit_message_on(&heap);
        mailsub__slice data = mailsub__slice_of(text, sizeof text - 1);
        assert_int_equal(mailsub__message_adopt(message, data, in_file ? path : NULL, TAKE),
                         MAILSUB_OK);
        mailsub_message *copy;
        assert_int_equal(mailsub_message_dup(message, &copy), MAILSUB_OK);
        mailsub_message_free(message);
        assert_int_equal(mailsub_message_count_recipients(copy), 1);
        assert_int_equal(mailsub_message_set_subject(copy, "a"), MAILSUB_E_STATE);
        int64_t unix_s;
        int32_t zone_min;
        assert_int_equal(mailsub_message_get_date(copy, &unix_s, &zone_min), MAILSUB_OK);
        assert_int_equal(unix_s, 880127706);
        assert_int_equal(zone_min, -360);
        kit_assert_written(copy, text);
        mailsub_message_free(copy);
        assert_int_equal(heap.n_live, 0);
    }
}

/* One message for servers that differ: 8-bit content stays where it may, and is told. */
static void eight_bit_depends_on_the_server(void **state)
{
    (void)state;
    static const char parts[] =
        HEAD "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n"
             "Content-Transfer-Encoding: 8bit\r\n\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n"
             "\r\n\xe4\r\n--x--\r\n";
    static const char text[] = HEAD "\r\nplain words and \xc3\xa4\r\n";
    struct unit_heap heap = {0};
    int rc;
    struct kit_text written = {0};
    mailsub_message *message = adopt(&heap, parts, sizeof parts - 1, 0, &rc);
    assert_int_equal(rc, MAILSUB_OK);
    assert_int_equal(mailsub_message_write(message, kit_sink, &written), MAILSUB_E_8BIT);
    rc = mailsub_message_write_for(message, MAILSUB_CAN_8BITMIME, kit_sink, &written);
    assert_int_equal(rc, MAILSUB_OK);
    assert_string_equal(written.data, parts);
    free(written.data);
    mailsub_message_free(message);
    message = adopt(&heap, text, sizeof text - 1, 0, &rc);
    assert_int_equal(rc, MAILSUB_OK);
    assert_int_equal(mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "b@b.de", NULL),
                     MAILSUB_OK);
    const char *detail;
    assert_int_equal(mailsub__message_prepare(message, MAILSUB_CAN_8BITMIME, &detail), MAILSUB_OK);
    assert_int_equal(mailsub__message_body(message), MAILSUB__BODY_8BIT);
    assert_int_equal(mailsub__message_prepare(message, 0, &detail), MAILSUB_OK);
    assert_int_equal(mailsub__message_body(message), MAILSUB__BODY_7BIT);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

/* Header lines of up to 998 octets stay; a longer one is folded, and says the same. */
static void long_fields_are_folded(void **state)
{
    (void)state;
    static char text[40000];
    char *end = stpcpy(text, HEAD "X-A: first");
    for (int i = 0; i < 3000; i++)
        end = stpcpy(end, i % 7 ? " word" : "  two");
    stpcpy(end, "\r\n\r\n");
    struct unit_heap heap = {0};
    int rc;
    mailsub_message *message = adopt(&heap, text, strlen(text), 0, &rc);
    assert_int_equal(rc, MAILSUB_OK);
    struct kit_text written = kit_write(message);
    check_raw(&written);
    char *to = written.data;
    for (const char *from = written.data; *from; from++) {
        if (strncmp(from, "\r\n ", 3) == 0)
            from += 2;
        *to++ = *from;
    }
    *to = '\0';
    assert_string_equal(written.data, text);
    free(written.data);
    mailsub_message_free(message);
}

/* A body that is larger than every block, of lines that blocks cut. */
static void large_files_are_streamed(void **state)
{
    (void)state;
    enum { N_LINES = 30000 };
    static const char line[] = "A line that is neither long nor short, with an e: \xc3\xa9\n";
    static const char head[] = HEAD "Content-Type: text/plain; charset=utf-8\r\n\r\n";
    size_t len = sizeof head - 1 + N_LINES * (sizeof line - 1);
    char *text = malloc(len + 1);
    assert_non_null(text);
    char *end = stpcpy(text, head);
    for (int i = 0; i < N_LINES; i++)
        end = stpcpy(end, line);
    fill_file(text, len);
    struct unit_heap heap = {0};
    mailsub_message *of_file = kit_message_on(&heap);
    assert_int_equal(mailsub__message_adopt(of_file, MAILSUB__SLICE_EMPTY, path, 0), MAILSUB_OK);
    int rc;
    mailsub_message *of_bytes = adopt(&heap, text, len, 0, &rc);
    assert_int_equal(rc, MAILSUB_OK);
    struct kit_text one = kit_write(of_file);
    struct kit_text two = kit_write(of_bytes);
    check_raw(&one);
    assert_int_equal(one.len, two.len);
    assert_memory_equal(one.data, two.data, one.len);
    assert_int_equal(mailsub__message_size(of_file), one.len);
    free(one.data);
    free(two.data);
    free(text);
    mailsub_message_free(of_file);
    mailsub_message_free(of_bytes);
    assert_int_equal(heap.n_live, 0);
}

/* Other octets of the same number, and the time of modification set back. */
static void a_change_that_hides_is_noticed(void **state)
{
    (void)state;
    static const char text[] = HEAD "\r\nHi\r\n";
    static const char other[] = HEAD "\r\nHo\r\n";
    struct unit_heap heap = {0};
    fill_file(text, sizeof text - 1);
    mailsub_message *message = kit_message_on(&heap);
    assert_int_equal(mailsub__message_adopt(message, MAILSUB__SLICE_EMPTY, path, 0), MAILSUB_OK);
    struct stat then;
    struct stat now;
    assert_int_equal(stat(path, &then), 0);
    do { /* until the file system's clock has ticked */
        fill_file(other, sizeof other - 1);
        const struct timespec times[2] = {then.st_atim, then.st_mtim};
        assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
        assert_int_equal(stat(path, &now), 0);
    } while (now.st_ctim.tv_sec == then.st_ctim.tv_sec &&
             now.st_ctim.tv_nsec == then.st_ctim.tv_nsec);
    struct kit_text written = {0};
    assert_int_equal(mailsub_message_write(message, kit_sink, &written), MAILSUB_E_FILE_CHANGED);
    assert_null(written.data);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void changed_files_are_noticed(void **state)
{
    (void)state;
    static const char text[] = HEAD "\r\nHi\r\n";
    struct unit_heap heap = {0};
    for (int how = 0; how < 3; how++) {
        fill_file(text, sizeof text - 1);
        mailsub_message *message = kit_message_on(&heap);
        assert_int_equal(mailsub__message_adopt(message, MAILSUB__SLICE_EMPTY, path, 0),
                         MAILSUB_OK);
        const struct timespec times[2] = {{0, UTIME_NOW}, {1, 0}};
        if (how == 0)
            fill_file(text, sizeof text - 2);
        else if (how == 1)
            assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
        else
            assert_int_equal(unlink(path), 0);
        struct kit_text written = {0};
        assert_int_equal(mailsub_message_write(message, kit_sink, &written),
                         how == 2 ? MAILSUB_E_FILE : MAILSUB_E_FILE_CHANGED);
        assert_null(written.data);
        mailsub_message_free(message);
    }
    assert_int_equal(heap.n_live, 0);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(close(fd), 0);
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    static const char *const paths[] = {"/nonexistent/file", "/dev/null", "/tmp"};
    for (size_t i = 0; i < 3; i++) {
        struct unit_heap heap = {0};
        mailsub_message *message = kit_message_on(&heap);
        assert_int_equal(mailsub__message_adopt(message, MAILSUB__SLICE_EMPTY, paths[i], 0),
                         MAILSUB_E_FILE);
        mailsub_message_free(message);
        assert_int_equal(heap.n_live, 0);
    }
}

static void header_is_limited(void **state)
{
    (void)state;
    size_t len = MAILSUB_MAX_HEADER_VALUE + 1;
    char *text = malloc(len);
    assert_non_null(text);
    memset(text, 'x', len);
    memcpy(text, "X: ", 3);
    struct unit_heap heap = {0};
    int rc;
    mailsub_message *message = adopt(&heap, text, len, 0, &rc);
    assert_int_equal(rc, MAILSUB_E_LIMIT);
    mailsub_message_free(message);
    fill_file(text, len);
    message = kit_message_on(&heap);
    assert_int_equal(mailsub__message_adopt(message, MAILSUB__SLICE_EMPTY, path, 0),
                     MAILSUB_E_LIMIT);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
    free(text);
}

static const char rich[] = "From: \xc3\xa9 <a@a.de>\r\nTo: b@b.de\r\nTo: C <c@c.de>\r\n"
                           "Subject: =?utf-8?q?=C3=A9?= \xc3\xa9\r\nBcc: d@d.de\r\n\r\n\xe9\r\n";

/* One use with the n-th request for memory refused. */
static int use(struct unit_heap *heap, bool in_file)
{
    mailsub_message *message = kit_message_on(heap);
    if (!message)
        return MAILSUB_E_NOMEM;
    int rc = mailsub__message_adopt(message, mailsub__slice_of(rich, sizeof rich - 1),
                                    in_file ? path : NULL, TAKE);
    struct kit_text text = {0};
    if (!rc)
        rc = mailsub_message_write(message, kit_sink, &text);
    mailsub_message *copy = NULL;
    if (!rc)
        rc = mailsub_message_dup(message, &copy);
    free(text.data);
    mailsub_message_free(message);
    mailsub_message_free(copy);
    return rc;
}

static void memory_may_be_short(void **state)
{
    (void)state;
    fill_file(rich, sizeof rich - 1);
    for (int in_file = 0; in_file < 2; in_file++) {
        int rc = MAILSUB_E_NOMEM;
        for (size_t n = 1; rc == MAILSUB_E_NOMEM; n++) {
            struct unit_heap heap = {.fail_at = n};
            rc = use(&heap, in_file);
            assert_int_equal(heap.n_live, 0);
        }
        assert_int_equal(rc, MAILSUB_OK);
    }
}

int main(void)
{
    int fd = mkstemp(path);
    if (fd < 0 || close(fd) != 0)
        return 1;
    struct CMUnitTest tests[160] = {
        cmocka_unit_test(malformed_recipients_are_refused),
        cmocka_unit_test(nul_is_refused),
        cmocka_unit_test(unknown_flags_are_refused),
        cmocka_unit_test(only_what_is_missing_can_be_set),
        cmocka_unit_test(missing_fields_are_set),
        cmocka_unit_test(long_fields_are_folded),
        cmocka_unit_test(large_files_are_streamed),
        cmocka_unit_test(changed_files_are_noticed),
        cmocka_unit_test(a_change_that_hides_is_noticed),
        cmocka_unit_test(what_is_no_file_is_refused),
        cmocka_unit_test(header_is_limited),
        cmocka_unit_test(memory_may_be_short),
        cmocka_unit_test(eight_bit_depends_on_the_server),
        cmocka_unit_test(copies_are_the_same_message),
    };
    size_t n_tests = 14;
    UNIT_ADD_ROWS(tests, n_tests, rows, check_row);
    UNIT_ADD_ROWS(tests, n_tests, rows, check_file_row);
    UNIT_ADD_ROWS(tests, n_tests, envelopes, check_envelope);
    int failed = UNIT_RUN(tests, n_tests);
    unlink(path);
    return failed;
}

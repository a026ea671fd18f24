/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Multiparts that exist: parts that cannot be sent as they are, encoded one by one or refused. */
#include "message_kit.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "message/state.h"

#define HEAD                                                                                       \
    "Date: Fri, 21 Nov 1997 09:55:06 -0600\r\nFrom: alice@a.de\r\nMessage-ID: <1@a.de>\r\n"        \
    "MIME-Version: 1.0\r\n"
#define MIXED HEAD "Content-Type: multipart/mixed; boundary=\"a b\"\r\n\r\n"
#define MIXED_8BIT                                                                                 \
    HEAD "Content-Type: multipart/mixed; boundary=\"a b\"\r\n"                                     \
         "Content-Transfer-Encoding: 8bit\r\n\r\n"
#define UTF8 "Content-Type: text/plain; charset=utf-8\r\n"
#define QP "Content-Transfer-Encoding: quoted-printable\r\n"
#define B64 "Content-Transfer-Encoding: base64\r\n"
#define TRANSFER_8BIT "Content-Transfer-Encoding: 8bit\r\n"
#define TRANSFER_7BIT "Content-Transfer-Encoding: 7bit\r\n"
#define GRUSS                                                                                      \
    "Herzliche Gr\xc3\xbc\xc3\x9f"                                                                 \
    "e aus Berlin"
#define GRUSS_QP "Herzliche Gr=C3=BC=C3=9Fe aus Berlin"
#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define LONG HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED
#define QP_LINE "012345678901234567890123456789012345678901234567890123456789012345678901234=\r\n"

struct row {
    const char *name;
    const char *in;
    const char *want_7bit; /* NULL: not compared, or refused */
    int want_rc;
    const char *want_part; /* that is at fault */
    const char *want_8bit; /* NULL: not compared */
};

static const struct row rows[] = {
    {"text of 8 bits", MIXED_8BIT "--a b\r\n" UTF8 TRANSFER_8BIT "\r\n" GRUSS "\r\n--a b--\r\n",
     HEAD "Content-Type: multipart/mixed; boundary=\"a b\"\r\n" TRANSFER_7BIT
          "\r\n--a b\r\n" UTF8 QP "\r\n" GRUSS_QP "\r\n--a b--\r\n",
     0, NULL, MIXED_8BIT "--a b\r\n" UTF8 TRANSFER_8BIT "\r\n" GRUSS "\r\n--a b--\r\n"},
    {"8 bits that nobody told", MIXED "--a b\r\n" UTF8 "\r\n" GRUSS "\r\n--a b--\r\n",
     MIXED "--a b\r\n" QP UTF8 "\r\n" GRUSS_QP "\r\n--a b--\r\n", 0, NULL,
     MIXED_8BIT "--a b\r\n" TRANSFER_8BIT UTF8 "\r\n" GRUSS "\r\n--a b--\r\n"},
    {"a part without a header", MIXED "--a b\n\n" GRUSS "\n--a b--\n",
     MIXED "--a b\r\n" UTF8 QP "\r\n" GRUSS_QP "\r\n--a b--\r\n", 0, NULL, NULL},
    {"line ends of its own at the end", MIXED "--a b\r\n\r\n" GRUSS "\r\n\r\n\r\n--a b--\r\n",
     MIXED "--a b\r\n" UTF8 QP "\r\n" GRUSS_QP "\r\n\r\n\r\n--a b--\r\n", 0, NULL, NULL},
    {"mostly not ASCII, no line end of its own",
     MIXED "--a b\r\n" UTF8 "\r\n\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\r\n--a b\r\n\r\nHi\r\n--a b--",
     MIXED "--a b\r\n" B64 UTF8 "\r\nw6TDtsO8w58=\r\n--a b\r\n\r\nHi\r\n--a b--\r\n", 0, NULL,
     NULL},
    {"a file", MIXED "--a b\r\nContent-Type: a/b; name=\"a;b\"\r\n\r\n\xe4\n\r\n--a b--\r\n",
     MIXED "--a b\r\n" B64 "Content-Type: a/b; name=\"a;b\"\r\n\r\n5A0K\r\n--a b--\r\n", 0, NULL,
     NULL},
    {"a binary file, which keeps its line ends",
     MIXED "--a b\r\nContent-Transfer-Encoding: BINARY\r\nContent-Type: a/b\r\n\r\n\r\r\n\n"
           "\r\n--a b--\r\n",
     MIXED "--a b\r\n" B64 "Content-Type: a/b\r\n\r\nDQ0KCg==\r\n--a b--\r\n", 0, NULL,
     MIXED "--a b\r\n" B64 "Content-Type: a/b\r\n\r\nDQ0KCg==\r\n--a b--\r\n"},
    {"a long line", MIXED "--a b\r\n\r\n" LONG "\r\n--a b--\r\n", NULL, 0, NULL, NULL},
    {"only what must be encoded is",
     MIXED "Preamble\r\n--a b\r\n\r\nfrom\r\n.\r\n--a b\r\n" UTF8 "\r\n" GRUSS
           "\r\n--a b\r\n\r\n=\r\n--a b--\r\nEpilogue\r\n",
     MIXED "Preamble\r\n--a b\r\n\r\nfrom\r\n.\r\n--a b\r\n" QP UTF8 "\r\n" GRUSS_QP
           "\r\n--a b\r\n\r\n=\r\n--a b--\r\nEpilogue\r\n",
     0, NULL, NULL},
    {"parts of parts",
     MIXED "--a b\r\nContent-Type: multipart/alternative; boundary=c\r\n" TRANSFER_8BIT
           "\r\n--c\r\n" UTF8 "\r\n" GRUSS "\r\n--c--\r\n--a b--\r\n",
     MIXED "--a b\r\nContent-Type: multipart/alternative; boundary=c\r\n" TRANSFER_7BIT
           "\r\n--c\r\n" QP UTF8 "\r\n" GRUSS_QP "\r\n--c--\r\n--a b--\r\n",
     0, NULL,
     MIXED_8BIT "--a b\r\nContent-Type: multipart/alternative; boundary=c\r\n" TRANSFER_8BIT
                "\r\n--c\r\n" TRANSFER_8BIT UTF8 "\r\n" GRUSS "\r\n--c--\r\n--a b--\r\n"},
    {"an outer delimiter ends what is inside",
     MIXED "--a b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n" UTF8
           "\r\n" GRUSS "\r\n--a b\r\n\r\nHi\r\n--a b--\r\n",
     MIXED "--a b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n" QP UTF8
           "\r\n" GRUSS_QP "\r\n--a b\r\n\r\nHi\r\n--a b--\r\n",
     0, NULL, NULL},
    {"no last delimiter", MIXED "--a b\r\n" UTF8 "\r\n" GRUSS,
     MIXED "--a b\r\n" QP UTF8 "\r\n" GRUSS_QP "\r\n", 0, NULL, NULL},
    {"line ends are mended, also those of delimiters",
     MIXED "--a b \t\r" UTF8 "\r" GRUSS "\r--a b--\n",
     MIXED "--a b \t\r\n" QP UTF8 "\r\n" GRUSS_QP "\r\n--a b--\r\n", 0, NULL, NULL},
    {"a field over several lines is replaced",
     MIXED "--a b\r\nContent-Transfer-Encoding:\r\n 8bit\r\n (sic)\r\n" UTF8 "\r\n" GRUSS
           "\r\n--a b--\r\n",
     MIXED "--a b\r\n" QP UTF8 "\r\n" GRUSS_QP "\r\n--a b--\r\n", 0, NULL, NULL},
    {"an encoded part has too long a line",
     MIXED "--a b\r\n\r\nHi\r\n--a b\r\n" QP "\r\n" LONG "\r\n--a b--\r\n", NULL,
     MAILSUB_E_LINE_TOO_LONG, "part 2", NULL},
    {"base64 with 8 bits in it", MIXED "--a b\r\n" B64 "\r\n\xe4\r\n--a b--\r\n", NULL,
     MAILSUB_E_8BIT, "part 1", NULL},
    {"a message inside",
     MIXED "--a b\r\nContent-Type: message/rfc822\r\n\r\n\r\n\xe4\r\n--a b--\r\n", NULL,
     MAILSUB_E_8BIT, "part 1", NULL},
    {"a digest holds messages",
     HEAD "Content-Type: multipart/digest; boundary=x\r\n\r\n--x\r\n\r\nSubject: "
          "\xe4\r\n\r\n--x--\r\n",
     NULL, MAILSUB_E_8BIT, "part 1", NULL},
    {"a signed part",
     MIXED "--a b\r\n\r\nHi\r\n--a b\r\nContent-Type: multipart/signed; boundary=s\r\n\r\n"
           "--s\r\n\r\n\xe4\r\n--s--\r\n--a b--\r\n",
     NULL, MAILSUB_E_SIGNED, "part 2", NULL},
    {"a signed part whose line ends nobody knows",
     MIXED "--a b\r\nContent-Type: multipart/signed; boundary=s\r\n\r\n--s\n\r\nHi\r\n--s--\r\n"
           "--a b--\r\n",
     NULL, MAILSUB_E_SIGNED, "part 1", NULL},
    {"a text that OpenPGP signed in place",
     MIXED "--a b\r\n\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\n\xe4\r\n--a b--\r\n", NULL,
     MAILSUB_E_SIGNED, "part 1", NULL},
    {"beside a signed part",
     MIXED "--a b\r\nContent-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\nHi\r\n--s--\r\n"
           "--a b\r\n" UTF8 "\r\n" GRUSS "\r\n--a b--\r\n",
     MIXED "--a b\r\nContent-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\nHi\r\n--s--\r\n"
           "--a b\r\n" QP UTF8 "\r\n" GRUSS_QP "\r\n--a b--\r\n",
     0, NULL, NULL},
    {"8 bits in a part's header",
     MIXED "--a b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n"
           "Content-Disposition: attachment; filename=\xe4\r\n\r\nHi\r\n--c--\r\n--a b--\r\n",
     NULL, MAILSUB_E_8BIT, "part 1.1", NULL},
    {"8 bits in front of the parts", MIXED "\xe4\r\n--a b\r\n\r\nHi\r\n--a b--\r\n", NULL,
     MAILSUB_E_8BIT, "part 0", NULL},
    {"a line that is a delimiter and more",
     MIXED "--a b\r\n" UTF8 "\r\n" GRUSS "\r\n--a b!\r\n--a b--\r\n", NULL, MAILSUB_E_8BIT, "text",
     NULL},
    {"a boundary that begins like another",
     MIXED "--a b\r\nContent-Type: multipart/mixed; boundary=\"a b.\"\r\n\r\n--a b.\r\n" UTF8
           "\r\n" GRUSS "\r\n--a b.--\r\n--a b--\r\n",
     NULL, MAILSUB_E_8BIT, "text", NULL},
    {"a type that stands twice",
     MIXED "--a b\r\nContent-Type: text/plain\r\nContent-Type: a/b\r\n\r\n\xe4\r\n--a b--\r\n",
     NULL, MAILSUB_E_8BIT, "part 1", NULL},
    {"a header with a line that is none", MIXED "--a b\r\nHi there\r\n\r\n\xe4\r\n--a b--\r\n",
     NULL, MAILSUB_E_8BIT, "part 1", NULL},
    {"a boundary in pieces",
     HEAD "Content-Type: multipart/mixed; boundary*0=a; boundary*1=b\r\n\r\n--ab\r\n\r\n"
          "\xe4\r\n--ab--\r\n",
     NULL, MAILSUB_E_8BIT, "text", NULL},
    {"two boundaries",
     HEAD "Content-Type: multipart/mixed; boundary=a; boundary=b\r\n\r\n--a\r\n\r\n\xe4\r\n", NULL,
     MAILSUB_E_8BIT, "text", NULL},
};

enum source { FROM_MEMORY, FROM_FILE };

static char path[] = "/tmp/mailsub-parts-XXXXXX";

static mailsub_message *adopt(struct unit_heap *heap, const char *text, enum source source,
                              int *out_rc)
{
    mailsub_message *message = kit_message_on(heap);
    if (!message) {
        *out_rc = MAILSUB_E_NOMEM;
        return NULL;
    }
    size_t len = strlen(text);
    if (source == FROM_FILE) {
        int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
        assert_true(fd >= 0 && write(fd, text, len) == (ssize_t)len && close(fd) == 0);
    }
    *out_rc = mailsub__message_adopt(message, mailsub__slice_of(text, len),
                                     source == FROM_FILE ? path : NULL, 0);
    return message;
}

/* CRLF only, no long line, no octet beyond ASCII unless it may be. */
static void check_raw(const struct kit_text *text, bool may_8bit)
{
    size_t line = 0;
    for (size_t i = 0; i < text->len; i++) {
        unsigned char c = (unsigned char)text->data[i];
        assert_true(c != '\0' && (c < 0x80 || may_8bit));
        assert_true(c != '\r' || text->data[i + 1] == '\n');
        if (c != '\n')
            continue;
        assert_true(i > line && text->data[i - 1] == '\r' && i - 1 - line <= 998);
        line = i + 1;
    }
    assert_int_equal(line, text->len);
}

static void check_written(mailsub_message *message, const struct row *row, bool may_8bit)
{
    struct kit_text text = {0};
    int rc =
        mailsub_message_write_for(message, may_8bit ? MAILSUB_CAN_8BITMIME : 0, kit_sink, &text);
    assert_int_equal(rc, may_8bit ? MAILSUB_OK : row->want_rc);
    const char *want = may_8bit ? row->want_8bit : row->want_7bit;
    if (!rc) {
        check_raw(&text, may_8bit);
        kit_check_reading(message, &text);
    } else {
        assert_string_equal(mailsub__message_detail(message), row->want_part);
    }
    if (want)
        assert_string_equal(text.data, want);
    free(text.data);
}

static void check_source(const struct row *row, enum source source)
{
    struct unit_heap heap = {0};
    int rc;
    mailsub_message *message = adopt(&heap, row->in, source, &rc);
    if (rc) {
        assert_int_equal(rc, row->want_rc);
    } else {
        check_written(message, row, false);
        check_written(message, row, true);
        mailsub_message *copy;
        assert_int_equal(mailsub_message_dup(message, &copy), MAILSUB_OK);
        check_written(copy, row, false);
        mailsub_message_free(copy);
    }
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void check_row(void **state)
{
    check_source(*state, FROM_MEMORY);
    check_source(*state, FROM_FILE);
}

/* Every allocation fails once: then that is told, and nothing else. */
static void check_heap(void **state)
{
    const struct row *row = *state;
    for (size_t fail_at = 1;; fail_at++) {
        struct unit_heap heap = {.fail_at = fail_at};
        struct kit_text text = {0};
        int rc;
        mailsub_message *message = adopt(&heap, row->in, FROM_MEMORY, &rc);
        if (!rc)
            rc = mailsub_message_write(message, kit_sink, &text);
        mailsub_message_free(message);
        free(text.data);
        assert_int_equal(heap.n_live, 0);
        if (heap.n_requests < fail_at) {
            assert_int_equal(rc, row->want_rc);
            break;
        }
        assert_int_equal(rc, MAILSUB_E_NOMEM);
    }
}

/* A line of the quoted-printable that the long line becomes. */
static void a_long_line_is_broken(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    int rc;
    struct kit_text text = {0};
    mailsub_message *message =
        adopt(&heap, MIXED "--a b\r\n\r\n" LONG "\r\n--a b--\r\n", FROM_MEMORY, &rc);
    assert_int_equal(rc, MAILSUB_OK);
    assert_int_equal(mailsub_message_write(message, kit_sink, &text), MAILSUB_OK);
    assert_non_null(strstr(text.data, "--a b\r\nContent-Type: text/plain; charset=us-ascii\r\n" QP
                                      "\r\n" QP_LINE));
    assert_non_null(strstr(text.data, "789\r\n--a b--\r\n"));
    free(text.data);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

/* Line ends mean nothing in base64: it is folded anew, and says the same. */
static void long_base64_is_folded(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    int rc;
    struct kit_text text = {0};
    static const char want[] =
        "\r\n--a b\r\n" B64 "\r\n"
        "0123456789012345678901234567890123456789012345678901234567890123456789012345\r\n"
        "6789012345";
    static const char end[] = "0123456789AB==\r\n--a b\r\n" B64 "\r\nQUJD\r\n--a b--\r\n";
    mailsub_message *message =
        adopt(&heap,
              MIXED "--a b\r\n" B64 "\r\n" LONG "\nAB==\r\n--a b\r\n" B64 "\r\nQUJD\r\n--a b--\r\n",
              FROM_MEMORY, &rc);
    assert_int_equal(rc, MAILSUB_OK);
    assert_int_equal(mailsub_message_write(message, kit_sink, &text), MAILSUB_OK);
    assert_non_null(strstr(text.data, want));
    assert_string_equal(text.data + text.len - (sizeof end - 1), end);
    check_raw(&text, false);
    kit_check_reading(message, &text);
    free(text.data);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

/* More parts than are kept, and deeper ones: the body has to do as it is. */
static void too_many_parts_are_left_alone(void **state)
{
    (void)state;
    enum { N = 1200, DEPTH = 20 };
    static char many[64 * N];
    static char deep[200 * DEPTH];
    char *end = stpcpy(many, MIXED);
    for (int i = 0; i < N; i++)
        end = stpcpy(end, "--a b\r\n\r\n\xe4\r\n");
    end = stpcpy(deep, HEAD "Content-Type: multipart/mixed; boundary=00\r\n\r\n");
    for (int i = 0; i < DEPTH; i++)
        end += sprintf(end, "--%02d\r\nContent-Type: multipart/mixed; boundary=%02d\r\n\r\n", i,
                       i + 1);
    strcpy(end, "\xe4\r\n");
    const char *const texts[] = {many, deep};
    for (int i = 0; i < 2; i++) {
        struct unit_heap heap = {0};
        int rc;
        struct kit_text text = {0};
        mailsub_message *message = adopt(&heap, texts[i], FROM_MEMORY, &rc);
        assert_int_equal(rc, MAILSUB_OK);
        assert_int_equal(mailsub_message_write(message, kit_sink, &text), MAILSUB_E_8BIT);
        assert_int_equal(mailsub_message_write_for(message, MAILSUB_CAN_8BITMIME, kit_sink, &text),
                         MAILSUB_OK);
        free(text.data);
        mailsub_message_free(message);
        assert_int_equal(heap.n_live, 0);
    }
}

int main(void)
{
    struct CMUnitTest tests[2 * sizeof rows / sizeof rows[0] + 3] = {
        cmocka_unit_test(a_long_line_is_broken),
        cmocka_unit_test(long_base64_is_folded),
        cmocka_unit_test(too_many_parts_are_left_alone),
    };
    size_t n_tests = 3;
    int fd = mkstemp(path);
    if (fd < 0 || close(fd) != 0)
        return 1;
    UNIT_ADD_ROWS(tests, n_tests, rows, check_row);
    UNIT_ADD_ROWS(tests, n_tests, rows, check_heap);
    int failed = UNIT_RUN(tests, n_tests);
    unlink(path);
    return failed;
}

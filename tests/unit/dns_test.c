/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers of name servers, whole and broken; tests/integration/discover.py has a real one. */
#include "unit.h"

#include <stdio.h>

#include <mailsub/error.h>

#include "net/dns.h"

struct row {
    const char *name;
    const char *answer;
    size_t len;
    int want;
    const char *want_text; /* the records, "PRIORITY WEIGHT PORT TARGET;" each; or the reason */
};

#define OCTETS(text) (text), sizeof(text) - 1

/* Where names in it begin: 12 the name that is asked for, 29 example.org, 37 org. */
#define QUESTION "\013_submission\004_tcp\007example\003org\000\000\041\000\001"
#define ASKED "\300\014"
#define DOMAIN "\300\035"

#define HEAD(flags, n_answers) "\022\064" flags "\000\001" n_answers "\000\000\000\000"
#define OK(n_answers) HEAD("\201\200", n_answers) QUESTION

/* Type, class, time to live, length. */
#define SRV(len) "\000\041\000\001\000\000\000\074\000" len
#define CNAME(len) "\000\005\000\001\000\000\000\074\000" len
#define AT_MAIL "\000\012\000\005\002\113\004mail" DOMAIN /* 13 octets */

static const struct row rows[] = {
    {"a server, by a pointer", OCTETS(OK("\0\1") ASKED SRV("\015") AT_MAIL), 0,
     "10 5 587 mail.example.org;"},
    {"a server's name in full",
     OCTETS(OK("\0\1") ASKED SRV("\030") "\0\0\0\0\001\321\004mail\007example\003net\0"), 0,
     "0 0 465 mail.example.net;"},
    {"an owner's name in full",
     OCTETS(OK("\0\1") "\013_submission\004_tcp\007example\003org\0" SRV("\015") AT_MAIL), 0,
     "10 5 587 mail.example.org;"},
    {"letters of either case",
     OCTETS(HEAD("\201\200", "\0\1") "\013_SUBmission\004_TCP\007EXAmple\003orG\000\000\041\000\001"
                                     "\013_submissioN\300\030" SRV(
                                         "\015") "\000\012\000\005\002\113\004MaiL" DOMAIN),
     0, "10 5 587 mail.example.org;"},
    {"two servers",
     OCTETS(OK("\0\2") ASKED SRV("\015")
                AT_MAIL ASKED SRV("\015") "\000\024\377\377\377\377\004post" DOMAIN),
     0, "10 5 587 mail.example.org;20 65535 65535 post.example.org;"},
    {"none", OCTETS(OK("\0\0")), 0, ""},
    {"the root", OCTETS(OK("\0\1") ASKED SRV("\007") "\0\0\0\0\0\0\0"), 0, "0 0 0 ;"},
    {"a host with a digit, a hyphen and an underscore",
     OCTETS(OK("\0\1") ASKED SRV("\016") "\0\0\0\0\0\031\005m-1_x" DOMAIN), 0,
     "0 0 25 m-1_x.example.org;"},
    {"records of others are passed over",
     OCTETS(OK("\0\2") DOMAIN SRV("\015") AT_MAIL ASKED SRV("\015") AT_MAIL), 0,
     "10 5 587 mail.example.org;"},
    {"records of another type are passed over",
     OCTETS(OK("\0\2") ASKED "\000\001\000\001\0\0\0\074\000\004\177\0\0\1" ASKED SRV("\015")
                AT_MAIL),
     0, "10 5 587 mail.example.org;"},
    {"what stands behind the answers is not read",
     OCTETS(HEAD("\201\200", "\0\1") QUESTION ASKED SRV("\015") AT_MAIL "\300\377\077"), 0,
     "10 5 587 mail.example.org;"},
    {"an alias",
     OCTETS(OK("\0\2") ASKED CNAME("\004") "\001x" DOMAIN "\001x" DOMAIN SRV("\015") AT_MAIL), 0,
     "10 5 587 mail.example.org;"},
    {"an alias behind what it stands for",
     OCTETS(OK("\0\2") "\001x" DOMAIN SRV("\015") AT_MAIL ASKED CNAME("\004") "\001x" DOMAIN), 0,
     "10 5 587 mail.example.org;"},
    {"an alias of an alias",
     OCTETS(OK("\0\3") ASKED CNAME("\004") "\001x" DOMAIN "\001x" DOMAIN CNAME(
         "\004") "\001y" DOMAIN "\001y" DOMAIN SRV("\015") AT_MAIL),
     0, "10 5 587 mail.example.org;"},
    {"an alias of nothing", OCTETS(OK("\0\1") ASKED CNAME("\004") "\001x" DOMAIN), 0, ""},
    {"an alias of itself", OCTETS(OK("\0\1") ASKED CNAME("\002") ASKED), MAILSUB_E_DNS_ANSWER,
     "its aliases do not come to an end"},
    {"a circle of aliases",
     OCTETS(OK("\0\2") ASKED CNAME("\004") "\001x" DOMAIN "\001x" DOMAIN CNAME("\002") ASKED),
     MAILSUB_E_DNS_ANSWER, "its aliases do not come to an end"},
    {"an alias with a tail", OCTETS(OK("\0\1") ASKED CNAME("\005") "\001x" DOMAIN "\0"),
     MAILSUB_E_DNS_ANSWER, "a record's length is not that of what it holds"},
    /* the header */
    {"nothing", OCTETS(""), MAILSUB_E_DNS_ANSWER, "it is no answer to the question"},
    {"another ID", OCTETS("\022\065\201\200\0\1\0\1\0\0\0\0" QUESTION ASKED SRV("\015") AT_MAIL),
     MAILSUB_E_DNS_ANSWER, "it is no answer to the question"},
    {"a question", OCTETS(HEAD("\001\000", "\0\0") QUESTION), MAILSUB_E_DNS_ANSWER,
     "it is no answer to the question"},
    {"another opcode", OCTETS(HEAD("\251\200", "\0\0") QUESTION), MAILSUB_E_DNS_ANSWER,
     "it is no answer to the question"},
    {"the answer to no question", OCTETS("\022\064\201\200\0\0\0\0\0\0\0\0"), MAILSUB_E_DNS_ANSWER,
     "it is no answer to the question"},
    {"the answer to two questions", OCTETS("\022\064\201\200\0\2\0\0\0\0\0\0" QUESTION QUESTION),
     MAILSUB_E_DNS_ANSWER, "it is no answer to the question"},
    {"the answer to another name",
     OCTETS(HEAD("\201\200", "\0\0") "\013_submission\004_tcp\007example\003net\0\0\041\0\1"),
     MAILSUB_E_DNS_ANSWER, "it is no answer to the question"},
    {"the answer to a longer name",
     OCTETS(HEAD("\201\200", "\0\0") "\013_submission\004_tcp\007example\003org\3com\0\0\041\0\1"),
     MAILSUB_E_DNS_ANSWER, "it is no answer to the question"},
    {"the answer to another type",
     OCTETS(HEAD("\201\200", "\0\0") "\013_submission\004_tcp\007example\003org\0\0\001\0\1"),
     MAILSUB_E_DNS_ANSWER, "it is no answer to the question"},
    {"the answer to another class",
     OCTETS(HEAD("\201\200", "\0\0") "\013_submission\004_tcp\007example\003org\0\0\041\0\3"),
     MAILSUB_E_DNS_ANSWER, "it is no answer to the question"},
    {"what did not fit", OCTETS(HEAD("\203\200", "\0\1") QUESTION ASKED SRV("\015") AT_MAIL),
     MAILSUB_E_DNS_ANSWER, "it is cut short"},
    {"a name that does not exist", OCTETS(HEAD("\201\203", "\0\0") QUESTION),
     MAILSUB_E_NO_SUCH_DOMAIN, "there is no such name"},
    {"a server that fails", OCTETS(HEAD("\201\202", "\0\0") QUESTION), MAILSUB_E_RESOLVE_AGAIN,
     "the name server cannot tell"},
    {"a server that refuses", OCTETS(HEAD("\201\205", "\0\0") QUESTION), MAILSUB_E_RESOLVE_AGAIN,
     "the name server cannot tell"},
    {"a server that has not understood", OCTETS("\022\064\201\201\0\0\0\0\0\0\0\0"),
     MAILSUB_E_RESOLVE_AGAIN, "the name server cannot tell"},
    /* names */
    {"a pointer to itself", OCTETS(OK("\0\1") "\300\056" SRV("\015") AT_MAIL), MAILSUB_E_DNS_ANSWER,
     "a pointer does not lead back to a name"},
    {"a pointer forward", OCTETS(OK("\0\1") "\300\060" SRV("\015") AT_MAIL), MAILSUB_E_DNS_ANSWER,
     "a pointer does not lead back to a name"},
    {"a pointer to its own labels", OCTETS(OK("\0\1") "\001x\300\056" SRV("\015") AT_MAIL),
     MAILSUB_E_DNS_ANSWER, "a pointer does not lead back to a name"},
    {"a pointer behind the end", OCTETS(OK("\0\1") "\377\377" SRV("\015") AT_MAIL),
     MAILSUB_E_DNS_ANSWER, "a pointer does not lead back to a name"},
    {"a pointer to the header", OCTETS(OK("\0\1") "\300\003" SRV("\015") AT_MAIL),
     MAILSUB_E_DNS_ANSWER, "a pointer does not lead back to a name"},
    {"a label longer than what is there", OCTETS(OK("\0\1") "\100" SRV("\015") AT_MAIL),
     MAILSUB_E_DNS_ANSWER, "a name goes beyond the end"},
    {"a label of the kind 01 with as many octets behind it",
     OCTETS(OK("\0\1") "\101" QUESTION QUESTION QUESTION), MAILSUB_E_DNS_ANSWER,
     "a label of no known kind"},
    {"a label of the kind 10 with as many octets behind it",
     OCTETS(OK("\0\1") "\201" QUESTION QUESTION QUESTION QUESTION), MAILSUB_E_DNS_ANSWER,
     "a label of no known kind"},
    {"a server with a dot in a label",
     OCTETS(OK("\0\1") ASKED SRV("\015") "\0\0\0\0\0\031\004ma.l" DOMAIN), MAILSUB_E_DNS_ANSWER,
     "the name of a server is not one of a host"},
    {"a server with a line end in a label",
     OCTETS(OK("\0\1") ASKED SRV("\015") "\0\0\0\0\0\031\004ma\nl" DOMAIN), MAILSUB_E_DNS_ANSWER,
     "the name of a server is not one of a host"},
    {"a server with a NUL in a label",
     OCTETS(OK("\0\1") ASKED SRV("\015") "\0\0\0\0\0\031\004ma\0l" DOMAIN), MAILSUB_E_DNS_ANSWER,
     "the name of a server is not one of a host"},
    {"a server that is not ASCII",
     OCTETS(OK("\0\1") ASKED SRV("\015") "\0\0\0\0\0\031\004m\303\244l" DOMAIN),
     MAILSUB_E_DNS_ANSWER, "the name of a server is not one of a host"},
    /* records */
    {"a record of another class",
     OCTETS(OK("\0\1") ASKED "\000\041\000\003\000\000\000\074\000\015" AT_MAIL),
     MAILSUB_E_DNS_ANSWER, "a record of another class"},
    {"a record too short for SRV", OCTETS(OK("\0\1") ASKED SRV("\006") "\0\0\0\0\0\031"),
     MAILSUB_E_DNS_ANSWER, "an SRV record is too short"},
    {"a name beyond its record",
     OCTETS(OK("\0\1") ASKED SRV("\014") "\000\012\000\005\002\113\004mail" DOMAIN),
     MAILSUB_E_DNS_ANSWER, "a record's length is not that of what it holds"},
    {"a record beyond its name", OCTETS(OK("\0\1") ASKED SRV("\016") AT_MAIL "\0"),
     MAILSUB_E_DNS_ANSWER, "a record's length is not that of what it holds"},
    {"a record beyond the end", OCTETS(OK("\0\1") ASKED SRV("\016") AT_MAIL), MAILSUB_E_DNS_ANSWER,
     "a record goes beyond the end"},
    {"more records than there are", OCTETS(OK("\0\2") ASKED SRV("\015") AT_MAIL),
     MAILSUB_E_DNS_ANSWER, "a name goes beyond the end"},
    {"many more records than there are", OCTETS(OK("\377\377") ASKED SRV("\015") AT_MAIL),
     MAILSUB_E_DNS_ANSWER, "more records than there is room for"},
};

static mailsub__slice make_question(unsigned char out[MAILSUB__DNS_MAX_QUESTION])
{
    size_t len = 0;
    assert_int_equal(mailsub__dns_write_question(0x1234,
                                                 mailsub__slice_str("_submission._tcp.example.org"),
                                                 MAILSUB__DNS_SRV, out, &len),
                     MAILSUB_OK);
    return mailsub__slice_of(out, len);
}

/* In a block of its own, so that a sanitizer sees every octet too many. */
static int parse(const char *answer, size_t len, mailsub__dns_srv *out, size_t *out_n,
                 const char **out_reason)
{
    unsigned char octets[MAILSUB__DNS_MAX_QUESTION];
    mailsub__slice question = make_question(octets);
    char *exact = malloc(len > 0 ? len : 1);
    assert_non_null(exact);
    memcpy(exact, answer, len);
    int rc =
        mailsub__dns_parse_srv(question, mailsub__slice_of(exact, len), out, out_n, out_reason);
    free(exact);
    return rc;
}

static void write_records(const mailsub__dns_srv *records, size_t n, char out[1024])
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < n; i++)
        len += (size_t)snprintf(out + len, 1024 - len, "%d %d %d %s;", records[i].priority,
                                records[i].weight, records[i].port, records[i].target);
}

static void parse_row(void **state)
{
    const struct row *row = *state;
    mailsub__dns_srv records[MAILSUB__DNS_MAX_SRV];
    size_t n = 77;
    const char *reason = NULL;
    char text[1024];
    assert_int_equal(parse(row->answer, row->len, records, &n, &reason), row->want);
    if (row->want) {
        assert_string_equal(reason, row->want_text);
        assert_int_equal(n, 77);
        return;
    }
    write_records(records, n, text);
    assert_string_equal(text, row->want_text);
}

/* Cut anywhere, a good answer is a malformed one, unless all of its records are there. */
static void cut_row(void **state)
{
    const struct row *row = *state;
    mailsub__dns_srv records[MAILSUB__DNS_MAX_SRV];
    char text[1024];
    for (size_t len = 0; len < row->len; len++) {
        size_t n = 77;
        const char *reason = "";
        int rc = parse(row->answer, len, records, &n, &reason);
        if (rc == MAILSUB_OK) {
            assert_int_equal(row->want, MAILSUB_OK);
            write_records(records, n, text);
            assert_string_equal(text, row->want_text);
        } else {
            assert_true(rc == MAILSUB_E_DNS_ANSWER || rc == row->want);
            assert_int_equal(n, 77);
            assert_true(reason[0] != '\0');
        }
    }
}

/* Whatever one octet is, the answer is read or refused, and all that is told of it is sound. */
static void change_row(void **state)
{
    const struct row *row = *state;
    mailsub__dns_srv records[MAILSUB__DNS_MAX_SRV];
    char changed[1024];
    assert_true(row->len < sizeof changed);
    memcpy(changed, row->answer, row->len);
    for (size_t at = 0; at < row->len; at++) {
        for (int value = 0; value < 256; value += unit_is_slow() ? 63 : 3) {
            size_t n = 0;
            const char *reason = "";
            changed[at] = (char)value;
            if (parse(changed, row->len, records, &n, &reason))
                assert_true(reason[0] != '\0');
            for (size_t i = 0; i < n; i++)
                assert_true(strlen(records[i].target) <= 253);
        }
        changed[at] = row->answer[at];
    }
}

static void a_question_is_written(void **state)
{
    (void)state;
    unsigned char octets[MAILSUB__DNS_MAX_QUESTION];
    mailsub__slice question = make_question(octets);
    static const char want[] = "\022\064\001\000\000\001\000\000\000\000\000\000" QUESTION;
    assert_int_equal(question.len, sizeof want - 1);
    assert_memory_equal(question.ptr, want, question.len);
}

static void names_that_cannot_be_asked_for_are_refused(void **state)
{
    (void)state;
    char longest[255];
    unsigned char octets[MAILSUB__DNS_MAX_QUESTION];
    size_t len = 7;
    static const char *const bad[] = {"", ".", "a.", ".a", "a..b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(
            mailsub__dns_write_question(1, mailsub__slice_str(bad[i]), 33, octets, &len),
            MAILSUB_E_DOMAIN);
    memset(longest, 'a', sizeof longest);
    assert_int_equal(
        mailsub__dns_write_question(1, mailsub__slice_of(longest, 64), 33, octets, &len),
        MAILSUB_E_DOMAIN);
    for (size_t i = 63; i < sizeof longest; i += 64)
        longest[i] = '.';
    assert_int_equal(
        mailsub__dns_write_question(1, mailsub__slice_of(longest, 254), 33, octets, &len),
        MAILSUB_E_DOMAIN);
    assert_int_equal(len, 7);
    assert_int_equal(
        mailsub__dns_write_question(1, mailsub__slice_of(longest, 253), 33, octets, &len),
        MAILSUB_OK);
    assert_int_equal(len, MAILSUB__DNS_MAX_QUESTION);
}

/* An answer in a buffer that is filled piece by piece. */
struct made {
    char octets[8192];
    size_t len;
};

static void add(struct made *made, const char *octets, size_t len)
{
    assert_true(made->len + len <= sizeof made->octets);
    memcpy(made->octets + made->len, octets, len);
    made->len += len;
}

static struct made begin(size_t n_records)
{
    struct made made = {.len = 0};
    add(&made, OCTETS(OK("\0\0")));
    made.octets[6] = (char)(n_records >> 8);
    made.octets[7] = (char)n_records;
    return made;
}

static void servers_are_counted(void **state)
{
    (void)state;
    mailsub__dns_srv records[MAILSUB__DNS_MAX_SRV];
    for (size_t n_made = MAILSUB__DNS_MAX_SRV; n_made <= MAILSUB__DNS_MAX_SRV + 1; n_made++) {
        struct made made = begin(n_made);
        for (size_t i = 0; i < n_made; i++)
            add(&made, OCTETS(ASKED SRV("\015") AT_MAIL));
        size_t n = 0;
        const char *reason = "";
        int rc = parse(made.octets, made.len, records, &n, &reason);
        assert_int_equal(rc, n_made > MAILSUB__DNS_MAX_SRV ? MAILSUB_E_DNS_ANSWER : 0);
        assert_int_equal(n, rc ? 0 : MAILSUB__DNS_MAX_SRV);
        if (rc)
            assert_string_equal(reason, "it names too many servers");
    }
}

static void records_are_counted(void **state)
{
    (void)state;
    mailsub__dns_srv records[MAILSUB__DNS_MAX_SRV];
    for (size_t n_made = 256; n_made <= 257; n_made++) {
        struct made made = begin(n_made);
        for (size_t i = 0; i < n_made; i++)
            add(&made, OCTETS(ASKED "\000\001\000\001\0\0\0\0\000\004\177\0\0\1"));
        size_t n = 0;
        const char *reason = "";
        int rc = parse(made.octets, made.len, records, &n, &reason);
        assert_int_equal(rc, n_made > 256 ? MAILSUB_E_DNS_ANSWER : 0);
    }
}

/* A chain of aliases, each to the name of the next. */
static void aliases_are_counted(void **state)
{
    (void)state;
    mailsub__dns_srv records[MAILSUB__DNS_MAX_SRV];
    for (size_t n_made = 16; n_made <= 17; n_made++) {
        struct made made = begin(n_made + 1);
        add(&made, OCTETS(ASKED CNAME("\004") "\001a" DOMAIN));
        for (size_t i = 1; i < n_made; i++) {
            char record[] = "\001?" DOMAIN CNAME("\004") "\001?" DOMAIN;
            record[1] = (char)('a' + (int)i - 1);
            record[15] = (char)('a' + (int)i);
            add(&made, record, sizeof record - 1);
        }
        char last[] = "\001?" DOMAIN SRV("\015") AT_MAIL;
        last[1] = (char)('a' + (int)n_made - 1);
        add(&made, last, sizeof last - 1);
        size_t n = 0;
        const char *reason = "";
        int rc = parse(made.octets, made.len, records, &n, &reason);
        assert_int_equal(rc, n_made > 16 ? MAILSUB_E_DNS_ANSWER : 0);
        assert_int_equal(n, rc ? 0 : 1);
    }
}

/* Names in the answer: 255 octets are one, 256 none; many pointers are none either. */
static void long_names_are_refused(void **state)
{
    (void)state;
    mailsub__dns_srv records[MAILSUB__DNS_MAX_SRV];
    for (size_t last = 61; last <= 62; last++) {
        struct made made = begin(1);
        char label[64];
        size_t n = 0;
        const char *reason = "";
        memset(label, 'x', sizeof label);
        add(&made, OCTETS(ASKED "\000\041\000\001\0\0\0\0\001"));
        label[0] = (char)(6 + 3 * 64 + last + 2 - 256); /* the low octet of the length */
        add(&made, label, 1);
        add(&made, OCTETS("\0\0\0\0\0\031"));
        for (size_t i = 0; i < 4; i++) {
            label[0] = (char)(i < 3 ? 63 : last);
            add(&made, label, (size_t)label[0] + 1);
        }
        add(&made, "", 1);
        int rc = parse(made.octets, made.len, records, &n, &reason);
        assert_int_equal(rc, last > 61 ? MAILSUB_E_DNS_ANSWER : 0);
        if (rc)
            assert_string_equal(reason, "a name is too long");
        else
            assert_int_equal(strlen(records[0].target), 253);
    }
}

static void pointers_are_counted(void **state)
{
    (void)state;
    mailsub__dns_srv records[MAILSUB__DNS_MAX_SRV];
    for (size_t n_pointers = 31; n_pointers <= 32; n_pointers++) {
        struct made made = begin(2);
        char pointer[] = DOMAIN;
        size_t n = 0;
        const char *reason = "";
        /* In the data of a record that nobody reads, each pointer leads to the one before it. */
        add(&made, OCTETS(ASKED "\000\020\000\001\0\0\0\0\000"));
        pointer[0] = (char)(2 * n_pointers);
        add(&made, pointer, 1);
        pointer[0] = '\300';
        for (size_t i = 0; i < n_pointers; i++) {
            add(&made, pointer, 2);
            pointer[1] = (char)(made.len - 2);
        }
        add(&made, OCTETS(ASKED SRV("\010") "\0\0\0\0\0\031"));
        add(&made, pointer, 2);
        int rc = parse(made.octets, made.len, records, &n, &reason);
        assert_int_equal(rc, n_pointers > 31 ? MAILSUB_E_DNS_ANSWER : 0);
        if (!rc)
            assert_string_equal(records[0].target, "example.org");
    }
}

static void the_status_alone_can_be_asked_for(void **state)
{
    (void)state;
    unsigned char octets[MAILSUB__DNS_MAX_QUESTION];
    mailsub__slice question = make_question(octets);
    const char *reason = NULL;
    static const char exists[] = OK("\0\1");
    static const char absent[] = HEAD("\201\203", "\0\0") QUESTION;
    assert_int_equal(
        mailsub__dns_parse_status(question, mailsub__slice_of(exists, sizeof exists - 1), &reason),
        MAILSUB_OK);
    assert_int_equal(
        mailsub__dns_parse_status(question, mailsub__slice_of(absent, sizeof absent - 1), &reason),
        MAILSUB_E_NO_SUCH_DOMAIN);
}

int main(void)
{
    static struct CMUnitTest tests[8 + 3 * sizeof rows / sizeof rows[0]] = {
        cmocka_unit_test(a_question_is_written),
        cmocka_unit_test(names_that_cannot_be_asked_for_are_refused),
        cmocka_unit_test(servers_are_counted),
        cmocka_unit_test(records_are_counted),
        cmocka_unit_test(aliases_are_counted),
        cmocka_unit_test(long_names_are_refused),
        cmocka_unit_test(pointers_are_counted),
        cmocka_unit_test(the_status_alone_can_be_asked_for),
    };
    size_t n_tests = 8;
    UNIT_ADD_ROWS(tests, n_tests, rows, parse_row);
    UNIT_ADD_ROWS(tests, n_tests, rows, cut_row);
    UNIT_ADD_ROWS(tests, n_tests, rows, change_row);
    return UNIT_RUN(tests, n_tests);
}

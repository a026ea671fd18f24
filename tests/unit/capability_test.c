/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "smtp/capability.h"

#define BIT(NAME) (UINT32_C(1) << MAILSUB__CAPABILITY_##NAME)

static const struct row {
    const char *name;
    const char *lines[4];
    uint32_t want_offered;
    const char *want_mechanisms;
    uint64_t want_size;
} rows[] = {
    {"nothing", {""}, 0, "", 0},
    {"a keyword", {"PIPELINING"}, BIT(PIPELINING), "", 0},
    {"any case of letters", {"starttls"}, BIT(STARTTLS), "", 0},
    {"a longer keyword", {"PIPELININGS"}, 0, "", 0},
    {"a shorter keyword", {"PIPELIN"}, 0, "", 0},
    {"a parameter that nobody asked for", {"PIPELINING yes"}, BIT(PIPELINING), "", 0},
    {"white space", {" \t8BITMIME \t"}, BIT(EIGHTBITMIME), "", 0},
    {"unknown ones", {"XCLIENT NAME", "DSN", "X-OTHER"}, BIT(DSN), "", 0},
    {"hyphen", {"MT-PRIORITY MIXER"}, BIT(MT_PRIORITY), "", 0},
    {"SIZE", {"SIZE 10240000"}, BIT(SIZE), "", 10240000},
    {"SIZE without a number", {"SIZE"}, BIT(SIZE), "", 0},
    {"SIZE 0", {"SIZE 0"}, BIT(SIZE), "", 0},
    {"SIZE that is no number", {"SIZE 10M"}, BIT(SIZE), "", 0},
    {"negative SIZE", {"SIZE -1"}, BIT(SIZE), "", 0},
    {"the biggest SIZE", {"SIZE 18446744073709551615"}, BIT(SIZE), "", UINT64_MAX},
    {"a bigger SIZE", {"SIZE 18446744073709551616"}, BIT(SIZE), "", UINT64_MAX},
    {"a far bigger SIZE", {"SIZE 99999999999999999999999"}, BIT(SIZE), "", UINT64_MAX},
    {"AUTH", {"AUTH PLAIN LOGIN"}, BIT(AUTH), "PLAIN LOGIN ", 0},
    {"AUTH with unknown ones", {"AUTH GSSAPI  login NTLM"}, BIT(AUTH), "GSSAPI LOGIN NTLM ", 0},
    {"AUTH without any", {"AUTH"}, BIT(AUTH), "", 0},
    {"AUTH with a longer name",
     {"AUTH PLAIN-X X-PLAIN PLAIN"},
     BIT(AUTH),
     "PLAIN-X X-PLAIN PLAIN ",
     0},
    {"AUTH with what is no name", {"AUTH PL*IN ABCDEFGHIJKLMNOPQRSTU X"}, BIT(AUTH), "X ", 0},
    {"obsolete form", {"AUTH=LOGIN PLAIN"}, BIT(AUTH), "LOGIN PLAIN ", 0},
    {"obsolete form with one", {"auth=plain"}, BIT(AUTH), "PLAIN ", 0},
    {"obsolete form with none", {"AUTH="}, BIT(AUTH), "", 0},
    {"both forms", {"AUTH PLAIN", "AUTH=LOGIN"}, BIT(AUTH), "PLAIN LOGIN ", 0},
    {"many",
     {"SIZE 5", "CHUNKING", "SMTPUTF8", "LIMITS RCPTMAX=10"},
     BIT(SIZE) | BIT(CHUNKING) | BIT(SMTPUTF8) | BIT(LIMITS),
     "",
     5},
};

static void reads(void **state)
{
    const struct row *row = *state;
    mailsub__capabilities capabilities;
    memset(&capabilities, 0xff, sizeof capabilities);
    mailsub__capabilities_reset(&capabilities);
    for (size_t i = 0; i < 4 && row->lines[i]; i++) {
        size_t len = strlen(row->lines[i]);
        char *exact = malloc(len + 1);
        memcpy(exact, row->lines[i], len);
        mailsub__capabilities_add(&capabilities, mailsub__slice_of(exact, len));
        free(exact);
    }
    assert_int_equal(capabilities.offered, row->want_offered);
    assert_string_equal(capabilities.mechanisms, row->want_mechanisms);
    assert_int_equal(capabilities.size_limit, row->want_size);
}

static void every_keyword_is_found(void **state)
{
    (void)state;
    static const char *const keywords[] = {
#define KEYWORD(number, NAME, keyword) (keyword),
        MAILSUB_EXTENSION_LIST(KEYWORD)
#undef KEYWORD
    };
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
        mailsub__capabilities capabilities;
        mailsub__capabilities_reset(&capabilities);
        mailsub__capabilities_add(&capabilities, mailsub__slice_str(keywords[i]));
        assert_true(mailsub__capabilities_has(&capabilities, (enum mailsub__capability)i));
        assert_int_equal(capabilities.offered, UINT32_C(1) << i);
    }
}

static void limits_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        uint32_t transactions;
        uint32_t recipients;
        uint32_t domains;
    } limits[] = {
        {"LIMITS", 0, 0, 0},
        {"LIMITS RCPTMAX=100 MAILMAX=5 RCPTDOMAINMAX=1", 5, 100, 1},
        {"LIMITS rcptmax=7", 0, 7, 0},
        {"LIMITS RCPTMAX=0 MAILMAX= RCPTDOMAINMAX", 0, 0, 0},
        {"LIMITS RCPTMAX=x MAILMAX=-1 =3 OTHER=4", 0, 0, 0},
        {"LIMITS RCPTMAX=99999999999999999999999 MAILMAX=4294967296", UINT32_MAX, UINT32_MAX, 0},
    };
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        mailsub__capabilities capabilities;
        mailsub__capabilities_reset(&capabilities);
        mailsub__capabilities_add(&capabilities, mailsub__slice_str(limits[i].line));
        assert_int_equal(capabilities.max_transactions, limits[i].transactions);
        assert_int_equal(capabilities.max_recipients, limits[i].recipients);
        assert_int_equal(capabilities.max_domains, limits[i].domains);
    }
}

static void times_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        uint64_t by;
        uint64_t hold;
        const char *until;
    } times[] = {
        {"DELIVERBY", 0, 0, ""},
        {"DELIVERBY 240", 240, 0, ""},
        {"DELIVERBY -1", 0, 0, ""},
        {"FUTURERELEASE", 0, 0, ""},
        {"FUTURERELEASE 3600 2027-01-01T00:00:00Z", 0, 3600, "2027-01-01T00:00:00Z"},
        {"FUTURERELEASE 3600", 0, 3600, ""},
        {"FUTURERELEASE x 2027-01-01", 0, 0, ""},
        {"FUTURERELEASE 1 2027-01-01T00:00:00z", 0, 1, ""},
        {"FUTURERELEASE 1 2027-01-01T00:00:00ZZ", 0, 1, ""},
    };
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        mailsub__capabilities capabilities;
        mailsub__capabilities_reset(&capabilities);
        mailsub__capabilities_add(&capabilities, mailsub__slice_str(times[i].line));
        assert_int_equal(capabilities.deliver_by_min, times[i].by);
        assert_int_equal(capabilities.hold_max_s, times[i].hold);
        assert_string_equal(capabilities.hold_max_until, times[i].until);
    }
}

int main(void)
{
    static struct CMUnitTest tests[40];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, rows, reads);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(every_keyword_is_found);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(times_are_read);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(limits_are_read);
    return UNIT_RUN(tests, n_tests);
}

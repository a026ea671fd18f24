/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <dlfcn.h>
#include <idn2.h>

#include "codec/domain.h"

#include <mailsub/error.h>

#define L10 "abcdefghij"
#define L63 L10 L10 L10 L10 L10 L10 "abc"
#define U10 "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"

struct domain_row {
    const char *name;
    const char *domain;
    const char *want; /* NULL: refused */
    size_t len;       /* 0: of the string */
};

static const struct domain_row rows[] = {
    {"plain", "example.com", "example.com", 0},
    {"lower case", "Mail.EXAMPLE.Com", "mail.example.com", 0},
    {"one label", "localhost", "localhost", 0},
    {"digits and hyphens", "a-1.3com.x--y.de", "a-1.3com.x--y.de", 0},
    {"reserved LDH label without IDNA", "r3---sn-4g5.example", "r3---sn-4g5.example", 0},
    {"a label of 63", L63 ".de", L63 ".de", 0},
    {"253 in all", L63 "." L63 "." L63 "." L10 L10 L10 L10 L10 L10 "a",
     L63 "." L63 "." L63 "." L10 L10 L10 L10 L10 L10 "a", 0},
    {"a number that is not last", "10.in-addr.arpa", "10.in-addr.arpa", 0},
    {"a last label with a digit first", "example.3com", "example.3com", 0},
    {"a last label that begins like hexadecimal", "example.0xg", "example.0xg", 0},
    {"umlaut", "m\xc3\xbcnchen.de", "xn--mnchen-3ya.de", 0},
    {"capital umlaut", "M\xc3\x9cNCHEN.de", "xn--mnchen-3ya.de", 0},
    {"umlaut of two characters (not NFC)", "mu\xcc\x88nchen.de", "xn--mnchen-3ya.de", 0},
    {"sharp s is non-transitional",
     "stra\xc3\x9f"
     "e.de",
     "xn--strae-oqa.de", 0},
    {"final sigma is non-transitional", "\xcf\x83\xcf\x82.gr", "xn--3xab.gr", 0},
    {"Chinese with an ideographic full stop", "\xe4\xbe\x8b\xe5\xad\x90\xe3\x80\x82\xe6\xb5\x8b",
     "xn--fsqu00a.xn--0zw", 0},
    {"fullwidth letters", "\xef\xbd\x81\xc3\xa4.de", "xn--a-0fa.de", 0},
    {"Arabic", "\xd9\x85\xd8\xab\xd8\xa7\xd9\x84.eg", "xn--mgbh0fb.eg", 0},
    {"Hebrew", "\xd7\x90\xd7\x91.il", "xn--4dbc.il", 0},
    {"A-label", "xn--mnchen-3ya.de", "xn--mnchen-3ya.de", 0},
    {"A-label in capitals", "XN--MNCHEN-3YA.DE", "xn--mnchen-3ya.de", 0},
    {"A-label and U-label", "xn--mnchen-3ya.m\xc3\xbcnchen.de", "xn--mnchen-3ya.xn--mnchen-3ya.de",
     0},
    {"nothing", "", NULL, 0},
    {"a dot", ".", NULL, 0},
    {"an empty label in front", ".example.com", NULL, 0},
    {"an empty label within", "example..com", NULL, 0},
    {"a final dot", "example.com.", NULL, 0},
    {"empty labels beside a U-label", "m\xc3\xbc..de", NULL, 0},
    {"a final dot behind a U-label", "m\xc3\xbc.", NULL, 0},
    {"a label of 64", L63 "d.de", NULL, 0},
    {"254 in all", L63 "." L63 "." L63 "." L10 L10 L10 L10 L10 L10 "ab", NULL, 0},
    {"a U-label too long as an A-label", U10 U10 U10 U10 U10 U10 U10 ".de", NULL, 0},
    {"a hyphen in front", "-a.de", NULL, 0},
    {"a hyphen behind", "a-.de", NULL, 0},
    {"a hyphen in front of a U-label", "-\xc3\xa4.de", NULL, 0},
    {"two hyphens in a U-label", "ab--\xc3\xa4.de", NULL, 0},
    {"underscore", "_dmarc.example.com", NULL, 0},
    {"underscore, which libidn2 would drop", "a_\xc3\xa4.de", NULL, 0},
    {"fullwidth underscore, which libidn2 would drop",
     "a\xef\xbc\xbf"
     "b.de",
     NULL, 0},
    {"parenthesised digit, which libidn2 would drop", "\xc3\xa4\xe2\x91\xb4.de", NULL, 0},
    {"account of, which libidn2 would drop",
     "\xe2\x84\x80"
     "a.de",
     NULL, 0},
    {"not equal to, which is ASCII with a mark",
     "a\xe2\x89\xa0"
     "b.de",
     NULL, 0},
    {"no-break space",
     "a\xc2\xa0"
     "b.de",
     NULL, 0},
    {"space", "a b.de", NULL, 0},
    {"space beside a U-label", "a b.\xc3\xa4", NULL, 0},
    {"CR LF", "a.de\r\nDATA", NULL, 0},
    {"CR LF beside a U-label", "\xc3\xa4.de\r\n", NULL, 0},
    {"NUL", "a\0.de", NULL, 5},
    {"NUL behind a U-label", "\xc3\xa4\0.de", NULL, 6},
    {"address literal", "[127.0.0.1]", NULL, 0},
    {"at", "a@b.de", NULL, 0},
    {"slash", "a/b", NULL, 0},
    {"IPv4 address", "127.0.0.1", NULL, 0},
    {"IPv4 address in two parts", "10.1", NULL, 0},
    {"IPv4 address as one number", "2130706433", NULL, 0},
    {"IPv4 address in hexadecimal", "0x7f000001", NULL, 0},
    {"IPv4 address with a hexadecimal end", "127.0.0.0X1", NULL, 0},
    {"a bare hexadecimal prefix", "127.0x", NULL, 0},
    {"IPv4 address in fullwidth digits", "127.0.0.\xef\xbc\x91", NULL, 0},
    {"IPv6 address", "::1", NULL, 0},
    {"not UTF-8", "\xc3.de", NULL, 0},
    {"overlong", "\xc0\xaf.de", NULL, 0},
    {"surrogate", "\xed\xa0\x80.de", NULL, 0},
    {"snowman", "\xe2\x98\x83.net", NULL, 0},
    {"A-label of the snowman", "xn--n3h.net", NULL, 0},
    {"emoji", "\xf0\x9f\x98\x80.la", NULL, 0},
    {"A-label of an emoji", "xn--e28h.la", NULL, 0},
    {"A-label that decodes to nothing", "xn--.de", NULL, 0},
    {"A-label that is bad punycode", "xn--ss.de", NULL, 0},
    {"A-label of ASCII only", "xn--abc-.de", NULL, 0},
    {"A-label with a hidden underscore", "xn--_b-uia.de", NULL, 0},
    {"A-label of a capital letter", "xn--mnchen-psa.de", NULL, 0},
    {"joiner without context",
     "a\xe2\x80\x8d"
     "b.de",
     NULL, 0},
    {"mixed directions", "a\xd7\x90.de", NULL, 0},
    {"a combining mark in front",
     "\xcc\x88"
     "a.de",
     NULL, 0},
    {"a label of ignored characters only", "\xc2\xad.de", NULL, 0},
};

static void converts(void **state)
{
    const struct domain_row *row = *state;
    size_t len = row->len > 0 ? row->len : strlen(row->domain);
    char *exact = malloc(len > 0 ? len : 1); /* ASan sees a read behind it */
    assert_non_null(exact);
    memcpy(exact, row->domain, len);
    char out[MAILSUB_MAX_DOMAIN + 1];
    memset(out, '?', sizeof out);
    int rc = mailsub__domain_to_ascii(mailsub__slice_of(exact, len), out);
    free(exact);
    if (row->want) {
        assert_int_equal(rc, MAILSUB_OK);
        assert_string_equal(out, row->want);
        char again[MAILSUB_MAX_DOMAIN + 1];
        assert_int_equal(mailsub__domain_to_ascii(mailsub__slice_str(out), again), MAILSUB_OK);
        assert_string_equal(again, out);
        return;
    }
    assert_int_equal(rc, MAILSUB_E_DOMAIN);
    for (size_t i = 0; i < sizeof out; i++)
        assert_int_equal(out[i], '?');
}

static unsigned n_lookups;
static unsigned fail_lookup_at; /* 0: never */

/* Stands before libidn2's own, which allocates with malloc and so cannot be failed from outside. */
int idn2_lookup_u8(const uint8_t *src, uint8_t **lookupname, int flags)
{
    if (++n_lookups == fail_lookup_at)
        return IDN2_MALLOC;
    int (*real)(const uint8_t *, uint8_t **, int);
    void *found = dlsym(RTLD_NEXT, "idn2_lookup_u8");
    assert_non_null(found);
    memcpy(&real, &found, sizeof real);
    return real(src, lookupname, flags);
}

static void libidn2_out_of_memory(void **state)
{
    (void)state;
    mailsub__slice domain = mailsub__slice_str("m\xc3\xbcnchen.de");
    char out[MAILSUB_MAX_DOMAIN + 1] = "kept";
    n_lookups = 0;
    for (fail_lookup_at = 1;; fail_lookup_at++, n_lookups = 0) {
        int rc = mailsub__domain_to_ascii(domain, out);
        if (n_lookups < fail_lookup_at) {
            assert_int_equal(rc, MAILSUB_OK);
            break;
        }
        assert_int_equal(rc, MAILSUB_E_NOMEM);
        assert_string_equal(out, "kept");
    }
    assert_true(fail_lookup_at > 1);
    fail_lookup_at = 0;
}

static void every_ascii_octet(void **state)
{
    (void)state;
    for (int c = 0; c < 128; c++) {
        char domain[] = {'a', (char)c, 'b', '.', 'd', 'e'};
        char out[MAILSUB_MAX_DOMAIN + 1];
        bool ldh = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                   c == '-' || c == '.';
        int rc = mailsub__domain_to_ascii(mailsub__slice_of(domain, sizeof domain), out);
        assert_int_equal(rc, ldh ? MAILSUB_OK : MAILSUB_E_DOMAIN);
    }
}

static void a_huge_name_is_refused(void **state)
{
    (void)state;
    enum { LEN = 1 << 20 };
    char *huge = malloc(LEN);
    assert_non_null(huge);
    char out[MAILSUB_MAX_DOMAIN + 1];
    for (size_t i = 0; i < LEN; i++)
        huge[i] = i % 2 ? '\xa4' : '\xc3';
    assert_int_equal(mailsub__domain_to_ascii(mailsub__slice_of(huge, LEN), out), MAILSUB_E_DOMAIN);
    memset(huge, 'a', LEN);
    assert_int_equal(mailsub__domain_to_ascii(mailsub__slice_of(huge, LEN), out), MAILSUB_E_DOMAIN);
    free(huge);
}

int main(void)
{
    struct CMUnitTest tests[sizeof rows / sizeof rows[0] + 3];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, rows, converts);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(libidn2_out_of_memory);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(every_ascii_octet);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(a_huge_name_is_refused);
    return UNIT_RUN(tests, n_tests);
}

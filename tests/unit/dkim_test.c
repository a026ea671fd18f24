/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The signer as an object: names, keys, options, fields, record. */
#include "unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mailsub/error.h>
#include <mailsub/message.h>

#include "dkim_keys.h"

static void ok(int rc)
{
    assert_int_equal(rc, MAILSUB_OK);
}

static mailsub_dkim *make(void)
{
    mailsub_dkim *dkim = NULL;
    ok(mailsub_dkim_new(NULL, "football.example.com", "brisbane", &dkim));
    return dkim;
}

static int never_sign(void *context, const void *hash, size_t hash_len, void *out, size_t *out_len)
{
    (void)context;
    (void)hash;
    (void)hash_len;
    (void)out;
    (void)out_len;
    abort();
}

static void set_key(mailsub_dkim *dkim, const char *pem)
{
    ok(mailsub_dkim_set_key_pem(dkim, pem, strlen(pem), NULL));
}

#define L63 "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabc"

struct name_row {
    const char *name;
    const char *domain;
    const char *selector;
    int want;
    const char *want_domain;
    const char *want_selector;
};

static const struct name_row name_rows[] = {
    {"plain names", "a.de", "s1", 0, "a.de", "s1"},
    {"capitals", "A.De", "S1", 0, "a.de", "s1"},
    {"IDN", "b\303\274cher.example", "w\303\244hler", 0, "xn--bcher-kva.example", "xn--whler-gra"},
    {"a selector of digits", "a.de", "20260101", 0, "a.de", "20260101"},
    {"a selector of labels", "a.de", "k1.2026", 0, "a.de", "k1.2026"},
    {"one label", "localhost", "s", MAILSUB_E_DOMAIN, NULL, NULL},
    {"an empty domain", "", "s", MAILSUB_E_DOMAIN, NULL, NULL},
    {"an empty selector", "a.de", "", MAILSUB_E_DOMAIN, NULL, NULL},
    {"a final dot", "a.de.", "s", MAILSUB_E_DOMAIN, NULL, NULL},
    {"an address", "127.0.0.1", "s", MAILSUB_E_DOMAIN, NULL, NULL},
    {"another tag in the domain", "a.de;b=", "s", MAILSUB_E_DOMAIN, NULL, NULL},
    {"a line end in the domain", "a.de\r\nX: y", "s", MAILSUB_E_DOMAIN, NULL, NULL},
    {"another tag in the selector", "a.de", "s; b=x", MAILSUB_E_DOMAIN, NULL, NULL},
    {"a line end in the selector", "a.de", "s\n", MAILSUB_E_DOMAIN, NULL, NULL},
    {"an underscore in the selector", "a.de", "_s", MAILSUB_E_DOMAIN, NULL, NULL},
    {"253 octets together", L63 "." L63 ".example.de", L63 "." L63 ".ab", MAILSUB_E_DOMAIN, NULL,
     NULL},
};

static void check_name_row(void **state)
{
    const struct name_row *row = *state;
    mailsub_dkim *dkim = NULL;
    assert_int_equal(mailsub_dkim_new(NULL, row->domain, row->selector, &dkim), row->want);
    if (row->want) {
        assert_null(dkim);
        return;
    }
    assert_string_equal(mailsub_dkim_get_domain(dkim), row->want_domain);
    assert_string_equal(mailsub_dkim_get_selector(dkim), row->want_selector);
    mailsub_dkim_unref(dkim);
}

static void a_name_of_253_octets_is_taken(void **state)
{
    (void)state;
    mailsub_dkim *dkim;
    /* 178 octets, 12 of "._domainkey.", and 63 */
    static const char selector[] =
        L63 "." L63 ".abcdefghijabcdefghijabcdefghijabcdefghijabcdefghij";
    char domain[] = "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij.de.";
    domain[63] = '\0';
    ok(mailsub_dkim_new(NULL, domain, selector, &dkim));
    mailsub_dkim_unref(dkim);
    strcpy(domain + 60, ".com");
    assert_int_equal(mailsub_dkim_new(NULL, domain, selector, &dkim), MAILSUB_E_DOMAIN);
}

static void defaults_are_safe(void **state)
{
    (void)state;
    mailsub_dkim *dkim = make();
    assert_int_equal(mailsub_dkim_get_header_canonicalization(dkim), MAILSUB_DKIM_RELAXED);
    assert_int_equal(mailsub_dkim_get_body_canonicalization(dkim), MAILSUB_DKIM_RELAXED);
    assert_null(mailsub_dkim_get_identity(dkim));
    assert_int_equal(mailsub_dkim_get_timestamp(dkim), 1);
    assert_int_equal(mailsub_dkim_get_lifetime(dkim), 0);
    assert_string_equal(mailsub_dkim_get_algorithm(dkim), "");
    assert_int_equal(mailsub_dkim_get_key_bits(dkim), 0);
    assert_int_equal(mailsub_dkim_get_field_mode(dkim, "from"), MAILSUB_DKIM_SEALED);
    static const char *const advised[] = {
        "Reply-To",    "Subject",        "Date",         "To",        "Cc",
        "Resent-Date", "Resent-From",    "Resent-To",    "Resent-Cc", "In-Reply-To",
        "References",  "List-Id",        "List-Help",    "List-Post", "List-Unsubscribe",
        "List-Owner",  "List-Subscribe", "List-Archive", "Sender",    "List-Unsubscribe-Post",
        "Message-ID",  "Content-Type",   "MIME-Version"};
    for (size_t i = 0; i < sizeof advised / sizeof advised[0]; i++)
        assert_int_not_equal(mailsub_dkim_get_field_mode(dkim, advised[i]), MAILSUB_DKIM_UNSIGNED);
    static const char *const unadvised[] = {"Return-Path", "Received", "Comments",
                                            "Keywords",    "Bcc",      "DKIM-Signature"};
    for (size_t i = 0; i < sizeof unadvised / sizeof unadvised[0]; i++)
        assert_int_equal(mailsub_dkim_get_field_mode(dkim, unadvised[i]), MAILSUB_DKIM_UNSIGNED);
    mailsub_dkim_unref(dkim);
}

static void fields_are_added_changed_and_removed(void **state)
{
    (void)state;
    mailsub_dkim *dkim = make();
    size_t n = mailsub_dkim_count_fields(dkim);
    ok(mailsub_dkim_set_field(dkim, "X-Mailer", MAILSUB_DKIM_SIGNED));
    ok(mailsub_dkim_set_field(dkim, "subject", MAILSUB_DKIM_SEALED));
    assert_int_equal(mailsub_dkim_count_fields(dkim), n + 1);
    const char *name;
    int mode;
    ok(mailsub_dkim_get_field(dkim, n, &name, &mode));
    assert_string_equal(name, "X-Mailer");
    assert_int_equal(mode, MAILSUB_DKIM_SIGNED);
    assert_int_equal(mailsub_dkim_get_field_mode(dkim, "SUBJECT"), MAILSUB_DKIM_SEALED);
    ok(mailsub_dkim_set_field(dkim, "To", MAILSUB_DKIM_UNSIGNED));
    ok(mailsub_dkim_set_field(dkim, "To", MAILSUB_DKIM_UNSIGNED));
    assert_int_equal(mailsub_dkim_count_fields(dkim), n);
    assert_int_equal(mailsub_dkim_get_field_mode(dkim, "To"), MAILSUB_DKIM_UNSIGNED);
    assert_int_equal(mailsub_dkim_get_field(dkim, n, &name, &mode), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_dkim_set_field(dkim, "From", MAILSUB_DKIM_UNSIGNED),
                     MAILSUB_E_INVALID);
    assert_int_equal(mailsub_dkim_set_field(dkim, "To", 4), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_dkim_set_field(dkim, "To", -1), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_dkim_set_field(dkim, NULL, MAILSUB_DKIM_SIGNED), MAILSUB_E_INVALID);
    static const char *const bad[] = {"",         "a b",         "a:b", "a;b",     "a\r\n",
                                      "Received", "return-path", "Bcc", "\303\244"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(mailsub_dkim_set_field(dkim, bad[i], MAILSUB_DKIM_SIGNED),
                         MAILSUB_E_HEADER_NAME);
    char many[16];
    int rc = MAILSUB_OK;
    for (int i = 0; !rc; i++) {
        snprintf(many, sizeof many, "X-%d", i);
        rc = mailsub_dkim_set_field(dkim, many, MAILSUB_DKIM_SIGNED);
    }
    assert_int_equal(rc, MAILSUB_E_LIMIT);
    assert_int_equal(mailsub_dkim_count_fields(dkim), MAILSUB_DKIM_MAX_FIELDS);
    mailsub_dkim_unref(dkim);
}

struct identity_row {
    const char *name;
    const char *identity;
    int want;
    const char *want_identity;
};

static const struct identity_row identity_rows[] = {
    {"a user", "joe@football.example.com", 0, "joe@football.example.com"},
    {"nobody", "@football.example.com", 0, "@football.example.com"},
    {"a domain below", "@Mail.Football.Example.COM", 0, "@mail.football.example.com"},
    {"IDN", "j\303\266@b\303\274.football.example.com", 0,
     "j\303\266@xn--b-eha.football.example.com"},
    {"the domain above", "@example.com", MAILSUB_E_DOMAIN, NULL},
    {"another domain", "joe@a.de", MAILSUB_E_DOMAIN, NULL},
    {"a domain that only ends like it", "@american-football.example.com", MAILSUB_E_DOMAIN, NULL},
    {"no domain", "joe", MAILSUB_E_ADDRESS, NULL},
    {"nothing", "", MAILSUB_E_ADDRESS, NULL},
    {"another tag", "@football.example.com; b=", MAILSUB_E_DOMAIN, NULL},
    {"a line end", "joe\r\n@football.example.com", MAILSUB_E_CONTROL, NULL},
    {"no UTF-8", "\377@football.example.com", MAILSUB_E_UTF8, NULL},
};

static void check_identity_row(void **state)
{
    const struct identity_row *row = *state;
    mailsub_dkim *dkim = make();
    ok(mailsub_dkim_set_identity(dkim, "x@football.example.com"));
    assert_int_equal(mailsub_dkim_set_identity(dkim, row->identity), row->want);
    assert_string_equal(mailsub_dkim_get_identity(dkim),
                        row->want ? "x@football.example.com" : row->want_identity);
    ok(mailsub_dkim_set_identity(dkim, NULL));
    assert_null(mailsub_dkim_get_identity(dkim));
    mailsub_dkim_unref(dkim);
}

static void a_lifetime_needs_a_time(void **state)
{
    (void)state;
    mailsub_dkim *dkim = make();
    ok(mailsub_dkim_set_lifetime(dkim, 1));
    assert_int_equal(mailsub_dkim_set_timestamp(dkim, 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_dkim_set_lifetime(dkim, -1), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_dkim_set_lifetime(dkim, 315360001), MAILSUB_E_INVALID);
    ok(mailsub_dkim_set_lifetime(dkim, 315360000));
    assert_int_equal(mailsub_dkim_get_lifetime(dkim), 315360000);
    ok(mailsub_dkim_set_lifetime(dkim, 0));
    ok(mailsub_dkim_set_timestamp(dkim, 0));
    assert_int_equal(mailsub_dkim_get_timestamp(dkim), 0);
    assert_int_equal(mailsub_dkim_set_lifetime(dkim, 1), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_dkim_set_canonicalization(dkim, 2, 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_dkim_set_canonicalization(dkim, 0, -1), MAILSUB_E_INVALID);
    ok(mailsub_dkim_set_canonicalization(dkim, MAILSUB_DKIM_SIMPLE, MAILSUB_DKIM_RELAXED));
    assert_int_equal(mailsub_dkim_get_header_canonicalization(dkim), MAILSUB_DKIM_SIMPLE);
    assert_int_equal(mailsub_dkim_get_body_canonicalization(dkim), MAILSUB_DKIM_RELAXED);
    mailsub_dkim_unref(dkim);
}

static const char *record(const mailsub_dkim *dkim, int form)
{
    const char *text = NULL;
    ok(mailsub_dkim_record(dkim, form, &text));
    return text;
}

static void records_are_those_of_the_rfc(void **state)
{
    (void)state;
    mailsub_dkim *dkim = make();
    const char *text = "unchanged";
    assert_int_equal(mailsub_dkim_record(dkim, MAILSUB_DKIM_RECORD_TEXT, &text), MAILSUB_E_KEY);
    assert_string_equal(text, "unchanged");
    set_key(dkim, KEY_ED25519);
    assert_string_equal(mailsub_dkim_get_algorithm(dkim), "ed25519-sha256");
    assert_int_equal(mailsub_dkim_get_key_bits(dkim), 256);
    assert_string_equal(record(dkim, MAILSUB_DKIM_RECORD_TEXT),
                        "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    assert_string_equal(record(dkim, MAILSUB_DKIM_RECORD_ZONE),
                        "brisbane._domainkey.football.example.com. IN TXT \"v=DKIM1; k=ed25519; "
                        "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n");
    set_key(dkim, KEY_RSA);
    assert_string_equal(mailsub_dkim_get_algorithm(dkim), "rsa-sha256");
    assert_int_equal(mailsub_dkim_get_key_bits(dkim), 1024);
    assert_string_equal(record(dkim, MAILSUB_DKIM_RECORD_TEXT), KEY_RSA_RECORD);
    assert_string_equal(record(dkim, MAILSUB_DKIM_RECORD_STRINGS), "\"" KEY_RSA_RECORD "\"");
    assert_int_equal(mailsub_dkim_record(dkim, 3, &text), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_dkim_record(dkim, -1, &text), MAILSUB_E_INVALID);
    mailsub_dkim_unref(dkim);
}

/* A record of more than 255 octets needs an RSA key of more than 1024 bits. */
static void long_records_are_cut_at_255_octets(void **state)
{
    (void)state;
    static const char pem[] = "-----BEGIN PUBLIC KEY-----\n"
                              "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqK6HibIyNyLN8vU9CVHW\n"
                              "qrNJ7pRX/SsZ46lbRdAGaWSHlllXcYYBYUbvWSk10r7fhRfcAMGiXw3f/V6CVAQA\n"
                              "gw/WGe1gwQP5hAVUjG4t7czGDKL/qhhCg9jvDAiU0+sPSaGO/Ydo+FyDGvHmFIbl\n"
                              "NfqvmAUUQ7i18nto7HeGReXQPJQNERFGgq75oOJpy/PoJX6bRDnWSP5nDMm8ZgYy\n"
                              "+oJazYzxmRtKofsoqyc2ZA2wrP3o5E1C3bhU4Ts5iGrW5w+oNOZOHzjzqCNKKnrM\n"
                              "UjAJg3TE3KN1EawWAsUrxqhUaZEIGkXaqEidGVs7ax33N4PDHTqHoKbPbhq0Y7Bn\n"
                              "lwIDAQAB\n"
                              "-----END PUBLIC KEY-----\n";
    mailsub_dkim *dkim = make();
    ok(mailsub_dkim_set_key_callback(dkim, pem, sizeof pem - 1, never_sign, NULL));
    assert_int_equal(mailsub_dkim_get_key_bits(dkim), 2048);
    const char *text = record(dkim, MAILSUB_DKIM_RECORD_TEXT);
    const char *strings = record(dkim, MAILSUB_DKIM_RECORD_STRINGS);
    assert_int_equal(strlen(text), 410);
    assert_int_equal(strlen(strings), 410 + 5);
    assert_memory_equal(strings + 1, text, 255);
    assert_memory_equal(strings + 256, "\" \"", 3);
    assert_memory_equal(strings + 259, text + 255, 410 - 255);
    mailsub_dkim_unref(dkim);
}

static void a_refused_key_changes_nothing(void **state)
{
    (void)state;
    mailsub_dkim *dkim = make();
    set_key(dkim, KEY_ED25519);
    assert_int_equal(mailsub_dkim_set_key_pem(dkim, KEY_ECDSA, strlen(KEY_ECDSA), NULL),
                     MAILSUB_E_KEY);
    assert_int_equal(mailsub_dkim_set_key_url(dkim, "pkcs11:token=none", "1234"), MAILSUB_E_KEY);
    assert_int_equal(mailsub_dkim_set_key_file(dkim, "/nonexistent", NULL), MAILSUB_E_KEY);
    assert_int_equal(mailsub_dkim_set_key_file(dkim, "/dev/null", NULL), MAILSUB_E_KEY);
    assert_int_equal(
        mailsub_dkim_set_key_callback(dkim, KEY_ED25519, strlen(KEY_ED25519), never_sign, NULL),
        MAILSUB_E_KEY);
    assert_string_equal(mailsub_dkim_get_algorithm(dkim), "ed25519-sha256");
    mailsub_dkim_unref(dkim);
}

static void a_file_that_others_may_read_is_refused(void **state)
{
    (void)state;
    char path[] = "/tmp/mailsub-dkim-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, KEY_RSA, strlen(KEY_RSA)), strlen(KEY_RSA));
    mailsub_dkim *dkim = make();
    static const mode_t others[] = {040, 020, 004, 002};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(fchmod(fd, 0600 | others[i]), 0);
        assert_int_equal(mailsub_dkim_set_key_file(dkim, path, NULL), MAILSUB_E_KEY_ACCESS);
    }
    assert_int_equal(fchmod(fd, 0400), 0);
    ok(mailsub_dkim_set_key_file(dkim, path, NULL));
    assert_string_equal(mailsub_dkim_get_algorithm(dkim), "rsa-sha256");
    assert_int_equal(ftruncate(fd, 64 * 1024 + 1), 0);
    assert_int_equal(mailsub_dkim_set_key_file(dkim, path, NULL), MAILSUB_E_KEY);
    close(fd);
    unlink(path);
    mailsub_dkim_unref(dkim);
}

static void a_signer_in_use_is_frozen(void **state)
{
    (void)state;
    mailsub_dkim *dkim = make();
    mailsub_message *message;
    ok(mailsub_message_new(NULL, &message));
    assert_int_equal(mailsub_message_sign_dkim(message, dkim), MAILSUB_E_KEY);
    ok(mailsub_message_clear_error(message));
    ok(mailsub_dkim_set_lifetime(dkim, 5)); /* it was not taken, so it is not frozen */
    set_key(dkim, KEY_ED25519);
    ok(mailsub_message_sign_dkim(message, dkim));
    assert_int_equal(mailsub_dkim_set_lifetime(dkim, 6), MAILSUB_E_STATE);
    assert_int_equal(mailsub_dkim_set_timestamp(dkim, 1), MAILSUB_E_STATE);
    assert_int_equal(mailsub_dkim_set_identity(dkim, NULL), MAILSUB_E_STATE);
    assert_int_equal(mailsub_dkim_set_canonicalization(dkim, 0, 0), MAILSUB_E_STATE);
    assert_int_equal(mailsub_dkim_set_field(dkim, "To", 0), MAILSUB_E_STATE);
    assert_int_equal(mailsub_dkim_set_key_pem(dkim, "", 0, NULL), MAILSUB_E_STATE);
    assert_int_equal(mailsub_dkim_set_key_file(dkim, "", NULL), MAILSUB_E_STATE);
    assert_int_equal(mailsub_dkim_set_key_url(dkim, "", NULL), MAILSUB_E_STATE);
    assert_int_equal(mailsub_dkim_set_key_callback(dkim, "", 0, never_sign, NULL), MAILSUB_E_STATE);
    mailsub_dkim_unref(dkim);
    assert_int_equal(mailsub_dkim_get_lifetime(mailsub_message_get_signer(message, 0)), 5);
    mailsub_message_free(message);
}

static void null_is_answered(void **state)
{
    (void)state;
    mailsub_dkim *dkim = NULL;
    assert_int_equal(mailsub_dkim_new(NULL, NULL, "s", &dkim), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_dkim_new(NULL, "a.de", NULL, &dkim), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_dkim_new(NULL, "a.de", "s", NULL), MAILSUB_E_INVALID);
    assert_null(mailsub_dkim_ref(NULL));
    mailsub_dkim_unref(NULL);
    assert_string_equal(mailsub_dkim_get_domain(NULL), "");
    assert_string_equal(mailsub_dkim_get_selector(NULL), "");
    assert_string_equal(mailsub_dkim_get_algorithm(NULL), "");
    assert_int_equal(mailsub_dkim_get_key_bits(NULL), 0);
    assert_int_equal(mailsub_dkim_get_header_canonicalization(NULL), MAILSUB_DKIM_RELAXED);
    assert_int_equal(mailsub_dkim_get_body_canonicalization(NULL), MAILSUB_DKIM_RELAXED);
    assert_null(mailsub_dkim_get_identity(NULL));
    assert_int_equal(mailsub_dkim_get_timestamp(NULL), 0);
    assert_int_equal(mailsub_dkim_get_lifetime(NULL), 0);
    assert_int_equal(mailsub_dkim_count_fields(NULL), 0);
    assert_int_equal(mailsub_dkim_get_field_mode(NULL, "From"), MAILSUB_DKIM_UNSIGNED);
    assert_int_equal(mailsub_dkim_set_lifetime(NULL, 1), MAILSUB_E_INVALID);
    dkim = make();
    assert_int_equal(mailsub_dkim_set_key_pem(dkim, NULL, 0, NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_dkim_set_key_file(dkim, NULL, NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_dkim_set_key_url(dkim, NULL, NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_dkim_set_key_callback(dkim, KEY_ED25519_PUBLIC, 1, NULL, NULL),
                     MAILSUB_E_INVALID);
    assert_int_equal(mailsub_dkim_get_field_mode(dkim, NULL), MAILSUB_DKIM_UNSIGNED);
    mailsub_dkim_unref(dkim);
}

/* All that takes memory from the table; the first error. */
static int make_all(struct unit_heap *heap)
{
    mailsub_allocator allocator = unit_allocator(heap);
    mailsub_dkim *dkim = NULL;
    int rc = mailsub_dkim_new(&allocator, "football.example.com", "brisbane", &dkim);
    if (!rc)
        rc = mailsub_dkim_set_key_pem(dkim, KEY_RSA, strlen(KEY_RSA), NULL);
    if (!rc)
        rc = mailsub_dkim_set_key_pem(dkim, KEY_ED25519, strlen(KEY_ED25519), NULL);
    if (!rc)
        rc = mailsub_dkim_set_identity(dkim, "@football.example.com");
    for (int i = 0; i < 10 && !rc; i++) {
        char name[] = "X-0";
        name[2] = (char)('0' + i);
        rc = mailsub_dkim_set_field(dkim, name, MAILSUB_DKIM_SIGNED);
    }
    mailsub_dkim_unref(dkim);
    return rc;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    int rc = MAILSUB_E_NOMEM;
    size_t n = 0;
    while (rc) {
        struct unit_heap heap = {.fail_at = ++n};
        rc = make_all(&heap);
        assert_true(rc == MAILSUB_OK || rc == MAILSUB_E_NOMEM);
        assert_int_equal(heap.n_live, 0);
    }
    assert_true(n > 10);
}

int main(void)
{
    struct CMUnitTest tests[64] = {
        cmocka_unit_test(a_file_that_others_may_read_is_refused),
        cmocka_unit_test(a_lifetime_needs_a_time),
        cmocka_unit_test(a_name_of_253_octets_is_taken),
        cmocka_unit_test(a_refused_key_changes_nothing),
        cmocka_unit_test(a_signer_in_use_is_frozen),
        cmocka_unit_test(defaults_are_safe),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(fields_are_added_changed_and_removed),
        cmocka_unit_test(long_records_are_cut_at_255_octets),
        cmocka_unit_test(null_is_answered),
        cmocka_unit_test(records_are_those_of_the_rfc),
    };
    size_t n_tests = 11;
    UNIT_ADD_ROWS(tests, n_tests, identity_rows, check_identity_row);
    UNIT_ADD_ROWS(tests, n_tests, name_rows, check_name_row);
    return UNIT_RUN(tests, n_tests);
}

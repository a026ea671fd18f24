/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What base64 and quoted-printable of others stand for: whole, and cut at every place. */
#include "unit.h"

#include "codec/transfer.h"

static const struct row {
    const char *name;
    enum mailsub__transfer_coding coding;
    const char *in;
    const char *want;
} rows[] = {
    {"as it is", MAILSUB__TRANSFER_NONE, "=41\r\n", "=41\r\n"},
    {"nothing", MAILSUB__TRANSFER_BASE64, "", ""},
    {"one octet", MAILSUB__TRANSFER_BASE64, "YQ==", "a"},
    {"two octets", MAILSUB__TRANSFER_BASE64, "YWI=", "ab"},
    {"three octets", MAILSUB__TRANSFER_BASE64, "YWJj", "abc"},
    {"no padding", MAILSUB__TRANSFER_BASE64, "YWI", "ab"},
    {"every digit", MAILSUB__TRANSFER_BASE64,
     "BCDEFGHIJKLMNOPQRSTUVWXYZabcdefg-_hijklmnopqrstuvwxyz0123456789+/A",
     "\004\040\304\024\141\310\044\242\314\064\343\320\105\044\324\125\145\330\145\246\334\165\347"
     "\340"
     "\206\050\344\226\151\350\246\252\354\266\353\360\307\054\364\327\155\370\347\256\374\367\357"
     "\300"},
    {"lines and dirt", MAILSUB__TRANSFER_BASE64, "Y W\r\n!J\xff\tj\r\n", "abc"},
    {"encoded in pieces", MAILSUB__TRANSFER_BASE64, "YQ==YWI=YWJj", "aababc"},
    {"a digit alone", MAILSUB__TRANSFER_BASE64, "Y=YWJj", "abc"},
    {"no escapes", MAILSUB__TRANSFER_QUOTED_PRINTABLE, "a b\r\nc", "a b\r\nc"},
    {"octets", MAILSUB__TRANSFER_QUOTED_PRINTABLE, "=41=6a=3D=0D=0A", "Aj=\r\n"},
    {"soft line breaks", MAILSUB__TRANSFER_QUOTED_PRINTABLE, "a=\r\nb=\nc=\r\n", "abc"},
    {"an equals sign for itself", MAILSUB__TRANSFER_QUOTED_PRINTABLE, "a=b, =4x, =, ==41, =\rx",
     "a=b, =4x, =, =A, =\rx"},
    {"an end within", MAILSUB__TRANSFER_QUOTED_PRINTABLE, "a=4", "a=4"},
    {"an end behind an equals sign", MAILSUB__TRANSFER_QUOTED_PRINTABLE, "a=", "a="},
    {"an end in a soft line break", MAILSUB__TRANSFER_QUOTED_PRINTABLE, "a=\r", "a"},
};

static size_t decode(enum mailsub__transfer_coding coding, const char *in, size_t len, size_t cut,
                     char *out)
{
    mailsub__transfer codec;
    size_t n = 0;
    mailsub__transfer_init(&codec, coding);
    for (size_t at = 0; at < len;) {
        size_t piece = at == 0 && cut < len ? cut : len - at;
        char *exact = malloc(piece + 2);
        size_t got = mailsub__transfer_decode(&codec, mailsub__slice_of(in + at, piece), exact);
        assert_true(got <= piece + 2);
        memcpy(out + n, exact, got);
        free(exact);
        n += got;
        at += piece;
        if (piece == 0)
            cut = len;
    }
    return n + mailsub__transfer_finish(&codec, out + n);
}

static void is_decoded(void **state)
{
    const struct row *row = *state;
    char out[256];
    size_t len = strlen(row->in);
    size_t want_len = strlen(row->want);
    for (size_t cut = 0; cut <= len; cut++) {
        size_t n = decode(row->coding, row->in, len, cut, out);
        assert_int_equal(n, want_len);
        assert_memory_equal(out, row->want, n);
    }
}

int main(void)
{
    static struct CMUnitTest tests[32];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, rows, is_decoded);
    return UNIT_RUN(tests, n_tests);
}

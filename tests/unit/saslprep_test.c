/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "codec/saslprep.h"

/* want NULL: refused. The first ones are the examples of RFC 4013 section 3. */
static const struct row {
    const char *name;
    const char *text;
    const char *want;
} rows[] = {
    {"a soft hyphen", "I\xc2\xadX", NULL},
    {"no transformation", "user", "user"},
    {"case is kept", "USER", "USER"},
    {"an ordinal indicator", "\xc2\xaa", NULL},
    {"a roman numeral", "\xe2\x85\xa8", NULL},
    {"a control character", "\x07", NULL},
    {"letters of two directions",
     "\xd8\xa7"
     "1",
     NULL},
    {"empty", "", ""},
    {"spaces", " a  b ", " a  b "},
    {"all of ASCII", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"},
    {"delete", "a\x7f", NULL},
    {"a letter of Latin-1", "b\xc3\xa4r", "b\xc3\xa4r"},
    {"a letter that composes", "ba\xcc\x88r", "b\xc3\xa4r"},
    {"the sign of Angstrom", "\xe2\x84\xab", "\xc3\x85"},
    {"a mark that does not compose", "q\xcc\x88", NULL},
    {"a no-break space",
     "a\xc2\xa0"
     "b",
     "a b"},
    {"the euro", "\xe2\x82\xac", "\xe2\x82\xac"},
    {"the sharp s",
     "stra\xc3\x9f"
     "e",
     "stra\xc3\x9f"
     "e"},
    {"a ligature", "\xef\xac\x81", NULL},
    {"a superscript", "m\xc2\xb2", NULL},
    {"a fraction", "\xc2\xbd", NULL},
    {"a letter of full width", "\xef\xbc\xa1", NULL},
    {"Greek", "\xce\xbb\xcf\x8c\xce\xb3\xce\xbf\xcf\x82",
     "\xce\xbb\xcf\x8c\xce\xb3\xce\xbf\xcf\x82"},
    {"Cyrillic", "\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c",
     "\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c"},
    {"Chinese", "\xe5\xaf\x86\xe7\xa0\x81", "\xe5\xaf\x86\xe7\xa0\x81"},
    {"Vietnamese", "m\xe1\xba\xadt", "m\xe1\xba\xadt"},
    {"Hebrew", "\xd7\xa9", NULL},
    {"an emoji", "\xf0\x9f\x98\x80", NULL},
    {"what is not UTF-8", "\xff", NULL},
    {"half a character", "\xc3", NULL},
};

static void prepares(void **state)
{
    const struct row *row = *state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer out;
    size_t len = strlen(row->text);
    char *exact = malloc(len > 0 ? len : 1);
    memcpy(exact, row->text, len);
    mailsub__buffer_init_secret(&out, &allocator, 1000);
    int rc = mailsub__saslprep_append(&out, mailsub__slice_of(exact, len));
    free(exact);
    assert_int_equal(rc, row->want ? MAILSUB_OK : MAILSUB_E_CREDENTIALS);
    assert_true(mailsub__slice_equal(mailsub__buffer_slice(&out), mailsub__slice_str(row->want)));
    mailsub__buffer_deinit(&out);
    if (row->want && row->want[0]) {
        heap = (struct unit_heap){.fail_at = 1};
        assert_int_equal(mailsub__saslprep_append(&out, mailsub__slice_str(row->text)),
                         MAILSUB_E_NOMEM);
        mailsub__buffer_deinit(&out);
    }
    assert_int_equal(heap.n_live, 0);
}

int main(void)
{
    static struct CMUnitTest tests[40];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, rows, prepares);
    return UNIT_RUN(tests, n_tests);
}

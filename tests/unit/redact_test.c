/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Secrets that are echoed over several lines of a reply, and what is left of those lines. */
#include "unit.h"

#include <stdio.h>

#include "smtp/heard.h"

/* The secrets. */
static const char *const known[] = {"sesame", "open door", "abcd", "xyz"};

/* Lines are parted by a bar. Those of a reply that breaks off end with one. */
static const struct row {
    const char *name;
    const char *text;
    const char *want;
} rows[] = {
    {"nothing", "250-hello|250 world", "250-hello|250 world"},
    {"no text", "250-|250", "250-|250"},
    {"a whole secret", "535-no sesame here|535 bye", "535-no *** here|535 bye"},
    {"two halves", "535-user alice ses|535 ame is wrong", "535-user alice ***|535 *** is wrong"},
    {"behind an enhanced status", "535-5.7.8 ses|535 5.7.8 ame", "535-5.7.8 ***|535 5.7.8 ***"},
    {"half behind a space", "535-alice open |535 door", "535-alice ***|535 ***"},
    {"indented", "535-ses|535   ame", "535-***|535 ***"},
    {"three lines", "535-s|535-esam|535 e", "535-***|535-***|535 ***"},
    {"an octet a line", "535-s|535-e|535-s|535-a|535-m|535 e",
     "535-***|535-***|535-***|535-***|535-***|535 ***"},
    {"two octets a line", "535-se|535-sa|535 me", "535-***|535-***|535 ***"},
    {"a line without text between", "535-se|535-|535 same", "535-***|535-|535 ***"},
    {"spaced out over lines", "535-s e s|535 a m e", "535-***|535 ***"},
    {"both halves the other way round", "535-ame and ses|535 x", "535-ame and ses|535 x"},
    {"halves that do not meet", "535-ses|535-or|535 ame", "535-ses|535-or|535 ame"},
    {"a half alone", "535-ses|535 bye", "535-ses|535 bye"},
    {"twice", "535-ab|535-cdab|535 cd", "535-***|535-***|535 ***"},
    {"overlapping secrets", "535-xabc|535 dxyz", "535-x***|535 ******"},
    {"a reply of one line", "535 sesame", "535 ***"},
    {"a part in a reply of one line", "535 sesam", "535 sesam"},
    {"a secret, and the reply breaks off", "535-sesame|", "535-***|"},
    {"most of one, and the reply breaks off", "535-user ses|535-am|", "535-user ***|535-***|"},
    {"two octets, and the reply breaks off", "535-user se|", "535-user se|"},
    {"half of a short one, and it breaks off", "535-user ab|", "535-user ***|"},
    {"no reply at all behind a line", "535-ses|!ame", "535-***|!***"},
};

static void keep(void *context, const mailsub__clean_line *line)
{
    char *out = context;
    size_t len = strlen(out);
    snprintf(out + len, 512 - len, "%s%s%.*s", len > 0 ? "|" : "", line->code == 0 ? "!" : "",
             (int)line->len, line->text);
}

static void add(mailsub__heard *heard, const char *line, size_t len)
{
    bool broken = line[0] == '!';
    line += broken;
    len -= broken;
    char *exact = malloc(len);
    memcpy(exact, line, len);
    mailsub__heard_add(heard, broken ? 0 : (int)strtol(line, NULL, 10),
                       mailsub__slice_of(exact, len),
                       broken    ? 0
                       : len < 4 ? len
                                 : 4);
    free(exact);
}

/* What is told of the lines; the allocation fail_at fails. */
static void tell(const char *text, size_t fail_at, char *out, size_t *out_requests)
{
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__secrets secrets;
    mailsub__heard heard;
    mailsub__secrets_init(&secrets, &allocator);
    mailsub__heard_init(&heard, &allocator);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        assert_int_equal(mailsub__secrets_add(&secrets, mailsub__slice_str(known[i])), 0);
    heap.n_requests = 0;
    heap.fail_at = fail_at;
    out[0] = '\0';
    for (const char *bar; (bar = strchr(text, '|')); text = bar + 1)
        add(&heard, text, (size_t)(bar - text));
    bool unfinished = *text == '\0';
    if (!unfinished)
        add(&heard, text, strlen(text));
    mailsub__heard_release(&heard, &secrets, unfinished, (mailsub__told){keep, out});
    strcat(out, unfinished ? "|" : "");
    *out_requests = heap.n_requests;
    mailsub__heard_deinit(&heard);
    mailsub__secrets_deinit(&secrets);
    assert_int_equal(heap.n_live, 0);
}

static void check_row(void **state)
{
    const struct row *row = *state;
    char have[512];
    size_t n_requests;
    tell(row->text, 0, have, &n_requests);
    assert_string_equal(have, row->want);
    for (size_t i = 1, n = n_requests; i <= n; i++) {
        tell(row->text, i, have, &n_requests);
        for (size_t j = 0; j < sizeof known / sizeof known[0]; j++)
            assert_null(strstr(have, known[j]));
        /* Without memory nothing of the text is told, and the codes are. */
        assert_true(strcmp(have, row->want) == 0 || strstr(have, "***"));
    }
}

/* Broken wherever one likes, in two and three pieces, nothing of it is left. */
static void no_break_shows_it(void **state)
{
    static const char secret[] = "sesame";
    char text[128];
    char have[512];
    size_t n_requests;
    (void)state;
    for (int i = 0; i <= 6; i++) {
        for (int j = i; j <= 6; j++) {
            snprintf(text, sizeof text, "535-%.*s|535-%.*s|535 %s", i, secret, j - i, secret + i,
                     secret + j);
            tell(text, 0, have, &n_requests);
            assert_null(strpbrk(have, secret));
        }
    }
}

int main(void)
{
    static struct CMUnitTest tests[40];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, rows, check_row);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(no_break_shows_it);
    return UNIT_RUN(tests, n_tests);
}

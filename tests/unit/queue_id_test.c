/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "smtp/queue_id.h"

static const struct row {
    const char *name;
    const char *text; /* without its enhanced status */
    const char *want; /* NULL: none */
} rows[] = {
    {"Postfix", "Ok: queued as 4XyZ1abc", "4XyZ1abc"},
    {"Postfix behind a proxy", "from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 9F1",
     "9F1"},
    {"Exim", "OK id=1rXyZ0-0002ab-1C", "1rXyZ0-0002ab-1C"},
    {"Sendmail", "41BAe2Xy012345 Message accepted for delivery", "41BAe2Xy012345"},
    {"OpenSMTPD", "1a2b3c4d Message accepted for delivery", "1a2b3c4d"},
    {"Exchange", "<1@client.example> [InternalId=26405, Hostname=x] Queued mail for delivery",
     "26405"},
    {"Gmail", "OK  1700000000 d9-20020a05.1 - gsmtp", "d9-20020a05.1"},
    {"Dovecot", "<anna@example.org> qK9hIbEy0WQ+FQAAw Saved", "qK9hIbEy0WQ+FQAAw"},
    {"qmail", "ok 1700000000 qp 12345", "12345"},
    {"Haraka", "Message Queued (9D34A1E0-1.1)", "9D34A1E0-1.1"},
    {"Stalwart", "Message queued with id 1a2b3c.", "1a2b3c"},
    {"Amazon SES", "Ok 0100018c-1234-000000", "0100018c-1234-000000"},
    {"Courier", "Ok. 000000A1.65", "000000A1.65"},
    {"other letters", "ok: QUEUED AS a1", "a1"},
    {"a full stop behind", "queued as 12AB.", "12AB"},
    {"a colon behind", "queued as 12AB: thank you", "12AB"},
    {"every mark that an id may have", "queued as a-b_c.d+e=f@g:h/1", "a-b_c.d+e=f@g:h/1"},
    {"only marks", "queued as ...", NULL},
    {"an id that stands alone, but not at the start", "all is Ok 0100018c", NULL},
    {"nothing", "", NULL},
    {"no id", "Ok", NULL},
    {"words", "Ok thank you", NULL},
    {"Ok and more than an id", "Ok 123 and more", NULL},
    {"a mark with nothing behind", "queued as ", NULL},
    {"a mark with nothing before", " Message accepted for delivery", NULL},
    {"a word for an id", "queued as usual", NULL},
    {"as long as there is room",
     "queued as 123456789012345678901234567890123456789012345678901234567890123",
     "123456789012345678901234567890123456789012345678901234567890123"},
    {"too long", "queued as 1234567890123456789012345678901234567890123456789012345678901234",
     NULL},
};

static void finds(void **state)
{
    const struct row *row = *state;
    char id[MAILSUB__QUEUE_ID_LEN] = "untouched";
    size_t len = strlen(row->text);
    char *exact = malloc(len + 1);
    memcpy(exact, row->text, len);
    bool found = mailsub__queue_id_find(mailsub__slice_of(exact, len), id);
    assert_int_equal(found, row->want != NULL);
    assert_string_equal(id, row->want ? row->want : "untouched");
    free(exact);
}

int main(void)
{
    static struct CMUnitTest tests[40];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, rows, finds);
    return UNIT_RUN(tests, n_tests);
}

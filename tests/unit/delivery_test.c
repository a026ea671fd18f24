/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "message_kit.h"

#include <stdio.h>

#include <mailsub/delivery.h>

static mailsub_message *two_recipients(struct unit_heap *heap)
{
    mailsub_message *m = kit_message_on(heap);
    assert_int_equal(mailsub_message_set_from(m, "alice@a.de", NULL), 0);
    assert_int_equal(mailsub_message_add_recipient(m, MAILSUB_RECIPIENT_TO, "bob@b.de", NULL), 0);
    assert_int_equal(mailsub_message_add_recipient(m, MAILSUB_RECIPIENT_CC, "carl@b.de", NULL), 0);
    return m;
}

/* ---- rows: a setter's argument, and what becomes of it ---- */

struct row {
    const char *name;
    int (*set)(mailsub_message *message, const char *text, int64_t number);
    const char *text;
    int64_t number;
    int want;
};

static int set_id(mailsub_message *m, const char *text, int64_t number)
{
    return mailsub_message_set_dsn(m, (int)number, text);
}

static int set_notify(mailsub_message *m, const char *text, int64_t number)
{
    (void)text;
    return mailsub_message_set_recipient_notify(m, 1, (uint32_t)number);
}

static int set_original(mailsub_message *m, const char *text, int64_t number)
{
    return mailsub_message_set_recipient_original(m, (size_t)number, NULL, text);
}

static int set_original_type(mailsub_message *m, const char *text, int64_t number)
{
    return mailsub_message_set_recipient_original(m, (size_t)number, text, "1234567");
}

static int set_original_utf8(mailsub_message *m, const char *text, int64_t number)
{
    return mailsub_message_set_recipient_original(m, (size_t)number, text, "\xc3\xbc@b.de");
}

static int return_by(mailsub_message *m, const char *text, int64_t number)
{
    return mailsub_message_set_deliver_by(m, MAILSUB_DELIVER_BY_RETURN, number, text != NULL);
}

static int notify_by(mailsub_message *m, const char *text, int64_t number)
{
    return mailsub_message_set_deliver_by(m, MAILSUB_DELIVER_BY_NOTIFY, number, text ? 2 : 0);
}

static int hold_for(mailsub_message *m, const char *text, int64_t number)
{
    return mailsub_message_set_hold(m, text ? 3 : MAILSUB_HOLD_FOR, number);
}

static int hold_until(mailsub_message *m, const char *text, int64_t number)
{
    return mailsub_message_set_hold(m, text ? MAILSUB_HOLD_NONE : MAILSUB_HOLD_UNTIL, number);
}

static int set_priority(mailsub_message *m, const char *text, int64_t number)
{
    (void)text;
    return mailsub_message_set_priority(m, (int)number);
}

static int set_tls(mailsub_message *m, const char *text, int64_t number)
{
    (void)text;
    return mailsub_message_set_require_tls(m, (int)number);
}

static int set_submitter(mailsub_message *m, const char *text, int64_t number)
{
    (void)number;
    return mailsub_message_set_submitter(m, text);
}

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const struct row rows[] = {
    {"no identifier", set_id, NULL, MAILSUB_RETURN_FULL, 0},
    {"identifier", set_id, "QQ314159", MAILSUB_RETURN_HEADERS, 0},
    {"longest identifier", set_id, HUNDRED, MAILSUB_RETURN_DEFAULT, 0},
    {"identifier too long", set_id, HUNDRED "0", 0, MAILSUB_E_PARAMETER},
    {"identifier too long when encoded", set_id, TEN TEN TEN TEN TEN TEN TEN TEN TEN "=======+", 0,
     MAILSUB_E_PARAMETER},
    {"identifier beyond ASCII", set_id, "\xc3\xbc", 0, MAILSUB_E_PARAMETER},
    {"identifier with a line end", set_id, "a\r\nRSET", 0, MAILSUB_E_CONTROL},
    {"no such part", set_id, "a", 3, MAILSUB_E_INVALID},
    {"notify of all", set_notify, NULL, 7, 0},
    {"never", set_notify, NULL, MAILSUB_NOTIFY_NEVER, 0},
    {"never and yet", set_notify, NULL, 9, MAILSUB_E_INVALID},
    {"unknown flag", set_notify, NULL, 16, MAILSUB_E_INVALID},
    {"original", set_original, "old@b.de", 1, 0},
    {"original beyond ASCII", set_original, "\xc3\xbc@b.de", 0, 0},
    {"empty original", set_original, "", 0, MAILSUB_E_PARAMETER},
    {"no original", set_original, NULL, 0, 0},
    {"original of nobody", set_original, "old@b.de", 2, MAILSUB_E_INVALID},
    {"no original of nobody", set_original, NULL, 2, MAILSUB_E_INVALID},
    {"longest original", set_original,
     HUNDRED HUNDRED HUNDRED HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN "012", 0, 0},
    {"original too long", set_original,
     HUNDRED HUNDRED HUNDRED HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN "0123", 0,
     MAILSUB_E_PARAMETER},
    {"original of another type", set_original_type, "x-phone", 0, 0},
    {"type that is no atom", set_original_type, "x;y", 0, MAILSUB_E_PARAMETER},
    {"empty type", set_original_type, "", 0, MAILSUB_E_PARAMETER},
    {"type with a line end", set_original_type, "x\ny", 0, MAILSUB_E_CONTROL},
    {"utf-8 by name", set_original_utf8, "UTF-8", 0, 0},
    {"rfc822 beyond ASCII", set_original_utf8, "rfc822", 0, MAILSUB_E_PARAMETER},
    {"return in time", return_by, "trace", 120, 0},
    {"return at once", return_by, NULL, 0, MAILSUB_E_INVALID},
    {"return after too long", return_by, NULL, 1000000000, MAILSUB_E_INVALID},
    {"tell in time", notify_by, NULL, 999999999, 0},
    {"tell of time that is over", notify_by, NULL, -999999999, 0},
    {"tell of time long over", notify_by, NULL, -1000000000, MAILSUB_E_INVALID},
    {"trace that is neither", notify_by, "2", 5, MAILSUB_E_INVALID},
    {"hold", hold_for, NULL, 999999999, 0},
    {"hold too long", hold_for, NULL, 1000000000, MAILSUB_E_INVALID},
    {"hold not at all", hold_for, NULL, 0, MAILSUB_E_INVALID},
    {"hold in another way", hold_for, "x", 1, MAILSUB_E_INVALID},
    {"hold until", hold_until, NULL, 253402300799, 0},
    {"hold until the year 10000", hold_until, NULL, 253402300800, MAILSUB_E_INVALID},
    {"hold until before 1970", hold_until, NULL, -1, MAILSUB_E_INVALID},
    {"no hold with a time", hold_until, "none", 5, MAILSUB_E_INVALID},
    {"no hold", hold_until, "none", 0, 0},
    {"highest priority", set_priority, NULL, 9, 0},
    {"lowest priority", set_priority, NULL, -9, 0},
    {"too high a priority", set_priority, NULL, 10, MAILSUB_E_INVALID},
    {"too low a priority", set_priority, NULL, -10, MAILSUB_E_INVALID},
    {"TLS", set_tls, NULL, 1, 0},
    {"TLS perhaps", set_tls, NULL, 2, MAILSUB_E_INVALID},
    {"submitter", set_submitter, "anna@b.de", 0, 0},
    {"submitter not known", set_submitter, "", 0, 0},
    {"no submitter", set_submitter, NULL, 0, 0},
    {"submitter that is no address", set_submitter, "anna", 0, MAILSUB_E_ADDRESS},
    {"submitter beyond ASCII", set_submitter, "\xc3\xbc@b.de", 0, MAILSUB_E_SMTPUTF8},
};

/* All that was asked for, as text. */
static void describe(const mailsub_message *m, char *out, size_t room)
{
    int part, by, trace, hold;
    const char *id, *type, *address;
    uint32_t all, notify;
    int64_t by_s, hold_time;
    assert_int_equal(mailsub_message_get_dsn(m, &part, &id), 0);
    assert_int_equal(mailsub_message_get_deliver_by(m, &by, &by_s, &trace), 0);
    assert_int_equal(mailsub_message_get_hold(m, &hold, &hold_time), 0);
    assert_int_equal(mailsub_message_get_recipient_notify(m, MAILSUB_ALL_RECIPIENTS, &all), 0);
    const char *submitter = mailsub_message_get_submitter(m);
    int len = snprintf(out, room, "%d %s %u by %d %lld %d hold %d %lld %d %d %s", part, id, all, by,
                       (long long)by_s, trace, hold, (long long)hold_time,
                       mailsub_message_get_priority(m), mailsub_message_get_require_tls(m),
                       submitter ? submitter : "NULL");
    for (size_t i = 0; i < mailsub_message_count_recipients(m); i++) {
        assert_int_equal(mailsub_message_get_recipient_notify(m, i, &notify), 0);
        assert_int_equal(mailsub_message_get_recipient_original(m, i, &type, &address), 0);
        len += snprintf(out + len, room - (size_t)len, "\n%u %s;%s", notify, type, address);
    }
}

static void check_row(void **state)
{
    const struct row *row = *state;
    char before[2048], after[2048], copied[2048];
    for (size_t fail_at = 0; fail_at < 6; fail_at++) {
        struct unit_heap heap = {0};
        mailsub_message *m = two_recipients(&heap);
        describe(m, before, sizeof before);
        heap.fail_at = fail_at > 0 ? heap.n_requests + fail_at : 0;
        int rc = row->set(m, row->text, row->number);
        assert_true(rc == row->want || (fail_at > 0 && rc == MAILSUB_E_NOMEM));
        const char *field;
        assert_int_equal(mailsub_message_get_error(m, &field), rc);
        assert_string_equal(field, rc ? "delivery" : "");
        describe(m, after, sizeof after);
        if (rc)
            assert_string_equal(after, before);
        mailsub_message *copy;
        if (mailsub_message_dup(m, &copy) == MAILSUB_OK) {
            describe(copy, copied, sizeof copied);
            assert_string_equal(copied, after);
            mailsub_message_free(copy);
        }
        mailsub_message_free(m);
        assert_int_equal(heap.n_live, 0);
    }
}

/* ---- wishes together ---- */

static void all_is_read_back_and_copied(void **state)
{
    (void)state;
    static const char want[] = "2 A B 4 by 1 120 1 hold 2 1700000000 -3 1 anna@b.de\n"
                               "8 rfc822;old@b.de\n4 utf-8;\xc3\xbc@b.de";
    char have[2048];
    struct unit_heap heap = {0};
    mailsub_message *m = two_recipients(&heap);
    assert_int_equal(mailsub_message_set_dsn(m, MAILSUB_RETURN_HEADERS, "A B"), 0);
    assert_int_equal(mailsub_message_set_recipient_notify(m, 0, MAILSUB_NOTIFY_NEVER), 0);
    assert_int_equal(set_original(m, "old@b.de", 0), 0);
    assert_int_equal(set_original(m, "\xc3\xbc@b.de", 1), 0);
    assert_int_equal(return_by(m, "T", 120), 0);
    assert_int_equal(hold_until(m, NULL, 1700000000), 0);
    assert_int_equal(set_priority(m, NULL, -3), 0);
    assert_int_equal(set_tls(m, NULL, 1), 0);
    assert_int_equal(set_submitter(m, "anna@b.de", 0), 0);
    uint32_t notify;
    mailsub_message_get_recipient_notify(m, 1, &notify);
    assert_int_equal(notify, MAILSUB_NOTIFY_DEFAULT);
    /* The delivery's default, for those without their own. */
    mailsub_message *copy = NULL;
    assert_int_equal(
        mailsub_message_set_recipient_notify(m, MAILSUB_ALL_RECIPIENTS, MAILSUB_NOTIFY_DELAY), 0);
    assert_int_equal(mailsub_message_set_recipient_notify(m, 0, MAILSUB_NOTIFY_NEVER), 0);
    describe(m, have, sizeof have);
    assert_string_equal(have, want);
    assert_int_equal(mailsub_message_dup(m, &copy), 0);
    mailsub_message_free(m);
    describe(copy, have, sizeof have);
    assert_string_equal(have, want);
    mailsub_message_free(copy);
    assert_int_equal(heap.n_live, 0);
}

static void notify_of_all_takes_the_place_of_single_ones(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    uint32_t notify;
    mailsub_message *m = two_recipients(&heap);
    assert_int_equal(mailsub_message_set_recipient_notify(m, 1, MAILSUB_NOTIFY_NEVER), 0);
    assert_int_equal(mailsub_message_set_recipient_notify(m, MAILSUB_ALL_RECIPIENTS, 3), 0);
    assert_int_equal(mailsub_message_get_recipient_notify(m, 1, &notify), 0);
    assert_int_equal(notify, 3);
    assert_int_equal(mailsub_message_add_recipient(m, MAILSUB_RECIPIENT_BCC, "d@b.de", NULL), 0);
    assert_int_equal(mailsub_message_get_recipient_notify(m, 2, &notify), 0);
    assert_int_equal(notify, 3);
    assert_int_equal(mailsub_message_set_recipient_notify(m, 2, 0), 0);
    assert_int_equal(mailsub_message_get_recipient_notify(m, 2, &notify), 0);
    assert_int_equal(notify, MAILSUB_NOTIFY_DEFAULT);
    assert_int_equal(mailsub_message_get_recipient_notify(m, 3, &notify), MAILSUB_E_INVALID);
    mailsub_message_free(m);
}

static void an_original_is_taken_away(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    const char *type, *address;
    mailsub_message *m = two_recipients(&heap);
    assert_int_equal(set_original(m, "old@b.de", 1), 0);
    assert_true(mailsub__message_delivery(m)->dsn_by_recipient);
    assert_int_equal(set_original(m, NULL, 1), 0);
    assert_int_equal(mailsub_message_get_recipient_original(m, 1, &type, &address), 0);
    assert_string_equal(type, "");
    assert_string_equal(address, "");
    assert_false(mailsub__message_delivery(m)->dsn_by_recipient);
    mailsub_message_free(m);
}

static void existing_messages_take_wishes_too(void **state)
{
    (void)state;
    static const char text[] = "From: a@a.de\r\nTo: b@b.de\r\n\r\nhello\r\n";
    mailsub_message *m;
    assert_int_equal(
        mailsub_message_from_bytes(NULL, text, sizeof text - 1, MAILSUB_FROM_TAKE_RECIPIENTS, &m),
        0);
    assert_int_equal(mailsub_message_set_dsn(m, MAILSUB_RETURN_FULL, "x"), 0);
    assert_int_equal(mailsub_message_set_recipient_notify(m, 0, MAILSUB_NOTIFY_SUCCESS), 0);
    assert_int_equal(set_tls(m, NULL, 1), 0);
    mailsub_message_free(m);
}

static void null_is_refused(void **state)
{
    (void)state;
    int number;
    int64_t time;
    uint32_t flags;
    const char *text;
    assert_int_equal(mailsub_message_set_dsn(NULL, 0, ""), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_message_set_recipient_notify(NULL, 0, 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_message_set_recipient_original(NULL, 0, "", ""), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_message_set_deliver_by(NULL, 0, 0, 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_message_set_hold(NULL, 0, 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_message_set_priority(NULL, 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_message_set_require_tls(NULL, 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_message_set_submitter(NULL, ""), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_message_get_dsn(NULL, &number, &text), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_message_get_recipient_notify(NULL, 0, &flags), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_message_get_recipient_original(NULL, 0, &text, &text),
                     MAILSUB_E_INVALID);
    assert_int_equal(mailsub_message_get_deliver_by(NULL, &number, &time, &number),
                     MAILSUB_E_INVALID);
    assert_int_equal(mailsub_message_get_hold(NULL, &number, &time), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_message_get_priority(NULL), 0);
    assert_int_equal(mailsub_message_get_require_tls(NULL), 0);
    assert_null(mailsub_message_get_submitter(NULL));
}

int main(void)
{
    static struct CMUnitTest tests[80] = {
        cmocka_unit_test(all_is_read_back_and_copied),
        cmocka_unit_test(notify_of_all_takes_the_place_of_single_ones),
        cmocka_unit_test(an_original_is_taken_away),
        cmocka_unit_test(existing_messages_take_wishes_too),
        cmocka_unit_test(null_is_refused),
    };
    size_t n_tests = 5;
    UNIT_ADD_ROWS(tests, n_tests, rows, check_row);
    return UNIT_RUN(tests, n_tests);
}

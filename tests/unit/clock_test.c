/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <time.h>

#include <mailsub/error.h>

#include "net/clock.h"

static void monotonic_time_does_not_step_back(void **state)
{
    (void)state;
    int64_t last = mailsub__clock_monotonic_ms();
    assert_true(last >= 0);
    for (int i = 0; i < 1000; i++) {
        int64_t now = mailsub__clock_monotonic_ms();
        assert_true(now >= last);
        last = now;
    }
}

struct zone_row {
    const char *name;
    const char *tz;
    int32_t zone_min;
};

static const struct zone_row zones[] = {
    {"UTC has no offset", "UTC0", 0},
    {"east is positive", "XXX-2", 120},
    {"west is negative", "XXX8", -480},
    {"half hours count", "XXX-5:45", 345},
};

static void a_zone_is_told(void **state)
{
    const struct zone_row *row = *state;
    assert_int_equal(setenv("TZ", row->tz, 1), 0);
    tzset();
    int64_t before = time(NULL);
    int64_t unix_s = 0;
    int32_t zone_min = 9999;
    assert_int_equal(mailsub__system_clock.now(mailsub__system_clock.context, &unix_s, &zone_min),
                     MAILSUB_OK);
    assert_in_range(unix_s, before, time(NULL));
    assert_int_equal(zone_min, row->zone_min);
}

static void random_octets_fill_the_room(void **state)
{
    (void)state;
    /* More than the 256 octets that the kernel gives in one piece whatever happens. */
    unsigned char once[1000] = {0};
    unsigned char twice[1000] = {0};
    const mailsub_random *random_source = &mailsub__system_random;
    assert_int_equal(random_source->fill(random_source->context, once, 999), MAILSUB_OK);
    assert_int_equal(random_source->fill(random_source->context, twice, 999), MAILSUB_OK);
    assert_memory_not_equal(once, twice, 999);
    assert_int_equal(once[999], 0);
    size_t n_zero = 0;
    for (size_t i = 900; i < 999; i++)
        n_zero += once[i] == 0;
    assert_true(n_zero < 30);
}

int main(void)
{
    struct CMUnitTest tests[2 + sizeof zones / sizeof zones[0]] = {
        cmocka_unit_test(monotonic_time_does_not_step_back),
        cmocka_unit_test(random_octets_fill_the_room),
    };
    size_t n_tests = 2;
    UNIT_ADD_ROWS(tests, n_tests, zones, a_zone_is_told);
    return UNIT_RUN(tests, n_tests);
}

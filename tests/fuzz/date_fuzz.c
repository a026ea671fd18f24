/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Invariant: what is read as a date is in range, and written it is read as the same date. */
#include <string.h>

#include "fuzz.h"

#include "message/date.h"
#include "message/line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mailsub__slice text = mailsub__slice_of(data, size);
    int64_t unix_s = -1;
    int32_t zone_min = INT32_MIN;
    if (mailsub__line_check(text, MAILSUB__LINE_TAB) != MAILSUB_OK)
        return 0;
    if (!mailsub__date_parse(text, &unix_s, &zone_min)) {
        FUZZ_CHECK(unix_s == -1 && zone_min == INT32_MIN);
        return 0;
    }
    FUZZ_CHECK(mailsub__date_is_valid(unix_s, zone_min));
    char written[MAILSUB__DATE_SIZE];
    mailsub__date_write(written, unix_s, zone_min);
    FUZZ_CHECK(strlen(written) == MAILSUB__DATE_SIZE - 1);
    int64_t again_s;
    int32_t again_min;
    FUZZ_CHECK(mailsub__date_parse(mailsub__slice_str(written), &again_s, &again_min));
    FUZZ_CHECK(again_s == unix_s && again_min == zone_min);
    return 0;
}

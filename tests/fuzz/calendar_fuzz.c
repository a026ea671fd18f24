/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Invariants: a calendar that is accepted for a method begins as one and says this method, and no
 * second method accepts it.
 */
#include <string.h>
#include <strings.h>

#include "fuzz.h"

#include "message/calendar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const methods[] = {"ADD",     "CANCEL",  "COUNTER", "DECLINECOUNTER",
                                          "PUBLISH", "REFRESH", "REPLY",   "REQUEST"};
    mailsub__slice text = mailsub__slice_of(data, size);
    size_t n_accepted = 0;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        const mailsub__calendar_method *method =
            mailsub__calendar_method_find(mailsub__slice_str(methods[i]));
        FUZZ_CHECK(method && strcmp(method->name, methods[i]) == 0);
        if (!mailsub__calendar_has_method(text, method))
            continue;
        n_accepted++;
        FUZZ_CHECK(size > 15 && strncasecmp(text.ptr, "BEGIN:VCALENDAR", 15) == 0);
        FUZZ_CHECK(text.ptr[15] == '\r' || text.ptr[15] == '\n');
    }
    FUZZ_CHECK(n_accepted <= 1);
    FUZZ_CHECK(!mailsub__calendar_method_find(text) || size <= strlen("DECLINECOUNTER"));
    return 0;
}

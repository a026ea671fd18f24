/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a store holds for a sender. What is understood says the same when it is written and read
 * again, and whatever was held, no more than the limit is admitted by it.
 */
#include "fuzz.h"

#include <mailsub/error.h>

#include "limit/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mailsub__state state;
    if (mailsub__state_decode(mailsub__slice_of(data, size), &state) != MAILSUB_OK)
        return 0;
    unsigned char again[MAILSUB_MAX_STORE_STATE];
    mailsub__state copy;
    size_t len = mailsub__state_encode(&state, again);
    FUZZ_CHECK(len == size);
    FUZZ_CHECK(mailsub__state_decode(mailsub__slice_of(again, len), &copy) == MAILSUB_OK);

    const mailsub_window windows[] = {{.length_ms = 1000, .limit = 10},
                                      {.length_ms = 86400000, .limit = 100000},
                                      {.length_ms = 86400000, .limit = 7, .flags = 3}};
    mailsub__span spans[3];
    for (int i = 0; i < 3; i++)
        mailsub__span_init(&spans[i], &windows[i]);
    const mailsub_instant now = {sizeof now, 1795348800000, 5000, 77};
    const mailsub__ask ask = {.what = MAILSUB_STORE_RESERVE,
                              .key = "",
                              .now = &now,
                              .spans = spans,
                              .n_spans = 3,
                              .recipients = 11,
                              .least = 1,
                              .messages = 1};
    mailsub_store_answer answer = {.size = sizeof answer};
    mailsub__state_call call = {&ask, &answer};
    const mailsub_store_state held = {sizeof held, data, size, -1, 0, 0, -1};
    mailsub_store_change change = {.size = sizeof change};
    FUZZ_CHECK(mailsub__state_change(&call, &held, &change) == MAILSUB_OK);
    FUZZ_CHECK(answer.granted <= 10 && answer.retry_ms >= -1);
    FUZZ_CHECK(mailsub__state_decode(mailsub__slice_of(change.data, change.len), &copy) ==
               MAILSUB_OK);
    return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lines of an EHLO reply, parted by LF. Invariants: only what is known is noted; a mechanism
 * comes with AUTH, a size with SIZE; saying it all again changes nothing.
 */
#include <string.h>

#include "fuzz.h"

#include "smtp/capability.h"

static mailsub__capabilities read_lines(const char *text, size_t len, int times)
{
    mailsub__capabilities capabilities;
    mailsub__capabilities_reset(&capabilities);
    for (int i = 0; i < times; i++) {
        for (size_t at = 0; at < len;) {
            const char *lf = memchr(text + at, '\n', len - at);
            size_t end = lf ? (size_t)(lf - text) : len;
            char *exact = fuzz_alloc(end - at);
            memcpy(exact, text + at, end - at);
            mailsub__capabilities_add(&capabilities, mailsub__slice_of(exact, end - at));
            free(exact);
            at = end + 1;
        }
    }
    return capabilities;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mailsub__capabilities once = read_lines((const char *)data, size, 1);
    mailsub__capabilities twice = read_lines((const char *)data, size, 2);
    FUZZ_CHECK(once.offered == twice.offered && strcmp(once.mechanisms, twice.mechanisms) == 0);
    FUZZ_CHECK(once.size_limit == twice.size_limit);
    FUZZ_CHECK(once.offered >> MAILSUB__N_CAPABILITIES == 0);
    FUZZ_CHECK(once.mechanisms[0] == 0 ||
               mailsub__capabilities_has(&once, MAILSUB__CAPABILITY_AUTH));
    FUZZ_CHECK(strlen(once.mechanisms) < sizeof once.mechanisms);
    FUZZ_CHECK(once.size_limit == 0 || mailsub__capabilities_has(&once, MAILSUB__CAPABILITY_SIZE));
    return 0;
}

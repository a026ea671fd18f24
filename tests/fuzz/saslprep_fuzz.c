/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SASLprep. Invariants: what comes out is UTF-8; preparing it once more changes nothing; ASCII
 * without controls stays as it is.
 */
#include <string.h>

#include "fuzz.h"

#include "codec/saslprep.h"
#include "codec/utf8.h"

static int prepare(mailsub__buffer *out, mailsub__slice text)
{
    char *exact = fuzz_alloc(text.len);
    memcpy(exact, text.ptr, text.len);
    int rc = mailsub__saslprep_append(out, mailsub__slice_of(exact, text.len));
    free(exact);
    return rc;
}

static bool is_plain(mailsub__slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < ' ' || text.ptr[i] == 0x7f)
            return false;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mailsub_allocator allocator = fuzz_allocator();
    mailsub__buffer once;
    mailsub__buffer twice;
    mailsub__slice text = mailsub__slice_of(data, size);
    mailsub__buffer_init_secret(&once, &allocator, 1 << 20);
    mailsub__buffer_init_secret(&twice, &allocator, 1 << 20);
    int rc = prepare(&once, text);
    mailsub__slice prepared = mailsub__buffer_slice(&once);
    FUZZ_CHECK(rc == MAILSUB_OK || rc == MAILSUB_E_CREDENTIALS);
    FUZZ_CHECK(rc == MAILSUB_OK || prepared.len == 0);
    if (mailsub__ascii_only(text) && is_plain(text) && size <= 1000)
        FUZZ_CHECK(rc == MAILSUB_OK && mailsub__slice_equal(prepared, text));
    if (rc == MAILSUB_OK) {
        FUZZ_CHECK(mailsub__utf8_is_valid(prepared));
        FUZZ_CHECK(prepare(&twice, prepared) == MAILSUB_OK);
        FUZZ_CHECK(mailsub__slice_equal(mailsub__buffer_slice(&twice), prepared));
    }
    mailsub__buffer_deinit(&once);
    mailsub__buffer_deinit(&twice);
    return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Invariants: UTF-8 is converted, anything else refused; the text obeys all rules that hold for any
 * document, its length among them; it does not depend on what stands in the buffer already; and it
 * is refused as a whole when it does not fit.
 */
#include <stdio.h>

#include "fuzz.h"

#include "message/html_text.h"

#include "../html_text_rules.h"

static void check_rules(mailsub__slice html, mailsub__slice text)
{
    const char *broken = html_text_broken_rule(html, text);
    if (broken)
        fprintf(stderr, "%s\n", broken);
    FUZZ_CHECK(!broken);
}

static void check_appended(mailsub__slice html, mailsub__slice text)
{
    mailsub_allocator allocator = fuzz_allocator();
    mailsub__buffer again;
    mailsub__buffer_init(&again, &allocator, 1 + text.len);
    mailsub__buffer_append_char(&again, ' ');
    FUZZ_CHECK(mailsub__html_text(html, &again) == MAILSUB_OK);
    mailsub__slice whole = mailsub__buffer_slice(&again);
    FUZZ_CHECK(whole.len == 1 + text.len && memcmp(whole.ptr + 1, text.ptr, text.len) == 0);
    mailsub__buffer_deinit(&again);
    if (text.len == 0)
        return;
    mailsub__buffer_init(&again, &allocator, text.len - 1);
    FUZZ_CHECK(mailsub__html_text(html, &again) == MAILSUB_E_LIMIT);
    FUZZ_CHECK(again.len == 0);
    mailsub__buffer_deinit(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mailsub_allocator allocator = fuzz_allocator();
    mailsub__slice html = mailsub__slice_of(data, size);
    mailsub__buffer text;
    mailsub__buffer_init(&text, &allocator, SIZE_MAX);
    int rc = mailsub__html_text(html, &text);
    if (mailsub__utf8_is_valid(html)) {
        FUZZ_CHECK(rc == MAILSUB_OK);
        check_rules(html, mailsub__buffer_slice(&text));
        check_appended(html, mailsub__buffer_slice(&text));
    } else {
        FUZZ_CHECK(rc == MAILSUB_E_UTF8 && text.len == 0);
    }
    mailsub__buffer_deinit(&text);
    return 0;
}

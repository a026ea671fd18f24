/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Senders and domains of rules. What is understood is a fixed point: its text, read again, is the
 * same mailbox. It has no control character, and its domain is ASCII.
 */
#include "fuzz.h"

#include <string.h>

#include <mailsub/error.h>

#include "limit/sender.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_alloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    mailsub__sender one, again;
    bool is_domain = text[0] == '@';
    if (mailsub__sender_parse(text, is_domain, &one) == MAILSUB_OK) {
        FUZZ_CHECK(one.len < MAILSUB__SENDER_LEN && one.len == strlen(one.text));
        FUZZ_CHECK(mailsub__sender_parse(one.text, is_domain, &again) == MAILSUB_OK);
        FUZZ_CHECK(strcmp(one.text, again.text) == 0 && one.at == again.at);
        for (size_t i = 0; i < one.len; i++) {
            unsigned char c = (unsigned char)one.text[i];
            FUZZ_CHECK(c >= 0x20 && c != 0x7f && (i <= one.at || c < 0x80));
        }
    }
    free(text);
    return 0;
}

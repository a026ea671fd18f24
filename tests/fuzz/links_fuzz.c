/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Invariants of the link scanner: words are parts of the text, in order, and hold no white space;
 * a host that was found is folded, so that it can be folded again; what a vocabulary counts does
 * not depend on where in memory the text stands; and a check of any text and HTML ends without an
 * error.
 */
#include "fuzz.h"

#include <mailsub/policy.h>

#include "codec/utf8.h"
#include "message/message.h"
#include "message/url.h"
#include "message/vocabulary.h"

static int now(void *context, int64_t *out_unix_s, int32_t *out_zone_min)
{
    (void)context;
    *out_unix_s = 1700000000;
    *out_zone_min = 0;
    return MAILSUB_OK;
}

static int fill(void *context, void *out, size_t n_bytes)
{
    (void)context;
    memset(out, 0x5a, n_bytes);
    return MAILSUB_OK;
}

static void check_words(mailsub__slice text)
{
    mailsub__url_words words = {.rest = text};
    mailsub__slice word;
    const char *before = text.ptr;
    const char *end = text.ptr + text.len;
    while (mailsub__url_next_word(&words, &word)) {
        FUZZ_CHECK(word.len == 0 || (word.ptr >= before && word.ptr + word.len <= end));
        FUZZ_CHECK(!memchr(word.ptr, ' ', word.len) && !memchr(word.ptr, '\n', word.len));
        if (word.len > 0)
            before = word.ptr + word.len;
        mailsub__url_parts parts;
        if (!mailsub__url_parse_link(word, &parts))
            continue;
        mailsub__host again;
        FUZZ_CHECK(parts.host.len > 0 && parts.host.text[parts.host.len] == '\0');
        bool is_dot = parts.host.len == 1 && parts.host.text[0] == '.';
        FUZZ_CHECK(is_dot || mailsub__host_fold(mailsub__host_slice(&parts.host), &again));
    }
}

static void check_vocabulary(mailsub__slice text)
{
    static mailsub__vocabulary first;
    static mailsub__vocabulary second;
    char *moved = fuzz_alloc(text.len + 1);
    memcpy(moved + 1, text.ptr, text.len);
    mailsub__vocabulary_init(&first, NULL);
    mailsub__vocabulary_add(&first, text);
    mailsub__vocabulary_init(&second, &first);
    mailsub__vocabulary_add(&second, mailsub__slice_of(moved + 1, text.len));
    FUZZ_CHECK(first.n == second.n && second.n_shared == second.n);
    FUZZ_CHECK(mailsub__vocabulary_count_shared(&first, first.n, &second) == first.n);
    free(moved);
}

static void check_message(mailsub__slice text)
{
    mailsub_allocator allocator = fuzz_allocator();
    const mailsub_clock clock = {.size = sizeof clock, .now = now};
    const mailsub_random random = {.size = sizeof random, .fill = fill};
    mailsub_message *message;
    FUZZ_CHECK(mailsub__message_create(&allocator, &clock, &random, &message) == MAILSUB_OK);
    mailsub_message_set_text(message, text.ptr, text.len);
    mailsub_message_set_html(message, text.ptr, text.len);
    FUZZ_CHECK(mailsub_message_check(message, NULL, NULL, NULL) == MAILSUB_OK);
    mailsub_message_free(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mailsub__slice text = mailsub__slice_of(data, size);
    check_words(text);
    check_vocabulary(text);
    if (mailsub__utf8_is_valid(text) && !memchr(text.ptr, '\0', text.len))
        check_message(text);
    return 0;
}

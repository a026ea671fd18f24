/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Invariants: valid UTF-8 becomes words of at most 75 characters that hold whole characters, use
 * only what their place allows, and decode to the text. The check for lookalikes reads any octets,
 * and finds one in whatever the encoder writes.
 */
#include "../codec_decode.h"
#include "fuzz.h"

#include "codec/encoded_word.h"
#include "codec/utf8.h"

static void check_words(mailsub__slice text, bool phrase)
{
    mailsub_allocator allocator = fuzz_allocator();
    mailsub__buffer buffer;
    mailsub__buffer_init(&buffer, &allocator, SIZE_MAX / 2);
    FUZZ_CHECK(mailsub__encoded_word_append(
                   &buffer, text, phrase ? MAILSUB__IN_PHRASE : MAILSUB__IN_TEXT) == MAILSUB_OK);
    mailsub__slice words = mailsub__buffer_slice(&buffer);
    char *decoded = fuzz_alloc(words.len);
    FUZZ_CHECK(decode_words(words.ptr, words.len, phrase, decoded) == text.len);
    FUZZ_CHECK(memcmp(decoded, text.ptr, text.len) == 0);
    FUZZ_CHECK(mailsub__encoded_word_lookalike(words) == (text.len > 0));
    free(decoded);
    mailsub__buffer_deinit(&buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mailsub__slice text = mailsub__slice_of(data, size);
    mailsub__encoded_word_lookalike(text);
    if (!mailsub__utf8_is_valid(text))
        return 0;
    check_words(text, false);
    check_words(text, true);
    return 0;
}

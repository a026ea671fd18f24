/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of whole messages share: a clock and randomness that never change, and sinks. */
#ifndef MAILSUB_TESTS_MESSAGE_KIT_H
#define MAILSUB_TESTS_MESSAGE_KIT_H

#include "unit.h"

#include <mailsub/error.h>

#include "message/message.h"

static inline int kit_now(void *context, int64_t *out_unix_s, int32_t *out_zone_min)
{
    (void)context;
    *out_unix_s = 1700000000;
    *out_zone_min = 60;
    return MAILSUB_OK;
}

static inline int kit_fill(void *context, void *out, size_t n_bytes)
{
    (void)context;
    memset(out, 0xab, n_bytes);
    return MAILSUB_OK;
}

#define KIT_DATE "Date: Tue, 14 Nov 2023 23:13:20 +0100\r\n"
#define KIT_ID "Message-ID: <abababab-abab-4bab-abab-abababababab@a.de>\r\n"
#define KIT_BOUNDARY "=_abababababababababababab"

static inline mailsub_message *kit_message_on(struct unit_heap *heap)
{
    const mailsub_clock clock = {.size = sizeof clock, .now = kit_now};
    const mailsub_random random = {.size = sizeof random, .fill = kit_fill};
    mailsub_allocator allocator = unit_allocator(heap);
    mailsub_message *message = NULL;
    int rc = mailsub__message_create(&allocator, &clock, &random, &message);
    if (rc) {
        assert_int_equal(rc, MAILSUB_E_NOMEM);
        assert_null(message);
        return NULL;
    }
    rc = mailsub_message_set_random(message, &random);
    assert_int_equal(rc, MAILSUB_OK);
    return message;
}

/* Octets that were written. */
struct kit_text {
    char *data;
    size_t len;
    size_t capacity;
    size_t stop_at; /* refuse what would be beyond; 0: never */
};

static inline int kit_sink(void *context, const void *data, size_t len)
{
    struct kit_text *text = context;
    assert_true(len > 0);
    if (text->stop_at > 0 && text->len + len > text->stop_at)
        return 1;
    if (text->capacity < text->len + len + 1) {
        text->capacity = 2 * (text->len + len + 1);
        text->data = realloc(text->data, text->capacity);
        assert_non_null(text->data);
    }
    memcpy(text->data + text->len, data, len);
    text->len += len;
    text->data[text->len] = '\0';
    return 0;
}

/* The whole message; the caller frees its data. */
static inline struct kit_text kit_write(mailsub_message *message)
{
    struct kit_text text = {0};
    assert_int_equal(mailsub_message_write(message, kit_sink, &text), MAILSUB_OK);
    return text;
}

static inline void kit_assert_written(mailsub_message *message, const char *want)
{
    struct kit_text text = kit_write(message);
    assert_string_equal(text.data, want);
    free(text.data);
}

/* Read the source to its end with a room of that size; the error of reading. */
static inline int kit_read(const mailsub__source *source, size_t room, struct kit_text *out)
{
    char *piece = malloc(room);
    assert_non_null(piece);
    int rc;
    size_t len;
    do {
        len = SIZE_MAX;
        rc = source->read(source->context, piece, room, &len);
        if (!rc && len > 0) {
            assert_true(len <= room);
            kit_sink(out, piece, len);
        }
    } while (!rc && len > 0);
    free(piece);
    return rc;
}

/* The announced size is right, and where reading is cut changes nothing. */
static inline void kit_check_reading(mailsub_message *message, const struct kit_text *text)
{
    assert_int_equal(mailsub__message_size(message), text->len);
    for (size_t room = 1; room < 200; room = room * 3 + 1) {
        mailsub__source source;
        struct kit_text read = {0};
        assert_int_equal(mailsub__message_open(message, &source), MAILSUB_OK);
        assert_int_equal(kit_read(&source, room, &read), MAILSUB_OK);
        assert_int_equal(read.len, text->len);
        assert_memory_equal(read.data, text->data, text->len);
        free(read.data);
    }
}

#endif

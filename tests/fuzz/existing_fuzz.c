/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Invariant: any octets, taken for a message, are refused with an error of their content, or become
 * a message of ASCII lines of at most 998 octets that end with CRLF, of the size that was told,
 * whatever the room it is read into; its header has no field that the input had not, save for those
 * that may be missing, and none of the blind ones; and it is in order: taken for a message again,
 * it comes out the same. The check of the policy looks into it without an error. The first octet
 * chooses flags and the room.
 */
#include "fuzz.h"

#include <mailsub/policy.h>

#include "message/header_scan.h"
#include "message/message.h"

static int fixed_now(void *context, int64_t *out_unix_s, int32_t *out_zone_min)
{
    (void)context;
    *out_unix_s = 1732228260;
    *out_zone_min = 60;
    return MAILSUB_OK;
}

static int fixed_fill(void *context, void *out, size_t n_bytes)
{
    (void)context;
    memset(out, 0xab, n_bytes);
    return MAILSUB_OK;
}

static mailsub_message *new_message(void)
{
    const mailsub_clock clock = {.size = sizeof clock, .now = fixed_now};
    const mailsub_random random = {.size = sizeof random, .fill = fixed_fill};
    mailsub_message *message;
    FUZZ_CHECK(mailsub__message_create(NULL, &clock, &random, &message) == MAILSUB_OK);
    FUZZ_CHECK(mailsub_message_set_random(message, &random) == MAILSUB_OK);
    return message;
}

static int append(void *context, const void *data, size_t len)
{
    return mailsub__buffer_append(context, data, len);
}

static bool name_is(mailsub__slice name, const char *wanted)
{
    return mailsub__slice_equal_nocase(name, mailsub__slice_str(wanted));
}

static bool has_field(mailsub__header_scan scan, mailsub__slice name)
{
    mailsub__header_field field;
    while (mailsub__header_scan_next(&scan, &field)) {
        if (mailsub__slice_equal_nocase(field.name, name))
            return true;
    }
    return false;
}

static void check_fields(mailsub__slice in, mailsub__slice out)
{
    static const char *const added[] = {
        "Date", "From", "Message-ID", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"};
    static const char *const blind[] = {"Bcc", "Resent-Bcc", "Return-Path"};
    mailsub__header_scan before;
    mailsub__header_scan after;
    size_t body_at;
    FUZZ_CHECK(mailsub__header_scan_find(in, true, &before, &body_at));
    FUZZ_CHECK(mailsub__header_scan_find(out, true, &after, &body_at));
    FUZZ_CHECK(after.rest.ptr == out.ptr && body_at == after.rest.len + 2);
    mailsub__header_field field;
    while (mailsub__header_scan_next(&after, &field)) {
        bool known = false;
        for (size_t i = 0; i < sizeof added / sizeof added[0]; i++)
            known |= name_is(field.name, added[i]);
        FUZZ_CHECK(known || has_field(before, field.name));
        for (size_t i = 0; i < sizeof blind / sizeof blind[0]; i++)
            FUZZ_CHECK(!name_is(field.name, blind[i]));
    }
    FUZZ_CHECK(after.rest.len == 0);
}

static void check_lines(mailsub__slice text)
{
    size_t line = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        FUZZ_CHECK(c != '\0' && c < 0x80);
        FUZZ_CHECK(c != '\n' || (i > 0 && text.ptr[i - 1] == '\r'));
        FUZZ_CHECK(c != '\r' || (i + 1 < text.len && text.ptr[i + 1] == '\n'));
        if (c == '\n') {
            FUZZ_CHECK(i - 1 - line <= 998);
            line = i + 1;
        }
    }
    FUZZ_CHECK(line == text.len);
}

static void check_reading(mailsub_message *message, mailsub__slice text, size_t room)
{
    FUZZ_CHECK(mailsub__message_size(message) == text.len);
    mailsub__source source;
    FUZZ_CHECK(mailsub__message_open(message, &source) == MAILSUB_OK);
    char piece[128];
    size_t at = 0;
    for (size_t n = 1; n > 0; at += n) {
        FUZZ_CHECK(source.read(source.context, piece, room, &n) == MAILSUB_OK);
        FUZZ_CHECK(n <= text.len - at && memcmp(piece, text.ptr + at, n) == 0);
    }
    FUZZ_CHECK(at == text.len);
}

/* Whatever it is made of, it can be looked into. */
static void check_policy(mailsub_message *message)
{
    int rc = mailsub_message_check(message, NULL, NULL, NULL);
    FUZZ_CHECK(rc == MAILSUB_OK || rc == MAILSUB_E_POLICY);
}

/* Write what in becomes; false when it is refused. */
static bool convert(mailsub__slice in, uint32_t flags, size_t room, mailsub__buffer *out)
{
    mailsub_message *message = new_message();
    int rc = mailsub__message_adopt(message, in, NULL, flags);
    if (!rc) {
        check_policy(message);
        int from = mailsub_message_set_from(message, "a@a.de", NULL);
        FUZZ_CHECK(from == MAILSUB_OK || from == MAILSUB_E_STATE);
        rc = mailsub_message_write(message, append, out);
    }
    if (rc)
        FUZZ_CHECK(mailsub_error_group(rc) == MAILSUB_GROUP_MESSAGE || rc == MAILSUB_E_LIMIT);
    else
        check_reading(message, mailsub__buffer_slice(out), room);
    mailsub_message_free(message);
    return rc == MAILSUB_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    mailsub__slice in = mailsub__slice_of(data + 1, size - 1);
    mailsub_allocator allocator = fuzz_allocator();
    mailsub__buffer out;
    mailsub__buffer again;
    mailsub__buffer_init(&out, &allocator, SIZE_MAX / 4);
    mailsub__buffer_init(&again, &allocator, SIZE_MAX / 4);
    if (convert(in, data[0] & 1, 1 + data[0] / 2, &out)) {
        mailsub__slice text = mailsub__buffer_slice(&out);
        check_lines(text);
        check_fields(in, text);
        FUZZ_CHECK(convert(text, 0, sizeof(char[128]), &again));
        FUZZ_CHECK(mailsub__slice_equal(mailsub__buffer_slice(&again), text));
    }
    mailsub__buffer_deinit(&out);
    mailsub__buffer_deinit(&again);
    return 0;
}

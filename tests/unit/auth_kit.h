/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A login outside the engine: what is said is read back from base64, and randomness is known. */
#ifndef MAILSUB_TESTS_AUTH_KIT_H
#define MAILSUB_TESTS_AUTH_KIT_H

#include "unit.h"

#include "codec/base64.h"
#include "smtp/auth.h"

/* The client's nonce of the example in RFC 5802 section 5. */
#define KIT_NONCE "fyko+d2lbbFgONRv9qkxdawL"

static inline int kit_fill(void *context, void *out, size_t n_bytes)
{
    static const unsigned char octets[] = {0x7f, 0x29, 0x28, 0xf9, 0xdd, 0xa5, 0x6d, 0xb1, 0x60,
                                           0x38, 0xd4, 0x6f, 0xf6, 0xa9, 0x31, 0x75, 0xac, 0x0b};
    (void)context;
    for (size_t i = 0; i < n_bytes; i++)
        ((unsigned char *)out)[i] = octets[i % sizeof octets];
    return MAILSUB_OK;
}

static const mailsub_random kit_random = {sizeof kit_random, NULL, kit_fill};

/* "|" stands for NUL and "^" for ^A. */
static inline size_t kit_unescape(const char *text, char *out)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++)
        out[i] = text[i] == '|' ? '\0' : text[i] == '^' ? '\x01' : text[i];
    return len;
}

/* Give a challenge, in base64 unless it begins with "!". */
static inline void kit_challenge(mailsub__auth *auth, const char *text)
{
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer line;
    char raw[1024];
    mailsub__buffer_init(&line, &allocator, 4096);
    if (text[0] == '!')
        mailsub__buffer_append_str(&line, text + 1);
    else
        mailsub__base64_append(&line, raw, kit_unescape(text, raw));
    mailsub__auth_take_challenge(auth, mailsub__buffer_slice(&line));
    mailsub__buffer_deinit(&line);
}

/* Is that what is said next? "=" is the empty initial response. */
static inline void kit_expect(const mailsub__auth *auth, const char *want)
{
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer decoded;
    char raw[1024];
    mailsub__slice line = mailsub__auth_line(auth);
    if (strcmp(want, "=") == 0) {
        assert_true(mailsub__slice_equal(line, mailsub__slice_str("=")));
        return;
    }
    mailsub__buffer_init(&decoded, &allocator, 16384);
    assert_int_equal(mailsub__base64_append_decoded(&decoded, line.ptr, line.len), MAILSUB_OK);
    size_t len = kit_unescape(want, raw);
    if (decoded.len != len || memcmp(mailsub__buffer_slice(&decoded).ptr, raw, len) != 0)
        fail_msg("said: %.*s; wanted: %s", (int)decoded.len, mailsub__buffer_slice(&decoded).ptr,
                 want);
    mailsub__buffer_deinit(&decoded);
}

static inline int kit_state(const mailsub__auth *auth, const char *name)
{
    for (size_t i = 0; i < auth->report.n; i++) {
        if (strcmp(auth->report.attempts[i].name, name) == 0)
            return auth->report.attempts[i].state;
    }
    return -1;
}

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "message/body.h"

#include <assert.h>
#include <stdint.h>

#include "codec/base64.h"
#include "codec/newline.h"
#include "codec/octets.h"
#include "codec/qp.h"
#include "codec/step.h"

/*
 * Lines of ASCII beyond 78 are legal, but some readers cut them, and quoted-printable costs them
 * next to nothing; it costs other scripts much, so their lines stay as long as they may be.
 */
enum { LONGEST_7BIT_LINE = 78, PIECE = 1024 };

/* What an octet of ASCII means for the choice. */
enum octet { PLAIN, LINE_END, EQUALS, CONTROL };

/* What has been seen of a text. */
struct profile {
    unsigned flags;
    size_t n_escaped; /* octets that take three characters in quoted-printable */
    size_t longest;   /* line */
    bool is_unsafe;   /* neither 7bit nor 8bit */
    bool has_high;
};

static enum octet octet_kind(unsigned char c)
{
    if (c == '\r' || c == '\n')
        return LINE_END;
    if (c == '=')
        return EQUALS;
    return (c >= ' ' && c < 0x7f) || c == '\t' ? PLAIN : CONTROL;
}

static bool begins(mailsub__slice line, const char *with)
{
    size_t n = strlen(with);
    return line.len >= n && memcmp(line.ptr, with, n) == 0;
}

/*
 * Not every line travels well: white space at the end is trimmed, "From " is quoted by mailbox
 * formats, and a leading dot is left to careless relays. "--=_" begins our boundaries: encoding it
 * makes sure that none can occur in a text, not even a copied one. A flowed line says with a space
 * at its end that it goes on (RFC 3676 section 4.1); where that is trimmed, only the flow is lost.
 */
static bool line_is_unsafe(mailsub__slice line, unsigned flags)
{
    if (line.len == 0)
        return false;
    char end = line.ptr[line.len - 1];
    return end == '\t' || (end == ' ' && !(flags & MAILSUB__BODY_FLOWED)) || line.ptr[0] == '.' ||
           begins(line, "From ") || begins(line, "--=_");
}

static void end_line(struct profile *profile, mailsub__slice line)
{
    if (line.len > profile->longest)
        profile->longest = line.len;
    if (!profile->is_unsafe)
        profile->is_unsafe = line_is_unsafe(line, profile->flags);
}

/* Look at the octet at i, which is ASCII; *line_start is where its line begins. */
static void look_at(struct profile *profile, mailsub__slice text, size_t i, size_t *line_start)
{
    enum octet kind = octet_kind((unsigned char)text.ptr[i]);
    if (kind == PLAIN)
        return;
    if (kind == LINE_END) {
        end_line(profile, mailsub__slice_of(text.ptr + *line_start, i - *line_start));
        *line_start = i + 1;
        return;
    }
    profile->n_escaped++;
    profile->is_unsafe |= kind == CONTROL;
}

/* Sixteen octets, of which those that are plain need no look, and those beyond ASCII a count. */
static void look_at_block(struct profile *profile, mailsub__slice text, size_t i,
                          size_t *line_start)
{
    uint32_t special = mailsub__octets_special(text.ptr + i);
    if (!special)
        return;
    uint32_t high = mailsub__octets_high(text.ptr + i);
    if (high) {
        profile->has_high = true;
        profile->n_escaped += (size_t)__builtin_popcount(high);
    }
    for (special &= ~high; special; special &= special - 1)
        look_at(profile, text, i + (size_t)__builtin_ctz(special), line_start);
}

static struct profile profile_of(mailsub__slice text, unsigned flags)
{
    struct profile profile = {.flags = flags};
    size_t line_start = 0;
    size_t i = 0;
    for (; text.len - i >= MAILSUB__OCTETS; i += MAILSUB__OCTETS)
        look_at_block(&profile, text, i, &line_start);
    for (; i < text.len; i++) {
        bool high = (unsigned char)text.ptr[i] >= 0x80;
        profile.has_high |= high;
        profile.n_escaped += high;
        if (!high)
            look_at(&profile, text, i, &line_start);
    }
    end_line(&profile, mailsub__slice_of(text.ptr + line_start, text.len - line_start));
    return profile;
}

const char *mailsub__body_encoding_name(enum mailsub__body_encoding encoding)
{
    static const char *const names[] = {
        [MAILSUB__BODY_7BIT] = "7bit",     [MAILSUB__BODY_8BIT] = "8bit",
        [MAILSUB__BODY_BINARY] = "binary", [MAILSUB__BODY_QUOTED_PRINTABLE] = "quoted-printable",
        [MAILSUB__BODY_BASE64] = "base64",
    };
    return names[encoding];
}

enum mailsub__body_encoding mailsub__body_domain(enum mailsub__body_encoding encoding)
{
    return encoding == MAILSUB__BODY_8BIT || encoding == MAILSUB__BODY_BINARY ? encoding
                                                                              : MAILSUB__BODY_7BIT;
}

enum mailsub__body_encoding mailsub__body_choose(mailsub__slice text, unsigned flags)
{
    struct profile profile = profile_of(text, flags);
    if (!profile.is_unsafe && !profile.has_high && profile.longest <= LONGEST_7BIT_LINE)
        return MAILSUB__BODY_7BIT;
    if (!profile.is_unsafe && profile.has_high && profile.longest <= MAILSUB__BODY_LONGEST_LINE &&
        (flags & MAILSUB__BODY_MAY_8BIT))
        return MAILSUB__BODY_8BIT;
    /* Two characters more for each escaped octet against one more for each three octets. */
    return profile.n_escaped > text.len / 6 ? MAILSUB__BODY_BASE64 : MAILSUB__BODY_QUOTED_PRINTABLE;
}

/* Any of the codecs that make text from text. */
typedef bool encode_fn(void *codec, mailsub__step *step);

static bool encode_newline(void *codec, mailsub__step *step)
{
    return mailsub__newline_encode(codec, step);
}

static bool encode_qp(void *codec, mailsub__step *step)
{
    return mailsub__qp_encode(codec, step);
}

static int append_encoded(mailsub__buffer *out, mailsub__slice text, void *codec, encode_fn *encode)
{
    mailsub__step step = {.in = text.ptr, .in_len = text.len, .last = true};
    for (bool done = false; !done;) {
        size_t room = step.in_len + step.in_len / 16 + PIECE;
        int rc = mailsub__buffer_reserve(out, room, &step.out);
        if (rc)
            return rc;
        step.out_room = room;
        done = encode(codec, &step);
        mailsub__buffer_commit(out, room - step.out_room);
    }
    return MAILSUB_OK;
}

/* Base64 is of the text with its line ends made CRLF already (RFC 2045 section 6.8). */
static int append_base64(mailsub__buffer *out, mailsub__slice text)
{
    mailsub__newline newline;
    mailsub__base64 base64;
    char piece[PIECE];
    mailsub__newline_init(&newline);
    mailsub__base64_init(&base64);
    mailsub__step from = {.in = text.ptr, .in_len = text.len, .last = true};
    for (bool done = false; !done;) {
        from.out = piece;
        from.out_room = sizeof piece;
        done = mailsub__newline_encode(&newline, &from);
        mailsub__step to = {.in = piece, .in_len = sizeof piece - from.out_room, .last = done};
        size_t room = mailsub__base64_encoded_len(sizeof piece) + 8;
        int rc = mailsub__buffer_reserve(out, room, &to.out);
        if (rc)
            return rc;
        to.out_room = room;
        mailsub__base64_encode(&base64, &to);
        mailsub__buffer_commit(out, room - to.out_room);
    }
    return MAILSUB_OK;
}

int mailsub__body_append(mailsub__buffer *out, mailsub__slice text,
                         enum mailsub__body_encoding encoding)
{
    assert(encoding != MAILSUB__BODY_BINARY);
    if (text.len == 0)
        return out->error;
    if (encoding == MAILSUB__BODY_BASE64)
        return append_base64(out, text);
    if (encoding == MAILSUB__BODY_QUOTED_PRINTABLE) {
        mailsub__qp qp;
        mailsub__qp_init(&qp);
        return append_encoded(out, text, &qp, encode_qp);
    }
    mailsub__newline newline;
    mailsub__newline_init(&newline);
    return append_encoded(out, text, &newline, encode_newline);
}

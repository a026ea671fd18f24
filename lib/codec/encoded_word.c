/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * RFC 2047 encoded words. The whole text goes into words, its white space too: what stands between
 * two words is not part of the text, so a space outside would be lost, and at an end be trimmed.
 * Both encodings are measured and the shorter is written, Q when they are equal, for a person may
 * read it. Not handled: language tags (RFC 2231 section 5), charsets other than UTF-8.
 */
#include "codec/encoded_word.h"

#include <assert.h>
#include <string.h>

#include "codec/base64.h"
#include "codec/utf8.h"

#define WORD_START_LEN (sizeof "=?UTF-8?Q?" - 1)

enum {
    MAX_WORD = 75, /* RFC 2047 section 2 */
    MAX_ENCODED = MAX_WORD - (int)WORD_START_LEN - 2,
};

struct style {
    char letter; /* 'B' or 'Q' */
    enum mailsub__encoded_word_place place;
};

/* RFC 2047 section 4.2 (3) leaves more bare in running text than section 5 (3) in a phrase. */
static bool is_bare(char c, enum mailsub__encoded_word_place place)
{
    if (mailsub__ascii_is_alpha(c) || mailsub__ascii_is_digit(c))
        return true;
    if (c == '!' || c == '*' || c == '+' || c == '-' || c == '/')
        return true;
    return place == MAILSUB__IN_TEXT && c > ' ' && c < 0x7f && c != '=' && c != '?' && c != '_';
}

static size_t q_len(mailsub__slice character, enum mailsub__encoded_word_place place)
{
    bool single = character.ptr[0] == ' ' || is_bare(character.ptr[0], place);
    return single ? 1 : 3 * character.len;
}

static size_t b_len(size_t n_octets)
{
    return (n_octets + 2) / 3 * 4;
}

/* Octets at the front of text that one word holds; *out_len: characters that encode them. */
static size_t fill_word(mailsub__slice text, struct style style, size_t *out_len)
{
    size_t taken = 0;
    size_t len = 0;
    while (taken < text.len) {
        uint32_t c;
        mailsub__slice rest = {text.ptr + taken, text.len - taken};
        rest.len = mailsub__utf8_decode(rest, &c);
        size_t grown =
            style.letter == 'Q' ? len + q_len(rest, style.place) : b_len(taken + rest.len);
        if (grown > MAX_ENCODED)
            break;
        taken += rest.len;
        len = grown;
    }
    *out_len = len;
    return taken;
}

/* Length of all words, with the spaces between them. */
static size_t measure(mailsub__slice text, struct style style)
{
    size_t total = 0;
    while (text.len > 0) {
        size_t len;
        size_t taken = fill_word(text, style, &len);
        total += WORD_START_LEN + len + 2 + (total > 0);
        text = (mailsub__slice){text.ptr + taken, text.len - taken};
    }
    return total;
}

static void write_q(mailsub__slice text, enum mailsub__encoded_word_place place, char *out)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == ' ' || is_bare(c, place)) {
            *out++ = c == ' ' ? '_' : c;
            continue;
        }
        *out++ = '=';
        *out++ = digits[(unsigned char)c >> 4];
        *out++ = digits[(unsigned char)c & 15];
    }
}

/* There is room for the word already. */
static void append_word(mailsub__buffer *buffer, mailsub__slice text, struct style style,
                        size_t len)
{
    mailsub__buffer_append_str(buffer, style.letter == 'Q' ? "=?UTF-8?Q?" : "=?UTF-8?B?");
    char *room;
    if (style.letter == 'B') {
        mailsub__base64_append(buffer, text.ptr, text.len);
    } else if (mailsub__buffer_reserve(buffer, len, &room) == MAILSUB_OK) {
        write_q(text, style.place, room);
        mailsub__buffer_commit(buffer, len);
    }
    mailsub__buffer_append_str(buffer, "?=");
}

int mailsub__encoded_word_append(mailsub__buffer *buffer, mailsub__slice text,
                                 enum mailsub__encoded_word_place place)
{
    struct style style = {.letter = 'Q', .place = place};
    struct style b_style = {.letter = 'B', .place = place};
    size_t total = measure(text, style);
    size_t b_total = measure(text, b_style);
    if (b_total < total) {
        style = b_style;
        total = b_total;
    }
    /* All or nothing: what follows cannot fail. */
    char *room;
    int rc = mailsub__buffer_reserve(buffer, total, &room);
    if (rc)
        return rc;
    for (bool first = true; text.len > 0; first = false) {
        size_t len;
        size_t taken = fill_word(text, style, &len);
        if (!first)
            mailsub__buffer_append_char(buffer, ' ');
        append_word(buffer, (mailsub__slice){text.ptr, taken}, style, len);
        text = (mailsub__slice){text.ptr + taken, text.len - taken};
    }
    assert(buffer->error == MAILSUB_OK);
    return MAILSUB_OK;
}

/* "=?", anything without "?", "?B?" or "?Q?": readers differ in what they want behind it. */
bool mailsub__encoded_word_lookalike(mailsub__slice text)
{
    const char *end = text.ptr + text.len;
    const char *p = text.ptr;
    while ((p = memmem(p, (size_t)(end - p), "=?", 2)) != NULL) {
        p += 2;
        const char *mark = memchr(p, '?', (size_t)(end - p));
        if (!mark || end - mark < 3)
            return false;
        char letter = mailsub__ascii_lower(mark[1]);
        if (mark[2] == '?' && (letter == 'b' || letter == 'q'))
            return true;
    }
    return false;
}

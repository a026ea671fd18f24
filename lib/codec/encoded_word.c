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

/* One word: which octets at the front of a text it holds, how, and how many characters that takes.
 */
struct word {
    char letter;
    size_t taken;
    size_t len;
};

static struct word fill_q(mailsub__slice text, enum mailsub__encoded_word_place place, size_t max)
{
    struct word word = {.letter = 'Q'};
    while (word.taken < text.len) {
        uint32_t c;
        mailsub__slice rest = {text.ptr + word.taken, text.len - word.taken};
        rest.len = mailsub__utf8_decode(rest, &c);
        size_t grown = word.len + q_len(rest, place);
        if (grown > max)
            break;
        word.taken += rest.len;
        word.len = grown;
    }
    return word;
}

/* Unpadded unless it is the last; holds nothing where no character's end is the end of a group. */
static struct word fill_b(mailsub__slice text, size_t max)
{
    struct word word = {.letter = 'B'};
    size_t end = 0;
    while (end < text.len) {
        uint32_t c;
        mailsub__slice rest = {text.ptr + end, text.len - end};
        end += mailsub__utf8_decode(rest, &c);
        if (b_len(end) > max)
            break;
        if (end % 3 == 0 || end == text.len)
            word.taken = end;
    }
    word.len = b_len(word.taken);
    return word;
}

/* A word of at most max encoded characters. */
static struct word fill_word(mailsub__slice text, struct style style, size_t max)
{
    if (style.letter == 'Q')
        return fill_q(text, style.place, max);
    struct word word = fill_b(text, max);
    if (word.taken > 0)
        return word;
    /* One character apart, and groups end elsewhere. */
    uint32_t c;
    mailsub__slice character = {text.ptr, mailsub__utf8_decode(text, &c)};
    return fill_q(character, style.place, max);
}

/* Length of all words, with the spaces between them. */
static size_t measure(mailsub__slice text, struct style style, size_t max)
{
    size_t total = 0;
    while (text.len > 0) {
        struct word word = fill_word(text, style, max);
        max = MAX_ENCODED;
        total += WORD_START_LEN + word.len + 2 + (total > 0);
        text = (mailsub__slice){text.ptr + word.taken, text.len - word.taken};
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
static void append_word(mailsub__buffer *buffer, const char *text, struct word word,
                        enum mailsub__encoded_word_place place)
{
    mailsub__buffer_append_str(buffer, word.letter == 'Q' ? "=?UTF-8?Q?" : "=?UTF-8?B?");
    char *room;
    if (word.letter == 'B') {
        mailsub__base64_append(buffer, text, word.taken);
    } else if (mailsub__buffer_reserve(buffer, word.len, &room) == MAILSUB_OK) {
        write_q((mailsub__slice){text, word.taken}, place, room);
        mailsub__buffer_commit(buffer, word.len);
    }
    mailsub__buffer_append_str(buffer, "?=");
}

int mailsub__encoded_word_append_beside(mailsub__buffer *buffer, mailsub__slice text,
                                        enum mailsub__encoded_word_place place, size_t longest)
{
    assert(longest >= MAILSUB__ENCODED_WORD_LEAST);
    size_t max = longest < MAX_WORD ? longest - (MAX_WORD - MAX_ENCODED) : MAX_ENCODED;
    struct style style = {.letter = 'Q', .place = place};
    struct style b_style = {.letter = 'B', .place = place};
    size_t total = measure(text, style, max);
    size_t b_total = measure(text, b_style, max);
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
        struct word word = fill_word(text, style, max);
        max = MAX_ENCODED;
        if (!first)
            mailsub__buffer_append_char(buffer, ' ');
        append_word(buffer, text.ptr, word, place);
        text = (mailsub__slice){text.ptr + word.taken, text.len - word.taken};
    }
    assert(buffer->error == MAILSUB_OK);
    return MAILSUB_OK;
}

int mailsub__encoded_word_append(mailsub__buffer *buffer, mailsub__slice text,
                                 enum mailsub__encoded_word_place place)
{
    return mailsub__encoded_word_append_beside(buffer, text, place, MAX_WORD);
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A reply's lines are looked at together, once the last one is there; so it does not matter where a
 * server breaks them, be it behind each octet. Spaces do not count, which come and go at the edges
 * of lines.
 *
 * Not handled: what a server does to a secret besides breaking and spacing it out. One that writes
 * it backwards, in hexadecimal, or a letter in each of several replies, tells it to nobody but this
 * client, who knows it; no list of disguises would end.
 */
#include "smtp/redact.h"

static const char blot[] = {'*', '*', '*'};

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* Cleaning (mailsub__text_clean) makes question marks of what is not printable. */
static bool is_same(char told, char secret)
{
    unsigned char c = (unsigned char)told;
    return told == secret || (secret == '?' && (c < ' ' || c >= 0x7f));
}

/* A place in the texts. */
struct place {
    size_t text;
    size_t at;
};

/* Move on to an octet that counts; false: there is none. */
static bool settle(const mailsub__slice *texts, size_t n_texts, struct place *place)
{
    while (place->text < n_texts) {
        mailsub__slice text = texts[place->text];
        while (place->at < text.len && is_space(text.ptr[place->at]))
            place->at++;
        if (place->at < text.len)
            return true;
        *place = (struct place){place->text + 1, 0};
    }
    return false;
}

/* The beginning of a secret that tells something: three octets, or half of a shorter one. */
static size_t least_piece(size_t secret_len)
{
    size_t half = (secret_len + 1) / 2;
    return half < sizeof blot ? half : sizeof blot;
}

/* Does the secret begin at place, and go on beyond its text? *out_end is behind it. */
static bool lies_at(const mailsub__slice *texts, size_t n_texts, struct place place,
                    mailsub__slice secret, bool unfinished, struct place *out_end)
{
    size_t first = place.text;
    size_t n_same = 0;
    for (size_t i = 0; i < secret.len; i++) {
        if (is_space(secret.ptr[i]))
            continue;
        if (!settle(texts, n_texts, &place)) {
            *out_end = place;
            return unfinished && n_same >= least_piece(secret.len);
        }
        if (!is_same(texts[place.text].ptr[place.at], secret.ptr[i]))
            return false;
        n_same++;
        place.at++;
        *out_end = place;
    }
    return n_same > 0 && place.text > first;
}

static void mark(const mailsub__slice *texts, size_t n_texts, struct place start, struct place end,
                 const char *base, uint8_t *shadow)
{
    for (size_t i = start.text; i < n_texts && i <= end.text; i++) {
        size_t from = i == start.text ? start.at : 0;
        size_t to = i == end.text ? end.at : texts[i].len;
        if (to > from)
            memset(shadow + (texts[i].ptr - base) + from, 1, to - from);
    }
}

void mailsub__redact_mark(const mailsub__secrets *secrets, const mailsub__slice *texts,
                          size_t n_texts, const char *base, uint8_t *shadow, bool unfinished)
{
    mailsub__slice secret;
    struct place end;
    for (size_t next = 0; mailsub__secrets_next(secrets, &next, &secret);) {
        struct place place = {0, 0};
        for (; settle(texts, n_texts, &place); place.at++) {
            if (lies_at(texts, n_texts, place, secret, unfinished, &end))
                mark(texts, n_texts, place, end, base, shadow);
        }
    }
}

size_t mailsub__redact_copy(mailsub__slice text, const uint8_t *shadow, char *out)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!shadow[i]) {
            out[len++] = text.ptr[i];
        } else if (i == 0 || !shadow[i - 1]) {
            memcpy(out + len, blot, sizeof blot);
            len += sizeof blot;
        }
    }
    return len;
}

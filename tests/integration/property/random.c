/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random texts, put together from pieces that have gone wrong somewhere before. */
#include <stdlib.h>
#include <string.h>

#include "property.h"

#define REPEAT_10(text) text text text text text text text text text text

static const char *const pieces[] = {
    "a",
    "word",
    "Hello",
    REPEAT_10("xyz"),
    REPEAT_10("longer.") "74",
    REPEAT_10("ninety990"),
    " ",
    " ",
    " ",
    " ",
    "  ",
    ".",
    ",",
    ";",
    ":",
    "<",
    ">",
    "@",
    "(",
    ")",
    "[",
    "]",
    "\"",
    "\\",
    "'",
    "=",
    "?",
    "_",
    "=?",
    "?=",
    "=?utf-8?q?a?=",
    "=?UTF-8?B?YQ==?=",
    "=20",
    "&amp;",
    "%",
    "/",
    "\303\244",
    "Gr\303\274\303\237e",
    "\344\275\240\345\245\275",
    "\360\237\230\200",
    "e\314\201",
    "\342\200\256",
    "\327\251",
    "\330\243\331\207\331\204",
    REPEAT_10("\342\202\254\342\202\254\342\202\254\342\202\254"),
    "\357\273\277",
    "\302\240",
    "\343\200\200",
    "\364\217\277\277",
};

static const char *const text_pieces[] = {
    "\n", "\r\n", "\r",   "\n\n", "\n.",  "\nFrom ", "\n--", "\n--=_",
    "\t", " \n",  "\t\n", "\033", "\177", "\f",      "x=y",  REPEAT_10(REPEAT_10("a long line ")),
    ".",  "From", "=",    "<p>",  "</p>", "word ",   "\n",   "another word ",
};

/* Never allowed in a line of text. */
static const char *const hostile[] = {
    "\r\nEVIL: line", "\r",           "\n",       "\r\n ",    "\r\n\r\nbody", "\001",
    "\033",           "\177",         "\302\205", "\302\237", "\342\200\250", "\342\200\251",
    "\300\212",       "\355\240\200", "\377",     "caf\351",  "\340\200\212",
};

static struct {
    uint64_t state;
    char pool[1 << 22];
    size_t used;
} here;

void random_start(uint64_t seed)
{
    here.state = seed * UINT64_C(0xd1342543de82ef95);
    here.used = 0;
}

uint64_t random_next(void)
{
    here.state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = here.state;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

size_t random_below(size_t n)
{
    return (size_t)(random_next() % n);
}

bool random_in_100(size_t share)
{
    return random_below(100) < share;
}

struct text random_keep(const char *data, size_t len)
{
    if (here.used + len + 1 > sizeof here.pool)
        abort();
    char *copy = here.pool + here.used;
    memcpy(copy, data, len);
    copy[len] = '\0';
    here.used += len + 1;
    return (struct text){copy, len};
}

struct text random_keep_str(const char *text)
{
    return random_keep(text, strlen(text));
}

/* A text that grows at the end of the pool. */
void random_grow(struct text *text, const char *piece)
{
    size_t len = strlen(piece);
    if (here.used + len > sizeof here.pool)
        abort();
    memcpy(here.pool + here.used - 1, piece, len + 1);
    here.used += len;
    text->len += len;
}

/* Any character that is allowed everywhere. */
static void grow_character(struct text *text)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {{' ', '~'},       {0xa0, 0x17f},    {0x370, 0x3ff},     {0x4e00, 0x9fff},
                  {0x202a, 0xd7ff}, {0xe000, 0xfffd}, {0x10000, 0x10ffff}};
    size_t i = random_below(N_OF(ranges));
    uint32_t c = ranges[i].first + (uint32_t)random_below(ranges[i].last - ranges[i].first + 1);
    char octets[5] = {0};
    if (c < 0x80) {
        octets[0] = (char)c;
    } else if (c < 0x800) {
        octets[0] = (char)(0xc0 | c >> 6);
        octets[1] = (char)(0x80 | (c & 63));
    } else if (c < 0x10000) {
        octets[0] = (char)(0xe0 | c >> 12);
        octets[1] = (char)(0x80 | (c >> 6 & 63));
        octets[2] = (char)(0x80 | (c & 63));
    } else {
        octets[0] = (char)(0xf0 | c >> 18);
        octets[1] = (char)(0x80 | (c >> 12 & 63));
        octets[2] = (char)(0x80 | (c >> 6 & 63));
        octets[3] = (char)(0x80 | (c & 63));
    }
    random_grow(text, octets);
}

struct text random_line(size_t n, bool spoilt)
{
    struct text text = random_keep("", 0);
    n = 1 + random_below(n);
    size_t at = random_below(n);
    for (size_t i = 0; i < n; i++) {
        if (spoilt && i == at)
            random_grow(&text, ONE_OF(hostile));
        else if (random_in_100(15))
            grow_character(&text);
        else
            random_grow(&text, ONE_OF(pieces));
    }
    return text;
}

struct text random_body(size_t n)
{
    struct text text = random_keep("", 0);
    n = random_below(n + 1);
    for (size_t i = 0; i < n; i++) {
        if (random_in_100(50))
            random_grow(&text, ONE_OF(text_pieces));
        else if (random_in_100(20))
            grow_character(&text);
        else
            random_grow(&text, ONE_OF(pieces));
    }
    return text;
}

struct text random_octets(size_t len)
{
    struct text text = random_keep("", 0);
    here.used += len;
    if (here.used > sizeof here.pool)
        abort();
    text.len = len;
    char *octets = here.pool + (text.ptr - here.pool);
    for (size_t i = 0; i < len; i++)
        octets[i] = (char)random_next();
    octets[len] = '\0';
    return text;
}

int random_fill(void *context, void *out, size_t n_bytes)
{
    (void)context;
    for (size_t i = 0; i < n_bytes; i++)
        ((unsigned char *)out)[i] = (unsigned char)random_next();
    return MAILSUB_OK;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Latin, Greek, Cyrillic, Armenian and Cherokee share letter forms: two of them in one label is the
 * mark of a forged name, and no language writes so. All other scripts may stand beside Latin, as
 * they do in names of brands (UTS 39 section 5.2, moderately restrictive).
 *
 * A label of one script can be forged too, when each of its letters looks like a Latin one and the
 * top level is not of the same script. Only the letters that are drawn alike in common typefaces
 * count.
 */
#include "message/lookalike.h"

#include <mailsub/error.h>

#include "codec/domain.h"
#include "codec/utf8.h"

enum script { COMMON, LATIN, GREEK, CYRILLIC, ARMENIAN, CHEROKEE, OTHER };

/* Ranges in order; what lies between them is OTHER. */
static const struct {
    uint32_t first;
    uint32_t last;
    enum script script;
} ranges[] = {
    {0x2d, 0x2d, COMMON},       {0x30, 0x39, COMMON},       {0x41, 0x5a, LATIN},
    {0x5f, 0x5f, COMMON},       {0x61, 0x7a, LATIN},        {0xaa, 0xaa, LATIN},
    {0xb7, 0xb7, COMMON},       {0xba, 0xba, LATIN},        {0xc0, 0x24f, LATIN},
    {0x250, 0x2af, LATIN},      {0x2b0, 0x36f, COMMON},     {0x370, 0x3ff, GREEK},
    {0x400, 0x52f, CYRILLIC},   {0x531, 0x58f, ARMENIAN},   {0x13a0, 0x13ff, CHEROKEE},
    {0x1ab0, 0x1aff, COMMON},   {0x1c80, 0x1c8f, CYRILLIC}, {0x1d00, 0x1dbf, LATIN},
    {0x1dc0, 0x1dff, COMMON},   {0x1e00, 0x1eff, LATIN},    {0x1f00, 0x1fff, GREEK},
    {0x2000, 0x206f, COMMON},   {0x2c60, 0x2c7f, LATIN},    {0x2de0, 0x2dff, CYRILLIC},
    {0xa640, 0xa69f, CYRILLIC}, {0xa720, 0xa7ff, LATIN},    {0xab30, 0xab6f, LATIN},
    {0xab70, 0xabbf, CHEROKEE}, {0xfb00, 0xfb06, LATIN},    {0xff21, 0xff3a, LATIN},
    {0xff41, 0xff5a, LATIN},
};

static enum script script_of(uint32_t c)
{
    size_t low = 0;
    size_t high = sizeof ranges / sizeof ranges[0];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c < ranges[middle].first)
            high = middle;
        else if (c > ranges[middle].last)
            low = middle + 1;
        else
            return ranges[middle].script;
    }
    return OTHER;
}

/* Cyrillic and Greek letters that are drawn like Latin ones, small. */
static bool looks_latin(uint32_t c)
{
    static const uint16_t letters[] = {
        0x430, 0x432, 0x433, 0x435, 0x43a, 0x43c, 0x43d, 0x43e, 0x440, 0x441, 0x442, 0x443, 0x445,
        0x455, 0x456, 0x458, 0x45b, 0x461, 0x475, 0x4af, 0x4bb, 0x4cf, 0x501, 0x51b, 0x51d, 0x3b1,
        0x3b3, 0x3b5, 0x3b7, 0x3b9, 0x3ba, 0x3bd, 0x3bf, 0x3c1, 0x3c3, 0x3c5, 0x3c7, 0x3c9,
    };
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
        if (letters[i] == c)
            return true;
    }
    return false;
}

static enum mailsub__lookalike judge(mailsub__slice label, bool top_is_ascii)
{
    const unsigned alike =
        1u << LATIN | 1u << GREEK | 1u << CYRILLIC | 1u << ARMENIAN | 1u << CHEROKEE;
    unsigned seen = 0;
    bool all_look_latin = true;
    while (label.len > 0) {
        uint32_t c;
        size_t n = mailsub__utf8_decode(label, &c);
        enum script script = script_of(c);
        seen |= 1u << script;
        if (script != COMMON)
            all_look_latin &= looks_latin(c);
        label = mailsub__slice_of(label.ptr + n, label.len - n);
    }
    seen &= alike;
    if ((seen & (seen - 1)) != 0)
        return MAILSUB__LOOKALIKE_MIXED;
    bool is_foreign = seen == 1u << CYRILLIC || seen == 1u << GREEK;
    return is_foreign && all_look_latin && top_is_ascii ? MAILSUB__LOOKALIKE_WHOLE
                                                        : MAILSUB__LOOKALIKE_NOT;
}

static bool has_a_label(mailsub__slice host)
{
    return memmem(host.ptr, host.len, "xn--", 4) != NULL;
}

static bool top_is_ascii(mailsub__slice host)
{
    const char *dot = memrchr(host.ptr, '.', host.len);
    mailsub__slice top =
        dot ? mailsub__slice_of(dot + 1, host.len - (size_t)(dot - host.ptr) - 1) : host;
    return !has_a_label(top);
}

int mailsub__lookalike_find(mailsub__slice host, enum mailsub__lookalike *out,
                            char out_label[MAILSUB_MAX_DOMAIN + 1])
{
    char unicode[4 * MAILSUB_MAX_DOMAIN + 1];
    *out = MAILSUB__LOOKALIKE_NOT;
    if (!has_a_label(host))
        return MAILSUB_OK;
    int rc = mailsub__domain_to_unicode(host, unicode, sizeof unicode);
    if (rc)
        return rc == MAILSUB_E_DOMAIN ? MAILSUB_OK : rc;
    bool ascii = top_is_ascii(host);
    for (const char *at = unicode; *at != '\0';) {
        size_t n = strcspn(at, ".");
        enum mailsub__lookalike found = judge(mailsub__slice_of(at, n), ascii);
        if (found != MAILSUB__LOOKALIKE_NOT && n <= MAILSUB_MAX_DOMAIN) {
            memcpy(out_label, at, n);
            out_label[n] = '\0';
            *out = found;
            return MAILSUB_OK;
        }
        at += n + (at[n] == '.');
    }
    return MAILSUB_OK;
}

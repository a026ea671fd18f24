/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "message/line.h"

#include <stdint.h>

#include <mailsub/error.h>
#include <mailsub/export.h>

#include "codec/utf8.h"

/*
 * C1 controls and the Unicode line separators count as line ends for some readers: a NEL or LS that
 * was decoded from an encoded word must not start a new line on anybody's screen or in a log.
 */
static bool is_wide_control(const unsigned char *at, size_t len)
{
    if (len >= 2 && at[0] == 0xc2)
        return at[1] >= 0x80 && at[1] <= 0x9f;
    if (len >= 3 && at[0] == 0xe2 && at[1] == 0x80)
        return at[2] == 0xa8 || at[2] == 0xa9;
    return false;
}

int mailsub__line_check(mailsub__slice text, enum mailsub__line_tab tab)
{
    if (text.len > MAILSUB_MAX_HEADER_VALUE)
        return MAILSUB_E_LIMIT;
    if (!mailsub__utf8_is_valid(text))
        return MAILSUB_E_UTF8;
    const unsigned char *at = (const unsigned char *)text.ptr;
    for (size_t i = 0; i < text.len; i++) {
        if (at[i] >= 0x20 && at[i] < 0x7f)
            continue;
        if (at[i] == '\t' && tab == MAILSUB__LINE_TAB)
            continue;
        if (at[i] <= 0x7f || is_wide_control(at + i, text.len - i))
            return MAILSUB_E_CONTROL;
    }
    return MAILSUB_OK;
}

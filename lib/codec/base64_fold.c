/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/base64_fold.h"

enum { LINE_LEN = 76 };

void mailsub__base64_fold_init(mailsub__base64_fold *codec)
{
    *codec = (mailsub__base64_fold){0};
}

static void queue(mailsub__base64_fold *codec, const char *text, size_t len)
{
    memcpy(codec->pending + codec->n_pending, text, len);
    codec->n_pending = (uint8_t)(codec->n_pending + len);
}

static void take_octet(mailsub__base64_fold *codec, char c)
{
    if (c == '\r' || c == '\n')
        return;
    if (codec->column == LINE_LEN) {
        queue(codec, "\r\n", 2);
        codec->column = 0;
    }
    queue(codec, &c, 1);
    codec->column++;
}

bool mailsub__base64_fold_encode(mailsub__base64_fold *codec, mailsub__step *step)
{
    while (mailsub__pending_drain(codec->pending, &codec->n_pending, step)) {
        if (codec->ended)
            return true;
        if (step->in_len > 0) {
            take_octet(codec, *step->in++);
            step->in_len--;
            continue;
        }
        if (!step->last)
            return false;
        if (codec->column > 0)
            queue(codec, "\r\n", 2);
        codec->ended = true;
    }
    return false;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/newline.h"

void mailsub__newline_init(mailsub__newline *codec)
{
    mailsub__lines_init(&codec->lines, false);
}

void mailsub__newline_leave_open(mailsub__newline *codec)
{
    codec->lines.leaves_open = true;
}

bool mailsub__newline_encode(mailsub__newline *codec, mailsub__step *step)
{
    return mailsub__lines_encode(&codec->lines, step, "");
}

size_t mailsub__newline_clean_len(const char *data, size_t len)
{
    return mailsub__lines_clean_len(data, len);
}

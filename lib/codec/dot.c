/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/dot.h"

void mailsub__dot_init(mailsub__dot *codec)
{
    mailsub__lines_init(&codec->lines, true);
}

bool mailsub__dot_encode(mailsub__dot *codec, mailsub__step *step)
{
    return mailsub__lines_encode(&codec->lines, step, ".\r\n");
}

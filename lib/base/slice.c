/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/slice.h"

bool mailsub__slice_equal_nocase(mailsub__slice a, mailsub__slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (mailsub__ascii_lower(a.ptr[i]) != mailsub__ascii_lower(b.ptr[i]))
            return false;
    }
    return true;
}

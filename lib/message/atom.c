/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "message/atom.h"

bool mailsub__atom_char(char c)
{
    static const char marks[] = "!#$%&'*+-/=?^_`{|}~";
    return mailsub__ascii_is_alpha(c) || mailsub__ascii_is_digit(c) ||
           (c != '\0' && strchr(marks, c) != NULL);
}

bool mailsub__atom_is_atom(mailsub__slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!mailsub__atom_char(text.ptr[i]))
            return false;
    }
    return text.len > 0;
}

bool mailsub__atom_is_dot_atom(mailsub__slice text)
{
    bool may_end = false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '.') {
            if (!may_end)
                return false;
            may_end = false;
        } else if (mailsub__atom_char(text.ptr[i])) {
            may_end = true;
        } else {
            return false;
        }
    }
    return may_end;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* This host's name for EHLO: RFC 5321 section 4.1.1.1 wants a fully qualified one, or none. */
#include "net/host_name.h"

#include <unistd.h>

#include "net/transport.h"

/* A label of RFC 1123 section 2.1. */
static bool is_label(mailsub__slice label)
{
    if (label.len == 0 || label.len > 63 || label.ptr[0] == '-' || label.ptr[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++) {
        char c = label.ptr[i];
        if (!mailsub__ascii_is_alpha(c) && !mailsub__ascii_is_digit(c) && c != '-')
            return false;
    }
    return true;
}

/* The name of every host, and thus of none. */
static bool is_of_no_host(mailsub__slice last_label)
{
    return mailsub__slice_equal_nocase(last_label, mailsub__slice_str("localhost")) ||
           mailsub__slice_equal_nocase(last_label, mailsub__slice_str("localdomain"));
}

bool mailsub__host_name_is_qualified(mailsub__slice name)
{
    if (name.len > 253)
        return false;
    size_t n_labels = 0;
    mailsub__slice label = MAILSUB__SLICE_EMPTY;
    for (size_t start = 0; start <= name.len; start += label.len + 1) {
        const char *dot = memchr(name.ptr + start, '.', name.len - start);
        size_t end = dot ? (size_t)(dot - name.ptr) : name.len;
        label = mailsub__slice_of(name.ptr + start, end - start);
        if (!is_label(label))
            return false;
        n_labels++;
    }
    /* The last label of a name is never a number (RFC 1123 section 2.1); of an address it is. */
    return n_labels >= 2 && mailsub__ascii_is_alpha(label.ptr[0]) && !is_of_no_host(label);
}

void mailsub__host_name(char out[256])
{
    if (gethostname(out, 256) != 0)
        out[0] = '\0';
    out[255] = '\0';
    if (!mailsub__host_name_is_qualified(mailsub__slice_str(out)))
        out[0] = '\0';
}

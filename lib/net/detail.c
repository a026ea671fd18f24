/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/detail.h"

#include <stdio.h>

void mailsub__detail_clear(mailsub__detail *detail)
{
    detail->text[0] = '\0';
    detail->len = 0;
}

static void append(mailsub__detail *detail, mailsub__slice text, unsigned char last_allowed)
{
    static const char cut[] = "...";
    size_t room = sizeof detail->text - 1 - detail->len;
    size_t n = text.len < room ? text.len : room;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool is_clean = c >= ' ' && c != 0x7f && c <= last_allowed;
        detail->text[detail->len++] = is_clean ? text.ptr[i] : '?';
    }
    detail->text[detail->len] = '\0';
    if (n < text.len)
        memcpy(detail->text + sizeof detail->text - sizeof cut, cut, sizeof cut);
}

void mailsub__detail_append(mailsub__detail *detail, const char *text)
{
    append(detail, mailsub__slice_str(text), 0xff);
}

void mailsub__detail_separate(mailsub__detail *detail)
{
    if (detail->len > 0)
        mailsub__detail_append(detail, "; ");
}

void mailsub__detail_append_foreign(mailsub__detail *detail, mailsub__slice text)
{
    append(detail, text, '~');
}

void mailsub__detail_append_int(mailsub__detail *detail, int number)
{
    char digits[16];
    snprintf(digits, sizeof digits, "%d", number);
    mailsub__detail_append(detail, digits);
}

void mailsub__detail_append_os_error(mailsub__detail *detail, int os_error)
{
    /* Not strerror, which is not safe in threads, and speaks the locale's language amid ours. */
    const char *text = strerrordesc_np(os_error);
    if (text) {
        mailsub__detail_append(detail, text);
        return;
    }
    mailsub__detail_append(detail, "error ");
    mailsub__detail_append_int(detail, os_error);
}

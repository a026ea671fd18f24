/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/queue_id.h"

enum place {
    BEHIND, /* the id follows the mark */
    BEFORE, /* the id stands right before the mark */
    ALONE   /* the text is the mark and the id, nothing else */
};

static const struct form {
    const char *mark;
    enum place place;
} forms[] = {
    {"queued as ", BEHIND},                     /* Postfix, and what imitates it */
    {"queued with id ", BEHIND},                /* Stalwart */
    {"[InternalId=", BEHIND},                   /* Exchange */
    {"Message Queued (", BEHIND},               /* Haraka */
    {" id=", BEHIND},                           /* Exim: "OK id=1abc-..." */
    {" qp ", BEHIND},                           /* qmail: "ok 1700000000 qp 12345" */
    {" Message accepted for delivery", BEFORE}, /* Sendmail, OpenSMTPD */
    {" - gsmtp", BEFORE},                       /* Gmail */
    {" Saved", BEFORE},                         /* Dovecot */
    {"Ok. ", ALONE},                            /* Courier */
    {"Ok ", ALONE},                             /* Amazon SES */
};

static bool is_id_char(char c)
{
    return mailsub__ascii_is_digit(c) || mailsub__ascii_is_alpha(c) || c == '-' || c == '_' ||
           c == '.' || c == '+' || c == '=' || c == '@' || c == ':' || c == '/';
}

/* Where mark stands in text, in any case of letters; text.len when it does not. */
static size_t find(mailsub__slice text, mailsub__slice mark)
{
    for (size_t at = 0; at + mark.len <= text.len; at++) {
        if (mailsub__slice_equal_nocase(mailsub__slice_of(text.ptr + at, mark.len), mark))
            return at;
    }
    return text.len;
}

static mailsub__slice id_behind(mailsub__slice text, size_t at)
{
    size_t end = at;
    while (end < text.len && is_id_char(text.ptr[end]))
        end++;
    /* The end of a sentence is no part of the id. */
    while (end > at && (text.ptr[end - 1] == '.' || text.ptr[end - 1] == ':'))
        end--;
    return mailsub__slice_of(text.ptr + at, end - at);
}

static mailsub__slice id_before(mailsub__slice text, size_t end)
{
    size_t at = end;
    while (at > 0 && is_id_char(text.ptr[at - 1]))
        at--;
    return mailsub__slice_of(text.ptr + at, end - at);
}

static mailsub__slice apply(const struct form *form, mailsub__slice text)
{
    mailsub__slice mark = mailsub__slice_str(form->mark);
    size_t at = find(text, mark);
    if (at == text.len || (form->place == ALONE && at > 0))
        return MAILSUB__SLICE_EMPTY;
    if (form->place == BEFORE)
        return id_before(text, at);
    mailsub__slice id = id_behind(text, at + mark.len);
    return form->place == ALONE && mark.len + id.len != text.len ? MAILSUB__SLICE_EMPTY : id;
}

/* A word such as "it" or "now" is no id: every server's has a digit. */
static bool is_id(mailsub__slice id)
{
    for (size_t i = 0; i < id.len; i++) {
        if (mailsub__ascii_is_digit(id.ptr[i]))
            return true;
    }
    return false;
}

bool mailsub__queue_id_find(mailsub__slice text, char out[MAILSUB__QUEUE_ID_LEN])
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        mailsub__slice id = apply(&forms[i], text);
        if (!is_id(id) || id.len >= MAILSUB__QUEUE_ID_LEN)
            continue;
        memcpy(out, id.ptr, id.len);
        out[id.len] = '\0';
        return true;
    }
    return false;
}

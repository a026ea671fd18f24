/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the server said that it can do: lines of its reply to EHLO, for the application to read. */
#include "session/session.h"

/* The lines, one behind the other, each with its NUL. */
static mailsub__slice find(const mailsub_session *session, int when)
{
    if (!session || when < MAILSUB_OFFER_CLEAR || when > MAILSUB_OFFER_LAST)
        return MAILSUB__SLICE_EMPTY;
    const mailsub__link *link = session->shown;
    return mailsub__buffer_slice(
        link->engine ? mailsub__engine_offer(link->engine, when == MAILSUB_OFFER_CLEAR)
                     : &link->offers[when]);
}

size_t mailsub_session_count_capabilities(const mailsub_session *session, int when)
{
    mailsub__slice lines = find(session, when);
    size_t n = 0;
    for (size_t i = 0; i < lines.len; i++)
        n += lines.ptr[i] == '\0';
    return n;
}

const char *mailsub_session_get_capability(const mailsub_session *session, int when, size_t index)
{
    mailsub__slice lines = find(session, when);
    while (lines.len > 0 && index-- > 0) {
        size_t len = strlen(lines.ptr) + 1;
        lines = mailsub__slice_of(lines.ptr + len, lines.len - len);
    }
    return lines.ptr;
}

const char *mailsub_session_find_capability(const mailsub_session *session, int when,
                                            const char *keyword)
{
    mailsub__slice wanted = mailsub__slice_str(keyword);
    size_t n = mailsub_session_count_capabilities(session, when);
    for (size_t i = 0; i < n; i++) {
        const char *line = mailsub_session_get_capability(session, when, i);
        size_t len = strcspn(line, " ");
        if (mailsub__slice_equal_nocase(mailsub__slice_of(line, len), wanted))
            return line[len] == ' ' ? line + len + 1 : line + len;
    }
    return NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "limit/ticket.h"

#include "base/memory.h"

int mailsub_ticket_new(const mailsub_allocator *allocator, mailsub_ticket **out_ticket)
{
    mailsub_allocator table;
    if (!out_ticket)
        return MAILSUB_E_INVALID;
    int rc = mailsub__allocator_init(&table, allocator);
    if (rc)
        return rc;
    mailsub_ticket *ticket = mailsub__alloc_zeroed(&table, sizeof *ticket);
    if (!ticket)
        return MAILSUB_E_NOMEM;
    ticket->allocator = table;
    *out_ticket = ticket;
    return MAILSUB_OK;
}

void mailsub_ticket_free(mailsub_ticket *ticket)
{
    if (!ticket)
        return;
    mailsub_allocator allocator = ticket->allocator;
    mailsub__free(&allocator, ticket);
}

void mailsub__ticket_reset(mailsub_ticket *ticket)
{
    ticket->limiter = NULL;
    ticket->rule = NULL;
    ticket->reserved = 0;
    ticket->retry_ms = 0;
    ticket->store_error = MAILSUB_OK;
    ticket->answered = false;
    ticket->answer.closed_ms = 0;
}

int64_t mailsub_ticket_get_granted(const mailsub_ticket *ticket)
{
    return ticket ? ticket->reserved : 0;
}

int64_t mailsub_ticket_get_retry_after(const mailsub_ticket *ticket)
{
    return ticket ? ticket->retry_ms : 0;
}

int64_t mailsub_ticket_get_closed(const mailsub_ticket *ticket)
{
    return ticket ? ticket->answer.closed_ms : 0;
}

int mailsub_ticket_get_store_error(const mailsub_ticket *ticket)
{
    return ticket ? ticket->store_error : MAILSUB_OK;
}

size_t mailsub_ticket_count_windows(const mailsub_ticket *ticket)
{
    return ticket && ticket->rule ? ticket->rule->n_spans : 0;
}

int mailsub_ticket_get_window(const mailsub_ticket *ticket, size_t index, int64_t *out_limit,
                              int64_t *out_window_ms, uint32_t *out_flags)
{
    if (index >= mailsub_ticket_count_windows(ticket))
        return MAILSUB_E_INVALID;
    const mailsub_window *window = &ticket->rule->spans[index].window;
    if (out_limit)
        *out_limit = window->limit;
    if (out_window_ms)
        *out_window_ms = window->length_ms;
    if (out_flags)
        *out_flags = window->flags;
    return MAILSUB_OK;
}

int mailsub_ticket_get_usage(const mailsub_ticket *ticket, size_t index, int64_t *out_used,
                             int64_t *out_left, int64_t *out_next_ms)
{
    if (index >= mailsub_ticket_count_windows(ticket) || !ticket->answered)
        return MAILSUB_E_INVALID;
    int64_t limit = ticket->rule->spans[index].window.limit;
    int64_t used = ticket->answer.used[index];
    if (out_used)
        *out_used = used;
    if (out_left)
        *out_left = used < limit ? limit - used : 0;
    if (out_next_ms)
        *out_next_ms = ticket->answer.next_ms[index];
    return MAILSUB_OK;
}

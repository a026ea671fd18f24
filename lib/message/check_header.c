/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules about the header and the recipients. */
#include <stdlib.h>

#include "base/memory.h"
#include "message/address.h"
#include "message/check.h"
#include "message/host.h"

enum { FUTURE_COUNTS = 48 }; /* a day behind is a queue, half an hour ahead is a wrong clock */

/* The Date that somebody gave the message; one that is made is right. */
static bool has_given_date(const mailsub__check *check)
{
    const mailsub_message *message = check->message;
    if (message->existing && message->existing->has_date)
        return message->existing->date_is_known;
    return message->date_is_set;
}

static void tell_date(mailsub__check *check, const char *what)
{
    char date[MAILSUB__DATE_SIZE];
    mailsub__date_write(date, check->message->unix_s, check->message->zone_min);
    mailsub__check_tell_one(check, MAILSUB__RULE_DATE_SKEW, "Date", what, mailsub__slice_str(date));
}

void mailsub__check_date(mailsub__check *check)
{
    const mailsub_message *message = check->message;
    int64_t now_s;
    int32_t zone_min;
    if (!mailsub__check_wants(check, MAILSUB__RULE_DATE_SKEW))
        return;
    if (message->existing && message->existing->has_date && !message->existing->date_is_known)
        mailsub__check_tell_one(check, MAILSUB__RULE_DATE_SKEW, "Date", "it cannot be read",
                                MAILSUB__SLICE_EMPTY);
    if (!has_given_date(check))
        return;
    check->error = message->clock.now(message->clock.context, &now_s, &zone_min);
    if (check->error)
        return;
    int64_t most = check->policy->thresholds[MAILSUB__THRESHOLD_DATE_S];
    int64_t behind_s = now_s - message->unix_s;
    if (behind_s > most)
        tell_date(check, "% is past");
    else if (-behind_s > most / FUTURE_COUNTS)
        tell_date(check, "% is in the future");
}

static bool is_blank(mailsub__slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] > ' ')
            return false;
    }
    return true;
}

static void check_subject(mailsub__check *check)
{
    const mailsub_message *message = check->message;
    mailsub__slice subject = MAILSUB__SLICE_EMPTY;
    if (message->has_subject)
        subject = message->subject;
    if (is_blank(subject))
        mailsub__check_tell_one(check, MAILSUB__RULE_MISSING_SUBJECT, "Subject", "",
                                MAILSUB__SLICE_EMPTY);
}

/* The domain of an identifier, its angle brackets aside. */
static mailsub__slice id_host(mailsub__slice id)
{
    if (id.len > 0 && id.ptr[id.len - 1] == '>')
        id.len--;
    return mailsub__address_domain(id);
}

static void check_id(mailsub__check *check)
{
    const mailsub_message *message = check->message;
    const char *where = "Message-ID";
    mailsub__slice host;
    if (message->existing && message->existing->message_id) {
        host = id_host(mailsub__slice_str(message->existing->message_id));
    } else if (message->id_is_set) {
        host = id_host(mailsub__slice_str(message->message_id));
    } else {
        where = "From"; /* the identifier is made from it */
        host = mailsub__check_author_domain(check);
    }
    mailsub__host folded;
    if (host.len == 0 || !mailsub__host_fold(host, &folded))
        return;
    bool is_address = folded.text[0] == '[';
    if (is_address || mailsub__host_is_local(mailsub__host_slice(&folded)))
        mailsub__check_tell_one(check, MAILSUB__RULE_MESSAGE_ID_HOST, where, "%", host);
}

void mailsub__check_header(mailsub__check *check)
{
    mailsub__check_date(check);
    check_subject(check);
    check_id(check);
}

static size_t count_list(const struct mailsub__mailbox *mailbox)
{
    size_t n = 0;
    for (; mailbox; mailbox = mailbox->next)
        n += mailbox->address.len > 0;
    return n;
}

static mailsub__slice put_number(char room[24], uint64_t number)
{
    char *at = room + 24;
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return mailsub__slice_of(at, (size_t)(room + 24 - at));
}

static void check_visible(mailsub__check *check)
{
    if (!mailsub__check_wants(check, MAILSUB__RULE_MANY_VISIBLE))
        return;
    size_t n = count_list(check->message->to.first) + count_list(check->message->cc.first);
    int64_t most = check->policy->thresholds[MAILSUB__THRESHOLD_VISIBLE];
    char room[24];
    if (n > (uint64_t)most)
        mailsub__check_tell_one(check, MAILSUB__RULE_MANY_VISIBLE, "To", "% mailboxes in To and Cc",
                                put_number(room, n));
}

static int compare_addresses(const void *a, const void *b)
{
    const mailsub__slice *left = a;
    const mailsub__slice *right = b;
    size_t n = left->len < right->len ? left->len : right->len;
    for (size_t i = 0; i < n; i++) {
        int order = mailsub__ascii_lower(left->ptr[i]) - mailsub__ascii_lower(right->ptr[i]);
        if (order != 0)
            return order;
    }
    return (left->len > right->len) - (left->len < right->len);
}

/* Sorted, equal addresses stand side by side: time is linear but for the sorting. */
static void check_duplicates(mailsub__check *check)
{
    const mailsub_message *message = check->message;
    size_t n = message->n_recipients;
    if (n < 2 || !mailsub__check_wants(check, MAILSUB__RULE_DUPLICATE_RECIPIENT))
        return;
    mailsub__slice *sorted = mailsub__alloc_array(&message->allocator, n, sizeof *sorted);
    if (!sorted) {
        check->error = MAILSUB_E_NOMEM;
        return;
    }
    memcpy(sorted, mailsub__message_recipients(message), n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare_addresses);
    for (size_t i = 1; i < n; i++) {
        bool is_first = i < 2 || compare_addresses(&sorted[i - 2], &sorted[i]) != 0;
        if (compare_addresses(&sorted[i - 1], &sorted[i]) == 0 && is_first)
            mailsub__check_tell_one(check, MAILSUB__RULE_DUPLICATE_RECIPIENT, "envelope", "%",
                                    sorted[i]);
    }
    mailsub__free(&message->allocator, sorted);
}

void mailsub__check_recipients(mailsub__check *check)
{
    check_visible(check);
    check_duplicates(check);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When to try again: what the server says, else what its status suggests, else a back-off. RFC 5321
 * section 4.5.4.1 wants tries for four to five days, and ever longer pauses between them.
 */
#include "session/retry.h"

#include <string.h>

#include "session/receipt.h"

#define GIVE_UP_S (5 * 24 * 3600)

/* ---- what the server says ---- */

/* Words right before a time, and what an amount is counted in. */
static const char *const leads[] = {"in", "after", "for", "wait", "retry-after:", "within"};
static const struct unit {
    const char *name;
    int64_t seconds;
} units[] = {
    {"s", 1},      {"sec", 1},     {"secs", 1},     {"second", 1},   {"seconds", 1},  {"m", 60},
    {"min", 60},   {"mins", 60},   {"minute", 60},  {"minutes", 60}, {"h", 3600},     {"hr", 3600},
    {"hrs", 3600}, {"hour", 3600}, {"hours", 3600}, {"day", 86400},  {"days", 86400},
};

static bool is_letter_or_digit(char c)
{
    return mailsub__ascii_is_alpha(c) || mailsub__ascii_is_digit(c);
}

static size_t count_digits(mailsub__slice text, size_t at)
{
    size_t n = 0;
    while (at + n < text.len && mailsub__ascii_is_digit(text.ptr[at + n]))
        n++;
    return n;
}

static int64_t read_number(mailsub__slice text, size_t *at)
{
    int64_t number = 0;
    for (size_t n = count_digits(text, *at); n > 0; n--, ++*at) {
        if (number <= GIVE_UP_S)
            number = number * 10 + (text.ptr[*at] - '0');
    }
    return number;
}

/* Seconds in what stands behind the number; 0: that is no unit. */
static int64_t read_unit(mailsub__slice text, size_t at)
{
    while (at < text.len && (text.ptr[at] == ' ' || text.ptr[at] == '-'))
        at++;
    size_t end = at;
    while (end < text.len && mailsub__ascii_is_alpha(text.ptr[end]))
        end++;
    mailsub__slice word = mailsub__slice_of(text.ptr + at, end - at);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (mailsub__slice_equal_nocase(word, mailsub__slice_str(units[i].name)))
            return units[i].seconds;
    }
    return 0;
}

/* The time at a digit: "5 minutes", "04:59", "00:04:59"; with a lead that says so, bare seconds. */
static int64_t read_time(mailsub__slice text, size_t at, bool bare)
{
    int64_t total = read_number(text, &at);
    bool clock = false;
    while (at + 2 < text.len && text.ptr[at] == ':' && count_digits(text, at + 1) == 2) {
        at++;
        clock = true;
        total = total * 60 + read_number(text, &at);
        if (total > GIVE_UP_S)
            return -1;
    }
    int64_t unit = clock ? 1 : read_unit(text, at);
    if (unit == 0 && bare)
        unit = 1;
    total = total > GIVE_UP_S ? 0 : total * unit;
    return total >= 1 && total <= GIVE_UP_S ? total : -1;
}

/* Is the word that ends at end one that a time follows? */
static bool is_lead(mailsub__slice text, size_t end, bool *out_bare)
{
    size_t start = end;
    while (start > 0 && text.ptr[start - 1] != ' ' && text.ptr[start - 1] != '(')
        start--;
    mailsub__slice word = mailsub__slice_of(text.ptr + start, end - start);
    for (size_t i = 0; i < sizeof leads / sizeof leads[0]; i++) {
        if (mailsub__slice_equal_nocase(word, mailsub__slice_str(leads[i]))) {
            *out_bare = word.ptr[word.len - 1] == ':';
            return true;
        }
    }
    return false;
}

int64_t mailsub__retry_read(mailsub__slice text)
{
    for (size_t at = 1; at < text.len; at++) {
        if (!mailsub__ascii_is_digit(text.ptr[at]) || is_letter_or_digit(text.ptr[at - 1]))
            continue;
        size_t end = at;
        while (end > 0 && text.ptr[end - 1] == ' ')
            end--;
        bool bare = false;
        if (end == at || !is_lead(text, end, &bare))
            continue;
        int64_t seconds = read_time(text, at, bare);
        if (seconds > 0)
            return seconds;
    }
    return -1;
}

/* ---- what the status suggests ---- */

/* The least pause for a status of RFC 3463, its class left out. */
static const struct pause {
    const char *subject;
    int64_t seconds;
} pauses[] = {
    {".2.2", 3600}, /* mailbox full: somebody has to tidy up */
    {".2.1", 3600}, /* mailbox disabled for now */
    {".3.1", 1800}, /* the server's disk is full */
    {".3.2", 600},  /* the server is not accepting messages */
    {".4", 600},    /* routing and network */
    {".5.3", 60},   /* too many recipients: the next try has fewer */
    {".7", 300},    /* greylisting, limits */
};

static int64_t pause_of(const char *enhanced)
{
    for (size_t i = 0; enhanced[0] == '4' && i < sizeof pauses / sizeof pauses[0]; i++) {
        size_t len = strlen(pauses[i].subject);
        const char *subject = enhanced + 1;
        if (strncmp(subject, pauses[i].subject, len) == 0 &&
            (subject[len] == '\0' || subject[len] == '.'))
            return pauses[i].seconds;
    }
    return 0;
}

/* ---- the back-off ---- */

static int64_t back_off(unsigned attempt)
{
    static const int64_t steps[] = {300, 900, 1800, 3600, 7200, 14400};
    const unsigned n_steps = sizeof steps / sizeof steps[0];
    int64_t waited = 0;
    for (unsigned i = 1; i < attempt && waited <= GIVE_UP_S; i++)
        waited += steps[i <= n_steps ? i - 1 : n_steps - 1];
    if (waited > GIVE_UP_S)
        return -1;
    return steps[attempt <= n_steps ? attempt - 1 : n_steps - 1];
}

/* ---- a receipt ---- */

bool mailsub__receipt_may_retry(const mailsub__verdict *verdict)
{
    return verdict->outcome == MAILSUB_OUTCOME_DEFERRED ||
           verdict->outcome == MAILSUB_OUTCOME_NOT_ATTEMPTED;
}

/* The longest of what the verdicts that another try can help want. */
struct wait {
    bool helps;
    int64_t told;
    int64_t suggested;
};

static void consider(struct wait *wait, const mailsub__verdict *verdict, const char *text)
{
    if (mailsub_error_action(verdict->code) != MAILSUB_ACTION_RETRY_LATER)
        return;
    wait->helps = true;
    if (verdict->reply_code / 100 != 4)
        return;
    int64_t told = mailsub__retry_read(mailsub__slice_str(text));
    int64_t suggested = pause_of(verdict->enhanced);
    wait->told = told > wait->told ? told : wait->told;
    wait->suggested = suggested > wait->suggested ? suggested : wait->suggested;
}

int64_t mailsub_receipt_get_retry_after(const mailsub_receipt *receipt, unsigned attempt)
{
    struct wait wait = {.told = -1};
    if (!receipt || !receipt->filled || attempt == 0)
        return -1;
    consider(&wait, &receipt->whole, receipt->text);
    for (size_t i = 0; i < receipt->n_recipients; i++) {
        if (mailsub__receipt_may_retry(&receipt->verdicts[i]))
            consider(&wait, &receipt->verdicts[i],
                     mailsub_receipt_get_recipient_reply_text(receipt, i));
    }
    int64_t pause = back_off(attempt);
    int64_t slot = (receipt->retry_ms + 999) / 1000; /* what the limiter says is exact */
    if (!wait.helps || pause < 0 || receipt->retry_ms < 0 || slot > GIVE_UP_S)
        return -1;
    if (slot > 0)
        return slot > wait.told ? slot : wait.told;
    if (wait.told > 0)
        return wait.told;
    return wait.suggested > pause ? wait.suggested : pause;
}

size_t mailsub_receipt_count_retryable(const mailsub_receipt *receipt)
{
    size_t n = 0;
    for (size_t i = 0; receipt && i < receipt->n_recipients; i++)
        n += mailsub__receipt_may_retry(&receipt->verdicts[i]);
    return n;
}

size_t mailsub_receipt_get_retryable(const mailsub_receipt *receipt, size_t index)
{
    for (size_t i = 0; receipt && i < receipt->n_recipients; i++) {
        if (mailsub__receipt_may_retry(&receipt->verdicts[i]) && index-- == 0)
            return i;
    }
    return SIZE_MAX;
}

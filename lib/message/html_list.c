/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * List markers, from the attributes start, value, type and reversed.
 *
 * Not handled: reversed without start, which would need the number of items to come: it counts
 * upwards.
 */
#include "message/html_list.h"

enum { MAX_NUMBER = 999999999, MAX_ROMAN = 399 /* longer ones do not fit a margin */ };

bool mailsub__html_list_number(mailsub__slice value, int32_t *out_number)
{
    size_t at = 0;
    while (at < value.len && mailsub__html_is_space(value.ptr[at]))
        at++;
    bool is_negative = at < value.len && value.ptr[at] == '-';
    at += is_negative || (at < value.len && value.ptr[at] == '+');
    if (at == value.len || !mailsub__ascii_is_digit(value.ptr[at]))
        return false;
    int64_t number = 0;
    for (; at < value.len && mailsub__ascii_is_digit(value.ptr[at]) && number <= MAX_NUMBER; at++)
        number = number * 10 + (value.ptr[at] - '0');
    if (number > MAX_NUMBER)
        number = MAX_NUMBER;
    *out_number = (int32_t)(is_negative ? -number : number);
    return true;
}

void mailsub__html_list_open(mailsub__html_list *list, const mailsub__html_token *tag,
                             bool is_ordered)
{
    *list = (mailsub__html_list){.is_ordered = is_ordered, .type = '1', .step = 1, .next = 1};
    if (!is_ordered)
        return;
    mailsub__slice type = tag->values[MAILSUB__HTML_TYPE];
    if (mailsub__html_token_has(tag, MAILSUB__HTML_TYPE) && type.len == 1 &&
        memchr("aAiI", type.ptr[0], 4))
        list->type = type.ptr[0];
    if (mailsub__html_token_has(tag, MAILSUB__HTML_START) &&
        mailsub__html_list_number(tag->values[MAILSUB__HTML_START], &list->next) &&
        mailsub__html_token_has(tag, MAILSUB__HTML_REVERSED))
        list->step = -1;
}

/* Writers put what they write at the end of out, before *at, which they move to its start. */

static void put(char *out, size_t *at, char c)
{
    out[--*at] = c;
}

static void put_decimal(char *out, size_t *at, int32_t number)
{
    uint32_t rest = (uint32_t)(number < 0 ? -number : number);
    do {
        put(out, at, (char)('0' + rest % 10));
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        put(out, at, '-');
}

/* a ... z, aa ... */
static void put_letters(char *out, size_t *at, int32_t number, char first)
{
    for (; number > 0; number = (number - 1) / 26)
        put(out, at, (char)(first + (number - 1) % 26));
}

static void put_roman(char *out, size_t *at, int32_t number, bool is_upper)
{
    /* The digits 0 to 9 in terms of the one, five and ten of their place, backwards. */
    static const char *const digits[] = {"",  "0",  "00",  "000",  "10",
                                         "1", "01", "001", "0001", "20"};
    for (const char *letters = "ivxlc"; number > 0; letters += 2, number /= 10) {
        for (const char *digit = digits[number % 10]; *digit; digit++) {
            char letter = letters[*digit - '0'];
            put(out, at, is_upper ? (char)(letter - 'a' + 'A') : letter);
        }
    }
}

mailsub__slice mailsub__html_list_item(mailsub__html_list *list, const mailsub__html_token *tag,
                                       char out[MAILSUB__HTML_MAX_LIST_MARKER])
{
    size_t end = MAILSUB__HTML_MAX_LIST_MARKER;
    size_t at = end;
    put(out, &at, ' ');
    if (!list || !list->is_ordered) {
        put(out, &at, '-');
        return mailsub__slice_of(out + at, end - at);
    }
    int32_t number = list->next;
    if (mailsub__html_token_has(tag, MAILSUB__HTML_VALUE))
        mailsub__html_list_number(tag->values[MAILSUB__HTML_VALUE], &number);
    if ((number < MAX_NUMBER && list->step > 0) || (number > -MAX_NUMBER && list->step < 0))
        list->next = number + list->step;
    put(out, &at, '.');
    if ((list->type == 'a' || list->type == 'A') && number > 0)
        put_letters(out, &at, number, list->type);
    else if ((list->type == 'i' || list->type == 'I') && number > 0 && number <= MAX_ROMAN)
        put_roman(out, &at, number, list->type == 'I');
    else
        put_decimal(out, &at, number);
    return mailsub__slice_of(out + at, end - at);
}

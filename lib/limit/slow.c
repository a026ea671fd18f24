/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Replies by which servers tell a client to slow down.
 *
 * The codes: 421 ends the connection (RFC 5321 section 3.8); 454 with 4.7.0 and 450 to 452 with
 * 4.7.x are security or policy that will pass (RFC 3463 section 3.8); 4.5.3 says too many
 * recipients (section 3.6). 4.7.x is also what greylisting answers, which wants the same: patience.
 * The texts are those of large operators' own pages and of the servers that they run; they count
 * with 4yz only, save those that some give for good within a day's quota (550 5.4.5 and 5.7.x).
 */
#include <mailsub/limiter.h>

#include <string.h>

#include "base/slice.h"

/* code 0: any of its class; prefix "": none is needed. */
static const struct sign {
    int first;
    int last;
    const char *status; /* with which an enhanced status begins */
    const char *text;   /* which stands in the text, in lower case */
} signs[] = {
    {421, 421, "", ""},
    {450, 452, "4.7.", ""},
    {454, 454, "4.7.0", "temporar"},
    {454, 454, "", "too many"},
    {450, 452, "4.5.3", ""},
    {452, 452, "", "too many recipients"},
    {400, 499, "4.5.3", ""},
    {400, 499, "4.2.1", "rate"},      /* Gmail: the user receives mail at a rate that ... */
    {400, 499, "4.3.2", "try again"}, /* Exchange Online: please try again later */
    {400, 499, "", "rate limit"},     /* Postfix's anvil, Rspamd, Amazon SES, Yahoo */
    {400, 499, "", "rate-limit"},
    {400, 499, "", "ratelimit"},
    {400, 499, "", "rate exceeded"}, /* Amazon SES: maximum sending rate exceeded */
    {400, 499, "", "sending rate"},
    {400, 499, "", "unusual rate"},   /* Gmail: an unusual rate of unsolicited mail */
    {400, 499, "", "throttl"},        /* Exchange, Amazon SES, GMX */
    {400, 499, "", "quota exceeded"}, /* policy services of Postfix, cPanel */
    {400, 499, "", "too many messages"},
    {400, 499, "", "too many connections"},
    {400, 499, "", "too many emails"},
    {400, 499, "", "too fast"},
    {400, 499, "", "too much mail"},
    {400, 499, "", "slow down"},
    {400, 499, "", "submission quota"},
    {400, 499, "", "daily limit"},
    {400, 499, "", "hourly limit"},
    {400, 499, "", "deferred due to user complaints"}, /* Yahoo, [TS04] */
    {550, 554, "5.4.5", "daily"},                      /* Gmail: daily sending quota exceeded */
    {550, 554, "5.7.", "sending limit"},
    {550, 554, "5.1.90", "daily"}, /* Exchange Online: can't send any more today */
    {550, 554, "", "daily user sending limit exceeded"},
    {550, 554, "", "daily message quota exceeded"}, /* Amazon SES, 454 and 554 */
};

static bool contains(mailsub__slice text, mailsub__slice part)
{
    for (size_t i = 0; i + part.len <= text.len; i++) {
        if (mailsub__slice_equal_nocase(mailsub__slice_of(text.ptr + i, part.len), part))
            return true;
    }
    return false;
}

int mailsub_limiter_is_slow_down(int reply_code, const char *enhanced, const char *text)
{
    const char *status = enhanced ? enhanced : "";
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        const struct sign *sign = &signs[i];
        if (reply_code >= sign->first && reply_code <= sign->last &&
            strncmp(status, sign->status, strlen(sign->status)) == 0 &&
            contains(mailsub__slice_str(text), mailsub__slice_str(sign->text)))
            return 1;
    }
    return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names are compared word by word, so that "no-reply", "noreply" and "shop.no_reply2" are the same,
 * and "casino-replyto" and "carnoreplyhan" are not.
 */
#include "message/robot.h"

/* Words parted by a dash, which stands for any one separator, or for none. */
static const char *const noreply_phrases[] = {
    "no-reply",        "no-replies",     "do-not-reply",    "dont-reply",      "not-reply",
    "no-return",       "do-not-respond", "no-response",     "noresp",          "no-answer",
    "nicht-antworten", "keine-antwort",  "keine-antworten", "ohne-antwort",    "ne-pas-repondre",
    "pas-de-reponse",  "sans-reponse",   "no-responder",    "no-responda",     "no-contestar",
    "non-rispondere",  "nao-responda",   "nao-responder",   "niet-antwoorden", "nie-odpowiadaj",
    "svara-inte",      "svar-ikke",      "ikke-svar",       "ala-vastaa",
};

static bool is_separator(char c)
{
    return c == '-' || c == '_' || c == '.' || c == '+' || c == '=';
}

/* Does text begin with the phrase? *out_len: the octets of text that it takes. */
static bool begins_with_phrase(mailsub__slice text, const char *phrase, size_t *out_len)
{
    size_t i = 0;
    for (const char *p = phrase; *p != '\0'; p++) {
        if (*p == '-') {
            if (i < text.len && is_separator(text.ptr[i]))
                i++;
            continue;
        }
        if (i == text.len || mailsub__ascii_lower(text.ptr[i]) != *p)
            return false;
        i++;
    }
    *out_len = i;
    return true;
}

/* The phrase from octet at on, as words of its own; digits may follow: "noreply2". */
static bool stands_at(mailsub__slice local, size_t at, const char *phrase)
{
    mailsub__slice rest = mailsub__slice_of(local.ptr + at, local.len - at);
    size_t n;
    if (!begins_with_phrase(rest, phrase, &n))
        return false;
    while (n < rest.len && mailsub__ascii_is_digit(rest.ptr[n]))
        n++;
    return n == rest.len || is_separator(rest.ptr[n]);
}

/* Some phrase from octet at on, where a word begins. */
static bool begins_phrase(mailsub__slice local, size_t at)
{
    char first = mailsub__ascii_lower(local.ptr[at]);
    for (size_t i = 0; i < sizeof noreply_phrases / sizeof noreply_phrases[0]; i++) {
        if (noreply_phrases[i][0] == first && stands_at(local, at, noreply_phrases[i]))
            return true;
    }
    return false;
}

bool mailsub__robot_is_noreply(mailsub__slice local)
{
    for (size_t at = 0; at < local.len; at++) {
        if ((at == 0 || is_separator(local.ptr[at - 1])) && begins_phrase(local, at))
            return true;
    }
    return false;
}

static bool begins_with(mailsub__slice text, mailsub__slice with)
{
    return text.len >= with.len &&
           mailsub__slice_equal_nocase(mailsub__slice_of(text.ptr, with.len), with);
}

static bool ends_with(mailsub__slice text, mailsub__slice with)
{
    return text.len >= with.len &&
           mailsub__slice_equal_nocase(mailsub__slice_of(text.ptr + text.len - with.len, with.len),
                                       with);
}

bool mailsub__robot_is_program(mailsub__slice local)
{
    static const char *const names[] = {"mailer-daemon", "maildaemon", "majordomo", "listserv",
                                        "mailman",       "bounce",     "bounces"};
    static const char *const fronts[] = {"owner-", "bounce-", "bounces-", "bounces+", "bounce+"};
    static const char *const ends[] = {"-request", "-owner", "-bounces", "-bounce", "-daemon"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (mailsub__slice_equal_nocase(local, mailsub__slice_str(names[i])))
            return true;
    }
    for (size_t i = 0; i < sizeof fronts / sizeof fronts[0]; i++) {
        if (begins_with(local, mailsub__slice_str(fronts[i])))
            return true;
    }
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (ends_with(local, mailsub__slice_str(ends[i])))
            return true;
    }
    return mailsub__robot_is_noreply(local);
}

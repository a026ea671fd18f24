/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/capability.h"

#include "smtp/mechanism.h"

static const char *const keywords[] = {
#define KEYWORD(number, NAME, keyword) [number] = (keyword),
    MAILSUB_EXTENSION_LIST(KEYWORD)
#undef KEYWORD
};

const char *mailsub_extension_name(int extension)
{
    return extension >= 0 && extension < MAILSUB__N_CAPABILITIES ? keywords[extension] : "?";
}

void mailsub__capabilities_reset(mailsub__capabilities *capabilities)
{
    *capabilities = (mailsub__capabilities){0};
}

/* The next word at the front of *rest, and what follows it. Empty: there is none. */
static mailsub__slice next_word(mailsub__slice *rest)
{
    size_t at = 0;
    while (at < rest->len && (rest->ptr[at] == ' ' || rest->ptr[at] == '\t'))
        at++;
    size_t end = at;
    while (end < rest->len && rest->ptr[end] != ' ' && rest->ptr[end] != '\t')
        end++;
    mailsub__slice word = mailsub__slice_of(rest->ptr + at, end - at);
    *rest = mailsub__slice_of(rest->ptr + end, rest->len - end);
    return word;
}

/* RFC 1870 section 4: without a number, or with 0, no limit is told; nor by what is no number. */
static uint64_t read_size(mailsub__slice word)
{
    uint64_t size = 0;
    for (size_t i = 0; i < word.len; i++) {
        if (!mailsub__ascii_is_digit(word.ptr[i]))
            return 0;
        if (__builtin_mul_overflow(size, 10u, &size) ||
            __builtin_add_overflow(size, (uint64_t)(word.ptr[i] - '0'), &size))
            return UINT64_MAX;
    }
    return size;
}

/* Both end as "none is told" where they are malformed: the server then says no itself. */
static void read_hold(mailsub__capabilities *capabilities, mailsub__slice rest)
{
    capabilities->hold_max_s = read_size(next_word(&rest));
    mailsub__slice until = next_word(&rest);
    bool told = mailsub__rfc3339_has_form(until);
    memcpy(capabilities->hold_max_until, told ? until.ptr : "", told ? until.len : 0);
    capabilities->hold_max_until[told ? until.len : 0] = '\0';
}

/* Keep the names of a line, those of the obsolete form beside the right one once. */
static void read_mechanisms(mailsub__capabilities *capabilities, mailsub__slice rest)
{
    for (mailsub__slice word = next_word(&rest); word.len > 0; word = next_word(&rest)) {
        char name[MAILSUB__MAX_MECHANISM_NAME + 2];
        char *known = capabilities->mechanisms;
        size_t used = strlen(known);
        if (!mailsub__mechanism_is_name(word) || used + word.len + 1 >= MAILSUB__MECHANISMS_LEN)
            continue;
        for (size_t i = 0; i < word.len; i++)
            name[i] = mailsub__ascii_upper(word.ptr[i]);
        memcpy(name + word.len, " ", 2);
        const char *found = strstr(known, name);
        while (found && found != known && found[-1] != ' ')
            found = strstr(found + 1, name);
        if (!found)
            memcpy(known + used, name, word.len + 2);
    }
}

/* "RCPTMAX=100 MAILMAX=5" (RFC 9422 section 2): what is unknown, or no number, limits nothing. */
static void read_limits(mailsub__capabilities *capabilities, mailsub__slice rest)
{
    const struct limit {
        mailsub__slice name;
        uint32_t *value;
    } limits[] = {
        {{"MAILMAX", 7}, &capabilities->max_transactions},
        {{"RCPTMAX", 7}, &capabilities->max_recipients},
        {{"RCPTDOMAINMAX", 13}, &capabilities->max_domains},
    };
    for (mailsub__slice word = next_word(&rest); word.len > 0; word = next_word(&rest)) {
        const char *equals = memchr(word.ptr, '=', word.len);
        if (!equals)
            continue;
        mailsub__slice name = mailsub__slice_of(word.ptr, (size_t)(equals - word.ptr));
        uint64_t value =
            read_size(mailsub__slice_of(equals + 1, (size_t)(word.ptr + word.len - equals - 1)));
        for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
            if (mailsub__slice_equal_nocase(name, limits[i].name))
                *limits[i].value = value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
        }
    }
}

/*
 * "AUTH=LOGIN PLAIN" is the form of a draft before RFC 2554, still written beside the right one for
 * the sake of old clients. It is read as if the equals sign were a space.
 */
static void split_obsolete_auth(mailsub__slice *word, mailsub__slice *rest)
{
    static const mailsub__slice form = {"AUTH=", 5};
    if (word->len < form.len ||
        !mailsub__slice_equal_nocase(mailsub__slice_of(word->ptr, form.len), form))
        return;
    const char *end = rest->ptr + rest->len;
    if (rest->len == 0)
        end = word->ptr + word->len;
    *rest = mailsub__slice_of(word->ptr + form.len, (size_t)(end - word->ptr) - form.len);
    word->len = form.len - 1;
}

void mailsub__capabilities_add(mailsub__capabilities *capabilities, mailsub__slice line)
{
    mailsub__slice rest = line;
    mailsub__slice word = next_word(&rest);
    split_obsolete_auth(&word, &rest);
    for (size_t i = 0; i < MAILSUB__N_CAPABILITIES; i++) {
        if (!mailsub__slice_equal_nocase(word, mailsub__slice_str(keywords[i])))
            continue;
        capabilities->offered |= UINT32_C(1) << i;
        if (i == MAILSUB__CAPABILITY_SIZE)
            capabilities->size_limit = read_size(next_word(&rest));
        else if (i == MAILSUB__CAPABILITY_DELIVERBY)
            capabilities->deliver_by_min = read_size(next_word(&rest));
        else if (i == MAILSUB__CAPABILITY_FUTURERELEASE)
            read_hold(capabilities, rest);
        else if (i == MAILSUB__CAPABILITY_AUTH)
            read_mechanisms(capabilities, rest);
        else if (i == MAILSUB__CAPABILITY_LIMITS)
            read_limits(capabilities, rest);
        return;
    }
}

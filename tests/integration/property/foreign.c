/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages that exist already. One of ours is written again octet by octet; one that careless
 * programs have had in their hands is repaired to what it was before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "property.h"

struct output {
    char data[1 << 21];
    size_t len;
};

static int put(void *context, const void *data, size_t len)
{
    struct output *out = context;
    if (len > sizeof out->data - out->len - 1)
        return 1;
    memcpy(out->data + out->len, data, len);
    out->len += len;
    out->data[out->len] = '\0';
    return 0;
}

static void put_str(struct output *out, const char *text)
{
    if (put(out, text, strlen(text)))
        abort();
}

static bool is_field(struct text line, const char *name)
{
    size_t len = strlen(name);
    return line.len > len && line.ptr[len] == ':' && strncasecmp(line.ptr, name, len) == 0;
}

/* What is done to a message. */
struct harm {
    const char *line_end; /* NULL: mixed */
    bool unfolds, drops_date, drops_version, raw_subject, spaces, no_last_line_end;
};

static void put_line_end(struct output *out, const struct harm *harm)
{
    static const char *const ends[] = {"\n", "\r\n", "\r\n"};
    put_str(out, harm->line_end ? harm->line_end : ONE_OF(ends));
}

/* As it is, and nothing that looks encoded, or that unfolding would change. */
static bool can_be_raw(struct text subject)
{
    return subject.len > 0 && subject.len < 500 && !strstr(subject.ptr, "=?") &&
           !strchr(" \t", subject.ptr[0]) && !strchr(" \t", subject.ptr[subject.len - 1]);
}

/* The blind recipients stand in the message, as for sendmail -t. */
static void put_blind(struct output *out, const struct asked *asked, const struct harm *harm)
{
    for (size_t i = 0; i < asked->n_blind; i++) {
        put_str(out, i % 2 == 0 ? "Bcc: " : "bcc : Blind <");
        put_str(out, asked->blind[i].ptr);
        put_str(out, i % 2 == 0 ? "" : ">");
        put_line_end(out, harm);
    }
    put_str(out, "Return-Path: <someone@else.example>");
    put_line_end(out, harm);
}

/* One field, whose lines these are. */
static void put_field(struct output *out, const struct asked *asked, const struct harm *harm,
                      struct text field)
{
    bool subject = is_field(field, "Subject");
    if ((harm->drops_date && is_field(field, "Date")) ||
        (harm->drops_version && is_field(field, "MIME-Version")))
        return;
    if (subject && harm->raw_subject && can_be_raw(asked->subject)) {
        put_str(out, "Subject: ");
        put_str(out, asked->subject.ptr);
        put_line_end(out, harm);
        return;
    }
    for (size_t i = 0; i < field.len; i++) {
        if (field.ptr[i] == '\r' && i + 2 < field.len && harm->unfolds)
            i++;
        else if (field.ptr[i] == '\r')
            put_line_end(out, harm), i++;
        else if (field.ptr[i] == ':' && subject && harm->spaces && i == 7)
            put_str(out, " :");
        else
            put(out, &field.ptr[i], 1);
    }
}

/* A last line that is empty is nothing but its line end, which stays. */
static void put_body(struct output *out, const struct harm *harm, struct text body)
{
    bool ends_empty = body.len < 4 || memcmp(body.ptr + body.len - 4, "\r\n\r\n", 4) == 0;
    bool keeps_last = ends_empty || !harm->no_last_line_end;
    for (size_t i = 0; i < body.len; i++) {
        if (body.ptr[i] != '\r')
            put(out, &body.ptr[i], 1);
        else if (++i + 1 < body.len || keeps_last)
            put_line_end(out, harm);
    }
}

static size_t field_len(struct text rest)
{
    for (size_t i = 0; i + 2 < rest.len; i++) {
        if (memcmp(rest.ptr + i, "\r\n", 2) == 0 && !strchr(" \t", rest.ptr[i + 2]))
            return i + 2;
    }
    return rest.len;
}

static struct harm random_harm(void)
{
    static const char *const ends[] = {"\n", "\r\n", "\r", NULL};
    return (struct harm){
        .line_end = ONE_OF(ends),
        .unfolds = random_in_100(30),
        .drops_date = random_in_100(30),
        .drops_version = random_in_100(30),
        .raw_subject = random_in_100(30),
        .spaces = random_in_100(20),
        .no_last_line_end = random_in_100(30),
    };
}

static struct text foreign_make(const struct asked *asked, struct text message)
{
    static struct output out;
    struct harm harm = random_harm();
    out.len = 0;
    if (random_in_100(20)) {
        put_str(&out, "From someone@else.example Sat Nov 21 23:39:56 2026");
        put_line_end(&out, &harm);
    }
    struct text rest = message;
    while (rest.len > 0 && memcmp(rest.ptr, "\r\n", 2) != 0) {
        struct text field = {rest.ptr, field_len(rest)};
        put_field(&out, asked, &harm, field);
        rest = (struct text){rest.ptr + field.len, rest.len - field.len};
    }
    put_blind(&out, asked, &harm);
    put_body(&out, &harm, rest);
    return (struct text){out.data, out.len};
}

static struct output written;

static const char *write_again(mailsub_message *message, uint32_t capabilities)
{
    written.len = 0;
    int rc = mailsub_message_write_for(message, capabilities, put, &written);
    return rc ? mailsub_error_name(rc) : NULL;
}

static bool is_as(struct text want)
{
    return written.len == want.len && memcmp(written.data, want.ptr, want.len) == 0;
}

/* One of ours, and a copy of it. */
static const char *check_ours(struct text message, uint32_t capabilities)
{
    mailsub_message *existing, *copy;
    if (mailsub_message_from_bytes(NULL, message.ptr, message.len, 0, &existing))
        return "one of ours is refused";
    const char *wrong = write_again(existing, capabilities);
    if (!wrong && !is_as(message))
        wrong = "one of ours is changed";
    if (!wrong && mailsub_message_dup(existing, &copy))
        wrong = "dup";
    mailsub_message_free(existing);
    if (wrong)
        return wrong;
    wrong = write_again(copy, capabilities);
    mailsub_message_free(copy);
    return wrong || is_as(message) ? wrong : "a copy of one of ours is changed";
}

static bool has_recipient(mailsub_message *message, const char *wanted)
{
    for (size_t i = 0; i < mailsub_message_count_recipients(message); i++) {
        const char *address;
        if (mailsub_message_get_recipient(message, i, &address) == MAILSUB_OK &&
            strcmp(address, wanted) == 0)
            return true;
    }
    return false;
}

/* Taken from the message: all there are, and none else. */
static const char *check_recipients(const struct asked *asked, mailsub_message *message)
{
    if (mailsub_message_count_recipients(message) > asked->n_recipients)
        return "more recipients were taken than there are";
    for (size_t i = 0; i < asked->n_recipients; i++) {
        if (!has_recipient(message, asked->recipients[i].ptr))
            return "a recipient was not taken";
    }
    return NULL;
}

static const char *check_foreign(const struct asked *asked, struct text message)
{
    mailsub_message *existing;
    struct text foreign = foreign_make(asked, message);
    uint32_t flags = MAILSUB_FROM_TAKE_RECIPIENTS;
    int rc = mailsub_message_from_bytes(NULL, foreign.ptr, foreign.len, flags, &existing);
    if (rc)
        return mailsub_error_name(rc);
    rc = mailsub_message_set_date(existing, asked->date, asked->zone);
    if (rc == MAILSUB_E_STATE)
        rc = MAILSUB_OK; /* it has its own */
    const char *wrong = rc ? mailsub_error_name(rc) : check_recipients(asked, existing);
    if (!wrong)
        wrong = write_again(existing, 0);
    mailsub_message_free(existing);
    return wrong;
}

const char *check_existing(const struct asked *asked, struct text message,
                           struct text *out_repaired)
{
    static char complaint[4096];
    const char *wrong = check_ours(message, 0);
    if (!wrong)
        wrong = check_foreign(asked, message);
    struct text repaired = {written.data, written.len};
    if (!wrong)
        wrong = check_raw(asked, repaired, 0, false);
    if (!wrong)
        wrong = check_gmime(asked, repaired);
    *out_repaired = repaired;
    if (wrong)
        snprintf(complaint, sizeof complaint, "existing: %s", wrong);
    return wrong ? complaint : NULL;
}

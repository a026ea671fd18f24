/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a message says of itself is what was asked. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "property.h"

static char complaint[256];

static const char *complain(const char *what, const char *found)
{
    snprintf(complaint, sizeof complaint, "the message says of its %s: %.100s", what,
             found ? found : "nothing");
    return complaint;
}

static bool is_same(const char *found, struct text want)
{
    return found ? want.ptr && strcmp(found, want.ptr) == 0 : !want.ptr;
}

static const char *check_list(const struct asked_list *want, mailsub_message *message,
                              const char *field)
{
    if (mailsub_message_count_mailboxes(message, field) != want->n)
        return complain(field, "another number");
    for (size_t i = 0; i < want->n; i++) {
        const char *address = "";
        const char *name = "";
        struct asked_item item = want->items[i];
        if (mailsub_message_get_mailbox(message, field, i, &address, &name) != MAILSUB_OK)
            return complain(field, "an error");
        if (!item.name.ptr && item.kind == MAILBOX)
            item.name = (struct text){"", 0};
        if (!is_same(address, item.address) || !is_same(name, item.name))
            return complain(field, name);
    }
    return NULL;
}

static const char *check_envelope(const struct asked *asked, mailsub_message *message)
{
    if (mailsub_message_count_recipients(message) != asked->n_recipients)
        return complain("recipients", "another number");
    for (size_t i = 0; i < asked->n_recipients; i++) {
        const char *address;
        if (mailsub_message_get_recipient(message, i, &address) != MAILSUB_OK ||
            !is_same(address, asked->recipients[i]))
            return complain("recipients", address);
    }
    const char *path = NULL;
    const char *name;
    if (mailsub_message_count_mailboxes(message, "Return-Path") > 0)
        mailsub_message_get_mailbox(message, "Return-Path", 0, &path, &name);
    if (!is_same(path, asked->sender))
        return complain("Return-Path", path);
    if (mailsub_message_needs_smtputf8(message) != asked->needs_smtputf8)
        return complain("need for SMTPUTF8", "the contrary");
    return NULL;
}

static const char *check_headers(const struct asked *asked, mailsub_message *message)
{
    if (mailsub_message_count_headers(message) != asked->n_headers)
        return complain("fields", "another number");
    for (size_t i = 0; i < asked->n_headers; i++) {
        const char *name, *value;
        if (mailsub_message_get_header(message, i, &name, &value) != MAILSUB_OK)
            return complain("fields", "an error");
        const struct asked_header *want = &asked->headers[i];
        if (want->given.ptr && (strcasecmp(name, want->name.ptr) || !is_same(value, want->given)))
            return complain(want->name.ptr, value);
    }
    return NULL;
}

static const char *check_parts(const struct asked *asked, mailsub_message *message)
{
    if (mailsub_message_count_parts(message) != asked->n_parts)
        return complain("parts", "another number");
    for (size_t i = 0; i < asked->n_parts; i++) {
        const struct asked_part *want = &asked->parts[i];
        const char *id = mailsub_message_get_part_content_id(message, i);
        bool any = want->content_id.ptr && want->content_id.len == 0;
        if (!is_same(mailsub_message_get_part_file_name(message, i), want->file_name))
            return complain("file name", mailsub_message_get_part_file_name(message, i));
        if (any ? id == NULL : !is_same(id, want->content_id))
            return complain("Content-ID", id);
    }
    return NULL;
}

const char *check_getters(const struct asked *asked, mailsub_message *message)
{
    const char *wrong = check_envelope(asked, message);
    for (int i = 0; i < N_LISTS && !wrong; i++)
        wrong = check_list(&asked->lists[i], message, list_names[i]);
    const char *subject;
    if (!wrong &&
        (mailsub_message_get_subject(message, &subject) || !is_same(subject, asked->subject)))
        wrong = complain("Subject", subject);
    const char *text;
    size_t len;
    if (!wrong && (mailsub_message_get_text(message, &text, &len) ||
                   (text == NULL) != !asked->text.ptr || len != asked->text.len))
        wrong = complain("text", text);
    if (!wrong)
        wrong = check_headers(asked, message);
    return wrong ? wrong : check_parts(asked, message);
}

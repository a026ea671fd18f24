/* SPDX-License-Identifier: 0BSD */
/* What a message holds: an existing one, texts, attachments. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "handlers.h"

/* read_whole has said what is wrong with a file. */
static int told(struct work *work)
{
    work->why = "";
    return MAILSUB_E_FILE;
}

int message_raw(struct work *work, const char *value)
{
    uint32_t flags = is_set(work, OPTION_RECIPIENTS) ? MAILSUB_FROM_TAKE_RECIPIENTS : 0;
    size_t len;
    work->is_existing = true;
    if (strcmp(value, "-") != 0)
        return mailsub_message_load_file(work->message, value, flags);
    char *data = read_whole(work, value, 0, &len);
    if (!data)
        return told(work);
    int rc = mailsub_message_load_bytes(work->message, data, len, flags);
    free(data);
    return rc;
}

typedef int (*set_text_fn)(mailsub_message *message, const char *text, size_t len);

static int take_text(struct work *work, const char *value, set_text_fn set)
{
    size_t len;
    if (work->current->is_data)
        return set(work->message, value, MAILSUB_NUL_TERMINATED);
    char *data = read_whole(work, value, 0, &len);
    if (!data)
        return told(work);
    int rc = set(work->message, data, len);
    free(data);
    return rc;
}

int message_text(struct work *work, const char *value)
{
    return take_text(work, value, mailsub_message_set_text);
}

int message_html(struct work *work, const char *value)
{
    return take_text(work, value, mailsub_message_set_html);
}

int message_flowed(struct work *work, const char *value)
{
    (void)value;
    return mailsub_message_set_text_flowed(work->message, 1);
}

int message_calendar(struct work *work, const char *value)
{
    size_t n_method = strcspn(value, ":");
    size_t len;
    if (value[n_method] != ':') {
        work->why = "an invitation is written METHOD:FILE";
        return MAILSUB_E_INVALID;
    }
    char *data = read_whole(work, value + n_method + 1, 0, &len);
    if (!data)
        return told(work);
    char *method = copy_text(value, n_method);
    int rc = mailsub_message_set_calendar(work->message, method, data, len);
    free(method);
    free(data);
    return rc;
}

/* FILE[:TYPE[:NAME]], cut out in place. */
struct part {
    char *path;
    const char *type;
    const char *name;
};

/* A colon may stand in the name of a file: the longest name that is one wins. */
static struct part split(char *text)
{
    struct part part = {.path = text};
    char *colon = text + strlen(text);
    char *last = NULL;
    while (access(text, F_OK) != 0) {
        if (last)
            *last = ':';
        do
            colon--;
        while (colon > text && *colon != ':');
        if (colon <= text)
            return part;
        *colon = '\0';
        last = colon;
    }
    part.type = last ? last + 1 : NULL;
    return part;
}

static int add_part(struct work *work, const char *value, bool is_embedded)
{
    char *text = copy_text(value, strlen(value));
    struct part part = split(text);
    char *colon = part.type ? strchr(part.type, ':') : NULL;
    if (colon) {
        *colon = '\0';
        part.name = colon[1] != '\0' ? colon + 1 : NULL;
    }
    if (part.type && *part.type == '\0')
        part.type = NULL;
    int rc = is_embedded
                 ? mailsub_message_embed_file(work->message, part.path, part.name, part.type)
                 : mailsub_message_attach_file(work->message, part.path, part.name, part.type);
    free(text);
    return rc;
}

int message_attach(struct work *work, const char *value)
{
    return add_part(work, value, false);
}

int message_embed(struct work *work, const char *value)
{
    return add_part(work, value, true);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The setters of the content: text, HTML, attachments. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "codec/utf8.h"
#include "message/line.h"
#include "message/state.h"

static int replace_text(mailsub_message *message, struct mailsub__text *text, const char *data,
                        size_t len)
{
    if (!data && (len == 0 || len == MAILSUB_NUL_TERMINATED)) {
        mailsub__free(&message->allocator, text->data);
        *text = (struct mailsub__text){.data = NULL};
        return MAILSUB_OK;
    }
    if (!data)
        return MAILSUB_E_INVALID;
    if (len == MAILSUB_NUL_TERMINATED)
        len = strlen(data);
    if (!mailsub__utf8_is_valid(mailsub__slice_of(data, len)))
        return MAILSUB_E_UTF8;
    if (memchr(data, '\0', len))
        return MAILSUB_E_CONTROL;
    char *copy = mailsub__alloc(&message->allocator, len);
    if (!copy)
        return MAILSUB_E_NOMEM;
    memcpy(copy, data, len);
    mailsub__free(&message->allocator, text->data);
    *text = (struct mailsub__text){.data = copy, .len = len};
    return MAILSUB_OK;
}

int mailsub_message_set_text(mailsub_message *message, const char *text, size_t len)
{
    int rc = mailsub__message_begin_change(message);
    if (!rc)
        rc = replace_text(message, &message->text, text, len);
    return mailsub__message_end_change(message, "text", rc);
}

int mailsub_message_set_html(mailsub_message *message, const char *html, size_t len)
{
    int rc = mailsub__message_begin_change(message);
    if (!rc)
        rc = replace_text(message, &message->html, html, len);
    return mailsub__message_end_change(message, "html", rc);
}

/* A name that no reader can take for a path. */
static int check_file_name(mailsub__slice name)
{
    int rc = mailsub__line_check(name, MAILSUB__LINE_NO_TAB);
    if (rc)
        return rc;
    bool is_dots = mailsub__slice_equal(name, mailsub__slice_str(".")) ||
                   mailsub__slice_equal(name, mailsub__slice_str(".."));
    if (name.len == 0 || is_dots || memchr(name.ptr, '/', name.len) ||
        memchr(name.ptr, '\\', name.len))
        return MAILSUB_E_FILE_NAME;
    return MAILSUB_OK;
}

/* restricted-name of RFC 6838 section 4.2, narrower than the tokens of RFC 2045. */
static bool is_restricted_name(mailsub__slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool letter = mailsub__ascii_is_alpha(c) || mailsub__ascii_is_digit(c);
        if (!letter && (i == 0 || c == '\0' || !strchr("!#$&-^_.+", c)))
            return false;
    }
    return text.len > 0 && text.len <= 127;
}

/* type/subtype of a part that is not made of parts. */
static int check_media_type(mailsub__slice type)
{
    int rc = mailsub__line_check(type, MAILSUB__LINE_NO_TAB);
    if (rc)
        return rc;
    const char *slash = memchr(type.ptr, '/', type.len);
    if (!slash)
        return MAILSUB_E_MEDIA_TYPE;
    mailsub__slice top = mailsub__slice_of(type.ptr, (size_t)(slash - type.ptr));
    mailsub__slice sub = mailsub__slice_of(slash + 1, type.len - top.len - 1);
    if (!is_restricted_name(top) || !is_restricted_name(sub) ||
        mailsub__slice_equal_nocase(top, mailsub__slice_str("multipart")) ||
        mailsub__slice_equal_nocase(top, mailsub__slice_str("message")))
        return MAILSUB_E_MEDIA_TYPE;
    return MAILSUB_OK;
}

/* Take memory for an attachment with its texts, and in_memory octets of room behind them. */
static int new_attachment(mailsub_message *message, mailsub__slice file_name,
                          mailsub__slice media_type, size_t in_memory,
                          struct mailsub__attachment **out, char **out_room)
{
    size_t n_bytes = sizeof **out + file_name.len + media_type.len;
    struct mailsub__attachment *attachment = mailsub__add_overflows(n_bytes, in_memory, &n_bytes)
                                                 ? NULL
                                                 : mailsub__arena_alloc(&message->arena, n_bytes);
    if (!attachment)
        return MAILSUB_E_NOMEM;
    char *room = (char *)(attachment + 1);
    *attachment = (struct mailsub__attachment){
        .file_name = mailsub__slice_of(room, file_name.len),
        .media_type = mailsub__slice_of(room + file_name.len, media_type.len),
    };
    room = mempcpy(room, file_name.ptr, file_name.len);
    for (size_t i = 0; i < media_type.len; i++)
        *room++ = mailsub__ascii_lower(media_type.ptr[i]);
    *out = attachment;
    *out_room = room;
    return MAILSUB_OK;
}

static void link_attachment(mailsub_message *message, struct mailsub__attachment *attachment)
{
    if (message->last_attachment)
        message->last_attachment->next = attachment;
    else
        message->first_attachment = attachment;
    message->last_attachment = attachment;
    message->n_attachments++;
}

static int check_attachment(const mailsub_message *message, mailsub__slice file_name,
                            mailsub__slice media_type)
{
    int rc = check_file_name(file_name);
    if (rc)
        return rc;
    rc = check_media_type(media_type);
    if (rc)
        return rc;
    return message->n_attachments == MAILSUB_MAX_ATTACHMENTS ? MAILSUB_E_LIMIT : MAILSUB_OK;
}

static mailsub__slice media_type_or_default(const char *media_type)
{
    return mailsub__slice_str(media_type ? media_type : "application/octet-stream");
}

static int attach_data(mailsub_message *message, mailsub__slice file_name,
                       mailsub__slice media_type, mailsub__slice data)
{
    int rc = check_attachment(message, file_name, media_type);
    if (rc)
        return rc;
    if (mailsub__base64_encoded_len(data.len) == SIZE_MAX)
        return MAILSUB_E_LIMIT;
    struct mailsub__attachment *attachment;
    char *room;
    rc = new_attachment(message, file_name, media_type, data.len, &attachment, &room);
    if (rc)
        return rc;
    memcpy(room, data.ptr, data.len);
    attachment->data = room;
    attachment->len = data.len;
    link_attachment(message, attachment);
    return MAILSUB_OK;
}

int mailsub_message_attach_data(mailsub_message *message, const char *file_name,
                                const char *media_type, const void *data, size_t len)
{
    int rc = mailsub__message_begin_change(message);
    if (!rc && (!file_name || (!data && len > 0)))
        rc = MAILSUB_E_INVALID;
    if (!rc)
        rc = attach_data(message, mailsub__slice_str(file_name), media_type_or_default(media_type),
                         mailsub__slice_of(data, len));
    return mailsub__message_end_change(message, "attachment", rc);
}

/*
 * Not blocking, so that a FIFO or a device under this name cannot hold up the program, and without
 * becoming its terminal.
 */
static int open_regular(const char *path, int *out_fd, size_t *out_len)
{
    int fd;
    do {
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return MAILSUB_E_FILE;
    struct stat facts;
    if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode) || facts.st_size < 0) {
        close(fd);
        return MAILSUB_E_FILE;
    }
    *out_fd = fd;
    *out_len = (uintmax_t)facts.st_size < SIZE_MAX ? (size_t)facts.st_size : SIZE_MAX;
    return MAILSUB_OK;
}

int mailsub__attachment_open(const struct mailsub__attachment *attachment, int *out_fd)
{
    int fd;
    size_t len;
    int rc = open_regular(attachment->path, &fd, &len);
    if (rc)
        return rc;
    if (len != attachment->len) {
        close(fd);
        return MAILSUB_E_FILE_CHANGED;
    }
    *out_fd = fd;
    return MAILSUB_OK;
}

void mailsub__attachment_close(int fd)
{
    close(fd);
}

/* The path and the size are kept, not the descriptor: a program may have few of them. */
static int attach_file(mailsub_message *message, const char *path, mailsub__slice file_name,
                       mailsub__slice media_type)
{
    int rc = check_attachment(message, file_name, media_type);
    if (rc)
        return rc;
    int fd;
    size_t len;
    rc = open_regular(path, &fd, &len);
    if (rc)
        return rc;
    close(fd);
    if (mailsub__base64_encoded_len(len) == SIZE_MAX)
        return MAILSUB_E_LIMIT;
    struct mailsub__attachment *attachment;
    char *room;
    size_t path_len = strlen(path) + 1;
    rc = new_attachment(message, file_name, media_type, path_len, &attachment, &room);
    if (rc)
        return rc;
    memcpy(room, path, path_len);
    attachment->path = room;
    attachment->len = len;
    link_attachment(message, attachment);
    return MAILSUB_OK;
}

static mailsub__slice last_component(const char *path)
{
    const char *slash = strrchr(path, '/');
    return mailsub__slice_str(slash ? slash + 1 : path);
}

int mailsub_message_attach_file(mailsub_message *message, const char *path, const char *file_name,
                                const char *media_type)
{
    int rc = mailsub__message_begin_change(message);
    if (!rc && !path)
        rc = MAILSUB_E_INVALID;
    if (!rc)
        rc = attach_file(message, path,
                         file_name ? mailsub__slice_str(file_name) : last_component(path),
                         media_type_or_default(media_type));
    return mailsub__message_end_change(message, "attachment", rc);
}

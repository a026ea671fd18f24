/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The setters of attachments and of what the HTML embeds; and their files. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/memory.h"
#include "message/address.h"
#include "message/line.h"
#include "message/media_type.h"
#include "message/state.h"

/* What a new part is to be; checked and copied as a whole. */
struct wanted {
    const char *file_name;  /* NULL: none */
    const char *media_type; /* NULL: guess it from the file's name */
    const char *content_id; /* NULL when it embeds: generate one */
    bool embeds;
    const char *path; /* NULL: data */
    mailsub__slice data;
};

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

/* The part with this Content-ID, without angle brackets; NULL: there is none. */
static const struct mailsub__part *find_embedded(const mailsub_message *message, mailsub__slice id)
{
    for (const struct mailsub__part *part = message->first_part; part; part = part->next) {
        if (part->content_id.len > 0 && mailsub__slice_equal(part->content_id, id))
            return part;
    }
    return NULL;
}

/*
 * Check a Content-ID, or make one when none is given. It names no person, but readers want a domain
 * in it: the author's, or one that belongs to nobody (RFC 2606 section 2).
 */
static int fix_content_id(const mailsub_message *message, const struct wanted *wanted,
                          char out[MAILSUB__MESSAGE_ID_SIZE])
{
    *out = '\0';
    if (!wanted->embeds)
        return MAILSUB_OK;
    if (!wanted->content_id) {
        mailsub__slice domain = message->from.is_set
                                    ? mailsub__address_domain(message->from.mailbox.address)
                                    : mailsub__slice_str("embedded.invalid");
        return mailsub__message_id_generate(out, &message->random, domain);
    }
    mailsub__slice id = mailsub__slice_str(wanted->content_id);
    int rc = mailsub__line_check(id, MAILSUB__LINE_NO_TAB);
    if (rc)
        return rc;
    if (id.len >= 2 && id.ptr[0] == '<' && id.ptr[id.len - 1] == '>')
        id = mailsub__slice_of(id.ptr + 1, id.len - 2);
    if (!mailsub__message_id_is_valid(id) || find_embedded(message, id))
        return MAILSUB_E_MESSAGE_ID;
    *out++ = '<';
    out = mempcpy(out, id.ptr, id.len);
    strcpy(out, ">");
    return MAILSUB_OK;
}

static int check_type(const struct wanted *wanted, mailsub__slice type)
{
    int rc = mailsub__media_type_check(type);
    if (!rc && wanted->embeds && mailsub__media_type_is_message(type))
        rc = MAILSUB_E_MEDIA_TYPE;
    return rc;
}

static mailsub__slice copy_text(char **room, mailsub__slice text)
{
    char *copy = *room;
    *room = mempcpy(copy, text.ptr, text.len);
    *(*room)++ = '\0';
    return mailsub__slice_of(copy, text.len);
}

static void link_part(mailsub_message *message, struct mailsub__part *part)
{
    if (message->last_part)
        message->last_part->next = part;
    else
        message->first_part = part;
    message->last_part = part;
    message->n_parts++;
    message->n_embedded += part->content_id.len > 0;
}

/* Add what was checked, but for its content; *out_room: where in_memory octets of it go. */
static int new_part(mailsub_message *message, const struct mailsub__part *like, size_t in_memory,
                    struct mailsub__part **out_part, char **out_room)
{
    size_t n_bytes =
        sizeof *like + like->file_name.len + like->media_type.len + like->content_id.len + 3;
    struct mailsub__part *part = mailsub__add_overflows(n_bytes, in_memory, &n_bytes)
                                     ? NULL
                                     : mailsub__arena_alloc(&message->arena, n_bytes);
    if (!part)
        return MAILSUB_E_NOMEM;
    *part = *like;
    char *room = (char *)(part + 1);
    part->file_name = copy_text(&room, like->file_name);
    part->media_type = copy_text(&room, like->media_type);
    part->content_id = copy_text(&room, like->content_id);
    *out_part = part;
    *out_room = room;
    return MAILSUB_OK;
}

/*
 * Not blocking, so that a FIFO or a device under this name cannot hold up the program, and without
 * becoming its terminal.
 */
static int open_regular(const char *path, int *out_fd, size_t *out_len)
{
    int fd;
    do {
        fd = mailsub__fd_lift(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
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

int mailsub__part_open(const struct mailsub__part *part, int *out_fd)
{
    int fd;
    size_t len;
    int rc = open_regular(part->path, &fd, &len);
    if (rc)
        return rc;
    if (len != part->len) {
        close(fd);
        return MAILSUB_E_FILE_CHANGED;
    }
    *out_fd = fd;
    return MAILSUB_OK;
}

int mailsub__part_read(int fd, char *out, size_t room, size_t *out_len)
{
    ssize_t n;
    do {
        n = read(fd, out, room);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return MAILSUB_E_FILE;
    *out_len = (size_t)n;
    return MAILSUB_OK;
}

void mailsub__part_close(int fd)
{
    close(fd);
}

/* The path and the size are kept, not the descriptor: a program may have few of them. */
static int measure(const struct wanted *wanted, size_t *out_len)
{
    *out_len = wanted->data.len;
    if (!wanted->path)
        return MAILSUB_OK;
    int fd;
    int rc = open_regular(wanted->path, &fd, out_len);
    if (!rc)
        close(fd);
    return rc;
}

static mailsub__slice last_component(const char *path)
{
    const char *slash = strrchr(path, '/');
    return mailsub__slice_str(slash ? slash + 1 : path);
}

/* What is wanted, checked; the texts are borrowed, id holds the Content-ID. */
static int check_wanted(const mailsub_message *message, const struct wanted *wanted,
                        char id[MAILSUB__MESSAGE_ID_SIZE], struct mailsub__part *out)
{
    mailsub__slice name = wanted->path && !wanted->file_name
                              ? last_component(wanted->path)
                              : mailsub__slice_str(wanted->file_name);
    bool has_name = wanted->path || wanted->file_name;
    int rc = has_name ? check_file_name(name) : MAILSUB_OK;
    if (rc)
        return rc;
    mailsub__slice type = wanted->media_type ? mailsub__slice_str(wanted->media_type)
                                             : mailsub__media_type_of_name(name);
    bool guessed = !wanted->media_type;
    if (guessed && wanted->embeds && mailsub__media_type_is_message(type))
        type = mailsub__slice_str(MAILSUB__MEDIA_TYPE_OCTETS);
    rc = check_type(wanted, type);
    if (!rc)
        rc = fix_content_id(message, wanted, id);
    if (!rc && message->n_parts == MAILSUB_MAX_ATTACHMENTS)
        rc = MAILSUB_E_LIMIT;
    if (rc)
        return rc;
    *out = (struct mailsub__part){
        .file_name = name,
        .media_type = type,
        .content_id =
            wanted->embeds ? mailsub__slice_of(id + 1, strlen(id) - 2) : MAILSUB__SLICE_EMPTY,
        .is_message = mailsub__media_type_is_message(type),
        .type_is_guessed = guessed,
    };
    return MAILSUB_OK;
}

static int add_part(mailsub_message *message, const struct wanted *wanted)
{
    char id[MAILSUB__MESSAGE_ID_SIZE];
    struct mailsub__part checked;
    int rc = check_wanted(message, wanted, id, &checked);
    if (!rc)
        rc = measure(wanted, &checked.len);
    if (rc)
        return rc;
    if (mailsub__base64_encoded_len(checked.len) == SIZE_MAX)
        return MAILSUB_E_LIMIT;
    mailsub__slice kept =
        wanted->path ? mailsub__slice_of(wanted->path, strlen(wanted->path) + 1) : wanted->data;
    struct mailsub__part *part;
    char *room;
    rc = new_part(message, &checked, kept.len, &part, &room);
    if (rc)
        return rc;
    memcpy(room, kept.ptr, kept.len);
    if (wanted->path)
        part->path = room;
    else
        part->data = room;
    link_part(message, part);
    return MAILSUB_OK;
}

int mailsub_message_attach_data(mailsub_message *message, const char *file_name,
                                const char *media_type, const void *data, size_t len)
{
    int rc = mailsub__message_begin_change(message);
    if (!rc && (!file_name || (!data && len > 0)))
        rc = MAILSUB_E_INVALID;
    if (!rc)
        rc = add_part(message, &(struct wanted){.file_name = file_name,
                                                .media_type = media_type,
                                                .data = mailsub__slice_of(data, len)});
    return mailsub__message_end_change(message, "attachment", rc);
}

int mailsub_message_attach_file(mailsub_message *message, const char *path, const char *file_name,
                                const char *media_type)
{
    int rc = mailsub__message_begin_change(message);
    if (!rc && !path)
        rc = MAILSUB_E_INVALID;
    if (!rc)
        rc = add_part(message, &(struct wanted){
                                   .file_name = file_name, .media_type = media_type, .path = path});
    return mailsub__message_end_change(message, "attachment", rc);
}

int mailsub_message_embed_data(mailsub_message *message, const char *content_id,
                               const char *media_type, const void *data, size_t len)
{
    int rc = mailsub__message_begin_change(message);
    if (!rc && (!media_type || (!data && len > 0)))
        rc = MAILSUB_E_INVALID;
    if (!rc)
        rc = add_part(message, &(struct wanted){.embeds = true,
                                                .content_id = content_id,
                                                .media_type = media_type,
                                                .data = mailsub__slice_of(data, len)});
    return mailsub__message_end_change(message, "embedded", rc);
}

int mailsub_message_embed_file(mailsub_message *message, const char *path, const char *content_id,
                               const char *media_type)
{
    int rc = mailsub__message_begin_change(message);
    if (!rc && !path)
        rc = MAILSUB_E_INVALID;
    if (!rc)
        rc = add_part(message, &(struct wanted){.embeds = true,
                                                .content_id = content_id,
                                                .media_type = media_type,
                                                .path = path});
    return mailsub__message_end_change(message, "embedded", rc);
}

static int copy_part(mailsub_message *to, const struct mailsub__part *from)
{
    mailsub__slice content =
        from->path ? mailsub__slice_str(from->path) : mailsub__slice_of(from->data, from->len);
    struct mailsub__part *part;
    char *room;
    int rc = new_part(to, from, content.len + 1, &part, &room);
    if (rc)
        return rc;
    memcpy(room, content.ptr, content.len);
    room[content.len] = '\0';
    if (from->path)
        part->path = room;
    else
        part->data = room;
    part->next = NULL;
    link_part(to, part);
    return MAILSUB_OK;
}

int mailsub__parts_copy(mailsub_message *to, const mailsub_message *from)
{
    int rc = MAILSUB_OK;
    for (const struct mailsub__part *part = from->first_part; part && !rc; part = part->next)
        rc = copy_part(to, part);
    return rc;
}

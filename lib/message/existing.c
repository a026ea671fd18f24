/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes a message of octets or a file that hold one already. */
#include "message/existing.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/memory.h"
#include "message/same_file.h"
#include "message/state.h"

enum { FIRST_BLOCK = 64 * 1024 };

int mailsub__existing_read(int fd, char *out, size_t room, size_t *out_len)
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

void mailsub__existing_close(int fd)
{
    close(fd);
}

/* Not blocking, so that a FIFO under this name cannot hold up the program. */
static int open_regular(const char *path, int *out_fd, struct stat *out_facts)
{
    int fd;
    do {
        fd = mailsub__fd_lift(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    } while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return MAILSUB_E_FILE;
    if (fstat(fd, out_facts) != 0 || !S_ISREG(out_facts->st_mode) || out_facts->st_size < 0) {
        close(fd);
        return MAILSUB_E_FILE;
    }
    *out_fd = fd;
    return MAILSUB_OK;
}

/*
 * What was looked through and what is sent must be the same octets, or a long line or a NUL could
 * get past the checks.
 */
int mailsub__existing_verify(const struct mailsub__existing_source *source, int fd)
{
    struct stat now;
    if (fstat(fd, &now) != 0)
        return MAILSUB_E_FILE;
    return mailsub__same_file(&now, &source->facts) ? MAILSUB_OK : MAILSUB_E_FILE_CHANGED;
}

int mailsub__existing_open(const struct mailsub__existing_source *source, uint64_t at, int *out_fd)
{
    int fd;
    struct stat facts;
    int rc = open_regular(source->path, &fd, &facts);
    if (rc)
        return rc;
    rc = mailsub__existing_verify(source, fd);
    if (!rc && lseek(fd, (off_t)at, SEEK_SET) < 0)
        rc = MAILSUB_E_FILE;
    if (rc)
        close(fd);
    else
        *out_fd = fd;
    return rc;
}

int mailsub__existing_check(const struct mailsub__existing *existing)
{
    if (!existing->source.path)
        return MAILSUB_OK;
    int fd;
    int rc = mailsub__existing_open(&existing->source, 0, &fd);
    if (!rc)
        close(fd);
    return rc;
}

void mailsub__existing_free(struct mailsub__existing *existing, const mailsub_allocator *allocator)
{
    if (!existing)
        return;
    mailsub__free(allocator, existing->source.data);
    mailsub__free(allocator, existing->source.path);
    mailsub__free(allocator, existing->message_id);
    mailsub__free(allocator, existing->parts);
    mailsub__buffer_deinit(&existing->header);
    mailsub__buffer_deinit(&existing->signed_names);
    mailsub__free(allocator, existing);
}

static int copy(const mailsub_allocator *allocator, mailsub__slice from, char **out)
{
    *out = mailsub__alloc(allocator, from.len);
    if (!*out)
        return MAILSUB_E_NOMEM;
    memcpy(*out, from.ptr, from.len);
    return MAILSUB_OK;
}

void mailsub__existing_blame(struct mailsub__existing *existing, mailsub__slice where)
{
    size_t n = where.len < sizeof existing->fault - 1 ? where.len : sizeof existing->fault - 1;
    memmove(existing->fault, where.ptr, n);
    existing->fault[n] = '\0';
}

/* Header and envelope, when the header was found at the front of the source. */
static int take_header(mailsub_message *message, mailsub__header_scan scan, uint32_t flags)
{
    mailsub__existing_blame(message->existing, mailsub__slice_str("header"));
    if (scan.rest.len > MAILSUB_MAX_HEADER_VALUE)
        return MAILSUB_E_LIMIT;
    int rc = mailsub__existing_read_header(message, scan);
    if (!rc)
        rc = mailsub__existing_take_envelope(message, scan, flags);
    return rc ? rc : mailsub__existing_tell(message);
}

static int take_bytes(mailsub_message *message, mailsub__slice data, uint32_t flags)
{
    struct mailsub__existing *existing = message->existing;
    int rc = copy(&message->allocator, data, &existing->source.data);
    if (rc)
        return rc;
    data.ptr = existing->source.data;
    existing->source.len = data.len;
    mailsub__header_scan scan;
    size_t body_at;
    mailsub__header_scan_find(data, true, &scan, &body_at);
    existing->body_at = body_at;
    mailsub__existing_body_feed(&existing->body, data.ptr + body_at, data.len - body_at);
    return take_header(message, scan, flags);
}

/* Read from the front of the file until the header's end is seen; twice as much each time. */
static int read_front(struct mailsub__existing *existing, int fd, mailsub__buffer *front,
                      mailsub__header_scan *out_scan, size_t *out_body_at)
{
    for (size_t wanted = FIRST_BLOCK; wanted <= 4 * MAILSUB_MAX_HEADER_VALUE; wanted *= 2) {
        size_t n = 1;
        while (front->len < wanted && n > 0) {
            char *room;
            int rc = mailsub__buffer_reserve(front, wanted - front->len, &room);
            if (!rc)
                rc = mailsub__existing_read(fd, room, wanted - front->len, &n);
            if (rc)
                return rc;
            mailsub__buffer_commit(front, n);
        }
        if (mailsub__header_scan_find(mailsub__buffer_slice(front), n == 0, out_scan, out_body_at))
            return MAILSUB_OK;
    }
    mailsub__existing_blame(existing, mailsub__slice_str("header"));
    return MAILSUB_E_LIMIT;
}

/* Look through what is behind the front; the front's room serves for it. */
static int scan_rest(struct mailsub__existing *existing, int fd, mailsub__buffer *front)
{
    for (size_t n = 1; n > 0;) {
        mailsub__buffer_reset(front);
        char *room;
        int rc = mailsub__buffer_reserve(front, FIRST_BLOCK, &room);
        if (!rc)
            rc = mailsub__existing_read(fd, room, FIRST_BLOCK, &n);
        if (rc)
            return rc;
        mailsub__existing_body_feed(&existing->body, room, n);
    }
    bool whole = existing->body_at + existing->body.len == existing->source.len;
    return whole ? mailsub__existing_verify(&existing->source, fd) : MAILSUB_E_FILE_CHANGED;
}

static int take_open_file(mailsub_message *message, int fd, mailsub__buffer *front, uint32_t flags)
{
    struct mailsub__existing *existing = message->existing;
    mailsub__header_scan scan;
    size_t body_at;
    int rc = read_front(existing, fd, front, &scan, &body_at);
    if (rc)
        return rc;
    existing->body_at = body_at;
    mailsub__slice text = mailsub__buffer_slice(front);
    mailsub__existing_body_feed(&existing->body, text.ptr + body_at, text.len - body_at);
    rc = take_header(message, scan, flags);
    mailsub__existing_blame(existing, mailsub__slice_str(rc ? existing->fault : "file"));
    return rc ? rc : scan_rest(existing, fd, front);
}

static int take_file(mailsub_message *message, const char *path, uint32_t flags)
{
    struct mailsub__existing_source *source = &message->existing->source;
    mailsub__existing_blame(message->existing, mailsub__slice_str("file"));
    int rc = copy(&message->allocator, mailsub__slice_of(path, strlen(path) + 1), &source->path);
    if (rc)
        return rc;
    int fd;
    rc = open_regular(path, &fd, &source->facts);
    if (rc)
        return rc;
    source->len = (uint64_t)source->facts.st_size;
    mailsub__buffer front;
    mailsub__buffer_init(&front, &message->allocator, SIZE_MAX / 4);
    rc = take_open_file(message, fd, &front, flags);
    mailsub__buffer_deinit(&front);
    close(fd);
    return rc;
}

/* What there is of a Date in the header is known to the message. */
static void tell_date(mailsub_message *message)
{
    const struct mailsub__existing *existing = message->existing;
    if (!existing->date_is_known)
        return;
    message->has_date = true;
    message->unix_s = existing->unix_s;
    message->zone_min = existing->zone_min;
}

static int copy_text(const mailsub_allocator *allocator, const char *text, char **out)
{
    return text ? copy(allocator, mailsub__slice_of(text, strlen(text) + 1), out) : MAILSUB_OK;
}

static int copy_parts(const mailsub_allocator *allocator, const struct mailsub__existing *old,
                      struct mailsub__existing *new)
{
    if (old->n_parts == 0)
        return MAILSUB_OK;
    new->parts = mailsub__alloc_array(allocator, old->n_parts, sizeof *new->parts);
    if (!new->parts)
        return MAILSUB_E_NOMEM;
    memcpy(new->parts, old->parts, old->n_parts * sizeof *new->parts);
    new->room_for_parts = old->n_parts;
    return MAILSUB_OK;
}

int mailsub__existing_copy(mailsub_message *to, const mailsub_message *from)
{
    const mailsub_allocator *allocator = &to->allocator;
    const struct mailsub__existing *old = from->existing;
    struct mailsub__existing *new = mailsub__alloc(allocator, sizeof *new);
    if (!new)
        return MAILSUB_E_NOMEM;
    *new = *old;
    new->source.data = NULL;
    new->source.path = NULL;
    new->message_id = NULL;
    new->parts = NULL;
    new->room_for_parts = 0;
    mailsub__buffer_init(&new->header, allocator, SIZE_MAX / 4);
    mailsub__buffer_init(&new->signed_names, allocator, SIZE_MAX / 4);
    to->existing = new;
    tell_date(to);
    int rc = copy_text(allocator, old->source.path, &new->source.path);
    if (!rc && old->source.data)
        rc = copy(allocator, mailsub__slice_of(old->source.data, (size_t)old->source.len),
                  &new->source.data);
    if (!rc)
        rc = copy_text(allocator, old->message_id, &new->message_id);
    if (!rc)
        rc = copy_parts(allocator, old, new);
    if (!rc)
        rc = mailsub__buffer_append_slice(&new->header, mailsub__buffer_slice(&old->header));
    if (!rc)
        rc = mailsub__buffer_append_slice(&new->signed_names,
                                          mailsub__buffer_slice(&old->signed_names));
    return rc;
}

/* Most multiparts can be sent as they are: their parts are of no interest. */
static bool may_need_edits(const struct mailsub__existing *existing)
{
    const mailsub__existing_body *body = &existing->body;
    return existing->type.boundary[0] != '\0' && !existing->body_is_signed &&
           !mailsub__existing_is_encoded(existing->transfer) &&
           (body->has_nul || body->has_long_line || body->n_8bit > 0 ||
            !mailsub__existing_line_ends_are_known(existing));
}

int mailsub__existing_make(mailsub_message *message, mailsub__slice data, const char *path,
                           uint32_t flags)
{
    if (flags & ~(uint32_t)MAILSUB_FROM_TAKE_RECIPIENTS)
        return MAILSUB_E_INVALID;
    struct mailsub__existing *existing =
        mailsub__alloc_zeroed(&message->allocator, sizeof *existing);
    if (!existing)
        return MAILSUB_E_NOMEM;
    message->existing = existing;
    mailsub__buffer_init(&existing->header, &message->allocator, SIZE_MAX / 4);
    mailsub__buffer_init(&existing->signed_names, &message->allocator, SIZE_MAX / 4);
    mailsub__existing_body_init(&existing->body);
    int rc = path ? take_file(message, path, flags) : take_bytes(message, data, flags);
    if (rc)
        return rc;
    mailsub__existing_body_finish(&existing->body);
    tell_date(message);
    if (may_need_edits(existing)) {
        rc = mailsub__existing_find_parts(existing);
        if (rc)
            return rc;
    }
    /* What no server could be sent is refused now, and not when it is on its way. */
    enum mailsub__existing_coding coding;
    const char *part;
    rc = mailsub__existing_plan(existing, true, &coding, &part);
    if (rc)
        mailsub__existing_blame(existing, mailsub__slice_str(part));
    return rc;
}

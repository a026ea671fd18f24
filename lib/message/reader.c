/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pulls a laid out message piece by piece. Memory is bounded by one block for octets of files,
 * however large the message is; where the pieces end never changes the octets.
 */
#include <errno.h>
#include <unistd.h>

#include "base/memory.h"
#include "message/state.h"

enum { FILE_BLOCK = 48 * 1024 };

void mailsub__reader_init(mailsub__reader *reader, const mailsub_message *message)
{
    *reader = (mailsub__reader){
        .message = message,
        .attachment = message->first_attachment,
        .fd = -1,
        .detail = "",
    };
}

static void close_file(mailsub__reader *reader)
{
    if (reader->fd >= 0)
        mailsub__attachment_close(reader->fd);
    reader->fd = -1;
}

void mailsub__reader_deinit(mailsub__reader *reader)
{
    close_file(reader);
    mailsub__free(&reader->message->allocator, reader->block);
    mailsub__reader_init(reader, reader->message);
}

static int fail(mailsub__reader *reader, int error)
{
    close_file(reader);
    reader->error = error;
    if (reader->inside && reader->attachment->path)
        reader->detail = reader->attachment->path;
    return error;
}

static int begin_attachment(mailsub__reader *reader)
{
    const struct mailsub__attachment *attachment = reader->attachment;
    reader->inside = true;
    mailsub__base64_init(&reader->base64);
    if (!attachment->path) {
        reader->in = attachment->data;
        reader->in_len = attachment->len;
        reader->file_left = 0;
        return MAILSUB_OK;
    }
    if (!reader->block) {
        reader->block = mailsub__alloc(&reader->message->allocator, FILE_BLOCK);
        if (!reader->block)
            return fail(reader, MAILSUB_E_NOMEM);
    }
    reader->in = reader->block;
    reader->in_len = 0;
    reader->file_left = attachment->len;
    int rc = mailsub__attachment_open(attachment, &reader->fd);
    return rc ? fail(reader, rc) : MAILSUB_OK;
}

static int read_block(mailsub__reader *reader, size_t wanted, size_t *out_len)
{
    ssize_t n;
    do {
        n = read(reader->fd, reader->block, wanted);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return MAILSUB_E_FILE;
    *out_len = (size_t)n;
    return MAILSUB_OK;
}

/* The next octets of the file; behind the last of them the file must end. */
static int refill(mailsub__reader *reader)
{
    size_t wanted = reader->file_left < FILE_BLOCK ? reader->file_left : FILE_BLOCK;
    size_t n;
    int rc = read_block(reader, wanted, &n);
    if (rc)
        return fail(reader, rc);
    if (n == 0)
        return fail(reader, MAILSUB_E_FILE_CHANGED);
    reader->in = reader->block;
    reader->in_len = n;
    reader->file_left -= n;
    return MAILSUB_OK;
}

static int end_attachment(mailsub__reader *reader)
{
    if (reader->fd >= 0) {
        size_t n;
        int rc = read_block(reader, 1, &n);
        if (!rc && n > 0)
            rc = MAILSUB_E_FILE_CHANGED;
        if (rc)
            return fail(reader, rc);
        close_file(reader);
    }
    reader->inside = false;
    reader->attachment = reader->attachment->next;
    return MAILSUB_OK;
}

/* Encode into out what is at hand of the attachment; *out_len may be 0. */
static int read_attachment(mailsub__reader *reader, char *out, size_t room, size_t *out_len)
{
    if (reader->in_len == 0 && reader->file_left > 0) {
        int rc = refill(reader);
        if (rc)
            return rc;
    }
    mailsub__step step = {
        .in = reader->in,
        .in_len = reader->in_len,
        .out = out,
        .out_room = room,
        .last = reader->file_left == 0,
    };
    bool done = mailsub__base64_encode(&reader->base64, &step);
    reader->in = step.in;
    reader->in_len = step.in_len;
    *out_len = room - step.out_room;
    return done ? end_attachment(reader) : MAILSUB_OK;
}

static size_t read_image(mailsub__reader *reader, char *out, size_t room)
{
    mailsub__slice image = mailsub__buffer_slice(&reader->message->image);
    size_t end = reader->attachment ? reader->attachment->image_at : image.len;
    size_t n = end - reader->image_at < room ? end - reader->image_at : room;
    memcpy(out, image.ptr + reader->image_at, n);
    reader->image_at += n;
    return n;
}

static bool at_attachment(const mailsub__reader *reader)
{
    return reader->attachment && reader->image_at == reader->attachment->image_at;
}

static bool at_end(const mailsub__reader *reader)
{
    return !reader->attachment && reader->image_at == reader->message->image.len;
}

int mailsub__reader_read(mailsub__reader *reader, char *out, size_t room, size_t *out_len)
{
    size_t filled = 0;
    while (filled < room && !reader->error && !at_end(reader)) {
        size_t n = 0;
        if (reader->inside)
            read_attachment(reader, out + filled, room - filled, &n);
        else if (at_attachment(reader))
            begin_attachment(reader);
        else
            n = read_image(reader, out + filled, room - filled);
        filled += n;
    }
    if (reader->error)
        return reader->error;
    *out_len = filled;
    return MAILSUB_OK;
}

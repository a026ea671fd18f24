/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pulls the body of an existing message, encoded on the way, in bounded memory. */
#include <unistd.h>

#include "base/memory.h"
#include "message/state.h"

enum { BLOCK = 48 * 1024, LINES = 16 * 1024 };

void mailsub__existing_reader_init(mailsub__existing_reader *reader)
{
    *reader = (mailsub__existing_reader){.fd = -1};
}

static void close_file(mailsub__existing_reader *reader)
{
    if (reader->fd >= 0)
        close(reader->fd);
    reader->fd = -1;
}

void mailsub__existing_reader_deinit(mailsub__existing_reader *reader)
{
    close_file(reader);
    if (reader->existing)
        mailsub__free(reader->allocator, reader->block);
    mailsub__existing_reader_init(reader);
}

int mailsub__existing_reader_begin(mailsub__existing_reader *reader,
                                   const struct mailsub__existing *existing,
                                   enum mailsub__existing_coding coding,
                                   const mailsub_allocator *allocator)
{
    reader->existing = existing;
    reader->coding = coding;
    reader->allocator = allocator;
    reader->ended = existing->body.len == 0;
    mailsub__newline_init(&reader->newline);
    mailsub__qp_init(&reader->qp);
    mailsub__base64_init(&reader->base64);
    bool in_file = existing->source.path != NULL;
    if (!in_file) {
        reader->in = existing->source.data + existing->body_at;
        reader->in_len = (size_t)existing->body.len;
    }
    if (in_file || reader->coding == MAILSUB__EXISTING_BASE64) {
        reader->block = mailsub__alloc(allocator, BLOCK + LINES);
        if (!reader->block)
            return MAILSUB_E_NOMEM;
    }
    if (!in_file)
        return MAILSUB_OK;
    reader->left = existing->body.len;
    return mailsub__existing_open(&existing->source, existing->body_at, &reader->fd);
}

/* The next octets of the file; it must hold all that it held. */
static int refill(mailsub__existing_reader *reader)
{
    size_t n;
    int rc = mailsub__existing_read(reader->fd, reader->block,
                                    reader->left < BLOCK ? (size_t)reader->left : BLOCK, &n);
    if (rc)
        return rc;
    if (n == 0)
        return MAILSUB_E_FILE_CHANGED;
    reader->in = reader->block;
    reader->in_len = n;
    reader->left -= n;
    return reader->left > 0 ? MAILSUB_OK
                            : mailsub__existing_verify(&reader->existing->source, reader->fd);
}

/* Base64 is of the text with its line ends made CRLF already (RFC 2045 section 6.8). */
static bool encode_lines(mailsub__existing_reader *reader, mailsub__step *step)
{
    if (reader->lines_len == 0 && !reader->lines_ended) {
        char *lines = reader->block + BLOCK;
        mailsub__step from = *step;
        from.out = lines;
        from.out_room = LINES;
        reader->lines_ended = mailsub__newline_encode(&reader->newline, &from);
        reader->lines = lines;
        reader->lines_len = LINES - from.out_room;
        step->in = from.in;
        step->in_len = from.in_len;
    }
    mailsub__step to = *step;
    to.in = reader->lines;
    to.in_len = reader->lines_len;
    to.last = reader->lines_ended;
    bool done = mailsub__base64_encode(&reader->base64, &to);
    reader->lines = to.in;
    reader->lines_len = to.in_len;
    step->out = to.out;
    step->out_room = to.out_room;
    return done;
}

static bool encode(mailsub__existing_reader *reader, mailsub__step *step)
{
    switch (reader->coding) {
    case MAILSUB__EXISTING_QUOTED_PRINTABLE:
        return mailsub__qp_encode(&reader->qp, step);
    case MAILSUB__EXISTING_BASE64:
        return encode_lines(reader, step);
    case MAILSUB__EXISTING_BASE64_RAW:
        return mailsub__base64_encode(&reader->base64, step);
    case MAILSUB__EXISTING_COPY:
        break;
    }
    return mailsub__newline_encode(&reader->newline, step);
}

static int read_some(mailsub__existing_reader *reader, char *out, size_t room, size_t *out_len)
{
    if (reader->in_len == 0 && reader->left > 0) {
        int rc = refill(reader);
        if (rc)
            return rc;
    }
    mailsub__step step = {
        .in = reader->in,
        .in_len = reader->in_len,
        .out = out,
        .out_room = room,
        .last = reader->left == 0,
    };
    reader->ended = encode(reader, &step);
    reader->in = step.in;
    reader->in_len = step.in_len;
    *out_len = room - step.out_room;
    return MAILSUB_OK;
}

int mailsub__existing_reader_read(mailsub__existing_reader *reader, char *out, size_t room,
                                  size_t *out_len)
{
    int rc = MAILSUB_OK;
    size_t filled = 0;
    while (!rc && filled < room && !reader->ended) {
        size_t n = 0;
        rc = read_some(reader, out + filled, room - filled, &n);
        filled += n;
    }
    if (rc || reader->ended)
        close_file(reader);
    if (rc)
        return rc;
    *out_len = filled;
    return MAILSUB_OK;
}

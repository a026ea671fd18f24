/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pulls a laid out message piece by piece. Memory is bounded by one block for octets of files,
 * however large the message is; where the pieces end never changes the octets.
 */
#include "base/memory.h"
#include "message/same_file.h"
#include "message/scan.h"
#include "message/state.h"

enum { FILE_BLOCK = 48 * 1024 };

void mailsub__reader_init(mailsub__reader *reader, const mailsub__image *image)
{
    *reader = (mailsub__reader){
        .allocator = image->octets.allocator,
        .image = image,
        .fd = -1,
        .detail = "",
    };
    mailsub__existing_reader_init(&reader->existing);
}

static void close_file(mailsub__reader *reader)
{
    if (reader->fd >= 0)
        mailsub__part_close(reader->fd);
    reader->fd = -1;
}

void mailsub__reader_deinit(mailsub__reader *reader)
{
    close_file(reader);
    mailsub__existing_reader_deinit(&reader->existing);
    mailsub__free(reader->allocator, reader->block);
    mailsub__reader_init(reader, reader->image);
}

static bool has_place(const mailsub__reader *reader)
{
    return reader->place < reader->image->n_places;
}

/* The place that comes next, or that is being read; there must be one. */
static const struct mailsub__place *place_of(const mailsub__reader *reader)
{
    return &reader->image->places[reader->place];
}

static int fail(mailsub__reader *reader, int error)
{
    close_file(reader);
    reader->error = error;
    if (reader->inside && place_of(reader)->part->path)
        reader->detail = place_of(reader)->part->path;
    return error;
}

/* A signed file has to be the one that was signed, or the signature would not fit. */
static int check_facts(mailsub__reader *reader)
{
    const struct mailsub__place *place = place_of(reader);
    struct stat now;
    if (!place->has_facts)
        return MAILSUB_OK;
    if (fstat(reader->fd, &now) != 0)
        return fail(reader, MAILSUB_E_FILE);
    return mailsub__same_file(&now, &place->facts) ? MAILSUB_OK
                                                   : fail(reader, MAILSUB_E_FILE_CHANGED);
}

static int note_facts(mailsub__reader *reader)
{
    struct mailsub__place *place = &reader->image->places[reader->place];
    if (fstat(reader->fd, &place->facts) != 0)
        return fail(reader, MAILSUB_E_FILE);
    place->has_facts = true;
    return MAILSUB_OK;
}

static int begin_part(mailsub__reader *reader)
{
    const struct mailsub__part *part = place_of(reader)->part;
    reader->inside = true;
    reader->digest = MAILSUB__SCAN_DIGEST_START;
    mailsub__base64_init(&reader->base64);
    mailsub__newline_init(&reader->newline);
    if (!part->path) {
        reader->in = part->data;
        reader->in_len = part->len;
        reader->file_left = 0;
        return MAILSUB_OK;
    }
    if (!reader->block) {
        reader->block = mailsub__alloc(reader->allocator, FILE_BLOCK);
        if (!reader->block)
            return fail(reader, MAILSUB_E_NOMEM);
    }
    reader->in = reader->block;
    reader->in_len = 0;
    reader->file_left = part->len;
    int rc = mailsub__part_open(part, &reader->fd);
    if (rc)
        return fail(reader, rc);
    return reader->notes_facts ? note_facts(reader) : check_facts(reader);
}

/* The next octets of the file; behind the last of them the file must end. */
static int refill(mailsub__reader *reader)
{
    size_t wanted = reader->file_left < FILE_BLOCK ? reader->file_left : FILE_BLOCK;
    size_t n;
    int rc = mailsub__part_read(reader->fd, reader->block, wanted, &n);
    if (rc)
        return fail(reader, rc);
    if (n == 0)
        return fail(reader, MAILSUB_E_FILE_CHANGED);
    if (place_of(reader)->has_digest)
        reader->digest = mailsub__scan_digest(reader->digest, reader->block, n);
    reader->in = reader->block;
    reader->in_len = n;
    reader->file_left -= n;
    return MAILSUB_OK;
}

static int end_part(mailsub__reader *reader)
{
    if (reader->fd >= 0) {
        char more;
        size_t n;
        int rc = mailsub__part_read(reader->fd, &more, 1, &n);
        if (!rc && n > 0)
            rc = MAILSUB_E_FILE_CHANGED;
        if (rc)
            return fail(reader, rc);
        close_file(reader);
    }
    reader->inside = false;
    reader->place++;
    return MAILSUB_OK;
}

static bool encode_nothing(mailsub__step *step)
{
    size_t n = step->in_len < step->out_room ? step->in_len : step->out_room;
    memcpy(step->out, step->in, n);
    step->in += n;
    step->in_len -= n;
    step->out += n;
    step->out_room -= n;
    return step->last && step->in_len == 0;
}

static bool encode(mailsub__reader *reader, mailsub__step *step)
{
    const struct mailsub__place *place = place_of(reader);
    if (place->part->is_message && place->encoding != MAILSUB__BODY_BASE64)
        return mailsub__newline_encode(&reader->newline, step);
    return place->encoding == MAILSUB__BODY_BASE64 ? mailsub__base64_encode(&reader->base64, step)
                                                   : encode_nothing(step);
}

/* Encode into out what is at hand of the part; *out_len may be 0. */
static int read_part(mailsub__reader *reader, char *out, size_t room, size_t *out_len)
{
    if (reader->in_len == 0 && reader->file_left > 0) {
        int rc = refill(reader);
        if (rc)
            return rc;
        /* Before the last octets are handed out: nobody shall get all of what was not checked. */
        if (reader->file_left == 0 && place_of(reader)->has_digest &&
            reader->digest != place_of(reader)->digest)
            return fail(reader, MAILSUB_E_FILE_CHANGED);
        if (reader->file_left == 0 && (rc = check_facts(reader)))
            return rc;
    }
    mailsub__step step = {
        .in = reader->in,
        .in_len = reader->in_len,
        .out = out,
        .out_room = room,
        .last = reader->file_left == 0,
    };
    bool done = encode(reader, &step);
    reader->in = step.in;
    reader->in_len = step.in_len;
    *out_len = room - step.out_room;
    return done ? end_part(reader) : MAILSUB_OK;
}

static size_t read_image(mailsub__reader *reader, char *out, size_t room)
{
    mailsub__slice octets = mailsub__buffer_slice(&reader->image->octets);
    size_t end = has_place(reader) ? place_of(reader)->image_at : octets.len;
    size_t n = end - reader->image_at < room ? end - reader->image_at : room;
    memcpy(out, octets.ptr + reader->image_at, n);
    reader->image_at += n;
    return n;
}

static bool at_place(const mailsub__reader *reader)
{
    return has_place(reader) && reader->image_at == place_of(reader)->image_at;
}

static bool at_end(const mailsub__reader *reader)
{
    return !has_place(reader) && reader->image_at == reader->image->octets.len;
}

static size_t read_signatures(mailsub__reader *reader, char *out, size_t room)
{
    mailsub__slice octets = mailsub__buffer_slice(&reader->image->signatures);
    size_t left = octets.len - reader->signatures_at;
    size_t n = left < room ? left : room;
    memcpy(out, octets.ptr + reader->signatures_at, n);
    reader->signatures_at += n;
    return n;
}

/* What stands behind the header of an existing message. */
static int read_existing(mailsub__reader *reader, char *out, size_t room, size_t *out_len)
{
    const mailsub__image *image = reader->image;
    if (!reader->existing.existing)
        reader->error = mailsub__existing_reader_begin(&reader->existing, image);
    if (!reader->error)
        reader->error = mailsub__existing_reader_read(&reader->existing, out, room, out_len);
    if (reader->error && image->existing->source.path)
        reader->detail = image->existing->source.path;
    return reader->error;
}

int mailsub__reader_read(mailsub__reader *reader, char *out, size_t room, size_t *out_len)
{
    size_t filled = read_signatures(reader, out, room);
    while (filled < room && !reader->error && !at_end(reader)) {
        size_t n = 0;
        if (reader->inside)
            read_part(reader, out + filled, room - filled, &n);
        else if (at_place(reader))
            begin_part(reader);
        else
            n = read_image(reader, out + filled, room - filled);
        filled += n;
    }
    if (!reader->error && filled < room && reader->image->existing) {
        size_t n = 0;
        read_existing(reader, out + filled, room - filled, &n);
        filled += n;
    }
    if (reader->error)
        return reader->error;
    *out_len = filled;
    return MAILSUB_OK;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pulls the body of an existing message, in bounded memory: copied with its line ends repaired, and
 * at each edit's place the words or the encoded octets that it asks for.
 */
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
        mailsub__existing_close(reader->fd);
    reader->fd = -1;
}

void mailsub__existing_reader_deinit(mailsub__existing_reader *reader)
{
    close_file(reader);
    if (reader->existing)
        mailsub__free(reader->allocator, reader->block);
    mailsub__existing_reader_init(reader);
}

int mailsub__existing_reader_begin(mailsub__existing_reader *reader, const mailsub__image *image)
{
    const struct mailsub__existing *existing = image->existing;
    reader->existing = existing;
    reader->allocator = image->octets.allocator;
    reader->edits = image->edits;
    reader->n_edits = image->n_edits;
    reader->ended = existing->body.len == 0;
    reader->at = existing->body_at;
    mailsub__newline_init(&reader->copy);
    bool in_file = existing->source.path != NULL;
    if (!in_file) {
        reader->in = existing->source.data + existing->body_at;
        reader->in_len = (size_t)existing->body.len;
    }
    /* A repair never makes a body shorter. What stands in a file may have changed since. */
    reader->is_right =
        !in_file && image->n_edits == 0 && existing->body.repaired_len == existing->body.len;
    if (in_file || image->n_edits > 0) {
        reader->block = mailsub__alloc(reader->allocator, BLOCK + LINES);
        if (!reader->block)
            return MAILSUB_E_NOMEM;
    }
    return in_file ? mailsub__existing_open(&existing->source, existing->body_at, &reader->fd)
                   : MAILSUB_OK;
}

/* The next octets of the file; it must hold all that it held. */
static int refill(mailsub__existing_reader *reader)
{
    const struct mailsub__existing_source *source = &reader->existing->source;
    uint64_t left = source->len - reader->at;
    size_t n;
    int rc =
        mailsub__existing_read(reader->fd, reader->block, left < BLOCK ? (size_t)left : BLOCK, &n);
    if (rc)
        return rc;
    if (n == 0)
        return MAILSUB_E_FILE_CHANGED;
    reader->in = reader->block;
    reader->in_len = n;
    return n < left ? MAILSUB_OK : mailsub__existing_verify(source, reader->fd);
}

static void advance(mailsub__existing_reader *reader, size_t n)
{
    reader->in += n;
    reader->in_len -= n;
    reader->at += n;
}

/* A step over what is at hand, up to the place end in the source. */
static mailsub__step step_to(const mailsub__existing_reader *reader, uint64_t end)
{
    uint64_t left = end - reader->at;
    bool has_all = reader->in_len >= left;
    return (mailsub__step){
        .in = reader->in,
        .in_len = has_all ? (size_t)left : reader->in_len,
        .last = has_all,
    };
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

static bool write_words(mailsub__existing_reader *reader, mailsub__step *step)
{
    size_t n = strnlen(reader->words, step->out_room);
    memcpy(step->out, reader->words, n);
    step->out_room -= n;
    reader->words += n;
    return *reader->words == '\0';
}

static bool encode(mailsub__existing_reader *reader, mailsub__step *step)
{
    if (reader->edits->words)
        return write_words(reader, step);
    if (reader->edits->coding == MAILSUB__EXISTING_QUOTED_PRINTABLE)
        return mailsub__qp_encode(&reader->qp, step);
    if (reader->edits->coding == MAILSUB__EXISTING_BASE64_RAW)
        return mailsub__base64_encode(&reader->base64, step);
    if (reader->edits->coding == MAILSUB__EXISTING_FOLD_BASE64)
        return mailsub__base64_fold_encode(&reader->fold, step);
    return encode_lines(reader, step);
}

static void begin_edit(mailsub__existing_reader *reader)
{
    reader->stage = MAILSUB__EXISTING_READER_EDITS;
    reader->words = reader->edits->words;
    reader->lines_len = 0;
    reader->lines_ended = false;
    mailsub__qp_init(&reader->qp);
    mailsub__base64_init(&reader->base64);
    mailsub__base64_fold_init(&reader->fold);
    mailsub__newline_init(&reader->newline);
    if (!reader->edits->ends_line)
        mailsub__newline_leave_open(&reader->newline);
}

/* Leave out what lies in front of the place where copying goes on. */
static void skip(mailsub__existing_reader *reader)
{
    mailsub__step rest = step_to(reader, reader->edits->resume);
    advance(reader, rest.in_len);
    if (!rest.last)
        return;
    reader->stage = MAILSUB__EXISTING_READER_COPIES;
    reader->edits++;
    reader->n_edits--;
    reader->ended = reader->at == reader->existing->source.len;
    mailsub__newline_init(&reader->copy);
}

static void write_edit(mailsub__existing_reader *reader, mailsub__step *step)
{
    const struct mailsub__existing_edit *edit = reader->edits;
    mailsub__step taken = step_to(reader, edit->words ? reader->at : edit->end);
    step->in = taken.in;
    step->in_len = taken.in_len;
    step->last = taken.last;
    bool done = encode(reader, step);
    advance(reader, taken.in_len - step->in_len);
    if (done)
        reader->stage = MAILSUB__EXISTING_READER_SKIPS;
}

/* What the copy still holds back goes in front of the edit: as long as there is room, nothing. */
static void copy(mailsub__existing_reader *reader, mailsub__step *step)
{
    bool is_last = reader->n_edits == 0;
    uint64_t end = is_last ? reader->existing->source.len : reader->edits->at;
    mailsub__step taken = step_to(reader, end);
    step->in = taken.in;
    step->in_len = taken.in_len;
    step->last = is_last && taken.last;
    bool done = mailsub__newline_encode(&reader->copy, step);
    advance(reader, taken.in_len - step->in_len);
    if (is_last)
        reader->ended = done;
    else if (reader->at == end && step->out_room > 0)
        begin_edit(reader);
}

static size_t copy_plain(mailsub__existing_reader *reader, char *out, size_t room)
{
    size_t n = reader->in_len < room ? reader->in_len : room;
    memcpy(out, reader->in, n);
    advance(reader, n);
    reader->ended = reader->in_len == 0;
    return n;
}

static int read_some(mailsub__existing_reader *reader, char *out, size_t room, size_t *out_len)
{
    if (reader->in_len == 0 && reader->at < reader->existing->source.len) {
        int rc = refill(reader);
        if (rc)
            return rc;
    }
    if (reader->is_right) {
        *out_len = copy_plain(reader, out, room);
        return MAILSUB_OK;
    }
    mailsub__step step = {.out = out, .out_room = room};
    if (reader->stage == MAILSUB__EXISTING_READER_SKIPS)
        skip(reader);
    else if (reader->stage == MAILSUB__EXISTING_READER_EDITS)
        write_edit(reader, &step);
    else
        copy(reader, &step);
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

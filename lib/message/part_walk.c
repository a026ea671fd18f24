/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Line by line: a line is content of the part that is open, unless it is a delimiter of that part's
 * multipart or of one around it (RFC 2046 section 5.1.1). Line ends are those that will be written.
 */
#include "message/part_walk.h"

#include "base/memory.h"

enum {
    BLOCK = 16 * 1024,
    LONGEST_START = 256, /* of a line: longer than any delimiter */
    LONGEST_HEADER = 64 * 1024
};

enum place { OUTSIDE, HEADER, LEAF };

struct level {
    char boundary[128];
    size_t len;
    bool is_digest;
};

struct walk {
    const mailsub_allocator *allocator;
    const mailsub__part_events *events;
    struct level levels[MAILSUB__PART_MOST_LEVELS];
    size_t n_levels;
    enum place place;
    mailsub__buffer header;
    bool at_start; /* of a line, what it begins with is held here */
    char start[LONGEST_START];
    size_t n_start;
    mailsub__transfer transfer;
    bool is_enough;
    uint64_t n_decoded;
    uint64_t n_measured; /* and not decoded */
    char decoded[BLOCK + 2];
};

/* ---- one part ---- */

static int give(struct walk *walk, size_t n)
{
    walk->n_decoded += n;
    if (n == 0 || walk->is_enough)
        return MAILSUB_OK;
    int rc = walk->events->data(walk->events->context, mailsub__slice_of(walk->decoded, n));
    walk->is_enough = rc == MAILSUB__PART_ENOUGH;
    return walk->is_enough ? MAILSUB_OK : rc;
}

static int take_content(struct walk *walk, mailsub__slice text)
{
    int rc = MAILSUB_OK;
    while (text.len > 0 && !rc && !walk->is_enough) {
        size_t n = text.len < BLOCK ? text.len : BLOCK;
        rc = give(walk, mailsub__transfer_decode(&walk->transfer, mailsub__slice_of(text.ptr, n),
                                                 walk->decoded));
        text = mailsub__slice_of(text.ptr + n, text.len - n);
    }
    walk->n_measured += text.len;
    return rc;
}

static int begin_leaf(struct walk *walk, const mailsub__part_header *header)
{
    walk->place = LEAF;
    walk->is_enough = false;
    walk->n_decoded = walk->n_measured = 0;
    mailsub__transfer_init(&walk->transfer, header->coding);
    return walk->events->begin(walk->events->context, header);
}

/* Of base64 in lines of 76 characters and CRLF, what three of four octets are. */
static uint64_t about_decoded(const struct walk *walk)
{
    uint64_t n = walk->n_measured;
    return walk->transfer.coding == MAILSUB__TRANSFER_BASE64 ? n / 78 * 57 + n % 78 * 57 / 78 : n;
}

static int end_leaf(struct walk *walk)
{
    if (walk->place != LEAF)
        return MAILSUB_OK;
    walk->place = OUTSIDE;
    int rc = give(walk, mailsub__transfer_finish(&walk->transfer, walk->decoded));
    return rc ? rc
              : walk->events->end(walk->events->context, walk->n_decoded + about_decoded(walk));
}

static bool begins_with(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* A header has ended: it is that of a multipart, or of content. */
static int begin_content(struct walk *walk, const mailsub__part_header *header)
{
    bool is_multipart = begins_with(header->type, "multipart/") && header->boundary[0] != '\0';
    if (!is_multipart || walk->n_levels == MAILSUB__PART_MOST_LEVELS)
        return begin_leaf(walk, header);
    struct level *level = &walk->levels[walk->n_levels++];
    strcpy(level->boundary, header->boundary);
    level->len = strlen(level->boundary);
    level->is_digest = strcmp(header->type, "multipart/digest") == 0;
    walk->place = OUTSIDE;
    return walk->events->open(walk->events->context, header);
}

static int end_header(struct walk *walk)
{
    mailsub__part_header header;
    mailsub__header_scan scan = {.rest = mailsub__buffer_slice(&walk->header)};
    bool in_digest = walk->n_levels > 0 && walk->levels[walk->n_levels - 1].is_digest;
    if (walk->header.error == MAILSUB_E_NOMEM)
        return MAILSUB_E_NOMEM;
    int rc = mailsub__part_header_read(&header, scan, in_digest, walk->allocator);
    return rc ? rc : begin_content(walk, &header);
}

/* ---- lines ---- */

static bool is_delimiter(mailsub__slice line, const struct level *level, bool *out_closes)
{
    size_t n = level->len + 2;
    if (line.len < n || memcmp(line.ptr, "--", 2) != 0 ||
        memcmp(line.ptr + 2, level->boundary, level->len) != 0)
        return false;
    *out_closes = line.len >= n + 2 && line.ptr[n] == '-' && line.ptr[n + 1] == '-';
    n += *out_closes ? 2 : 0;
    while (n < line.len && strchr(" \t\r\n", line.ptr[n]))
        n++;
    return n == line.len;
}

static int close_level(struct walk *walk)
{
    walk->n_levels--;
    return walk->events->close(walk->events->context);
}

/* Act on a delimiter. False: the line is none. */
static bool take_delimiter(struct walk *walk, mailsub__slice line, int *out_rc)
{
    bool closes = false;
    size_t i = walk->n_levels;
    while (i > 0 && !is_delimiter(line, &walk->levels[i - 1], &closes))
        i--;
    if (i == 0)
        return false;
    int rc = walk->place == HEADER ? end_header(walk) : MAILSUB_OK;
    if (!rc)
        rc = end_leaf(walk);
    while (!rc && walk->n_levels > (closes ? i - 1 : i))
        rc = close_level(walk);
    walk->place = closes ? OUTSIDE : HEADER;
    mailsub__buffer_reset(&walk->header);
    *out_rc = rc;
    return true;
}

/* Text of a line, the end of it perhaps still to come. */
static int take_text(struct walk *walk, mailsub__slice text)
{
    if (walk->place == LEAF)
        return take_content(walk, text);
    if (walk->place == HEADER)
        mailsub__buffer_append_slice(&walk->header, text);
    return MAILSUB_OK;
}

/* What was held of a line's start, whole says whether it is all of the line. */
static int take_start(struct walk *walk, bool whole)
{
    int rc = MAILSUB_OK;
    mailsub__slice line = mailsub__slice_of(walk->start, walk->n_start);
    walk->n_start = 0;
    walk->at_start = whole;
    if (whole && line.len > 0 && line.ptr[0] == '-' && take_delimiter(walk, line, &rc))
        return rc;
    bool is_empty = line.len == 1 || (line.len == 2 && line.ptr[0] == '\r');
    if (whole && walk->place == HEADER && is_empty)
        return end_header(walk);
    return take_text(walk, line);
}

/* Does what a line begins with matter? */
static bool is_held(const struct walk *walk, char first)
{
    return walk->n_start > 0 || walk->place == HEADER || first == '-';
}

/* Nothing comes that anybody would look at. */
static bool is_over(const struct walk *walk)
{
    return walk->place == LEAF && walk->is_enough && walk->n_levels == 0;
}

/* Base64 of which enough was seen is only measured, up to what may be a delimiter. */
static mailsub__slice skip_measured(struct walk *walk, mailsub__slice data)
{
    if (walk->place != LEAF || !walk->is_enough || walk->n_start > 0 ||
        walk->transfer.coding != MAILSUB__TRANSFER_BASE64)
        return data;
    const char *dash = memchr(data.ptr, '-', data.len);
    size_t n = dash ? (size_t)(dash - data.ptr) : data.len;
    if (n == 0)
        return data;
    walk->n_measured += n;
    walk->at_start = data.ptr[n - 1] == '\n';
    return mailsub__slice_of(data.ptr + n, data.len - n);
}

static int feed(struct walk *walk, mailsub__slice data)
{
    int rc = MAILSUB_OK;
    while (!rc) {
        data = skip_measured(walk, data);
        if (data.len == 0)
            break;
        const char *end = memchr(data.ptr, '\n', data.len);
        size_t n = end ? (size_t)(end - data.ptr) + 1 : data.len;
        bool held = walk->at_start && is_held(walk, data.ptr[0]);
        if (held && n > LONGEST_START - walk->n_start)
            n = LONGEST_START - walk->n_start;
        bool ends = data.ptr[n - 1] == '\n';
        if (held) {
            memcpy(walk->start + walk->n_start, data.ptr, n);
            walk->n_start += n;
            if (ends || walk->n_start == LONGEST_START)
                rc = take_start(walk, ends);
        } else {
            rc = take_text(walk, mailsub__slice_of(data.ptr, n));
            walk->at_start = ends;
        }
        data = mailsub__slice_of(data.ptr + n, data.len - n);
    }
    return rc;
}

/* The end of the message ends whatever is open. */
static int finish(struct walk *walk)
{
    int rc = MAILSUB_OK;
    if (walk->n_start > 0)
        rc = take_start(walk, true);
    if (!rc && walk->place == HEADER)
        rc = end_header(walk);
    if (!rc)
        rc = end_leaf(walk);
    while (!rc && walk->n_levels > 0)
        rc = close_level(walk);
    return rc;
}

/* ---- the source ---- */

/* A bare CR will be written as a line end, so that a delimiter may follow it. */
static int feed_mended(struct walk *walk, mailsub__newline *newline, mailsub__slice data, bool last)
{
    char lines[BLOCK];
    mailsub__step step = {.in = data.ptr, .in_len = data.len, .last = last};
    int rc = MAILSUB_OK;
    for (bool done = false; !rc && !done;) {
        step.out = lines;
        step.out_room = sizeof lines;
        done = mailsub__newline_encode(newline, &step) || (step.in_len == 0 && !last);
        rc = feed(walk, mailsub__slice_of(lines, sizeof lines - step.out_room));
    }
    return rc;
}

static int feed_file(struct walk *walk, const struct mailsub__existing *existing,
                     mailsub__newline *newline)
{
    char block[BLOCK];
    int fd;
    uint64_t left = existing->body.len;
    int rc = mailsub__existing_open(&existing->source, existing->body_at, &fd);
    if (rc)
        return rc;
    while (!rc && left > 0 && !is_over(walk)) {
        size_t n = 0;
        rc = mailsub__existing_read(fd, block, left < BLOCK ? (size_t)left : BLOCK, &n);
        if (!rc && n == 0)
            rc = MAILSUB_E_FILE_CHANGED;
        left -= n;
        if (!rc)
            rc = newline ? feed_mended(walk, newline, mailsub__slice_of(block, n), left == 0)
                         : feed(walk, mailsub__slice_of(block, n));
    }
    walk->n_measured += left;
    if (!rc)
        rc = mailsub__existing_verify(&existing->source, fd);
    mailsub__existing_close(fd);
    return rc;
}

static int feed_source(struct walk *walk, const struct mailsub__existing *existing)
{
    mailsub__newline newline;
    mailsub__newline_init(&newline);
    mailsub__newline *mending = existing->body.has_bare_cr ? &newline : NULL;
    if (existing->source.path)
        return feed_file(walk, existing, mending);
    mailsub__slice body =
        mailsub__slice_of(existing->source.data + existing->body_at, (size_t)existing->body.len);
    return mending ? feed_mended(walk, mending, body, true) : feed(walk, body);
}

static int run(struct walk *walk, const struct mailsub__existing *existing)
{
    mailsub__part_header header;
    mailsub__header_scan scan = {.rest = mailsub__buffer_slice(&existing->header)};
    int rc = mailsub__part_header_read(&header, scan, false, walk->allocator);
    if (!rc)
        rc = begin_content(walk, &header);
    if (!rc)
        rc = feed_source(walk, existing);
    return rc ? rc : finish(walk);
}

int mailsub__part_walk(const struct mailsub__existing *existing, const mailsub_allocator *allocator,
                       const mailsub__part_events *events)
{
    struct walk *walk = mailsub__alloc(allocator, sizeof *walk);
    if (!walk)
        return MAILSUB_E_NOMEM;
    walk->allocator = allocator;
    walk->events = events;
    walk->n_levels = 0;
    walk->n_start = 0;
    walk->at_start = true;
    walk->place = OUTSIDE;
    mailsub__buffer_init(&walk->header, allocator, LONGEST_HEADER);
    int rc = run(walk, existing);
    mailsub__buffer_deinit(&walk->header);
    mailsub__free(allocator, walk);
    return rc;
}

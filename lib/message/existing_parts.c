/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds the parts of a multipart line by line. Lines end as they will when they are written: CRLF,
 * bare CR and bare LF alike. Memory is bounded: by the depth, by the header of one part, and by the
 * parts that are kept.
 *
 * What is changed must be what every reader takes for that part. So a delimiter is a line that
 * holds nothing else; and where one holds more than that, where a header or a type is not
 * understood, or something is nested too deeply, nothing is encoded and the body has to do as it
 * is. Not looked into: signed and encrypted parts, and message/rfc822, whose own header says how it
 * is encoded (RFC 2046 section 5.2.1).
 */
#include "message/existing_parts.h"

#include <assert.h>
#include <stdio.h>

#include "base/memory.h"
#include "codec/octets.h"
#include "message/existing.h"

enum {
    MOST_LEVELS = 16,
    LONGEST_START = MAILSUB__EXISTING_BOUNDARY_SIZE + 16,
    LONGEST_HEADER = 64 * 1024,
    BLOCK = 16 * 1024
};

static const size_t no_part = SIZE_MAX;

/* A multipart that is open. */
struct level {
    char boundary[MAILSUB__EXISTING_BOUNDARY_SIZE];
    size_t boundary_len;
    unsigned n_parts;
    size_t part; /* in the list; no_part: the message itself */
    bool is_digest;
    bool is_closed; /* what follows is its epilogue */
    bool has_8bit;
};

/* What the lines belong to. */
enum place {
    OUTSIDE, /* in front of the first part, behind the last, or what must not be changed */
    HEADER,
    LEAF
};

struct survey {
    struct mailsub__existing *existing;
    uint64_t at; /* in the source: behind the octets that were taken */

    /* The line at hand. */
    uint64_t line_at;
    uint64_t line_len;
    char start[LONGEST_START];
    char end[2];
    size_t n_end;
    uint64_t last_end; /* of the line before, without its line end */
    bool last_is_empty;

    enum place place;
    bool is_sealed;
    uint64_t place_at;
    mailsub__existing_body facts; /* of what is in the place */
    mailsub__buffer header;
    bool in_transfer; /* the last line of the header is of Content-Transfer-Encoding */
    struct mailsub__existing_part part;

    struct level levels[MOST_LEVELS];
    size_t n_levels;
    bool is_unclear; /* readers may not agree on what is a part */
    int error;
};

static struct level *innermost(struct survey *survey)
{
    return &survey->levels[survey->n_levels - 1];
}

static void name_part(const struct survey *survey, char *out, size_t room)
{
    size_t n = (size_t)snprintf(out, room, "part ");
    for (size_t i = 0; i < survey->n_levels && n < room; i++)
        n += (size_t)snprintf(out + n, room - n, "%s%u", i > 0 ? "." : "",
                              survey->levels[i].n_parts);
}

static void refuse(const struct survey *survey, struct mailsub__existing_refusal *refusal,
                   int error)
{
    if (refusal->error)
        return;
    refusal->error = error;
    name_part(survey, refusal->part, sizeof refusal->part);
}

static void begin_place(struct survey *survey, enum place place)
{
    survey->place = place;
    survey->place_at = survey->at;
    mailsub__existing_body_init(&survey->facts);
}

/* What cannot be changed has to do as it is. */
static void check_unchanged(struct survey *survey, bool is_sealed)
{
    struct mailsub__existing *existing = survey->existing;
    const mailsub__existing_body *facts = &survey->facts;
    if (facts->has_nul)
        refuse(survey, &existing->refused, MAILSUB_E_CONTROL);
    if (facts->has_long_line)
        refuse(survey, &existing->refused, is_sealed ? MAILSUB_E_SIGNED : MAILSUB_E_LINE_TOO_LONG);
    if (facts->n_8bit > 0)
        refuse(survey, &existing->refused_7bit, is_sealed ? MAILSUB_E_SIGNED : MAILSUB_E_8BIT);
    /* A signature is of lines that end with CRLF, however a system keeps them. */
    if (is_sealed && !mailsub__existing_line_ends_are_known(existing))
        refuse(survey, &existing->refused, MAILSUB_E_SIGNED);
}

static size_t keep(struct survey *survey, const struct mailsub__existing_part *part)
{
    struct mailsub__existing *existing = survey->existing;
    void *parts = existing->parts;
    int rc = mailsub__grow_array(existing->header.allocator, &parts, &existing->room_for_parts,
                                 existing->n_parts, sizeof *part, MAILSUB__EXISTING_MOST_PARTS);
    existing->parts = parts;
    if (rc == MAILSUB_E_LIMIT)
        survey->is_unclear = true;
    else if (rc)
        survey->error = rc;
    if (rc)
        return no_part;
    existing->parts[existing->n_parts] = *part;
    return existing->n_parts++;
}

/* A part that may be encoded again. */
static void end_leaf(struct survey *survey)
{
    struct mailsub__existing_part *part = &survey->part;
    const mailsub__existing_body *facts = &survey->facts;
    bool is_file =
        part->transfer == MAILSUB__EXISTING_BINARY && part->kind == MAILSUB__EXISTING_DATA;
    /* Line ends mean nothing in base64, and nothing else of it has to be changed. */
    bool is_foldable = part->transfer == MAILSUB__EXISTING_IN_BASE64 && facts->n_8bit == 0;
    if (facts->has_pgp || (mailsub__existing_is_encoded(part->transfer) && !is_foldable) ||
        (facts->has_nul && !is_file)) {
        check_unchanged(survey, facts->has_pgp);
        return;
    }
    part->body_at = survey->place_at;
    part->body_end = survey->last_end;
    part->delimiter_at = survey->line_at;
    part->ends_line = survey->last_is_empty;
    part->n_8bit = facts->n_8bit;
    part->n_escaped = facts->n_escaped;
    part->has_nul = facts->has_nul;
    part->has_long_line = facts->has_long_line;
    part->has_other_ends = facts->has_bare_cr || facts->has_bare_lf;
    part->is_utf8 = mailsub__utf8_finish(&facts->utf8);
    if (part->n_8bit > 0 || part->has_long_line || part->transfer != MAILSUB__EXISTING_7BIT)
        keep(survey, part);
}

/* What was begun ends in front of the line at hand. */
static void end_place(struct survey *survey)
{
    mailsub__existing_body_finish(&survey->facts);
    innermost(survey)->has_8bit |= survey->facts.n_8bit > 0;
    if (survey->place == LEAF && survey->place_at < survey->line_at)
        end_leaf(survey);
    else
        check_unchanged(survey, survey->is_sealed);
    survey->is_sealed = false;
}

static void pop_level(struct survey *survey)
{
    const struct level *level = innermost(survey);
    if (level->part != no_part)
        survey->existing->parts[level->part].n_8bit = level->has_8bit;
    survey->n_levels--;
    if (survey->n_levels > 0)
        innermost(survey)->has_8bit |= level->has_8bit;
}

static bool push_level(struct survey *survey, const mailsub__existing_type *type, size_t part)
{
    if (survey->n_levels == MOST_LEVELS)
        return false;
    struct level *level = &survey->levels[survey->n_levels++];
    *level = (struct level){.part = part, .is_digest = type->is_digest};
    strcpy(level->boundary, type->boundary);
    level->boundary_len = strlen(type->boundary);
    return true;
}

/* Learn from the part's header, whose lines all end with CRLF. False: it is not understood. */
static bool read_header(struct survey *survey, mailsub__existing_type *type)
{
    struct mailsub__existing_part *part = &survey->part;
    mailsub__slice text = mailsub__buffer_slice(&survey->header);
    mailsub__header_scan scan;
    mailsub__header_field field;
    mailsub__buffer value;
    size_t body_at;
    bool has_transfer = false;
    bool clear = !survey->header.error && mailsub__header_scan_find(text, true, &scan, &body_at) &&
                 body_at == text.len && scan.rest.len == text.len;
    mailsub__buffer_init(&value, survey->header.allocator, LONGEST_HEADER);
    while (clear && mailsub__header_scan_next(&scan, &field)) {
        bool is_type = mailsub__slice_equal_nocase(field.name, mailsub__slice_str("Content-Type"));
        bool is_transfer = mailsub__slice_equal_nocase(
            field.name, mailsub__slice_str("Content-Transfer-Encoding"));
        if (!is_type && !is_transfer)
            continue;
        clear = !(is_type ? part->has_type : has_transfer);
        part->has_type |= is_type;
        has_transfer |= is_transfer;
        mailsub__buffer_reset(&value);
        if (mailsub__header_scan_unfold(&scan, field.value, &value)) {
            survey->error = MAILSUB_E_NOMEM;
            clear = false;
        } else if (is_type) {
            mailsub__existing_type_read(type, mailsub__buffer_slice(&value));
        } else {
            part->transfer = mailsub__existing_transfer_read(mailsub__buffer_slice(&value));
        }
    }
    mailsub__buffer_deinit(&value);
    return clear;
}

/* The empty line behind a part's header. */
static void end_header(struct survey *survey)
{
    struct mailsub__existing_part *part = &survey->part;
    mailsub__existing_type type = {.kind = MAILSUB__EXISTING_TEXT};
    if (innermost(survey)->is_digest)
        type.kind = MAILSUB__EXISTING_PARTS; /* message/rfc822 unless it says something else */
    bool clear = read_header(survey, &type);
    part->kind = type.kind;
    end_place(survey);
    survey->is_sealed = type.is_sealed;
    survey->existing->has_sealed_part |= type.is_sealed;
    bool is_leaf = clear && !type.is_sealed && type.kind != MAILSUB__EXISTING_PARTS;
    begin_place(survey, is_leaf ? LEAF : OUTSIDE);
    if (!clear || type.is_sealed || type.boundary[0] == '\0' ||
        mailsub__existing_is_encoded(part->transfer))
        return;
    part->is_multipart = true;
    if (!push_level(survey, &type, keep(survey, part)))
        survey->is_unclear = true;
}

static void begin_part(struct survey *survey)
{
    innermost(survey)->n_parts++;
    begin_place(survey, HEADER);
    survey->part = (struct mailsub__existing_part){
        .header_at = survey->at, .transfer_at = survey->at, .transfer_end = survey->at};
    survey->in_transfer = false;
    mailsub__buffer_reset(&survey->header);
}

/* Is the line the level's delimiter; *out_closes: its last one. Else: does it look like it? */
static bool is_delimiter(const struct survey *survey, const struct level *level, bool *out_closes,
                         bool *out_similar)
{
    const char *line = survey->start;
    size_t n = level->boundary_len + 2;
    *out_similar = survey->line_len >= n && line[0] == '-' && line[1] == '-' &&
                   memcmp(line + 2, level->boundary, level->boundary_len) == 0;
    if (!*out_similar || survey->line_len > LONGEST_START)
        return false;
    size_t len = (size_t)survey->line_len;
    *out_closes = len >= n + 2 && line[n] == '-' && line[n + 1] == '-';
    if (*out_closes)
        n += 2;
    while (n < len && (line[n] == ' ' || line[n] == '\t'))
        n++;
    return n == len;
}

/* Act on a line that is a delimiter. False: it is none. */
static bool take_delimiter(struct survey *survey)
{
    size_t found = MOST_LEVELS;
    bool closes = false;
    for (size_t i = survey->n_levels; i-- > 0;) {
        bool this_closes = false;
        bool similar = false;
        bool is = !survey->levels[i].is_closed &&
                  is_delimiter(survey, &survey->levels[i], &this_closes, &similar);
        if (is && found == MOST_LEVELS) {
            found = i;
            closes = this_closes;
        } else if (similar) {
            survey->is_unclear = true;
        }
    }
    if (found == MOST_LEVELS)
        return false;
    end_place(survey);
    while (survey->n_levels > found + 1)
        pop_level(survey);
    if (closes) {
        innermost(survey)->is_closed = true;
        begin_place(survey, OUTSIDE);
    } else {
        begin_part(survey);
    }
    return true;
}

/* Where the field Content-Transfer-Encoding stands, with the lines that continue it. */
static void note_header_line(struct survey *survey)
{
    static const char name[] = "Content-Transfer-Encoding";
    const size_t n = sizeof name - 1;
    bool continues = survey->start[0] == ' ' || survey->start[0] == '\t';
    if (!continues)
        survey->in_transfer = survey->line_len > n &&
                              mailsub__slice_equal_nocase(mailsub__slice_of(survey->start, n),
                                                          mailsub__slice_of(name, n)) &&
                              strchr(": \t", survey->start[n]) != NULL;
    if (!survey->in_transfer)
        return;
    if (!continues)
        survey->part.transfer_at = survey->line_at;
    survey->part.transfer_end = survey->at;
}

static void add_to_header(struct survey *survey, const char *data, size_t len)
{
    if (mailsub__buffer_append(&survey->header, data, len) == MAILSUB_E_NOMEM)
        survey->error = MAILSUB_E_NOMEM;
}

/* Octets of a line that is no delimiter. */
static void take_octets(struct survey *survey, const char *data, size_t len)
{
    mailsub__existing_body_feed(&survey->facts, data, len);
    if (survey->place == HEADER)
        add_to_header(survey, data, len);
}

static void end_line(struct survey *survey)
{
    if (!take_delimiter(survey)) {
        if (survey->line_len <= LONGEST_START)
            take_octets(survey, survey->start, (size_t)survey->line_len);
        mailsub__existing_body_feed(&survey->facts, survey->end, survey->n_end);
        if (survey->place == HEADER && survey->line_len == 0) {
            end_header(survey);
        } else if (survey->place == HEADER) {
            add_to_header(survey, "\r\n", 2);
            note_header_line(survey);
        }
    }
    survey->last_end = survey->at - survey->n_end;
    survey->last_is_empty = survey->line_len == 0;
    survey->line_at = survey->at;
    survey->line_len = 0;
    survey->n_end = 0;
}

static void add_to_line(struct survey *survey, const char *data, size_t len)
{
    if (survey->line_len + len <= LONGEST_START) {
        memcpy(survey->start + survey->line_len, data, len);
    } else {
        /* Too long for a delimiter; one that looks like it all the same is for is_delimiter. */
        if (survey->line_len <= LONGEST_START) {
            size_t room = LONGEST_START - (size_t)survey->line_len;
            take_octets(survey, survey->start, (size_t)survey->line_len);
            memcpy(survey->start + survey->line_len, data, room);
        }
        take_octets(survey, data, len);
    }
    survey->line_len += len;
    survey->at += len;
}

static size_t line_part(const char *data, size_t len)
{
    size_t n = 0;
    while (len - n >= MAILSUB__OCTETS && !mailsub__octets_special(data + n))
        n += MAILSUB__OCTETS;
    while (n < len && data[n] != '\r' && data[n] != '\n')
        n++;
    return n;
}

static void feed(struct survey *survey, const char *data, size_t len)
{
    while (len > 0 && !survey->error) {
        bool ends_line = survey->n_end > 0; /* with a CR, and perhaps a LF */
        if (ends_line && *data != '\n') {
            end_line(survey);
            continue;
        }
        size_t n = ends_line ? 0 : line_part(data, len);
        if (n > 0)
            add_to_line(survey, data, n);
        if (n < len) {
            survey->end[survey->n_end++] = data[n];
            survey->at++;
            if (data[n++] == '\n')
                end_line(survey);
        }
        data += n;
        len -= n;
    }
}

/* The end of the message ends whatever is open. */
static void finish(struct survey *survey)
{
    if (survey->line_len > 0 || survey->n_end > 0)
        end_line(survey);
    survey->last_end = survey->at;
    end_place(survey);
    while (survey->n_levels > 0)
        pop_level(survey);
}

static int feed_source(struct survey *survey)
{
    const struct mailsub__existing *existing = survey->existing;
    const struct mailsub__existing_source *source = &existing->source;
    if (!source->path) {
        feed(survey, source->data + existing->body_at, (size_t)(source->len - existing->body_at));
        return MAILSUB_OK;
    }
    int fd;
    int rc = mailsub__existing_open(source, existing->body_at, &fd);
    if (rc)
        return rc;
    char block[BLOCK];
    for (size_t n = 1; !rc && n > 0;) {
        rc = mailsub__existing_read(fd, block, sizeof block, &n);
        if (!rc)
            feed(survey, block, n);
    }
    if (!rc)
        rc = survey->at == source->len ? mailsub__existing_verify(source, fd)
                                       : MAILSUB_E_FILE_CHANGED;
    mailsub__existing_close(fd);
    return rc;
}

int mailsub__existing_find_parts(struct mailsub__existing *existing)
{
    const mailsub_allocator *allocator = existing->header.allocator;
    struct survey *survey = mailsub__alloc_zeroed(allocator, sizeof *survey);
    if (!survey)
        return MAILSUB_E_NOMEM;
    survey->existing = existing;
    survey->at = survey->line_at = existing->body_at;
    mailsub__buffer_init(&survey->header, allocator, LONGEST_HEADER);
    push_level(survey, &existing->type, no_part);
    begin_place(survey, OUTSIDE);
    int rc = feed_source(survey);
    if (!rc && survey->error)
        rc = survey->error;
    if (!rc) {
        finish(survey);
        existing->has_parts = !survey->is_unclear;
        rc = survey->error;
    }
    mailsub__buffer_deinit(&survey->header);
    mailsub__free(allocator, survey);
    return rc;
}

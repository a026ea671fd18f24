/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The header of an existing message as it will be written: a field that is in order stays as it is,
 * octet by octet; one that is not is unfolded and written again, and one that a signature covers
 * must be in order. Fields that must not be sent are left out.
 */
#include <assert.h>

#include "base/memory.h"
#include "codec/utf8.h"
#include "codec/word_decode.h"
#include "message/existing_field.h"
#include "message/fields.h"
#include "message/line.h"
#include "message/state.h"
#include "message/words.h"

/* What is known about a field here. */
enum {
    DROP = 1u << 0,   /* never written */
    ONCE = 1u << 1,   /* RFC 5322 section 3.6 */
    MERGE = 1u << 2,  /* several become one (RFC 5322 section 4.5.3) */
    FILLED = 1u << 3, /* one without content is as good as missing */
    ADDRESS = 1u << 4,
    TEXT = 1u << 5 /* for people */
};

enum row_index { DATE, FROM, MESSAGE_ID, MIME_VERSION, CONTENT_TYPE, CONTENT_TRANSFER };

static const struct row {
    const char *name;
    unsigned flags;
} rows[] = {
    [DATE] = {"Date", ONCE | FILLED},
    [FROM] = {"From", ONCE | FILLED | ADDRESS},
    [MESSAGE_ID] = {"Message-ID", ONCE | FILLED},
    [MIME_VERSION] = {"MIME-Version", ONCE | FILLED},
    [CONTENT_TYPE] = {"Content-Type", ONCE | FILLED},
    [CONTENT_TRANSFER] = {"Content-Transfer-Encoding", ONCE | FILLED},
    {"Subject", ONCE | TEXT},
    {"Sender", ONCE | FILLED | ADDRESS},
    {"Reply-To", MERGE | FILLED | ADDRESS},
    {"To", MERGE | FILLED | ADDRESS},
    {"Cc", MERGE | FILLED | ADDRESS},
    {"In-Reply-To", ONCE | FILLED},
    {"References", ONCE | FILLED},
    {"Resent-From", ADDRESS},
    {"Resent-Sender", ADDRESS},
    {"Resent-To", ADDRESS},
    {"Resent-Cc", ADDRESS},
    {"Bcc", DROP},
    {"Resent-Bcc", DROP},
    {"Return-Path", DROP},
};

enum { N_ROWS = sizeof rows / sizeof rows[0] };

struct header {
    struct mailsub__existing *existing;
    mailsub__header_scan scan;
    enum mailsub__address_form form;
    mailsub__buffer value; /* of the field at hand, on one line */
    mailsub__buffer text;  /* the same, encoded words decoded */
    unsigned n_seen[N_ROWS];
    bool has_crlf;
    bool has_other_end;
};

static const struct row *find_row(mailsub__slice name)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        if (mailsub__slice_equal_nocase(mailsub__slice_str(rows[i].name), name))
            return &rows[i];
    }
    return NULL;
}

static bool begins_nocase(mailsub__slice text, const char *with)
{
    mailsub__slice front = mailsub__slice_str(with);
    return text.len >= front.len &&
           mailsub__slice_equal_nocase(mailsub__slice_of(text.ptr, front.len), front);
}

/* Nothing is left of it on one line, where control characters are spaces. */
static bool is_blank(mailsub__slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] > ' ' && text.ptr[i] != 0x7f)
            return false;
    }
    return true;
}

/* First pass: signatures, line ends, how often a field stands. */
static int survey(struct header *header)
{
    struct mailsub__existing *existing = header->existing;
    mailsub__header_scan scan = header->scan;
    mailsub__header_field field;
    mailsub__slice line;
    mailsub__slice end;
    mailsub__slice rest = scan.rest;
    while (mailsub__header_scan_line(&scan, &rest, &line, &end)) {
        header->has_crlf |= end.len == 2;
        header->has_other_end |= end.len == 1;
    }
    existing->has_mixed_line_ends = header->has_crlf && header->has_other_end;
    while (mailsub__header_scan_next(&scan, &field)) {
        const struct row *row = find_row(field.name);
        if (row && !((row->flags & FILLED) && is_blank(field.value)))
            header->n_seen[row - rows]++;
        int rc = mailsub__existing_note_signature(existing, &scan, &field);
        if (rc)
            return rc;
    }
    return MAILSUB_OK;
}

static bool line_is_clean(mailsub__slice line)
{
    bool blank = true;
    for (size_t i = 0; i < line.len; i++) {
        char c = line.ptr[i];
        if ((unsigned char)c >= 0x7f || ((unsigned char)c < ' ' && c != '\t'))
            return false;
        blank &= c == ' ' || c == '\t';
    }
    return !blank && line.len <= MAILSUB__FOLD_MOST;
}

/* Nothing but its line ends may have to be mended. */
static bool is_clean(const struct header *header, const mailsub__header_field *field)
{
    if (field->text.ptr[field->name.len] != ':')
        return false; /* white space before the colon */
    mailsub__slice rest = field->text;
    mailsub__slice line;
    mailsub__slice end;
    while (mailsub__header_scan_line(&header->scan, &rest, &line, &end)) {
        if (!line_is_clean(line))
            return false;
    }
    return true;
}

static int copy_field(struct header *header, const mailsub__header_field *field)
{
    mailsub__buffer *out = &header->existing->header;
    mailsub__slice rest = field->text;
    mailsub__slice line;
    mailsub__slice end;
    while (mailsub__header_scan_line(&header->scan, &rest, &line, &end)) {
        mailsub__buffer_append_slice(out, line);
        mailsub__buffer_append_str(out, "\r\n");
    }
    return out->error;
}

/* Text for people that holds raw UTF-8: its encoded words are decoded and all is encoded again. */
static int write_text(struct header *header, const mailsub__header_field *field)
{
    mailsub__slice value = mailsub__buffer_slice(&header->value);
    mailsub__buffer_reset(&header->text);
    int rc = mailsub__existing_decode_words(&header->text, value);
    if (rc)
        return rc;
    mailsub__slice text = mailsub__buffer_slice(&header->text);
    rc = mailsub__line_check(text, MAILSUB__LINE_TAB);
    if (rc)
        return rc;
    mailsub__fold fold;
    mailsub__fold_init(&fold, &header->existing->header);
    mailsub__fold_begin(&fold, field->name, MAILSUB__FOLD_STAY);
    rc = mailsub__words_write_text(&fold, text, MAILSUB__FOLD_AIM);
    if (!rc)
        rc = mailsub__fold_end(&fold);
    mailsub__fold_deinit(&fold);
    return rc;
}

static bool is_text(const struct row *row, mailsub__slice name)
{
    if (row)
        return (row->flags & TEXT) != 0;
    const mailsub__field *field = mailsub__field_find(name);
    return field->owner == MAILSUB__FIELD_CALLER &&
           (field->kind == MAILSUB__FIELD_TEXT || field->kind == MAILSUB__FIELD_VALUE) &&
           mailsub__field_name_is_valid(name);
}

/* Write again a field whose value stands in header->value. */
static int rewrite(struct header *header, const struct row *row, const mailsub__header_field *field)
{
    mailsub__buffer *out = &header->existing->header;
    mailsub__slice value = mailsub__buffer_slice(&header->value);
    if (!mailsub__utf8_is_valid(value))
        return MAILSUB_E_UTF8;
    bool is_ascii = mailsub__ascii_only(value);
    bool name_is_short = mailsub__field_name_is_valid(field->name);
    if (row && (row->flags & ADDRESS)) {
        /* Of Resent- fields nobody tells the server that they need SMTPUTF8. */
        bool is_resent = begins_nocase(field->name, "Resent-");
        int rc = mailsub__existing_write_addresses(
            out, is_resent ? MAILSUB__ADDRESS_ASCII : header->form, field->name, value);
        if (!is_ascii || rc == MAILSUB_OK || rc == MAILSUB_E_NOMEM)
            return rc;
        /* What it is to mean cannot be told, but its octets can be carried. */
    }
    if (is_ascii)
        return mailsub__existing_refold(out, field->name, value);
    return is_text(row, field->name) && name_is_short ? write_text(header, field) : MAILSUB_E_8BIT;
}

/* The values of all fields of this name, parted by commas. */
static int join_values(struct header *header, const mailsub__header_field *first)
{
    mailsub__header_scan scan = header->scan;
    mailsub__header_field field;
    mailsub__buffer_reset(&header->value);
    while (mailsub__header_scan_next(&scan, &field)) {
        if (!mailsub__slice_equal_nocase(field.name, first->name) || is_blank(field.value))
            continue;
        if (header->value.len > 0)
            mailsub__buffer_append_str(&header->value, ", ");
        mailsub__buffer_reset(&header->text);
        int rc = mailsub__header_scan_unfold(&scan, field.value, &header->text);
        if (rc)
            return rc;
        rc = mailsub__buffer_append_slice(&header->value, mailsub__buffer_slice(&header->text));
        if (rc)
            return rc;
    }
    return MAILSUB_OK;
}

/* Facts that the rest of the message depends on. */
static int note_field(struct header *header, const struct row *row,
                      const mailsub__header_field *field)
{
    struct mailsub__existing *existing = header->existing;
    existing->has_mime |= begins_nocase(field->name, "Content-");
    if (!row)
        return MAILSUB_OK;
    mailsub__slice value = mailsub__buffer_slice(&header->value);
    switch (row - rows) {
    case DATE:
        existing->has_date = true;
        existing->date_is_known =
            mailsub__line_check(value, MAILSUB__LINE_TAB) == MAILSUB_OK &&
            mailsub__date_parse(value, &existing->unix_s, &existing->zone_min);
        break;
    case FROM:
        existing->has_from = true;
        break;
    case MESSAGE_ID:
        return mailsub__existing_keep_id(existing, value);
    case MIME_VERSION:
        existing->has_mime_version = true;
        break;
    case CONTENT_TYPE:
        existing->has_content_type = true;
        mailsub__existing_type_read(&existing->type, value);
        existing->body_is_signed |= existing->type.is_sealed;
        break;
    case CONTENT_TRANSFER:
        existing->transfer = mailsub__existing_transfer_read(value);
        break;
    default:
        break;
    }
    return MAILSUB_OK;
}

/* Write one field that is to be written; header->value holds its value on one line. */
static int write_field(struct header *header, const struct row *row,
                       const mailsub__header_field *field)
{
    struct mailsub__existing *existing = header->existing;
    bool joined = row && (row->flags & MERGE) && header->n_seen[row - rows] > 1;
    if (!joined && is_clean(header, field))
        return copy_field(header, field);
    if (mailsub__existing_signs(existing, field->name))
        return MAILSUB_E_SIGNED;
    if (joined) {
        int rc = join_values(header, field);
        if (rc)
            return rc;
    }
    return rewrite(header, row, field);
}

static int put_field(struct header *header, const mailsub__header_field *field)
{
    struct mailsub__existing *existing = header->existing;
    const struct row *row = find_row(field->name);
    unsigned flags = row ? row->flags : 0;
    if ((flags & DROP) || ((flags & FILLED) && is_blank(field->value)))
        return mailsub__existing_signs(existing, field->name) ? MAILSUB_E_SIGNED : MAILSUB_OK;
    if ((flags & ONCE) && header->n_seen[row - rows] > 1)
        return MAILSUB_E_HEADER_REPEATED;
    if ((flags & MERGE) && header->n_seen[row - rows] == 0)
        return MAILSUB_OK; /* joined to the first already */
    mailsub__buffer_reset(&header->value);
    int rc = mailsub__header_scan_unfold(&header->scan, field->value, &header->value);
    if (!rc)
        rc = note_field(header, row, field);
    size_t start = existing->header.len;
    if (!rc)
        rc = write_field(header, row, field);
    if (rc)
        return rc;
    if (flags & MERGE)
        header->n_seen[row - rows] = 0;
    if (row == &rows[CONTENT_TRANSFER]) {
        existing->transfer_at = start;
        existing->transfer_len = existing->header.len - start;
    }
    return MAILSUB_OK;
}

int mailsub__existing_read_header(mailsub_message *message, mailsub__header_scan scan)
{
    if (memchr(scan.rest.ptr, '\0', scan.rest.len))
        return MAILSUB_E_CONTROL;
    struct header header = {
        .existing = message->existing, .scan = scan, .form = message->address_form};
    mailsub__buffer_init(&header.value, &message->allocator, SIZE_MAX / 4);
    mailsub__buffer_init(&header.text, &message->allocator, SIZE_MAX / 4);
    int rc = survey(&header);
    mailsub__header_field field;
    while (!rc && mailsub__header_scan_next(&scan, &field)) {
        rc = put_field(&header, &field);
        if (rc)
            mailsub__existing_blame(message->existing, field.name);
    }
    mailsub__buffer_deinit(&header.value);
    mailsub__buffer_deinit(&header.text);
    return rc;
}

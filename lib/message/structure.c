/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes the body: mixed(related(alternative(text, html, calendar), embedded...), attachment...),
 * only as deep as needed (RFC 2046, RFC 2387). The contents of parts are left out; each keeps the
 * place in the image where its content goes.
 */
#include "codec/encoded_word.h"
#include "codec/param.h"
#include "codec/utf8.h"
#include "message/layout.h"
#include "message/media_type.h"

/* Each multipart has its own last letter: none of the boundaries is the beginning of another. */
static const char mixed_mark = 'm';
static const char related_mark = 'r';
static const char alternative_mark = 'a';

static void put(mailsub__layout *layout, const char *text)
{
    mailsub__buffer_append_str(layout->out, text);
}

static void put_encoding(mailsub__layout *layout, enum mailsub__body_encoding encoding)
{
    put(layout, "Content-Transfer-Encoding: ");
    put(layout, mailsub__body_encoding_name(encoding));
    put(layout, "\r\n");
}

/* "--boundary" and what follows: a line end, or "--" and a line end behind the last part. */
static void put_delimiter(mailsub__layout *layout, char mark, const char *end)
{
    put(layout, "--");
    put(layout, layout->message->boundary);
    mailsub__buffer_append_char(layout->out, mark);
    put(layout, end);
}

/* A multipart has no encoding, but says what is inside where that is more than 7bit. */
static void put_multipart_header(mailsub__layout *layout, const char *subtype, char mark,
                                 enum mailsub__body_encoding domain)
{
    put(layout, "Content-Type: multipart/");
    put(layout, subtype);
    put(layout, ";\r\n boundary=\"");
    put(layout, layout->message->boundary);
    mailsub__buffer_append_char(layout->out, mark);
    put(layout, "\"\r\n");
    if (domain != MAILSUB__BODY_7BIT)
        put_encoding(layout, domain);
    put(layout, "\r\n");
}

/* Header of a text part, empty line, text. */
static int put_leaf(mailsub__layout *layout, const struct mailsub__leaf *leaf)
{
    put(layout, "Content-Type: ");
    put(layout, leaf->media_type);
    put(layout, "\r\n");
    put_encoding(layout, leaf->encoding);
    put(layout, "\r\n");
    return mailsub__body_append(layout->out, leaf->content, leaf->encoding);
}

/* What a person reads: one text, or several versions of it, the best last. */
static int put_texts(mailsub__layout *layout)
{
    bool is_multipart = layout->n_leaves > 1;
    if (is_multipart)
        put_multipart_header(layout, "alternative", alternative_mark, layout->texts_domain);
    for (int i = 0; i < MAILSUB__N_LEAVES; i++) {
        if (!layout->leaves[i].media_type)
            continue;
        if (is_multipart)
            put_delimiter(layout, alternative_mark, "\r\n");
        int rc = put_leaf(layout, &layout->leaves[i]);
        if (rc)
            return rc;
        /* The line end before a delimiter is part of it: the text has its own. */
        if (is_multipart)
            put(layout, "\r\n");
    }
    if (is_multipart)
        put_delimiter(layout, alternative_mark, "--\r\n");
    return layout->out->error;
}

/* Write a field whose value is in the scratch buffer, folded between its parameters. */
static int put_params(mailsub__layout *layout, const char *field)
{
    mailsub__fold_begin(&layout->fold, mailsub__slice_str(field), MAILSUB__FOLD_STAY);
    mailsub__slice rest = mailsub__buffer_slice(&layout->fold.scratch);
    while (rest.len > 0) {
        size_t n = 0;
        for (bool quoted = false; n < rest.len && (quoted || rest.ptr[n] != ' '); n++) {
            if (quoted && rest.ptr[n] == '\\')
                n++;
            else if (rest.ptr[n] == '"')
                quoted = !quoted;
        }
        mailsub__fold_token(&layout->fold, mailsub__slice_of(rest.ptr, n));
        n += n < rest.len;
        rest = mailsub__slice_of(rest.ptr + n, rest.len - n);
    }
    return mailsub__fold_end(&layout->fold);
}

/* Characters that no reader, however old, can take for anything but part of a name. */
static bool is_harmless(char c)
{
    return mailsub__ascii_is_alpha(c) || mailsub__ascii_is_digit(c) ||
           (c != '\0' && strchr(" !#$&()+,-.@[]_{}~", c));
}

/* Write a name with one "_" for each character that is not harmless; too long, its middle is cut.
 */
static mailsub__slice make_harmless(mailsub__slice name, char *out, size_t room)
{
    enum { END_LEN = 16 };
    size_t n = 0;
    for (size_t i = 0; i < name.len; i++) {
        bool continues = ((unsigned char)name.ptr[i] & 0xc0) == 0x80;
        if (continues)
            continue;
        if (n == room) {
            memmove(out + room - END_LEN, out + room - END_LEN + 1, END_LEN - 1);
            n--;
        }
        out[n++] = is_harmless(name.ptr[i]) ? name.ptr[i] : '_';
    }
    return mailsub__slice_of(out, n);
}

/*
 * The file's name once more, as a parameter of Content-Type, for readers that know neither
 * Content-Disposition nor RFC 2231: as it is where that is simple, else an approximation that keeps
 * the extension; who knows more takes the name from the disposition, where it is exact. Others put
 * encoded words into a quoted string here, which RFC 2047 section 5 forbids and strict readers
 * report.
 */
static int append_name(mailsub__buffer *scratch, mailsub__slice name)
{
    char harmless[60];
    if (name.len == 0)
        return scratch->error;
    bool is_plain = name.len <= sizeof harmless && mailsub__ascii_only(name) &&
                    !mailsub__encoded_word_lookalike(name) && !memchr(name.ptr, '"', name.len);
    if (!is_plain)
        name = make_harmless(name, harmless, sizeof harmless);
    return mailsub__param_append(scratch, "name", name);
}

static int put_type(mailsub__layout *layout, const struct mailsub__place *place)
{
    const struct mailsub__part *part = place->part;
    bool is_octets = part->is_message && place->encoding == MAILSUB__BODY_BASE64;
    mailsub__buffer *scratch = &layout->fold.scratch;
    mailsub__buffer_reset(scratch);
    int rc = mailsub__media_type_append(
        scratch, is_octets ? mailsub__slice_str(MAILSUB__MEDIA_TYPE_OCTETS) : part->media_type);
    if (!rc)
        rc = append_name(scratch, part->file_name);
    if (rc)
        return rc;
    return put_params(layout, "Content-Type");
}

static int put_disposition(mailsub__layout *layout, const struct mailsub__part *part)
{
    mailsub__buffer *scratch = &layout->fold.scratch;
    mailsub__buffer_reset(scratch);
    mailsub__buffer_append_str(scratch, part->content_id.len > 0 ? "inline" : "attachment");
    if (part->file_name.len > 0) {
        int rc = mailsub__param_append(scratch, "filename", part->file_name);
        if (rc)
            return rc;
    }
    if (scratch->error)
        return scratch->error;
    return put_params(layout, "Content-Disposition");
}

/* Header and empty line; the content goes behind them when the image is read. */
static int put_place(mailsub__layout *layout, struct mailsub__place *place)
{
    const struct mailsub__part *part = place->part;
    int rc = put_type(layout, place);
    if (rc)
        return rc;
    put_encoding(layout, place->encoding);
    rc = put_disposition(layout, part);
    if (rc)
        return rc;
    if (part->content_id.len > 0) {
        put(layout, "Content-ID: <");
        mailsub__buffer_append_slice(layout->out, part->content_id);
        put(layout, ">\r\n");
    }
    put(layout, "\r\n");
    place->image_at = layout->out->len;
    return layout->out->error;
}

/* Parts of a multipart, delimiters included. */
static int put_places(mailsub__layout *layout, char mark, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        struct mailsub__place *place = &layout->image->places[i];
        put_delimiter(layout, mark, "\r\n");
        int rc = put_place(layout, place);
        if (rc)
            return rc;
        /* Base64 ends with a line end, which the delimiter may have; nothing has none. */
        if (place->encoding != MAILSUB__BODY_BASE64 || place->part->len == 0)
            put(layout, "\r\n");
    }
    put_delimiter(layout, mark, "--\r\n");
    return layout->out->error;
}

/* The texts, and what they embed. The type tells readers which kind of part is the root. */
static int put_related(mailsub__layout *layout)
{
    if (layout->n_related == 0)
        return put_texts(layout);
    put_multipart_header(layout,
                         layout->n_leaves > 1 ? "related; type=\"multipart/alternative\""
                                              : "related; type=\"text/html\"",
                         related_mark, layout->related_domain);
    put_delimiter(layout, related_mark, "\r\n");
    int rc = put_texts(layout);
    if (rc)
        return rc;
    put(layout, "\r\n");
    return put_places(layout, related_mark, 0, layout->n_related);
}

/*
 * The invitation once more, as a file that readers offer to open which do not look for calendars
 * among the texts. Not as text/calendar: some would take that for a second invitation.
 */
static int put_invite(mailsub__layout *layout)
{
    const struct mailsub__text *calendar = &layout->message->calendar;
    put_delimiter(layout, mixed_mark, "\r\n");
    put(layout, "Content-Type: application/ics; name=invite.ics\r\n");
    put_encoding(layout, MAILSUB__BODY_BASE64);
    put(layout, "Content-Disposition: attachment; filename=invite.ics\r\n\r\n");
    return mailsub__body_append(layout->out, mailsub__slice_of(calendar->data, calendar->len),
                                MAILSUB__BODY_BASE64);
}

static int put_mixed(mailsub__layout *layout)
{
    put_multipart_header(layout, "mixed", mixed_mark, layout->image->domain);
    if (layout->n_leaves > 0) {
        put_delimiter(layout, mixed_mark, "\r\n");
        int rc = put_related(layout);
        if (rc)
            return rc;
        put(layout, "\r\n");
    }
    if (layout->message->calendar.data) {
        int rc = put_invite(layout);
        if (rc)
            return rc;
    }
    return put_places(layout, mixed_mark, layout->n_related, layout->image->n_places);
}

int mailsub__structure_write(mailsub__layout *layout)
{
    static const struct mailsub__leaf nothing = {
        "text/plain; charset=utf-8", {"", 0}, MAILSUB__BODY_7BIT};
    size_t n_mixed = layout->image->n_places - layout->n_related;
    if (layout->message->calendar.data || n_mixed > 1 || (n_mixed == 1 && layout->n_leaves > 0))
        return put_mixed(layout);
    if (n_mixed == 1)
        return put_place(layout, &layout->image->places[0]);
    return layout->n_leaves > 0 ? put_related(layout) : put_leaf(layout, &nothing);
}

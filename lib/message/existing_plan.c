/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decides how an existing body is written: copied with its line ends repaired, encoded as a whole,
 * or, of a multipart, those parts that cannot stay as they are.
 */
#include "base/memory.h"
#include "message/existing.h"
#include "message/state.h"

static bool is_8bit(const struct mailsub__existing *existing)
{
    return existing->body.n_8bit > 0;
}

/* Octets that are no lines of text: to mend their line ends would be to break them. */
static int plan_binary(const struct mailsub__existing *existing, bool may_8bit,
                       enum mailsub__existing_coding *out_coding)
{
    const mailsub__existing_body *body = &existing->body;
    bool is_lines = !body->has_nul && !body->has_bare_cr && !body->has_bare_lf;
    *out_coding = is_lines && !body->has_long_line && (may_8bit || !is_8bit(existing))
                      ? MAILSUB__EXISTING_COPY
                      : MAILSUB__EXISTING_BASE64_RAW;
    return existing->body_is_signed && *out_coding != MAILSUB__EXISTING_COPY ? MAILSUB_E_SIGNED
                                                                             : MAILSUB_OK;
}

bool mailsub__existing_line_ends_are_known(const struct mailsub__existing *existing)
{
    const mailsub__existing_body *body = &existing->body;
    return !body->has_bare_cr && !(body->has_crlf && body->has_bare_lf) &&
           !existing->has_mixed_line_ends;
}

/* Parts are encoded one by one; one that may not be changed can be in the way. */
static int plan_parts(const struct mailsub__existing *existing, bool may_8bit,
                      enum mailsub__existing_coding *out_coding, const char **out_part)
{
    const struct mailsub__existing_refusal *refused = &existing->refused;
    if (!refused->error && !may_8bit)
        refused = &existing->refused_7bit;
    *out_coding = MAILSUB__EXISTING_COPY;
    if (refused->error)
        *out_part = refused->part;
    return refused->error;
}

int mailsub__existing_plan(const struct mailsub__existing *existing, bool may_8bit,
                           enum mailsub__existing_coding *out_coding, const char **out_part)
{
    const mailsub__existing_body *body = &existing->body;
    const enum mailsub__existing_kind kind = existing->type.kind;
    *out_part = "text";
    if (existing->has_parts)
        return plan_parts(existing, may_8bit, out_coding, out_part);
    if (existing->transfer == MAILSUB__EXISTING_BINARY && kind == MAILSUB__EXISTING_DATA)
        return plan_binary(existing, may_8bit, out_coding);
    if (body->has_nul)
        return MAILSUB_E_CONTROL;
    bool is_signed = existing->body_is_signed || body->has_pgp || existing->has_sealed_part;
    if (is_signed && !mailsub__existing_line_ends_are_known(existing))
        return MAILSUB_E_SIGNED;
    if (!body->has_long_line && (may_8bit || !is_8bit(existing))) {
        *out_coding = MAILSUB__EXISTING_COPY;
        return MAILSUB_OK;
    }
    if (is_signed)
        return MAILSUB_E_SIGNED;
    if (existing->transfer == MAILSUB__EXISTING_IN_BASE64 && kind != MAILSUB__EXISTING_PARTS &&
        !is_8bit(existing)) {
        *out_coding = MAILSUB__EXISTING_FOLD_BASE64;
        return MAILSUB_OK;
    }
    if (mailsub__existing_is_encoded(existing->transfer) || kind == MAILSUB__EXISTING_PARTS)
        return body->has_long_line ? MAILSUB_E_LINE_TOO_LONG : MAILSUB_E_8BIT;
    *out_coding = kind == MAILSUB__EXISTING_TEXT && body->n_escaped <= body->len / 6
                      ? MAILSUB__EXISTING_QUOTED_PRINTABLE
                      : MAILSUB__EXISTING_BASE64;
    return MAILSUB_OK;
}

static bool is_file(const struct mailsub__existing_part *part)
{
    return part->transfer == MAILSUB__EXISTING_BINARY && part->kind == MAILSUB__EXISTING_DATA;
}

static enum mailsub__existing_coding coding_of(const struct mailsub__existing_part *part,
                                               bool may_8bit)
{
    bool is_no_text = is_file(part) && (part->has_nul || part->has_other_ends);
    if (part->is_multipart ||
        !(is_no_text || part->has_long_line || (part->n_8bit > 0 && !may_8bit)))
        return MAILSUB__EXISTING_COPY;
    if (part->transfer == MAILSUB__EXISTING_IN_BASE64)
        return MAILSUB__EXISTING_FOLD_BASE64;
    if (is_file(part))
        return MAILSUB__EXISTING_BASE64_RAW;
    bool is_readable = part->n_escaped <= (part->body_end - part->body_at) / 6;
    return part->kind == MAILSUB__EXISTING_TEXT && is_readable ? MAILSUB__EXISTING_QUOTED_PRINTABLE
                                                               : MAILSUB__EXISTING_BASE64;
}

/* The part's Content-Transfer-Encoding; NULL: what it has, or has not, is right. */
static const char *transfer_of(const struct mailsub__existing_part *part,
                               enum mailsub__existing_coding coding, bool may_8bit)
{
    if (part->transfer == MAILSUB__EXISTING_IN_BASE64)
        return NULL;
    if (coding == MAILSUB__EXISTING_QUOTED_PRINTABLE)
        return "Content-Transfer-Encoding: quoted-printable\r\n";
    if (coding != MAILSUB__EXISTING_COPY)
        return "Content-Transfer-Encoding: base64\r\n";
    bool is_8bit_now = part->n_8bit > 0 && may_8bit;
    if (is_8bit_now && part->transfer != MAILSUB__EXISTING_8BIT)
        return "Content-Transfer-Encoding: 8bit\r\n";
    if (!is_8bit_now && (part->transfer == MAILSUB__EXISTING_BINARY ||
                         (part->transfer == MAILSUB__EXISTING_8BIT && !may_8bit)))
        return "Content-Transfer-Encoding: 7bit\r\n";
    return NULL;
}

/* As for a whole message: octets beyond ASCII need a name (RFC 1428). */
static const char *type_of(const struct mailsub__existing_part *part)
{
    if (part->n_8bit == 0)
        return "Content-Type: text/plain; charset=us-ascii\r\n";
    return part->is_utf8 ? "Content-Type: text/plain; charset=utf-8\r\n"
                         : "Content-Type: text/plain; charset=unknown-8bit\r\n";
}

static void add_words(mailsub__image *image, uint64_t at, uint64_t end, const char *words)
{
    image->edits[image->n_edits++] =
        (struct mailsub__existing_edit){.at = at, .end = end, .resume = end, .words = words};
}

static void edit_part(mailsub__image *image, const struct mailsub__existing_part *part,
                      bool may_8bit)
{
    enum mailsub__existing_coding coding = coding_of(part, may_8bit);
    const char *transfer = transfer_of(part, coding, may_8bit);
    if (transfer && !part->has_type)
        add_words(image, part->header_at, part->header_at, type_of(part));
    if (transfer)
        add_words(image, part->transfer_at, part->transfer_end, transfer);
    if (coding == MAILSUB__EXISTING_COPY)
        return;
    /* What is encoded ends with a line end, which the delimiter may have if the part has none. */
    bool delimiter_has_own = coding == MAILSUB__EXISTING_QUOTED_PRINTABLE && part->ends_line;
    image->edits[image->n_edits++] = (struct mailsub__existing_edit){
        .at = part->body_at,
        .end = part->body_end,
        .resume = delimiter_has_own ? part->body_end : part->delimiter_at,
        .coding = coding,
    };
}

int mailsub__existing_make_edits(mailsub__image *image, enum mailsub__existing_coding coding,
                                 bool may_8bit)
{
    enum { MOST_FOR_A_PART = 3 };
    const struct mailsub__existing *existing = image->existing;
    const mailsub_allocator *allocator = image->octets.allocator;
    bool is_whole = coding != MAILSUB__EXISTING_COPY;
    size_t most = is_whole ? 1 : existing->n_parts * MOST_FOR_A_PART;
    mailsub__free(allocator, image->edits);
    image->n_edits = 0;
    image->edits = NULL;
    if (most == 0 || existing->body.len == 0)
        return MAILSUB_OK;
    image->edits = mailsub__alloc_array(allocator, most, sizeof *image->edits);
    if (!image->edits)
        return MAILSUB_E_NOMEM;
    if (is_whole) {
        uint64_t end = existing->source.len;
        image->edits[image->n_edits++] =
            (struct mailsub__existing_edit){existing->body_at, end, end, NULL, coding, true};
        return MAILSUB_OK;
    }
    for (size_t i = 0; existing->has_parts && i < existing->n_parts; i++)
        edit_part(image, &existing->parts[i], may_8bit);
    return MAILSUB_OK;
}

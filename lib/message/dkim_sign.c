/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signs a laid out message. The header is in the image; the body is read through once for its
 * hash, from where it will be read again when it is sent, so that memory stays bounded: attached
 * files are read twice, and what is in memory is not copied.
 *
 * The tag b= comes last, so that the field without its value, which is what is signed (RFC 6376
 * section 3.7), is what stands in front of it.
 *
 * Not offered: l=, which lets anybody add to the body (section 8.2), z=, which repeats the header,
 * and SHA-1 (RFC 8301).
 */
#include <assert.h>

#include "base/crypto.h"
#include "base/memory.h"
#include "codec/base64.h"
#include "message/dkim_canon.h"
#include "message/existing_field.h"
#include "message/header_scan.h"
#include "message/state.h"

enum { N_FORMS = MAILSUB_DKIM_RELAXED + 1, PIECE = 16 * 1024, DIGEST_LEN = 32 };

/* A field of the header, its text without the last CRLF. */
struct field {
    mailsub__slice name;
    mailsub__slice text;
};

struct signing {
    mailsub_message *message;
    mailsub__image *image;
    size_t body_at; /* in the image's octets */
    struct field *fields;
    size_t n_fields;
    size_t room_for_fields;
    unsigned char body_hashes[N_FORMS][DIGEST_LEN]; /* of the forms that are used */
    mailsub__buffer canon;                          /* what is signed of the header */
    mailsub__buffer tag;                            /* one at a time */
    size_t column;                                  /* of the field that is being written */
    int error;                                      /* of a tag */
};

static bool is_used(const mailsub__dkim_set *signers, int body_form)
{
    for (size_t i = 0; i < signers->n; i++) {
        if (signers->items[i]->body_form == body_form)
            return true;
    }
    return false;
}

static int put_hash(void *hasher, mailsub__slice octets)
{
    return mailsub__hasher_update(hasher, octets);
}

/* The part in base64 that is being read; NULL: something else is. */
static const struct mailsub__place *solid_place(const mailsub__reader *reader)
{
    if (!reader->inside)
        return NULL;
    const struct mailsub__place *place = &reader->image->places[reader->place];
    return place->encoding == MAILSUB__BODY_BASE64 ? place : NULL;
}

static int feed(mailsub__dkim_body *body, mailsub__slice piece, bool is_solid)
{
    return is_solid ? mailsub__dkim_body_feed_solid(body, piece.ptr, piece.len)
                    : mailsub__dkim_body_feed(body, piece.ptr, piece.len);
}

/* Read the body as it will be sent, and feed it to those that are wanted. */
static int read_body(struct signing *signing, mailsub__dkim_body *bodies, const bool *wanted)
{
    char piece[PIECE];
    mailsub__reader reader;
    mailsub__reader_init(&reader, signing->image);
    reader.image_at = signing->body_at;
    reader.notes_facts = true;
    int rc = MAILSUB_OK;
    for (size_t len = 1; !rc && len > 0;) {
        const struct mailsub__place *solid = solid_place(&reader);
        rc = mailsub__reader_read(&reader, piece, sizeof piece, &len);
        if (rc)
            signing->message->detail = reader.detail;
        bool is_solid = solid && solid == solid_place(&reader);
        for (int form = 0; form < N_FORMS && !rc; form++) {
            if (wanted[form])
                rc = feed(&bodies[form], mailsub__slice_of(piece, len), is_solid);
        }
    }
    mailsub__reader_deinit(&reader);
    return rc;
}

static int hash_body(struct signing *signing)
{
    bool wanted[N_FORMS];
    mailsub__hasher hashers[N_FORMS] = {{0}};
    mailsub__dkim_body bodies[N_FORMS];
    int rc = MAILSUB_OK;
    for (int form = 0; form < N_FORMS; form++) {
        wanted[form] = is_used(&signing->image->signers, form);
        mailsub__dkim_body_init(&bodies[form], form, put_hash, &hashers[form]);
        if (wanted[form] && !rc)
            rc = mailsub__hasher_begin(&hashers[form], MAILSUB__SHA256);
    }
    if (!rc)
        rc = read_body(signing, bodies, wanted);
    for (int form = 0; form < N_FORMS; form++) {
        if (wanted[form] && !rc)
            rc = mailsub__dkim_body_finish(&bodies[form]);
        if (wanted[form] && !rc)
            rc = mailsub__hasher_finish(&hashers[form], signing->body_hashes[form]);
        mailsub__hasher_deinit(&hashers[form]);
    }
    return rc;
}

static int list_fields(struct signing *signing)
{
    static const char end[] = "\r\n\r\n";
    mailsub__slice octets = mailsub__buffer_slice(&signing->image->octets);
    const char *at = memmem(octets.ptr, octets.len, end, sizeof end - 1);
    assert(at);
    size_t header_len = (size_t)(at - octets.ptr) + 2;
    signing->body_at = header_len + 2;
    mailsub__header_scan scan = {.rest = mailsub__slice_of(octets.ptr, header_len)};
    mailsub__header_field field;
    while (mailsub__header_scan_next(&scan, &field)) {
        void *array = signing->fields;
        int rc =
            mailsub__grow_array(&signing->message->allocator, &array, &signing->room_for_fields,
                                signing->n_fields, sizeof *signing->fields, SIZE_MAX);
        signing->fields = array;
        if (rc)
            return rc;
        signing->fields[signing->n_fields++] = (struct field){
            .name = field.name, .text = mailsub__slice_of(field.text.ptr, field.text.len - 2)};
    }
    return MAILSUB_OK;
}

/* Append the octets of a tag, folded in front where they and one more do not fit. */
static void put_tag(struct signing *signing, bool spaced)
{
    mailsub__buffer *out = &signing->image->signatures;
    mailsub__slice text = mailsub__buffer_slice(&signing->tag);
    if (signing->tag.error)
        signing->error = signing->tag.error;
    if (signing->column + spaced + text.len >= MAILSUB__FOLD_AIM) {
        mailsub__buffer_append_str(out, "\r\n ");
        signing->column = 1;
    } else if (spaced) {
        mailsub__buffer_append_char(out, ' ');
        signing->column++;
    }
    mailsub__buffer_append_slice(out, text);
    signing->column += text.len;
    mailsub__buffer_reset(&signing->tag);
}

static void put_text_tag(struct signing *signing, const char *name, const char *value)
{
    mailsub__buffer_append_str(&signing->tag, name);
    mailsub__buffer_append_str(&signing->tag, value);
    mailsub__buffer_append_char(&signing->tag, ';');
    put_tag(signing, true);
}

static void put_time_tag(struct signing *signing, const char *name, int64_t unix_s)
{
    mailsub__buffer_append_str(&signing->tag, name);
    mailsub__buffer_append_uint(&signing->tag, (uint64_t)unix_s);
    mailsub__buffer_append_char(&signing->tag, ';');
    put_tag(signing, true);
}

/* RFC 6376 section 2.11: quoted-printable of its own, where also ";" and white space are quoted. */
static void put_identity(struct signing *signing, const char *identity)
{
    static const char digits[] = "0123456789ABCDEF";
    mailsub__buffer *tag = &signing->tag;
    mailsub__buffer_append_str(tag, "i=");
    for (const char *at = identity; *at; at++) {
        unsigned char c = (unsigned char)*at;
        if (c > ' ' && c < 0x7f && c != ';' && c != '=') {
            mailsub__buffer_append_char(tag, *at);
            continue;
        }
        const char quoted[] = {'=', digits[c >> 4], digits[c & 15]};
        mailsub__buffer_append(tag, quoted, sizeof quoted);
    }
    mailsub__buffer_append_char(tag, ';');
    put_tag(signing, true);
}

/*
 * Name a field in h= as often as it is signed, and append what of it is: from the last one up
 * (RFC 6376 section 5.4.2).
 */
static int sign_field(struct signing *signing, const mailsub_dkim *dkim,
                      const mailsub__dkim_field *wanted, bool *is_first)
{
    const mailsub__slice name = mailsub__slice_of(wanted->name, wanted->name_len);
    size_t n = 0;
    for (size_t i = signing->n_fields; i-- > 0;) {
        if (!mailsub__slice_equal_nocase(signing->fields[i].name, name))
            continue;
        n++;
        int rc =
            mailsub__dkim_canon_field(dkim->header_form, signing->fields[i].text, &signing->canon);
        if (!rc)
            rc = mailsub__buffer_append_str(&signing->canon, "\r\n");
        if (rc)
            return rc;
    }
    bool is_sealed = wanted->mode == MAILSUB_DKIM_SEALED ||
                     (wanted->mode == MAILSUB_DKIM_SEALED_IF_THERE && n > 0);
    for (n += is_sealed; n > 0; n--) {
        if (*is_first)
            mailsub__buffer_append_str(&signing->tag, "h=");
        else
            mailsub__buffer_append_char(&signing->tag, ':');
        mailsub__buffer_append_slice(&signing->tag, name);
        put_tag(signing, *is_first);
        *is_first = false;
    }
    return MAILSUB_OK;
}

static int put_fields(struct signing *signing, const mailsub_dkim *dkim)
{
    bool is_first = true;
    int rc = MAILSUB_OK;
    for (size_t i = 0; i < dkim->n_fields && !rc; i++)
        rc = sign_field(signing, dkim, &dkim->fields[i], &is_first);
    mailsub__buffer_append_char(&signing->image->signatures, ';');
    signing->column++;
    return rc;
}

/* All of the field in front of the value of b=, and into canon what is signed in front of it. */
static int put_front(struct signing *signing, const mailsub_dkim *dkim)
{
    static const char *const forms[] = {"simple", "relaxed"};
    static const char front[] = "DKIM-Signature: v=1;";
    const mailsub_message *message = signing->message;
    mailsub__buffer_append_str(&signing->image->signatures, front);
    signing->column = sizeof front - 1;
    put_text_tag(signing, "a=", mailsub_dkim_get_algorithm(dkim));
    mailsub__buffer_append_str(&signing->tag, "c=");
    mailsub__buffer_append_str(&signing->tag, forms[dkim->header_form]);
    put_text_tag(signing, "/", forms[dkim->body_form]);
    put_text_tag(signing, "d=", dkim->domain);
    put_text_tag(signing, "s=", dkim->selector);
    if (dkim->identity)
        put_identity(signing, dkim->identity);
    if (dkim->has_timestamp)
        put_time_tag(signing, "t=", message->signed_at_s);
    if (dkim->lifetime_s > 0)
        put_time_tag(signing, "x=", message->signed_at_s + dkim->lifetime_s);
    int rc = put_fields(signing, dkim);
    mailsub__buffer_append_str(&signing->tag, "bh=");
    mailsub__base64_append(&signing->tag, signing->body_hashes[dkim->body_form], DIGEST_LEN);
    put_text_tag(signing, "", "");
    mailsub__buffer_append_str(&signing->tag, "b=");
    put_tag(signing, true);
    if (!rc)
        rc = signing->error;
    return rc ? rc : signing->image->signatures.error;
}

/* What a function of the program's own made is not trusted: a wrong signature is worse than none. */
static int make_signature(const mailsub_dkim *dkim, const unsigned char *digest, unsigned char *out,
                          size_t *out_len)
{
    if (!dkim->sign)
        return mailsub__key_sign(&dkim->key, digest, out, out_len);
    size_t len = 0;
    int rc = dkim->sign(dkim->sign_context, digest, DIGEST_LEN, out, &len);
    if (rc)
        return rc < 0 ? rc : MAILSUB_E_SIGNING;
    if (len > MAILSUB__KEY_MAX_SIGNATURE ||
        !mailsub__key_verify(&dkim->key, digest, mailsub__slice_of(out, len)))
        return MAILSUB_E_SIGNING;
    *out_len = len;
    return MAILSUB_OK;
}

/* The value of b=, which may be folded anywhere (RFC 6376 section 3.5). */
static int put_signature(struct signing *signing, const unsigned char *signature, size_t len)
{
    mailsub__buffer *out = &signing->image->signatures;
    mailsub__buffer_reset(&signing->tag);
    int rc = mailsub__base64_append(&signing->tag, signature, len);
    if (rc)
        return rc;
    mailsub__slice text = mailsub__buffer_slice(&signing->tag);
    for (size_t at = 0; at < text.len;) {
        size_t n = MAILSUB__FOLD_AIM - signing->column;
        if (n > text.len - at)
            n = text.len - at;
        mailsub__buffer_append(out, text.ptr + at, n);
        mailsub__buffer_append_str(out, at + n < text.len ? "\r\n " : "\r\n");
        signing->column = 1;
        at += n;
    }
    mailsub__buffer_reset(&signing->tag);
    return out->error;
}

static int sign(struct signing *signing, const mailsub_dkim *dkim)
{
    mailsub__buffer *out = &signing->image->signatures;
    size_t start = out->len;
    mailsub__buffer_reset(&signing->canon);
    int rc = put_front(signing, dkim);
    if (rc)
        return rc;
    mailsub__slice field = mailsub__buffer_slice(out);
    rc = mailsub__dkim_canon_field(dkim->header_form,
                                   mailsub__slice_of(field.ptr + start, field.len - start),
                                   &signing->canon);
    unsigned char digest[DIGEST_LEN];
    if (!rc)
        rc = mailsub__hash_of(MAILSUB__SHA256, mailsub__buffer_slice(&signing->canon), digest);
    unsigned char signature[MAILSUB__KEY_MAX_SIGNATURE];
    size_t len;
    if (!rc)
        rc = make_signature(dkim, digest, signature, &len);
    if (rc) {
        signing->message->detail = dkim->domain;
        return rc;
    }
    return put_signature(signing, signature, len);
}

/*
 * The time of the first signing stays: a message that is submitted again is the same. It is not
 * that of Date, which a program may set, for tomorrow or to what it was years ago.
 */
static int fix_time(mailsub_message *message)
{
    if (message->has_signed_at)
        return MAILSUB_OK;
    int64_t unix_s;
    int32_t zone_min;
    int rc = message->clock.now(message->clock.context, &unix_s, &zone_min);
    if (rc)
        return rc;
    if (!mailsub__date_is_valid(unix_s, 0))
        return MAILSUB_E_DATE;
    message->signed_at_s = unix_s;
    message->has_signed_at = true;
    return MAILSUB_OK;
}

int mailsub__dkim_sign_image(mailsub_message *message, mailsub__image *image)
{
    struct signing signing = {.message = message, .image = image};
    mailsub__buffer_init(&signing.canon, &message->allocator, SIZE_MAX / 4);
    mailsub__buffer_init(&signing.tag, &message->allocator, SIZE_MAX / 4);
    int rc = fix_time(message);
    if (!rc && message->existing && mailsub__existing_forbids_signature(message->existing))
        rc = MAILSUB_E_SIGNED;
    if (rc)
        message->detail = "DKIM-Signature";
    else
        rc = list_fields(&signing);
    if (!rc)
        rc = hash_body(&signing);
    for (size_t i = 0; i < image->signers.n && !rc; i++)
        rc = sign(&signing, image->signers.items[i]);
    image->size += image->signatures.len;
    mailsub__free(&message->allocator, signing.fields);
    mailsub__buffer_deinit(&signing.canon);
    mailsub__buffer_deinit(&signing.tag);
    return rc;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decides how each part is sent, from its content and from what the server can do.
 *
 *  - Texts: 7bit, 8bit, quoted-printable or base64, see body.h.
 *  - message/rfc822: 7bit, 8bit or binary, for RFC 2046 section 5.2.1 forbids anything else. Where
 *    the server takes none of these, it is an error: to encode it would be malformed, to change the
 *    parts inside would break signatures. Only when nobody asked for message/rfc822 by name, and it
 *    was guessed from the file's name, it is sent as octets instead.
 *  - All else is base64, or binary where the server can do that: it comes back octet by octet.
 *
 * Boundaries begin with "=_", which neither base64 nor quoted-printable can produce (RFC 2045
 * section 6.7), and a text in which a line begins with "--=_" is encoded (see body.c). Content that
 * goes out as it is, is searched: should it hold the boundary, as a message does to which its own
 * copy is attached, another one is drawn.
 */
#include "base/memory.h"
#include "message/flowed.h"
#include "message/layout.h"
#include "message/scan.h"

enum { RANDOM_OCTETS = 12, TRIES = 4 };

static bool can(const mailsub__layout *layout, uint32_t capability)
{
    return (layout->image->capabilities & capability) != 0;
}

static void plan_leaf(mailsub__layout *layout, int which, const char *media_type,
                      mailsub__slice content, unsigned flags)
{
    if (can(layout, MAILSUB_CAN_8BITMIME))
        flags |= MAILSUB__BODY_MAY_8BIT;
    layout->leaves[which] = (struct mailsub__leaf){
        .media_type = media_type,
        .content = content,
        .encoding = mailsub__body_choose(content, flags),
    };
    layout->n_leaves++;
}

static mailsub__slice slice_of_text(const struct mailsub__text *text)
{
    return mailsub__slice_of(text->data, text->len);
}

static int plan_text(mailsub__layout *layout, mailsub__slice text)
{
    if (!layout->message->is_flowed) {
        plan_leaf(layout, MAILSUB__LEAF_TEXT, "text/plain; charset=utf-8", text, 0);
        return MAILSUB_OK;
    }
    int rc = mailsub__flowed_append(&layout->flowed, text);
    if (!rc)
        plan_leaf(layout, MAILSUB__LEAF_TEXT, "text/plain; charset=utf-8; format=flowed",
                  mailsub__buffer_slice(&layout->flowed), MAILSUB__BODY_FLOWED);
    return rc;
}

/* Not every reader shows HTML, and filters mistrust mail that has nothing else. */
static int plan_derived_text(mailsub__layout *layout)
{
    mailsub__slice text;
    int rc = mailsub__message_derive_text(layout->message, &text);
    return rc || text.len == 0 ? rc : plan_text(layout, text);
}

static int plan_leaves(mailsub__layout *layout)
{
    const mailsub_message *message = layout->message;
    int rc = MAILSUB_OK;
    if (message->text.data)
        rc = plan_text(layout, slice_of_text(&message->text));
    else if (message->html.data && !message->html_is_alone)
        rc = plan_derived_text(layout);
    if (rc)
        return rc;
    if (message->html.data)
        plan_leaf(layout, MAILSUB__LEAF_HTML, "text/html; charset=utf-8",
                  slice_of_text(&message->html), 0);
    if (message->calendar.data)
        plan_leaf(layout, MAILSUB__LEAF_CALENDAR, message->calendar_method->media_type,
                  slice_of_text(&message->calendar), 0);
    return MAILSUB_OK;
}

static int fix_boundary(mailsub_message *message)
{
    if (message->boundary[0] != '\0')
        return MAILSUB_OK;
    static const char digits[] = "0123456789abcdef";
    unsigned char octets[RANDOM_OCTETS];
    int rc = message->random.fill(message->random.context, octets, sizeof octets);
    if (rc)
        return rc;
    char *at = stpcpy(message->boundary, "=_");
    for (size_t i = 0; i < sizeof octets; i++) {
        *at++ = digits[octets[i] >> 4];
        *at++ = digits[octets[i] & 15];
    }
    *at = '\0';
    return MAILSUB_OK;
}

/* Feed the content of a file that is open, which must have its size still. */
static int scan_open_file(const struct mailsub__part *part, int fd, mailsub__scan *scan)
{
    char block[16 * 1024];
    size_t left = part->len;
    size_t n = 1;
    while (n > 0) {
        int rc = mailsub__part_read(fd, block, sizeof block, &n);
        if (rc)
            return rc;
        if (n > left)
            return MAILSUB_E_FILE_CHANGED;
        left -= n;
        mailsub__scan_feed(scan, mailsub__slice_of(block, n), n == 0);
    }
    return left > 0 ? MAILSUB_E_FILE_CHANGED : MAILSUB_OK;
}

static int scan_part(mailsub__layout *layout, const struct mailsub__part *part, mailsub__scan *scan)
{
    mailsub__scan_init(scan, mailsub__slice_str(layout->message->boundary));
    if (!part->path) {
        mailsub__scan_feed(scan, mailsub__slice_of(part->data, part->len), true);
        return MAILSUB_OK;
    }
    int fd;
    int rc = mailsub__part_open(part, &fd);
    if (!rc) {
        rc = scan_open_file(part, fd, scan);
        mailsub__part_close(fd);
    }
    if (rc)
        layout->message->detail = part->path;
    return rc;
}

/* The encoding of an attached message; BASE64: there is none. */
static enum mailsub__body_encoding choose_for_message(const mailsub__layout *layout,
                                                      const mailsub__scan *scan)
{
    if (!scan->is_not_lines && !scan->has_high)
        return MAILSUB__BODY_7BIT;
    if (!scan->is_not_lines && can(layout, MAILSUB_CAN_8BITMIME))
        return MAILSUB__BODY_8BIT;
    return can(layout, MAILSUB_CAN_BINARYMIME) ? MAILSUB__BODY_BINARY : MAILSUB__BODY_BASE64;
}

/* *out_clash: the content holds the boundary. */
static int plan_place(mailsub__layout *layout, struct mailsub__place *place, bool *out_clash)
{
    const struct mailsub__part *part = place->part;
    place->encoding = MAILSUB__BODY_BASE64;
    place->encoded_len = mailsub__base64_encoded_len(part->len);
    if (!part->is_message && !can(layout, MAILSUB_CAN_BINARYMIME))
        return MAILSUB_OK;
    mailsub__scan scan;
    int rc = scan_part(layout, part, &scan);
    if (rc)
        return rc;
    enum mailsub__body_encoding encoding =
        part->is_message ? choose_for_message(layout, &scan) : MAILSUB__BODY_BINARY;
    if (encoding == MAILSUB__BODY_BASE64) {
        layout->message->detail = part->path ? part->path : "attachment";
        return part->type_is_guessed ? MAILSUB_OK : MAILSUB_E_ENCODING;
    }
    place->encoding = encoding;
    place->encoded_len = part->is_message ? scan.n_octets : part->len;
    place->has_digest = part->path != NULL;
    place->digest = scan.digest;
    *out_clash |= scan.has_needle;
    return MAILSUB_OK;
}

/* Places without their plans: what the HTML embeds comes first, for it will stand beside it. */
static int list_places(mailsub__layout *layout)
{
    const mailsub_message *message = layout->message;
    mailsub__image *image = layout->image;
    image->n_places = 0;
    if (message->n_parts > image->room_for_places) {
        mailsub__free(&message->allocator, image->places);
        image->room_for_places = 0;
        image->places =
            mailsub__alloc_array(&message->allocator, message->n_parts, sizeof *image->places);
        if (!image->places)
            return MAILSUB_E_NOMEM;
        image->room_for_places = message->n_parts;
    }
    layout->n_related = message->html.data ? message->n_embedded : 0;
    for (int related = layout->n_related > 0; related >= 0; related--) {
        for (const struct mailsub__part *part = message->first_part; part; part = part->next) {
            bool is_related = layout->n_related > 0 && part->content_id.len > 0;
            if (is_related == related)
                image->places[image->n_places++] = (struct mailsub__place){.part = part};
        }
    }
    return MAILSUB_OK;
}

static int plan_places(mailsub__layout *layout)
{
    mailsub_message *message = layout->message;
    for (int i = 0; i < TRIES; i++) {
        bool clash = false;
        int rc = fix_boundary(message);
        for (size_t p = 0; !rc && p < layout->image->n_places; p++)
            rc = plan_place(layout, &layout->image->places[p], &clash);
        if (rc || !clash)
            return rc;
        message->boundary[0] = '\0';
    }
    return MAILSUB_E_RANDOM; /* it is not random: each try has one chance in 2^96 to fail */
}

static void widen(enum mailsub__body_encoding *domain, enum mailsub__body_encoding encoding)
{
    if (mailsub__body_domain(encoding) > *domain)
        *domain = mailsub__body_domain(encoding);
}

/* A multipart says the widest of what is inside (RFC 2045 section 6.4). */
static void sum_domains(mailsub__layout *layout)
{
    mailsub__image *image = layout->image;
    layout->texts_domain = MAILSUB__BODY_7BIT;
    for (int i = 0; i < MAILSUB__N_LEAVES; i++)
        widen(&layout->texts_domain, layout->leaves[i].encoding);
    layout->related_domain = layout->texts_domain;
    for (size_t i = 0; i < layout->n_related; i++)
        widen(&layout->related_domain, image->places[i].encoding);
    image->domain = layout->related_domain;
    for (size_t i = layout->n_related; i < image->n_places; i++)
        widen(&image->domain, image->places[i].encoding);
}

int mailsub__plan_make(mailsub__layout *layout)
{
    int rc = plan_leaves(layout);
    if (!rc)
        rc = list_places(layout);
    if (!rc)
        rc = plan_places(layout);
    if (!rc)
        sum_domains(layout);
    return rc;
}

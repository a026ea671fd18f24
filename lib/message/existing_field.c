/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "message/existing_field.h"

#include <stdalign.h>

#include "base/memory.h"
#include "codec/word_decode.h"
#include "message/arena.h"
#include "message/fold.h"
#include "message/mailboxes.h"

/* Names of fields that a signature covers; a list beyond it is taken for all there are. */
enum { MOST_SIGNED_NAMES = 2 * 1024 };

static bool is_white(char c)
{
    return c == ' ' || c == '\t';
}

static bool name_is(mailsub__slice name, const char *wanted)
{
    return mailsub__slice_equal_nocase(name, mailsub__slice_str(wanted));
}

/* The value of a tag in a list of tag=value parted by semicolons (RFC 6376 section 3.2). */
static bool find_tag(mailsub__slice list, char tag, mailsub__slice *out_value)
{
    while (list.len > 0) {
        const char *end = memchr(list.ptr, ';', list.len);
        size_t n = end ? (size_t)(end - list.ptr) : list.len;
        size_t i = 0;
        while (i < n && is_white(list.ptr[i]))
            i++;
        size_t name = i++;
        while (i < n && is_white(list.ptr[i]))
            i++;
        if (i < n && list.ptr[name] == tag && list.ptr[i] == '=') {
            *out_value = mailsub__slice_of(list.ptr + i + 1, n - i - 1);
            return true;
        }
        n += end != NULL;
        list = mailsub__slice_of(list.ptr + n, list.len - n);
    }
    return false;
}

static int add_signed_names(struct mailsub__existing *existing, mailsub__slice names)
{
    mailsub__buffer *all = &existing->signed_names;
    if (names.len > MOST_SIGNED_NAMES - all->len - 2) {
        existing->signs_all = true;
        return MAILSUB_OK;
    }
    if (all->len == 0)
        mailsub__buffer_append_char(all, ':');
    for (size_t i = 0; i < names.len; i++) {
        if (!is_white(names.ptr[i]))
            mailsub__buffer_append_char(all, mailsub__ascii_lower(names.ptr[i]));
    }
    return mailsub__buffer_append_char(all, ':');
}

/* How often a list of names, parted by colons, holds "DKIM-Signature". */
static size_t count_dkim(mailsub__slice names)
{
    size_t n = 0;
    while (names.len > 0) {
        const char *colon = memchr(names.ptr, ':', names.len);
        size_t len = colon ? (size_t)(colon - names.ptr) : names.len;
        size_t start = 0;
        size_t end = len;
        while (start < end && is_white(names.ptr[start]))
            start++;
        while (end > start && is_white(names.ptr[end - 1]))
            end--;
        n += name_is(mailsub__slice_of(names.ptr + start, end - start), "DKIM-Signature");
        len += colon != NULL;
        names = mailsub__slice_of(names.ptr + len, names.len - len);
    }
    return n;
}

static void note_dkim(struct mailsub__existing *existing, bool is_dkim, mailsub__slice names)
{
    size_t *most = is_dkim ? &existing->n_named_by_dkim : &existing->n_named_by_arc;
    size_t n = count_dkim(names);
    if (n > *most)
        *most = n;
}

bool mailsub__existing_forbids_signature(const struct mailsub__existing *existing)
{
    /* A signature never covers itself. */
    return existing->n_named_by_arc > existing->n_dkim ||
           (existing->n_dkim > 0 && existing->n_named_by_dkim > existing->n_dkim - 1);
}

int mailsub__existing_note_signature(struct mailsub__existing *existing,
                                     const mailsub__header_scan *scan,
                                     const mailsub__header_field *field)
{
    if (!name_is(field->name, "DKIM-Signature") && !name_is(field->name, "ARC-Message-Signature"))
        return MAILSUB_OK;
    existing->body_is_signed = true;
    bool is_dkim = name_is(field->name, "DKIM-Signature");
    existing->n_dkim += is_dkim;
    mailsub__buffer value;
    mailsub__buffer_init(&value, existing->header.allocator, SIZE_MAX / 4);
    int rc = mailsub__header_scan_unfold(scan, field->value, &value);
    mailsub__slice names;
    if (!rc && find_tag(mailsub__buffer_slice(&value), 'h', &names)) {
        note_dkim(existing, is_dkim, names);
        rc = add_signed_names(existing, names);
    } else {
        existing->signs_all = true;
    }
    mailsub__buffer_deinit(&value);
    return rc;
}

bool mailsub__existing_signs(const struct mailsub__existing *existing, mailsub__slice name)
{
    if (existing->signs_all)
        return true;
    mailsub__slice rest = mailsub__buffer_slice(&existing->signed_names);
    if (rest.len == 0)
        return false;
    if (name_is(name, "DKIM-Signature") || name_is(name, "ARC-Message-Signature"))
        return true;
    while (rest.len > 0) {
        const char *colon = memchr(rest.ptr, ':', rest.len);
        size_t n = (size_t)(colon - rest.ptr);
        if (mailsub__slice_equal_nocase(mailsub__slice_of(rest.ptr, n), name))
            return true;
        rest = mailsub__slice_of(rest.ptr + n + 1, rest.len - n - 1);
    }
    return false;
}

int mailsub__existing_keep_id(struct mailsub__existing *existing, mailsub__slice value)
{
    char *copy = mailsub__alloc(existing->header.allocator, value.len + 1);
    if (!copy)
        return MAILSUB_E_NOMEM;
    memcpy(copy, value.ptr, value.len);
    copy[value.len] = '\0';
    existing->message_id = copy;
    return MAILSUB_OK;
}

int mailsub__existing_decode_words(mailsub__buffer *out, mailsub__slice text)
{
    bool behind_word = false;
    size_t white = 0; /* octets of white space in front of rest */
    for (size_t at = 0; at < text.len;) {
        mailsub__slice rest = mailsub__slice_of(text.ptr + at, text.len - at);
        size_t n = white > 0 || at == 0 ? mailsub__word_decode_len(rest) : 0;
        if (n > 0 && (n == rest.len || is_white(rest.ptr[n]))) {
            /* White space between two encoded words is not part of the text (RFC 2047, 6.2). */
            if (!behind_word)
                mailsub__buffer_append(out, rest.ptr - white, white);
            int rc = mailsub__word_decode_append(out, mailsub__slice_of(rest.ptr, n));
            if (rc)
                return rc == MAILSUB_E_HEADER_VALUE ? MAILSUB_E_8BIT : rc;
            behind_word = true;
        } else {
            for (n = 0; n < rest.len && !is_white(rest.ptr[n]);)
                n++;
            mailsub__buffer_append(out, rest.ptr - white, white + n);
            behind_word = false;
        }
        at += n;
        for (white = 0; at < text.len && is_white(text.ptr[at]); at++)
            white++;
    }
    return out->error;
}

int mailsub__existing_refold(mailsub__buffer *out, mailsub__slice name, mailsub__slice value)
{
    mailsub__buffer_append_slice(out, name);
    mailsub__buffer_append_char(out, ':');
    size_t column = name.len + 1;
    if (column > MAILSUB__FOLD_MOST)
        return MAILSUB_E_LINE_TOO_LONG;
    for (size_t at = 0; at < value.len;) {
        const char *start = value.ptr + at;
        size_t white = 0;
        while (is_white(start[white]))
            white++; /* the value ends with something else */
        size_t n = white;
        while (at + n < value.len && !is_white(start[n]))
            n++;
        at += n;
        /* A space behind the colon; a run of white space that fills a line is as good as one. */
        mailsub__slice token = mailsub__slice_of(start + white, n - white);
        mailsub__slice space = mailsub__slice_of(start, white);
        if (white == 0 || n > MAILSUB__FOLD_AIM)
            space = mailsub__slice_of(" ", 1);
        size_t len = space.len + token.len;
        bool is_first = white == 0;
        if (column + len > (is_first ? MAILSUB__FOLD_MOST : MAILSUB__FOLD_AIM)) {
            mailsub__buffer_append_str(out, "\r\n");
            column = 0;
        }
        column += len;
        if (column > MAILSUB__FOLD_MOST)
            return MAILSUB_E_LINE_TOO_LONG;
        mailsub__buffer_append_slice(out, space);
        mailsub__buffer_append_slice(out, token);
    }
    return mailsub__buffer_append_str(out, "\r\n");
}

int mailsub__existing_write_addresses(mailsub__buffer *out, enum mailsub__address_form form,
                                      mailsub__slice name, mailsub__slice value)
{
    alignas(max_align_t) char seed[1024];
    size_t start = out->len;
    mailsub__arena arena;
    mailsub__fold fold;
    struct mailsub__mailbox_list list;
    mailsub__arena_init(&arena, out->allocator, seed, sizeof seed);
    mailsub__fold_init(&fold, out);
    int rc = mailsub__mailboxes_parse(&arena, value, MAILSUB__ADDRESS_LIST, form, &list);
    if (!rc)
        rc = mailsub__mailboxes_write(&fold, name, list.first);
    mailsub__fold_deinit(&fold);
    mailsub__arena_deinit(&arena);
    if (rc)
        mailsub__buffer_truncate(out, start);
    return rc;
}

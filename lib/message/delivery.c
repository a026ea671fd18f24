/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a message asks of its delivery. Everything is checked here, so that what the engine makes of
 * it fits its parameter; whether a server can do it is the engine's matter.
 */
#include <mailsub/delivery.h>

#include "codec/utf8.h"
#include "codec/xtext.h"
#include "message/address.h"
#include "message/atom.h"
#include "message/line.h"
#include "message/state.h"

/* In the form of the wire: RFC 3461 sections 4.4 and 4.2. */
enum { MAX_ENVELOPE_ID = 100, MAX_ORIGINAL = 500 };
/* RFC 2852 section 4 and RFC 4865 section 4: nine digits; the year 9999, as RFC 3339 writes it. */
#define MAX_SECONDS 999999999
#define MAX_UNIX_S 253402300799

static int end_change(mailsub_message *message, int rc)
{
    return mailsub__message_end_change(message, "delivery", rc);
}

/* Keep a copy that ends with NUL. */
static int keep(mailsub_message *message, mailsub__slot *slot, mailsub__slice text,
                mailsub__slice *out)
{
    char *room = mailsub__arena_replace(&message->arena, slot, text.len + 1);
    if (!room)
        return MAILSUB_E_NOMEM;
    memcpy(room, text.ptr, text.len);
    room[text.len] = '\0';
    *out = mailsub__slice_of(room, text.len);
    return MAILSUB_OK;
}

const mailsub__delivery *mailsub__message_delivery(const mailsub_message *message)
{
    return &message->delivery;
}

/* ---- reports ---- */

static int set_dsn(mailsub_message *message, int return_part, mailsub__slice id)
{
    if (return_part < MAILSUB_RETURN_DEFAULT || return_part > MAILSUB_RETURN_HEADERS)
        return MAILSUB_E_INVALID;
    int rc = mailsub__line_check(id, MAILSUB__LINE_NO_TAB);
    if (rc)
        return rc;
    if (!mailsub__ascii_only(id) || mailsub__xtext_len(id) > MAX_ENVELOPE_ID)
        return MAILSUB_E_PARAMETER;
    rc = keep(message, &message->envelope_id_slot, id, &message->delivery.envelope_id);
    if (!rc)
        message->delivery.return_part = return_part;
    return rc;
}

int mailsub_message_set_dsn(mailsub_message *message, int return_part, const char *envelope_id)
{
    int rc = mailsub__message_begin_any_change(message);
    if (!rc)
        rc = set_dsn(message, return_part, mailsub__slice_str(envelope_id));
    return end_change(message, rc);
}

int mailsub_message_get_dsn(const mailsub_message *message, int *out_return_part,
                            const char **out_envelope_id)
{
    if (!message || !out_return_part || !out_envelope_id)
        return MAILSUB_E_INVALID;
    *out_return_part = message->delivery.return_part;
    *out_envelope_id = message->delivery.envelope_id.ptr;
    return MAILSUB_OK;
}

/* ---- wishes of single recipients ---- */

/* Where recipient i keeps its wish, with room for all that there are now; NULL: no memory. */
static mailsub__recipient_wish *wish_of(mailsub_message *message, size_t i)
{
    mailsub__delivery *delivery = &message->delivery;
    if (i >= delivery->n_wishes) {
        mailsub__slot grown = message->wishes_slot;
        size_t n_bytes = message->n_recipients * sizeof(mailsub__recipient_wish);
        if (n_bytes > grown.capacity || !grown.room) {
            char *room = mailsub__arena_replace(&message->arena, &grown, n_bytes);
            if (!room)
                return NULL;
            if (delivery->n_wishes > 0)
                memcpy(room, message->wishes_slot.room,
                       delivery->n_wishes * sizeof(mailsub__recipient_wish));
            message->wishes_slot = grown;
        }
        mailsub__recipient_wish *wishes = (mailsub__recipient_wish *)(void *)grown.room;
        for (size_t at = delivery->n_wishes; at < message->n_recipients; at++)
            wishes[at] = (mailsub__recipient_wish){.original_type = MAILSUB__SLICE_EMPTY,
                                                   .original = MAILSUB__SLICE_EMPTY};
        delivery->wishes = wishes;
        delivery->n_wishes = message->n_recipients;
    }
    return &((mailsub__recipient_wish *)(void *)message->wishes_slot.room)[i];
}

static void find_wishes(mailsub__delivery *delivery)
{
    delivery->dsn_by_recipient = false;
    for (size_t i = 0; i < delivery->n_wishes; i++) {
        const mailsub__recipient_wish *wish = &delivery->wishes[i];
        if (wish->has_notify || wish->original.len > 0)
            delivery->dsn_by_recipient = true;
    }
}

static int set_notify(mailsub_message *message, size_t index, uint32_t notify)
{
    const uint32_t known = MAILSUB_NOTIFY_SUCCESS | MAILSUB_NOTIFY_FAILURE | MAILSUB_NOTIFY_DELAY |
                           MAILSUB_NOTIFY_NEVER;
    bool never = (notify & MAILSUB_NOTIFY_NEVER) != 0;
    if ((notify & ~known) || (never && notify != MAILSUB_NOTIFY_NEVER))
        return MAILSUB_E_INVALID;
    mailsub__delivery *delivery = &message->delivery;
    if (index == MAILSUB_ALL_RECIPIENTS) {
        delivery->notify = (uint8_t)notify;
        for (size_t i = 0; i < delivery->n_wishes; i++)
            wish_of(message, i)->has_notify = false;
        find_wishes(delivery);
        return MAILSUB_OK;
    }
    if (index >= message->n_recipients)
        return MAILSUB_E_INVALID;
    mailsub__recipient_wish *wish = wish_of(message, index);
    if (!wish)
        return MAILSUB_E_NOMEM;
    wish->has_notify = true;
    wish->notify = (uint8_t)notify;
    delivery->dsn_by_recipient = true;
    return MAILSUB_OK;
}

int mailsub_message_set_recipient_notify(mailsub_message *message, size_t index, uint32_t notify)
{
    int rc = mailsub__message_begin_any_change(message);
    if (!rc)
        rc = set_notify(message, index, notify);
    return end_change(message, rc);
}

int mailsub_message_get_recipient_notify(const mailsub_message *message, size_t index,
                                         uint32_t *out_notify)
{
    if (!message || !out_notify)
        return MAILSUB_E_INVALID;
    if (index != MAILSUB_ALL_RECIPIENTS && index >= message->n_recipients)
        return MAILSUB_E_INVALID;
    *out_notify = mailsub__delivery_wish(&message->delivery, index).notify;
    return MAILSUB_OK;
}

static const mailsub__slice rfc822 = {"rfc822", 6};
static const mailsub__slice utf_8 = {"utf-8", 5};

static int check_original(mailsub__slice type, mailsub__slice address)
{
    int rc = mailsub__line_check(type, MAILSUB__LINE_NO_TAB);
    if (!rc)
        rc = mailsub__line_check(address, MAILSUB__LINE_NO_TAB);
    if (rc)
        return rc;
    bool is_utf8 = mailsub__slice_equal_nocase(type, utf_8);
    if (!mailsub__atom_is_atom(type) || address.len == 0 ||
        (!is_utf8 && !mailsub__ascii_only(address)))
        return MAILSUB_E_PARAMETER;
    size_t len = is_utf8 ? mailsub__xtext_len_utf8(address) : mailsub__xtext_len(address);
    return type.len + 1 + len > MAX_ORIGINAL ? MAILSUB_E_PARAMETER : MAILSUB_OK;
}

static int set_original(mailsub_message *message, size_t index, const char *type,
                        mailsub__slice address)
{
    mailsub__slice kind = type                           ? mailsub__slice_str(type)
                          : mailsub__ascii_only(address) ? rfc822
                                                         : utf_8;
    int rc = check_original(kind, address);
    if (rc)
        return rc;
    mailsub__recipient_wish *wish = wish_of(message, index);
    char *room = wish ? mailsub__arena_alloc(&message->arena, kind.len + address.len + 2) : NULL;
    if (!room)
        return MAILSUB_E_NOMEM;
    wish->original_type = mailsub__slice_of(room, kind.len);
    room = mempcpy(room, kind.ptr, kind.len);
    *room++ = '\0';
    wish->original = mailsub__slice_of(room, address.len);
    room = mempcpy(room, address.ptr, address.len);
    *room = '\0';
    message->delivery.dsn_by_recipient = true;
    return MAILSUB_OK;
}

int mailsub_message_set_recipient_original(mailsub_message *message, size_t index, const char *type,
                                           const char *address)
{
    int rc = mailsub__message_begin_any_change(message);
    if (!rc && index >= message->n_recipients) {
        rc = MAILSUB_E_INVALID;
    } else if (!rc && address) {
        rc = set_original(message, index, type, mailsub__slice_str(address));
    } else if (!rc && index < message->delivery.n_wishes) {
        wish_of(message, index)->original_type = MAILSUB__SLICE_EMPTY;
        wish_of(message, index)->original = MAILSUB__SLICE_EMPTY;
        find_wishes(&message->delivery);
    }
    return end_change(message, rc);
}

int mailsub_message_get_recipient_original(const mailsub_message *message, size_t index,
                                           const char **out_type, const char **out_address)
{
    if (!message || !out_type || !out_address || index >= message->n_recipients)
        return MAILSUB_E_INVALID;
    mailsub__recipient_wish wish = mailsub__delivery_wish(&message->delivery, index);
    *out_type = wish.original_type.ptr;
    *out_address = wish.original.ptr;
    return MAILSUB_OK;
}

/* ---- time, priority, TLS ---- */

static int set_deliver_by(mailsub_message *message, int mode, int64_t seconds, int trace)
{
    int64_t least = mode == MAILSUB_DELIVER_BY_NOTIFY ? -MAX_SECONDS : 1;
    if (mode < MAILSUB_DELIVER_BY_NONE || mode > MAILSUB_DELIVER_BY_NOTIFY || trace < 0 ||
        trace > 1)
        return MAILSUB_E_INVALID;
    bool none = mode == MAILSUB_DELIVER_BY_NONE;
    if (!none && (seconds < least || seconds > MAX_SECONDS))
        return MAILSUB_E_INVALID;
    message->delivery.deliver_by = mode;
    message->delivery.deliver_by_s = none ? 0 : seconds;
    message->delivery.deliver_by_trace = !none && trace;
    return MAILSUB_OK;
}

int mailsub_message_set_deliver_by(mailsub_message *message, int mode, int64_t seconds, int trace)
{
    int rc = mailsub__message_begin_any_change(message);
    if (!rc)
        rc = set_deliver_by(message, mode, seconds, trace);
    return end_change(message, rc);
}

int mailsub_message_get_deliver_by(const mailsub_message *message, int *out_mode,
                                   int64_t *out_seconds, int *out_trace)
{
    if (!message || !out_mode || !out_seconds || !out_trace)
        return MAILSUB_E_INVALID;
    *out_mode = message->delivery.deliver_by;
    *out_seconds = message->delivery.deliver_by_s;
    *out_trace = message->delivery.deliver_by_trace;
    return MAILSUB_OK;
}

static bool hold_is_valid(int mode, int64_t time)
{
    switch (mode) {
    case MAILSUB_HOLD_NONE:
        return time == 0;
    case MAILSUB_HOLD_FOR:
        return time >= 1 && time <= MAX_SECONDS;
    case MAILSUB_HOLD_UNTIL:
        return time >= 0 && time <= MAX_UNIX_S;
    default:
        return false;
    }
}

int mailsub_message_set_hold(mailsub_message *message, int mode, int64_t time)
{
    int rc = mailsub__message_begin_any_change(message);
    if (!rc && !hold_is_valid(mode, time))
        rc = MAILSUB_E_INVALID;
    if (!rc) {
        message->delivery.hold = mode;
        message->delivery.hold_time = time;
    }
    return end_change(message, rc);
}

int mailsub_message_get_hold(const mailsub_message *message, int *out_mode, int64_t *out_time)
{
    if (!message || !out_mode || !out_time)
        return MAILSUB_E_INVALID;
    *out_mode = message->delivery.hold;
    *out_time = message->delivery.hold_time;
    return MAILSUB_OK;
}

int mailsub_message_set_priority(mailsub_message *message, int priority)
{
    int rc = mailsub__message_begin_any_change(message);
    if (!rc && (priority < -9 || priority > 9))
        rc = MAILSUB_E_INVALID;
    if (!rc)
        message->delivery.priority = priority;
    return end_change(message, rc);
}

int mailsub_message_get_priority(const mailsub_message *message)
{
    return message ? message->delivery.priority : 0;
}

int mailsub_message_set_require_tls(mailsub_message *message, int on)
{
    int rc = mailsub__message_begin_any_change(message);
    if (!rc && on != 0 && on != 1)
        rc = MAILSUB_E_INVALID;
    if (!rc)
        message->delivery.require_tls = on;
    return end_change(message, rc);
}

int mailsub_message_get_require_tls(const mailsub_message *message)
{
    return message && message->delivery.require_tls;
}

/* ---- who submitted it ---- */

static int set_submitter(mailsub_message *message, mailsub__slice text)
{
    mailsub__address address = {.len = 0};
    if (text.len > 0) {
        int rc = mailsub__line_check(text, MAILSUB__LINE_NO_TAB);
        if (!rc) /* RFC 6531 has no form for others in this parameter */
            rc = mailsub__address_parse(text, MAILSUB__ADDRESS_ASCII, &address);
        if (rc)
            return rc;
    }
    int rc = keep(message, &message->submitter_slot, mailsub__address_slice(&address),
                  &message->delivery.submitter);
    if (!rc)
        message->delivery.has_submitter = true;
    return rc;
}

int mailsub_message_set_submitter(mailsub_message *message, const char *address)
{
    int rc = mailsub__message_begin_any_change(message);
    if (!rc && address)
        rc = set_submitter(message, mailsub__slice_str(address));
    else if (!rc)
        message->delivery.has_submitter = false;
    return end_change(message, rc);
}

const char *mailsub_message_get_submitter(const mailsub_message *message)
{
    return message && message->delivery.has_submitter ? message->delivery.submitter.ptr : NULL;
}

/* ---- a copy ---- */

int mailsub__delivery_copy(mailsub_message *to, const mailsub_message *from)
{
    const mailsub__delivery *old = &from->delivery;
    to->delivery = *old;
    to->delivery.wishes = NULL;
    to->delivery.n_wishes = 0;
    int rc = keep(to, &to->envelope_id_slot, old->envelope_id, &to->delivery.envelope_id);
    if (!rc)
        rc = keep(to, &to->submitter_slot, old->submitter, &to->delivery.submitter);
    for (size_t i = 0; i < old->n_wishes && !rc; i++) {
        const mailsub__recipient_wish *wish = &old->wishes[i];
        if (wish->has_notify)
            rc = set_notify(to, i, wish->notify);
        if (!rc && wish->original.len > 0)
            rc = set_original(to, i, wish->original_type.ptr, wish->original);
    }
    return rc;
}

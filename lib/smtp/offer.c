/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the server offers, as text for the application. Nothing here decides anything: the engine
 * goes by engine->capabilities, so a line that finds no room or no memory is just not told.
 */
#include "smtp/engine_private.h"

enum { MAX_OFFER = 8 * 1024, BEFORE_TLS = 0, LAST = 1 };

void mailsub__offer_init(mailsub__engine *engine)
{
    mailsub__buffer_init(&engine->offers[BEFORE_TLS], &engine->allocator, MAX_OFFER);
    mailsub__buffer_init(&engine->offers[LAST], &engine->allocator, MAX_OFFER);
}

void mailsub__offer_forget(mailsub__engine *engine)
{
    mailsub__buffer_reset(&engine->offers[LAST]);
}

void mailsub__offer_put_aside(mailsub__engine *engine)
{
    mailsub__buffer empty = engine->offers[BEFORE_TLS];
    engine->offers[BEFORE_TLS] = engine->offers[LAST];
    engine->offers[LAST] = empty;
}

void mailsub__offer_add(mailsub__engine *engine, mailsub__slice line)
{
    mailsub__buffer *offer = &engine->offers[LAST];
    size_t before = offer->len;
    mailsub__buffer_append_slice(offer, line);
    if (mailsub__buffer_append_char(offer, '\0'))
        mailsub__buffer_truncate(offer, before);
}

const mailsub__buffer *mailsub__engine_offer(const mailsub__engine *engine, bool before_tls)
{
    return &engine->offers[before_tls ? BEFORE_TLS : LAST];
}

void mailsub__engine_move_offers(mailsub__engine *engine, const mailsub_allocator *allocator,
                                 mailsub__buffer offers[2])
{
    for (int i = 0; i < 2; i++) {
        mailsub__buffer_deinit(&offers[i]);
        offers[i] = engine->offers[i];
        offers[i].allocator = allocator;
    }
    mailsub__offer_init(engine);
}

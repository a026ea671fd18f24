/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The public engine: the one of the smtp column, with messages, receipts and a config around it.
 * It has a state of its own only to refuse calls that come out of turn, which the inner one asserts.
 */
#include <mailsub/engine.h>

#include <stddef.h>

#include "base/memory.h"
#include "message/message.h"
#include "net/host_name.h"
#include "session/parcel.h"
#include "session/settings.h"

#define MAX_BINDING_LEN 64

struct mailsub_engine {
    mailsub_allocator allocator;
    mailsub_config *config;
    char helo_name[256];
    mailsub__engine *inner;
    bool started;
    bool asked_for_tls;
    bool ready;
    bool quitting;
    size_t shown;           /* octets that peek_output showed last */
    mailsub__parcel *first; /* under way */
    mailsub_receipt *receipt;
};

static int find_helo_name(mailsub_engine *engine)
{
    if (engine->config->helo_name)
        return MAILSUB_OK;
    mailsub__host_name(engine->helo_name);
    return engine->helo_name[0] != '\0' ? MAILSUB_OK : MAILSUB_E_HOST_NAME;
}

int mailsub_engine_new(const mailsub_allocator *allocator, mailsub_config *config,
                       mailsub_engine **out_engine)
{
    mailsub_allocator table;
    if (!config || !out_engine)
        return MAILSUB_E_INVALID;
    int rc = mailsub__allocator_init(&table, allocator);
    if (rc)
        return rc;
    mailsub_engine *engine = mailsub__alloc_zeroed(&table, sizeof *engine);
    if (!engine)
        return MAILSUB_E_NOMEM;
    engine->allocator = table;
    engine->config = mailsub_config_ref(config);
    rc = find_helo_name(engine);
    if (rc == MAILSUB_OK) {
        mailsub__engine_settings settings;
        mailsub__settings_fill(&settings, config);
        if (!settings.helo_name)
            settings.helo_name = engine->helo_name;
        rc = mailsub__engine_new(&engine->allocator, &settings, &engine->inner);
    }
    if (rc) {
        mailsub_engine_free(engine);
        return rc;
    }
    atomic_store(&config->frozen, true);
    *out_engine = engine;
    return MAILSUB_OK;
}

static void forget(mailsub_engine *engine, const mailsub__parcel *parcel)
{
    mailsub__parcel **link = &engine->first;
    while (*link != parcel)
        link = &(*link)->next;
    *link = parcel->next;
}

/* A transaction has its verdicts: so has its receipt then. */
static void finish(mailsub_engine *engine)
{
    mailsub__parcel *parcel = mailsub__parcel_of(mailsub__engine_done(engine->inner));
    forget(engine, parcel);
    engine->receipt = parcel->receipt;
    mailsub__receipt_set_login(parcel->receipt, engine->inner);
    mailsub__parcel_deliver(parcel);
    mailsub__parcel_free(parcel);
}

int mailsub_engine_next_event(mailsub_engine *engine)
{
    if (!engine)
        return MAILSUB_EVENT_NONE;
    switch (mailsub__engine_next_event(engine->inner)) {
    case MAILSUB__EVENT_NONE:
        break;
    case MAILSUB__EVENT_STARTTLS:
        engine->asked_for_tls = true;
        return MAILSUB_EVENT_STARTTLS;
    case MAILSUB__EVENT_READY:
        engine->ready = true;
        return MAILSUB_EVENT_READY;
    case MAILSUB__EVENT_DONE:
        finish(engine);
        return MAILSUB_EVENT_DONE;
    case MAILSUB__EVENT_CLOSED:
        return MAILSUB_EVENT_CLOSED;
    }
    return MAILSUB_EVENT_NONE;
}

void mailsub_engine_free(mailsub_engine *engine)
{
    if (!engine)
        return;
    if (engine->first)
        mailsub__engine_lost(engine->inner, MAILSUB_E_CANCELLED, 0);
    while (engine->first)
        mailsub_engine_next_event(engine);
    mailsub__engine_free(engine->inner);
    mailsub_config_unref(engine->config);
    mailsub_allocator allocator = engine->allocator;
    mailsub__free(&allocator, engine);
}

/* ---- the connection ---- */

int mailsub_engine_start(mailsub_engine *engine, int protection, int64_t now_ms)
{
    if (!engine || protection < MAILSUB_PROTECTION_NONE ||
        protection > MAILSUB_PROTECTION_VERIFIED ||
        (engine->config->tls == MAILSUB_TLS_IMPLICIT && protection == MAILSUB_PROTECTION_NONE))
        return MAILSUB_E_INVALID;
    if (engine->started)
        return MAILSUB_E_STATE;
    engine->started = true;
    mailsub__engine_start(engine->inner, (enum mailsub__protection)protection, now_ms);
    return MAILSUB_OK;
}

int mailsub_engine_tls_started(mailsub_engine *engine, int protection, int64_t now_ms)
{
    if (!engine || protection < MAILSUB_PROTECTION_UNVERIFIED ||
        protection > MAILSUB_PROTECTION_VERIFIED)
        return MAILSUB_E_INVALID;
    if (!engine->asked_for_tls)
        return MAILSUB_E_STATE;
    engine->asked_for_tls = false;
    mailsub__engine_tls_started(engine->inner, (enum mailsub__protection)protection, now_ms);
    return MAILSUB_OK;
}

int mailsub_engine_set_channel_binding(mailsub_engine *engine, const char *type, const void *data,
                                       size_t len)
{
    static const char *const types[] = {"tls-exporter", "tls-unique"};
    if (!engine || !type || !data || len == 0 || len > MAX_BINDING_LEN)
        return MAILSUB_E_INVALID;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(type, types[i]) != 0)
            continue;
        mailsub__engine_set_binding(engine->inner, types[i], mailsub__slice_of(data, len));
        return MAILSUB_OK;
    }
    return MAILSUB_E_INVALID;
}

int mailsub_engine_feed(mailsub_engine *engine, const void *data, size_t len, int64_t now_ms)
{
    if (!engine || (!data && len > 0))
        return MAILSUB_E_INVALID;
    if (!engine->started)
        return MAILSUB_E_STATE;
    engine->shown = 0;
    mailsub__engine_feed(engine->inner, data, len, now_ms);
    return MAILSUB_OK;
}

int mailsub_engine_peek_output(mailsub_engine *engine, int64_t now_ms, const void **out_data,
                               size_t *out_len)
{
    if (!engine || !out_data || !out_len)
        return MAILSUB_E_INVALID;
    if (!engine->started)
        return MAILSUB_E_STATE;
    mailsub__slice out = mailsub__engine_peek_output(engine->inner, now_ms);
    engine->shown = out.len;
    *out_data = out.ptr;
    *out_len = out.len;
    return MAILSUB_OK;
}

int mailsub_engine_ack_output(mailsub_engine *engine, size_t n, int64_t now_ms)
{
    if (!engine)
        return MAILSUB_E_INVALID;
    if (!engine->started)
        return MAILSUB_E_STATE;
    if (n > engine->shown)
        return MAILSUB_E_INVALID;
    engine->shown -= n;
    mailsub__engine_ack_output(engine->inner, n, now_ms);
    return MAILSUB_OK;
}

int mailsub_engine_lost(mailsub_engine *engine, int code, int64_t now_ms)
{
    if (!engine || mailsub_error_group(code) == MAILSUB_GROUP_NONE)
        return MAILSUB_E_INVALID;
    mailsub__engine_lost(engine->inner, code, now_ms);
    return MAILSUB_OK;
}

int mailsub_engine_quit(mailsub_engine *engine, int64_t now_ms)
{
    if (!engine)
        return MAILSUB_E_INVALID;
    if (!engine->ready || engine->first)
        return MAILSUB_E_STATE;
    engine->quitting = true;
    mailsub__engine_quit(engine->inner, now_ms);
    return MAILSUB_OK;
}

/* ---- messages ---- */

mailsub_receipt *mailsub_engine_get_receipt(const mailsub_engine *engine)
{
    return engine ? engine->receipt : NULL;
}

static bool may_submit(const mailsub_engine *engine)
{
    return engine->ready && !engine->quitting;
}

static void submit(mailsub_engine *engine, mailsub__parcel *parcel, int64_t now_ms)
{
    int64_t whole_ms = engine->config->deadline_ms;
    parcel->deadline_ms = whole_ms > 0 ? now_ms + whole_ms : -1;
    mailsub__parcel **link = &engine->first;
    while (*link)
        link = &(*link)->next;
    *link = parcel;
    mailsub__engine_submit(engine->inner, &parcel->transaction, now_ms);
}

int mailsub_engine_submit(mailsub_engine *engine, mailsub_message *message,
                          mailsub_receipt *receipt, int64_t now_ms)
{
    if (!engine || !message || !receipt)
        return MAILSUB_E_INVALID;
    if (!may_submit(engine))
        return MAILSUB_E_STATE;
    mailsub__parcel *parcel;
    int rc = mailsub__parcel_new(&engine->allocator, receipt, &parcel);
    if (rc == MAILSUB_OK)
        rc = mailsub__parcel_pack(parcel, message,
                                  mailsub__settings_layout(engine->inner, engine->config),
                                  &engine->config->signers);
    if (rc == MAILSUB_OK)
        submit(engine, parcel, now_ms);
    return rc;
}

int mailsub_engine_submit_raw(mailsub_engine *engine, const mailsub_raw_message *raw,
                              mailsub_receipt *receipt, int64_t now_ms)
{
    if (!engine || !raw || !receipt)
        return MAILSUB_E_INVALID;
    if (!may_submit(engine))
        return MAILSUB_E_STATE;
    mailsub__parcel *parcel;
    int rc = mailsub__parcel_new(&engine->allocator, receipt, &parcel);
    if (rc == MAILSUB_OK)
        rc = mailsub__parcel_pack_raw(parcel, raw);
    if (rc == MAILSUB_OK)
        submit(engine, parcel, now_ms);
    return rc;
}

/* ---- time ---- */

/* All messages have the same time, so the first is the first to run out of it. */
int64_t mailsub_engine_get_deadline(const mailsub_engine *engine)
{
    if (!engine)
        return -1;
    int64_t deadline_ms = mailsub__engine_deadline(engine->inner);
    int64_t first_ms = engine->first ? engine->first->deadline_ms : -1;
    if (first_ms < 0)
        return deadline_ms;
    return deadline_ms < 0 || first_ms < deadline_ms ? first_ms : deadline_ms;
}

int mailsub_engine_expire(mailsub_engine *engine, int64_t now_ms)
{
    if (!engine)
        return MAILSUB_E_INVALID;
    mailsub__engine_expire(engine->inner, now_ms);
    const mailsub__parcel *first = engine->first;
    if (first && first->deadline_ms >= 0 && first->deadline_ms <= now_ms)
        mailsub__engine_lost(engine->inner, MAILSUB_E_TIMEOUT, now_ms);
    return MAILSUB_OK;
}

/* ---- what is known of the server ---- */

int mailsub_engine_offers(const mailsub_engine *engine, int extension, int when)
{
    if (!engine || extension < 0 || extension >= MAILSUB__N_CAPABILITIES ||
        (when != MAILSUB_OFFERED_NOW && when != MAILSUB_OFFERED_BEFORE_TLS))
        return 0;
    const mailsub__capabilities *capabilities =
        mailsub__engine_capabilities(engine->inner, when == MAILSUB_OFFERED_BEFORE_TLS);
    return mailsub__capabilities_has(capabilities, (enum mailsub__capability)extension);
}

uint64_t mailsub_engine_get_size_limit(const mailsub_engine *engine)
{
    return engine ? mailsub__engine_capabilities(engine->inner, false)->size_limit : 0;
}

int mailsub_engine_is_spent(const mailsub_engine *engine)
{
    return engine && mailsub__engine_is_spent(engine->inner);
}

int mailsub_engine_get_code(const mailsub_engine *engine)
{
    return engine ? mailsub__engine_failure(engine->inner)->code : MAILSUB_E_INVALID;
}

int mailsub_engine_get_stage(const mailsub_engine *engine)
{
    return engine ? mailsub__engine_failure(engine->inner)->stage : MAILSUB_STAGE_NONE;
}

int mailsub_engine_get_reply_code(const mailsub_engine *engine)
{
    return engine ? mailsub__engine_failure(engine->inner)->reply_code : 0;
}

const char *mailsub_engine_get_text(const mailsub_engine *engine)
{
    return engine ? mailsub__engine_failure_text(engine->inner) : "";
}

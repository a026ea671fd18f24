/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two tables: the wishes that a message may have, each an extension with its policy, and the
 * parameters of MAIL, each with the extension that it belongs to. RFC 3461, RFC 2852, RFC 4865,
 * RFC 6710, RFC 8689, RFC 4954 section 5, RFC 1870, RFC 6152, RFC 6531, RFC 6533.
 */
#include "smtp/parameters.h"

#include "codec/civil.h"
#include "codec/xtext.h"
#include "smtp/engine_private.h"

/* ---- wishes ---- */

static bool asks_dsn(const mailsub__delivery *delivery)
{
    return delivery->return_part != MAILSUB_RETURN_DEFAULT || delivery->envelope_id.len > 0 ||
           delivery->notify != MAILSUB_NOTIFY_DEFAULT || delivery->dsn_by_recipient;
}

static bool asks_deliver_by(const mailsub__delivery *delivery)
{
    return delivery->deliver_by != MAILSUB_DELIVER_BY_NONE;
}

static bool asks_hold(const mailsub__delivery *delivery)
{
    return delivery->hold != MAILSUB_HOLD_NONE;
}

static bool asks_priority(const mailsub__delivery *delivery)
{
    return delivery->priority != 0;
}

static bool asks_tls(const mailsub__delivery *delivery)
{
    return delivery->require_tls;
}

static bool asks_submitter(const mailsub__delivery *delivery)
{
    return delivery->has_submitter;
}

/* RFC 2852 section 4: the minimum is one for messages that come back. */
static bool deliver_by_fits(const mailsub__capabilities *capabilities,
                            const mailsub__delivery *delivery)
{
    return delivery->deliver_by != MAILSUB_DELIVER_BY_RETURN ||
           (uint64_t)delivery->deliver_by_s >= capabilities->deliver_by_min;
}

/*
 * RFC 4865 section 4. A time is compared with the greatest time, and an interval with the greatest
 * interval: the other comparison would need the server's clock, which the server has.
 */
static bool hold_fits(const mailsub__capabilities *capabilities, const mailsub__delivery *delivery)
{
    if (delivery->hold == MAILSUB_HOLD_FOR)
        return capabilities->hold_max_s == 0 ||
               (uint64_t)delivery->hold_time <= capabilities->hold_max_s;
    char until[MAILSUB__RFC3339_SIZE];
    mailsub__rfc3339_write(until, delivery->hold_time);
    return capabilities->hold_max_until[0] == '\0' ||
           strcmp(until, capabilities->hold_max_until) <= 0;
}

/*
 * The policies at first. Without a report or a priority, and without a word to the server about who
 * submitted it, a message arrives all the same, so it is sent: the first two are told, the third
 * was only a hint for a server that would believe it. A message that should have waited, or come
 * back in time, would be in the wrong hands for good. And what demands TLS all the way must not be
 * sent without (RFC 8689 section 4.2): no policy changes that, the program that would rather send
 * it in clear does not ask for it.
 */
static const struct wish {
    enum mailsub__capability extension;
    uint8_t policy; /* MAILSUB_MISSING_* */
    bool always_fails;
    bool (*asked)(const mailsub__delivery *delivery);
    bool (*fits)(const mailsub__capabilities *capabilities, const mailsub__delivery *delivery);
} wishes[] = {
    {MAILSUB__CAPABILITY_REQUIRETLS, MAILSUB_MISSING_FAIL, true, asks_tls, NULL},
    {MAILSUB__CAPABILITY_DELIVERBY, MAILSUB_MISSING_FAIL, false, asks_deliver_by, deliver_by_fits},
    {MAILSUB__CAPABILITY_FUTURERELEASE, MAILSUB_MISSING_FAIL, false, asks_hold, hold_fits},
    {MAILSUB__CAPABILITY_DSN, MAILSUB_MISSING_WARN, false, asks_dsn, NULL},
    {MAILSUB__CAPABILITY_MT_PRIORITY, MAILSUB_MISSING_WARN, false, asks_priority, NULL},
    {MAILSUB__CAPABILITY_AUTH, MAILSUB_MISSING_DROP, false, asks_submitter, NULL},
};

enum { N_WISHES = sizeof wishes / sizeof wishes[0] };

void mailsub__parameters_default_policy(uint8_t policy[MAILSUB__N_CAPABILITIES])
{
    memset(policy, MAILSUB_MISSING_FAIL, MAILSUB__N_CAPABILITIES);
    for (size_t i = 0; i < N_WISHES; i++)
        policy[wishes[i].extension] = wishes[i].policy;
}

bool mailsub__parameters_may_be_missing(int extension)
{
    for (size_t i = 0; i < N_WISHES; i++) {
        if ((int)wishes[i].extension == extension)
            return !wishes[i].always_fails;
    }
    return false;
}

/* Why the server cannot fulfil a wish; MAILSUB_OK: it can. */
static int find_obstacle(const mailsub__engine *engine, const struct wish *wish,
                         const mailsub__delivery *delivery)
{
    if (wish->extension == MAILSUB__CAPABILITY_REQUIRETLS &&
        engine->protection != MAILSUB__TLS_VERIFIED)
        return MAILSUB_E_TLS_UNVERIFIED;
    if (!mailsub__engine_offers(engine, wish->extension))
        return MAILSUB_E_EXTENSION;
    if (wish->fits && !wish->fits(&engine->capabilities, delivery))
        return MAILSUB_E_EXTENSION_LIMIT;
    return MAILSUB_OK;
}

int mailsub__parameters_check(const mailsub__engine *engine, mailsub__transaction *transaction,
                              int *out_extension)
{
    if (!transaction->delivery)
        return MAILSUB_OK;
    for (size_t i = 0; i < N_WISHES; i++) {
        const struct wish *wish = &wishes[i];
        if (!wish->asked(transaction->delivery))
            continue;
        int rc = find_obstacle(engine, wish, transaction->delivery);
        if (!rc)
            continue;
        uint8_t policy = engine->settings.extension_policy[wish->extension];
        if (policy == MAILSUB_MISSING_FAIL) {
            *out_extension = (int)wish->extension;
            return rc;
        }
        transaction->dropped |= UINT32_C(1) << wish->extension;
        mailsub__tell(engine,
                      &(mailsub__fact){
                          .id = MAILSUB_LOG_DROPPED,
                          .message = transaction->number,
                          .name = mailsub__slice_str(mailsub_extension_name((int)wish->extension)),
                      });
        if (policy == MAILSUB_MISSING_WARN)
            transaction->warnings |= UINT32_C(1) << wish->extension;
    }
    return MAILSUB_OK;
}

/* ---- MAIL: each appends its parameter, where the message has one ---- */

static void put_size(const mailsub__transaction *transaction, mailsub__buffer *out)
{
    if (transaction->kind == MAILSUB__KIND_PROBE)
        return; /* there is no message */
    mailsub__buffer_append_str(out, " SIZE=");
    mailsub__buffer_append_uint(out, transaction->size);
}

static void put_body(const mailsub__transaction *transaction, mailsub__buffer *out)
{
    if (!transaction->eight_bit || transaction->binary)
        return;
    mailsub__buffer_append_str(out, " BODY=8BITMIME");
}

/* In place of 8BITMIME (RFC 3030 section 3). */
static void put_binary(const mailsub__transaction *transaction, mailsub__buffer *out)
{
    if (transaction->binary)
        mailsub__buffer_append_str(out, " BODY=BINARYMIME");
}

static void put_smtputf8(const mailsub__transaction *transaction, mailsub__buffer *out)
{
    (void)transaction; /* the server is asked where one of the recipients needs it, too */
    mailsub__buffer_append_str(out, " SMTPUTF8");
}

static void put_dsn(const mailsub__transaction *transaction, mailsub__buffer *out)
{
    const mailsub__delivery *delivery = transaction->delivery;
    if (delivery->return_part != MAILSUB_RETURN_DEFAULT)
        mailsub__buffer_append_str(out, delivery->return_part == MAILSUB_RETURN_FULL ? " RET=FULL"
                                                                                     : " RET=HDRS");
    if (delivery->envelope_id.len > 0) {
        mailsub__buffer_append_str(out, " ENVID=");
        mailsub__xtext_append(out, delivery->envelope_id);
    }
}

static void put_deliver_by(const mailsub__transaction *transaction, mailsub__buffer *out)
{
    const mailsub__delivery *delivery = transaction->delivery;
    int64_t seconds = delivery->deliver_by_s;
    if (!asks_deliver_by(delivery))
        return;
    mailsub__buffer_append_str(out, seconds < 0 ? " BY=-" : " BY=");
    mailsub__buffer_append_uint(out, (uint64_t)(seconds < 0 ? -seconds : seconds));
    mailsub__buffer_append_str(out,
                               delivery->deliver_by == MAILSUB_DELIVER_BY_RETURN ? ";R" : ";N");
    if (delivery->deliver_by_trace)
        mailsub__buffer_append_char(out, 'T');
}

static void put_hold(const mailsub__transaction *transaction, mailsub__buffer *out)
{
    const mailsub__delivery *delivery = transaction->delivery;
    char until[MAILSUB__RFC3339_SIZE];
    if (!asks_hold(delivery))
        return;
    if (delivery->hold == MAILSUB_HOLD_FOR) {
        mailsub__buffer_append_str(out, " HOLDFOR=");
        mailsub__buffer_append_uint(out, (uint64_t)delivery->hold_time);
    } else {
        mailsub__rfc3339_write(until, delivery->hold_time);
        mailsub__buffer_append_str(out, " HOLDUNTIL=");
        mailsub__buffer_append_str(out, until);
    }
}

static void put_priority(const mailsub__transaction *transaction, mailsub__buffer *out)
{
    int priority = transaction->delivery->priority;
    if (priority == 0)
        return;
    mailsub__buffer_append_str(out, priority < 0 ? " MT-PRIORITY=-" : " MT-PRIORITY=");
    mailsub__buffer_append_uint(out, (uint64_t)(priority < 0 ? -priority : priority));
}

static void put_tls(const mailsub__transaction *transaction, mailsub__buffer *out)
{
    if (!transaction->delivery->require_tls)
        return;
    mailsub__buffer_append_str(out, " REQUIRETLS");
}

static void put_submitter(const mailsub__transaction *transaction, mailsub__buffer *out)
{
    const mailsub__delivery *delivery = transaction->delivery;
    if (!delivery->has_submitter)
        return;
    mailsub__buffer_append_str(out, " AUTH=");
    if (delivery->submitter.len == 0)
        mailsub__buffer_append_str(out, "<>");
    mailsub__xtext_append(out, delivery->submitter);
}

/* In the order in which they are written. */
static const struct parameter {
    enum mailsub__capability extension;
    bool is_wish; /* looks at transaction->delivery */
    void (*put)(const mailsub__transaction *transaction, mailsub__buffer *out);
} parameters[] = {
    {MAILSUB__CAPABILITY_SIZE, false, put_size},
    {MAILSUB__CAPABILITY_EIGHTBITMIME, false, put_body},
    {MAILSUB__CAPABILITY_BINARYMIME, false, put_binary},
    {MAILSUB__CAPABILITY_SMTPUTF8, false, put_smtputf8},
    {MAILSUB__CAPABILITY_DSN, true, put_dsn},
    {MAILSUB__CAPABILITY_DELIVERBY, true, put_deliver_by},
    {MAILSUB__CAPABILITY_FUTURERELEASE, true, put_hold},
    {MAILSUB__CAPABILITY_MT_PRIORITY, true, put_priority},
    {MAILSUB__CAPABILITY_REQUIRETLS, true, put_tls},
    {MAILSUB__CAPABILITY_AUTH, true, put_submitter},
};

static bool was_dropped(const mailsub__transaction *transaction, enum mailsub__capability extension)
{
    return transaction->dropped >> extension & 1u;
}

int mailsub__parameters_mail(const mailsub__engine *engine, const mailsub__transaction *transaction,
                             mailsub__buffer *out)
{
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
        const struct parameter *parameter = &parameters[i];
        if (parameter->is_wish &&
            (!transaction->delivery || was_dropped(transaction, parameter->extension)))
            continue;
        bool needed =
            parameter->extension != MAILSUB__CAPABILITY_SMTPUTF8 || engine->sending->smtputf8;
        if (needed && mailsub__engine_offers(engine, parameter->extension))
            parameter->put(transaction, out);
    }
    return out->error;
}

/* ---- RCPT ---- */

static void put_notify(uint8_t notify, mailsub__buffer *out)
{
    static const struct {
        uint8_t flag;
        const char *word;
    } words[] = {
        {MAILSUB_NOTIFY_NEVER, "NEVER"},
        {MAILSUB_NOTIFY_SUCCESS, "SUCCESS"},
        {MAILSUB_NOTIFY_FAILURE, "FAILURE"},
        {MAILSUB_NOTIFY_DELAY, "DELAY"},
    };
    const char *before = " NOTIFY=";
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!(notify & words[i].flag))
            continue;
        mailsub__buffer_append_str(out, before);
        mailsub__buffer_append_str(out, words[i].word);
        before = ",";
    }
}

int mailsub__parameters_rcpt(const mailsub__transaction *transaction, size_t i,
                             mailsub__buffer *out)
{
    if (!transaction->delivery || was_dropped(transaction, MAILSUB__CAPABILITY_DSN))
        return MAILSUB_OK;
    mailsub__recipient_wish wish = mailsub__delivery_wish(transaction->delivery, i);
    put_notify(wish.notify, out);
    if (wish.original.len > 0) {
        mailsub__buffer_append_str(out, " ORCPT=");
        mailsub__buffer_append_slice(out, wish.original_type);
        mailsub__buffer_append_char(out, ';');
        if (mailsub__slice_equal_nocase(wish.original_type, mailsub__slice_str("utf-8")))
            mailsub__xtext_append_utf8(out, wish.original);
        else
            mailsub__xtext_append(out, wish.original);
    }
    return out->error;
}

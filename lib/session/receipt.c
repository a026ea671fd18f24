/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/receipt.h"

#include <string.h>

#include "base/memory.h"

#define MAX_ADDRESSES ((size_t)MAILSUB_MAX_RECIPIENTS * (MAILSUB_MAX_ADDRESS + 1))

/* More than the engine takes of a reply. */
#define MAX_LINES ((size_t)128 * 1024)

int mailsub_receipt_new(const mailsub_allocator *allocator, mailsub_receipt **out_receipt)
{
    mailsub_allocator table;
    if (!out_receipt)
        return MAILSUB_E_INVALID;
    int rc = mailsub__allocator_init(&table, allocator);
    if (rc)
        return rc;
    /* Most of it is room for texts: to clear all of that would cost more than filling it. */
    mailsub_receipt *receipt = mailsub__alloc(&table, sizeof *receipt);
    if (!receipt)
        return MAILSUB_E_NOMEM;
    receipt->allocator = table;
    receipt->recipients = NULL;
    receipt->verdicts = NULL;
    receipt->n_recipients = 0;
    receipt->failures = NULL;
    receipt->n_failures = 0;
    receipt->room_for_failures = 0;
    mailsub__buffer_init(&receipt->addresses, &receipt->allocator, MAX_ADDRESSES);
    mailsub__findings_init(&receipt->findings, &receipt->allocator);
    mailsub__buffer_init(&receipt->lines, &receipt->allocator, MAX_LINES);
    mailsub__receipt_reset(receipt);
    *out_receipt = receipt;
    return MAILSUB_OK;
}

static void free_recipients(mailsub_receipt *receipt)
{
    for (size_t i = 0; i < receipt->n_recipients; i++)
        mailsub__free(&receipt->allocator, receipt->recipients[i].text);
    mailsub__free(&receipt->allocator, receipt->recipients);
    mailsub__free(&receipt->allocator, receipt->verdicts);
    receipt->recipients = NULL;
    receipt->verdicts = NULL;
    receipt->n_recipients = 0;
}

void mailsub_receipt_free(mailsub_receipt *receipt)
{
    if (!receipt)
        return;
    free_recipients(receipt);
    mailsub__receipt_reset_failures(receipt);
    mailsub__free(&receipt->allocator, receipt->failures);
    mailsub__buffer_deinit(&receipt->addresses);
    mailsub__findings_deinit(&receipt->findings);
    mailsub__buffer_deinit(&receipt->lines);
    mailsub_allocator allocator = receipt->allocator;
    mailsub__free(&allocator, receipt);
}

void mailsub__receipt_reset(mailsub_receipt *receipt)
{
    free_recipients(receipt);
    mailsub__buffer_reset(&receipt->addresses);
    mailsub__findings_reset(&receipt->findings);
    mailsub__buffer_reset(&receipt->lines);
    mailsub__receipt_reset_failures(receipt);
    receipt->server[0] = '\0';
    receipt->n_pending = -1;
    receipt->filled = false;
    receipt->whole = (mailsub__verdict){0};
    receipt->text[0] = '\0';
    receipt->detail[0] = '\0';
    receipt->message_id[0] = '\0';
    receipt->queue_id[0] = '\0';
    receipt->tls_version[0] = '\0';
    receipt->tls_cipher[0] = '\0';
    receipt->retry_ms = 0;
    receipt->dropped = 0;
    receipt->warnings = 0;
    receipt->login.n = 0;
    receipt->login.text[0] = '\0';
    receipt->tls_resumed = false;
    receipt->certificate.verified_by = MAILSUB_VERIFIED_NOT;
    receipt->certificate.fingerprint[0] = '\0';
    receipt->certificate.names[0] = '\0';
}

int mailsub__receipt_list(mailsub_receipt *receipt, const mailsub__slice *recipients, size_t n)
{
    const mailsub_allocator *allocator = &receipt->allocator;
    receipt->recipients = mailsub__alloc_array(allocator, n, sizeof *receipt->recipients);
    receipt->verdicts = mailsub__alloc_array(allocator, n, sizeof *receipt->verdicts);
    if (!receipt->recipients || !receipt->verdicts) {
        free_recipients(receipt);
        return MAILSUB_E_NOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        receipt->recipients[i] =
            (mailsub__receipt_recipient){.address = receipt->addresses.len, .text = NULL};
        receipt->verdicts[i] = (mailsub__verdict){0};
        mailsub__buffer_append_slice(&receipt->addresses, recipients[i]);
        mailsub__buffer_append_char(&receipt->addresses, '\0');
    }
    if (receipt->addresses.error) {
        free_recipients(receipt);
        mailsub__buffer_reset(&receipt->addresses);
        return MAILSUB_E_NOMEM;
    }
    receipt->n_recipients = n;
    return MAILSUB_OK;
}

void mailsub__receipt_add_text(void *context, size_t i, mailsub__slice text)
{
    mailsub_receipt *receipt = context;
    char *copy = mailsub__alloc(&receipt->allocator, text.len + 1);
    if (!copy)
        return;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    mailsub__free(&receipt->allocator, receipt->recipients[i].text);
    receipt->recipients[i].text = copy;
}

void mailsub__receipt_add_line(void *context, mailsub__slice text)
{
    mailsub_receipt *receipt = context;
    size_t before = receipt->lines.len;
    mailsub__buffer_append_slice(&receipt->lines, text);
    if (mailsub__buffer_append_char(&receipt->lines, '\0'))
        mailsub__buffer_truncate(&receipt->lines, before);
}

void mailsub__receipt_copy(char *out, size_t room, const char *text)
{
    if (out == text)
        return;
    size_t len = strnlen(text, room - 1);
    memcpy(out, text, len);
    out[len] = '\0';
}

void mailsub__receipt_fail(mailsub_receipt *receipt, const mailsub__verdict *cause,
                           const char *detail)
{
    mailsub__receipt_fail_from(receipt, 0, cause, detail);
}

void mailsub__receipt_fail_from(mailsub_receipt *receipt, size_t first,
                                const mailsub__verdict *cause, const char *detail)
{
    receipt->whole = *cause;
    for (size_t i = first; i < receipt->n_recipients; i++) {
        receipt->verdicts[i] = *cause;
        receipt->verdicts[i].outcome = MAILSUB_OUTCOME_NOT_ATTEMPTED;
    }
    mailsub__receipt_copy(receipt->detail, sizeof receipt->detail, detail);
}

void mailsub__receipt_set_tls(mailsub_receipt *receipt, const mailsub__transport *transport)
{
    if (!mailsub__transport_is_tls(transport))
        return;
    mailsub__receipt_copy(receipt->tls_version, sizeof receipt->tls_version,
                          mailsub__transport_get_tls_version(transport));
    mailsub__receipt_copy(receipt->tls_cipher, sizeof receipt->tls_cipher,
                          mailsub__transport_get_tls_cipher(transport));
    receipt->tls_resumed = mailsub__transport_is_resumed(transport);
    receipt->certificate = *mailsub__transport_get_certificate(transport);
}

void mailsub__receipt_set_login(mailsub_receipt *receipt, const mailsub__engine *engine)
{
    const mailsub__login_report *login = mailsub__engine_login(engine);
    receipt->login.n = login->n;
    memcpy(receipt->login.attempts, login->attempts, login->n * sizeof *login->attempts);
    mailsub__receipt_copy(receipt->login.text, sizeof receipt->login.text, login->text);
}

int mailsub_receipt_get_code(const mailsub_receipt *receipt)
{
    if (!receipt)
        return MAILSUB_E_INVALID;
    return receipt->filled ? receipt->whole.code : MAILSUB_E_STATE;
}

int mailsub_receipt_get_stage(const mailsub_receipt *receipt)
{
    return receipt ? receipt->whole.stage : MAILSUB_STAGE_NONE;
}

int mailsub_receipt_get_reply_code(const mailsub_receipt *receipt)
{
    return receipt ? receipt->whole.reply_code : 0;
}

const char *mailsub_receipt_get_enhanced_status(const mailsub_receipt *receipt)
{
    return receipt ? receipt->whole.enhanced : "";
}

const char *mailsub_receipt_get_reply_text(const mailsub_receipt *receipt)
{
    return receipt ? receipt->text : "";
}

const char *mailsub_receipt_get_detail(const mailsub_receipt *receipt)
{
    return receipt ? receipt->detail : "";
}

const char *mailsub_receipt_get_message_id(const mailsub_receipt *receipt)
{
    return receipt ? receipt->message_id : "";
}

const char *mailsub_receipt_get_queue_id(const mailsub_receipt *receipt)
{
    return receipt ? receipt->queue_id : "";
}

const char *mailsub_receipt_get_tls_version(const mailsub_receipt *receipt)
{
    return receipt ? receipt->tls_version : "";
}

const char *mailsub_receipt_get_tls_cipher(const mailsub_receipt *receipt)
{
    return receipt ? receipt->tls_cipher : "";
}

int mailsub_receipt_get_tls_verified_by(const mailsub_receipt *receipt)
{
    return receipt ? receipt->certificate.verified_by : MAILSUB_VERIFIED_NOT;
}

const char *mailsub_receipt_get_tls_fingerprint(const mailsub_receipt *receipt)
{
    return receipt ? receipt->certificate.fingerprint : "";
}

const char *mailsub_receipt_get_tls_names(const mailsub_receipt *receipt)
{
    return receipt ? receipt->certificate.names : "";
}

int mailsub_receipt_get_tls_resumed(const mailsub_receipt *receipt)
{
    return receipt && receipt->tls_resumed;
}

int64_t mailsub_receipt_get_pending(const mailsub_receipt *receipt)
{
    return receipt ? receipt->n_pending : -1;
}

size_t mailsub_receipt_count_lines(const mailsub_receipt *receipt)
{
    mailsub__slice lines = receipt ? mailsub__buffer_slice(&receipt->lines) : MAILSUB__SLICE_EMPTY;
    size_t n = 0;
    for (size_t i = 0; i < lines.len; i++)
        n += lines.ptr[i] == '\0';
    return n;
}

const char *mailsub_receipt_get_line(const mailsub_receipt *receipt, size_t index)
{
    if (index >= mailsub_receipt_count_lines(receipt))
        return "";
    const char *line = mailsub__buffer_slice(&receipt->lines).ptr;
    while (index-- > 0)
        line += strlen(line) + 1;
    return line;
}

int64_t mailsub_receipt_get_quota_wait(const mailsub_receipt *receipt)
{
    return receipt ? receipt->retry_ms : 0;
}

uint32_t mailsub_receipt_get_dropped(const mailsub_receipt *receipt)
{
    return receipt ? receipt->dropped : 0;
}

size_t mailsub_receipt_count_warnings(const mailsub_receipt *receipt)
{
    return receipt ? (size_t)__builtin_popcount(receipt->warnings) : 0;
}

const char *mailsub_receipt_get_warning(const mailsub_receipt *receipt, size_t index)
{
    static const char *const texts[] = {
#define WARNING(number, NAME, keyword)                                                             \
    [number] = keyword " was asked for and left out: the server does not offer it, or not for "    \
                       "this",
        MAILSUB_EXTENSION_LIST(WARNING)
#undef WARNING
    };
    uint32_t left = receipt ? receipt->warnings : 0;
    for (int extension = 0; left >> extension; extension++) {
        if ((left >> extension & 1u) && index-- == 0)
            return texts[extension];
    }
    return "";
}

const mailsub_findings *mailsub_receipt_get_findings(const mailsub_receipt *receipt)
{
    return receipt ? &receipt->findings : NULL;
}

size_t mailsub_receipt_count_recipients(const mailsub_receipt *receipt)
{
    return receipt ? receipt->n_recipients : 0;
}

/* The verdict on a recipient; for one that is not there, a verdict that says nothing. */
static const mailsub__verdict *verdict_at(const mailsub_receipt *receipt, size_t index)
{
    static const mailsub__verdict none;
    return receipt && index < receipt->n_recipients ? &receipt->verdicts[index] : &none;
}

const char *mailsub_receipt_get_recipient(const mailsub_receipt *receipt, size_t index)
{
    if (!receipt || index >= receipt->n_recipients)
        return "";
    return mailsub__buffer_slice(&receipt->addresses).ptr + receipt->recipients[index].address;
}

int mailsub_receipt_get_outcome(const mailsub_receipt *receipt, size_t index)
{
    return verdict_at(receipt, index)->outcome;
}

int mailsub_receipt_get_recipient_code(const mailsub_receipt *receipt, size_t index)
{
    return verdict_at(receipt, index)->code;
}

int mailsub_receipt_get_recipient_stage(const mailsub_receipt *receipt, size_t index)
{
    return verdict_at(receipt, index)->stage;
}

uint32_t mailsub_receipt_get_recipient_transaction(const mailsub_receipt *receipt, size_t index)
{
    return verdict_at(receipt, index)->transaction;
}

int mailsub_receipt_get_recipient_reply_code(const mailsub_receipt *receipt, size_t index)
{
    return verdict_at(receipt, index)->reply_code;
}

const char *mailsub_receipt_get_recipient_enhanced_status(const mailsub_receipt *receipt,
                                                          size_t index)
{
    return verdict_at(receipt, index)->enhanced;
}

/*
 * A reply to which a recipient owes that it was not attempted is the one that decided the whole:
 * its text is kept once, not for each of many thousands.
 */
const char *mailsub_receipt_get_recipient_reply_text(const mailsub_receipt *receipt, size_t index)
{
    if (!receipt || index >= receipt->n_recipients)
        return "";
    if (receipt->recipients[index].text)
        return receipt->recipients[index].text;
    const mailsub__verdict *verdict = verdict_at(receipt, index);
    bool shared = verdict->outcome == MAILSUB_OUTCOME_NOT_ATTEMPTED && verdict->reply_code != 0;
    return shared ? receipt->text : "";
}

const char *mailsub_outcome_name(int outcome)
{
    static const char *const names[] = {
#define OUTCOME_NAME(number, NAME, text) [number] = text,
        MAILSUB_OUTCOME_LIST(OUTCOME_NAME)
#undef OUTCOME_NAME
    };
    return outcome >= 0 && outcome < MAILSUB_OUTCOME_END_ ? names[outcome] : "?";
}

const char *mailsub_stage_name(int stage)
{
    static const char *const names[] = {
#define STAGE_NAME(number, NAME, text) [number] = text,
        MAILSUB_STAGE_LIST(STAGE_NAME)
#undef STAGE_NAME
    };
    return stage >= 0 && stage < MAILSUB_STAGE_END_ ? names[stage] : "?";
}

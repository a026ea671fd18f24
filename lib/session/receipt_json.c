/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A receipt as one JSON object (RFC 8259). Keys and the names of outcomes, stages and actions are
 * part of the contract; new keys may be added. What is not UTF-8, such as a file's name, has U+FFFD
 * in its place, so that every parser takes the text.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "codec/utf8.h"
#include "session/receipt.h"

/* Where the text goes; the first refusal of the sink ends the writing. */
struct json {
    mailsub_sink_fn sink;
    void *context;
    bool stopped;
    bool begun; /* the object or array under way has a member, so that a comma comes next */
};

static void put_octets(struct json *json, const char *text, size_t len)
{
    if (!json->stopped && len > 0)
        json->stopped = json->sink(json->context, text, len) != 0;
}

static void put(struct json *json, const char *text)
{
    put_octets(json, text, strlen(text));
}

/* ---- strings ---- */

/* Octets of the valid character at the front; 0: there is none. */
static size_t character_len(mailsub__slice text)
{
    for (size_t n = 1; n <= 4 && n <= text.len; n++) {
        if (mailsub__utf8_is_valid(mailsub__slice_of(text.ptr, n)))
            return n;
    }
    return 0;
}

static bool stands_for_itself(mailsub__slice text, size_t n)
{
    unsigned char c = (unsigned char)text.ptr[0];
    return n > 0 && c >= ' ' && c != '"' && c != '\\' && c != 0x7f;
}

static void put_escape(struct json *json, mailsub__slice text, size_t n)
{
    char escape[8];
    unsigned c = n > 0 ? (unsigned char)text.ptr[0] : 0xfffd;
    if (c == '"' || c == '\\')
        snprintf(escape, sizeof escape, "\\%c", (char)c);
    else
        snprintf(escape, sizeof escape, "\\u%04x", c);
    put(json, escape);
}

static void put_string(struct json *json, const char *string)
{
    mailsub__slice text = mailsub__slice_str(string);
    size_t plain = 0; /* octets at the front that stand for themselves */
    put(json, "\"");
    while (plain < text.len) {
        mailsub__slice rest = mailsub__slice_of(text.ptr + plain, text.len - plain);
        size_t n = character_len(rest);
        if (stands_for_itself(rest, n)) {
            plain += n;
            continue;
        }
        put_octets(json, text.ptr, plain);
        put_escape(json, rest, n);
        size_t skip = plain + (n > 0 ? n : 1);
        text = mailsub__slice_of(text.ptr + skip, text.len - skip);
        plain = 0;
    }
    put_octets(json, text.ptr, plain);
    put(json, "\"");
}

/* ---- members ---- */

static void put_comma(struct json *json)
{
    if (json->begun)
        put(json, ",");
    json->begun = true;
}

static void put_key(struct json *json, const char *key)
{
    put_comma(json);
    put(json, "\"");
    put(json, key);
    put(json, "\":");
}

static void put_open(struct json *json, const char *bracket)
{
    put(json, bracket);
    json->begun = false;
}

static void put_close(struct json *json, const char *bracket)
{
    put(json, bracket);
    json->begun = true;
}

static void put_text(struct json *json, const char *key, const char *text)
{
    put_key(json, key);
    put_string(json, text);
}

static void put_number(struct json *json, const char *key, int64_t number)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRId64, number);
    put_key(json, key);
    put(json, digits);
}

/* null where the number is negative. */
static void put_count(struct json *json, const char *key, int64_t number)
{
    if (number >= 0) {
        put_number(json, key, number);
        return;
    }
    put_key(json, key);
    put(json, "null");
}

static void put_flag(struct json *json, const char *key, bool flag)
{
    put_key(json, key);
    put(json, flag ? "true" : "false");
}

/* A constant's name in small letters: "not_attempted". */
static void put_name(struct json *json, const char *key, const char *name)
{
    char small[32];
    size_t len = strlen(name);
    for (size_t i = 0; i <= len && i < sizeof small; i++)
        small[i] = mailsub__ascii_lower(name[i]);
    put_text(json, key, small);
}

/* ---- names ---- */

static const char *const outcomes[] = {
#define OUTCOME(number, NAME, text) [number] = #NAME,
    MAILSUB_OUTCOME_LIST(OUTCOME)
#undef OUTCOME
};

static const char *const stages[] = {
#define STAGE(number, NAME, text) [number] = #NAME,
    MAILSUB_STAGE_LIST(STAGE)
#undef STAGE
};

static const char *action_name(int code)
{
    static const char *const actions[] = {
        [MAILSUB_ACTION_NONE] = "none",
        [MAILSUB_ACTION_FIX_PROGRAM] = "fix_program",
        [MAILSUB_ACTION_FIX_MESSAGE] = "fix_message",
        [MAILSUB_ACTION_FIX_CONFIGURATION] = "fix_configuration",
        [MAILSUB_ACTION_RETRY_LATER] = "retry_later",
        [MAILSUB_ACTION_CHECK_ARRIVAL] = "check_arrival",
    };
    return actions[mailsub_error_action(code)];
}

/* ---- the parts of a receipt ---- */

static void put_verdict(struct json *json, const mailsub__verdict *verdict, const char *text)
{
    put_number(json, "code", verdict->code);
    put_text(json, "name", mailsub_error_name(verdict->code));
    put_text(json, "text", mailsub_strerror(verdict->code));
    put_text(json, "action", action_name(verdict->code));
    put_name(json, "stage", stages[verdict->stage]);
    put_key(json, "reply");
    if (verdict->reply_code == 0) {
        put(json, "null");
        return;
    }
    put_open(json, "{");
    put_number(json, "code", verdict->reply_code);
    put_text(json, "enhanced", verdict->enhanced);
    put_text(json, "text", text);
    put_close(json, "}");
}

static void put_tls(struct json *json, const mailsub_receipt *receipt)
{
    put_key(json, "tls");
    if (receipt->tls_version[0] == '\0') {
        put(json, "null");
        return;
    }
    put_open(json, "{");
    put_text(json, "version", receipt->tls_version);
    put_text(json, "cipher", receipt->tls_cipher);
    put_flag(json, "verified",
             mailsub_receipt_get_tls_verified_by(receipt) != MAILSUB_VERIFIED_NOT);
    put_flag(json, "resumed", receipt->tls_resumed);
    put_text(json, "fingerprint", mailsub_receipt_get_tls_fingerprint(receipt));
    put_text(json, "names", mailsub_receipt_get_tls_names(receipt));
    put_close(json, "}");
}

static void put_login(struct json *json, const mailsub_receipt *receipt)
{
    put_key(json, "login");
    put_open(json, "{");
    put_key(json, "mechanisms");
    put_open(json, "[");
    for (size_t i = 0; i < mailsub_receipt_count_mechanisms(receipt); i++) {
        put_comma(json);
        put_open(json, "{");
        put_text(json, "name", mailsub_receipt_get_mechanism(receipt, i));
        put_text(json, "state",
                 mailsub_login_state_name(mailsub_receipt_get_mechanism_state(receipt, i)));
        put_close(json, "}");
    }
    put_close(json, "]");
    put_text(json, "text", mailsub_receipt_get_login_text(receipt));
    put_close(json, "}");
}

static void put_servers(struct json *json, const mailsub_receipt *receipt)
{
    put_text(json, "server", receipt->server);
    put_key(json, "failed_servers");
    put_open(json, "[");
    for (size_t i = 0; i < receipt->n_failures && !json->stopped; i++) {
        const mailsub__receipt_failure *failure = &receipt->failures[i];
        bool heard = failure->verdict.reply_code != 0;
        put_comma(json);
        put_open(json, "{");
        put_text(json, "server", failure->server);
        put_verdict(json, &failure->verdict, failure->text);
        put_text(json, "detail", heard ? "" : failure->text);
        put_close(json, "}");
    }
    put_close(json, "]");
}

static void put_left_out(struct json *json, const mailsub_receipt *receipt)
{
    put_key(json, "dropped");
    put_open(json, "[");
    for (int i = 0; i < MAILSUB_EXTENSION_END_; i++) {
        if (!(receipt->dropped >> i & 1u))
            continue;
        put_comma(json);
        put_string(json, mailsub_extension_name(i));
    }
    put_close(json, "]");
    put_key(json, "warnings");
    put_open(json, "[");
    for (size_t i = 0; i < mailsub_receipt_count_warnings(receipt); i++) {
        put_comma(json);
        put_string(json, mailsub_receipt_get_warning(receipt, i));
    }
    put_close(json, "]");
}

static void put_findings(struct json *json, const mailsub_findings *findings)
{
    put_key(json, "findings");
    put_open(json, "[");
    for (size_t i = 0; i < mailsub_findings_count(findings) && !json->stopped; i++) {
        bool error = mailsub_findings_get_severity(findings, i) == MAILSUB_SEVERITY_ERROR;
        put_comma(json);
        put_open(json, "{");
        put_text(json, "rule", mailsub_findings_get_rule(findings, i));
        put_text(json, "severity", error ? "error" : "warning");
        put_text(json, "where", mailsub_findings_get_where(findings, i));
        put_text(json, "detail", mailsub_findings_get_detail(findings, i));
        put_text(json, "advice", mailsub_findings_get_advice(findings, i));
        put_close(json, "}");
    }
    put_close(json, "]");
}

static void put_lines(struct json *json, const mailsub_receipt *receipt)
{
    put_count(json, "pending", receipt->n_pending);
    put_key(json, "lines");
    put_open(json, "[");
    for (size_t i = 0; i < mailsub_receipt_count_lines(receipt); i++) {
        put_comma(json);
        put_string(json, mailsub_receipt_get_line(receipt, i));
    }
    put_close(json, "]");
}

static void put_recipients(struct json *json, const mailsub_receipt *receipt)
{
    put_key(json, "recipients");
    put_open(json, "[");
    for (size_t i = 0; i < receipt->n_recipients && !json->stopped; i++) {
        const mailsub__verdict *verdict = &receipt->verdicts[i];
        put_comma(json);
        put_open(json, "{");
        put_text(json, "address", mailsub_receipt_get_recipient(receipt, i));
        put_name(json, "outcome", outcomes[verdict->outcome]);
        put_verdict(json, verdict, mailsub_receipt_get_recipient_reply_text(receipt, i));
        put_number(json, "transaction", verdict->transaction);
        put_flag(json, "safe_to_retry", mailsub__receipt_may_retry(verdict));
        put_close(json, "}");
    }
    put_close(json, "]");
}

int mailsub_receipt_write_json(const mailsub_receipt *receipt, mailsub_sink_fn sink, void *context)
{
    if (!receipt || !sink)
        return MAILSUB_E_INVALID;
    if (!receipt->filled)
        return MAILSUB_E_STATE;
    struct json json = {.sink = sink, .context = context};
    put_open(&json, "{");
    put_verdict(&json, &receipt->whole, receipt->text);
    put_number(&json, "sysexit", mailsub_error_sysexit(receipt->whole.code));
    put_text(&json, "detail", receipt->detail);
    put_text(&json, "message_id", receipt->message_id);
    put_text(&json, "queue_id", receipt->queue_id);
    put_count(&json, "retry_after", mailsub_receipt_get_retry_after(receipt, 1));
    put_servers(&json, receipt);
    put_tls(&json, receipt);
    put_login(&json, receipt);
    put_left_out(&json, receipt);
    put_findings(&json, &receipt->findings);
    put_lines(&json, receipt);
    put_recipients(&json, receipt);
    put(&json, "}\n");
    return json.stopped ? MAILSUB_E_SINK : MAILSUB_OK;
}

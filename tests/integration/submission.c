/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "submission.h"

#include <stdbool.h>
#include <unistd.h>

#include "replayed.h"

static void keep_line(void *context, int direction, const char *line, size_t len)
{
    static const char marks[] = "CSND";
    struct fixture *fixture = context;
    size_t room = sizeof fixture->transcript - fixture->transcript_len;
    assert_true(direction >= 0 && direction < (int)sizeof marks - 1);
    int n = snprintf(fixture->transcript + fixture->transcript_len, room, "%c: %.*s\n",
                     marks[direction], (int)len, line);
    assert_true(n > 0 && (size_t)n < room);
    fixture->transcript_len += (size_t)n;
}

/* Of a file, or of a token, which keeps the key to itself. */
static void show_certificate(mailsub_config *config, const char *name)
{
    char path[512];
    if (strcmp(name, TOKEN) == 0) {
        const char *url = real_setting("MAILSUB_TOKEN_URL");
        const char *pin = real_setting("MAILSUB_TOKEN_PIN");
        assert_int_equal(mailsub_config_set_client_certificate(config, url, url, pin), MAILSUB_OK);
        return;
    }
    snprintf(path, sizeof path, "%s/%s.pem", real_setting("MAILSUB_TLS"), name);
    assert_int_equal(mailsub_config_set_client_certificate(config, path, path, NULL), MAILSUB_OK);
}

static void apply_flags(mailsub_config *config, unsigned flags)
{
    if (flags & OPPORTUNISTIC)
        assert_int_equal(mailsub_config_set_tls(config, MAILSUB_TLS_OPPORTUNISTIC), MAILSUB_OK);
    if (flags & NO_TLS)
        assert_int_equal(mailsub_config_insecure_set_no_tls(config), MAILSUB_OK);
    if (flags & ALLOW_CLEAR_LOGIN)
        assert_int_equal(mailsub_config_insecure_allow_clear_login(config), MAILSUB_OK);
    if (flags & SKIP_VERIFY)
        assert_int_equal(mailsub_config_insecure_skip_verify(config), MAILSUB_OK);
    if (flags & ALL_OR_NONE)
        assert_int_equal(mailsub_config_set_all_or_none(config, 1), MAILSUB_OK);
    if (flags & SHORT_GREETING)
        assert_int_equal(mailsub_config_set_timeout(config, MAILSUB_TIMEOUT_GREETING, 200),
                         MAILSUB_OK);
}

static void make_config(struct fixture *fixture, const struct submission *row)
{
    char url[256];
    real_url(url, sizeof url, row->scheme, row->host ? row->host : real_host(row->service),
             row->service);
    assert_int_equal(mailsub_config_new(&fixture->allocator, &fixture->config), MAILSUB_OK);
    mailsub_config *config = fixture->config;
    assert_int_equal(mailsub_config_set_url(config, url), MAILSUB_OK);
    mailsub_config_set_transcript(config, keep_line, fixture);
    assert_int_equal(mailsub_config_set_helo_name(config, "client.ours.example"), MAILSUB_OK);
    assert_int_equal(mailsub_config_set_deadline(config, 60000), MAILSUB_OK);
    if (!(row->flags & TRUST_SYSTEM))
        assert_int_equal(mailsub_config_set_ca_file(config, real_setting("MAILSUB_CA")),
                         MAILSUB_OK);
    if (row->user)
        assert_int_equal(mailsub_config_set_credentials(config, row->user, row->password),
                         MAILSUB_OK);
    if (row->client)
        show_certificate(config, row->client);
    if (row->mechanisms)
        assert_int_equal(mailsub_config_set_mechanisms(config, row->mechanisms), MAILSUB_OK);
    if (row->verify_name)
        assert_int_equal(mailsub_config_set_verify_name(config, row->verify_name), MAILSUB_OK);
    apply_flags(config, row->flags);
}

/* A line of text again and again, so that no line is long. */
static void set_padded_text(mailsub_message *message, size_t padding)
{
    static const char line[] = "The quick brown fox jumps over the lazy dog.\r\n";
    size_t n_lines = 1 + padding / (sizeof line - 1);
    char *text = test_malloc(n_lines * (sizeof line - 1));
    for (size_t i = 0; i < n_lines; i++)
        memcpy(text + i * (sizeof line - 1), line, sizeof line - 1);
    assert_int_equal(mailsub_message_set_text(message, text, n_lines * (sizeof line - 1)),
                     MAILSUB_OK);
    test_free(text);
}

static void build_message(struct fixture *fixture, const struct submission *row)
{
    char from[64];
    snprintf(from, sizeof from, "%s@ours.example", row->from ? row->from : "alice");
    assert_int_equal(mailsub_message_new(&fixture->allocator, &fixture->message), MAILSUB_OK);
    mailsub_message *message = fixture->message;
    mailsub_message_allow_smtputf8(message, 1);
    mailsub_message_set_from(message, from,
                             "J\xc3\xbcrgen Au\xc3\x9f"
                             "erhalb");
    if (row->return_path)
        mailsub_message_set_return_path(message, row->return_path);
    for (const struct fate *fate = row->fates; fate->address; fate++) {
        int field = fate != row->fates && (row->flags & BLIND) ? MAILSUB_RECIPIENT_BCC
                                                               : MAILSUB_RECIPIENT_TO;
        mailsub_message_add_recipient(message, field, fate->address, NULL);
    }
    mailsub_message_set_subject(message, row->name);
    if (row->flags & REFUSED_CONTENT)
        mailsub_message_add_header(message, "X-Refuse-Me", "yes", MAILSUB_NUL_TERMINATED);
    set_padded_text(message, row->padding);
    assert_int_equal(mailsub_message_get_error(message, NULL), MAILSUB_OK);
}

static void make_message(struct fixture *fixture, const struct submission *row)
{
    if (!row->existing)
        build_message(fixture, row);
    else
        assert_int_equal(
            mailsub_message_from_bytes(&fixture->allocator, row->existing, strlen(row->existing),
                                       MAILSUB_FROM_TAKE_RECIPIENTS, &fixture->message),
            MAILSUB_OK);
}

/* In an order in which nothing is freed that is in use still. */
static void free_all(struct fixture *fixture)
{
    mailsub_session_free(fixture->session);
    mailsub_message_free(fixture->message);
    mailsub_receipt_free(fixture->receipt);
    mailsub_config_unref(fixture->config);
    fixture->session = NULL;
    fixture->message = NULL;
    fixture->receipt = NULL;
    fixture->config = NULL;
}

void submission_set_up(struct fixture *fixture, const struct submission *row)
{
    free_all(fixture); /* what a failed test left */
    real_empty_mailboxes();
    memset(fixture, 0, sizeof *fixture);
    fixture->allocator = unit_allocator(&fixture->heap);
    fixture->before = real_count_resources();
    make_config(fixture, row);
    make_message(fixture, row);
    assert_int_equal(mailsub_receipt_new(&fixture->allocator, &fixture->receipt), MAILSUB_OK);
    assert_int_equal(mailsub_session_new(fixture->config, &fixture->session), MAILSUB_OK);
}

void submission_configure(struct fixture *fixture, const struct submission *row)
{
    mailsub_config_unref(fixture->config);
    fixture->config = NULL;
    make_config(fixture, row);
}

void submission_free(struct fixture *fixture)
{
    free_all(fixture);
    assert_int_equal(fixture->heap.n_live, 0);
}

void submission_tear_down(struct fixture *fixture)
{
    submission_free(fixture);
    real_assert_resources(fixture->before);
}

static void check_fate(const mailsub_receipt *receipt, size_t i, const struct fate *want)
{
    assert_string_equal(mailsub_receipt_get_recipient(receipt, i), want->address);
    assert_string_equal(mailsub_outcome_name(mailsub_receipt_get_outcome(receipt, i)),
                        mailsub_outcome_name(want->outcome));
    assert_string_equal(mailsub_error_name(mailsub_receipt_get_recipient_code(receipt, i)),
                        mailsub_error_name(want->code));
    assert_string_equal(mailsub_stage_name(mailsub_receipt_get_recipient_stage(receipt, i)),
                        mailsub_stage_name(want->stage));
    assert_int_equal(mailsub_receipt_get_recipient_reply_code(receipt, i), want->reply_code);
    assert_string_equal(mailsub_receipt_get_recipient_enhanced_status(receipt, i), want->enhanced);
    real_assert_text(mailsub_receipt_get_recipient_reply_text(receipt, i), want->text);
}

/* By the sendmail command: it speaks no protocol, and its queue's name for a message is not told. */
static bool by_command(const struct submission *row)
{
    return strcmp(row->scheme, "sendmail") == 0;
}

static void check_receipt(const mailsub_receipt *receipt, const struct submission *row)
{
    assert_string_equal(mailsub_error_name(mailsub_receipt_get_code(receipt)),
                        mailsub_error_name(row->code));
    assert_string_equal(mailsub_stage_name(mailsub_receipt_get_stage(receipt)),
                        mailsub_stage_name(row->stage));
    assert_int_equal(mailsub_receipt_get_reply_code(receipt), row->reply_code);
    assert_string_equal(mailsub_receipt_get_enhanced_status(receipt), row->enhanced);
    const char *text = mailsub_receipt_get_reply_text(receipt);
    assert_int_equal(*text != '\0', row->reply_code != 0);
    const char *detail = mailsub_receipt_get_detail(receipt);
    real_assert_text(row->reply_code != 0 ? text : detail, row->text);
    /* GnuTLS or the system had a reason for these. */
    if (row->stage == MAILSUB_STAGE_TLS || row->stage == MAILSUB_STAGE_CONNECT)
        assert_string_not_equal(detail, "");
    bool accepted = row->code == MAILSUB_OK || row->code == MAILSUB_E_PARTIAL;
    assert_int_equal(*mailsub_receipt_get_queue_id(receipt) != '\0', accepted && !by_command(row));
    assert_string_not_equal(mailsub_receipt_get_message_id(receipt), "");
    size_t n = 0;
    size_t n_retryable = 0;
    for (; row->fates[n].address; n++) {
        check_fate(receipt, n, &row->fates[n]);
        n_retryable += row->fates[n].outcome == MAILSUB_OUTCOME_DEFERRED ||
                       row->fates[n].outcome == MAILSUB_OUTCOME_NOT_ATTEMPTED;
    }
    assert_int_equal(mailsub_receipt_count_recipients(receipt), n);
    assert_int_equal(mailsub_receipt_count_retryable(receipt), n_retryable);
}

static bool speaks_tls(const struct submission *row)
{
    return row->protocol && strstr(row->protocol, "SMTPS");
}

static void check_tls(const mailsub_receipt *receipt, const struct submission *row)
{
    assert_int_equal(strncmp(mailsub_receipt_get_tls_version(receipt), "TLS1.", 5) == 0,
                     speaks_tls(row));
    assert_int_equal(*mailsub_receipt_get_tls_cipher(receipt) != '\0', speaks_tls(row));
    assert_int_equal(mailsub_receipt_get_tls_verified_by(receipt) != MAILSUB_VERIFIED_NOT,
                     speaks_tls(row) && !(row->flags & (SKIP_VERIFY | UNVERIFIED)));
}

/* Who handed the message to Postfix, and how. */
static void check_origin(const char *trace, const struct submission *row,
                         const mailsub_receipt *receipt)
{
    char want[256];
    if (by_command(row)) {
        snprintf(want, sizeof want, "Received: by mx.ours.example (Postfix, from userid %u)",
                 (unsigned)getuid());
        real_assert_text(trace, want);
        return;
    }
    snprintf(want, sizeof want, " with %s id %s", row->protocol,
             mailsub_receipt_get_queue_id(receipt));
    real_assert_text(trace, want);
    snprintf(want, sizeof want, "(Authenticated sender: %s)", row->user ? row->user : "");
    assert_int_equal(strstr(trace, want) != NULL, row->user != NULL);
    real_assert_text(trace, "Received: from client.ours.example (");
}

/* What Postfix itself says of a message that it took. */
static void check_trace(const char *trace, const struct submission *row, const char *recipient,
                        const mailsub_receipt *receipt)
{
    char want[256];
    snprintf(want, sizeof want, "\nDelivered-To: %s\n", recipient);
    real_assert_text(trace, want);
    check_origin(trace, row, receipt);
    if (row->return_path)
        snprintf(want, sizeof want, "Return-Path: <%s>\n", row->return_path);
    else
        snprintf(want, sizeof want, "Return-Path: <%s@ours.example>\n",
                 row->from ? row->from : "alice");
    assert_memory_equal(trace, want, strlen(want));
}

static void check_deliveries(struct fixture *fixture, const struct submission *row)
{
    char trace[REAL_TRACE_ROOM];
    for (const struct fate *fate = row->fates; fate->address; fate++) {
        if (fate->outcome != MAILSUB_OUTCOME_ACCEPTED)
            continue;
        real_take_mail(row->service, fate->address, fixture->message, trace);
        check_trace(trace, row, fate->address, fixture->receipt);
    }
}

/* The passwords, and what PLAIN and LOGIN make of them, in base64. */
static void check_secrets(const struct fixture *fixture)
{
    static const char *const secrets[] = {
        ALICE_PASSWORD,         BOB_PASSWORD,
        "wrong horse",          "AGFsaWNlAGNvcnJlY3QgaG9yc2U=",
        "Y29ycmVjdCBob3JzZQ==", "AGFsaWNlAHdyb25nIGhvcnNl",
        "d3JvbmcgaG9yc2U=",     "AGJvYgBiw6R0dGVyeT1zdMOkcGxl",
    };
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        if (strstr(fixture->transcript, secrets[i]))
            fail_msg("a secret is in the transcript:\n%s", fixture->transcript);
    }
}

void submission_check(struct fixture *fixture, const struct submission *row)
{
    check_receipt(fixture->receipt, row);
    check_secrets(fixture);
    if (row->never && strstr(fixture->transcript, row->never))
        fail_msg("\"%s\" was said:\n%s", row->never, fixture->transcript);
    replayed_check(fixture->transcript);
    if (row->protocol || by_command(row)) {
        check_tls(fixture->receipt, row);
        check_deliveries(fixture, row);
    }
}

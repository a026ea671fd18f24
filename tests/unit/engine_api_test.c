/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The public engine: its contract call by call, messages and octets, and every allocation failing. */
#include "unit.h"

#include <stdbool.h>

#include <mailsub/mailsub.h>

struct owner {
    struct unit_heap heap;
    mailsub_allocator allocator;
    mailsub_config *config;
    mailsub_engine *engine;
    mailsub_message *message;
    mailsub_receipt *receipts[2];
    int events[8];
    size_t n_events;
    const char *content;
    size_t content_at;
    char sent[4096]; /* since the last fly */
    size_t n_sent;
};

static int read_content(void *context, char *out, size_t room, size_t *out_len)
{
    struct owner *owner = context;
    size_t len = strlen(owner->content) - owner->content_at;
    len = len < room ? len : room;
    memcpy(out, owner->content + owner->content_at, len);
    owner->content_at += len;
    *out_len = len;
    return MAILSUB_OK;
}

static int rewind_content(void *context)
{
    struct owner *owner = context;
    owner->content_at = 0;
    return MAILSUB_OK;
}

static void set_up(struct owner *owner)
{
    *owner = (struct owner){.content = "Subject: x\r\n\r\n.\r\n"};
    owner->allocator = unit_allocator(&owner->heap);
    assert_int_equal(mailsub_config_new(NULL, &owner->config), 0);
    assert_int_equal(mailsub_config_insecure_set_no_tls(owner->config), 0);
    assert_int_equal(mailsub_config_set_helo_name(owner->config, "c.example"), 0);
    assert_int_equal(mailsub_message_new(NULL, &owner->message), 0);
    mailsub_message_set_from(owner->message, "a@example.org", NULL);
    mailsub_message_add_recipient(owner->message, MAILSUB_RECIPIENT_TO, "b@example.org", NULL);
    mailsub_message_set_text(owner->message, "x\n", MAILSUB_NUL_TERMINATED);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(mailsub_receipt_new(NULL, &owner->receipts[i]), 0);
}

static void tear_down(struct owner *owner)
{
    mailsub_engine_free(owner->engine);
    mailsub_config_unref(owner->config);
    mailsub_message_free(owner->message);
    for (size_t i = 0; i < 2; i++)
        mailsub_receipt_free(owner->receipts[i]);
    assert_int_equal(owner->heap.n_live, 0);
}

static void take_events(struct owner *owner)
{
    int event;
    owner->n_events = 0;
    while ((event = mailsub_engine_next_event(owner->engine)) != MAILSUB_EVENT_NONE) {
        assert_true(owner->n_events < 8);
        owner->events[owner->n_events++] = event;
    }
}

/* Take all output, then give the answer. */
static void fly(struct owner *owner, const char *answer, int64_t now_ms)
{
    const void *out;
    size_t len;
    owner->n_sent = 0;
    while (mailsub_engine_peek_output(owner->engine, now_ms, &out, &len) == 0 && len > 0) {
        assert_true(owner->n_sent + len < sizeof owner->sent);
        memcpy(owner->sent + owner->n_sent, out, len);
        owner->n_sent += len;
        assert_int_equal(mailsub_engine_ack_output(owner->engine, len + 1, now_ms),
                         MAILSUB_E_INVALID);
        assert_int_equal(mailsub_engine_ack_output(owner->engine, len, now_ms), 0);
    }
    owner->sent[owner->n_sent] = '\0';
    assert_int_equal(mailsub_engine_feed(owner->engine, answer, strlen(answer), now_ms), 0);
    take_events(owner);
}

static void make_ready(struct owner *owner, const char *ehlo)
{
    assert_int_equal(mailsub_engine_new(&owner->allocator, owner->config, &owner->engine), 0);
    assert_int_equal(mailsub_engine_start(owner->engine, MAILSUB_PROTECTION_NONE, 0), 0);
    fly(owner, "220 x\r\n", 0);
    fly(owner, ehlo, 0);
    assert_int_equal(owner->n_events, 1);
    assert_int_equal(owner->events[0], MAILSUB_EVENT_READY);
}

#define BEST "250-x\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-8BITMIME\r\n250 SIZE 5000\r\n"

static mailsub_raw_message raw_message(struct owner *owner)
{
    static const char *const recipients[] = {"B@Example.org"};
    return (mailsub_raw_message){.size = sizeof(mailsub_raw_message),
                                 .sender = "a@example.org",
                                 .recipients = recipients,
                                 .n_recipients = 1,
                                 .content_len = strlen(owner->content),
                                 .read = read_content,
                                 .rewind = rewind_content,
                                 .context = owner};
}

static void two_messages_go_in_one_flight(void **state)
{
    (void)state;
    static struct owner owner;
    set_up(&owner);
    make_ready(&owner, BEST);
    assert_int_equal(mailsub_engine_offers(owner.engine, MAILSUB_EXTENSION_CHUNKING, 0), 1);
    assert_int_equal(mailsub_engine_offers(owner.engine, MAILSUB_EXTENSION_CHUNKING, 1), 0);
    assert_int_equal(mailsub_engine_offers(owner.engine, MAILSUB_EXTENSION_DSN, 0), 0);
    assert_int_equal(mailsub_engine_offers(owner.engine, -1, 0), 0);
    assert_int_equal(mailsub_engine_offers(owner.engine, MAILSUB_EXTENSION_DSN, 2), 0);
    assert_int_equal(mailsub_engine_get_size_limit(owner.engine), 5000);
    assert_int_equal(mailsub_engine_is_spent(owner.engine), 0);
    assert_int_equal(mailsub_engine_submit(owner.engine, owner.message, owner.receipts[0], 0), 0);
    assert_int_equal(mailsub_message_set_subject(owner.message, "x"), MAILSUB_E_STATE);
    assert_int_equal(mailsub_engine_submit(owner.engine, owner.message, owner.receipts[1], 0),
                     MAILSUB_E_STATE);
    mailsub_raw_message raw = raw_message(&owner);
    assert_int_equal(mailsub_engine_submit_raw(owner.engine, &raw, owner.receipts[1], 0), 0);
    assert_int_equal(mailsub_engine_quit(owner.engine, 0), MAILSUB_E_STATE);
    fly(&owner,
        "250 x\r\n250 x\r\n250 2.0.0 Ok: queued as 4RtYxz0Kz8zJrqk\r\n250 x\r\n250 x\r\n550 5.1.1 "
        "nobody\r\n554 x\r\n",
        0);
    assert_non_null(strstr(owner.sent, "RSET\r\nMAIL FROM:<a@example.org> SIZE=17\r\n"
                                       "RCPT TO:<B@example.org>\r\nBDAT 17 LAST\r\n"));
    assert_int_equal(owner.n_events, 2);
    assert_int_equal(owner.events[1], MAILSUB_EVENT_DONE);
    assert_ptr_equal(mailsub_engine_get_receipt(owner.engine), owner.receipts[1]);
    assert_int_equal(mailsub_receipt_get_code(owner.receipts[0]), MAILSUB_OK);
    assert_string_equal(mailsub_receipt_get_queue_id(owner.receipts[0]), "4RtYxz0Kz8zJrqk");
    assert_int_equal(mailsub_receipt_get_code(owner.receipts[1]), MAILSUB_E_RECIPIENTS_REFUSED);
    assert_string_equal(mailsub_receipt_get_recipient(owner.receipts[1], 0), "B@example.org");
    assert_string_equal(mailsub_receipt_get_recipient_reply_text(owner.receipts[1], 0), "nobody");
    assert_int_equal(mailsub_receipt_get_recipient_transaction(owner.receipts[0], 0), 1);
    assert_int_equal(mailsub_receipt_get_recipient_transaction(owner.receipts[1], 0), 2);
    assert_int_equal(mailsub_message_set_subject(owner.message, "x"), MAILSUB_OK);
    assert_int_equal(mailsub_engine_quit(owner.engine, 0), 0);
    assert_int_equal(mailsub_engine_submit_raw(owner.engine, &raw, owner.receipts[1], 0),
                     MAILSUB_E_STATE);
    fly(&owner, "250 x\r\n221 bye\r\n", 0);
    assert_int_equal(owner.events[0], MAILSUB_EVENT_CLOSED);
    assert_int_equal(mailsub_engine_get_code(owner.engine), MAILSUB_OK);
    tear_down(&owner);
}

static void calls_out_of_turn_are_refused(void **state)
{
    (void)state;
    static struct owner owner;
    const void *out;
    size_t len;
    set_up(&owner);
    assert_int_equal(mailsub_engine_new(NULL, NULL, &owner.engine), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_engine_new(NULL, owner.config, NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_engine_new(&owner.allocator, owner.config, &owner.engine), 0);
    assert_int_equal(mailsub_config_set_lmtp(owner.config, 1), MAILSUB_E_STATE);
    assert_int_equal(mailsub_engine_feed(owner.engine, "x", 1, 0), MAILSUB_E_STATE);
    assert_int_equal(mailsub_engine_peek_output(owner.engine, 0, &out, &len), MAILSUB_E_STATE);
    assert_int_equal(mailsub_engine_ack_output(owner.engine, 0, 0), MAILSUB_E_STATE);
    assert_int_equal(mailsub_engine_submit(owner.engine, owner.message, owner.receipts[0], 0),
                     MAILSUB_E_STATE);
    assert_int_equal(mailsub_engine_quit(owner.engine, 0), MAILSUB_E_STATE);
    assert_int_equal(mailsub_engine_start(owner.engine, 3, 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_engine_start(owner.engine, -1, 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_engine_start(owner.engine, MAILSUB_PROTECTION_NONE, 0), 0);
    assert_int_equal(mailsub_engine_start(owner.engine, MAILSUB_PROTECTION_NONE, 0),
                     MAILSUB_E_STATE);
    assert_int_equal(mailsub_engine_tls_started(owner.engine, MAILSUB_PROTECTION_VERIFIED, 0),
                     MAILSUB_E_STATE);
    assert_int_equal(mailsub_engine_tls_started(owner.engine, MAILSUB_PROTECTION_NONE, 0),
                     MAILSUB_E_INVALID);
    assert_int_equal(mailsub_engine_set_channel_binding(owner.engine, "tls-exporter", "x", 1), 0);
    assert_int_equal(mailsub_engine_set_channel_binding(owner.engine, "tls-unique", "x", 1), 0);
    assert_int_equal(mailsub_engine_set_channel_binding(owner.engine, "tls", "x", 1),
                     MAILSUB_E_INVALID);
    assert_int_equal(mailsub_engine_set_channel_binding(owner.engine, "tls-unique", "x", 65),
                     MAILSUB_E_INVALID);
    assert_int_equal(mailsub_engine_feed(owner.engine, NULL, 1, 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_engine_peek_output(owner.engine, 0, NULL, &len), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_engine_lost(owner.engine, MAILSUB_OK, 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_engine_lost(owner.engine, MAILSUB_E_CONNECTION_LOST, 0), 0);
    take_events(&owner);
    assert_int_equal(owner.events[0], MAILSUB_EVENT_CLOSED);
    assert_int_equal(mailsub_engine_get_code(owner.engine), MAILSUB_E_CONNECTION_LOST);
    assert_int_equal(mailsub_engine_get_stage(owner.engine), MAILSUB_STAGE_GREETING);
    assert_int_equal(mailsub_engine_get_reply_code(owner.engine), 0);
    assert_string_equal(mailsub_engine_get_text(owner.engine), "");
    tear_down(&owner);
}

static void null_is_no_engine(void **state)
{
    (void)state;
    mailsub_engine_free(NULL);
    assert_int_equal(mailsub_engine_start(NULL, 0, 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_engine_feed(NULL, "", 0, 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_engine_ack_output(NULL, 0, 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_engine_next_event(NULL), MAILSUB_EVENT_NONE);
    assert_null(mailsub_engine_get_receipt(NULL));
    assert_int_equal(mailsub_engine_submit(NULL, NULL, NULL, 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_engine_submit_raw(NULL, NULL, NULL, 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_engine_lost(NULL, MAILSUB_E_TIMEOUT, 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_engine_quit(NULL, 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_engine_get_deadline(NULL), -1);
    assert_int_equal(mailsub_engine_expire(NULL, 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_engine_offers(NULL, 0, 0), 0);
    assert_int_equal(mailsub_engine_get_size_limit(NULL), 0);
    assert_int_equal(mailsub_engine_is_spent(NULL), 0);
    assert_int_equal(mailsub_engine_get_code(NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_engine_get_stage(NULL), MAILSUB_STAGE_NONE);
    assert_int_equal(mailsub_engine_get_reply_code(NULL), 0);
    assert_string_equal(mailsub_engine_get_text(NULL), "");
}

static const char *const good[] = {"b@example.org"};
static const char *const bad[] = {"b@example.org", "b>@example.org"};
static const char *const control[] = {"b\r\n@example.org"};
static const char *const missing[] = {NULL};

static const struct raw_row {
    const char *name;
    mailsub_raw_message raw;
    int want;
} raw_rows[] = {
    {"a struct of another size",
     {.size = 8, .sender = "", .recipients = good, .n_recipients = 1},
     MAILSUB_E_INVALID},
    {"no sender",
     {.size = sizeof(mailsub_raw_message), .recipients = good, .n_recipients = 1},
     MAILSUB_E_INVALID},
    {"an unknown flag",
     {.size = sizeof(mailsub_raw_message),
      .sender = "",
      .recipients = good,
      .n_recipients = 1,
      .flags = 8},
     MAILSUB_E_INVALID},
    {"no recipient",
     {.size = sizeof(mailsub_raw_message), .sender = "", .recipients = good},
     MAILSUB_E_NO_RECIPIENTS},
    {"no recipients at all",
     {.size = sizeof(mailsub_raw_message), .sender = "", .n_recipients = 1},
     MAILSUB_E_INVALID},
    {"too many recipients",
     {.size = sizeof(mailsub_raw_message),
      .sender = "",
      .recipients = good,
      .n_recipients = MAILSUB_MAX_RECIPIENTS + 1},
     MAILSUB_E_LIMIT},
    {"a malformed sender",
     {.size = sizeof(mailsub_raw_message), .sender = "a@", .recipients = good, .n_recipients = 1},
     MAILSUB_E_ADDRESS},
    {"a malformed recipient",
     {.size = sizeof(mailsub_raw_message), .sender = "", .recipients = bad, .n_recipients = 2},
     MAILSUB_E_ADDRESS},
    {"a line end in a recipient",
     {.size = sizeof(mailsub_raw_message), .sender = "", .recipients = control, .n_recipients = 1},
     MAILSUB_E_CONTROL},
    {"a recipient that is NULL",
     {.size = sizeof(mailsub_raw_message), .sender = "", .recipients = missing, .n_recipients = 1},
     MAILSUB_E_INVALID},
};

static void a_raw_message_is_refused(void **state)
{
    const struct raw_row *row = *state;
    static struct owner owner;
    set_up(&owner);
    make_ready(&owner, BEST);
    mailsub_raw_message raw = row->raw;
    raw.read = read_content;
    raw.context = &owner;
    int code = mailsub_engine_submit_raw(owner.engine, &raw, owner.receipts[0], 0);
    assert_string_equal(mailsub_error_name(code), mailsub_error_name(row->want));
    assert_int_equal(mailsub_receipt_get_code(owner.receipts[0]), row->want);
    take_events(&owner);
    assert_int_equal(owner.n_events, 0);
    fly(&owner, "", 0);
    assert_int_equal(owner.n_sent, 0);
    tear_down(&owner);
}

static void a_message_that_cannot_be_sent_is_told(void **state)
{
    (void)state;
    static struct owner owner;
    mailsub_message *empty;
    set_up(&owner);
    make_ready(&owner, BEST);
    assert_int_equal(mailsub_message_new(NULL, &empty), 0);
    mailsub_message_add_recipient(empty, MAILSUB_RECIPIENT_TO, "one@example.net", NULL);
    assert_int_equal(mailsub_engine_submit(owner.engine, empty, owner.receipts[0], 0),
                     MAILSUB_E_NO_FROM);
    assert_int_equal(mailsub_receipt_get_code(owner.receipts[0]), MAILSUB_E_NO_FROM);
    assert_int_equal(mailsub_receipt_count_recipients(owner.receipts[0]), 1);
    assert_int_equal(mailsub_message_set_subject(empty, "not locked"), MAILSUB_OK);
    mailsub_message_free(empty);
    /* What the server cannot take is an event. */
    mailsub_raw_message raw = raw_message(&owner);
    raw.flags = MAILSUB_RAW_BINARY;
    assert_int_equal(mailsub_engine_submit_raw(owner.engine, &raw, owner.receipts[0], 0), 0);
    take_events(&owner);
    assert_int_equal(owner.events[0], MAILSUB_EVENT_DONE);
    assert_int_equal(mailsub_receipt_get_code(owner.receipts[0]), MAILSUB_E_ENCODING);
    tear_down(&owner);
}

#define TEXT(literal) (literal), sizeof(literal) - 1

/* What stands in MAIL and in the content, by what the server offers and the config allows. */
static const struct layout_row {
    const char *name;
    const char *ehlo;
    int chunk; /* octets; 0: no BDAT */
    bool binary;
    const char *want; /* of the attachment; NULL: nothing of it is sent yet */
    size_t want_len;
} layout_rows[] = {
    {"binary where that is offered",
     "250-x\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-CHUNKING\r\n250 BINARYMIME\r\n", 65536, true,
     TEXT("\r\n\r\n\x00\xff\r\x80\n\r\n--")},
    {"base64 without BINARYMIME", "250-x\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 CHUNKING\r\n",
     65536, false, TEXT("\r\n\r\nAP8NgAo=\r\n--")},
    {"base64 without 8BITMIME", "250-x\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 BINARYMIME\r\n",
     65536, false, TEXT("\r\n\r\nAP8NgAo=\r\n--")},
    {"base64 where BDAT is not to be used",
     "250-x\r\n250-8BITMIME\r\n250-CHUNKING\r\n250 BINARYMIME\r\n", 0, false, NULL, 0},
};

static void an_attachment_is_laid_out_for_the_server(void **state)
{
    const struct layout_row *row = *state;
    static struct owner owner;
    set_up(&owner);
    assert_int_equal(mailsub_config_set_chunk_size(owner.config, (size_t)row->chunk), 0);
    assert_int_equal(
        mailsub_message_attach_data(owner.message, "x.bin", NULL, "\x00\xff\r\x80\n", 5), 0);
    make_ready(&owner, row->ehlo);
    assert_int_equal(mailsub_engine_submit(owner.engine, owner.message, owner.receipts[0], 0), 0);
    fly(&owner, "", 0);
    assert_int_equal(strstr(owner.sent, " BODY=BINARYMIME") != NULL, row->binary);
    assert_null(strstr(owner.sent, "BODY=8BITMIME"));
    if (row->want)
        assert_non_null(memmem(owner.sent, owner.n_sent, row->want, row->want_len));
    tear_down(&owner);
}

static void a_message_has_its_own_deadline(void **state)
{
    (void)state;
    static struct owner owner;
    set_up(&owner);
    assert_int_equal(mailsub_config_set_deadline(owner.config, 1000), 0);
    make_ready(&owner, BEST);
    assert_int_equal(mailsub_engine_get_deadline(owner.engine), -1);
    assert_int_equal(mailsub_engine_submit(owner.engine, owner.message, owner.receipts[0], 50), 0);
    assert_int_equal(mailsub_engine_get_deadline(owner.engine), 1050);
    fly(&owner, "250 x\r\n", 60);
    assert_int_equal(mailsub_engine_expire(owner.engine, 1049), 0);
    take_events(&owner);
    assert_int_equal(owner.n_events, 0);
    assert_int_equal(mailsub_engine_expire(owner.engine, 1050), 0);
    take_events(&owner);
    assert_int_equal(owner.n_events, 2);
    assert_int_equal(mailsub_receipt_get_code(owner.receipts[0]), MAILSUB_E_UNKNOWN_OUTCOME);
    assert_int_equal(mailsub_engine_get_code(owner.engine), MAILSUB_E_TIMEOUT);
    tear_down(&owner);
}

static void what_is_under_way_ends_with_the_engine(void **state)
{
    (void)state;
    static struct owner owner;
    set_up(&owner);
    make_ready(&owner, BEST);
    assert_int_equal(mailsub_engine_submit(owner.engine, owner.message, owner.receipts[0], 0), 0);
    mailsub_engine_free(owner.engine);
    owner.engine = NULL;
    assert_int_equal(mailsub_receipt_get_code(owner.receipts[0]), MAILSUB_E_CANCELLED);
    assert_int_equal(mailsub_message_set_subject(owner.message, "free again"), MAILSUB_OK);
    tear_down(&owner);
}

static void what_was_offered_in_clear_can_be_seen(void **state)
{
    (void)state;
    static struct owner owner;
    set_up(&owner);
    mailsub_config_unref(owner.config);
    assert_int_equal(mailsub_config_new(NULL, &owner.config), 0);
    assert_int_equal(mailsub_config_set_helo_name(owner.config, "c.example"), 0);
    assert_int_equal(mailsub_engine_new(&owner.allocator, owner.config, &owner.engine), 0);
    assert_int_equal(mailsub_engine_start(owner.engine, MAILSUB_PROTECTION_NONE, 0), 0);
    fly(&owner, "220 x\r\n", 0);
    fly(&owner, "250-x\r\n250-CHUNKING\r\n250 STARTTLS\r\n", 0);
    fly(&owner, "220 x\r\n", 0);
    assert_int_equal(owner.events[0], MAILSUB_EVENT_STARTTLS);
    assert_int_equal(mailsub_engine_tls_started(owner.engine, MAILSUB_PROTECTION_VERIFIED, 0), 0);
    fly(&owner, "250-x\r\n250 DSN\r\n", 0);
    assert_int_equal(mailsub_engine_offers(owner.engine, MAILSUB_EXTENSION_CHUNKING, 1), 1);
    assert_int_equal(mailsub_engine_offers(owner.engine, MAILSUB_EXTENSION_CHUNKING, 0), 0);
    assert_int_equal(mailsub_engine_offers(owner.engine, MAILSUB_EXTENSION_DSN, 0), 1);
    tear_down(&owner);
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    static struct owner owner;
    size_t n = 1;
    for (bool whole = false; !whole; n++) {
        set_up(&owner);
        owner.heap.fail_at = n;
        int rc = mailsub_engine_new(&owner.allocator, owner.config, &owner.engine);
        if (rc == MAILSUB_OK) {
            mailsub_raw_message raw = raw_message(&owner);
            mailsub_engine_start(owner.engine, MAILSUB_PROTECTION_NONE, 0);
            fly(&owner, "220 x\r\n", 0);
            fly(&owner, BEST, 0);
            rc = mailsub_engine_submit(owner.engine, owner.message, owner.receipts[0], 0);
            if (rc == MAILSUB_OK)
                rc = mailsub_engine_submit_raw(owner.engine, &raw, owner.receipts[1], 0);
            fly(&owner, "250 x\r\n250 x\r\n250 x\r\n250 x\r\n250 x\r\n250 x\r\n250 x\r\n", 0);
        }
        whole = owner.heap.n_requests < n;
        if (whole)
            assert_int_equal(mailsub_receipt_get_code(owner.receipts[1]), MAILSUB_OK);
        tear_down(&owner);
    }
    assert_in_range(n, 5, 100);
}

int main(void)
{
    static struct CMUnitTest tests[40];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, raw_rows, a_raw_message_is_refused);
    UNIT_ADD_ROWS(tests, n_tests, layout_rows, an_attachment_is_laid_out_for_the_server);
    const struct CMUnitTest others[] = {
        cmocka_unit_test(two_messages_go_in_one_flight),
        cmocka_unit_test(calls_out_of_turn_are_refused),
        cmocka_unit_test(null_is_no_engine),
        cmocka_unit_test(a_message_that_cannot_be_sent_is_told),
        cmocka_unit_test(a_message_has_its_own_deadline),
        cmocka_unit_test(what_is_under_way_ends_with_the_engine),
        cmocka_unit_test(what_was_offered_in_clear_can_be_seen),
        cmocka_unit_test(any_allocation_may_fail),
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        tests[n_tests++] = others[i];
    return UNIT_RUN(tests, n_tests);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an application is told of a connection: events, notes, and content where it asks for it. */
#include "unit.h"

#include <stdio.h>

#include <mailsub/mailsub.h>

struct owner {
    mailsub_config *config;
    mailsub_engine *engine;
    mailsub_receipt *receipt;
    const char *content;
    size_t content_at;
    char events[8192]; /* each as a line */
    char transcript[8192];
    int64_t now_ms;
};

static int read_content(void *context, char *out, size_t room, size_t *out_len)
{
    struct owner *owner = context;
    size_t len = strlen(owner->content) - owner->content_at;
    len = len < room ? len : room;
    len = len < 7 ? len : 7; /* lines do not end where pieces do */
    memcpy(out, owner->content + owner->content_at, len);
    owner->content_at += len;
    *out_len = len;
    return MAILSUB_OK;
}

static void keep_event(void *context, const mailsub_log_event *event)
{
    struct owner *owner = context;
    size_t len = strlen(owner->events);
    char line[MAILSUB_LOG_LINE_LEN];
    int n = mailsub_log_format(event, line, sizeof line);
    assert_int_equal(n, strlen(line));
    assert_true(mailsub_log_get_id(event) > 0 && mailsub_log_get_id(event) < MAILSUB_LOG_END_);
    assert_ptr_equal(strstr(line, mailsub_log_name(mailsub_log_get_id(event))), line);
    assert_int_equal(mailsub_log_get_time(event), owner->now_ms);
    assert_int_equal(mailsub_log_get_connection(event), 0);
    snprintf(owner->events + len, sizeof owner->events - len, "%s\n", line);
}

static void keep_line(void *context, int direction, const char *line, size_t len)
{
    struct owner *owner = context;
    size_t have = strlen(owner->transcript);
    snprintf(owner->transcript + have, sizeof owner->transcript - have, "%c: %.*s\n",
             "CSND"[direction], (int)len, line);
}

static void set_up(struct owner *owner, const char *content)
{
    *owner = (struct owner){.content = content, .now_ms = 7};
    assert_int_equal(mailsub_config_new(NULL, &owner->config), 0);
    assert_int_equal(mailsub_config_insecure_set_no_tls(owner->config), 0);
    assert_int_equal(mailsub_config_insecure_allow_clear_login(owner->config), 0);
    assert_int_equal(mailsub_config_set_helo_name(owner->config, "c.example"), 0);
    assert_int_equal(mailsub_config_set_credentials(owner->config, "alice", "sesame"), 0);
    assert_int_equal(mailsub_config_set_log(owner->config, keep_event, owner), 0);
    assert_int_equal(mailsub_config_set_transcript(owner->config, keep_line, owner), 0);
    assert_int_equal(mailsub_receipt_new(NULL, &owner->receipt), 0);
}

static void tear_down(struct owner *owner)
{
    mailsub_engine_free(owner->engine);
    mailsub_config_unref(owner->config);
    mailsub_receipt_free(owner->receipt);
}

/* Take all output, then give the answer. */
static void fly(struct owner *owner, const char *answer)
{
    const void *out;
    size_t len;
    while (mailsub_engine_peek_output(owner->engine, owner->now_ms, &out, &len) == 0 && len > 0)
        assert_int_equal(mailsub_engine_ack_output(owner->engine, len, owner->now_ms), 0);
    assert_int_equal(mailsub_engine_feed(owner->engine, answer, strlen(answer), owner->now_ms), 0);
    while (mailsub_engine_next_event(owner->engine) != MAILSUB_EVENT_NONE)
        ;
}

static void open_up(struct owner *owner, const char *ehlo)
{
    assert_int_equal(mailsub_engine_new(NULL, owner->config, &owner->engine), 0);
    assert_int_equal(mailsub_engine_start(owner->engine, MAILSUB_PROTECTION_NONE, owner->now_ms),
                     0);
    fly(owner, "220 mx\r\n");
    fly(owner, ehlo);
    fly(owner, "235 2.7.0 hello sesame\r\n");
}

static void submit(struct owner *owner)
{
    static const char *const recipients[] = {"b@example.org", "nobody@example.org"};
    const mailsub_raw_message raw = {.size = sizeof raw,
                                     .sender = "a@example.org",
                                     .recipients = recipients,
                                     .n_recipients = 2,
                                     .content_len = strlen(owner->content),
                                     .read = read_content,
                                     .context = owner};
    assert_int_equal(mailsub_engine_submit_raw(owner->engine, &raw, owner->receipt, owner->now_ms),
                     0);
}

static void expect_lines(const char *have, const char *const *want)
{
    for (; *want; want++) {
        size_t len = strlen(*want);
        if (strncmp(have, *want, len) != 0 || have[len] != '\n')
            fail_msg("\"%s\" is not at: %s", *want, have);
        have += len + 1;
    }
    assert_string_equal(have, "");
}

static void a_submission_is_told_from_greeting_to_close(void **state)
{
    (void)state;
    static const char *const message[] = {
        "SUBMITTED message=1 name=message number=16 total=2: <a@example.org>",
        "TRANSACTION_BEGUN message=1 transaction=1 name=DATA",
        "COMMAND message=1 transaction=1 name=MAIL code=MAILSUB_OK stage=MAIL: "
        "MAIL FROM:<a@example.org> SIZE=16",
        "REPLY message=1 transaction=1 code=MAILSUB_OK stage=MAIL reply=250 status=2.1.0: ok",
        "COMMAND message=1 transaction=1 recipient=1 name=RCPT code=MAILSUB_OK stage=RCPT: "
        "RCPT TO:<b@example.org>",
        "REPLY message=1 transaction=1 recipient=1 code=MAILSUB_OK stage=RCPT reply=250",
        "COMMAND message=1 transaction=1 recipient=2 name=RCPT code=MAILSUB_OK stage=RCPT: "
        "RCPT TO:<nobody@example.org>",
        "REPLY message=1 transaction=1 recipient=2 code=MAILSUB_OK stage=RCPT reply=550 "
        "status=5.1.1: nobody, *** ***",
        "COMMAND message=1 transaction=1 name=DATA code=MAILSUB_OK stage=DATA: DATA",
        "REPLY message=1 transaction=1 code=MAILSUB_OK stage=DATA reply=354: go on",
        "CONTENT message=1 transaction=1 number=7 total=16 code=MAILSUB_OK stage=CONTENT",
        "CONTENT message=1 transaction=1 number=14 total=16 code=MAILSUB_OK stage=CONTENT",
        "CONTENT message=1 transaction=1 number=16 total=16 code=MAILSUB_OK stage=CONTENT",
        "CONTENT_MADE message=1 transaction=1 number=16 total=16 code=MAILSUB_OK stage=CONTENT",
        "CONTENT_SENT message=1 transaction=1 number=16 total=16 code=MAILSUB_OK stage=CONTENT",
        "REPLY message=1 transaction=1 code=MAILSUB_OK stage=END_OF_DATA reply=250: queued as 4711",
        "TRANSACTION_ENDED message=1 transaction=1 name=accepted number=1 total=2",
        "RECIPIENT message=1 transaction=1 recipient=1 name=ACCEPTED code=MAILSUB_OK "
        "stage=END_OF_DATA reply=250: b@example.org",
        "RECIPIENT message=1 transaction=1 recipient=2 name=REFUSED "
        "code=MAILSUB_E_RECIPIENTS_REFUSED stage=RCPT reply=550 status=5.1.1: nobody@example.org",
        "ENDED message=1 name=4711 number=1 total=2 code=MAILSUB_E_PARTIAL stage=END_OF_DATA "
        "reply=250: queued as 4711",
        "COMMAND name=QUIT code=MAILSUB_OK stage=QUIT: QUIT",
        "REPLY code=MAILSUB_OK stage=QUIT reply=221: bye",
        "CLOSED code=MAILSUB_OK stage=QUIT reply=221: bye",
        NULL,
    };
    struct owner owner;
    set_up(&owner, "Subject: x\r\n\r\n\r\n");
    open_up(&owner, "250-mx\r\n250-SIZE 5000\r\n250 AUTH PLAIN\r\n");
    assert_non_null(strstr(owner.events, "OFFER name=SIZE: 5000\n"));
    assert_non_null(strstr(owner.events, "COMMAND name=AUTH code=MAILSUB_OK stage=AUTH: AUTH PLAIN "
                                         "***\n"));
    assert_non_null(strstr(owner.events, "LOGIN_ENDED name=PLAIN number=1 code=MAILSUB_OK "
                                         "stage=AUTH\n"));
    assert_non_null(strstr(owner.events, "reply=235 status=2.7.0: hello ***\n"));
    assert_non_null(strstr(owner.events, "MECHANISM name=SCRAM-SHA-256 number=5 code=MAILSUB_OK "
                                         "stage=AUTH: not offered\n"));
    assert_null(strstr(owner.transcript, "SCRAM-SHA-256"));
    owner.events[0] = '\0';
    owner.now_ms = 9;
    submit(&owner);
    fly(&owner, "250 2.1.0 ok\r\n");
    fly(&owner, "250\r\n");
    fly(&owner, "550-5.1.1 nobody,\r\n550-5.1.1 ses\r\n550 5.1.1 ame\r\n");
    fly(&owner, "354 go on\r\n");
    fly(&owner, "250 queued as 4711\r\n");
    assert_int_equal(mailsub_engine_quit(owner.engine, owner.now_ms), 0);
    fly(&owner, "221 bye\r\n");
    expect_lines(owner.events, message);
    assert_null(strstr(owner.transcript, "sesame"));
    assert_null(strstr(owner.transcript, "D: "));
    tear_down(&owner);
}

/* What is shown of "Subject: x", an empty line and a body, by the server's offer. */
static const struct content_row {
    const char *name;
    const char *offer;
    const char *body;
    const char *want; /* what stands between the command and the note behind the content */
} content_rows[] = {
    {"by DATA", "SIZE", "one\r\ntwo\r\n", "D: one\nD: two\n"},
    {"by BDAT", "CHUNKING", "one\r\ntwo\r\n", "D: one\nD: two\n"},
    {"a dot is not stuffed", "SIZE", ".\r\n..x\r\n", "D: .\nD: ..x\n"},
    {"an empty line", "CHUNKING", "\r\n\r\n", "D: \nD: \n"},
    {"no end", "CHUNKING", "one", "D: one\n"},
    {"no end by DATA", "SIZE", "one", "D: one\n"},
    {"escapes", "SIZE", "\x1b[1m\r\n", "D: ?[1m\n"},
    {"the password", "CHUNKING", "it is sesame\r\n", "D: it is ***\n"},
};

static void content_is_shown_when_asked_for(void **state)
{
    const struct content_row *row = *state;
    char content[256];
    char ehlo[128];
    struct owner owner;
    snprintf(content, sizeof content, "X: y\r\n\r\n%s", row->body);
    snprintf(ehlo, sizeof ehlo, "250-mx\r\n250-%s\r\n250 AUTH PLAIN\r\n", row->offer);
    set_up(&owner, content);
    assert_int_equal(mailsub_config_set_transcript_content(owner.config, 1), 0);
    open_up(&owner, ehlo);
    submit(&owner);
    fly(&owner, "250 ok\r\n");
    fly(&owner, "250 ok\r\n");
    fly(&owner, "250 ok\r\n");
    fly(&owner, strcmp(row->offer, "SIZE") == 0 ? "354 go on\r\n" : "");
    fly(&owner, "250 ok\r\n");
    char want[256];
    snprintf(want, sizeof want, "D: X: y\nD: \n%sN: CONTENT_MADE", row->want);
    if (!strstr(owner.transcript, want))
        fail_msg("%s", owner.transcript);
    assert_null(strstr(owner.events, "X: y"));
    tear_down(&owner);
}

static void a_long_line_is_cut(void **state)
{
    (void)state;
    static char content[3000];
    memset(content, 'a', sizeof content - 1);
    memcpy(content, "X: y\r\n\r\n", 8);
    memcpy(content + sizeof content - 7, "\r\nend\r", 6);
    content[sizeof content - 2] = '\0';
    struct owner owner;
    set_up(&owner, content);
    assert_int_equal(mailsub_config_set_transcript_content(owner.config, 1), 0);
    open_up(&owner, "250-mx\r\n250 AUTH PLAIN\r\n");
    submit(&owner);
    fly(&owner, "250 ok\r\n");
    fly(&owner, "250 ok\r\n");
    fly(&owner, "250 ok\r\n");
    fly(&owner, "354 ok\r\n");
    fly(&owner, "");
    const char *line = strstr(owner.transcript, "D: aaa");
    assert_non_null(line);
    assert_int_equal(strcspn(line, "\n"), 3 + 2048 + 3);
    assert_int_equal(strncmp(strchr(line, '\n') - 4, "a...\nD: end\n", 12), 0);
    tear_down(&owner);
}

/* Lines are cut to the room, and end with a NUL. */
static void cut_event(void *context, const mailsub_log_event *event)
{
    char *seen = context;
    char line[8] = "xxxxxxx";
    if (mailsub_log_get_id(event) != MAILSUB_LOG_STARTED)
        return;
    assert_int_equal(mailsub_log_format(event, line, sizeof line), 7);
    assert_string_equal(line, "STARTED");
    assert_int_equal(mailsub_log_format(event, line, 4), 3);
    assert_string_equal(line, "STA");
    assert_int_equal(mailsub_log_format(event, line, 1), 0);
    assert_string_equal(line, "");
    assert_int_equal(mailsub_log_format(event, line, 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_log_format(event, NULL, 8), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_log_get_recipient(event), -1);
    assert_string_equal(mailsub_log_get_name(event), "clear");
    *seen = 1;
}

static void a_line_that_does_not_fit_is_cut(void **state)
{
    (void)state;
    char seen = 0;
    struct owner owner;
    set_up(&owner, "");
    assert_int_equal(mailsub_config_set_log(owner.config, cut_event, &seen), 0);
    open_up(&owner, "250 mx\r\n");
    assert_true(seen);
    assert_int_equal(mailsub_config_set_log(owner.config, NULL, NULL), MAILSUB_E_STATE);
    assert_int_equal(mailsub_config_set_transcript_content(owner.config, 1), MAILSUB_E_STATE);
    tear_down(&owner);
}

static void null_is_no_event(void **state)
{
    (void)state;
    char line[8];
    assert_int_equal(mailsub_log_get_id(NULL), 0);
    assert_int_equal(mailsub_log_get_time(NULL), 0);
    assert_int_equal(mailsub_log_get_connection(NULL), 0);
    assert_int_equal(mailsub_log_get_message(NULL), 0);
    assert_int_equal(mailsub_log_get_transaction(NULL), 0);
    assert_int_equal(mailsub_log_get_recipient(NULL), -1);
    assert_int_equal(mailsub_log_get_code(NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_log_get_stage(NULL), MAILSUB_STAGE_NONE);
    assert_int_equal(mailsub_log_get_reply_code(NULL), 0);
    assert_string_equal(mailsub_log_get_enhanced_status(NULL), "");
    assert_string_equal(mailsub_log_get_name(NULL), "");
    assert_string_equal(mailsub_log_get_text(NULL), "");
    assert_int_equal(mailsub_log_get_number(NULL), 0);
    assert_int_equal(mailsub_log_get_total(NULL), 0);
    assert_int_equal(mailsub_log_format(NULL, line, sizeof line), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_log(NULL, NULL, NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_transcript_content(NULL, 1), MAILSUB_E_INVALID);
}

static void every_event_has_name_and_text(void **state)
{
    (void)state;
    for (int id = 1; id < MAILSUB_LOG_END_; id++) {
        assert_true(strlen(mailsub_log_name(id)) > 0);
        assert_true(strlen(mailsub_log_text(id)) > 0);
    }
    static const int none[] = {-1, 0, MAILSUB_LOG_END_};
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(mailsub_log_name(none[i]), "");
        assert_string_equal(mailsub_log_text(none[i]), "");
    }
    mailsub_config *config;
    assert_int_equal(mailsub_config_new(NULL, &config), 0);
    assert_int_equal(mailsub_config_set_transcript_content(config, 2), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_transcript_content(config, 0), 0);
    mailsub_config_unref(config);
}

int main(void)
{
    static struct CMUnitTest tests[20];
    size_t n_tests = 0;
    static const struct CMUnitTest plain[] = {
        cmocka_unit_test(a_submission_is_told_from_greeting_to_close),
        cmocka_unit_test(a_long_line_is_cut),
        cmocka_unit_test(a_line_that_does_not_fit_is_cut),
        cmocka_unit_test(null_is_no_event),
        cmocka_unit_test(every_event_has_name_and_text),
    };
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        tests[n_tests++] = plain[i];
    UNIT_ADD_ROWS(tests, n_tests, content_rows, content_is_shown_when_asked_for);
    return UNIT_RUN(tests, n_tests);
}

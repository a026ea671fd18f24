/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sessions whose way out is a Maildir or a directory: what becomes of messages there, and of what
 * goes wrong. tests/integration/deposit.py has other programs read them, and disks that are full.
 */
#include "deposit_kit.h"
#include "leftovers.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mailsub/mailsub.h>

#include "dkim_keys.h"
#include "net/deposit.h"

#define ACCEPTED MAILSUB_OUTCOME_ACCEPTED
#define REFUSED MAILSUB_OUTCOME_REFUSED
#define DEFERRED MAILSUB_OUTCOME_DEFERRED

struct fixture {
    mailsub_config *config;
    mailsub_session *session;
    mailsub_message *message;
    mailsub_receipt *receipt;
    size_t n_descriptors;
};

static struct fixture fixture;

static void address(bool two)
{
    mailsub_message_add_recipient(fixture.message, MAILSUB_RECIPIENT_TO, "one@example.net", NULL);
    if (two)
        mailsub_message_add_recipient(fixture.message, MAILSUB_RECIPIENT_BCC, "two@example.net",
                                      NULL);
}

static void begin_message(const char *text)
{
    mailsub_message_free(fixture.message);
    assert_int_equal(mailsub_message_new(NULL, &fixture.message), 0);
    mailsub_message_set_from(fixture.message, "me@example.org", NULL);
    mailsub_message_set_subject(fixture.message, "x");
    mailsub_message_set_text(fixture.message, text, MAILSUB_NUL_TERMINATED);
}

static int set_up(void **state)
{
    (void)state;
    fixture = (struct fixture){.n_descriptors = count_descriptors()};
    deposit_make_place();
    begin_message(".\n..\n.x\nlast\n");
    assert_int_equal(mailsub_receipt_new(NULL, &fixture.receipt), 0);
    assert_int_equal(mailsub_config_new(NULL, &fixture.config), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mailsub_session_free(fixture.session);
    mailsub_config_unref(fixture.config);
    mailsub_message_free(fixture.message);
    mailsub_receipt_free(fixture.receipt);
    deposit_remove_place();
    assert_int_equal(count_descriptors(), fixture.n_descriptors);
    return 0;
}

static void go_to(const char *scheme, const char *name)
{
    char url[256];
    snprintf(url, sizeof url, "%s:%s", scheme, deposit_path(name));
    assert_int_equal(mailsub_config_set_url(fixture.config, url), 0);
}

static int submit(void)
{
    if (!fixture.session)
        assert_int_equal(mailsub_session_new(fixture.config, &fixture.session), 0);
    return mailsub_session_submit(fixture.session, fixture.message, fixture.receipt);
}

static int keep_octets(void *context, const void *data, size_t len)
{
    struct deposit_text *text = context;
    if (len >= sizeof text->octets - text->len)
        return 1;
    memcpy(text->octets + text->len, data, len);
    text->len += len;
    text->octets[text->len] = '\0';
    return 0;
}

/* The message as it goes to a server. */
static const struct deposit_text *written(void)
{
    static struct deposit_text text;
    text.len = 0;
    assert_int_equal(mailsub_message_write(fixture.message, keep_octets, &text), 0);
    return &text;
}

/* ---- what is there in the end ---- */

static void a_maildir_gets_lines_as_files_have_them(void **state)
{
    (void)state;
    go_to("maildir", "m");
    address(true);
    assert_int_equal(submit(), MAILSUB_OK);
    assert_int_equal(deposit_count("m/tmp"), 0);
    assert_int_equal(deposit_count("m/new"), 1);
    assert_int_equal(deposit_count("m/cur"), 0);
    const char *name = mailsub_receipt_get_queue_id(fixture.receipt);
    struct deposit_text text = *deposit_read("m/new", name);
    assert_non_null(strstr(text.octets, "\n\n=2E\n=2E.\n=2Ex\nlast\n"));
    assert_null(strchr(text.octets, '\r'));
    assert_ptr_equal(strstr(text.octets, "Return-Path: <me@example.org>\nDate: "), text.octets);
    /* Nobody learns of the other one. */
    assert_null(strstr(text.octets, "two@example.net"));
    assert_null(strstr(text.octets, "Delivered-To"));
}

static void one_recipient_is_named(void **state)
{
    (void)state;
    go_to("maildir", "m");
    address(false);
    assert_int_equal(mailsub_message_set_return_path(fixture.message, ""), MAILSUB_OK);
    assert_int_equal(submit(), MAILSUB_OK);
    const char *name = mailsub_receipt_get_queue_id(fixture.receipt);
    const char *text = deposit_read("m/new", name)->octets;
    assert_ptr_equal(strstr(text, "Return-Path: <>\nDelivered-To: one@example.net\nDate: "), text);
}

static void a_directory_gets_what_a_server_would(void **state)
{
    (void)state;
    char name[96];
    go_to("directory", "d");
    mkdir(deposit_path("d"), 0700);
    begin_message("first\n.\n\xc3\xa4\nlast\n");
    mailsub_message_add_recipient(fixture.message, MAILSUB_RECIPIENT_TO, "one@example.net", NULL);
    mailsub_message_add_recipient(fixture.message, MAILSUB_RECIPIENT_BCC,
                                  "\"a\\\"b\\\\c\"@example.net", NULL);
    assert_int_equal(submit(), MAILSUB_OK);
    assert_int_equal(deposit_count("d"), 2);
    snprintf(name, sizeof name, "%s.eml", mailsub_receipt_get_queue_id(fixture.receipt));
    const struct deposit_text *text = deposit_read("d", name);
    assert_int_equal(text->len, written()->len);
    assert_memory_equal(text->octets, written()->octets, text->len);
    snprintf(name, sizeof name, "%s.json", mailsub_receipt_get_queue_id(fixture.receipt));
    assert_string_equal(deposit_read("d", name)->octets,
                        "{\"sender\":\"me@example.org\",\"recipients\":[\"one@example.net\","
                        "\"\\\"a\\\\\\\"b\\\\\\\\c\\\"@example.net\"],\"body\":\"7BIT\","
                        "\"smtputf8\":false}\n");
}

static void octets_stay_as_they_are(void **state)
{
    (void)state;
    static const char head[] =
        "From: me@example.org\r\nTo: one@example.net\r\nDate: Sun, 22 Nov 2026 "
        "05:00:00 +0000\r\nMessage-ID: <1@example.org>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\nSubject: x\r\n\r\n";
    static char text[200000];
    size_t len = sizeof head - 1;
    memcpy(text, head, len);
    /* Dots and line ends at every place of a block. */
    for (size_t i = 0; len < sizeof text - 1000; i++) {
        len += (size_t)snprintf(text + len, 900, "%.*s\xc3\xa4%*s\r\n", (int)(i % 4), "...",
                                (int)(i % 700), "x");
    }
    mailsub_message_free(fixture.message);
    assert_int_equal(
        mailsub_message_from_bytes(NULL, text, len, MAILSUB_FROM_TAKE_RECIPIENTS, &fixture.message),
        MAILSUB_OK);
    go_to("directory", "d");
    mkdir(deposit_path("d"), 0700);
    assert_int_equal(submit(), MAILSUB_OK);
    char name[96];
    snprintf(name, sizeof name, "%s.eml", mailsub_receipt_get_queue_id(fixture.receipt));
    const struct deposit_text *found = deposit_read("d", name);
    assert_int_equal(found->len, len);
    assert_memory_equal(found->octets, text, len);
    snprintf(name, sizeof name, "%s.json", mailsub_receipt_get_queue_id(fixture.receipt));
    assert_non_null(strstr(deposit_read("d", name)->octets, "\"body\":\"8BITMIME\""));
}

static void addresses_may_be_in_utf_8(void **state)
{
    (void)state;
    go_to("directory", "d");
    mkdir(deposit_path("d"), 0700);
    assert_int_equal(mailsub_message_allow_smtputf8(fixture.message, 1), MAILSUB_OK);
    assert_int_equal(mailsub_message_add_recipient(fixture.message, MAILSUB_RECIPIENT_TO,
                                                   "k\xc3\xa4the@example.net", NULL),
                     MAILSUB_OK);
    assert_int_equal(submit(), MAILSUB_OK);
    char name[96];
    snprintf(name, sizeof name, "%s.json", mailsub_receipt_get_queue_id(fixture.receipt));
    const char *envelope = deposit_read("d", name)->octets;
    assert_non_null(strstr(envelope, "[\"k\xc3\xa4the@example.net\"]"));
    assert_non_null(strstr(envelope, "\"smtputf8\":true"));
}

static void check_mode(const char *name, mode_t want)
{
    struct stat facts;
    assert_int_equal(stat(deposit_path(name), &facts), 0);
    assert_int_equal(facts.st_mode & 07777, want);
}

static void what_is_made_is_for_its_owner_alone(void **state)
{
    (void)state;
    char name[128];
    mode_t old = umask(0);
    go_to("maildir", "m");
    address(true);
    assert_int_equal(submit(), MAILSUB_OK);
    umask(old);
    check_mode("m", 0700);
    check_mode("m/tmp", 0700);
    check_mode("m/new", 0700);
    check_mode("m/cur", 0700);
    snprintf(name, sizeof name, "m/new/%s", mailsub_receipt_get_queue_id(fixture.receipt));
    check_mode(name, 0600);
}

static void parts_that_a_maildir_lacks_are_made(void **state)
{
    (void)state;
    mkdir(deposit_path("m"), 0700);
    mkdir(deposit_path("m/cur"), 0700);
    go_to("maildir", "m");
    address(true);
    assert_int_equal(submit(), MAILSUB_OK);
    assert_int_equal(deposit_count("m/new"), 1);
}

static void the_receipt_tells_of_no_tls(void **state)
{
    (void)state;
    go_to("maildir", "m");
    address(true);
    assert_int_equal(submit(), MAILSUB_OK);
    assert_int_equal(mailsub_receipt_count_recipients(fixture.receipt), 2);
    assert_int_equal(mailsub_receipt_get_outcome(fixture.receipt, 0), ACCEPTED);
    assert_int_equal(mailsub_receipt_get_outcome(fixture.receipt, 1), ACCEPTED);
    assert_string_equal(mailsub_receipt_get_enhanced_status(fixture.receipt), "2.0.0");
    assert_string_equal(mailsub_receipt_get_tls_version(fixture.receipt), "");
}

/* ---- many ---- */

static void note_done(void *context, mailsub_message *message, int code, mailsub_receipt *receipt)
{
    (void)receipt;
    mailsub_message_free(message);
    assert_int_equal(code, MAILSUB_OK);
    (*(int *)context)++;
}

static void posted_messages_are_files_each(void **state)
{
    (void)state;
    int n_done = 0;
    go_to("maildir", "m");
    address(true);
    assert_int_equal(mailsub_config_set_max_connections(fixture.config, 3), MAILSUB_OK);
    assert_int_equal(mailsub_session_new(fixture.config, &fixture.session), 0);
    for (int i = 0; i < 20; i++) {
        mailsub_message *copy = NULL;
        assert_int_equal(mailsub_message_dup(fixture.message, &copy), 0);
        assert_int_equal(mailsub_session_post(fixture.session, copy, NULL, note_done, &n_done), 0);
    }
    while (n_done < 20)
        mailsub_session_process(fixture.session);
    assert_int_equal(deposit_count("m/new"), 20);
    assert_int_equal(deposit_count("m/tmp"), 0);
}

static void each_sender_of_its_own_is_a_file(void **state)
{
    (void)state;
    go_to("maildir", "m");
    address(true);
    assert_int_equal(mailsub_message_set_verp(fixture.message, "bounces@example.org"), MAILSUB_OK);
    assert_int_equal(submit(), MAILSUB_OK);
    assert_int_equal(deposit_count("m/new"), 2);
}

static void a_thousand_recipients_are_one_file(void **state)
{
    (void)state;
    char one[64];
    go_to("directory", "d");
    mkdir(deposit_path("d"), 0700);
    for (int i = 0; i < 1000; i++) {
        snprintf(one, sizeof one, "r%d@example.net", i);
        mailsub_message_add_recipient(fixture.message, MAILSUB_RECIPIENT_BCC, one, NULL);
    }
    assert_int_equal(submit(), MAILSUB_OK);
    assert_int_equal(deposit_count("d"), 2);
    snprintf(one, sizeof one, "%s.json", mailsub_receipt_get_queue_id(fixture.receipt));
    const char *envelope = deposit_read("d", one)->octets;
    assert_non_null(strstr(envelope, "[\"r0@example.net\",\"r1@"));
    assert_non_null(strstr(envelope, ",\"r999@example.net\"]"));
}

/* ---- the rules that hold for every way ---- */

static void a_login_is_not_to_be_had(void **state)
{
    (void)state;
    go_to("maildir", "m");
    address(true);
    assert_int_equal(mailsub_config_set_credentials(fixture.config, "me", "pw"), MAILSUB_OK);
    assert_int_equal(submit(), MAILSUB_E_AUTH_NOT_OFFERED);
    assert_int_equal(deposit_count("m/new"), 0);
}

static void tls_cannot_be_demanded(void **state)
{
    (void)state;
    go_to("directory", "d");
    assert_int_equal(mailsub_config_set_tls(fixture.config, MAILSUB_TLS_STARTTLS), MAILSUB_OK);
    assert_int_equal(mailsub_session_new(fixture.config, &fixture.session), MAILSUB_E_INVALID);
}

static void lmtp_is_not_spoken(void **state)
{
    (void)state;
    go_to("maildir", "m");
    assert_int_equal(mailsub_config_set_lmtp(fixture.config, 1), MAILSUB_OK);
    assert_int_equal(mailsub_session_new(fixture.config, &fixture.session), MAILSUB_E_INVALID);
}

static void the_quota_counts(void **state)
{
    (void)state;
    mailsub_limiter *limiter;
    go_to("maildir", "m");
    address(true);
    assert_int_equal(mailsub_limiter_new(NULL, &limiter), 0);
    assert_int_equal(mailsub_limiter_add_rule(limiter, NULL, 3, 3600000, 0), 0);
    assert_int_equal(mailsub_config_set_limiter(fixture.config, limiter, MAILSUB_WHEN_LIMITED_FAIL),
                     0);
    mailsub_limiter_unref(limiter);
    assert_int_equal(submit(), MAILSUB_OK);
    assert_int_equal(submit(), MAILSUB_E_RATE_LIMITED);
    assert_int_equal(deposit_count("m/new"), 1);
}

static void the_policy_is_asked(void **state)
{
    (void)state;
    mailsub_policy *policy;
    go_to("maildir", "m");
    address(true);
    assert_int_equal(mailsub_policy_new(NULL, MAILSUB_PROFILE_STRICT, &policy), 0);
    assert_int_equal(mailsub_config_set_policy(fixture.config, policy), 0);
    mailsub_policy_unref(policy);
    mailsub_message_set_from(fixture.message, "no-reply@example.org", NULL);
    assert_int_equal(submit(), MAILSUB_E_POLICY);
    assert_int_equal(deposit_count("m/new"), 0);
}

static void signatures_are_made(void **state)
{
    (void)state;
    mailsub_dkim *dkim;
    go_to("maildir", "m");
    address(true);
    assert_int_equal(mailsub_dkim_new(NULL, "example.org", "s", &dkim), 0);
    assert_int_equal(mailsub_dkim_set_key_pem(dkim, KEY_ED25519, strlen(KEY_ED25519), NULL), 0);
    assert_int_equal(mailsub_config_add_dkim(fixture.config, dkim), 0);
    mailsub_dkim_unref(dkim);
    assert_int_equal(submit(), MAILSUB_OK);
    const char *name = mailsub_receipt_get_queue_id(fixture.receipt);
    assert_non_null(strstr(deposit_read("m/new", name)->octets, ">\nDKIM-Signature: v=1;"));
}

static void asking_writes_nothing(void **state)
{
    (void)state;
    go_to("maildir", "m");
    address(true);
    assert_int_equal(mailsub_session_new(fixture.config, &fixture.session), 0);
    assert_int_equal(mailsub_session_probe(fixture.session, fixture.message, fixture.receipt),
                     MAILSUB_OK);
    assert_int_equal(mailsub_session_check(fixture.session, fixture.receipt), MAILSUB_OK);
    assert_int_equal(mailsub_session_etrn(fixture.session, "example.org", fixture.receipt),
                     MAILSUB_E_COMMAND);
    assert_int_equal(access(deposit_path("m"), F_OK), -1);
}

static void closed_standard_descriptors_are_survived(void **state)
{
    (void)state;
    int kept[3];
    go_to("directory", "d");
    mkdir(deposit_path("d"), 0700);
    address(true);
    close_standard(kept);
    int rc = submit();
    reopen_standard(kept);
    assert_int_equal(rc, MAILSUB_OK);
    assert_int_equal(deposit_count("d"), 2);
}

/* ---- what happens in the middle: behind the 354, when the file is there and empty ---- */

static void (*in_the_middle)(void);

static void watch(void *context, int direction, const char *line, size_t len)
{
    (void)context;
    if (direction == MAILSUB_TRANSCRIPT_SERVER && len >= 4 && memcmp(line, "354 ", 4) == 0)
        in_the_middle();
}

static void interrupt_by(void (*what)(void))
{
    in_the_middle = what;
    assert_int_equal(mailsub_config_set_transcript(fixture.config, watch, NULL), 0);
}

static void cancel(void)
{
    assert_int_equal(deposit_count("m/tmp") + deposit_count("d"), 1);
    mailsub_session_cancel(fixture.session);
}

static void a_cancelled_message_leaves_nothing(void **state)
{
    (void)state;
    static char big[3000000];
    memset(big, 'x', sizeof big - 1);
    for (size_t i = 70; i < sizeof big; i += 70)
        big[i] = '\n';
    begin_message(big);
    address(true);
    go_to("maildir", "m");
    interrupt_by(cancel);
    assert_int_equal(submit(), MAILSUB_E_CANCELLED);
    assert_int_equal(deposit_count("m/tmp"), 0);
    assert_int_equal(deposit_count("m/new"), 0);
    assert_int_equal(mailsub_receipt_count_retryable(fixture.receipt), 2);
    begin_message("x\n");
    address(true);
    in_the_middle = deposit_do_nothing;
    assert_int_equal(submit(), MAILSUB_OK);
    assert_int_equal(deposit_count("m/new"), 1);
}

static void die(void)
{
    raise(SIGKILL);
}

/* Only what no reader looks at stays behind. */
static void sudden_death_shows_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        int status = 0;
        go_to(i == 0 ? "maildir" : "directory", i == 0 ? "m" : "d");
        mkdir(deposit_path("d"), 0700);
        begin_message("x\n");
        address(true);
        pid_t child = fork();
        if (child == 0) {
            interrupt_by(die);
            submit();
            _exit(1);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }
    assert_int_equal(deposit_count("m/new"), 0);
    assert_int_equal(deposit_count("m/tmp"), 1);
    assert_int_equal(deposit_count("d"), 1);
    assert_true(deposit_has_only(".", ".part"));
    assert_int_equal(submit(), MAILSUB_OK);
}

/* A child gives back what it inherited, and the file stays its parent's. */
static void a_forked_child_takes_nothing_away(void **state)
{
    (void)state;
    static mailsub__spool spool;
    mailsub__deposit deposit;
    const mailsub__letter letter = {"me@example.org\0one@example.net", 2, false, false};
    int error = 0;
    mkdir(deposit_path("d"), 0700);
    char path[128];
    snprintf(path, sizeof path, "%s", deposit_path("d"));
    mailsub__spool_init(&spool);
    mailsub__deposit_init(&deposit, MAILSUB__DEPOSIT_DIRECTORY, path);
    assert_int_equal(mailsub__deposit_begin(&deposit, &letter, &spool), 0);
    mailsub__spool_write(&spool, "one", 3);
    for (int closed = 0; closed < 2; closed++) {
        int status = 1;
        pid_t child = fork();
        if (child == 0) {
            if (closed)
                closefrom(3);
            mailsub__deposit_abandon(&deposit, closed);
            mailsub__deposit_drop(&deposit);
            _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
    assert_int_equal(mailsub__deposit_finish(&deposit, &letter, &spool, &error),
                     MAILSUB__DEPOSIT_DONE);
    mailsub__spool_close(&spool);
    snprintf(path, sizeof path, "%s.eml", mailsub__deposit_get_name(&deposit));
    assert_string_equal(deposit_read("d", path)->octets, "one");
}

/* ---- what cannot be done ---- */

struct row {
    const char *name;
    const char *scheme;
    const char *path;
    void (*before)(void);
    void (*middle)(void);
    int want;
    int want_outcome;
    const char *want_enhanced;
    const char *want_text;
};

static void make_directory(void)
{
    mkdir(deposit_path("d"), 0700);
}

static void make_closed_directory(void)
{
    mkdir(deposit_path("d"), 0500);
    chmod(deposit_path("d"), 0555);
    deposit_give_up_rights();
}

static void make_closed_maildir(void)
{
    mkdir(deposit_path("m"), 0700);
    mkdir(deposit_path("m/tmp"), 0700);
    chmod(deposit_path("m/tmp"), 0555);
    chmod(deposit_path("m"), 0755);
    deposit_give_up_rights();
}

static void make_file(void)
{
    close(open(deposit_path("d"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static void limit_size(rlim_t size)
{
    const struct rlimit limit = {size, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &limit);
}

static void make_small_limit(void)
{
    make_directory();
    limit_size(100);
}

/* The message fits, its envelope does not. */
static void make_limit_below_envelope(void)
{
    make_directory();
    limit_size(0);
}

static const struct row rows[] = {
    {"no such directory", "directory", "d", NULL, NULL, MAILSUB_E_DIRECTORY, REFUSED, "5.3.5",
     "/d: No such file or directory"},
    {"no directory for a Maildir", "maildir", "none/m", NULL, NULL, MAILSUB_E_DIRECTORY, REFUSED,
     "5.3.5", "/none/m: No such file or directory"},
    {"a file in place of a directory", "directory", "d", make_file, NULL, MAILSUB_E_DIRECTORY,
     REFUSED, "5.3.5", "Not a directory"},
    {"a file in place of a Maildir", "maildir", "d", make_file, NULL, MAILSUB_E_DIRECTORY, REFUSED,
     "5.3.5", "Not a directory"},
    {"no right to write", "directory", "d", make_closed_directory, NULL, MAILSUB_E_DIRECTORY,
     REFUSED, "5.3.5", "Permission denied"},
    {"no right to make new/", "maildir", "m", make_closed_maildir, NULL, MAILSUB_E_DIRECTORY,
     REFUSED, "5.3.5", "Permission denied"},
    {"a limit of the process", "directory", "d", make_small_limit, NULL, MAILSUB_E_MESSAGE_TOO_BIG,
     REFUSED, "5.3.4", "File too large"},
    {"no file may have an octet", "directory", "d", make_limit_below_envelope, NULL,
     MAILSUB_E_MESSAGE_TOO_BIG, REFUSED, "5.3.4", "File too large"},
    {"the directory vanishes", "directory", "d", make_directory, deposit_empty_place,
     MAILSUB_E_DIRECTORY, REFUSED, "5.3.5", "No such file or directory"},
    {"the Maildir vanishes", "maildir", "m", NULL, deposit_empty_place, MAILSUB_E_DIRECTORY,
     REFUSED, "5.3.5", "No such file or directory"},
};

static void failure_row(void **state)
{
    const struct row *row = *state;
    set_up(NULL);
    if (row->before)
        row->before();
    go_to(row->scheme, row->path);
    interrupt_by(row->middle ? row->middle : deposit_do_nothing);
    address(true);
    int rc = submit();
    limit_size(RLIM_INFINITY);
    deposit_take_rights();
    if (rc != row->want)
        print_message("%s: %s\n", mailsub_error_name(rc),
                      mailsub_receipt_get_reply_text(fixture.receipt));
    assert_int_equal(rc, row->want);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(mailsub_receipt_get_outcome(fixture.receipt, i), row->want_outcome);
    assert_string_equal(mailsub_receipt_get_enhanced_status(fixture.receipt), row->want_enhanced);
    const char *text = mailsub_receipt_get_reply_text(fixture.receipt);
    if (!strstr(text, row->want_text))
        print_message("%s\n", text);
    assert_non_null(strstr(text, row->want_text));
    assert_int_equal(deposit_count("d") + deposit_count("m/tmp") + deposit_count("m/new"), 0);
    tear_down(NULL);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    static struct CMUnitTest tests[48] = {
        TEST(a_maildir_gets_lines_as_files_have_them),
        TEST(one_recipient_is_named),
        TEST(a_directory_gets_what_a_server_would),
        TEST(octets_stay_as_they_are),
        TEST(addresses_may_be_in_utf_8),
        TEST(what_is_made_is_for_its_owner_alone),
        TEST(parts_that_a_maildir_lacks_are_made),
        TEST(the_receipt_tells_of_no_tls),
        TEST(posted_messages_are_files_each),
        TEST(each_sender_of_its_own_is_a_file),
        TEST(a_thousand_recipients_are_one_file),
        TEST(a_login_is_not_to_be_had),
        TEST(tls_cannot_be_demanded),
        TEST(lmtp_is_not_spoken),
        TEST(the_quota_counts),
        TEST(the_policy_is_asked),
        TEST(signatures_are_made),
        TEST(asking_writes_nothing),
        TEST(closed_standard_descriptors_are_survived),
        TEST(a_cancelled_message_leaves_nothing),
        TEST(sudden_death_shows_nothing),
        TEST(a_forked_child_takes_nothing_away),
    };
    size_t n_tests = 22;
    UNIT_ADD_ROWS(tests, n_tests, rows, failure_row);
    return UNIT_RUN(tests, n_tests);
}

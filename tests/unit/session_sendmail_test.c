/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sessions whose way out is a sendmail command. Here it is a script: it keeps what it was given, says
 * something, and ends as its row wants; tests/integration/sendmail.py has real ones.
 */
#include "leftovers.h"
#include "session_kit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct session_kit fixture;

/* Where the script is, and what it wrote. */
struct place {
    char directory[64];
    char path[96]; /* of the script */
    char url[128];
    size_t n_descriptors;
};

static struct place place;

static const char *within(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", place.directory, name);
    return path;
}

/* The script's first lines keep what it gets; then it does what body says. */
static void write_script(const char *body)
{
    FILE *file = fopen(place.path, "w");
    assert_non_null(file);
    fprintf(file,
            "#!/bin/sh\n"
            "printf '%%s\\n' \"$@\" >>%s/arguments\n"
            "cat >%s/content\n"
            "%s\n",
            place.directory, place.directory, body);
    fclose(file);
    assert_int_equal(chmod(place.path, 0700), 0);
}

static const char *read_file(const char *name)
{
    static char text[65536];
    FILE *file = fopen(within(name), "r");
    if (!file)
        return "";
    size_t n = fread(text, 1, sizeof text - 1, file);
    text[n] = '\0';
    fclose(file);
    return text;
}

static void forget_file(const char *name)
{
    unlink(within(name));
}

static int set_up(void **state)
{
    (void)state;
    place = (struct place){.n_descriptors = count_descriptors()};
    snprintf(place.directory, sizeof place.directory, "/tmp/mailsub-sendmail-%ld", (long)getpid());
    mkdir(place.directory, 0700);
    snprintf(place.path, sizeof place.path, "%s/sendmail", place.directory);
    snprintf(place.url, sizeof place.url, "sendmail:%s", place.path);
    session_kit_make(&fixture, MAILSUB_RECIPIENT_BCC, ".\n..\n.x\nlast\n");
    assert_int_equal(mailsub_config_set_url(fixture.config, place.url), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    session_kit_free(&fixture);
    forget_file("arguments");
    forget_file("content");
    forget_file("other");
    unlink(place.path);
    rmdir(place.directory);
    assert_int_equal(count_descriptors(), place.n_descriptors);
    /* No child is left, of whatever kind. */
    assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
    assert_int_equal(errno, ECHILD);
    return 0;
}

static int submit(void)
{
    if (!fixture.session)
        assert_int_equal(mailsub_session_new(fixture.config, &fixture.session), 0);
    return mailsub_session_submit(fixture.session, fixture.message, fixture.receipt);
}

struct row {
    const char *name;
    const char *body;
    int want;
    int want_outcome; /* of each recipient */
    const char *want_enhanced;
    const char *want_text; /* a part of the reply's text, or of the detail */
};

#define ACCEPTED MAILSUB_OUTCOME_ACCEPTED
#define REFUSED MAILSUB_OUTCOME_REFUSED
#define DEFERRED MAILSUB_OUTCOME_DEFERRED
#define UNKNOWN MAILSUB_OUTCOME_UNKNOWN

static const struct row rows[] = {
    {"taken", "exit 0", MAILSUB_OK, ACCEPTED, "2.0.0", "Taken"},
    {"taken, with words", "echo queued as 12", MAILSUB_OK, ACCEPTED, "2.0.0", "queued as 12"},
    {"EX_USAGE", "echo no such option >&2; exit 64", MAILSUB_E_SENDMAIL, REFUSED, "5.3.5",
     "(EX_USAGE): no such option"},
    {"EX_DATAERR", "exit 65", MAILSUB_E_MESSAGE_REFUSED, REFUSED, "5.6.0", "(EX_DATAERR)"},
    {"EX_NOINPUT", "exit 66", MAILSUB_E_SENDMAIL, REFUSED, "5.3.0", "(EX_NOINPUT)"},
    {"EX_NOUSER", "exit 67", MAILSUB_E_RECIPIENTS_REFUSED, REFUSED, "5.1.1", "(EX_NOUSER)"},
    {"EX_NOHOST", "exit 68", MAILSUB_E_RECIPIENTS_REFUSED, REFUSED, "5.1.2", "(EX_NOHOST)"},
    {"EX_UNAVAILABLE", "exit 69", MAILSUB_E_MESSAGE_REFUSED, REFUSED, "5.0.0", "(EX_UNAVAILABLE)"},
    {"EX_SOFTWARE", "exit 70", MAILSUB_E_SENDMAIL, REFUSED, "5.3.0", "(EX_SOFTWARE)"},
    {"EX_OSERR", "exit 71", MAILSUB_E_MESSAGE_DEFERRED, DEFERRED, "4.3.0", "(EX_OSERR)"},
    {"EX_OSFILE", "exit 72", MAILSUB_E_SENDMAIL, REFUSED, "5.3.5", "(EX_OSFILE)"},
    {"EX_CANTCREAT", "exit 73", MAILSUB_E_MESSAGE_DEFERRED, DEFERRED, "4.3.0", "(EX_CANTCREAT)"},
    {"EX_IOERR", "exit 74", MAILSUB_E_MESSAGE_DEFERRED, DEFERRED, "4.3.0", "(EX_IOERR)"},
    {"EX_TEMPFAIL", "echo; echo try; echo later >&2; exit 75", MAILSUB_E_MESSAGE_DEFERRED, DEFERRED,
     "4.3.0", "(EX_TEMPFAIL): try later"},
    {"EX_PROTOCOL", "exit 76", MAILSUB_E_MESSAGE_REFUSED, REFUSED, "5.5.0", "(EX_PROTOCOL)"},
    {"EX_NOPERM", "exit 77", MAILSUB_E_SENDER_REFUSED, REFUSED, "5.7.1", "(EX_NOPERM)"},
    {"EX_CONFIG", "exit 78", MAILSUB_E_SENDMAIL, REFUSED, "5.3.5", "(EX_CONFIG)"},
    {"a status of nobody", "exit 1", MAILSUB_E_SENDMAIL, REFUSED, "5.3.0", "status 1"},
    {"the last status", "exit 255", MAILSUB_E_SENDMAIL, REFUSED, "5.3.0", "status 255"},
    {"death by a signal", "kill -9 $$", MAILSUB_E_UNKNOWN_OUTCOME, UNKNOWN, "", "signal 9"},
    {"words that could forge a log", "printf 'a\\r\\nb\\033[31m\\303\\244' >&2; exit 70",
     MAILSUB_E_SENDMAIL, REFUSED, "5.3.0", "a b?[31m??"},
    {"a flood of words", "head -c 3000000 /dev/zero | tr '\\0' x >&2; exit 75",
     MAILSUB_E_MESSAGE_DEFERRED, DEFERRED, "4.3.0", "xxxxxxxx"},
    {"a child of its own goes on, and holds its output",
     "sleep 30 & echo $! >$(dirname $0)/other; exit 0", MAILSUB_OK, ACCEPTED, "2.0.0", "Taken"},
    {"the content is not read", "exec /bin/false", MAILSUB_E_SENDMAIL, REFUSED, "5.3.0",
     "status 1"},
};

static void kill_other(void)
{
    int pid = atoi(read_file("other"));
    if (pid > 1)
        kill(pid, SIGKILL);
}

static void status_row(void **state)
{
    const struct row *row = *state;
    set_up(NULL);
    write_script(row->body);
    int rc = submit();
    kill_other();
    if (rc != row->want)
        print_message("%s: %s %s\n", mailsub_error_name(rc),
                      mailsub_receipt_get_reply_text(fixture.receipt),
                      mailsub_receipt_get_detail(fixture.receipt));
    assert_int_equal(rc, row->want);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(mailsub_receipt_get_outcome(fixture.receipt, i), row->want_outcome);
        assert_int_equal(mailsub_receipt_get_recipient_code(fixture.receipt, i), row->want);
    }
    assert_string_equal(mailsub_receipt_get_enhanced_status(fixture.receipt), row->want_enhanced);
    char words[1200];
    snprintf(words, sizeof words, "%s %s", mailsub_receipt_get_reply_text(fixture.receipt),
             mailsub_receipt_get_detail(fixture.receipt));
    if (!strstr(words, row->want_text))
        print_message("%s\n", words);
    assert_non_null(strstr(words, row->want_text));
    tear_down(NULL);
}

static void the_program_gets_envelope_and_content(void **state)
{
    (void)state;
    write_script("ls /proc/self/fd | wc -l >$(dirname $0)/other");
    assert_int_equal(submit(), MAILSUB_OK);
    assert_string_equal(read_file("arguments"),
                        "-i\n-f\nme@example.org\n--\none@example.net\ntwo@example.net\n");
    const char *content = read_file("content");
    assert_non_null(strstr(content, "\n\n=2E\n=2E.\n=2Ex\nlast\n"));
    assert_null(strchr(content, '\r'));
    assert_null(strstr(content, "two@example.net"));
    assert_null(strstr(content, "Bcc"));
}

static void eight_bit_content_and_dots_arrive_as_they_are(void **state)
{
    (void)state;
    static const char text[] =
        "From: me@example.org\r\nTo: one@example.net\r\nDate: Sun, 22 Nov 2026 "
        "05:00:00 +0000\r\nMessage-ID: <1@example.org>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\nSubject: "
        "x\r\n\r\n\xc3\xa4\r\n.\r\n..\r\n.x\r\nlast\r\n";
    mailsub_message_free(fixture.message);
    assert_int_equal(mailsub_message_from_bytes(NULL, text, sizeof text - 1,
                                                MAILSUB_FROM_TAKE_RECIPIENTS, &fixture.message),
                     MAILSUB_OK);
    write_script("");
    assert_int_equal(submit(), MAILSUB_OK);
    assert_string_equal(read_file("arguments"),
                        "-i\n-B8BITMIME\n-f\nme@example.org\n--\none@example.net\n");
    assert_non_null(strstr(read_file("content"), "\n\n\xc3\xa4\n.\n..\n.x\nlast\n"));
}

/* Whatever an address looks like, it is one argument, and no option. */
static void addresses_are_never_options(void **state)
{
    (void)state;
    mailsub_message_free(fixture.message);
    assert_int_equal(mailsub_message_new(NULL, &fixture.message), 0);
    mailsub_message_set_from(fixture.message, "-oQ/tmp@example.org", NULL);
    mailsub_message_add_recipient(fixture.message, MAILSUB_RECIPIENT_TO, "-X/tmp/y@example.net",
                                  NULL);
    mailsub_message_add_recipient(fixture.message, MAILSUB_RECIPIENT_TO,
                                  "\"a > b; `id` $(id)\"@example.net", NULL);
    mailsub_message_set_subject(fixture.message, "x");
    mailsub_message_set_text(fixture.message, "x\n", MAILSUB_NUL_TERMINATED);
    write_script("");
    assert_int_equal(submit(), MAILSUB_OK);
    assert_string_equal(read_file("arguments"),
                        "-i\n-f\n-oQ/tmp@example.org\n--\n-X/tmp/y@example.net\n"
                        "\"a > b; `id` $(id)\"@example.net\n");
}

static void an_empty_sender_is_written_so(void **state)
{
    (void)state;
    assert_int_equal(mailsub_message_set_return_path(fixture.message, ""), MAILSUB_OK);
    write_script("");
    assert_int_equal(submit(), MAILSUB_OK);
    assert_non_null(strstr(read_file("arguments"), "-f\n<>\n--\n"));
}

static void each_sender_of_its_own_is_a_run(void **state)
{
    (void)state;
    assert_int_equal(mailsub_message_set_verp(fixture.message, "bounces@example.org"), MAILSUB_OK);
    write_script("grep -q '^one' $(dirname $0)/arguments && exit 0; exit 0");
    assert_int_equal(submit(), MAILSUB_OK);
    const char *arguments = read_file("arguments");
    assert_non_null(strstr(arguments, "--\none@example.net\n-i\n"));
    assert_non_null(strstr(arguments, "--\ntwo@example.net\n"));
}

static void a_session_sends_many(void **state)
{
    (void)state;
    write_script("echo . >>$(dirname $0)/other");
    for (int i = 0; i < 5; i++)
        assert_int_equal(submit(), MAILSUB_OK);
    assert_string_equal(read_file("other"), ".\n.\n.\n.\n.\n");
}

/* ---- what cannot be run ---- */

static void a_missing_program_is_told(void **state)
{
    (void)state;
    char want[160];
    assert_int_equal(submit(), MAILSUB_E_SENDMAIL);
    snprintf(want, sizeof want, "%s: No such file or directory", place.path);
    assert_non_null(strstr(mailsub_receipt_get_reply_text(fixture.receipt), want));
    write_script("");
    chmod(place.path, 0600);
    assert_int_equal(submit(), MAILSUB_E_SENDMAIL);
    assert_non_null(strstr(mailsub_receipt_get_reply_text(fixture.receipt), "Permission denied"));
    assert_string_equal(read_file("arguments"), "");
    /* And it is looked for anew each time. */
    chmod(place.path, 0700);
    assert_int_equal(submit(), MAILSUB_OK);
}

static void commands_of_a_server_are_missing(void **state)
{
    (void)state;
    write_script("");
    assert_int_equal(mailsub_session_new(fixture.config, &fixture.session), 0);
    assert_int_equal(mailsub_session_etrn(fixture.session, "example.org", fixture.receipt),
                     MAILSUB_E_COMMAND);
    assert_int_equal(mailsub_session_check(fixture.session, fixture.receipt), MAILSUB_OK);
    assert_string_equal(read_file("arguments"), "");
}

static void demands_that_a_program_cannot_meet_are_refused(void **state)
{
    (void)state;
    write_script("");
    assert_int_equal(mailsub_message_set_require_tls(fixture.message, 1), MAILSUB_OK);
    int rc = submit();
    assert_true(rc == MAILSUB_E_TLS_UNVERIFIED || rc == MAILSUB_E_EXTENSION);
    assert_string_equal(read_file("arguments"), "");
}

static void a_login_is_not_to_be_had(void **state)
{
    (void)state;
    write_script("");
    assert_int_equal(mailsub_config_set_credentials(fixture.config, "me", "pw"), MAILSUB_OK);
    assert_int_equal(submit(), MAILSUB_E_AUTH_NOT_OFFERED);
    assert_string_equal(read_file("arguments"), "");
}

static void tls_cannot_be_demanded(void **state)
{
    (void)state;
    assert_int_equal(mailsub_config_set_tls(fixture.config, MAILSUB_TLS_IMPLICIT), MAILSUB_OK);
    assert_int_equal(mailsub_session_new(fixture.config, &fixture.session), MAILSUB_E_INVALID);
}

/* ---- time ---- */

static void a_program_that_hangs_is_ended(void **state)
{
    (void)state;
    write_script("echo $$ >$(dirname $0)/other; exec sleep 60");
    assert_int_equal(mailsub_config_set_timeout(fixture.config, MAILSUB_TIMEOUT_END_OF_DATA, 400),
                     MAILSUB_OK);
    assert_int_equal(submit(), MAILSUB_E_UNKNOWN_OUTCOME);
    assert_int_equal(mailsub_receipt_get_outcome(fixture.receipt, 0), UNKNOWN);
    int pid = atoi(read_file("other"));
    assert_true(pid > 1);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);
}

static void note_done(void *context, mailsub_message *message, int code, mailsub_receipt *receipt)
{
    (void)message;
    (void)receipt;
    *(int *)context = code;
}

static void a_session_that_is_freed_ends_the_program(void **state)
{
    (void)state;
    int code = 1;
    write_script("echo $$ >$(dirname $0)/other; exec sleep 60");
    assert_int_equal(mailsub_session_new(fixture.config, &fixture.session), 0);
    assert_int_equal(mailsub_session_post(fixture.session, fixture.message, NULL, note_done, &code),
                     MAILSUB_OK);
    mailsub_session_process(fixture.session);
    assert_int_equal(code, 1);
    mailsub_session_free(fixture.session);
    fixture.session = NULL;
    assert_int_equal(code, MAILSUB_E_UNKNOWN_OUTCOME);
}

/* ---- the application's signals ---- */

static volatile sig_atomic_t n_signals;

static void count_signal(int number)
{
    (void)number;
    n_signals++;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
}

static void the_applications_sigchld_is_left_alone(void **state)
{
    (void)state;
    struct sigaction counting = {.sa_handler = count_signal};
    struct sigaction old;
    write_script("exit 75");
    assert_int_equal(sigaction(SIGCHLD, &counting, &old), 0);
    assert_int_equal(submit(), MAILSUB_E_MESSAGE_DEFERRED);
    struct sigaction now;
    assert_int_equal(sigaction(SIGCHLD, &old, &now), 0);
    assert_true(now.sa_handler == count_signal);
    assert_int_equal(n_signals, 0);
}

static void a_status_comes_where_sigchld_is_ignored(void **state)
{
    (void)state;
    struct sigaction ignoring = {.sa_handler = SIG_IGN};
    struct sigaction old;
    write_script("exit 75");
    assert_int_equal(sigaction(SIGCHLD, &ignoring, &old), 0);
    assert_int_equal(submit(), MAILSUB_E_MESSAGE_DEFERRED);
    assert_int_equal(sigaction(SIGCHLD, &old, NULL), 0);
}

static void the_program_inherits_no_signals_and_no_descriptors(void **state)
{
    (void)state;
    struct sigaction ignoring = {.sa_handler = SIG_IGN};
    struct sigaction old;
    sigset_t blocked;
    sigset_t before;
    int open_for_all = dup(STDERR_FILENO); /* without close-on-exec */
    write_script("grep -E 'Sig(Ign|Blk)' /proc/$$/status | cut -f2 >$(dirname $0)/other\n"
                 "exec ls /proc/self/fd >>$(dirname $0)/other");
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    assert_int_equal(sigprocmask(SIG_BLOCK, &blocked, &before), 0);
    assert_int_equal(sigaction(SIGPIPE, &ignoring, &old), 0);
    int rc = submit();
    sigaction(SIGPIPE, &old, NULL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(open_for_all);
    assert_int_equal(rc, MAILSUB_OK);
    const char *told = read_file("other");
    /* The last one is of the folder that is listed. */
    assert_string_equal(told, "0000000000000000\n0000000000000000\n0\n1\n2\n3\n");
}

static void closed_standard_descriptors_are_survived(void **state)
{
    (void)state;
    int kept[3];
    write_script("exit 75");
    close_standard(kept);
    int rc = submit();
    reopen_standard(kept);
    assert_int_equal(rc, MAILSUB_E_MESSAGE_DEFERRED);
}

/* A child that frees what it inherited leaves the program to its parent. */
static void a_forked_child_leaves_the_program_alone(void **state)
{
    (void)state;
    int code = 1;
    int status = 1;
    write_script("while [ ! -e $(dirname $0)/other ]; do sleep 0.01; done; exit 75");
    assert_int_equal(mailsub_session_new(fixture.config, &fixture.session), 0);
    assert_int_equal(mailsub_session_post(fixture.session, fixture.message, NULL, note_done, &code),
                     MAILSUB_OK);
    mailsub_session_process(fixture.session);
    pid_t child = fork();
    if (child == 0) {
        mailsub_session_free(fixture.session);
        _exit(code == 1 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    fclose(fopen(within("other"), "w"));
    while (code == 1) {
        struct pollfd entry = {mailsub_session_get_fd(fixture.session), POLLIN, 0};
        assert_true(poll(&entry, 1, 20000) == 1);
        mailsub_session_process(fixture.session);
    }
    assert_int_equal(code, MAILSUB_E_MESSAGE_DEFERRED);
}

/* ---- memory ---- */

static int submit_with(struct unit_heap *heap)
{
    mailsub_allocator allocator = unit_allocator(heap);
    mailsub_config *config = NULL;
    mailsub_session *session = NULL;
    int rc = mailsub_config_new(&allocator, &config);
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_url(config, place.url);
    if (rc == MAILSUB_OK)
        rc = mailsub_session_new(config, &session);
    if (rc == MAILSUB_OK)
        rc = mailsub_session_submit(session, fixture.message, NULL);
    mailsub_session_free(session);
    mailsub_config_unref(config);
    assert_int_equal(heap->n_live, 0);
    return rc;
}

static void each_allocation_may_fail(void **state)
{
    (void)state;
    write_script("");
    struct unit_heap heap = {.fail_at = 0};
    assert_int_equal(submit_with(&heap), MAILSUB_OK);
    for (size_t n = heap.n_requests; n > 0; n--) {
        heap = (struct unit_heap){.fail_at = n};
        int rc = submit_with(&heap);
        assert_true(rc == MAILSUB_E_NOMEM || rc == MAILSUB_OK || rc == MAILSUB_E_MESSAGE_DEFERRED ||
                    rc == MAILSUB_E_UNKNOWN_OUTCOME);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    static struct CMUnitTest tests[64] = {
        TEST(the_program_gets_envelope_and_content),
        TEST(eight_bit_content_and_dots_arrive_as_they_are),
        TEST(addresses_are_never_options),
        TEST(an_empty_sender_is_written_so),
        TEST(each_sender_of_its_own_is_a_run),
        TEST(a_session_sends_many),
        TEST(a_missing_program_is_told),
        TEST(commands_of_a_server_are_missing),
        TEST(demands_that_a_program_cannot_meet_are_refused),
        TEST(a_login_is_not_to_be_had),
        TEST(tls_cannot_be_demanded),
        TEST(a_program_that_hangs_is_ended),
        TEST(a_session_that_is_freed_ends_the_program),
        TEST(the_applications_sigchld_is_left_alone),
        TEST(a_status_comes_where_sigchld_is_ignored),
        TEST(the_program_inherits_no_signals_and_no_descriptors),
        TEST(closed_standard_descriptors_are_survived),
        TEST(a_forked_child_leaves_the_program_alone),
        TEST(each_allocation_may_fail),
    };
    size_t n_tests = 19;
    UNIT_ADD_ROWS(tests, n_tests, rows, status_row);
    return UNIT_RUN(tests, n_tests);
}

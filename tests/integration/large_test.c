/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An attachment of 50 MiB goes from a file to a real Postfix without passing through memory as a
 * whole: the process never holds 8 MiB more than it did at its start. A program of its own, because
 * what other tests had needed before would hide what this one needs.
 */
#include "submission.h"

#include <stdbool.h>
#include <unistd.h>

#include "dkim_keys.h"

#define MIB ((size_t)1024 * 1024)
#define ATTACHMENT_LEN (50 * MIB)
/* Where memory cannot be measured, and everything is slow. */
#define ATTACHMENT_LEN_INSTRUMENTED (4 * MIB)
#define MAX_ADDED_KIB (8 * 1024)

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#endif

/* How the name of a row begins whose message is signed: the file is read twice then. */
#define SIGNED "a large file, signed"

static long start_kib;
static char attachment_path[256];

static const struct submission rows[] = {
    {"R1: a large file, over TLS", "submission", "starttls", SUCCESS, .protocol = "ESMTPS",
     .fates = {ACCEPTED("ann")}},
    {"a large file, in clear", "smtp", "plain", SUCCESS, .protocol = "ESMTP",
     .fates = {ACCEPTED("ann")}},
    {SIGNED ", in clear", "smtp", "plain", SUCCESS, .protocol = "ESMTP",
     .fates = {ACCEPTED("ann")}},
};

/* A figure of this process: VmRSS is what it holds now, VmHWM the most it ever held. */
static long memory_kib(const char *name)
{
    char line[256];
    long kib = -1;
    FILE *status = fopen("/proc/self/status", "r");
    assert_non_null(status);
    while (kib < 0 && fgets(line, sizeof line, status)) {
        if (!strncmp(line, name, strlen(name)))
            kib = strtol(line + strlen(name) + 1, NULL, 10);
    }
    fclose(status);
    assert_true(kib > 0);
    return kib;
}

/* ASan's shadow and quarantine, and valgrind's own memory, count as this process's. */
static bool is_instrumented(void)
{
#ifdef SANITIZED
    return true;
#else
    const char *preloaded = getenv("LD_PRELOAD");
    return preloaded && strstr(preloaded, "vgpreload");
#endif
}

/* Octets without a pattern, so that no line end and no dot has a fixed place. */
static void write_attachment(void)
{
    static unsigned char part[64 * 1024];
    uint64_t x = 0x9e3779b97f4a7c15u;
    snprintf(attachment_path, sizeof attachment_path, "%s/large-XXXXXX",
             real_setting("MAILSUB_SCRATCH"));
    int fd = mkstemp(attachment_path);
    assert_true(fd >= 0);
    size_t len = is_instrumented() ? ATTACHMENT_LEN_INSTRUMENTED : ATTACHMENT_LEN;
    for (size_t done = 0; done < len; done += sizeof part) {
        for (size_t i = 0; i < sizeof part; i++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            part[i] = (unsigned char)(x >> 32);
        }
        assert_int_equal(write(fd, part, sizeof part), sizeof part);
    }
    assert_int_equal(close(fd), 0);
}

static void sign(mailsub_message *message)
{
    mailsub_dkim *dkim;
    assert_int_equal(mailsub_dkim_new(NULL, "ours.example", "large", &dkim), MAILSUB_OK);
    assert_int_equal(mailsub_dkim_set_key_pem(dkim, KEY_ED25519, strlen(KEY_ED25519), NULL),
                     MAILSUB_OK);
    assert_int_equal(mailsub_message_sign_dkim(message, dkim), MAILSUB_OK);
    mailsub_dkim_unref(dkim);
}

static void submit_large(void **state)
{
    const struct submission *row = *state;
    static struct fixture fixture;
    submission_set_up(&fixture, row);
    assert_int_equal(
        mailsub_message_attach_file(fixture.message, attachment_path, "large.bin", NULL),
        MAILSUB_OK);
    if (!strncmp(row->name, SIGNED, strlen(SIGNED)))
        sign(fixture.message);
    int code = mailsub_session_submit(fixture.session, fixture.message, fixture.receipt);
    long added_kib = memory_kib("VmHWM:") - start_kib;
    assert_string_equal(mailsub_error_name(code), mailsub_error_name(row->code));
    print_message("# %s: %ld KiB of peak resident memory added\n", row->name, added_kib);
    if (!is_instrumented())
        assert_in_range(added_kib, 0, MAX_ADDED_KIB - 1);
    submission_check(&fixture, row);
    submission_tear_down(&fixture);
}

static int make_attachment(void **state)
{
    (void)state;
    write_attachment();
    return 0;
}

static int remove_attachment(void **state)
{
    (void)state;
    return unlink(attachment_path);
}

int main(void)
{
    static struct CMUnitTest tests[4];
    size_t n_tests = 0;
    start_kib = memory_kib("VmRSS:");
    UNIT_ADD_ROWS(tests, n_tests, rows, submit_large);
    return _cmocka_run_group_tests("large", tests, n_tests, make_attachment, remove_attachment);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "real.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

/* Postfix delivers within milliseconds; a loaded machine under valgrind gets its time too. */
#define DELIVERY_MS 30000
#define STEP_MS 5

/* Longer than any path that is put together here. */
#define PATH_ROOM 1024

const char *real_setting(const char *name)
{
    const char *value = getenv(name);
    if (!value)
        fail_msg("%s is not set: this program is run by tests/integration/run_postfix", name);
    return value;
}

/* What a setting about a service is called. */
static void setting_name(char out[64], const char *prefix, const char *service)
{
    size_t len = (size_t)snprintf(out, 64, "%s", prefix);
    for (const char *at = service; *at && len + 1 < 64; at++)
        out[len++] = (char)toupper((unsigned char)*at);
    out[len] = '\0';
}

int real_port(const char *service)
{
    char name[64];
    setting_name(name, "MAILSUB_PORT_", service);
    return atoi(real_setting(name));
}

const char *real_host(const char *service)
{
    char name[64];
    setting_name(name, "MAILSUB_HOST_", service);
    const char *host = getenv(name);
    return host ? host : "localhost";
}

/* RFC 8314 section 7, RFC 6409, RFC 5321. */
static int implied_port(const char *scheme)
{
    return strcmp(scheme, "smtp") == 0 ? 25 : strcmp(scheme, "submission") == 0 ? 587 : 465;
}

static void command_url(char *out, size_t room, const char *service)
{
    char name[64];
    setting_name(name, "MAILSUB_COMMAND_", service);
    int len = snprintf(out, room, "sendmail:%s", real_setting(name));
    assert_true(len > 0 && (size_t)len < room);
}

void real_url(char *out, size_t room, const char *scheme, const char *host, const char *service)
{
    if (strcmp(scheme, "sendmail") == 0) {
        command_url(out, room, service);
        return;
    }
    int port = real_port(service);
    bool is_implied = port == implied_port(scheme);
    int len = is_implied ? snprintf(out, room, "%s://%s", scheme, host)
                         : snprintf(out, room, "%s://%s:%d", scheme, host, port);
    assert_true(len > 0 && (size_t)len < room);
}

void real_assert_text(const char *text, const char *part)
{
    if (part && !strstr(text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, text);
}

static void pause_ms(long ms)
{
    const struct timespec pause = {.tv_nsec = ms * 1000000};
    nanosleep(&pause, NULL);
}

static size_t count_entries(const char *path)
{
    size_t n = 0;
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
        n += entry->d_name[0] != '.';
    closedir(dir);
    return n;
}

struct real_resources real_count_resources(void)
{
    return (struct real_resources){
        .n_descriptors = count_entries("/proc/self/fd"),
        .n_threads = count_entries("/proc/self/task"),
    };
}

void real_assert_resources(struct real_resources before)
{
    struct real_resources now = real_count_resources();
    /* The kernel wakes whoever joins a thread a moment before it takes the thread off the list. */
    for (int waited = 0; now.n_threads > before.n_threads && waited < 1000; waited += STEP_MS) {
        pause_ms(STEP_MS);
        now = real_count_resources();
    }
    assert_int_equal(now.n_threads, before.n_threads);
    assert_int_equal(now.n_descriptors, before.n_descriptors);
}

/* Directory of the messages in the mailbox of an address: its local part, see postfix.py. */
static void mailbox_path(char out[PATH_ROOM], const char *address)
{
    int len = snprintf(out, PATH_ROOM, "%s/%.*s/new", real_setting("MAILSUB_MAIL"),
                       (int)strcspn(address, "@"), address);
    assert_true(len > 0 && len < PATH_ROOM);
}

/* Path of a message in a mailbox; false when there is none. */
static bool find_mail(const char *address, char out[PATH_ROOM])
{
    char path[PATH_ROOM];
    mailbox_path(path, address);
    DIR *dir = opendir(path);
    if (!dir) /* Postfix creates it with the first message */
        return false;
    bool found = false;
    for (struct dirent *entry = readdir(dir); entry && !found; entry = readdir(dir)) {
        if (entry->d_name[0] == '.')
            continue;
        int len = snprintf(out, PATH_ROOM, "%s/%s", path, entry->d_name);
        found = len > 0 && len < PATH_ROOM;
    }
    closedir(dir);
    return found;
}

void real_empty_mailboxes(void)
{
    static const char *const addresses[] = {"ann@ours.example", "ben@ours.example",
                                            "cleo@ours.example", "app@ours.example"};
    char path[PATH_ROOM];
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        while (find_mail(addresses[i], path))
            assert_int_equal(unlink(path), 0);
    }
}

/* Read the fields that Postfix put before a message; leave the file at the first one behind. */
static void read_trace(FILE *file, char trace[REAL_TRACE_ROOM])
{
    static const char *const fields[] = {
        "Return-Path:", "X-Original-To:", "Delivered-To:", "Received:", "Authentication-Results:"};
    size_t len = 0;
    bool continued = false;
    char line[1024];
    for (;;) {
        long start = ftell(file);
        if (!fgets(line, sizeof line, file))
            break;
        bool is_trace = continued && (line[0] == ' ' || line[0] == '\t');
        for (size_t i = 0; i < sizeof fields / sizeof fields[0] && !is_trace; i++)
            is_trace = !strncasecmp(line, fields[i], strlen(fields[i]));
        if (!is_trace) {
            assert_int_equal(fseek(file, start, SEEK_SET), 0);
            break;
        }
        continued = true;
        size_t line_len = strlen(line);
        assert_true(len + line_len < REAL_TRACE_ROOM);
        memcpy(trace + len, line, line_len);
        len += line_len;
    }
    trace[len] = '\0';
}

/* A message as it is written, held against the one that was stored. */
struct comparison {
    FILE *stored;
    size_t offset; /* octets of the written message that were compared */
    bool after_cr;
};

/* The sink. CR LF is LF in a Maildir; a bare CR or LF must not have been written at all. */
static int compare_part(void *context, const void *data, size_t len)
{
    struct comparison *comparison = context;
    const unsigned char *octets = data;
    for (size_t i = 0; i < len; i++, comparison->offset++) {
        bool is_lf = octets[i] == '\n';
        if (is_lf != comparison->after_cr)
            fail_msg("octet %zu of the written message: a bare CR or LF", comparison->offset);
        comparison->after_cr = octets[i] == '\r';
        if (comparison->after_cr)
            continue;
        int stored = getc(comparison->stored);
        if (stored != octets[i])
            fail_msg("octet %zu: written 0x%02x, stored 0x%02x", comparison->offset,
                     (unsigned)octets[i], (unsigned)stored);
    }
    return 0;
}

/* What a service of postfix.py offers that changes how a message is written. */
static uint32_t capabilities_of(const char *service)
{
    return strcmp(service, "no_extensions") == 0 ? 0 : MAILSUB_CAN_8BITMIME;
}

void real_take_mail(const char *service, const char *address, mailsub_message *message,
                    char trace[REAL_TRACE_ROOM])
{
    char path[PATH_ROOM];
    for (int waited = 0; !find_mail(address, path); waited += STEP_MS) {
        if (waited > DELIVERY_MS)
            fail_msg("nothing was delivered to %s", address);
        pause_ms(STEP_MS);
    }
    struct comparison comparison = {.stored = fopen(path, "rb")};
    assert_non_null(comparison.stored);
    assert_int_equal(unlink(path), 0);
    read_trace(comparison.stored, trace);
    assert_int_equal(
        mailsub_message_write_for(message, capabilities_of(service), compare_part, &comparison),
        MAILSUB_OK);
    assert_true(comparison.offset > 0);
    assert_int_equal(getc(comparison.stored), EOF);
    fclose(comparison.stored);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Logins to a real server, which relays.py runs: by every mechanism that it offers, with a right and
 * a wrong secret. Each message that is accepted reaches the next hop whole, every extension that is
 * used was offered, and no secret is in the transcript.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "replayed.h"
#include "unit.h"

#include <mailsub/mailsub.h>

#define USER "alice"
#define PASSWORD "correct horse"
#define TOKEN "t0k.en-of.alice"
#define DELIVERY_MS 30000
#define STEP_MS 5

enum { DOVECOT = 1, EXIM = 2, OPENSMTPD = 4, BOTH = DOVECOT | EXIM };

#define IMPLICIT "submissions"
#define STARTTLS "submission"
#define CLEAR "smtp"

static const struct row {
    const char *name;
    int servers; /* those that offer it */
    const char *scheme;
    const char *mechanisms; /* NULL: the default */
    const char *password;
    const char *token;
    int want;
    int want_stage;
    const char *want_login; /* "": none, NULL: not looked at */
} rows[] = {
    {"the best with implicit TLS", DOVECOT, IMPLICIT, NULL, PASSWORD, NULL, 0, 0, "SCRAM-SHA-256"},
    {"the best with STARTTLS", DOVECOT, STARTTLS, NULL, PASSWORD, NULL, 0, 0, "SCRAM-SHA-256"},
    {"the best of plain ones", EXIM, IMPLICIT, NULL, PASSWORD, NULL, 0, 0, "PLAIN"},
    {"the best of plain ones with STARTTLS", EXIM, STARTTLS, NULL, PASSWORD, NULL, 0, 0, "PLAIN"},
    {"SCRAM-SHA-1", DOVECOT, IMPLICIT, "SCRAM-SHA-1", PASSWORD, NULL, 0, 0, "SCRAM-SHA-1"},
    {"PLAIN", BOTH, IMPLICIT, "PLAIN", PASSWORD, NULL, 0, 0, "PLAIN"},
    {"LOGIN", BOTH, STARTTLS, "LOGIN", PASSWORD, NULL, 0, 0, "LOGIN"},
    {"CRAM-MD5", DOVECOT | EXIM, IMPLICIT, "CRAM-MD5", PASSWORD, NULL, 0, 0, "CRAM-MD5"},
    {"OAUTHBEARER", DOVECOT, IMPLICIT, NULL, NULL, TOKEN, 0, 0, "OAUTHBEARER"},
    {"XOAUTH2", DOVECOT, STARTTLS, "XOAUTH2", NULL, TOKEN, 0, 0, "XOAUTH2"},
    {"a wrong password", BOTH, IMPLICIT, NULL, "wrong horse", NULL, MAILSUB_E_AUTH_REJECTED,
     MAILSUB_STAGE_AUTH, ""},
    {"a wrong password by SCRAM-SHA-1", DOVECOT, STARTTLS, "SCRAM-SHA-1", "wrong horse", NULL,
     MAILSUB_E_AUTH_REJECTED, MAILSUB_STAGE_AUTH, ""},
    {"a wrong password by LOGIN", BOTH, STARTTLS, "LOGIN", "wrong horse", NULL,
     MAILSUB_E_AUTH_REJECTED, MAILSUB_STAGE_AUTH, ""},
    {"a wrong password by CRAM-MD5", DOVECOT | EXIM, IMPLICIT, "CRAM-MD5", "wrong horse", NULL,
     MAILSUB_E_AUTH_REJECTED, MAILSUB_STAGE_AUTH, ""},
    {"an old token by OAUTHBEARER", DOVECOT, IMPLICIT, "OAUTHBEARER", NULL, "old-token",
     MAILSUB_E_AUTH_REJECTED, MAILSUB_STAGE_AUTH, ""},
    {"an old token by XOAUTH2", DOVECOT, IMPLICIT, "XOAUTH2", NULL, "old-token",
     MAILSUB_E_AUTH_REJECTED, MAILSUB_STAGE_AUTH, ""},
    {"a mechanism that is not offered", BOTH, IMPLICIT, "SCRAM-SHA-256-PLUS", PASSWORD, NULL,
     MAILSUB_E_AUTH_NOT_OFFERED, MAILSUB_STAGE_AUTH, ""},
    {"without TLS and without a login", OPENSMTPD, CLEAR, NULL, NULL, NULL, 0, 0, ""},
    {"a login that is not offered", OPENSMTPD, CLEAR, NULL, PASSWORD, NULL, MAILSUB_E_CLEAR_LOGIN,
     MAILSUB_STAGE_AUTH, ""},
};

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    if (value)
        return value;
    fprintf(stderr, "%s is not set: this program is run by tests/integration/run_relays\n", name);
    exit(99);
}

static int server_bit(void)
{
    static const char *const names[] = {"dovecot", "exim", "opensmtpd"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(setting("MAILSUB_RELAY"), names[i]) == 0)
            return 1 << i;
    }
    return 0;
}

/* ---- the transcript ---- */

struct transcript {
    char text[65536];
    size_t len;
};

static void keep(void *context, int direction, const char *line, size_t len)
{
    struct transcript *transcript = context;
    assert_true(transcript->len + len + 5 < sizeof transcript->text);
    transcript->len += (size_t)sprintf(transcript->text + transcript->len, "%c: %.*s\n",
                                       "CSND"[direction], (int)len, line);
}

/* Was the keyword in the last reply to EHLO? */
static bool is_offered(const char *text, const char *keyword)
{
    char first[64];
    char last[64];
    const char *ehlo = text;
    for (const char *at = strstr(text, "C: EHLO"); at; at = strstr(at + 1, "C: EHLO"))
        ehlo = at;
    snprintf(first, sizeof first, "S: 250-%s", keyword);
    snprintf(last, sizeof last, "S: 250 %s", keyword);
    return strcasestr(ehlo, first) || strcasestr(ehlo, last);
}

/* What shows in a line of ours that an extension is used. */
static const struct extension {
    const char *use;
    const char *keyword;
} extensions[] = {
    {" SIZE=", "SIZE"},
    {" BODY=8BITMIME", "8BITMIME"},
    {" BODY=BINARYMIME", "BINARYMIME"},
    {" SMTPUTF8", "SMTPUTF8"},
    {"C: BDAT ", "CHUNKING"},
    {" RET=", "DSN"},
    {" ENVID=", "DSN"},
    {" NOTIFY=", "DSN"},
    {" ORCPT=", "DSN"},
    {"C: AUTH ", "AUTH"},
};

static void check_extensions(const char *text)
{
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
        char own[1024];
        snprintf(own, sizeof own, "%.*s", (int)strcspn(line, "\n"), line);
        for (size_t i = 0; own[0] == 'C' && i < sizeof extensions / sizeof extensions[0]; i++) {
            if (strstr(own, extensions[i].use) && !is_offered(text, extensions[i].keyword))
                fail_msg("%s is not offered: %s", extensions[i].keyword, own);
        }
        /* Two commands in a row: the second did not wait for the reply to the first. */
        if (own[0] == 'C' && line[strcspn(line, "\n")] == '\n' &&
            strncmp(line + strcspn(line, "\n") + 1, "C: ", 3) == 0 && strstr(own, "MAIL FROM"))
            assert_true(is_offered(text, "PIPELINING"));
    }
}

static void check_secrets(const char *text)
{
    static const char *const secrets[] = {
        "horse", "t0k.en", "old-token",
        /* the passwords in base64, and those of PLAIN behind "alice" */
        "Y29ycmVjdCBob3JzZQ", "d3JvbmcgaG9yc2U", "AGFsaWNlAG"};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        assert_null(strstr(text, secrets[i]));
}

/* ---- what arrived ---- */

struct octets {
    char *data;
    size_t len;
};

static int collect(void *context, const void *data, size_t len)
{
    struct octets *octets = context;
    octets->data = realloc(octets->data, octets->len + len);
    assert_non_null(octets->data);
    memcpy(octets->data + octets->len, data, len);
    octets->len += len;
    return 0;
}

static bool find_delivered(char out[1024])
{
    bool found = false;
    DIR *dir = opendir(setting("MAILSUB_SINK"));
    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry && !found; entry = readdir(dir)) {
        size_t len = strlen(entry->d_name);
        found = len > 4 && strcmp(entry->d_name + len - 4, ".eml") == 0;
        if (found)
            snprintf(out, 1024, "%s/%s", setting("MAILSUB_SINK"), entry->d_name);
    }
    closedir(dir);
    return found;
}

static struct octets take_delivered(void)
{
    char path[1024];
    char part[4096];
    struct octets octets = {NULL, 0};
    for (int waited = 0; !find_delivered(path); waited += STEP_MS) {
        if (waited > DELIVERY_MS)
            fail_msg("nothing reached the next hop");
        nanosleep(&(struct timespec){.tv_nsec = STEP_MS * 1000000}, NULL);
    }
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    for (size_t n = fread(part, 1, sizeof part, file); n > 0; n = fread(part, 1, sizeof part, file))
        collect(&octets, part, n);
    fclose(file);
    assert_int_equal(unlink(path), 0);
    return octets;
}

/* Behind the fields that servers put before it, it is what was written. */
static void check_delivered(const mailsub_message *message)
{
    struct octets written = {NULL, 0};
    struct octets stored = take_delivered();
    assert_int_equal(
        mailsub_message_write((mailsub_message *)(uintptr_t)message, collect, &written),
        MAILSUB_OK);
    assert_true(stored.len > written.len);
    assert_memory_equal(stored.data + (stored.len - written.len), written.data, written.len);
    free(stored.data);
    free(written.data);
}

/* ---- a row ---- */

static mailsub_config *make_config(const struct row *row, struct transcript *transcript)
{
    char url[128];
    mailsub_config *config = NULL;
    const char *port = strcmp(row->scheme, IMPLICIT) == 0   ? "MAILSUB_PORT_SUBMISSIONS"
                       : strcmp(row->scheme, STARTTLS) == 0 ? "MAILSUB_PORT_SUBMISSION"
                                                            : "MAILSUB_PORT_SMTP";
    snprintf(url, sizeof url, "%s://localhost:%s", row->scheme, setting(port));
    assert_int_equal(mailsub_config_new(NULL, &config), MAILSUB_OK);
    assert_int_equal(mailsub_config_set_url(config, url), MAILSUB_OK);
    assert_int_equal(mailsub_config_set_ca_file(config, setting("MAILSUB_CA")), MAILSUB_OK);
    if (row->password)
        assert_int_equal(mailsub_config_set_credentials(config, USER, row->password), MAILSUB_OK);
    if (row->token)
        assert_int_equal(mailsub_config_set_token(config, USER, row->token), MAILSUB_OK);
    assert_int_equal(mailsub_config_set_mechanisms(config, row->mechanisms), MAILSUB_OK);
    assert_int_equal(mailsub_config_set_transcript(config, keep, transcript), MAILSUB_OK);
    return config;
}

static mailsub_message *make_message(const char *recipient)
{
    mailsub_message *message = NULL;
    assert_int_equal(mailsub_message_new(NULL, &message), MAILSUB_OK);
    mailsub_message_set_from(message, "alice@ours.example",
                             "B\xc3\xbc"
                             "cherei");
    mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, recipient, NULL);
    mailsub_message_set_subject(message, "Ihre Vormerkung f\xc3\xbcr \xe2\x82\xac 5 ist da");
    mailsub_message_set_text(message, ".\n..\nFrom me\nBitte bis Freitag.\n\n.\n",
                             MAILSUB_NUL_TERMINATED);
    assert_int_equal(mailsub_message_get_error(message, NULL), MAILSUB_OK);
    return message;
}

static void submits(void **state)
{
    const struct row *row = *state;
    static struct transcript transcript;
    transcript = (struct transcript){.len = 0};
    mailsub_session *session = NULL;
    mailsub_receipt *receipt = NULL;
    mailsub_config *config = make_config(row, &transcript);
    mailsub_message *message = make_message("ann@ours.example");
    assert_int_equal(mailsub_receipt_new(NULL, &receipt), MAILSUB_OK);
    assert_int_equal(mailsub_session_new(config, &session), MAILSUB_OK);
    int rc = mailsub_session_submit(session, message, receipt);
    if (rc != row->want)
        print_message("# %s: %s\n# %s\n", mailsub_error_name(rc),
                      mailsub_receipt_get_reply_text(receipt), transcript.text);
    assert_int_equal(rc, row->want);
    assert_string_equal(mailsub_receipt_get_login(receipt), row->want_login);
    if (rc)
        assert_int_equal(mailsub_receipt_get_stage(receipt), row->want_stage);
    else
        check_delivered(message);
    mailsub_session_close(session);
    check_secrets(transcript.text);
    check_extensions(transcript.text);
    replayed_check(transcript.text);
    mailsub_session_free(session);
    mailsub_receipt_free(receipt);
    mailsub_message_free(message);
    mailsub_config_unref(config);
}

/* Several over one connection, with one recipient who is refused where the server knows that. */
static void a_connection_is_kept(void **state)
{
    (void)state;
    static struct transcript transcript;
    transcript = (struct transcript){.len = 0};
    struct row row = {.scheme = IMPLICIT, .password = PASSWORD};
    if (server_bit() == OPENSMTPD)
        row = (struct row){.scheme = CLEAR};
    bool refuses = server_bit() != DOVECOT; /* which takes whatever the next hop takes */
    mailsub_session *session = NULL;
    mailsub_receipt *receipt = NULL;
    mailsub_config *config = make_config(&row, &transcript);
    mailsub_message *good = make_message("ann@ours.example");
    mailsub_message *bad = make_message("nobody@ours.example");
    assert_int_equal(mailsub_receipt_new(NULL, &receipt), MAILSUB_OK);
    assert_int_equal(mailsub_session_new(config, &session), MAILSUB_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(mailsub_session_submit(session, good, receipt), MAILSUB_OK);
        check_delivered(good);
        if (refuses) {
            assert_int_equal(mailsub_session_submit(session, bad, receipt),
                             MAILSUB_E_RECIPIENTS_REFUSED);
            assert_int_equal(mailsub_receipt_get_outcome(receipt, 0), MAILSUB_OUTCOME_REFUSED);
        }
    }
    const char *first = strstr(transcript.text, "C: EHLO");
    assert_non_null(first);
    assert_null(strstr(first + 1, "C: EHLO"));
    check_extensions(transcript.text);
    replayed_check(transcript.text);
    mailsub_session_free(session);
    mailsub_receipt_free(receipt);
    mailsub_message_free(bad);
    mailsub_message_free(good);
    mailsub_config_unref(config);
}

int main(void)
{
    static struct CMUnitTest tests[30] = {cmocka_unit_test(a_connection_is_kept)};
    size_t n_tests = 1;
    int server = server_bit();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].servers & server)
            tests[n_tests++] = (struct CMUnitTest){
                .name = rows[i].name, .test_func = submits, .initial_state = unit_row(&rows[i])};
    }
    return UNIT_RUN(tests, n_tests);
}

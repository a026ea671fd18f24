/* SPDX-License-Identifier: 0BSD */
/*
 * The settings of msmtp, so that a host that has them can switch. Each account becomes a section of
 * our own settings. What only concerns msmtp, such as its log, is passed over; a setting that is not
 * known ends the command, since it might be the one that keeps the mail safe.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "command.h"

#define KEYS(X)                                                                                    \
    X(HOST, "host")                                                                                \
    X(PORT, "port")                                                                                \
    X(PROTOCOL, "protocol")                                                                        \
    X(TLS, "tls")                                                                                  \
    X(STARTTLS, "tls_starttls")                                                                    \
    X(TRUST, "tls_trust_file")                                                                     \
    X(CRL, "tls_crl_file")                                                                         \
    X(FINGERPRINT, "tls_fingerprint")                                                              \
    X(CERTCHECK, "tls_certcheck")                                                                  \
    X(CERT, "tls_cert_file")                                                                       \
    X(KEY, "tls_key_file")                                                                         \
    X(AUTH, "auth")                                                                                \
    X(USER, "user")                                                                                \
    X(PASSWORD, "password")                                                                        \
    X(EVAL, "passwordeval")                                                                        \
    X(FROM, "from")                                                                                \
    X(HELO, "domain")                                                                              \
    X(TIMEOUT, "timeout")

enum key {
#define KEY_ENUM(ID, name) MSMTP_##ID,
    KEYS(KEY_ENUM)
#undef KEY_ENUM
        N_KEYS
};

static const char *const keys[N_KEYS] = {
#define KEY_NAME(ID, name) [MSMTP_##ID] = (name),
    KEYS(KEY_NAME)
#undef KEY_NAME
};

static const char *const passed_over[] = {
    "logfile",
    "logfile_time_format",
    "syslog",
    "maildomain",
    "aliases",
    "undisclosed_recipients",
    "set_from_header",
    "set_date_header",
    "set_msgid_header",
    "auto_from",
    "remove_bcc_headers",
    "allow_from_override",
    "from_full_name",
    "add_missing_from_header",
    "add_missing_date_header",
    "tls_priorities",
    "tls_min_dh_prime_bits",
    "tls_host_override",
};

struct account {
    char *name;
    char *values[N_KEYS];
};

struct msmtprc {
    struct work *work;
    const char *path;
    unsigned line;
    struct account *accounts; /* the first one holds the defaults */
    size_t n;
    bool is_private;
};

static int refuse(const struct msmtprc *file, const char *what)
{
    return fail(file->work, MAILSUB_E_INVALID, "%s:%u: %s", file->path, file->line, what);
}

static void set_value(struct account *account, enum key key, const char *value)
{
    wipe_text(account->values[key]);
    account->values[key] = copy_text(value, strlen(value));
}

static struct account *find_account(const struct msmtprc *file, const char *name)
{
    for (size_t i = 1; i < file->n; i++) {
        if (strcmp(file->accounts[i].name, name) == 0)
            return &file->accounts[i];
    }
    return NULL;
}

/* "NAME" or "NAME : OTHER": the defaults, and what the other says. */
static int begin_account(struct msmtprc *file, char *text)
{
    char *colon = strchr(text, ':');
    size_t base = 0;
    if (colon) {
        *colon = '\0';
        const struct account *other = find_account(file, trim(colon + 1));
        if (!other)
            return refuse(file, "no such account");
        base = (size_t)(other - file->accounts);
    }
    file->accounts = need(realloc(file->accounts, (file->n + 1) * sizeof *file->accounts));
    struct account *account = &file->accounts[file->n++];
    text = trim(text);
    *account = (struct account){.name = copy_text(text, strlen(text))};
    for (int key = 0; key < N_KEYS; key++) {
        if (file->accounts[base].values[key])
            set_value(account, (enum key)key, file->accounts[base].values[key]);
    }
    return MAILSUB_OK;
}

static bool is_passed_over(const char *name)
{
    for (size_t i = 0; i < sizeof passed_over / sizeof passed_over[0]; i++) {
        if (strcmp(passed_over[i], name) == 0)
            return true;
    }
    return false;
}

static char *unquote(char *text)
{
    size_t len = strlen(text);
    if (len < 2 || *text != '"' || text[len - 1] != '"')
        return text;
    text[len - 1] = '\0';
    return text + 1;
}

static int take_line(struct msmtprc *file, char *line)
{
    line = trim(line);
    if (*line == '\0' || *line == '#')
        return MAILSUB_OK;
    char *value = line + strcspn(line, " \t");
    if (*value != '\0')
        *value++ = '\0';
    value = unquote(trim(value));
    if (strcmp(line, "account") == 0)
        return begin_account(file, value);
    if (strcmp(line, "defaults") == 0)
        return file->n == 1 ? MAILSUB_OK : refuse(file, "defaults stand in front of accounts");
    for (int key = 0; key < N_KEYS; key++) {
        if (strcmp(keys[key], line) != 0)
            continue;
        if (key == MSMTP_PASSWORD && !file->is_private)
            return refuse(file, "a password in a file that is open to others: chmod 600 it");
        set_value(&file->accounts[file->n - 1], (enum key)key, value);
        return MAILSUB_OK;
    }
    return is_passed_over(line) ? MAILSUB_OK : refuse(file, "a setting that is not known here");
}

static bool is_off(const char *value)
{
    return !value || strcmp(value, "off") == 0;
}

static void encode(char **to, const char *text)
{
    for (; *text != '\0'; text++)
        *to += sprintf(*to, "%%%02x", (unsigned char)*text);
}

/* "submission://user:password@host:port"; the caller wipes it. */
static char *make_url(const struct account *account)
{
    char *const *values = account->values;
    bool has_login = !is_off(values[MSMTP_AUTH]) && values[MSMTP_USER];
    const char *user = has_login ? values[MSMTP_USER] : "";
    const char *password = has_login && values[MSMTP_PASSWORD] ? values[MSMTP_PASSWORD] : "";
    const char *port = values[MSMTP_PORT];
    bool is_implicit =
        !is_off(values[MSMTP_TLS]) && values[MSMTP_STARTTLS] && is_off(values[MSMTP_STARTTLS]);
    size_t room = 64 + 3 * (strlen(user) + strlen(password)) + strlen(values[MSMTP_HOST]) +
                  (port ? strlen(port) : 0);
    char *url = need(malloc(room));
    char *end = url + sprintf(url, "%s://", is_implicit ? "submissions" : "smtp");
    encode(&end, user);
    if (*password != '\0') {
        *end++ = ':';
        encode(&end, password);
    }
    sprintf(end, "%s%s%s%s", has_login ? "@" : "", values[MSMTP_HOST], port ? ":" : "",
            port ? port : "");
    return url;
}

static void add(struct work *work, size_t section, enum option_id id, const char *value)
{
    const struct setting setting = {.option = option_at(id),
                                    .value = copy_text(value, strlen(value)),
                                    .account = section + 1,
                                    .source = SOURCE_OFF,
                                    .if_chosen = SOURCE_USER_ACCOUNT};
    settings_add(work, &setting);
    wipe_text(setting.value);
}

static void add_tls(struct work *work, size_t section, char *const *values)
{
    const char *trust = values[MSMTP_TRUST];
    if (is_off(values[MSMTP_TLS])) {
        add(work, section, OPTION_INSECURE_NO_TLS, "");
        if (!is_off(values[MSMTP_AUTH]))
            add(work, section, OPTION_INSECURE_CLEAR_LOGIN, "");
        return;
    }
    if (!values[MSMTP_STARTTLS] || !is_off(values[MSMTP_STARTTLS]))
        add(work, section, OPTION_TLS, "starttls");
    if (trust && strcmp(trust, "system") != 0 && !is_off(trust))
        add(work, section, OPTION_CA, trust);
    if (values[MSMTP_CERTCHECK] && is_off(values[MSMTP_CERTCHECK]))
        add(work, section, OPTION_INSECURE_NO_VERIFY, "");
}

static void add_login(struct work *work, size_t section, char *const *values)
{
    const char *auth = values[MSMTP_AUTH];
    if (is_off(auth))
        return;
    bool is_token = strcasecmp(auth, "oauthbearer") == 0 || strcasecmp(auth, "xoauth2") == 0;
    if (strcmp(auth, "on") != 0)
        add(work, section, OPTION_AUTH, auth);
    if (values[MSMTP_EVAL])
        add(work, section, is_token ? OPTION_TOKEN_COMMAND : OPTION_PASSWORD_COMMAND,
            values[MSMTP_EVAL]);
}

static int add_account(struct msmtprc *file, const struct account *account)
{
    static const struct {
        enum key key;
        enum option_id option;
    } same[] = {{MSMTP_CRL, OPTION_CRL},   {MSMTP_FINGERPRINT, OPTION_FINGERPRINT},
                {MSMTP_CERT, OPTION_CERT}, {MSMTP_KEY, OPTION_KEY},
                {MSMTP_HELO, OPTION_HELO}, {MSMTP_TIMEOUT, OPTION_TIMEOUT}};
    struct work *work = file->work;
    char *const *values = account->values;
    if (!values[MSMTP_HOST])
        return fail(work, MAILSUB_E_URL, "%s: account %s has no host", file->path, account->name);
    size_t section = settings_add_account(work, account->name);
    char *url = make_url(account);
    add(work, section, OPTION_SERVER, url);
    wipe_text(url);
    add_tls(work, section, values);
    add_login(work, section, values);
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        if (!is_off(values[same[i].key]))
            add(work, section, same[i].option, values[same[i].key]);
    }
    if (values[MSMTP_PROTOCOL] && strcmp(values[MSMTP_PROTOCOL], "lmtp") == 0)
        add(work, section, OPTION_LMTP, "");
    if (values[MSMTP_FROM])
        settings_for(work, section, values[MSMTP_FROM]);
    return MAILSUB_OK;
}

static void free_accounts(struct msmtprc *file)
{
    for (size_t i = 0; i < file->n; i++) {
        free(file->accounts[i].name);
        for (int key = 0; key < N_KEYS; key++)
            wipe_text(file->accounts[i].values[key]);
    }
    free(file->accounts);
}

int msmtprc_read(struct work *work, const char *path)
{
    struct msmtprc file = {.work = work, .path = path, .n = 1};
    struct stat status;
    size_t len;
    int rc = MAILSUB_OK;
    if (stat(path, &status) != 0)
        return fail(work, MAILSUB_E_FILE, "%s: %s", path, strerror(errno));
    char *data = read_whole(work, path, 0, &len);
    if (!data)
        return MAILSUB_E_FILE;
    file.is_private = (status.st_mode & (S_IRWXG | S_IRWXO)) == 0;
    file.accounts = need(calloc(1, sizeof *file.accounts));
    char *rest = data;
    for (char *line; rc == MAILSUB_OK && (line = next_line(&rest)) != NULL;) {
        file.line++;
        rc = take_line(&file, line);
    }
    for (size_t i = 1; rc == MAILSUB_OK && i < file.n; i++)
        rc = add_account(&file, &file.accounts[i]);
    free_accounts(&file);
    wipe(data, len);
    free(data);
    return rc;
}

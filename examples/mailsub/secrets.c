/* SPDX-License-Identifier: 0BSD */
/*
 * The secret of a login, looked for when the server asks for it: a file, a command, systemd's
 * $CREDENTIALS_DIRECTORY, ~/.netrc, and at last the person at the terminal. It is never an
 * argument, and it is wiped as soon as the library has it or the command ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "command.h"

enum { MOST_SECRET = 16 * 1024 };

/* The first line of a block, which is wiped and freed. */
static char *first_line(char *data, size_t len)
{
    char *secret = copy_text(data, strcspn(data, "\r\n"));
    wipe(data, len);
    free(data);
    return secret;
}

static char *from_file(struct work *work, const char *path)
{
    size_t len;
    char *expanded = expand_home(path);
    char *data = read_whole(work, expanded, READ_SECRET, &len);
    free(expanded);
    return data ? first_line(data, len) : NULL;
}

/* What a child prints, whole. */
static size_t drain(int fd, char *data, size_t room)
{
    size_t len = 0;
    ssize_t n;
    while (len < room && ((n = read(fd, data + len, room - len)) > 0 || (n < 0 && errno == EINTR)))
        len += n > 0 ? (size_t)n : 0;
    return len;
}

/* Run by the shell, as the user wrote it; what it says on standard error is for the user. */
static bool start(const char *command, int out, pid_t *out_pid)
{
    char shell[] = "sh";
    char dash_c[] = "-c";
    char *text = copy_text(command, strlen(command));
    char *argv[] = {shell, dash_c, text, NULL};
    posix_spawn_file_actions_t actions;
    bool is_started = posix_spawn_file_actions_init(&actions) == 0 &&
                      posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO) == 0 &&
                      posix_spawnp(out_pid, shell, &actions, NULL, argv, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    free(text);
    return is_started;
}

static char *from_command(struct work *work, const char *command)
{
    int ends[2];
    pid_t pid;
    int status = -1;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return NULL;
    char *data = need(calloc(1, MOST_SECRET + 1));
    size_t len = 0;
    bool is_started = start(command, ends[1], &pid);
    close(ends[1]);
    if (is_started) {
        len = drain(ends[0], data, MOST_SECRET);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
    }
    close(ends[0]);
    char *secret = first_line(data, len);
    if (status == 0 && *secret != '\0')
        return secret;
    fail(work, MAILSUB_E_CREDENTIALS, "the command for the secret fails, or prints nothing");
    wipe_text(secret);
    return NULL;
}

/* $CREDENTIALS_DIRECTORY/mailsub.password or mailsub.token, whose rights systemd looks after. */
static char *from_directory(struct work *work, const char *name)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    char *secret = NULL;
    if (!folder || *folder != '/')
        return NULL;
    char *path = join_text(folder, "/mailsub.", name);
    size_t len;
    if (access(path, F_OK) == 0) {
        char *data = read_whole(work, path, 0, &len);
        secret = data ? first_line(data, len) : NULL;
    }
    free(path);
    return secret;
}

/* The password of the entry for this host and user, whose words may stand in any order. */
static char *scan_netrc(char *data, const char *host, const char *user)
{
    static const char white[] = " \t\r\n";
    char *rest = NULL;
    char *password = NULL;
    bool is_host = false;
    bool is_user = false;
    for (char *word = strtok_r(data, white, &rest); word; word = strtok_r(NULL, white, &rest)) {
        bool is_default = strcmp(word, "default") == 0;
        if (is_default || strcmp(word, "machine") == 0) {
            if (is_host && is_user && password)
                break;
            const char *name = is_default ? NULL : strtok_r(NULL, white, &rest);
            is_host = is_default || (name && strcasecmp(name, host) == 0);
            is_user = false;
            password = NULL;
        } else if (strcmp(word, "login") == 0) {
            const char *name = strtok_r(NULL, white, &rest);
            is_user = name && strcmp(name, user) == 0;
        } else if (strcmp(word, "password") == 0) {
            password = strtok_r(NULL, white, &rest);
        }
    }
    return is_host && is_user && password ? copy_text(password, strlen(password)) : NULL;
}

static char *from_netrc(struct work *work, const char *user)
{
    char *path = expand_home("~/.netrc");
    char *secret = NULL;
    size_t len;
    if (*path == '/' && access(path, F_OK) == 0) {
        char *data = read_whole(work, path, READ_SECRET, &len);
        if (data) {
            secret = scan_netrc(data, mailsub_config_get_host(work->config), user);
            wipe(data, len);
            free(data);
        }
    }
    free(path);
    return secret;
}

/* Ask whoever started the command; standard input may be the message. */
static char *from_terminal(const char *user, const char *host)
{
    struct termios old;
    char line[1026] = "";
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return NULL;
    if (tcgetattr(fd, &old) != 0) {
        close(fd);
        return NULL;
    }
    struct termios quiet = old;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    /* First silent, then asked: what is typed at once must neither be shown nor flushed. */
    tcsetattr(fd, TCSAFLUSH, &quiet);
    dprintf(fd, "Password of %s at %s: ", user, host);
    ssize_t n = read(fd, line, sizeof line - 1);
    tcsetattr(fd, TCSAFLUSH, &old);
    dprintf(fd, "\n");
    close(fd);
    char *secret = n > 0 ? copy_text(line, strcspn(line, "\r\n")) : NULL;
    wipe(line, sizeof line);
    return secret;
}

/* In place. An escape that is none is left: the library refuses the URL. */
static void percent_decode(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; to++) {
        char digits[3] = "";
        if (*from == '%' && strspn(from + 1, "0123456789abcdefABCDEF") >= 2)
            memcpy(digits, from + 1, 2);
        *to = digits[0] != '\0' ? (char)strtoul(digits, NULL, 16) : *from;
        from += digits[0] != '\0' ? 3 : 1;
    }
    *to = '\0';
}

/* The user of --user, or else of the URL, where it stands in front of the @. */
static char *find_user(const struct work *work)
{
    const char *named = setting_of(work, OPTION_USER);
    const char *url = first_server(work);
    if (named)
        return copy_text(named, strlen(named));
    const char *authority = url ? strstr(url, "://") : NULL;
    const char *at = authority ? strchr(authority, '@') : NULL;
    if (!at || url_has_password(url))
        return NULL;
    char *user = copy_text(authority + 3, (size_t)(at - authority) - 3);
    percent_decode(user);
    return user;
}

static bool wants_token(const struct work *work)
{
    return is_set(work, OPTION_TOKEN_FILE) || is_set(work, OPTION_TOKEN_COMMAND);
}

static char *find_token(struct work *work)
{
    if (is_set(work, OPTION_TOKEN_FILE))
        return from_file(work, setting_of(work, OPTION_TOKEN_FILE));
    if (is_set(work, OPTION_TOKEN_COMMAND))
        return from_command(work, setting_of(work, OPTION_TOKEN_COMMAND));
    return from_directory(work, "token");
}

static char *find_password(struct work *work, const char *user)
{
    if (is_set(work, OPTION_PASSWORD_FILE))
        return from_file(work, setting_of(work, OPTION_PASSWORD_FILE));
    if (is_set(work, OPTION_PASSWORD_COMMAND))
        return from_command(work, setting_of(work, OPTION_PASSWORD_COMMAND));
    char *secret = from_directory(work, "password");
    if (!secret)
        secret = from_netrc(work, user);
    if (!secret)
        secret = from_terminal(user, mailsub_config_get_host(work->config));
    return secret;
}

static int give_token(mailsub_credentials *credentials, char *token)
{
    int rc = mailsub_credentials_set_token(credentials, token);
    wipe_text(token);
    return rc;
}

/* A token that was refused may have grown old: a file or command may give a fresh one. */
static int give(void *context, int reason, mailsub_credentials *credentials)
{
    struct work *work = context;
    char *user = find_user(work);
    int rc = user ? mailsub_credentials_set_user(credentials, user) : MAILSUB_E_CREDENTIALS;
    char *token = rc == MAILSUB_OK && !work->secret ? find_token(work) : NULL;
    if (token) {
        rc = give_token(credentials, token);
    } else if (rc == MAILSUB_OK && reason == MAILSUB_CREDENTIALS_FIRST && !wants_token(work)) {
        if (!work->secret)
            work->secret = find_password(work, user);
        rc = work->secret ? mailsub_credentials_set_password(credentials, work->secret)
                          : MAILSUB_E_CREDENTIALS;
    } else if (rc == MAILSUB_OK) {
        rc = MAILSUB_E_CREDENTIALS;
    }
    free(user);
    return rc;
}

int login_set_up(struct work *work)
{
    char *user = find_user(work);
    const char *url = first_server(work);
    bool has_secret = wants_token(work) || is_set(work, OPTION_PASSWORD_FILE) ||
                      is_set(work, OPTION_PASSWORD_COMMAND);
    int rc = MAILSUB_OK;
    if (user)
        rc = mailsub_config_set_credentials_callback(work->config, give, work);
    else if (has_secret && url && !url_has_password(url))
        rc = fail(work, MAILSUB_E_CREDENTIALS, "a secret without a user: --user is missing");
    free(user);
    return rc;
}

/* SPDX-License-Identifier: 0BSD */
/*
 * Settings besides the command line: MAILSUB_URL, $XDG_CONFIG_HOME/mailsub/config, and
 * /etc/mailsub.conf; or the one file that --config names. mailsub.conf(5) describes them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"

#define SYSTEM_FILE "/etc/mailsub.conf"

/* A file that is being read. */
struct place {
    struct work *work;
    const char *path;
    unsigned line;
    enum source source;
    size_t account;
    bool is_private;
};

/* scheme://user:password@host: a colon in front of the last @ of the authority. */
bool url_has_password(const char *url)
{
    const char *authority = strstr(url, "://");
    if (!authority)
        return false;
    authority += 3;
    size_t len = strcspn(authority, "/?#");
    const char *at = memrchr(authority, '@', len);
    return at && memchr(authority, ':', (size_t)(at - authority));
}

static int refuse(const struct place *place, const char *what, const char *name)
{
    return fail(place->work, MAILSUB_E_INVALID, "%s:%u: %s%s%s", place->path, place->line, what,
                *name != '\0' ? " " : "", name);
}

/* The file is in everybody's sight, unless its permissions say otherwise. */
static int check_password(const struct place *place, const struct option *option, const char *value)
{
    if ((option->flags & OPT_URL) == 0 || !url_has_password(value) || place->is_private)
        return MAILSUB_OK;
    return fail(place->work, MAILSUB_E_CREDENTIALS,
                "%s:%u: a password in a file that is open to others: chmod 600 it, or use "
                "password-file",
                place->path, place->line);
}

static int take_setting(struct place *place, char *name, char *value)
{
    static char nothing[] = "";
    bool is_negated = strcmp(value, "no") == 0;
    const struct option *option = option_find(name, strlen(name));
    if (strcmp(name, "for") == 0 && place->account > 0) {
        settings_for(place->work, place->account - 1, value);
        return MAILSUB_OK;
    }
    if (!option || (option->flags & OPT_FILE) == 0)
        return refuse(place, "there is no setting", name);
    if (!option->argument && strcmp(value, "yes") != 0 && !is_negated)
        return refuse(place, "yes or no is wanted for", name);
    if (!option->argument && !is_negated)
        value = nothing;
    int rc = check_password(place, option, value);
    if (rc)
        return rc;
    enum source source = place->source;
    const struct setting setting = {
        .option = option,
        .value = value,
        .account = place->account,
        .source = place->account > 0 ? SOURCE_OFF : source,
        .if_chosen = source == SOURCE_USER ? SOURCE_USER_ACCOUNT : SOURCE_SYSTEM_ACCOUNT,
    };
    settings_add(place->work, &setting);
    return MAILSUB_OK;
}

/* "# ...", "[account]" or "name = value". */
static int take_line(struct place *place, char *line)
{
    line = trim(line);
    size_t len = strlen(line);
    if (len == 0 || *line == '#')
        return MAILSUB_OK;
    if (*line == '[') {
        if (len < 3 || line[len - 1] != ']')
            return refuse(place, "a section is written [name]", "");
        line[len - 1] = '\0';
        place->account = settings_add_account(place->work, trim(line + 1)) + 1;
        return MAILSUB_OK;
    }
    char *equals = strchr(line, '=');
    if (!equals)
        return refuse(place, "a setting is written name = value", "");
    *equals = '\0';
    return take_setting(place, trim(line), trim(equals + 1));
}

int settings_read_file(struct work *work, const char *path, enum source source, bool is_demanded)
{
    struct stat status;
    size_t len;
    int rc = MAILSUB_OK;
    if (stat(path, &status) != 0) {
        if (!is_demanded && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
            return MAILSUB_OK;
        return fail(work, MAILSUB_E_FILE, "%s: %s", path, strerror(errno));
    }
    char *data = read_whole(work, path, 0, &len);
    if (!data)
        return MAILSUB_E_FILE;
    struct place place = {
        .work = work,
        .path = path,
        .source = source,
        .is_private = (status.st_mode & (S_IRWXG | S_IRWXO)) == 0,
    };
    char *rest = data;
    for (char *line; rc == MAILSUB_OK && (line = next_line(&rest)) != NULL;) {
        place.line++;
        rc = take_line(&place, line);
    }
    wipe(data, len);
    free(data);
    return rc;
}

/* What is in the environment stands in /proc and in the children's: a password is taken out. */
static void take_environment(struct work *work)
{
    char *url = getenv("MAILSUB_URL");
    if (!url || *url == '\0')
        return;
    const struct setting setting = {
        .option = option_at(OPTION_SERVER), .value = url, .source = SOURCE_ENVIRONMENT};
    settings_add(work, &setting);
    if (url_has_password(url)) {
        wipe(url, strlen(url));
        unsetenv("MAILSUB_URL");
    }
}

static int read_user_file(struct work *work)
{
    const char *folder = getenv("XDG_CONFIG_HOME");
    bool is_given = folder && *folder == '/';
    char *home = expand_home("~/.config");
    char *path = join_text(is_given ? folder : home, "/mailsub/config", "");
    int rc = MAILSUB_OK;
    if (is_given || *home == '/')
        rc = settings_read_file(work, path, SOURCE_USER, false);
    free(home);
    free(path);
    return rc;
}

int sources_read(struct work *work)
{
    const char *named = setting_of(work, OPTION_CONFIG);
    const char *msmtprc = setting_of(work, OPTION_MSMTPRC);
    take_environment(work);
    if (named && msmtprc)
        return fail(work, MAILSUB_E_INVALID, "--config and --msmtprc exclude each other");
    if (named)
        return settings_read_file(work, named, SOURCE_USER, true);
    if (msmtprc)
        return msmtprc_read(work, msmtprc);
    int rc = read_user_file(work);
    return rc ? rc : settings_read_file(work, SYSTEM_FILE, SOURCE_SYSTEM, false);
}

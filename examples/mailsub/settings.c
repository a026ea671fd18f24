/* SPDX-License-Identifier: 0BSD */
/*
 * All settings, whoever made them, in one list. Of an option the source that counts most wins, and
 * where an option may be repeated, all of that source's values count. A section of a file is off
 * until it is chosen, and then counts more than what stands outside of sections.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "command.h"

void settings_add(struct work *work, const struct setting *setting)
{
    struct settings *settings = &work->settings;
    if (settings->n == settings->room) {
        settings->room = settings->room ? settings->room * 2 : 32;
        settings->entries =
            need(realloc(settings->entries, settings->room * sizeof *settings->entries));
    }
    struct setting *entry = &settings->entries[settings->n++];
    *entry = *setting;
    entry->value = copy_text(setting->value, strlen(setting->value));
}

/* Host and port, or the path of a socket: what stands behind the user, or behind the scheme. */
static const char *host_of(const char *url)
{
    const char *at = strrchr(url, '@');
    const char *scheme = strstr(url, "://");
    if (at)
        return at + 1;
    return scheme ? scheme + 3 : url;
}

/* Whether two URLs name one server, whoever logs in. */
static bool is_same_server(const char *one, const char *other)
{
    size_t scheme = strcspn(one, ":");
    return strncmp(one, other, scheme) == 0 && strcmp(host_of(one), host_of(other)) == 0;
}

/* Whether a source names the server, among others; or any, for NULL. */
static bool names_server(const struct work *work, enum source source, const char *url)
{
    const struct setting *entries = work->settings.entries;
    for (size_t i = 0; i < work->settings.n; i++) {
        if (entries[i].option == option_at(OPTION_SERVER) && entries[i].source == source &&
            (!url || is_same_server(entries[i].value, url)))
            return true;
    }
    return false;
}

/* The source of the servers that stand beside what stands in a source; SOURCE_OFF: there are none. */
static enum source beside(const struct work *work, enum source source)
{
    if (names_server(work, source, NULL))
        return source;
    if (source == SOURCE_USER_ACCOUNT && names_server(work, SOURCE_USER, NULL))
        return SOURCE_USER;
    if (source == SOURCE_SYSTEM_ACCOUNT && names_server(work, SOURCE_SYSTEM, NULL))
        return SOURCE_SYSTEM;
    return SOURCE_OFF;
}

/*
 * A password goes to the servers that it was noted for. So a login that stands beside servers, in a
 * file or on a command line, does not count when another source names any other server.
 */
static bool is_elsewhere(const struct work *work, const struct setting *setting)
{
    const struct setting *entries = work->settings.entries;
    if ((setting->option->flags & OPT_LOGIN) == 0)
        return false;
    enum source own = beside(work, setting->source);
    int chosen = SOURCE_COMMAND;
    while (chosen > SOURCE_OFF && !names_server(work, (enum source)chosen, NULL))
        chosen--;
    if (own == SOURCE_OFF || chosen == SOURCE_OFF)
        return false;
    for (size_t i = 0; i < work->settings.n; i++) {
        if (entries[i].option == option_at(OPTION_SERVER) &&
            entries[i].source == (enum source)chosen && !names_server(work, own, entries[i].value))
            return true;
    }
    return false;
}

static enum source best_of(const struct work *work, const struct option *option)
{
    enum source best = SOURCE_OFF;
    for (size_t i = 0; i < work->settings.n; i++) {
        const struct setting *setting = &work->settings.entries[i];
        if (setting->option == option && setting->source > best && !is_elsewhere(work, setting))
            best = setting->source;
    }
    return best;
}

const char *setting_of(const struct work *work, enum option_id id)
{
    const struct option *option = option_at(id);
    enum source best = best_of(work, option);
    for (size_t i = work->settings.n; best != SOURCE_OFF && i-- > 0;) {
        const struct setting *setting = &work->settings.entries[i];
        if (setting->option == option && setting->source == best)
            return strcmp(setting->value, "no") == 0 && !option->argument ? NULL : setting->value;
    }
    return NULL;
}

const char *first_server(const struct work *work)
{
    const struct option *option = option_at(OPTION_SERVER);
    enum source best = best_of(work, option);
    for (size_t i = 0; best != SOURCE_OFF && i < work->settings.n; i++) {
        const struct setting *setting = &work->settings.entries[i];
        if (setting->option == option && setting->source == best)
            return setting->value;
    }
    return NULL;
}

bool is_set(const struct work *work, enum option_id id)
{
    return setting_of(work, id) != NULL;
}

/* Say which option's value is wrong. A URL is not shown: it may have a password in it. */
static int blame(const struct work *work, const struct setting *setting, int code)
{
    const char *detail = work->why ? work->why : "";
    const char *field = "";
    if (*detail == '\0' && setting->option->stage == STAGE_CONFIG)
        detail = mailsub_config_get_error_detail(work->config);
    if (setting->option->stage == STAGE_MESSAGE)
        mailsub_message_get_error(work->message, &field);
    return fail(work, code, "%s%s%s%s%s%s", setting->source == SOURCE_COMMAND ? "--" : "",
                setting->option->name, *field != '\0' ? ": " : "", field,
                *detail != '\0' ? ": " : "", detail);
}

static int apply_option(struct work *work, const struct option *option)
{
    enum source best = best_of(work, option);
    const char *last = setting_of(work, option_id_of(option));
    for (size_t i = 0; last && i < work->settings.n; i++) {
        const struct setting *setting = &work->settings.entries[i];
        if (setting->option != option || setting->source != best)
            continue;
        if ((option->flags & OPT_REPEAT) == 0 && setting->value != last)
            continue;
        work->current = setting;
        work->why = NULL;
        int rc = option->handle(work, setting->value);
        if (rc)
            return work->why && *work->why == '\0' ? rc : blame(work, setting, rc);
    }
    return MAILSUB_OK;
}

int settings_apply(struct work *work, enum stage stage)
{
    for (int id = 0; id < N_OPTIONS; id++) {
        const struct option *option = option_at((enum option_id)id);
        int rc = MAILSUB_OK;
        if (option->stage == stage && (option->commands & work->command) != 0)
            rc = apply_option(work, option);
        if (rc)
            return rc;
    }
    return MAILSUB_OK;
}

void settings_truncate(struct work *work, size_t n)
{
    while (work->settings.n > n)
        wipe_text(work->settings.entries[--work->settings.n].value);
}

size_t settings_add_account(struct work *work, const char *name)
{
    struct settings *settings = &work->settings;
    size_t n = settings->n_accounts + 1;
    settings->accounts = need(realloc(settings->accounts, n * sizeof *settings->accounts));
    settings->patterns = need(realloc(settings->patterns, n * sizeof *settings->patterns));
    settings->accounts[n - 1] = copy_text(name, strlen(name));
    settings->patterns[n - 1] = copy_text("", 0);
    settings->n_accounts = n;
    return n - 1;
}

void settings_for(struct work *work, size_t account, const char *patterns)
{
    char **place = &work->settings.patterns[account];
    char *joined = join_text(*place, " ", patterns);
    free(*place);
    *place = joined;
}

/* 2 when the patterns name the address, 1 when they name its domain as "@domain". */
static int rank(const char *patterns, const char *address)
{
    const char *domain = strrchr(address, '@');
    int best = 0;
    for (const char *word = patterns; *(word += strspn(word, " ,\t")) != '\0';) {
        size_t len = strcspn(word, " ,\t");
        if (len == strlen(address) && strncasecmp(word, address, len) == 0)
            best = 2;
        else if (domain && best == 0 && len == strlen(domain) &&
                 strncasecmp(word, domain, len) == 0)
            best = 1;
        word += len;
    }
    return best;
}

/* The name of the section for an address: the first of those that fit it best. */
static const char *find_account(const struct settings *settings, const char *from)
{
    const char *found = NULL;
    int best = 0;
    for (size_t i = 0; i < settings->n_accounts; i++) {
        int here = rank(settings->patterns[i], from);
        if (here > best) {
            best = here;
            found = settings->accounts[i];
        }
    }
    return found;
}

static bool has_account(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->n_accounts; i++) {
        if (strcmp(settings->accounts[i], name) == 0)
            return true;
    }
    return false;
}

int settings_choose(struct work *work, const char *from)
{
    struct settings *settings = &work->settings;
    const char *wanted = setting_of(work, OPTION_ACCOUNT);
    if (wanted && !has_account(settings, wanted))
        return fail(work, MAILSUB_E_INVALID, "the settings have no account %s", wanted);
    if (!wanted && from)
        wanted = find_account(settings, from);
    if (!wanted && has_account(settings, "default"))
        wanted = "default";
    for (size_t i = 0; i < settings->n; i++) {
        struct setting *setting = &settings->entries[i];
        if (setting->account == 0)
            continue;
        bool is_chosen = wanted && strcmp(settings->accounts[setting->account - 1], wanted) == 0;
        setting->source = is_chosen ? setting->if_chosen : SOURCE_OFF;
    }
    return MAILSUB_OK;
}

void settings_free(struct work *work)
{
    struct settings *settings = &work->settings;
    settings_truncate(work, 0);
    for (size_t i = 0; i < settings->n_accounts; i++) {
        free(settings->accounts[i]);
        free(settings->patterns[i]);
    }
    free(settings->accounts);
    free(settings->patterns);
    free(settings->entries);
}

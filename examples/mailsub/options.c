/* SPDX-License-Identifier: 0BSD */
/* The option table, and the command line that is read by it. */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "handlers.h"

static const struct option options[N_OPTIONS] = {
#define OPTION_ROW(ID, letter_, name_, argument_, commands_, stage_, flags_, handler_, help_)      \
    [OPTION_##ID] = {.name = (name_),                                                              \
                     .argument = (argument_),                                                      \
                     .help = (help_),                                                              \
                     .handle = (handler_),                                                         \
                     .stage = (stage_),                                                            \
                     .commands = (commands_),                                                      \
                     .flags = (flags_),                                                            \
                     .letter = (letter_)},
    OPTION_LIST(OPTION_ROW)
#undef OPTION_ROW
};

const struct option *option_at(enum option_id id)
{
    return &options[id];
}

enum option_id option_id_of(const struct option *option)
{
    return (enum option_id)(option - options);
}

const struct option *option_find(const char *name, size_t len)
{
    for (size_t i = 0; i < N_OPTIONS; i++) {
        if (strlen(options[i].name) == len && memcmp(options[i].name, name, len) == 0)
            return &options[i];
    }
    return NULL;
}

static const struct option *find_letter(char letter)
{
    for (size_t i = 0; i < N_OPTIONS; i++) {
        if (letter != '\0' && options[i].letter == letter)
            return &options[i];
    }
    return NULL;
}

/*
 * Anybody on this host can read a command line (ps), and a shell keeps it. What stands there is
 * overwritten as well, for whoever looks later; but it was seen, so nothing is sent.
 */
static int refuse_password(const struct work *work, const struct option *option, char *value)
{
    wipe(value, strlen(value));
    return fail(work, MAILSUB_E_CREDENTIALS,
                "--%s: a password on the command line is seen by everybody on this host; use "
                "--password-file, --password-command or MAILSUB_URL, and change the password",
                option->name);
}

static int take(struct work *work, const struct option *option, char *value)
{
    if ((option->commands & work->command) == 0)
        return fail(work, MAILSUB_E_INVALID, "--%s has no meaning here", option->name);
    if ((option->flags & OPT_URL) != 0 && url_has_password(value))
        return refuse_password(work, option, value);
    const struct setting setting = {.option = option, .value = value, .source = SOURCE_COMMAND};
    if ((option->flags & OPT_REPEAT) == 0 && is_set(work, option_id_of(option)) && option->argument)
        return fail(work, MAILSUB_E_INVALID, "--%s stands twice", option->name);
    settings_add(work, &setting);
    return MAILSUB_OK;
}

/* "--name", "--name=value" or "--name value"; *i is the last argument that was used. */
static int take_long(struct work *work, char **argv, int *i)
{
    char *name = argv[*i] + 2;
    size_t len = strcspn(name, "=");
    static char nothing[] = "";
    const struct option *option = option_find(name, len);
    if (!option)
        return fail(work, MAILSUB_E_INVALID, "there is no option --%.*s", (int)len, name);
    if (!option->argument && name[len] == '=')
        return fail(work, MAILSUB_E_INVALID, "--%s takes no value", option->name);
    if (!option->argument)
        return take(work, option, nothing);
    if (name[len] == '=')
        return take(work, option, name + len + 1);
    if (!argv[*i + 1])
        return fail(work, MAILSUB_E_INVALID, "--%s needs a value", option->name);
    return take(work, option, argv[++*i]);
}

/* "-vn", "-sVALUE" or "-s VALUE". */
static int take_letters(struct work *work, char **argv, int *i)
{
    static char nothing[] = "";
    int rc = MAILSUB_OK;
    for (char *letter = argv[*i] + 1; rc == MAILSUB_OK && *letter != '\0'; letter++) {
        const struct option *option = find_letter(*letter);
        if (!option)
            return fail(work, MAILSUB_E_INVALID, "there is no option -%c", *letter);
        if (!option->argument) {
            rc = take(work, option, nothing);
            continue;
        }
        if (letter[1] != '\0')
            return take(work, option, letter + 1);
        if (!argv[*i + 1])
            return fail(work, MAILSUB_E_INVALID, "-%c needs a value", *letter);
        return take(work, option, argv[++*i]);
    }
    return rc;
}

int options_parse(struct work *work, int argc, char **argv)
{
    bool is_option = true;
    int rc = MAILSUB_OK;
    work->operands = need(calloc((size_t)argc + 1, sizeof *work->operands));
    for (int i = 0; rc == MAILSUB_OK && i < argc; i++) {
        if (!is_option || argv[i][0] != '-' || argv[i][1] == '\0')
            work->operands[work->n_operands++] = argv[i];
        else if (strcmp(argv[i], "--") == 0)
            is_option = false;
        else if (argv[i][1] == '-')
            rc = take_long(work, argv, &i);
        else
            rc = take_letters(work, argv, &i);
    }
    work->is_quiet = is_set(work, OPTION_QUIET);
    work->is_verbose = is_set(work, OPTION_VERBOSE) && !work->is_quiet;
    return rc;
}

void options_help(const struct work *work)
{
    for (size_t i = 0; i < N_OPTIONS; i++) {
        const struct option *option = &options[i];
        char left[64];
        char letter[8] = "    ";
        if ((option->commands & work->command) == 0)
            continue;
        if (option->letter != '\0')
            snprintf(letter, sizeof letter, "-%c, ", option->letter);
        snprintf(left, sizeof left, "%s--%s%s%s", letter, option->name, option->argument ? " " : "",
                 option->argument ? option->argument : "");
        printf("  %-36s %s\n", left, option->help);
    }
}

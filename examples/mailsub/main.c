/* SPDX-License-Identifier: 0BSD */
/*
 * mailsub(1): submit mail from scripts. The subcommands are in files of their own; here is what
 * leads to them.
 */
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "command.h"

static const struct command {
    const char *name;
    unsigned bit;
    int (*run)(struct work *work);
    const char *operands;
    const char *help;
} commands[] = {
    {"send", ON_SEND, run_send, "[OPTION]... [RECIPIENT]...", "submit a message"},
    {"check", ON_CHECK, run_check, "[OPTION]...",
     "what a server offers, or what is wrong with a message"},
    {"probe", ON_PROBE, run_probe, "[OPTION]... RECIPIENT...", "whether a server would take these"},
    {"etrn", ON_ETRN, run_etrn, "[OPTION]... DOMAIN...", "start a server's queue for a domain"},
    {"limits", ON_LIMITS, run_limits, "[OPTION]... show|reset SENDER... | import FILE...",
     "quotas of senders"},
    {"discover", ON_DISCOVER, run_discover, "[OPTION]... DOMAIN",
     "the servers that a domain names"},
    {"version", ON_VERSION, run_version, "", "versions of the libraries, and what they can do"},
};

#define N_COMMANDS (sizeof commands / sizeof commands[0])

static void list_commands(FILE *out)
{
    fputs("Usage: mailsub COMMAND [OPTION]... [OPERAND]...\n\n", out);
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].help);
    fputs("\n\"mailsub COMMAND --help\" lists its options; see mailsub(1).\n", out);
}

static const struct command *find_command(const char *name)
{
    if (strcmp(name, "--version") == 0)
        name = "version";
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

static int run(struct work *work, const struct command *command, int argc, char **argv)
{
    work->command = command->bit;
    int rc = options_parse(work, argc, argv);
    if (rc)
        return rc;
    if (is_set(work, OPTION_HELP)) {
        printf("Usage: mailsub %s %s\n\n", command->name, command->operands);
        options_help(work);
        return MAILSUB_OK;
    }
    /* Neither has a use for settings, and one that is wrong is not in the way. */
    if ((command->bit & (ON_VERSION | ON_DISCOVER)) == 0)
        rc = sources_read(work);
    if (rc == MAILSUB_OK && is_set(work, OPTION_ACCOUNT))
        rc = settings_choose(work, NULL);
    return rc ? rc : command->run(work);
}

/* Called by the name of what it takes the place of. */
static bool is_sendmail(const char *name)
{
    const char *slash = strrchr(name, '/');
    name = slash ? slash + 1 : name;
    return strcmp(name, "sendmail") == 0 || strcmp(name, "mailsub-sendmail") == 0;
}

static int end(struct work *work, int rc)
{
    work_free(work);
    if (rc == MAILSUB_OK && fflush(stdout) != 0)
        rc = MAILSUB_E_SINK;
    return mailsub_error_sysexit(rc);
}

int main(int argc, char **argv)
{
    struct work work = {.program = "mailsub"};
    /* No core dump, and no other process of this user looks into the memory: passwords are there. */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (argc > 0 && is_sendmail(argv[0]))
        return end(&work, run_sendmail(&work, argc, argv));
    const struct command *command = argc > 1 ? find_command(argv[1]) : NULL;
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) {
        list_commands(stdout);
        return 0;
    }
    if (!command) {
        list_commands(stderr);
        return mailsub_error_sysexit(MAILSUB_E_INVALID);
    }
    return end(&work, run(&work, command, argc - 2, argv + 2));
}

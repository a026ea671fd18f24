/* SPDX-License-Identifier: 0BSD */
/*
 * What the modules of mailsub(1) share: the settings, the objects that are made of them, and how
 * to speak to the user. Functions return 0 or a MAILSUB_E_*, after they have said what is wrong.
 */
#ifndef MAILSUB_COMMAND_H
#define MAILSUB_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mailsub/mailsub.h>

#include "options.h"

/* Who set something; the later in this list, the more it counts. */
enum source {
    SOURCE_OFF, /* an account that is not chosen */
    SOURCE_SYSTEM,
    SOURCE_SYSTEM_ACCOUNT,
    SOURCE_USER,
    SOURCE_USER_ACCOUNT,
    SOURCE_ENVIRONMENT,
    SOURCE_COMMAND,
    SOURCE_LINE /* of a batch */
};

struct setting {
    const struct option *option;
    char *value;    /* "" for a switch; wiped when it is freed */
    size_t account; /* 1 + the number of its section; 0 outside of sections */
    enum source source;
    enum source if_chosen; /* what becomes of source when its section is chosen */
    bool is_data;          /* the content itself, not the file that holds it */
};

struct settings {
    struct setting *entries;
    size_t n;
    size_t room;
    char **accounts; /* "NAME\0" of each section, and the patterns that it is for */
    char **patterns;
    size_t n_accounts;
};

struct work {
    const char *program; /* in front of what is said */
    unsigned command;    /* ON_* */
    struct settings settings;
    const struct setting *current; /* whose handler is called */
    const char *why;               /* what a handler knows besides its code; static */
    char **operands;
    size_t n_operands;
    bool is_quiet;
    bool is_verbose;
    mailsub_config *config;
    mailsub_policy *policy;
    mailsub_limiter *limiter;
    mailsub_message *message;
    mailsub_session *session;
    mailsub_receipt *receipt;
    char *secret;     /* the password or token that was fetched; wiped */
    char *origin;     /* the domain of this host's mail, when it was asked for */
    bool is_existing; /* the message was not composed here */
    size_t line;      /* of a batch, that is looked at; 0 for none */
    bool has_bar;     /* a line on the terminal has to give way to what is said */
};

/* memory.c: a command has no use for a failed allocation, and ends with EX_OSERR. */
void *need(void *block);
char *copy_text(const char *text, size_t len);
char *join_text(const char *first, const char *second, const char *third);
void wipe(void *block, size_t len);
void wipe_text(char *text);

/* files.c */
enum { READ_SECRET = 1 << 0 };
/* The whole of a file, "-" for standard input, NUL-terminated besides; NULL after saying why. */
char *read_whole(struct work *work, const char *path, unsigned flags, size_t *out_len);
/* Next line of a text, cut out in place; NULL at its end. */
char *next_line(char **rest);
char *trim(char *text);
/* "~/x" with the home directory in front; to be freed. */
char *expand_home(const char *path);

/* settings.c */
void settings_add(struct work *work, const struct setting *setting);
/* The value that counts, NULL when there is none; of a switch "". */
const char *setting_of(const struct work *work, enum option_id id);
bool is_set(const struct work *work, enum option_id id);
/* The URL of the server that is asked first, which may have the user in it; NULL: there is none. */
const char *first_server(const struct work *work);
/* Call the handlers of a stage for all that counts. */
int settings_apply(struct work *work, enum stage stage);
/* Drop what was added behind the first n. */
void settings_truncate(struct work *work, size_t n);
/* Choose the section that is for an address, or the one that --account names. */
int settings_choose(struct work *work, const char *from);
size_t settings_add_account(struct work *work, const char *name);
void settings_for(struct work *work, size_t account, const char *patterns);
void settings_free(struct work *work);

/* sources.c: the environment and the files. */
int sources_read(struct work *work);
int settings_read_file(struct work *work, const char *path, enum source source, bool is_demanded);
/* Whether a URL holds a password. */
bool url_has_password(const char *url);

/* msmtprc.c */
int msmtprc_read(struct work *work, const char *path);

/* secrets.c: find the login's secret when the login wants it. */
int login_set_up(struct work *work);

/* values.c: numbers and words in options. */
bool parse_number(const char *text, int64_t least, int64_t most, int64_t *out_number);
/* "90", "90s", "5m", "24h", "7d" in milliseconds; fractions are not known. */
bool parse_time(const char *text, int64_t *out_ms);
struct word {
    const char *name;
    int value;
};
bool parse_word(const struct word *words, size_t n, const char *text, int *out_value);
#define WORDS(table) (table), sizeof(table) / sizeof((table)[0])

/* objects.c: what is made of the settings. */
int make_message(struct work *work);
int make_config(struct work *work);
int make_limiter(struct work *work);
int make_session(struct work *work);
int make_receipt(struct work *work);
/* Both, by the settings that are for an address: see settings_choose. */
int make_session_for(struct work *work, const char *from);
/* The address of the author, "" when there is none. */
const char *author_of(const struct work *work);
void work_free(struct work *work);

/* report.c */
__attribute__((format(printf, 2, 3))) void say(const struct work *work, const char *format, ...);
/* Say what is wrong, and what to do about a code; returns the code. */
__attribute__((format(printf, 3, 4))) int fail(const struct work *work, int code,
                                               const char *format, ...);
int report(const struct work *work, int code);
/* What to do next about an error, one sentence. */
const char *advice_of(int code);
int sink_to_file(void *context, const void *data, size_t len);

/* interrupt.c: end what is under way in a session when the user says so; NULL for no session. */
void cancel_when_interrupted(mailsub_session *session);
bool was_interrupted(void);

/* The subcommands. */
int run_send(struct work *work);
/* Send work->message, or ask what would become of it, and report. */
int send_message(struct work *work);
int run_check(struct work *work);
int run_probe(struct work *work);
int run_etrn(struct work *work);
int run_limits(struct work *work);
int run_discover(struct work *work);
int run_version(struct work *work);
/* Called by another name; with the arguments of main. */
int run_sendmail(struct work *work, int argc, char **argv);
/* send --batch; where it is built. */
int run_batch(struct work *work);

#endif

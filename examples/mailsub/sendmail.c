/* SPDX-License-Identifier: 0BSD */
/*
 * The other personality: called as sendmail or mailsub-sendmail, the command takes sendmail's
 * options, one message from standard input, and hands it to the submission server. It has no queue:
 * the exit status tells the caller what came of the message, and nothing is delivered on this host.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "sendmail.h"

/* How a letter takes its value. */
enum kind {
    ALONE,    /* none: letters behind it are options, too */
    ATTACHED, /* the rest of the argument, which may be empty */
    VALUE     /* the rest of the argument, or the next one */
};

typedef int (*flag_fn)(struct work *work, struct sendmail *mail, char *value);

static void set(struct work *work, enum option_id id, const char *value)
{
    const struct setting setting = {.option = option_at(id),
                                    .value = copy_text(value, strlen(value)),
                                    .source = SOURCE_COMMAND};
    settings_add(work, &setting);
    wipe_text(setting.value);
}

static int take_body(struct work *work, struct sendmail *mail, char *value)
{
    (void)mail;
    if (strcmp(value, "7BIT") == 0 || strcmp(value, "8BITMIME") == 0)
        return MAILSUB_OK; /* the library sees for itself */
    return fail(work, MAILSUB_E_INVALID, "-B: 7BIT or 8BITMIME");
}

static int take_mode(struct work *work, struct sendmail *mail, char *value)
{
    if (strlen(value) != 1 || !strchr("msip", *value))
        return fail(work, MAILSUB_E_INVALID, "-b%s is not known here", value);
    mail->mode = *value;
    return MAILSUB_OK;
}

static int take_config(struct work *work, struct sendmail *mail, char *value)
{
    (void)mail;
    set(work, OPTION_CONFIG, value);
    return MAILSUB_OK;
}

static int take_name(struct work *work, struct sendmail *mail, char *value)
{
    (void)work;
    mail->full_name = value;
    return MAILSUB_OK;
}

static int take_sender(struct work *work, struct sendmail *mail, char *value)
{
    (void)work;
    size_t len = strlen(value);
    if (len > 1 && *value == '<' && value[len - 1] == '>') {
        value[len - 1] = '\0';
        value++;
    }
    mail->sender = value;
    return MAILSUB_OK;
}

static int take_dots(struct work *work, struct sendmail *mail, char *value)
{
    (void)work;
    (void)value;
    mail->keeps_dots = true;
    return MAILSUB_OK;
}

/* Of the many old options only -oi means something here. */
static int take_old(struct work *work, struct sendmail *mail, char *value)
{
    (void)work;
    mail->keeps_dots |= strcmp(value, "i") == 0;
    return MAILSUB_OK;
}

static int take_recipients(struct work *work, struct sendmail *mail, char *value)
{
    (void)work;
    (void)value;
    mail->takes_recipients = true;
    return MAILSUB_OK;
}

static int take_notify(struct work *work, struct sendmail *mail, char *value)
{
    (void)mail;
    set(work, OPTION_DSN, value);
    return MAILSUB_OK;
}

static int take_return(struct work *work, struct sendmail *mail, char *value)
{
    (void)mail;
    set(work, OPTION_DSN_RETURN, value);
    return MAILSUB_OK;
}

static int take_envelope_id(struct work *work, struct sendmail *mail, char *value)
{
    (void)mail;
    set(work, OPTION_ENVELOPE_ID, value);
    if (!is_set(work, OPTION_DSN_RETURN))
        set(work, OPTION_DSN_RETURN, "default");
    return MAILSUB_OK;
}

static int take_verbose(struct work *work, struct sendmail *mail, char *value)
{
    (void)mail;
    (void)value;
    set(work, OPTION_TRACE, "");
    return MAILSUB_OK;
}

/* -q: there is no queue that could be run. */
static int take_queue(struct work *work, struct sendmail *mail, char *value)
{
    (void)work;
    (void)value;
    mail->mode = 'q';
    return MAILSUB_OK;
}

static int take_nothing(struct work *work, struct sendmail *mail, char *value)
{
    (void)work;
    (void)mail;
    (void)value;
    return MAILSUB_OK;
}

static const struct flag {
    char letter;
    enum kind kind;
    flag_fn take;
} flags[] = {
    {'A', ATTACHED, take_nothing}, {'B', VALUE, take_body},        {'b', ATTACHED, take_mode},
    {'C', VALUE, take_config},     {'d', ATTACHED, take_nothing},  {'E', ALONE, take_nothing},
    {'e', ATTACHED, take_nothing}, {'F', VALUE, take_name},        {'f', VALUE, take_sender},
    {'G', ALONE, take_nothing},    {'h', VALUE, take_nothing},     {'i', ALONE, take_dots},
    {'L', VALUE, take_nothing},    {'m', ALONE, take_nothing},     {'N', VALUE, take_notify},
    {'n', ALONE, take_nothing},    {'O', VALUE, take_nothing},     {'o', ATTACHED, take_old},
    {'p', VALUE, take_nothing},    {'q', ATTACHED, take_queue},    {'R', VALUE, take_return},
    {'r', VALUE, take_sender},     {'s', ALONE, take_nothing},     {'t', ALONE, take_recipients},
    {'U', ALONE, take_nothing},    {'V', VALUE, take_envelope_id}, {'v', ALONE, take_verbose},
    {'X', VALUE, take_nothing},    {'x', ALONE, take_nothing},
};

static const struct flag *find_flag(char letter)
{
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (flags[i].letter == letter)
            return &flags[i];
    }
    return NULL;
}

/* One argument such as "-ti" or "-fada@ours.example"; *i moves when the next one is its value. */
static int take_argument(struct work *work, struct sendmail *mail, char **argv, int *i)
{
    for (char *letter = argv[*i] + 1; *letter != '\0'; letter++) {
        const struct flag *flag = find_flag(*letter);
        if (!flag)
            return fail(work, MAILSUB_E_INVALID, "there is no option -%c", *letter);
        char *value = letter + 1;
        if (flag->kind == VALUE && *value == '\0') {
            value = argv[*i + 1];
            if (!value)
                return fail(work, MAILSUB_E_INVALID, "-%c needs a value", *letter);
            ++*i;
        }
        int rc = flag->take(work, mail, value);
        if (rc || flag->kind != ALONE)
            return rc;
    }
    return MAILSUB_OK;
}

static int take_arguments(struct work *work, struct sendmail *mail, int argc, char **argv)
{
    bool is_option = true;
    int rc = MAILSUB_OK;
    work->operands = need(calloc((size_t)argc + 1, sizeof *work->operands));
    for (int i = 1; rc == MAILSUB_OK && i < argc; i++) {
        if (is_option && strcmp(argv[i], "--") == 0)
            is_option = false;
        else if (is_option && argv[i][0] == '-' && argv[i][1] != '\0')
            rc = take_argument(work, mail, argv, &i);
        else
            work->operands[work->n_operands++] = argv[i];
    }
    return rc;
}

/* The line that is a dot alone; NULL when there is none. */
static char *find_dot(char *data)
{
    for (char *line = data; *line != '\0';) {
        char *end = line + strcspn(line, "\n");
        size_t len = (size_t)(end - line);
        if (*line == '.' && (len == 1 || (len == 2 && line[1] == '\r')))
            return line;
        line = *end == '\n' ? end + 1 : end;
    }
    return NULL;
}

/* The message up to the end of input, or to the dot. */
static char *read_message(struct work *work, const struct sendmail *mail, size_t *out_len)
{
    char *data = read_whole(work, "-", 0, out_len);
    char *dot = data && !mail->keeps_dots ? find_dot(data) : NULL;
    if (dot)
        *out_len = (size_t)(dot - data);
    return data;
}

static int add_recipients(struct work *work)
{
    int rc = MAILSUB_OK;
    for (size_t i = 0; rc == MAILSUB_OK && i < work->n_operands; i++) {
        char *list = qualify(work, work->operands[i], true);
        rc = mailsub_message_add_recipients(work->message, MAILSUB_RECIPIENT_BCC, list,
                                            MAILSUB_NUL_TERMINATED);
        free(list);
        if (rc)
            fail(work, rc, "recipient \"%s\"", work->operands[i]);
    }
    return rc;
}

static int set_sender(struct work *work, const char *sender)
{
    char *address = *sender != '\0' ? qualify(work, sender, false) : copy_text("", 0);
    int rc = mailsub_message_set_return_path(work->message, address);
    free(address);
    return rc ? fail(work, rc, "sender \"%s\"", sender) : MAILSUB_OK;
}

int sendmail_load(struct work *work, const struct sendmail *mail, const char *data, size_t len)
{
    const char *field = "";
    int rc = mailsub_message_new(NULL, &work->message);
    if (rc)
        return fail(work, rc, "no message can be made");
    work->is_existing = true;
    size_t whole_len;
    char *whole = complete_header(work, mail, data, len, &whole_len);
    rc = mailsub_message_load_bytes(work->message, whole, whole_len,
                                    mail->takes_recipients ? MAILSUB_FROM_TAKE_RECIPIENTS : 0);
    free(whole);
    if (rc) {
        mailsub_message_get_error(work->message, &field);
        return fail(work, rc, "the message%s%s", *field != '\0' ? ": " : "", field);
    }
    rc = add_recipients(work);
    if (rc == MAILSUB_OK && mail->sender)
        rc = set_sender(work, mail->sender);
    return rc ? rc : settings_apply(work, STAGE_MESSAGE);
}

static int submit(struct work *work, const struct sendmail *mail)
{
    size_t len;
    char *data = read_message(work, mail, &len);
    if (!data)
        return MAILSUB_E_FILE;
    int rc = sendmail_load(work, mail, data, len);
    free(data);
    return rc ? rc : send_message(work);
}

int run_sendmail(struct work *work, int argc, char **argv)
{
    struct sendmail mail = {.mode = 'm'};
    work->program = "mailsub-sendmail";
    work->command = ON_SEND | ON_SENDMAIL;
    int rc = take_arguments(work, &mail, argc, argv);
    if (rc)
        return rc;
    if (mail.mode == 'p')
        puts("Mail queue is empty");
    if (strchr("piq", mail.mode))
        return MAILSUB_OK;
    rc = sources_read(work);
    if (rc)
        return rc;
    if (mail.mode == 's')
        return serve_smtp(work);
    if (work->n_operands == 0 && !mail.takes_recipients)
        return fail(work, MAILSUB_E_INVALID, "no recipients: name them, or give -t");
    return submit(work, &mail);
}

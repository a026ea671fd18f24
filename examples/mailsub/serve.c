/* SPDX-License-Identifier: 0BSD */
/*
 * -bs: SMTP on standard input and output, for programs that speak it to their own child. A message
 * is answered by what the submission server says; it goes to all of its recipients or to none, as
 * SMTP has only one answer for them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "command.h"
#include "sendmail.h"

enum { MOST_LINE = 4096, MOST_MESSAGE = 256 * 1024 * 1024 };

struct dialogue {
    struct work *work;
    char *sender; /* NULL: no MAIL yet */
    char *recipients;
    bool is_over;
};

static void answer(const char *line)
{
    fputs(line, stdout);
    fputs("\r\n", stdout);
    fflush(stdout);
}

static void forget(struct dialogue *dialogue)
{
    free(dialogue->sender);
    free(dialogue->recipients);
    dialogue->sender = NULL;
    dialogue->recipients = NULL;
}

/* What stands between < and >, to be freed; NULL when there is no such thing. */
static char *path_of(const char *argument, const char *word)
{
    size_t len = strlen(word);
    if (strncasecmp(argument, word, len) != 0)
        return NULL;
    const char *begin = argument + len + strspn(argument + len, " ");
    const char *end = strrchr(begin, '>');
    return *begin == '<' && end ? copy_text(begin + 1, (size_t)(end - begin) - 1) : NULL;
}

static void take_hello(struct dialogue *dialogue, char *argument)
{
    (void)argument;
    forget(dialogue);
    answer("250 mailsub");
}

static void take_extended_hello(struct dialogue *dialogue, char *argument)
{
    (void)argument;
    forget(dialogue);
    answer("250-mailsub\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 PIPELINING");
}

static void take_mail(struct dialogue *dialogue, char *argument)
{
    char *path = path_of(argument, "FROM:");
    if (dialogue->sender || !path) {
        answer(dialogue->sender ? "503 5.5.1 There is a sender already" : "501 5.5.4 MAIL FROM:<>");
        free(path);
        return;
    }
    dialogue->sender = path;
    answer("250 2.1.0 Ok");
}

static void take_rcpt(struct dialogue *dialogue, char *argument)
{
    char *path = path_of(argument, "TO:");
    if (!dialogue->sender || !path || *path == '\0') {
        answer(dialogue->sender ? "501 5.5.4 RCPT TO:<address>" : "503 5.5.1 MAIL comes first");
        free(path);
        return;
    }
    const char *before = dialogue->recipients ? dialogue->recipients : "";
    char *joined = join_text(before, *before != '\0' ? ", " : "", path);
    free(dialogue->recipients);
    free(path);
    dialogue->recipients = joined;
    answer("250 2.1.5 Ok");
}

/* The content up to the dot, with one dot taken from where there are more; NULL at the input's end.
 */
static char *read_content(size_t *out_len)
{
    char *content = NULL;
    char *line = NULL;
    size_t room = 0;
    bool is_whole = false;
    FILE *out = need(open_memstream(&content, out_len));
    for (ssize_t n; !is_whole && (n = getline(&line, &room, stdin)) > 0;) {
        is_whole = strcmp(line, ".\r\n") == 0 || strcmp(line, ".\n") == 0;
        if (!is_whole && ftello(out) < MOST_MESSAGE)
            fwrite(*line == '.' ? line + 1 : line, 1, (size_t)(*line == '.' ? n - 1 : n), out);
    }
    bool is_too_big = ftello(out) >= MOST_MESSAGE;
    fclose(out);
    free(line);
    if (is_whole && !is_too_big)
        return content;
    free(content);
    return NULL;
}

static int submit(struct dialogue *dialogue, const char *content, size_t len)
{
    struct work *work = dialogue->work;
    const struct sendmail mail = {.sender = dialogue->sender};
    char *operands[] = {dialogue->recipients, NULL};
    char **kept = work->operands;
    work->operands = operands;
    work->n_operands = 1;
    int rc = sendmail_load(work, &mail, content, len);
    work->operands = kept;
    work->n_operands = 0;
    if (rc == MAILSUB_OK && !work->session) {
        rc = settings_choose(work, author_of(work));
        if (rc == MAILSUB_OK)
            rc = make_session(work);
    }
    if (rc == MAILSUB_OK && !work->receipt)
        rc = make_receipt(work);
    if (rc == MAILSUB_OK)
        rc = report(work, mailsub_session_submit(work->session, work->message, work->receipt));
    return rc;
}

static void tell(const struct work *work, int rc)
{
    const char *enhanced = mailsub_receipt_get_enhanced_status(work->receipt);
    int reply = mailsub_receipt_get_reply_code(work->receipt);
    bool is_temporary = mailsub_error_action(rc) == MAILSUB_ACTION_RETRY_LATER;
    if (rc == MAILSUB_OK)
        printf("250 2.0.0 Ok: queued as %s\r\n", mailsub_receipt_get_queue_id(work->receipt));
    else if (work->receipt && reply >= 400)
        printf("%d %s%s%s\r\n", reply, enhanced, *enhanced != '\0' ? " " : "",
               mailsub_receipt_get_reply_text(work->receipt));
    else
        printf("%s %s\r\n", is_temporary ? "451 4.3.0" : "554 5.3.0", mailsub_strerror(rc));
    fflush(stdout);
}

static void take_data(struct dialogue *dialogue, char *argument)
{
    size_t len;
    (void)argument;
    if (!dialogue->recipients) {
        answer("503 5.5.1 RCPT comes first");
        return;
    }
    answer("354 End with a dot on a line of its own");
    char *content = read_content(&len);
    dialogue->is_over = !content;
    if (content) {
        tell(dialogue->work, submit(dialogue, content, len));
        mailsub_message_free(dialogue->work->message);
        dialogue->work->message = NULL;
    }
    free(content);
    forget(dialogue);
}

static void take_reset(struct dialogue *dialogue, char *argument)
{
    (void)argument;
    forget(dialogue);
    answer("250 2.0.0 Ok");
}

static void take_noop(struct dialogue *dialogue, char *argument)
{
    (void)dialogue;
    (void)argument;
    answer("250 2.0.0 Ok");
}

static void take_verify(struct dialogue *dialogue, char *argument)
{
    (void)dialogue;
    (void)argument;
    answer("252 2.5.0 Send it, and see");
}

static void take_quit(struct dialogue *dialogue, char *argument)
{
    (void)argument;
    dialogue->is_over = true;
    answer("221 2.0.0 Bye");
}

static const struct verb {
    const char *name;
    void (*take)(struct dialogue *dialogue, char *argument);
} verbs[] = {
    {"HELO", take_hello}, {"EHLO", take_extended_hello}, {"MAIL", take_mail},
    {"RCPT", take_rcpt},  {"DATA", take_data},           {"RSET", take_reset},
    {"NOOP", take_noop},  {"VRFY", take_verify},         {"QUIT", take_quit},
};

static void take_line(struct dialogue *dialogue, char *line)
{
    size_t len = strcspn(line, " \r\n");
    char *argument = line + len + (line[len] == ' ');
    argument[strcspn(argument, "\r\n")] = '\0';
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (len == strlen(verbs[i].name) && strncasecmp(line, verbs[i].name, len) == 0) {
            verbs[i].take(dialogue, argument);
            return;
        }
    }
    answer("500 5.5.2 This command is not known here");
}

int serve_smtp(struct work *work)
{
    struct dialogue dialogue = {.work = work};
    static char line[MOST_LINE];
    const struct setting whole = {
        .option = option_at(OPTION_ALL_OR_NONE), .value = line, .source = SOURCE_COMMAND};
    settings_add(work, &whole);
    answer("220 mailsub ESMTP");
    while (!dialogue.is_over && fgets(line, sizeof line, stdin))
        take_line(&dialogue, line);
    forget(&dialogue);
    if (work->session)
        mailsub_session_close(work->session);
    return MAILSUB_OK;
}

/* SPDX-License-Identifier: 0BSD */
/*
 * mailsub send --batch: a message in each line of input, a receipt in each line of output, many
 * under way at once over one connection. Settings and options are what lines have in common; what a
 * line says counts more.
 *
 * With a journal it can be killed at any moment and begun again: what was accepted is not sent
 * again, and what may have been is named, and sent again only on demand.
 */
#include "batch.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "json.h"

struct batch;

/* A line that is under way. */
struct slot {
    struct batch *batch;
    struct slot *next; /* free, or to be posted */
    size_t line;
    char *id;
    mailsub_message *message;
    mailsub_receipt *receipt;
};

struct batch {
    struct work *work;
    struct lines lines;
    struct journal journal;
    struct progress progress;
    struct slot *slots;
    struct slot *unused;
    struct slot *ready; /* in the journal, or to be, and not posted yet */
    struct slot **ready_end;
    size_t n_slots;
    size_t n_settings;
    size_t line;
    size_t n_done;
    size_t n_failed;
    int first_error;
    bool is_stopped;
};

/* {"line":7,"id":"x",... */
static void begin_output(size_t line, const char *id)
{
    printf("{\"line\":%zu", line);
    if (id)
        printf(",\"id\":%s", id);
}

static void print_error(int code)
{
    printf(",\"code\":%d", code);
    json_member(stdout, ",", "name", mailsub_error_name(code));
    json_member(stdout, ",", "text", mailsub_strerror(code));
    printf(",\"sysexit\":%d}\n", mailsub_error_sysexit(code));
}

static void note_error(struct batch *batch, int code)
{
    batch->n_failed++;
    if (batch->first_error == MAILSUB_OK)
        batch->first_error = code;
}

static void give_back(struct batch *batch, struct slot *slot)
{
    mailsub_message_free(slot->message);
    free(slot->id);
    slot->message = NULL;
    slot->id = NULL;
    slot->next = batch->unused;
    batch->unused = slot;
}

/*
 * Whether more lines would fare the same: there is no connection, or the login is refused. Going on
 * would try a wrong password for each line, until the account is locked.
 */
static bool is_hopeless(int code, const mailsub_receipt *receipt)
{
    int stage = mailsub_receipt_get_stage(receipt);
    return code != MAILSUB_OK && stage >= MAILSUB_STAGE_RESOLVE && stage <= MAILSUB_STAGE_AUTH;
}

static void on_done(void *context, mailsub_message *message, int code, mailsub_receipt *receipt)
{
    struct slot *slot = context;
    struct batch *batch = slot->batch;
    (void)message;
    batch->n_done++;
    /* What is unknown stays begun in the journal. Who gets a part of it again would get it twice. */
    if (code == MAILSUB_OK || code == MAILSUB_E_PARTIAL)
        journal_done(&batch->journal, slot->line);
    else if (code != MAILSUB_E_UNKNOWN_OUTCOME)
        journal_retry(&batch->journal, slot->line);
    if (code != MAILSUB_OK)
        note_error(batch, code);
    batch->is_stopped |= is_hopeless(code, receipt) || code == MAILSUB_E_CANCELLED;
    begin_output(slot->line, slot->id);
    fputs(",\"receipt\":", stdout);
    json_receipt(stdout, receipt);
    fputs("}\n", stdout);
    give_back(batch, slot);
}

static void refuse_line(struct batch *batch, const char *id, int code)
{
    batch->n_done++;
    note_error(batch, code);
    begin_output(batch->line, id);
    print_error(code);
}

/* Whether the journal says that this line is not to be sent; *out_id is set when it is to be, with
 * the Message-ID that it had. */
static bool is_settled(struct batch *batch, const char *line, const char **out_id)
{
    const struct journal_entry *entry = journal_find(&batch->journal, batch->line);
    *out_id = NULL;
    if (!entry)
        return false;
    if (entry->key != journal_key(line)) {
        batch->is_stopped = true;
        batch->first_error = fail(batch->work, MAILSUB_E_STATE, "the journal is of another input");
        return true;
    }
    if (entry->state == JOURNAL_DONE) {
        begin_output(batch->line, NULL);
        fputs(",\"skipped\":true}\n", stdout);
        batch->n_done++;
        return true;
    }
    if (entry->state == JOURNAL_STARTED && !is_set(batch->work, OPTION_RESEND_UNKNOWN)) {
        refuse_line(batch, NULL, MAILSUB_E_UNKNOWN_OUTCOME);
        return true;
    }
    *out_id = entry->message_id;
    return false;
}

/* Make the message of a line; what is wrong with it was said. */
static int compose(struct batch *batch, const char *line, struct slot *slot, const char *old_id)
{
    struct work *work = batch->work;
    int rc = object_take(work, line, &slot->id);
    if (rc == MAILSUB_OK)
        rc = make_message(work);
    slot->message = work->message;
    work->message = NULL;
    settings_truncate(work, batch->n_settings);
    if (rc == MAILSUB_OK && old_id)
        mailsub_message_set_message_id(slot->message, old_id);
    return rc;
}

/* The Message-ID, which the journal keeps, so that it is the same when the line is sent again. */
static int fix_id(const struct batch *batch, const struct slot *slot, const char **out_id)
{
    int rc = mailsub_message_get_message_id(slot->message, out_id);
    return rc ? fail(batch->work, rc, "no Message-ID can be made") : MAILSUB_OK;
}

static void take_line(struct batch *batch, const char *line)
{
    struct slot *slot = batch->unused;
    const char *id = "-";
    const char *old_id;
    batch->work->line = ++batch->line;
    if (is_settled(batch, line, &old_id) || line[strspn(line, " \t\r")] == '\0')
        return;
    batch->unused = slot->next;
    slot->line = batch->line;
    int rc = compose(batch, line, slot, old_id);
    if (rc == MAILSUB_OK && batch->journal.out)
        rc = fix_id(batch, slot, &id);
    if (rc) {
        refuse_line(batch, slot->id, rc);
        give_back(batch, slot);
        return;
    }
    journal_start(&batch->journal, slot->line, journal_key(line), id);
    slot->next = NULL;
    *batch->ready_end = slot;
    batch->ready_end = &slot->next;
}

/* Only what the journal has may leave. */
static int post_ready(struct batch *batch)
{
    int rc = journal_flush(&batch->journal);
    if (rc)
        return fail(batch->work, rc, "the journal cannot be written");
    while (rc == MAILSUB_OK && batch->ready) {
        struct slot *slot = batch->ready;
        batch->ready = slot->next;
        rc =
            mailsub_session_post(batch->work->session, slot->message, slot->receipt, on_done, slot);
    }
    batch->ready = NULL;
    batch->ready_end = &batch->ready;
    return rc;
}

/* Half a window at a time, so that the journal is written once for many. */
static void take_lines(struct batch *batch)
{
    size_t n_pending = mailsub_session_count_pending(batch->work->session);
    char *line;
    if (n_pending > batch->n_slots / 2)
        return;
    while (batch->unused && !batch->is_stopped && (line = lines_next(&batch->lines)) != NULL)
        take_line(batch, line);
}

static bool wants_input(const struct batch *batch)
{
    return batch->unused && !batch->is_stopped && !batch->lines.is_over;
}

static int wait_and_process(struct batch *batch)
{
    mailsub_session *session = batch->work->session;
    struct pollfd fds[2] = {{.fd = mailsub_session_get_fd(session), .events = POLLIN},
                            {.fd = wants_input(batch) ? batch->lines.fd : -1, .events = POLLIN}};
    int64_t timeout = mailsub_session_get_timeout(session);
    poll(fds, 2, timeout > INT32_MAX ? INT32_MAX : (int)timeout);
    int rc = mailsub_session_process(session);
    if (rc == MAILSUB_OK && fds[1].revents != 0)
        rc = lines_fill(&batch->lines);
    if (rc == MAILSUB_OK)
        rc = journal_flush(&batch->journal);
    if (rc == MAILSUB_OK && fflush(stdout) != 0)
        rc = MAILSUB_E_SINK;
    progress_show(&batch->progress, &batch->lines, batch->n_done, batch->n_failed);
    return rc;
}

/* Whether all is done, or nothing more is to be begun. */
static bool is_finished(const struct batch *batch)
{
    bool has_input = !batch->lines.is_over || batch->lines.begin < batch->lines.len;
    return mailsub_session_count_pending(batch->work->session) == 0 &&
           (batch->is_stopped || !has_input);
}

static int run_all(struct batch *batch)
{
    int rc = MAILSUB_OK;
    while (rc == MAILSUB_OK) {
        take_lines(batch);
        rc = post_ready(batch);
        if (rc == MAILSUB_OK && is_finished(batch))
            break;
        if (rc == MAILSUB_OK)
            rc = wait_and_process(batch);
        if (was_interrupted())
            batch->is_stopped = true;
    }
    return rc;
}

/* The messages under way at once, and as many that wait for their turn. */
static void make_slots(struct batch *batch)
{
    const char *overlap = setting_of(batch->work, OPTION_OVERLAP);
    int64_t n = 64;
    if (overlap)
        parse_number(overlap, 1, 1000, &n);
    batch->n_slots = 2 * (size_t)n;
    batch->slots = need(calloc(batch->n_slots, sizeof *batch->slots));
    for (size_t i = 0; i < batch->n_slots; i++) {
        batch->slots[i].batch = batch;
        if (mailsub_receipt_new(NULL, &batch->slots[i].receipt) != MAILSUB_OK)
            need(NULL);
        give_back(batch, &batch->slots[i]);
    }
}

/* The account is chosen once, by what the lines have in common. */
static int choose_account(struct work *work)
{
    const char *from = setting_of(work, OPTION_FROM);
    const char *begin = from ? strrchr(from, '<') : NULL;
    char *address = begin ? copy_text(begin + 1, strcspn(begin + 1, ">")) : NULL;
    int rc = settings_choose(work, address ? address : from);
    free(address);
    return rc;
}

static int open_batch(struct batch *batch)
{
    struct work *work = batch->work;
    if (work->n_operands > 0)
        return fail(work, MAILSUB_E_INVALID, "recipients stand in the lines of the batch");
    int rc = choose_account(work);
    if (rc == MAILSUB_OK)
        rc = make_session(work);
    if (rc == MAILSUB_OK)
        rc = lines_open(work, setting_of(work, OPTION_BATCH), &batch->lines);
    if (rc == MAILSUB_OK)
        rc = journal_open(work, setting_of(work, OPTION_JOURNAL), &batch->journal);
    return rc;
}

static void close_batch(struct batch *batch)
{
    mailsub_session_free(batch->work->session);
    batch->work->session = NULL;
    journal_flush(&batch->journal); /* what ended only now */
    for (size_t i = 0; i < batch->n_slots; i++) {
        mailsub_receipt_free(batch->slots[i].receipt);
        mailsub_message_free(batch->slots[i].message);
        free(batch->slots[i].id);
    }
    free(batch->slots);
    lines_close(&batch->lines);
    journal_close(&batch->journal);
}

int run_batch(struct work *work)
{
    struct batch batch = {.work = work, .journal = {.fd = -1}, .lines = {.fd = -1}};
    batch.ready_end = &batch.ready;
    batch.n_settings = work->settings.n;
    signal(SIGPIPE, SIG_IGN); /* a reader of the receipts that goes away is an error to be told */
    int rc = open_batch(&batch);
    if (rc == MAILSUB_OK) {
        make_slots(&batch);
        progress_begin(&batch.progress, work);
        cancel_when_interrupted(work->session);
        rc = run_all(&batch);
        work->line = 0;
        progress_end(&batch.progress);
        if (rc == MAILSUB_OK)
            mailsub_session_close(work->session);
        cancel_when_interrupted(NULL);
    }
    if (rc == MAILSUB_OK && (work->is_verbose || batch.n_failed > 0))
        say(work, "%zu lines done, %zu failed", batch.n_done, batch.n_failed);
    if (rc)
        fail(work, rc, "the batch ends at line %zu", batch.line);
    close_batch(&batch);
    return rc ? rc : batch.first_error;
}

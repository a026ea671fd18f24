/* SPDX-License-Identifier: 0BSD */
/* mailsub limits: what senders have used of their quotas. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "json.h"

static void show_window(const struct work *work, const char *sender, const mailsub_ticket *ticket,
                        size_t index)
{
    int64_t limit = 0;
    int64_t window_ms = 0;
    int64_t used = 0;
    int64_t left = 0;
    int64_t next_ms = 0;
    mailsub_ticket_get_window(ticket, index, &limit, &window_ms, NULL);
    mailsub_ticket_get_usage(ticket, index, &used, &left, &next_ms);
    if (!is_set(work, OPTION_JSON)) {
        printf("%s\t%lld of %lld in %lld s\t%lld left\tnext in %lld s\n", sender, (long long)used,
               (long long)limit, (long long)(window_ms / 1000), (long long)left,
               (long long)((next_ms + 999) / 1000));
        return;
    }
    json_member(stdout, "{", "sender", sender);
    printf(",\"used\":%lld,\"limit\":%lld,\"window_ms\":%lld,\"left\":%lld,\"next_ms\":%lld,"
           "\"closed_ms\":%lld}\n",
           (long long)used, (long long)limit, (long long)window_ms, (long long)left,
           (long long)next_ms, (long long)mailsub_ticket_get_closed(ticket));
}

static int show(struct work *work, const char *sender, mailsub_ticket *ticket)
{
    int rc = mailsub_limiter_query(work->limiter, sender, NULL, ticket);
    if (rc)
        return fail(work, rc, "%s", sender);
    int64_t closed_ms = mailsub_ticket_get_closed(ticket);
    for (size_t i = 0; i < mailsub_ticket_count_windows(ticket); i++)
        show_window(work, sender, ticket, i);
    if (mailsub_ticket_count_windows(ticket) == 0)
        say(work, "%s has no limit", sender);
    if (closed_ms > 0 && !is_set(work, OPTION_JSON))
        printf("%s\tclosed by its server for %lld s\n", sender, (long long)(closed_ms / 1000));
    return MAILSUB_OK;
}

static int reset(struct work *work, const char *sender, mailsub_ticket *ticket)
{
    (void)ticket;
    int rc = mailsub_limiter_reset(work->limiter, sender, NULL);
    return rc ? fail(work, rc, "%s", sender) : MAILSUB_OK;
}

/* "SECONDS SENDER RECIPIENTS": what was sent at that time by other means counts from now on. */
static int import_line(struct work *work, char *line, mailsub_ticket *ticket)
{
    char *rest = NULL;
    const char *time = strtok_r(line, " \t", &rest);
    const char *sender = time ? strtok_r(NULL, " \t", &rest) : NULL;
    const char *number = sender ? strtok_r(NULL, " \t", &rest) : NULL;
    int64_t unix_s = 0;
    int64_t n = 0;
    if (!time || *time == '#')
        return MAILSUB_OK;
    if (!number || strtok_r(NULL, " \t", &rest) ||
        !parse_number(time, 0, INT64_MAX / 1000, &unix_s) ||
        !parse_number(number, 1, MAILSUB_MAX_WINDOW_LIMIT, &n))
        return MAILSUB_E_INVALID;
    const mailsub_instant then = {.size = sizeof then, .unix_ms = unix_s * 1000};
    int rc = mailsub_limiter_reserve_some(work->limiter, sender, n, &then, ticket);
    if (rc == MAILSUB_OK)
        rc = mailsub_limiter_commit(work->limiter, ticket);
    return rc == MAILSUB_E_RATE_LIMITED ? MAILSUB_OK : rc; /* more was sent than is allowed */
}

static int import(struct work *work, const char *path, mailsub_ticket *ticket)
{
    size_t len;
    char *data = read_whole(work, path, 0, &len);
    int rc = data ? MAILSUB_OK : MAILSUB_E_FILE;
    char *rest = data;
    unsigned n = 0;
    for (char *line; rc == MAILSUB_OK && (line = next_line(&rest)) != NULL;) {
        n++;
        rc = import_line(work, line, ticket);
        if (rc)
            fail(work, rc, "%s:%u: SECONDS SENDER RECIPIENTS", path, n);
    }
    free(data);
    return rc;
}

static const struct action {
    const char *name;
    int (*run)(struct work *work, const char *operand, mailsub_ticket *ticket);
} actions[] = {{"show", show}, {"reset", reset}, {"import", import}};

static int run_action(struct work *work, const struct action *action)
{
    mailsub_ticket *ticket = NULL;
    int rc = settings_choose(work, NULL);
    if (rc == MAILSUB_OK)
        rc = make_limiter(work);
    if (rc == MAILSUB_OK && !work->limiter)
        rc = fail(work, MAILSUB_E_INVALID, "no quota: --limit, or limit in mailsub.conf(5)");
    if (rc == MAILSUB_OK)
        rc = mailsub_ticket_new(NULL, &ticket);
    for (size_t i = 1; rc == MAILSUB_OK && i < work->n_operands; i++)
        rc = action->run(work, work->operands[i], ticket);
    mailsub_ticket_free(ticket);
    return rc;
}

int run_limits(struct work *work)
{
    for (size_t i = 0; work->n_operands > 1 && i < sizeof actions / sizeof actions[0]; i++) {
        if (strcmp(actions[i].name, work->operands[0]) == 0)
            return run_action(work, &actions[i]);
    }
    return fail(work, MAILSUB_E_INVALID,
                "mailsub limits show SENDER..., reset SENDER..., or import FILE...");
}

/* SPDX-License-Identifier: 0BSD */
/*
 * A quota that all processes of a program share, without any mail: 10 recipients in a second and
 * 250 in 24 hours for everybody, 1,000 in 24 hours for the newsletter.
 *
 *   limiter URL SENDER N    asks for N recipients: prints how many may be written to now, and when
 *                           to come back for the rest; URL is file:/var/lib/app/limits and the like
 *   limiter                 shows what is admitted, given back and refused, in memory
 *
 * A program that sends through a session need not ask: mailsub_config_set_limiter does it, see
 * webform.c.
 */
#include <mailsub/mailsub.h>

#include <stdio.h>
#include <stdlib.h>

#define DAY_MS (24LL * 60 * 60 * 1000)

static int open_limiter(const char *url, mailsub_limiter **out_limiter)
{
    int rc = mailsub_limiter_open(NULL, url, out_limiter);
    if (rc == MAILSUB_OK)
        rc = mailsub_limiter_add_rule(*out_limiter, NULL, 10, 1000, 0);
    if (rc == MAILSUB_OK)
        rc = mailsub_limiter_add_rule(*out_limiter, NULL, 250, DAY_MS, 0);
    if (rc == MAILSUB_OK)
        rc = mailsub_limiter_add_rule(*out_limiter, "news@example.org", 1000, DAY_MS, 0);
    return rc;
}

/* As many of n as may be now, and what to do about the rest. */
static int ask(mailsub_limiter *limiter, mailsub_ticket *ticket, const char *sender, int64_t n)
{
    int rc = mailsub_limiter_reserve_some(limiter, sender, n, NULL, ticket);
    int64_t granted = mailsub_ticket_get_granted(ticket);
    printf("%s: %lld of %lld now (%s)", sender, (long long)granted, (long long)n,
           mailsub_error_name(rc));
    if (granted < n)
        printf(", ask again in %lld ms", (long long)mailsub_ticket_get_retry_after(ticket));
    printf("\n");
    return rc;
}

static void tell(mailsub_limiter *limiter, mailsub_ticket *ticket, const char *sender)
{
    if (mailsub_limiter_query(limiter, sender, NULL, ticket) != MAILSUB_OK)
        return;
    for (size_t i = 0; i < mailsub_ticket_count_windows(ticket); i++) {
        int64_t limit, window_ms, used, left, next_ms;
        mailsub_ticket_get_window(ticket, i, &limit, &window_ms, NULL);
        mailsub_ticket_get_usage(ticket, i, &used, &left, &next_ms);
        printf("    %lld of %lld used in %lld s, %lld left, the next in %lld ms\n", (long long)used,
               (long long)limit, (long long)window_ms / 1000, (long long)left, (long long)next_ms);
    }
}

/* 0 when everything is as the rules say. */
static int show(mailsub_limiter *limiter, mailsub_ticket *ticket)
{
    const char *everybody = "app@example.org";
    const char *news = "news@EXAMPLE.ORG"; /* the same mailbox as that of the rule */
    int wrong = 0;
    wrong += ask(limiter, ticket, everybody, 25) != MAILSUB_OK;
    wrong += mailsub_ticket_get_granted(ticket) != 10;
    /* The connection failed after six of them: four never reached the server. */
    wrong += mailsub_limiter_refund(limiter, ticket, 4, NULL) != MAILSUB_OK;
    wrong += mailsub_limiter_commit(limiter, ticket) != MAILSUB_OK;
    tell(limiter, ticket, everybody);
    wrong += ask(limiter, ticket, news, 900) != MAILSUB_OK;
    wrong += mailsub_ticket_get_granted(ticket) != 900;
    wrong += ask(limiter, ticket, news, 200) != MAILSUB_OK;
    wrong += mailsub_ticket_get_granted(ticket) != 100;
    wrong += ask(limiter, ticket, news, 1) != MAILSUB_E_RATE_LIMITED;
    wrong += mailsub_ticket_get_retry_after(ticket) < DAY_MS / 2;
    /* Its server says "450 4.7.1 slow down": the sender is closed, for a minute at first. */
    if (mailsub_limiter_is_slow_down(450, "4.7.1", "slow down"))
        wrong += mailsub_limiter_close_sender(limiter, everybody, 0, NULL) != MAILSUB_OK;
    wrong += ask(limiter, ticket, everybody, 1) != MAILSUB_E_RATE_LIMITED;
    return wrong;
}

int main(int argc, char **argv)
{
    mailsub_limiter *limiter = NULL;
    mailsub_ticket *ticket = NULL;
    if (argc != 1 && argc != 4)
        return 64;
    int rc = open_limiter(argc == 4 ? argv[1] : "memory:", &limiter);
    if (rc == MAILSUB_OK)
        rc = mailsub_ticket_new(NULL, &ticket);
    if (rc == MAILSUB_OK)
        rc = argc == 4 ? ask(limiter, ticket, argv[2], atoll(argv[3])) : show(limiter, ticket);
    if (rc < 0)
        fprintf(stderr, "limiter: %s\n", mailsub_strerror(rc));
    mailsub_ticket_free(ticket);
    mailsub_limiter_unref(limiter);
    return rc < 0 ? mailsub_error_sysexit(rc) : rc;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * posting URL COUNT: the least that a program does to submit COUNT small messages over one
 * connection: what mailsub send --batch is measured beside.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include <mailsub/mailsub.h>

#include "measure.h"

enum { UNDER_WAY = 128 };

const char bench_name[] = "posting";

static unsigned long n_accepted;

static void on_done(void *context, mailsub_message *message, int code, mailsub_receipt *receipt)
{
    (void)context;
    (void)receipt;
    n_accepted += code == MAILSUB_OK;
    mailsub_message_free(message);
}

static void post(mailsub_session *session, unsigned long number)
{
    mailsub_message *message = NULL;
    char subject[40];
    snprintf(subject, sizeof subject, "Message %lu", number);
    bench_need(mailsub_message_new(NULL, &message) == MAILSUB_OK, "message");
    mailsub_message_set_from(message, "ada@ours.example", NULL);
    mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "bob@theirs.example", NULL);
    mailsub_message_set_subject(message, subject);
    mailsub_message_set_text(message, "Hello.\n", MAILSUB_NUL_TERMINATED);
    bench_need(mailsub_session_post(session, message, NULL, on_done, NULL) == MAILSUB_OK, "post");
}

int main(int argc, char **argv)
{
    mailsub_config *config = NULL;
    mailsub_session *session = NULL;
    bench_need(argc == 3, "usage");
    unsigned long count = strtoul(argv[2], NULL, 10);
    bench_need(mailsub_config_new(NULL, &config) == MAILSUB_OK, "config");
    bench_need(mailsub_config_set_url(config, argv[1]) == MAILSUB_OK, "URL");
    bench_need(mailsub_session_new(config, &session) == MAILSUB_OK, "session");
    for (unsigned long n = 0; n < count || mailsub_session_count_pending(session) > 0;) {
        if (mailsub_session_count_pending(session) <= UNDER_WAY / 2)
            while (n < count && mailsub_session_count_pending(session) < UNDER_WAY)
                post(session, n++);
        struct pollfd fd = {.fd = mailsub_session_get_fd(session), .events = POLLIN};
        poll(&fd, 1, (int)mailsub_session_get_timeout(session));
        mailsub_session_process(session);
    }
    mailsub_session_free(session);
    mailsub_config_unref(config);
    bench_need(n_accepted == count, "submission");
    return 0;
}

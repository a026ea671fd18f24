/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmailsub: a session for each connection, all in one thread over one epoll descriptor, as a server
 * has them that submits for many accounts. Each sends its share one message behind the other.
 */
#include <stdlib.h>
#include <sys/epoll.h>

#include "send_own.h"

enum { MAX_EVENTS = 256 };

const char send_name[] = "mailsub";

struct account {
    mailsub_session *session;
    mailsub_message *message;
    unsigned long n_left;
};

static void post(struct account *account)
{
    if (account->n_left == 0)
        return;
    account->n_left--;
    send_need(mailsub_session_post(account->session, account->message, NULL, NULL, account) ==
                  MAILSUB_OK,
              "post");
    send_need(mailsub_session_process(account->session) == MAILSUB_OK, "process");
}

static void attend(struct sending *sending, struct account *account)
{
    int code = MAILSUB_OK;
    mailsub_session_process(account->session);
    while (mailsub_session_next_done(account->session, NULL, &code, NULL)) {
        send_need(code == MAILSUB_OK, mailsub_strerror(code));
        sending->n_acknowledged++;
        post(account);
    }
}

static struct account *open_accounts(const struct sending *sending, mailsub_config *config,
                                     int epoll_fd)
{
    size_t n = (size_t)sending->connections;
    struct account *accounts = calloc(n, sizeof *accounts);
    send_need(accounts != NULL, "memory");
    for (size_t i = 0; i < n; i++) {
        struct account *account = &accounts[i];
        send_need(mailsub_session_new(config, &account->session) == MAILSUB_OK, "session");
        account->message = own_message(sending);
        account->n_left = sending->count / n;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = account};
        send_need(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, mailsub_session_get_fd(account->session),
                            &event) == 0,
                  "epoll");
        post(account);
    }
    return accounts;
}

/* On loopback nothing runs out of time; a program that waits for servers would keep a heap of
   mailsub_session_get_timeout. */
void send_all(struct sending *sending)
{
    struct epoll_event events[MAX_EVENTS];
    send_need(sending->count % (unsigned long)sending->connections == 0, "an equal share");
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    mailsub_config *config = own_config(sending);
    struct account *accounts = open_accounts(sending, config, epoll_fd);
    while (sending->n_acknowledged < sending->count) {
        int n = epoll_wait(epoll_fd, events, MAX_EVENTS, 60000);
        send_need(n > 0, "the server does not go on");
        for (int i = 0; i < n; i++)
            attend(sending, events[i].data.ptr);
    }
    for (size_t i = 0; i < (size_t)sending->connections; i++) {
        mailsub_session_free(accounts[i].session);
        mailsub_message_free(accounts[i].message);
    }
    free(accounts);
    mailsub_config_unref(config);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libcurl: an easy handle for each connection in one multi handle, driven by epoll through its socket
 * function, which is its way for many connections. Each sends its share one message behind the other.
 */
#include <stdlib.h>
#include <sys/epoll.h>

#include "send_curl_handle.h"

enum { MAX_EVENTS = 256 };

const char send_name[] = "libcurl";

struct account {
    CURL *curl;
    struct reading reading;
    unsigned long n_left;
};

static int epoll_fd;
static long timeout_ms = -1;

static int watch(CURL *curl, curl_socket_t fd, int what, void *context, void *known)
{
    struct epoll_event event = {.data.fd = fd};
    (void)curl;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, &event);
        return 0;
    }
    event.events = (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) |
                   (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0);
    epoll_ctl(epoll_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
    curl_multi_assign(context, fd, &epoll_fd);
    return 0;
}

static int note_timeout(CURLM *multi, long ms, void *context)
{
    (void)multi;
    (void)context;
    timeout_ms = ms;
    return 0;
}

static void begin(CURLM *multi, struct account *account)
{
    account->n_left--;
    account->reading.at = 0;
    send_need(curl_multi_add_handle(multi, account->curl) == CURLM_OK, "handle");
}

static void collect(struct sending *sending, CURLM *multi)
{
    CURLMsg *message;
    int n_left;
    while ((message = curl_multi_info_read(multi, &n_left))) {
        struct account *account;
        CURL *curl = message->easy_handle;
        send_need(message->data.result == CURLE_OK, curl_easy_strerror(message->data.result));
        sending->n_acknowledged++;
        curl_easy_getinfo(curl, CURLINFO_PRIVATE, &account);
        curl_multi_remove_handle(multi, curl);
        if (account->n_left > 0)
            begin(multi, account);
    }
}

static CURLM *make_multi(const struct sending *sending)
{
    CURLM *multi = curl_multi_init();
    send_need(multi != NULL, "memory");
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, multi);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, note_timeout);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)sending->connections);
    return multi;
}

static void go_on(CURLM *multi)
{
    struct epoll_event events[MAX_EVENTS];
    int running;
    int n = timeout_ms == 0 ? 0 : epoll_wait(epoll_fd, events, MAX_EVENTS, (int)timeout_ms);
    if (n <= 0) {
        timeout_ms = -1;
        curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    for (int i = 0; i < n; i++) {
        int ready = (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                    (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR) ? CURL_CSELECT_IN : 0);
        curl_multi_socket_action(multi, events[i].data.fd, ready, &running);
    }
}

void send_all(struct sending *sending)
{
    size_t n = (size_t)sending->connections;
    send_need(sending->count % n == 0 && sending->data, "an equal share of a small message");
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct curl_slist *recipients = curl_slist_append(NULL, "<" SEND_TO ">");
    struct account *accounts = calloc(n, sizeof *accounts);
    send_need(accounts != NULL, "memory");
    CURLM *multi = make_multi(sending);
    for (size_t i = 0; i < n; i++) {
        accounts[i].reading.sending = sending;
        accounts[i].n_left = sending->count / n;
        accounts[i].curl = curl_handle(sending, &accounts[i].reading, recipients);
        curl_easy_setopt(accounts[i].curl, CURLOPT_PRIVATE, &accounts[i]);
        begin(multi, &accounts[i]);
    }
    while (sending->n_acknowledged < sending->count) {
        go_on(multi);
        collect(sending, multi);
    }
    for (size_t i = 0; i < n; i++)
        curl_easy_cleanup(accounts[i].curl);
    curl_multi_cleanup(multi);
    curl_slist_free_all(recipients);
    free(accounts);
    curl_global_cleanup();
}

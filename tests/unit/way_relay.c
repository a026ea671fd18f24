/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "way_relay.h"

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "peer.h"

static void must(bool is_true, const char *what)
{
    if (is_true)
        return;
    perror(what);
    abort();
}

static bool await(int fd, const struct way_turn *turn)
{
    char data[1024];
    static const char end[] = "\r\n.\r\n";
    size_t matched = 0;
    if (turn->wanted)
        return turn->wanted_len == 0 ||
               (recv(fd, data, turn->wanted_len, MSG_WAITALL) == (ssize_t)turn->wanted_len &&
                memcmp(data, turn->wanted, turn->wanted_len) == 0);
    while (matched < sizeof end - 1) {
        if (recv(fd, data, 1, 0) != 1)
            return false;
        matched = data[0] == end[matched] ? matched + 1 : data[0] == '\r';
    }
    return true;
}

/* From one to the other, until it ends. */
static bool pass_on(int from, int to)
{
    char data[4096];
    ssize_t n = recv(from, data, sizeof data, 0);
    return n > 0 && peer_send(to, data, (size_t)n);
}

static void join_target(const struct way_relay *relay, int client)
{
    int server = peer_connect(relay->target);
    must(server >= 0, "connect");
    bool goes_on = true;
    while (goes_on) {
        struct pollfd entries[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
        poll(entries, 2, 20000);
        if (entries[0].revents)
            goes_on = pass_on(client, server);
        if (goes_on && entries[1].revents)
            goes_on = pass_on(server, client);
    }
    close(server);
}

static void serve(struct way_relay *relay, int client)
{
    struct timeval limit = {.tv_sec = 20};
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    for (const struct way_turn *turn = relay->turns; turn && turn->reply; turn++) {
        if (!await(client, turn) || !peer_send(client, turn->reply, turn->reply_len))
            return;
    }
    relay->n_kept++;
    if (relay->target > 0)
        join_target(relay, client);
}

static void *run(void *context)
{
    struct way_relay *relay = context;
    for (;;) {
        int client = accept4(relay->listener, NULL, NULL, SOCK_CLOEXEC);
        if (client < 0)
            return NULL;
        serve(relay, client);
        close(client);
    }
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    unlink(path);
    must(bind(fd, (struct sockaddr *)&address, sizeof address) == 0, "bind");
    must(listen(fd, 16) == 0, "listen");
    return fd;
}

void way_relay_start(struct way_relay *relay)
{
    relay->listener = relay->path ? listen_at(relay->path) : peer_listen(AF_INET, 16, &relay->port);
    must(pthread_create(&relay->thread, NULL, run, relay) == 0, "pthread_create");
}

void way_relay_stop(struct way_relay *relay)
{
    shutdown(relay->listener, SHUT_RDWR); /* accept returns */
    pthread_join(relay->thread, NULL);
    close(relay->listener);
    if (relay->path)
        unlink(relay->path);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A line with a round trip: delay_relay PORT MS
 *
 * It prints its port, and hands on to PORT of 127.0.0.1 what comes, each way MS / 2 later, until its
 * input ends. The handshake of TCP is not delayed, which no program can do.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

enum { MAX_LINES = 16, PIECE = 64 * 1024 };

struct piece {
    struct piece *next;
    int64_t at_us;
    size_t len; /* 0: the end */
    size_t n_sent;
    char data[];
};

/* One way of a connection. */
struct way {
    int from;
    int to;
    bool ended; /* nothing more comes */
    bool done;  /* and all of it has left */
    struct piece *first;
    struct piece **last;
};

static struct way ways[2 * MAX_LINES];
static size_t n_ways;
static int64_t delay_us;

static int64_t now_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static void need(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "delay_relay: %s\n", what);
    exit(1);
}

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                .sin_port = htons((uint16_t)port)};
}

static void add_way(int from, int to)
{
    static const int on = 1;
    setsockopt(to, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    need(n_ways < 2 * MAX_LINES, "too many connections");
    ways[n_ways] = (struct way){.from = from, .to = to};
    ways[n_ways].last = &ways[n_ways].first;
    n_ways++;
}

static void welcome(int listener, int port)
{
    struct sockaddr_in address = loopback(port);
    int client = accept(listener, NULL, NULL);
    int server = socket(AF_INET, SOCK_STREAM, 0);
    need(client >= 0 && server >= 0 &&
             connect(server, (struct sockaddr *)&address, sizeof address) == 0,
         "no connection");
    add_way(client, server);
    add_way(server, client);
}

static void take(struct way *way)
{
    struct piece *piece = malloc(sizeof *piece + PIECE);
    need(piece != NULL, "memory");
    ssize_t n = recv(way->from, piece->data, PIECE, 0);
    *piece = (struct piece){.at_us = now_us() + delay_us, .len = n > 0 ? (size_t)n : 0};
    way->ended = n <= 0;
    *way->last = piece;
    way->last = &piece->next;
}

/* Hand on what is due. */
static void hand_on(struct way *way)
{
    while (way->first && way->first->at_us <= now_us()) {
        struct piece *piece = way->first;
        ssize_t n =
            send(way->to, piece->data + piece->n_sent, piece->len - piece->n_sent, MSG_NOSIGNAL);
        if (n > 0)
            piece->n_sent += (size_t)n;
        if (piece->len == 0 || n < 0) {
            shutdown(way->to, SHUT_WR);
            way->done = true;
        }
        if (piece->n_sent < piece->len && !way->done)
            continue;
        way->first = piece->next;
        if (!way->first)
            way->last = &way->first;
        free(piece);
    }
}

/* Microseconds until something is due; -1: nothing is. */
static int64_t next_due(void)
{
    int64_t due = -1;
    for (size_t i = 0; i < n_ways; i++) {
        if (ways[i].first && (due < 0 || ways[i].first->at_us < due))
            due = ways[i].first->at_us;
    }
    int64_t now = now_us();
    return due < 0 ? -1 : due > now ? due - now : 0;
}

static void serve(int listener, int port)
{
    struct pollfd watched[2 * MAX_LINES + 2];
    for (;;) {
        size_t n = n_ways;
        int64_t due = next_due();
        struct timespec until = {.tv_sec = due / 1000000, .tv_nsec = due % 1000000 * 1000};
        watched[0] = (struct pollfd){.fd = 0, .events = POLLIN};
        watched[1] = (struct pollfd){.fd = listener, .events = POLLIN};
        for (size_t i = 0; i < n; i++)
            watched[i + 2] =
                (struct pollfd){.fd = ways[i].ended ? -1 : ways[i].from, .events = POLLIN};
        ppoll(watched, (nfds_t)(n + 2), due < 0 ? NULL : &until, NULL);
        if (watched[0].revents != 0)
            return;
        for (size_t i = 0; i < n; i++) {
            if (watched[i + 2].revents != 0)
                take(&ways[i]);
            hand_on(&ways[i]);
        }
        if (watched[1].revents != 0)
            welcome(listener, port);
    }
}

int main(int argc, char **argv)
{
    need(argc == 3, "usage: delay_relay PORT MS");
    delay_us = strtol(argv[2], NULL, 10) * 1000 / 2;
    struct sockaddr_in address = loopback(0);
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    need(listener >= 0 && bind(listener, (struct sockaddr *)&address, sizeof address) == 0 &&
             listen(listener, MAX_LINES) == 0 &&
             getsockname(listener, (struct sockaddr *)&address, &len) == 0,
         "no socket");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    serve(listener, (int)strtol(argv[1], NULL, 10));
    return 0;
}

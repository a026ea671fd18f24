/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A server that takes all mail and keeps none: mail_sink [--no-chunking] [--no-pipelining] [--delay MS]
 *
 * It prints its port, serves on 127.0.0.1 until its input ends, and prints then one line of JSON:
 * messages, and flights: how often a client had sent something and waited. With a delay each reply
 * leaves so long after what it answers, as over a line with that round trip; nothing is held up by
 * it but replies, so what overlaps overlaps here too.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

enum {
    MAX_CLIENTS = 6000,
    MAX_EVENTS = 256,
    IN_ROOM = 1 << 18,
    OUT_ROOM = 1 << 16,
    MAX_LATER = 4096
};

static bool chunking = true;
static bool pipelining = true;
static int64_t delay_ms;
static unsigned long n_messages;
static unsigned long n_flights;

/* Replies up to end may leave at a time. */
struct later {
    uint64_t end;
    int64_t at_ms;
};

struct client {
    size_t place; /* among the clients */
    int fd;
    char in[IN_ROOM];
    size_t in_len;
    bool in_data;
    bool ended;
    uint64_t chunk_left;
    bool chunk_is_last;
    char out[OUT_ROOM];
    uint64_t n_made; /* octets of replies, ever */
    uint64_t n_sent;
    struct later later[MAX_LATER];
    size_t first_later;
    size_t n_later;
};

static struct client *clients[MAX_CLIENTS];
static size_t n_clients;
static int epoll_fd = -1;
static int listener = -1;

static int64_t now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void need(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "mail_sink: %s\n", what);
    exit(1);
}

static void say(struct client *client, const char *text)
{
    size_t len = strlen(text);
    need(client->n_made - client->n_sent + len <= OUT_ROOM, "too many replies wait");
    for (size_t i = 0; i < len; i++)
        client->out[(client->n_made + i) % OUT_ROOM] = text[i];
    client->n_made += len;
}

static void offer(struct client *client)
{
    say(client, "250-sink\r\n");
    if (pipelining)
        say(client, "250-PIPELINING\r\n");
    if (chunking)
        say(client, "250-CHUNKING\r\n");
    say(client, "250-8BITMIME\r\n250 SIZE 0\r\n");
}

static bool is_verb(const char *line, size_t len, const char *verb)
{
    return len >= 4 && strncasecmp(line, verb, 4) == 0;
}

static void begin_chunk(struct client *client, const char *line, size_t len)
{
    client->chunk_left = strtoull(line + 4, NULL, 10);
    client->chunk_is_last = memchr(line + 4, 'L', len - 4) || memchr(line + 4, 'l', len - 4);
}

static size_t take_chunk(struct client *client, size_t len)
{
    size_t n = len < client->chunk_left ? len : (size_t)client->chunk_left;
    client->chunk_left -= n;
    if (client->chunk_left == 0) {
        n_messages += client->chunk_is_last;
        say(client, "250 ok\r\n");
    }
    return n;
}

static void take_command(struct client *client, const char *line, size_t len)
{
    if (is_verb(line, len, "EHLO")) {
        offer(client);
    } else if (is_verb(line, len, "DATA")) {
        client->in_data = true;
        say(client, "354 go\r\n");
    } else if (is_verb(line, len, "BDAT")) {
        begin_chunk(client, line, len);
        if (client->chunk_left == 0)
            take_chunk(client, 0);
    } else if (is_verb(line, len, "QUIT")) {
        say(client, "221 bye\r\n");
        client->ended = true;
    } else {
        say(client, "250 ok\r\n");
    }
}

/* Octets up to the final dot, or as many as cannot be a part of it; *out_ended: it was there. */
static size_t take_data(const char *data, size_t len, bool *out_ended)
{
    if (len >= 3 && memcmp(data, ".\r\n", 3) == 0) {
        *out_ended = true;
        return 3;
    }
    const char *end = memmem(data, len, "\r\n.\r\n", 5);
    *out_ended = end != NULL;
    if (end)
        return (size_t)(end - data) + 5;
    return len > 4 ? len - 4 : 0;
}

/* Take one piece of what came; its length, 0 when more is needed. */
static size_t take_piece(struct client *client, const char *data, size_t len)
{
    if (client->chunk_left > 0)
        return take_chunk(client, len);
    if (client->in_data) {
        bool ended = false;
        size_t n = take_data(data, len, &ended);
        client->in_data = !ended;
        n_messages += ended;
        if (ended)
            say(client, "250 ok\r\n");
        return n;
    }
    const char *lf = memchr(data, '\n', len);
    if (!lf)
        return 0;
    take_command(client, data, (size_t)(lf - data));
    return (size_t)(lf - data) + 1;
}

/* What was said now may leave when the delay has passed. */
static void put_off(struct client *client, uint64_t before)
{
    if (client->n_made == before)
        return;
    n_flights++;
    need(client->n_later < MAX_LATER, "too many flights at once");
    client->later[(client->first_later + client->n_later++) % MAX_LATER] =
        (struct later){client->n_made, now_ms() + delay_ms};
}

static void send_due(struct client *client)
{
    uint64_t due = client->n_sent;
    int64_t now = delay_ms > 0 ? now_ms() : INT64_MAX;
    while (client->n_later > 0 && client->later[client->first_later].at_ms <= now) {
        due = client->later[client->first_later].end;
        client->first_later = (client->first_later + 1) % MAX_LATER;
        client->n_later--;
    }
    while (client->n_sent < due) {
        size_t start = client->n_sent % OUT_ROOM;
        size_t len = (size_t)(due - client->n_sent);
        if (len > OUT_ROOM - start)
            len = OUT_ROOM - start;
        ssize_t n = send(client->fd, client->out + start, len, MSG_NOSIGNAL);
        if (n < 0)
            return;
        client->n_sent += (uint64_t)n;
    }
}

/* False: the client has gone. */
static bool receive(struct client *client)
{
    ssize_t n = recv(client->fd, client->in + client->in_len, IN_ROOM - client->in_len, 0);
    if (n <= 0)
        return n < 0 && errno == EINTR;
    client->in_len += (size_t)n;
    uint64_t before = client->n_made;
    size_t at = 0;
    for (size_t taken = 1; taken > 0 && at < client->in_len && !client->ended; at += taken)
        taken = take_piece(client, client->in + at, client->in_len - at);
    client->in_len -= at;
    memmove(client->in, client->in + at, client->in_len);
    put_off(client, before);
    return true;
}

static void watch(int fd, void *context)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = context};
    need(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0, "epoll");
}

static void welcome(void)
{
    static const int on = 1;
    int fd = accept(listener, NULL, NULL);
    need(fd >= 0 && n_clients < MAX_CLIENTS, "too many clients");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct client *client = calloc(1, sizeof *client);
    need(client != NULL, "memory");
    client->fd = fd;
    say(client, "220 sink\r\n");
    put_off(client, 0);
    client->place = n_clients;
    clients[n_clients++] = client;
    watch(fd, client);
    send_due(client);
}

static void drop(struct client *client)
{
    close(client->fd);
    clients[client->place] = clients[--n_clients];
    clients[client->place]->place = client->place;
    free(client);
}

static int listen_on_any(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    need(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
             listen(fd, 4096) == 0 && getsockname(fd, (struct sockaddr *)&address, &len) == 0,
         "no socket");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

/* Milliseconds until some reply may leave; -1: none waits. */
static int next_due(void)
{
    int64_t due = -1;
    for (size_t i = 0; i < n_clients; i++) {
        if (clients[i]->n_later == 0)
            continue;
        int64_t at_ms = clients[i]->later[clients[i]->first_later].at_ms;
        due = due < 0 || at_ms < due ? at_ms : due;
    }
    int64_t now = now_ms();
    return due < 0 ? -1 : due > now ? (int)(due - now) : 0;
}

/* What is due, of all: only where replies are held back. */
static void send_all_due(void)
{
    for (size_t i = n_clients; i-- > 0;) {
        struct client *client = clients[i];
        send_due(client);
        if (client->ended && client->n_later == 0)
            drop(client);
    }
}

static void attend(struct client *client)
{
    bool gone = !receive(client);
    send_due(client);
    if (gone || (client->ended && client->n_later == 0))
        drop(client);
}

static void serve(void)
{
    struct epoll_event events[MAX_EVENTS];
    for (;;) {
        int n = epoll_wait(epoll_fd, events, MAX_EVENTS, delay_ms > 0 ? next_due() : -1);
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == &epoll_fd)
                return;
            if (events[i].data.ptr == &listener)
                welcome();
            else
                attend(events[i].data.ptr);
        }
        if (delay_ms > 0)
            send_all_due();
    }
}

/* One for each client, and few are allowed at first. */
static void allow_many_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--no-chunking") == 0)
            chunking = false;
        else if (strcmp(argv[i], "--no-pipelining") == 0)
            pipelining = false;
        else if (strcmp(argv[i], "--delay") == 0 && i + 1 < argc)
            delay_ms = strtol(argv[++i], NULL, 10);
        else
            need(false, "usage: mail_sink [--no-chunking] [--no-pipelining] [--delay MS]");
    }
    allow_many_descriptors();
    listener = listen_on_any();
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    watch(0, &epoll_fd);
    watch(listener, &listener);
    serve();
    printf("{\"messages\": %lu, \"flights\": %lu}\n", n_messages, n_flights);
    return 0;
}

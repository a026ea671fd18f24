/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/resolver.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>

#include <mailsub/error.h>

#include "base/memory.h"

struct mailsub__resolver {
    const mailsub_allocator *allocator; /* never used by the thread: it need not be thread-safe */
    mailsub__poller *poller;
    const char *host;
    char port[12];
    bool has_thread;
    pthread_t thread;
    /* The thread's until is_done is set, the owner's afterwards. */
    int result; /* EAI_* */
    int os_error;
    struct addrinfo *list;
    atomic_bool is_done;
};

static void look_up(mailsub__resolver *resolver, int flags)
{
    struct addrinfo hints = {
        .ai_flags = flags | AI_NUMERICSERV,
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
    };
    resolver->list = NULL;
    resolver->result = getaddrinfo(resolver->host, resolver->port, &hints, &resolver->list);
    resolver->os_error = resolver->result == EAI_SYSTEM ? errno : 0;
}

static bool is_absent(int result)
{
    return result == EAI_NONAME || result == EAI_NODATA || result == EAI_ADDRFAMILY;
}

static void *run(void *context)
{
    mailsub__resolver *resolver = context;
    /* AI_ADDRCONFIG saves the question for addresses of a family that this host cannot use. But it
       does not count loopback addresses, so it can hide a localhost: then ask without it. */
    look_up(resolver, AI_ADDRCONFIG);
    if (is_absent(resolver->result))
        look_up(resolver, 0);
    atomic_store(&resolver->is_done, true);
    mailsub__poller_wake(resolver->poller);
    return NULL;
}

/* Signals of the application must not be delivered to a thread that it does not know of. */
static int start_thread(mailsub__resolver *resolver)
{
    sigset_t all;
    sigset_t old;
    sigfillset(&all);
    int error = pthread_sigmask(SIG_SETMASK, &all, &old);
    if (error == 0) {
        error = pthread_create(&resolver->thread, NULL, run, resolver);
        pthread_sigmask(SIG_SETMASK, &old, NULL);
    }
    resolver->has_thread = error == 0;
    errno = error;
    return error == 0 ? MAILSUB_OK : MAILSUB_E_SYSTEM;
}

int mailsub__resolver_new(const mailsub_allocator *allocator, mailsub__poller *poller,
                          const char *host, int port, mailsub__resolver **out_resolver)
{
    mailsub__resolver *resolver = mailsub__alloc_zeroed(allocator, sizeof *resolver);
    if (!resolver)
        return MAILSUB_E_NOMEM;
    resolver->allocator = allocator;
    resolver->poller = poller;
    resolver->host = host;
    snprintf(resolver->port, sizeof resolver->port, "%d", port);
    look_up(resolver, AI_NUMERICHOST);
    bool is_numeric = resolver->result != EAI_NONAME;
    atomic_init(&resolver->is_done, is_numeric);
    int rc = is_numeric ? MAILSUB_OK : start_thread(resolver);
    if (rc) {
        mailsub__free(allocator, resolver);
        return rc;
    }
    *out_resolver = resolver;
    return MAILSUB_OK;
}

void mailsub__resolver_free(mailsub__resolver *resolver)
{
    if (!resolver)
        return;
    if (resolver->has_thread)
        pthread_join(resolver->thread, NULL);
    if (resolver->list)
        freeaddrinfo(resolver->list);
    mailsub__free(resolver->allocator, resolver);
}

void mailsub__resolver_abandon(mailsub__resolver *resolver)
{
    if (!resolver)
        return;
    if (!mailsub__resolver_is_done(resolver))
        resolver->list = NULL; /* half made, by who is not here */
    resolver->has_thread = false;
    mailsub__resolver_free(resolver);
}

bool mailsub__resolver_is_done(const mailsub__resolver *resolver)
{
    return atomic_load(&resolver->is_done);
}

/* What is not a statement that the name does not exist may be better later. */
static int map_result(int result, int os_error)
{
    if (is_absent(result))
        return MAILSUB_E_RESOLVE;
    if (result == EAI_MEMORY || (result == EAI_SYSTEM && os_error == ENOMEM))
        return MAILSUB_E_NOMEM;
    if (result == EAI_SYSTEM && (os_error == EMFILE || os_error == ENFILE))
        return MAILSUB_E_SYSTEM;
    return MAILSUB_E_RESOLVE_AGAIN;
}

static int tell_failure(const mailsub__resolver *resolver, mailsub__detail *detail)
{
    mailsub__detail_append(detail, resolver->host);
    mailsub__detail_append(detail, ": ");
    if (resolver->result == EAI_SYSTEM)
        mailsub__detail_append_os_error(detail, resolver->os_error);
    else
        mailsub__detail_append(detail, gai_strerror(resolver->result));
    return map_result(resolver->result, resolver->os_error);
}

int mailsub__resolver_get(const mailsub__resolver *resolver, mailsub__endpoint *out, size_t room,
                          size_t *out_n, mailsub__detail *detail)
{
    assert(mailsub__resolver_is_done(resolver));
    if (resolver->result != 0)
        return tell_failure(resolver, detail);
    size_t n = 0;
    for (const struct addrinfo *entry = resolver->list; entry && n < room; entry = entry->ai_next)
        n += mailsub__endpoint_init(&out[n], entry->ai_addr, entry->ai_addrlen);
    if (n == 0) {
        mailsub__detail_append(detail, resolver->host);
        mailsub__detail_append(detail, ": no IPv4 or IPv6 address");
        return MAILSUB_E_RESOLVE;
    }
    *out_n = n;
    return MAILSUB_OK;
}

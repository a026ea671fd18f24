/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lookup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int __real_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                       struct addrinfo **out);
int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                       struct addrinfo **out);

static atomic_size_t n_lookups;
static sem_t slow;

struct name {
    const char *name;
    int result;
    int os_error;
    bool needs_no_addrconfig; /* else absent */
    bool is_slow;
    const char *addresses[2];
};

static const struct name names[] = {
    {"both.test", 0, 0, false, false, {"::1", "127.0.0.1"}},
    {"hidden.test", 0, 0, true, false, {"127.0.0.1"}},
    {"slow.test", 0, 0, false, true, {"127.0.0.1"}},
    {"missing.test", EAI_NONAME, 0, false, false, {NULL}},
    {"empty.test", EAI_NODATA, 0, false, false, {NULL}},
    {"family.test", EAI_ADDRFAMILY, 0, false, false, {NULL}},
    {"down.test", EAI_AGAIN, 0, false, false, {NULL}},
    {"broken.test", EAI_FAIL, 0, false, false, {NULL}},
    {"short.test", EAI_MEMORY, 0, false, false, {NULL}},
    {"short-system.test", EAI_SYSTEM, ENOMEM, false, false, {NULL}},
    {"full.test", EAI_SYSTEM, EMFILE, false, false, {NULL}},
    {"odd.test", EAI_SYSTEM, EIO, false, false, {NULL}},
};

__attribute__((constructor)) static void init(void)
{
    sem_init(&slow, 0, 0);
}

size_t lookup_count(void)
{
    return n_lookups;
}

void lookup_await(size_t n)
{
    while (n_lookups < n)
        sched_yield();
}

void lookup_release(void)
{
    sem_post(&slow);
}

/* The addresses of a name, joined to the list that the system's freeaddrinfo takes apart. */
static int list_addresses(const struct name *name, const char *service,
                          const struct addrinfo *hints, struct addrinfo **out)
{
    struct addrinfo numeric = *hints;
    numeric.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    struct addrinfo **end = out;
    *out = NULL;
    for (size_t i = 0; i < 2 && name->addresses[i]; i++) {
        int result = __real_getaddrinfo(name->addresses[i], service, &numeric, end);
        if (result != 0)
            return result;
        end = &(*end)->ai_next;
    }
    return 0;
}

static void wait_for_release(void)
{
    while (sem_wait(&slow) != 0 && errno == EINTR)
        continue;
}

int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                       struct addrinfo **out)
{
    if (hints->ai_flags & AI_NUMERICHOST)
        return __real_getaddrinfo(node, service, hints, out);
    n_lookups++;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct name *name = &names[i];
        if (strcmp(node, name->name) != 0)
            continue;
        if (name->is_slow)
            wait_for_release();
        if (name->needs_no_addrconfig && (hints->ai_flags & AI_ADDRCONFIG))
            return EAI_NONAME;
        errno = name->os_error;
        return name->result != 0 ? name->result : list_addresses(name, service, hints, out);
    }
    return __real_getaddrinfo(node, service, hints, out);
}

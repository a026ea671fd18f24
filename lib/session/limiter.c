/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Limiters with the system's clocks, which the room of the limiter does not know, and with stores
 * by their URL. SQLite and Redis are libraries of their own, so that nobody has to have them who
 * does not use them: they are looked for when a URL names them.
 */
#include "limit/limiter.h"

#include <dlfcn.h>
#include <string.h>

#include <mailsub/error.h>

#include "base/memory.h"
#include "limit/file.h"
#include "net/clock.h"

int mailsub_limiter_new(const mailsub_allocator *allocator, mailsub_limiter **out_limiter)
{
    return mailsub__limiter_create(allocator, NULL, mailsub__clock_instant, out_limiter);
}

int mailsub_limiter_new_with_store(const mailsub_allocator *allocator, const mailsub_store *store,
                                   mailsub_limiter **out_limiter)
{
    if (!store)
        return MAILSUB_E_INVALID;
    return mailsub__limiter_create(allocator, store, mailsub__clock_instant, out_limiter);
}

/* ---- by URL ---- */

static int open_file(const char *rest, const mailsub_allocator *allocator, mailsub_store *out)
{
    return rest[0] == '/' && rest[1] != '/' ? mailsub__limits_open(allocator, rest, out)
                                            : MAILSUB_E_URL;
}

/* What the libraries of stores export: mailsub_sqlite_store and mailsub_redis_store. */
typedef int (*opener)(const char *url, mailsub_store *out_store);

static const struct scheme {
    const char *prefix;
    /* Of this library, given what is behind the prefix; NULL: of another, given the URL. */
    int (*open)(const char *rest, const mailsub_allocator *allocator, mailsub_store *out);
    const char *library;
    const char *symbol;
} schemes[] = {
    {"file:", open_file, NULL, NULL},
    {"sqlite:", NULL, "libmailsub-sqlite.so.0", "mailsub_sqlite_store"},
    {"redis:", NULL, "libmailsub-redis.so.0", "mailsub_redis_store"},
    {"rediss:", NULL, "libmailsub-redis.so.0", "mailsub_redis_store"},
    {"redis+unix:", NULL, "libmailsub-redis.so.0", "mailsub_redis_store"},
};

/* The library stays: its functions are those of the store. */
static int open_library(const struct scheme *scheme, const char *url, mailsub_store *out)
{
    void *library = dlopen(scheme->library, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    void *symbol = library ? dlsym(library, scheme->symbol) : NULL;
    opener open = NULL;
    if (!symbol)
        return MAILSUB_E_STORE_MISSING;
    memcpy(&open, &symbol, sizeof open); /* a pointer to data is none to a function in C */
    int rc = open(url, out);
    dlclose(library);
    return rc;
}

static int open_store(const char *url, const mailsub_allocator *allocator, mailsub_store *out)
{
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        const struct scheme *scheme = &schemes[i];
        size_t len = strlen(scheme->prefix);
        if (strncmp(url, scheme->prefix, len) != 0)
            continue;
        return scheme->open ? scheme->open(url + len, allocator, out)
                            : open_library(scheme, url, out);
    }
    return MAILSUB_E_URL;
}

int mailsub_limiter_open(const mailsub_allocator *allocator, const char *url,
                         mailsub_limiter **out_limiter)
{
    mailsub_allocator table;
    mailsub_store store = {.size = sizeof store};
    if (!url || !out_limiter)
        return MAILSUB_E_INVALID;
    int rc = mailsub__allocator_init(&table, allocator);
    if (rc)
        return rc;
    if (strcmp(url, "memory:") == 0)
        return mailsub_limiter_new(allocator, out_limiter);
    rc = open_store(url, &table, &store);
    if (rc)
        return rc;
    rc = mailsub_limiter_new_with_store(allocator, &store, out_limiter);
    if (rc && store.close)
        store.close(store.context);
    return rc;
}

int mailsub_limiter_recover(const char *url, uint32_t flags)
{
    static const char prefix[] = "file:";
    if (!url || (flags & ~MAILSUB_RECOVER_FORGET) != 0)
        return MAILSUB_E_INVALID;
    const char *path = url + sizeof prefix - 1;
    if (strncmp(url, prefix, sizeof prefix - 1) != 0 || path[0] != '/' || path[1] == '/')
        return MAILSUB_E_URL;
    mailsub_instant now;
    mailsub__clock_instant(true, &now);
    return mailsub__limits_recover(path, (flags & MAILSUB_RECOVER_FORGET) != 0, now.unix_ms);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store-redis/address.h"

#include <stdlib.h>
#include <string.h>

#include <mailsub/error.h>

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Copy what is from start to end; false: too long, or an escape that is none. */
static bool copy(const char *start, const char *end, char *out, size_t room, bool decode)
{
    size_t len = 0;
    for (; start < end; start++) {
        char c = *start;
        if (decode && c == '%') {
            if (end - start < 3 || digit(start[1]) < 0 || digit(start[2]) < 0)
                return false;
            c = (char)(digit(start[1]) * 16 + digit(start[2]));
            start += 2;
        }
        if (c == '\0' || len + 1 >= room)
            return false;
        out[len++] = c;
    }
    out[len] = '\0';
    return true;
}

static bool is_number(const char *text, long most)
{
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9')
        return false;
    long number = strtol(text, &end, 10);
    return *end == '\0' && number <= most;
}

static bool parse_login(const char *start, const char *end, redis_address *out)
{
    const char *colon = memchr(start, ':', (size_t)(end - start));
    if (!colon)
        return copy(start, end, out->user, sizeof out->user, true);
    return copy(start, colon, out->user, sizeof out->user, true) &&
           copy(colon + 1, end, out->password, sizeof out->password, true);
}

static bool parse_host(const char *start, const char *end, redis_address *out)
{
    const char *close = *start == '[' ? memchr(start, ']', (size_t)(end - start)) : NULL;
    const char *from = close ? close : start;
    const char *colon = memchr(from, ':', (size_t)(end - from));
    const char *host_end = colon ? colon : end;
    if (*start == '[' && (!close || close + 1 != host_end))
        return false;
    bool ok = close ? copy(start + 1, close, out->host, sizeof out->host, false)
                    : copy(start, host_end, out->host, sizeof out->host, false);
    if (ok && colon)
        ok =
            copy(colon + 1, end, out->port, sizeof out->port, false) && is_number(out->port, 65535);
    return ok && out->host[0] != '\0';
}

static bool parse_option(const char *name, size_t len, const char *value, const char *end,
                         redis_address *out)
{
    char text[32];
    if (len == 2 && memcmp(name, "ca", len) == 0)
        return copy(value, end, out->ca, sizeof out->ca, true);
    if (len == 6 && memcmp(name, "prefix", len) == 0)
        return copy(value, end, out->prefix, sizeof out->prefix, true);
    if (!copy(value, end, text, sizeof text, false))
        return false;
    if (len == 5 && memcmp(name, "clock", len) == 0)
        return out->client_clock = strcmp(text, "client") == 0;
    if (len != 7 || memcmp(name, "timeout", len) != 0 || !is_number(text, 600000))
        return false;
    out->timeout_ms = atoi(text);
    return out->timeout_ms > 0;
}

static bool parse_options(const char *text, redis_address *out)
{
    while (*text != '\0') {
        const char *end = text + strcspn(text, "&");
        const char *equals = memchr(text, '=', (size_t)(end - text));
        if (!equals || !parse_option(text, (size_t)(equals - text), equals + 1, end, out))
            return false;
        text = *end == '&' ? end + 1 : end;
    }
    return true;
}

static bool parse(const char *rest, bool local, redis_address *out)
{
    const char *options = rest + strcspn(rest, "?");
    const char *slash = memchr(rest, '/', (size_t)(options - rest));
    const char *authority_end = slash ? slash : options;
    const char *at = memchr(rest, '@', (size_t)(authority_end - rest));
    if (at && !parse_login(rest, at, out))
        return false;
    const char *host = at ? at + 1 : rest;
    if (*options == '?' && !parse_options(options + 1, out))
        return false;
    if (local)
        return slash && host == slash && copy(slash, options, out->path, sizeof out->path, true) &&
               out->path[1] != '\0';
    if (slash && slash + 1 < options &&
        (!copy(slash + 1, options, out->db, sizeof out->db, false) || !is_number(out->db, 99999)))
        return false;
    return host < authority_end && parse_host(host, authority_end, out);
}

int redis_address_parse(const char *url, redis_address *out)
{
    static const struct {
        const char *prefix;
        bool tls;
        bool local;
    } schemes[] = {
        {"redis://", false, false}, {"rediss://", true, false}, {"redis+unix://", false, true}};
    redis_address address = {.port = "6379", .prefix = "mailsub:", .timeout_ms = 5000};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t len = strlen(schemes[i].prefix);
        if (strncmp(url, schemes[i].prefix, len) != 0)
            continue;
        address.tls = schemes[i].tls;
        if (!parse(url + len, schemes[i].local, &address))
            return MAILSUB_E_URL;
        *out = address;
        return MAILSUB_OK;
    }
    return MAILSUB_E_URL;
}

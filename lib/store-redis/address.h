/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The URL of a server, taken apart. */
#ifndef MAILSUB_STORE_REDIS_ADDRESS_H
#define MAILSUB_STORE_REDIS_ADDRESS_H

#include <stdbool.h>

typedef struct redis_address {
    char host[256]; /* "" with a path */
    char port[8];
    char path[108]; /* of a local socket; "" with a host */
    bool tls;
    char user[128];
    char password[512];
    char db[8];
    char ca[1024];
    char prefix[128];
    int timeout_ms;
    bool client_clock;
} redis_address;

/* MAILSUB_E_URL */
int redis_address_parse(const char *url, redis_address *out);

#endif

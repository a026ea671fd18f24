/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Octets pulled piece by piece: how a message reaches the engine without either knowing the other.
 */
#ifndef MAILSUB_BASE_SOURCE_H
#define MAILSUB_BASE_SOURCE_H

#include <stddef.h>

typedef struct mailsub__source {
    void *context;
    /*
     * Put the next octets, at most room, into out. *out_len 0 means the end, and 0 again when asked
     * again. A negative MAILSUB_E_* leaves the source unusable until it is rewound.
     */
    int (*read)(void *context, char *out, size_t room, size_t *out_len);
} mailsub__source;

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A few octets of output that a streaming codec has decided on and that wait for room: with them a
 * codec may put out a unit ("=3D", CRLF, a group of base64) without asking how much room there is.
 * Not for runs of text: those are copied straight to step->out. Octets of the room behind what is
 * put out may be overwritten; the room is the codec's for the time of the call.
 */
#ifndef MAILSUB_CODEC_PENDING_H
#define MAILSUB_CODEC_PENDING_H

#include <stdint.h>
#include <string.h>

#include "codec/step.h"

enum { MAILSUB__PENDING_LEN = 8 };

/* Move what is pending, an array of MAILSUB__PENDING_LEN, to the output. True: nothing is left. */
static inline bool mailsub__pending_drain(char *pending, uint8_t *n_pending, mailsub__step *step)
{
    size_t n = *n_pending;
    if (n == 0)
        return true;
    if (step->out_room >= MAILSUB__PENDING_LEN) {
        /* All of the array, because a copy of fixed length is one instruction. */
        memcpy(step->out, pending, MAILSUB__PENDING_LEN);
        step->out += n;
        step->out_room -= n;
        *n_pending = 0;
        return true;
    }
    if (n > step->out_room)
        n = step->out_room;
    if (n == 0)
        return false;
    memcpy(step->out, pending, n);
    step->out += n;
    step->out_room -= n;
    *n_pending = (uint8_t)(*n_pending - n);
    memmove(pending, pending + n, *n_pending);
    return *n_pending == 0;
}

#endif

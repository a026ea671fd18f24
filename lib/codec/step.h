/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one contract of all streaming codecs: octets are taken from the front of in and put at the
 * front of out, as many as fit, and the caller comes again with more input or more room. Where the
 * input was cut, and how small the room was, never changes the result.
 *
 * An encode function returns true when step->last is set and all is written, and again when called
 * again. False means that all input was taken or that no room is left, or both. The whole room may
 * be written to during the call, also where out does not reach in the end.
 */
#ifndef MAILSUB_CODEC_STEP_H
#define MAILSUB_CODEC_STEP_H

#include <stdbool.h>
#include <stddef.h>

typedef struct mailsub__step {
    const char *in;
    size_t in_len;
    char *out;
    size_t out_room;
    bool last; /* nothing comes behind in */
} mailsub__step;

#endif

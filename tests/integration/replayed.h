/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A connection to a real server is played to the engine again, from nothing but its transcript:
 * tests/replay_tool, which MAILSUB_REPLAY_TOOL names.
 */
#ifndef MAILSUB_TESTS_REPLAYED_H
#define MAILSUB_TESTS_REPLAYED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

static inline void replayed_check(const char *transcript)
{
    char command[4096];
    const char *tool = getenv("MAILSUB_REPLAY_TOOL");
    /* Where no engine began, there is nothing to play. */
    if (!tool || !strstr(transcript, "N: STARTED "))
        return;
    snprintf(command, sizeof command, "'%s' /dev/stdin >&2", tool);
    FILE *input = popen(command, "w");
    assert_non_null(input);
    fputs(transcript, input);
    if (pclose(input) != 0)
        fail_msg("it is not replayed:\n%s", transcript);
}

#endif

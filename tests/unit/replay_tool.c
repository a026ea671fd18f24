/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * replay_tool FILE...: plays each transcript to the engine, each of its connections one behind the
 * other, and tells whether the same comes of it, or the first line where it does not. Exit status 1:
 * for some it does not.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay.h"

enum { MAX_LEN = 64 * 1024 * 1024 };

static char *read_file(const char *path, size_t *out_len)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    size_t len = 0;
    size_t room = 0;
    char *text = NULL;
    do {
        room = room > 0 ? 2 * room : 65536;
        text = realloc(text, room);
        len += fread(text + len, 1, room - len, file);
    } while (len == room && room < MAX_LEN);
    fclose(file);
    *out_len = len;
    return text;
}

/* Where the next connection begins, or the end. Where no engine began there is nothing to play. */
static size_t end_of_connection(const char *text, size_t len)
{
    static const char next[] = "\nN: CONNECTING ";
    const char *at = memmem(text, len, next, sizeof next - 1);
    return at ? (size_t)(at - text) + 1 : len;
}

static bool play_all(const char *text, size_t len, char why[REPLAY_WHY_LEN])
{
    static const char begun[] = "N: STARTED ";
    bool equal = true;
    while (equal && len > 0) {
        size_t n = end_of_connection(text, len);
        if (memmem(text, n, begun, sizeof begun - 1)) {
            struct replay *replay = replay_load(text, n, why);
            equal = replay && replay_run(replay, why);
            replay_free(replay);
        }
        text += n;
        len -= n;
    }
    return equal;
}

static bool play(const char *path)
{
    char why[REPLAY_WHY_LEN] = "";
    size_t len = 0;
    char *text = read_file(path, &len);
    if (!text) {
        printf("%s: %s\n", path, strerror(errno));
        return false;
    }
    bool equal = play_all(text, len, why);
    printf("%s: %s\n", path, equal ? "the same" : why);
    free(text);
    return equal;
}

int main(int argc, char **argv)
{
    int status = argc > 1 ? 0 : 64;
    for (int i = 1; i < argc; i++) {
        if (!play(argv[i]))
            status = 1;
    }
    return status;
}

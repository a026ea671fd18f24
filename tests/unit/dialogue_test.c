/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every file in dialogues/ is a test: played whole, by line and by octet, with each allocation
 * failing once, and with the connection cut behind each octet.
 */
#include "dialogue.h"
#include "replay.h"

#include <dirent.h>
#include <stdio.h>

enum { MAX_DIALOGUES = 500 };

static const char *directory(void)
{
    const char *root = getenv("MAILSUB_DIALOGUES");
    return root ? root : "tests/dialogues";
}

/* The transcript of a play is enough to come to the same end. */
static void replay(const struct dialogue_play *play)
{
    char why[REPLAY_WHY_LEN];
    struct replay *replay = replay_load(play->transcript, strlen(play->transcript), why);
    if (!replay)
        fail_msg("%s:\n%s", why, play->transcript);
    bool equal = replay_run(replay, why);
    replay_free(replay);
    if (!equal)
        fail_msg("%s:\n%s", why, play->transcript);
}

static void plays(void **state)
{
    char path[4096];
    struct dialogue dialogue;
    snprintf(path, sizeof path, "%s/%s", directory(), (const char *)*state);
    dialogue_load(&dialogue, path);
    struct dialogue_play play = {.cut_at = SIZE_MAX};
    int last = dialogue.whole_only ? DIALOGUE_WHOLE : DIALOGUE_BYTES;
    for (int pieces = DIALOGUE_WHOLE; pieces <= last; pieces++) {
        play.pieces = (enum dialogue_pieces)pieces;
        dialogue_run(&dialogue, &play);
        replay(&play);
    }
    size_t n_requests = play.n_requests;
    for (size_t i = 1; i <= n_requests; i++) {
        play = (struct dialogue_play){.pieces = DIALOGUE_LINES, .cut_at = SIZE_MAX, .fail_at = i};
        dialogue_run(&dialogue, &play);
    }
    /* Of long contents, the middle is cut here and there only; under valgrind, all is. */
    const size_t step = unit_is_slow() ? 7 : 1;
    play = (struct dialogue_play){.pieces = DIALOGUE_LINES, .cut_at = SIZE_MAX};
    dialogue_run(&dialogue, &play);
    size_t n_octets = play.n_octets;
    for (size_t i = 0; i <= n_octets;) {
        play.cut_at = i;
        dialogue_run(&dialogue, &play);
        replay(&play);
        i += i > 3000 && i + 100 < n_octets ? 997 : step;
    }
    dialogue_unload(&dialogue);
}

static int compare(const void *a, const void *b)
{
    const struct CMUnitTest *left = a;
    const struct CMUnitTest *right = b;
    return strcmp(left->name, right->name);
}

int main(int argc, char **argv)
{
    static struct CMUnitTest tests[MAX_DIALOGUES];
    size_t n_tests = 0;
    DIR *folder = opendir(directory());
    if (!folder) {
        fprintf(stderr, "%s cannot be read; MAILSUB_DIALOGUES names another\n", directory());
        return 99;
    }
    for (struct dirent *entry; (entry = readdir(folder)) && n_tests < MAX_DIALOGUES;) {
        size_t len = strlen(entry->d_name);
        if (len < 5 || strcmp(entry->d_name + len - 4, ".txt") != 0)
            continue;
        if (argc > 1 && strcmp(argv[1], entry->d_name) != 0)
            continue;
        char *name = strdup(entry->d_name);
        tests[n_tests++] =
            (struct CMUnitTest){.name = name, .test_func = plays, .initial_state = name};
    }
    closedir(folder);
    if (n_tests == 0)
        return 99;
    qsort(tests, n_tests, sizeof tests[0], compare);
    int n_failed = UNIT_RUN(tests, n_tests);
    for (size_t i = 0; i < n_tests; i++)
        free(tests[i].initial_state);
    return n_failed;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Transcripts that anybody may have written, played to the engine.
 *
 * Invariants: it comes to an end; each message that was submitted has one outcome for each of its
 * recipients; and the same transcript leads to the same answer, cause and all.
 */
#include <string.h>

#include "fuzz.h"
#include "replay.h"

static void check_message(const struct replay_message *message)
{
    for (size_t i = 0; message->submitted && i < message->n_recipients; i++) {
        const mailsub__verdict *verdict = &message->verdicts[i];
        bool accepted = verdict->outcome == MAILSUB_OUTCOME_ACCEPTED ||
                        verdict->outcome == MAILSUB_OUTCOME_WILLING;
        FUZZ_CHECK(verdict->outcome >= 0 && verdict->outcome < MAILSUB_OUTCOME_END_);
        FUZZ_CHECK(accepted == (verdict->code == MAILSUB_OK));
    }
}

static bool play(const char *text, size_t len, char why[REPLAY_WHY_LEN])
{
    why[0] = '\0';
    struct replay *replay = replay_load(text, len, why);
    bool equal = replay && replay_run(replay, why);
    for (size_t i = 0; replay && i < replay->n_messages; i++)
        check_message(&replay->messages[i]);
    replay_free(replay);
    return equal;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char first[REPLAY_WHY_LEN];
    char second[REPLAY_WHY_LEN];
    char *text = fuzz_alloc(size);
    if (size > 0)
        memcpy(text, data, size);
    bool equal = play(text, size, first);
    FUZZ_CHECK(play(text, size, second) == equal);
    FUZZ_CHECK(strcmp(first, second) == 0);
    free(text);
    return 0;
}

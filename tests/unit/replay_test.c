/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A transcript that was changed is not replayed as if it was not. That one as the library writes it
 * is, dialogue_test shows for every dialogue.
 */
#include "unit.h"

#include <stdio.h>

#include "replay.h"

static const char transcript[] =
    "a report, with lines of its own\n"
    "N: CONNECTING name=mx.example number=587\n"
    "N: STARTED name=verified: tls=implicit login=yes clear-login=no all-or-none=no lmtp=no "
    "chunk=65536 depth=64\n"
    "S: 220 mx.example\n"
    "C: EHLO client.example\n"
    "S: 250-mx.example\n"
    "S: 250 AUTH SCRAM-SHA-256\n"
    "N: MECHANISM name=SCRAM-SHA-256 code=MAILSUB_OK stage=AUTH: not tried\n"
    "N: LOGIN_BEGUN name=SCRAM-SHA-256 code=MAILSUB_OK stage=AUTH\n"
    "C: AUTH SCRAM-SHA-256 ***\n"
    "S: 334 ***\n"
    "C: ***\n"
    "S: 334 ***\n"
    "C: ***\n"
    "S: 235 2.7.0 ok\n"
    "N: LOGIN_ENDED name=SCRAM-SHA-256 number=1 code=MAILSUB_OK stage=AUTH\n"
    "N: READY\n"
    "N: SUBMITTED message=1 name=message number=46 total=1: <app@client.example>\n"
    "N: TRANSACTION_BEGUN message=1 transaction=1 name=DATA\n"
    "C: MAIL FROM:<app@client.example>\n"
    "S: 250 2.1.0 Ok\n"
    "C: RCPT TO:<anna@example.org>\n"
    "S: 250 2.1.5 Ok\n"
    "C: DATA\n"
    "S: 354 go on\n"
    "D: Subject: content is passed over\n"
    "N: CONTENT_MADE message=1 transaction=1 number=46 total=46 code=MAILSUB_OK stage=CONTENT\n"
    "C: .\n"
    "N: CONTENT_SENT message=1 transaction=1 number=46 total=46 code=MAILSUB_OK stage=CONTENT\n"
    "S: 250 2.0.0 queued as 4711\n"
    "N: TRANSACTION_ENDED message=1 transaction=1 name=accepted number=1 total=1\n"
    "N: RECIPIENT message=1 transaction=1 recipient=1 name=ACCEPTED code=MAILSUB_OK "
    "stage=END_OF_DATA reply=250 status=2.0.0: anna@example.org\n"
    "N: ENDED message=1 name=4711 number=1 total=1 code=MAILSUB_OK stage=END_OF_DATA reply=250 "
    "status=2.0.0: queued as 4711\n"
    "C: QUIT\n"
    "S: 221 bye\n"
    "N: CLOSED code=MAILSUB_OK stage=QUIT reply=221: bye\n";

/* The first text is replaced by the second. */
static const struct row {
    const char *name;
    const char *from;
    const char *to;
    const char *want; /* in the cause; NULL: it is replayed all the same */
} rows[] = {
    {"as it was written", "", "", NULL},
    {"another text of the report", "a report", "the report", NULL},
    {"another queue id", "queued as 4711\n", "queued as 4712\n", "name=4712"},
    {"a recipient refused", "S: 250 2.1.5 Ok", "S: 550 5.1.1 No", "\"C: DATA\": "},
    {"a message refused", "S: 250 2.0.0", "S: 554 5.0.0", "name=not-accepted"},
    {"content not granted", "S: 354", "S: 554", "it comes to: "},
    {"another command", "C: RCPT TO:<anna@", "C: RCPT TO:<bert@",
     "the client says: RCPT TO:<anna@"},
    {"a command left out", "C: DATA\n", "", "\"S: 354 go on\": the client says: DATA"},
    {"a reply left out", "S: 250 2.1.0 Ok\n", "", "nothing leads to that"},
    {"a login refused", "S: 235 2.7.0 ok", "S: 535 5.7.8 no", "LOGIN_ENDED"},
    {"one challenge more", "S: 334 ***\n", "S: 334 ***\nC: ***\nS: 334 ***\n", NULL},
    {"a login that is not answered", "S: 334 ***\nC: ***\nS: 334 ***\nC: ***\n", "S: 334 ***\n",
     "LOGIN_ENDED"},
    {"PIPELINING offered", "S: 250 AUTH", "S: 250-PIPELINING\nS: 250 AUTH",
     "the client says: RCPT"},
    {"another outcome", "name=ACCEPTED", "name=UNKNOWN", "it comes to: RECIPIENT"},
    {"no end", "N: CLOSED", "M: CLOSED", NULL},
    {"no engine", "N: STARTED", "M: STARTED", "no engine is started"},
    {"a message submitted twice", "N: READY\n",
     "N: READY\nN: SUBMITTED message=1 name=message number=46 total=1: <app@client.example>\n",
     "told twice"},
    {"a connection in clear", "name=verified", "name=clear", "nothing leads to that"},
};

static void check_row(void **state)
{
    const struct row *row = *state;
    char text[8192];
    char why[REPLAY_WHY_LEN] = "";
    const char *at = strstr(transcript, row->from);
    assert_non_null(at);
    int len = snprintf(text, sizeof text, "%.*s%s%s", (int)(at - transcript), transcript, row->to,
                       at + strlen(row->from));
    struct replay *replay = replay_load(text, (size_t)len, why);
    bool equal = replay && replay_run(replay, why);
    replay_free(replay);
    if (!row->want && !equal)
        fail_msg("%s", why);
    if (row->want && (equal || !strstr(why, row->want)))
        fail_msg("\"%s\" is not in: %s", row->want, equal ? "(it is the same)" : why);
}

int main(void)
{
    static struct CMUnitTest tests[30];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, rows, check_row);
    return UNIT_RUN(tests, n_tests);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The least that a limiter in SQLite can be: an immediate transaction that reads the row of a
 * sender, as long as ours, and writes it back changed, with the same journal and the same care.
 */
#include "limiter.h"
#include "measure.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

const char bench_name[] = "sqlite_limiter";

enum { BEGIN, READ, INSERT, UPDATE, COMMIT, N_STATEMENTS, STATE_LEN = 160 };

static const char *const texts[N_STATEMENTS] = {
    "BEGIN IMMEDIATE",
    "SELECT state FROM bare WHERE sender = ?1",
    "INSERT INTO bare (sender, state) VALUES (?1, ?2)",
    "UPDATE bare SET state = ?2 WHERE sender = ?1",
    "COMMIT",
};

struct bare {
    sqlite3 *database;
    sqlite3_stmt *statements[N_STATEMENTS];
};

void *limiter_open(const char *where, int64_t limit, unsigned long n_senders)
{
    struct bare *bare = calloc(1, sizeof *bare);
    (void)limit;
    (void)n_senders;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    bench_need(bare && sqlite3_open_v2(where, &bare->database, flags, NULL) == SQLITE_OK, where);
    sqlite3_busy_timeout(bare->database, 10000);
    bench_need(sqlite3_exec(bare->database,
                            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                            "CREATE TABLE IF NOT EXISTS bare"
                            " (sender TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID",
                            NULL, NULL, NULL) == SQLITE_OK,
               "table");
    for (int i = 0; i < N_STATEMENTS; i++)
        bench_need(sqlite3_prepare_v3(bare->database, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                      &bare->statements[i], NULL) == SQLITE_OK,
                   texts[i]);
    return bare;
}

void *limiter_worker_new(void *handle)
{
    return handle;
}

static int run(sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    sqlite3_reset(statement);
    return code;
}

void limiter_decide(void *worker, const char *sender)
{
    const struct bare *bare = worker;
    unsigned char state[STATE_LEN] = {0};
    bench_need(run(bare->statements[BEGIN]) == SQLITE_DONE, "BEGIN");
    sqlite3_stmt *read = bare->statements[READ];
    sqlite3_bind_text(read, 1, sender, -1, SQLITE_STATIC);
    bool found = sqlite3_step(read) == SQLITE_ROW;
    if (found)
        memcpy(state, sqlite3_column_blob(read, 0), STATE_LEN);
    sqlite3_reset(read);
    state[0]++;
    sqlite3_stmt *write = bare->statements[found ? UPDATE : INSERT];
    sqlite3_bind_text(write, 1, sender, -1, SQLITE_STATIC);
    sqlite3_bind_blob(write, 2, state, STATE_LEN, SQLITE_STATIC);
    bench_need(run(write) == SQLITE_DONE, "writing");
    bench_need(run(bare->statements[COMMIT]) == SQLITE_DONE, "COMMIT");
}

void limiter_worker_free(void *worker)
{
    (void)worker;
}

void limiter_close(void *handle)
{
    struct bare *bare = handle;
    for (int i = 0; i < N_STATEMENTS; i++)
        sqlite3_finalize(bare->statements[i]);
    sqlite3_close(bare->database);
    free(bare);
}

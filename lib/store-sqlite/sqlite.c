/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Written against the public table alone. A decision is one immediate transaction: read a row,
 * change it, write it. What is refused is rolled back and writes nothing.
 *
 * An SQLite connection does not survive a fork, not even its closing: a child leaves the parent's
 * alone and opens one of its own.
 */
#include <mailsub/sqlite.h>

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mailsub/error.h>

#define BUSY_MS 10000

enum statement { BEGIN, READ, WRITE, COMMIT, ROLLBACK, N_STATEMENTS };

static const char *const texts[N_STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [READ] = "SELECT state FROM mailsub_limits WHERE sender = ?1",
    [WRITE] = ("INSERT INTO mailsub_limits (sender, state) VALUES (?1, ?2)"
               " ON CONFLICT (sender) DO UPDATE SET state = excluded.state"),
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
};

typedef struct sqlite_store {
    char *path;
    pid_t pid;
    pthread_mutex_t lock;
    sqlite3 *database;
    sqlite3_stmt *statements[N_STATEMENTS];
} sqlite_store;

static int error_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return MAILSUB_OK;
    case SQLITE_NOMEM:
        return MAILSUB_E_NOMEM;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return MAILSUB_E_STORE_DAMAGED;
    default:
        return MAILSUB_E_STORE;
    }
}

static void detach(sqlite_store *store)
{
    for (int i = 0; i < N_STATEMENTS; i++) {
        sqlite3_finalize(store->statements[i]);
        store->statements[i] = NULL;
    }
    sqlite3_close(store->database);
    store->database = NULL;
}

static int read_number(sqlite3 *database, const char *text, int64_t *out)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(database, text, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *out = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return error_of(code);
}

static int prepare(sqlite_store *store)
{
    int64_t n_pages = 0;
    int rc = read_number(store->database, "PRAGMA page_count", &n_pages);
    if (rc)
        return rc;
    if (n_pages == 0)
        sqlite3_exec(store->database, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
    int code = sqlite3_exec(store->database,
                            "PRAGMA synchronous = FULL;"
                            "CREATE TABLE IF NOT EXISTS mailsub_limits"
                            " (sender TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID",
                            NULL, NULL, NULL);
    for (int i = 0; i < N_STATEMENTS && code == SQLITE_OK; i++)
        code = sqlite3_prepare_v3(store->database, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                  &store->statements[i], NULL);
    return error_of(code);
}

static int attach(sqlite_store *store)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int code = sqlite3_open_v2(store->path, &store->database, flags, NULL);
    int rc = error_of(code);
    if (rc == MAILSUB_OK) {
        sqlite3_busy_timeout(store->database, BUSY_MS);
        rc = prepare(store);
    }
    if (rc)
        detach(store);
    return rc;
}

static int run(sqlite_store *store, enum statement which)
{
    int code = sqlite3_step(store->statements[which]);
    sqlite3_reset(store->statements[which]);
    return error_of(code);
}

static int change_row(sqlite_store *store, const char *key, mailsub_store_change_fn change,
                      void *change_context, bool *out_written)
{
    sqlite3_stmt *read = store->statements[READ];
    mailsub_store_state state = {.size = sizeof state, .now_ms = -1, .unknown_ms = -1};
    mailsub_store_change made = {.size = sizeof made};
    sqlite3_bind_text(read, 1, key, -1, SQLITE_STATIC);
    int code = sqlite3_step(read);
    if (code == SQLITE_ROW) {
        state.data = sqlite3_column_blob(read, 0);
        state.len = (size_t)sqlite3_column_bytes(read, 0);
    }
    int rc = error_of(code);
    if (rc == MAILSUB_OK)
        rc = change(change_context, &state, &made);
    sqlite3_reset(read);
    if (rc || !made.write)
        return rc;
    sqlite3_stmt *write = store->statements[WRITE];
    sqlite3_bind_text(write, 1, key, -1, SQLITE_STATIC);
    sqlite3_bind_blob(write, 2, made.data, (int)made.len, SQLITE_STATIC);
    rc = run(store, WRITE);
    sqlite3_clear_bindings(write);
    *out_written = rc == MAILSUB_OK;
    return rc;
}

static int update_locked(sqlite_store *store, const char *key, mailsub_store_change_fn change,
                         void *change_context)
{
    int rc = store->database ? MAILSUB_OK : attach(store);
    if (rc == MAILSUB_OK)
        rc = run(store, BEGIN);
    if (rc)
        return rc;
    bool written = false;
    rc = change_row(store, key, change, change_context, &written);
    if (rc == MAILSUB_OK && written)
        rc = run(store, COMMIT);
    if (rc || !written)
        run(store, ROLLBACK);
    return rc;
}

/* In a child: another thread of the parent may have held the lock. */
static void forget_parent(sqlite_store *store)
{
    pthread_mutex_init(&store->lock, NULL);
    store->database = NULL;
    memset(store->statements, 0, sizeof store->statements);
    store->pid = getpid();
}

static int update(void *context, const char *key, const mailsub_instant *now,
                  mailsub_store_change_fn change, void *change_context)
{
    sqlite_store *store = context;
    (void)now;
    if (store->pid != getpid())
        forget_parent(store);
    pthread_mutex_lock(&store->lock);
    int rc = update_locked(store, key, change, change_context);
    pthread_mutex_unlock(&store->lock);
    return rc;
}

static void close_store(void *context)
{
    sqlite_store *store = context;
    if (store->pid == getpid())
        detach(store);
    pthread_mutex_destroy(&store->lock);
    free(store->path);
    free(store);
}

int mailsub_sqlite_store(const char *url, mailsub_store *out_store)
{
    static const char prefix[] = "sqlite:/";
    if (!url || !out_store)
        return MAILSUB_E_INVALID;
    const char *path = url + sizeof prefix - 2;
    if (strncmp(url, prefix, sizeof prefix - 1) != 0 || path[1] == '/' || path[1] == '\0')
        return MAILSUB_E_URL;
    sqlite_store *store = calloc(1, sizeof *store);
    if (!store)
        return MAILSUB_E_NOMEM;
    store->pid = getpid();
    pthread_mutex_init(&store->lock, NULL);
    store->path = strdup(path);
    int rc = store->path ? attach(store) : MAILSUB_E_NOMEM;
    if (rc) {
        close_store(store);
        return rc;
    }
    *out_store = (mailsub_store){
        .size = sizeof *out_store, .context = store, .update = update, .close = close_store};
    return MAILSUB_OK;
}

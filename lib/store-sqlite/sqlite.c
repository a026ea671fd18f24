/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Written against the public table alone. A decision is one immediate transaction: read a row,
 * change it, write it. What is refused is rolled back and writes nothing.
 *
 * Rows that no window needs any more are deleted: a new sender looks at two old ones, behind those
 * that the one before looked at. A row says by both clocks when it was written, and for how long it
 * counts; like the limiter itself, nobody believes the calendar while the steady clock is the same.
 *
 * An SQLite connection does not survive a fork, not even its closing: a child leaves the parent's
 * alone and opens one of its own.
 */
#include <mailsub/sqlite.h>

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mailsub/error.h>

#define BUSY_MS 10000

/* No sender has this name. The row holds the one that was looked at last. */
#define CURSOR ""

enum statement { BEGIN, READ, INSERT, UPDATE, COMMIT, ROLLBACK, FIND_OLD, DELETE, N_STATEMENTS };

static const char *const texts[N_STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [READ] = "SELECT state FROM mailsub_limits WHERE sender = ?1",
    [INSERT] = ("INSERT INTO mailsub_limits"
                " (sender, state, steady_id, steady_ms, unix_ms, idle_ms)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6)"),
    [UPDATE] = ("UPDATE mailsub_limits SET state = ?2, steady_id = ?3, steady_ms = ?4,"
                " unix_ms = ?5, idle_ms = ?6 WHERE sender = ?1"),
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    /* The two behind a sender, and whether they count no more. */
    [FIND_OLD] = ("SELECT sender, CASE WHEN steady_id = ?2 AND ?2 <> 0 THEN ?3 - steady_ms"
                  " ELSE ?4 - unix_ms END > idle_ms"
                  " FROM mailsub_limits WHERE sender > ?1 ORDER BY sender LIMIT 2"),
    [DELETE] = "DELETE FROM mailsub_limits WHERE sender = ?1",
};

typedef struct sqlite_store {
    char *path;
    pid_t pid;
    pthread_mutex_t lock;
    sqlite3 *database;
    sqlite3_stmt *statements[N_STATEMENTS];
} sqlite_store;

struct call {
    const char *key;
    const mailsub_instant *now;
    mailsub_store_change_fn change;
    void *context;
};

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
                            " (sender TEXT PRIMARY KEY, state BLOB NOT NULL,"
                            " steady_id INTEGER NOT NULL, steady_ms INTEGER NOT NULL,"
                            " unix_ms INTEGER NOT NULL, idle_ms INTEGER NOT NULL) WITHOUT ROWID",
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

/* ---- rows ---- */

/* What a row holds, when it was written, and for how long it counts. */
struct content {
    const void *data;
    size_t len;
    mailsub_instant now;
    int64_t idle_ms;
};

/* how is INSERT or UPDATE. */
static int write_row(sqlite_store *store, enum statement how, const char *key,
                     const struct content *content)
{
    sqlite3_stmt *write = store->statements[how];
    sqlite3_bind_text(write, 1, key, -1, SQLITE_STATIC);
    sqlite3_bind_blob(write, 2, content->data, (int)content->len, SQLITE_STATIC);
    sqlite3_bind_int64(write, 3, (sqlite3_int64)content->now.steady_id);
    sqlite3_bind_int64(write, 4, content->now.steady_ms);
    sqlite3_bind_int64(write, 5, content->now.unix_ms);
    sqlite3_bind_int64(write, 6, content->idle_ms);
    int rc = run(store, how);
    sqlite3_clear_bindings(write);
    return rc;
}

static int delete_row(sqlite_store *store, const char *sender)
{
    sqlite3_bind_text(store->statements[DELETE], 1, sender, -1, SQLITE_STATIC);
    int rc = run(store, DELETE);
    sqlite3_clear_bindings(store->statements[DELETE]);
    return rc;
}

/* Read the octets of a key; it lasts until READ is reset. */
static int read_row(sqlite_store *store, const char *key, const void **out_data, size_t *out_len)
{
    sqlite3_stmt *read = store->statements[READ];
    sqlite3_bind_text(read, 1, key, -1, SQLITE_STATIC);
    int code = sqlite3_step(read);
    *out_len = 0;
    if (code == SQLITE_ROW) {
        const void *data = sqlite3_column_blob(read, 0);
        *out_data = data ? data : ""; /* SQLite has no pointer to an empty one */
        *out_len = (size_t)sqlite3_column_bytes(read, 0);
    }
    return error_of(code);
}

/* *out_how: how it is to be written. */
static int load_cursor(sqlite_store *store, char out[MAILSUB_MAX_STORE_KEY + 1],
                       enum statement *out_how)
{
    const void *data = NULL;
    size_t len = 0;
    int rc = read_row(store, CURSOR, &data, &len);
    *out_how = data ? UPDATE : INSERT;
    if (len > MAILSUB_MAX_STORE_KEY)
        len = 0;
    memcpy(out, len > 0 ? data : "", len);
    out[len] = '\0';
    sqlite3_reset(store->statements[READ]);
    return rc;
}

static int save_cursor(sqlite_store *store, enum statement how, const char *cursor)
{
    const struct content content = {.data = cursor, .len = strlen(cursor), .idle_ms = INT64_MAX};
    return write_row(store, how, CURSOR, &content);
}

/* Look at two old rows; at the end of the table the cursor goes back to its beginning. */
static int prune(sqlite_store *store, const mailsub_instant *now)
{
    char names[2][MAILSUB_MAX_STORE_KEY + 1];
    bool old[2] = {false, false};
    int n = 0;
    char cursor[MAILSUB_MAX_STORE_KEY + 1];
    enum statement how;
    int rc = load_cursor(store, cursor, &how);
    if (rc)
        return rc;
    sqlite3_stmt *find = store->statements[FIND_OLD];
    sqlite3_bind_text(find, 1, cursor, -1, SQLITE_STATIC);
    sqlite3_bind_int64(find, 2, (sqlite3_int64)now->steady_id);
    sqlite3_bind_int64(find, 3, now->steady_ms);
    sqlite3_bind_int64(find, 4, now->unix_ms);
    int code = SQLITE_ROW;
    while (n < 2 && (code = sqlite3_step(find)) == SQLITE_ROW) {
        snprintf(names[n], sizeof names[n], "%s", (const char *)sqlite3_column_text(find, 0));
        old[n++] = sqlite3_column_int(find, 1) != 0;
    }
    sqlite3_reset(find);
    rc = error_of(code);
    for (int i = 0; i < n && rc == MAILSUB_OK; i++)
        rc = old[i] ? delete_row(store, names[i]) : MAILSUB_OK;
    return rc ? rc : save_cursor(store, how, n == 2 ? names[1] : CURSOR);
}

static int change_row(sqlite_store *store, const struct call *call, bool *out_written)
{
    mailsub_store_state state = {.size = sizeof state, .now_ms = -1, .unknown_ms = -1};
    mailsub_store_change made = {.size = sizeof made};
    int rc = read_row(store, call->key, &state.data, &state.len);
    if (rc == MAILSUB_OK)
        rc = call->change(call->context, &state, &made);
    sqlite3_reset(store->statements[READ]);
    if (rc || !made.write)
        return rc;
    const struct content content = {made.data, made.len, *call->now, made.idle_ms};
    rc = write_row(store, state.data ? UPDATE : INSERT, call->key, &content);
    if (rc == MAILSUB_OK && state.len == 0)
        rc = prune(store, call->now);
    *out_written = rc == MAILSUB_OK;
    return rc;
}

/* ---- the store ---- */

static int update_locked(sqlite_store *store, const struct call *call)
{
    int rc = store->database ? MAILSUB_OK : attach(store);
    if (rc == MAILSUB_OK)
        rc = run(store, BEGIN);
    if (rc)
        return rc;
    bool written = false;
    rc = change_row(store, call, &written);
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
    const struct call call = {key, now, change, change_context};
    if (store->pid != getpid())
        forget_parent(store);
    pthread_mutex_lock(&store->lock);
    int rc = update_locked(store, &call);
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

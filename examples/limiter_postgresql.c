/* SPDX-License-Identifier: 0BSD */
/*
 * A store of one's own for the limiter: in PostgreSQL, by libpq, written against the public table
 * in <mailsub/store.h>. The whole of it is one transaction that reads a row, hands its octets to
 * the library, which decides, and writes back what it says.
 *
 *   limiter_postgresql CONNINFO SENDER N    asks for N recipients, 250 in 24 hours at most
 *
 * Two of these transactions on one sender must not overlap, and both may find no row yet: so it is
 * a lock on the sender's name that keeps them apart, not one on the row. The server's clock counts,
 * for all machines that share it. Rows that count no more are deleted, two with each new sender.
 */
#include <mailsub/mailsub.h>

#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Fill in *out_store, for mailsub_limiter_new_with_store. Without server_clock the time of the
   requests counts: for tests. MAILSUB_E_STORE: the server is not there, or refuses. */
int postgresql_store(const char *conninfo, int server_clock, mailsub_store *out_store);

struct postgresql {
    char *conninfo;
    int server_clock;
    pid_t pid;
    pthread_mutex_t lock; /* one connection, one transaction at a time */
    PGconn *connection;
};

static const char setup[] =
    "SET client_min_messages = warning;"
    "SELECT pg_advisory_lock(hashtext('mailsub_limits'));" /* two that begin at the same time */
    "CREATE TABLE IF NOT EXISTS mailsub_limits"
    " (sender bytea PRIMARY KEY, state bytea NOT NULL, idle_at bigint NOT NULL);"
    "CREATE INDEX IF NOT EXISTS mailsub_limits_idle ON mailsub_limits (idle_at);"
    "SELECT pg_advisory_unlock(hashtext('mailsub_limits'))";

#define NOW "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"

static const char *const statements[][2] = {
    {"lock", "SELECT pg_advisory_xact_lock(hashtextextended(encode($1::bytea, 'hex'), 0))"},
    {"read", "SELECT state, " NOW " FROM (SELECT 1) AS one"
             " LEFT JOIN mailsub_limits ON sender = $1::bytea"},
    {"write", "INSERT INTO mailsub_limits (sender, state, idle_at)"
              " VALUES ($1::bytea, $2::bytea, " NOW " + $3::bigint)"
              " ON CONFLICT (sender) DO UPDATE"
              " SET state = excluded.state, idle_at = excluded.idle_at"},
    {"prune", "DELETE FROM mailsub_limits WHERE sender IN (SELECT sender FROM mailsub_limits"
              " WHERE idle_at < " NOW " ORDER BY idle_at LIMIT 2 FOR UPDATE SKIP LOCKED)"},
};

/* ---- the connection ---- */

static int end(PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? MAILSUB_OK : MAILSUB_E_STORE;
}

static int attach(struct postgresql *own)
{
    if (own->connection && PQstatus(own->connection) == CONNECTION_OK)
        return MAILSUB_OK;
    PQfinish(own->connection);
    own->connection = PQconnectdb(own->conninfo);
    int rc = PQstatus(own->connection) == CONNECTION_OK ? end(PQexec(own->connection, setup))
                                                        : MAILSUB_E_STORE;
    for (size_t i = 0; i < sizeof statements / sizeof statements[0] && rc == MAILSUB_OK; i++)
        rc = end(PQprepare(own->connection, statements[i][0], statements[i][1], 0, NULL));
    if (rc) {
        PQfinish(own->connection);
        own->connection = NULL;
    }
    return rc;
}

/* ---- the transaction ---- */

struct octets {
    const void *data;
    size_t len;
};

/* Run a statement; names of senders and states go as they are, in binary. */
static PGresult *run(struct postgresql *own, const char *statement, const struct octets *values,
                     int n)
{
    const char *data[3];
    int lens[3], formats[3];
    for (int i = 0; i < n; i++) {
        data[i] = values[i].data;
        lens[i] = (int)values[i].len;
        formats[i] = 1;
    }
    return PQexecPrepared(own->connection, statement, n, data, lens, formats, 1);
}

/* Numbers of PostgreSQL have their largest octet first. */
static int64_t get_number(const char *octets)
{
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | (unsigned char)octets[i];
    return (int64_t)number;
}

static int write_row(struct postgresql *own, struct octets key, const mailsub_store_change *change)
{
    unsigned char idle[8];
    for (int i = 0; i < 8; i++)
        idle[i] = (unsigned char)((uint64_t)change->idle_ms >> (56 - 8 * i));
    const struct octets values[] = {key, {change->data, change->len}, {idle, sizeof idle}};
    return end(run(own, "write", values, 3));
}

struct request {
    struct octets key;
    mailsub_store_change_fn change;
    void *context;
};

/* Between BEGIN and COMMIT. */
static int change_row(struct postgresql *own, const struct request *request)
{
    mailsub_store_state state = {.size = sizeof state, .now_ms = -1, .unknown_ms = -1};
    mailsub_store_change change = {.size = sizeof change};
    int rc = end(run(own, "lock", &request->key, 1));
    if (rc)
        return rc;
    PGresult *row = run(own, "read", &request->key, 1);
    if (PQresultStatus(row) != PGRES_TUPLES_OK || PQntuples(row) != 1) {
        PQclear(row);
        return MAILSUB_E_STORE;
    }
    int is_new = PQgetisnull(row, 0, 0);
    if (!is_new) {
        state.data = PQgetvalue(row, 0, 0);
        state.len = (size_t)PQgetlength(row, 0, 0);
    }
    if (own->server_clock)
        state.now_ms = get_number(PQgetvalue(row, 0, 1));
    rc = request->change(request->context, &state, &change);
    PQclear(row);
    if (rc == MAILSUB_OK && change.write)
        rc = write_row(own, request->key, &change);
    if (rc == MAILSUB_OK && change.write && is_new && own->server_clock)
        rc = end(run(own, "prune", NULL, 0));
    return rc;
}

static int update_locked(struct postgresql *own, const struct request *request)
{
    int rc = attach(own);
    if (rc == MAILSUB_OK && end(PQexec(own->connection, "BEGIN"))) {
        rc = attach(own); /* it was lost since the last time: once more, on a new one */
        if (rc == MAILSUB_OK)
            rc = end(PQexec(own->connection, "BEGIN"));
    }
    if (rc)
        return rc;
    rc = change_row(own, request);
    if (rc) {
        PQclear(PQexec(own->connection, "ROLLBACK"));
        return rc;
    }
    /* When the answer to this is lost, it may have been counted: against the sender. */
    return end(PQexec(own->connection, "COMMIT"));
}

/* ---- the table ---- */

static int update(void *context, const char *key, const mailsub_instant *now,
                  mailsub_store_change_fn change, void *change_context)
{
    struct postgresql *own = context;
    const struct request request = {{key, strlen(key)}, change, change_context};
    (void)now;
    if (own->pid != getpid()) { /* a child of a fork: the connection is the parent's */
        pthread_mutex_init(&own->lock, NULL);
        own->connection = NULL;
        own->pid = getpid();
    }
    pthread_mutex_lock(&own->lock);
    int rc = update_locked(own, &request);
    pthread_mutex_unlock(&own->lock);
    return rc;
}

static void close_store(void *context)
{
    struct postgresql *own = context;
    if (own->pid == getpid())
        PQfinish(own->connection);
    pthread_mutex_destroy(&own->lock);
    free(own->conninfo);
    free(own);
}

int postgresql_store(const char *conninfo, int server_clock, mailsub_store *out_store)
{
    struct postgresql *own = calloc(1, sizeof *own);
    if (!own)
        return MAILSUB_E_NOMEM;
    own->server_clock = server_clock;
    own->pid = getpid();
    pthread_mutex_init(&own->lock, NULL);
    own->conninfo = strdup(conninfo);
    int rc = own->conninfo ? attach(own) : MAILSUB_E_NOMEM;
    if (rc) {
        close_store(own);
        return rc;
    }
    *out_store = (mailsub_store){
        .size = sizeof *out_store, .context = own, .update = update, .close = close_store};
    return MAILSUB_OK;
}

int main(int argc, char **argv)
{
    mailsub_store store;
    mailsub_limiter *limiter = NULL;
    mailsub_ticket *ticket = NULL;
    if (argc != 4)
        return 64;
    int rc = postgresql_store(argv[1], 1, &store);
    if (rc == MAILSUB_OK) {
        rc = mailsub_limiter_new_with_store(NULL, &store, &limiter);
        if (rc)
            store.close(store.context);
    }
    if (rc == MAILSUB_OK)
        rc = mailsub_limiter_add_rule(limiter, NULL, 250, 24LL * 60 * 60 * 1000, 0);
    if (rc == MAILSUB_OK)
        rc = mailsub_ticket_new(NULL, &ticket);
    if (rc == MAILSUB_OK)
        rc = mailsub_limiter_reserve(limiter, argv[2], atoll(argv[3]), NULL, ticket);
    printf("%s\n", mailsub_error_name(rc));
    if (rc == MAILSUB_E_RATE_LIMITED)
        printf("ask again in %lld s\n", (long long)mailsub_ticket_get_retry_after(ticket) / 1000);
    mailsub_ticket_free(ticket);
    mailsub_limiter_unref(limiter);
    return mailsub_error_sysexit(rc);
}

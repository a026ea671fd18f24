/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine with a server that says anything at any time. The first octet chooses the settings,
 * the others are the server's, save for those that stand for acts of the owner and the network:
 *   0xff all output goes, 0xfe some of it, 0xfd the next step of the owner, 0xfc time passes,
 *   0xfb the connection is lost. Behind each line of the server, all output goes, unless a setting
 *   says otherwise; so a plain text of a server plays a whole session.
 *
 * Invariants: octets fed one by one lead to the same end; no secret is in the transcript; no octet
 * of content leaves before a 3yz reply was fed behind DATA, or outside the length of a BDAT; each
 * recipient of each message ends with one outcome, accepted or unknown for no more messages than
 * contents were sent to their ends, and accepted only when a 2yz was fed behind one; CLOSED comes
 * once.
 */
#include <string.h>

#include "fuzz.h"

#include "smtp/engine.h"

enum { N_PARCELS = 6, N_RECIPIENTS = 3 };

static const char password[] = "Tr0ub4dor&3";
static const char token[] = "t0k.EN-secret";
static const char in_base64[] = "VHIwdWI0ZG9yJjM="; /* the password */
static const char in_plain[] = "AGFsaWNlAFRyMHViNGRvciYz";
static const char content[] = "Zeta: not in any command\r\n\r\n.Zeta\r\nZeta\r\n";

struct parcel {
    mailsub__transaction transaction;
    mailsub__verdict verdicts[N_RECIPIENTS];
    size_t source_at;
    bool done;
};

/* What the stream of all that was sent is in the middle of. */
enum mode { LINE, CHUNK, CONTENT };

struct world {
    mailsub__engine *engine;
    struct parcel parcels[N_PARCELS];
    size_t n_submitted;
    size_t n_done;
    mailsub__slice recipients[N_RECIPIENTS];
    int64_t now_ms;
    bool one_by_one;
    bool lazy; /* output goes only when the input says so */
    bool ready;
    bool login;
    bool said_base64;
    bool said_plain;
    unsigned n_closed;

    char sent[16 * 1024]; /* the last of it */
    size_t n_sent;
    enum mode mode;
    char told[64]; /* the start of the line being sent */
    size_t told_len;
    char last_told[8]; /* and of the last whole one, where it was a command */
    size_t chunk_left;
    bool last_chunk;
    size_t n_ends; /* contents sent to their ends */
    bool taken;    /* a line 2yz was fed behind one */
    char line[8];  /* the start of the line being fed */
    size_t line_len;
    uint64_t hash; /* of the transcript */
};

static int read_content(void *context, char *out, size_t room, size_t *out_len)
{
    struct parcel *parcel = context;
    size_t len = sizeof content - 1 - parcel->source_at;
    len = len < room ? len : room;
    memcpy(out, content + parcel->source_at, len);
    parcel->source_at += len;
    *out_len = len;
    return MAILSUB_OK;
}

static int reopen(mailsub__transaction *transaction)
{
    struct parcel *parcel = transaction->content.context;
    parcel->source_at = 0;
    return MAILSUB_OK;
}

static void check_line(void *context, int direction, const char *line, size_t len)
{
    struct world *world = context;
    bool ours = direction != MAILSUB_TRANSCRIPT_SERVER;
    /* A fuzzer can guess these; an echo needs something to have been said. */
    bool said = world->login && (world->said_base64 || world->said_plain);
    FUZZ_CHECK(!(ours || said) || !memmem(line, len, password, sizeof password - 1));
    FUZZ_CHECK(!ours || !memmem(line, len, token, sizeof token - 1));
    FUZZ_CHECK(!(ours || world->said_base64) ||
               !memmem(line, len, in_base64, sizeof in_base64 - 1));
    FUZZ_CHECK(!(ours || world->said_plain) || !memmem(line, len, in_plain, sizeof in_plain - 1));
    FUZZ_CHECK(!ours || !memmem(line, len, "Zeta", 4));
    FUZZ_CHECK(!memchr(line, '\n', len) && !memchr(line, '\r', len));
    for (size_t i = 0; i < len; i++)
        world->hash = (world->hash ^ (uint8_t)line[i]) * UINT64_C(1099511628211);
}

/* "a+NAME@example.org": by the recipient's first octet. */
static int name_recipient(mailsub__slice sender, mailsub__slice recipient, char *out,
                          size_t *out_len)
{
    out[0] = sender.ptr[0];
    out[1] = '+';
    out[2] = recipient.ptr[0];
    memcpy(out + 3, sender.ptr + 1, sender.len - 1);
    *out_len = sender.len + 2;
    return MAILSUB_OK;
}

/* Every other message has a sender for each of its recipients. */
static void submit(struct world *world)
{
    if (world->n_submitted == N_PARCELS)
        return;
    struct parcel *parcel = &world->parcels[world->n_submitted++];
    bool names = world->n_submitted % 2 == 0;
    parcel->transaction = (mailsub__transaction){
        .sender = mailsub__slice_str("a@example.org"),
        .recipients = world->recipients,
        .n_recipients = N_RECIPIENTS,
        .sender_for = names ? name_recipient : NULL,
        .size = sizeof content - 1,
        .content = {parcel, read_content},
        .reopen = reopen,
        .verdicts = parcel->verdicts,
    };
    mailsub__engine_submit(world->engine, &parcel->transaction, world->now_ms);
}

static void note_done(struct world *world)
{
    for (size_t i = 0; i < world->n_submitted; i++) {
        struct parcel *parcel = &world->parcels[i];
        if (&parcel->transaction != mailsub__engine_done(world->engine))
            continue;
        FUZZ_CHECK(!parcel->done);
        parcel->done = true;
        world->n_done++;
    }
}

static void take_events(struct world *world)
{
    for (;;) {
        switch (mailsub__engine_next_event(world->engine)) {
        case MAILSUB__EVENT_NONE:
            return;
        case MAILSUB__EVENT_STARTTLS:
            mailsub__engine_tls_started(world->engine, MAILSUB__TLS_VERIFIED, world->now_ms);
            break;
        case MAILSUB__EVENT_READY:
            world->ready = true;
            submit(world);
            break;
        case MAILSUB__EVENT_DONE:
            note_done(world);
            break;
        case MAILSUB__EVENT_CLOSED:
            world->n_closed++;
            world->ready = false;
            break;
        }
    }
}

/* A line has been sent in whole: a command, or one of the content by DATA. */
static void note_line(struct world *world)
{
    bool command = world->mode == LINE;
    world->told[world->told_len] = '\0';
    FUZZ_CHECK(!command || !strstr(world->told, "Zeta"));
    memset(world->last_told, 0, sizeof world->last_told);
    if (command && strncmp(world->told, "BDAT ", 5) == 0) {
        world->chunk_left = strtoul(world->told + 5, NULL, 10);
        world->last_chunk = strstr(world->told, " LAST\r\n") != NULL;
        world->n_ends += world->chunk_left == 0 && world->last_chunk;
        world->mode = world->chunk_left > 0 ? CHUNK : LINE;
    } else if (command) {
        memcpy(world->last_told, world->told, sizeof world->last_told - 1);
    } else if (strcmp(world->told, ".\r\n") == 0) {
        world->mode = LINE;
        world->n_ends++;
    }
    world->told_len = 0;
}

static void note_octet(struct world *world, char c)
{
    if (world->mode == CHUNK) {
        if (--world->chunk_left > 0)
            return;
        world->mode = LINE;
        world->n_ends += world->last_chunk;
        return;
    }
    if (world->told_len < sizeof world->told - 1)
        world->told[world->told_len++] = c;
    if (c == '\n')
        note_line(world);
}

static void note_sent(struct world *world, mailsub__slice out)
{
    for (size_t i = 0; i < out.len; i++)
        note_octet(world, out.ptr[i]);
    size_t room = sizeof world->sent - world->n_sent;
    if (out.len > room) {
        size_t keep = sizeof world->sent / 4;
        memmove(world->sent, world->sent + world->n_sent - keep, keep);
        world->n_sent = keep;
        room = sizeof world->sent - keep;
    }
    size_t len = out.len < room ? out.len : room;
    memcpy(world->sent + world->n_sent, out.ptr, len);
    world->n_sent += len;
    if (memmem(world->sent, world->n_sent, in_base64, sizeof in_base64 - 1))
        world->said_base64 = true;
    if (memmem(world->sent, world->n_sent, in_plain, sizeof in_plain - 1))
        world->said_plain = true;
}

static void let_go(struct world *world, size_t max)
{
    while (max > 0) {
        mailsub__slice out = mailsub__engine_peek_output(world->engine, world->now_ms);
        out.len = out.len < max ? out.len : max;
        if (out.len == 0)
            break;
        max -= out.len;
        note_sent(world, out);
        mailsub__engine_ack_output(world->engine, out.len, world->now_ms);
        take_events(world);
    }
    take_events(world);
}

/* What the lines of the server can mean, seen from outside. */
static void note_fed(struct world *world, char c)
{
    if (c == '\n') {
        if (strcmp(world->last_told, "DATA\r\n") == 0 && world->line[0] == '3')
            world->mode = CONTENT;
        world->taken |= world->n_ends > 0 && world->line[0] == '2';
        world->line_len = 0;
        world->line[0] = '\0';
    } else if (world->line_len < sizeof world->line) {
        world->line[world->line_len++] = c;
    }
}

static void feed(struct world *world, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        note_fed(world, (char)data[i]);
    size_t piece = world->one_by_one ? 1 : len;
    for (size_t at = 0; at < len; at += piece) {
        char *exact = fuzz_alloc(piece);
        memcpy(exact, data + at, piece);
        mailsub__engine_feed(world->engine, exact, piece, world->now_ms);
        free(exact);
    }
    take_events(world);
    if (!world->lazy && len > 0 && data[len - 1] == '\n')
        let_go(world, SIZE_MAX);
}

static void act(struct world *world, uint8_t what)
{
    if (what == 0xff) {
        let_go(world, SIZE_MAX);
    } else if (what == 0xfe) {
        let_go(world, 7);
    } else if (what == 0xfd && world->ready) {
        submit(world);
    } else if (what == 0xfc) {
        world->now_ms += 400;
        mailsub__engine_expire(world->engine, world->now_ms);
    } else if (what == 0xfb && world->ready && world->n_done == world->n_submitted) {
        world->ready = false;
        mailsub__engine_quit(world->engine, world->now_ms);
    } else if (what == 0xfb) {
        mailsub__engine_lost(world->engine, MAILSUB_E_CONNECTION_LOST, world->now_ms);
    }
    take_events(world);
}

/* True when some recipient may have got it. */
static bool check_parcel(const struct world *world, const struct parcel *parcel)
{
    bool perhaps = false;
    FUZZ_CHECK(parcel->done);
    for (size_t i = 0; i < N_RECIPIENTS; i++) {
        const mailsub__verdict *verdict = &parcel->verdicts[i];
        bool accepted = verdict->outcome == MAILSUB_OUTCOME_ACCEPTED;
        bool unknown = verdict->outcome == MAILSUB_OUTCOME_UNKNOWN;
        FUZZ_CHECK(verdict->outcome >= 0 && verdict->outcome < MAILSUB_OUTCOME_END_);
        FUZZ_CHECK(accepted == (verdict->code == MAILSUB_OK));
        FUZZ_CHECK(unknown == (verdict->code == MAILSUB_E_UNKNOWN_OUTCOME));
        FUZZ_CHECK(!accepted || world->taken);
        perhaps |= accepted || unknown;
    }
    return perhaps;
}

static void check_end(struct world *world)
{
    mailsub__engine_lost(world->engine, MAILSUB_E_CONNECTION_LOST, world->now_ms);
    take_events(world);
    FUZZ_CHECK(world->n_closed == 1);
    size_t n_perhaps = 0;
    for (size_t i = 0; i < world->n_submitted; i++)
        n_perhaps += check_parcel(world, &world->parcels[i]);
    FUZZ_CHECK(n_perhaps <= world->n_ends);
}

static int fill_zeros(void *context, void *out, size_t n_bytes)
{
    (void)context;
    memset(out, 0, n_bytes);
    return MAILSUB_OK;
}

static const mailsub_random zeros = {sizeof zeros, NULL, fill_zeros};

static void init_settings(mailsub__engine_settings *settings, struct world *world, uint8_t choice)
{
    *settings = (mailsub__engine_settings){
        .helo_name = "client.example",
        .tls = choice & 3,
        .user = choice & 4 ? "alice" : NULL,
        .password = password,
        .login = {.token = choice & 4 ? token : NULL, .random = &zeros},
        .clear_login = (choice & 8) != 0,
        .all_or_none = (choice & 16) != 0,
        .chunk_len = choice & 64 ? 16 : 0,
        .lmtp = (choice & 128) != 0,
        .log = {.transcript = check_line, .transcript_context = world},
    };
    for (size_t i = 0; i < MAILSUB__N_TIMEOUTS; i++)
        settings->timeout_ms[i] = 1000;
}

static struct world play(const uint8_t *data, size_t size, uint8_t choice, bool one_by_one)
{
    struct world world = {
        .one_by_one = one_by_one, .lazy = (choice & 32) != 0, .login = (choice & 4) != 0};
    mailsub__engine_settings settings;
    init_settings(&settings, &world, choice);
    /* The last one needs SMTPUTF8. */
    static const char *const recipients[N_RECIPIENTS] = {"b@example.org", "c@example.net",
                                                         "j\xc3\xb6rg@example.org"};
    for (size_t i = 0; i < N_RECIPIENTS; i++)
        world.recipients[i] = mailsub__slice_str(recipients[i]);
    FUZZ_CHECK(mailsub__engine_new(NULL, &settings, &world.engine) == MAILSUB_OK);
    mailsub__engine_start(
        world.engine, settings.tls == MAILSUB_TLS_IMPLICIT ? MAILSUB__TLS_VERIFIED : MAILSUB__CLEAR,
        0);
    for (size_t at = 0; at < size;) {
        size_t len = 0;
        while (at + len < size && data[at + len] < 0xfb && (len == 0 || data[at + len - 1] != '\n'))
            len++;
        if (len > 0)
            feed(&world, data + at, len);
        else
            act(&world, data[at]);
        at += len > 0 ? len : 1;
    }
    check_end(&world);
    mailsub__engine_free(world.engine);
    return world;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct world whole = play(data + 1, size - 1, data[0], false);
    struct world octets = play(data + 1, size - 1, data[0], true);
    FUZZ_CHECK(whole.hash == octets.hash);
    FUZZ_CHECK(whole.n_submitted == octets.n_submitted);
    for (size_t i = 0; i < whole.n_submitted; i++) {
        const struct parcel *left = &whole.parcels[i];
        const struct parcel *right = &octets.parcels[i];
        FUZZ_CHECK(left->transaction.whole.code == right->transaction.whole.code);
        FUZZ_CHECK(strcmp(left->transaction.text, right->transaction.text) == 0);
        FUZZ_CHECK(memcmp(left->verdicts, right->verdicts, sizeof left->verdicts) == 0);
    }
    return 0;
}

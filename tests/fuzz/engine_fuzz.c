/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine with a server that says anything at any time. The first octet chooses the settings,
 * the others are the server's, save for those that stand for acts of the owner and the network:
 *   0xff all output goes, 0xfe some of it, 0xfd the next step of the owner, 0xfc time passes,
 *   0xfb the connection is lost. Behind each line of the server, all output goes, unless a setting
 *   says otherwise; so a plain text of a server plays a whole session.
 *
 * Invariants: octets fed one by one lead to the same end; no secret is in the transcript; no octet
 * of content leaves before a 3yz reply was fed behind DATA; each recipient ends with one outcome,
 * accepted only when the whole content was sent and a 2yz was fed behind it; CLOSED comes once.
 */
#include <string.h>

#include "fuzz.h"

#include "smtp/engine.h"

static const char password[] = "Tr0ub4dor&3";
static const char in_base64[] = "VHIwdWI0ZG9yJjM="; /* the password */
static const char in_plain[] = "AGFsaWNlAFRyMHViNGRvciYz";
static const char content[] = "Zeta: not in any command\r\n\r\n.Zeta\r\nZeta\r\n";

struct world {
    mailsub__engine *engine;
    mailsub__transaction transaction;
    mailsub__verdict verdicts[3];
    mailsub__slice recipients[3];
    int64_t now_ms;
    size_t source_at;
    bool one_by_one;
    bool lazy; /* output goes only when the input says so */
    bool idle; /* a transaction may be submitted */
    bool login;
    bool said_base64;
    bool said_plain;
    bool submitted;
    bool done;
    unsigned n_closed;

    char sent[64 * 1024]; /* since the last submit */
    size_t n_sent;
    bool granted;  /* a line 3yz was fed while DATA was the last line sent */
    bool end_sent; /* the whole content and its dot were acknowledged */
    bool taken;    /* and a line 2yz was fed behind them */
    char line[8];  /* the start of the line being fed */
    size_t line_len;
    uint64_t hash; /* of the transcript */
};

static int read_content(void *context, char *out, size_t room, size_t *out_len)
{
    struct world *world = context;
    size_t len = sizeof content - 1 - world->source_at;
    len = len < room ? len : room;
    memcpy(out, content + world->source_at, len);
    world->source_at += len;
    *out_len = len;
    return MAILSUB_OK;
}

static void check_line(void *context, int direction, const char *line, size_t len)
{
    struct world *world = context;
    bool ours = direction != MAILSUB_TRANSCRIPT_SERVER;
    FUZZ_CHECK(!world->login || !memmem(line, len, password, sizeof password - 1));
    /* A fuzzer can guess these too; an echo needs something to have been said. */
    FUZZ_CHECK(!(ours || world->said_base64) ||
               !memmem(line, len, in_base64, sizeof in_base64 - 1));
    FUZZ_CHECK(!(ours || world->said_plain) || !memmem(line, len, in_plain, sizeof in_plain - 1));
    FUZZ_CHECK(!ours || !memmem(line, len, "Zeta", 4));
    FUZZ_CHECK(!memchr(line, '\n', len) && !memchr(line, '\r', len));
    for (size_t i = 0; i < len; i++)
        world->hash = (world->hash ^ (uint8_t)line[i]) * UINT64_C(1099511628211);
}

static void submit(struct world *world)
{
    world->transaction = (mailsub__transaction){
        .sender = mailsub__slice_str("a@example.org"),
        .recipients = world->recipients,
        .n_recipients = 3,
        .size = sizeof content - 1,
        .content = {world, read_content},
        .verdicts = world->verdicts,
    };
    world->source_at = 0;
    world->n_sent = 0;
    world->granted = false;
    world->end_sent = false;
    world->taken = false;
    world->done = false;
    world->submitted = true;
    world->idle = false;
    mailsub__engine_submit(world->engine, &world->transaction, world->now_ms);
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
            submit(world);
            break;
        case MAILSUB__EVENT_DONE:
            FUZZ_CHECK(world->submitted && !world->done);
            world->done = true;
            world->idle = true;
            break;
        case MAILSUB__EVENT_CLOSED:
            world->n_closed++;
            world->idle = false;
            break;
        }
    }
}

static void note_sent(struct world *world, mailsub__slice out)
{
    FUZZ_CHECK(world->n_sent + out.len < sizeof world->sent);
    memcpy(world->sent + world->n_sent, out.ptr, out.len);
    world->n_sent += out.len;
    if (memmem(world->sent, world->n_sent, in_base64, sizeof in_base64 - 1))
        world->said_base64 = true;
    if (memmem(world->sent, world->n_sent, in_plain, sizeof in_plain - 1))
        world->said_plain = true;
    if (world->submitted && memmem(world->sent, world->n_sent, "Zeta", 4)) {
        FUZZ_CHECK(world->granted);
        static const char end[] = "\r\nZeta\r\n.\r\n";
        if (memmem(world->sent, world->n_sent, end, sizeof end - 1))
            world->end_sent = true;
    }
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
        static const char data[] = "\r\nDATA\r\n";
        bool behind_data =
            world->n_sent >= sizeof data - 1 &&
            memcmp(world->sent + world->n_sent - (sizeof data - 1), data, sizeof data - 1) == 0;
        world->granted |= behind_data && world->line[0] == '3';
        world->taken |= world->end_sent && world->line[0] == '2';
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
    } else if (what == 0xfd && world->idle) {
        submit(world);
    } else if (what == 0xfc) {
        world->now_ms += 400;
        mailsub__engine_expire(world->engine, world->now_ms);
    } else if (what == 0xfb && world->idle) {
        world->idle = false;
        mailsub__engine_quit(world->engine, world->now_ms);
    } else if (what == 0xfb) {
        mailsub__engine_lost(world->engine, MAILSUB_E_CONNECTION_LOST, world->now_ms);
    }
    take_events(world);
}

static void check_end(struct world *world)
{
    mailsub__engine_lost(world->engine, MAILSUB_E_CONNECTION_LOST, world->now_ms);
    take_events(world);
    FUZZ_CHECK(world->n_closed == 1);
    FUZZ_CHECK(!world->submitted || world->done);
    for (size_t i = 0; world->submitted && i < 3; i++) {
        const mailsub__verdict *verdict = &world->verdicts[i];
        bool accepted = verdict->outcome == MAILSUB_OUTCOME_ACCEPTED;
        bool unknown = verdict->outcome == MAILSUB_OUTCOME_UNKNOWN;
        FUZZ_CHECK(verdict->outcome >= 0 && verdict->outcome < MAILSUB_OUTCOME_END_);
        FUZZ_CHECK(accepted == (verdict->code == MAILSUB_OK));
        FUZZ_CHECK(unknown == (verdict->code == MAILSUB_E_UNKNOWN_OUTCOME));
        FUZZ_CHECK(!accepted || world->taken);
        FUZZ_CHECK(!unknown || world->end_sent);
    }
}

static void init_settings(mailsub__engine_settings *settings, struct world *world, uint8_t choice)
{
    *settings = (mailsub__engine_settings){
        .helo_name = "client.example",
        .tls = choice & 3,
        .user = choice & 4 ? "alice" : NULL,
        .password = password,
        .clear_login = (choice & 8) != 0,
        .all_or_none = (choice & 16) != 0,
        .no_chunking = true,
        .transcript = check_line,
        .transcript_context = world,
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
    for (size_t i = 0; i < 3; i++)
        world.recipients[i] = mailsub__slice_str("b@example.org");
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
    FUZZ_CHECK(whole.submitted == octets.submitted);
    if (whole.submitted) {
        FUZZ_CHECK(whole.transaction.whole.code == octets.transaction.whole.code);
        FUZZ_CHECK(strcmp(whole.transaction.text, octets.transaction.text) == 0);
        FUZZ_CHECK(memcmp(whole.verdicts, octets.verdicts, sizeof whole.verdicts) == 0);
    }
    return 0;
}

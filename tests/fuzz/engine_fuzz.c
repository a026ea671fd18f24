/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine with a server that says anything at any time. The first HEAD octets choose the settings
 * and what the messages are like, the others are the server's, save for those that stand for acts of
 * the owner and the network:
 *   0xff all output goes, 0xfe some of it, 0xfd something is submitted: what, the next octet tells;
 *   0xfc time passes, 0xfb the connection is lost. Behind each line of the server, all output goes,
 *   unless a setting says otherwise; so a plain text of a server plays a whole session.
 *
 * Invariants: octets fed one by one lead to the same end, transcript and events; no secret is in
 * them or in any text that is told, be it broken over lines; no octet of content leaves before a
 * 3yz reply was fed behind DATA, or outside the length of a BDAT; each recipient of each message
 * ends with one outcome, accepted or unknown for no more messages than contents were sent to their
 * ends, and accepted for no more than final commands were answered by 2yz; what was submitted ends,
 * once; CLOSED comes once.
 */
#include <string.h>

#include "fuzz.h"

#include "smtp/engine.h"
#include "smtp/parameters.h"

enum { HEAD = 5, N_PARCELS = 6, N_RECIPIENTS = 3, N_PENDING = 512 };

/* What the octets of the head choose. */
struct choice {
    uint8_t settings; /* TLS in two bits, login, in clear, all or none, lazy, small chunks, LMTP */
    uint8_t login;    /* mechanisms in three bits, no token, no password, policy in two, binding */
    uint8_t message;  /* 8-bit, binary, UTF-8, once only, VERP, depth 1, no BDAT, a bare CR in it */
    uint8_t wishes;   /* RET, ENVID, NOTIFY, ORCPT, BY, hold, priority and TLS, AUTH */
    uint8_t first;    /* what is submitted when the server is ready */
};

static const char password[] = "Tr0ub4dor&3";
static const char token[] = "t0k.EN-secret";
static const char in_base64[] = "VHIwdWI0ZG9yJjM="; /* the password */
static const char in_plain[] = "AGFsaWNlAFRyMHViNGRvciYz";
static const char content[] = "Zeta: not in any command\r\n\r\n.Zeta\r\nZeta\r\n";
static const char spoilt[] = "Zeta: not in any command\r\n\r\n.Ze\rta\r\nZeta\r";

struct world;

struct parcel {
    struct world *world;
    mailsub__transaction transaction;
    mailsub__verdict verdicts[N_RECIPIENTS];
    size_t source_at;
    bool done;
};

/* What the stream of all that was sent is in the middle of. */
enum mode { LINE, CHUNK, CONTENT };

struct world {
    mailsub__engine *engine;
    struct choice choice;
    mailsub__delivery delivery;
    mailsub__recipient_wish wishes[N_RECIPIENTS];
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
    char line[8];  /* the start of the line being fed */
    size_t line_len;
    bool final[N_PENDING]; /* commands not answered: is it the last of a transaction? */
    size_t n_pending;
    size_t n_final_taken; /* such that were answered by 2yz */
    char joined[8192];    /* texts of the reply that is being told, without spaces */
    size_t n_joined;
    size_t n_told_submitted;
    size_t n_told_ended;
    uint64_t hash; /* of the transcript and the events */
};

static mailsub__slice content_of(const struct world *world)
{
    return world->choice.message & 128 ? mailsub__slice_of(spoilt, sizeof spoilt - 1)
                                       : mailsub__slice_of(content, sizeof content - 1);
}

static int read_content(void *context, char *out, size_t room, size_t *out_len)
{
    struct parcel *parcel = context;
    mailsub__slice all = content_of(parcel->world);
    size_t len = all.len - parcel->source_at;
    len = len < room ? len : room;
    memcpy(out, all.ptr + parcel->source_at, len);
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

/* "a+NAME@example.org": by the recipient's first octet. One cannot be named. */
static int name_recipient(mailsub__slice sender, mailsub__slice recipient, char *out,
                          size_t *out_len)
{
    if (recipient.ptr[0] == 'c')
        return MAILSUB_E_LIMIT;
    out[0] = sender.ptr[0];
    out[1] = '+';
    out[2] = recipient.ptr[0];
    memcpy(out + 3, sender.ptr + 1, sender.len - 1);
    *out_len = sender.len + 2;
    return MAILSUB_OK;
}

/* ---- what is told ---- */

static void add_to_hash(struct world *world, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        world->hash = (world->hash ^ (uint8_t)text[i]) * UINT64_C(1099511628211);
}

/* ours: the server has no part in it. A fuzzer can guess these; an echo needs something to have been
   said. */
static void check_text(const struct world *world, bool ours, const char *text, size_t len)
{
    bool said = world->login && (world->said_base64 || world->said_plain);
    FUZZ_CHECK(!(ours || said) || !memmem(text, len, password, sizeof password - 1));
    FUZZ_CHECK(!ours || !memmem(text, len, token, sizeof token - 1));
    FUZZ_CHECK(!(ours || world->said_base64) ||
               !memmem(text, len, in_base64, sizeof in_base64 - 1));
    FUZZ_CHECK(!(ours || world->said_plain) || !memmem(text, len, in_plain, sizeof in_plain - 1));
    FUZZ_CHECK(!memchr(text, '\n', len) && !memchr(text, '\r', len));
}

static bool is_status(const char *text, size_t len)
{
    size_t n = 0;
    while (n < len && text[n] != ' ')
        n++;
    for (size_t i = 0; i < n; i++) {
        if (text[i] != '.' && (text[i] < '0' || text[i] > '9'))
            return false;
    }
    return n >= 5;
}

/* The lines of a reply, put together: what a reader could do. */
static void join(struct world *world, const char *line, size_t len)
{
    size_t at = len < 4 ? len : 4;
    if (is_status(line + at, len - at))
        at += strcspn(line + at, " ") < len - at ? strcspn(line + at, " ") : len - at;
    for (; at < len && world->n_joined < sizeof world->joined; at++) {
        if (line[at] != ' ')
            world->joined[world->n_joined++] = line[at];
    }
    check_text(world, false, world->joined, world->n_joined);
    if (len < 4 || line[3] != '-')
        world->n_joined = 0;
}

static void check_line(void *context, int direction, const char *line, size_t len)
{
    struct world *world = context;
    bool ours = direction == MAILSUB_TRANSCRIPT_CLIENT;
    check_text(world, ours, line, len);
    FUZZ_CHECK(!ours || !memmem(line, len, "Zeta", 4));
    if (direction == MAILSUB_TRANSCRIPT_SERVER)
        join(world, line, len);
    add_to_hash(world, line, len);
}

static void check_event(void *context, const mailsub_log_event *event)
{
    struct world *world = context;
    char line[MAILSUB_LOG_LINE_LEN];
    int len = mailsub_log_format(event, line, sizeof line);
    FUZZ_CHECK(len > 0 && (size_t)len == strlen(line));
    check_text(world, mailsub_log_get_id(event) == MAILSUB_LOG_COMMAND, line, (size_t)len);
    world->n_told_submitted += mailsub_log_get_id(event) == MAILSUB_LOG_SUBMITTED;
    world->n_told_ended += mailsub_log_get_id(event) == MAILSUB_LOG_ENDED;
    add_to_hash(world, line, (size_t)len);
}

/* ---- what is submitted ---- */

static enum mailsub__kind kind_of(uint8_t octet)
{
    return octet % 8 == 7 ? MAILSUB__KIND_MESSAGE : (enum mailsub__kind)(octet % 8);
}

static void fill_delivery(struct world *world)
{
    uint8_t wishes = world->choice.wishes;
    for (size_t i = 0; i < N_RECIPIENTS; i++) {
        bool original = (wishes & 8) && i != 1;
        world->wishes[i] = (mailsub__recipient_wish){
            .original_type = mailsub__slice_str(original ? "rfc822" : ""),
            .original = mailsub__slice_str(original ? "b+c@example.org" : ""),
        };
    }
    world->delivery = (mailsub__delivery){
        .return_part = wishes & 1 ? MAILSUB_RETURN_HEADERS : MAILSUB_RETURN_DEFAULT,
        .envelope_id = mailsub__slice_str(wishes & 2 ? "id =+" : ""),
        .notify = wishes & 4 ? MAILSUB_NOTIFY_FAILURE | MAILSUB_NOTIFY_DELAY : 0,
        .dsn_by_recipient = (wishes & 8) != 0,
        .wishes = world->wishes,
        .n_wishes = N_RECIPIENTS,
        .deliver_by = wishes & 16 ? MAILSUB_DELIVER_BY_RETURN : MAILSUB_DELIVER_BY_NONE,
        .deliver_by_s = 120,
        .hold = wishes & 32 ? MAILSUB_HOLD_FOR : MAILSUB_HOLD_NONE,
        .hold_time = 600,
        .priority = wishes & 64 ? -3 : 0,
        .require_tls = (wishes & 192) == 192,
        .has_submitter = (wishes & 128) != 0,
        .submitter = mailsub__slice_str("a@example.org"),
    };
}

static void submit(struct world *world, uint8_t octet)
{
    if (world->n_submitted == N_PARCELS)
        return;
    uint8_t message = world->choice.message;
    struct parcel *parcel = &world->parcels[world->n_submitted++];
    enum mailsub__kind kind = kind_of(octet);
    parcel->world = world;
    parcel->transaction = (mailsub__transaction){
        .kind = kind,
        .argument = mailsub__slice_str(kind == MAILSUB__KIND_HELP ? "" : "example.org"),
        .sender = mailsub__slice_str(message & 4 ? "\xc3\xa4@example.org" : "a@example.org"),
        .recipients = world->recipients,
        .n_recipients = kind <= MAILSUB__KIND_PROBE ? N_RECIPIENTS : 0,
        .sender_for = message & 16 ? name_recipient : NULL,
        .size = content_of(world).len,
        .eight_bit = (message & 3) != 0,
        .binary = (message & 2) != 0,
        .smtputf8 = (message & 4) != 0,
        .delivery = &world->delivery,
        .content = {parcel, read_content},
        .reopen = message & 8 ? NULL : reopen,
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
            submit(world, world->choice.first);
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

/* A command that owes a reply. */
static void push(struct world *world, bool final)
{
    FUZZ_CHECK(world->n_pending < N_PENDING);
    world->final[world->n_pending++] = final;
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
        push(world, world->last_chunk);
    } else if (command) {
        push(world, strcmp(world->told, ".\r\n") == 0);
        memcpy(world->last_told, world->told, sizeof world->last_told - 1);
    } else if (strcmp(world->told, ".\r\n") == 0) {
        world->mode = LINE;
        world->n_ends++;
        push(world, true);
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

/* The last line of a reply. By LMTP more than one may follow the end of data. */
static void note_reply(struct world *world)
{
    if (world->n_pending == 0)
        return;
    bool final = world->final[0];
    world->n_final_taken += final && world->line[0] == '2';
    if (final && (world->choice.settings & 128))
        return;
    world->n_pending--;
    memmove(world->final, world->final + 1, world->n_pending * sizeof world->final[0]);
}

/* What the lines of the server can mean, seen from outside. */
static void note_fed(struct world *world, char c)
{
    if (c == '\n') {
        if (strcmp(world->last_told, "DATA\r\n") == 0 && world->line[0] == '3')
            world->mode = CONTENT;
        if (world->line_len < 4 || world->line[3] != '-')
            note_reply(world);
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

static void act(struct world *world, uint8_t what, uint8_t octet)
{
    if (what == 0xff) {
        let_go(world, SIZE_MAX);
    } else if (what == 0xfe) {
        let_go(world, 7);
    } else if (what == 0xfd && world->ready) {
        submit(world, octet);
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
static bool check_parcel(const struct world *world, const struct parcel *parcel, size_t *n_accepted)
{
    const mailsub__transaction *transaction = &parcel->transaction;
    bool some_accepted = false;
    bool some_unknown = false;
    FUZZ_CHECK(parcel->done);
    for (size_t i = 0; i < transaction->n_recipients; i++) {
        const mailsub__verdict *verdict = &parcel->verdicts[i];
        bool accepted = verdict->outcome == MAILSUB_OUTCOME_ACCEPTED;
        bool willing = verdict->outcome == MAILSUB_OUTCOME_WILLING;
        bool unknown = verdict->outcome == MAILSUB_OUTCOME_UNKNOWN;
        FUZZ_CHECK(verdict->outcome >= 0 && verdict->outcome < MAILSUB_OUTCOME_END_);
        FUZZ_CHECK((accepted || willing) == (verdict->code == MAILSUB_OK));
        FUZZ_CHECK(unknown == (verdict->code == MAILSUB_E_UNKNOWN_OUTCOME));
        FUZZ_CHECK(!(accepted || unknown) || transaction->kind == MAILSUB__KIND_MESSAGE);
        FUZZ_CHECK(!willing || transaction->kind == MAILSUB__KIND_PROBE);
        some_accepted |= accepted;
        some_unknown |= unknown;
    }
    check_text(world, false, transaction->text, strlen(transaction->text));
    *n_accepted += some_accepted;
    return some_accepted || some_unknown;
}

static void check_end(struct world *world)
{
    mailsub__engine_lost(world->engine, MAILSUB_E_CONNECTION_LOST, world->now_ms);
    take_events(world);
    FUZZ_CHECK(world->n_closed == 1);
    size_t n_perhaps = 0;
    size_t n_accepted = 0;
    for (size_t i = 0; i < world->n_submitted; i++)
        n_perhaps += check_parcel(world, &world->parcels[i], &n_accepted);
    FUZZ_CHECK(n_perhaps <= world->n_ends);
    FUZZ_CHECK(n_accepted <= world->n_final_taken);
    FUZZ_CHECK(world->n_told_submitted == world->n_submitted);
    FUZZ_CHECK(world->n_told_ended == world->n_submitted);
    const char *failure = mailsub__engine_failure_text(world->engine);
    const char *login = mailsub__engine_login(world->engine)->text;
    check_text(world, false, failure, strlen(failure));
    check_text(world, false, login, strlen(login));
}

static int fill_zeros(void *context, void *out, size_t n_bytes)
{
    (void)context;
    memset(out, 0, n_bytes);
    return MAILSUB_OK;
}

static const mailsub_random zeros = {sizeof zeros, NULL, fill_zeros};

/* ---- settings ---- */

static int fetch(void *context, int reason, mailsub_credentials *credentials)
{
    (void)context;
    return reason == MAILSUB_CREDENTIALS_REFUSED
               ? mailsub_credentials_set_token(credentials, "another-t0k.EN")
               : MAILSUB_OK;
}

/* A mechanism of the application: it shows the password to the first challenge, as others do. */
static int own_answer(void *context, void *state, mailsub_login *login, const void *challenge,
                      size_t len)
{
    (void)context;
    (void)state;
    size_t n;
    const char *secret = mailsub_login_get(login, MAILSUB_LOGIN_GET_PASSWORD, &n);
    if (len > 0 && *(const char *)challenge == '!')
        return MAILSUB_E_CREDENTIALS;
    return mailsub_login_answer(login, secret, n);
}

static const mailsub_mechanism own = {
    .size = sizeof own,
    .name = "OWN",
    .flags = MAILSUB_MECHANISM_PASSWORD,
    .answer = own_answer,
};

static mailsub__login_settings login_settings(const struct choice *choice)
{
    static const char *const mechanisms[] = {NULL,
                                             "LOGIN",
                                             "SCRAM-SHA-256-PLUS SCRAM-SHA-256",
                                             "SCRAM-SHA-1 PLAIN",
                                             "XOAUTH2",
                                             "CRAM-MD5",
                                             "EXTERNAL",
                                             "OWN PLAIN"};
    bool login = (choice->settings & 4) != 0;
    return (mailsub__login_settings){
        .token = login && !(choice->login & 8) ? token : NULL,
        .mechanisms = mechanisms[choice->login & 7],
        .fetch = login && (choice->login & 7) == 4 ? fetch : NULL,
        .custom = &own,
        .n_custom = (choice->login & 7) == 7,
        .random = &zeros,
    };
}

static void set_policies(mailsub__engine_settings *settings, unsigned policy)
{
    mailsub__parameters_default_policy(settings->extension_policy);
    for (int i = 0; i < MAILSUB__N_CAPABILITIES && policy > 0; i++) {
        if (mailsub__parameters_may_be_missing(i))
            settings->extension_policy[i] = (uint8_t)(policy - 1);
    }
}

static void init_settings(mailsub__engine_settings *settings, struct world *world)
{
    const struct choice *choice = &world->choice;
    bool login = (choice->settings & 4) != 0;
    *settings = (mailsub__engine_settings){
        .helo_name = "client.example",
        .tls = choice->settings & 3,
        .user = login && (choice->login & 7) != 6 ? "alice" : NULL,
        .password = choice->login & 16 ? NULL : password,
        .clear_login = (choice->settings & 8) != 0,
        .all_or_none = (choice->settings & 16) != 0,
        .chunk_len = choice->settings & 64 ? 16 : 0,
        .lmtp = (choice->settings & 128) != 0,
        .no_chunking = (choice->message & 64) != 0,
        .depth = choice->message & 32 ? 1 : 0,
        .log = {check_event, world, check_line, world, false, 0},
    };
    if (login)
        settings->login = login_settings(choice);
    settings->login.random = &zeros;
    set_policies(settings, choice->login >> 5 & 3);
    for (size_t i = 0; i < MAILSUB__N_TIMEOUTS; i++)
        settings->timeout_ms[i] = 1000;
}

static void start(struct world *world, int tls)
{
    if (world->choice.login & 128)
        mailsub__engine_set_binding(world->engine, "tls-exporter", mailsub__slice_str("binding"));
    push(world, false); /* the greeting */
    mailsub__engine_start(world->engine,
                          tls == MAILSUB_TLS_IMPLICIT ? MAILSUB__TLS_VERIFIED : MAILSUB__CLEAR, 0);
}

static void play_octets(struct world *world, const uint8_t *data, size_t size)
{
    for (size_t at = 0; at < size;) {
        size_t len = 0;
        while (at + len < size && data[at + len] < 0xfb && (len == 0 || data[at + len - 1] != '\n'))
            len++;
        if (len > 0) {
            feed(world, data + at, len);
            at += len;
            continue;
        }
        bool more = data[at] == 0xfd && at + 1 < size;
        act(world, data[at], more ? data[at + 1] : 0);
        at += more ? 2 : 1;
    }
}

static void play(struct world *world, const uint8_t *data, size_t size, bool one_by_one)
{
    *world = (struct world){.one_by_one = one_by_one};
    mailsub__engine_settings settings;
    memcpy(&world->choice, data, HEAD);
    world->lazy = (world->choice.settings & 32) != 0;
    world->login = (world->choice.settings & 4) != 0;
    init_settings(&settings, world);
    fill_delivery(world);
    /* The last one needs SMTPUTF8. */
    static const char *const recipients[N_RECIPIENTS] = {"b@example.org", "c@example.net",
                                                         "j\xc3\xb6rg@example.org"};
    for (size_t i = 0; i < N_RECIPIENTS; i++)
        world->recipients[i] = mailsub__slice_str(recipients[i]);
    FUZZ_CHECK(mailsub__engine_new(NULL, &settings, &world->engine) == MAILSUB_OK);
    start(world, settings.tls);
    play_octets(world, data + HEAD, size - HEAD);
    check_end(world);
    mailsub__engine_free(world->engine);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world whole;
    static struct world octets;
    if (size < HEAD)
        return 0;
    play(&whole, data, size, false);
    play(&octets, data, size, true);
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

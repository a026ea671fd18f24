/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A connection that breaks at every point of a submission, in every way: it is closed, it is reset,
 * it is silent from now on, the server's octets only drip. The outcome is right each time (what is
 * called not attempted never arrived, what arrived is accepted or unknown), and comes in time. Where
 * the kernel allows a network of one's own, its link is pulled, too.
 */
#include "leftovers.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <mailsub/mailsub.h>
#include <mailsub/testing.h>

#include "peer.h"

/* Of the client, for each phase; and between two octets that drip. */
#define PATIENCE_MS 150
#define DRIP_MS 10
/* Under valgrind a handshake takes its time, and not every point is tried. */
#define PATIENCE_MS_SLOW 1000
#define DRIP_MS_SLOW 70
#define STRIDE_SLOW 7
#define NEVER SIZE_MAX
#define USER "user"
#define PASSWORD "s3cret"

/* ---- the wire: a relay that breaks behind so many pieces ---- */

enum breaking { CLOSED, RESET, SILENT, DRIPPING };

struct wire {
    int listener;
    int port;
    int server_port;
    enum breaking how;
    atomic_size_t left; /* pieces to forward before it breaks */
    atomic_bool is_ending;
    pthread_t thread;
};

/* Octet by octet, until the client has gone. */
static void drip(const struct wire *wire, int client, const char *data, size_t len)
{
    const struct timespec pause = {.tv_nsec = (unit_is_slow() ? DRIP_MS_SLOW : DRIP_MS) * 1000000};
    for (size_t i = 0; i < len && !wire->is_ending; i++) {
        nanosleep(&pause, NULL);
        if (send(client, data + i, 1, MSG_NOSIGNAL) != 1)
            return;
    }
}

/* Wait until the client gives up; what it sends is read, or not. */
static void stay_silent(const struct wire *wire, int client)
{
    char scrap[4096];
    struct pollfd watched = {.fd = client, .events = POLLIN | POLLRDHUP};
    while (!wire->is_ending) {
        if (poll(&watched, 1, 10) > 0 &&
            ((watched.revents & (POLLHUP | POLLERR)) || recv(client, scrap, sizeof scrap, 0) <= 0))
            return;
    }
}

static void break_wire(const struct wire *wire, int client)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    if (wire->how == SILENT)
        stay_silent(wire, client);
    if (wire->how == RESET)
        setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

/* Forward one piece; false when the connection is over. */
static bool forward(struct wire *wire, int from, int to, bool is_from_server)
{
    char piece[16384];
    ssize_t n = recv(from, piece, sizeof piece, 0);
    if (n <= 0)
        return false;
    if (wire->left == 0 && wire->how == DRIPPING && is_from_server) {
        drip(wire, to, piece, (size_t)n);
        return true;
    }
    if (wire->left == 0 && wire->how != DRIPPING) {
        break_wire(wire, is_from_server ? to : from);
        return false;
    }
    if (wire->left > 0 && wire->left != NEVER)
        wire->left--;
    return peer_send(to, piece, (size_t)n);
}

static void relay(struct wire *wire, int client, int server)
{
    struct pollfd watched[2] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};
    bool goes_on = true;
    while (goes_on && !wire->is_ending) {
        if (poll(watched, 2, 10) <= 0)
            continue;
        if (watched[0].revents)
            goes_on = forward(wire, client, server, false);
        if (goes_on && watched[1].revents)
            goes_on = forward(wire, server, client, true);
    }
}

static void *run_wire(void *context)
{
    struct wire *wire = context;
    struct pollfd watched = {.fd = wire->listener, .events = POLLIN};
    while (!wire->is_ending) {
        if (poll(&watched, 1, 10) <= 0)
            continue;
        int client = accept4(wire->listener, NULL, NULL, SOCK_CLOEXEC);
        int server = peer_connect(wire->server_port);
        if (server >= 0)
            relay(wire, client, server);
        close(client);
        if (server >= 0)
            close(server);
    }
    return NULL;
}

static void begin_wire(struct wire *wire, int server_port)
{
    wire->listener = peer_listen(AF_INET, 16, &wire->port);
    wire->server_port = server_port;
    wire->how = CLOSED;
    atomic_init(&wire->left, NEVER);
    atomic_init(&wire->is_ending, false);
    assert_int_equal(pthread_create(&wire->thread, NULL, run_wire, wire), 0);
}

static void end_wire(struct wire *wire)
{
    wire->is_ending = true;
    pthread_join(wire->thread, NULL);
    close(wire->listener);
}

/* ---- a submission over it ---- */

struct fixture {
    mailsub_testing_server *server;
    struct wire wire;
    mailsub_config *config;
    mailsub_session *session;
    mailsub_message *message;
    mailsub_receipt *receipt;
    const char *pull_at; /* the line of the transcript at which the link is pulled */
    bool is_pulled;
};

struct way {
    const char *name;
    uint32_t flags;
    enum breaking how;
};

#define TLS                                                                                        \
    (MAILSUB_TESTING_STARTTLS | MAILSUB_TESTING_AUTH_PLAIN | MAILSUB_TESTING_PIPELINING |          \
     MAILSUB_TESTING_ENHANCED)
#define CLEAR (MAILSUB_TESTING_PIPELINING | MAILSUB_TESTING_ENHANCED)
#define SLOW MAILSUB_TESTING_ENHANCED

static const struct way ways[] = {
    {"closed, in clear", CLEAR, CLOSED},
    {"closed, without pipelining", SLOW, CLOSED},
    {"closed, with TLS", TLS, CLOSED},
    {"reset, in clear", CLEAR, RESET},
    {"reset, with TLS", TLS, RESET},
    {"silent, in clear", CLEAR, SILENT},
    {"silent, without pipelining", SLOW, SILENT},
    {"silent, with TLS", TLS, SILENT},
    {"dripping, in clear", CLEAR, DRIPPING},
    {"dripping, without pipelining", SLOW, DRIPPING},
};

static void note_line(void *context, int direction, const char *line, size_t len);

static mailsub_message *make_message(void)
{
    mailsub_message *message = NULL;
    assert_int_equal(mailsub_message_new(NULL, &message), 0);
    mailsub_message_set_from(message, "app@example.org", NULL);
    mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "one@example.net", NULL);
    mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "two@example.net", NULL);
    mailsub_message_set_text(message, "Hello\n", MAILSUB_NUL_TERMINATED);
    assert_int_equal(mailsub_message_get_error(message, NULL), 0);
    return message;
}

static void configure(struct fixture *fixture, uint32_t flags, int port)
{
    char url[64];
    const char *ca = mailsub_testing_server_get_ca(fixture->server);
    bool with_tls = flags & MAILSUB_TESTING_STARTTLS;
    snprintf(url, sizeof url, "%s://127.0.0.1:%d", with_tls ? "submission" : "smtp", port);
    assert_int_equal(mailsub_config_new(NULL, &fixture->config), 0);
    assert_int_equal(mailsub_config_set_url(fixture->config, url), 0);
    if (with_tls) {
        assert_int_equal(mailsub_config_set_ca_data(fixture->config, ca, strlen(ca)), 0);
        assert_int_equal(mailsub_config_set_credentials(fixture->config, USER, PASSWORD), 0);
    }
    for (int timeout = MAILSUB_TIMEOUT_CONNECT; timeout <= MAILSUB_TIMEOUT_END_OF_DATA; timeout++)
        assert_int_equal(
            mailsub_config_set_timeout(fixture->config, timeout,
                                       unit_is_slow() ? PATIENCE_MS_SLOW : PATIENCE_MS),
            0);
    mailsub_config_set_transcript(fixture->config, note_line, fixture);
}

static void begin(struct fixture *fixture, uint32_t flags, bool with_wire)
{
    *fixture = (struct fixture){0};
    assert_int_equal(mailsub_testing_server_new(flags, &fixture->server), 0);
    assert_int_equal(mailsub_testing_server_add_user(fixture->server, USER, PASSWORD), 0);
    assert_int_equal(mailsub_testing_server_start(fixture->server), 0);
    int port = mailsub_testing_server_get_port(fixture->server);
    if (with_wire) {
        begin_wire(&fixture->wire, port);
        port = fixture->wire.port;
    }
    configure(fixture, flags, port);
    fixture->message = make_message();
    assert_int_equal(mailsub_receipt_new(NULL, &fixture->receipt), 0);
    assert_int_equal(mailsub_session_new(fixture->config, &fixture->session), 0);
}

static void end(struct fixture *fixture)
{
    mailsub_session_free(fixture->session);
    mailsub_receipt_free(fixture->receipt);
    mailsub_message_free(fixture->message);
    mailsub_config_unref(fixture->config);
    mailsub_testing_server_free(fixture->server);
}

/* What must have arrived, and what may have. */
struct tally {
    size_t n_accepted;
    size_t n_unknown;
};

/* Both recipients have one fate, and the code says the same. */
static void check(const struct fixture *fixture, int code, struct tally *tally)
{
    int outcome = mailsub_receipt_get_outcome(fixture->receipt, 0);
    assert_int_equal(mailsub_receipt_count_recipients(fixture->receipt), 2);
    assert_int_equal(mailsub_receipt_get_outcome(fixture->receipt, 1), outcome);
    assert_int_equal(code == MAILSUB_OK, outcome == MAILSUB_OUTCOME_ACCEPTED);
    assert_int_equal(code == MAILSUB_E_UNKNOWN_OUTCOME, outcome == MAILSUB_OUTCOME_UNKNOWN);
    if (outcome == MAILSUB_OUTCOME_NOT_ATTEMPTED) {
        assert_int_equal(mailsub_error_group(code), MAILSUB_GROUP_NETWORK);
        assert_int_equal(mailsub_error_action(code), MAILSUB_ACTION_RETRY_LATER);
        assert_int_equal(mailsub_receipt_count_retryable(fixture->receipt), 2);
    } else {
        assert_int_equal(mailsub_receipt_count_retryable(fixture->receipt), 0);
    }
    tally->n_accepted += outcome == MAILSUB_OUTCOME_ACCEPTED;
    tally->n_unknown += outcome == MAILSUB_OUTCOME_UNKNOWN;
}

static bool may_come_of(int code, enum breaking how)
{
    if (code == MAILSUB_E_CONNECTION_LOST)
        return how == CLOSED || how == RESET;
    if (code == MAILSUB_E_CONNECT) /* the reset came before connect was looked at */
        return how == RESET;
    return code == MAILSUB_OK || code == MAILSUB_E_UNKNOWN_OUTCOME || code == MAILSUB_E_TIMEOUT;
}

/* Break behind one piece more each time, until nothing breaks any more. */
static void the_outcome_is_right(void **state)
{
    const struct way *way = *state;
    struct fixture fixture;
    struct tally tally = {0};
    size_t n_pieces = 0;
    int code;
    begin(&fixture, way->flags, true);
    do {
        fixture.wire.how = way->how;
        fixture.wire.left = n_pieces;
        code = mailsub_session_submit(fixture.session, fixture.message, fixture.receipt);
        if (!may_come_of(code, way->how))
            fail_msg("behind %zu pieces: %s", n_pieces, mailsub_error_name(code));
        check(&fixture, code, &tally);
        fixture.wire.left = NEVER;
        mailsub_session_close(fixture.session);
        n_pieces += unit_is_slow() ? STRIDE_SLOW : 1;
    } while (code != MAILSUB_OK && n_pieces < 100);
    assert_int_equal(code, MAILSUB_OK);
    assert_true(n_pieces > 5); /* it broke at least once */
    end_wire(&fixture.wire);
    mailsub_testing_server_stop(fixture.server);
    assert_in_range(mailsub_testing_server_count_messages(fixture.server), tally.n_accepted,
                    tally.n_accepted + tally.n_unknown);
    end(&fixture);
}

/* ---- a link that is pulled ---- */

static bool has_own_network;

static bool set_link(bool is_up)
{
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool is_done = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &request) == 0;
    request.ifr_flags = (short)(is_up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP);
    is_done = is_done && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    if (fd >= 0)
        close(fd);
    return is_done;
}

static void note_line(void *context, int direction, const char *line, size_t len)
{
    struct fixture *fixture = context;
    (void)direction;
    if (!fixture->pull_at || fixture->is_pulled ||
        !memmem(line, len, fixture->pull_at, strlen(fixture->pull_at)))
        return;
    fixture->is_pulled = true;
    assert_true(set_link(false));
}

static const struct pull_row {
    const char *name;
    uint32_t flags;
    const char *at; /* "": before the first connection */
    int want;
} pulls[] = {
    {"the link is pulled before the connection", CLEAR, "", MAILSUB_E_TIMEOUT},
    {"the link is pulled at the greeting", CLEAR, "220 ", MAILSUB_E_TIMEOUT},
    {"the link is pulled before MAIL", SLOW, "MAIL FROM", MAILSUB_E_TIMEOUT},
    {"the link is pulled before the content", SLOW, "354 ", MAILSUB_E_UNKNOWN_OUTCOME},
    {"the link is pulled before the TLS handshake", TLS, "220 2.0.0", MAILSUB_E_TIMEOUT},
    {"the link is pulled behind the login", TLS, "235 ", MAILSUB_E_TIMEOUT},
};

static void the_link_is_pulled(void **state)
{
    const struct pull_row *row = *state;
    struct fixture fixture;
    struct tally tally = {0};
    if (!has_own_network)
        skip();
    begin(&fixture, row->flags, false);
    fixture.pull_at = row->at[0] == '\0' ? NULL : row->at;
    if (!fixture.pull_at)
        assert_true(set_link(false));
    int code = mailsub_session_submit(fixture.session, fixture.message, fixture.receipt);
    assert_true(set_link(true));
    assert_string_equal(mailsub_error_name(code), mailsub_error_name(row->want));
    check(&fixture, code, &tally);
    /* Who pulls it back in goes on. */
    fixture.pull_at = NULL;
    code = mailsub_session_submit(fixture.session, fixture.message, fixture.receipt);
    assert_string_equal(mailsub_error_name(code), "MAILSUB_OK");
    end(&fixture);
}

/* A network of our own, before the first thread. */
static int set_up(void **state)
{
    (void)state;
    has_own_network = unshare(CLONE_NEWNET) == 0 && set_link(true);
    start_first_thread();
    return 0;
}

int main(void)
{
    static struct CMUnitTest tests[24];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, ways, the_outcome_is_right);
    UNIT_ADD_ROWS(tests, n_tests, pulls, the_link_is_pulled);
    return _cmocka_run_group_tests("session_link", tests, n_tests, set_up, NULL);
}

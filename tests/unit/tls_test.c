/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The transport with TLS, against servers with certificates good and bad. */
#include "client.h"

#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "leftovers.h"
#include "lookup.h"
#include "peer.h"
#include "pki.h"

#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3"
#define TLS11 "LEGACY:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0"

static gnutls_certificate_credentials_t good;
static mailsub__trust *trust;
static mailsub_allocator libc_allocator;
static struct unit_heap trust_heap;

static const unsigned char loopback4[] = {127, 0, 0, 1};
static const unsigned char loopback6[16] = {[15] = 1};
static const unsigned char elsewhere[] = {192, 0, 2, 1};

static int set_up(void **state)
{
    pki_set_up(state);
    good = pki_issue(&pki_authority, &(struct pki_leaf){.dns = {"localhost"}});
    libc_allocator = unit_allocator(&trust_heap);
    int rc = mailsub__trust_new(&libc_allocator, &trust);
    return rc ? rc
              : mailsub__trust_set_authorities(
                    trust, mailsub__slice_of(pki_authority.pem.data, pki_authority.pem.size));
}

static int tear_down(void **state)
{
    mailsub__trust_free(trust);
    gnutls_certificate_free_credentials(good);
    pki_tear_down(state);
    return trust_heap.n_live == 0 ? 0 : -1;
}

/* What a server does with its connections. */
struct server {
    gnutls_certificate_credentials_t credentials;
    const char *priority;
    void (*talk)(int fd, gnutls_session_t session,
                 struct server *server); /* behind the handshake */
    /* Octets that it sends, or takes, before it hangs up; SIZE_MAX for no end. */
    size_t send_budget;
    size_t receive_budget;
    size_t piece; /* sends no more in one go; 0: as it likes */
    sem_t start;
    size_t n_sent;
    size_t n_received;
    int fd;
    char server_name[64]; /* SNI */
    atomic_int result;    /* of the test's choice */
};

static ssize_t push_within_budget(gnutls_transport_ptr_t context, const void *data, size_t len)
{
    struct server *server = context;
    size_t n = server->piece > 0 && len > server->piece ? server->piece : len;
    size_t left = server->send_budget - server->n_sent;
    n = n < left ? n : left;
    if (n == 0 || !peer_send(server->fd, data, n)) {
        errno = EPIPE;
        return -1;
    }
    server->n_sent += n;
    return (ssize_t)n;
}

static ssize_t pull_within_budget(gnutls_transport_ptr_t context, void *out, size_t room)
{
    struct server *server = context;
    size_t left = server->receive_budget - server->n_received;
    if (left == 0) {
        server->send_budget = server->n_sent; /* not even an alert */
        return 0;
    }
    ssize_t n = recv(server->fd, out, room < left ? room : left, 0);
    server->n_received += n > 0 ? (size_t)n : 0;
    return n;
}

static void serve_tls(int fd, void *context)
{
    struct server *server = context;
    gnutls_session_t session = peer_tls_new(fd, server->credentials, server->priority);
    server->fd = fd;
    server->n_sent = 0;
    server->n_received = 0;
    gnutls_transport_set_ptr(session, server);
    gnutls_transport_set_push_function(session, push_within_budget);
    gnutls_transport_set_pull_function(session, pull_within_budget);
    if (peer_tls_handshake(session)) {
        size_t len = sizeof server->server_name - 1;
        unsigned type;
        memset(server->server_name, 0, sizeof server->server_name);
        gnutls_server_name_get(session, server->server_name, &len, &type, 0);
        if (server->talk)
            server->talk(fd, session, server);
    }
    gnutls_deinit(session);
}

static void server_init(struct server *server)
{
    *server = (struct server){
        .credentials = good,
        .send_budget = SIZE_MAX,
        .receive_budget = SIZE_MAX,
    };
    sem_init(&server->start, 0, 0);
}

struct fixture {
    struct server server;
    struct peer peer;
    mailsub__transport_settings settings;
    struct client client;
    size_t n_descriptors;
    size_t n_threads;
};

/* A server, and a client that has not yet connected. Change the server before. */
static void begin(struct fixture *fixture)
{
    fixture->client = (struct client){0};
    fixture->n_descriptors = count_descriptors();
    fixture->n_threads = count_threads();
    peer_start(&fixture->peer, AF_INET, serve_tls, &fixture->server);
    fixture->settings = (mailsub__transport_settings){
        .dial = {.host = "127.0.0.1", .port = fixture->peer.port},
        .verify_name = "localhost",
        .trust = trust,
        .verify = true,
    };
    assert_int_equal(client_init(&fixture->client, &fixture->settings), MAILSUB_OK);
}

/* After a change of the settings. */
static void take_settings(struct fixture *fixture)
{
    struct client *client = &fixture->client;
    mailsub__transport_free(client->transport);
    client->transport = NULL;
    assert_int_equal(mailsub__transport_new(&client->allocator, client->poller, &fixture->settings,
                                            &client->transport),
                     MAILSUB_OK);
}

static void end(struct fixture *fixture)
{
    client_deinit(&fixture->client);
    peer_stop(&fixture->peer);
    assert_int_equal(count_descriptors(), fixture->n_descriptors);
    assert_int_equal(await_threads(fixture->n_threads), fixture->n_threads);
}

static const char *detail_of(const struct fixture *fixture)
{
    return mailsub__transport_get_detail(fixture->client.transport);
}

/* Says a word, echoes one, says goodbye. */
static void talk_shortly(int fd, gnutls_session_t session, struct server *server)
{
    (void)fd;
    (void)server;
    char word[5];
    if (peer_tls_send(session, "hello", 5) && peer_tls_receive(session, word, 5) &&
        peer_tls_send(session, word, 5))
        gnutls_bye(session, GNUTLS_SHUT_WR);
}

static void check_short_talk(struct fixture *fixture)
{
    char word[6] = "";
    if (client_read(&fixture->client, word, 5) != MAILSUB_OK)
        fail_msg("%s", detail_of(fixture));
    assert_string_equal(word, "hello");
    assert_int_equal(client_write(&fixture->client, "world", 5), MAILSUB_OK);
    assert_int_equal(client_read(&fixture->client, word, 5), MAILSUB_OK);
    assert_string_equal(word, "world");
    assert_int_equal(client_drain(&fixture->client), MAILSUB_E_CONNECTION_LOST);
    assert_string_equal(detail_of(fixture), "the server closed the connection");
}

struct certificate_row {
    const char *name;
    struct pki_leaf leaf;
    bool is_of_stranger;
    const char *verify_name;
    int want;
    const char *detail;
};

static const struct certificate_row certificates[] = {
    {"the name asked for", {.dns = {"localhost"}}, false, "localhost", MAILSUB_OK, ""},
    {"case does not count", {.dns = {"LocalHost"}}, false, "localhost", MAILSUB_OK, ""},
    {"the second name", {.dns = {"mail.example", "localhost"}}, false, "localhost", MAILSUB_OK, ""},
    {"a wildcard", {.dns = {"*.mail.example"}}, false, "mx1.mail.example", MAILSUB_OK, ""},
    {"an RSA key", {.dns = {"localhost"}, .rsa_bits = 2048}, false, "localhost", MAILSUB_OK, ""},
    {"an IPv4 address", {.ip = loopback4, .ip_len = 4}, false, "127.0.0.1", MAILSUB_OK, ""},
    {"an IPv6 address", {.ip = loopback6, .ip_len = 16}, false, "::1", MAILSUB_OK, ""},
    {"an address besides names",
     {.dns = {"mail.example"}, .ip = loopback4, .ip_len = 4},
     false,
     "127.0.0.1",
     MAILSUB_OK,
     ""},
    {"another name",
     {.dns = {"mail.example", "two.example"}},
     false,
     "localhost",
     MAILSUB_E_TLS_NAME,
     "the certificate for localhost: it is for another name (mail.example, two.example)"},
    {"a wildcard two levels up",
     {.dns = {"*.mail.example"}},
     false,
     "a.b.mail.example",
     MAILSUB_E_TLS_NAME,
     "another name (*.mail.example)"},
    {"a wildcard without its label",
     {.dns = {"*.mail.example"}},
     false,
     "mail.example",
     MAILSUB_E_TLS_NAME,
     ""},
    {"a wildcard for a whole domain", {.dns = {"*"}}, false, "localhost", MAILSUB_E_TLS_NAME, ""},
    {"a wildcard within a label",
     {.dns = {"m*.mail.example"}},
     false,
     "mx.mail.example",
     MAILSUB_E_TLS_NAME,
     ""},
    {"the name as common name only",
     {.common_name = "localhost"},
     false,
     "localhost",
     MAILSUB_E_TLS_NAME,
     "the certificate for localhost: it is for another name"},
    {"the name as common name beside an address",
     {.common_name = "localhost", .ip = loopback4, .ip_len = 4},
     false,
     "localhost",
     MAILSUB_E_TLS_NAME,
     ""},
    {"another address", {.ip = elsewhere, .ip_len = 4}, false, "127.0.0.1", MAILSUB_E_TLS_NAME, ""},
    {"an address written as a name",
     {.dns = {"127.0.0.1"}},
     false,
     "127.0.0.1",
     MAILSUB_E_TLS_NAME,
     ""},
    {"expired",
     {.dns = {"localhost"}, .from_day = -9, .to_day = -1},
     false,
     "localhost",
     MAILSUB_E_TLS_DATES,
     "the certificate for localhost: it has expired (20"},
    {"not valid yet",
     {.dns = {"localhost"}, .from_day = 2},
     false,
     "localhost",
     MAILSUB_E_TLS_DATES,
     "it is not valid yet (20"},
    {"unknown authority",
     {.dns = {"localhost"}},
     true,
     "localhost",
     MAILSUB_E_TLS_UNTRUSTED,
     "its issuer is not trusted (CN=stranger)"},
    {"self-signed",
     {.dns = {"localhost"}, .common_name = "me", .is_self_signed = true},
     false,
     "localhost",
     MAILSUB_E_TLS_UNTRUSTED,
     "its issuer is not trusted (CN=me)"},
    {"for clients",
     {.dns = {"localhost"}, .is_for_clients = true},
     false,
     "localhost",
     MAILSUB_E_TLS_CERTIFICATE,
     "it is not meant for servers"},
    {"RSA key of 1,024 bits",
     {.dns = {"localhost"}, .rsa_bits = 1024},
     false,
     "localhost",
     MAILSUB_E_TLS_CERTIFICATE,
     "too weak"},
    {"unknown authority, expired, another name",
     {.dns = {"mail.example"}, .from_day = -9, .to_day = -1},
     true,
     "localhost",
     MAILSUB_E_TLS_UNTRUSTED,
     "it is for another name (mail.example)"},
    {"expired, another name",
     {.dns = {"mail.example"}, .from_day = -9, .to_day = -1},
     false,
     "localhost",
     MAILSUB_E_TLS_DATES,
     "; it is for another name (mail.example)"},
};

static void a_certificate_is_judged(void **state)
{
    const struct certificate_row *row = *state;
    for (int round = 0; round < 2; round++) {
        struct fixture fixture;
        server_init(&fixture.server);
        fixture.server.credentials =
            pki_issue(row->is_of_stranger ? &pki_stranger : &pki_authority, &row->leaf);
        fixture.server.priority = round == 0 ? TLS13 : TLS12;
        fixture.server.talk = talk_shortly;
        begin(&fixture);
        fixture.settings.verify_name = row->verify_name;
        take_settings(&fixture);
        assert_int_equal(client_open(&fixture.client, true), row->want);
        if (!strstr(detail_of(&fixture), row->detail))
            fail_msg("detail: %s", detail_of(&fixture));
        assert_int_equal(mailsub__transport_is_verified(fixture.client.transport),
                         row->want == MAILSUB_OK);
        if (row->want == MAILSUB_OK)
            check_short_talk(&fixture);
        mailsub__transport_close(fixture.client.transport, true);
        end(&fixture);
        gnutls_certificate_free_credentials(fixture.server.credentials);
    }
}

static void any_certificate_is_taken_when_told_so(void **state)
{
    const struct certificate_row *row = *state;
    struct fixture fixture;
    server_init(&fixture.server);
    fixture.server.credentials =
        pki_issue(row->is_of_stranger ? &pki_stranger : &pki_authority, &row->leaf);
    fixture.server.talk = talk_shortly;
    begin(&fixture);
    fixture.settings.verify_name = row->verify_name;
    fixture.settings.verify = false;
    take_settings(&fixture);
    assert_int_equal(client_open(&fixture.client, true), MAILSUB_OK);
    assert_string_equal(detail_of(&fixture), "");
    assert_true(mailsub__transport_is_tls(fixture.client.transport));
    assert_int_equal(mailsub__transport_is_verified(fixture.client.transport),
                     row->want == MAILSUB_OK);
    check_short_talk(&fixture);
    end(&fixture);
    gnutls_certificate_free_credentials(fixture.server.credentials);
}

struct version_row {
    const char *name;
    const char *priority;
    int want;
    const char *version;
    const char *cipher; /* part of it */
};

static const struct version_row versions[] = {
    {"TLS 1.3", TLS13, MAILSUB_OK, "TLS1.3", "TLS_AES_256_GCM_SHA384"},
    {"TLS 1.2", TLS12, MAILSUB_OK, "TLS1.2", "TLS_ECDHE_ECDSA_"},
    {"TLS 1.1", TLS11, MAILSUB_E_TLS, "", ""},
    {"RSA key transport", TLS12 ":-KX-ALL:+RSA", MAILSUB_E_TLS, "", ""},
    {"SHA-1 signatures", TLS12 ":-SIGN-ALL:+SIGN-ECDSA-SHA1", MAILSUB_E_TLS, "", ""},
};

static void a_version_is_agreed(void **state)
{
    const struct version_row *row = *state;
    struct fixture fixture;
    server_init(&fixture.server);
    fixture.server.priority = row->priority;
    fixture.server.talk = talk_shortly;
    begin(&fixture);
    for (int round = 0; round < 2; round++) {
        mailsub__transport *transport = fixture.client.transport;
        assert_int_equal(client_open(&fixture.client, true), row->want);
        if (row->want == MAILSUB_OK)
            check_short_talk(&fixture);
        mailsub__transport_close(transport, true);
        assert_string_equal(mailsub__transport_get_tls_version(transport), row->version);
        assert_non_null(strstr(mailsub__transport_get_tls_cipher(transport), row->cipher));
        assert_int_equal(mailsub__transport_is_tls(transport), row->want == MAILSUB_OK);
        assert_int_equal(strlen(detail_of(&fixture)) > 0, true);
    }
    end(&fixture);
}

struct name_row {
    const char *name;
    const char *host;
    const char *verify_name;
    const char *sent;
};

static const struct name_row server_names[] = {
    {"a name is sent", "localhost", "localhost", "localhost"},
    {"the host's, not the certificate's", "both.test", "localhost", "both.test"},
    {"the certificate's for an address", "127.0.0.1", "localhost", "localhost"},
    {"an address is not sent", "127.0.0.1", "127.0.0.1", ""},
};

static void the_server_is_named(void **state)
{
    const struct name_row *row = *state;
    struct fixture fixture;
    server_init(&fixture.server);
    fixture.server.credentials = pki_issue(
        &pki_authority, &(struct pki_leaf){.dns = {"localhost"}, .ip = loopback4, .ip_len = 4});
    fixture.server.talk = talk_shortly;
    begin(&fixture);
    fixture.settings.dial.host = row->host;
    fixture.settings.verify_name = row->verify_name;
    take_settings(&fixture);
    assert_int_equal(client_open(&fixture.client, true), MAILSUB_OK);
    check_short_talk(&fixture);
    end(&fixture);
    assert_string_equal(fixture.server.server_name, row->sent);
    gnutls_certificate_free_credentials(fixture.server.credentials);
}

/* What servers do behind the handshake, and what becomes of it. */

static void hang_up(int fd, gnutls_session_t session, struct server *server)
{
    (void)server;
    peer_tls_send(session, "421 bye", 7);
    shutdown(fd, SHUT_WR);
    char scrap[64];
    recv(fd, scrap, sizeof scrap, 0);
}

static void send_rubbish(int fd, gnutls_session_t session, struct server *server)
{
    peer_tls_send(session, "421 bye", 7);
    peer_send(fd, "\x17\x03\x03\x00\x20 this is no record of this session", 37);
    char scrap[64];
    server->result = gnutls_record_recv(session, scrap, sizeof scrap) < 0 ? 1 : 2;
}

static void send_alert(int fd, gnutls_session_t session, struct server *server)
{
    (void)fd;
    (void)server;
    peer_tls_send(session, "421 bye", 7);
    gnutls_alert_send(session, GNUTLS_AL_FATAL, GNUTLS_A_ACCESS_DENIED);
}

static void warn_without_end(int fd, gnutls_session_t session, struct server *server)
{
    (void)fd;
    (void)server;
    peer_tls_send(session, "421 bye", 7);
    for (int i = 0; i < 1000; i++)
        gnutls_alert_send(session, GNUTLS_AL_WARNING, GNUTLS_A_USER_CANCELED);
    char scrap[64];
    gnutls_record_recv(session, scrap, sizeof scrap);
}

struct end_row {
    const char *name;
    void (*talk)(int fd, gnutls_session_t session, struct server *server);
    const char *priority;
    int want;
    const char *detail;
};

static const struct end_row ends[] = {
    {"no close_notify, TLS 1.3", hang_up, TLS13, MAILSUB_E_CONNECTION_LOST,
     "the server closed the connection without the TLS close_notify"},
    {"no close_notify, TLS 1.2", hang_up, TLS12, MAILSUB_E_CONNECTION_LOST,
     "the server closed the connection without the TLS close_notify"},
    {"a bad record, TLS 1.3", send_rubbish, TLS13, MAILSUB_E_TLS, ""},
    {"a bad record, TLS 1.2", send_rubbish, TLS12, MAILSUB_E_TLS, ""},
    {"an alert", send_alert, TLS13, MAILSUB_E_TLS,
     "the server sent a TLS alert: Access was denied"},
    {"warnings without end", warn_without_end, TLS12, MAILSUB_E_TLS, ""},
};

static void the_end_is_told(void **state)
{
    const struct end_row *row = *state;
    struct fixture fixture;
    server_init(&fixture.server);
    fixture.server.talk = row->talk;
    fixture.server.priority = row->priority;
    begin(&fixture);
    assert_int_equal(client_open(&fixture.client, true), MAILSUB_OK);
    char words[8] = "";
    assert_int_equal(client_read(&fixture.client, words, 7), MAILSUB_OK);
    assert_string_equal(words, "421 bye");
    assert_int_equal(client_drain(&fixture.client), row->want);
    if (!strstr(detail_of(&fixture), row->detail))
        fail_msg("detail: %s", detail_of(&fixture));
    assert_int_equal(mailsub__transport_get_state(fixture.client.transport),
                     MAILSUB__TRANSPORT_FAILED);
    assert_int_equal(mailsub__transport_get_error(fixture.client.transport), row->want);
    end(&fixture);
}

/* Wants to see its request refused, and a word; in any order. */
static void ask_for_rehandshake(int fd, gnutls_session_t session, struct server *server)
{
    (void)fd;
    peer_tls_send(session, "hello", 5);
    gnutls_rehandshake(session);
    char word[5];
    size_t len = 0;
    while (len < 5 || server->result == 0) {
        char scrap;
        bool is_word = len < 5;
        ssize_t n =
            gnutls_record_recv(session, is_word ? word + len : &scrap, is_word ? 5 - len : 1);
        if (n > 0 && is_word)
            len += (size_t)n;
        else if (n == GNUTLS_E_WARNING_ALERT_RECEIVED)
            server->result = gnutls_alert_get(session) == GNUTLS_A_NO_RENEGOTIATION ? 1 : 2;
        else
            return;
    }
    if (peer_tls_send(session, word, 5))
        gnutls_bye(session, GNUTLS_SHUT_WR);
}

static void a_rehandshake_is_refused_and_nothing_lost(void **state)
{
    (void)state;
    struct fixture fixture;
    server_init(&fixture.server);
    fixture.server.talk = ask_for_rehandshake;
    fixture.server.priority = TLS12;
    begin(&fixture);
    assert_int_equal(client_open(&fixture.client, true), MAILSUB_OK);
    check_short_talk(&fixture);
    end(&fixture);
    assert_int_equal(fixture.server.result, 1);
}

static void update_keys(int fd, gnutls_session_t session, struct server *server)
{
    (void)fd;
    (void)server;
    char word[5];
    if (peer_tls_send(session, "hel", 3) &&
        gnutls_session_key_update(session, GNUTLS_KU_PEER) == GNUTLS_E_SUCCESS &&
        peer_tls_send(session, "lo", 2) && peer_tls_receive(session, word, 5) &&
        gnutls_session_key_update(session, 0) == GNUTLS_E_SUCCESS &&
        peer_tls_send(session, word, 5))
        gnutls_bye(session, GNUTLS_SHUT_WR);
}

static void keys_can_change(void **state)
{
    (void)state;
    struct fixture fixture;
    server_init(&fixture.server);
    fixture.server.talk = update_keys;
    fixture.server.priority = TLS13;
    begin(&fixture);
    assert_int_equal(client_open(&fixture.client, true), MAILSUB_OK);
    check_short_talk(&fixture);
    end(&fixture);
}

static void octets_may_come_one_by_one(void **state)
{
    (void)state;
    for (int round = 0; round < 2; round++) {
        struct fixture fixture;
        server_init(&fixture.server);
        fixture.server.talk = talk_shortly;
        fixture.server.priority = round == 0 ? TLS13 : TLS12;
        fixture.server.piece = 1;
        begin(&fixture);
        assert_int_equal(client_open(&fixture.client, true), MAILSUB_OK);
        check_short_talk(&fixture);
        end(&fixture);
    }
}

#define BULK_LEN (4u << 20)

static void fill_bulk(char *bulk)
{
    for (size_t i = 0; i < BULK_LEN; i++)
        bulk[i] = (char)(i * 7 + i / 253);
}

/* Waits to be told, then sends and takes a lot. */
static void echo_bulk(int fd, gnutls_session_t session, struct server *server)
{
    (void)fd;
    sem_wait(&server->start);
    char *bulk = malloc(BULK_LEN);
    if (bulk && peer_tls_receive(session, bulk, BULK_LEN) && peer_tls_send(session, bulk, BULK_LEN))
        gnutls_bye(session, GNUTLS_SHUT_WR);
    free(bulk);
}

static bool is_due(mailsub__poller *poller)
{
    struct pollfd entry = {mailsub__poller_get_fd(poller), POLLIN, 0};
    return poll(&entry, 1, 0) == 1;
}

/* In odd pieces, and looking only when the poller says so. */
static void read_bulk(struct fixture *fixture, char *out)
{
    size_t at = 0;
    for (size_t piece = 1; at < BULK_LEN; piece = piece * 5 % 40009 + 1) {
        size_t room = BULK_LEN - at < piece ? BULK_LEN - at : piece;
        size_t n = 0;
        assert_int_equal(mailsub__transport_read(fixture->client.transport, out + at, room, &n),
                         MAILSUB_OK);
        at += n;
        if (n == 0)
            client_step(&fixture->client);
    }
}

static void a_full_socket_takes_what_it_can(void **state)
{
    (void)state;
    struct fixture fixture;
    server_init(&fixture.server);
    fixture.server.talk = echo_bulk;
    begin(&fixture);
    assert_int_equal(client_open(&fixture.client, true), MAILSUB_OK);
    char *bulk = malloc(BULK_LEN);
    char *echo = calloc(1, BULK_LEN);
    fill_bulk(bulk);
    size_t at = 0;
    size_t n = 1;
    while (n > 0) {
        assert_int_equal(
            mailsub__transport_write(fixture.client.transport, bulk + at, BULK_LEN - at, &n),
            MAILSUB_OK);
        at += n;
    }
    assert_in_range(at, 1, BULK_LEN - 1);
    assert_int_equal(client_drain_now(&fixture.client), 0);
    assert_false(is_due(fixture.client.poller));
    sem_post(&fixture.server.start);
    assert_int_equal(client_write(&fixture.client, bulk + at, BULK_LEN - at), MAILSUB_OK);
    read_bulk(&fixture, echo);
    assert_memory_equal(bulk, echo, BULK_LEN);
    assert_int_equal(client_drain(&fixture.client), MAILSUB_E_CONNECTION_LOST);
    free(bulk);
    free(echo);
    end(&fixture);
}

static void take_one_record(int fd, gnutls_session_t session, struct server *server)
{
    (void)fd;
    char block[16384];
    sem_wait(&server->start);
    peer_tls_receive(session, block, sizeof block);
    server->result = gnutls_record_recv(session, block, 1) == 0 ? 1 : 2; /* close_notify */
}

/* What was taken arrives, even if nothing is written after it, and so does the goodbye. */
static void what_was_taken_is_sent(void **state)
{
    (void)state;
    struct fixture fixture;
    server_init(&fixture.server);
    fixture.server.talk = take_one_record;
    begin(&fixture);
    assert_int_equal(client_open(&fixture.client, true), MAILSUB_OK);
    char block[16384] = {0};
    assert_int_equal(client_write(&fixture.client, block, sizeof block), MAILSUB_OK);
    sem_post(&fixture.server.start);
    mailsub__transport_close(fixture.client.transport, true);
    end(&fixture);
    assert_int_equal(fixture.server.result, 1);
}

static void say_and_leave(int fd, gnutls_session_t session, struct server *server)
{
    (void)server;
    static const struct linger now = {1, 0};
    peer_tls_send(session, "421 bye", 7);
    /* One octet taken, so that the words have surely arrived; then a reset. */
    char scrap[1];
    recv(fd, scrap, 1, 0);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static void last_words_are_read_before_the_end(void **state)
{
    (void)state;
    struct fixture fixture;
    server_init(&fixture.server);
    fixture.server.talk = say_and_leave;
    begin(&fixture);
    mailsub__transport *transport = fixture.client.transport;
    assert_int_equal(client_open(&fixture.client, true), MAILSUB_OK);
    char block[4096] = {0};
    size_t n;
    int rc;
    do {
        rc = mailsub__transport_write(transport, block, sizeof block, &n);
        if (rc == MAILSUB_OK)
            client_step(&fixture.client);
    } while (rc == MAILSUB_OK);
    assert_int_equal(rc, MAILSUB_E_CONNECTION_LOST);
    assert_int_equal(mailsub__transport_get_state(transport), MAILSUB__TRANSPORT_READY);
    assert_int_equal(mailsub__transport_write(transport, block, 1, &n), rc);
    char words[8] = "";
    assert_int_equal(client_read(&fixture.client, words, 7), MAILSUB_OK);
    assert_string_equal(words, "421 bye");
    assert_int_equal(client_drain(&fixture.client), MAILSUB_E_CONNECTION_LOST);
    end(&fixture);
}

/* Servers that do not begin with TLS. */

static void greet_in_clear(int fd, void *context)
{
    (void)context;
    peer_send(fd, "220 mail.example ESMTP\r\n", 24);
    char scrap[64];
    recv(fd, scrap, sizeof scrap, 0);
    recv(fd, scrap, sizeof scrap, 0);
}

static void a_server_in_clear_is_recognised(void **state)
{
    (void)state;
    struct fixture fixture;
    server_init(&fixture.server);
    begin(&fixture);
    struct peer clear;
    peer_start(&clear, AF_INET, greet_in_clear, NULL);
    fixture.settings.dial.port = clear.port;
    take_settings(&fixture);
    assert_int_equal(client_open(&fixture.client, true), MAILSUB_E_TLS);
    assert_non_null(strstr(detail_of(&fixture), "the server's answer is not TLS"));
    mailsub__transport_close(fixture.client.transport, false);
    peer_stop(&clear);
    end(&fixture);
}

static void start_tls_later(int fd, void *context)
{
    char word[8];
    if (peer_send(fd, "220 hi\r\n", 8) && peer_receive(fd, word, 8) &&
        peer_send(fd, "220 go\r\n", 8))
        serve_tls(fd, context);
}

static void tls_starts_on_a_standing_connection(void **state)
{
    (void)state;
    struct fixture fixture;
    server_init(&fixture.server);
    fixture.server.talk = talk_shortly;
    begin(&fixture);
    struct peer later;
    peer_start(&later, AF_INET, start_tls_later, &fixture.server);
    fixture.settings.dial.port = later.port;
    take_settings(&fixture);
    assert_int_equal(client_open(&fixture.client, false), MAILSUB_OK);
    char line[9] = "";
    assert_int_equal(client_read(&fixture.client, line, 8), MAILSUB_OK);
    assert_int_equal(client_write(&fixture.client, "STARTTLS", 8), MAILSUB_OK);
    assert_int_equal(client_read(&fixture.client, line, 8), MAILSUB_OK);
    assert_string_equal(line, "220 go\r\n");
    assert_false(mailsub__transport_is_tls(fixture.client.transport));
    mailsub__transport_start_tls(fixture.client.transport);
    assert_int_equal(client_finish(&fixture.client), MAILSUB_OK);
    assert_true(mailsub__transport_is_tls(fixture.client.transport));
    assert_true(mailsub__transport_is_verified(fixture.client.transport));
    check_short_talk(&fixture);
    mailsub__transport_close(fixture.client.transport, true);
    peer_stop(&later);
    end(&fixture);
}

static void stay_silent(int fd, gnutls_session_t session, struct server *server)
{
    (void)session;
    (void)server;
    char scrap[64];
    recv(fd, scrap, sizeof scrap, 0);
}

static void wait_for_start(int fd, gnutls_session_t session, struct server *server)
{
    (void)fd;
    (void)session;
    sem_wait(&server->start);
}

/* The number of octets that a server sends, or takes, in a handshake. */
static void measure_handshake(const char *priority, size_t *out_sent, size_t *out_received)
{
    struct fixture fixture;
    server_init(&fixture.server);
    fixture.server.priority = priority;
    fixture.server.talk = stay_silent;
    begin(&fixture);
    assert_int_equal(client_open(&fixture.client, true), MAILSUB_OK);
    mailsub__transport_close(fixture.client.transport, false);
    end(&fixture);
    *out_sent = fixture.server.n_sent;
    *out_received = fixture.server.n_received;
}

struct cut_row {
    const char *name;
    const char *priority;
    bool in_sending; /* by the server */
};

static const struct cut_row cuts[] = {
    {"server's octets, TLS 1.3", TLS13, true},
    {"server's octets, TLS 1.2", TLS12, true},
    {"client's octets, TLS 1.3", TLS13, false},
    {"client's octets, TLS 1.2", TLS12, false},
};

/* The peer hangs up behind each octet of the handshake. */
static void a_cut_handshake_is_told(void **state)
{
    const struct cut_row *row = *state;
    size_t n_sent;
    size_t n_received;
    measure_handshake(row->priority, &n_sent, &n_received);
    size_t n = row->in_sending ? n_sent : n_received;
    /* Under valgrind, this would take minutes. */
    size_t step = unit_is_slow() ? 29 : 1;
    struct fixture fixture;
    server_init(&fixture.server);
    fixture.server.priority = row->priority;
    begin(&fixture);
    for (size_t i = 0; i < n; i += step) {
        /* Signatures vary in length: the handshake may be complete just before the cut. */
        fixture.server.send_budget = row->in_sending ? i : SIZE_MAX;
        fixture.server.receive_budget = row->in_sending ? SIZE_MAX : i;
        int rc = client_open(&fixture.client, true);
        if (rc == MAILSUB_OK)
            rc = client_drain(&fixture.client);
        if (rc != MAILSUB_E_CONNECTION_LOST)
            fail_msg("behind %zu octets: %s, %s", i, mailsub_error_name(rc), detail_of(&fixture));
        assert_true(strlen(detail_of(&fixture)) > 0);
        mailsub__transport_close(fixture.client.transport, true);
        assert_int_equal(await_threads(fixture.n_threads + 1), fixture.n_threads + 1);
    }
    end(&fixture);
}

static void reading_is_thrifty(void **state)
{
    (void)state;
    struct fixture fixture;
    server_init(&fixture.server);
    fixture.server.talk = talk_shortly;
    begin(&fixture);
    assert_int_equal(client_open(&fixture.client, true), MAILSUB_OK);
    client_check_thrift(&fixture.client);
    end(&fixture);
}

static void each_failing_allocation_is_told(void **state)
{
    (void)state;
    struct fixture fixture;
    server_init(&fixture.server);
    fixture.server.talk = talk_shortly;
    begin(&fixture);
    int rc = MAILSUB_E_NOMEM;
    for (size_t n = 1; rc == MAILSUB_E_NOMEM; n++) {
        assert_true(n < 100);
        struct client client = {.heap = {.fail_at = n}};
        rc = client_init(&client, &fixture.settings);
        if (rc == MAILSUB_OK)
            rc = client_open(&client, true);
        assert_true(rc == MAILSUB_OK || rc == MAILSUB_E_NOMEM);
        client_deinit(&client);
    }
    end(&fixture);
}

/* The buffer for what a full socket does not take is the only one that comes late. */
static void a_full_socket_without_memory_is_told(void **state)
{
    (void)state;
    struct fixture fixture;
    server_init(&fixture.server);
    fixture.server.talk = wait_for_start;
    begin(&fixture);
    assert_int_equal(client_open(&fixture.client, true), MAILSUB_OK);
    fixture.client.heap.fail_at = fixture.client.heap.n_requests + 1;
    char block[65536] = {0};
    size_t n = 1;
    int rc = MAILSUB_OK;
    while (rc == MAILSUB_OK && n > 0)
        rc = mailsub__transport_write(fixture.client.transport, block, sizeof block, &n);
    assert_int_equal(rc, MAILSUB_E_NOMEM);
    assert_int_equal(mailsub__transport_write(fixture.client.transport, block, 1, &n), rc);
    mailsub__transport_close(fixture.client.transport, true);
    sem_post(&fixture.server.start);
    end(&fixture);
}

static void an_empty_trust_says_so(void **state)
{
    (void)state;
    struct fixture fixture;
    server_init(&fixture.server);
    begin(&fixture);
    mailsub__trust *system = NULL;
    const mailsub__trust_handles *handles;
    assert_int_equal(mailsub__trust_new(&libc_allocator, &system), MAILSUB_OK);
    assert_int_equal(mailsub__trust_load(system, &handles), MAILSUB_OK);
    fixture.settings.trust = system;
    take_settings(&fixture);
    assert_int_equal(client_open(&fixture.client, true), MAILSUB_E_TLS_UNTRUSTED);
    assert_int_equal(strstr(detail_of(&fixture), "this system has no") != NULL,
                     handles->n_authorities == 0);
    end(&fixture);
    mailsub__trust_free(system);
}

int main(void)
{
    struct CMUnitTest tests[96] = {
        cmocka_unit_test(a_rehandshake_is_refused_and_nothing_lost),
        cmocka_unit_test(keys_can_change),
        cmocka_unit_test(octets_may_come_one_by_one),
        cmocka_unit_test(a_full_socket_takes_what_it_can),
        cmocka_unit_test(what_was_taken_is_sent),
        cmocka_unit_test(reading_is_thrifty),
        cmocka_unit_test(last_words_are_read_before_the_end),
        cmocka_unit_test(a_server_in_clear_is_recognised),
        cmocka_unit_test(tls_starts_on_a_standing_connection),
        cmocka_unit_test(each_failing_allocation_is_told),
        cmocka_unit_test(a_full_socket_without_memory_is_told),
        cmocka_unit_test(an_empty_trust_says_so),
    };
    size_t n_tests = 12;
    UNIT_ADD_ROWS(tests, n_tests, certificates, a_certificate_is_judged);
    UNIT_ADD_ROWS(tests, n_tests, certificates, any_certificate_is_taken_when_told_so);
    UNIT_ADD_ROWS(tests, n_tests, versions, a_version_is_agreed);
    UNIT_ADD_ROWS(tests, n_tests, server_names, the_server_is_named);
    UNIT_ADD_ROWS(tests, n_tests, ends, the_end_is_told);
    UNIT_ADD_ROWS(tests, n_tests, cuts, a_cut_handshake_is_told);
    return _cmocka_run_group_tests("tls", tests, n_tests, set_up, tear_down);
}

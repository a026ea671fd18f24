/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whom a transport trusts besides authorities, and what it shows of itself: pins, fingerprints,
 * revocation lists, client certificates, versions, and sessions that are resumed.
 */
#include "client.h"

#include <gnutls/pkcs12.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <mailsub/config.h>
#include <mailsub/receipt.h>

#include "peer.h"
#include "pki.h"

#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3"

struct fixture {
    gnutls_datum_t pem; /* of the server */
    gnutls_certificate_credentials_t credentials;
    gnutls_datum_t ticket_key;
    const char *priority;
    bool asks_client; /* for a certificate, of the authority */
    char shown[128];  /* the name in it */
    struct peer peer;
    struct unit_heap heap;
    mailsub_allocator allocator;
    mailsub__trust *trust;
    struct client client;
    bool verify;
};

static mailsub__slice pem_slice(gnutls_datum_t pem)
{
    return mailsub__slice_of(pem.data, pem.size);
}

static void note_client(struct fixture *fixture, gnutls_session_t session)
{
    unsigned n = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &n);
    fixture->shown[0] = '\0';
    if (n == 0)
        return;
    gnutls_x509_crt_t certificate;
    size_t len = sizeof fixture->shown;
    gnutls_x509_crt_init(&certificate);
    if (gnutls_x509_crt_import(certificate, &chain[0], GNUTLS_X509_FMT_DER) == 0)
        gnutls_x509_crt_get_dn(certificate, fixture->shown, &len);
    gnutls_x509_crt_deinit(certificate);
}

/* Says a word, waits for one, says goodbye. */
static void serve(int fd, void *context)
{
    struct fixture *fixture = context;
    gnutls_session_t session = peer_tls_new(fd, fixture->credentials, fixture->priority);
    gnutls_session_ticket_enable_server(session, &fixture->ticket_key);
    if (fixture->asks_client)
        gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
    char word[5];
    if (peer_tls_handshake(session)) {
        note_client(fixture, session);
        if (peer_tls_send(session, "hello", 5) && peer_tls_receive(session, word, 5))
            gnutls_bye(session, GNUTLS_SHUT_WR);
    }
    gnutls_deinit(session);
}

/* A server with a certificate of ca, and a trust in the authority; connected by run. */
static void begin(struct fixture *fixture, const struct pki_ca *ca, const struct pki_leaf *leaf)
{
    *fixture = (struct fixture){.verify = true};
    fixture->pem = pki_issue_pem(ca, leaf);
    assert_int_equal(gnutls_certificate_allocate_credentials(&fixture->credentials), 0);
    assert_int_equal(gnutls_certificate_set_x509_key_mem(fixture->credentials, &fixture->pem,
                                                         &fixture->pem, GNUTLS_X509_FMT_PEM),
                     0);
    assert_int_equal(gnutls_session_ticket_key_generate(&fixture->ticket_key), 0);
    fixture->allocator = unit_allocator(&fixture->heap);
    assert_int_equal(mailsub__trust_new(&fixture->allocator, &fixture->trust), 0);
    assert_int_equal(mailsub__trust_set_authorities(fixture->trust, pem_slice(pki_authority.pem)),
                     0);
}

static void begin_plain(struct fixture *fixture)
{
    begin(fixture, &pki_authority, &(struct pki_leaf){.dns = {"localhost", "two.test"}});
}

static void connect_to_it(struct fixture *fixture, bool resume)
{
    peer_start(&fixture->peer, AF_INET, serve, fixture);
    mailsub__transport_settings settings = {
        .dial = {.host = "127.0.0.1", .port = fixture->peer.port},
        .verify_name = "localhost",
        .trust = fixture->trust,
        .verify = fixture->verify,
        .resume = resume,
    };
    assert_int_equal(client_init(&fixture->client, &settings), MAILSUB_OK);
}

/* One connection, whole; what it came to. */
static int talk(struct fixture *fixture)
{
    char word[5];
    int rc = client_open(&fixture->client, true);
    if (rc == MAILSUB_OK) {
        assert_int_equal(client_read(&fixture->client, word, 5), MAILSUB_OK);
        assert_memory_equal(word, "hello", 5);
        assert_int_equal(client_write(&fixture->client, "world", 5), MAILSUB_OK);
        char scrap;
        assert_int_equal(client_read(&fixture->client, &scrap, 1), MAILSUB_E_CONNECTION_LOST);
    }
    mailsub__transport_close(fixture->client.transport, true);
    return rc;
}

static void end(struct fixture *fixture)
{
    client_deinit(&fixture->client);
    peer_stop(&fixture->peer);
    mailsub__trust_free(fixture->trust);
    assert_int_equal(fixture->heap.n_live, 0);
    gnutls_certificate_free_credentials(fixture->credentials);
    gnutls_free(fixture->pem.data);
    gnutls_free(fixture->ticket_key.data);
}

static const mailsub__certificate_facts *facts_of(const struct fixture *fixture)
{
    return mailsub__transport_get_certificate(fixture->client.transport);
}

/* Pins and fingerprints. */

enum known { NOTHING, ITS_KEY, ANOTHER_KEY, BOTH_KEYS, ITS_CERTIFICATE, ANOTHER_CERTIFICATE };

struct pin_row {
    const char *name;
    enum known known;
    bool is_of_stranger;
    bool waive; /* the verification */
    int want;
    int verified_by;
};

static const struct pin_row pins[] = {
    {"no pin, an authority", NOTHING, false, false, MAILSUB_OK, MAILSUB_VERIFIED_BY_AUTHORITY},
    {"no pin, a stranger", NOTHING, true, false, MAILSUB_E_TLS_UNTRUSTED, MAILSUB_VERIFIED_NOT},
    {"no pin, a stranger let in", NOTHING, true, true, MAILSUB_OK, MAILSUB_VERIFIED_NOT},
    {"the key", ITS_KEY, false, false, MAILSUB_OK, MAILSUB_VERIFIED_BY_AUTHORITY_AND_KEY},
    {"one of two keys", BOTH_KEYS, false, false, MAILSUB_OK, MAILSUB_VERIFIED_BY_AUTHORITY_AND_KEY},
    {"the key of a stranger", ITS_KEY, true, false, MAILSUB_E_TLS_UNTRUSTED,
     MAILSUB_VERIFIED_BY_KEY},
    {"the key alone", ITS_KEY, true, true, MAILSUB_OK, MAILSUB_VERIFIED_BY_KEY},
    {"another key", ANOTHER_KEY, false, false, MAILSUB_E_TLS_PIN, MAILSUB_VERIFIED_NOT},
    {"another key of a stranger", ANOTHER_KEY, true, false, MAILSUB_E_TLS_PIN,
     MAILSUB_VERIFIED_NOT},
    {"another key is never let in", ANOTHER_KEY, false, true, MAILSUB_E_TLS_PIN,
     MAILSUB_VERIFIED_NOT},
    {"the certificate", ITS_CERTIFICATE, false, false, MAILSUB_OK, MAILSUB_VERIFIED_BY_FINGERPRINT},
    {"the certificate of a stranger", ITS_CERTIFICATE, true, false, MAILSUB_OK,
     MAILSUB_VERIFIED_BY_FINGERPRINT},
    {"another certificate", ANOTHER_CERTIFICATE, false, false, MAILSUB_E_TLS_PIN,
     MAILSUB_VERIFIED_NOT},
    {"another certificate is never let in", ANOTHER_CERTIFICATE, false, true, MAILSUB_E_TLS_PIN,
     MAILSUB_VERIFIED_NOT},
};

static void know(struct fixture *fixture, enum known known)
{
    mailsub__pins *known_ones = mailsub__trust_pins(fixture->trust);
    gnutls_x509_crt_t certificate = pki_certificate(fixture->pem);
    size_t len = MAILSUB__PIN_LEN;
    if (known == ANOTHER_KEY || known == BOTH_KEYS)
        memset(known_ones->keys[known_ones->n_keys++], 7, MAILSUB__PIN_LEN);
    if (known == ITS_KEY || known == BOTH_KEYS)
        gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA256,
                                   known_ones->keys[known_ones->n_keys++], &len);
    if (known == ITS_CERTIFICATE || known == ANOTHER_CERTIFICATE)
        gnutls_x509_crt_get_fingerprint(certificate, GNUTLS_DIG_SHA256, known_ones->certificate,
                                        &len);
    known_ones->certificate[3] ^= known == ANOTHER_CERTIFICATE;
    known_ones->has_certificate = known == ITS_CERTIFICATE || known == ANOTHER_CERTIFICATE;
    gnutls_x509_crt_deinit(certificate);
}

static void a_known_key_decides(void **state)
{
    const struct pin_row *row = *state;
    struct fixture fixture;
    begin(&fixture, row->is_of_stranger ? &pki_stranger : &pki_authority,
          &(struct pki_leaf){.dns = {"localhost", "two.test"}});
    know(&fixture, row->known);
    fixture.verify = !row->waive;
    connect_to_it(&fixture, false);
    assert_int_equal(talk(&fixture), row->want);
    if (row->want == MAILSUB_OK) {
        assert_int_equal(facts_of(&fixture)->verified_by, row->verified_by);
        assert_string_equal(facts_of(&fixture)->names, "localhost,two.test");
        assert_int_equal(strlen(facts_of(&fixture)->fingerprint), 64);
    }
    assert_int_equal(
        row->want == MAILSUB_E_TLS_PIN,
        strstr(mailsub__transport_get_detail(fixture.client.transport), "its SHA-256 is ") != NULL);
    end(&fixture);
}

static void a_fingerprint_outlives_its_certificate(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, &pki_stranger,
          &(struct pki_leaf){.dns = {"elsewhere.test"}, .from_day = -9, .to_day = -1});
    know(&fixture, ITS_CERTIFICATE);
    connect_to_it(&fixture, false);
    assert_int_equal(talk(&fixture), MAILSUB_OK);
    end(&fixture);
}

struct pin_text_row {
    const char *name;
    const char *text;
    int want;
};

#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"
#define COLONS                                                                                     \
    "00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:10:11:12:13:14:15:16:17:18:19:1a:1b:1c:1d:"   \
    "1e:"

static const struct pin_text_row pin_texts[] = {
    {"hexadecimal", HEX, MAILSUB_OK},
    {"with colons", COLONS "1f", MAILSUB_OK},
    {"base64", "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", MAILSUB_OK},
    {"empty", "", MAILSUB_E_PIN},
    {"too short", "0001", MAILSUB_E_PIN},
    {"too long", HEX "20", MAILSUB_E_PIN},
    {"no digit", "g" HEX, MAILSUB_E_PIN},
    {"an octet missing behind a colon", COLONS, MAILSUB_E_PIN},
    {"another mark than a colon",
     "00-01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:10:11:12:13:14:15:16:17:18:19:1a:1b:1c:1d:1e:"
     "1f",
     MAILSUB_E_PIN},
    {"a digit that is none", "0g0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
     MAILSUB_E_PIN},
    {"base64 without padding", "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
     MAILSUB_E_PIN},
    {"base64 of less", "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==", MAILSUB_E_PIN},
    {"base64 with a line end", "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg=\n",
     MAILSUB_E_PIN},
    {"base64 of nonsense", "sha256//????????????????????????????????????????????", MAILSUB_E_PIN},
    {"another hash", "sha512//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", MAILSUB_E_PIN},
};

static void a_pin_is_read(void **state)
{
    const struct pin_text_row *row = *state;
    unsigned char pin[MAILSUB__PIN_LEN];
    memset(pin, 0xee, sizeof pin);
    assert_int_equal(mailsub__pin_parse(mailsub__slice_str(row->text), pin), row->want);
    for (size_t i = 0; i < sizeof pin; i++)
        assert_int_equal(pin[i], row->want == MAILSUB_OK ? i : 0xee);
    if (row->want != MAILSUB_OK)
        return;
    char text[MAILSUB__PIN_TEXT_LEN];
    unsigned char again[MAILSUB__PIN_LEN];
    mailsub__pin_write(pin, text);
    assert_int_equal(mailsub__pin_parse(mailsub__slice_str(text), again), MAILSUB_OK);
    assert_memory_equal(pin, again, sizeof pin);
}

/* Revocation lists. */

struct crl_row {
    const char *name;
    bool is_listed;
    bool is_of_stranger; /* the list */
    int from_day;
    int to_day;
    int want;
};

static const struct crl_row crls[] = {
    {"revoked", true, false, -1, 1, MAILSUB_E_TLS_REVOKED},
    {"another one is revoked", false, false, -1, 1, MAILSUB_OK},
    {"an old list", false, false, -9, -2, MAILSUB_E_TLS_CERTIFICATE},
    {"an old list that names it", true, false, -9, -2, MAILSUB_E_TLS_REVOKED},
    {"a list of somebody else", true, true, -1, 1, MAILSUB_OK},
};

/* A file of the test's; unlinked by the caller. */
static void write_temporary(char *path, gnutls_datum_t data)
{
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data.data, data.size), data.size);
    close(fd);
}

static void a_revocation_list_is_obeyed(void **state)
{
    const struct crl_row *row = *state;
    struct fixture fixture;
    begin_plain(&fixture);
    gnutls_x509_crt_t certificate = pki_certificate(fixture.pem);
    gnutls_datum_t list = pki_revoke(row->is_of_stranger ? &pki_stranger : &pki_authority,
                                     row->is_listed ? certificate : pki_authority.certificate,
                                     row->from_day, row->to_day);
    char path[] = "/tmp/mailsub-crl-XXXXXX";
    write_temporary(path, list);
    int os_error;
    assert_int_equal(mailsub__trust_set_crl_file(fixture.trust, path, &os_error), MAILSUB_OK);
    unlink(path);
    connect_to_it(&fixture, false);
    assert_int_equal(talk(&fixture), row->want);
    end(&fixture);
    gnutls_free(list.data);
    gnutls_x509_crt_deinit(certificate);
}

/* Client certificates. */

static gnutls_datum_t encrypt_key(gnutls_datum_t pem)
{
    gnutls_x509_privkey_t key;
    gnutls_datum_t out;
    gnutls_x509_privkey_init(&key);
    assert_int_equal(gnutls_x509_privkey_import(key, &pem, GNUTLS_X509_FMT_PEM), 0);
    assert_int_equal(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, "open sesame",
                                                       GNUTLS_PKCS_PBES2_AES_256, &out),
                     0);
    gnutls_x509_privkey_deinit(key);
    return out;
}

static gnutls_datum_t pack_pkcs12(gnutls_datum_t pem, const char *password)
{
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t certificate = pki_certificate(pem);
    gnutls_pkcs12_t pack;
    gnutls_pkcs12_bag_t bags[2];
    unsigned char id[] = {1};
    gnutls_datum_t key_id = {id, 1};
    gnutls_datum_t out;
    gnutls_x509_privkey_init(&key);
    assert_int_equal(gnutls_x509_privkey_import(key, &pem, GNUTLS_X509_FMT_PEM), 0);
    gnutls_datum_t pkcs8;
    assert_int_equal(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_DER, password,
                                                       GNUTLS_PKCS_PBES2_AES_256, &pkcs8),
                     0);
    gnutls_pkcs12_init(&pack);
    for (int i = 0; i < 2; i++) {
        gnutls_pkcs12_bag_init(&bags[i]);
        int index =
            i == 0 ? gnutls_pkcs12_bag_set_crt(bags[i], certificate)
                   : gnutls_pkcs12_bag_set_data(bags[i], GNUTLS_BAG_PKCS8_ENCRYPTED_KEY, &pkcs8);
        assert_true(index >= 0);
        gnutls_pkcs12_bag_set_key_id(bags[i], (unsigned)index, &key_id);
        if (i == 0)
            gnutls_pkcs12_bag_encrypt(bags[i], password, GNUTLS_PKCS_PBES2_AES_256);
        assert_int_equal(gnutls_pkcs12_set_bag(pack, bags[i]), 0);
        gnutls_pkcs12_bag_deinit(bags[i]);
    }
    assert_int_equal(gnutls_pkcs12_generate_mac(pack, password), 0);
    assert_int_equal(gnutls_pkcs12_export2(pack, GNUTLS_X509_FMT_DER, &out), 0);
    gnutls_pkcs12_deinit(pack);
    gnutls_free(pkcs8.data);
    gnutls_x509_privkey_deinit(key);
    gnutls_x509_crt_deinit(certificate);
    return out;
}

enum shown { NO_CERTIFICATE, IN_MEMORY, IN_FILES, WITH_PASSWORD, PKCS12 };

struct client_row {
    const char *name;
    enum shown shown;
    const char *password;
    int want;
};

static const struct client_row clients[] = {
    {"nothing to show", NO_CERTIFICATE, NULL, MAILSUB_OK},
    {"PEM in memory", IN_MEMORY, NULL, MAILSUB_OK},
    {"PEM in files", IN_FILES, NULL, MAILSUB_OK},
    {"an encrypted key", WITH_PASSWORD, "open sesame", MAILSUB_OK},
    {"an encrypted key, wrong password", WITH_PASSWORD, "open barley", MAILSUB_E_CERTIFICATE},
    {"an encrypted key, no password", WITH_PASSWORD, NULL, MAILSUB_E_CERTIFICATE},
    {"PKCS #12", PKCS12, "open sesame", MAILSUB_OK},
    {"PKCS #12, wrong password", PKCS12, "open barley", MAILSUB_E_CERTIFICATE},
};

static int set_client(struct fixture *fixture, const struct client_row *row, gnutls_datum_t pem)
{
    const char *reason = NULL;
    if (row->shown == NO_CERTIFICATE)
        return MAILSUB_OK;
    if (row->shown == IN_MEMORY)
        return mailsub__trust_set_client_pem(fixture->trust, pem_slice(pem), NULL, &reason);
    gnutls_datum_t key = row->shown == WITH_PASSWORD ? encrypt_key(pem)
                         : row->shown == PKCS12      ? pack_pkcs12(pem, "open sesame")
                                                     : (gnutls_datum_t){NULL, 0};
    char certificate_path[] = "/tmp/mailsub-client-XXXXXX";
    char key_path[] = "/tmp/mailsub-client-XXXXXX";
    write_temporary(certificate_path, pem);
    write_temporary(key_path, key.data ? key : pem);
    int rc =
        row->shown == PKCS12
            ? mailsub__trust_set_client_pkcs12(fixture->trust, key_path, row->password, &reason)
            : mailsub__trust_set_client_files(fixture->trust, certificate_path, key_path,
                                              row->password, &reason);
    assert_int_equal(rc != MAILSUB_OK, reason != NULL);
    unlink(certificate_path);
    unlink(key_path);
    gnutls_free(key.data);
    return rc;
}

static void a_client_certificate_is_shown(void **state)
{
    const struct client_row *row = *state;
    struct fixture fixture;
    begin_plain(&fixture);
    fixture.asks_client = true;
    gnutls_datum_t pem = pki_issue_pem(
        &pki_authority, &(struct pki_leaf){.common_name = "client", .is_for_clients = true});
    assert_int_equal(set_client(&fixture, row, pem), row->want);
    connect_to_it(&fixture, false);
    assert_int_equal(talk(&fixture), MAILSUB_OK);
    bool is_shown = row->want == MAILSUB_OK && row->shown != NO_CERTIFICATE;
    end(&fixture);
    assert_string_equal(fixture.shown, is_shown ? "CN=client" : "");
    gnutls_free(pem.data);
}

static void another_key_is_refused_and_the_last_pair_kept(void **state)
{
    (void)state;
    struct fixture fixture;
    begin_plain(&fixture);
    fixture.asks_client = true;
    gnutls_datum_t one = pki_issue_pem(
        &pki_authority, &(struct pki_leaf){.common_name = "one", .is_for_clients = true});
    const char *reason = NULL;
    assert_int_equal(
        mailsub__trust_set_client_pem(fixture.trust, pem_slice(fixture.pem), NULL, &reason), 0);
    assert_int_equal(mailsub__trust_set_client_pem(fixture.trust, pem_slice(one), NULL, &reason),
                     0);
    assert_int_equal(
        mailsub__trust_set_client_pem(fixture.trust, pem_slice(pki_authority.pem), NULL, &reason),
        MAILSUB_E_CERTIFICATE);
    assert_int_equal(mailsub__trust_set_client_files(fixture.trust, "/nonexistent", "/nonexistent",
                                                     NULL, &reason),
                     MAILSUB_E_CERTIFICATE);
    connect_to_it(&fixture, false);
    assert_int_equal(talk(&fixture), MAILSUB_OK);
    end(&fixture);
    assert_string_equal(fixture.shown, "CN=one");
    gnutls_free(one.data);
}

/* Versions and algorithms. */

struct priority_row {
    const char *name;
    const char *priority;
    int min_version;
    int want_set;
    const char *server;
    int want;
};

static const struct priority_row priorities[] = {
    {"1.3 demanded and there", NULL, MAILSUB_TLS_VERSION_1_3, MAILSUB_OK, TLS13, MAILSUB_OK},
    {"1.3 demanded, 1.2 there", NULL, MAILSUB_TLS_VERSION_1_3, MAILSUB_OK, TLS12, MAILSUB_E_TLS},
    {"another cipher", "NORMAL:-CIPHER-ALL:+CHACHA20-POLY1305", MAILSUB_TLS_VERSION_1_2, MAILSUB_OK,
     TLS13, MAILSUB_OK},
    {"ciphers that do not meet", "NORMAL:-CIPHER-ALL:+CHACHA20-POLY1305", MAILSUB_TLS_VERSION_1_2,
     MAILSUB_OK, TLS13 ":-CHACHA20-POLY1305", MAILSUB_E_TLS},
    {"an old version cannot be asked for", "LEGACY:+VERS-TLS1.0:+VERS-TLS1.1",
     MAILSUB_TLS_VERSION_1_2, MAILSUB_OK, "LEGACY:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0",
     MAILSUB_E_TLS},
    {"old versions only", "LEGACY:-VERS-ALL:+VERS-TLS1.1", MAILSUB_TLS_VERSION_1_2,
     MAILSUB_E_INVALID, TLS12, MAILSUB_OK},
    {"no version is left", "NORMAL:-VERS-TLS1.3", MAILSUB_TLS_VERSION_1_3, MAILSUB_E_INVALID, TLS12,
     MAILSUB_OK},
    {"malformed", "NONSENSE:+MORE", MAILSUB_TLS_VERSION_1_2, MAILSUB_E_INVALID, TLS13, MAILSUB_OK},
};

static void a_priority_is_obeyed(void **state)
{
    const struct priority_row *row = *state;
    struct fixture fixture;
    begin_plain(&fixture);
    fixture.priority = row->server;
    assert_int_equal(mailsub__trust_set_priority(fixture.trust, row->priority, row->min_version),
                     row->want_set);
    connect_to_it(&fixture, false);
    assert_int_equal(talk(&fixture), row->want);
    end(&fixture);
}

/* Resumption. */

struct resume_row {
    const char *name;
    const char *priority;
    bool resume;
};

static const struct resume_row resumptions[] = {
    {"TLS 1.3 is resumed", TLS13, true},
    {"TLS 1.2 is resumed", TLS12, true},
    {"TLS 1.3 is not resumed when told so", TLS13, false},
    {"TLS 1.2 is not resumed when told so", TLS12, false},
};

static void a_session_is_resumed(void **state)
{
    const struct resume_row *row = *state;
    struct fixture fixture;
    begin_plain(&fixture);
    fixture.priority = row->priority;
    connect_to_it(&fixture, row->resume);
    mailsub__certificate_facts first = {0};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(talk(&fixture), MAILSUB_OK);
        assert_int_equal(mailsub__transport_is_resumed(fixture.client.transport),
                         row->resume && i > 0);
        if (i == 0)
            first = *facts_of(&fixture);
        assert_int_equal(facts_of(&fixture)->verified_by, MAILSUB_VERIFIED_BY_AUTHORITY);
        assert_string_equal(facts_of(&fixture)->fingerprint, first.fingerprint);
        assert_string_equal(facts_of(&fixture)->names, first.names);
    }
    end(&fixture);
}

static void a_resumed_session_is_verified_again(void **state)
{
    (void)state;
    struct fixture fixture;
    begin_plain(&fixture);
    connect_to_it(&fixture, true);
    assert_int_equal(talk(&fixture), MAILSUB_OK);
    know(&fixture, ANOTHER_KEY);
    assert_int_equal(talk(&fixture), MAILSUB_E_TLS_PIN);
    end(&fixture);
}

static void a_forgotten_session_means_a_full_handshake(void **state)
{
    (void)state;
    struct fixture fixture;
    begin_plain(&fixture);
    connect_to_it(&fixture, true);
    assert_int_equal(talk(&fixture), MAILSUB_OK);
    gnutls_free(fixture.ticket_key.data);
    assert_int_equal(gnutls_session_ticket_key_generate(&fixture.ticket_key), 0);
    assert_int_equal(talk(&fixture), MAILSUB_OK);
    assert_false(mailsub__transport_is_resumed(fixture.client.transport));
    end(&fixture);
}

int main(void)
{
    struct CMUnitTest tests[96] = {
        cmocka_unit_test(a_fingerprint_outlives_its_certificate),
        cmocka_unit_test(another_key_is_refused_and_the_last_pair_kept),
        cmocka_unit_test(a_resumed_session_is_verified_again),
        cmocka_unit_test(a_forgotten_session_means_a_full_handshake),
    };
    size_t n_tests = 4;
    UNIT_ADD_ROWS(tests, n_tests, pins, a_known_key_decides);
    UNIT_ADD_ROWS(tests, n_tests, pin_texts, a_pin_is_read);
    UNIT_ADD_ROWS(tests, n_tests, crls, a_revocation_list_is_obeyed);
    UNIT_ADD_ROWS(tests, n_tests, clients, a_client_certificate_is_shown);
    UNIT_ADD_ROWS(tests, n_tests, priorities, a_priority_is_obeyed);
    UNIT_ADD_ROWS(tests, n_tests, resumptions, a_session_is_resumed);
    return _cmocka_run_group_tests("tls_trust", tests, n_tests, pki_set_up, pki_tear_down);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a server staples to its certificate (OCSP, RFC 6066 section 8, RFC 6961), as the receipt of
 * a session tells it: a status that is sound counts, one that is not, and one that is missing where
 * the certificate promises it (RFC 7633), is a refusal.
 */
#include "staple.h"
#include "unit.h"

#include <stdio.h>
#include <sys/socket.h>

#include <mailsub/mailsub.h>

#include "peer.h"

#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3"

enum kind { SOUND, OF_ANOTHER, BY_A_STRANGER, NONSENSE, NOTHING };

struct row {
    const char *name;
    enum kind kind;
    struct staple staple;
    bool must_staple;
    bool skip_verify;
    int want;
    const char *want_detail; /* stands in the receipt's detail */
};

static const struct row rows[] = {
    {"a good one", SOUND, {STAPLE_GOOD, -1, 1}, false, false, MAILSUB_OK, ""},
    {"a good one that does not say when the next comes",
     SOUND,
     {STAPLE_GOOD, -1, 0},
     false,
     false,
     MAILSUB_OK,
     ""},
    {"none, and none was promised", NOTHING, {0}, false, false, MAILSUB_OK, ""},
    {"a good one, as promised", SOUND, {STAPLE_GOOD, -1, 1}, true, false, MAILSUB_OK, ""},
    {"none, in spite of the promise",
     NOTHING,
     {0},
     true,
     false,
     MAILSUB_E_TLS_CERTIFICATE,
     "its OCSP status is missing"},
    {"revoked",
     SOUND,
     {STAPLE_REVOKED, -1, 1},
     false,
     false,
     MAILSUB_E_TLS_REVOKED,
     "it is revoked"},
    {"revoked, as promised to be told",
     SOUND,
     {STAPLE_REVOKED, -1, 1},
     true,
     false,
     MAILSUB_E_TLS_REVOKED,
     "it is revoked"},
    {"revoked, and verification is waived",
     SOUND,
     {STAPLE_REVOKED, -1, 1},
     false,
     true,
     MAILSUB_OK,
     ""},
    {"a certificate that the responder does not know",
     SOUND,
     {STAPLE_UNKNOWN, -1, 1},
     false,
     false,
     MAILSUB_E_TLS_CERTIFICATE,
     "its OCSP status"},
    {"an expired one",
     SOUND,
     {STAPLE_GOOD, -9, -2},
     false,
     false,
     MAILSUB_E_TLS_CERTIFICATE,
     "the revocation data are old"},
    {"an old one that does not say when the next comes",
     SOUND,
     {STAPLE_GOOD, -90, 0},
     false,
     false,
     MAILSUB_E_TLS_CERTIFICATE,
     "the revocation data are old"},
    {"one of the future",
     SOUND,
     {STAPLE_GOOD, 2, 9},
     false,
     false,
     MAILSUB_E_TLS_CERTIFICATE,
     "the revocation data are of the future"},
    {"a good one of another certificate",
     OF_ANOTHER,
     {STAPLE_GOOD, -1, 1},
     false,
     false,
     MAILSUB_E_TLS_CERTIFICATE,
     "its OCSP status is wrong"},
    {"a good one by a stranger",
     BY_A_STRANGER,
     {STAPLE_GOOD, -1, 1},
     false,
     false,
     MAILSUB_E_TLS_CERTIFICATE,
     "its OCSP status is wrong"},
    {"nonsense",
     NONSENSE,
     {0},
     false,
     false,
     MAILSUB_E_TLS_CERTIFICATE,
     "its OCSP status is wrong"},
};

struct fixture {
    gnutls_certificate_credentials_t credentials;
    gnutls_datum_t response;
    gnutls_datum_t ticket_key;
    const char *priority;
    struct peer peer;
    mailsub_config *config;
    mailsub_session *session;
    mailsub_receipt *receipt;
};

/* GnuTLS frees the copy. */
static int give_response(gnutls_session_t session, void *context, gnutls_datum_t *out)
{
    const struct fixture *fixture = context;
    (void)session;
    if (fixture->response.size == 0)
        return GNUTLS_E_NO_CERTIFICATE_STATUS;
    out->data = gnutls_malloc(fixture->response.size);
    if (!out->data)
        return GNUTLS_E_MEMORY_ERROR;
    memcpy(out->data, fixture->response.data, fixture->response.size);
    out->size = fixture->response.size;
    return 0;
}

/* Read a line of the client's; false: it has gone. */
static bool skip_line(gnutls_session_t session)
{
    char octet = '\0';
    while (octet != '\n') {
        if (!peer_tls_receive(session, &octet, 1))
            return false;
    }
    return true;
}

/* A greeting, an answer to EHLO, one to QUIT. */
static void serve(int fd, void *context)
{
    static const char *const says[] = {"220 x ESMTP\r\n", "250 x\r\n", "221 x\r\n"};
    struct fixture *fixture = context;
    gnutls_session_t session = peer_tls_new(fd, fixture->credentials, fixture->priority);
    gnutls_session_ticket_enable_server(session, &fixture->ticket_key);
    if (peer_tls_handshake(session)) {
        size_t n = 0;
        while (n < 3 && peer_tls_send(session, says[n], strlen(says[n])) && n < 2 &&
               skip_line(session))
            n++;
    }
    gnutls_bye(session, GNUTLS_SHUT_WR);
    gnutls_deinit(session);
}

static void make_response(struct fixture *fixture, const struct row *row, gnutls_datum_t pem)
{
    gnutls_x509_crt_t certificate = pki_certificate(pem);
    fixture->response = (gnutls_datum_t){NULL, 0};
    if (row->kind == NONSENSE) {
        fixture->response.data = gnutls_malloc(4);
        assert_non_null(fixture->response.data);
        memcpy(fixture->response.data, "good", 4);
        fixture->response.size = 4;
    } else if (row->kind != NOTHING) {
        fixture->response = staple_make(
            &pki_authority, row->kind == BY_A_STRANGER ? &pki_stranger : &pki_authority,
            row->kind == OF_ANOTHER ? pki_authority.certificate : certificate, &row->staple);
    }
    gnutls_x509_crt_deinit(certificate);
}

static void begin_server(struct fixture *fixture, const struct row *row)
{
    gnutls_datum_t pem = pki_issue_pem(
        &pki_authority, &(struct pki_leaf){.dns = {"localhost"}, .must_staple = row->must_staple});
    make_response(fixture, row, pem);
    assert_int_equal(gnutls_certificate_allocate_credentials(&fixture->credentials), 0);
    assert_int_equal(
        gnutls_certificate_set_x509_key_mem(fixture->credentials, &pem, &pem, GNUTLS_X509_FMT_PEM),
        0);
    assert_int_equal(gnutls_certificate_set_ocsp_status_request_function2(fixture->credentials, 0,
                                                                          give_response, fixture),
                     0);
    assert_int_equal(gnutls_session_ticket_key_generate(&fixture->ticket_key), 0);
    gnutls_free(pem.data);
    peer_start(&fixture->peer, AF_INET, serve, fixture);
}

static void begin(struct fixture *fixture, const struct row *row, const char *priority)
{
    char url[64];
    fixture->priority = priority;
    begin_server(fixture, row);
    snprintf(url, sizeof url, "submissions://localhost:%d", fixture->peer.port);
    assert_int_equal(mailsub_config_new(NULL, &fixture->config), 0);
    assert_int_equal(mailsub_config_set_url(fixture->config, url), 0);
    assert_int_equal(
        mailsub_config_set_ca_data(fixture->config, pki_authority.pem.data, pki_authority.pem.size),
        0);
    if (row->skip_verify)
        assert_int_equal(mailsub_config_insecure_skip_verify(fixture->config), 0);
    assert_int_equal(mailsub_session_new(fixture->config, &fixture->session), 0);
    assert_int_equal(mailsub_receipt_new(NULL, &fixture->receipt), 0);
}

static void end(struct fixture *fixture)
{
    mailsub_session_free(fixture->session);
    mailsub_receipt_free(fixture->receipt);
    mailsub_config_unref(fixture->config);
    peer_stop(&fixture->peer);
    gnutls_certificate_free_credentials(fixture->credentials);
    gnutls_free(fixture->response.data);
    gnutls_free(fixture->ticket_key.data);
}

static void a_stapled_status_is_honoured(void **state)
{
    static const char *const priorities[] = {TLS12, TLS13};
    const struct row *row = *state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture fixture;
        begin(&fixture, row, priorities[i]);
        int code = mailsub_session_check(fixture.session, fixture.receipt);
        const char *detail = mailsub_receipt_get_detail(fixture.receipt);
        if (code != row->want)
            print_message("# %s: %s\n", priorities[i], detail);
        assert_string_equal(mailsub_error_name(code), mailsub_error_name(row->want));
        assert_non_null(strstr(detail, row->want_detail));
        if (row->want != MAILSUB_OK)
            assert_int_equal(mailsub_receipt_get_stage(fixture.receipt), MAILSUB_STAGE_TLS);
        bool is_verified = row->want == MAILSUB_OK && !row->skip_verify;
        assert_int_equal(mailsub_receipt_get_tls_verified_by(fixture.receipt),
                         is_verified ? MAILSUB_VERIFIED_BY_AUTHORITY : MAILSUB_VERIFIED_NOT);
        end(&fixture);
    }
}

/* A resumed handshake shows no status: the one of the first counts, and the promise is kept. */
static void a_promise_outlives_a_resumption(void **state)
{
    static const struct row row = {
        "", SOUND, {STAPLE_GOOD, -1, 1}, true, false, MAILSUB_OK, "",
    };
    static const char *const priorities[] = {TLS12, TLS13};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture fixture;
        begin(&fixture, &row, priorities[i]);
        for (int again = 0; again < 3; again++) {
            int code = mailsub_session_check(fixture.session, fixture.receipt);
            if (code)
                print_message("# %s: %s\n", priorities[i],
                              mailsub_receipt_get_detail(fixture.receipt));
            assert_string_equal(mailsub_error_name(code), "MAILSUB_OK");
            assert_int_equal(mailsub_receipt_get_tls_resumed(fixture.receipt), again > 0);
        }
        end(&fixture);
    }
}

int main(void)
{
    static struct CMUnitTest tests[24] = {cmocka_unit_test(a_promise_outlives_a_resumption)};
    size_t n_tests = 1;
    UNIT_ADD_ROWS(tests, n_tests, rows, a_stapled_status_is_honoured);
    return _cmocka_run_group_tests("session_staple", tests, n_tests, pki_set_up, pki_tear_down);
}

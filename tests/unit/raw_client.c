/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "raw_client.h"

#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <gnutls/x509.h>

void raw_client_open(struct raw_client *client, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    const struct timeval patience = {.tv_sec = 20};
    const int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    memset(client, 0, sizeof *client);
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(client->fd >= 0);
    setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    assert_int_equal(connect(client->fd, (struct sockaddr *)&address, sizeof address), 0);
}

void raw_client_close(struct raw_client *client)
{
    if (client->tls)
        gnutls_deinit(client->tls);
    if (client->credentials)
        gnutls_certificate_free_credentials(client->credentials);
    close(client->fd);
}

unsigned raw_client_start_tls(struct raw_client *client, const char *ca, const char *name)
{
    const gnutls_datum_t pem = {(unsigned char *)(uintptr_t)ca, (unsigned)strlen(ca)};
    assert_true(gnutls_certificate_allocate_credentials(&client->credentials) >= 0);
    assert_int_equal(
        gnutls_certificate_set_x509_trust_mem(client->credentials, &pem, GNUTLS_X509_FMT_PEM), 1);
    assert_true(gnutls_init(&client->tls, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL) >= 0);
    assert_true(gnutls_set_default_priority(client->tls) >= 0);
    assert_true(gnutls_credentials_set(client->tls, GNUTLS_CRD_CERTIFICATE, client->credentials) >=
                0);
    gnutls_transport_set_int(client->tls, client->fd);
    int rc;
    do {
        rc = gnutls_handshake(client->tls);
    } while (rc < 0 && !gnutls_error_is_fatal(rc));
    assert_int_equal(rc, 0);
    unsigned status = ~0u;
    assert_int_equal(gnutls_certificate_verify_peers3(client->tls, name, &status), 0);
    return status;
}

static void send_piece(struct raw_client *client, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = client->tls ? gnutls_record_send(client->tls, data, len)
                                : send(client->fd, data, len, MSG_NOSIGNAL);
        /* The server may have hung up already: the test sees it when it reads. */
        if (n <= 0)
            return;
        data += n;
        len -= (size_t)n;
    }
}

void raw_client_send(struct raw_client *client, const char *data, size_t len)
{
    if (!client->by_octet) {
        send_piece(client, data, len);
        return;
    }
    for (size_t i = 0; i < len; i++)
        send_piece(client, data + i, 1);
}

const char *raw_client_read_line(struct raw_client *client)
{
    char *line = client->line;
    for (;;) {
        const char *end = memmem(client->buffered, client->n_buffered, "\r\n", 2);
        if (end) {
            size_t len = (size_t)(end - client->buffered);
            memcpy(line, client->buffered, len);
            line[len] = '\0';
            client->n_buffered -= len + 2;
            memmove(client->buffered, end + 2, client->n_buffered);
            return line;
        }
        char *room = client->buffered + client->n_buffered;
        size_t n_room = sizeof client->buffered - client->n_buffered;
        ssize_t n = client->tls ? gnutls_record_recv(client->tls, room, n_room)
                                : recv(client->fd, room, n_room, 0);
        if (n <= 0)
            return NULL;
        client->n_buffered += (size_t)n;
    }
}

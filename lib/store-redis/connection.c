/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hiredis formats commands and reads replies. The connection is made here: in Debian 12's version
 * (0.14) hiredis has no TLS, and a socket of one's own behaves the same with every version.
 */
#include "store-redis/connection.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <mailsub/error.h>

/* Each call of the socket waits by itself, for as long as it may: to ask poll first would be one
   call more for each decision. */
static int set_timeout(int fd, int timeout_ms)
{
    const struct timeval most = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most) ||
                   setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most)
               ? MAILSUB_E_STORE
               : MAILSUB_OK;
}

static int wait_for(int fd, short events, int timeout_ms)
{
    struct pollfd waiting = {.fd = fd, .events = events};
    int n;
    do
        n = poll(&waiting, 1, timeout_ms);
    while (n < 0 && errno == EINTR);
    return n == 1 ? MAILSUB_OK : MAILSUB_E_STORE;
}

/* A connect that a signal interrupts goes on by itself. */
static int finish_connect(int fd, int timeout_ms)
{
    int error = 0;
    socklen_t len = sizeof error;
    if (wait_for(fd, POLLOUT, timeout_ms) ||
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0)
        return MAILSUB_E_STORE;
    return MAILSUB_OK;
}

static int connect_to(const struct sockaddr *address, socklen_t len, int timeout_ms)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int rc = set_timeout(fd, timeout_ms);
    if (rc == MAILSUB_OK && connect(fd, address, len) != 0)
        rc = errno == EINTR ? finish_connect(fd, timeout_ms) : MAILSUB_E_STORE;
    if (rc) {
        close(fd);
        return -1;
    }
    return fd;
}

static int connect_local(const redis_address *address)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    memcpy(local.sun_path, address->path, strlen(address->path));
    return connect_to((const struct sockaddr *)(const void *)&local, sizeof local,
                      address->timeout_ms);
}

static int connect_host(const redis_address *address)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *list = NULL;
    int fd = -1;
    if (getaddrinfo(address->host, address->port, &hints, &list) != 0)
        return -1;
    for (const struct addrinfo *one = list; one && fd < 0; one = one->ai_next)
        fd = connect_to(one->ai_addr, one->ai_addrlen, address->timeout_ms);
    freeaddrinfo(list);
    int on = 1;
    if (fd >= 0)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

/* ---- TLS ---- */

static int load_trust(redis_connection *connection, const redis_address *address)
{
    if (gnutls_certificate_allocate_credentials(&connection->credentials) < 0)
        return MAILSUB_E_NOMEM;
    int n = address->ca[0] != '\0'
                ? gnutls_certificate_set_x509_trust_file(connection->credentials, address->ca,
                                                         GNUTLS_X509_FMT_PEM)
                : gnutls_certificate_set_x509_system_trust(connection->credentials);
    return n > 0 ? MAILSUB_OK : MAILSUB_E_CA;
}

static int shake_hands(redis_connection *connection, const redis_address *address)
{
    int rc = load_trust(connection, address);
    if (rc)
        return rc;
    if (gnutls_init(&connection->tls, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL) < 0)
        return MAILSUB_E_NOMEM;
    gnutls_session_t tls = connection->tls;
    int code = gnutls_priority_set_direct(tls, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2", NULL);
    if (code == 0)
        code = gnutls_credentials_set(tls, GNUTLS_CRD_CERTIFICATE, connection->credentials);
    if (code == 0 && strchr(address->host, ':') == NULL)
        gnutls_server_name_set(tls, GNUTLS_NAME_DNS, address->host, strlen(address->host));
    gnutls_session_set_verify_cert(tls, address->host, 0);
    gnutls_transport_set_int(tls, connection->fd);
    while (code == 0 && (code = gnutls_handshake(tls)) == GNUTLS_E_WARNING_ALERT_RECEIVED)
        code = 0;
    return code == 0 ? MAILSUB_OK : MAILSUB_E_STORE;
}

/* ---- octets ---- */

/* One attempt; 0: a signal came. */
static ssize_t send_some(redis_connection *connection, const char *data, size_t len)
{
    if (!connection->tls) {
        ssize_t n = send(connection->fd, data, len, MSG_NOSIGNAL);
        return n < 0 && errno == EINTR ? 0 : n;
    }
    ssize_t n = gnutls_record_send(connection->tls, data, len);
    return n == GNUTLS_E_INTERRUPTED ? 0 : n;
}

static int send_all(redis_connection *connection, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send_some(connection, data, len);
        if (n < 0)
            return MAILSUB_E_STORE;
        data += n;
        len -= (size_t)n;
    }
    return MAILSUB_OK;
}

/*
 * One attempt; false: once more. TLS may have received what is its own, such as a ticket for another
 * session: GnuTLS then says the same as when the time is over.
 */
static bool receive_some(const redis_connection *connection, char *out, size_t room, ssize_t *out_n)
{
    if (!connection->tls) {
        *out_n = recv(connection->fd, out, room, 0);
        return *out_n >= 0 || errno != EINTR;
    }
    *out_n = gnutls_record_recv(connection->tls, out, room);
    if (*out_n == GNUTLS_E_AGAIN)
        return wait_for(connection->fd, POLLIN, connection->timeout_ms) != MAILSUB_OK;
    return *out_n >= 0 || gnutls_error_is_fatal((int)*out_n);
}

static int receive_reply(redis_connection *connection, redisReply **out_reply)
{
    char data[4096];
    void *reply = NULL;
    while (!reply) {
        ssize_t n = 0;
        if (!receive_some(connection, data, sizeof data, &n))
            continue;
        if (n <= 0 || redisReaderFeed(connection->reader, data, (size_t)n) != REDIS_OK ||
            redisReaderGetReply(connection->reader, &reply) != REDIS_OK)
            return MAILSUB_E_STORE;
    }
    *out_reply = reply;
    return MAILSUB_OK;
}

int redis_connection_call(redis_connection *connection, int argc, const char **argv,
                          const size_t *argv_len, redisReply **out_reply)
{
    char *command = NULL;
    long long len = redisFormatCommandArgv(&command, argc, argv, argv_len);
    if (len < 0)
        return MAILSUB_E_NOMEM;
    int rc = send_all(connection, command, (size_t)len);
    redisFreeCommand(command);
    return rc ? rc : receive_reply(connection, out_reply);
}

/* ---- open and close ---- */

int redis_connection_open(redis_connection *connection, const redis_address *address)
{
    *connection = (redis_connection){.timeout_ms = address->timeout_ms};
    connection->fd = address->path[0] != '\0' ? connect_local(address) : connect_host(address);
    int rc = connection->fd >= 0 ? MAILSUB_OK : MAILSUB_E_STORE;
    if (rc == MAILSUB_OK && !(connection->reader = redisReaderCreate()))
        rc = MAILSUB_E_NOMEM;
    if (rc == MAILSUB_OK && address->tls)
        rc = shake_hands(connection, address);
    if (rc)
        redis_connection_abandon(connection);
    return rc;
}

void redis_connection_abandon(redis_connection *connection)
{
    if (connection->tls)
        gnutls_deinit(connection->tls);
    if (connection->credentials)
        gnutls_certificate_free_credentials(connection->credentials);
    if (connection->reader)
        redisReaderFree(connection->reader);
    if (connection->fd >= 0)
        close(connection->fd);
    *connection = (redis_connection){.fd = -1};
}

void redis_connection_close(redis_connection *connection)
{
    if (connection->tls)
        gnutls_bye(connection->tls, GNUTLS_SHUT_WR);
    redis_connection_abandon(connection);
}

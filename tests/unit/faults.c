/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/ocsp.h>
#include <gnutls/x509.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* A way in which a call fails: what it returns, and errno where that counts. */
struct way {
    const char *call;
    intptr_t value;
    int error;
};

#define OUT_OF_MEMORY GNUTLS_E_MEMORY_ERROR, 0
#define INTERNAL GNUTLS_E_INTERNAL_ERROR, 0

/* The ways of one call stand together. */
static const struct way ways[] = {
    {"allocate", 0, ENOMEM},
    {"socket", -1, EMFILE},
    {"socket", -1, ENOBUFS},
    {"socket", -1, EAFNOSUPPORT},
    {"connect", -1, ECONNREFUSED},
    {"connect", -1, ENETUNREACH},
    {"connect", -1, EADDRNOTAVAIL},
    {"connect", -1, ETIMEDOUT},
    {"setsockopt", -1, ENOPROTOOPT},
    {"getsockopt", -1, ENOBUFS},
    {"getsockname", -1, ENOBUFS},
    {"getpeername", -1, ENOTCONN},
    {"send", -1, ECONNRESET},
    {"send", -1, EINTR},
    {"send", -1, EPIPE},
    {"send", -1, ENOBUFS},
    {"sendmsg", -1, EPIPE},
    {"sendmsg", -1, EINTR},
    {"sendmsg", -1, ECONNRESET},
    {"sendmsg", -1, ENETDOWN},
    {"recv", -1, ECONNRESET},
    {"recv", -1, EINTR},
    {"recv", 0, 0},
    {"recv", -1, ETIMEDOUT},
    {"recv", -1, ENOMEM},
    {"read", -1, EINTR},
    {"read", -1, EAGAIN},
    {"write", -1, EINTR}, /* to wake a poller: EAGAIN would say that it is awake */
    {"poll", -1, EINTR},
    {"poll", -1, ENOMEM},
    {"epoll_create1", -1, EMFILE},
    {"epoll_ctl", -1, ENOMEM},
    {"epoll_ctl", -1, ENOSPC},
    {"epoll_wait", -1, EINTR},
    {"eventfd", -1, EMFILE},
    {"fcntl64", -1, EMFILE},
    {"close", -1, EINTR},
    {"close", -1, EIO},
    {"open64", -1, ENOENT},
    {"open64", -1, EMFILE},
    {"open64", -1, EACCES},
    {"openat64", -1, ENOENT},
    {"openat64", -1, EMFILE},
    {"openat64", -1, EACCES},
    {"openat64", -1, ENOSPC},
    {"mkdir", -1, EACCES},
    {"mkdir", -1, ENOSPC},
    {"mkdirat", -1, EROFS},
    {"mkdirat", -1, EDQUOT},
    {"renameat2", -1, EINVAL},
    {"renameat2", -1, ENOENT},
    {"renameat2", -1, EIO},
    {"renameat2", -1, ENOSPC},
    {"fsync", -1, EIO},
    {"fsync", -1, EINTR},
    {"fsync", -1, EINVAL},
    {"fsync", -1, ENOSPC},
    {"getrlimit64", -1, EPERM},
    {"fstat64", -1, EIO},
    {"fstat64", -1, EOVERFLOW},
    {"stat64", -1, EACCES},
    {"lseek64", -1, EINVAL},
    {"pwrite64", -1, ENOSPC},
    {"pwrite64", -1, EINTR},
    {"pwrite64", -1, EIO},
    {"pwrite64", -1, EDQUOT},
    {"pwrite64", 0, 0},
    {"pread64", -1, EIO},
    {"pread64", 0, 0},
    {"getaddrinfo", EAI_AGAIN, 0},
    {"getaddrinfo", EAI_NONAME, 0},
    {"getaddrinfo", EAI_MEMORY, 0},
    {"getaddrinfo", EAI_SYSTEM, EMFILE},
    {"gethostname", -1, EPERM},
    {"getrandom", -1, ENOSYS},
    {"getrandom", -1, EINTR},
    {"pthread_create", EAGAIN, 0},
    {"pthread_mutex_init", ENOMEM, 0},
    {"gnutls_init", OUT_OF_MEMORY},
    {"gnutls_init", INTERNAL},
    {"gnutls_priority_init2", OUT_OF_MEMORY},
    {"gnutls_priority_set", INTERNAL},
    {"gnutls_credentials_set", OUT_OF_MEMORY},
    {"gnutls_server_name_set", OUT_OF_MEMORY},
    {"gnutls_certificate_allocate_credentials", OUT_OF_MEMORY},
    {"gnutls_certificate_set_x509_trust_mem", OUT_OF_MEMORY},
    {"gnutls_certificate_set_x509_trust_mem", INTERNAL},
    {"gnutls_certificate_set_x509_system_trust", GNUTLS_E_FILE_ERROR, 0},
    {"gnutls_certificate_verify_peers", INTERNAL},
    {"gnutls_certificate_verify_peers", OUT_OF_MEMORY},
    {"gnutls_certificate_get_peers", 0, 0},
    {"gnutls_handshake", INTERNAL},
    {"gnutls_handshake", OUT_OF_MEMORY},
    {"gnutls_handshake", GNUTLS_E_INTERRUPTED, 0},
    {"gnutls_handshake", GNUTLS_E_PREMATURE_TERMINATION, 0},
    {"gnutls_record_send", INTERNAL},
    {"gnutls_record_send", OUT_OF_MEMORY},
    {"gnutls_record_recv", INTERNAL},
    {"gnutls_record_recv", OUT_OF_MEMORY},
    {"gnutls_record_recv", GNUTLS_E_DECRYPTION_FAILED, 0},
    {"gnutls_record_recv", GNUTLS_E_INTERRUPTED, 0},
    {"gnutls_bye", INTERNAL},
    {"gnutls_session_set_data", GNUTLS_E_DB_ERROR, 0},
    {"gnutls_session_get_data2", OUT_OF_MEMORY},
    {"gnutls_session_channel_binding", INTERNAL},
    {"gnutls_x509_crt_init", OUT_OF_MEMORY},
    {"gnutls_x509_crt_import", GNUTLS_E_ASN1_DER_ERROR, 0},
    {"gnutls_x509_crt_get_fingerprint", INTERNAL},
    {"gnutls_x509_crt_get_subject_alt_name2", GNUTLS_E_ASN1_DER_ERROR, 0},
    {"gnutls_hash_fast", INTERNAL},
    {"gnutls_hmac_fast", INTERNAL},
    {"gnutls_pbkdf2", INTERNAL},
};

#define N_WAYS (sizeof ways / sizeof ways[0])

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct {
    bool is_armed;
    size_t number;
    size_t turn;
    size_t n_calls;
    size_t n_of_call[N_WAYS]; /* at the index of the first way of a call */
    char what[128];
} armed;

void faults_arm(size_t number, size_t turn)
{
    pthread_mutex_lock(&mutex);
    memset(&armed, 0, sizeof armed);
    armed.is_armed = true;
    armed.number = number;
    armed.turn = turn;
    pthread_mutex_unlock(&mutex);
}

const char *faults_disarm(void)
{
    pthread_mutex_lock(&mutex);
    armed.is_armed = false;
    pthread_mutex_unlock(&mutex);
    return armed.what;
}

/* The way in which this call is to fail; NULL: it is not to. Another thread's calls count, too. */
static const struct way *fail_now(const char *call)
{
    const struct way *way = NULL;
    pthread_mutex_lock(&mutex);
    if (armed.is_armed) {
        size_t first = 0;
        size_t n = 0;
        while (strcmp(ways[first].call, call) != 0)
            first++;
        while (first + n < N_WAYS && strcmp(ways[first + n].call, call) == 0)
            n++;
        size_t nth = armed.n_of_call[first]++;
        if (++armed.n_calls == armed.number) {
            way = &ways[first + (nth + armed.turn) % n];
            snprintf(armed.what, sizeof armed.what, "%s: %d %s", call, (int)way->value,
                     strerror(way->error));
        }
    }
    pthread_mutex_unlock(&mutex);
    return way;
}

/* ---- memory ---- */

static size_t n_blocks;

size_t faults_count_blocks(void)
{
    return n_blocks;
}

static void *allocate(void *context, size_t n_bytes)
{
    (void)context;
    void *block = fail_now("allocate") ? NULL : malloc(n_bytes);
    n_blocks += block != NULL;
    return block;
}

static void *reallocate(void *context, void *block, size_t n_bytes)
{
    (void)context;
    if (fail_now("allocate"))
        return NULL;
    void *grown = realloc(block, n_bytes);
    n_blocks += grown && !block;
    return grown;
}

static void release(void *context, void *block)
{
    (void)context;
    n_blocks -= block != NULL;
    free(block);
}

const mailsub_allocator faults_allocator = {
    .size = sizeof(mailsub_allocator),
    .allocate = allocate,
    .reallocate = reallocate,
    .release = release,
};

/* ---- calls ---- */

#define CALL(type, name, parameters, arguments)                                                    \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        const struct way *way = fail_now(#name);                                                   \
        if (!way)                                                                                  \
            return __real_##name arguments;                                                        \
        errno = way->error;                                                                        \
        return (type)way->value;                                                                   \
    }

CALL(int, socket, (int family, int kind, int protocol), (family, kind, protocol))
CALL(int, connect, (int fd, const struct sockaddr *to, socklen_t len), (fd, to, len))
CALL(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t len),
     (fd, level, name, value, len))
CALL(int, getsockopt, (int fd, int level, int name, void *value, socklen_t *len),
     (fd, level, name, value, len))
CALL(int, getsockname, (int fd, struct sockaddr *out, socklen_t *len), (fd, out, len))
CALL(int, getpeername, (int fd, struct sockaddr *out, socklen_t *len), (fd, out, len))
CALL(ssize_t, send, (int fd, const void *data, size_t len, int flags), (fd, data, len, flags))
CALL(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags))
CALL(ssize_t, recv, (int fd, void *out, size_t len, int flags), (fd, out, len, flags))
CALL(ssize_t, read, (int fd, void *out, size_t len), (fd, out, len))
CALL(ssize_t, write, (int fd, const void *data, size_t len), (fd, data, len))
CALL(int, poll, (struct pollfd * fds, nfds_t n, int timeout_ms), (fds, n, timeout_ms))
CALL(int, epoll_create1, (int flags), (flags))
CALL(int, epoll_ctl, (int fd, int operation, int watched, struct epoll_event *event),
     (fd, operation, watched, event))
CALL(int, epoll_wait, (int fd, struct epoll_event *out, int room, int timeout_ms),
     (fd, out, room, timeout_ms))
CALL(int, eventfd, (unsigned initial, int flags), (initial, flags))
CALL(int, fcntl64, (int fd, int command, long argument), (fd, command, argument))
CALL(int, open64, (const char *path, int flags, mode_t mode), (path, flags, mode))
CALL(int, openat64, (int at, const char *path, int flags, mode_t mode), (at, path, flags, mode))
CALL(int, mkdir, (const char *path, mode_t mode), (path, mode))
CALL(int, mkdirat, (int at, const char *path, mode_t mode), (at, path, mode))
CALL(int, renameat2, (int from_at, const char *from, int to_at, const char *to, unsigned flags),
     (from_at, from, to_at, to, flags))
CALL(int, fsync, (int fd), (fd))
CALL(int, getrlimit64, (int resource, void *out), (resource, out))
CALL(int, fstat64, (int fd, void *out), (fd, out))
CALL(int, stat64, (const char *path, void *out), (path, out))
CALL(int64_t, lseek64, (int fd, int64_t offset, int whence), (fd, offset, whence))
CALL(ssize_t, pwrite64, (int fd, const void *data, size_t len, int64_t offset),
     (fd, data, len, offset))
CALL(ssize_t, pread64, (int fd, void *out, size_t len, int64_t offset), (fd, out, len, offset))
CALL(int, getaddrinfo,
     (const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **out),
     (host, port, hints, out))
CALL(int, gethostname, (char *out, size_t room), (out, room))
CALL(ssize_t, getrandom, (void *out, size_t len, unsigned flags), (out, len, flags))
CALL(int, pthread_create,
     (pthread_t * out, const pthread_attr_t *attributes, void *(*start)(void *), void *context),
     (out, attributes, start, context))
CALL(int, pthread_mutex_init, (pthread_mutex_t * out, const pthread_mutexattr_t *attributes),
     (out, attributes))
CALL(int, gnutls_init, (gnutls_session_t * out, unsigned flags), (out, flags))
CALL(int, gnutls_priority_init2,
     (gnutls_priority_t * out, const char *text, const char **where, unsigned flags),
     (out, text, where, flags))
CALL(int, gnutls_priority_set, (gnutls_session_t session, gnutls_priority_t priority),
     (session, priority))
CALL(int, gnutls_credentials_set,
     (gnutls_session_t session, gnutls_credentials_type_t type, void *credentials),
     (session, type, credentials))
CALL(int, gnutls_server_name_set,
     (gnutls_session_t session, gnutls_server_name_type_t type, const void *name, size_t len),
     (session, type, name, len))
CALL(int, gnutls_certificate_allocate_credentials, (gnutls_certificate_credentials_t * out), (out))
CALL(int, gnutls_certificate_set_x509_trust_mem,
     (gnutls_certificate_credentials_t credentials, const gnutls_datum_t *pem,
      gnutls_x509_crt_fmt_t format),
     (credentials, pem, format))
CALL(int, gnutls_certificate_set_x509_system_trust, (gnutls_certificate_credentials_t credentials),
     (credentials))
CALL(int, gnutls_certificate_verify_peers,
     (gnutls_session_t session, gnutls_typed_vdata_st *wanted, unsigned n, unsigned *out),
     (session, wanted, n, out))
CALL(const gnutls_datum_t *, gnutls_certificate_get_peers, (gnutls_session_t session, unsigned *n),
     (session, n))
CALL(int, gnutls_handshake, (gnutls_session_t session), (session))
CALL(ssize_t, gnutls_record_send, (gnutls_session_t session, const void *data, size_t len),
     (session, data, len))
CALL(ssize_t, gnutls_record_recv, (gnutls_session_t session, void *out, size_t len),
     (session, out, len))
CALL(int, gnutls_bye, (gnutls_session_t session, gnutls_close_request_t how), (session, how))
CALL(int, gnutls_session_set_data, (gnutls_session_t session, const void *data, size_t len),
     (session, data, len))
CALL(int, gnutls_session_get_data2, (gnutls_session_t session, gnutls_datum_t *out), (session, out))
CALL(int, gnutls_session_channel_binding,
     (gnutls_session_t session, gnutls_channel_binding_t type, gnutls_datum_t *out),
     (session, type, out))
CALL(int, gnutls_x509_crt_init, (gnutls_x509_crt_t * out), (out))
CALL(int, gnutls_x509_crt_import,
     (gnutls_x509_crt_t certificate, const gnutls_datum_t *data, gnutls_x509_crt_fmt_t format),
     (certificate, data, format))
CALL(int, gnutls_x509_crt_get_fingerprint,
     (gnutls_x509_crt_t certificate, gnutls_digest_algorithm_t hash, void *out, size_t *len),
     (certificate, hash, out, len))
CALL(int, gnutls_x509_crt_get_subject_alt_name2,
     (gnutls_x509_crt_t certificate, unsigned index, void *out, size_t *len, unsigned *type,
      unsigned *critical),
     (certificate, index, out, len, type, critical))
CALL(int, gnutls_hash_fast,
     (gnutls_digest_algorithm_t hash, const void *data, size_t len, void *out),
     (hash, data, len, out))
CALL(int, gnutls_hmac_fast,
     (gnutls_mac_algorithm_t mac, const void *key, size_t key_len, const void *data, size_t len,
      void *out),
     (mac, key, key_len, data, len, out))
CALL(int, gnutls_pbkdf2,
     (gnutls_mac_algorithm_t mac, const gnutls_datum_t *key, const gnutls_datum_t *salt,
      unsigned rounds, void *out, size_t len),
     (mac, key, salt, rounds, out, len))

/* Linux has closed the descriptor whatever close(2) says. */
int __real_close(int fd);
int __wrap_close(int fd);

int __wrap_close(int fd)
{
    const struct way *way = fail_now("close");
    int result = __real_close(fd);
    if (way)
        errno = way->error;
    return way ? -1 : result;
}

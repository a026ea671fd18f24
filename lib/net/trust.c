/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GnuTLS's credentials and priorities, made once and shared by all sessions of a config: parsing
 * the system's hundred and more authorities for each connection would take longer than the
 * handshake.
 */
#include "net/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <limits.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mailsub/error.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "net/fd.h"

#define MAX_PEM_LEN (16u << 20)

/*
 * RFC 9325 (BCP 195): TLS 1.2 at least; no key exchange without forward secrecy, which leaves out
 * RSA key transport; no SHA-1 in signatures (RFC 9155); 112 bits of security, thus RSA and DH from
 * 2,048 bits, in certificates too. NORMAL has neither RC4 nor 3DES nor export or NULL ciphers.
 */
static const char priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:"
                                 "-SIGN-RSA-SHA1:-SIGN-ECDSA-SHA1:%PROFILE_MEDIUM";

struct mailsub__trust {
    const mailsub_allocator *allocator;
    pthread_mutex_t mutex; /* guards the loading of what follows */
    bool is_loaded;
    mailsub__trust_handles handles;
};

static int map_error(int gnutls_error, int otherwise)
{
    return gnutls_error == GNUTLS_E_MEMORY_ERROR ? MAILSUB_E_NOMEM : otherwise;
}

static int new_trust(const mailsub_allocator *allocator, mailsub__trust **out_trust)
{
    mailsub__trust *trust = mailsub__alloc_zeroed(allocator, sizeof *trust);
    if (!trust)
        return MAILSUB_E_NOMEM;
    trust->allocator = allocator;
    if (pthread_mutex_init(&trust->mutex, NULL) != 0) {
        mailsub__free(allocator, trust);
        return MAILSUB_E_SYSTEM;
    }
    *out_trust = trust;
    return MAILSUB_OK;
}

static void drop_handles(mailsub__trust_handles *handles)
{
    if (handles->credentials)
        gnutls_certificate_free_credentials(handles->credentials);
    if (handles->priority)
        gnutls_priority_deinit(handles->priority);
    *handles = (mailsub__trust_handles){0};
}

/* Handles that trust nobody yet. */
static int make_handles(mailsub__trust_handles *out_handles)
{
    mailsub__trust_handles handles = {0};
    int result = gnutls_certificate_allocate_credentials(&handles.credentials);
    if (result == GNUTLS_E_SUCCESS)
        result = gnutls_priority_init2(&handles.priority, priorities, NULL, 0);
    if (result != GNUTLS_E_SUCCESS) {
        drop_handles(&handles);
        return map_error(result, MAILSUB_E_SYSTEM);
    }
    *out_handles = handles;
    return MAILSUB_OK;
}

int mailsub__trust_new_system(const mailsub_allocator *allocator, mailsub__trust **out_trust)
{
    return new_trust(allocator, out_trust);
}

static int load_system(mailsub__trust_handles *out_handles)
{
    mailsub__trust_handles handles;
    int rc = make_handles(&handles);
    if (rc)
        return rc;
    /* A system without a store trusts nobody; that is for the verification to tell. */
    int n = gnutls_certificate_set_x509_system_trust(handles.credentials);
    if (n == GNUTLS_E_MEMORY_ERROR) {
        drop_handles(&handles);
        return MAILSUB_E_NOMEM;
    }
    handles.n_authorities = n > 0 ? n : 0;
    *out_handles = handles;
    return MAILSUB_OK;
}

int mailsub__trust_load(mailsub__trust *trust, const mailsub__trust_handles **out_handles)
{
    int rc = MAILSUB_OK;
    pthread_mutex_lock(&trust->mutex);
    if (!trust->is_loaded) {
        rc = load_system(&trust->handles);
        trust->is_loaded = rc == MAILSUB_OK;
    }
    pthread_mutex_unlock(&trust->mutex);
    if (rc == MAILSUB_OK)
        *out_handles = &trust->handles;
    return rc;
}

int mailsub__trust_new_pem(const mailsub_allocator *allocator, const void *pem, size_t len,
                           mailsub__trust **out_trust)
{
    if (len == 0 || len > MAX_PEM_LEN)
        return MAILSUB_E_CA;
    mailsub__trust *trust;
    int rc = new_trust(allocator, &trust);
    if (rc)
        return rc;
    rc = make_handles(&trust->handles);
    if (rc)
        goto out;
    union {
        const void *given;
        unsigned char *wanted; /* GnuTLS reads it only */
    } octets = {pem};
    gnutls_datum_t datum = {octets.wanted, (unsigned)len};
    int n = gnutls_certificate_set_x509_trust_mem(trust->handles.credentials, &datum,
                                                  GNUTLS_X509_FMT_PEM);
    if (n <= 0) {
        rc = map_error(n, MAILSUB_E_CA);
        goto out;
    }
    trust->handles.n_authorities = n;
    trust->is_loaded = true;
    *out_trust = trust;
out:
    if (rc)
        mailsub__trust_free(trust);
    return rc;
}

/* All of fd into buffer. MAILSUB_E_CA with errno in *out_os_error, _NOMEM. */
static int read_all(int fd, mailsub__buffer *buffer, int *out_os_error)
{
    for (;;) {
        char *room;
        int rc = mailsub__buffer_reserve(buffer, 16384, &room);
        if (rc)
            return rc == MAILSUB_E_LIMIT ? MAILSUB_E_CA : rc;
        ssize_t n = read(fd, room, 16384);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            *out_os_error = errno;
            return MAILSUB_E_CA;
        }
        if (n == 0)
            return MAILSUB_OK;
        mailsub__buffer_commit(buffer, (size_t)n);
    }
}

int mailsub__trust_new_file(const mailsub_allocator *allocator, const char *path,
                            mailsub__trust **out_trust, int *out_os_error)
{
    *out_os_error = 0;
    /* Without O_NONBLOCK a FIFO of that name would block until somebody writes to it. */
    int fd = mailsub__fd_lift(open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (fd < 0) {
        *out_os_error = errno;
        return MAILSUB_E_CA;
    }
    mailsub__buffer buffer;
    mailsub__buffer_init(&buffer, allocator, MAX_PEM_LEN + 16384);
    int rc = read_all(fd, &buffer, out_os_error);
    close(fd);
    if (rc == MAILSUB_OK) {
        mailsub__slice pem = mailsub__buffer_slice(&buffer);
        rc = mailsub__trust_new_pem(allocator, pem.ptr, pem.len, out_trust);
    }
    mailsub__buffer_deinit(&buffer);
    return rc;
}

void mailsub__trust_free(mailsub__trust *trust)
{
    if (!trust)
        return;
    drop_handles(&trust->handles);
    pthread_mutex_destroy(&trust->mutex);
    mailsub__free(trust->allocator, trust);
}

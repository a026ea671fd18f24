/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Between GnuTLS and the socket stand two buffers.
 *
 * Input: GnuTLS asks for 5 octets of a record, then for the rest; one recv fetches both, and the
 * records behind. Octets in that buffer are seen by no poller, so reading goes on until GnuTLS has
 * asked for octets that are not there.
 *
 * Output: what the socket does not take at once is kept, and GnuTLS is told that it went. So GnuTLS
 * never stops half-way through a record, an alert or a key update, which it would want repeated
 * with the same arguments. No more is encrypted while octets are kept, which bounds the buffer.
 */
#include "net/tls.h"

#include <assert.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <sys/socket.h>

#include <mailsub/error.h>

#include "base/buffer.h"
#include "base/memory.h"

/* Replies are short; a server's first flight takes one or two. */
#define INPUT_LEN 4096
/* RFC 8446 section 5.1. */
#define RECORD_LEN 16384
/* One record and its overhead, or a handshake flight, and alerts. */
#define MAX_UNSENT_LEN (256u * 1024)
/* Alerts, tickets and key updates in a row, without data: more is an attack on our time. */
#define MAX_IDLE_RECORDS 200

struct mailsub__tls {
    const mailsub_allocator *allocator;
    int fd;
    const mailsub__tls_settings *settings;
    mailsub__detail *detail;
    gnutls_session_t session;
    const mailsub__trust_handles *handles;
    mailsub__buffer unsent;
    bool is_done;   /* the handshake */
    bool is_judged; /* the certificate has been looked at */
    mailsub__certificate_facts certificate;
    int verify_error; /* of the verification, when it is to be obeyed */
    int send_errno;   /* the socket takes no more, ever */
    int recv_errno;
    bool has_ended;  /* the peer closed its side */
    bool has_waited; /* in the current call, GnuTLS asked for octets that are not there */
    bool is_drained; /* the last recv emptied the socket: no more until _refresh */
    bool is_foreign; /* the first octet of the peer begins no TLS record */
    bool has_received;
    int read_error; /* found behind octets that were handed out first */
    unsigned n_idle_records;
    size_t input_at;
    size_t input_len;
    char input[INPUT_LEN];
};

/* recv with EINTR repeated; -1 with errno EAGAIN without asking when the socket is known empty. */
static ssize_t receive(mailsub__tls *tls, void *out, size_t room)
{
    if (tls->is_drained) {
        errno = EAGAIN;
        return -1;
    }
    ssize_t n;
    do
        n = recv(tls->fd, out, room, 0);
    while (n < 0 && errno == EINTR);
    tls->is_drained = n < 0 ? errno == EAGAIN || errno == EWOULDBLOCK : n > 0 && (size_t)n < room;
    if (n > 0 && !tls->has_received) {
        /* ContentType of RFC 8446 section 5.1: 20 to 23. */
        unsigned char first = *(const unsigned char *)out;
        tls->is_foreign = first < 20 || first > 23;
        tls->has_received = true;
    }
    return n;
}

/* GnuTLS wants octets. */
static ssize_t pull(gnutls_transport_ptr_t context, void *out, size_t room)
{
    mailsub__tls *tls = context;
    if (tls->input_len == 0) {
        bool is_direct = room >= INPUT_LEN;
        ssize_t n = receive(tls, is_direct ? out : tls->input, is_direct ? room : INPUT_LEN);
        if (n < 0) {
            bool is_wait = errno == EAGAIN || errno == EWOULDBLOCK;
            tls->has_waited = is_wait;
            tls->recv_errno = is_wait ? 0 : errno;
            gnutls_transport_set_errno(tls->session, is_wait ? EAGAIN : errno);
        }
        tls->has_ended = n == 0;
        if (n <= 0 || is_direct)
            return n;
        tls->input_at = 0;
        tls->input_len = (size_t)n;
    }
    size_t n = room < tls->input_len ? room : tls->input_len;
    memcpy(out, tls->input + tls->input_at, n);
    tls->input_at += n;
    tls->input_len -= n;
    return (ssize_t)n;
}

/* Send what the socket takes now; the number of octets. A dead socket is noted and takes none. */
static size_t send_now(mailsub__tls *tls, struct iovec *parts, size_t n_parts)
{
    if (tls->send_errno != 0)
        return 0;
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = n_parts};
    ssize_t n;
    do
        n = sendmsg(tls->fd, &message, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n >= 0)
        return (size_t)n;
    if (errno != EAGAIN && errno != EWOULDBLOCK)
        tls->send_errno = errno;
    return 0;
}

/*
 * GnuTLS has octets to send. All of them are taken, also when the socket is dead: an error here
 * would end the session for reading too, and with it what the server said before it hung up.
 */
static ssize_t push(gnutls_transport_ptr_t context, const giovec_t *parts, int n_parts)
{
    mailsub__tls *tls = context;
    size_t total = 0;
    for (int i = 0; i < n_parts; i++)
        total += parts[i].iov_len;
    size_t sent = 0;
    if (tls->unsent.len == 0) {
        union {
            const giovec_t *given;
            struct iovec *wanted; /* sendmsg reads it only */
        } list = {parts};
        sent = send_now(tls, list.wanted, (size_t)n_parts);
    }
    for (int i = 0; i < n_parts && tls->send_errno == 0; i++) {
        size_t len = parts[i].iov_len;
        size_t done = sent < len ? sent : len;
        sent -= done;
        const char *rest = (const char *)parts[i].iov_base + done;
        if (done < len && mailsub__buffer_append(&tls->unsent, rest, len - done) != MAILSUB_OK) {
            gnutls_transport_set_errno(tls->session, ENOMEM);
            return -1;
        }
    }
    return (ssize_t)total;
}

/*
 * Called within the handshake, when the server's certificate is there; and behind one that resumed
 * a session, which brings none but keeps that of the first.
 */
static int verify(gnutls_session_t session)
{
    mailsub__tls *tls = gnutls_session_get_ptr(session);
    mailsub__detail found;
    mailsub__detail_clear(&found);
    int rc = mailsub__certificate_verify(session, tls->settings->verify_name, tls->handles,
                                         &tls->certificate, &found);
    tls->is_judged = true;
    bool decides = tls->settings->verify || rc == MAILSUB_E_NOMEM || rc == MAILSUB_E_TLS_PIN;
    if (rc == MAILSUB_OK || !decides)
        return 0;
    if (rc == MAILSUB_E_TLS_UNTRUSTED && tls->handles->n_authorities == 0)
        mailsub__detail_append(&found, "; this system has no certification authorities");
    mailsub__detail_append(tls->detail, found.text);
    tls->verify_error = rc;
    return GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR;
}

/* Server Name Indication, RFC 6066 section 3: a name, never an address. */
static int set_server_name(mailsub__tls *tls)
{
    const char *name = tls->settings->host;
    if (mailsub__certificate_is_address(name))
        name = tls->settings->verify_name;
    if (mailsub__certificate_is_address(name))
        return GNUTLS_E_SUCCESS;
    return gnutls_server_name_set(tls->session, GNUTLS_NAME_DNS, name, strlen(name));
}

void mailsub__tls_ticket_drop(mailsub__tls_ticket *ticket)
{
    if (ticket->data)
        gnutls_memset(ticket->data, 0, ticket->len);
    gnutls_free(ticket->data);
    *ticket = (mailsub__tls_ticket){0};
}

/* A ticket that GnuTLS cannot use means a full handshake, no failure. */
static void use_ticket(mailsub__tls *tls)
{
    mailsub__tls_ticket *ticket = tls->settings->ticket;
    if (!ticket || !ticket->data)
        return;
    gnutls_session_set_data(tls->session, ticket->data, ticket->len);
    mailsub__tls_ticket_drop(ticket);
}

void mailsub__tls_keep_ticket(mailsub__tls *tls)
{
    mailsub__tls_ticket *ticket = tls->settings->ticket;
    if (!ticket || !tls->is_done)
        return;
    /* Asked without one, TLS 1.3 would wait for it. */
    bool is_tls13 = gnutls_protocol_get_version(tls->session) == GNUTLS_TLS1_3;
    if (is_tls13 && !(gnutls_session_get_flags(tls->session) & GNUTLS_SFLAGS_SESSION_TICKET))
        return;
    gnutls_datum_t data;
    if (gnutls_session_get_data2(tls->session, &data) != GNUTLS_E_SUCCESS)
        return;
    mailsub__tls_ticket_drop(ticket);
    *ticket = (mailsub__tls_ticket){data.data, data.size};
}

static int set_up_session(mailsub__tls *tls)
{
    unsigned flags = GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL;
    if (!tls->settings->ticket)
        flags |= GNUTLS_NO_TICKETS;
    int result = gnutls_init(&tls->session, flags);
    if (result != GNUTLS_E_SUCCESS)
        return result;
    use_ticket(tls);
    gnutls_session_set_ptr(tls->session, tls);
    gnutls_session_set_verify_function(tls->session, verify);
    gnutls_transport_set_ptr(tls->session, tls);
    gnutls_transport_set_pull_function(tls->session, pull);
    gnutls_transport_set_vec_push_function(tls->session, push);
    result = gnutls_priority_set(tls->session, tls->handles->priority);
    if (result == GNUTLS_E_SUCCESS)
        result =
            gnutls_credentials_set(tls->session, GNUTLS_CRD_CERTIFICATE, tls->handles->credentials);
    return result == GNUTLS_E_SUCCESS ? set_server_name(tls) : result;
}

int mailsub__tls_new(const mailsub_allocator *allocator, int fd,
                     const mailsub__tls_settings *settings, mailsub__detail *detail,
                     mailsub__tls **out_tls)
{
    mailsub__tls *tls = mailsub__alloc_zeroed(allocator, sizeof *tls);
    if (!tls)
        return MAILSUB_E_NOMEM;
    tls->allocator = allocator;
    tls->fd = fd;
    tls->settings = settings;
    tls->detail = detail;
    mailsub__buffer_init(&tls->unsent, allocator, MAX_UNSENT_LEN);
    int rc = mailsub__trust_load(settings->trust, &tls->handles);
    if (rc == MAILSUB_OK) {
        int result = set_up_session(tls);
        if (result != GNUTLS_E_SUCCESS) {
            mailsub__detail_append(detail, gnutls_strerror(result));
            rc = result == GNUTLS_E_MEMORY_ERROR ? MAILSUB_E_NOMEM : MAILSUB_E_SYSTEM;
        }
    }
    if (rc) {
        mailsub__tls_free(tls);
        return rc;
    }
    *out_tls = tls;
    return MAILSUB_OK;
}

void mailsub__tls_free(mailsub__tls *tls)
{
    if (!tls)
        return;
    if (tls->session)
        gnutls_deinit(tls->session);
    mailsub__buffer_deinit(&tls->unsent);
    mailsub__free(tls->allocator, tls);
}

void mailsub__tls_refresh(mailsub__tls *tls)
{
    tls->is_drained = false;
}

bool mailsub__tls_has_unsent(const mailsub__tls *tls)
{
    return tls->unsent.len > 0;
}

bool mailsub__tls_has_unread(const mailsub__tls *tls)
{
    return tls->input_len > 0 || tls->read_error != 0 ||
           gnutls_record_check_pending(tls->session) > 0;
}

/* The connection failed, rather than TLS on it. */
static int lose(mailsub__tls *tls, const char *what, int os_error)
{
    mailsub__detail_separate(tls->detail);
    mailsub__detail_append(tls->detail, what);
    if (os_error != 0) {
        mailsub__detail_append(tls->detail, ": ");
        mailsub__detail_append_os_error(tls->detail, os_error);
    }
    return MAILSUB_E_CONNECTION_LOST;
}

/* An error of GnuTLS that is none of ours, of the verification's or of the socket's. */
static int fail(mailsub__tls *tls, int result)
{
    if (result == GNUTLS_E_MEMORY_ERROR || tls->unsent.error == MAILSUB_E_NOMEM)
        return MAILSUB_E_NOMEM;
    mailsub__detail_separate(tls->detail);
    if (result == GNUTLS_E_FATAL_ALERT_RECEIVED) {
        const char *name = gnutls_alert_get_name(gnutls_alert_get(tls->session));
        mailsub__detail_append(tls->detail, "the server sent a TLS alert: ");
        mailsub__detail_append(tls->detail, name ? name : "unknown");
    } else {
        mailsub__detail_append(tls->detail, gnutls_strerror(result));
    }
    if (tls->is_foreign)
        mailsub__detail_append(tls->detail, "; the server's answer is not TLS, the port may want "
                                            "STARTTLS");
    return MAILSUB_E_TLS;
}

/* Is this result no more than a delay? Such records may not come without end. */
static bool is_idle_record(mailsub__tls *tls, int result)
{
    bool is_warning = result == GNUTLS_E_WARNING_ALERT_RECEIVED;
    bool is_rehandshake = result == GNUTLS_E_REHANDSHAKE;
    bool is_internal = result == GNUTLS_E_AGAIN || result == GNUTLS_E_INTERRUPTED;
    if (!is_warning && !is_rehandshake && !is_internal)
        return false;
    /* TLS 1.2: refused, as RFC 5246 section 7.4.1.1 allows. Renegotiation has been a hole before,
       and would change whom we verified. */
    if (is_rehandshake)
        gnutls_alert_send(tls->session, GNUTLS_AL_WARNING, GNUTLS_A_NO_RENEGOTIATION);
    return ++tls->n_idle_records <= MAX_IDLE_RECORDS;
}

static int fail_handshake(mailsub__tls *tls, int result)
{
    if (tls->verify_error != MAILSUB_OK) {
        gnutls_alert_send_appropriate(tls->session, result);
        return tls->verify_error;
    }
    if (result != GNUTLS_E_FATAL_ALERT_RECEIVED) {
        if (tls->recv_errno != 0)
            return lose(tls, "during the TLS handshake", tls->recv_errno);
        if (tls->has_ended)
            return lose(tls, "the server closed the connection during the TLS handshake", 0);
        gnutls_alert_send_appropriate(tls->session, result);
    }
    return fail(tls, result);
}

int mailsub__tls_handshake(mailsub__tls *tls, bool *out_done)
{
    assert(!tls->is_done);
    int result;
    do {
        tls->has_waited = false;
        result = gnutls_handshake(tls->session);
    } while (result < 0 && !tls->has_waited && is_idle_record(tls, result));
    if (tls->has_waited && result == GNUTLS_E_AGAIN) {
        if (tls->send_errno != 0)
            return lose(tls, "during the TLS handshake", tls->send_errno);
        *out_done = false;
        return mailsub__tls_flush(tls);
    }
    if (result == GNUTLS_E_SUCCESS && !tls->is_judged)
        result = verify(tls->session);
    if (result < 0)
        return fail_handshake(tls, result);
    /* The last flight is this side's: no answer would come to what was not sent. */
    if (tls->send_errno != 0)
        return lose(tls, "during the TLS handshake", tls->send_errno);
    tls->is_done = true;
    tls->n_idle_records = 0;
    *out_done = true;
    return MAILSUB_OK;
}

int mailsub__tls_flush(mailsub__tls *tls)
{
    while (tls->unsent.len > 0 && tls->send_errno == 0) {
        mailsub__slice rest = mailsub__buffer_slice(&tls->unsent);
        struct iovec part = {(void *)(uintptr_t)rest.ptr, rest.len};
        size_t n = send_now(tls, &part, 1);
        mailsub__buffer_consume(&tls->unsent, n);
        if (n < rest.len)
            break;
    }
    if (tls->send_errno != 0)
        return lose(tls, "sending", tls->send_errno);
    if (tls->unsent.len == 0)
        mailsub__buffer_deinit(&tls->unsent); /* seldom used: not to be kept for each connection */
    return MAILSUB_OK;
}

/* Reading ended with result, which is no data. */
static int end_reading(mailsub__tls *tls, int result)
{
    if (result == GNUTLS_E_FATAL_ALERT_RECEIVED)
        return fail(tls, result);
    if (tls->recv_errno != 0)
        return lose(tls, "receiving", tls->recv_errno);
    if (tls->has_ended && result < 0)
        return lose(tls, "the server closed the connection without the TLS close_notify", 0);
    if (result == 0)
        return lose(tls, "the server closed the connection", 0);
    gnutls_alert_send_appropriate(tls->session, result);
    return fail(tls, result);
}

int mailsub__tls_read(mailsub__tls *tls, char *out, size_t room, size_t *out_len)
{
    size_t got = 0;
    int rc = tls->read_error;
    while (rc == MAILSUB_OK && got < room) {
        tls->has_waited = false;
        ssize_t n = gnutls_record_recv(tls->session, out + got, room - got);
        if (n > 0) {
            got += (size_t)n;
            tls->n_idle_records = 0;
        } else if (n == GNUTLS_E_AGAIN && tls->has_waited) {
            break;
        } else if (n == 0 || !is_idle_record(tls, (int)n)) {
            rc = end_reading(tls, (int)n);
        }
    }
    if (rc != MAILSUB_OK) {
        tls->read_error = rc;
        if (got == 0)
            return rc;
    }
    *out_len = got;
    return MAILSUB_OK;
}

int mailsub__tls_write(mailsub__tls *tls, const char *data, size_t len, size_t *out_len)
{
    size_t taken = 0;
    int rc = mailsub__tls_flush(tls);
    while (rc == MAILSUB_OK && taken < len && tls->unsent.len == 0) {
        size_t piece = len - taken < RECORD_LEN ? len - taken : RECORD_LEN;
        ssize_t n = gnutls_record_send(tls->session, data + taken, piece);
        if (n < 0)
            rc = fail(tls, (int)n);
        else if (tls->send_errno != 0)
            rc = lose(tls, "sending", tls->send_errno);
        else
            taken += (size_t)n;
    }
    if (rc != MAILSUB_OK)
        return rc;
    *out_len = taken;
    return MAILSUB_OK;
}

void mailsub__tls_say_goodbye(mailsub__tls *tls)
{
    if (tls->is_done && tls->send_errno == 0 && tls->unsent.len == 0)
        gnutls_bye(tls->session, GNUTLS_SHUT_WR);
}

const mailsub__certificate_facts *mailsub__tls_get_certificate(const mailsub__tls *tls)
{
    return &tls->certificate;
}

bool mailsub__tls_is_resumed(const mailsub__tls *tls)
{
    return gnutls_session_is_resumed(tls->session) != 0;
}

const char *mailsub__tls_get_version(const mailsub__tls *tls)
{
    return gnutls_protocol_get_name(gnutls_protocol_get_version(tls->session));
}

const char *mailsub__tls_get_cipher(const mailsub__tls *tls)
{
    return gnutls_ciphersuite_get(tls->session);
}

/*
 * Without the extended master secret, somebody in the middle of two TLS 1.2 sessions can give both
 * the same tls-unique: the triple handshake (RFC 7627 section 1).
 */
size_t mailsub__tls_get_binding(const mailsub__tls *tls, const char **out_type, unsigned char *out)
{
    bool is_new = gnutls_protocol_get_version(tls->session) >= GNUTLS_TLS1_3;
    gnutls_datum_t data = {NULL, 0};
    size_t len = 0;
    if (!tls->is_done || (!is_new && !gnutls_session_ext_master_secret_status(tls->session)))
        return 0;
    if (gnutls_session_channel_binding(
            tls->session, is_new ? GNUTLS_CB_TLS_EXPORTER : GNUTLS_CB_TLS_UNIQUE, &data) < 0)
        return 0;
    if (data.size <= 64) {
        memcpy(out, data.data, data.size);
        len = data.size;
        *out_type = is_new ? "tls-exporter" : "tls-unique";
    }
    gnutls_free(data.data);
    return len;
}

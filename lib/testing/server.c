/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The public face of the fake server: set-up, start and stop, and what the record tells. */
#include "testing/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"

#define MAX_USERS 100000
#define ALL_FLAGS                                                                                  \
    ((((uint32_t)MAILSUB_TESTING_CHUNKING << 1) - 1) | MAILSUB_TESTING_AUTH_SCRAM_SHA_256 |        \
     MAILSUB_TESTING_AUTH_SCRAM_SHA_1 | MAILSUB_TESTING_AUTH_PLUS |                                \
     MAILSUB_TESTING_AUTH_OAUTHBEARER | MAILSUB_TESTING_AUTH_XOAUTH2 |                             \
     MAILSUB_TESTING_AUTH_CRAM_MD5 | MAILSUB_TESTING_AUTH_EXTERNAL | MAILSUB_TESTING_TLS_1_2)

int mailsub_testing_server_new(uint32_t flags, mailsub_testing_server **out_server)
{
    mailsub_allocator allocator;
    if (!out_server || (flags & ~ALL_FLAGS) != 0)
        return MAILSUB_E_INVALID;
    mailsub__allocator_init(&allocator, NULL);
    mailsub_testing_server *server = mailsub__alloc_zeroed(&allocator, sizeof *server);
    if (!server)
        return MAILSUB_E_NOMEM;
    server->allocator = allocator;
    server->flags = flags;
    server->listener = server->wake = -1;
    mailsub__rules_init(&server->rules, &server->allocator);
    mailsub__identity_init(&server->identity, &server->allocator);
    server->identity.only_tls12 = (flags & MAILSUB_TESTING_TLS_1_2) != 0;
    int rc = mailsub__record_new(&server->allocator, &server->record);
    if (rc) {
        mailsub__free(&allocator, server);
        return rc;
    }
    *out_server = server;
    return MAILSUB_OK;
}

static void free_user(mailsub_testing_server *server, mailsub__user *user)
{
    if (user->password)
        mailsub__wipe(user->password, strlen(user->password));
    mailsub__free(&server->allocator, user->password);
    mailsub__free(&server->allocator, user->name);
}

void mailsub_testing_server_free(mailsub_testing_server *server)
{
    if (!server)
        return;
    mailsub_testing_server_stop(server);
    for (size_t i = 0; i < server->n_users; i++)
        free_user(server, &server->users[i]);
    mailsub__free(&server->allocator, server->users);
    mailsub__rules_deinit(&server->rules);
    mailsub__identity_deinit(&server->identity);
    mailsub__record_free(server->record);
    mailsub_allocator allocator = server->allocator;
    mailsub__free(&allocator, server);
}

int mailsub_testing_server_add_user(mailsub_testing_server *server, const char *user,
                                    const char *password)
{
    if (!server || !user || !password)
        return MAILSUB_E_INVALID;
    if (server->started)
        return MAILSUB_E_STATE;
    void *array = server->users;
    int rc = mailsub__grow_array(&server->allocator, &array, &server->user_capacity,
                                 server->n_users, sizeof *server->users, MAX_USERS);
    server->users = array;
    if (rc)
        return MAILSUB_E_NOMEM;
    mailsub__user added = {mailsub__copy_str(&server->allocator, user),
                           mailsub__copy_str(&server->allocator, password)};
    if (!added.name || !added.password) {
        free_user(server, &added);
        return MAILSUB_E_NOMEM;
    }
    server->users[server->n_users++] = added;
    return MAILSUB_OK;
}

int mailsub_testing_server_add_rule(mailsub_testing_server *server, const char *verb,
                                    const char *argument, const char *reply, unsigned times)
{
    if (!server || !verb)
        return MAILSUB_E_INVALID;
    /* These are no command lines, so the rule could never count. */
    if (argument && (!*verb || strcmp(verb, ".") == 0 || strcasecmp(verb, "CONTENT") == 0))
        return MAILSUB_E_INVALID;
    if (server->started)
        return MAILSUB_E_STATE;
    return mailsub__rules_add(&server->rules, verb, argument, reply, times);
}

int mailsub_testing_server_set_certificate(mailsub_testing_server *server, const char *name,
                                           int64_t from_s, int64_t until_s)
{
    if (!server)
        return MAILSUB_E_INVALID;
    if (server->started)
        return MAILSUB_E_STATE;
    return mailsub__identity_set(&server->identity, name, from_s, until_s);
}

static int listen_on_loopback(mailsub_testing_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct sockaddr *generic = (struct sockaddr *)&address;
    socklen_t len = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (server->listener < 0 || bind(server->listener, generic, sizeof address) != 0 ||
        listen(server->listener, SOMAXCONN) != 0 ||
        getsockname(server->listener, generic, &len) != 0)
        return MAILSUB_E_SYSTEM;
    server->port = ntohs(address.sin_port);
    return MAILSUB_OK;
}

static void write_url(mailsub_testing_server *server)
{
    const char *scheme = "smtp";
    if (server->flags & MAILSUB_TESTING_IMPLICIT_TLS)
        scheme = "submissions";
    else if (server->flags & MAILSUB_TESTING_STARTTLS)
        scheme = "submission";
    snprintf(server->url, sizeof server->url, "%s://localhost:%d", scheme, server->port);
}

static void *run(void *argument)
{
    mailsub__loop_run(argument);
    return NULL;
}

/* The signals of the program are none of this thread's business: all are blocked in it. */
static int start_thread(mailsub_testing_server *server)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
        return MAILSUB_E_SYSTEM;
    int failed = pthread_create(&server->thread, NULL, run, server);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed ? MAILSUB_E_SYSTEM : MAILSUB_OK;
}

static void close_descriptors(mailsub_testing_server *server)
{
    if (server->listener >= 0)
        close(server->listener);
    if (server->wake >= 0)
        close(server->wake);
    server->listener = server->wake = -1;
}

int mailsub_testing_server_start(mailsub_testing_server *server)
{
    if (!server)
        return MAILSUB_E_INVALID;
    if (server->started)
        return MAILSUB_E_STATE;
    int rc = mailsub__identity_make(&server->identity);
    if (!rc)
        rc = listen_on_loopback(server);
    if (!rc) {
        server->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        rc = server->wake < 0 ? MAILSUB_E_SYSTEM : start_thread(server);
    }
    if (rc) {
        close_descriptors(server);
        mailsub__identity_unmake(&server->identity);
        server->port = 0;
        return rc;
    }
    write_url(server);
    server->started = server->running = true;
    return MAILSUB_OK;
}

void mailsub_testing_server_stop(mailsub_testing_server *server)
{
    if (!server || !server->running)
        return;
    const uint64_t one = 1;
    ssize_t n;
    do {
        n = write(server->wake, &one, sizeof one);
    } while (n < 0 && errno == EINTR);
    pthread_join(server->thread, NULL);
    server->running = false;
    close_descriptors(server);
}

int mailsub_testing_server_get_port(const mailsub_testing_server *server)
{
    return server ? server->port : 0;
}

const char *mailsub_testing_server_get_url(const mailsub_testing_server *server)
{
    return server ? server->url : "";
}

const char *mailsub_testing_server_get_ca(const mailsub_testing_server *server)
{
    return server && server->identity.ca_pem ? server->identity.ca_pem : "";
}

size_t mailsub_testing_server_count_connections(const mailsub_testing_server *server)
{
    return server ? mailsub__record_count_connections(server->record) : 0;
}

size_t mailsub_testing_server_count_messages(const mailsub_testing_server *server)
{
    return server ? mailsub__record_count_mails(server->record) : 0;
}

size_t mailsub_testing_server_count_client_errors(const mailsub_testing_server *server)
{
    return server ? mailsub__record_count_errors(server->record) : 0;
}

static const mailsub__mail *find_mail(const mailsub_testing_server *server, size_t index)
{
    return server ? mailsub__record_get_mail(server->record, index) : NULL;
}

const char *mailsub_testing_server_get_content(const mailsub_testing_server *server, size_t index,
                                               size_t *out_len)
{
    const mailsub__mail *mail = find_mail(server, index);
    if (!mail)
        return NULL;
    if (out_len)
        *out_len = mail->content.len;
    return mailsub__buffer_slice(&mail->content).ptr;
}

uint64_t mailsub_testing_server_get_size(const mailsub_testing_server *server, size_t index)
{
    const mailsub__mail *mail = find_mail(server, index);
    return mail ? mail->size : 0;
}

const char *mailsub_testing_server_get_sender(const mailsub_testing_server *server, size_t index)
{
    const mailsub__mail *mail = find_mail(server, index);
    return mail ? mailsub__mail_get_sender(mail) : NULL;
}

const char *mailsub_testing_server_get_recipient(const mailsub_testing_server *server, size_t index,
                                                 size_t nth)
{
    const mailsub__mail *mail = find_mail(server, index);
    return mail ? mailsub__mail_get_recipient(mail, nth) : NULL;
}

const char *mailsub_testing_server_get_login(const mailsub_testing_server *server, size_t index)
{
    const mailsub__mail *mail = find_mail(server, index);
    return mail ? mailsub__mail_get_login(mail) : NULL;
}

int mailsub_testing_server_write_transcript(const mailsub_testing_server *server,
                                            mailsub_sink_fn sink, void *context)
{
    if (!server || !sink)
        return MAILSUB_E_INVALID;
    mailsub__slice text = mailsub__record_get_transcript(server->record);
    if (text.len > 0 && sink(context, text.ptr, text.len) != 0)
        return MAILSUB_E_SINK;
    return MAILSUB_OK;
}

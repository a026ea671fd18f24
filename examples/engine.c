/* SPDX-License-Identifier: 0BSD */
/*
 * The engine in a program's own loop: a blocking poll around one socket, against a server that the
 * program starts for itself. With TLS, its records would go in and out where the socket stands here.
 */
#include <arpa/inet.h>
#include <mailsub/mailsub.h>
#include <mailsub/testing.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int dial(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Read what is there, write what there is to say, and wait when there is neither. */
static void turn(mailsub_engine *engine, int fd)
{
    char data[4096];
    const void *out = NULL;
    size_t len = 0;
    mailsub_engine_peek_output(engine, now_ms(), &out, &len);
    struct pollfd wait = {.fd = fd, .events = (short)(len > 0 ? POLLIN | POLLOUT : POLLIN)};
    int64_t left = mailsub_engine_get_deadline(engine) - now_ms();
    poll(&wait, 1, left > 0 && left < 60000 ? (int)left : 60000);
    if (wait.revents & (POLLIN | POLLHUP | POLLERR)) {
        ssize_t n = recv(fd, data, sizeof data, 0);
        if (n > 0)
            mailsub_engine_feed(engine, data, (size_t)n, now_ms());
        else
            mailsub_engine_lost(engine, MAILSUB_E_CONNECTION_LOST, now_ms());
    } else if (wait.revents & POLLOUT) {
        ssize_t n = send(fd, out, len, MSG_NOSIGNAL);
        if (n > 0)
            mailsub_engine_ack_output(engine, (size_t)n, now_ms());
    }
    mailsub_engine_expire(engine, now_ms());
}

/* Send one message; MAILSUB_OK or the reason. */
static int converse(mailsub_engine *engine, int fd, mailsub_message *message,
                    mailsub_receipt *receipt)
{
    int code = MAILSUB_OK;
    mailsub_engine_start(engine, MAILSUB_PROTECTION_NONE, now_ms());
    for (;;) {
        switch (mailsub_engine_next_event(engine)) {
        case MAILSUB_EVENT_READY:
            mailsub_engine_submit(engine, message, receipt, now_ms());
            break;
        case MAILSUB_EVENT_DONE:
            code = mailsub_receipt_get_code(mailsub_engine_get_receipt(engine));
            mailsub_engine_quit(engine, now_ms());
            break;
        case MAILSUB_EVENT_CLOSED:
            return code != MAILSUB_OK ? code : mailsub_engine_get_code(engine);
        default:
            turn(engine, fd);
        }
    }
}

int main(void)
{
    mailsub_testing_server *server = NULL;
    mailsub_config *config = NULL;
    mailsub_engine *engine = NULL;
    mailsub_message *message = NULL;
    mailsub_receipt *receipt = NULL;
    if (mailsub_testing_server_new(MAILSUB_TESTING_PIPELINING, &server) ||
        mailsub_testing_server_start(server) || mailsub_message_new(NULL, &message) ||
        mailsub_receipt_new(NULL, &receipt) || mailsub_config_new(NULL, &config))
        return 70;
    mailsub_config_insecure_set_no_tls(config);
    mailsub_config_set_helo_name(config, "client.example");
    mailsub_message_set_from(message, "app@example.org", NULL);
    mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "anna@example.net", NULL);
    mailsub_message_set_subject(message, "Octets in, octets out");
    mailsub_message_set_text(message, "Sent through a socket of my own.\n", MAILSUB_NUL_TERMINATED);
    int fd = dial(mailsub_testing_server_get_port(server));
    int rc = fd < 0 ? MAILSUB_E_CONNECT : mailsub_engine_new(NULL, config, &engine);
    if (rc == MAILSUB_OK)
        rc = converse(engine, fd, message, receipt);
    printf("%s, queue id %s\n", mailsub_strerror(rc), mailsub_receipt_get_queue_id(receipt));
    mailsub_engine_free(engine);
    if (fd >= 0)
        close(fd);
    mailsub_config_unref(config);
    mailsub_message_free(message);
    mailsub_receipt_free(receipt);
    mailsub_testing_server_free(server);
    return mailsub_error_sysexit(rc);
}

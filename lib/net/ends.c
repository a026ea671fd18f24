/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/ends.h"

#include <stdio.h>
#include <sys/socket.h>

static void note_both(const mailsub__endpoint *peer, const mailsub__endpoint *local,
                      mailsub__ends *out)
{
    mailsub__endpoint_write(peer, out->peer);
    mailsub__endpoint_write_literal(local, out->local_literal);
    out->is_local = mailsub__endpoint_is_loopback(peer, local);
}

void mailsub__ends_of_connection(int fd, const mailsub__endpoint *peer, mailsub__ends *out)
{
    mailsub__endpoint local = {0};
    socklen_t len = sizeof local;
    getsockname(fd, &local.any, &len);
    note_both(peer, &local, out);
}

void mailsub__ends_of_socket(int fd, const char *unix_path, mailsub__ends *out)
{
    struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
    struct sockaddr_storage local = {.ss_family = AF_UNSPEC};
    socklen_t peer_len = sizeof peer;
    socklen_t local_len = sizeof local;
    mailsub__endpoint peer_end;
    mailsub__endpoint local_end;
    getpeername(fd, (struct sockaddr *)&peer, &peer_len);
    getsockname(fd, (struct sockaddr *)&local, &local_len);
    if (mailsub__endpoint_init(&peer_end, (struct sockaddr *)&peer, peer_len) &&
        mailsub__endpoint_init(&local_end, (struct sockaddr *)&local, local_len)) {
        note_both(&peer_end, &local_end, out);
        return;
    }
    /* Only a Unix socket cannot leave this host. It has no address that EHLO could name. */
    out->is_local = peer.ss_family == AF_UNIX;
    snprintf(out->local_literal, sizeof out->local_literal, "[127.0.0.1]");
    bool has_path = out->is_local && unix_path;
    snprintf(out->peer, sizeof out->peer, "%s%s%s", out->is_local ? "Unix socket" : "socket",
             has_path ? " " : "", has_path ? unix_path : "");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/fd.h"

#include <sys/socket.h>

bool mailsub__fd_is_stream_socket(int fd)
{
    int type = 0;
    socklen_t len = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done with any descriptor, and with those of sockets. */
#ifndef MAILSUB_NET_FD_H
#define MAILSUB_NET_FD_H

#include <stdbool.h>

#include "base/fd.h"

bool mailsub__fd_is_stream_socket(int fd);

#endif

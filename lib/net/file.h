/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small files that a caller names, such as certificates, read whole. */
#ifndef MAILSUB_NET_FILE_H
#define MAILSUB_NET_FILE_H

#include "base/buffer.h"

/*
 * Append all of the file. MAILSUB_E_FILE: it cannot be read, *out_os_error says why; or it is
 * larger than the buffer may grow, *out_os_error is EFBIG. MAILSUB_E_NOMEM.
 */
int mailsub__file_read(const char *path, mailsub__buffer *buffer, int *out_os_error);

#endif

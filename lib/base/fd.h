/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done with any descriptor. */
#ifndef MAILSUB_BASE_FD_H
#define MAILSUB_BASE_FD_H

/*
 * An application may have closed its standard descriptors. The next socket would then be number 2,
 * and what some library prints to standard error would go to the mail server. So every descriptor
 * passes through here: fd itself, or a copy above 2 with close-on-exec while fd is closed.
 * -1 with errno when fd is -1 already, or when there is no other number.
 */
int mailsub__fd_lift(int fd);
/* Close it and forget it; -1 is allowed. */
void mailsub__fd_close(int *fd);

#endif

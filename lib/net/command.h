/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a program on a file, without a shell, and tells how it ended. Nothing here blocks, except
 * _kill and _free, until the kernel has ended the program.
 *
 * The caller's SIGCHLD is none of ours: a handler of its would be called, its wait() would take the
 * status away, and with SIG_IGN there would be none. So the program is the child of a watcher, a
 * process that was made without a signal for its end, that no plain wait() sees, and that does not
 * execute anything.
 */
#ifndef MAILSUB_NET_COMMAND_H
#define MAILSUB_NET_COMMAND_H

#include <stdbool.h>

#include <mailsub/system.h>

#include "net/poller.h"

/* What the program said on its standard output and error: as much of the beginning is kept. */
#define MAILSUB__COMMAND_TEXT_LEN 400

typedef struct mailsub__command mailsub__command;

enum mailsub__command_end {
    MAILSUB__COMMAND_EXITED, /* number: its status */
    MAILSUB__COMMAND_KILLED, /* number: the signal */
    MAILSUB__COMMAND_UNRUN,  /* number: why it could not be run, an errno */
    MAILSUB__COMMAND_LOST    /* what became of it is not known */
};

/* MAILSUB_E_NOMEM */
int mailsub__command_new(const mailsub_allocator *allocator, mailsub__poller *poller,
                         mailsub__command **out_command);
void mailsub__command_free(mailsub__command *command);

/*
 * Run the program at an absolute path; one at a time. argv ends with a NULL; input is what it reads
 * from its beginning on, and stays the caller's. Of the process it inherits the environment and what
 * exec keeps, but no descriptor, no signal that is blocked and none that is ignored. A failure is
 * told as its end.
 */
void mailsub__command_start(mailsub__command *command, const char *path, char *const argv[],
                            int input);
bool mailsub__command_is_running(const mailsub__command *command);
/* To be called when the poller is due. */
void mailsub__command_process(mailsub__command *command);
/* End it, if it runs. */
void mailsub__command_kill(mailsub__command *command);

/* In a child of this process, whose poller has left its parent's descriptors: the program is the
   parent's. closed: the descriptors are not there any more. */
void mailsub__command_abandon(mailsub__command *command, bool closed);

/* It was started, and does not run any more. */
enum mailsub__command_end mailsub__command_get_end(const mailsub__command *command,
                                                   int *out_number);
/* One line, printable ASCII; "" when it said nothing. */
const char *mailsub__command_get_text(const mailsub__command *command);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What stands in place of a server and answers as one would: it takes commands, keeps the content,
 * and tells by a reply what became of it. So the engine sends through it as it sends to any server,
 * with its rules for many recipients, for one sender a recipient, for time-outs and for what is not
 * known. Behind it is one of
 *
 *   a sendmail command, which is run when the content is complete, and whose exit status is the reply
 *   a Maildir or another directory, in which the content becomes a file
 *
 * Only what this library's engine sends is understood; anything else gets 500, 501 or 502. A command
 * is offered 8BITMIME, and nothing else: what a message asks of its delivery cannot be told to all
 * sendmail commands alike. (Exim takes the option -N, which asks others for notifications, as an
 * order not to deliver.) A file may hold UTF-8 as well; nobody would notify about it.
 *
 * RFC 5321, RFC 2034, RFC 6531; sendmail(8) of Postfix, Exim and msmtp; sysexits.h.
 */
#ifndef MAILSUB_NET_OUTLET_H
#define MAILSUB_NET_OUTLET_H

#include <stdbool.h>
#include <stddef.h>

#include <mailsub/system.h>

#include "net/poller.h"

enum mailsub__outlet_kind {
    MAILSUB__OUTLET_NONE, /* there is a server */
    MAILSUB__OUTLET_COMMAND,
    MAILSUB__OUTLET_MAILDIR,
    MAILSUB__OUTLET_DIRECTORY
};

/*
 * What the enhanced status of a refused content means here: 5.3.x the command or the directory could
 * not do its work, 5.1.x the recipients, 5.7.1 the sender, others the message.
 */
typedef struct mailsub__outlet mailsub__outlet;

/* path, of the program or the directory, outlives the outlet. MAILSUB_E_NOMEM */
int mailsub__outlet_new(const mailsub_allocator *allocator, mailsub__poller *poller,
                        enum mailsub__outlet_kind kind, const char *path,
                        mailsub__outlet **out_outlet);
/* Ends the program, if it runs; what there is of an unfinished file is taken away. */
void mailsub__outlet_free(mailsub__outlet *outlet);

/* A new conversation: there is a greeting to be read. */
void mailsub__outlet_open(mailsub__outlet *outlet);
/* Ends it, and the program or the file too. */
void mailsub__outlet_close(mailsub__outlet *outlet);
/* "command", "maildir" or "directory". */
const char *mailsub__outlet_get_noun(const mailsub__outlet *outlet);
/* As mailsub__command_abandon. */
void mailsub__outlet_abandon(mailsub__outlet *outlet, bool closed);
/* To be called when the poller is due. */
void mailsub__outlet_process(mailsub__outlet *outlet);
/* What the engine sends. MAILSUB_E_NOMEM; MAILSUB_E_CONNECTION_LOST, as _read. */
int mailsub__outlet_write(mailsub__outlet *outlet, const char *data, size_t len);
/*
 * *out_len 0: nothing now. MAILSUB_E_CONNECTION_LOST: what became of the content is not known, or
 * the conversation was ended by QUIT.
 */
int mailsub__outlet_read(mailsub__outlet *outlet, char *out, size_t room, size_t *out_len);

/* About a lost one: one line. */
const char *mailsub__outlet_get_detail(const mailsub__outlet *outlet);

#endif

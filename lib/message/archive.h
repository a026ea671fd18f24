/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an attachment is by its first octets: a program, or an archive and whether it is encrypted. */
#ifndef MAILSUB_MESSAGE_ARCHIVE_H
#define MAILSUB_MESSAGE_ARCHIVE_H

#include <mailsub/system.h>

#include "base/slice.h"

/* Where the octets come from. */
typedef struct mailsub__archive_source {
    uint64_t len;
    const char *data; /* NULL: the open file */
    int fd;
} mailsub__archive_source;

typedef struct mailsub__archive {
    bool is_program;
    bool is_encrypted;
    char program[128]; /* name of a program within a zip archive; "": none was seen */
} mailsub__archive;

/* What is looked at of content: its front, and of archives its end, too. */
enum { MAILSUB__ARCHIVE_FRONT = 64 * 1024, MAILSUB__ARCHIVE_TAIL = 128 * 1024 };

/* A file name by which the systems of this world start a program. */
bool mailsub__archive_is_program_name(mailsub__slice name);

/*
 * Look at content. At most some hundred kilobytes are read, whatever it holds and says of itself.
 * MAILSUB_E_FILE: it cannot be read. MAILSUB_E_NOMEM.
 */
int mailsub__archive_look(const mailsub__archive_source *source, const mailsub_allocator *allocator,
                          mailsub__archive *out);

/* Does the end of what begins so tell something? */
bool mailsub__archive_needs_tail(mailsub__slice front);
/* The same of octets at hand: tail is the end, and begins at octet tail_at. */
void mailsub__archive_judge(mailsub__slice front, mailsub__slice tail, uint64_t tail_at,
                            mailsub__archive *out);

#endif

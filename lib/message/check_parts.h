/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules about attachments, however the message has them. */
#ifndef MAILSUB_MESSAGE_CHECK_PARTS_H
#define MAILSUB_MESSAGE_CHECK_PARTS_H

#include "message/archive.h"
#include "message/check.h"

enum { MAILSUB__CHECK_WHERE_SIZE = 40 };

/* "attachment 3" */
void mailsub__check_name_attachment(char where[MAILSUB__CHECK_WHERE_SIZE], size_t number);
/* A file's name alone. True: it is that of a program, which was told. */
bool mailsub__check_file_name(mailsub__check *check, mailsub__slice name, const char *where);
/* What the content is; name is that of its file, or its type. */
void mailsub__check_archive(mailsub__check *check, mailsub__slice name,
                            const mailsub__archive *archive, const char *where);
/* The octets of all attachments. */
void mailsub__check_total(mailsub__check *check, uint64_t total);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the header of a part that somebody else wrote says of its content, read as leniently as the
 * readers of mail do. For a look at the content only: what is to be changed is for
 * existing_parts.h, which takes nothing that two readers could understand in two ways.
 */
#ifndef MAILSUB_MESSAGE_PART_HEADER_H
#define MAILSUB_MESSAGE_PART_HEADER_H

#include <mailsub/system.h>

#include "codec/transfer.h"
#include "message/header_scan.h"

typedef struct mailsub__part_header {
    char type[80];       /* "text/html", in small letters; "text/plain" where nothing is said */
    char boundary[128];  /* "": none */
    char charset[40];    /* "": none */
    char file_name[256]; /* of a longer one the end; "": none */
    bool is_attachment;  /* Content-Disposition says so */
    enum mailsub__transfer_coding coding;
} mailsub__part_header;

/* Read a header; in_digest: a part without type is message/rfc822. MAILSUB_E_NOMEM. */
int mailsub__part_header_read(mailsub__part_header *out, mailsub__header_scan scan, bool in_digest,
                              const mailsub_allocator *allocator);

#endif

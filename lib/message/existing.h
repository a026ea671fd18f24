/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A message that exists already: its header is read and repaired when the object is made, and kept
 * in memory; its body stays where it is, is looked through once, and is repaired while it is read.
 */
#ifndef MAILSUB_MESSAGE_EXISTING_H
#define MAILSUB_MESSAGE_EXISTING_H

#include <sys/stat.h>

#include <mailsub/message.h>

#include "base/buffer.h"
#include "codec/base64.h"
#include "codec/newline.h"
#include "codec/qp.h"
#include "message/existing_body.h"
#include "message/header_scan.h"

/* Where the octets are: in memory, or in a file that has to stay what it was. */
struct mailsub__existing_source {
    char *data; /* NULL: in the file */
    char *path;
    uint64_t len;
    struct stat facts;
};

/* How a body is written. */
enum mailsub__existing_coding {
    MAILSUB__EXISTING_COPY, /* line ends repaired */
    MAILSUB__EXISTING_QUOTED_PRINTABLE,
    MAILSUB__EXISTING_BASE64,    /* of the text with its line ends repaired */
    MAILSUB__EXISTING_BASE64_RAW /* of the octets */
};

/* What a body is, by the MIME fields on top. */
enum mailsub__existing_kind {
    MAILSUB__EXISTING_TEXT,
    MAILSUB__EXISTING_DATA, /* another type that is not made of parts */
    MAILSUB__EXISTING_PARTS /* multipart, message, or not understood: never encoded again */
};

enum mailsub__existing_transfer {
    MAILSUB__EXISTING_7BIT,
    MAILSUB__EXISTING_8BIT,
    MAILSUB__EXISTING_BINARY,
    MAILSUB__EXISTING_ENCODED /* quoted-printable, base64, or not known */
};

struct mailsub__existing {
    struct mailsub__existing_source source;
    mailsub__buffer header; /* repaired, without its empty line and what is missing */
    size_t transfer_at;     /* Content-Transfer-Encoding in header; transfer_len 0: there is none */
    size_t transfer_len;
    uint64_t body_at; /* in the source */
    mailsub__existing_body body;

    bool has_from;
    bool has_date;
    bool date_is_known; /* the next two are the Date */
    int64_t unix_s;
    int32_t zone_min;
    bool has_mime_version;
    bool has_content_type;
    bool has_mime; /* any Content-* field */
    bool body_is_signed;
    bool has_mixed_line_ends; /* of the header */
    enum mailsub__existing_kind kind;
    enum mailsub__existing_transfer transfer;
    bool signs_all;               /* what a signature covers cannot be told: so everything */
    mailsub__buffer signed_names; /* of fields that a signature covers, ":from:to:" */
    char *message_id;             /* NULL: there is none */
};

/* Reads the body as it is written. */
typedef struct mailsub__existing_reader {
    const struct mailsub__existing *existing; /* NULL: not begun */
    enum mailsub__existing_coding coding;
    const mailsub_allocator *allocator;
    bool ended;
    int fd;         /* -1: none */
    uint64_t left;  /* octets of the source that are still to be read */
    const char *in; /* those at hand */
    size_t in_len;
    const char *lines; /* the same with their line ends repaired, on their way into base64 */
    size_t lines_len;
    bool lines_ended;
    char *block; /* room for octets of a file, and for lines behind it */
    mailsub__newline newline;
    mailsub__qp qp;
    mailsub__base64 base64;
} mailsub__existing_reader;

/*
 * Make message, which is empty, one of octets that are copied, or of a file when path is not NULL.
 * The errors of mailsub_message_from_bytes and _from_file; message can only be freed then.
 */
int mailsub__existing_make(mailsub_message *message, mailsub__slice data, const char *path,
                           uint32_t flags);
void mailsub__existing_free(struct mailsub__existing *existing, const mailsub_allocator *allocator);

/* Give to, which is new, a copy of what from has; on failure to can only be freed. */
int mailsub__existing_copy(mailsub_message *to, const mailsub_message *from);

/* The parts of _make: the header, repaired; the recipients and the sender. */
int mailsub__existing_read_header(mailsub_message *message, mailsub__header_scan scan);
int mailsub__existing_take_envelope(mailsub_message *message, mailsub__header_scan scan,
                                    uint32_t flags);

/* Open the source at its octet at; MAILSUB_E_FILE, MAILSUB_E_FILE_CHANGED. For files only. */
int mailsub__existing_open(const struct mailsub__existing_source *source, uint64_t at, int *out_fd);
/* MAILSUB_E_FILE_CHANGED when the open file is not what it was when the message was made. */
int mailsub__existing_verify(const struct mailsub__existing_source *source, int fd);
/* Read at most room octets; *out_len 0 is the end. MAILSUB_E_FILE. */
int mailsub__existing_read(int fd, char *out, size_t room, size_t *out_len);
/* Both of them, to notice early what has become of a file. */
int mailsub__existing_check(const struct mailsub__existing *existing);

/* Decide how the body is written to a server that takes 8-bit content or does not. */
int mailsub__existing_plan(const struct mailsub__existing *existing, bool may_8bit,
                           enum mailsub__existing_coding *out_coding);
/* The image, which is empty, gets the whole header, and is told how the body goes behind it. */
struct mailsub__image;
int mailsub__existing_layout(mailsub_message *message, struct mailsub__image *image);

void mailsub__existing_reader_init(mailsub__existing_reader *reader);
void mailsub__existing_reader_deinit(mailsub__existing_reader *reader);
/* Once, before reading; existing and allocator stay alive. MAILSUB_E_FILE, _FILE_CHANGED,
   _NOMEM. */
int mailsub__existing_reader_begin(mailsub__existing_reader *reader,
                                   const struct mailsub__existing *existing,
                                   enum mailsub__existing_coding coding,
                                   const mailsub_allocator *allocator);
/* The contract of mailsub__source.read. */
int mailsub__existing_reader_read(mailsub__existing_reader *reader, char *out, size_t room,
                                  size_t *out_len);

#endif

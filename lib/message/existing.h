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
#include "codec/base64_fold.h"
#include "codec/newline.h"
#include "codec/qp.h"
#include "message/existing_body.h"
#include "message/existing_parts.h"
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
    MAILSUB__EXISTING_BASE64,     /* of the text with its line ends repaired */
    MAILSUB__EXISTING_BASE64_RAW, /* of the octets */
    MAILSUB__EXISTING_FOLD_BASE64 /* which it is already */
};

/* A place in the source that is written in another way: as words, or encoded. */
struct mailsub__existing_edit {
    uint64_t at;
    uint64_t end;
    uint64_t resume;   /* where copying goes on; what lies between is left out */
    const char *words; /* lives for ever; NULL: the octets from at to end, encoded */
    enum mailsub__existing_coding coding;
    bool ends_line; /* the last line of what is encoded gets a line end */
};

/* A field's name, or "part 2.1". */
enum { MAILSUB__EXISTING_FAULT_SIZE = 77 };

struct mailsub__existing {
    struct mailsub__existing_source source;
    mailsub__buffer header; /* repaired, without its empty line and what is missing */
    size_t transfer_at;     /* Content-Transfer-Encoding in header; transfer_len 0: there is none */
    size_t transfer_len;
    uint64_t body_at; /* in the source */
    mailsub__existing_body body;

    bool has_from;
    bool has_sender;
    bool has_date;
    bool date_is_known; /* the next two are the Date */
    int64_t unix_s;
    int32_t zone_min;
    bool has_mime_version;
    bool has_content_type;
    bool has_mime; /* any Content-* field */
    bool body_is_signed;
    bool has_mixed_line_ends; /* of the header */
    mailsub__existing_type type;
    enum mailsub__existing_transfer transfer;
    /* Of a multipart; not looked for where the body can be sent as it is. */
    bool has_parts;
    bool has_sealed_part;
    struct mailsub__existing_part *parts;
    size_t n_parts;
    size_t room_for_parts;
    struct mailsub__existing_refusal refused;      /* by every server */
    struct mailsub__existing_refusal refused_7bit; /* without 8BITMIME */
    bool signs_all;               /* what a signature covers cannot be told: so everything */
    mailsub__buffer signed_names; /* of fields that a signature covers, ":from:to:" */
    size_t n_dkim;                /* DKIM-Signature fields */
    size_t n_named_by_dkim;       /* most of them that one of their own covers */
    size_t n_named_by_arc;        /* most of them that an ARC-Message-Signature covers */
    char *message_id;             /* NULL: there is none */
    char fault[MAILSUB__EXISTING_FAULT_SIZE]; /* where it is, when making the message fails */
};

enum mailsub__existing_stage {
    MAILSUB__EXISTING_READER_COPIES,
    MAILSUB__EXISTING_READER_EDITS, /* it writes the first of the edits to come */
    MAILSUB__EXISTING_READER_SKIPS  /* what that edit leaves out */
};

/* Reads the body as it is written: copied, save for the edits. */
typedef struct mailsub__existing_reader {
    const struct mailsub__existing *existing; /* NULL: not begun */
    const mailsub_allocator *allocator;
    const struct mailsub__existing_edit *edits; /* those that are still to come */
    size_t n_edits;
    enum mailsub__existing_stage stage;
    bool is_right; /* in memory, and nothing of it needs a repair */
    bool ended;
    int fd;            /* -1: none */
    uint64_t at;       /* in the source, of what is at hand */
    const char *in;    /* it */
    size_t in_len;     /* and its octets */
    const char *words; /* what is left of an edit's */
    const char *lines; /* octets with their line ends repaired, on their way into base64 */
    size_t lines_len;
    bool lines_ended;
    char *block; /* room for octets of a file, and for lines behind it */
    mailsub__newline copy;
    mailsub__newline newline;
    mailsub__qp qp;
    mailsub__base64 base64;
    mailsub__base64_fold fold;
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

/* Remember where the fault is that will be returned; a longer text is cut. */
void mailsub__existing_blame(struct mailsub__existing *existing, mailsub__slice where);

/*
 * The parts of _make: the header, repaired; the authors, the sender and the recipients; what the
 * repaired header says, for the message's getters.
 */
int mailsub__existing_read_header(mailsub_message *message, mailsub__header_scan scan);
int mailsub__existing_take_envelope(mailsub_message *message, mailsub__header_scan scan,
                                    uint32_t flags);
int mailsub__existing_tell(mailsub_message *message);

/* Open the source at its octet at; MAILSUB_E_FILE, MAILSUB_E_FILE_CHANGED. For files only. */
int mailsub__existing_open(const struct mailsub__existing_source *source, uint64_t at, int *out_fd);
/* MAILSUB_E_FILE_CHANGED when the open file is not what it was when the message was made. */
int mailsub__existing_verify(const struct mailsub__existing_source *source, int fd);
/* Read at most room octets; *out_len 0 is the end. MAILSUB_E_FILE. */
int mailsub__existing_read(int fd, char *out, size_t room, size_t *out_len);
void mailsub__existing_close(int fd);
/* Open and verify, to notice early what has become of a file. */
int mailsub__existing_check(const struct mailsub__existing *existing);

/*
 * Whether it is known what a signature is of: of lines that end with CRLF, however a system keeps
 * them. A file with LF alone is what was signed, while of a mixture nobody knows.
 */
bool mailsub__existing_line_ends_are_known(const struct mailsub__existing *existing);
/*
 * Decide how the body is written to a server that takes 8-bit content or does not. *out_part, lent:
 * where the fault is.
 */
int mailsub__existing_plan(const struct mailsub__existing *existing, bool may_8bit,
                           enum mailsub__existing_coding *out_coding, const char **out_part);
struct mailsub__image;
/* Write down what is done to a body that was planned so, as edits of the image. MAILSUB_E_NOMEM. */
int mailsub__existing_make_edits(struct mailsub__image *image, enum mailsub__existing_coding coding,
                                 bool may_8bit);
/* The image, which is empty, gets the whole header, and is told how the body goes behind it. */
int mailsub__existing_layout(mailsub_message *message, struct mailsub__image *image);

void mailsub__existing_reader_init(mailsub__existing_reader *reader);
void mailsub__existing_reader_deinit(mailsub__existing_reader *reader);
/* Once, before reading; the image stays alive. MAILSUB_E_FILE, _FILE_CHANGED, _NOMEM. */
int mailsub__existing_reader_begin(mailsub__existing_reader *reader,
                                   const struct mailsub__image *image);
/* The contract of mailsub__source.read. */
int mailsub__existing_reader_read(mailsub__existing_reader *reader, char *out, size_t room,
                                  size_t *out_len);

#endif

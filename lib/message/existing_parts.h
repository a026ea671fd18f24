/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parts of an existing multipart (RFC 2046 section 5.1), found in one pass over its octets:
 * which of them may be encoded again, and what stands in the way of the others. Only parts that
 * may have to be changed are kept.
 */
#ifndef MAILSUB_MESSAGE_EXISTING_PARTS_H
#define MAILSUB_MESSAGE_EXISTING_PARTS_H

#include <stdint.h>

#include "base/slice.h"

enum {
    MAILSUB__EXISTING_MOST_PARTS = 1000, /* kept ones */
    MAILSUB__EXISTING_BOUNDARY_SIZE = 128
};

/* What a body is, by its Content-Type. */
enum mailsub__existing_kind {
    MAILSUB__EXISTING_TEXT,
    MAILSUB__EXISTING_DATA, /* another type that is not made of parts */
    MAILSUB__EXISTING_PARTS /* multipart, message, or not understood: never encoded as a whole */
};

/* How it is encoded, by its Content-Transfer-Encoding. */
enum mailsub__existing_transfer {
    MAILSUB__EXISTING_7BIT,
    MAILSUB__EXISTING_8BIT,
    MAILSUB__EXISTING_BINARY,
    MAILSUB__EXISTING_IN_BASE64,
    MAILSUB__EXISTING_ENCODED /* quoted-printable, or not known */
};

static inline bool mailsub__existing_is_encoded(enum mailsub__existing_transfer transfer)
{
    return transfer >= MAILSUB__EXISTING_IN_BASE64;
}

typedef struct mailsub__existing_type {
    enum mailsub__existing_kind kind;
    bool is_sealed; /* signed or encrypted: not an octet of it may change */
    bool is_digest;
    char boundary[MAILSUB__EXISTING_BOUNDARY_SIZE]; /* of a multipart that is understood; or "" */
} mailsub__existing_type;

/* A part that may have to be changed. Places are counted in the source. */
struct mailsub__existing_part {
    bool is_multipart;
    bool has_type;
    enum mailsub__existing_kind kind;
    enum mailsub__existing_transfer transfer;
    uint64_t header_at;
    uint64_t transfer_at; /* its field; both the same: it has none */
    uint64_t transfer_end;
    uint64_t body_at;
    uint64_t body_end;     /* without the line end that belongs to the delimiter */
    uint64_t delimiter_at; /* behind that line end */
    bool ends_line;        /* the body has a line end of its own at its end */
    uint64_t n_8bit;
    uint64_t n_escaped;
    bool has_nul;
    bool has_long_line;
    bool has_other_ends; /* line ends besides CRLF */
    bool is_utf8;
};

/* Why a body cannot be sent, and the part that is at fault ("part 2.1"). */
struct mailsub__existing_refusal {
    int error; /* 0: it can */
    char part[40];
};

struct mailsub__existing;

/* Learn from the value, on one line, of Content-Type and Content-Transfer-Encoding. */
void mailsub__existing_type_read(mailsub__existing_type *type, mailsub__slice value);
enum mailsub__existing_transfer mailsub__existing_transfer_read(mailsub__slice value);

/*
 * Look through the body of a multipart, whose type is known; its parts and refusals are kept in it.
 * MAILSUB_E_FILE, MAILSUB_E_FILE_CHANGED, MAILSUB_E_NOMEM.
 */
int mailsub__existing_find_parts(struct mailsub__existing *existing);

#endif

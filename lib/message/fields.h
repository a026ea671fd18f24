/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The known header fields: one table that drives what may be added and how it is written. */
#ifndef MAILSUB_MESSAGE_FIELDS_H
#define MAILSUB_MESSAGE_FIELDS_H

#include "message/fold.h"

enum { MAILSUB__FIELD_LONGEST_NAME = 76 };

enum mailsub__field_owner {
    MAILSUB__FIELD_CALLER,   /* mailsub_message_add_header */
    MAILSUB__FIELD_FUNCTION, /* a function of its own */
    MAILSUB__FIELD_LIBRARY   /* written by the library, or never */
};

enum mailsub__field_kind {
    MAILSUB__FIELD_TEXT,      /* unstructured, for people */
    MAILSUB__FIELD_VALUE,     /* unstructured, for programs: unknown fields */
    MAILSUB__FIELD_TOKENS,    /* printable ASCII words that are never encoded */
    MAILSUB__FIELD_KEYWORD,   /* the same, of which the first is a token, then parameters */
    MAILSUB__FIELD_URLS,      /* URLs in angle brackets, parted by commas (RFC 2369) */
    MAILSUB__FIELD_LIST_ID,   /* a phrase or none, and <label.domain> (RFC 2919) */
    MAILSUB__FIELD_IDS,       /* one message identifier or more */
    MAILSUB__FIELD_PHRASES,   /* phrases parted by commas, in quotes where they hold one */
    MAILSUB__FIELD_MAILBOXES, /* with or without display names, parted by commas */
    MAILSUB__FIELD_N_KINDS
};

typedef struct mailsub__field {
    const char *name; /* as written; for an unknown field "", the name is the caller's */
    enum mailsub__field_owner owner;
    enum mailsub__field_kind kind;
    bool once;
    bool may_be_empty;
    const char *words; /* all that the value may be, parted by spaces; NULL: more */
} mailsub__field;

/* True for one to MAILSUB__FIELD_LONGEST_NAME printable ASCII characters other than a colon. */
bool mailsub__field_name_is_valid(mailsub__slice name);
/* What is known about a field, letters without regard to case; for unknown fields one row too. */
const mailsub__field *mailsub__field_find(mailsub__slice name);

/* Check a value that passed mailsub__line_check: MAILSUB_E_HEADER_VALUE and others, E_NOMEM. */
int mailsub__field_check(const mailsub__field *field, mailsub__slice value,
                         const mailsub_allocator *allocator);
/* Write a checked value, name and line end included. The error of the buffer. */
int mailsub__field_write(const mailsub__field *field, mailsub__fold *fold, mailsub__slice name,
                         mailsub__slice value);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a message holds. Only this room looks inside. */
#ifndef MAILSUB_MESSAGE_STATE_H
#define MAILSUB_MESSAGE_STATE_H

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/delivery.h"
#include "codec/base64.h"
#include "codec/newline.h"
#include "message/arena.h"
#include "message/body.h"
#include "message/calendar.h"
#include "message/clean.h"
#include "message/date.h"
#include "message/dkim.h"
#include "message/existing.h"
#include "message/fields.h"
#include "message/mailboxes.h"
#include "message/message.h"
#include "message/message_id.h"

/* "=_", 96 bits in hexadecimal, NUL. */
enum { MAILSUB__BOUNDARY_SIZE = 2 + 24 + 1 };

/* A mailbox that can be set again. */
struct mailsub__single_mailbox {
    bool is_set;
    struct mailsub__mailbox mailbox;
    mailsub__slot slot;
};

/* An added header field. */
struct mailsub__extra {
    struct mailsub__extra *next;
    const mailsub__field *field;
    mailsub__slice name;
    mailsub__slice value;
};

/* A text or HTML body: a block of its own, for it may be large and be set again. */
struct mailsub__text {
    char *data; /* NULL: there is none */
    size_t len;
};

/* An attachment, or what the HTML embeds. The texts end with NUL. */
struct mailsub__part {
    struct mailsub__part *next;
    mailsub__slice file_name;  /* empty: none */
    mailsub__slice media_type; /* as given, checked */
    mailsub__slice content_id; /* without angle brackets; empty: an attachment */
    bool is_message;           /* message/rfc822 */
    bool type_is_guessed;      /* from the file's name */
    const char *path;          /* NULL: the content is in data */
    const char *data;
    size_t len;
};

/* A part in an image: its content, encoded on the way, goes in front of octet image_at. */
struct mailsub__place {
    const struct mailsub__part *part;
    enum mailsub__body_encoding encoding;
    size_t image_at;
    size_t encoded_len;
    bool has_digest; /* the file was looked through, and has to be the same when it is read */
    uint64_t digest;
    bool has_facts; /* the file was signed when it was this one */
    struct stat facts;
};

/* A laid out message: all octets save for the contents of parts, which may be large. */
typedef struct mailsub__image {
    bool is_made;
    uint32_t capabilities; /* what the server must be able to do: MAILSUB_CAN_* */
    mailsub__dkim_set signers;
    mailsub__buffer signatures; /* DKIM-Signature fields, which come before the octets */
    mailsub__buffer octets;
    struct mailsub__place *places; /* in the order of the octets */
    size_t n_places;
    size_t room_for_places;
    uint64_t size;                      /* of the whole message */
    enum mailsub__body_encoding domain; /* 7BIT, 8BIT or BINARY */
    /* Of an existing message the octets are only the header; NULL: it is built. */
    const struct mailsub__existing *existing;
    enum mailsub__existing_coding coding; /* of its body as a whole */
    struct mailsub__existing_edit *edits; /* what else becomes of its body */
    size_t n_edits;
} mailsub__image;

/*
 * Reads a laid out message: the image from front to end, and at each part's place its content,
 * encoded on the way.
 */
typedef struct mailsub__reader {
    const mailsub_allocator *allocator;
    const mailsub__image *image;
    size_t signatures_at;
    size_t image_at;
    size_t place;     /* the next one, or the one being read */
    bool inside;      /* it is being read */
    bool notes_facts; /* of the files, for later readers */
    mailsub__base64 base64;
    mailsub__newline newline;
    uint64_t digest;
    const char *in; /* its octets at hand, and how many are still in the file */
    size_t in_len;
    size_t file_left;
    int fd;      /* -1: none */
    char *block; /* for octets of files; NULL until one is read */
    int error;
    const char *detail; /* path of the file at fault, or "" */
    mailsub__existing_reader existing;
} mailsub__reader;

struct mailsub_message {
    mailsub_allocator allocator;
    mailsub__arena arena;
    mailsub_clock system_clock;
    mailsub_random system_random;
    mailsub_clock clock;
    mailsub_random random;
    bool is_locked;
    mailsub__clean clean;
    struct mailsub__existing *existing; /* NULL: the message is built */

    int error; /* the first one of a changing call */
    char error_field[MAILSUB__FIELD_LONGEST_NAME + 1];

    enum mailsub__address_form address_form; /* of what is added from now on */
    struct mailsub__single_mailbox from;
    struct mailsub__mailbox_list more_from; /* further authors */
    struct mailsub__single_mailbox sender;
    struct mailsub__single_mailbox return_path; /* an empty address is the null sender */
    bool names_recipients;                      /* the return path does, each its own (VERP) */
    struct mailsub__mailbox_list reply_to;
    struct mailsub__mailbox_list to;
    struct mailsub__mailbox_list cc;
    struct mailsub__mailbox_list bcc; /* never written */
    mailsub__slot recipients_slot;
    size_t n_recipients;

    mailsub__delivery delivery; /* its texts end with NUL */
    mailsub__slot envelope_id_slot;
    mailsub__slot submitter_slot;
    mailsub__slot wishes_slot;

    int class; /* MAILSUB_CLASS_* */
    bool has_subject;
    mailsub__slice subject;
    mailsub__slot subject_slot;
    struct mailsub__extra *first_extra;
    struct mailsub__extra *last_extra;
    bool has_date;
    char date[MAILSUB__DATE_SIZE];
    bool date_is_set; /* by the caller */
    int64_t unix_s;
    int32_t zone_min;
    char message_id[MAILSUB__MESSAGE_ID_SIZE]; /* "": none yet */
    bool id_is_set;                            /* by the caller */
    /* Where mailsub_message_get_mailbox was last, so that a walk through a list is linear. */
    const struct mailsub__mailbox *walk_first;
    const struct mailsub__mailbox *walk_at;
    size_t walk_index;

    struct mailsub__text text;
    struct mailsub__text html;
    struct mailsub__text calendar;
    const mailsub__calendar_method *calendar_method;
    bool is_flowed;
    bool html_is_alone;           /* no text is made of it */
    mailsub_html_text_fn convert; /* NULL: the library's own */
    void *convert_context;
    bool has_derived;
    mailsub__buffer derived; /* the text that was made of the HTML */
    struct mailsub__part *first_part;
    struct mailsub__part *last_part;
    size_t n_parts;
    size_t n_embedded;

    mailsub__dkim_set signers;
    const mailsub__dkim_list *offered_signers; /* of the session that has the message; or NULL */
    bool has_signed_at;
    int64_t signed_at_s; /* the time in the signatures */

    char boundary[MAILSUB__BOUNDARY_SIZE]; /* "": none yet */
    mailsub__image image;                  /* what a session reads */
    const char *detail;
    mailsub__reader reader;

    alignas(max_align_t) char seed[1024]; /* the first pieces of the arena */
};

/*
 * How every changing call begins and ends: it may be refused, and its error is kept. An existing
 * message takes no change, save for what stands outside of it (_begin_any_change), and for what it
 * lacks (_begin_addition).
 */
int mailsub__message_begin_change(const mailsub_message *message);
int mailsub__message_begin_any_change(const mailsub_message *message);
enum mailsub__message_part {
    MAILSUB__MESSAGE_DATE,
    MAILSUB__MESSAGE_FROM,
    MAILSUB__MESSAGE_ID,
    MAILSUB__MESSAGE_SENDER
};
int mailsub__message_begin_addition(const mailsub_message *message,
                                    enum mailsub__message_part part);
int mailsub__message_end_change(mailsub_message *message, const char *field, int rc);

/* The plain text that the HTML says, which may be empty; lent until the HTML changes. */
int mailsub__message_derive_text(mailsub_message *message, mailsub__slice *out_text);
/* Fix the Date; MAILSUB_E_DATE. */
int mailsub__message_keep_date(mailsub_message *message, int64_t unix_s, int32_t zone_min);
/* Check and set the Message-ID, with or without its angle brackets. */
int mailsub__message_keep_id(mailsub_message *message, mailsub__slice id);

/* Copy what the setters of the delivery keep; the recipients are copied already. */
int mailsub__delivery_copy(mailsub_message *to, const mailsub_message *from);

/* Keep what has been checked; MAILSUB_E_NOMEM. */
int mailsub__message_keep_subject(mailsub_message *message, mailsub__slice subject);
int mailsub__message_keep_extra(mailsub_message *message, const mailsub__field *field,
                                mailsub__slice name, mailsub__slice value);
/* Copy all that the setters of the content keep into a message that has none; MAILSUB_E_NOMEM. */
int mailsub__content_copy(mailsub_message *to, const mailsub_message *from);
/* The same of the attachments and embedded parts alone. */
int mailsub__parts_copy(mailsub_message *to, const mailsub_message *from);

typedef struct mailsub__extra_value {
    const char *name;     /* of a known field that may stand once */
    mailsub__slice value; /* well-formed; a NULL pointer takes the field away */
} mailsub__extra_value;

/* Set or take away up to eight added fields, all or none. MAILSUB_E_NOMEM. */
int mailsub__message_replace_extras(mailsub_message *message, const mailsub__extra_value *values,
                                    size_t n);

/* Set the field from text; the errors of mailsub__mailboxes_parse. */
int mailsub__message_parse_from(mailsub_message *message, mailsub__slice text);
int mailsub__message_parse_sender(mailsub_message *message, mailsub__slice text);
/* Add an address list to the field and the envelope; the errors of mailsub__mailboxes_parse. */
int mailsub__message_parse_recipients(mailsub_message *message, int field, mailsub__slice text);

/* In-Reply-To and References of an answer, made in room. */
enum { MAILSUB__THREAD_ROOM = MAILSUB__MESSAGE_ID_LONGEST + 2 + 900 };
/* The errors of mailsub_message_set_parent; nothing is set yet. */
int mailsub__thread_make(mailsub__slice id, mailsub__slice references,
                         char room[MAILSUB__THREAD_ROOM], mailsub__extra_value out_values[2]);

/* Open a part's file and check that it is what was attached; MAILSUB_E_FILE, _FILE_CHANGED. */
int mailsub__part_open(const struct mailsub__part *part, int *out_fd);
/* Read on, at most room octets; *out_len 0 at the end of the file. MAILSUB_E_FILE. */
int mailsub__part_read(int fd, char *out, size_t room, size_t *out_len);
void mailsub__part_close(int fd);

void mailsub__image_init(mailsub__image *image, const mailsub_allocator *allocator);
void mailsub__image_deinit(mailsub__image *image);
/*
 * Complete what is missing in the message (Date, Message-ID, boundaries), flatten the MIME tree into
 * image, for a server with these capabilities, and sign it, also by the signers that are offered,
 * which may be NULL; does nothing when that was done and the message is unchanged.
 */
int mailsub__layout_make(mailsub_message *message, mailsub__image *image, uint32_t capabilities,
                         const mailsub__dkim_list *offered);

void mailsub__reader_init(mailsub__reader *reader, const mailsub__image *image);
void mailsub__reader_deinit(mailsub__reader *reader);
/* The contract of mailsub__source.read. */
int mailsub__reader_read(mailsub__reader *reader, char *out, size_t room, size_t *out_len);

#endif

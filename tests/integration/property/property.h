/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A random request, what was asked with it, and the checkers of what came of it. Strings live until
 * the next request is made.
 */
#ifndef MAILSUB_TESTS_PROPERTY_H
#define MAILSUB_TESTS_PROPERTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mailsub/mailsub.h>

enum { FROM, SENDER, REPLY_TO, TO, CC, N_LISTS };
enum { MOST_ITEMS = 64, MOST_HEADERS = 12, MOST_PARTS = 4, MOST_RECIPIENTS = 128, MOST_NODES = 24 };
enum { ASKED_DATE = 1732228260, ASKED_ZONE = 60 };

/* ptr NULL: none. NUL-terminated. */
struct text {
    const char *ptr;
    size_t len;
};

enum item_kind { MAILBOX, GROUP, GROUP_END };

struct asked_item {
    enum item_kind kind;
    struct text name;
    struct text address; /* as it has to be written */
};

struct asked_list {
    size_t n;
    struct asked_item items[MOST_ITEMS];
};

/* How the value of a field is read. */
enum header_kind {
    HEADER_TEXT,    /* unstructured: encoded words are decoded */
    HEADER_RAW,     /* unfolded, no more */
    HEADER_PHRASES, /* phrases parted by commas, told parted by line feeds */
    HEADER_LIST_ID, /* a phrase and an identifier, told parted by a line feed */
    HEADER_CHAIN    /* identifiers: the first one and the last ones of what is told */
};

struct asked_header {
    struct text name;
    struct text given;
    struct text value; /* as it has to be read */
    enum header_kind kind;
};

/* A file or what the HTML embeds, as it was added. */
struct asked_part {
    struct text file_name; /* ptr NULL: none */
    struct text type;      /* in small letters, without parameters */
    struct text param;     /* name of its parameter; ptr NULL: none */
    struct text param_value;
    struct text content_id; /* ptr NULL: an attachment; "": generated */
    struct text content;
    struct text inner; /* of a message/rfc822: its text */
};

enum content_kind {
    OCTETS,
    TEXT,  /* line ends are one kind, and the last line has one */
    FLOWED /* and paragraphs are lines, without spaces at their ends (RFC 3676) */
};

/* The MIME tree that is to come out. */
struct node {
    const char *type;
    struct text params[2][2]; /* name and value; ptr NULL: none */
    const char *disposition;  /* NULL: none */
    struct text file_name;    /* ptr NULL: none */
    struct text content_id;   /* ptr NULL: none; "": any */
    enum content_kind kind;   /* of a leaf */
    struct text content;      /* ptr NULL: any but nothing */
    size_t n_kids;            /* more than 0: a multipart, or a message in a message */
    const struct node *kids[2 * MOST_PARTS];
};

/* The sum of the calls that succeeded. */
struct asked {
    struct asked_list lists[N_LISTS];
    size_t n_recipients; /* the envelope's, in their order */
    struct text recipients[MOST_RECIPIENTS];
    size_t n_blind;
    struct text blind[MOST_RECIPIENTS];
    struct text sender; /* the envelope's; ptr NULL: it follows from the fields */
    bool needs_smtputf8;
    bool header_is_utf8; /* not only the envelope */
    struct text subject;
    size_t n_headers;
    struct asked_header headers[MOST_HEADERS];
    int64_t date;
    int32_t zone;
    struct text message_id; /* ptr NULL: made */
    struct text text;
    struct text html;
    struct text derived; /* what the program's converter makes of the HTML; ptr NULL: none */
    bool derives;        /* by the library */
    struct text calendar;
    const char *method;
    bool is_flowed;
    size_t n_parts;
    struct asked_part parts[MOST_PARTS];
    size_t n_refused; /* calls */

    struct node *tree; /* what comes of it, see tree_make */
    size_t n_nodes;
    struct node nodes[MOST_NODES];
};

extern const char *const list_names[N_LISTS];

/* random.c: everything follows from the seed. */
#define N_OF(array) (sizeof(array) / sizeof(array)[0])
#define ONE_OF(array) (array)[random_below(N_OF(array))]
void random_start(uint64_t seed);
uint64_t random_next(void);
size_t random_below(size_t n);
bool random_in_100(size_t share);
struct text random_keep(const char *data, size_t len);
struct text random_keep_str(const char *text);
void random_grow(struct text *text, const char *piece); /* the text that was kept last */
/* At most n pieces; one that no line may have among them when it is to be spoilt. */
struct text random_line(size_t n, bool spoilt);
struct text random_body(size_t n);
struct text random_octets(size_t len);
/* In the form of mailsub_random. */
int random_fill(void *context, void *out, size_t n_bytes);

/*
 * request.c: make request number seed on a new message, which *out_message receives; it may hold an
 * error. NULL, or what the library did wrong: refused what is allowed, or the other way round.
 */
const char *request_make(uint64_t seed, struct asked *asked, mailsub_message **out_message);

/* A request in the making. */
struct request {
    mailsub_message *message;
    struct asked *asked;
    bool may_smtputf8; /* mailsub_message_allow_smtputf8 was called */
    bool stop;         /* the message keeps an error: nothing more is asked */
    const char *wrong;
};

/* Whether the call did as it should; true when what it asked for now counts. */
bool request_judge(struct request *request, int rc, bool allowed, const char *field);
/* The same requests for mailboxes (mailboxes.c) and for the body and its parts (content.c). */
void request_mailboxes(struct request *request);
void request_content(struct request *request);
/* Make the files that are attached; false: it cannot be done. */
bool content_make_files(void);
void content_remove_files(void);

/* tree.c: asked->tree */
void tree_make(struct asked *asked);

/* Each: NULL, or what is wrong. The message was written for a server with these capabilities. */
const char *check_raw(const struct asked *asked, struct text message, uint32_t capabilities,
                      bool is_ours);
const char *check_gmime(const struct asked *asked, struct text message);
bool has_gmime(void);
/* getters.c: what the message says of itself. */
const char *check_getters(const struct asked *asked, mailsub_message *message);

/*
 * foreign.c: NULL, or what is wrong with messages that are made of this one, as it is, and after
 * careless programs had it in their hands. *out_repaired: what came of the latter.
 */
const char *check_existing(const struct asked *asked, struct text message,
                           struct text *out_repaired);

#endif

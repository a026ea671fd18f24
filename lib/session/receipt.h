/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A receipt from the side that fills it. */
#ifndef MAILSUB_SESSION_RECEIPT_H
#define MAILSUB_SESSION_RECEIPT_H

#include <mailsub/receipt.h>

#include "base/buffer.h"
#include "message/findings.h"
#include "net/transport.h"
#include "smtp/engine.h"

typedef struct mailsub__receipt_recipient {
    size_t address; /* offset in addresses */
    char *text;     /* of the deciding reply; NULL: none of its own */
} mailsub__receipt_recipient;

/* A server that could not be used. */
typedef struct mailsub__receipt_failure {
    mailsub__verdict verdict;
    char *server; /* its URL, and behind its NUL the text */
    const char *text;
} mailsub__receipt_failure;

/* Of a URL; a longer one is cut. */
#define MAILSUB__SERVER_LEN 352

struct mailsub_receipt {
    mailsub_allocator allocator;
    bool filled;
    mailsub__verdict whole;
    char text[MAILSUB__REPLY_TEXT_LEN];
    char detail[256];
    char message_id[256];
    char queue_id[64];
    char tls_version[16];
    char tls_cipher[64];
    int64_t retry_ms; /* of the limiter */
    uint32_t dropped; /* bits by MAILSUB_EXTENSION_* */
    uint32_t warnings;
    mailsub__login_report login;
    bool tls_resumed;
    mailsub__certificate_facts certificate;
    mailsub_findings findings;
    size_t n_recipients;
    mailsub__verdict *verdicts;
    mailsub__receipt_recipient *recipients;
    char server[MAILSUB__SERVER_LEN]; /* "": none */
    mailsub__receipt_failure *failures;
    size_t n_failures;
    size_t room_for_failures;
    int64_t n_pending;         /* -1: not told */
    mailsub__buffer lines;     /* of the reply to an operation: strings as below */
    mailsub__buffer addresses; /* NUL-terminated strings, one behind the other */
};

/* Back to the state after new. */
void mailsub__receipt_reset(mailsub_receipt *receipt);
/* List the recipients, each not attempted. MAILSUB_E_NOMEM: the receipt lists none. */
int mailsub__receipt_list(mailsub_receipt *receipt, const mailsub__slice *recipients, size_t n);
/* on_recipient_text of a transaction; context is the receipt. A text that finds no memory is left
   out: codes stand in fixed space, and only they decide. */
void mailsub__receipt_add_text(void *context, size_t i, mailsub__slice text);
/* on_line of a transaction; context is the receipt. A line that finds no memory is left out. */
void mailsub__receipt_add_line(void *context, mailsub__slice text);
/* Record that nothing reached the server: whole and each recipient get the cause as verdict. */
void mailsub__receipt_fail(mailsub_receipt *receipt, const mailsub__verdict *cause,
                           const char *detail);
/* The same of the recipients from first on. */
void mailsub__receipt_fail_from(mailsub_receipt *receipt, size_t first,
                                const mailsub__verdict *cause, const char *detail);
/* receipt_server.c: the server that was asked, by its URL. */
void mailsub__receipt_set_server(mailsub_receipt *receipt, const char *url);
/* Note that a server failed. Without memory it is left out. */
void mailsub__receipt_add_failure(mailsub_receipt *receipt, const char *server,
                                  const mailsub__verdict *cause, const char *text);
void mailsub__receipt_reset_failures(mailsub_receipt *receipt);
/* The first one at which a later attempt may help; NULL: none. */
const mailsub__receipt_failure *mailsub__receipt_find_hope(const mailsub_receipt *receipt);
/* The facts of a connection's TLS. */
void mailsub__receipt_set_tls(mailsub_receipt *receipt, const mailsub__transport *transport);
/* What became of the mechanisms of its login. */
void mailsub__receipt_set_login(mailsub_receipt *receipt, const mailsub__engine *engine);
/* Can the recipient get it twice when it is sent again? If not, this is true. */
bool mailsub__receipt_may_retry(const mailsub__verdict *verdict);
/* As much of text as finds room. */
void mailsub__receipt_copy(char *out, size_t room, const char *text);

#endif

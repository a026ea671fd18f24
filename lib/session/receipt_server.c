/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a receipt tells of the servers that were asked. */
#include <string.h>

#include "base/memory.h"
#include "session/receipt.h"

/* A job asks each server once, and in each of its parts anew. */
#define MAX_FAILURES 1024

void mailsub__receipt_set_server(mailsub_receipt *receipt, const char *url)
{
    size_t len = strnlen(url, sizeof receipt->server - 1);
    memcpy(receipt->server, url, len);
    receipt->server[len] = '\0';
}

void mailsub__receipt_reset_failures(mailsub_receipt *receipt)
{
    for (size_t i = 0; i < receipt->n_failures; i++)
        mailsub__free(&receipt->allocator, receipt->failures[i].server);
    receipt->n_failures = 0;
}

void mailsub__receipt_add_failure(mailsub_receipt *receipt, const char *server,
                                  const mailsub__verdict *cause, const char *text)
{
    void *failures = receipt->failures;
    int rc = mailsub__grow_array(&receipt->allocator, &failures, &receipt->room_for_failures,
                                 receipt->n_failures, sizeof *receipt->failures, MAX_FAILURES);
    receipt->failures = failures;
    size_t server_len = strlen(server) + 1;
    size_t text_len = strlen(text) + 1;
    char *copy = rc ? NULL : mailsub__alloc(&receipt->allocator, server_len + text_len);
    if (!copy)
        return;
    memcpy(copy, server, server_len);
    memcpy(copy + server_len, text, text_len);
    receipt->failures[receipt->n_failures++] =
        (mailsub__receipt_failure){.verdict = *cause, .server = copy, .text = copy + server_len};
}

const mailsub__receipt_failure *mailsub__receipt_find_hope(const mailsub_receipt *receipt)
{
    for (size_t i = 0; i < receipt->n_failures; i++) {
        if (mailsub_error_action(receipt->failures[i].verdict.code) == MAILSUB_ACTION_RETRY_LATER)
            return &receipt->failures[i];
    }
    return NULL;
}

const char *mailsub_receipt_get_server(const mailsub_receipt *receipt)
{
    return receipt ? receipt->server : "";
}

size_t mailsub_receipt_count_failed_servers(const mailsub_receipt *receipt)
{
    return receipt ? receipt->n_failures : 0;
}

static const mailsub__receipt_failure *failure_at(const mailsub_receipt *receipt, size_t index)
{
    static const mailsub__receipt_failure none = {.server = NULL, .text = ""};
    return index < mailsub_receipt_count_failed_servers(receipt) ? &receipt->failures[index]
                                                                 : &none;
}

const char *mailsub_receipt_get_failed_server(const mailsub_receipt *receipt, size_t index)
{
    const char *server = failure_at(receipt, index)->server;
    return server ? server : "";
}

int mailsub_receipt_get_failed_server_code(const mailsub_receipt *receipt, size_t index)
{
    return failure_at(receipt, index)->verdict.code;
}

int mailsub_receipt_get_failed_server_stage(const mailsub_receipt *receipt, size_t index)
{
    return failure_at(receipt, index)->verdict.stage;
}

int mailsub_receipt_get_failed_server_reply_code(const mailsub_receipt *receipt, size_t index)
{
    return failure_at(receipt, index)->verdict.reply_code;
}

const char *mailsub_receipt_get_failed_server_text(const mailsub_receipt *receipt, size_t index)
{
    return failure_at(receipt, index)->text;
}

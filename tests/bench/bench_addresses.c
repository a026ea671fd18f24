/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A list of addresses, parsed into recipients; nothing is written. File: the list, on one line. */
#include <mailsub/mailsub.h>

#include "bench.h"

const char bench_name[] = "mailsub_addresses";
const int bench_n_files = 1;

static char *list;
static size_t list_len;

void bench_prepare(struct bench *bench)
{
    list = bench_load(bench->paths[0], &list_len);
}

void bench_one(struct bench *bench)
{
    mailsub_message *message;
    bench_need(mailsub_message_new(NULL, &message) == 0, "new");
    bench_need(mailsub_message_add_recipients(message, MAILSUB_RECIPIENT_TO, list, list_len) == 0 &&
                   mailsub_message_count_recipients(message) > 0,
               "add_recipients");
    mailsub_message_free(message);
    bench->n_bytes += list_len;
}

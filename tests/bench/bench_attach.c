/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One large attachment: from memory when the sink is "memory", else from its file. File: it. */
#include <string.h>

#include <mailsub/mailsub.h>

#include "bench.h"

const char bench_name[] = "mailsub_attach";
const int bench_n_files = 1;

static char *content;
static size_t content_len;

static int put(void *context, const void *data, size_t len)
{
    bench_put(context, data, len);
    return 0;
}

void bench_prepare(struct bench *bench)
{
    if (strcmp(bench->sink, "memory") == 0)
        content = bench_load(bench->paths[0], &content_len);
}

void bench_one(struct bench *bench)
{
    mailsub_message *message;
    bench_need(mailsub_message_new(NULL, &message) == 0, "new");
    mailsub_message_set_from(message, "alice@example.com", "Alice Example");
    mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "bob@example.org", "Bob Example");
    mailsub_message_set_subject(message, "The file");
    mailsub_message_set_text(message, "Here it is.\r\n", MAILSUB_NUL_TERMINATED);
    const char *type = "application/octet-stream";
    if (content)
        mailsub_message_attach_data(message, "file.bin", type, content, content_len);
    else
        mailsub_message_attach_file(message, bench->paths[0], "file.bin", type);
    bench_need(mailsub_message_write(message, put, bench) == 0, "write");
    mailsub_message_free(message);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A message that is signed, or with UNSIGNED defined the same one that is not: what lies between
 * them is what DKIM costs. Files: private key, text, HTML; with ATTACHED defined a private key and
 * an attachment, from memory when the sink is "memory", else from its file.
 */
#include <string.h>

#include <mailsub/mailsub.h>

#include "bench.h"

#ifdef UNSIGNED
const char bench_name[] = "unsigned_dkim";
#else
const char bench_name[] = "mailsub_dkim";
#endif
#ifdef ATTACHED
const int bench_n_files = 2;
#else
const int bench_n_files = 3;
#endif

static mailsub_dkim *dkim;
static char *contents[2];
static size_t lens[2];

static int put(void *context, const void *data, size_t len)
{
    bench_put(context, data, len);
    return 0;
}

void bench_prepare(struct bench *bench)
{
    size_t len;
    char *key = bench_load(bench->paths[0], &len);
    bench_need(mailsub_dkim_new(NULL, "example.com", "bench", &dkim) == 0, "dkim");
    bench_need(mailsub_dkim_set_key_pem(dkim, key, len, NULL) == 0, "key");
    for (int i = 0; i < bench_n_files - 1; i++) {
        if (bench_n_files == 3 || strcmp(bench->sink, "memory") == 0)
            contents[i] = bench_load(bench->paths[i + 1], &lens[i]);
    }
}

static void fill(const struct bench *bench, mailsub_message *message)
{
    if (bench_n_files == 3) {
        mailsub_message_set_text(message, contents[0], lens[0]);
        mailsub_message_set_html(message, contents[1], lens[1]);
        return;
    }
    const char *type = "application/octet-stream";
    mailsub_message_set_text(message, "Here it is.\r\n", MAILSUB_NUL_TERMINATED);
    if (contents[0])
        mailsub_message_attach_data(message, "file.bin", type, contents[0], lens[0]);
    else
        mailsub_message_attach_file(message, bench->paths[1], "file.bin", type);
}

void bench_one(struct bench *bench)
{
    mailsub_message *message;
    bench_need(mailsub_message_new(NULL, &message) == 0, "new");
    mailsub_message_set_from(message, "alice@example.com", "Alice Example");
    mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "bob@example.org", "Bob Example");
    mailsub_message_set_subject(message, "Gr\303\274\303\237e aus M\303\274nchen: Rechnung 4711");
    fill(bench, message);
#ifndef UNSIGNED
    mailsub_message_sign_dkim(message, dkim);
#endif
    bench_need(mailsub_message_write(message, put, bench) == 0, "write");
    mailsub_message_free(message);
}

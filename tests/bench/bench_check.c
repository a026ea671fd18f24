/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The message of bench_build.c, checked by the strict policy before it is written. */
#include <mailsub/mailsub.h>

#include "bench.h"

const char bench_name[] = "mailsub_check";
const int bench_n_files = 2;

static char *text, *html;
static size_t text_len, html_len;
static mailsub_policy *policy;
static mailsub_findings *findings;

static int put(void *context, const void *data, size_t len)
{
    bench_put(context, data, len);
    return 0;
}

void bench_prepare(struct bench *bench)
{
    text = bench_load(bench->paths[0], &text_len);
    html = bench_load(bench->paths[1], &html_len);
    bench_need(mailsub_policy_new(NULL, MAILSUB_PROFILE_STRICT, &policy) == 0, "policy");
    bench_need(mailsub_findings_new(NULL, &findings) == 0, "findings");
}

void bench_one(struct bench *bench)
{
    const mailsub_facts facts = {.size = sizeof facts, .login = "alice@example.com"};
    mailsub_message *message;
    bench_need(mailsub_message_new(NULL, &message) == 0, "new");
    mailsub_message_set_from(message, "alice@example.com", "Alice Example");
    mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "bob@example.org", "Bob Example");
    mailsub_message_set_subject(message, "Gr\303\274\303\237e aus M\303\274nchen: Rechnung 4711");
    mailsub_message_set_text(message, text, text_len);
    mailsub_message_set_html(message, html, html_len);
    bench_need(mailsub_message_check(message, policy, &facts, findings) == 0, "check");
    bench_need(mailsub_message_write(message, put, bench) == 0, "write");
    mailsub_message_free(message);
}

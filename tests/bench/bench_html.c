/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text of an HTML document, as a message with HTML alone is given one. The function is called
 * by its inner name, so that nothing else of the message counts. File: the document.
 */
#include <mailsub/mailsub.h>

#include "base/memory.h"
#include "bench.h"
#include "message/html_text.h"

const char bench_name[] = "mailsub_html";
const int bench_n_files = 1;

static char *html;
static size_t html_len;
static mailsub_allocator allocator;

void bench_prepare(struct bench *bench)
{
    html = bench_load(bench->paths[0], &html_len);
    bench_need(mailsub__allocator_init(&allocator, NULL) == 0, "allocator");
}

void bench_one(struct bench *bench)
{
    mailsub__buffer text;
    mailsub__buffer_init(&text, &allocator, SIZE_MAX / 4);
    bench_need(mailsub__html_text(mailsub__slice_of(html, html_len), &text) == 0, "html_text");
    mailsub__slice octets = mailsub__buffer_slice(&text);
    bench_put(bench, octets.ptr, octets.len);
    mailsub__buffer_deinit(&text);
}

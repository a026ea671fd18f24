/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The job of bench_attach with libetpan. */
#include "libetpan.h"

const char bench_name[] = "libetpan_attach";
const int bench_n_files = 1;

static char *content;
static size_t content_len;

void bench_prepare(struct bench *bench)
{
    if (strcmp(bench->sink, "memory") == 0)
        content = bench_load(bench->paths[0], &content_len);
}

void bench_one(struct bench *bench)
{
    static char body[] = "Here it is.\r\n";
    struct mailmime *mixed = mailmime_multiple_new("multipart/mixed");
    struct mailmime *text = etpan_part("text/plain; charset=utf-8", MAILMIME_MECHANISM_7BIT, NULL);
    mailmime_set_body_text(text, body, strlen(body));
    mailmime_smart_add_part(mixed, text);
    struct mailmime *part =
        etpan_part("application/octet-stream", MAILMIME_MECHANISM_BASE64,
                   mailmime_disposition_new_filename(MAILMIME_DISPOSITION_TYPE_ATTACHMENT,
                                                     strdup("file.bin")));
    if (content)
        mailmime_set_body_text(part, content, content_len);
    else
        mailmime_set_body_file(part, strdup(bench->paths[0]));
    mailmime_smart_add_part(mixed, part);
    etpan_write(bench, etpan_message(mixed, "The file"));
}

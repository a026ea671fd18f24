/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The job of bench_build with libetpan. */
#include "libetpan.h"

#include <stdio.h>

const char bench_name[] = "libetpan_build";
const int bench_n_files = 2;

static char *text, *html;
static size_t text_len, html_len;

void bench_prepare(struct bench *bench)
{
    text = bench_load(bench->paths[0], &text_len);
    html = bench_load(bench->paths[1], &html_len);
}

static struct mailmime *text_part(const char *type, char *content, size_t len)
{
    struct mailmime *part = etpan_part(type, MAILMIME_MECHANISM_QUOTED_PRINTABLE, NULL);
    mailmime_set_body_text(part, content, len);
    return part;
}

/* libetpan leaves encoded words to its caller. */
static void encode_subject(const char *subject, char *out)
{
    out += sprintf(out, "=?utf-8?Q?");
    for (; *subject; subject++) {
        unsigned char c = (unsigned char)*subject;
        bool plain = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
        if (plain)
            *out++ = (char)c;
        else if (c == ' ')
            *out++ = '_';
        else
            out += sprintf(out, "=%02X", c);
    }
    strcpy(out, "?=");
}

void bench_one(struct bench *bench)
{
    char subject[256];
    encode_subject("Gr\303\274\303\237e aus M\303\274nchen: Rechnung 4711", subject);
    struct mailmime *both = mailmime_multiple_new("multipart/alternative");
    mailmime_smart_add_part(both, text_part("text/plain; charset=utf-8", text, text_len));
    mailmime_smart_add_part(both, text_part("text/html; charset=utf-8", html, html_len));
    etpan_write(bench, etpan_message(both, subject));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The job of bench_build with GMime. */
#include "gmime.h"

const char bench_name[] = "gmime_build";
const int bench_n_files = 2;

static char *text, *html;

void bench_prepare(struct bench *bench)
{
    size_t len;
    g_mime_init();
    text = bench_load(bench->paths[0], &len);
    html = bench_load(bench->paths[1], &len);
}

void bench_one(struct bench *bench)
{
    GMimeMessage *message = gmime_message("Gr\303\274\303\237e aus M\303\274nchen: Rechnung 4711");
    GMimeMultipart *both = g_mime_multipart_new_with_subtype("alternative");
    GMimePart *parts[] = {
        gmime_text("plain", text, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE),
        gmime_text("html", html, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE),
    };
    for (int i = 0; i < 2; i++) {
        g_mime_multipart_add(both, (GMimeObject *)parts[i]);
        g_object_unref(parts[i]);
    }
    g_mime_message_set_mime_part(message, (GMimeObject *)both);
    g_object_unref(both);
    gmime_write(bench, message);
}

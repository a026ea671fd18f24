/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The job of bench_attach with GMime. */
#include "gmime.h"

const char bench_name[] = "gmime_attach";
const int bench_n_files = 1;

static GByteArray *content;

void bench_prepare(struct bench *bench)
{
    g_mime_init();
    if (g_strcmp0(bench->sink, "memory") != 0)
        return;
    size_t len;
    char *data = bench_load(bench->paths[0], &len);
    content = g_byte_array_new_take((guint8 *)data, len);
}

/* GMime reads what is in memory where it stands: the array is made once. */
static GMimeStream *content_stream(const struct bench *bench)
{
    if (!content)
        return g_mime_stream_file_open(bench->paths[0], "rb", NULL);
    GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(content);
    g_mime_stream_mem_set_owner((GMimeStreamMem *)stream, FALSE);
    return stream;
}

void bench_one(struct bench *bench)
{
    GMimeMessage *message = gmime_message("The file");
    GMimeMultipart *mixed = g_mime_multipart_new_with_subtype("mixed");
    GMimePart *text = gmime_text("plain", "Here it is.\r\n", GMIME_CONTENT_ENCODING_7BIT);
    g_mime_multipart_add(mixed, (GMimeObject *)text);
    g_object_unref(text);
    GMimePart *part = g_mime_part_new_with_type("application", "octet-stream");
    GMimeStream *stream = content_stream(bench);
    bench_need(stream, bench->paths[0]);
    GMimeDataWrapper *data =
        g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_DEFAULT);
    g_object_unref(stream);
    g_mime_part_set_content(part, data);
    g_object_unref(data);
    g_mime_part_set_filename(part, "file.bin");
    g_mime_part_set_content_encoding(part, GMIME_CONTENT_ENCODING_BASE64);
    g_mime_multipart_add(mixed, (GMimeObject *)part);
    g_object_unref(part);
    g_mime_message_set_mime_part(message, (GMimeObject *)mixed);
    g_object_unref(mixed);
    gmime_write(bench, message);
}

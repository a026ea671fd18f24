/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What GMime's bench programs share. */
#ifndef MAILSUB_TESTS_BENCH_GMIME_H
#define MAILSUB_TESTS_BENCH_GMIME_H

#include <gmime/gmime.h>

#include "bench.h"

static inline GMimeMessage *gmime_message(const char *subject)
{
    GMimeMessage *message = g_mime_message_new(TRUE);
    g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_FROM, "Alice Example",
                               "alice@example.com");
    g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_TO, "Bob Example", "bob@example.org");
    g_mime_message_set_subject(message, subject, "utf-8");
    GDateTime *date = g_date_time_new_now_local();
    g_mime_message_set_date(message, date);
    g_date_time_unref(date);
    char *id = g_mime_utils_generate_message_id("example.com");
    g_mime_message_set_message_id(message, id);
    g_free(id);
    return message;
}

static inline GMimePart *gmime_text(const char *subtype, const char *text, GMimeContentEncoding how)
{
    GMimeTextPart *part = g_mime_text_part_new_with_subtype(subtype);
    g_mime_text_part_set_charset(part, "utf-8");
    g_mime_text_part_set_text(part, text);
    g_mime_part_set_content_encoding((GMimePart *)part, how);
    return (GMimePart *)part;
}

/* Into GMime's own stream in memory, whose array is kept, or into the one that only counts. */
static inline void gmime_write(struct bench *bench, GMimeMessage *message)
{
    static GByteArray *array;
    static GMimeFormatOptions *options;
    if (!array) {
        array = g_byte_array_new();
        options = g_mime_format_options_new();
        g_mime_format_options_set_newline_format(options, GMIME_NEWLINE_FORMAT_DOS);
    }
    g_byte_array_set_size(array, 0);
    GMimeStream *stream = g_mime_stream_null_new();
    if (bench->in_memory) {
        g_object_unref(stream);
        stream = g_mime_stream_mem_new_with_byte_array(array);
        g_mime_stream_mem_set_owner((GMimeStreamMem *)stream, FALSE);
    }
    ssize_t n = g_mime_object_write_to_stream((GMimeObject *)message, options, stream);
    bench_need(n > 0, "write");
    uint64_t written = (uint64_t)g_mime_stream_tell(stream); /* n is of the decoded contents */
    if (bench->in_memory && g_strcmp0(bench->sink, "memory") != 0)
        bench_put(bench, array->data, array->len);
    else
        bench->n_bytes += written;
    g_object_unref(stream);
    g_object_unref(message);
}

#endif

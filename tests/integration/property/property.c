/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * property SEED COUNT EVERY: make COUNT random requests, numbered from SEED on, check what comes of
 * each against the raw rules and with GMime, and hand every EVERY-th message (0: none) to standard
 * output for other readers, as
 *
 *   LENGTH OF JSON, space, LENGTH OF MESSAGE, line end, JSON of what was asked, message
 *
 * The last output is "0 0", a line end and a JSON object with numbers. What is wrong is told on
 * standard error, with the number of the request, which alone makes it again:
 *
 *   property NUMBER 1 1
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "property.h"

struct output {
    char *data;
    size_t len;
    size_t room;
};

static void put(struct output *out, const void *data, size_t len)
{
    if (out->room - out->len <= len) {
        out->room = 2 * (out->room + len + 1);
        out->data = realloc(out->data, out->room);
        if (!out->data)
            abort();
    }
    memcpy(out->data + out->len, data, len);
    out->len += len;
    out->data[out->len] = '\0';
}

static int sink(void *context, const void *data, size_t len)
{
    put(context, data, len);
    return 0;
}

static void put_str(struct output *out, const char *text)
{
    put(out, text, strlen(text));
}

static void put_json(struct output *out, struct text text)
{
    if (!text.ptr) {
        put_str(out, "null");
        return;
    }
    put_str(out, "\"");
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        char escaped[8];
        if (c < ' ' || c == '"' || c == '\\' || c == 0x7f) {
            snprintf(escaped, sizeof escaped, "\\u%04x", c);
            put_str(out, escaped);
        } else {
            put(out, &text.ptr[i], 1);
        }
    }
    put_str(out, "\"");
}

static void put_hex(struct output *out, struct text content)
{
    put_str(out, "\"");
    for (size_t i = 0; i < content.len; i++) {
        char hex[3];
        snprintf(hex, sizeof hex, "%02x", (unsigned char)content.ptr[i]);
        put_str(out, hex);
    }
    put_str(out, "\"");
}

static void put_pair(struct output *out, size_t i, struct text first, struct text second)
{
    put_str(out, i > 0 ? ",[" : "[");
    put_json(out, first);
    put_str(out, ",");
    put_json(out, second);
    put_str(out, "]");
}

static void put_asked(struct output *out, const struct asked *asked)
{
    put_str(out, "{");
    for (int list = 0; list < N_LISTS; list++) {
        put_str(out, "\"");
        put_str(out, list_names[list]);
        put_str(out, "\":[");
        for (size_t i = 0; i < asked->lists[list].n; i++)
            put_pair(out, i, asked->lists[list].items[i].name, asked->lists[list].items[i].address);
        put_str(out, "],");
    }
    put_str(out, "\"blind\":[");
    for (size_t i = 0; i < asked->n_blind; i++) {
        put_str(out, i > 0 ? "," : "");
        put_json(out, asked->blind[i]);
    }
    put_str(out, "],\"subject\":");
    put_json(out, asked->subject);
    put_str(out, ",\"headers\":[");
    for (size_t i = 0; i < asked->n_headers; i++)
        put_pair(out, i, asked->header_names[i], asked->header_values[i]);
    put_str(out, "],\"plain\":");
    put_json(out, asked->text);
    put_str(out, ",\"html\":");
    put_json(out, asked->html);
    put_str(out, ",\"files\":[");
    for (size_t i = 0; i < asked->n_files; i++) {
        put_str(out, i > 0 ? ",[" : "[");
        put_json(out, asked->files[i].name);
        put_str(out, ",");
        put_json(out, asked->files[i].type);
        put_str(out, ",");
        put_hex(out, asked->files[i].content);
        put_str(out, "]");
    }
    put_str(out, "]}");
}

struct totals {
    unsigned long requests, messages, refused, refused_calls, failed, frames;
};

static void check(unsigned long long number, unsigned long every, struct totals *totals)
{
    static struct output message, json;
    static struct asked asked;
    mailsub_message *built = NULL;
    const char *wrong = request_make(number, &asked, &built);
    message.len = json.len = 0;
    int rc = built ? mailsub_message_write(built, sink, &message) : MAILSUB_E_NOMEM;
    int kept = mailsub_message_get_error(built, NULL);
    totals->requests++;
    totals->refused_calls += asked.n_refused;
    struct text text = {message.data, message.len};
    if (!wrong && rc) {
        /* From may be what was refused and forgiven. */
        bool right = rc == kept || (rc == MAILSUB_E_NO_FROM && asked.lists[FROM].n == 0);
        wrong = right ? NULL : mailsub_error_name(rc);
        totals->refused++;
    } else if (!wrong) {
        totals->messages++;
        wrong = check_raw(&asked, text);
        if (!wrong)
            wrong = check_gmime(&asked, text);
        if (every > 0 && number % every == 0) {
            put_asked(&json, &asked);
            printf("%zu %zu\n", json.len, message.len);
            fwrite(json.data, 1, json.len, stdout);
            fwrite(message.data, 1, message.len, stdout);
            totals->frames++;
        }
    }
    if (wrong) {
        totals->failed++;
        fprintf(stderr, "request %llu: %s\n", number, wrong);
    }
    mailsub_message_free(built);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: property SEED COUNT EVERY\n");
        return 64;
    }
    unsigned long long seed = strtoull(argv[1], NULL, 10);
    unsigned long count = strtoul(argv[2], NULL, 10);
    unsigned long every = strtoul(argv[3], NULL, 10);
    struct totals totals = {0};
    for (unsigned long i = 0; i < count && totals.failed < 20; i++)
        check(seed + i, every, &totals);
    printf("0 0\n{\"requests\": %lu, \"messages\": %lu, \"refused\": %lu, \"refused_calls\": %lu, "
           "\"failed\": %lu, \"handed_on\": %lu, \"gmime\": %s}\n",
           totals.requests, totals.messages, totals.refused, totals.refused_calls, totals.failed,
           totals.frames, has_gmime() ? "true" : "false");
    return totals.failed > 0;
}

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

/* "name":value, with a comma in front unless it is the first. */
static void put_key(struct output *out, const char *name)
{
    char before = out->data[out->len - 1];
    put_str(out, before == '{' || before == '[' ? "" : ",");
    if (name) {
        put_json(out, (struct text){name, strlen(name)});
        put_str(out, ":");
    }
}

static void put_member(struct output *out, const char *name, struct text value)
{
    put_key(out, name);
    put_json(out, value);
}

static void put_list(struct output *out, const char *name, const struct asked_list *list)
{
    static const struct text kinds[] = {{"mailbox", 7}, {"group", 5}, {"end", 3}};
    put_key(out, name);
    put_str(out, "[");
    for (size_t i = 0; i < list->n; i++) {
        put_key(out, NULL);
        put_str(out, "[");
        put_member(out, NULL, kinds[list->items[i].kind]);
        put_member(out, NULL, list->items[i].name);
        put_member(out, NULL, list->items[i].address);
        put_str(out, "]");
    }
    put_str(out, "]");
}

static void put_node(struct output *out, const struct node *node)
{
    static const struct text kinds[] = {{"octets", 6}, {"text", 4}, {"flowed", 6}};
    put_str(out, "{");
    put_member(out, "type", (struct text){node->type, strlen(node->type)});
    put_key(out, "params");
    put_str(out, "{");
    for (int i = 0; i < 2 && node->params[i][0].ptr; i++)
        put_member(out, node->params[i][0].ptr, node->params[i][1]);
    put_str(out, "}");
    const char *disposition = node->disposition;
    put_member(out, "disposition",
               (struct text){disposition, disposition ? strlen(disposition) : 0});
    put_member(out, "name", node->file_name);
    put_member(out, "id", node->content_id);
    put_member(out, "kind", kinds[node->kind]);
    put_key(out, "content");
    if (node->kind == OCTETS)
        put_hex(out, node->content);
    else
        put_json(out, node->content);
    put_key(out, "kids");
    put_str(out, "[");
    for (size_t i = 0; i < node->n_kids; i++) {
        put_key(out, NULL);
        put_node(out, node->kids[i]);
    }
    put_str(out, "]}");
}

static void put_header(struct output *out, const struct asked_header *header)
{
    static const struct text kinds[] = {
        {"text", 4}, {"raw", 3}, {"phrases", 7}, {"list-id", 7}, {"chain", 5}};
    put_key(out, NULL);
    put_str(out, "[");
    put_member(out, NULL, header->name);
    put_member(out, NULL, header->value);
    put_member(out, NULL, kinds[header->kind]);
    put_str(out, "]");
}

static void put_asked(struct output *out, const struct asked *asked, unsigned long long seed)
{
    char number[32];
    put_str(out, "{");
    for (int list = 0; list < N_LISTS; list++)
        put_list(out, list_names[list], &asked->lists[list]);
    put_key(out, "blind");
    put_str(out, "[");
    for (size_t i = 0; i < asked->n_blind; i++)
        put_member(out, NULL, asked->blind[i]);
    put_str(out, "]");
    put_member(out, "subject", asked->subject);
    put_member(out, "id", asked->message_id);
    put_key(out, "utf8");
    put_str(out, asked->header_is_utf8 ? "true" : "false");
    put_key(out, "number");
    snprintf(number, sizeof number, "%llu", seed);
    put_str(out, number);
    put_key(out, "date");
    snprintf(number, sizeof number, "%lld", (long long)asked->date);
    put_str(out, number);
    put_key(out, "headers");
    put_str(out, "[");
    for (size_t i = 0; i < asked->n_headers; i++)
        put_header(out, &asked->headers[i]);
    put_str(out, "]");
    put_key(out, "tree");
    put_node(out, asked->tree);
    put_str(out, "}");
}

struct totals {
    unsigned long requests, messages, refused, refused_calls, failed, frames, existing;
};

/* Why it may not be written, though each call succeeded or was forgiven; 0: it has to be. */
static int lacks(const struct asked *asked)
{
    if (asked->lists[FROM].n == 0)
        return MAILSUB_E_NO_FROM;
    return asked->lists[FROM].n > 1 && asked->lists[SENDER].n == 0 ? MAILSUB_E_NO_SENDER : 0;
}

enum { N_SERVERS = 3 };

/* What each kind of server is sent, and what is made of that as an existing message. */
static const char *check_written(const struct asked *asked, mailsub_message *built,
                                 struct totals *totals, struct text *out_handed_on)
{
    static const uint32_t servers[N_SERVERS] = {0, MAILSUB_CAN_8BITMIME,
                                                MAILSUB_CAN_8BITMIME | MAILSUB_CAN_BINARYMIME};
    static struct output messages[N_SERVERS];
    size_t handed_on = random_below(N_SERVERS + 1);
    for (size_t i = 0; i < N_SERVERS; i++) {
        messages[i].len = 0;
        int rc = mailsub_message_write_for(built, servers[i], sink, &messages[i]);
        if (rc)
            return mailsub_error_name(rc);
        struct text text = {messages[i].data, messages[i].len};
        const char *wrong = check_raw(asked, text, servers[i], true);
        if (!wrong && (i == 0 || text.len != messages[0].len))
            wrong = check_gmime(asked, text);
        if (wrong)
            return wrong;
        if (i == handed_on)
            *out_handed_on = text;
    }
    struct text first = {messages[0].data, messages[0].len};
    if (asked->needs_smtputf8) {
        if (handed_on == N_SERVERS)
            *out_handed_on = first;
        return NULL;
    }
    struct text repaired;
    const char *wrong = check_existing(asked, first, &repaired);
    totals->existing++;
    if (handed_on == N_SERVERS)
        *out_handed_on = repaired;
    return wrong;
}

static void hand_on(const struct asked *asked, unsigned long long number, struct text message,
                    struct totals *totals)
{
    static struct output json;
    json.len = 0;
    put_asked(&json, asked, number);
    printf("%zu %zu\n", json.len, message.len);
    fwrite(json.data, 1, json.len, stdout);
    fwrite(message.ptr, 1, message.len, stdout);
    totals->frames++;
}

static void check(unsigned long long number, unsigned long every, struct totals *totals)
{
    static struct asked asked;
    mailsub_message *built = NULL;
    const char *wrong = request_make(number, &asked, &built);
    int kept = mailsub_message_get_error(built, NULL);
    int want = kept ? kept : lacks(&asked);
    totals->requests++;
    totals->refused_calls += asked.n_refused;
    if (!wrong && want) {
        struct output none = {NULL, 0, 0};
        int rc = mailsub_message_write(built, sink, &none);
        wrong = rc == want && none.len == 0 ? NULL : mailsub_error_name(rc);
        free(none.data);
        totals->refused++;
    } else if (!wrong) {
        struct text handed_on = {NULL, 0};
        totals->messages++;
        wrong = check_getters(&asked, built);
        if (!wrong)
            wrong = check_written(&asked, built, totals, &handed_on);
        if (!wrong && every > 0 && number % every == 0)
            hand_on(&asked, number, handed_on, totals);
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
    if (!content_make_files()) {
        perror("property");
        return 1;
    }
    for (unsigned long i = 0; i < count && totals.failed < 20; i++)
        check(seed + i, every, &totals);
    content_remove_files();
    printf("0 0\n{\"requests\": %lu, \"messages\": %lu, \"refused\": %lu, \"refused_calls\": %lu, "
           "\"failed\": %lu, \"handed_on\": %lu, \"existing\": %lu, \"gmime\": %s}\n",
           totals.requests, totals.messages, totals.refused, totals.refused_calls, totals.failed,
           totals.frames, totals.existing, has_gmime() ? "true" : "false");
    return totals.failed > 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random bodies, files and invitations. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "property.h"

static const char *const bad_types[] = {"text",
                                        "text/",
                                        "/x",
                                        "a b/c",
                                        "multipart/mixed",
                                        "text/plain; charset",
                                        "text/x\r\nEVIL: x",
                                        "text/x; name=y",
                                        "text/x; a=b; A=c",
                                        "message/partial"};

static const struct {
    const char *given, *type, *param, *value;
} good_types[] = {
    {"application/pdf", "application/pdf", NULL, NULL},
    {"text/plain", "text/plain", NULL, NULL},
    {"IMAGE/x-y.z+w", "image/x-y.z+w", NULL, NULL},
    {"text/csv; charset=utf-8", "text/csv", "charset", "utf-8"},
    {"application/x ; Profile=\"a b\\\"c\"", "application/x", "profile", "a b\"c"},
};

static const char *const inner_texts[] = {"Hi\r\n", "", "--=_a\r\n.\r\nFrom me\r\n",
                                          "one\r\n\r\ntwo\r\n"};

/* Files of the file system that are attached, and how the reader sees them. */
static struct {
    char directory[64];
    struct {
        const char *name;
        size_t len;
        char path[128];
        char *content;
    } files[3];
} there = {.directory = "/tmp/mailsub-property-XXXXXX",
           .files = {{"a.pdf", 5000, "", NULL},
                     {"Gr\303\266\303\237e \"1\".txt", 77, "", NULL},
                     {"\344\275\240\345\245\275", 0, "", NULL}}};

bool content_make_files(void)
{
    if (!mkdtemp(there.directory))
        return false;
    random_start(1);
    for (size_t i = 0; i < N_OF(there.files); i++) {
        snprintf(there.files[i].path, sizeof there.files[i].path, "%s/%s", there.directory,
                 there.files[i].name);
        struct text content = random_octets(there.files[i].len);
        there.files[i].content = malloc(content.len + 1);
        FILE *file = fopen(there.files[i].path, "wb");
        if (!there.files[i].content || !file)
            return false;
        memcpy(there.files[i].content, content.ptr, content.len);
        fwrite(content.ptr, 1, content.len, file);
        if (fclose(file) != 0)
            return false;
    }
    return true;
}

void content_remove_files(void)
{
    for (size_t i = 0; i < N_OF(there.files); i++) {
        unlink(there.files[i].path);
        free(there.files[i].content);
    }
    rmdir(there.directory);
}

static void ask_text(struct request *request, bool html)
{
    static const size_t sizes[] = {2, 10, 60};
    static const struct text bad[] = {{"a\0b", 3}, {"\377", 1}, {"\300\200", 2}, {"caf\351", 4}};
    if (request->stop || random_in_100(40))
        return;
    bool spoilt = random_in_100(3);
    struct text body = random_body(ONE_OF(sizes));
    if (spoilt)
        body = ONE_OF(bad);
    int rc = html ? mailsub_message_set_html(request->message, body.ptr, body.len)
                  : mailsub_message_set_text(request->message, body.ptr, body.len);
    if (request_judge(request, rc, !spoilt, html ? "html" : "text"))
        *(html ? &request->asked->html : &request->asked->text) = body;
}

static int convert(void *context, const char *html, size_t len, mailsub_sink_fn sink,
                   void *sink_context)
{
    const struct asked *asked = context;
    size_t half = asked->derived.len / 2;
    if (len != asked->html.len || memcmp(html, asked->html.ptr, len) != 0)
        return MAILSUB_E_INVALID;
    int rc = half > 0 ? sink(sink_context, asked->derived.ptr, half) : 0;
    if (!rc && asked->derived.len > half)
        rc = sink(sink_context, asked->derived.ptr + half, asked->derived.len - half);
    return rc;
}

/* What text is made of the HTML, if there is no other. */
static void choose_derived(struct request *request)
{
    struct asked *asked = request->asked;
    if (random_in_100(70)) {
        mailsub_message_set_text_from_html(request->message, 0);
        return;
    }
    asked->derives = true;
    if (random_in_100(50)) {
        asked->derived = random_body(20);
        mailsub_message_set_html_converter(request->message, convert, asked);
    } else if (!request->stop) {
        /* There is something to derive a text from. */
        struct text html = random_keep_str("<p>something to read</p>\n");
        if (request_judge(request, mailsub_message_set_html(request->message, html.ptr, html.len),
                          true, "html"))
            asked->html = html;
    }
}

static void ask_calendar(struct request *request)
{
    static const char *const methods[] = {"REQUEST", "reply", "Cancel"};
    static const char *const names[] = {"REQUEST", "REPLY", "CANCEL"};
    size_t i = random_below(N_OF(methods));
    bool bad = random_in_100(10);
    if (request->stop)
        return;
    struct text rest = random_body(10);
    struct text calendar = random_keep_str("BEGIN:VCALENDAR\nMETHOD:");
    random_grow(&calendar, bad ? "OTHER" : methods[i]);
    random_grow(&calendar, "\r\nX-NOTE:");
    random_grow(&calendar, rest.ptr);
    random_grow(&calendar, "\nEND:VCALENDAR");
    int rc = mailsub_message_set_calendar(request->message, methods[i], calendar.ptr, calendar.len);
    if (!request_judge(request, rc, !bad, "calendar"))
        return;
    request->asked->calendar = calendar;
    request->asked->method = names[i];
}

/* A file name without what makes it a path. */
static struct text random_file_name(bool spoilt)
{
    struct text line = random_line(8, spoilt);
    struct text name = random_keep("", 0);
    for (size_t i = 0; i < line.len; i++) {
        char piece[2] = {line.ptr[i], '\0'};
        random_grow(&name, strchr("/\\", line.ptr[i]) ? "-" : piece);
    }
    random_grow(&name, "x");
    return name;
}

static struct text random_content(void)
{
    static const size_t sizes[] = {0, 1, 56, 57, 58, 114, 3000};
    return random_in_100(30) ? random_body(20) : random_octets(ONE_OF(sizes));
}

/* A type for the part; what is to be given is returned. */
static const char *choose_type(struct asked_part *part, bool bad)
{
    if (bad)
        return ONE_OF(bad_types);
    size_t i = random_below(N_OF(good_types));
    part->type = random_keep_str(good_types[i].type);
    if (good_types[i].param) {
        part->param = random_keep_str(good_types[i].param);
        part->param_value = random_keep_str(good_types[i].value);
    }
    return good_types[i].given;
}

static void note(struct request *request, int rc, bool allowed, struct asked_part part)
{
    struct asked *asked = request->asked;
    if (request_judge(request, rc, allowed, part.content_id.ptr ? "embedded" : "attachment"))
        asked->parts[asked->n_parts++] = part;
}

static void ask_data(struct request *request)
{
    bool bad_name = random_in_100(3);
    bool bad_type = random_in_100(3);
    struct asked_part part = {.content = random_content()};
    part.file_name = random_file_name(bad_name && random_in_100(50));
    if (bad_name && strpbrk(part.file_name.ptr, "\r\n\033\177\377") == NULL)
        part.file_name = random_keep_str("../etc/passwd");
    const char *type = NULL;
    part.type = random_keep_str("application/octet-stream");
    if (bad_type || random_in_100(70))
        type = choose_type(&part, bad_type);
    int rc = mailsub_message_attach_data(request->message, part.file_name.ptr, type,
                                         part.content.ptr, part.content.len);
    note(request, rc, !bad_name && !bad_type, part);
}

/* A message in the message, its line ends of any kind. */
static void ask_message(struct request *request)
{
    struct text inner = random_keep_str(ONE_OF(inner_texts));
    bool by_name = random_in_100(50);
    struct text content =
        random_keep_str(random_in_100(50) ? "Subject: inner\r\nFrom: i@j.de\r\n\r\n"
                                          : "Subject: inner\nFrom: i@j.de\n\n");
    random_grow(&content, inner.ptr);
    struct asked_part part = {.inner = inner, .type = random_keep_str("message/rfc822")};
    part.file_name = random_keep_str(by_name ? "a message.eml" : "a");
    int rc =
        mailsub_message_attach_data(request->message, part.file_name.ptr,
                                    by_name ? NULL : "Message/RFC822", content.ptr, content.len);
    note(request, rc, true, part);
}

static void ask_file(struct request *request)
{
    size_t i = random_below(N_OF(there.files));
    struct asked_part part = {.content = {there.files[i].content, there.files[i].len}};
    bool missing = random_in_100(5);
    bool renamed = random_in_100(30);
    part.file_name = renamed ? random_file_name(false) : random_keep_str(there.files[i].name);
    const char *type = choose_type(&part, false);
    int rc =
        mailsub_message_attach_file(request->message, missing ? "/nowhere/x" : there.files[i].path,
                                    renamed ? part.file_name.ptr : NULL, type);
    note(request, rc, !missing, part);
}

static void ask_embedded(struct request *request)
{
    static const char *const bad_ids[] = {"", "a", "a b@c", "a@b\r\nX: y", "<a@b", "\303\244@b"};
    struct asked *asked = request->asked;
    bool bad_id = random_in_100(5);
    char id[64];
    snprintf(id, sizeof id, "part%zu.%u@b.de", asked->n_parts, (unsigned)random_below(1000));
    struct asked_part part = {.content = random_content()};
    bool made = random_in_100(20) && !bad_id;
    part.content_id = made ? random_keep("", 0) : random_keep_str(id);
    char given[80];
    snprintf(given, sizeof given, random_in_100(50) ? "<%s>" : "%s", id);
    const char *given_id = made ? NULL : bad_id ? ONE_OF(bad_ids) : given;
    size_t i = random_below(N_OF(there.files));
    const char *type = choose_type(&part, false);
    int rc;
    if (random_in_100(30)) {
        part.content = (struct text){there.files[i].content, there.files[i].len};
        part.file_name = random_keep_str(there.files[i].name);
        rc = mailsub_message_embed_file(request->message, there.files[i].path, given_id, type);
    } else {
        rc = mailsub_message_embed_data(request->message, given_id, type, part.content.ptr,
                                        part.content.len);
    }
    note(request, rc, !bad_id, part);
}

void request_content(struct request *request)
{
    static void (*const kinds[])(struct request * request) = {
        ask_data, ask_data, ask_file, ask_embedded, ask_embedded, ask_message};
    static const size_t numbers[] = {0, 0, 0, 1, 1, 3};
    ask_text(request, false);
    ask_text(request, true);
    choose_derived(request);
    if (random_in_100(10)) {
        mailsub_message_set_text_flowed(request->message, 1);
        request->asked->is_flowed = true;
    }
    if (random_in_100(10))
        ask_calendar(request);
    for (size_t n = ONE_OF(numbers); n > 0 && !request->stop; n--)
        ONE_OF(kinds)(request);
}

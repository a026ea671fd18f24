/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GMime reads what the library writes. */
#include "property.h"

#ifdef HAVE_GMIME
#include <stdio.h>
#include <string.h>

#include <gmime/gmime.h>

static char complaint[1024];

static const char *complain(const char *what, const char *found, const char *want)
{
    snprintf(complaint, sizeof complaint, "%s: GMime reads %.300s, not %.300s", what,
             found ? found : "nothing", want ? want : "nothing");
    return complaint;
}

bool has_gmime(void)
{
    return true;
}

static bool is_white(char c)
{
    return c == ' ' || c == '\t';
}

/*
 * GMime drops white space at the ends of display names even inside encoded words, and leaves the
 * line end of a fold in them.
 */
static bool is_same_name(const char *found, struct text want)
{
    while (want.len > 0 && is_white(want.ptr[0]))
        want = (struct text){want.ptr + 1, want.len - 1};
    while (want.len > 0 && is_white(want.ptr[want.len - 1]))
        want.len--;
    size_t n = 0;
    for (; found && *found; found++) {
        if (*found == '\r' || *found == '\n')
            continue;
        if (n == want.len || *found != want.ptr[n++])
            return false;
    }
    return n == want.len;
}

static bool is_same(const char *found, struct text want)
{
    return found && strlen(found) == want.len && memcmp(found, want.ptr, want.len) == 0;
}

/* Without quotes and backslashes in the local part, as GMime tells it or as it is written. */
static void plain_address(const char *address, char *out)
{
    bool quoted = *address == '"';
    for (address += quoted; *address; address++) {
        if (quoted && *address == '"')
            quoted = false;
        else if (quoted && *address == '\\' && address[1])
            *out++ = *++address;
        else
            *out++ = *address;
    }
    *out = '\0';
}

static const char *check_mailbox(const char *field, InternetAddress *address,
                                 const struct asked_item *want)
{
    if (!INTERNET_ADDRESS_IS_MAILBOX(address))
        return complain(field, "a group", want->address.ptr);
    const char *found = internet_address_mailbox_get_idn_addr((InternetAddressMailbox *)address);
    char one[512], other[512];
    plain_address(found, one);
    plain_address(want->address.ptr, other);
    if (strcmp(one, other) != 0)
        return complain(field, found, want->address.ptr);
    const char *name = internet_address_get_name(address);
    return is_same_name(name, want->name) ? NULL : complain(field, name, want->name.ptr);
}

/* The items from *at on, up to the end of the list, or of the group that is open. */
static const char *check_items(const char *field, InternetAddressList *list,
                               const struct asked_list *want, size_t *at)
{
    int n = list ? internet_address_list_length(list) : 0;
    for (int i = 0; i < n; i++, ++*at) {
        InternetAddress *address = internet_address_list_get_address(list, i);
        if (*at == want->n || want->items[*at].kind == GROUP_END)
            return complain(field, "more", "as many as asked");
        const struct asked_item *item = &want->items[*at];
        const char *wrong = NULL;
        if (item->kind == MAILBOX) {
            wrong = check_mailbox(field, address, item);
        } else {
            const char *name = internet_address_get_name(address);
            if (!INTERNET_ADDRESS_IS_GROUP(address) || !is_same_name(name, item->name))
                return complain(field, name, item->name.ptr);
            ++*at;
            wrong =
                check_items(field, internet_address_group_get_members((void *)address), want, at);
        }
        if (wrong)
            return wrong;
    }
    bool is_end = *at == want->n || want->items[*at].kind == GROUP_END;
    return is_end ? NULL : complain(field, "less", "as many as asked");
}

static const char *check_list(const char *field, InternetAddressList *list,
                              const struct asked_list *want)
{
    size_t at = 0;
    const char *wrong = check_items(field, list, want, &at);
    return wrong || at == want->n ? wrong : complain(field, "less", "as many as asked");
}

/* Only what GMime decodes as a whole can be compared as a whole. */
static const char *check_field(GMimeMessage *message, const struct asked_header *want)
{
    const char *value = g_mime_object_get_header((GMimeObject *)message, want->name.ptr);
    bool right = value != NULL;
    if (want->kind == HEADER_TEXT || want->kind == HEADER_RAW)
        right = is_same(value, want->value);
    return right ? NULL : complain(want->name.ptr, value, want->value.ptr);
}

static const char *check_fields(GMimeMessage *message, const struct asked *asked)
{
    InternetAddressList *lists[N_LISTS] = {
        g_mime_message_get_from(message), g_mime_message_get_sender(message),
        g_mime_message_get_reply_to(message), g_mime_message_get_to(message),
        g_mime_message_get_cc(message)};
    for (int i = 0; i < N_LISTS; i++) {
        const char *wrong = check_list(list_names[i], lists[i], &asked->lists[i]);
        if (wrong)
            return wrong;
    }
    const char *subject = g_mime_message_get_subject(message);
    if (asked->subject.ptr ? !is_same(subject, asked->subject) : subject != NULL)
        return complain("Subject", subject, asked->subject.ptr);
    for (size_t i = 0; i < asked->n_headers; i++) {
        const char *wrong = check_field(message, &asked->headers[i]);
        if (wrong)
            return wrong;
    }
    const char *id = g_mime_message_get_message_id(message);
    if (!id || (asked->message_id.ptr &&
                (strlen(id) + 2 != asked->message_id.len || !strstr(asked->message_id.ptr, id))))
        return complain("Message-ID", id, asked->message_id.ptr);
    GDateTime *date = g_mime_message_get_date(message);
    if (!date || g_date_time_to_unix(date) != asked->date)
        return complain("Date", "another", "the one asked");
    return NULL;
}

static GByteArray *content_of(GMimeObject *part)
{
    GByteArray *array = g_byte_array_new();
    GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(array);
    g_mime_stream_mem_set_owner((GMimeStreamMem *)stream, FALSE);
    g_mime_data_wrapper_write_to_stream(g_mime_part_get_content((GMimePart *)part), stream);
    g_object_unref(stream);
    return array;
}

static bool next_unified(const char *data, size_t len, size_t *at, char *out)
{
    if (*at == len)
        return false;
    *out = data[(*at)++];
    if (*out == '\r') {
        *out = '\n';
        *at += *at < len && data[*at] == '\n';
    }
    return true;
}

/* Equal with all line ends made one kind, and one at the end of what was asked. */
static bool is_same_text(const GByteArray *found, struct text want)
{
    size_t i = 0, j = 0;
    char a = '\n';
    char b = '\n';
    char last = '\n';
    for (;;) {
        bool more = next_unified((const char *)found->data, found->len, &i, &a);
        if (!next_unified(want.ptr, want.len, &j, &b)) {
            if (last != '\n' && more && a == '\n')
                more = next_unified((const char *)found->data, found->len, &i, &a);
            else if (last != '\n')
                return false;
            return !more;
        }
        if (!more || a != b)
            return false;
        last = b;
    }
}

/* Undo format=flowed (RFC 3676), in place: each paragraph on a line, behind its marks. */
static void unflow(GByteArray *text)
{
    guint n = 0;
    bool flows = false;
    for (guint at = 0; at < text->len;) {
        const guint8 *line = text->data + at;
        const guint8 *end = memchr(line, '\n', text->len - at);
        guint len = end ? (guint)(end - line) : text->len - at;
        at += len + 1;
        len -= len > 0 && line[len - 1] == '\r';
        guint depth = 0;
        while (depth < len && line[depth] == '>')
            depth++;
        guint start = depth + (depth < len && line[depth] == ' ');
        bool is_mark = len - start == 3 && memcmp(line + start, "-- ", 3) == 0;
        if (!flows) {
            memmove(text->data + n, line, depth);
            n += depth;
        }
        memmove(text->data + n, line + start, len - start);
        n += len - start;
        flows = !is_mark && len > start && line[len - 1] == ' ';
        if (!flows)
            text->data[n++] = '\n';
    }
    g_byte_array_set_size(text, n);
}

/* What is read of a flowed text: no spaces at the ends of lines, nor one behind the marks. */
static GByteArray *as_paragraphs(struct text text)
{
    GByteArray *out = g_byte_array_new();
    size_t at = 0;
    char c = '\n';
    for (bool more = next_unified(text.ptr, text.len, &at, &c); more;) {
        guint start = out->len;
        for (; more && c != '\n'; more = next_unified(text.ptr, text.len, &at, &c))
            g_byte_array_append(out, (guint8 *)&c, 1);
        guint depth = start;
        while (depth < out->len && out->data[depth] == '>')
            depth++;
        if (depth > start && depth < out->len && out->data[depth] == ' ')
            g_byte_array_remove_index(out, depth);
        bool is_mark = out->len - depth == 3 && memcmp(out->data + depth, "-- ", 3) == 0;
        while (!is_mark && out->len > depth && out->data[out->len - 1] == ' ')
            g_byte_array_set_size(out, out->len - 1);
        g_byte_array_append(out, (const guint8 *)"\n", 1);
        more = more && next_unified(text.ptr, text.len, &at, &c);
    }
    return out;
}

static bool is_same_content(GByteArray *found, const struct node *want)
{
    if (!want->content.ptr)
        return found->len > 0;
    if (want->kind == TEXT)
        return is_same_text(found, want->content);
    if (want->kind == OCTETS)
        return found->len == want->content.len &&
               (found->len == 0 || memcmp(found->data, want->content.ptr, found->len) == 0);
    GByteArray *paragraphs = as_paragraphs(want->content);
    unflow(found);
    bool same = found->len == paragraphs->len &&
                (found->len == 0 || memcmp(found->data, paragraphs->data, found->len) == 0);
    g_byte_array_unref(paragraphs);
    return same;
}

static const char *check_content(GMimeObject *part, const struct node *want)
{
    if (!GMIME_IS_PART(part))
        return complain("structure", "another part", want->type);
    GByteArray *found = content_of(part);
    bool same = is_same_content(found, want);
    g_byte_array_append(found, (const guint8 *)"", 1);
    if (!same)
        complain(want->type, (const char *)found->data, want->content.ptr);
    g_byte_array_unref(found);
    return same ? NULL : complaint;
}

static const char *check_part_header(GMimeObject *part, const struct node *want)
{
    GMimeContentType *type = g_mime_object_get_content_type(part);
    char *found = g_mime_content_type_get_mime_type(type);
    bool same = strcmp(found, want->type) == 0;
    if (!same)
        complain("structure", found, want->type);
    g_free(found);
    if (!same)
        return complaint;
    for (int i = 0; i < 2 && want->params[i][0].ptr; i++) {
        const char *value = g_mime_content_type_get_parameter(type, want->params[i][0].ptr);
        if (!is_same(value, want->params[i][1]))
            return complain(want->params[i][0].ptr, value, want->params[i][1].ptr);
    }
    const char *disposition = g_mime_object_get_disposition(part);
    if (g_strcmp0(disposition, want->disposition) != 0)
        return complain("disposition", disposition, want->disposition);
    const char *name = g_mime_object_get_content_disposition_parameter(part, "filename");
    if (want->file_name.ptr ? !is_same(name, want->file_name) : name != NULL)
        return complain("file name", name, want->file_name.ptr);
    const char *id = g_mime_object_get_content_id(part);
    bool any = want->content_id.ptr && want->content_id.len == 0;
    if (any ? id == NULL : want->content_id.ptr ? !is_same(id, want->content_id) : id != NULL)
        return complain("Content-ID", id, want->content_id.ptr);
    return NULL;
}

static const char *check_node(GMimeObject *part, const struct node *want)
{
    const char *wrong = check_part_header(part, want);
    if (wrong)
        return wrong;
    if (want->n_kids == 0)
        return check_content(part, want);
    if (GMIME_IS_MESSAGE_PART(part)) {
        GMimeMessage *inner = g_mime_message_part_get_message((GMimeMessagePart *)part);
        GMimeObject *body = inner ? g_mime_message_get_mime_part(inner) : NULL;
        return body ? check_content(body, want->kids[0]) : complain(want->type, NULL, "a message");
    }
    GMimeMultipart *multipart = (GMimeMultipart *)part;
    if (!GMIME_IS_MULTIPART(part) || (size_t)g_mime_multipart_get_count(multipart) != want->n_kids)
        return complain("structure", "another number of parts", want->type);
    for (size_t i = 0; i < want->n_kids && !wrong; i++)
        wrong = check_node(g_mime_multipart_get_part(multipart, (int)i), want->kids[i]);
    return wrong;
}

const char *check_gmime(const struct asked *asked, struct text message)
{
    static bool ready;
    if (!ready)
        g_mime_init();
    ready = true;
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(message.ptr, message.len);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *parsed = g_mime_parser_construct_message(parser, NULL);
    g_object_unref(parser);
    g_object_unref(stream);
    if (!parsed)
        return "GMime cannot read it";
    const char *wrong = check_fields(parsed, asked);
    if (!wrong)
        wrong = check_node(g_mime_message_get_mime_part(parsed), asked->tree);
    g_object_unref(parsed);
    return wrong;
}

#else

bool has_gmime(void)
{
    return false;
}

const char *check_gmime(const struct asked *asked, struct text message)
{
    (void)asked;
    (void)message;
    return NULL;
}

#endif

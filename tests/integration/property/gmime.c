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

static const char *check_list(const char *field, InternetAddressList *list,
                              const struct asked_list *want)
{
    int n = list ? internet_address_list_length(list) : 0;
    if ((size_t)n != want->n)
        return complain(field, "another number of mailboxes", "as many as asked");
    for (int i = 0; i < n; i++) {
        InternetAddress *address = internet_address_list_get_address(list, i);
        const struct asked_mailbox *mailbox = &want->items[i];
        if (!INTERNET_ADDRESS_IS_MAILBOX(address))
            return complain(field, "a group", mailbox->address.ptr);
        const char *found =
            internet_address_mailbox_get_idn_addr((InternetAddressMailbox *)address);
        char one[512], other[512];
        g_strlcpy(one, found, sizeof one);
        plain_address(found, one);
        plain_address(mailbox->address.ptr, other);
        if (strcmp(one, other) != 0)
            return complain(field, found, mailbox->address.ptr);
        const char *name = internet_address_get_name(address);
        if (!is_same_name(name, mailbox->name))
            return complain(field, name, mailbox->name.ptr);
    }
    return NULL;
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
        const char *value =
            g_mime_object_get_header((GMimeObject *)message, asked->header_names[i].ptr);
        if (!is_same(value, asked->header_values[i]))
            return complain(asked->header_names[i].ptr, value, asked->header_values[i].ptr);
    }
    GDateTime *date = g_mime_message_get_date(message);
    if (!date || g_date_time_to_unix(date) != ASKED_DATE)
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

static bool is_type(GMimeObject *object, const char *type)
{
    char *found = g_mime_content_type_get_mime_type(g_mime_object_get_content_type(object));
    bool same = g_ascii_strcasecmp(found, type) == 0;
    g_free(found);
    return same;
}

static const char *check_text(GMimeObject *part, const char *type, struct text want)
{
    if (!GMIME_IS_PART(part) || !is_type(part, type))
        return complain("structure", "another part", type);
    GByteArray *found = content_of(part);
    bool same = is_same_text(found, want);
    g_byte_array_append(found, (const guint8 *)"", 1);
    if (!same)
        complain(type, (const char *)found->data, want.ptr);
    g_byte_array_unref(found);
    return same ? NULL : complaint;
}

static const char *check_texts(GMimeObject *object, const struct asked *asked)
{
    static const struct text empty = {"", 0};
    if (!asked->text.ptr || !asked->html.ptr)
        return asked->html.ptr
                   ? check_text(object, "text/html", asked->html)
                   : check_text(object, "text/plain", asked->text.ptr ? asked->text : empty);
    if (!GMIME_IS_MULTIPART(object) || !is_type(object, "multipart/alternative") ||
        g_mime_multipart_get_count((GMimeMultipart *)object) != 2)
        return complain("structure", "something else", "an alternative of two");
    const char *wrong = check_text(g_mime_multipart_get_part((GMimeMultipart *)object, 0),
                                   "text/plain", asked->text);
    return wrong ? wrong
                 : check_text(g_mime_multipart_get_part((GMimeMultipart *)object, 1), "text/html",
                              asked->html);
}

static const char *check_file(GMimeObject *part, const struct asked_file *want)
{
    const char *type = want->type.ptr ? want->type.ptr : "application/octet-stream";
    if (!GMIME_IS_PART(part) || !is_type(part, type))
        return complain("structure", "another part", type);
    const char *name = g_mime_part_get_filename((GMimePart *)part);
    if (!is_same(name, want->name))
        return complain("file name", name, want->name.ptr);
    GByteArray *found = content_of(part);
    bool same = found->len == want->content.len &&
                (found->len == 0 || memcmp(found->data, want->content.ptr, found->len) == 0);
    g_byte_array_unref(found);
    return same ? NULL : complain("attachment", "another content", want->name.ptr);
}

static const char *check_structure(GMimeObject *root, const struct asked *asked)
{
    bool has_text = asked->text.ptr || asked->html.ptr || asked->n_files == 0;
    if (asked->n_files == 0)
        return check_texts(root, asked);
    if (asked->n_files == 1 && !has_text)
        return check_file(root, &asked->files[0]);
    GMimeMultipart *mixed = (GMimeMultipart *)root;
    if (!GMIME_IS_MULTIPART(root) || !is_type(root, "multipart/mixed") ||
        (size_t)g_mime_multipart_get_count(mixed) != asked->n_files + has_text)
        return complain("structure", "something else", "mixed");
    const char *wrong = has_text ? check_texts(g_mime_multipart_get_part(mixed, 0), asked) : NULL;
    for (size_t i = 0; i < asked->n_files && !wrong; i++)
        wrong = check_file(g_mime_multipart_get_part(mixed, (int)(i + has_text)), &asked->files[i]);
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
        wrong = check_structure(g_mime_message_get_mime_part(parsed), asked);
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

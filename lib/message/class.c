/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Classes of mail: all fields of a class are checked, and then set at once (RFC 3834, RFC 2919,
 * RFC 2369, RFC 8058). Feedback-ID is the field by which mailbox providers group complaints.
 */
#include "message/class.h"

#include "message/address.h"
#include "message/line.h"

enum { LONGEST_FEEDBACK_ID = 127, MOST_FEEDBACK_WORDS = 4 };

static const char *const names[MAILSUB__CLASS_N_FIELDS] = {
    [MAILSUB__CLASS_AUTO_SUBMITTED] = "Auto-Submitted",
    [MAILSUB__CLASS_PRECEDENCE] = "Precedence",
    [MAILSUB__CLASS_LIST_ID] = "List-Id",
    [MAILSUB__CLASS_UNSUBSCRIBE] = "List-Unsubscribe",
    [MAILSUB__CLASS_UNSUBSCRIBE_POST] = "List-Unsubscribe-Post",
    [MAILSUB__CLASS_FEEDBACK_ID] = "Feedback-ID",
};

void mailsub__class_init(mailsub__extra_value values[MAILSUB__CLASS_N_FIELDS])
{
    for (size_t i = 0; i < MAILSUB__CLASS_N_FIELDS; i++)
        values[i] = (mailsub__extra_value){.name = names[i], .value = {NULL, 0}};
}

/* Values as they are made: the buffers hold what the slices of values point to. */
struct fields {
    mailsub__extra_value values[MAILSUB__CLASS_N_FIELDS];
    mailsub__buffer list_id;
    mailsub__buffer unsubscribe;
    int at_fault; /* the field that an error is about */
};

static void fields_init(struct fields *fields, const mailsub_message *message)
{
    mailsub__class_init(fields->values);
    mailsub__buffer_init(&fields->list_id, &message->allocator, SIZE_MAX / 4);
    mailsub__buffer_init(&fields->unsubscribe, &message->allocator, SIZE_MAX / 4);
    fields->at_fault = MAILSUB__CLASS_AUTO_SUBMITTED;
}

static void fields_deinit(struct fields *fields)
{
    mailsub__buffer_deinit(&fields->list_id);
    mailsub__buffer_deinit(&fields->unsubscribe);
}

static void put_word(struct fields *fields, int field, const char *word)
{
    fields->values[field].value = mailsub__slice_str(word);
}

/* Check a value as mailsub_message_add_header does, and keep it. */
static int put_checked(struct fields *fields, int field, mailsub__slice value)
{
    fields->at_fault = field;
    int rc = mailsub__line_check(value, MAILSUB__LINE_TAB);
    if (!rc)
        rc = mailsub__field_check(mailsub__field_find(mailsub__slice_str(names[field])), value,
                                  fields->list_id.allocator);
    if (!rc)
        fields->values[field].value = value;
    return rc;
}

/* An identifier without angle brackets gets them. */
static int put_list_id(struct fields *fields, const char *list_id)
{
    mailsub__buffer *out = &fields->list_id;
    bool is_bare = !strchr(list_id, '<');
    if (is_bare)
        mailsub__buffer_append_char(out, '<');
    mailsub__buffer_append_str(out, list_id);
    if (is_bare)
        mailsub__buffer_append_char(out, '>');
    return out->error ? out->error
                      : put_checked(fields, MAILSUB__CLASS_LIST_ID, mailsub__buffer_slice(out));
}

/* RFC 8058 section 3.1: one https URL at least. It is to be followed by a machine, so a host. */
static bool is_https_url(mailsub__slice url)
{
    static const char scheme[] = "https://";
    const size_t n = sizeof scheme - 1;
    return url.len > n &&
           mailsub__slice_equal_nocase(mailsub__slice_of(url.ptr, n),
                                       mailsub__slice_of(scheme, n)) &&
           (mailsub__ascii_is_alpha(url.ptr[n]) || mailsub__ascii_is_digit(url.ptr[n]) ||
            url.ptr[n] == '[');
}

/* "mailto:" and the address, with what a URL may not hold bare percent-encoded (RFC 6068). */
static void append_mailto(mailsub__buffer *out, mailsub__slice address)
{
    static const char hex[] = "0123456789ABCDEF";
    mailsub__buffer_append_str(out, ", <mailto:");
    for (size_t i = 0; i < address.len; i++) {
        char c = address.ptr[i];
        if (mailsub__ascii_is_alpha(c) || mailsub__ascii_is_digit(c) || strchr("@.-_~+=", c)) {
            mailsub__buffer_append_char(out, c);
        } else {
            const char escaped[] = {'%', hex[(unsigned char)c >> 4], hex[c & 15]};
            mailsub__buffer_append(out, escaped, sizeof escaped);
        }
    }
    mailsub__buffer_append_char(out, '>');
}

static int put_unsubscribe(struct fields *fields, const char *url, const char *address)
{
    mailsub__buffer *out = &fields->unsubscribe;
    mailsub__address parsed = {.len = 0};
    fields->at_fault = MAILSUB__CLASS_UNSUBSCRIBE;
    if (address) {
        mailsub__slice text = mailsub__slice_str(address);
        int rc = mailsub__line_check(text, MAILSUB__LINE_NO_TAB);
        if (!rc)
            rc = mailsub__address_parse(text, MAILSUB__ADDRESS_ASCII, &parsed);
        if (rc)
            return rc;
    }
    int rc = mailsub__line_check(mailsub__slice_str(url), MAILSUB__LINE_NO_TAB);
    if (rc)
        return rc;
    if (!is_https_url(mailsub__slice_str(url)) || strchr(url, '>'))
        return MAILSUB_E_HEADER_VALUE;
    mailsub__buffer_append_char(out, '<');
    mailsub__buffer_append_str(out, url);
    mailsub__buffer_append_char(out, '>');
    if (address)
        append_mailto(out, mailsub__address_slice(&parsed));
    put_word(fields, MAILSUB__CLASS_UNSUBSCRIBE_POST, "List-Unsubscribe=One-Click");
    return out->error ? out->error
                      : put_checked(fields, MAILSUB__CLASS_UNSUBSCRIBE, mailsub__buffer_slice(out));
}

static int put_feedback_id(struct fields *fields, const char *feedback_id)
{
    mailsub__slice value = mailsub__slice_str(feedback_id);
    size_t n_words = 1;
    fields->at_fault = MAILSUB__CLASS_FEEDBACK_ID;
    int rc = mailsub__line_check(value, MAILSUB__LINE_NO_TAB);
    if (rc)
        return rc;
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] <= ' ' || value.ptr[i] > '~')
            return MAILSUB_E_HEADER_VALUE;
        n_words += value.ptr[i] == ':';
    }
    /* The last word names the sender: without it nothing could be grouped. */
    if (value.len == 0 || value.len > LONGEST_FEEDBACK_ID || n_words > MOST_FEEDBACK_WORDS ||
        value.ptr[value.len - 1] == ':')
        return MAILSUB_E_HEADER_VALUE;
    fields->values[MAILSUB__CLASS_FEEDBACK_ID].value = value;
    return MAILSUB_OK;
}

/* Set the fields, or tell what was wrong with them. */
static int end(mailsub_message *message, struct fields *fields, int class, int rc)
{
    if (!rc)
        rc = mailsub__message_replace_extras(message, fields->values, MAILSUB__CLASS_N_FIELDS);
    if (!rc)
        message->class = class;
    const char *field = names[fields->at_fault];
    fields_deinit(fields);
    return mailsub__message_end_change(message, field, rc);
}

int mailsub_message_set_transactional(mailsub_message *message)
{
    int rc = mailsub__message_begin_change(message);
    if (rc)
        return mailsub__message_end_change(message, "Auto-Submitted", rc);
    struct fields fields;
    fields_init(&fields, message);
    put_word(&fields, MAILSUB__CLASS_AUTO_SUBMITTED, "auto-generated");
    return end(message, &fields, MAILSUB_CLASS_TRANSACTIONAL, MAILSUB_OK);
}

int mailsub_message_set_notification(mailsub_message *message, const char *list_id,
                                     const char *unsubscribe_url)
{
    int rc = mailsub__message_begin_change(message);
    if (rc)
        return mailsub__message_end_change(message, "Auto-Submitted", rc);
    struct fields fields;
    fields_init(&fields, message);
    put_word(&fields, MAILSUB__CLASS_AUTO_SUBMITTED, "auto-generated");
    if (list_id)
        rc = put_list_id(&fields, list_id);
    if (!rc && unsubscribe_url)
        rc = put_unsubscribe(&fields, unsubscribe_url, NULL);
    return end(message, &fields, MAILSUB_CLASS_NOTIFICATION, rc);
}

int mailsub_message_set_bulk(mailsub_message *message, const char *list_id,
                             const char *unsubscribe_url, const char *unsubscribe_address,
                             const char *feedback_id)
{
    int rc = mailsub__message_begin_change(message);
    if (!rc && (!list_id || !unsubscribe_url))
        rc = MAILSUB_E_INVALID;
    if (rc)
        return mailsub__message_end_change(message, "List-Id", rc);
    struct fields fields;
    fields_init(&fields, message);
    put_word(&fields, MAILSUB__CLASS_PRECEDENCE, "bulk");
    rc = put_list_id(&fields, list_id);
    if (!rc)
        rc = put_unsubscribe(&fields, unsubscribe_url, unsubscribe_address);
    if (!rc && feedback_id)
        rc = put_feedback_id(&fields, feedback_id);
    return end(message, &fields, MAILSUB_CLASS_BULK, rc);
}

int mailsub_message_clear_class(mailsub_message *message)
{
    int rc = mailsub__message_begin_change(message);
    if (rc)
        return mailsub__message_end_change(message, "Auto-Submitted", rc);
    struct fields fields;
    fields_init(&fields, message);
    return end(message, &fields, MAILSUB_CLASS_NONE, MAILSUB_OK);
}

int mailsub_message_get_class(const mailsub_message *message)
{
    return message ? message->class : MAILSUB_CLASS_NONE;
}

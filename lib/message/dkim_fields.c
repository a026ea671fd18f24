/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which header fields a signer signs (RFC 6376 section 5.4.1).
 *
 * A field that may stand once in a message is sealed when it is there: a second one, which another
 * reader than the verifier might show, breaks the signature (section 8.15). It is not sealed where
 * it is missing, for then a mailing list that adds its Reply-To or List-Id would break it too, and
 * what is added there is covered by no signature. From is the exception: it is what the domain
 * answers for.
 *
 * Beyond the advice: List-Unsubscribe-Post (RFC 8058 section 4 demands it), Feedback-ID (mailbox
 * providers count complaints by it when it is signed), Auto-Submitted, and the MIME fields, without
 * which the same body can be shown as something else (section 8.2).
 */
#include "base/memory.h"
#include "message/dkim.h"

static const struct {
    const char *name;
    int mode;
} defaults[] = {
    {"From", MAILSUB_DKIM_SEALED},
    {"Sender", MAILSUB_DKIM_SEALED_IF_THERE},
    {"Reply-To", MAILSUB_DKIM_SEALED_IF_THERE},
    {"To", MAILSUB_DKIM_SEALED_IF_THERE},
    {"Cc", MAILSUB_DKIM_SEALED_IF_THERE},
    {"Subject", MAILSUB_DKIM_SEALED_IF_THERE},
    {"Date", MAILSUB_DKIM_SEALED_IF_THERE},
    {"Message-ID", MAILSUB_DKIM_SEALED_IF_THERE},
    {"In-Reply-To", MAILSUB_DKIM_SEALED_IF_THERE},
    {"References", MAILSUB_DKIM_SEALED_IF_THERE},
    {"List-Id", MAILSUB_DKIM_SEALED_IF_THERE},
    {"List-Help", MAILSUB_DKIM_SEALED_IF_THERE},
    {"List-Unsubscribe", MAILSUB_DKIM_SEALED_IF_THERE},
    {"List-Unsubscribe-Post", MAILSUB_DKIM_SEALED_IF_THERE},
    {"List-Subscribe", MAILSUB_DKIM_SEALED_IF_THERE},
    {"List-Post", MAILSUB_DKIM_SEALED_IF_THERE},
    {"List-Owner", MAILSUB_DKIM_SEALED_IF_THERE},
    {"List-Archive", MAILSUB_DKIM_SEALED_IF_THERE},
    {"Feedback-ID", MAILSUB_DKIM_SEALED_IF_THERE},
    {"Auto-Submitted", MAILSUB_DKIM_SEALED_IF_THERE},
    {"MIME-Version", MAILSUB_DKIM_SEALED_IF_THERE},
    {"Content-Type", MAILSUB_DKIM_SEALED_IF_THERE},
    {"Content-Transfer-Encoding", MAILSUB_DKIM_SEALED_IF_THERE},
    /* Who sends a message on puts further ones in front of these (RFC 5322 section 3.6.6). */
    {"Resent-Date", MAILSUB_DKIM_SIGNED},
    {"Resent-From", MAILSUB_DKIM_SIGNED},
    {"Resent-Sender", MAILSUB_DKIM_SIGNED},
    {"Resent-To", MAILSUB_DKIM_SIGNED},
    {"Resent-Cc", MAILSUB_DKIM_SIGNED},
    {"Resent-Message-ID", MAILSUB_DKIM_SIGNED},
};

enum { N_DEFAULTS = sizeof defaults / sizeof defaults[0] };

/* Added, changed or taken away on every way (RFC 6376 section 5.4). */
static const char *const unstable[] = {
    "Received",   "Return-Path",           "Bcc",
    "Resent-Bcc", "DKIM-Signature",        "Authentication-Results",
    "ARC-Seal",   "ARC-Message-Signature", "ARC-Authentication-Results",
};

static void set_field(mailsub__dkim_field *field, mailsub__slice name, int mode)
{
    memcpy(field->name, name.ptr, name.len);
    field->name[name.len] = '\0';
    field->name_len = name.len;
    field->mode = mode;
}

int mailsub__dkim_init_fields(mailsub_dkim *dkim)
{
    dkim->fields = mailsub__alloc_array(&dkim->allocator, N_DEFAULTS, sizeof *dkim->fields);
    if (!dkim->fields)
        return MAILSUB_E_NOMEM;
    dkim->n_fields = dkim->room_for_fields = N_DEFAULTS;
    for (size_t i = 0; i < N_DEFAULTS; i++) {
        set_field(&dkim->fields[i], mailsub__slice_str(defaults[i].name), defaults[i].mode);
    }
    return MAILSUB_OK;
}

static bool is_unstable(mailsub__slice name)
{
    for (size_t i = 0; i < sizeof unstable / sizeof unstable[0]; i++) {
        if (mailsub__slice_equal_nocase(mailsub__slice_str(unstable[i]), name))
            return true;
    }
    return false;
}

/* The name can stand in h=, where a semicolon ends the list. */
static bool is_usable(mailsub__slice name)
{
    return mailsub__field_name_is_valid(name) && !memchr(name.ptr, ';', name.len) &&
           !is_unstable(name);
}

/* Index of a field; n_fields when it is not among them. */
static size_t find(const mailsub_dkim *dkim, mailsub__slice name)
{
    size_t i = 0;
    while (i < dkim->n_fields &&
           !mailsub__slice_equal_nocase(mailsub__slice_str(dkim->fields[i].name), name))
        i++;
    return i;
}

static int add(mailsub_dkim *dkim, mailsub__slice name, int mode)
{
    void *array = dkim->fields;
    int rc = mailsub__grow_array(&dkim->allocator, &array, &dkim->room_for_fields, dkim->n_fields,
                                 sizeof *dkim->fields, MAILSUB_DKIM_MAX_FIELDS);
    dkim->fields = array;
    if (rc)
        return rc;
    set_field(&dkim->fields[dkim->n_fields++], name, mode);
    return MAILSUB_OK;
}

int mailsub_dkim_set_field(mailsub_dkim *dkim, const char *name, int mode)
{
    int rc = mailsub__dkim_begin_change(dkim);
    if (rc)
        return rc;
    mailsub__slice slice = mailsub__slice_str(name);
    if (!name || mode < MAILSUB_DKIM_UNSIGNED || mode > MAILSUB_DKIM_SEALED)
        return MAILSUB_E_INVALID;
    if (!is_usable(slice))
        return MAILSUB_E_HEADER_NAME;
    /* RFC 6376 section 5.4 */
    if (mode == MAILSUB_DKIM_UNSIGNED &&
        mailsub__slice_equal_nocase(slice, mailsub__slice_str("From")))
        return MAILSUB_E_INVALID;
    size_t i = find(dkim, slice);
    if (i < dkim->n_fields && mode != MAILSUB_DKIM_UNSIGNED) {
        dkim->fields[i].mode = mode;
    } else if (i < dkim->n_fields) {
        dkim->n_fields--;
        memmove(dkim->fields + i, dkim->fields + i + 1,
                (dkim->n_fields - i) * sizeof *dkim->fields);
    } else if (mode != MAILSUB_DKIM_UNSIGNED) {
        return add(dkim, slice, mode);
    }
    return MAILSUB_OK;
}

size_t mailsub_dkim_count_fields(const mailsub_dkim *dkim)
{
    return dkim ? dkim->n_fields : 0;
}

int mailsub_dkim_get_field(const mailsub_dkim *dkim, size_t index, const char **out_name,
                           int *out_mode)
{
    if (!dkim || !out_name || !out_mode || index >= dkim->n_fields)
        return MAILSUB_E_INVALID;
    *out_name = dkim->fields[index].name;
    *out_mode = dkim->fields[index].mode;
    return MAILSUB_OK;
}

int mailsub_dkim_get_field_mode(const mailsub_dkim *dkim, const char *name)
{
    if (!dkim || !name)
        return MAILSUB_DKIM_UNSIGNED;
    size_t i = find(dkim, mailsub__slice_str(name));
    return i < dkim->n_fields ? dkim->fields[i].mode : MAILSUB_DKIM_UNSIGNED;
}

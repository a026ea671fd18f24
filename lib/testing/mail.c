/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "testing/mail.h"

#include <mailsub/export.h>

#include "base/memory.h"

/* The longest path of RFC 5321 and a NUL, for the sender and every recipient, and a login. */
#define MAX_STRINGS (((size_t)MAILSUB_MAX_RECIPIENTS + 64) * 260)

/* Append text and a NUL; *out_at is where the text begins. */
static int add_string(mailsub__mail *mail, mailsub__slice text, size_t *out_at)
{
    size_t at = mail->strings.len;
    mailsub__buffer_append_slice(&mail->strings, text);
    int rc = mailsub__buffer_append_char(&mail->strings, '\0');
    if (rc) {
        mailsub__buffer_truncate(&mail->strings, at);
        return rc;
    }
    *out_at = at;
    return MAILSUB_OK;
}

int mailsub__mail_new(const mailsub_allocator *allocator, mailsub__slice login,
                      mailsub__slice sender, size_t max_content, mailsub__mail **out_mail)
{
    mailsub__mail *mail = mailsub__alloc_zeroed(allocator, sizeof *mail);
    if (!mail)
        return MAILSUB_E_NOMEM;
    mail->allocator = allocator;
    mailsub__buffer_init(&mail->strings, allocator, MAX_STRINGS);
    mailsub__buffer_init(&mail->content, allocator, max_content);
    size_t login_at;
    int rc = add_string(mail, login, &login_at);
    if (!rc)
        rc = add_string(mail, sender, &mail->sender);
    if (rc) {
        mailsub__mail_free(mail);
        return rc;
    }
    *out_mail = mail;
    return MAILSUB_OK;
}

void mailsub__mail_free(mailsub__mail *mail)
{
    if (!mail)
        return;
    mailsub__buffer_deinit(&mail->content);
    mailsub__buffer_deinit(&mail->strings);
    mailsub__free(mail->allocator, mail->recipients);
    mailsub__free(mail->allocator, mail);
}

int mailsub__mail_add_recipient(mailsub__mail *mail, mailsub__slice recipient)
{
    void *array = mail->recipients;
    int rc =
        mailsub__grow_array(mail->allocator, &array, &mail->recipient_capacity, mail->n_recipients,
                            sizeof *mail->recipients, MAILSUB_MAX_RECIPIENTS);
    mail->recipients = array;
    if (!rc)
        rc = add_string(mail, recipient, &mail->recipients[mail->n_recipients]);
    if (!rc)
        mail->n_recipients++;
    return rc;
}

int mailsub__mail_seal(mailsub__mail *mail)
{
    if (mail->content.error)
        return mail->content.error;
    /* The empty slice is a string already. */
    if (mail->content.len > 0 && !mailsub__buffer_str(&mail->content))
        return MAILSUB_E_NOMEM;
    return MAILSUB_OK;
}

const char *mailsub__mail_get_login(const mailsub__mail *mail)
{
    return mailsub__buffer_slice(&mail->strings).ptr;
}

const char *mailsub__mail_get_sender(const mailsub__mail *mail)
{
    return mailsub__buffer_slice(&mail->strings).ptr + mail->sender;
}

const char *mailsub__mail_get_recipient(const mailsub__mail *mail, size_t nth)
{
    if (nth >= mail->n_recipients)
        return NULL;
    return mailsub__buffer_slice(&mail->strings).ptr + mail->recipients[nth];
}

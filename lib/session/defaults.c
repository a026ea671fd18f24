/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where columns that do not know one another are joined: the message gets the system's clock. */
#include <string.h>

#include <gnutls/gnutls.h>
#include <idn2.h>

#include <mailsub/error.h>
#include <mailsub/version.h>

#include "base/slice.h"
#include "message/message.h"
#include "net/clock.h"

int mailsub_message_new(const mailsub_allocator *allocator, mailsub_message **out_message)
{
    return mailsub__message_create(allocator, &mailsub__system_clock, &mailsub__system_random,
                                   out_message);
}

static int new_from(const mailsub_allocator *allocator, mailsub__slice data, const char *path,
                    uint32_t flags, mailsub_message **out_message)
{
    mailsub_message *message;
    int rc = mailsub_message_new(allocator, &message);
    if (rc)
        return rc;
    rc = mailsub__message_adopt(message, data, path, flags);
    if (rc)
        mailsub_message_free(message);
    else
        *out_message = message;
    return rc;
}

int mailsub_message_from_bytes(const mailsub_allocator *allocator, const void *data, size_t len,
                               uint32_t flags, mailsub_message **out_message)
{
    if (!out_message || (!data && len > 0))
        return MAILSUB_E_INVALID;
    return new_from(allocator, mailsub__slice_of(data, len), NULL, flags, out_message);
}

int mailsub_message_from_file(const mailsub_allocator *allocator, const char *path, uint32_t flags,
                              mailsub_message **out_message)
{
    if (!out_message || !path)
        return MAILSUB_E_INVALID;
    return new_from(allocator, MAILSUB__SLICE_EMPTY, path, flags, out_message);
}

uint32_t mailsub_version_number(void)
{
    return MAILSUB_VERSION_NUMBER;
}

const char *mailsub_version_of(const char *component)
{
    if (!component)
        return NULL;
    if (strcmp(component, "libmailsub") == 0)
        return MAILSUB_VERSION;
    if (strcmp(component, "GnuTLS") == 0)
        return gnutls_check_version(NULL);
    if (strcmp(component, "libidn2") == 0)
        return idn2_check_version(NULL);
    return NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where columns that do not know one another are joined: the message gets the system's clock. */
#include <string.h>

#include <gnutls/gnutls.h>
#include <idn2.h>

#include <mailsub/version.h>

#include "base/slice.h"
#include "message/message.h"
#include "net/clock.h"

int mailsub_message_new(const mailsub_allocator *allocator, mailsub_message **out_message)
{
    return mailsub__message_create(allocator, &mailsub__system_clock, &mailsub__system_random,
                                   out_message);
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

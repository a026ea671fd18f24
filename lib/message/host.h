/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of hosts and domains as the policy check compares them. */
#ifndef MAILSUB_MESSAGE_HOST_H
#define MAILSUB_MESSAGE_HOST_H

#include <mailsub/export.h>

#include "base/slice.h"

/* A host name as A-labels in small letters, or an address; NUL-terminated. */
typedef struct mailsub__host {
    char text[MAILSUB_MAX_DOMAIN + 1];
    size_t len;
} mailsub__host;

/*
 * Fold a name as it stands in a URL or a text: IDN, capitals, a dot at its end. What is no name of
 * DNS is kept in small letters, for browsers go there all the same. False: nothing, or too long.
 */
bool mailsub__host_fold(mailsub__slice text, mailsub__host *out);

static inline mailsub__slice mailsub__host_slice(const mailsub__host *host)
{
    return mailsub__slice_of(host->text, host->len);
}

/* The same without "www." in front. */
mailsub__slice mailsub__host_bare(mailsub__slice host);
/*
 * Whether both belong to one owner: equal, one below the other, or below the same registered
 * domain. Of public suffixes only those of two short labels are known ("co.uk", "com.au"): a list
 * of all would be old the day after, and what is taken for one owner here is only not told.
 */
bool mailsub__host_related(mailsub__slice a, mailsub__slice b);
/* No full name of a host in the public DNS: one label, localhost, a name of private networks. */
bool mailsub__host_is_local(mailsub__slice host);
/* A word of a text that is a host name for certain: by its last label. */
bool mailsub__host_is_likely(mailsub__slice host);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The question behind mailsub__host_name, which transport.h declares; apart, so that it is tested.
 */
#ifndef MAILSUB_NET_HOST_NAME_H
#define MAILSUB_NET_HOST_NAME_H

#include "base/slice.h"

/* A DNS name of two labels or more that can mean one certain host. */
bool mailsub__host_name_is_qualified(mailsub__slice name);

#endif

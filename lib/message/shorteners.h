/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The URL shorteners that are known without being told. */
#ifndef MAILSUB_MESSAGE_SHORTENERS_H
#define MAILSUB_MESSAGE_SHORTENERS_H

#include "base/slice.h"

/* host in small letters, without "www.". */
bool mailsub__shorteners_have(mailsub__slice host);
/* The names in their order, for tests; NULL behind the last. */
const char *mailsub__shorteners_at(size_t index);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file
 * What every public header shares: the export attribute, the conventions, the ceilings.
 *
 * Conventions, said once for all headers:
 *  - Handles are opaque. A function that can fail returns int: MAILSUB_OK (0) or a negative
 *    MAILSUB_E_* of error.h. Outputs come last; they are set on success only and are left
 *    untouched on failure.
 *  - Strings are UTF-8 and NUL-terminated unless a length stands beside them. Single-line fields
 *    come as strings, contents as pointer and length.
 *  - "set" and "add" copy what they are given. "get" lends: the pointer is valid until the next
 *    call that changes the object, or its free. "new" gives to the caller, who calls "free";
 *    free(NULL) does nothing.
 *  - A call that fails leaves the object as it was, save for the error that the object records.
 *  - One thread at a time per object, unless a function says otherwise. Different objects may be
 *    used by different threads at once. There is no global state.
 *  - The library sets no signal disposition, raises no SIGPIPE, prints nothing, never exits, and
 *    errno is no part of the contract.
 */
#ifndef MAILSUB_EXPORT_H
#define MAILSUB_EXPORT_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define MAILSUB_API __attribute__((visibility("default")))
#else
#define MAILSUB_API
#endif

#ifdef __cplusplus
#define MAILSUB_BEGIN_DECLS extern "C" {
#define MAILSUB_END_DECLS }
#else
#define MAILSUB_BEGIN_DECLS
#define MAILSUB_END_DECLS
#endif

/** Most envelope recipients of one message. RFC 5321 section 4.5.3.1.8 asks servers for 100. */
#define MAILSUB_MAX_RECIPIENTS 100000
/** Most octets of a mailbox as sent: 256 with the angle brackets, RFC 5321 section 4.5.3.1.3. */
#define MAILSUB_MAX_ADDRESS 254
/** Most octets of a local part, RFC 5321 section 4.5.3.1.1. */
#define MAILSUB_MAX_LOCAL_PART 64
/** Most octets of a domain as sent, RFC 5321 section 4.5.3.1.2. */
#define MAILSUB_MAX_DOMAIN 255
/** Most octets of one header field's value, display name or file name, as handed over. */
#define MAILSUB_MAX_HEADER_VALUE (1024 * 1024)
/** Most attachments of one message. */
#define MAILSUB_MAX_ATTACHMENTS 1000

#endif

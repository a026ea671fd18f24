/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Character references of HTML: "&amp;", "&#8364;", "&#x20ac;". */
#ifndef MAILSUB_MESSAGE_HTML_ENTITIES_H
#define MAILSUB_MESSAGE_HTML_ENTITIES_H

#include <stdint.h>

#include "base/slice.h"

/*
 * The reference that text, which begins with '&', begins with. Returned: the octets it takes; 0
 * when it is none, or one that is not known, so that the '&' is text. No reference decodes to more
 * octets of UTF-8 than it takes itself.
 */
size_t mailsub__html_entities_decode(mailsub__slice text, bool in_attribute, uint32_t *out_char);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes the lines of an HTML document as plain text. */
#ifndef MAILSUB_MESSAGE_HTML_RENDER_H
#define MAILSUB_MESSAGE_HTML_RENDER_H

#include "message/html_flow.h"

/* Append the text of flow, which has no error. The buffer's sticky error is returned. */
int mailsub__html_render(const mailsub__html_flow *flow, mailsub__buffer *out_text);

#endif

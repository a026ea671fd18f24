/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Links: what of a target is shown, and whether the link's text shows it already. */
#ifndef MAILSUB_MESSAGE_HTML_LINK_H
#define MAILSUB_MESSAGE_HTML_LINK_H

#include "base/buffer.h"

/*
 * Replace the content of out_target by what is shown for an href as it stands in the source; by
 * nothing when it leads nowhere outside of the page (fragments, relative references, scripts and
 * data, parts of the message). The result has no white space, controls or angle brackets. The
 * buffer's sticky error is returned.
 */
int mailsub__html_link_target(mailsub__slice href, mailsub__buffer *out_target);

/* Does the text say what the target says, be it without "https://" or a slash at the end? */
bool mailsub__html_link_is_said(mailsub__slice text, mailsub__slice target);

#endif

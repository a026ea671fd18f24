/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calendar invitations by mail (iMIP, RFC 6047): what is known of their methods. */
#ifndef MAILSUB_MESSAGE_CALENDAR_H
#define MAILSUB_MESSAGE_CALENDAR_H

#include "base/slice.h"

typedef struct mailsub__calendar_method {
    const char *name;
    const char *media_type; /* of the text */
} mailsub__calendar_method;

/* A method of RFC 5546 section 1.4, letters without regard to case; NULL: there is none. */
const mailsub__calendar_method *mailsub__calendar_method_find(mailsub__slice name);
/* True when data begins as an iCalendar object does and says this method itself. */
bool mailsub__calendar_has_method(mailsub__slice data, const mailsub__calendar_method *method);

#endif

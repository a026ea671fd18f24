/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the programs that send with libcurl share. */
#ifndef MAILSUB_TESTS_SEND_CURL_HANDLE_H
#define MAILSUB_TESTS_SEND_CURL_HANDLE_H

#include <stdio.h>

#include <curl/curl.h>

#include "send.h"

/* Where a transfer is in the message. */
struct reading {
    const struct sending *sending;
    size_t at;
    FILE *file; /* of one that is streamed */
};

CURL *curl_handle(const struct sending *sending, struct reading *reading,
                  struct curl_slist *recipients);

#endif

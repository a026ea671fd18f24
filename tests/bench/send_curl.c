/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libcurl: one easy handle, which keeps its connection from one message to the next. */
#include "send_curl_handle.h"

const char send_name[] = "libcurl";

void send_all(struct sending *sending)
{
    struct reading reading = {.sending = sending};
    if (!sending->data)
        reading.file = fopen(sending->path, "rb");
    send_need(sending->connections == 1, "one connection only");
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct curl_slist *recipients = curl_slist_append(NULL, "<" SEND_TO ">");
    CURL *curl = curl_handle(sending, &reading, recipients);
    for (unsigned long i = 0; i < sending->count; i++) {
        reading.at = 0;
        if (reading.file)
            rewind(reading.file);
        CURLcode code = curl_easy_perform(curl);
        send_need(code == CURLE_OK, curl_easy_strerror(code));
        sending->n_acknowledged++;
    }
    curl_easy_cleanup(curl);
    if (reading.file)
        fclose(reading.file);
    curl_slist_free_all(recipients);
    curl_global_cleanup();
}

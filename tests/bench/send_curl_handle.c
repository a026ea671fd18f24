/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "send_curl_handle.h"

#include <string.h>

static size_t read_message(char *out, size_t size, size_t n, void *context)
{
    struct reading *reading = context;
    if (!reading->sending->data)
        return fread(out, size, n, reading->file);
    size_t left = reading->sending->len - reading->at;
    size_t len = size * n < left ? size * n : left;
    memcpy(out, reading->sending->data + reading->at, len);
    reading->at += len;
    return len;
}

CURL *curl_handle(const struct sending *sending, struct reading *reading,
                  struct curl_slist *recipients)
{
    char url[300];
    CURL *curl = curl_easy_init();
    send_need(curl != NULL, "memory");
    snprintf(url, sizeof url, "%s://%s:%d",
             strcmp(sending->tls, "implicit") == 0 ? "smtps" : "smtp", sending->host,
             sending->port);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    if (strcmp(sending->tls, "starttls") == 0)
        curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
    if (sending->ca[0] != '\0')
        curl_easy_setopt(curl, CURLOPT_CAINFO, sending->ca);
    if (sending->user[0] != '\0') {
        curl_easy_setopt(curl, CURLOPT_USERNAME, sending->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, sending->password);
    }
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, "<" SEND_FROM ">");
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_message);
    curl_easy_setopt(curl, CURLOPT_READDATA, reading);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)sending->len);
    return curl;
}

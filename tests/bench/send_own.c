/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "send_own.h"

#include <stdio.h>
#include <string.h>

static void set_url(mailsub_config *config, const struct sending *sending)
{
    char url[300];
    bool implicit = strcmp(sending->tls, "implicit") == 0;
    bool starttls = strcmp(sending->tls, "starttls") == 0;
    snprintf(url, sizeof url, "%s://%s:%d",
             implicit   ? "submissions"
             : starttls ? "submission"
                        : "smtp",
             sending->host, sending->port);
    send_need(mailsub_config_set_url(config, url) == MAILSUB_OK, "URL");
    if (!implicit && !starttls) {
        mailsub_config_insecure_set_no_tls(config);
        mailsub_config_insecure_allow_clear_login(config);
    }
}

mailsub_config *own_config(const struct sending *sending)
{
    mailsub_config *config = NULL;
    send_need(mailsub_config_new(NULL, &config) == MAILSUB_OK, "memory");
    set_url(config, sending);
    if (sending->ca[0] != '\0')
        send_need(mailsub_config_set_ca_file(config, sending->ca) == MAILSUB_OK, "CA");
    if (sending->user[0] != '\0')
        send_need(mailsub_config_set_credentials(config, sending->user, sending->password) ==
                      MAILSUB_OK,
                  "credentials");
    return config;
}

mailsub_message *own_message(const struct sending *sending)
{
    mailsub_message *message = NULL;
    int rc = sending->data
                 ? mailsub_message_from_bytes(NULL, sending->data, sending->len, 0, &message)
                 : mailsub_message_from_file(NULL, sending->path, 0, &message);
    send_need(rc == MAILSUB_OK, "the message is not taken");
    mailsub_message_set_return_path(message, SEND_FROM);
    send_need(mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_BCC, SEND_TO, NULL) ==
                  MAILSUB_OK,
              "recipient");
    return message;
}

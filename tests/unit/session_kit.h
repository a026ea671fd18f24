/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of sessions share: the objects of a submission, and its transcript. */
#ifndef MAILSUB_TESTS_SESSION_KIT_H
#define MAILSUB_TESTS_SESSION_KIT_H

#include "unit.h"

#include <mailsub/mailsub.h>
#include <mailsub/testing.h>

struct kit_transcript {
    char text[65536]; /* lines with C, S or * in front */
    size_t len;
};

/* For mailsub_config_set_transcript: keeps what there is room for. */
static inline void kit_note(void *context, int direction, const char *line, size_t len)
{
    struct kit_transcript *transcript = context;
    if (transcript->len + len + 3 >= sizeof transcript->text)
        return;
    char *out = transcript->text + transcript->len;
    *out++ = "CS*"[direction];
    memcpy(out, line, len);
    memcpy(out + len, "\n", 2);
    transcript->len += len + 2;
}

/* Everything that a submission needs; what is NULL was not made. */
struct session_kit {
    mailsub_testing_server *server;
    mailsub_config *config;
    mailsub_session *session;
    mailsub_message *message;
    mailsub_receipt *receipt;
};

/* A message of that text to two recipients, the second of that kind; a receipt, and a config. */
static inline void session_kit_make(struct session_kit *kit, int kind, const char *text)
{
    *kit = (struct session_kit){0};
    assert_int_equal(mailsub_message_new(NULL, &kit->message), 0);
    mailsub_message_set_from(kit->message, "me@example.org", NULL);
    mailsub_message_add_recipient(kit->message, MAILSUB_RECIPIENT_TO, "one@example.net", NULL);
    mailsub_message_add_recipient(kit->message, kind, "two@example.net", NULL);
    mailsub_message_set_subject(kit->message, "x");
    mailsub_message_set_text(kit->message, text, MAILSUB_NUL_TERMINATED);
    assert_int_equal(mailsub_receipt_new(NULL, &kit->receipt), 0);
    assert_int_equal(mailsub_config_new(NULL, &kit->config), 0);
}

static inline void session_kit_free(struct session_kit *kit)
{
    mailsub_session_free(kit->session);
    mailsub_receipt_free(kit->receipt);
    mailsub_message_free(kit->message);
    mailsub_config_unref(kit->config);
    mailsub_testing_server_free(kit->server);
}

static inline void ok(int rc)
{
    assert_int_equal(rc, MAILSUB_OK);
}

#endif

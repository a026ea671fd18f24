/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the tests against a real server share: where postfix.py put the services, the mailboxes that
 * its Postfix writes, and what a session must not leave behind.
 */
#ifndef MAILSUB_TESTS_REAL_H
#define MAILSUB_TESTS_REAL_H

#include <stdio.h>

#include "unit.h"

#include <mailsub/mailsub.h>

/* A setting that postfix.py made; the test fails without it. */
const char *real_setting(const char *name);

/* Port of a service in postfix.py's table SERVICES; "refusing" is one where nobody listens. */
int real_port(const char *service);

/* Host that a service's client names: "localhost", unless the service has an address of its own. */
const char *real_host(const char *service);

/*
 * scheme://host:port of a service, and no port where the scheme implies it. With the scheme sendmail
 * the service is one of services.py's table COMMANDS, of which the URL has the path; "l2_missing" is
 * one that is not there.
 */
void real_url(char *out, size_t room, const char *scheme, const char *host, const char *service);

/* Fail unless part, which may be NULL, stands somewhere in text. */
void real_assert_text(const char *text, const char *part);

/* What a process holds. */
struct real_resources {
    size_t n_descriptors;
    size_t n_threads;
};

struct real_resources real_count_resources(void);

/* Fail when more is held than before. */
void real_assert_resources(struct real_resources before);

/* Throw away whatever lies in the mailboxes. */
void real_empty_mailboxes(void);

#define REAL_TRACE_ROOM 4096

/*
 * Take the next message out of the mailbox of an address, waiting for its delivery, and fail unless
 * it is, octet for octet, what mailsub_message_write_for writes for this service of postfix.py, with
 * line ends of LF as a Maildir has them. trace receives the fields that Postfix put before it.
 */
void real_take_mail(const char *service, const char *address, mailsub_message *message,
                    char trace[REAL_TRACE_ROOM]);

#endif

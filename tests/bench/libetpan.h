/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libetpan's bench programs share. */
#ifndef MAILSUB_TESTS_BENCH_LIBETPAN_H
#define MAILSUB_TESTS_BENCH_LIBETPAN_H

#include <string.h>

#include <libetpan/libetpan.h>

#include "bench.h"

/* Lists keep what they are given and free it. */
static inline struct mailmime *etpan_message(struct mailmime *body, const char *subject)
{
    struct mailimf_mailbox_list *from = mailimf_mailbox_list_new_empty();
    struct mailimf_address_list *to = mailimf_address_list_new_empty();
    mailimf_mailbox_list_add_mb(from, strdup("Alice Example"), strdup("alice@example.com"));
    mailimf_address_list_add_mb(to, strdup("Bob Example"), strdup("bob@example.org"));
    struct mailimf_fields *fields =
        mailimf_fields_new_with_data(from, NULL, NULL, to, NULL, NULL, NULL, NULL, strdup(subject));
    struct mailmime *message = mailmime_new_message_data(NULL);
    mailmime_set_imf_fields(message, fields);
    mailmime_add_part(message, body);
    return message;
}

static inline struct mailmime *etpan_part(const char *type, int encoding,
                                          struct mailmime_disposition *disposition)
{
    struct mailmime_mechanism *mechanism = mailmime_mechanism_new(encoding, NULL);
    struct mailmime_fields *fields =
        mailmime_fields_new_with_data(mechanism, NULL, NULL, disposition, NULL);
    return mailmime_new_empty(mailmime_content_new_with_str(type), fields);
}

static inline int etpan_put(void *context, const char *data, size_t len)
{
    bench_put(context, data, len);
    return (int)len;
}

/* Into libetpan's own string, which is kept; or to a function, to which it writes in pieces. */
static inline void etpan_write(struct bench *bench, struct mailmime *message)
{
    static MMAPString *string;
    int column = 0;
    int rc;
    if (strcmp(bench->sink, "memory") == 0) {
        if (!string)
            string = mmap_string_new("");
        mmap_string_truncate(string, 0);
        rc = mailmime_write_mem(string, &column, message);
        bench->n_bytes += string->len;
    } else {
        rc = mailmime_write_driver(etpan_put, bench, &column, message);
    }
    bench_need(rc == MAILIMF_NO_ERROR, "write");
    mailmime_free(message);
}

#endif

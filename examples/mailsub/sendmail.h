/* SPDX-License-Identifier: 0BSD */
/* What the files of the sendmail personality share. */
#ifndef MAILSUB_COMMAND_SENDMAIL_H
#define MAILSUB_COMMAND_SENDMAIL_H

#include <stdbool.h>
#include <stddef.h>

struct work;

struct sendmail {
    char mode; /* of -b, or q */
    bool takes_recipients;
    bool keeps_dots;
    const char *sender; /* NULL: that of the header */
    const char *full_name;
};

/*
 * qualify.c: addresses without a domain, as cron and mail(1) write them, get this host's. Where
 * aliases count, a name that has some becomes these. The result is to be freed.
 */
char *qualify(struct work *work, const char *list, bool has_aliases);
const char *origin_of(struct work *work);

/* complete.c: the header with all addresses qualified, and with a From; to be freed. */
char *complete_header(struct work *work, const struct sendmail *mail, const char *data, size_t len,
                      size_t *out_len);

/* Make work->message of a message that exists. */
int sendmail_load(struct work *work, const struct sendmail *mail, const char *data, size_t len);

/* serve.c: -bs */
int serve_smtp(struct work *work);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A place below /tmp in which messages are put down, and looks into it. */
#ifndef MAILSUB_TESTS_DEPOSIT_KIT_H
#define MAILSUB_TESTS_DEPOSIT_KIT_H

#include <stdbool.h>
#include <stddef.h>

struct deposit_text {
    size_t len;
    char octets[400000];
};

void deposit_make_place(void);
void deposit_remove_place(void);
/* All that is in it. */
void deposit_empty_place(void);
/* Of something in the place; lent until the next call but three. */
const char *deposit_path(const char *name);
/* Entries of a directory; 0 when there is none. */
size_t deposit_count(const char *name);
/* Do all the files at the top of the place, and of d, that begin with this end so? */
bool deposit_has_only(const char *start, const char *end);
/* A file of a directory; lent until the next call. Empty when there is none. */
const struct deposit_text *deposit_read(const char *directory, const char *name);
/* Root may do everything: be somebody else for a while. The place is that one's, then. */
void deposit_give_up_rights(void);
void deposit_take_rights(void);
void deposit_do_nothing(void);

#endif

/* SPDX-License-Identifier: 0BSD */
/* Memory of a short-lived command. Secrets are wiped before it is given back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "command.h"

void *need(void *block)
{
    if (!block) {
        fputs("mailsub: out of memory\n", stderr);
        exit(EX_OSERR);
    }
    return block;
}

char *copy_text(const char *text, size_t len)
{
    char *copy = need(malloc(len + 1));
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

char *join_text(const char *first, const char *second, const char *third)
{
    size_t room = strlen(first) + strlen(second) + strlen(third) + 1;
    char *joined = need(malloc(room));
    snprintf(joined, room, "%s%s%s", first, second, third);
    return joined;
}

void wipe(void *block, size_t len)
{
    explicit_bzero(block, len);
}

void wipe_text(char *text)
{
    if (text)
        wipe(text, strlen(text));
    free(text);
}

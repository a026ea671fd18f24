/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * OpenDKIM's library, as a command: opendkim_verify RECORDS FILE... verifies each signature of each
 * message, and prints FILE, selector and "pass" or "fail", parted by tabs. RECORDS holds the TXT
 * records, a name and a text on each line, in place of DNS. The messages are fed in pieces.
 */
#include <sys/types.h>

#include <netinet/in.h>
#include <resolv.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dkim.h>

static void need(int ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "opendkim_verify: %s failed\n", what);
    exit(1);
}

static DKIM_LIB *open_library(char *records)
{
    dkim_query_t method = DKIM_QUERY_FILE;
    DKIM_LIB *library = dkim_init(NULL, NULL);
    need(library != NULL, "dkim_init");
    need(dkim_options(library, DKIM_OP_SETOPT, DKIM_OPTS_QUERYMETHOD, &method, sizeof method) ==
             DKIM_STAT_OK,
         "QUERYMETHOD");
    need(dkim_options(library, DKIM_OP_SETOPT, DKIM_OPTS_QUERYINFO, records, strlen(records)) ==
             DKIM_STAT_OK,
         "QUERYINFO");
    return library;
}

static void print_signatures(DKIM *dkim, const char *path)
{
    DKIM_SIGINFO **signatures = NULL;
    int n = 0;
    if (dkim_getsiglist(dkim, &signatures, &n) != DKIM_STAT_OK)
        n = 0;
    for (int i = 0; i < n; i++) {
        bool pass = (dkim_sig_getflags(signatures[i]) & DKIM_SIGFLAG_PASSED) != 0 &&
                    dkim_sig_getbh(signatures[i]) == DKIM_SIGBH_MATCH;
        printf("%s\t%s\t%s\n", path, (char *)dkim_sig_getselector(signatures[i]),
               pass ? "pass" : "fail");
    }
}

static void verify(DKIM_LIB *library, const char *path)
{
    unsigned char piece[1000];
    DKIM_STAT status;
    FILE *file = fopen(path, "rb");
    need(file != NULL, path);
    DKIM *dkim = dkim_verify(library, (const unsigned char *)"test", NULL, &status);
    need(dkim != NULL, "dkim_verify");
    size_t n;
    while ((n = fread(piece, 1, sizeof piece, file)) > 0)
        dkim_chunk(dkim, piece, n);
    dkim_chunk(dkim, NULL, 0);
    dkim_eom(dkim, NULL);
    print_signatures(dkim, path);
    dkim_free(dkim);
    fclose(file);
}

int main(int argc, char **argv)
{
    need(argc > 2, "usage");
    DKIM_LIB *library = open_library(argv[1]);
    for (int i = 2; i < argc; i++)
        verify(library, argv[i]);
    dkim_close(library);
    return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The job of bench_addresses with libetpan. */
#include "libetpan.h"

const char bench_name[] = "libetpan_addresses";
const int bench_n_files = 1;

static char *list;
static size_t list_len;

void bench_prepare(struct bench *bench)
{
    list = bench_load(bench->paths[0], &list_len);
}

void bench_one(struct bench *bench)
{
    struct mailimf_address_list *parsed;
    size_t at = 0;
    bench_need(mailimf_address_list_parse(list, list_len, &at, &parsed) == MAILIMF_NO_ERROR &&
                   clist_count(parsed->ad_list) > 0,
               "parse");
    mailimf_address_list_free(parsed);
    bench->n_bytes += list_len;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The job of bench_addresses with GMime. */
#include "gmime.h"

const char bench_name[] = "gmime_addresses";
const int bench_n_files = 1;

static char *list;
static size_t list_len;

void bench_prepare(struct bench *bench)
{
    g_mime_init();
    list = bench_load(bench->paths[0], &list_len);
}

void bench_one(struct bench *bench)
{
    InternetAddressList *parsed = internet_address_list_parse(NULL, list);
    bench_need(parsed && internet_address_list_length(parsed) > 0, "parse");
    g_object_unref(parsed);
    bench->n_bytes += list_len;
}

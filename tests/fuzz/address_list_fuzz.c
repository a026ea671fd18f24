/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Invariants: each address that is read is read again by itself as the same address; a name holds
 * no control character; groups are opened and closed in turn; the number of items is bounded by the
 * length of the text.
 */
#include <string.h>

#include "fuzz.h"

#include "message/address_list.h"
#include "message/line.h"

static void check_item(const mailsub__address_item *item, bool *in_group)
{
    FUZZ_CHECK(mailsub__line_check(item->name, MAILSUB__LINE_NO_TAB) == MAILSUB_OK);
    if (item->kind != MAILSUB__ADDRESS_MAILBOX) {
        FUZZ_CHECK(*in_group == (item->kind == MAILSUB__ADDRESS_GROUP_END));
        *in_group = !*in_group;
        return;
    }
    mailsub__address again;
    FUZZ_CHECK(item->address.len <= MAILSUB_MAX_ADDRESS);
    FUZZ_CHECK(item->address.local_len <= MAILSUB_MAX_LOCAL_PART);
    FUZZ_CHECK(mailsub__address_parse(mailsub__address_slice(&item->address), MAILSUB__ADDRESS_UTF8,
                                      &again) == MAILSUB_OK);
    FUZZ_CHECK(strcmp(item->address.text, again.text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mailsub__slice text = mailsub__slice_of(data, size);
    if (mailsub__line_check(text, MAILSUB__LINE_TAB) != MAILSUB_OK)
        return 0;
    mailsub_allocator allocator = fuzz_allocator();
    mailsub__address_list list;
    mailsub__address_list_init(&list, text, MAILSUB__ADDRESS_UTF8, &allocator);
    mailsub__address_item item = {.kind = MAILSUB__ADDRESS_MAILBOX};
    bool in_group = false;
    size_t n_items = 0;
    while (mailsub__address_list_next(&list, &item) == MAILSUB_OK &&
           item.kind != MAILSUB__ADDRESS_LIST_END) {
        check_item(&item, &in_group);
        FUZZ_CHECK(++n_items <= size);
    }
    mailsub__address_list_deinit(&list);
    return 0;
}

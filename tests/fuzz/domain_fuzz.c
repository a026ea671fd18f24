/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Invariants: what is accepted is a host name in lower case within the limits of DNS, and
 * converting it again gives the same; what is refused leaves the output alone.
 */
#include <string.h>

#include "fuzz.h"

#include "codec/domain.h"

static void check_host_name(const char *name)
{
    size_t len = strlen(name);
    FUZZ_CHECK(len > 0 && len <= 253);
    for (const char *label = name; label <= name + len;) {
        size_t label_len = strspn(label, "abcdefghijklmnopqrstuvwxyz0123456789-");
        FUZZ_CHECK(label_len > 0 && label_len <= 63);
        FUZZ_CHECK(label[0] != '-' && label[label_len - 1] != '-');
        FUZZ_CHECK(label[label_len] == '.' || label[label_len] == '\0');
        FUZZ_CHECK(label[label_len] == '.' || strspn(label, "0123456789") < label_len);
        label += label_len + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[MAILSUB_MAX_DOMAIN + 1];
    char again[MAILSUB_MAX_DOMAIN + 1];
    memset(name, '?', sizeof name);
    int rc = mailsub__domain_to_ascii(mailsub__slice_of(data, size), name);
    if (rc != MAILSUB_OK) {
        FUZZ_CHECK(rc == MAILSUB_E_DOMAIN);
        for (size_t i = 0; i < sizeof name; i++)
            FUZZ_CHECK(name[i] == '?');
        return 0;
    }
    check_host_name(name);
    FUZZ_CHECK(mailsub__domain_to_ascii(mailsub__slice_str(name), again) == MAILSUB_OK);
    FUZZ_CHECK(strcmp(name, again) == 0);
    return 0;
}

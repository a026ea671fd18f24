/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Invariants: a URL is refused with a cause and without a trace of memory, or names a host that can
 * be looked up, a port, and a login that is UTF-8 without ASCII's controls.
 */
#include <string.h>

#include "fuzz.h"

#include "codec/utf8.h"
#include "session/url.h"

static void check_login(const mailsub__buffer *buffer)
{
    mailsub__slice text = mailsub__buffer_slice(buffer);
    FUZZ_CHECK(mailsub__utf8_is_valid(text));
    for (size_t i = 0; i < text.len; i++)
        FUZZ_CHECK((unsigned char)text.ptr[i] >= ' ' && text.ptr[i] != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mailsub_allocator allocator = fuzz_allocator();
    char *text = fuzz_alloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    mailsub__url url;
    const char *cause = NULL;
    int rc = mailsub__url_parse(&allocator, text, &url, &cause);
    if (rc) {
        FUZZ_CHECK(rc == MAILSUB_E_URL && cause && *cause);
    } else {
        char host[256];
        FUZZ_CHECK(mailsub__host_parse(mailsub__slice_str(url.host), host) == MAILSUB_OK);
        FUZZ_CHECK(strcmp(host, url.host) == 0);
        FUZZ_CHECK(url.port > 0 && url.port < 65536);
        check_login(&url.user);
        check_login(&url.password);
        mailsub__url_deinit(&url);
    }
    free(text);
    return 0;
}

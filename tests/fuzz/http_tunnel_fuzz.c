/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The first octet says where the rest, which is what a proxy answers, is cut. Invariants: wherever it
 * is cut, the conversation ends in the same way, at the same octet; an open tunnel has seen a good
 * status and the end of a head within its bounds.
 */
#include <string.h>

#include "fuzz.h"

#include "net/http_tunnel.h"

struct end {
    enum mailsub__proxy_state state;
    int error;
    size_t used;
    mailsub__detail detail;
};

static struct end talk(const char *data, size_t len, size_t step)
{
    static const mailsub__proxy proxy = {.kind = MAILSUB__PROXY_HTTP};
    struct end end = {.used = 0};
    mailsub__http_tunnel tunnel;
    mailsub__http_tunnel_init(&tunnel, &proxy, "mail.example.org", 587);
    mailsub__http_tunnel_ack_output(&tunnel, mailsub__http_tunnel_peek_output(&tunnel).len);
    while (end.used < len && mailsub__http_tunnel_get_state(&tunnel) == MAILSUB__PROXY_TALKING) {
        size_t n = len - end.used < step ? len - end.used : step;
        size_t used = 0;
        mailsub__http_tunnel_feed(&tunnel, data + end.used, n, &used);
        FUZZ_CHECK(used <= n && used > 0);
        end.used += used;
    }
    end.state = mailsub__http_tunnel_get_state(&tunnel);
    end.error = mailsub__http_tunnel_get_error(&tunnel);
    if (end.state == MAILSUB__PROXY_FAILED)
        mailsub__http_tunnel_describe(&tunnel, &end.detail);
    FUZZ_CHECK((end.state == MAILSUB__PROXY_FAILED) == (end.error != 0));
    FUZZ_CHECK((end.state == MAILSUB__PROXY_FAILED) == (end.detail.len > 0));
    mailsub__http_tunnel_deinit(&tunnel);
    return end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const char *reply = (const char *)data + 1;
    struct end whole = talk(reply, size - 1, size);
    struct end cut = talk(reply, size - 1, (size_t)data[0] + 1);
    FUZZ_CHECK(whole.state == cut.state && whole.error == cut.error && whole.used == cut.used);
    FUZZ_CHECK(strcmp(whole.detail.text, cut.detail.text) == 0);
    for (size_t i = 0; i < whole.detail.len; i++)
        FUZZ_CHECK(whole.detail.text[i] >= ' ' && whole.detail.text[i] <= '~');
    if (whole.state == MAILSUB__PROXY_OPEN) {
        FUZZ_CHECK(whole.used <= MAILSUB__HTTP_MAX_HEAD && whole.used >= 16);
        FUZZ_CHECK(memcmp(reply + whole.used - 4, "\r\n\r\n", 4) == 0);
    }
    return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The first octet says whether there is a login, the second where the rest, which is what a proxy
 * answers, is cut. Invariants: wherever it is cut, the conversation ends in the same way, at the same
 * octet; what was sent is at most what RFC 1928 and 1929 allow; a failure has a code and a reason.
 */
#include <string.h>

#include "fuzz.h"

#include "net/socks.h"

struct end {
    enum mailsub__proxy_state state;
    int error;
    size_t used;
    size_t sent;
};

static void send_all(mailsub__socks *socks, struct end *end)
{
    size_t len = mailsub__socks_peek_output(socks).len;
    FUZZ_CHECK(len <= 513);
    mailsub__socks_ack_output(socks, len);
    end->sent += len;
}

static struct end talk(const mailsub__proxy *proxy, const char *data, size_t len, size_t step)
{
    struct end end = {.used = 0};
    mailsub__socks socks;
    mailsub__socks_init(&socks, proxy, "mail.example.org", 587);
    while (end.used < len && mailsub__socks_get_state(&socks) == MAILSUB__PROXY_TALKING) {
        send_all(&socks, &end);
        size_t n = len - end.used < step ? len - end.used : step;
        size_t used = 0;
        mailsub__socks_feed(&socks, data + end.used, n, &used);
        FUZZ_CHECK(used <= n && used > 0);
        end.used += used;
    }
    end.state = mailsub__socks_get_state(&socks);
    end.error = mailsub__socks_get_error(&socks);
    FUZZ_CHECK((end.state == MAILSUB__PROXY_FAILED) == (end.error != 0));
    FUZZ_CHECK((end.state == MAILSUB__PROXY_FAILED) == (socks.reason[0] != '\0'));
    mailsub__socks_deinit(&socks);
    return end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    mailsub__proxy proxy = {
        .kind = MAILSUB__PROXY_SOCKS5, .user = data[0] & 1 ? "me" : NULL, .password = "secret"};
    const char *reply = (const char *)data + 2;
    /* By octets each reply waits for its question; in greater pieces one may come too early. */
    struct end slow = talk(&proxy, reply, size - 2, 1);
    struct end fast = talk(&proxy, reply, size - 2, (size_t)data[1] + 1);
    FUZZ_CHECK(slow.used <= size - 2 && fast.used <= size - 2);
    if (fast.error != MAILSUB_E_PROXY_PROTOCOL) {
        FUZZ_CHECK(slow.state == fast.state && slow.error == fast.error);
        FUZZ_CHECK(slow.used == fast.used && slow.sent == fast.sent);
    }
    return 0;
}

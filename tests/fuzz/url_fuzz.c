/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Invariants: a URL is refused with a cause and without a trace of memory, or names a host that can
 * be looked up, a port, and a login that is UTF-8 without ASCII's controls; or it names an absolute
 * path, which is that too and, for a socket, fits into an address. The same holds for the URL of a proxy.
 * What is written anew of a server's URL is ASCII and names the same server.
 */
#include <string.h>

#include "fuzz.h"

#include "codec/utf8.h"
#include "net/dial.h"
#include "session/url.h"

static void check_login(const mailsub__buffer *buffer)
{
    mailsub__slice text = mailsub__buffer_slice(buffer);
    FUZZ_CHECK(mailsub__utf8_is_valid(text));
    for (size_t i = 0; i < text.len; i++)
        FUZZ_CHECK((unsigned char)text.ptr[i] >= ' ' && text.ptr[i] != 0x7f);
}

static void check_url(const mailsub__url *url)
{
    char host[256];
    FUZZ_CHECK(mailsub__host_parse(mailsub__slice_str(url->host), host) == MAILSUB_OK);
    FUZZ_CHECK(strcmp(host, url->host) == 0);
    FUZZ_CHECK(url->port < 65536 && (url->port > 0) == (url->way == MAILSUB__WAY_TCP));
    check_login(&url->user);
    check_login(&url->password);
    check_login(&url->path);
    mailsub__slice path = mailsub__buffer_slice(&url->path);
    FUZZ_CHECK((path.len > 0) == (url->way != MAILSUB__WAY_TCP));
    FUZZ_CHECK(path.len == 0 || path.ptr[0] == '/');
    FUZZ_CHECK(url->way != MAILSUB__WAY_UNIX || path.len < MAILSUB__UNIX_PATH_LEN);
}

static void check_written(const mailsub__url *url)
{
    mailsub_allocator allocator = fuzz_allocator();
    mailsub__buffer text;
    mailsub__url again;
    const char *cause = NULL;
    mailsub__buffer_init(&text, &allocator, 16384);
    FUZZ_CHECK(mailsub__url_write(url, &text) == MAILSUB_OK);
    const char *written = mailsub__buffer_str(&text);
    for (const char *at = written; *at != '\0'; at++)
        FUZZ_CHECK(*at > ' ' && *at < 0x7f);
    FUZZ_CHECK(mailsub__url_parse(&allocator, written, &again, &cause) == MAILSUB_OK);
    FUZZ_CHECK(again.way == url->way && again.port == url->port && again.tls == url->tls);
    FUZZ_CHECK(again.lmtp == url->lmtp && strcmp(again.host, url->host) == 0 && !again.has_user);
    FUZZ_CHECK(mailsub__slice_equal(mailsub__buffer_slice(&again.path),
                                    mailsub__buffer_slice(&url->path)));
    mailsub__url_deinit(&again);
    mailsub__buffer_deinit(&text);
}

typedef int parse_fn(const mailsub_allocator *allocator, const char *text, mailsub__url *out_url,
                     const char **out_cause);

static void check_parse(parse_fn *parse, const char *text)
{
    mailsub_allocator allocator = fuzz_allocator();
    mailsub__url url;
    const char *cause = NULL;
    int rc = parse(&allocator, text, &url, &cause);
    if (rc) {
        FUZZ_CHECK(rc == MAILSUB_E_URL && cause && *cause);
    } else {
        check_url(&url);
        if (url.scheme)
            check_written(&url);
        mailsub__url_deinit(&url);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_alloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    check_parse(mailsub__url_parse, text);
    check_parse(mailsub__url_parse_proxy, text);
    free(text);
    return 0;
}

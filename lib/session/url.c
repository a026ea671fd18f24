/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Strict on purpose: what is not understood is refused, since a URL that is guessed at may send a
 * password to the wrong host. An @ in user or password has to be written %40.
 *
 * Not handled: IPv6 zones, registered names with percent-encoding, paths that are not UTF-8, sockets
 * without a name in the file system.
 */
#include "session/url.h"

#include <mailsub/config.h>

#include "base/memory.h"
#include "codec/domain.h"
#include "codec/utf8.h"
#include "net/dial.h"
#include "net/literal.h"

#define MAX_USERINFO 4096
/* PATH_MAX of Linux, its NUL not counted. */
#define MAX_PATH 4095

/* TLS as the port says, in a table's cell. */
#define BY_PORT (-1)

static const struct scheme_row {
    const char *name;
    enum mailsub__way way;
    int port;
    int tls;
    bool lmtp;
} schemes[] = {
    {"submissions", MAILSUB__WAY_TCP, 465, MAILSUB_TLS_IMPLICIT, false},
    {"smtps", MAILSUB__WAY_TCP, 465, MAILSUB_TLS_IMPLICIT, false},
    {"submission", MAILSUB__WAY_TCP, 587, MAILSUB_TLS_STARTTLS, false},
    {"smtp", MAILSUB__WAY_TCP, 25, BY_PORT, false},
    {"lmtp", MAILSUB__WAY_TCP, 24, BY_PORT, true}, /* RFC 2033 names no port; servers use this */
    {"smtp+unix", MAILSUB__WAY_UNIX, 0, MAILSUB_TLS_OPPORTUNISTIC, false},
    {"lmtp+unix", MAILSUB__WAY_UNIX, 0, MAILSUB_TLS_OPPORTUNISTIC, true},
    {"sendmail", MAILSUB__WAY_COMMAND, 0, MAILSUB_TLS_OPPORTUNISTIC, false},
    {"maildir", MAILSUB__WAY_MAILDIR, 0, MAILSUB_TLS_OPPORTUNISTIC, false},
    {"directory", MAILSUB__WAY_DIRECTORY, 0, MAILSUB_TLS_OPPORTUNISTIC, false},
};

static const struct scheme_row *find_scheme(mailsub__slice name)
{
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (mailsub__slice_equal_nocase(name, mailsub__slice_str(schemes[i].name)))
            return &schemes[i];
    }
    return NULL;
}

/* 465 is TLS from the first octet by RFC 8314; elsewhere only this host may do without. */
static int tls_by_port(int port, const char *host)
{
    if (port == 465)
        return MAILSUB_TLS_IMPLICIT;
    return mailsub__host_is_loopback(host) ? MAILSUB_TLS_OPPORTUNISTIC : MAILSUB_TLS_STARTTLS;
}

static int hex_value(char c)
{
    if (mailsub__ascii_is_digit(c))
        return c - '0';
    c = mailsub__ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decode %XX. MAILSUB_E_URL: a bad escape, a control, or octets that are not UTF-8. */
static int percent_decode(mailsub__slice text, mailsub__buffer *out)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '%') {
            int high = i + 2 < text.len ? hex_value(text.ptr[i + 1]) : -1;
            int low = high >= 0 ? hex_value(text.ptr[i + 2]) : -1;
            if (low < 0)
                return MAILSUB_E_URL;
            c = (char)(high * 16 + low);
            i += 2;
        }
        if ((unsigned char)c < 0x20 || c == 0x7f)
            return MAILSUB_E_URL;
        int rc = mailsub__buffer_append_char(out, c);
        if (rc)
            return rc == MAILSUB_E_LIMIT ? MAILSUB_E_URL : rc;
    }
    return mailsub__utf8_is_valid(mailsub__buffer_slice(out)) ? MAILSUB_OK : MAILSUB_E_URL;
}

static const char *find_char(mailsub__slice text, char c)
{
    return text.len > 0 ? memchr(text.ptr, c, text.len) : NULL;
}

static mailsub__slice before(mailsub__slice text, const char *at)
{
    return mailsub__slice_of(text.ptr, (size_t)(at - text.ptr));
}

static mailsub__slice behind(mailsub__slice text, const char *at)
{
    return mailsub__slice_of(at + 1, text.len - (size_t)(at - text.ptr) - 1);
}

static int parse_userinfo(mailsub__slice text, mailsub__url *url, const char **out_cause)
{
    mailsub__slice user = text;
    mailsub__slice password = MAILSUB__SLICE_EMPTY;
    const char *colon = find_char(text, ':');
    if (colon) {
        user = before(text, colon);
        password = behind(text, colon);
    }
    *out_cause = "user or password is empty, or is badly percent-encoded";
    if (user.len == 0)
        return MAILSUB_E_URL;
    int rc = percent_decode(user, &url->user);
    if (rc == MAILSUB_OK)
        rc = percent_decode(password, &url->password);
    url->has_user = true;
    url->has_password = colon != NULL;
    return rc;
}

static int parse_port(mailsub__slice text, int *out_port)
{
    int port = 0;
    if (text.len == 0 || text.len > 5)
        return MAILSUB_E_URL;
    for (size_t i = 0; i < text.len; i++) {
        if (!mailsub__ascii_is_digit(text.ptr[i]))
            return MAILSUB_E_URL;
        port = port * 10 + (text.ptr[i] - '0');
    }
    if (port < 1 || port > 65535)
        return MAILSUB_E_URL;
    *out_port = port;
    return MAILSUB_OK;
}

/* The address between brackets, which must be IPv6: RFC 3986 section 3.2.2. */
static int parse_bracketed(mailsub__slice text, char out[256])
{
    if (text.len >= 256)
        return MAILSUB_E_URL;
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    if (strlen(out) != text.len || mailsub__literal_kind(out) != MAILSUB__IPV6)
        return MAILSUB_E_URL;
    return MAILSUB_OK;
}

/* host[:port] */
static int parse_hostport(mailsub__slice text, mailsub__url *url, const char **out_cause)
{
    mailsub__slice rest = MAILSUB__SLICE_EMPTY;
    int rc;
    *out_cause = "the host is malformed";
    if (text.len > 0 && text.ptr[0] == '[') {
        const char *end = find_char(text, ']');
        if (!end)
            return MAILSUB_E_URL;
        rest = behind(text, end);
        rc = parse_bracketed(mailsub__slice_of(text.ptr + 1, (size_t)(end - text.ptr) - 1),
                             url->host);
    } else {
        const char *colon = find_char(text, ':');
        mailsub__slice host = colon ? before(text, colon) : text;
        rest = mailsub__slice_of(text.ptr + host.len, text.len - host.len);
        rc = mailsub__host_parse(host, url->host);
    }
    if (rc)
        return rc == MAILSUB_E_NOMEM ? rc : MAILSUB_E_URL;
    if (rest.len == 0)
        return MAILSUB_OK;
    *out_cause = "the port is not a number from 1 to 65535";
    return rest.ptr[0] == ':' ? parse_port(behind(rest, rest.ptr), &url->port) : MAILSUB_E_URL;
}

static int parse_authority(mailsub__slice text, mailsub__url *url, const char **out_cause)
{
    const char *at = find_char(text, '@');
    if (!at)
        return parse_hostport(text, url, out_cause);
    *out_cause = "an @ in user or password has to be written %40";
    if (find_char(behind(text, at), '@'))
        return MAILSUB_E_URL;
    int rc = parse_userinfo(before(text, at), url, out_cause);
    return rc ? rc : parse_hostport(behind(text, at), url, out_cause);
}

int mailsub__host_parse(mailsub__slice text, char out[256])
{
    if (text.len > 0 && text.len < 256) {
        char host[256];
        memcpy(host, text.ptr, text.len);
        host[text.len] = '\0';
        if (strlen(host) == text.len && mailsub__literal_kind(host) != MAILSUB__NO_LITERAL) {
            memcpy(out, host, text.len + 1);
            return MAILSUB_OK;
        }
    }
    int rc = mailsub__domain_to_ascii(text, out);
    return rc == MAILSUB_E_DOMAIN ? MAILSUB_E_HOST_NAME : rc;
}

/* What stands behind the colon of a server's URL. */
static int parse_server(mailsub__slice text, mailsub__url *url, const char **out_cause)
{
    *out_cause = "the URL does not begin with scheme://";
    if (text.len < 2 || text.ptr[0] != '/' || text.ptr[1] != '/')
        return MAILSUB_E_URL;
    mailsub__slice authority = mailsub__slice_of(text.ptr + 2, text.len - 2);
    if (authority.len > 0 && authority.ptr[authority.len - 1] == '/')
        authority.len--;
    *out_cause = "a path, a query or a fragment has no meaning here";
    if (strcspn(authority.ptr, "/?#") < authority.len)
        return MAILSUB_E_URL;
    int rc = parse_authority(authority, url, out_cause);
    if (rc || !url->lmtp || url->port != 25)
        return rc;
    *out_cause = "LMTP is not allowed on port 25"; /* RFC 2033 section 5 */
    return MAILSUB_E_URL;
}

/* What stands behind the colon of a path's URL: /path, or ///path with an authority that is empty
   (RFC 8089 section 2). */
static int parse_path(mailsub__slice text, mailsub__url *url, const char **out_cause)
{
    if (text.len > 2 && memcmp(text.ptr, "//", 2) == 0)
        text = mailsub__slice_of(text.ptr + 2, text.len - 2);
    *out_cause = "an absolute path is wanted behind the scheme, and no host";
    if (text.len < 2 || text.ptr[0] != '/' || text.ptr[1] == '/')
        return MAILSUB_E_URL;
    *out_cause = "a query or a fragment has no meaning here";
    if (find_char(text, '?') || find_char(text, '#'))
        return MAILSUB_E_URL;
    *out_cause = "the path is too long, is badly percent-encoded or not UTF-8";
    memcpy(url->host, "localhost", sizeof "localhost");
    int rc = percent_decode(text, &url->path);
    if (rc == MAILSUB_OK && url->way == MAILSUB__WAY_UNIX &&
        url->path.len >= MAILSUB__UNIX_PATH_LEN)
        rc = MAILSUB_E_URL;
    return rc;
}

static void init_url(mailsub__url *url, const mailsub_allocator *allocator)
{
    *url = (mailsub__url){.way = MAILSUB__WAY_TCP};
    mailsub__buffer_init_secret(&url->user, allocator, MAX_USERINFO);
    mailsub__buffer_init_secret(&url->password, allocator, MAX_USERINFO);
    mailsub__buffer_init(&url->path, allocator, MAX_PATH);
}

/* Split at the colon. MAILSUB_E_URL: there is none. */
static int split_scheme(const char *text, mailsub__slice *out_scheme, mailsub__slice *out_rest)
{
    const char *colon = strchr(text, ':');
    if (!colon)
        return MAILSUB_E_URL;
    *out_scheme = mailsub__slice_of(text, (size_t)(colon - text));
    *out_rest = mailsub__slice_str(colon + 1);
    return MAILSUB_OK;
}

/* The parsed URL is out_url's, or there is none. */
static int conclude(int rc, mailsub__url *url, mailsub__url *out_url)
{
    if (rc)
        mailsub__url_deinit(url);
    else
        *out_url = *url;
    return rc;
}

int mailsub__url_parse(const mailsub_allocator *allocator, const char *text, mailsub__url *out_url,
                       const char **out_cause)
{
    mailsub__slice name;
    mailsub__slice rest;
    *out_cause = "the URL does not begin with a scheme and a colon";
    if (split_scheme(text, &name, &rest))
        return MAILSUB_E_URL;
    const struct scheme_row *scheme = find_scheme(name);
    *out_cause = "there is no such scheme";
    if (!scheme)
        return MAILSUB_E_URL;
    mailsub__url url;
    init_url(&url, allocator);
    url.scheme = scheme->name;
    url.way = scheme->way;
    url.port = scheme->port;
    url.lmtp = scheme->lmtp;
    int rc = url.way == MAILSUB__WAY_TCP ? parse_server(rest, &url, out_cause)
                                         : parse_path(rest, &url, out_cause);
    url.tls = scheme->tls == BY_PORT ? tls_by_port(url.port, url.host) : scheme->tls;
    return conclude(rc, &url, out_url);
}

static const struct proxy_row {
    const char *name;
    enum mailsub__proxy_kind kind;
    int port;
} proxies[] = {
    {"socks5", MAILSUB__PROXY_SOCKS5, 1080},
    {"socks5h", MAILSUB__PROXY_SOCKS5, 1080}, /* as some say where the proxy resolves the name */
    {"http", MAILSUB__PROXY_HTTP, 80},
};

int mailsub__url_parse_proxy(const mailsub_allocator *allocator, const char *text,
                             mailsub__url *out_url, const char **out_cause)
{
    mailsub__slice name;
    mailsub__slice rest;
    mailsub__url url;
    init_url(&url, allocator);
    *out_cause = "the proxy's scheme is not socks5, socks5h or http";
    if (split_scheme(text, &name, &rest))
        return MAILSUB_E_URL;
    for (size_t i = 0; i < sizeof proxies / sizeof proxies[0]; i++) {
        if (mailsub__slice_equal_nocase(name, mailsub__slice_str(proxies[i].name))) {
            url.proxy = proxies[i].kind;
            url.port = proxies[i].port;
        }
    }
    if (url.proxy == MAILSUB__PROXY_NONE)
        return MAILSUB_E_URL;
    return conclude(parse_server(rest, &url, out_cause), &url, out_url);
}

void mailsub__url_deinit(mailsub__url *url)
{
    mailsub__buffer_deinit(&url->user);
    mailsub__buffer_deinit(&url->password);
    mailsub__buffer_deinit(&url->path);
}

/* RFC 3986 section 2.3, and the slash that parts a path. */
static bool stands_for_itself(char c)
{
    return mailsub__ascii_is_alpha(c) || mailsub__ascii_is_digit(c) ||
           (c != '\0' && strchr("/-._~", c));
}

static void write_path(mailsub__slice path, mailsub__buffer *out)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.ptr[i];
        const char escape[3] = {'%', digits[c >> 4], digits[c & 15]};
        /* Two slashes would begin a host. */
        if (stands_for_itself(path.ptr[i]) && (i != 1 || c != '/'))
            mailsub__buffer_append_char(out, path.ptr[i]);
        else
            mailsub__buffer_append(out, escape, sizeof escape);
    }
}

int mailsub__url_write(const mailsub__url *url, mailsub__buffer *out)
{
    mailsub__buffer_append_str(out, url->scheme);
    mailsub__buffer_append_char(out, ':');
    if (url->way != MAILSUB__WAY_TCP) {
        write_path(mailsub__buffer_slice(&url->path), out);
        return out->error;
    }
    bool is_bracketed = strchr(url->host, ':') != NULL;
    mailsub__buffer_append_str(out, is_bracketed ? "//[" : "//");
    mailsub__buffer_append_str(out, url->host);
    mailsub__buffer_append_str(out, is_bracketed ? "]:" : ":");
    mailsub__buffer_append_uint(out, (uint64_t)url->port);
    return out->error;
}

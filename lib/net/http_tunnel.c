/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The head of a reply, octet by octet: a status line, field lines, an empty line; each ends in CRLF.
 * A lone CR or LF, a control character and a continued line are refused, as RFC 9112 allows: two
 * readers that see different line ends see different replies.
 */
#include "net/http_tunnel.h"

#include <assert.h>
#include <stdio.h>

#include <mailsub/error.h>

#include "base/memory.h"

enum place {
    STATUS_LINE,
    FIELD_NAME,  /* at the begin of a line, or in a name */
    FIELD_VALUE, /* behind the colon */
    LINE_END,    /* behind the CR of a line with something in it */
    HEAD_END     /* behind the CR of an empty line */
};

static void append(mailsub__http_tunnel *tunnel, const char *text)
{
    size_t len = strlen(text);
    assert(len <= sizeof tunnel->out - tunnel->out_len);
    memcpy(tunnel->out + tunnel->out_len, text, len);
    tunnel->out_len += len;
}

void mailsub__http_tunnel_init(mailsub__http_tunnel *tunnel, const mailsub__proxy *proxy,
                               const char *host, int port)
{
    *tunnel = (mailsub__http_tunnel){.proxy = proxy, .reason = ""};
    char target[300];
    snprintf(target, sizeof target, strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, port);
    append(tunnel, "CONNECT ");
    append(tunnel, target);
    append(tunnel, " HTTP/1.1\r\nHost: ");
    append(tunnel, target);
    if (proxy->credentials) {
        append(tunnel, "\r\nProxy-Authorization: Basic ");
        append(tunnel, proxy->credentials);
    }
    append(tunnel, "\r\n\r\n");
}

void mailsub__http_tunnel_deinit(mailsub__http_tunnel *tunnel)
{
    mailsub__wipe(tunnel, sizeof *tunnel);
}

mailsub__slice mailsub__http_tunnel_peek_output(const mailsub__http_tunnel *tunnel)
{
    if (tunnel->state != MAILSUB__PROXY_TALKING)
        return MAILSUB__SLICE_EMPTY;
    return mailsub__slice_of(tunnel->out + tunnel->out_at, tunnel->out_len - tunnel->out_at);
}

void mailsub__http_tunnel_ack_output(mailsub__http_tunnel *tunnel, size_t len)
{
    assert(len <= tunnel->out_len - tunnel->out_at);
    tunnel->out_at += len;
}

/* reason NULL: the status line says it. */
static void fail(mailsub__http_tunnel *tunnel, int error, const char *reason)
{
    tunnel->state = MAILSUB__PROXY_FAILED;
    tunnel->error = error;
    tunnel->reason = reason;
}

/* RFC 9112 section 4: HTTP/1.DIGIT SP 3DIGIT SP reason; the last blank is missing from some. */
static int parse_status(mailsub__slice line)
{
    static const char version[] = "HTTP/1.";
    const size_t digit = sizeof version - 1;
    if (line.len < digit + 5 || memcmp(line.ptr, version, digit) != 0 ||
        !mailsub__ascii_is_digit(line.ptr[digit]) || line.ptr[digit + 1] != ' ')
        return 0;
    int status = 0;
    for (size_t i = digit + 2; i < digit + 5; i++) {
        if (!mailsub__ascii_is_digit(line.ptr[i]))
            return 0;
        status = status * 10 + (line.ptr[i] - '0');
    }
    bool ends = line.len == digit + 5 || line.ptr[digit + 5] == ' ';
    return ends && status >= 100 && status <= 599 ? status : 0;
}

static void end_status_line(mailsub__http_tunnel *tunnel)
{
    tunnel->status = parse_status(mailsub__slice_of(tunnel->line, tunnel->line_len));
    if (tunnel->status == 0)
        fail(tunnel, MAILSUB_E_PROXY_PROTOCOL, "this is no HTTP proxy");
    tunnel->place = LINE_END;
}

/* What a status says about CONNECT; a proxy's own troubles (5xx) may pass. */
static int judge(int status)
{
    if (status == 407 || status == 401) /* tinyproxy says 401 of a login that is wrong */
        return MAILSUB_E_PROXY_LOGIN;
    if (status == 501 || status == 505)
        return MAILSUB_E_PROXY_REFUSED;
    bool may_pass = status >= 500 || status == 408 || status == 429;
    return may_pass ? MAILSUB_E_PROXY : MAILSUB_E_PROXY_REFUSED;
}

static void end_head(mailsub__http_tunnel *tunnel)
{
    int status = tunnel->status;
    if (status >= 200 && status <= 299) {
        /* Section 9.3.6: any of them. What the fields say of a content has no meaning here. */
        tunnel->state = MAILSUB__PROXY_OPEN;
    } else if (status == 101) {
        fail(tunnel, MAILSUB_E_PROXY_PROTOCOL, NULL); /* nobody asked for another protocol */
    } else if (status >= 200) {
        fail(tunnel, judge(status), NULL);
    } else {
        tunnel->place = STATUS_LINE; /* the reply itself is still to come */
        tunnel->line_len = 0;
    }
}

/* RFC 9110 section 5.6.2. */
static bool is_token_char(char c)
{
    return mailsub__ascii_is_alpha(c) || mailsub__ascii_is_digit(c) ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static void keep(mailsub__http_tunnel *tunnel, char c)
{
    if (tunnel->line_len < sizeof tunnel->line)
        tunnel->line[tunnel->line_len++] = c;
}

/* An octet within a line that is no part of a line end. */
static bool take_text(mailsub__http_tunnel *tunnel, char c)
{
    bool is_control = ((unsigned char)c < ' ' && c != '\t') || c == 0x7f;
    if (is_control)
        return false;
    if (tunnel->place == STATUS_LINE)
        keep(tunnel, c);
    else if (tunnel->place == FIELD_NAME && c == ':' && tunnel->n_line > 0)
        tunnel->place = FIELD_VALUE;
    else if (tunnel->place == FIELD_NAME && !is_token_char(c))
        return false;
    tunnel->n_line++;
    return tunnel->place != LINE_END && tunnel->place != HEAD_END;
}

static bool take_return(mailsub__http_tunnel *tunnel)
{
    switch ((enum place)tunnel->place) {
    case STATUS_LINE:
        end_status_line(tunnel);
        return true;
    case FIELD_NAME:
        tunnel->place = HEAD_END;
        return tunnel->n_line == 0;
    case FIELD_VALUE:
        tunnel->place = LINE_END;
        return true;
    case LINE_END:
    case HEAD_END:
        break;
    }
    return false;
}

static bool take_newline(mailsub__http_tunnel *tunnel)
{
    int place = tunnel->place;
    tunnel->n_line = 0;
    tunnel->place = FIELD_NAME;
    if (place == HEAD_END)
        end_head(tunnel);
    return place == LINE_END || place == HEAD_END;
}

static void take_octet(mailsub__http_tunnel *tunnel, char c)
{
    if (tunnel->out_at < tunnel->out_len) {
        fail(tunnel, MAILSUB_E_PROXY_PROTOCOL, "a reply to what was not yet sent");
        return;
    }
    if (++tunnel->n_head > MAILSUB__HTTP_MAX_HEAD) {
        fail(tunnel, MAILSUB_E_PROXY_PROTOCOL, "the head of the reply does not end");
        return;
    }
    bool is_good = c == '\r'   ? take_return(tunnel)
                   : c == '\n' ? take_newline(tunnel)
                               : take_text(tunnel, c);
    if (!is_good && tunnel->state == MAILSUB__PROXY_TALKING)
        fail(tunnel, MAILSUB_E_PROXY_PROTOCOL,
             tunnel->status == 0 ? "this is no HTTP proxy" : "the head of the reply is malformed");
}

void mailsub__http_tunnel_feed(mailsub__http_tunnel *tunnel, const char *data, size_t len,
                               size_t *out_used)
{
    size_t used = 0;
    while (used < len && tunnel->state == MAILSUB__PROXY_TALKING)
        take_octet(tunnel, data[used++]);
    *out_used = used;
}

enum mailsub__proxy_state mailsub__http_tunnel_get_state(const mailsub__http_tunnel *tunnel)
{
    return tunnel->state;
}

int mailsub__http_tunnel_get_error(const mailsub__http_tunnel *tunnel)
{
    return tunnel->error;
}

void mailsub__http_tunnel_describe(const mailsub__http_tunnel *tunnel, mailsub__detail *detail)
{
    if (tunnel->reason)
        mailsub__detail_append(detail, tunnel->reason);
    else
        mailsub__detail_append_foreign(detail, mailsub__slice_of(tunnel->line, tunnel->line_len));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "message/existing_body.h"

#include "codec/octets.h"

/* What begins a text that OpenPGP signed in place (RFC 4880 section 7). */
static const char pgp_mark[] = "-----BEGIN PGP SIGNED";
enum { PGP_MARK_LEN = sizeof pgp_mark - 1 };

/* What an octet means. */
enum octet { PLAIN = 0, CR, LF, NUL, ESCAPED, EIGHT_BIT };

static enum octet octet_kind(unsigned char c)
{
    if (c >= 0x80)
        return EIGHT_BIT;
    if (c >= ' ')
        return c == '=' || c == 0x7f ? ESCAPED : PLAIN;
    if (c == '\t')
        return PLAIN;
    if (c == '\n')
        return LF;
    if (c == '\r')
        return CR;
    return c == '\0' ? NUL : ESCAPED;
}

void mailsub__existing_body_init(mailsub__existing_body *body)
{
    *body = (mailsub__existing_body){.len = 0};
    mailsub__utf8_init(&body->utf8);
}

static void end_line(mailsub__existing_body *body)
{
    body->has_long_line |= body->column > MAILSUB__EXISTING_LONGEST_LINE;
    body->has_pgp |= body->n_mark == PGP_MARK_LEN;
    body->repaired_len += body->column + 2;
    body->column = 0;
    body->n_mark = 0;
}

static void add_plain(mailsub__existing_body *body, char c)
{
    if (body->column < PGP_MARK_LEN && body->n_mark == body->column)
        body->n_mark += c == pgp_mark[body->column];
    body->column++;
}

/* What is not plain, or stands behind a CR, which was counted as the end of a line. */
static void take(mailsub__existing_body *body, char c, enum octet kind)
{
    if (body->after_cr) {
        body->after_cr = false;
        if (kind == LF) {
            body->has_crlf = true;
            return;
        }
        body->has_bare_cr = true;
    }
    if (kind == CR || kind == LF) {
        end_line(body);
        body->after_cr = kind == CR;
        body->has_bare_lf |= kind == LF;
        return;
    }
    add_plain(body, c);
    body->has_nul |= kind == NUL;
    body->n_escaped += kind != PLAIN;
    body->n_8bit += kind == EIGHT_BIT;
}

/* Octets that only make the line longer, sixteen at a time; none that may be of the mark. */
static size_t skip_plain(mailsub__existing_body *body, const char *data, size_t len)
{
    if (body->after_cr || (body->column < PGP_MARK_LEN && body->n_mark == body->column))
        return 0;
    size_t n = 0;
    uint32_t special = 0;
    while (!special && len - n >= MAILSUB__OCTETS) {
        special = mailsub__octets_special(data + n);
        n += special ? (size_t)__builtin_ctz(special) : MAILSUB__OCTETS;
    }
    body->column += n;
    return n;
}

void mailsub__existing_body_feed(mailsub__existing_body *body, const char *data, size_t len)
{
    body->len += len;
    mailsub__utf8_feed(&body->utf8, data, len);
    for (size_t i = skip_plain(body, data, len); i < len;
         i += skip_plain(body, data + i, len - i)) {
        bool is_crlf = data[i] == '\r' && len - i > 1 && data[i + 1] == '\n';
        if (is_crlf && !body->after_cr) { /* as most lines end */
            end_line(body);
            body->has_crlf = true;
            i += 2;
            continue;
        }
        enum octet kind = octet_kind((unsigned char)data[i]);
        if (kind == PLAIN && !body->after_cr)
            add_plain(body, data[i]);
        else
            take(body, data[i], kind);
        i++;
    }
}

void mailsub__existing_body_finish(mailsub__existing_body *body)
{
    body->has_bare_cr |= body->after_cr;
    if (body->column > 0)
        end_line(body);
}

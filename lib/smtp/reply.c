/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lines of replies: three digits, then nothing, a space (last line) or a hyphen (RFC 5321
 * section 4.2.1), and CRLF.
 *
 * A bare LF does not end a line, though some clients take it: servers repeat in a reply what a
 * client or a third party wrote, such as an address, and where a relay let a LF slip into that
 * text, "550 no such user <x\n250 ok>" would become two replies. Under PIPELINING every later reply
 * would then answer the wrong command, and a refused recipient could count as accepted. Nor is it
 * passed over: a line with a LF inside is malformed, which fails at once instead of at the
 * time-out.
 */
#include "smtp/reply.h"

#include <assert.h>
#include <string.h>

#include <mailsub/error.h>

void mailsub__reply_parser_init(mailsub__reply_parser *parser)
{
    *parser = (mailsub__reply_parser){.line = MAILSUB__SLICE_EMPTY, .text = MAILSUB__SLICE_EMPTY};
}

static enum mailsub__reply_progress broken(mailsub__reply_parser *parser, int error,
                                           mailsub__slice line)
{
    parser->error = error;
    parser->line = line;
    parser->text = MAILSUB__SLICE_EMPTY;
    return MAILSUB__REPLY_BROKEN;
}

/* The code at the front of a line; 0: there is none. 1yz is no reply of SMTP. */
static int read_code(mailsub__slice line)
{
    if (line.len < 3 || line.ptr[0] < '2' || line.ptr[0] > '5' ||
        !mailsub__ascii_is_digit(line.ptr[1]) || !mailsub__ascii_is_digit(line.ptr[2]))
        return 0;
    return (line.ptr[0] - '0') * 100 + (line.ptr[1] - '0') * 10 + (line.ptr[2] - '0');
}

/* A whole line, with its LF. */
static enum mailsub__reply_progress take_line(mailsub__reply_parser *parser, mailsub__slice line)
{
    if (line.len < 2 || line.ptr[line.len - 2] != '\r')
        return broken(parser, MAILSUB_E_REPLY_MALFORMED, mailsub__slice_of(line.ptr, line.len - 1));
    line.len -= 2;
    int code = read_code(line);
    bool goes_on = line.len > 3 && line.ptr[3] == '-';
    bool well_formed = code != 0 && (line.len == 3 || goes_on || line.ptr[3] == ' ');
    /* Lines with different codes are two answers, of which none can be believed. */
    if (!well_formed || (parser->n_lines > 0 && code != parser->code))
        return broken(parser, MAILSUB_E_REPLY_MALFORMED, line);
    if (goes_on && parser->n_lines + 1 >= MAILSUB__REPLY_MAX_LINES)
        return broken(parser, MAILSUB_E_REPLY_TOO_LONG, line);
    parser->code = code;
    parser->line = line;
    parser->text =
        line.len > 4 ? mailsub__slice_of(line.ptr + 4, line.len - 4) : MAILSUB__SLICE_EMPTY;
    parser->n_lines = goes_on ? parser->n_lines + 1 : 0;
    parser->n_octets = goes_on ? parser->n_octets : 0;
    return goes_on ? MAILSUB__REPLY_LINE : MAILSUB__REPLY_LAST;
}

/* Does the line that goes on with part begin as a challenge, while a login is under way? */
static bool is_challenge(const mailsub__reply_parser *parser, mailsub__slice part)
{
    static const char code[] = {'3', '3', '4'};
    if (!parser->long_line || parser->n_held + part.len < sizeof code)
        return false;
    for (size_t i = 0; i < sizeof code; i++) {
        if ((i < parser->n_held ? parser->held[i] : part.ptr[i - parser->n_held]) != code[i])
            return false;
    }
    return true;
}

/* Octets that the line under way may still have. */
static size_t room_left(const mailsub__reply_parser *parser, mailsub__slice part)
{
    size_t max =
        is_challenge(parser, part) ? MAILSUB__REPLY_MAX_CHALLENGE : MAILSUB__REPLY_MAX_LINE;
    size_t in_line = max - parser->n_held;
    size_t in_reply = MAILSUB__REPLY_MAX_OCTETS - parser->n_octets;
    return in_line < in_reply ? in_line : in_reply;
}

/* What fits is told, so that it is the same wherever the input was cut. */
static enum mailsub__reply_progress too_long(mailsub__reply_parser *parser, mailsub__slice part)
{
    size_t room = room_left(parser, part);
    size_t told = parser->n_held < sizeof parser->held ? parser->n_held : sizeof parser->held;
    if (room > sizeof parser->held - told)
        room = sizeof parser->held - told;
    memcpy(parser->held + told, part.ptr, room);
    return broken(parser, MAILSUB_E_REPLY_TOO_LONG, mailsub__slice_of(parser->held, told + room));
}

/* Keep a part of a line for later. The start is always in held; a line that is longer than that is
   also in long_line, as a whole. */
static bool hold(mailsub__reply_parser *parser, mailsub__slice part)
{
    size_t room = parser->n_held < sizeof parser->held ? sizeof parser->held - parser->n_held : 0;
    size_t before = parser->n_held;
    memcpy(parser->held + (room > 0 ? before : 0), part.ptr, part.len < room ? part.len : room);
    parser->n_held += part.len;
    if (parser->n_held <= sizeof parser->held)
        return true;
    if (before <= sizeof parser->held) {
        mailsub__buffer_reset(parser->long_line);
        mailsub__buffer_append(parser->long_line, parser->held, before);
    }
    return mailsub__buffer_append_slice(parser->long_line, part) == MAILSUB_OK;
}

enum mailsub__reply_progress mailsub__reply_parser_next(mailsub__reply_parser *parser,
                                                        mailsub__slice *input)
{
    assert(parser->error == MAILSUB_OK);
    if (input->len == 0)
        return MAILSUB__REPLY_MORE;
    const char *lf = memchr(input->ptr, '\n', input->len);
    mailsub__slice part =
        mailsub__slice_of(input->ptr, lf ? (size_t)(lf - input->ptr) + 1 : input->len);
    *input = mailsub__slice_of(input->ptr + part.len, input->len - part.len);
    if (part.len > room_left(parser, part))
        return too_long(parser, part);
    parser->n_octets += part.len;
    if (lf && parser->n_held == 0)
        return take_line(parser, part);
    if (!hold(parser, part))
        return broken(parser, MAILSUB_E_NOMEM, MAILSUB__SLICE_EMPTY);
    if (!lf)
        return MAILSUB__REPLY_MORE;
    mailsub__slice line = parser->n_held <= sizeof parser->held
                              ? mailsub__slice_of(parser->held, parser->n_held)
                              : mailsub__buffer_slice(parser->long_line);
    parser->n_held = 0;
    return take_line(parser, line);
}

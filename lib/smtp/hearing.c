/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the server says, line by line: kept as the reply under way, told to the transcript and to
 * whoever asked for an operation's lines, all without what is secret. Challenges go another way.
 */
#include <assert.h>

#include "smtp/engine_private.h"
#include "smtp/operation.h"

static bool answers_ehlo(const mailsub__engine *engine, int code)
{
    const mailsub__flight *head = mailsub__flights_head(&engine->flights);
    return code / 100 == 2 && head && head->state == MAILSUB__STATE_EHLO;
}

static void tell_offer(const mailsub__engine *engine, mailsub__slice text)
{
    const char *space = memchr(text.ptr, ' ', text.len);
    size_t len = space ? (size_t)(space - text.ptr) : text.len;
    size_t skip = space ? len + 1 : len;
    mailsub__tell(engine, &(mailsub__fact){
                              .id = MAILSUB_LOG_OFFER,
                              .name = mailsub__slice_of(text.ptr, len),
                              .text = mailsub__slice_of(text.ptr + skip, text.len - skip),
                          });
}

static void tell_early(const mailsub__engine *engine)
{
    bool in_chunk = engine->early == MAILSUB__IN_CHUNK;
    mailsub__tell(engine, &(mailsub__fact){.id = MAILSUB_LOG_REPLY_EARLY,
                                           .stage = mailsub__engine_stage(engine),
                                           .name = mailsub__slice_str(in_chunk ? "in-chunk" : "")});
}

static void tell_unreadable(const mailsub__engine *engine)
{
    mailsub__tell(engine, &(mailsub__fact){.id = MAILSUB_LOG_REPLY_UNREADABLE,
                                           .code = engine->parser.error,
                                           .stage = mailsub__engine_stage(engine)});
}

/* A line that holds no secret any more. */
static void take_clean_line(void *context, const mailsub__clean_line *line)
{
    mailsub__engine *engine = context;
    if (line->code == 0)
        tell_unreadable(engine);
    mailsub__slice text = mailsub__slice_of(line->text + line->front, line->len - line->front);
    mailsub__tell_line(engine, MAILSUB_TRANSCRIPT_SERVER, mailsub__slice_of(line->text, line->len));
    if (line->code == 0)
        mailsub__reply_reset(&engine->reply);
    bool first = engine->reply.code == 0;
    mailsub__reply_add_line(&engine->reply, line->code, text);
    mailsub__operation_take_line(engine, line->code, text);
    if (!first && answers_ehlo(engine, line->code)) {
        mailsub__offer_add(engine, text);
        tell_offer(engine, text);
    }
}

void mailsub__hearing_take_line(mailsub__engine *engine, int code, bool goes_on)
{
    const mailsub__reply_parser *parser = &engine->parser;
    const mailsub__secrets *secrets = &engine->auth.secrets;
    const mailsub__told told = {take_clean_line, engine};
    bool first = !engine->in_reply;
    size_t front = code == 0 ? 0 : parser->line.len - parser->text.len;
    engine->in_reply = true;
    if (first && engine->early != MAILSUB__DUE)
        tell_early(engine);
    if (mailsub__signon_take_line(engine, code, first))
        return;
    assert(parser->line.len <= MAILSUB__REPLY_MAX_LINE); /* only a challenge is longer */
    if (!first && answers_ehlo(engine, code))
        mailsub__capabilities_add(&engine->capabilities, parser->text);
    if (engine->heard.n == 0 && (!goes_on || secrets->octets.len == 0)) {
        mailsub__heard_clean(code, parser->line, front, secrets, told);
        return;
    }
    mailsub__heard_add(&engine->heard, code, parser->line, front);
    if (!goes_on)
        mailsub__heard_release(&engine->heard, secrets, false, told);
}

void mailsub__hearing_break_off(mailsub__engine *engine)
{
    const mailsub__told told = {take_clean_line, engine};
    mailsub__heard_release(&engine->heard, &engine->auth.secrets, true, told);
}

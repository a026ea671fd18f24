/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Invariants: wherever the input is cut, the same lines, codes, texts and errors come; nothing
 * beyond the limits is taken; clean text is valid UTF-8 of one line, and cleaning it again changes
 * nothing.
 */
#include <string.h>

#include "fuzz.h"

#include "codec/utf8.h"
#include "smtp/queue_id.h"
#include "smtp/reply.h"

struct digest {
    uint64_t hash;
    size_t n_lines;
    int error;
};

static void add(struct digest *digest, const void *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        digest->hash = (digest->hash ^ ((const uint8_t *)data)[i]) * UINT64_C(1099511628211);
}

static void check_clean(const char *text, size_t len)
{
    FUZZ_CHECK(mailsub__utf8_is_valid(mailsub__slice_of(text, len)));
    for (size_t i = 0; i < len; i++)
        FUZZ_CHECK((uint8_t)text[i] >= ' ' && text[i] != 0x7f);
}

static void take_line(const mailsub__reply_parser *parser, mailsub__reply *reply,
                      struct digest *digest)
{
    char clean[MAILSUB__REPLY_MAX_LINE];
    FUZZ_CHECK(parser->line.len + 2 <= MAILSUB__REPLY_MAX_LINE);
    FUZZ_CHECK(parser->code >= 200 && parser->code <= 599);
    memcpy(clean, parser->text.ptr, parser->text.len);
    size_t len = mailsub__text_clean(clean, parser->text.len);
    FUZZ_CHECK(len <= parser->text.len);
    check_clean(clean, len);
    FUZZ_CHECK(mailsub__text_clean(clean, len) == len);
    mailsub__reply_add_line(reply, parser->code, mailsub__slice_of(clean, len));
    add(digest, parser->line.ptr, parser->line.len);
    add(digest, &parser->code, sizeof parser->code);
    digest->n_lines++;
}

static void end_reply(mailsub__reply *reply, struct digest *digest)
{
    char id[MAILSUB__QUEUE_ID_LEN] = "";
    FUZZ_CHECK(strlen(reply->text) == reply->text_len && reply->text_len < sizeof reply->text);
    check_clean(reply->text, reply->text_len);
    FUZZ_CHECK(reply->enhanced[0] == '\0' || reply->enhanced[0] == '0' + reply->code / 100);
    mailsub__queue_id_find(mailsub__slice_of(reply->text, reply->text_len), id);
    add(digest, reply->text, reply->text_len);
    add(digest, reply->enhanced, strlen(reply->enhanced));
    add(digest, id, strlen(id));
    mailsub__reply_reset(reply);
}

static struct digest parse(const uint8_t *data, size_t size, size_t piece)
{
    static mailsub__reply_parser parser;
    struct digest digest = {.hash = UINT64_C(14695981039346656037)};
    mailsub__reply reply;
    mailsub__reply_reset(&reply);
    mailsub__reply_parser_init(&parser);
    for (size_t at = 0; at < size && !digest.error;) {
        size_t len = size - at < piece ? size - at : piece;
        char *exact = fuzz_alloc(len);
        memcpy(exact, data + at, len);
        at += len;
        mailsub__slice input = mailsub__slice_of(exact, len);
        while (input.len > 0 && !digest.error) {
            switch (mailsub__reply_parser_next(&parser, &input)) {
            case MAILSUB__REPLY_MORE:
                FUZZ_CHECK(input.len == 0);
                break;
            case MAILSUB__REPLY_LINE:
                take_line(&parser, &reply, &digest);
                break;
            case MAILSUB__REPLY_LAST:
                take_line(&parser, &reply, &digest);
                end_reply(&reply, &digest);
                break;
            case MAILSUB__REPLY_BROKEN:
                digest.error = parser.error;
                break;
            }
        }
        free(exact);
    }
    return digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t piece = size > 0 ? (size_t)data[0] + 1 : 1;
    struct digest whole = parse(data, size, SIZE_MAX);
    struct digest octets = parse(data, size, 1);
    struct digest pieces = parse(data, size, piece);
    FUZZ_CHECK(whole.hash == octets.hash && whole.hash == pieces.hash);
    FUZZ_CHECK(whole.n_lines == octets.n_lines && whole.n_lines == pieces.n_lines);
    FUZZ_CHECK(whole.error == octets.error && whole.error == pieces.error);
    return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules that a message keeps as octets: RFC 5322 section 2.1 and 3.6, RFC 2045 section 6.7, RFC
 * 2047 sections 2 and 5; a line that can be folded has 78 characters at most.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "property.h"

static const char *const singles[] = {
    "Date",         "From",       "Sender",
    "Reply-To",     "To",         "Cc",
    "Message-ID",   "Subject",    "MIME-Version",
    "Content-Type", "Bcc",        "Content-Transfer-Encoding",
    "In-Reply-To",  "References", "Content-Disposition",
};
enum { N_SINGLES = sizeof singles / sizeof singles[0] };

static char complaint[256];

static const char *complain(const char *what, struct text where)
{
    snprintf(complaint, sizeof complaint, "%s: %.*s", what, where.len > 120 ? 120 : (int)where.len,
             where.ptr);
    return complaint;
}

/* The line at *rest without its line end; *rest moves behind it. The CRLFs have been checked. */
static struct text next_line(struct text *rest)
{
    const char *end = memmem(rest->ptr, rest->len, "\r\n", 2);
    size_t len = end ? (size_t)(end - rest->ptr) : rest->len;
    struct text line = {rest->ptr, len};
    size_t whole = end ? len + 2 : len;
    *rest = (struct text){rest->ptr + whole, rest->len - whole};
    return line;
}

enum domain { SEVEN_BIT, EIGHT_BIT, BINARY };

/* Whole lines of at most longest octets, and what may be in them. */
static const char *check_lines(struct text text, enum domain domain, size_t longest)
{
    size_t start = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '\r' || c == '\n') {
            if (c == '\n' || i + 1 == text.len || text.ptr[i + 1] != '\n')
                return "a bare CR or LF";
            if (i - start > longest)
                return "a line that is too long";
            start = i += 1;
            start++;
        } else if (c != '\t' && (c < ' ' || c == 0x7f || (c >= 0x80 && domain == SEVEN_BIT))) {
            return "not 7-bit, or a control";
        }
    }
    return start == text.len ? NULL : "no last line end";
}

/* Length of the encoded word at the front of text, or 0. */
static size_t encoded_word(struct text text)
{
    size_t i = 2;
    if (text.len < 8 || memcmp(text.ptr, "=?", 2) != 0)
        return 0;
    while (i < text.len && text.ptr[i] != '?' && text.ptr[i] != ' ')
        i++;
    if (i == 2 || i + 3 > text.len || text.ptr[i] != '?' || !strchr("QqBb", text.ptr[i + 1]) ||
        text.ptr[i + 2] != '?')
        return 0;
    for (i += 3; i < text.len && text.ptr[i] != '?' && text.ptr[i] != ' ';)
        i++;
    return i + 1 < text.len && text.ptr[i] == '?' && text.ptr[i + 1] == '=' ? i + 2 : 0;
}

static const char *check_words(struct text line)
{
    for (size_t i = 0; i + 1 < line.len; i++) {
        size_t len = encoded_word((struct text){line.ptr + i, line.len - i});
        if (len > 75)
            return "an encoded word beyond 75";
        if (len > 0 && line.len > 76)
            return "a line with an encoded word beyond 76";
    }
    return NULL;
}

/* Length of the quoted string at the front of text, or 0. */
static size_t quoted_string(struct text text)
{
    if (text.len == 0 || text.ptr[0] != '"')
        return 0;
    for (size_t i = 1; i < text.len; i++) {
        if (text.ptr[i] == '"')
            return i + 1;
        i += text.ptr[i] == '\\';
    }
    return 0;
}

/* A space with something on each side, outside quotes and not behind the field's name. */
static bool can_fold(struct text line)
{
    char before = ' ';
    for (size_t i = 0; i < line.len;) {
        size_t quoted = quoted_string((struct text){line.ptr + i, line.len - i});
        bool space = line.ptr[i] == ' ';
        if (space && before != ' ' && before != '\t' && before != ':' && i + 1 < line.len &&
            line.ptr[i + 1] != ' ' && line.ptr[i + 1] != '\t')
            return true;
        before = quoted ? 'q' : line.ptr[i];
        i += quoted ? quoted : 1;
    }
    return false;
}

enum transfer { NONE, SAYS_7BIT, SAYS_8BIT, SAYS_BINARY, QUOTED, BASE64, UNKNOWN };

/* What a header says of the body behind it. */
struct facts {
    bool seen[N_SINGLES];
    bool is_multipart;
    enum transfer transfer;
};

static bool begins_with(struct text text, const char *with)
{
    size_t len = strlen(with);
    return text.len >= len && strncasecmp(text.ptr, with, len) == 0;
}

static void note_facts(struct text line, struct facts *facts)
{
    static const struct {
        const char *name;
        enum transfer transfer;
    } transfers[] = {{"7bit", SAYS_7BIT},
                     {"8bit", SAYS_8BIT},
                     {"binary", SAYS_BINARY},
                     {"quoted-printable", QUOTED},
                     {"base64", BASE64}};
    static const char name[] = "Content-Transfer-Encoding: ";
    facts->is_multipart |= begins_with(line, "Content-Type: multipart/");
    if (!begins_with(line, name))
        return;
    facts->transfer = UNKNOWN;
    for (size_t i = 0; i < N_OF(transfers); i++) {
        size_t len = strlen(transfers[i].name);
        if (line.len == sizeof name - 1 + len &&
            memcmp(line.ptr + sizeof name - 1, transfers[i].name, len) == 0)
            facts->transfer = transfers[i].transfer;
    }
}

/* A field's name is noted in seen. */
static const char *check_name(struct text line, bool seen[N_SINGLES])
{
    size_t len = 0;
    while (len < line.len && line.ptr[len] > ' ' && line.ptr[len] != ':')
        len++;
    if (len == 0 || len == line.len || line.ptr[len] != ':')
        return "no field";
    for (size_t i = 0; i < N_SINGLES; i++) {
        if (strlen(singles[i]) != len || strncasecmp(singles[i], line.ptr, len) != 0)
            continue;
        if (seen[i])
            return "twice";
        seen[i] = true;
        if (strcmp(singles[i], "Bcc") == 0)
            return "a Bcc field";
    }
    return NULL;
}

/* Others do not fold where we do, and what they wrote stays. */
enum header { ASCII, UTF8, FOREIGN };

/* A header up to its empty line, behind which *rest then stands. */
static const char *check_header(struct text *rest, enum header header, struct facts *facts)
{
    const char *wrong = NULL;
    struct text whole = *rest;
    *facts = (struct facts){.is_multipart = false};
    while (rest->len > 0) {
        struct text line = next_line(rest);
        if (line.len == 0)
            return check_lines((struct text){whole.ptr, whole.len - rest->len},
                               header == UTF8 ? EIGHT_BIT : SEVEN_BIT, 998);
        if (strspn(line.ptr, " \t") >= line.len)
            return "a line of white space in a header";
        bool folded = line.ptr[0] == ' ' || line.ptr[0] == '\t';
        if (folded && line.ptr == whole.ptr)
            return "the header begins with a fold";
        note_facts(line, facts);
        if (!folded)
            wrong = check_name(line, facts->seen);
        if (!wrong && header != FOREIGN)
            wrong = check_words(line);
        if (!wrong && header != FOREIGN && line.len > 78 && can_fold(line))
            wrong = "could be folded";
        if (wrong)
            return complain(wrong, line);
    }
    return "no empty line behind a header";
}

/* The content of a part that is not made of parts; *widest grows to what it needs. */
static const char *check_leaf(struct text body, const struct facts *facts, uint32_t can,
                              enum domain *widest)
{
    switch (facts->transfer) {
    case SAYS_7BIT:
        return check_lines(body, SEVEN_BIT, 998);
    case SAYS_8BIT:
        *widest = *widest < EIGHT_BIT ? EIGHT_BIT : *widest;
        return can & MAILSUB_CAN_8BITMIME ? check_lines(body, EIGHT_BIT, 998)
                                          : "8bit not asked for";
    case SAYS_BINARY:
        *widest = BINARY;
        return can & MAILSUB_CAN_BINARYMIME ? NULL : "binary not asked for";
    case QUOTED:
    case BASE64:
        return check_lines(body, SEVEN_BIT, 76);
    case NONE:
    case UNKNOWN:
        break;
    }
    return "a part without a transfer encoding";
}

/* From the first delimiter on: its parts, and theirs. All boundaries begin alike. */
static const char *check_parts(struct text rest, const char *boundary, uint32_t can,
                               enum domain *widest)
{
    size_t len = strlen(boundary);
    bool behind_end = false;
    while (rest.len > 0) {
        struct text line = next_line(&rest);
        if (line.len == 0 && behind_end)
            continue;
        if (line.len < len - 2 || memcmp(line.ptr, boundary + 2, len - 2) != 0)
            return complain("no delimiter", line);
        behind_end = memcmp(line.ptr + line.len - 2, "--", 2) == 0;
        if (behind_end)
            continue;
        struct facts facts;
        const char *wrong = check_header(&rest, ASCII, &facts);
        if (wrong || facts.is_multipart) {
            if (wrong)
                return wrong;
            continue;
        }
        /* An empty content may have no line of its own. */
        const char *end = memmem(rest.ptr - 2, rest.len + 2, boundary, len);
        if (!end)
            return "a part without an end";
        size_t body_len = end < rest.ptr ? 0 : (size_t)(end - rest.ptr) + 2;
        struct text body = {rest.ptr, facts.transfer == SAYS_BINARY && body_len > 1 ? body_len - 2
                                                                                    : body_len};
        wrong = check_leaf(body, &facts, can, widest);
        if (wrong)
            return complain(wrong, body);
        rest = (struct text){rest.ptr + body_len, rest.len - body_len};
    }
    return behind_end ? NULL : "no last delimiter";
}

static const char *check_body(struct text header, struct text body, const struct facts *facts,
                              uint32_t can)
{
    static const enum domain said[] = {SEVEN_BIT, SEVEN_BIT, EIGHT_BIT, BINARY,
                                       SEVEN_BIT, SEVEN_BIT, SEVEN_BIT};
    enum domain widest = SEVEN_BIT;
    if (!facts->is_multipart)
        return check_leaf(body, facts, can, &widest);
    static const char start[] = "boundary=\"=_";
    enum { RANDOM_DIGITS = 24 };
    const char *at = memmem(header.ptr, header.len, start, sizeof start - 1);
    if (!at)
        return "no boundary";
    char boundary[64];
    snprintf(boundary, sizeof boundary, "\r\n--=_%.*s", RANDOM_DIGITS, at + sizeof start - 1);
    const char *wrong = check_parts(body, boundary, can, &widest);
    if (!wrong && widest != said[facts->transfer])
        wrong = "a multipart says another encoding than that of its parts";
    return wrong;
}

const char *check_raw(const struct asked *asked, struct text message, uint32_t capabilities,
                      bool is_ours)
{
    enum header kind = !is_ours ? FOREIGN : asked->header_is_utf8 ? UTF8 : ASCII;
    static const size_t needed[] = {0, 1, 6, 8};
    struct text rest = message;
    struct facts facts;
    const char *wrong = check_header(&rest, kind, &facts);
    if (wrong)
        return wrong;
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (!facts.seen[needed[i]])
            return complain("missing",
                            (struct text){singles[needed[i]], strlen(singles[needed[i]])});
    }
    struct text header = {message.ptr, message.len - rest.len};
    for (size_t i = 0; i < asked->n_blind; i++) {
        if (memmem(header.ptr, header.len, asked->blind[i].ptr, asked->blind[i].len))
            return complain("a blind recipient", asked->blind[i]);
    }
    return check_body(header, rest, &facts, capabilities);
}

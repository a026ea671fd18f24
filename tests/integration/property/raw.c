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

static const char *check_octets(struct text message)
{
    size_t start = 0;
    for (size_t i = 0; i < message.len; i++) {
        unsigned char c = (unsigned char)message.ptr[i];
        if (c == '\r' || c == '\n') {
            if (c == '\n' || i + 1 == message.len || message.ptr[i + 1] != '\n')
                return "a bare CR or LF";
            if (i - start > 998)
                return "a line beyond 998";
            start = i += 1;
            start++;
        } else if (c != '\t' && (c < ' ' || c > '~')) {
            return "not 7-bit, or a control";
        }
    }
    return start == message.len && start > 0 ? NULL : "no last line end";
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

/* A header up to its empty line, behind which *rest then stands. */
static const char *check_header(struct text *rest, bool seen[N_SINGLES])
{
    const char *wrong = NULL;
    bool first = true;
    while (rest->len > 0) {
        struct text line = next_line(rest);
        if (line.len == 0)
            return NULL;
        if (strspn(line.ptr, " \t") >= line.len)
            return "a line of white space in a header";
        bool folded = line.ptr[0] == ' ' || line.ptr[0] == '\t';
        if (first && folded)
            return "the header begins with a fold";
        first = false;
        if (!folded)
            wrong = check_name(line, seen);
        if (!wrong)
            wrong = check_words(line);
        if (!wrong && line.len > 78 && can_fold(line))
            wrong = "could be folded";
        if (wrong)
            return complain(wrong, line);
    }
    return "no empty line behind a header";
}

/* The headers of parts: no content can hold a line that begins like our boundaries. */
static const char *check_part_headers(struct text rest)
{
    while (rest.len > 0) {
        struct text line = next_line(&rest);
        bool boundary = line.len > 4 && memcmp(line.ptr, "--=_", 4) == 0;
        if (!boundary || memcmp(line.ptr + line.len - 2, "--", 2) == 0)
            continue;
        bool seen[N_SINGLES] = {false};
        const char *wrong = check_header(&rest, seen);
        if (wrong)
            return wrong;
    }
    return NULL;
}

const char *check_raw(const struct asked *asked, struct text message)
{
    const char *wrong = check_octets(message);
    if (wrong)
        return wrong;
    struct text rest = message;
    bool seen[N_SINGLES] = {false};
    wrong = check_header(&rest, seen);
    if (wrong)
        return wrong;
    static const size_t needed[] = {0, 1, 6, 8};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (!seen[needed[i]])
            return complain("missing",
                            (struct text){singles[needed[i]], strlen(singles[needed[i]])});
    }
    for (size_t i = 0; i < asked->n_blind; i++) {
        if (memmem(message.ptr, message.len, asked->blind[i].ptr, asked->blind[i].len))
            return complain("a blind recipient", asked->blind[i]);
    }
    return check_part_headers(rest);
}

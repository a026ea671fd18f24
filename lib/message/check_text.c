/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules about the texts: whether there is a plain one, and whether it says what the HTML says. */
#include "base/memory.h"
#include "codec/utf8.h"
#include "message/check_links.h"

/*
 * Below so many words nothing can be said of a difference. Of the text only a part of those that
 * are known is compared, so that a page's head of some hundred words, which only the HTML has, does
 * no harm.
 */
enum { LEAST_TEXT = 6, LEAST_HTML = 20, MOST_OF_TEXT = 64 };

static mailsub__slice slice_of(const struct mailsub__text *text)
{
    return mailsub__slice_of(text->data, text->len);
}

/* The words of both texts. */
struct words {
    mailsub__vocabulary text;
    mailsub__vocabulary html;
};

/*
 * The text differs when half of its words are not in the HTML, or hardly any of those of the HTML
 * in the text: it says something else, or next to nothing.
 */
static bool differs(const struct words *words)
{
    size_t n_text = words->text.n < MOST_OF_TEXT ? words->text.n : MOST_OF_TEXT;
    if (n_text >= LEAST_TEXT &&
        2 * mailsub__vocabulary_count_shared(&words->text, n_text, &words->html) < n_text)
        return true;
    return words->html.n >= LEAST_HTML && 5 * words->html.n_shared < words->html.n;
}

/* The words need room, which is taken only where there is something to compare. */
static void check_both(mailsub__check *check, mailsub__slice text, mailsub__slice html)
{
    if (!mailsub__check_wants(check, MAILSUB__RULE_TEXT_DIFFERS)) {
        mailsub__check_links_in_text(check, text, NULL);
        mailsub__check_links_in_html(check, html, NULL);
        return;
    }
    struct words *words = mailsub__alloc(&check->message->allocator, sizeof *words);
    if (!words) {
        check->error = MAILSUB_E_NOMEM;
        return;
    }
    mailsub__vocabulary_init(&words->text, NULL);
    mailsub__vocabulary_init(&words->html, &words->text);
    mailsub__check_links_in_text(check, text, &words->text);
    mailsub__check_links_in_html(check, html, &words->html);
    if (differs(words))
        mailsub__check_tell_one(check, MAILSUB__RULE_TEXT_DIFFERS, "text", "",
                                MAILSUB__SLICE_EMPTY);
    mailsub__free(&check->message->allocator, words);
}

/* HTML without a text of the program's own. */
static void check_html_alone(mailsub__check *check)
{
    mailsub_message *message = check->message;
    mailsub__slice made = MAILSUB__SLICE_EMPTY;
    mailsub__check_links_in_html(check, slice_of(&message->html), NULL);
    if (!message->html_is_alone && !check->error &&
        mailsub__check_wants(check, MAILSUB__RULE_HTML_WITHOUT_TEXT)) {
        check->error = mailsub__message_derive_text(message, &made);
        if (!check->error && made.len == 0)
            mailsub__check_tell_one(check, MAILSUB__RULE_HTML_WITHOUT_TEXT, "html",
                                    "it shows nothing that could be said in text",
                                    MAILSUB__SLICE_EMPTY);
    }
    if (message->html_is_alone)
        mailsub__check_tell_one(check, MAILSUB__RULE_HTML_WITHOUT_TEXT, "html", "",
                                MAILSUB__SLICE_EMPTY);
    else
        mailsub__check_tell_one(check, MAILSUB__RULE_TEXT_MADE_OF_HTML, "text", "",
                                MAILSUB__SLICE_EMPTY);
}

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c == '\0' ? NULL : strchr(digits, mailsub__ascii_lower(c));
    return found ? (int)(found - digits) : -1;
}

/* Quoted-printable undone in place, leniently; the octets that are left. */
static size_t undo_quoted_printable(char *text, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '=') {
            text[n++] = text[i];
            continue;
        }
        int high = i + 1 < len ? hex_value(text[i + 1]) : -1;
        int low = high >= 0 && i + 2 < len ? hex_value(text[i + 2]) : -1;
        if (low >= 0) {
            text[n++] = (char)(high * 16 + low);
            i += 2;
        } else if (i + 1 < len && text[i + 1] == '\n') {
            i += 1;
        } else if (i + 2 < len && text[i + 1] == '\r' && text[i + 2] == '\n') {
            i += 2;
        } else {
            text[n++] = '=';
        }
    }
    return n;
}

enum { MOST_EXISTING = 1024 * 1024 };

/* Octets of a file, as many as there were. */
static int read_file(const struct mailsub__existing *existing, mailsub__buffer *out)
{
    int fd;
    int rc = mailsub__existing_open(&existing->source, existing->body_at, &fd);
    if (rc)
        return rc;
    while (!rc && out->len < existing->body.len) {
        size_t n = 0;
        char *room;
        size_t left = (size_t)existing->body.len - out->len;
        rc = mailsub__buffer_reserve(out, left, &room);
        if (!rc)
            rc = mailsub__existing_read(fd, room, left, &n);
        if (!rc)
            mailsub__buffer_commit(out, n);
        if (!rc && n == 0)
            rc = MAILSUB_E_FILE_CHANGED;
    }
    mailsub__existing_close(fd);
    return rc;
}

/* The body of an existing message; an empty one when it is too long, or encoded as base64. */
static int read_body(mailsub__check *check, mailsub__buffer *out)
{
    const struct mailsub__existing *existing = check->message->existing;
    mailsub__slice transfer;
    bool is_qp = mailsub__check_field(check, "Content-Transfer-Encoding", &transfer) &&
                 mailsub__slice_equal_nocase(transfer, mailsub__slice_str("quoted-printable"));
    if (existing->type.kind != MAILSUB__EXISTING_TEXT || existing->body.len > MOST_EXISTING ||
        (existing->transfer == MAILSUB__EXISTING_ENCODED && !is_qp))
        return MAILSUB_OK;
    int rc = existing->source.path
                 ? read_file(existing, out)
                 : mailsub__buffer_append(out, existing->source.data + existing->body_at,
                                          (size_t)existing->body.len);
    if (!rc && is_qp && out->len > 0)
        mailsub__buffer_truncate(out, undo_quoted_printable(out->block + out->start, out->len));
    return rc;
}

static void check_existing(mailsub__check *check)
{
    mailsub__slice type = MAILSUB__SLICE_EMPTY;
    mailsub__slice html_type = mailsub__slice_str("text/html");
    mailsub__check_field(check, "Content-Type", &type);
    bool is_html =
        type.len >= html_type.len &&
        mailsub__slice_equal_nocase(mailsub__slice_of(type.ptr, html_type.len), html_type);
    mailsub__buffer body;
    mailsub__buffer_init(&body, &check->message->allocator, SIZE_MAX / 4);
    check->error = read_body(check, &body);
    mailsub__slice text = mailsub__buffer_slice(&body);
    bool is_read = !check->error && text.len > 0 && mailsub__utf8_is_valid(text);
    if (is_read && is_html)
        mailsub__check_links_in_html(check, text, NULL);
    else if (is_read)
        mailsub__check_links_in_text(check, text, NULL);
    mailsub__buffer_deinit(&body);
    if (is_html)
        mailsub__check_tell_one(check, MAILSUB__RULE_HTML_WITHOUT_TEXT, "html", "",
                                MAILSUB__SLICE_EMPTY);
}

void mailsub__check_texts(mailsub__check *check)
{
    const mailsub_message *message = check->message;
    if (message->existing)
        check_existing(check);
    else if (message->text.data && message->html.data)
        check_both(check, slice_of(&message->text), slice_of(&message->html));
    else if (message->html.data)
        check_html_alone(check);
    else if (message->text.data)
        mailsub__check_links_in_text(check, slice_of(&message->text), NULL);
}

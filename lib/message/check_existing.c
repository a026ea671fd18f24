/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules about texts, links and attachments for a message that existed already: its parts are
 * looked at one by one as they come, decoded. What is held of one is the first of its text, or the
 * ends of an attachment.
 *
 * A text is read as UTF-8, and one that is none as ISO-8859-1: host names are ASCII in either.
 * Not looked into: messages within the message, which others have written.
 */
#include "base/memory.h"
#include "codec/utf8.h"
#include "message/check_links.h"
#include "message/check_parts.h"
#include "message/part_walk.h"

enum { MOST_TEXT = 1024 * 1024 };

enum kind { IGNORED, TEXT, HTML, ATTACHED };

/* A multipart that is open; the first level is the message. */
struct level {
    bool is_alternative;
    bool has_text;    /* text/plain to be read */
    bool lonely_html; /* HTML to be read, without a text beside it or before it */
};

struct view {
    mailsub__check *check;
    struct level levels[MAILSUB__PART_MOST_LEVELS + 1];
    size_t depth;

    enum kind kind;
    bool charset_is_known;
    char name[256]; /* of the attachment, or its type */
    size_t n_attached;
    uint64_t total;
    bool is_looked_into;
    mailsub__buffer front; /* of it; or the text */
    mailsub__buffer tail;
    bool has_tail;

    mailsub__word_pair words;
    size_t words_depth; /* the alternative that has words.text; 0: there is none */
};

static struct level *innermost(struct view *view)
{
    return &view->levels[view->depth];
}

/* ---- texts ---- */

static bool is_one_of(const char *text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(text, words[i]) == 0)
            return true;
    }
    return false;
}

/* Whose words can be compared. */
static bool is_known_charset(const char *charset)
{
    static const char *const known[] = {"",           "utf-8",       "us-ascii",
                                        "iso-8859-1", "iso-8859-15", "windows-1252"};
    return is_one_of(charset, known, sizeof known / sizeof known[0]);
}

/* The depth of the alternative that what is at hand is one of; 0: of none. */
static size_t alternative_depth(const struct view *view)
{
    size_t depth = view->depth;
    while (depth > 0 && !view->levels[depth].is_alternative)
        depth--;
    return depth;
}

static void check_plain(struct view *view, mailsub__slice text)
{
    size_t depth = view->charset_is_known ? alternative_depth(view) : 0;
    view->words_depth = depth;
    mailsub__word_pair_init(&view->words);
    mailsub__check_links_in_text(view->check, text, depth > 0 ? &view->words.text : NULL);
    innermost(view)->has_text = true;
}

/* HTML that nobody has said in text, as far as it is known here. */
static void note_lonely_html(struct level *level)
{
    level->lonely_html |= level->is_alternative || !level->has_text;
}

static void check_html(struct view *view, mailsub__slice html)
{
    bool compares = view->charset_is_known && view->words_depth > 0 &&
                    view->words_depth == alternative_depth(view) &&
                    mailsub__check_wants(view->check, MAILSUB__RULE_TEXT_DIFFERS);
    mailsub__check_links_in_html(view->check, html, compares ? &view->words.html : NULL);
    if (compares && mailsub__word_pair_differs(&view->words))
        mailsub__check_tell_one(view->check, MAILSUB__RULE_TEXT_DIFFERS, "text", "",
                                MAILSUB__SLICE_EMPTY);
    view->words_depth = 0;
    note_lonely_html(innermost(view));
}

/* Append a text of octets beyond ASCII as characters of ISO-8859-1. */
static int widen(mailsub__buffer *out, mailsub__slice text)
{
    for (size_t i = 0; i < text.len;) {
        size_t n = 0;
        while (i + n < text.len && (unsigned char)text.ptr[i + n] < 0x80)
            n++;
        mailsub__buffer_append(out, text.ptr + i, n);
        i += n;
        if (i == text.len)
            break;
        char octets[4];
        size_t len = mailsub__utf8_encode((unsigned char)text.ptr[i++], octets);
        mailsub__buffer_append(out, octets, len);
    }
    return out->error;
}

/* No character is cut in two where a long text was. */
static mailsub__slice without_cut_end(mailsub__slice text)
{
    for (size_t n = 0; text.len == MOST_TEXT && n < 3 && n < text.len; n++) {
        mailsub__slice shorter = mailsub__slice_of(text.ptr, text.len - n);
        if (mailsub__utf8_is_valid(shorter))
            return shorter;
    }
    return text;
}

static void check_text(struct view *view)
{
    mailsub__buffer wide;
    mailsub__slice text = without_cut_end(mailsub__buffer_slice(&view->front));
    mailsub__buffer_init(&wide, &view->check->message->allocator, SIZE_MAX / 4);
    if (text.len > 0 && memchr(text.ptr, '\0', text.len))
        text.len = 0; /* UTF-16, or no text */
    if (!mailsub__utf8_is_valid(text)) {
        view->check->error = widen(&wide, text);
        text = mailsub__buffer_slice(&wide);
    }
    if (view->check->error)
        text.len = 0;
    else if (view->kind == HTML)
        check_html(view, text);
    else
        check_plain(view, text);
    mailsub__buffer_deinit(&wide);
}

/* ---- attachments ---- */

static void check_attached(struct view *view, uint64_t len)
{
    char where[MAILSUB__CHECK_WHERE_SIZE];
    mailsub__archive archive;
    view->total = len < UINT64_MAX - view->total ? view->total + len : UINT64_MAX;
    if (!view->is_looked_into)
        return;
    mailsub__slice front = mailsub__buffer_slice(&view->front);
    mailsub__slice tail = view->has_tail ? mailsub__buffer_slice(&view->tail) : front;
    if (tail.len > MAILSUB__ARCHIVE_TAIL)
        tail =
            mailsub__slice_of(tail.ptr + tail.len - MAILSUB__ARCHIVE_TAIL, MAILSUB__ARCHIVE_TAIL);
    mailsub__archive_judge(front, tail, len - tail.len, &archive);
    mailsub__check_name_attachment(where, view->n_attached);
    mailsub__check_archive(view->check, mailsub__slice_str(view->name), &archive, where);
}

/* The front is there in whole: what is kept behind it? */
static int take_tail(struct view *view, mailsub__slice data)
{
    mailsub__slice front = mailsub__buffer_slice(&view->front);
    if (!view->has_tail && !mailsub__archive_needs_tail(front))
        return MAILSUB__PART_ENOUGH;
    if (!view->has_tail)
        mailsub__buffer_append_slice(&view->tail, front);
    view->has_tail = true;
    if (view->tail.len >= 2 * MAILSUB__ARCHIVE_TAIL)
        mailsub__buffer_consume(&view->tail, view->tail.len - MAILSUB__ARCHIVE_TAIL);
    return mailsub__buffer_append_slice(&view->tail, data);
}

/* ---- the walk ---- */

static int open_level(void *context, const mailsub__part_header *header)
{
    struct view *view = context;
    view->levels[++view->depth] =
        (struct level){.is_alternative = strcmp(header->type, "multipart/alternative") == 0};
    return MAILSUB_OK;
}

static int close_level(void *context)
{
    struct view *view = context;
    const struct level *level = innermost(view);
    bool lonely = level->lonely_html && !(level->is_alternative && level->has_text);
    if (view->words_depth == view->depth)
        view->words_depth = 0;
    struct level *outer = &view->levels[--view->depth];
    if (lonely)
        note_lonely_html(outer);
    outer->has_text |= level->has_text;
    return MAILSUB_OK;
}

static enum kind kind_of(const mailsub__part_header *header)
{
    bool is_file = header->is_attachment || header->file_name[0] != '\0';
    if (!is_file && strcmp(header->type, "text/plain") == 0)
        return TEXT;
    if (!is_file && strcmp(header->type, "text/html") == 0)
        return HTML;
    return is_file || strncmp(header->type, "text/", 5) != 0 ? ATTACHED : IGNORED;
}

static void begin_attached(struct view *view, const mailsub__part_header *header)
{
    char where[MAILSUB__CHECK_WHERE_SIZE];
    mailsub__check *check = view->check;
    bool has_name = header->file_name[0] != '\0';
    strcpy(view->name, has_name ? header->file_name : header->type);
    mailsub__check_name_attachment(where, ++view->n_attached);
    view->is_looked_into =
        !(has_name && mailsub__check_file_name(check, mailsub__slice_str(view->name), where)) &&
        (mailsub__check_wants(check, MAILSUB__RULE_EXECUTABLE) ||
         mailsub__check_wants(check, MAILSUB__RULE_ENCRYPTED_ARCHIVE));
}

static int begin_part(void *context, const mailsub__part_header *header)
{
    struct view *view = context;
    mailsub__buffer_reset(&view->front);
    mailsub__buffer_reset(&view->tail);
    view->has_tail = false;
    view->kind = kind_of(header);
    view->charset_is_known = is_known_charset(header->charset);
    if (view->kind == ATTACHED)
        begin_attached(view, header);
    return view->check->error;
}

static int take_data(void *context, mailsub__slice data)
{
    struct view *view = context;
    if (view->kind == IGNORED || (view->kind == ATTACHED && !view->is_looked_into))
        return MAILSUB__PART_ENOUGH;
    size_t most = view->kind == ATTACHED ? MAILSUB__ARCHIVE_FRONT : MOST_TEXT;
    size_t n = data.len < most - view->front.len ? data.len : most - view->front.len;
    int rc = mailsub__buffer_append(&view->front, data.ptr, n);
    if (rc || view->front.len < most)
        return rc;
    return view->kind == ATTACHED ? take_tail(view, mailsub__slice_of(data.ptr + n, data.len - n))
                                  : MAILSUB__PART_ENOUGH;
}

static int end_part(void *context, uint64_t len)
{
    struct view *view = context;
    if (view->kind == ATTACHED)
        check_attached(view, len);
    else if (view->kind != IGNORED)
        check_text(view);
    return view->check->error;
}

/* Is there a rule for which it has to be looked at? */
static bool is_wanted(const mailsub__check *check)
{
    static const enum mailsub__rule_index rules[] = {
        MAILSUB__RULE_URL_SHORTENER,     MAILSUB__RULE_PLAIN_HTTP_LINK,
        MAILSUB__RULE_LOOKALIKE_DOMAIN,  MAILSUB__RULE_LINK_TEXT_MISMATCH,
        MAILSUB__RULE_HTML_WITHOUT_TEXT, MAILSUB__RULE_TEXT_DIFFERS,
        MAILSUB__RULE_EXECUTABLE,        MAILSUB__RULE_ENCRYPTED_ARCHIVE,
        MAILSUB__RULE_LARGE_ATTACHMENT,
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (mailsub__check_wants(check, rules[i]))
            return true;
    }
    return false;
}

static void look(struct view *view)
{
    mailsub__check *check = view->check;
    const mailsub_message *message = check->message;
    const mailsub__part_events events = {view,       open_level, close_level,
                                         begin_part, take_data,  end_part};
    mailsub__buffer_init(&view->front, &message->allocator, SIZE_MAX / 4);
    mailsub__buffer_init(&view->tail, &message->allocator, SIZE_MAX / 4);
    int rc = mailsub__part_walk(message->existing, &message->allocator, &events);
    if (rc && !check->error)
        check->error = rc;
    if (rc == MAILSUB_E_FILE || rc == MAILSUB_E_FILE_CHANGED)
        check->message->detail = message->existing->source.path;
    mailsub__buffer_deinit(&view->front);
    mailsub__buffer_deinit(&view->tail);
    if (check->error)
        return;
    if (view->levels[0].lonely_html)
        mailsub__check_tell_one(check, MAILSUB__RULE_HTML_WITHOUT_TEXT, "html", "",
                                MAILSUB__SLICE_EMPTY);
    mailsub__check_total(check, view->total);
}

void mailsub__check_existing(mailsub__check *check)
{
    if (check->error || !is_wanted(check))
        return;
    struct view *view = mailsub__alloc_zeroed(&check->message->allocator, sizeof *view);
    if (!view) {
        check->error = MAILSUB_E_NOMEM;
        return;
    }
    view->check = check;
    look(view);
    mailsub__free(&check->message->allocator, view);
}

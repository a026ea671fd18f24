/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules about links. What a link is, url.h says; what is shown of HTML, html_tokens.h. */
#include "message/check_links.h"

#include "codec/utf8.h"
#include "message/html_elements.h"
#include "message/html_entities.h"
#include "message/html_link.h"
#include "message/html_tokens.h"
#include "message/url.h"

static bool wants_links(const mailsub__check *check)
{
    return mailsub__check_wants(check, MAILSUB__RULE_URL_SHORTENER) ||
           mailsub__check_wants(check, MAILSUB__RULE_PLAIN_HTTP_LINK) ||
           mailsub__check_wants(check, MAILSUB__RULE_LOOKALIKE_DOMAIN) ||
           mailsub__check_wants(check, MAILSUB__RULE_LINK_TEXT_MISMATCH);
}

static void check_shortener(mailsub__check *check, const char *where, const mailsub__host *host)
{
    if (mailsub__check_wants(check, MAILSUB__RULE_URL_SHORTENER) &&
        mailsub__policy_is_shortener(check->policy, mailsub__host_bare(mailsub__host_slice(host))))
        mailsub__check_tell_one(check, MAILSUB__RULE_URL_SHORTENER, where, "%",
                                mailsub__host_slice(host));
}

/* A page on this host, or of a network without names: nobody is on the way. */
static bool is_near(mailsub__slice host)
{
    return mailsub__host_is_local(host);
}

static void check_link(mailsub__check *check, const char *where, mailsub__slice url,
                       const mailsub__url_parts *parts)
{
    check_shortener(check, where, &parts->host);
    if (parts->scheme == MAILSUB__URL_HTTP && !is_near(mailsub__host_slice(&parts->host)))
        mailsub__check_tell_one(check, MAILSUB__RULE_PLAIN_HTTP_LINK, where, "%", url);
    mailsub__check_domain(check, where, mailsub__host_slice(&parts->host));
}

/* "bit.ly/abc" is made a link by many a reader's program. */
static void check_bare_word(mailsub__check *check, mailsub__slice word)
{
    mailsub__url_parts parts;
    const char *slash = memchr(word.ptr, '/', word.len);
    if (!slash || !memchr(word.ptr, '.', (size_t)(slash - word.ptr)) ||
        memchr(word.ptr, '@', word.len) || !mailsub__ascii_only(word))
        return;
    if (mailsub__url_parse_link(word, &parts) && parts.has_path)
        check_shortener(check, "text", &parts.host);
}

static void check_line(mailsub__check *check, mailsub__slice line, mailsub__vocabulary *words)
{
    mailsub__url_words source = {.rest = line};
    mailsub__slice word;
    while (mailsub__url_next_word(&source, &word)) {
        mailsub__url_parts parts;
        bool is_link = mailsub__url_is_link(word);
        if (is_link && wants_links(check) && mailsub__url_parse_link(word, &parts))
            check_link(check, "text", word, &parts);
        else if (!is_link && wants_links(check))
            check_bare_word(check, word);
        if (!is_link && words)
            mailsub__vocabulary_add(words, word);
    }
}

/* A slash, or a dot behind "www": most lines have neither, and no link then. */
static bool may_hold_link(mailsub__slice line)
{
    static const char www[] = "www";
    if (memchr(line.ptr, '/', line.len))
        return true;
    mailsub__slice rest = line;
    const char *dot;
    while ((dot = memchr(rest.ptr, '.', rest.len)) != NULL) {
        if (dot - line.ptr >= 3 &&
            mailsub__slice_equal_nocase(mailsub__slice_of(dot - 3, 3), mailsub__slice_of(www, 3)))
            return true;
        size_t n = (size_t)(dot - rest.ptr) + 1;
        rest = mailsub__slice_of(rest.ptr + n, rest.len - n);
    }
    return false;
}

void mailsub__check_links_in_text(mailsub__check *check, mailsub__slice text,
                                  mailsub__vocabulary *words)
{
    while (text.len > 0 && !check->error) {
        const char *end = memchr(text.ptr, '\n', text.len);
        size_t n = end ? (size_t)(end - text.ptr) + 1 : text.len;
        mailsub__slice line = mailsub__slice_of(text.ptr, n);
        if (may_hold_link(line))
            check_line(check, line, words);
        else if (words)
            mailsub__vocabulary_add(words, line);
        text = mailsub__slice_of(text.ptr + n, text.len - n);
    }
}

enum { MOST_SHOWN = 512, MOST_JOINED = 1024 };

/* A walk through HTML. */
struct walk {
    mailsub__check *check;
    mailsub__vocabulary *words;
    mailsub__buffer target; /* of the link that is open */
    bool in_link;
    bool has_parts; /* the target leads to a host */
    mailsub__url_parts parts;
    char shown[MOST_SHOWN]; /* the text of the link */
    size_t n_shown;
    char joined[MOST_JOINED]; /* text whose references are decoded */
    size_t n_joined;
    bool wants;
};

static void end_joined(struct walk *walk)
{
    mailsub__vocabulary_add(walk->words, mailsub__slice_of(walk->joined, walk->n_joined));
    walk->n_joined = 0;
}

/* Keep what the link that is open shows. */
static void show(struct walk *walk, mailsub__slice text)
{
    size_t n = text.len < MOST_SHOWN - walk->n_shown ? text.len : MOST_SHOWN - walk->n_shown;
    memcpy(walk->shown + walk->n_shown, text.ptr, n);
    walk->n_shown += n;
}

/* Text as in the source, with character references; what they stand for, in pieces, goes to put. */
static void decode_text(struct walk *walk, mailsub__slice text,
                        void (*put)(struct walk *walk, mailsub__slice text))
{
    while (text.len > 0) {
        const char *mark = memchr(text.ptr, '&', text.len);
        size_t n = mark ? (size_t)(mark - text.ptr) : text.len;
        put(walk, mailsub__slice_of(text.ptr, n));
        text = mailsub__slice_of(text.ptr + n, text.len - n);
        if (!mark)
            break;
        uint32_t c = '&';
        size_t taken = mailsub__html_entities_decode(text, false, &c);
        char octets[4];
        if (c == 0xa0)
            c = ' ';
        put(walk, mailsub__slice_of(octets, mailsub__utf8_encode(c, octets)));
        taken += taken == 0;
        text = mailsub__slice_of(text.ptr + taken, text.len - taken);
    }
}

/* A word may be made of several pieces, "M&uuml;ller": it is put together first. */
static void join(struct walk *walk, mailsub__slice text)
{
    while (text.len > 0) {
        size_t n =
            text.len < MOST_JOINED - walk->n_joined ? text.len : MOST_JOINED - walk->n_joined;
        memcpy(walk->joined + walk->n_joined, text.ptr, n);
        walk->n_joined += n;
        text = mailsub__slice_of(text.ptr + n, text.len - n);
        if (walk->n_joined == MOST_JOINED)
            end_joined(walk);
    }
}

static void show_text(struct walk *walk, mailsub__slice text)
{
    if (walk->in_link)
        decode_text(walk, text, show);
    /* The line end between two tags, as a template leaves it. */
    bool is_gap = text.len == 1 && text.ptr[0] == '\n';
    if (!walk->words || is_gap || walk->words->n == MAILSUB__VOCABULARY_MOST)
        return;
    if (!memchr(text.ptr, '&', text.len)) {
        mailsub__vocabulary_add(walk->words, text);
        return;
    }
    decode_text(walk, text, join);
    end_joined(walk);
}

/* The host that a link's text shows: when it is a URL, or one word that can only be a name. */
static bool shown_host(const struct walk *walk, mailsub__url_parts *out)
{
    mailsub__url_words words = {.rest = mailsub__slice_of(walk->shown, walk->n_shown)};
    mailsub__slice word;
    mailsub__slice second;
    if (walk->n_shown == MOST_SHOWN || !mailsub__url_next_word(&words, &word) ||
        mailsub__url_next_word(&words, &second) || !mailsub__utf8_is_valid(word))
        return false;
    if (memchr(word.ptr, '@', word.len) && !mailsub__url_is_link(word))
        return false;
    if (!mailsub__url_parse_link(word, out))
        return false;
    return mailsub__url_is_link(word) || mailsub__host_is_likely(mailsub__host_slice(&out->host));
}

static void end_link(struct walk *walk)
{
    mailsub__url_parts shown;
    if (walk->in_link && walk->has_parts &&
        mailsub__check_wants(walk->check, MAILSUB__RULE_LINK_TEXT_MISMATCH) &&
        shown_host(walk, &shown) &&
        !mailsub__host_related(mailsub__host_slice(&shown.host),
                               mailsub__host_slice(&walk->parts.host))) {
        const mailsub__slice values[2] = {mailsub__host_slice(&shown.host),
                                          mailsub__host_slice(&walk->parts.host)};
        mailsub__check_tell(walk->check, MAILSUB__RULE_LINK_TEXT_MISMATCH, "html",
                            "shows %, leads to %", values);
    }
    walk->in_link = false;
}

static void begin_link(struct walk *walk, mailsub__slice href)
{
    end_link(walk);
    if (!walk->wants)
        return;
    int rc = mailsub__html_link_target(href, &walk->target);
    if (rc) {
        walk->check->error = rc;
        return;
    }
    mailsub__slice url = mailsub__buffer_slice(&walk->target);
    walk->in_link = true;
    walk->n_shown = 0;
    walk->has_parts = url.len > 0 && mailsub__url_parse_link(url, &walk->parts);
    if (walk->has_parts)
        check_link(walk->check, "html", url, &walk->parts);
    walk->wants = wants_links(walk->check);
}

static bool is_a(mailsub__slice name)
{
    return name.len == 1 && mailsub__ascii_lower(name.ptr[0]) == 'a';
}

static bool is_area(mailsub__slice name)
{
    return mailsub__slice_equal_nocase(name, mailsub__slice_str("area"));
}

static void open_tag(struct walk *walk, mailsub__html_tokens *tokens,
                     const mailsub__html_token *token)
{
    if (mailsub__html_token_has(token, MAILSUB__HTML_HREF)) {
        bool area = is_area(token->text);
        if (area || is_a(token->text))
            begin_link(walk, token->values[MAILSUB__HTML_HREF]);
        walk->in_link &= !area; /* it shows no text */
    }
    /* No raw element has a name of one letter or two, as most tags have. */
    if (token->text.len > 2 && mailsub__html_elements_find(token->text)->kind == MAILSUB__HTML_RAW)
        mailsub__html_tokens_skip_raw(tokens, token->text);
}

void mailsub__check_links_in_html(mailsub__check *check, mailsub__slice html,
                                  mailsub__vocabulary *words)
{
    struct walk walk; /* its rooms need no zeros */
    walk.check = check;
    walk.words = words;
    walk.wants = wants_links(check);
    walk.in_link = false;
    walk.n_joined = 0;
    mailsub__html_tokens tokens;
    mailsub__html_token token;
    mailsub__buffer_init(&walk.target, &check->message->allocator, SIZE_MAX / 4);
    mailsub__html_tokens_init(&tokens, html);
    while (!check->error && mailsub__html_tokens_next(&tokens, &token)) {
        if (token.kind == MAILSUB__HTML_TEXT) {
            show_text(&walk, token.text);
            continue;
        }
        if (token.kind == MAILSUB__HTML_OPEN)
            open_tag(&walk, &tokens, &token);
        else if (is_a(token.text))
            end_link(&walk);
    }
    end_link(&walk);
    mailsub__buffer_deinit(&walk.target);
}

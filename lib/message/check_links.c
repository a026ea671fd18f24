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

void mailsub__check_links_in_text(mailsub__check *check, mailsub__slice text,
                                  mailsub__word_reader *words)
{
    mailsub__url_words source = {.rest = text};
    mailsub__slice word;
    bool wants = wants_links(check);
    while (mailsub__url_next_word(&source, &word)) {
        mailsub__url_parts parts;
        bool is_link = mailsub__url_is_link(word);
        if (is_link && wants && mailsub__url_parse_link(word, &parts)) {
            check_link(check, "text", word, &parts);
            wants = wants_links(check);
        } else if (!is_link && wants) {
            check_bare_word(check, word);
        }
        if (!is_link && words) {
            mailsub__word_reader_feed(words, word);
            mailsub__word_reader_end_word(words);
        }
    }
}

void mailsub__check_words_of_text(mailsub__slice text, mailsub__word_reader *words)
{
    mailsub__url_words source = {.rest = text};
    mailsub__slice word;
    while (mailsub__url_next_word(&source, &word)) {
        if (mailsub__url_is_link(word))
            continue;
        mailsub__word_reader_feed(words, word);
        mailsub__word_reader_end_word(words);
    }
}

enum { MOST_SHOWN = 512 };

/* A walk through HTML. */
struct walk {
    mailsub__check *check;
    mailsub__word_reader *words;
    mailsub__buffer target; /* of the link that is open */
    bool in_link;
    bool has_parts; /* the target leads to a host */
    mailsub__url_parts parts;
    char shown[MOST_SHOWN]; /* the text of the link */
    size_t n_shown;
    bool wants;
};

static void show(struct walk *walk, mailsub__slice text)
{
    if (walk->words)
        mailsub__word_reader_feed(walk->words, text);
    if (!walk->in_link)
        return;
    size_t n = text.len < MOST_SHOWN - walk->n_shown ? text.len : MOST_SHOWN - walk->n_shown;
    memcpy(walk->shown + walk->n_shown, text.ptr, n);
    walk->n_shown += n;
}

/* Text as in the source: character references stand for what they name. */
static void show_text(struct walk *walk, mailsub__slice text)
{
    while (text.len > 0) {
        const char *mark = memchr(text.ptr, '&', text.len);
        size_t n = mark ? (size_t)(mark - text.ptr) : text.len;
        show(walk, mailsub__slice_of(text.ptr, n));
        text = mailsub__slice_of(text.ptr + n, text.len - n);
        if (!mark)
            break;
        uint32_t c = '&';
        size_t taken = mailsub__html_entities_decode(text, false, &c);
        char octets[4];
        if (c == 0xa0)
            c = ' ';
        show(walk, mailsub__slice_of(octets, mailsub__utf8_encode(c, octets)));
        taken += taken == 0;
        text = mailsub__slice_of(text.ptr + taken, text.len - taken);
    }
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
    bool has_href = mailsub__html_token_has(token, MAILSUB__HTML_HREF);
    if (has_href && (is_a(token->text) || is_area(token->text)))
        begin_link(walk, token->values[MAILSUB__HTML_HREF]);
    if (is_area(token->text))
        walk->in_link = false; /* it shows no text */
    if (mailsub__html_elements_find(token->text)->kind == MAILSUB__HTML_RAW)
        mailsub__html_tokens_skip_raw(tokens, token->text);
}

void mailsub__check_links_in_html(mailsub__check *check, mailsub__slice html,
                                  mailsub__word_reader *words)
{
    struct walk walk = {.check = check, .words = words, .wants = wants_links(check)};
    mailsub__html_tokens tokens;
    mailsub__html_token token;
    mailsub__buffer_init(&walk.target, &check->message->allocator, SIZE_MAX / 4);
    mailsub__html_tokens_init(&tokens, html);
    while (!check->error && mailsub__html_tokens_next(&tokens, &token)) {
        if (token.kind == MAILSUB__HTML_TEXT) {
            show_text(&walk, token.text);
            continue;
        }
        if (words)
            mailsub__word_reader_end_word(words);
        if (token.kind == MAILSUB__HTML_OPEN)
            open_tag(&walk, &tokens, &token);
        else if (is_a(token.text))
            end_link(&walk);
    }
    if (words)
        mailsub__word_reader_end_word(words);
    end_link(&walk);
    mailsub__buffer_deinit(&walk.target);
}

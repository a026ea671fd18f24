/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Syntax and number after RFC 5322 section 3.6, RFC 2369 and 2919 (List-*), RFC 3834
 * (Auto-Submitted), RFC 8058, RFC 8098 (Disposition-Notification-To) and RFC 2156 (Importance and
 * its kin).
 */
#include "message/fields.h"

#include <assert.h>
#include <stdalign.h>

#include "codec/utf8.h"
#include "message/arena.h"
#include "message/atom.h"
#include "message/mailboxes.h"
#include "message/message_id.h"
#include "message/words.h"

/* Of fields that are never encoded: fits within 998 octets beside any name. */
enum { LONGEST_WORD = MAILSUB__FOLD_MOST - MAILSUB__FIELD_LONGEST_NAME - 2 };

#define OWNED(name)                                                                                \
    {                                                                                              \
        name, MAILSUB__FIELD_LIBRARY, MAILSUB__FIELD_TEXT, true, false, NULL                       \
    }
#define OF_FUNCTION(name)                                                                          \
    {                                                                                              \
        name, MAILSUB__FIELD_FUNCTION, MAILSUB__FIELD_TEXT, true, false, NULL                      \
    }
#define ONCE(name, kind)                                                                           \
    {                                                                                              \
        name, MAILSUB__FIELD_CALLER, MAILSUB__FIELD_##kind, true, false, NULL                      \
    }

#define ONE_OF(name, words)                                                                        \
    {                                                                                              \
        name, MAILSUB__FIELD_CALLER, MAILSUB__FIELD_TOKENS, true, false, words                     \
    }

/* A name that ends in "*" stands for all that begin like it. */
static const mailsub__field known_fields[] = {
    OF_FUNCTION("Date"),
    OF_FUNCTION("From"),
    OF_FUNCTION("Sender"),
    OF_FUNCTION("Reply-To"),
    OF_FUNCTION("To"),
    OF_FUNCTION("Cc"),
    OF_FUNCTION("Message-ID"),
    OF_FUNCTION("Subject"),
    OWNED("Bcc"),
    OWNED("MIME-Version"),
    OWNED("Content-*"),
    OWNED("DKIM-Signature"),
    OWNED("Received"),
    OWNED("Return-Path"),
    OWNED("Resent-*"),
    ONCE("In-Reply-To", IDS),
    ONCE("References", IDS),
    ONCE("Supersedes", IDS),
    ONCE("Auto-Submitted", KEYWORD),
    ONCE("Precedence", KEYWORD),
    ONE_OF("Importance", "low normal high"),
    ONE_OF("Priority", "normal urgent non-urgent"),
    ONE_OF("Sensitivity", "personal private company-confidential"),
    ONCE("X-Priority", KEYWORD),
    ONCE("Feedback-ID", TOKENS),
    ONCE("List-Archive", URLS),
    ONCE("List-Help", URLS),
    ONCE("List-Id", LIST_ID),
    ONCE("List-Owner", URLS),
    ONCE("List-Post", URLS),
    ONCE("List-Subscribe", URLS),
    ONCE("List-Unsubscribe", URLS),
    ONE_OF("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ONCE("Disposition-Notification-To", MAILBOXES),
    ONCE("Errors-To", MAILBOXES),
    ONCE("Return-Receipt-To", MAILBOXES),
    ONCE("Organization", TEXT),
    {"Keywords", MAILSUB__FIELD_CALLER, MAILSUB__FIELD_PHRASES, false, false, NULL},
    {"Comments", MAILSUB__FIELD_CALLER, MAILSUB__FIELD_TEXT, false, true, NULL},
};

static const mailsub__field unknown_field = {
    "", MAILSUB__FIELD_CALLER, MAILSUB__FIELD_VALUE, false, true, NULL};

bool mailsub__field_name_is_valid(mailsub__slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] <= ' ' || name.ptr[i] > '~' || name.ptr[i] == ':')
            return false;
    }
    return name.len > 0 && name.len <= MAILSUB__FIELD_LONGEST_NAME;
}

static bool matches(mailsub__slice pattern, mailsub__slice name)
{
    if (pattern.ptr[pattern.len - 1] == '*') {
        pattern.len--;
        if (name.len > pattern.len)
            name.len = pattern.len;
    }
    return mailsub__slice_equal_nocase(pattern, name);
}

const mailsub__field *mailsub__field_find(mailsub__slice name)
{
    for (size_t i = 0; i < sizeof known_fields / sizeof known_fields[0]; i++) {
        if (matches(mailsub__slice_str(known_fields[i].name), name))
            return &known_fields[i];
    }
    return &unknown_field;
}

static bool is_white(char c)
{
    return c == ' ' || c == '\t';
}

static mailsub__slice trim(mailsub__slice text)
{
    while (text.len > 0 && is_white(text.ptr[0]))
        text = mailsub__slice_of(text.ptr + 1, text.len - 1);
    while (text.len > 0 && is_white(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

/* Take the next word parted by white space; false at the end. */
static bool next_word(mailsub__slice *rest, mailsub__slice *out_word)
{
    *rest = trim(*rest);
    size_t n = 0;
    while (n < rest->len && !is_white(rest->ptr[n]))
        n++;
    *out_word = mailsub__slice_of(rest->ptr, n);
    *rest = mailsub__slice_of(rest->ptr + n, rest->len - n);
    return n > 0;
}

static int check_text(mailsub__slice value)
{
    (void)value;
    return MAILSUB_OK;
}

static int write_text(mailsub__fold *fold, mailsub__slice value)
{
    return mailsub__words_write_text(fold, value, MAILSUB__FOLD_AIM);
}

static int write_value(mailsub__fold *fold, mailsub__slice value)
{
    return mailsub__words_write_text(fold, value, MAILSUB__FOLD_MOST);
}

static int check_tokens(mailsub__slice value)
{
    if (!mailsub__ascii_only(value))
        return MAILSUB_E_HEADER_VALUE;
    mailsub__slice word;
    while (next_word(&value, &word)) {
        if (word.len > LONGEST_WORD)
            return MAILSUB_E_HEADER_VALUE;
    }
    return MAILSUB_OK;
}

/* "auto-replied; owner-email=a@b.de", "1 (Highest)": a token, and parameters or a comment. */
static int check_keyword(mailsub__slice value)
{
    size_t n = 0;
    value = trim(value);
    while (n < value.len && value.ptr[n] > ' ' && value.ptr[n] < 0x7f &&
           !strchr("()<>@,;:\\\"/[]?=", value.ptr[n]))
        n++;
    mailsub__slice rest = trim(mailsub__slice_of(value.ptr + n, value.len - n));
    if (n == 0 || (rest.len > 0 && rest.ptr[0] != ';' && rest.ptr[0] != '('))
        return MAILSUB_E_HEADER_VALUE;
    return check_tokens(value);
}

static int write_tokens(mailsub__fold *fold, mailsub__slice value)
{
    mailsub__slice word;
    while (next_word(&value, &word))
        mailsub__fold_token(fold, word);
    return fold->out->error;
}

static bool is_url_char(char c)
{
    return c > ' ' && c < 0x7f && c != '<' && c != '>' && c != '"' && c != '\\';
}

/* <scheme:rest>; the whole, with its angle brackets, is a word that can stand on a line. */
static bool is_url(mailsub__slice text)
{
    size_t scheme = 1;
    while (scheme < text.len && (mailsub__ascii_is_alpha(text.ptr[scheme]) ||
                                 (scheme > 1 && (mailsub__ascii_is_digit(text.ptr[scheme]) ||
                                                 strchr("+-.", text.ptr[scheme])))))
        scheme++;
    if (text.len > LONGEST_WORD || scheme == 1 || scheme + 3 > text.len || text.ptr[0] != '<' ||
        text.ptr[scheme] != ':' || text.ptr[text.len - 1] != '>')
        return false;
    for (size_t i = scheme; i + 1 < text.len; i++) {
        if (!is_url_char(text.ptr[i]))
            return false;
    }
    return true;
}

/* Take the URL in front of the next comma that follows a ">"; a URL may hold commas itself. */
static mailsub__slice next_url(mailsub__slice *rest, bool *out_last)
{
    *rest = trim(*rest);
    const char *end = memchr(rest->ptr, '>', rest->len);
    size_t n = end ? (size_t)(end - rest->ptr) + 1 : rest->len;
    mailsub__slice url = mailsub__slice_of(rest->ptr, n);
    *rest = trim(mailsub__slice_of(rest->ptr + n, rest->len - n));
    *out_last = rest->len == 0;
    if (*out_last)
        return url;
    if (rest->ptr[0] != ',')
        return MAILSUB__SLICE_EMPTY;
    *rest = mailsub__slice_of(rest->ptr + 1, rest->len - 1);
    return url;
}

/* RFC 2369 section 3.4: "NO" says that nobody may post. */
static bool is_no(mailsub__slice value)
{
    return mailsub__slice_equal(trim(value), mailsub__slice_str("NO"));
}

static int check_urls(mailsub__slice value)
{
    if (is_no(value))
        return MAILSUB_OK;
    for (bool last = false; !last;) {
        mailsub__slice url = next_url(&value, &last);
        if (url.len == 0 || !is_url(url))
            return MAILSUB_E_HEADER_VALUE;
    }
    return MAILSUB_OK;
}

static int write_urls(mailsub__fold *fold, mailsub__slice value)
{
    if (is_no(value))
        return write_tokens(fold, value);
    for (bool last = false; !last;) {
        mailsub__slice url = next_url(&value, &last);
        mailsub__fold_space(fold, url.len + !last);
        mailsub__buffer_append_slice(fold->out, url);
        if (!last)
            mailsub__buffer_append_char(fold->out, ',');
    }
    return fold->out->error;
}

/*
 * Cut a value into its phrase, quotes around the whole of it taken away, and <label.domain>. False:
 * it is malformed, or the phrase has quotes elsewhere.
 */
static bool cut_list_id(mailsub__slice value, mailsub__slice *out_phrase, mailsub__slice *out_id)
{
    enum { LONGEST_LIST_ID = 255 };
    value = trim(value);
    const char *start = memrchr(value.ptr, '<', value.len);
    if (!start || value.ptr[value.len - 1] != '>')
        return false;
    mailsub__slice phrase = trim(mailsub__slice_of(value.ptr, (size_t)(start - value.ptr)));
    mailsub__slice id = mailsub__slice_of(start, value.len - (size_t)(start - value.ptr));
    if (phrase.len > 2 && phrase.ptr[0] == '"' && phrase.ptr[phrase.len - 1] == '"')
        phrase = mailsub__slice_of(phrase.ptr + 1, phrase.len - 2);
    *out_phrase = phrase;
    *out_id = id;
    return !memchr(phrase.ptr, '"', phrase.len) && !memchr(phrase.ptr, '\\', phrase.len) &&
           !memchr(phrase.ptr, '\t', phrase.len) && id.len <= LONGEST_LIST_ID + 2 &&
           memchr(id.ptr, '.', id.len) &&
           mailsub__atom_is_dot_atom(mailsub__slice_of(id.ptr + 1, id.len - 2));
}

static int check_list_id(mailsub__slice value)
{
    mailsub__slice phrase;
    mailsub__slice id;
    return cut_list_id(value, &phrase, &id) ? MAILSUB_OK : MAILSUB_E_HEADER_VALUE;
}

static int write_list_id(mailsub__fold *fold, mailsub__slice value)
{
    mailsub__slice phrase;
    mailsub__slice id;
    if (!cut_list_id(value, &phrase, &id))
        return MAILSUB_E_HEADER_VALUE;
    int rc = phrase.len > 0 ? mailsub__words_write_phrase(fold, phrase, "") : MAILSUB_OK;
    if (!rc)
        mailsub__fold_token(fold, id);
    return rc ? rc : fold->out->error;
}

/* Take the next <identifier>, white space around it allowed; false: none, or malformed. */
static bool next_id(mailsub__slice *rest, mailsub__slice *out_id)
{
    *rest = trim(*rest);
    const char *end = memchr(rest->ptr, '>', rest->len);
    if (!end || rest->ptr[0] != '<')
        return false;
    size_t n = (size_t)(end - rest->ptr) + 1;
    *out_id = mailsub__slice_of(rest->ptr, n);
    *rest = mailsub__slice_of(rest->ptr + n, rest->len - n);
    return mailsub__message_id_is_valid(mailsub__slice_of(out_id->ptr + 1, n - 2));
}

static int check_ids(mailsub__slice value)
{
    mailsub__slice id;
    while (next_id(&value, &id)) {
        if (value.len == 0)
            return MAILSUB_OK;
    }
    return MAILSUB_E_HEADER_VALUE;
}

static int write_ids(mailsub__fold *fold, mailsub__slice value)
{
    mailsub__slice id;
    while (next_id(&value, &id))
        mailsub__fold_token(fold, id);
    return fold->out->error;
}

/* Octets of a quoted string at the front of text that fills a phrase; 0: there is none. */
static size_t quoted_len(mailsub__slice text)
{
    if (text.len == 0 || text.ptr[0] != '"')
        return 0;
    size_t n = 1;
    while (n < text.len && text.ptr[n] != '"')
        n += text.ptr[n] == '\\' ? 2 : 1;
    if (n >= text.len)
        return 0;
    n++;
    mailsub__slice rest = trim(mailsub__slice_of(text.ptr + n, text.len - n));
    return rest.len == 0 || rest.ptr[0] == ',' ? n : 0;
}

/*
 * Take the phrase in front of the next comma; one in quotes may hold commas. *out_last tells that
 * there is none behind it.
 */
static mailsub__slice next_phrase(mailsub__slice *rest, bool *out_last)
{
    *rest = trim(*rest);
    size_t quoted = quoted_len(*rest);
    const char *comma = memchr(rest->ptr + quoted, ',', rest->len - quoted);
    size_t n = comma ? (size_t)(comma - rest->ptr) : rest->len;
    mailsub__slice phrase = trim(mailsub__slice_of(rest->ptr, n));
    n += comma != NULL;
    *rest = mailsub__slice_of(rest->ptr + n, rest->len - n);
    *out_last = comma == NULL;
    return phrase;
}

static int check_phrases(mailsub__slice value)
{
    for (bool last = false; !last;) {
        mailsub__slice phrase = next_phrase(&value, &last);
        if (phrase.len == 0 || (quoted_len(phrase) > 0 && phrase.len == 2))
            return MAILSUB_E_HEADER_VALUE;
    }
    return MAILSUB_OK;
}

/* What the quotes hold, which is written anew: in quotes again, or encoded. */
static int write_quoted(mailsub__fold *fold, mailsub__slice quoted, const char *suffix)
{
    mailsub__buffer text;
    mailsub__buffer_init(&text, fold->out->allocator, quoted.len);
    for (size_t i = 1; i + 1 < quoted.len; i++) {
        i += quoted.ptr[i] == '\\';
        mailsub__buffer_append_char(&text, quoted.ptr[i]);
    }
    int rc = text.error;
    if (!rc)
        rc = mailsub__words_write_phrase(fold, mailsub__buffer_slice(&text), suffix);
    mailsub__buffer_deinit(&text);
    return rc;
}

static int write_phrases(mailsub__fold *fold, mailsub__slice value)
{
    int rc = MAILSUB_OK;
    for (bool last = false; !last && !rc;) {
        mailsub__slice phrase = next_phrase(&value, &last);
        const char *suffix = last ? "" : ",";
        rc = quoted_len(phrase) > 0 ? write_quoted(fold, phrase, suffix)
                                    : mailsub__words_write_phrase(fold, phrase, suffix);
    }
    return rc;
}

/* Mailboxes, written too where there is a fold. What was checked is kept as text, not parsed. */
static int read_mailboxes(mailsub__slice value, const mailsub_allocator *allocator,
                          mailsub__fold *fold, mailsub__slice name)
{
    alignas(max_align_t) char seed[1024];
    mailsub__arena arena;
    struct mailsub__mailbox_list list;
    mailsub__arena_init(&arena, allocator, seed, sizeof seed);
    int rc = mailsub__mailboxes_parse(&arena, value, MAILSUB__MAILBOX_LIST, MAILSUB__ADDRESS_ASCII,
                                      &list);
    if (!rc && fold)
        rc = mailsub__mailboxes_write(fold, name, list.first);
    mailsub__arena_deinit(&arena);
    return rc;
}

static const struct {
    int (*check)(mailsub__slice value);
    int (*write)(mailsub__fold *fold, mailsub__slice value);
} kinds[MAILSUB__FIELD_N_KINDS] = {
    [MAILSUB__FIELD_TEXT] = {check_text, write_text},
    [MAILSUB__FIELD_VALUE] = {check_text, write_value},
    [MAILSUB__FIELD_TOKENS] = {check_tokens, write_tokens},
    [MAILSUB__FIELD_KEYWORD] = {check_keyword, write_tokens},
    [MAILSUB__FIELD_URLS] = {check_urls, write_urls},
    [MAILSUB__FIELD_LIST_ID] = {check_list_id, write_list_id},
    [MAILSUB__FIELD_IDS] = {check_ids, write_ids},
    [MAILSUB__FIELD_PHRASES] = {check_phrases, write_phrases},
    [MAILSUB__FIELD_MAILBOXES] = {NULL, NULL}, /* read_mailboxes */
};

static bool is_one_of(mailsub__slice value, const char *words)
{
    mailsub__slice rest = mailsub__slice_str(words);
    mailsub__slice word;
    while (next_word(&rest, &word)) {
        if (mailsub__slice_equal_nocase(trim(value), word))
            return true;
    }
    return false;
}

int mailsub__field_check(const mailsub__field *field, mailsub__slice value,
                         const mailsub_allocator *allocator)
{
    assert(field->owner == MAILSUB__FIELD_CALLER);
    if (!field->may_be_empty && trim(value).len == 0)
        return MAILSUB_E_HEADER_VALUE;
    if (field->words && !is_one_of(value, field->words))
        return MAILSUB_E_HEADER_VALUE;
    if (field->kind == MAILSUB__FIELD_MAILBOXES)
        return read_mailboxes(value, allocator, NULL, MAILSUB__SLICE_EMPTY);
    return kinds[field->kind].check(value);
}

int mailsub__field_write(const mailsub__field *field, mailsub__fold *fold, mailsub__slice name,
                         mailsub__slice value)
{
    if (field->kind == MAILSUB__FIELD_MAILBOXES)
        return read_mailboxes(value, fold->out->allocator, fold, name);
    mailsub__fold_begin(fold, name, MAILSUB__FOLD_STAY);
    int rc = kinds[field->kind].write(fold, value);
    if (rc)
        return rc;
    return mailsub__fold_end(fold);
}

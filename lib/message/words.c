/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text is cut at single spaces only; a tab or several spaces stay inside a chunk, for a reader that
 * unfolds freely would change them at a fold. Neighbouring chunks that need encoding are encoded as
 * one run, with the space between them, for readers drop white space between two encoded words.
 */
#include "message/words.h"

#include "codec/encoded_word.h"
#include "codec/utf8.h"
#include "message/atom.h"

static bool is_white(char c)
{
    return c == ' ' || c == '\t';
}

/*
 * "=?" alone is enough: readers disagree on what else makes an encoded word, and some decode even
 * one that holds spaces.
 */
static bool looks_encoded(mailsub__slice text)
{
    return memmem(text.ptr, text.len, "=?", 2) != NULL;
}

/* Octets of the first word of encoded, which are parted by single spaces. */
static size_t first_word_len(mailsub__slice encoded)
{
    const char *space = memchr(encoded.ptr, ' ', encoded.len);
    return space ? (size_t)(space - encoded.ptr) : encoded.len;
}

/* A first word that does not fit beside the name of the field, where it has to, is made shorter. */
static int encode_to_scratch(mailsub__fold *fold, mailsub__slice text,
                             enum mailsub__encoded_word_place place)
{
    size_t room = mailsub__fold_longest(fold, MAILSUB__FOLD_AIM_WORD);
    mailsub__buffer_reset(&fold->scratch);
    if (room < MAILSUB__ENCODED_WORD_LEAST)
        return mailsub__encoded_word_append(&fold->scratch, text, place);
    return mailsub__encoded_word_append_beside(&fold->scratch, text, place, room);
}

static void write_scratch(mailsub__fold *fold)
{
    mailsub__slice rest = mailsub__buffer_slice(&fold->scratch);
    while (rest.len > 0) {
        size_t n = first_word_len(rest);
        mailsub__fold_word(fold, mailsub__slice_of(rest.ptr, n));
        n += n < rest.len;
        rest = mailsub__slice_of(rest.ptr + n, rest.len - n);
    }
}

static int write_encoded(mailsub__fold *fold, mailsub__slice text,
                         enum mailsub__encoded_word_place place)
{
    int rc = encode_to_scratch(fold, text, place);
    if (rc)
        return rc;
    write_scratch(fold);
    return MAILSUB_OK;
}

/* Octets up to the next single space that has words on both sides, or up to the end. */
static size_t chunk_len(mailsub__slice text, size_t at)
{
    for (size_t i = at + 1; i + 1 < text.len; i++) {
        if (text.ptr[i] == ' ' && !is_white(text.ptr[i - 1]) && !is_white(text.ptr[i + 1]))
            return i - at;
    }
    return text.len - at;
}

/* What may stay as it is in a text or in a phrase. */
struct style {
    enum mailsub__encoded_word_place place;
    size_t limit; /* octets of a line with a bare chunk */
};

static bool chunk_is_bare(mailsub__slice chunk, const struct style *style, size_t longest)
{
    if (chunk.len > longest || looks_encoded(chunk))
        return false;
    if (style->place == MAILSUB__IN_PHRASE)
        return mailsub__atom_is_atom(chunk);
    return !is_white(chunk.ptr[0]) && !is_white(chunk.ptr[chunk.len - 1]) &&
           mailsub__ascii_only(chunk);
}

static int write_chunks(mailsub__fold *fold, mailsub__slice text, const struct style *style)
{
    mailsub__slice run = MAILSUB__SLICE_EMPTY; /* the chunks that wait to be encoded */
    for (size_t at = 0; at < text.len;) {
        mailsub__slice chunk = mailsub__slice_of(text.ptr + at, chunk_len(text, at));
        size_t longest = run.len > 0 ? style->limit - 1 : mailsub__fold_longest(fold, style->limit);
        at += chunk.len + 1; /* behind the space */
        if (!chunk_is_bare(chunk, style, longest)) {
            const char *start = run.len > 0 ? run.ptr : chunk.ptr;
            run = mailsub__slice_of(start, (size_t)(chunk.ptr + chunk.len - start));
            continue;
        }
        if (run.len > 0) {
            int rc = write_encoded(fold, run, style->place);
            if (rc)
                return rc;
            run = MAILSUB__SLICE_EMPTY;
        }
        mailsub__fold_token(fold, chunk);
    }
    return run.len > 0 ? write_encoded(fold, run, style->place) : fold->out->error;
}

int mailsub__words_write_text(mailsub__fold *fold, mailsub__slice text, size_t limit)
{
    const struct style style = {MAILSUB__IN_TEXT, limit};
    return write_chunks(fold, text, &style);
}

/* True when name is atoms of at most longest octets, parted by single spaces. */
static bool is_atoms(mailsub__slice name, size_t longest)
{
    for (size_t at = 0; at <= name.len;) {
        const char *space = memchr(name.ptr + at, ' ', name.len - at);
        size_t n = space ? (size_t)(space - name.ptr) - at : name.len - at;
        if (n > longest || !mailsub__atom_is_atom(mailsub__slice_of(name.ptr + at, n)))
            return false;
        at += n + 1;
    }
    return true;
}

static void write_atoms(mailsub__fold *fold, mailsub__slice name, const char *suffix)
{
    while (true) {
        size_t n = first_word_len(name);
        if (n == name.len)
            break;
        mailsub__fold_token(fold, mailsub__slice_of(name.ptr, n));
        name = mailsub__slice_of(name.ptr + n + 1, name.len - n - 1);
    }
    mailsub__fold_space(fold, name.len + strlen(suffix));
    mailsub__buffer_append_slice(fold->out, name);
    mailsub__buffer_append_str(fold->out, suffix);
}

/* Octets of name as a quoted string. */
static size_t quoted_len(mailsub__slice name)
{
    size_t n = name.len + 2;
    for (size_t i = 0; i < name.len; i++)
        n += name.ptr[i] == '"' || name.ptr[i] == '\\';
    return n;
}

static void write_quoted(mailsub__fold *fold, mailsub__slice name, const char *suffix)
{
    mailsub__fold_space(fold, quoted_len(name) + strlen(suffix));
    mailsub__buffer_append_char(fold->out, '"');
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '"' || name.ptr[i] == '\\')
            mailsub__buffer_append_char(fold->out, '\\');
        mailsub__buffer_append_char(fold->out, name.ptr[i]);
    }
    mailsub__buffer_append_char(fold->out, '"');
    mailsub__buffer_append_str(fold->out, suffix);
}

/*
 * One encoded word when that is enough; else atoms stay between encoded words, for Python before
 * 3.13, among others, shows the white space between two encoded words of a phrase.
 */
static int write_encoded_phrase(mailsub__fold *fold, mailsub__slice name)
{
    int rc = encode_to_scratch(fold, name, MAILSUB__IN_PHRASE);
    if (rc)
        return rc;
    mailsub__slice encoded = mailsub__buffer_slice(&fold->scratch);
    if (first_word_len(encoded) == encoded.len &&
        encoded.len <= mailsub__fold_longest(fold, MAILSUB__FOLD_AIM_WORD)) {
        mailsub__fold_word(fold, encoded);
        return fold->out->error;
    }
    const struct style style = {MAILSUB__IN_PHRASE, MAILSUB__FOLD_AIM};
    return write_chunks(fold, name, &style);
}

int mailsub__words_write_phrase(mailsub__fold *fold, mailsub__slice name, const char *suffix)
{
    bool plain = mailsub__ascii_only(name) && !looks_encoded(name);
    size_t longest = mailsub__fold_longest(fold, MAILSUB__FOLD_AIM - strlen(suffix));
    if (plain && is_atoms(name, longest)) {
        write_atoms(fold, name, suffix);
        return fold->out->error;
    }
    /* A quoted string is one token: it must not be folded, so a longer one is encoded. */
    if (plain && quoted_len(name) <= longest) {
        write_quoted(fold, name, suffix);
        return fold->out->error;
    }
    int rc = write_encoded_phrase(fold, name);
    if (rc)
        return rc;
    /* RFC 2047 section 5: an encoded word is parted from specials by white space. */
    if (*suffix)
        mailsub__fold_token(fold, mailsub__slice_str(suffix));
    return fold->out->error;
}

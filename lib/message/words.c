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

enum {
    ENCODED_WORD_FRAME = 12, /* =?UTF-8?B?...?= without its text */
    LEAST_ENCODED_WORD = ENCODED_WORD_FRAME + 8
};

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

static int encode_to_scratch(mailsub__fold *fold, mailsub__slice text,
                             enum mailsub__encoded_word_place place)
{
    mailsub__buffer_reset(&fold->scratch);
    return mailsub__encoded_word_append(&fold->scratch, text, place);
}

static void write_scratch(mailsub__fold *fold)
{
    mailsub__slice rest = mailsub__buffer_slice(&fold->scratch);
    while (rest.len > 0) {
        size_t n = first_word_len(rest);
        mailsub__fold_token(fold, mailsub__slice_of(rest.ptr, n));
        n += n < rest.len;
        rest = mailsub__slice_of(rest.ptr + n, rest.len - n);
    }
}

/* Octets at the front of text that surely fit into an encoded word on the line of the name. */
static size_t prefix_that_fits(const mailsub__fold *fold, mailsub__slice text)
{
    size_t used = fold->column + 1;
    if (used + LEAST_ENCODED_WORD > MAILSUB__FOLD_AIM)
        return 0;
    size_t n = (MAILSUB__FOLD_AIM - used - ENCODED_WORD_FRAME) / 4 * 3;
    if (n > text.len)
        n = text.len;
    while (n > 0 && n < text.len && ((unsigned char)text.ptr[n] & 0xc0) == 0x80)
        n--;
    return n;
}

/*
 * Encoded words of 75 characters do not fit behind "Subject: ", and a field whose first line is
 * empty upsets some readers: so the first one is made shorter.
 */
static int write_encoded(mailsub__fold *fold, mailsub__slice text,
                         enum mailsub__encoded_word_place place)
{
    int rc = encode_to_scratch(fold, text, place);
    if (rc)
        return rc;
    size_t first = first_word_len(mailsub__buffer_slice(&fold->scratch));
    if (fold->at_start && fold->column + 1 + first > MAILSUB__FOLD_AIM) {
        size_t n = prefix_that_fits(fold, text);
        if (n > 0) {
            rc = encode_to_scratch(fold, mailsub__slice_of(text.ptr, n), place);
            if (rc)
                return rc;
            write_scratch(fold);
            rc = encode_to_scratch(fold, mailsub__slice_of(text.ptr + n, text.len - n), place);
            if (rc)
                return rc;
        }
    }
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

static bool chunk_is_bare(mailsub__slice chunk, size_t longest)
{
    return chunk.len <= longest && !is_white(chunk.ptr[0]) && !is_white(chunk.ptr[chunk.len - 1]) &&
           mailsub__ascii_only(chunk) && !looks_encoded(chunk);
}

int mailsub__words_write_text(mailsub__fold *fold, mailsub__slice text, size_t longest)
{
    size_t run = 0; /* where the chunks that wait to be encoded begin */
    size_t run_end = 0;
    for (size_t at = 0; at < text.len;) {
        mailsub__slice chunk = mailsub__slice_of(text.ptr + at, chunk_len(text, at));
        size_t next = at + chunk.len + 1; /* behind the space */
        if (!chunk_is_bare(chunk, longest)) {
            run_end = at + chunk.len;
        } else {
            if (run_end > run) {
                int rc = write_encoded(fold, mailsub__slice_of(text.ptr + run, run_end - run),
                                       MAILSUB__IN_TEXT);
                if (rc)
                    return rc;
            }
            mailsub__fold_token(fold, chunk);
            run = run_end = next;
        }
        at = next;
    }
    if (run_end <= run)
        return fold->out->error;
    return write_encoded(fold, mailsub__slice_of(text.ptr + run, run_end - run), MAILSUB__IN_TEXT);
}

/* True when name is atoms of a fitting length, parted by single spaces. */
static bool is_atoms(mailsub__slice name)
{
    for (size_t at = 0; at <= name.len;) {
        const char *space = memchr(name.ptr + at, ' ', name.len - at);
        size_t n = space ? (size_t)(space - name.ptr) - at : name.len - at;
        if (n > MAILSUB__WORDS_READ - 1 ||
            !mailsub__atom_is_atom(mailsub__slice_of(name.ptr + at, n)))
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

int mailsub__words_write_phrase(mailsub__fold *fold, mailsub__slice name, const char *suffix)
{
    bool plain = mailsub__ascii_only(name) && !looks_encoded(name);
    if (plain && is_atoms(name)) {
        write_atoms(fold, name, suffix);
        return fold->out->error;
    }
    /* A quoted string is one token: it must not be folded, so a longer one is encoded. */
    if (plain && quoted_len(name) <= MAILSUB__WORDS_READ - 1) {
        write_quoted(fold, name, suffix);
        return fold->out->error;
    }
    int rc = write_encoded(fold, name, MAILSUB__IN_PHRASE);
    if (rc)
        return rc;
    /* RFC 2047 section 5: an encoded word is parted from specials by white space. */
    if (*suffix)
        mailsub__fold_token(fold, mailsub__slice_str(suffix));
    return fold->out->error;
}

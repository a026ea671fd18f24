/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/heard.h"

#include "base/memory.h"
#include "codec/octets.h"
#include "smtp/redact.h"

struct head {
    int code;
    size_t front;
    size_t len;
};

/* A line, and room for all that it may become. */
struct shown {
    mailsub__clean_line line;
    char text[MAILSUB__REPLY_MAX_LINE * 3 + 8];
};

enum { MAX_OCTETS = MAILSUB__REPLY_MAX_OCTETS + MAILSUB__REPLY_MAX_LINES * sizeof(struct head) };

void mailsub__heard_init(mailsub__heard *heard, const mailsub_allocator *allocator)
{
    *heard = (mailsub__heard){.n = 0};
    mailsub__buffer_init_secret(&heard->octets, allocator, MAX_OCTETS);
}

void mailsub__heard_deinit(mailsub__heard *heard)
{
    mailsub__buffer_deinit(&heard->octets);
}

void mailsub__heard_add(mailsub__heard *heard, int code, mailsub__slice line, size_t front)
{
    struct head head = {code, front, line.len};
    size_t before = heard->octets.len;
    heard->n++;
    mailsub__buffer_append(&heard->octets, &head, sizeof head);
    if (mailsub__buffer_append_slice(&heard->octets, line) == MAILSUB_OK)
        return;
    /* Without its text at least. */
    mailsub__buffer_truncate(&heard->octets, before);
    head.len = front;
    mailsub__buffer_append(&heard->octets, &head, sizeof head);
    if (mailsub__buffer_append(&heard->octets, line.ptr, front))
        mailsub__buffer_truncate(&heard->octets, before);
    heard->short_of_memory = true;
}

/* The next line at *at; false: there is none. */
static bool next_line(const mailsub__heard *heard, size_t *at, struct head *head,
                      mailsub__slice *out)
{
    mailsub__slice all = mailsub__buffer_slice(&heard->octets);
    if (*at >= all.len)
        return false;
    memcpy(head, all.ptr + *at, sizeof *head);
    *out = mailsub__slice_of(all.ptr + *at + sizeof *head, head->len);
    *at += sizeof *head + head->len;
    return true;
}

/* Find what is secret in all lines together. NULL: there is no memory for that. */
static uint8_t *make_shadow(const mailsub__heard *heard, const mailsub__secrets *secrets,
                            bool unfinished)
{
    mailsub__slice texts[MAILSUB__REPLY_MAX_LINES + 1];
    size_t n_texts = 0;
    struct head head;
    mailsub__slice line;
    uint8_t *shadow = mailsub__alloc_zeroed(heard->octets.allocator, heard->octets.len);
    if (!shadow)
        return NULL;
    for (size_t at = 0; next_line(heard, &at, &head, &line) && n_texts <= MAILSUB__REPLY_MAX_LINES;)
        /* The enhanced status falls away between two lines that hold a secret's halves. */
        texts[n_texts++] = mailsub__reply_strip_enhanced(
            head.code, mailsub__slice_of(line.ptr + head.front, line.len - head.front));
    mailsub__redact_mark(secrets, texts, n_texts, mailsub__buffer_slice(&heard->octets).ptr, shadow,
                         unfinished);
    return shadow;
}

/* The front of a line, which holds no secret; what is behind it comes next. */
static char *begin(const struct head *head, mailsub__slice line, struct shown *out)
{
    memcpy(out->text, line.ptr, head->front);
    out->line = (mailsub__clean_line){.code = head->code, .front = head->front, .text = out->text};
    return out->text + head->front;
}

/* What is left of one line. shadow: what is secret in it together with others; NULL: nothing is. */
static void clean(const struct head *head, mailsub__slice line, const uint8_t *shadow,
                  const mailsub__secrets *secrets, struct shown *out)
{
    mailsub__slice text = mailsub__slice_of(line.ptr + head->front, line.len - head->front);
    char *start = begin(head, line, out);
    size_t len = text.len;
    if (shadow)
        len = mailsub__redact_copy(text, shadow + head->front, start);
    else
        memcpy(start, text.ptr, len);
    /* Before and behind: a secret may have controls itself, and cleaning may complete one. */
    len = mailsub__secrets_redact(secrets, start, len);
    len = mailsub__text_clean(start, len);
    out->line.len = head->front + mailsub__secrets_redact(secrets, start, len);
}

/* Nothing of its text can be told. */
static void hide(const struct head *head, mailsub__slice line, struct shown *out)
{
    static const char blot[] = {'*', '*', '*'};
    memcpy(begin(head, line, out), blot, sizeof blot);
    out->line.len = head->front + sizeof blot;
}

/* What stood there before it was replaced. */
static void wipe(struct shown *shown, const mailsub__secrets *secrets)
{
    if (secrets->octets.len > 0)
        mailsub__wipe(shown, sizeof *shown);
}

void mailsub__heard_clean(int code, mailsub__slice line, size_t front,
                          const mailsub__secrets *secrets, mailsub__told told)
{
    if (secrets->octets.len == 0 && mailsub__octets_all_printable(line.ptr, line.len)) {
        const mailsub__clean_line as_it_is = {code, front, line.len, line.ptr};
        told.tell(told.context, &as_it_is);
        return;
    }
    struct shown shown;
    const struct head head = {code, front, line.len};
    clean(&head, line, NULL, secrets, &shown);
    told.tell(told.context, &shown.line);
    wipe(&shown, secrets);
}

void mailsub__heard_release(mailsub__heard *heard, const mailsub__secrets *secrets, bool unfinished,
                            mailsub__told told)
{
    struct shown shown;
    struct head head;
    mailsub__slice line;
    if (heard->n == 0)
        return;
    uint8_t *shadow = heard->short_of_memory ? NULL : make_shadow(heard, secrets, unfinished);
    const char *base = mailsub__buffer_slice(&heard->octets).ptr;
    for (size_t at = 0; next_line(heard, &at, &head, &line);) {
        if (shadow)
            clean(&head, line, shadow + (line.ptr - base), secrets, &shown);
        else
            hide(&head, line, &shown);
        told.tell(told.context, &shown.line);
    }
    wipe(&shown, secrets);
    mailsub__free(heard->octets.allocator, shadow);
    mailsub__buffer_reset(&heard->octets);
    heard->n = 0;
    heard->short_of_memory = false;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which mail a program must not answer: RFC 3834 section 2, and the fields that were in use before
 * it and still are. Where a field is malformed the answer is left out: one that is missing harms
 * nobody, one too many begins a loop.
 */
#include "message/automatic.h"

#include <mailsub/export.h>

enum { SUBJECT, MESSAGE_ID, REFERENCES, IN_REPLY_TO, RETURN_PATH, FROM, N_KEPT };

static const char *const kept_names[N_KEPT] = {"Subject",     "Message-ID",  "References",
                                               "In-Reply-To", "Return-Path", "From"};

/* The first word of a value, parameters and comments left out. */
static mailsub__slice first_word(mailsub__slice value)
{
    size_t n = 0;
    while (n < value.len && value.ptr[n] > ' ' && value.ptr[n] != ';' && value.ptr[n] != '(')
        n++;
    return mailsub__slice_of(value.ptr, n);
}

static bool is_one_of(mailsub__slice value, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (mailsub__slice_equal_nocase(value, mailsub__slice_str(words[i])))
            return true;
    }
    return false;
}

static bool is_not_no(mailsub__slice value)
{
    return !mailsub__slice_equal_nocase(first_word(value), mailsub__slice_str("no"));
}

static bool is_bulk(mailsub__slice value)
{
    static const char *const words[] = {"bulk", "list", "junk", "auto_reply"};
    return is_one_of(first_word(value), words, sizeof words / sizeof words[0]);
}

static bool is_report(mailsub__slice value)
{
    return mailsub__slice_equal_nocase(first_word(value), mailsub__slice_str("multipart/report"));
}

static bool always(mailsub__slice value)
{
    (void)value;
    return true;
}

/* Words parted by commas: any but those for reports of delivery, which no answer is. */
static bool suppresses_answers(mailsub__slice value)
{
    static const char *const words[] = {"all", "oof", "autoreply"};
    size_t start = 0;
    for (size_t i = 0; i <= value.len; i++) {
        if (i < value.len && value.ptr[i] != ',' && value.ptr[i] != ' ')
            continue;
        if (is_one_of(mailsub__slice_of(value.ptr + start, i - start), words, 3))
            return true;
        start = i + 1;
    }
    return false;
}

/* "<>", nothing, or white space within the brackets. */
static bool is_null_path(mailsub__slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (!strchr("<> \t", value.ptr[i]))
            return false;
    }
    return true;
}

/* A name that ends in "*" stands for all that begin like it. */
static const struct {
    const char *name;
    bool (*tells)(mailsub__slice value);
} signs[] = {
    {"Auto-Submitted", is_not_no},
    {"Precedence", is_bulk},
    {"List-*", always},
    {"Return-Path", is_null_path},
    {"Content-Type", is_report},
    {"X-Auto-Response-Suppress", suppresses_answers},
    {"X-Autoreply", always},
    {"X-Autorespond", always},
    {"X-Failed-Recipients", always},
};

static bool name_matches(const char *pattern, mailsub__slice name)
{
    mailsub__slice wanted = mailsub__slice_str(pattern);
    if (wanted.ptr[wanted.len - 1] == '*') {
        wanted.len--;
        if (name.len > wanted.len)
            name.len = wanted.len;
    }
    return mailsub__slice_equal_nocase(wanted, name);
}

static bool tells_automatic(mailsub__slice name, mailsub__slice value)
{
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (name_matches(signs[i].name, name) && signs[i].tells(value))
            return true;
    }
    return false;
}

/* Where a value stands in the buffer, which may still move. */
struct range {
    size_t start;
    size_t len;
    bool is_set;
};

static int read_fields(mailsub__automatic *automatic, mailsub__header_scan scan,
                       struct range kept[N_KEPT])
{
    mailsub__header_field field;
    mailsub__buffer *out = &automatic->unfolded;
    while (mailsub__header_scan_next(&scan, &field)) {
        size_t start = out->len;
        int rc = mailsub__header_scan_unfold(&scan, field.value, out);
        if (rc)
            return rc;
        mailsub__slice all = mailsub__buffer_slice(out);
        mailsub__slice value = mailsub__slice_of(all.ptr + start, all.len - start);
        automatic->is_automatic |= tells_automatic(field.name, value);
        bool keep = false;
        for (size_t i = 0; i < N_KEPT; i++) {
            /* The first one counts: Return-Path is put in front by who delivers. */
            if (kept[i].is_set || !name_matches(kept_names[i], field.name))
                continue;
            kept[i] = (struct range){start, value.len, true};
            keep = true;
        }
        if (!keep)
            mailsub__buffer_truncate(out, start);
    }
    return MAILSUB_OK;
}

int mailsub__automatic_read(mailsub__automatic *automatic, mailsub__slice header,
                            const mailsub_allocator *allocator)
{
    *automatic = (mailsub__automatic){.is_automatic = false};
    mailsub__buffer_init(&automatic->unfolded, allocator, SIZE_MAX / 4);
    mailsub__header_scan scan;
    size_t body_at;
    mailsub__header_scan_find(header, true, &scan, &body_at);
    if (scan.rest.len > MAILSUB_MAX_HEADER_VALUE)
        return MAILSUB_E_LIMIT;
    struct range kept[N_KEPT] = {{0, 0, false}};
    int rc = read_fields(automatic, scan, kept);
    if (rc)
        return rc;
    const char *text = mailsub__buffer_slice(&automatic->unfolded).ptr;
    mailsub__slice *const outs[N_KEPT] = {
        [SUBJECT] = &automatic->subject,         [MESSAGE_ID] = &automatic->message_id,
        [REFERENCES] = &automatic->references,   [IN_REPLY_TO] = NULL,
        [RETURN_PATH] = &automatic->return_path, [FROM] = &automatic->from,
    };
    /* RFC 5322 section 3.6.4: In-Reply-To where there are no References. */
    if (!kept[REFERENCES].is_set)
        kept[REFERENCES] = kept[IN_REPLY_TO];
    for (size_t i = 0; i < N_KEPT; i++) {
        if (outs[i])
            *outs[i] = mailsub__slice_of(text + kept[i].start, kept[i].len);
    }
    return MAILSUB_OK;
}

void mailsub__automatic_deinit(mailsub__automatic *automatic)
{
    mailsub__buffer_deinit(&automatic->unfolded);
}

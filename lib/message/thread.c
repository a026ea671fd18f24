/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * In-Reply-To and References of an answer (RFC 5322 section 3.6.4). A chain that has grown long is
 * shortened as readers of news do it (RFC 5537 section 3.4.4): its first identifier stays, which
 * names the thread, and the last ones, which place the answer in it.
 */
#include "message/line.h"
#include "message/state.h"

enum {
    MAX_CHAIN_IDS = 21,
    MAX_ID_LEN = MAILSUB__MESSAGE_ID_LONGEST + 2,
    MAX_CHAIN_LEN = MAILSUB__THREAD_ROOM - MAX_ID_LEN /* the whole field stays below 998 */
};

struct chain {
    mailsub__slice first;
    mailsub__slice last[MAX_CHAIN_IDS]; /* a ring */
    size_t n;                           /* all that were added */
};

static mailsub__slice *nth_last(struct chain *chain, size_t nth)
{
    return &chain->last[(chain->n - 1 - nth) % MAX_CHAIN_IDS];
}

static void chain_add(struct chain *chain, mailsub__slice id)
{
    if (chain->n == 0)
        chain->first = id;
    chain->n++;
    *nth_last(chain, 0) = id;
}

/* Add all well-formed identifiers of a References field that somebody else wrote. */
static void chain_add_all(struct chain *chain, mailsub__slice references)
{
    while (references.len > 0) {
        const char *start = memchr(references.ptr, '<', references.len);
        if (!start)
            return;
        references.len -= (size_t)(start - references.ptr);
        references.ptr = start;
        size_t window = MAILSUB__MESSAGE_ID_LONGEST + 2; /* so that reading stays linear */
        const char *end = memchr(start, '>', references.len < window ? references.len : window);
        size_t n = 1; /* what is malformed may hold the next "<" */
        if (end &&
            mailsub__message_id_is_valid(mailsub__slice_of(start + 1, (size_t)(end - start) - 1))) {
            n = (size_t)(end - start) + 1;
            chain_add(chain, mailsub__slice_of(start, n));
        }
        references = mailsub__slice_of(references.ptr + n, references.len - n);
    }
}

static char *put_id(char *at, mailsub__slice id)
{
    return mempcpy(at, id.ptr, id.len);
}

/* Write the chain, shortened, with its identifiers parted by spaces; the octets written. */
static size_t chain_write(struct chain *chain, char *out)
{
    size_t len = chain->first.len;
    size_t n = 0; /* of the last ones */
    while (n + 1 < chain->n && n + 1 < MAX_CHAIN_IDS &&
           len + 1 + nth_last(chain, n)->len <= MAX_CHAIN_LEN) {
        len += 1 + nth_last(chain, n)->len;
        n++;
    }
    char *at = put_id(out, chain->first);
    while (n-- > 0) {
        *at++ = ' ';
        at = put_id(at, *nth_last(chain, n));
    }
    return (size_t)(at - out);
}

int mailsub__thread_make(mailsub__slice id, mailsub__slice references,
                         char room[MAILSUB__THREAD_ROOM], mailsub__extra_value out_values[2])
{
    int rc = mailsub__line_check(id, MAILSUB__LINE_NO_TAB);
    if (!rc)
        rc = mailsub__line_check(references, MAILSUB__LINE_TAB);
    if (rc)
        return rc;
    if (id.len >= 2 && id.ptr[0] == '<' && id.ptr[id.len - 1] == '>')
        id = mailsub__slice_of(id.ptr + 1, id.len - 2);
    if (!mailsub__message_id_is_valid(id))
        return MAILSUB_E_MESSAGE_ID;
    room[0] = '<';
    memcpy(room + 1, id.ptr, id.len);
    room[id.len + 1] = '>';
    id = mailsub__slice_of(room, id.len + 2);

    struct chain chain = {.n = 0};
    char *text = room + MAX_ID_LEN;
    chain_add_all(&chain, references);
    if (chain.n == 0 || !mailsub__slice_equal(*nth_last(&chain, 0), id))
        chain_add(&chain, id);
    out_values[0] = (mailsub__extra_value){"In-Reply-To", id};
    out_values[1] =
        (mailsub__extra_value){"References", mailsub__slice_of(text, chain_write(&chain, text))};
    return MAILSUB_OK;
}

static int set_parent(mailsub_message *message, mailsub__slice id, mailsub__slice references)
{
    char room[MAILSUB__THREAD_ROOM];
    mailsub__extra_value values[2];
    int rc = mailsub__thread_make(id, references, room, values);
    return rc ? rc : mailsub__message_replace_extras(message, values, 2);
}

int mailsub_message_set_parent(mailsub_message *message, const char *parent_id,
                               const char *parent_references)
{
    static const mailsub__extra_value none[] = {{"In-Reply-To", {NULL, 0}},
                                                {"References", {NULL, 0}}};
    int rc = mailsub__message_begin_change(message);
    if (!rc)
        rc = parent_id ? set_parent(message, mailsub__slice_str(parent_id),
                                    mailsub__slice_str(parent_references))
                       : mailsub__message_replace_extras(message, none, 2);
    return mailsub__message_end_change(message, "In-Reply-To", rc);
}

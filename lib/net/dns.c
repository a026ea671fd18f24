/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The answer section is walked as a whole first, so that later walks, one for each alias, meet
 * nothing malformed. The sections behind it (authority, additional) are not read: nothing in them
 * is what was asked for.
 */
#include "net/dns.h"

#include <mailsub/error.h>

enum {
    HEADER_LEN = 12,
    MAX_NAME = 255, /* RFC 1035 section 2.3.4, with lengths and the root */
    MAX_LABEL = 63,
    CLASS_IN = 1,
    TYPE_CNAME = 5,
    RCODE_OK = 0,
    RCODE_NO_SUCH_NAME = 3,
    MAX_RECORDS = 256, /* servers, aliases, signatures; a parser of 65,535 would be kept busy */
    MAX_ALIASES = 16,  /* more are a loop, or nobody's */
    /* Pointers to pointers are allowed, and a long chain of them costs time with every record. */
    MAX_POINTERS = 32,
};

/* A name as it is sent, without pointers, in lower case. */
struct name {
    unsigned char octets[MAX_NAME];
    size_t len;
};

struct record {
    struct name owner;
    unsigned type;
    size_t data_at;
    size_t data_end;
};

struct answer {
    const unsigned char *octets;
    size_t len;
    size_t at;          /* where the next record begins */
    const char *reason; /* why it is malformed */
};

static unsigned read_16(const unsigned char *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static const unsigned char *octets_of(mailsub__slice slice)
{
    return (const unsigned char *)slice.ptr;
}

static bool put_label(struct name *name, const unsigned char *label, size_t len)
{
    if (name->len + len + 1 > MAX_NAME)
        return false;
    name->octets[name->len++] = (unsigned char)len;
    for (size_t i = 0; i < len; i++)
        name->octets[name->len++] = (unsigned char)mailsub__ascii_lower((char)label[i]);
    return true;
}

static void write_16(unsigned char *out, unsigned number)
{
    out[0] = (unsigned char)(number >> 8);
    out[1] = (unsigned char)number;
}

static bool put_name(struct name *out, mailsub__slice text)
{
    out->len = 0;
    while (text.len > 0) {
        const char *dot = memchr(text.ptr, '.', text.len);
        size_t len = dot ? (size_t)(dot - text.ptr) : text.len;
        /* A dot at the end is an empty label, too. */
        if (len == 0 || len > MAX_LABEL || len + 1 == text.len)
            return false;
        if (!put_label(out, octets_of(text), len))
            return false;
        text = mailsub__slice_of(text.ptr + len + (dot != NULL), text.len - len - (dot != NULL));
    }
    return out->len > 0 && put_label(out, octets_of(text), 0);
}

int mailsub__dns_write_question(uint16_t id, mailsub__slice name, int type,
                                unsigned char out[MAILSUB__DNS_MAX_QUESTION], size_t *out_len)
{
    struct name wire;
    if (!put_name(&wire, name))
        return MAILSUB_E_DOMAIN;
    memset(out, 0, HEADER_LEN);
    write_16(out, id);
    out[2] = 0x01; /* RD: the servers of resolv.conf(5) look it up elsewhere */
    out[5] = 1;    /* QDCOUNT */
    memcpy(out + HEADER_LEN, wire.octets, wire.len);
    write_16(out + HEADER_LEN + wire.len, (unsigned)type);
    write_16(out + HEADER_LEN + wire.len + 2, CLASS_IN);
    *out_len = HEADER_LEN + wire.len + 4;
    return MAILSUB_OK;
}

static unsigned rcode_of(mailsub__slice answer)
{
    return octets_of(answer)[3] & 0x0f;
}

/* RFC 5452 section 9.1: name, type and class are compared, not the ID alone. */
static bool repeats_question(mailsub__slice question, mailsub__slice answer)
{
    size_t name_len = question.len - HEADER_LEN - 4;
    if (answer.len < question.len)
        return false;
    return mailsub__slice_equal_nocase(mailsub__slice_of(question.ptr + HEADER_LEN, name_len),
                                       mailsub__slice_of(answer.ptr + HEADER_LEN, name_len)) &&
           memcmp(question.ptr + HEADER_LEN + name_len, answer.ptr + HEADER_LEN + name_len, 4) == 0;
}

bool mailsub__dns_is_answer(mailsub__slice question, mailsub__slice answer)
{
    if (answer.len < HEADER_LEN || memcmp(question.ptr, answer.ptr, 2) != 0)
        return false;
    const unsigned char *octets = octets_of(answer);
    if ((octets[2] & 0xf8) != 0x80) /* QR, and the opcode of a query */
        return false;
    if (read_16(octets + 4) == 1)
        return repeats_question(question, answer);
    /* Who has not understood a question may leave it out. */
    return read_16(octets + 4) == 0 && mailsub__dns_is_failure(answer);
}

bool mailsub__dns_is_truncated(mailsub__slice answer)
{
    return (octets_of(answer)[2] & 0x02) != 0;
}

bool mailsub__dns_is_failure(mailsub__slice answer)
{
    unsigned rcode = rcode_of(answer);
    return rcode != RCODE_OK && rcode != RCODE_NO_SUCH_NAME;
}

/*
 * Read a name and step behind it. A pointer has to lead to before the labels, or the pointer, that
 * it was come by: every one goes further back, so that there is no loop.
 */
static bool read_name(struct answer *answer, size_t *at, struct name *out)
{
    size_t pos = *at;
    size_t limit = pos;
    size_t behind = 0;
    unsigned n_pointers = 0;
    out->len = 0;
    for (;;) {
        answer->reason = "a name goes beyond the end";
        if (pos >= answer->len)
            return false;
        size_t len = answer->octets[pos];
        if (len >= 0xc0) {
            if (answer->len - pos < 2)
                return false;
            size_t to = read_16(answer->octets + pos) & 0x3fff;
            behind = behind > 0 ? behind : pos + 2;
            answer->reason = "a pointer does not lead back to a name";
            if (to >= limit || to < HEADER_LEN || ++n_pointers > MAX_POINTERS)
                return false;
            limit = pos = to;
            continue;
        }
        if (answer->len - pos <= len)
            return false;
        answer->reason = "a label of no known kind";
        if (len > MAX_LABEL)
            return false;
        answer->reason = "a name is too long";
        if (!put_label(out, answer->octets + pos + 1, len))
            return false;
        pos += len + 1;
        if (len == 0)
            break;
    }
    *at = behind > 0 ? behind : pos;
    return true;
}

static bool next_record(struct answer *answer, struct record *out)
{
    size_t at = answer->at;
    if (!read_name(answer, &at, &out->owner))
        return false;
    answer->reason = "a record goes beyond the end";
    if (answer->len - at < 10)
        return false;
    const unsigned char *fixed = answer->octets + at;
    size_t data_len = read_16(fixed + 8);
    out->type = read_16(fixed);
    out->data_at = at + 10;
    if (answer->len - out->data_at < data_len)
        return false;
    out->data_end = out->data_at + data_len;
    answer->at = out->data_end;
    answer->reason = "a record of another class";
    return read_16(fixed + 2) == CLASS_IN;
}

/* The name that ends the data of a record. */
static bool read_last_name(struct answer *answer, size_t at, size_t end, struct name *out)
{
    size_t behind = at;
    if (!read_name(answer, &behind, out))
        return false;
    answer->reason = "a record's length is not that of what it holds";
    return behind == end;
}

static bool name_equal(const struct name *a, const struct name *b)
{
    return a->len == b->len && memcmp(a->octets, b->octets, a->len) == 0;
}

/* Labels with dots between. What is no letter, digit, hyphen or underscore would have to be quoted
   in every log and URL, and no host has it. */
static bool write_text(const struct name *name, char out[MAX_NAME - 1])
{
    size_t len = 0;
    for (size_t at = 0; name->octets[at] > 0; at += name->octets[at] + 1u) {
        if (at > 0)
            out[len++] = '.';
        for (size_t i = 1; i <= name->octets[at]; i++) {
            char c = (char)name->octets[at + i];
            if (!mailsub__ascii_is_alpha(c) && !mailsub__ascii_is_digit(c) && c != '-' && c != '_')
                return false;
            out[len++] = c;
        }
    }
    out[len] = '\0';
    return true;
}

static bool read_srv(struct answer *answer, const struct record *record, mailsub__dns_srv *out)
{
    struct name target;
    const unsigned char *data = answer->octets + record->data_at;
    answer->reason = "an SRV record is too short";
    if (record->data_end - record->data_at < 7)
        return false;
    out->priority = (uint16_t)read_16(data);
    out->weight = (uint16_t)read_16(data + 2);
    out->port = (uint16_t)read_16(data + 4);
    /* RFC 2782 forbids pointers in it, and RFC 3597 section 4 asks to understand them. */
    if (!read_last_name(answer, record->data_at + 6, record->data_end, &target))
        return false;
    answer->reason = "the name of a server is not one of a host";
    return write_text(&target, out->target);
}

/* Go to the first record, and see that all of them are there. */
static bool check_records(struct answer *answer, size_t start, size_t n)
{
    struct record record;
    answer->at = start;
    answer->reason = "more records than there is room for";
    if (n > MAX_RECORDS || n > (answer->len - start) / 11)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!next_record(answer, &record))
            return false;
    }
    return true;
}

/* The name's alias: *out_is_alias, and *name is what it stands for. */
static bool follow_alias(struct answer *answer, size_t n, struct name *name, bool *out_is_alias)
{
    struct record record;
    *out_is_alias = false;
    for (size_t i = 0; i < n; i++) {
        if (!next_record(answer, &record))
            return false;
        if (record.type != TYPE_CNAME || !name_equal(&record.owner, name))
            continue;
        *out_is_alias = true;
        return read_last_name(answer, record.data_at, record.data_end, name);
    }
    return true;
}

/* Servers may mix the order of records, so each step looks at all of them. */
static bool follow_aliases(struct answer *answer, size_t start, size_t n, struct name *name)
{
    for (unsigned i = 0; i <= MAX_ALIASES; i++) {
        bool is_alias;
        answer->at = start;
        if (!follow_alias(answer, n, name, &is_alias))
            return false;
        if (!is_alias)
            return true;
    }
    answer->reason = "its aliases do not come to an end";
    return false;
}

static bool collect(struct answer *answer, size_t n, const struct name *name, mailsub__dns_srv *out,
                    size_t *out_n)
{
    struct record record;
    for (size_t i = 0; i < n; i++) {
        if (!next_record(answer, &record))
            return false;
        if (record.type != MAILSUB__DNS_SRV || !name_equal(&record.owner, name))
            continue;
        answer->reason = "it names too many servers";
        if (*out_n == MAILSUB__DNS_MAX_SRV || !read_srv(answer, &record, &out[*out_n]))
            return false;
        (*out_n)++;
    }
    return true;
}

int mailsub__dns_parse_status(mailsub__slice question, mailsub__slice answer,
                              const char **out_reason)
{
    *out_reason = "it is no answer to the question";
    if (!mailsub__dns_is_answer(question, answer))
        return MAILSUB_E_DNS_ANSWER;
    *out_reason = "it is cut short";
    if (mailsub__dns_is_truncated(answer))
        return MAILSUB_E_DNS_ANSWER;
    *out_reason = "the name server cannot tell";
    if (mailsub__dns_is_failure(answer))
        return MAILSUB_E_RESOLVE_AGAIN;
    *out_reason = "there is no such name";
    if (rcode_of(answer) == RCODE_NO_SUCH_NAME)
        return MAILSUB_E_NO_SUCH_DOMAIN;
    *out_reason = "";
    return MAILSUB_OK;
}

int mailsub__dns_parse_srv(mailsub__slice question, mailsub__slice answer,
                           mailsub__dns_srv out[MAILSUB__DNS_MAX_SRV], size_t *out_n,
                           const char **out_reason)
{
    int rc = mailsub__dns_parse_status(question, answer, out_reason);
    if (rc)
        return rc;
    struct answer walk = {octets_of(answer), answer.len, 0, ""};
    struct name name;
    size_t start = HEADER_LEN;
    size_t n = read_16(walk.octets + 6);
    size_t n_found = 0;
    bool valid = read_name(&walk, &start, &name);
    start += 4; /* type and class, which are the question's */
    valid = valid && check_records(&walk, start, n) && follow_aliases(&walk, start, n, &name);
    walk.at = start;
    if (!valid || !collect(&walk, n, &name, out, &n_found)) {
        *out_reason = walk.reason;
        return MAILSUB_E_DNS_ANSWER;
    }
    *out_n = n_found;
    return MAILSUB_OK;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Questions to DNS and their answers (RFC 1035), as far as SRV records (RFC 2782) need them, without
 * I/O: octets in, records out.
 *
 * What answers is a stranger: anybody may send a datagram, and a name server hands on what others
 * have told it. So nothing is believed that is not the answer to exactly this question, and what is
 * malformed in one place is not used in another.
 *
 * Not handled: EDNS(0) (RFC 6891), for which these questions have no use: an answer of more than 512
 * octets comes over TCP; DNSSEC.
 */
#ifndef MAILSUB_NET_DNS_H
#define MAILSUB_NET_DNS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum { MAILSUB__DNS_SOA = 6, MAILSUB__DNS_SRV = 33 };

/* Header, the longest name, type and class. */
#define MAILSUB__DNS_MAX_QUESTION (12 + 255 + 4)
/* The two octets in front of it on TCP bound it: RFC 1035 section 4.2.2. */
#define MAILSUB__DNS_MAX_ANSWER 65535
/* Most servers of one name. Large providers have a dozen. */
#define MAILSUB__DNS_MAX_SRV 64

typedef struct mailsub__dns_srv {
    uint16_t priority;
    uint16_t weight;
    uint16_t port;
    char target[254]; /* lower case, without a final dot; "" is the root: no such service */
} mailsub__dns_srv;

/*
 * Write a question of class IN, recursion desired. The name is ASCII, absolute, without a final dot.
 * MAILSUB_E_DOMAIN: an empty label, or a label or the whole too long.
 */
int mailsub__dns_write_question(uint16_t id, mailsub__slice name, int type,
                                unsigned char out[MAILSUB__DNS_MAX_QUESTION], size_t *out_len);

/* It is an answer to this question, whatever it says: what others send is passed over. */
bool mailsub__dns_is_answer(mailsub__slice question, mailsub__slice answer);
/* Of an answer: it did not fit into a datagram, and is to be asked for over TCP. */
bool mailsub__dns_is_truncated(mailsub__slice answer);
/* Of an answer: the name server could not, or did not want to, find out; another one may. */
bool mailsub__dns_is_failure(mailsub__slice answer);

/*
 * What the answer says of the name. MAILSUB_OK: it exists; MAILSUB_E_NO_SUCH_DOMAIN;
 * MAILSUB_E_RESOLVE_AGAIN the server failed; MAILSUB_E_DNS_ANSWER no answer to the question, or
 * cut short. On failure *out_reason is one static line.
 */
int mailsub__dns_parse_status(mailsub__slice question, mailsub__slice answer,
                              const char **out_reason);
/*
 * The same, and the SRV records of the name, or of what it is an alias for, in the answer's order;
 * none is no failure. MAILSUB_E_DNS_ANSWER besides: anything malformed in its answer section, more
 * than MAILSUB__DNS_MAX_SRV servers, a server whose name cannot be a host's.
 */
int mailsub__dns_parse_srv(mailsub__slice question, mailsub__slice answer,
                           mailsub__dns_srv out[MAILSUB__DNS_MAX_SRV], size_t *out_n,
                           const char **out_reason);

#endif

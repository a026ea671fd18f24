/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file
 * Discovery: which servers a domain names for the submission of its mail, by SRV records in DNS
 * (RFC 6186, RFC 8314 section 5.1), for the set-up of an account.
 *
 * DNS is not trusted, since whoever stands between can change its answers. So every URL that is
 * found demands TLS, and the server's certificate has to name the host that was found; and where
 * mailsub_discovery_is_in_domain says no, a person has to agree before anything is sent there:
 * a certificate for "mail.attacker.example" is easily had. Discover once and keep what was agreed
 * to: RFC 8314 forbids to ask before every connection.
 *
 * Not handled: DNSSEC, by which records could be trusted.
 */
#ifndef MAILSUB_DISCOVERY_H
#define MAILSUB_DISCOVERY_H

#include <mailsub/export.h>
#include <mailsub/system.h>

MAILSUB_BEGIN_DECLS

typedef struct mailsub_discovery mailsub_discovery;

/** A question to DNS. */
typedef struct mailsub_dns_question {
    size_t size;        /**< sizeof(mailsub_dns_question) */
    const char *name;   /**< A-labels, absolute, without a final dot: no search list applies */
    int type;           /**< as in RFC 1035 and 2782: 33 for SRV, 6 for SOA; the class is IN */
    const void *octets; /**< the question as it is sent */
    size_t len;         /**< number of octets */
    int64_t timeout_ms; /**< how long it may take, at least 1 */
} mailsub_dns_question;

/**
 * How DNS is asked, for programs that have a resolver of their own (DNS over HTTPS, a cache).
 * query() writes the answer's octets as they came (RFC 1035 section 4), of which the first two, the
 * ID, are the question's, and returns 0; else MAILSUB_E_TIMEOUT, or MAILSUB_E_RESOLVE_AGAIN when it
 * got no answer, or another negative MAILSUB_E_*. An answer that was truncated is no answer: it has
 * to be asked for again over TCP. What it hands over need not be checked.
 */
typedef struct mailsub_resolver {
    size_t size; /**< sizeof(mailsub_resolver) */
    void *context;
    int (*query)(void *context, const mailsub_dns_question *question, void *answer, size_t room,
                 size_t *out_len);
} mailsub_resolver;

/**
 * Create a discovery that asks the name servers of resolv.conf(5) within ten seconds.
 * @param allocator      memory for it; NULL for malloc
 * @param out_discovery  receives the discovery
 * @return 0; MAILSUB_E_INVALID; MAILSUB_E_NOMEM
 * Since 0.1
 */
MAILSUB_API int mailsub_discovery_new(const mailsub_allocator *allocator,
                                      mailsub_discovery **out_discovery);

/**
 * Free a discovery with all that it has lent.
 * @param discovery  NULL is allowed
 * Since 0.1
 */
MAILSUB_API void mailsub_discovery_free(mailsub_discovery *discovery);

/**
 * Ask DNS by another way than the system's name servers.
 * @param discovery  the discovery
 * @param resolver   copied; its context must outlive the discovery; NULL goes back to the system's
 * @return 0; MAILSUB_E_INVALID resolver is incomplete
 * Since 0.1
 */
MAILSUB_API int mailsub_discovery_set_resolver(mailsub_discovery *discovery,
                                               const mailsub_resolver *resolver);

/**
 * Take the IDs of questions, and chance among servers of the same priority, from another source of
 * randomness than the system's, for tests.
 * @param discovery  the discovery
 * @param random     copied; its context must outlive the discovery; NULL goes back to the system's
 * @return 0; MAILSUB_E_INVALID random is incomplete
 * Since 0.1
 */
MAILSUB_API int mailsub_discovery_set_random(mailsub_discovery *discovery,
                                             const mailsub_random *random);

/**
 * Bound the time of a whole run, which asks two or three questions.
 * @param discovery  the discovery
 * @param ms         milliseconds, 1 to 86,400,000 (a day); 10,000 by default
 * @return 0; MAILSUB_E_INVALID outside its range
 * Since 0.1
 */
MAILSUB_API int mailsub_discovery_set_deadline(mailsub_discovery *discovery, int64_t ms);

/**
 * Find the servers of a domain. Blocks, until the deadline at most. On failure the servers that were
 * found before stay, and mailsub_discovery_get_error_detail tells why.
 *
 * Servers with implicit TLS (_submissions._tcp) come before those with STARTTLS (_submission._tcp);
 * within a service those of the lower priority number come first, and among equals chance decides,
 * by their weights (RFC 2782). A host and port that is named again counts where it is first. If one of the two services cannot be asked for, the run fails:
 * otherwise whoever can suppress an answer would choose the service.
 * @param discovery  the discovery
 * @param domain     what stands behind the @ of the account's address: UTF-8, IDNA 2008
 * @return 0: at least one server; MAILSUB_E_DOMAIN malformed, or too long to be asked for;
 *         MAILSUB_E_NO_SUCH_DOMAIN; MAILSUB_E_NO_SERVICE it names no server; MAILSUB_E_SERVICE_ABSENT
 *         it says that it has none (the target "."); MAILSUB_E_DNS_ANSWER an answer is malformed, or
 *         names a server that cannot be one, such as an address or port 0; MAILSUB_E_TIMEOUT the
 *         deadline; MAILSUB_E_RESOLVE_AGAIN no name server could tell; MAILSUB_E_RANDOM;
 *         MAILSUB_E_INVALID; MAILSUB_E_NOMEM; MAILSUB_E_SYSTEM; what a resolver of the program's own
 *         returned
 * RFC 6186, RFC 8314 section 5.1, RFC 2782; since 0.1
 */
MAILSUB_API int mailsub_discovery_run(mailsub_discovery *discovery, const char *domain);

/**
 * The domain of the servers that were found.
 * @param discovery  NULL counts as empty
 * @return A-labels, lower case; "" when no run has succeeded; lent until the next run
 * Since 0.1
 */
MAILSUB_API const char *mailsub_discovery_get_domain(const mailsub_discovery *discovery);

/**
 * How many servers were found.
 * @param discovery  NULL counts as empty
 * @return 0 when no run has succeeded
 * Since 0.1
 */
MAILSUB_API size_t mailsub_discovery_count(const mailsub_discovery *discovery);

/**
 * Where a server is, as mailsub_config_set_url takes it, and mailsub_config_add_url those behind it.
 * @param discovery  NULL counts as empty
 * @param index      0 to the count - 1, in the order to try
 * @return "submissions://host:port" or "submission://host:port", which both demand TLS; NULL when
 *         there is none; lent until the next run
 * RFC 8314 section 3.3; since 0.1
 */
MAILSUB_API const char *mailsub_discovery_get_url(const mailsub_discovery *discovery, size_t index);

/**
 * A server's host, whose name its certificate has to bear.
 * @param discovery  NULL counts as empty
 * @param index      as above
 * @return A-labels, lower case; NULL when there is none; lent until the next run
 * Since 0.1
 */
MAILSUB_API const char *mailsub_discovery_get_host(const mailsub_discovery *discovery,
                                                   size_t index);

/**
 * A server's port.
 * @param discovery  NULL counts as empty
 * @param index      as above
 * @return 1 to 65535; 0 when there is none
 * Since 0.1
 */
MAILSUB_API int mailsub_discovery_get_port(const mailsub_discovery *discovery, size_t index);

/**
 * What the domain says of a server among the others of its service.
 * @param discovery     NULL counts as empty
 * @param index         as above
 * @param out_priority  receives 0 to 65535: the lower is tried first; NULL when not wanted
 * @param out_weight    receives 0 to 65535: its share among those of its priority; NULL when not
 *                      wanted
 * @return 0; MAILSUB_E_INVALID there is none
 * RFC 2782; since 0.1
 */
MAILSUB_API int mailsub_discovery_get_rank(const mailsub_discovery *discovery, size_t index,
                                           int *out_priority, int *out_weight);

/**
 * Whether a server's host is the domain that was asked for, or lies below it. If not, it may belong
 * to a provider, or to who has forged the answer: ask a person before it is used.
 * @param discovery  NULL counts as empty
 * @param index      as above
 * @return 1 or 0; 0 too when there is none
 * RFC 6186 section 6, RFC 8314 section 5.1; since 0.1
 */
MAILSUB_API int mailsub_discovery_is_in_domain(const mailsub_discovery *discovery, size_t index);

/**
 * Why the last run failed.
 * @param discovery  NULL counts as empty
 * @return one line for a person, what others have sent in it made harmless; "" when it succeeded;
 *         lent until the next run
 * Since 0.1
 */
MAILSUB_API const char *mailsub_discovery_get_error_detail(const mailsub_discovery *discovery);

MAILSUB_END_DECLS

#endif

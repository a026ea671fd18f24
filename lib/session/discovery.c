/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Discovery joins DNS, which knows octets, with IDNA, which knows names: the questions that are
 * asked, and what is made of their answers.
 *
 * A run works on a draft, which takes the place of what was found before once it is whole.
 */
#include <mailsub/discovery.h>

#include <stdio.h>

#include <mailsub/error.h>

#include "base/memory.h"
#include "codec/domain.h"
#include "net/clock.h"
#include "net/detail.h"
#include "net/dns.h"
#include "net/dns_system.h"
#include "net/srv.h"

#define DEFAULT_DEADLINE_MS 10000
#define MAX_DEADLINE_MS 86400000

/* In the order to try: RFC 8314 section 3.3 prefers TLS from the first octet. */
static const struct service {
    const char *prefix;
    const char *scheme;
} services[] = {
    {"_submissions._tcp.", "submissions"},
    {"_submission._tcp.", "submission"},
};

#define N_SERVICES (sizeof services / sizeof services[0])

struct server {
    mailsub__dns_srv record;
    bool is_in_domain;
    char url[sizeof "submissions://:65535" + 253];
};

struct found {
    char domain[MAILSUB_MAX_DOMAIN + 1];
    size_t n;
    struct server servers[];
};

#define MAX_SERVERS (N_SERVICES * MAILSUB__DNS_MAX_SRV)

struct mailsub_discovery {
    mailsub_allocator allocator;
    mailsub_resolver resolver;
    mailsub_random random;
    int64_t deadline_ms;
    struct found *found; /* NULL until a run has succeeded */
    mailsub__detail detail;
};

/* What a run needs while it lasts. */
struct run {
    mailsub_discovery *discovery;
    struct found *draft;
    int64_t until_ms;
    size_t n_missing; /* names that do not exist */
    bool is_absent;   /* a service is said not to be there */
    mailsub__dns_srv records[MAILSUB__DNS_MAX_SRV];
    unsigned char question[MAILSUB__DNS_MAX_QUESTION];
    size_t question_len;
    char answer[MAILSUB__DNS_MAX_ANSWER];
    size_t answer_len;
};

int mailsub_discovery_new(const mailsub_allocator *allocator, mailsub_discovery **out_discovery)
{
    mailsub_allocator copy;
    if (!out_discovery || mailsub__allocator_init(&copy, allocator))
        return MAILSUB_E_INVALID;
    mailsub_discovery *discovery = mailsub__alloc_zeroed(&copy, sizeof *discovery);
    if (!discovery)
        return MAILSUB_E_NOMEM;
    discovery->allocator = copy;
    discovery->resolver = mailsub__system_resolver;
    discovery->random = mailsub__system_random;
    discovery->deadline_ms = DEFAULT_DEADLINE_MS;
    *out_discovery = discovery;
    return MAILSUB_OK;
}

void mailsub_discovery_free(mailsub_discovery *discovery)
{
    if (!discovery)
        return;
    mailsub_allocator allocator = discovery->allocator;
    mailsub__free(&allocator, discovery->found);
    mailsub__free(&allocator, discovery);
}

int mailsub_discovery_set_resolver(mailsub_discovery *discovery, const mailsub_resolver *resolver)
{
    if (!resolver)
        resolver = &mailsub__system_resolver;
    if (!discovery || resolver->size < sizeof *resolver || !resolver->query)
        return MAILSUB_E_INVALID;
    discovery->resolver = *resolver;
    return MAILSUB_OK;
}

int mailsub_discovery_set_random(mailsub_discovery *discovery, const mailsub_random *random)
{
    if (!random)
        random = &mailsub__system_random;
    if (!discovery || random->size < sizeof *random || !random->fill)
        return MAILSUB_E_INVALID;
    discovery->random = *random;
    return MAILSUB_OK;
}

int mailsub_discovery_set_deadline(mailsub_discovery *discovery, int64_t ms)
{
    if (!discovery || ms < 1 || ms > MAX_DEADLINE_MS)
        return MAILSUB_E_INVALID;
    discovery->deadline_ms = ms;
    return MAILSUB_OK;
}

/* The reason is of this library; the name is a person's, or the name server's. */
static void explain(struct run *run, const char *name, const char *reason)
{
    mailsub__detail *detail = &run->discovery->detail;
    mailsub__detail_append_foreign(detail, mailsub__slice_str(name));
    mailsub__detail_append(detail, ": ");
    mailsub__detail_append(detail, reason);
}

/* RFC 5452 section 9.2: an ID that cannot be guessed. */
static int write_question(struct run *run, const char *name, int type)
{
    unsigned char id[2];
    const mailsub_random *random = &run->discovery->random;
    int rc = random->fill(random->context, id, sizeof id);
    if (rc)
        return rc;
    rc = mailsub__dns_write_question((uint16_t)(id[0] << 8 | id[1]), mailsub__slice_str(name), type,
                                     run->question, &run->question_len);
    if (rc)
        explain(run, name, "too long for a name in DNS");
    return rc;
}

/* The list of errors speaks of mail servers. */
static const char *reason_of(int rc)
{
    if (rc == MAILSUB_E_TIMEOUT)
        return "no name server has answered in time";
    return rc == MAILSUB_E_RESOLVE_AGAIN ? "no name server could tell" : mailsub_strerror(rc);
}

static int ask(struct run *run, const char *name, int type)
{
    const mailsub_resolver *resolver = &run->discovery->resolver;
    int rc = write_question(run, name, type);
    if (rc)
        return rc;
    mailsub_dns_question question = {
        .size = sizeof question,
        .name = name,
        .type = type,
        .octets = run->question,
        .len = run->question_len,
        .timeout_ms = run->until_ms - mailsub__clock_monotonic_ms(),
    };
    size_t len = 0;
    rc = MAILSUB_E_TIMEOUT;
    if (question.timeout_ms >= 1)
        rc = resolver->query(resolver->context, &question, run->answer, sizeof run->answer, &len);
    if (rc > 0)
        rc = MAILSUB_E_RESOLVE_AGAIN; /* no code of this library */
    if (rc == MAILSUB_OK && len > sizeof run->answer)
        rc = MAILSUB_E_DNS_ANSWER;
    if (rc)
        explain(run, name, reason_of(rc));
    else
        run->answer_len = len;
    return rc;
}

/* "example.org" is in itself, and "mail.example.org" below it; "badexample.org" is not. */
static bool is_in_domain(const char *host, const char *domain)
{
    size_t host_len = strlen(host);
    size_t domain_len = strlen(domain);
    if (host_len < domain_len || strcmp(host + host_len - domain_len, domain) != 0)
        return false;
    return host_len == domain_len || host[host_len - domain_len - 1] == '.';
}

/* What no URL can be made of is no server, and then nothing of the answer is believed. */
static int check_server(struct run *run, const mailsub__dns_srv *record)
{
    char host[MAILSUB_MAX_DOMAIN + 1];
    int rc = mailsub__domain_to_ascii(mailsub__slice_str(record->target), host);
    if (rc == MAILSUB_E_NOMEM)
        return rc;
    /* What is not its own A-label form is another host to who connects and checks certificates. */
    if (rc || strcmp(host, record->target) != 0)
        explain(run, record->target, "an SRV record names it as a server, and it is no host name");
    else if (record->port == 0)
        explain(run, record->target, "an SRV record names port 0 of it");
    else
        return MAILSUB_OK;
    return MAILSUB_E_DNS_ANSWER;
}

/* Leave out the root, RFC 2782's word for a service that is not there. Beside servers it
   contradicts them, and does not count. */
static size_t drop_root(struct run *run, size_t n)
{
    size_t n_left = 0;
    for (size_t i = 0; i < n; i++) {
        if (run->records[i].target[0] == '\0')
            run->is_absent = true;
        else
            run->records[n_left++] = run->records[i];
    }
    return n_left;
}

static bool is_found(const struct found *draft, const mailsub__dns_srv *record)
{
    for (size_t i = 0; i < draft->n; i++) {
        const mailsub__dns_srv *other = &draft->servers[i].record;
        if (other->port == record->port && strcmp(other->target, record->target) == 0)
            return true;
    }
    return false;
}

/* One that is named twice would be tried twice; and a port speaks TLS from the first octet or not,
   so that one of two schemes for it is wrong. */
static void add_server(struct found *draft, const mailsub__dns_srv *record, const char *scheme)
{
    if (is_found(draft, record))
        return;
    struct server *server = &draft->servers[draft->n++];
    server->record = *record;
    server->is_in_domain = is_in_domain(record->target, draft->domain);
    snprintf(server->url, sizeof server->url, "%s://%s:%d", scheme, record->target, record->port);
}

static int find_service(struct run *run, const struct service *service)
{
    char name[sizeof "_submissions._tcp." + MAILSUB_MAX_DOMAIN];
    const char *reason = "";
    size_t n = 0;
    snprintf(name, sizeof name, "%s%s", service->prefix, run->draft->domain);
    int rc = ask(run, name, MAILSUB__DNS_SRV);
    if (rc)
        return rc;
    rc = mailsub__dns_parse_srv(mailsub__slice_of(run->question, run->question_len),
                                mailsub__slice_of(run->answer, run->answer_len), run->records, &n,
                                &reason);
    if (rc == MAILSUB_E_NO_SUCH_DOMAIN) {
        run->n_missing++;
        return MAILSUB_OK;
    }
    if (rc) {
        explain(run, name, reason);
        return rc;
    }
    n = drop_root(run, n);
    for (size_t i = 0; rc == MAILSUB_OK && i < n; i++)
        rc = check_server(run, &run->records[i]);
    if (rc == MAILSUB_OK)
        rc = mailsub__srv_order(run->records, n, &run->discovery->random);
    for (size_t i = 0; rc == MAILSUB_OK && i < n; i++)
        add_server(run->draft, &run->records[i], service->scheme);
    return rc;
}

/*
 * No server: find out whether there is the domain at all, for a domain that is misspelled is told
 * otherwise than one without records. When that cannot be found out, what is known is enough.
 */
static int tell_absence(struct run *run)
{
    const char *domain = run->draft->domain;
    const char *reason = "";
    int rc = run->is_absent ? MAILSUB_E_SERVICE_ABSENT : MAILSUB_E_NO_SERVICE;
    if (rc == MAILSUB_E_NO_SERVICE && run->n_missing == N_SERVICES &&
        ask(run, domain, MAILSUB__DNS_SOA) == MAILSUB_OK &&
        mailsub__dns_parse_status(mailsub__slice_of(run->question, run->question_len),
                                  mailsub__slice_of(run->answer, run->answer_len),
                                  &reason) == MAILSUB_E_NO_SUCH_DOMAIN)
        rc = MAILSUB_E_NO_SUCH_DOMAIN;
    mailsub__detail_clear(&run->discovery->detail);
    explain(run, domain, mailsub_strerror(rc));
    return rc;
}

static int run_in_time(struct run *run, const char *domain)
{
    int rc = mailsub__domain_to_ascii(mailsub__slice_str(domain), run->draft->domain);
    if (rc) {
        explain(run, domain, mailsub_strerror(rc));
        return rc;
    }
    for (size_t i = 0; rc == MAILSUB_OK && i < N_SERVICES; i++)
        rc = find_service(run, &services[i]);
    return rc == MAILSUB_OK && run->draft->n == 0 ? tell_absence(run) : rc;
}

/* A draft has room for as many servers as there can be, and one or two are found. */
static void keep(mailsub_discovery *discovery, struct found *draft)
{
    size_t len = sizeof *draft + draft->n * sizeof draft->servers[0];
    struct found *exact = mailsub__realloc(&discovery->allocator, draft, len);
    mailsub__free(&discovery->allocator, discovery->found);
    discovery->found = exact ? exact : draft;
}

int mailsub_discovery_run(mailsub_discovery *discovery, const char *domain)
{
    struct found *draft = NULL;
    struct run *run = NULL;
    int rc = MAILSUB_E_INVALID;
    if (!discovery || !domain)
        return rc;
    mailsub__detail_clear(&discovery->detail);
    rc = MAILSUB_E_NOMEM;
    draft = mailsub__alloc_zeroed(&discovery->allocator,
                                  sizeof *draft + MAX_SERVERS * sizeof draft->servers[0]);
    run = mailsub__alloc_zeroed(&discovery->allocator, sizeof *run);
    if (draft && run) {
        run->discovery = discovery;
        run->draft = draft;
        run->until_ms = mailsub__clock_monotonic_ms() + discovery->deadline_ms;
        rc = run_in_time(run, domain);
    }
    if (rc == MAILSUB_OK) {
        keep(discovery, draft);
        draft = NULL;
    } else if (discovery->detail.len == 0) {
        mailsub__detail_append(&discovery->detail, mailsub_strerror(rc));
    }
    mailsub__free(&discovery->allocator, draft);
    mailsub__free(&discovery->allocator, run);
    return rc;
}

static const struct server *server_at(const mailsub_discovery *discovery, size_t index)
{
    return index < mailsub_discovery_count(discovery) ? &discovery->found->servers[index] : NULL;
}

const char *mailsub_discovery_get_domain(const mailsub_discovery *discovery)
{
    return discovery && discovery->found ? discovery->found->domain : "";
}

size_t mailsub_discovery_count(const mailsub_discovery *discovery)
{
    return discovery && discovery->found ? discovery->found->n : 0;
}

const char *mailsub_discovery_get_url(const mailsub_discovery *discovery, size_t index)
{
    const struct server *server = server_at(discovery, index);
    return server ? server->url : NULL;
}

const char *mailsub_discovery_get_host(const mailsub_discovery *discovery, size_t index)
{
    const struct server *server = server_at(discovery, index);
    return server ? server->record.target : NULL;
}

int mailsub_discovery_get_port(const mailsub_discovery *discovery, size_t index)
{
    const struct server *server = server_at(discovery, index);
    return server ? server->record.port : 0;
}

int mailsub_discovery_get_rank(const mailsub_discovery *discovery, size_t index, int *out_priority,
                               int *out_weight)
{
    const struct server *server = server_at(discovery, index);
    if (!server)
        return MAILSUB_E_INVALID;
    if (out_priority)
        *out_priority = server->record.priority;
    if (out_weight)
        *out_weight = server->record.weight;
    return MAILSUB_OK;
}

int mailsub_discovery_is_in_domain(const mailsub_discovery *discovery, size_t index)
{
    const struct server *server = server_at(discovery, index);
    return server && server->is_in_domain;
}

const char *mailsub_discovery_get_error_detail(const mailsub_discovery *discovery)
{
    return discovery ? discovery->detail.text : "";
}

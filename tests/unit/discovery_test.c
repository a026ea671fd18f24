/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Discovery with a resolver of the test's own, which knows one domain, and a clock that it moves.
 * tests/integration/discover.py asks real name servers.
 */
#include "unit.h"

#include <stdio.h>

#include <mailsub/config.h>
#include <mailsub/discovery.h>
#include <mailsub/error.h>

#include "net/clock.h"

int64_t __wrap_mailsub__clock_monotonic_ms(void);

static int64_t clock_ms;

int64_t __wrap_mailsub__clock_monotonic_ms(void)
{
    return clock_ms;
}

#define MAX_QUESTIONS 3

struct row {
    const char *name;
    const char *domain; /* as it is given */
    /* For each question, in their order: "PRIORITY WEIGHT PORT TARGET;" for each server, or what
       else happens: see answer(). NULL: it must not be asked. */
    const char *answers[MAX_QUESTIONS];
    int want;
    const char *want_text; /* the servers, or the error's detail */
};

static const struct row rows[] = {
    {"both services, TLS from the first octet before STARTTLS",
     "example.org",
     {"20 0 465 mail.example.org;", "10 0 587 mail.example.org;"},
     0,
     "submissions://mail.example.org:465 20 0 in;submission://mail.example.org:587 10 0 in;"},
    {"one service",
     "example.org",
     {"1 2 465 mail.example.org;", "absent"},
     0,
     "submissions://mail.example.org:465 1 2 in;"},
    {"the other service",
     "example.org",
     {"", "0 1 2587 mail.example.org;"},
     0,
     "submission://mail.example.org:2587 0 1 in;"},
    {"by priority",
     "example.org",
     {"30 0 465 c.example.org;10 0 465 a.example.org;20 0 465 b.example.org;", ""},
     0,
     "submissions://a.example.org:465 10 0 in;submissions://b.example.org:465 20 0 in;"
     "submissions://c.example.org:465 30 0 in;"},
    {"by weight, as chance decides: all octets of it are 0",
     "example.org",
     {"10 9 465 a.example.org;10 0 465 b.example.org;", ""},
     0,
     "submissions://b.example.org:465 10 0 in;submissions://a.example.org:465 10 9 in;"},
    {"who is in the domain",
     "example.org",
     {"1 0 465 example.org;2 0 465 a.b.example.org;3 0 465 badexample.org;4 0 465 org;"
      "5 0 465 example.org.test;",
      ""},
     0,
     "submissions://example.org:465 1 0 in;submissions://a.b.example.org:465 2 0 in;"
     "submissions://badexample.org:465 3 0 out;submissions://org:465 4 0 out;"
     "submissions://example.org.test:465 5 0 out;"},
    {"a domain in capitals",
     "EXAMPLE.org",
     {"1 0 465 Mail.Example.ORG;", ""},
     0,
     "submissions://mail.example.org:465 1 0 in;"},
    {"an internationalized domain",
     "b\xc3\xbc"
     "cher.example",
     {"1 0 465 mail.xn--bcher-kva.example;", ""},
     0,
     "submissions://mail.xn--bcher-kva.example:465 1 0 in;"},
    {"a service that is not there, and one that is",
     "example.org",
     {"0 0 0 .;", "1 0 587 mail.example.org;"},
     0,
     "submission://mail.example.org:587 1 0 in;"},
    {"a root beside a server does not count",
     "example.org",
     {"0 0 0 .;1 0 465 mail.example.org;", ""},
     0,
     "submissions://mail.example.org:465 1 0 in;"},
    {"a server that is named again",
     "example.org",
     {"1 0 465 mail.example.org;2 0 465 MAIL.example.org;", "1 0 465 mail.example.org;"
                                                            "2 0 587 mail.example.org;"},
     0,
     "submissions://mail.example.org:465 1 0 in;submission://mail.example.org:587 2 0 in;"},
    {"no such domain",
     "example.org",
     {"absent", "absent", "absent"},
     MAILSUB_E_NO_SUCH_DOMAIN,
     "example.org: the domain does not exist"},
    {"a domain without such names",
     "example.org",
     {"absent", "absent", ""},
     MAILSUB_E_NO_SERVICE,
     "example.org: the domain does not tell where its mail is submitted"},
    {"a domain that cannot be asked for itself",
     "example.org",
     {"absent", "absent", "failed"},
     MAILSUB_E_NO_SERVICE,
     "example.org: the domain does not tell where its mail is submitted"},
    {"a domain whose answer about itself is lost",
     "example.org",
     {"absent", "absent", "late"},
     MAILSUB_E_NO_SERVICE,
     "example.org: the domain does not tell where its mail is submitted"},
    {"no records",
     "example.org",
     {"", "absent"},
     MAILSUB_E_NO_SERVICE,
     "example.org: the domain does not tell where its mail is submitted"},
    {"decidedly not available",
     "example.org",
     {"0 0 0 .;", "0 0 0 .;"},
     MAILSUB_E_SERVICE_ABSENT,
     "example.org: the domain tells that it takes no submissions"},
    {"one decidedly not available, and one unknown",
     "example.org",
     {"absent", "0 0 0 .;"},
     MAILSUB_E_SERVICE_ABSENT,
     "example.org: the domain tells that it takes no submissions"},
    {"a name server that fails",
     "example.org",
     {"failed"},
     MAILSUB_E_RESOLVE_AGAIN,
     "_submissions._tcp.example.org: the name server cannot tell"},
    {"one service that cannot be asked for",
     "example.org",
     {"1 0 465 mail.example.org;", "failed"},
     MAILSUB_E_RESOLVE_AGAIN,
     "_submission._tcp.example.org: the name server cannot tell"},
    {"no name server",
     "example.org",
     {"again"},
     MAILSUB_E_RESOLVE_AGAIN,
     "_submissions._tcp.example.org: no name server could tell"},
    {"a resolver's time-out",
     "example.org",
     {"timeout"},
     MAILSUB_E_TIMEOUT,
     "_submissions._tcp.example.org: no name server has answered in time"},
    {"an answer so late that there is no time for the next question",
     "example.org",
     {"late"},
     MAILSUB_E_TIMEOUT,
     "_submission._tcp.example.org: no name server has answered in time"},
    {"a resolver with a code of its own",
     "example.org",
     {"positive"},
     MAILSUB_E_RESOLVE_AGAIN,
     "_submissions._tcp.example.org: no name server could tell"},
    {"a resolver that tells of more than it has room for",
     "example.org",
     {"too long"},
     MAILSUB_E_DNS_ANSWER,
     "_submissions._tcp.example.org: what the name server answered is malformed"},
    {"the answer to another question",
     "example.org",
     {"other"},
     MAILSUB_E_DNS_ANSWER,
     "_submissions._tcp.example.org: it is no answer to the question"},
    {"an answer that was truncated",
     "example.org",
     {"truncated"},
     MAILSUB_E_DNS_ANSWER,
     "_submissions._tcp.example.org: it is cut short"},
    {"nothing",
     "example.org",
     {"nothing"},
     MAILSUB_E_DNS_ANSWER,
     "_submissions._tcp.example.org: it is no answer to the question"},
    {"an address as a server",
     "example.org",
     {"1 0 465 192.0.2.1;"},
     MAILSUB_E_DNS_ANSWER,
     "192.0.2.1: an SRV record names it as a server, and it is no host name"},
    {"a name that no host has",
     "example.org",
     {"1 0 465 mail.example.org;2 0 465 my_mail.example.org;"},
     MAILSUB_E_DNS_ANSWER,
     "my_mail.example.org: an SRV record names it as a server, and it is no host name"},
    {"an A-label that is none",
     "example.org",
     {"1 0 465 xn--0.example.org;"},
     MAILSUB_E_DNS_ANSWER,
     "xn--0.example.org: an SRV record names it as a server, and it is no host name"},
    {"port 0",
     "example.org",
     {"1 0 0 mail.example.org;"},
     MAILSUB_E_DNS_ANSWER,
     "mail.example.org: an SRV record names port 0 of it"},
    {"an empty domain", "", {NULL}, MAILSUB_E_DOMAIN, NULL},
    {"an address", "192.0.2.1", {NULL}, MAILSUB_E_DOMAIN, NULL},
    {"a mailbox", "me@example.org", {NULL}, MAILSUB_E_DOMAIN, NULL},
    {"a final dot", "example.org.", {NULL}, MAILSUB_E_DOMAIN, NULL},
    {"a line end, which does not reach the detail",
     "example.org\r\nforged: line",
     {NULL},
     MAILSUB_E_DOMAIN,
     "example.org??forged: line: a domain name is not valid (DNS, IDNA 2008)"},
    {"a domain that leaves no room for the service",
     "a123456789b123456789c123456789d123456789e123456789f123456789.a123456789b123456789c123456789"
     "d123456789e123456789f123456789.a123456789b123456789c123456789d123456789e123456789f123456789."
     "a123456789b123456789c123456789d123456789e123456789f12345678.org",
     {NULL},
     MAILSUB_E_DOMAIN,
     NULL},
};

struct zone {
    const struct row *row;
    size_t n_asked;
    uint16_t ids[MAX_QUESTIONS];
    unsigned char *out; /* the answer */
    size_t len;
};

static void put_16(struct zone *zone, unsigned number)
{
    zone->out[zone->len++] = (unsigned char)(number >> 8);
    zone->out[zone->len++] = (unsigned char)number;
}

static void put_target(struct zone *zone, const char *target)
{
    size_t at = zone->len;
    for (const char *label = target; *label && *label != '.';) {
        size_t len = strcspn(label, ".");
        zone->out[zone->len++] = (unsigned char)len;
        memcpy(zone->out + zone->len, label, len);
        zone->len += len;
        label += len + (label[len] == '.');
    }
    zone->out[zone->len++] = 0;
    /* RDLENGTH stands 8 octets in front. */
    size_t data_len = zone->len - at + 6;
    zone->out[at - 8] = (unsigned char)(data_len >> 8);
    zone->out[at - 7] = (unsigned char)data_len;
}

static void put_records(struct zone *zone, const char *text)
{
    static const unsigned char head[] = {0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, 0};
    unsigned priority;
    unsigned weight;
    unsigned port;
    char target[256];
    int used = 0;
    unsigned n = 0;
    for (; sscanf(text, "%u %u %u %255[^;];%n", &priority, &weight, &port, target, &used) == 4;
         n++) {
        memcpy(zone->out + zone->len, head, sizeof head);
        zone->len += sizeof head;
        put_16(zone, priority);
        put_16(zone, weight);
        put_16(zone, port);
        put_target(zone, target);
        text += used;
    }
    assert_string_equal(text, "");
    zone->out[7] = (unsigned char)n;
}

/* Write what a row says; the return value is the resolver's. */
static int answer(struct zone *zone, const char *what, size_t room)
{
    zone->out[2] = 0x81;
    zone->out[3] = 0x80;
    if (strcmp(what, "absent") == 0)
        zone->out[3] |= 3;
    else if (strcmp(what, "failed") == 0)
        zone->out[3] |= 2;
    else if (strcmp(what, "truncated") == 0)
        zone->out[2] |= 2;
    else if (strcmp(what, "other") == 0)
        zone->out[1] ^= 1;
    else if (strcmp(what, "nothing") == 0)
        zone->len = 0;
    else if (strcmp(what, "too long") == 0)
        zone->len = room + 1;
    else if (strcmp(what, "late") == 0)
        clock_ms += 10000;
    else if (strcmp(what, "again") == 0)
        return MAILSUB_E_RESOLVE_AGAIN;
    else if (strcmp(what, "timeout") == 0)
        return MAILSUB_E_TIMEOUT;
    else if (strcmp(what, "positive") == 0)
        return 7;
    else
        put_records(zone, what);
    return MAILSUB_OK;
}

static int query(void *context, const mailsub_dns_question *question, void *out, size_t room,
                 size_t *out_len)
{
    static const char *const prefixes[] = {"_submissions._tcp.", "_submission._tcp.", ""};
    struct zone *zone = context;
    assert_true(zone->n_asked < MAX_QUESTIONS);
    size_t index = zone->n_asked++;
    const char *what = zone->row->answers[index];
    assert_non_null(what);
    assert_int_equal(question->size, sizeof *question);
    assert_memory_equal(question->name, prefixes[index], strlen(prefixes[index]));
    assert_int_equal(question->type, index < 2 ? 33 : 6);
    assert_in_range(question->timeout_ms, 1, 10000);
    assert_int_equal(question->len, 12 + strlen(question->name) + 2 + 4);
    assert_int_equal(room, 65535);
    const unsigned char *octets = question->octets;
    zone->ids[index] = (uint16_t)(octets[0] << 8 | octets[1]);
    zone->out = out;
    zone->len = question->len;
    memcpy(out, question->octets, question->len);
    int rc = answer(zone, what, room);
    *out_len = zone->len;
    return rc;
}

/* Octets that are 0, but for IDs, which are counted. */
static int fill(void *context, void *out, size_t n_bytes)
{
    unsigned char *next = context;
    memset(out, 0, n_bytes);
    if (n_bytes == 2)
        *(unsigned char *)out = (*next)++;
    return MAILSUB_OK;
}

static void write_servers(const mailsub_discovery *discovery, char out[1024])
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < mailsub_discovery_count(discovery); i++) {
        int priority = -1;
        int weight = -1;
        char host[300];
        assert_int_equal(mailsub_discovery_get_rank(discovery, i, &priority, &weight), 0);
        len += (size_t)snprintf(out + len, 1024 - len, "%s %d %d %s;",
                                mailsub_discovery_get_url(discovery, i), priority, weight,
                                mailsub_discovery_is_in_domain(discovery, i) ? "in" : "out");
        snprintf(host, sizeof host, "//%s:%d", mailsub_discovery_get_host(discovery, i),
                 mailsub_discovery_get_port(discovery, i));
        assert_non_null(strstr(mailsub_discovery_get_url(discovery, i), host));
    }
}

/* What is found is what a config takes, with TLS that is demanded. */
static void check_urls(const mailsub_discovery *discovery)
{
    mailsub_config *config = NULL;
    assert_int_equal(mailsub_config_new(NULL, &config), MAILSUB_OK);
    for (size_t i = 0; i < mailsub_discovery_count(discovery); i++) {
        const char *url = mailsub_discovery_get_url(discovery, i);
        assert_int_equal(mailsub_config_set_url(config, url), MAILSUB_OK);
        assert_string_equal(mailsub_config_get_host(config),
                            mailsub_discovery_get_host(discovery, i));
        assert_int_equal(mailsub_config_get_port(config), mailsub_discovery_get_port(discovery, i));
        assert_int_equal(mailsub_config_get_tls(config), strncmp(url, "submissions:", 12) == 0
                                                             ? MAILSUB_TLS_IMPLICIT
                                                             : MAILSUB_TLS_STARTTLS);
    }
    mailsub_config_unref(config);
}

/* All of them together are what a config takes, in their order. */
static void check_servers(const mailsub_discovery *discovery)
{
    mailsub_config *config = NULL;
    assert_int_equal(mailsub_config_new(NULL, &config), MAILSUB_OK);
    for (size_t i = 0; i < mailsub_discovery_count(discovery); i++) {
        const char *url = mailsub_discovery_get_url(discovery, i);
        assert_int_equal(i == 0 ? mailsub_config_set_url(config, url)
                                : mailsub_config_add_url(config, url),
                         MAILSUB_OK);
    }
    mailsub_config_unref(config);
}

static int run(const mailsub_allocator *allocator, const struct row *row, struct zone *zone,
               mailsub_discovery **out_discovery)
{
    static unsigned char next;
    *zone = (struct zone){.row = row};
    mailsub_resolver resolver = {.size = sizeof resolver, .context = zone, .query = query};
    mailsub_random random = {.size = sizeof random, .context = &next, .fill = fill};
    next = 1;
    int rc = mailsub_discovery_new(allocator, out_discovery);
    if (rc)
        return rc;
    assert_int_equal(mailsub_discovery_set_resolver(*out_discovery, &resolver), MAILSUB_OK);
    assert_int_equal(mailsub_discovery_set_random(*out_discovery, &random), MAILSUB_OK);
    return mailsub_discovery_run(*out_discovery, row->domain);
}

static void run_row(void **state)
{
    const struct row *row = *state;
    struct zone zone;
    mailsub_discovery *discovery = NULL;
    char text[1024];
    assert_int_equal(run(NULL, row, &zone, &discovery), row->want);
    write_servers(discovery, text);
    if (row->want == MAILSUB_OK) {
        assert_string_equal(text, row->want_text);
        assert_string_equal(mailsub_discovery_get_error_detail(discovery), "");
        check_urls(discovery);
        check_servers(discovery);
    } else {
        const char *detail = mailsub_discovery_get_error_detail(discovery);
        assert_string_equal(text, "");
        assert_string_equal(mailsub_discovery_get_domain(discovery), "");
        assert_true(detail[0] != '\0');
        if (row->want_text)
            assert_string_equal(detail, row->want_text);
    }
    for (size_t i = 1; i < zone.n_asked; i++)
        assert_int_not_equal(zone.ids[i], zone.ids[i - 1]);
    mailsub_discovery_free(discovery);
}

/* Without memory there is no answer, or the same: what was found is only kept in more room. */
static void starve_row(void **state)
{
    const struct row *row = *state;
    bool was_short = true;
    for (size_t fail_at = 1; was_short; fail_at++) {
        struct unit_heap heap = {.fail_at = fail_at};
        mailsub_allocator allocator = unit_allocator(&heap);
        struct zone zone;
        mailsub_discovery *discovery = NULL;
        char text[1024];
        int rc = run(&allocator, row, &zone, &discovery);
        was_short = heap.n_requests >= fail_at;
        if (rc != MAILSUB_E_NOMEM || !was_short)
            assert_int_equal(rc, row->want);
        write_servers(discovery, text);
        assert_string_equal(text, rc == MAILSUB_OK ? row->want_text : "");
        mailsub_discovery_free(discovery);
        assert_int_equal(heap.n_live, 0);
    }
}

static void what_was_found_stays_when_a_run_fails(void **state)
{
    (void)state;
    struct zone zone;
    mailsub_discovery *discovery = NULL;
    static const struct row failing = {.answers = {"failed"}};
    assert_int_equal(run(NULL, &rows[0], &zone, &discovery), MAILSUB_OK);
    zone = (struct zone){.row = &failing};
    assert_int_equal(mailsub_discovery_run(discovery, "example.net"), MAILSUB_E_RESOLVE_AGAIN);
    assert_int_equal(mailsub_discovery_count(discovery), 2);
    assert_string_equal(mailsub_discovery_get_domain(discovery), "example.org");
    assert_true(mailsub_discovery_get_error_detail(discovery)[0] != '\0');
    zone = (struct zone){.row = &rows[1]};
    assert_int_equal(mailsub_discovery_run(discovery, "example.net"), MAILSUB_OK);
    assert_int_equal(mailsub_discovery_count(discovery), 1);
    assert_string_equal(mailsub_discovery_get_domain(discovery), "example.net");
    assert_int_equal(mailsub_discovery_is_in_domain(discovery, 0), 0);
    assert_string_equal(mailsub_discovery_get_error_detail(discovery), "");
    mailsub_discovery_free(discovery);
}

static int fail_to_fill(void *context, void *out, size_t n_bytes)
{
    (void)context;
    (void)out;
    (void)n_bytes;
    return MAILSUB_E_RANDOM;
}

static void without_chance_nothing_is_asked(void **state)
{
    (void)state;
    struct zone zone;
    mailsub_discovery *discovery = NULL;
    mailsub_random random = {.size = sizeof random, .fill = fail_to_fill};
    assert_int_equal(run(NULL, &rows[0], &zone, &discovery), MAILSUB_OK);
    zone = (struct zone){.row = &rows[0]};
    assert_int_equal(mailsub_discovery_set_random(discovery, &random), MAILSUB_OK);
    assert_int_equal(mailsub_discovery_run(discovery, "example.org"), MAILSUB_E_RANDOM);
    assert_int_equal(zone.n_asked, 0);
    assert_string_equal(mailsub_discovery_get_error_detail(discovery), "no random numbers");
    mailsub_discovery_free(discovery);
}

static void the_deadline_is_handed_on(void **state)
{
    (void)state;
    struct zone zone;
    mailsub_discovery *discovery = NULL;
    assert_int_equal(run(NULL, &rows[0], &zone, &discovery), MAILSUB_OK);
    assert_int_equal(mailsub_discovery_set_deadline(discovery, 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_discovery_set_deadline(discovery, 86400001), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_discovery_set_deadline(NULL, 1), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_discovery_set_deadline(discovery, 86400000), MAILSUB_OK);
    assert_int_equal(mailsub_discovery_set_deadline(discovery, 1), MAILSUB_OK);
    zone = (struct zone){.row = &rows[0]};
    assert_int_equal(mailsub_discovery_run(discovery, "example.org"), MAILSUB_OK);
    mailsub_discovery_free(discovery);
}

static void incomplete_tables_are_refused(void **state)
{
    (void)state;
    mailsub_discovery *discovery = NULL;
    mailsub_resolver resolver = {.size = sizeof resolver};
    mailsub_random random = {.size = sizeof random};
    assert_int_equal(mailsub_discovery_new(NULL, NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_discovery_new(NULL, &discovery), MAILSUB_OK);
    assert_int_equal(mailsub_discovery_set_resolver(discovery, &resolver), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_discovery_set_random(discovery, &random), MAILSUB_E_INVALID);
    resolver = (mailsub_resolver){.size = sizeof resolver - 1, .query = query};
    random = (mailsub_random){.size = sizeof random - 1, .fill = fill};
    assert_int_equal(mailsub_discovery_set_resolver(discovery, &resolver), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_discovery_set_random(discovery, &random), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_discovery_set_resolver(NULL, NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_discovery_set_random(NULL, NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_discovery_set_resolver(discovery, NULL), MAILSUB_OK);
    assert_int_equal(mailsub_discovery_set_random(discovery, NULL), MAILSUB_OK);
    assert_int_equal(mailsub_discovery_run(discovery, NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_discovery_run(NULL, "example.org"), MAILSUB_E_INVALID);
    mailsub_discovery_free(discovery);
}

static void nothing_is_told_of_what_is_not_there(void **state)
{
    (void)state;
    struct zone zone;
    mailsub_discovery *discoveries[2] = {NULL, NULL};
    int rank = 7;
    assert_int_equal(run(NULL, &rows[1], &zone, &discoveries[1]), MAILSUB_OK);
    for (size_t i = 0; i < 2; i++) {
        const mailsub_discovery *discovery = discoveries[i];
        assert_null(mailsub_discovery_get_url(discovery, 1));
        assert_null(mailsub_discovery_get_host(discovery, SIZE_MAX));
        assert_int_equal(mailsub_discovery_get_port(discovery, 1), 0);
        assert_int_equal(mailsub_discovery_is_in_domain(discovery, 1), 0);
        assert_int_equal(mailsub_discovery_get_rank(discovery, 1, &rank, &rank), MAILSUB_E_INVALID);
    }
    assert_int_equal(mailsub_discovery_get_rank(discoveries[1], 0, NULL, NULL), MAILSUB_OK);
    assert_int_equal(rank, 7);
    assert_int_equal(mailsub_discovery_count(NULL), 0);
    assert_string_equal(mailsub_discovery_get_domain(NULL), "");
    assert_string_equal(mailsub_discovery_get_error_detail(NULL), "");
    mailsub_discovery_free(NULL);
    mailsub_discovery_free(discoveries[1]);
}

int main(void)
{
    static struct CMUnitTest tests[5 + 2 * sizeof rows / sizeof rows[0]] = {
        cmocka_unit_test(what_was_found_stays_when_a_run_fails),
        cmocka_unit_test(without_chance_nothing_is_asked),
        cmocka_unit_test(the_deadline_is_handed_on),
        cmocka_unit_test(incomplete_tables_are_refused),
        cmocka_unit_test(nothing_is_told_of_what_is_not_there),
    };
    size_t n_tests = 5;
    UNIT_ADD_ROWS(tests, n_tests, rows, run_row);
    UNIT_ADD_ROWS(tests, n_tests, rows, starve_row);
    return UNIT_RUN(tests, n_tests);
}

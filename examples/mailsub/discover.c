/* SPDX-License-Identifier: 0BSD */
/* mailsub discover: which servers a domain names for its mail. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "json.h"

/* What there is to do is not what advice_of says, which speaks of a message. */
static const char *advice_on(int code)
{
    static const struct {
        int code;
        const char *text;
    } advice[] = {
        {MAILSUB_E_DOMAIN, "give what stands behind the @ of an address"},
        {MAILSUB_E_NO_SUCH_DOMAIN, "look for a slip in the domain"},
        {MAILSUB_E_NO_SERVICE, "ask who runs the domain's mail for the name of its server"},
        {MAILSUB_E_SERVICE_ABSENT, "submit by the server of another domain"},
        {MAILSUB_E_DNS_ANSWER, "tell who runs the domain's DNS, or ask from another network"},
    };
    for (size_t i = 0; i < sizeof advice / sizeof advice[0]; i++) {
        if (advice[i].code == code)
            return advice[i].text;
    }
    return mailsub_error_action(code) == MAILSUB_ACTION_RETRY_LATER ? "ask again later"
                                                                    : advice_of(code);
}

static int tell_failure(const struct work *work, int code, const mailsub_discovery *discovery)
{
    say(work, "%s\n  error: %s: %s\n  do: %s", mailsub_discovery_get_error_detail(discovery),
        mailsub_error_name(code), mailsub_strerror(code), advice_on(code));
    return code;
}

static bool is_starttls(const mailsub_discovery *discovery, size_t index)
{
    static const char scheme[] = "submission:";
    const char *url = mailsub_discovery_get_url(discovery, index);
    return strncmp(url, scheme, sizeof scheme - 1) == 0;
}

static void print_server(const mailsub_discovery *discovery, size_t index)
{
    int priority = 0;
    int weight = 0;
    mailsub_discovery_get_rank(discovery, index, &priority, &weight);
    printf("%s\tpriority %d\tweight %d\t%s %s\n", mailsub_discovery_get_url(discovery, index),
           priority, weight, mailsub_discovery_is_in_domain(discovery, index) ? "in" : "not in",
           mailsub_discovery_get_domain(discovery));
}

static void print_server_json(const mailsub_discovery *discovery, size_t index)
{
    int priority = 0;
    int weight = 0;
    mailsub_discovery_get_rank(discovery, index, &priority, &weight);
    json_member(stdout, index > 0 ? ",{" : "{", "url", mailsub_discovery_get_url(discovery, index));
    json_member(stdout, ",", "host", mailsub_discovery_get_host(discovery, index));
    printf(",\"port\":%d", mailsub_discovery_get_port(discovery, index));
    json_member(stdout, ",", "tls", is_starttls(discovery, index) ? "starttls" : "implicit");
    printf(",\"priority\":%d,\"weight\":%d,\"in_domain\":%s}", priority, weight,
           mailsub_discovery_is_in_domain(discovery, index) ? "true" : "false");
}

/* The members that a receipt has too are called as there. */
static void print_json(int code, const mailsub_discovery *discovery)
{
    printf("{\"code\":%d", code);
    json_member(stdout, ",", "name", mailsub_error_name(code));
    json_member(stdout, ",", "text", mailsub_strerror(code));
    json_member(stdout, ",", "detail", mailsub_discovery_get_error_detail(discovery));
    json_member(stdout, ",", "domain", mailsub_discovery_get_domain(discovery));
    fputs(",\"servers\":[", stdout);
    for (size_t i = 0; i < mailsub_discovery_count(discovery); i++)
        print_server_json(discovery, i);
    puts("]}");
}

/* A host elsewhere may be the domain's provider, or who has forged the answer. */
static void warn(const struct work *work, const mailsub_discovery *discovery)
{
    for (size_t i = 0; i < mailsub_discovery_count(discovery); i++) {
        if (!mailsub_discovery_is_in_domain(discovery, i))
            say(work, "%s is not in %s: before it gets a password, find out whose it is",
                mailsub_discovery_get_host(discovery, i), mailsub_discovery_get_domain(discovery));
    }
}

static int discover(struct work *work, mailsub_discovery *discovery)
{
    const char *deadline = setting_of(work, OPTION_DEADLINE);
    int64_t ms;
    if (deadline && (!parse_time(deadline, &ms) || mailsub_discovery_set_deadline(discovery, ms)))
        return fail(work, MAILSUB_E_INVALID, "--deadline %s: a time such as 5s, a day at most",
                    deadline);
    int rc = mailsub_discovery_run(discovery, work->operands[0]);
    if (is_set(work, OPTION_JSON))
        print_json(rc, discovery);
    if (rc)
        return tell_failure(work, rc, discovery);
    bool is_text = !is_set(work, OPTION_JSON) && !work->is_quiet;
    for (size_t i = 0; is_text && i < mailsub_discovery_count(discovery); i++)
        print_server(discovery, i);
    /* Before what is for a person, so that the two do not mix. */
    if (fflush(stdout) != 0)
        return fail(work, MAILSUB_E_SINK, "standard output");
    warn(work, discovery);
    return MAILSUB_OK;
}

int run_discover(struct work *work)
{
    mailsub_discovery *discovery = NULL;
    if (work->n_operands != 1)
        return fail(work, MAILSUB_E_INVALID, "which domain? mailsub discover DOMAIN");
    int rc = mailsub_discovery_new(NULL, &discovery);
    if (rc)
        return fail(work, rc, "discover");
    rc = discover(work, discovery);
    mailsub_discovery_free(discovery);
    return rc;
}

/* SPDX-License-Identifier: 0BSD */
/* mailsub check: what a server offers, and what a policy says of a message. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "json.h"

enum { MOST_DOMAINS = 32 };

/* The domains of --dkim, which stand in front of the first colon. */
static size_t signing_domains(const struct work *work, char *domains[MOST_DOMAINS])
{
    size_t n = 0;
    for (size_t i = 0; i < work->settings.n && n < MOST_DOMAINS; i++) {
        const struct setting *setting = &work->settings.entries[i];
        if (setting->option == option_at(OPTION_DKIM) && setting->source != SOURCE_OFF)
            domains[n++] = copy_text(setting->value, strcspn(setting->value, ":"));
    }
    return n;
}

static int check_message(struct work *work, mailsub_findings *findings)
{
    char *domains[MOST_DOMAINS];
    const char *names[MOST_DOMAINS];
    const char *size = NULL;
    size_t n = signing_domains(work, domains);
    for (size_t i = 0; i < n; i++)
        names[i] = domains[i];
    if (work->session)
        size = mailsub_session_find_capability(work->session, MAILSUB_OFFER_LAST, "SIZE");
    const mailsub_facts facts = {
        .size = sizeof facts,
        .login = setting_of(work, OPTION_USER),
        .helo_name = setting_of(work, OPTION_HELO),
        .max_size = size ? strtoull(size, NULL, 10) : 0,
        .signing_domains = names,
        .n_signing_domains = n,
        .relay_signs = is_set(work, OPTION_RELAY_SIGNS),
    };
    int rc = mailsub_message_check(work->message, work->policy, &facts, findings);
    while (n > 0)
        free(domains[--n]);
    return rc;
}

static void print_offer(const struct work *work, int when, const char *label)
{
    for (size_t i = 0; i < mailsub_session_count_capabilities(work->session, when); i++)
        printf("%s: %s\n", label, mailsub_session_get_capability(work->session, when, i));
}

static void print_server(const struct work *work)
{
    const char *names = mailsub_receipt_get_tls_names(work->receipt);
    const char *fingerprint = mailsub_receipt_get_tls_fingerprint(work->receipt);
    if (mailsub_config_count_servers(work->config) == 1)
        printf("server: %s, port %d\n", mailsub_config_get_host(work->config),
               mailsub_config_get_port(work->config));
    else if (mailsub_receipt_count_failed_servers(work->receipt) == 0)
        printf("server: %s\n", mailsub_receipt_get_server(work->receipt));
    mailsub_receipt_write(work->receipt, sink_to_file, stdout);
    if (*names != '\0')
        printf("certificate: %s\n", names);
    if (*fingerprint != '\0')
        printf("fingerprint: %s\n", fingerprint);
    print_offer(work, MAILSUB_OFFER_CLEAR, "before TLS");
    print_offer(work, MAILSUB_OFFER_LAST, "offers");
}

static void print_json_server(const struct work *work)
{
    size_t n = mailsub_session_count_capabilities(work->session, MAILSUB_OFFER_LAST);
    json_member(stdout, ",", "host", mailsub_config_get_host(work->config));
    printf(",\"port\":%d,\"server\":", mailsub_config_get_port(work->config));
    json_receipt(stdout, work->receipt);
    fputs(",\"offers\":[", stdout);
    for (size_t i = 0; i < n; i++) {
        fputs(i > 0 ? "," : "", stdout);
        json_text(stdout, mailsub_session_get_capability(work->session, MAILSUB_OFFER_LAST, i));
    }
    putchar(']');
}

static int print_findings(const struct work *work, int rc, const mailsub_findings *findings)
{
    if (rc != MAILSUB_OK && rc != MAILSUB_E_POLICY)
        return fail(work, rc, "the message");
    if (is_set(work, OPTION_JSON)) {
        fputs(",\"findings\":", stdout);
        json_findings(stdout, findings);
    } else if (!work->is_quiet) {
        mailsub_findings_write(findings, sink_to_file, stdout);
    }
    return rc;
}

static int check_server(struct work *work)
{
    int rc = make_session(work);
    if (rc == MAILSUB_OK)
        rc = make_receipt(work);
    if (rc)
        return rc;
    rc = mailsub_session_check(work->session, work->receipt);
    if (is_set(work, OPTION_JSON))
        print_json_server(work);
    else if (!work->is_quiet)
        print_server(work);
    return rc;
}

/* Whether there is anything that a message could be made of. */
static bool has_message(const struct work *work)
{
    bool is_there = work->n_operands > 0;
    for (size_t i = 0; i < work->settings.n; i++) {
        const struct setting *setting = &work->settings.entries[i];
        is_there |= setting->source == SOURCE_COMMAND && setting->option->stage == STAGE_MESSAGE;
    }
    return is_there;
}

static int check_all(struct work *work, mailsub_findings *findings)
{
    bool is_message = has_message(work);
    int rc = is_message ? make_message(work) : MAILSUB_OK;
    if (rc == MAILSUB_OK)
        rc = settings_choose(work, is_message ? author_of(work) : NULL);
    if (rc)
        return rc;
    if (is_set(work, OPTION_JSON))
        json_member(stdout, "{", "version", mailsub_version_of("libmailsub"));
    if (!is_message || is_set(work, OPTION_SERVER))
        rc = check_server(work);
    else
        rc = settings_apply(work, STAGE_POLICY);
    if (is_message && (rc == MAILSUB_OK || work->receipt)) {
        int found = print_findings(work, check_message(work, findings), findings);
        rc = rc ? rc : found;
    }
    if (is_set(work, OPTION_JSON))
        puts("}");
    return rc;
}

int run_check(struct work *work)
{
    mailsub_findings *findings = NULL;
    if (mailsub_findings_new(NULL, &findings) != MAILSUB_OK)
        return MAILSUB_E_NOMEM;
    int rc = check_all(work, findings);
    mailsub_findings_free(findings);
    if (rc && !work->is_quiet)
        fprintf(stderr, "%s: %s: %s\n  do: %s\n", work->program, mailsub_error_name(rc),
                mailsub_strerror(rc), advice_of(rc));
    return rc;
}

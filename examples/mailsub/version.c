/* SPDX-License-Identifier: 0BSD */
/* mailsub version: which libraries this runs with, and what they can do. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "json.h"

static const char *const components[] = {"libmailsub", "GnuTLS", "libidn2"};
static const char *const mechanisms[] = {"EXTERNAL",      "SCRAM-SHA-256-PLUS",
                                         "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS",
                                         "SCRAM-SHA-1",   "OAUTHBEARER",
                                         "XOAUTH2",       "PLAIN",
                                         "LOGIN",         "CRAM-MD5"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The library takes a list of the mechanisms that it has. */
static bool has_mechanism(mailsub_config *config, const char *name)
{
    return mailsub_config_set_mechanisms(config, name) == MAILSUB_OK;
}

static bool has_tls(mailsub_config *config, int version)
{
    return mailsub_config_set_tls_min_version(config, version) == MAILSUB_OK;
}

static void print_text(mailsub_config *config)
{
    for (size_t i = 0; i < COUNT(components); i++)
        printf("%s %s\n", components[i], mailsub_version_of(components[i]));
    printf("TLS%s%s\n", has_tls(config, MAILSUB_TLS_VERSION_1_2) ? " 1.2" : "",
           has_tls(config, MAILSUB_TLS_VERSION_1_3) ? " 1.3" : "");
    fputs("login", stdout);
    for (size_t i = 0; i < COUNT(mechanisms); i++) {
        if (has_mechanism(config, mechanisms[i]))
            printf(" %s", mechanisms[i]);
    }
    putchar('\n');
}

static void print_json(mailsub_config *config)
{
    for (size_t i = 0; i < COUNT(components); i++)
        json_member(stdout, i > 0 ? "," : "{", components[i], mailsub_version_of(components[i]));
    printf(",\"tls\":[%s%s],\"login\":[", has_tls(config, MAILSUB_TLS_VERSION_1_2) ? "\"1.2\"" : "",
           has_tls(config, MAILSUB_TLS_VERSION_1_3) ? ",\"1.3\"" : "");
    const char *before = "";
    for (size_t i = 0; i < COUNT(mechanisms); i++) {
        if (!has_mechanism(config, mechanisms[i]))
            continue;
        fputs(before, stdout);
        json_text(stdout, mechanisms[i]);
        before = ",";
    }
    puts("]}");
}

int run_version(struct work *work)
{
    mailsub_config *config = NULL;
    int rc = mailsub_config_new(NULL, &config);
    if (rc)
        return fail(work, rc, "version");
    if (is_set(work, OPTION_JSON))
        print_json(config);
    else
        print_text(config);
    mailsub_config_unref(config);
    return fflush(stdout) == 0 ? MAILSUB_OK : MAILSUB_E_SINK;
}

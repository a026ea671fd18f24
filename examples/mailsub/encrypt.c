/* SPDX-License-Identifier: 0BSD */
/* Encryption: what is trusted, what is shown, and what is waived by a name that says so. */
#include "command.h"
#include "handlers.h"

int config_tls(struct work *work, const char *value)
{
    static const struct word modes[] = {{"implicit", MAILSUB_TLS_IMPLICIT},
                                        {"starttls", MAILSUB_TLS_STARTTLS},
                                        {"opportunistic", MAILSUB_TLS_OPPORTUNISTIC}};
    int mode;
    work->why = "implicit, starttls or opportunistic";
    return parse_word(WORDS(modes), value, &mode) ? mailsub_config_set_tls(work->config, mode)
                                                  : MAILSUB_E_INVALID;
}

int config_min_tls(struct work *work, const char *value)
{
    static const struct word versions[] = {{"1.2", MAILSUB_TLS_VERSION_1_2},
                                           {"1.3", MAILSUB_TLS_VERSION_1_3}};
    int version;
    work->why = "1.2 or 1.3";
    return parse_word(WORDS(versions), value, &version)
               ? mailsub_config_set_tls_min_version(work->config, version)
               : MAILSUB_E_INVALID;
}

int config_tls_priority(struct work *work, const char *value)
{
    return mailsub_config_set_tls_priority(work->config, value);
}

int config_ca(struct work *work, const char *value)
{
    return mailsub_config_set_ca_file(work->config, value);
}

int config_crl(struct work *work, const char *value)
{
    return mailsub_config_set_crl_file(work->config, value);
}

int config_cert(struct work *work, const char *value)
{
    const char *key = setting_of(work, OPTION_KEY);
    return mailsub_config_set_client_certificate(work->config, value, key ? key : value, NULL);
}

int config_verify_name(struct work *work, const char *value)
{
    return mailsub_config_set_verify_name(work->config, value);
}

int config_pin(struct work *work, const char *value)
{
    return mailsub_config_add_pin(work->config, value);
}

int config_fingerprint(struct work *work, const char *value)
{
    return mailsub_config_set_fingerprint(work->config, value);
}

int config_insecure_no_tls(struct work *work, const char *value)
{
    (void)value;
    return mailsub_config_insecure_set_no_tls(work->config);
}

int config_insecure_no_verify(struct work *work, const char *value)
{
    (void)value;
    return mailsub_config_insecure_skip_verify(work->config);
}

int config_insecure_clear_login(struct work *work, const char *value)
{
    (void)value;
    return mailsub_config_insecure_allow_clear_login(work->config);
}

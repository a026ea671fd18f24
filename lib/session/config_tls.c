/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How connections are encrypted, whom to trust, and what to show for oneself. */
#include "session/config.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "session/url.h"

#define MAX_PEM (16u * 1024 * 1024)

static const char no_pin[] = "not a SHA-256 in base64 or hexadecimal";

/* A file that could not be read, or, without an error of the system, that holds nothing of use. */
static int refuse_file(mailsub_config *config, int code, const char *path, int os_error,
                       const char *otherwise)
{
    snprintf(config->detail, sizeof config->detail, "%.200s: %s", path,
             os_error ? strerrordesc_np(os_error) : otherwise);
    return code;
}

int mailsub_config_set_tls(mailsub_config *config, int mode)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (mode < MAILSUB_TLS_IMPLICIT || mode > MAILSUB_TLS_OPPORTUNISTIC)
        return mailsub__config_refuse(config, MAILSUB_E_INVALID, "there is no such TLS mode");
    config->tls = mode;
    config->tls_chosen = true;
    return MAILSUB_OK;
}

int mailsub_config_get_tls(const mailsub_config *config)
{
    return config ? config->tls : MAILSUB_TLS_STARTTLS;
}

int mailsub_config_insecure_set_no_tls(mailsub_config *config)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    config->tls = MAILSUB_TLS_NONE;
    config->tls_chosen = true;
    return MAILSUB_OK;
}

int mailsub_config_set_verify_name(mailsub_config *config, const char *name)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc || !name)
        return rc ? rc : mailsub__config_replace_text(config, &config->verify_name, NULL);
    char host[256];
    rc = mailsub__host_parse(mailsub__slice_str(name), host);
    if (rc)
        return mailsub__config_refuse(config, rc,
                                      "the name to verify is no DNS name and no IP address");
    return mailsub__config_replace_text(config, &config->verify_name, host);
}

int mailsub_config_insecure_skip_verify(mailsub_config *config)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    config->skip_verify = true;
    return MAILSUB_OK;
}

int mailsub_config_set_ca_file(mailsub_config *config, const char *path)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (!path)
        return MAILSUB_E_INVALID;
    int os_error = 0;
    rc = mailsub__trust_set_authorities_file(config->trust, path, &os_error);
    if (rc)
        return refuse_file(config, rc, path, os_error, "no certificate in it");
    config->trust_chosen = true;
    return MAILSUB_OK;
}

int mailsub_config_set_ca_data(mailsub_config *config, const void *pem, size_t len)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (!pem || len == 0 || len > MAX_PEM)
        return mailsub__config_refuse(config, MAILSUB_E_INVALID, "no CA data, or more than 16 MiB");
    rc = mailsub__trust_set_authorities(config->trust, mailsub__slice_of(pem, len));
    if (rc)
        return mailsub__config_refuse(config, rc, "no certificate in the CA data");
    config->trust_chosen = true;
    return MAILSUB_OK;
}

int mailsub_config_set_crl_file(mailsub_config *config, const char *path)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (!path)
        return MAILSUB_E_INVALID;
    int os_error = 0;
    rc = mailsub__trust_set_crl_file(config->trust, path, &os_error);
    return rc ? refuse_file(config, rc, path, os_error, "no revocation list in it") : MAILSUB_OK;
}

int mailsub_config_add_pin(mailsub_config *config, const char *pin)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (!pin)
        return MAILSUB_E_INVALID;
    mailsub__pins *pins = mailsub__trust_pins(config->trust);
    if (pins->n_keys == MAILSUB__MAX_PINS)
        return mailsub__config_refuse(config, MAILSUB_E_LIMIT, "there are 16 pins already");
    rc = mailsub__pin_parse(mailsub__slice_str(pin), pins->keys[pins->n_keys]);
    if (rc)
        return mailsub__config_refuse(config, rc, no_pin);
    pins->n_keys++;
    config->trust_chosen = true;
    return MAILSUB_OK;
}

int mailsub_config_set_fingerprint(mailsub_config *config, const char *fingerprint)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    mailsub__pins *pins = mailsub__trust_pins(config->trust);
    if (!fingerprint) {
        pins->has_certificate = false;
        return MAILSUB_OK;
    }
    rc = mailsub__pin_parse(mailsub__slice_str(fingerprint), pins->certificate);
    if (rc)
        return mailsub__config_refuse(config, rc, no_pin);
    pins->has_certificate = true;
    config->trust_chosen = true;
    return MAILSUB_OK;
}

/* The end of each setter of a client certificate. */
static int took_client(mailsub_config *config, int rc, const char *name, const char *reason)
{
    if (rc) {
        snprintf(config->detail, sizeof config->detail, "%.200s: %.100s", name, reason);
        return rc;
    }
    config->client_certificate = true;
    return MAILSUB_OK;
}

int mailsub_config_set_client_certificate(mailsub_config *config, const char *certificate,
                                          const char *key, const char *password)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (!certificate || !key)
        return MAILSUB_E_INVALID;
    const char *reason = "out of memory";
    rc = mailsub__trust_set_client_files(config->trust, certificate, key, password, &reason);
    return took_client(config, rc, certificate, reason);
}

int mailsub_config_set_client_certificate_data(mailsub_config *config, const void *pem, size_t len,
                                               const char *password)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (!pem || len == 0 || len > MAX_PEM)
        return mailsub__config_refuse(config, MAILSUB_E_INVALID,
                                      "no client certificate, or more than 16 MiB");
    const char *reason = "out of memory";
    rc = mailsub__trust_set_client_pem(config->trust, mailsub__slice_of(pem, len), password,
                                       &reason);
    return took_client(config, rc, "the client certificate", reason);
}

int mailsub_config_set_client_pkcs12(mailsub_config *config, const char *path, const char *password)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (!path)
        return MAILSUB_E_INVALID;
    const char *reason = "out of memory";
    rc = mailsub__trust_set_client_pkcs12(config->trust, path, password ? password : "", &reason);
    return took_client(config, rc, path, reason);
}

static int change_priority(mailsub_config *config, const char *priority, int min_version)
{
    int rc = mailsub__trust_set_priority(config->trust, priority, min_version);
    if (rc == MAILSUB_E_INVALID)
        mailsub__config_refuse(config, rc,
                               "the TLS priority is malformed, or leaves no version of TLS");
    return rc;
}

int mailsub_config_set_tls_min_version(mailsub_config *config, int version)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (version != MAILSUB_TLS_VERSION_1_2 && version != MAILSUB_TLS_VERSION_1_3)
        return mailsub__config_refuse(config, MAILSUB_E_INVALID, "there is no such TLS version");
    rc = change_priority(config, config->tls_priority, version);
    if (rc == MAILSUB_OK)
        config->tls_min_version = version;
    return rc;
}

int mailsub_config_set_tls_priority(mailsub_config *config, const char *priority)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    char *before = config->tls_priority;
    config->tls_priority = NULL;
    rc = mailsub__config_replace_text(config, &config->tls_priority, priority);
    if (rc == MAILSUB_OK)
        rc = change_priority(config, priority, config->tls_min_version);
    if (rc) {
        mailsub__free(&config->allocator, config->tls_priority);
        config->tls_priority = before;
        return rc;
    }
    mailsub__free(&config->allocator, before);
    return MAILSUB_OK;
}

int mailsub_config_set_tls_resumption(mailsub_config *config, int on)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (on != 0 && on != 1)
        return mailsub__config_refuse(config, MAILSUB_E_INVALID, "neither 0 nor 1");
    config->resume = on;
    return MAILSUB_OK;
}

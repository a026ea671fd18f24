/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The setters of a config that are about logins. */
#include <string.h>

#include <mailsub/auth.h>

#include "session/config.h"
#include "smtp/credentials.h"

/* So that a name which is excluded always finds room. */
#define MAX_EXCLUDED 20

static mailsub__slice next_word(const char **rest)
{
    *rest += strspn(*rest, " ");
    mailsub__slice word = mailsub__slice_of(*rest, strcspn(*rest, " "));
    *rest += word.len;
    return word;
}

static bool has_word(const char *words, mailsub__slice wanted)
{
    for (mailsub__slice word = next_word(&words); word.len > 0; word = next_word(&words)) {
        if (mailsub__slice_equal_nocase(word, wanted))
            return true;
    }
    return false;
}

static size_t count_words(const char *words)
{
    size_t n = 0;
    while (next_word(&words).len > 0)
        n++;
    return n;
}

/* Append a name and a space; there is room. */
static void append_word(char *words, mailsub__slice word)
{
    char *end = words + strlen(words);
    memcpy(end, word.ptr, word.len);
    memcpy(end + word.len, " ", 2);
}

int mailsub_config_set_credentials_callback(mailsub_config *config, mailsub_credentials_fn callback,
                                            void *context)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    config->fetch = callback;
    config->fetch_context = context;
    return MAILSUB_OK;
}

int mailsub_config_set_token(mailsub_config *config, const char *user, const char *token)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (!token)
        return mailsub__config_replace_secret(config, &config->token, NULL);
    if (!user)
        return MAILSUB_E_INVALID;
    if (*user == '\0' || !mailsub__credential_is_usable(mailsub__slice_str(user)))
        return mailsub__config_refuse(config, MAILSUB_E_CREDENTIALS,
                                      "the user name is empty, too long or not UTF-8");
    if (!mailsub__token_is_usable(mailsub__slice_str(token)))
        return mailsub__config_refuse(config, MAILSUB_E_CREDENTIALS,
                                      "the token is not 1 to 8,192 printable characters");
    char *new_token = NULL;
    rc = mailsub__config_replace_secret(config, &new_token, token);
    if (rc == MAILSUB_OK)
        rc = mailsub__config_replace_secret(config, &config->user, user);
    if (rc) {
        mailsub__config_replace_secret(config, &new_token, NULL);
        return rc;
    }
    mailsub__config_replace_secret(config, &config->token, NULL);
    config->token = new_token;
    return MAILSUB_OK;
}

int mailsub_config_set_authorization(mailsub_config *config, const char *identity)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    mailsub__slice text = mailsub__slice_str(identity);
    if (identity && (text.len == 0 || !mailsub__credential_is_usable(text)))
        return mailsub__config_refuse(config, MAILSUB_E_CREDENTIALS,
                                      "the identity is empty, too long or not UTF-8");
    return mailsub__config_replace_secret(config, &config->authorization, identity);
}

static bool is_known(const mailsub_config *config, mailsub__slice name)
{
    for (size_t i = 0; i < config->n_custom; i++) {
        if (mailsub__slice_equal_nocase(name, mailsub__slice_str(config->custom_names[i])))
            return true;
    }
    return mailsub__mechanism_find(name) != NULL;
}

int mailsub_config_set_mechanisms(mailsub_config *config, const char *names)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    char chosen[MAILSUB__MECHANISM_NAMES_LEN] = "";
    const char *rest = names ? names : "";
    for (mailsub__slice word = next_word(&rest); word.len > 0; word = next_word(&rest)) {
        if (!is_known(config, word))
            return mailsub__config_refuse(config, MAILSUB_E_INVALID,
                                          "a mechanism that is not known");
        if (has_word(chosen, word))
            return mailsub__config_refuse(config, MAILSUB_E_INVALID,
                                          "a mechanism that is named twice");
        append_word(chosen, word); /* each known one once: they find room */
    }
    if (names && chosen[0] == '\0')
        return mailsub__config_refuse(config, MAILSUB_E_INVALID, "no mechanism is named");
    memcpy(config->mechanisms, chosen, sizeof chosen);
    config->mechanisms_chosen = names != NULL;
    return MAILSUB_OK;
}

int mailsub_config_exclude_mechanism(mailsub_config *config, const char *name)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    mailsub__slice word = mailsub__slice_str(name);
    if (!name || !mailsub__mechanism_is_name(word))
        return mailsub__config_refuse(config, MAILSUB_E_INVALID, "no name of a mechanism");
    if (has_word(config->excluded, word))
        return MAILSUB_OK;
    if (count_words(config->excluded) >= MAX_EXCLUDED)
        return mailsub__config_refuse(config, MAILSUB_E_LIMIT, "too many mechanisms are excluded");
    append_word(config->excluded, word);
    return MAILSUB_OK;
}

/* RFC 4422 section 3.1: capitals only; so it stands in the offer as the application wrote it. */
static bool is_custom_name(mailsub__slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] != mailsub__ascii_upper(name.ptr[i]))
            return false;
    }
    return mailsub__mechanism_is_name(name);
}

static bool is_usable(const mailsub_mechanism *mechanism)
{
    const uint32_t secrets = MAILSUB_MECHANISM_PASSWORD | MAILSUB_MECHANISM_TOKEN;
    const uint32_t all = secrets | MAILSUB_MECHANISM_SERVER_FIRST;
    return mechanism->size >= sizeof *mechanism && mechanism->name && mechanism->answer &&
           (mechanism->flags & ~all) == 0 && (mechanism->flags & secrets) != secrets &&
           is_custom_name(mailsub__slice_str(mechanism->name));
}

int mailsub_config_add_mechanism(mailsub_config *config, const mailsub_mechanism *mechanism)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (!mechanism || !is_usable(mechanism))
        return mailsub__config_refuse(config, MAILSUB_E_INVALID,
                                      "a mechanism whose size, name, flags or answer is not right");
    for (size_t i = 0; i < config->n_custom; i++) {
        if (strcmp(config->custom_names[i], mechanism->name) == 0)
            return mailsub__config_refuse(config, MAILSUB_E_INVALID,
                                          "a mechanism that was added already");
    }
    if (config->n_custom == MAILSUB__MAX_CUSTOM)
        return mailsub__config_refuse(config, MAILSUB_E_LIMIT, "too many mechanisms are added");
    size_t i = config->n_custom++;
    memcpy(config->custom_names[i], mechanism->name, strlen(mechanism->name) + 1);
    config->custom[i] = *mechanism;
    config->custom[i].name = config->custom_names[i];
    return MAILSUB_OK;
}

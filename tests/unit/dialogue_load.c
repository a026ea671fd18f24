/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a dialogue: its settings, and the lines of its steps. */
#include "dialogue.h"

#include <stdio.h>

#include "auth_kit.h"
#include "smtp/parameters.h"

static char default_content[] =
    "Subject: greeting\\r\\n\\r\\nHello,\\r\\n.dots and\\r\\nall.\\r\\n";

static int hex(char c)
{
    const char *at = strchr("0123456789abcdef", c);
    return at && c ? (int)(at - "0123456789abcdef") : 0;
}

/* \r \n \t \0 \\ \xNN, in place; the length of the result. */
size_t dialogue_unescape(char *text)
{
    char *out = text;
    for (const char *in = text; *in;) {
        if (*in != '\\') {
            *out++ = *in++;
            continue;
        }
        char c = in[1];
        assert_true(c != '\0');
        in += 2;
        if (c == 'x') {
            *out++ = (char)(hex(in[0]) << 4 | hex(in[1]));
            in += 2;
        } else {
            *out++ = c == 'r' ? '\r' : c == 'n' ? '\n' : c == 't' ? '\t' : c == '0' ? '\0' : c;
        }
    }
    *out = '\0';
    return (size_t)(out - text);
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s cannot be opened", path);
    char *text = calloc(1, 256 * 1024);
    size_t len = fread(text, 1, 256 * 1024 - 1, file);
    fclose(file);
    assert_true(len > 0 && text[len - 1] == '\n');
    return text;
}

static void set_content(struct dialogue *dialogue, const char *text)
{
    free(dialogue->content);
    dialogue->content = strdup(text);
    dialogue->content_len = dialogue_unescape(dialogue->content);
    dialogue->size = dialogue->content_len;
}

/* n lines of 78 octets, each with a dot at its start. */
static void set_long_content(struct dialogue *dialogue, size_t n_lines)
{
    free(dialogue->content);
    dialogue->content_len = n_lines * 80;
    dialogue->content = malloc(dialogue->content_len + 1);
    for (size_t i = 0; i < n_lines; i++) {
        memset(dialogue->content + i * 80, '.', 1);
        memset(dialogue->content + i * 80 + 1, (int)('a' + i % 26), 77);
        memcpy(dialogue->content + i * 80 + 78, "\r\n", 2);
    }
    dialogue->size = dialogue->content_len;
}

static int tls_mode(const char *value)
{
    static const char *const names[] = {"implicit", "starttls", "opportunistic", "none"};
    for (int i = 0; i < 4; i++) {
        if (strcmp(value, names[i]) == 0)
            return i;
    }
    fail_msg("tls: %s", value);
    return -1;
}

static void set_envelope(struct dialogue *dialogue, const char *name, char *value)
{
    size_t len = dialogue_unescape(value);
    if (strcmp(name, "from") == 0) {
        dialogue->sender = mailsub__slice_of(value, len);
        return;
    }
    assert_true(dialogue->n_recipients < DIALOGUE_MAX_RECIPIENTS);
    dialogue->recipients[dialogue->n_recipients++] = mailsub__slice_of(value, len);
}

static int fresh_token(void *context, int reason, mailsub_credentials *credentials)
{
    return reason == MAILSUB_CREDENTIALS_REFUSED
               ? mailsub_credentials_set_token(credentials, context)
               : MAILSUB_OK;
}

static void apply_setting(struct dialogue *dialogue, const char *name, char *value)
{
    if (strcmp(name, "tls") == 0)
        dialogue->settings.tls = tls_mode(value);
    else if (strcmp(name, "protection") == 0)
        dialogue->protection =
            strcmp(value, "verified") == 0 ? MAILSUB__TLS_VERIFIED : MAILSUB__TLS_UNVERIFIED;
    else if (strcmp(name, "helo") == 0) {
        dialogue_unescape(value);
        dialogue->settings.helo_name = value;
    } else if (strcmp(name, "user") == 0)
        dialogue->settings.user = value;
    else if (strcmp(name, "password") == 0)
        dialogue->settings.password = value;
    else if (strcmp(name, "token") == 0)
        dialogue->settings.login.token = value;
    else if (strcmp(name, "fresh-token") == 0) {
        dialogue->settings.login.fetch = fresh_token;
        dialogue->settings.login.fetch_context = value;
    } else if (strcmp(name, "authorization") == 0)
        dialogue->settings.login.authorization = value;
    else if (strcmp(name, "mechanisms") == 0)
        dialogue->settings.login.mechanisms = value;
    else if (strcmp(name, "excluded") == 0)
        dialogue->settings.login.excluded = value;
    else if (strcmp(name, "binding") == 0)
        dialogue->binding = value;
    else if (strcmp(name, "clear-login") == 0)
        dialogue->settings.clear_login = true;
    else if (strcmp(name, "all-or-none") == 0)
        dialogue->settings.all_or_none = true;
    else if (strcmp(name, "from") == 0 || strcmp(name, "to") == 0)
        set_envelope(dialogue, name, value);
    else if (strcmp(name, "content") == 0)
        set_content(dialogue, value);
    else if (strcmp(name, "content-lines") == 0)
        set_long_content(dialogue, strtoul(value, NULL, 10));
    else if (strcmp(name, "size") == 0)
        dialogue->size = strtoul(value, NULL, 10);
    else if (strcmp(name, "eight-bit") == 0)
        dialogue->eight_bit = true;
    else if (strcmp(name, "reopen") == 0) {
        dialogue->reopen = true;
        dialogue->reopen_fails = strcmp(value, "fails") == 0;
    } else if (strcmp(name, "lmtp") == 0)
        dialogue->settings.lmtp = true;
    else if (strcmp(name, "binary") == 0)
        dialogue->binary = true;
    else if (strcmp(name, "chunk") == 0)
        dialogue->settings.chunk_len = (uint32_t)strtoul(value, NULL, 10);
    else if (strcmp(name, "chunking") == 0)
        dialogue->settings.no_chunking = strcmp(value, "no") == 0;
    else if (strcmp(name, "depth") == 0)
        dialogue->settings.depth = (uint32_t)strtoul(value, NULL, 10);
    else if (strcmp(name, "smtputf8") == 0)
        dialogue->smtputf8 = true;
    else if (strcmp(name, "verp") == 0)
        dialogue->verp = true;
    else if (strcmp(name, "whole-only") == 0)
        dialogue->whole_only = true;
    else if (strcmp(name, "fails-at") == 0)
        dialogue->fails_at = strtoul(value, NULL, 10);
    else if (!dialogue_wish(dialogue, name, value))
        fail_msg("unknown setting %s", name);
}

static void split_lines(struct dialogue *dialogue)
{
    for (char *line = dialogue->file; *line;) {
        char *end = strchr(line, '\n');
        *end = '\0';
        assert_true(dialogue->n_lines < DIALOGUE_MAX_LINES);
        dialogue->lines[dialogue->n_lines++] = line;
        line = end + 1;
    }
}

static void set_defaults(struct dialogue *dialogue)
{
    static const int64_t timeouts[MAILSUB__N_TIMEOUTS] = {60000,  60000,  300000, 300000,
                                                          120000, 180000, 600000};
    *dialogue = (struct dialogue){.fails_at = SIZE_MAX};
    dialogue->settings.helo_name = "client.example";
    dialogue->settings.tls = MAILSUB_TLS_NONE;
    memcpy(dialogue->settings.timeout_ms, timeouts, sizeof timeouts);
    mailsub__parameters_default_policy(dialogue->settings.extension_policy);
    dialogue->delivery.envelope_id = MAILSUB__SLICE_EMPTY;
    dialogue->delivery.submitter = MAILSUB__SLICE_EMPTY;
    dialogue->delivery.wishes = dialogue->wishes;
    dialogue->sender = mailsub__slice_str("app@client.example");
    set_content(dialogue, default_content);
}

void dialogue_load(struct dialogue *dialogue, const char *path)
{
    set_defaults(dialogue);
    dialogue->file = read_file(path);
    split_lines(dialogue);
    size_t i = 0;
    for (; i < dialogue->n_lines && strcmp(dialogue->lines[i], "---") != 0; i++) {
        char *line = dialogue->lines[i];
        char *colon = strchr(line, ':');
        if (line[0] == '#' || line[0] == '\0')
            continue;
        assert_non_null(colon);
        *colon = '\0';
        apply_setting(dialogue, line, colon + (colon[1] == ' ' ? 2 : 1));
    }
    assert_true(i < dialogue->n_lines);
    dialogue->first_step = i + 1;
    if (dialogue->n_recipients == 0)
        dialogue->recipients[dialogue->n_recipients++] = mailsub__slice_str("anna@example.org");
    if (dialogue->settings.tls == MAILSUB_TLS_IMPLICIT && dialogue->protection == MAILSUB__CLEAR)
        dialogue->protection = MAILSUB__TLS_VERIFIED;
    dialogue->settings.login.random = &kit_random;
    if (dialogue->settings.user && !dialogue->settings.password && !dialogue->settings.login.token)
        dialogue->settings.password = "open sesame";
}

void dialogue_unload(struct dialogue *dialogue)
{
    free(dialogue->file);
    free(dialogue->content);
}

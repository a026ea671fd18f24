/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What sessions read of a config. */
#ifndef MAILSUB_SESSION_CONFIG_H
#define MAILSUB_SESSION_CONFIG_H

#include <stdatomic.h>
#include <stdbool.h>

#include <mailsub/config.h>

#include "base/forked.h"
#include "message/dkim.h"
#include "net/dial.h"
#include "net/trust.h"
#include "session/url.h"
#include "smtp/engine.h"

#define MAILSUB__MAX_CUSTOM 8
/* Of names with a space between: the library's, the application's, and those excluded. */
#define MAILSUB__MECHANISM_NAMES_LEN 512

/* How long a dead server is left alone: at first, and at most. */
#define MAILSUB__PAUSE_FIRST_MS (30 * 1000)
#define MAILSUB__PAUSE_MOST_MS (30 * 60 * 1000)

#define MAILSUB__MAX_PENDING 10000
#define MAILSUB__IDLE_TIMEOUT_MS 60000

/* Where the mail may go, as a URL names it. */
typedef struct mailsub__server {
    enum mailsub__way way;
    char host[256];
    int port;
    int tls; /* by the URL; mailsub__config_server_tls tells what counts */
    bool lmtp;
    char *path; /* NULL: TCP */
    char *url;  /* written anew, without a login */
} mailsub__server;

struct mailsub_config {
    mailsub_allocator allocator;
    atomic_uint n_refs;
    mailsub__birth birth; /* by which sessions find themselves in a child */
    atomic_bool frozen;   /* a session uses it: setters return MAILSUB_E_STATE */

    mailsub__server *servers; /* in the order in which they are asked */
    size_t n_servers;         /* 0 until a URL is set */
    int64_t pause_first_ms;   /* how long a dead one is left alone */
    int64_t pause_most_ms;
    char *source_ipv4; /* NULL: the system chooses */
    char *source_ipv6;
    enum mailsub__proxy_kind proxy_kind;
    char proxy_host[256];
    int proxy_port;
    char *proxy_user; /* secrets: NULL where there is no login */
    char *proxy_password;
    char *proxy_credentials;    /* both in base64, for HTTP */
    mailsub_connect_fn connect; /* NULL: this library makes the connections */
    void *connect_context;
    int tls;         /* MAILSUB_TLS_*; by the first URL, unless it was chosen */
    bool tls_chosen; /* by name, for all servers */
    char *user;      /* NULL: no login */
    char *password;
    char *token;
    char *authorization;
    mailsub_credentials_fn fetch;
    void *fetch_context;
    bool mechanisms_chosen;
    char mechanisms[MAILSUB__MECHANISM_NAMES_LEN];
    char excluded[MAILSUB__MECHANISM_NAMES_LEN];
    mailsub_mechanism custom[MAILSUB__MAX_CUSTOM];
    char custom_names[MAILSUB__MAX_CUSTOM][MAILSUB__MAX_MECHANISM_NAME + 1];
    size_t n_custom;
    char *verify_name; /* NULL: the host */
    char *helo_name;   /* NULL: found out for each connection */
    mailsub__trust *trust;
    bool trust_chosen;       /* the caller named authorities, a key or a certificate */
    bool client_certificate; /* there is one to show */
    char *tls_priority;      /* NULL: the library's own */
    int tls_min_version;     /* MAILSUB_TLS_VERSION_* */
    bool resume;             /* sessions of TLS */
    bool skip_verify;
    bool clear_login;
    bool all_or_none;
    bool lmtp;
    bool lmtp_by_url;   /* not by mailsub_config_set_lmtp */
    uint32_t chunk_len; /* octets; 0: BDAT is not used */
    uint32_t overlap;   /* transactions under way at once */
    size_t max_connections;
    uint64_t max_messages;   /* over a connection; 0: as many as the server takes */
    size_t max_pending;      /* posted and not taken back */
    int64_t idle_timeout_ms; /* -1: none */
    int64_t timeout_ms[MAILSUB__N_TIMEOUTS];
    uint8_t extension_policy[MAILSUB__N_CAPABILITIES]; /* MAILSUB_MISSING_* */
    int64_t deadline_ms;                               /* 0: none */
    mailsub__dkim_list signers;
    size_t room_for_signers;
    mailsub_policy *policy; /* NULL: the default */
    bool relay_signs;
    mailsub_limiter *limiter;
    int when_limited; /* MAILSUB_WHEN_LIMITED_* */
    mailsub__log log; /* its connection is 0 */
    char detail[320]; /* why the last refused setter was refused */
};

/* config.c, for the other setters. What every setter asks first. */
int mailsub__config_check_changeable(const mailsub_config *config);
int mailsub__config_refuse(mailsub_config *config, int code, const char *cause);
/* Replace *target by a copy of text, or by NULL; a secret is wiped. MAILSUB_E_NOMEM. */
int mailsub__config_replace_secret(mailsub_config *config, char **target, const char *text);
/* Replace *target by a copy of text, or by NULL. MAILSUB_E_NOMEM. */
int mailsub__config_replace_text(mailsub_config *config, char **target, const char *text);
/* config_server.c */
/*
 * A list of the first n_kept servers of the config, which share what they own with it, and of one
 * more as the URL has it. MAILSUB_E_NOMEM, and *out_servers is untouched.
 */
int mailsub__config_list_server(const mailsub_config *config, size_t n_kept,
                                const mailsub__url *url, mailsub__server **out_servers);
/* The list becomes the config's; what it does not share with the one before is freed. */
void mailsub__config_take_servers(mailsub_config *config, mailsub__server *servers, size_t n);
/* Free a list with all its servers. */
void mailsub__config_drop_servers(const mailsub_config *config, mailsub__server *servers, size_t n);
/* MAILSUB_TLS_*: what was chosen for all, or what the server's own URL says. */
int mailsub__config_server_tls(const mailsub_config *config, const mailsub__server *server);
/* The name that its certificate has to bear; lent while the config lives. */
const char *mailsub__config_server_name(const mailsub_config *config,
                                        const mailsub__server *server);
/* config_way.c */
void mailsub__config_deinit_way(mailsub_config *config);
/* How connections to a server of it are made; lent while the config lives. */
void mailsub__config_fill_dial(const mailsub_config *config, const mailsub__server *server,
                               mailsub__dial_settings *out);

/* Give the signers back. */
void mailsub__config_deinit_dkim(mailsub_config *config);

#endif

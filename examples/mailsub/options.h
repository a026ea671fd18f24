/* SPDX-License-Identifier: 0BSD */
/*
 * The options: one table, from which come parsing, --help, the settings files, the keys of a batch,
 * what tests/checks/options compares with the manual pages, and of which completions/generate.py
 * makes what the shells complete.
 */
#ifndef MAILSUB_COMMAND_OPTIONS_H
#define MAILSUB_COMMAND_OPTIONS_H

#include <stddef.h>

struct work;

/* The subcommands that have an option. */
enum {
    ON_SEND = 1 << 0,
    ON_CHECK = 1 << 1,
    ON_PROBE = 1 << 2,
    ON_ETRN = 1 << 3,
    ON_LIMITS = 1 << 4,
    ON_DISCOVER = 1 << 5,
    ON_VERSION = 1 << 6,
    ON_SENDMAIL = 1 << 7, /* the other personality: by settings files only */
    ON_MAIL = ON_SEND | ON_CHECK,
    ON_NET = ON_SEND | ON_CHECK | ON_PROBE | ON_ETRN,
    ON_ALL = ON_NET | ON_LIMITS | ON_DISCOVER | ON_VERSION
};

/* When a handler is called. Within a stage the order is that of the table. */
enum stage { STAGE_NONE, STAGE_MESSAGE, STAGE_POLICY, STAGE_LIMITER, STAGE_CONFIG };

enum {
    OPT_FILE = 1 << 0,   /* may stand in a settings file */
    OPT_REPEAT = 1 << 1, /* may be given several times, all of which count */
    OPT_URL = 1 << 2,    /* may have a password in it, which has no place on a command line */
    OPT_LINE = 1 << 3,   /* may stand in a line of a batch, as those of STAGE_MESSAGE may */
    OPT_LOGIN = 1 << 4   /* belongs to the server that stands beside it, and to no other */
};

/* X(ID, letter, "name", "ARGUMENT", commands, stage, flags, handler, "help") */
#define OPTION_LIST(X)                                                                             \
    /* the message */                                                                              \
    X(SMTPUTF8, 0, "smtputf8", NULL, ON_MAIL | ON_PROBE, STAGE_MESSAGE, OPT_FILE,                  \
      message_smtputf8, "allow addresses whose local part is not ASCII")                           \
    X(RECIPIENTS, 't', "recipients-from-header", NULL, ON_MAIL, STAGE_NONE, OPT_LINE, NULL,        \
      "with --raw: send to the addresses in To, Cc and Bcc")                                       \
    X(RAW, 0, "raw", "FILE", ON_MAIL, STAGE_MESSAGE, 0, message_raw,                               \
      "send a message that exists already; - for standard input")                                  \
    X(FROM, 'f', "from", "MAILBOX", ON_MAIL | ON_PROBE, STAGE_MESSAGE, OPT_FILE, message_from,     \
      "author, such as \"Library <lib@example.org>\"")                                             \
    X(SENDER, 0, "sender", "MAILBOX", ON_MAIL, STAGE_MESSAGE, 0, message_sender,                   \
      "who sends on the authors' behalf")                                                          \
    X(TO, 0, "to", "LIST", ON_MAIL, STAGE_MESSAGE, OPT_REPEAT, message_to,                         \
      "recipients, parted by commas")                                                              \
    X(CC, 0, "cc", "LIST", ON_MAIL, STAGE_MESSAGE, OPT_REPEAT, message_cc, "recipients of a copy") \
    X(BCC, 0, "bcc", "LIST", ON_MAIL, STAGE_MESSAGE, OPT_REPEAT, message_bcc,                      \
      "recipients whom nobody sees")                                                               \
    X(RETURN_PATH, 0, "return-path", "ADDRESS", ON_MAIL | ON_PROBE, STAGE_MESSAGE, OPT_FILE,       \
      message_return_path, "where bounces go; \"\" for nowhere")                                   \
    X(VERP, 0, "verp", "ADDRESS", ON_MAIL, STAGE_MESSAGE, OPT_FILE, message_verp,                  \
      "where bounces go, with the recipient in the address")                                       \
    X(REPLY_TO, 0, "reply-to", "LIST", ON_MAIL, STAGE_MESSAGE, 0, message_reply_to,                \
      "where answers go")                                                                          \
    X(SUBJECT, 's', "subject", "TEXT", ON_MAIL, STAGE_MESSAGE, 0, message_subject, "the subject")  \
    X(TEXT, 0, "text", "FILE", ON_MAIL, STAGE_MESSAGE, 0, message_text,                            \
      "plain text; - for standard input")                                                          \
    X(HTML, 0, "html", "FILE", ON_MAIL, STAGE_MESSAGE, 0, message_html,                            \
      "HTML; a plain text is made of it when there is none")                                       \
    X(FLOWED, 0, "flowed", NULL, ON_MAIL, STAGE_MESSAGE, 0, message_flowed,                        \
      "lines of the text are paragraphs")                                                          \
    X(CALENDAR, 0, "calendar", "METHOD:FILE", ON_MAIL, STAGE_MESSAGE, 0, message_calendar,         \
      "an invitation, such as REQUEST:meeting.ics")                                                \
    X(ATTACH, 'a', "attach", "FILE[:TYPE[:NAME]]", ON_MAIL, STAGE_MESSAGE, OPT_REPEAT,             \
      message_attach, "attach a file")                                                             \
    X(EMBED, 0, "embed", "FILE[:TYPE[:ID]]", ON_MAIL, STAGE_MESSAGE, OPT_REPEAT, message_embed,    \
      "a file that the HTML shows as cid:ID")                                                      \
    X(HEADER, 0, "header", "FIELD", ON_MAIL, STAGE_MESSAGE, OPT_REPEAT, message_header,            \
      "a further one, \"Name: value\"")                                                            \
    X(CLASS, 0, "class", "CLASS", ON_MAIL, STAGE_MESSAGE, 0, message_class,                        \
      "transactional, notification or bulk")                                                       \
    X(LIST_ID, 0, "list-id", "ID", ON_MAIL, STAGE_NONE, OPT_LINE, NULL,                            \
      "with --class notification or bulk: the list")                                               \
    X(UNSUBSCRIBE, 0, "unsubscribe", "URL", ON_MAIL, STAGE_NONE, OPT_LINE, NULL,                   \
      "with --class: takes the recipient off the list")                                            \
    X(UNSUBSCRIBE_TO, 0, "unsubscribe-to", "ADDRESS", ON_MAIL, STAGE_NONE, OPT_LINE, NULL,         \
      "with --class bulk: the same, by mail")                                                      \
    X(FEEDBACK_ID, 0, "feedback-id", "ID", ON_MAIL, STAGE_NONE, OPT_LINE, NULL,                    \
      "with --class bulk: the campaign, for feedback loops")                                       \
    X(DATE, 0, "date", "DATE", ON_MAIL, STAGE_MESSAGE, 0, message_date,                            \
      "as in a message, or @SECONDS since 1970")                                                   \
    X(MESSAGE_ID, 0, "message-id", "ID", ON_MAIL, STAGE_MESSAGE, 0, message_message_id,            \
      "instead of a generated one")                                                                \
    X(IN_REPLY_TO, 0, "in-reply-to", "ID", ON_MAIL, STAGE_MESSAGE, 0, message_in_reply_to,         \
      "Message-ID of what is answered")                                                            \
    X(REFERENCES, 0, "references", "IDS", ON_MAIL, STAGE_NONE, OPT_LINE, NULL,                     \
      "with --in-reply-to: References of what is answered")                                        \
    /* its delivery */                                                                             \
    X(DSN, 'N', "dsn", "WHEN", ON_MAIL, STAGE_MESSAGE, OPT_FILE, message_dsn,                      \
      "report on: success,failure,delay; or never")                                                \
    X(DSN_RETURN, 'R', "dsn-return", "PART", ON_MAIL, STAGE_MESSAGE, OPT_FILE, message_dsn_return, \
      "what a report holds: full or headers")                                                      \
    X(ENVELOPE_ID, 0, "envelope-id", "ID", ON_MAIL, STAGE_NONE, OPT_LINE, NULL,                    \
      "by which a report is known")                                                                \
    X(DELIVER_BY, 0, "deliver-by", "TIME[:notify]", ON_MAIL, STAGE_MESSAGE, 0, message_deliver_by, \
      "return it when it is not delivered by then, such as 4h")                                    \
    X(HOLD_FOR, 0, "hold-for", "TIME", ON_MAIL, STAGE_MESSAGE, 0, message_hold_for,                \
      "let the server keep it for so long")                                                        \
    X(HOLD_UNTIL, 0, "hold-until", "@SECONDS", ON_MAIL, STAGE_MESSAGE, 0, message_hold_until,      \
      "let the server keep it until then")                                                         \
    X(PRIORITY, 0, "priority", "NUMBER", ON_MAIL, STAGE_MESSAGE, OPT_FILE, message_priority,       \
      "-9 to 9, higher is sooner")                                                                 \
    X(REQUIRE_TLS, 0, "require-tls", NULL, ON_MAIL, STAGE_MESSAGE, OPT_FILE, message_require_tls,  \
      "TLS with verified certificates all the way")                                                \
    X(SUBMITTER, 0, "submitter", "ADDRESS", ON_MAIL, STAGE_MESSAGE, 0, message_submitter,          \
      "who submitted it, for a server that trusts this host")                                      \
    /* what is demanded of it */                                                                   \
    X(POLICY, 0, "policy", "PROFILE", ON_MAIL, STAGE_POLICY, OPT_FILE, policy_profile,             \
      "default, strict, bulk or none: see mailsub-policy(7)")                                      \
    X(POLICY_SET, 0, "policy-set", "RULE=WHAT", ON_MAIL, STAGE_POLICY, OPT_FILE | OPT_REPEAT,      \
      policy_set, "off, warning, error, or a rule's number")                                       \
    X(DKIM, 0, "dkim", "DOMAIN:SELECTOR:KEY", ON_MAIL, STAGE_CONFIG, OPT_FILE | OPT_REPEAT,        \
      config_dkim, "sign with the key in a file, or a pkcs11: URL")                                \
    X(RELAY_SIGNS, 0, "relay-signs", NULL, ON_MAIL, STAGE_CONFIG, OPT_FILE, config_relay_signs,    \
      "the server signs by DKIM")                                                                  \
    X(LIMIT_STORE, 0, "limit-store", "URL", ON_SEND | ON_LIMITS, STAGE_NONE, OPT_FILE | OPT_URL,   \
      NULL, "where senders are counted: file:/path, sqlite:/path, redis://...")                    \
    X(LIMIT, 0, "limit", "[WHO=]N/TIME", ON_SEND | ON_LIMITS, STAGE_LIMITER,                       \
      OPT_FILE | OPT_REPEAT, limit_add, "most recipients in a time, such as 250/24h")              \
    X(WHEN_LIMITED, 0, "when-limited", "WHAT", ON_SEND, STAGE_NONE, OPT_FILE, NULL,                \
      "fail, wait, or send in part; fail")                                                         \
    /* the server */                                                                               \
    X(SERVER, 'S', "server", "URL", ON_NET, STAGE_CONFIG, OPT_FILE | OPT_URL | OPT_REPEAT,         \
      config_server, "submissions://[USER@]HOST[:PORT], submission:, smtp:")                       \
    X(LMTP, 0, "lmtp", NULL, ON_NET, STAGE_CONFIG, OPT_FILE, config_lmtp, "talk LMTP")             \
    X(TLS, 0, "tls", "MODE", ON_NET, STAGE_CONFIG, OPT_FILE, config_tls,                           \
      "implicit, starttls, or opportunistic: when offered")                                        \
    X(MIN_TLS, 0, "min-tls", "VERSION", ON_NET, STAGE_CONFIG, OPT_FILE, config_min_tls,            \
      "1.2 or 1.3")                                                                                \
    X(TLS_PRIORITY, 0, "tls-priority", "STRING", ON_NET, STAGE_CONFIG, OPT_FILE,                   \
      config_tls_priority, "algorithms, as GnuTLS names them")                                     \
    X(CA, 0, "ca", "FILE", ON_NET, STAGE_CONFIG, OPT_FILE, config_ca,                              \
      "trust these authorities instead of the system's")                                           \
    X(CRL, 0, "crl", "FILE", ON_NET, STAGE_CONFIG, OPT_FILE, config_crl, "revoked certificates")   \
    X(CERT, 0, "cert", "FILE", ON_NET, STAGE_CONFIG, OPT_FILE | OPT_LOGIN, config_cert,            \
      "certificate of this client")                                                                \
    X(KEY, 0, "key", "FILE", ON_NET, STAGE_NONE, OPT_FILE | OPT_LOGIN, NULL,                       \
      "its key, if in another file")                                                               \
    X(VERIFY_NAME, 0, "verify-name", "NAME", ON_NET, STAGE_CONFIG, OPT_FILE, config_verify_name,   \
      "the server's certificate is for this name")                                                 \
    X(PIN, 0, "pin", "SHA256", ON_NET, STAGE_CONFIG, OPT_FILE | OPT_REPEAT, config_pin,            \
      "the server's key is this one")                                                              \
    X(FINGERPRINT, 0, "fingerprint", "SHA256", ON_NET, STAGE_CONFIG, OPT_FILE, config_fingerprint, \
      "the server's certificate is this one")                                                      \
    X(HELO, 0, "helo", "NAME", ON_NET, STAGE_CONFIG, OPT_FILE, config_helo,                        \
      "name of this client in EHLO")                                                               \
    X(SOURCE, 0, "source", "ADDRESS", ON_NET, STAGE_CONFIG, OPT_FILE | OPT_REPEAT, config_source,  \
      "connect from this address of the host")                                                     \
    X(PROXY, 0, "proxy", "URL", ON_NET, STAGE_CONFIG, OPT_FILE | OPT_URL, config_proxy,            \
      "socks5://HOST[:PORT] or http://HOST[:PORT]")                                                \
    X(TIMEOUT, 0, "timeout", "[PHASE=]TIME", ON_NET, STAGE_CONFIG, OPT_FILE | OPT_REPEAT,          \
      config_timeout, "longest wait for a step, such as 30s or connect=5s")                        \
    X(DEADLINE, 0, "deadline", "TIME", ON_NET | ON_DISCOVER, STAGE_CONFIG, OPT_FILE,               \
      config_deadline, "longest time of the whole")                                                \
    X(ALL_OR_NONE, 0, "all-or-none", NULL, ON_SEND, STAGE_CONFIG, OPT_FILE, config_all_or_none,    \
      "send to all recipients or to none")                                                         \
    X(MISSING, 0, "missing", "EXT=WHAT", ON_SEND, STAGE_CONFIG, OPT_FILE | OPT_REPEAT,             \
      config_missing, "fail, warn or drop when the server lacks it")                               \
    X(CHUNK_SIZE, 0, "chunk-size", "OCTETS", ON_SEND, STAGE_CONFIG, OPT_FILE, config_chunk_size,   \
      "with CHUNKING; 0 for DATA")                                                                 \
    X(OVERLAP, 0, "overlap", "N", ON_SEND, STAGE_CONFIG, OPT_FILE, config_overlap,                 \
      "most messages under way at once")                                                           \
    X(CONNECTIONS, 0, "connections", "N", ON_SEND, STAGE_CONFIG, OPT_FILE, config_connections,     \
      "most connections at once, for a batch")                                                     \
    X(INSECURE_NO_TLS, 0, "insecure-no-tls", NULL, ON_NET, STAGE_CONFIG, OPT_FILE,                 \
      config_insecure_no_tls, "never encrypt")                                                     \
    X(INSECURE_NO_VERIFY, 0, "insecure-no-verify", NULL, ON_NET, STAGE_CONFIG, OPT_FILE,           \
      config_insecure_no_verify, "take any certificate")                                           \
    X(INSECURE_CLEAR_LOGIN, 0, "insecure-clear-login", NULL, ON_NET, STAGE_CONFIG, OPT_FILE,       \
      config_insecure_clear_login, "show the password to whoever listens")                         \
    /* the login */                                                                                \
    X(USER, 'u', "user", "NAME", ON_NET, STAGE_NONE, OPT_FILE | OPT_LOGIN, NULL,                   \
      "log in by this name")                                                                       \
    X(AUTHORIZE, 0, "authorize", "NAME", ON_NET, STAGE_CONFIG, OPT_FILE | OPT_LOGIN,               \
      config_authorize, "act for another user")                                                    \
    X(AUTH, 0, "auth", "MECHANISMS", ON_NET, STAGE_CONFIG, OPT_FILE | OPT_LOGIN, config_auth,      \
      "only these, such as \"SCRAM-SHA-256 PLAIN\", EXTERNAL")                                     \
    X(PASSWORD_FILE, 0, "password-file", "FILE", ON_NET, STAGE_NONE, OPT_FILE | OPT_LOGIN, NULL,   \
      "its first line is the password")                                                            \
    X(PASSWORD_COMMAND, 0, "password-command", "COMMAND", ON_NET, STAGE_NONE,                      \
      OPT_FILE | OPT_LOGIN, NULL, "the first line that it prints is the password")                 \
    X(TOKEN_FILE, 0, "token-file", "FILE", ON_NET, STAGE_NONE, OPT_FILE | OPT_LOGIN, NULL,         \
      "its first line is an OAuth token")                                                          \
    X(TOKEN_COMMAND, 0, "token-command", "COMMAND", ON_NET, STAGE_NONE, OPT_FILE | OPT_LOGIN,      \
      NULL, "the first line that it prints is an OAuth token")                                     \
    /* the command itself */                                                                       \
    X(CONFIG, 'C', "config", "FILE", ON_NET | ON_LIMITS, STAGE_NONE, 0, NULL,                      \
      "settings, instead of the user's and the system's")                                          \
    X(MSMTPRC, 0, "msmtprc", "FILE", ON_NET, STAGE_NONE, 0, NULL,                                  \
      "settings as msmtp keeps them, instead")                                                     \
    X(ACCOUNT, 'A', "account", "NAME", ON_NET | ON_LIMITS, STAGE_NONE, 0, NULL,                    \
      "a section of the settings, instead of the one for From")                                    \
    X(ORIGIN, 0, "origin", "DOMAIN", ON_SENDMAIL, STAGE_NONE, OPT_FILE, NULL,                      \
      "of addresses without one")                                                                  \
    X(ALIASES, 0, "aliases", "FILE", ON_SENDMAIL, STAGE_NONE, OPT_FILE, NULL,                      \
      "who is meant by a name without a domain")                                                   \
    X(DRY_RUN, 'n', "dry-run", NULL, ON_SEND, STAGE_NONE, 0, NULL,                                 \
      "ask the server for each recipient, and send nothing")                                       \
    X(PRINT, 0, "print", NULL, ON_SEND, STAGE_NONE, 0, NULL,                                       \
      "write the message to standard output, and send nothing")                                    \
    X(JSON, 'j', "json", NULL, ON_ALL, STAGE_NONE, 0, NULL, "tell the outcome as JSON")            \
    X(TRACE, 0, "trace", NULL, ON_NET, STAGE_CONFIG, 0, config_trace,                              \
      "show the dialogue, without secrets")                                                        \
    X(VERBOSE, 'v', "verbose", NULL, ON_ALL, STAGE_NONE, 0, NULL, "tell of success too")           \
    X(QUIET, 'q', "quiet", NULL, ON_ALL, STAGE_NONE, 0, NULL, "say nothing")                       \
    X(HELP, 'h', "help", NULL, ON_ALL, STAGE_NONE, 0, NULL, "list the options")                    \
    OPTION_BATCH_LIST(X)

/* The batch needs a library that reads JSON. */
#ifdef MAILSUB_HAVE_JANSSON
#define OPTION_BATCH_LIST(X)                                                                       \
    X(BATCH, 'b', "batch", "FILE", ON_SEND, STAGE_NONE, 0, NULL,                                   \
      "a message in each line, as a JSON object; - for standard input")                            \
    X(JOURNAL, 0, "journal", "FILE", ON_SEND, STAGE_NONE, 0, NULL,                                 \
      "with --batch: what is sent, so that it can be resumed")                                     \
    X(RESEND_UNKNOWN, 0, "resend-unknown", NULL, ON_SEND, STAGE_NONE, 0, NULL,                     \
      "with --journal: send again what may have arrived")
#else
#define OPTION_BATCH_LIST(X)
#endif

enum option_id {
#define OPTION_ENUM(ID, ...) OPTION_##ID,
    OPTION_LIST(OPTION_ENUM)
#undef OPTION_ENUM
        N_OPTIONS
};

typedef int (*option_fn)(struct work *work, const char *value);

struct option {
    const char *name;
    const char *argument; /* NULL for a switch */
    const char *help;
    option_fn handle;
    enum stage stage;
    unsigned commands;
    unsigned flags;
    char letter;
};

#define OPTION_DECLARE(name) int name(struct work *work, const char *value);

const struct option *option_at(enum option_id id);
/* By the name without its dashes, not NUL-terminated; NULL when there is none. */
const struct option *option_find(const char *name, size_t len);
enum option_id option_id_of(const struct option *option);

/* Read the arguments of a subcommand into the settings and the operands. 0 or MAILSUB_E_INVALID. */
int options_parse(struct work *work, int argc, char **argv);
void options_help(const struct work *work);

#endif

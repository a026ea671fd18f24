/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file
 * Logins (RFC 4954): with which credentials, by which mechanisms, and what came of each of them.
 *
 * Without a word about it the strongest mechanism that the server offers is used: those that the
 * application added, EXTERNAL (when asked for), SCRAM-SHA-256-PLUS, SCRAM-SHA-256,
 * SCRAM-SHA-1-PLUS, SCRAM-SHA-1, OAUTHBEARER and XOAUTH2 with a token, PLAIN, LOGIN. CRAM-MD5 is
 * used only when mailsub_config_set_mechanisms names it.
 *
 * No mechanism is used without verified TLS, unless mailsub_config_insecure_allow_clear_login
 * allows it. After a login that was asked for and did not succeed, nothing is submitted.
 *
 * After a refusal another mechanism is tried only where it cannot help a thief: when it uses a
 * secret that this server has not refused yet, or when the reply refuses the mechanism and not the
 * credentials (504, 534, 538); and never one without channel binding behind one with it.
 *
 * Setters of a config return MAILSUB_E_INVALID, _STATE and _NOMEM besides, as config.h says.
 */
#ifndef MAILSUB_AUTH_H
#define MAILSUB_AUTH_H

#include <mailsub/config.h>
#include <mailsub/export.h>
#include <mailsub/receipt.h>
#include <mailsub/system.h>

MAILSUB_BEGIN_DECLS

/** What came of a mechanism, or why it was not used: X(number, NAME, text). */
#define MAILSUB_LOGIN_LIST(X)                                                                      \
    X(0, NOT_TRIED, "not tried")                /* a stronger one decided */                       \
    X(1, ACCEPTED, "accepted")                  /* this one logged in */                           \
    X(2, REJECTED, "rejected")                  /* the server refused (5yz) */                     \
    X(3, DEFERRED, "deferred")                  /* the server could not check now (4yz) */         \
    X(4, FAILED, "failed")                      /* the exchange broke, or the server cheated */    \
    X(5, NOT_OFFERED, "not offered")            /* by the server */                                \
    X(6, UNKNOWN, "not known")                  /* offered, but this library has none */           \
    X(7, EXCLUDED, "excluded")                  /* by the config */                                \
    X(8, ONLY_BY_NAME, "only by name")          /* and the config does not name it */              \
    X(9, NO_CREDENTIALS, "no credentials")      /* no password, token or certificate for it */     \
    X(10, NO_BINDING, "no channel binding")     /* the connection gives none */                    \
    X(11, UNUSABLE, "unusable credentials")     /* it cannot express them, see SASLprep */         \
    X(12, CLEAR, "not in clear")                /* the connection is not verified TLS */           \
    X(13, WITHHELD, "withheld after a refusal") /* it could only have helped a thief */

enum {
#define MAILSUB_LOGIN_ENUM_(number, NAME, text) MAILSUB_LOGIN_##NAME = (number),
    MAILSUB_LOGIN_LIST(MAILSUB_LOGIN_ENUM_)
#undef MAILSUB_LOGIN_ENUM_
        MAILSUB_LOGIN_END_ = 14
};

/** Why credentials are asked for. */
enum {
    MAILSUB_CREDENTIALS_FIRST = 0,  /**< a login begins */
    MAILSUB_CREDENTIALS_REFUSED = 1 /**< the server refused the token: give a fresh one */
};

/** What a callback fills; exists during its call only. */
typedef struct mailsub_credentials mailsub_credentials;

/**
 * Gives the credentials of a login; called in the thread that is inside a call on the session, once
 * for each connection and once more when a token was refused. A program with an event loop should
 * have them at hand: the session waits for it.
 * @param context      what mailsub_config_set_credentials_callback was given
 * @param reason       MAILSUB_CREDENTIALS_*
 * @param credentials  to be filled; holds what the config has, and behind a refusal what was used
 * @return 0; a negative MAILSUB_E_*, with which the submission then fails (another value counts as
 *         MAILSUB_E_CREDENTIALS). Behind a refusal, an error or the same token end the login as
 *         MAILSUB_E_AUTH_REJECTED.
 */
typedef int (*mailsub_credentials_fn)(void *context, int reason, mailsub_credentials *credentials);

/**
 * Set the user name.
 * @param credentials  what the callback was given
 * @param user         UTF-8, 1 to 1,024 octets; copied
 * @return 0; MAILSUB_E_INVALID a NULL; MAILSUB_E_CREDENTIALS not usable; MAILSUB_E_NOMEM
 * Since 0.1
 */
MAILSUB_API int mailsub_credentials_set_user(mailsub_credentials *credentials, const char *user);

/**
 * Set the password.
 * @param credentials  what the callback was given
 * @param password     UTF-8, at most 1,024 octets; copied; NULL for none
 * @return 0; MAILSUB_E_INVALID a NULL; MAILSUB_E_CREDENTIALS not usable; MAILSUB_E_NOMEM
 * Since 0.1
 */
MAILSUB_API int mailsub_credentials_set_password(mailsub_credentials *credentials,
                                                 const char *password);

/**
 * Set the token of OAUTHBEARER and XOAUTH2.
 * @param credentials  what the callback was given
 * @param token        printable ASCII without space, 1 to 8,192 octets; copied; NULL for none
 * @return 0; MAILSUB_E_INVALID a NULL; MAILSUB_E_CREDENTIALS not usable; MAILSUB_E_NOMEM
 * RFC 6750 section 2.1; since 0.1
 */
MAILSUB_API int mailsub_credentials_set_token(mailsub_credentials *credentials, const char *token);

/**
 * Obtain the credentials of each login by a callback, such as from a key store.
 * @param config    the config
 * @param callback  NULL: only what the config has is used
 * @param context   handed to callback; must outlive the sessions
 * @return 0
 * Since 0.1
 */
MAILSUB_API int mailsub_config_set_credentials_callback(mailsub_config *config,
                                                        mailsub_credentials_fn callback,
                                                        void *context);

/**
 * Log in with a token, by OAUTHBEARER or XOAUTH2. A password that is set too serves the mechanisms
 * that want one, in the order of preference.
 * @param config  the config
 * @param user    user name; as mailsub_config_set_credentials says; it replaces the earlier one
 * @param token   as mailsub_credentials_set_token says; NULL takes it away
 * @return 0; MAILSUB_E_CREDENTIALS not usable
 * RFC 7628; since 0.1
 */
MAILSUB_API int mailsub_config_set_token(mailsub_config *config, const char *user,
                                         const char *token);

/**
 * Act for another identity than the one that logs in: the authorization identity of SASL.
 * @param config    the config
 * @param identity  UTF-8, 1 to 1,024 octets; NULL goes back to the user itself
 * @return 0; MAILSUB_E_CREDENTIALS not usable
 * RFC 4422 section 3.4.1; since 0.1
 */
MAILSUB_API int mailsub_config_set_authorization(mailsub_config *config, const char *identity);

/**
 * Use only these mechanisms, the first that is offered first. EXTERNAL in the list asks for a login
 * by the TLS client certificate, without any other credentials.
 * @param config  the config
 * @param names   parted by spaces, such as "SCRAM-SHA-256-PLUS SCRAM-SHA-256"; case does not
 *                matter; NULL goes back to the default
 * @return 0; MAILSUB_E_INVALID an empty list, one that is named twice, or one that neither the
 *         library has nor the application has added
 * RFC 4422 section 3.1; since 0.1
 */
MAILSUB_API int mailsub_config_set_mechanisms(mailsub_config *config, const char *names);

/**
 * Never use this mechanism.
 * @param config  the config
 * @param name    as it stands in the offer of a server, such as "LOGIN"; case does not matter
 * @return 0; MAILSUB_E_INVALID no mechanism's name; MAILSUB_E_LIMIT more than 20 are excluded
 * Since 0.1
 */
MAILSUB_API int mailsub_config_exclude_mechanism(mailsub_config *config, const char *name);

/** A login under way, as a mechanism of the application sees it. */
typedef struct mailsub_login mailsub_login;

/** Flags of a mechanism: which secret it uses, so that none is shown twice after a refusal. */
enum {
    MAILSUB_MECHANISM_SERVER_FIRST = 1u << 0, /**< the server speaks first: no initial response */
    MAILSUB_MECHANISM_PASSWORD = 1u << 1,     /**< skipped when there is no password */
    MAILSUB_MECHANISM_TOKEN = 1u << 2         /**< skipped when there is no token */
};

/**
 * A mechanism of the application, such as GSSAPI. The functions are called in the thread that is
 * inside a call on the session; negative results are MAILSUB_E_*, other values but 0 count as
 * MAILSUB_E_CREDENTIALS. A failure of begin, or of the first answer, makes the next mechanism be
 * tried; a later one cancels the exchange.
 */
typedef struct mailsub_mechanism {
    size_t size;      /**< sizeof(mailsub_mechanism) */
    const char *name; /**< 1 to 20 of A to Z, 0 to 9, hyphen and underscore (RFC 4422) */
    uint32_t flags;   /**< MAILSUB_MECHANISM_* */
    void *context;    /**< handed to the functions; must outlive the sessions */
    /** Begin an exchange; *out_state is handed to the others. May be NULL. */
    int (*begin)(void *context, mailsub_login *login, void **out_state);
    /** Answer a challenge by one call of mailsub_login_answer. The first one is empty, unless the
        server speaks first. What none can be given to is MAILSUB_E_REPLY_UNEXPECTED. */
    int (*answer)(void *context, void *state, mailsub_login *login, const void *challenge,
                  size_t len);
    /** The server says that the login has succeeded: 0 when the mechanism agrees. One with mutual
        authentication returns MAILSUB_E_AUTH_FORGED when the server has proven nothing. May be
        NULL. */
    int (*accept)(void *context, void *state);
    /** The exchange is over, in whatever way. Called when begin succeeded. May be NULL. */
    void (*end)(void *context, void *state);
} mailsub_mechanism;

/**
 * Add a mechanism, or replace one of the library's. Those added are preferred, in their order.
 * @param config     the config
 * @param mechanism  copied, its name too
 * @return 0; MAILSUB_E_INVALID its size, name or flags are not right, answer is NULL, or it was
 *         added already; MAILSUB_E_LIMIT more than 8
 * RFC 4422; since 0.1
 */
MAILSUB_API int mailsub_config_add_mechanism(mailsub_config *config,
                                             const mailsub_mechanism *mechanism);

/**
 * Give the answer to a challenge.
 * @param login  what the mechanism was given
 * @param data   not in base64; copied; NULL only when len is 0
 * @param len    at most 9,213 octets, which are a line of 12,288 (RFC 4954 section 4)
 * @return 0; MAILSUB_E_INVALID a NULL; MAILSUB_E_LIMIT too long; MAILSUB_E_NOMEM
 * Since 0.1
 */
MAILSUB_API int mailsub_login_answer(mailsub_login *login, const void *data, size_t len);

/** What mailsub_login_get reads. */
enum {
    MAILSUB_LOGIN_GET_USER = 0,
    MAILSUB_LOGIN_GET_PASSWORD = 1,
    MAILSUB_LOGIN_GET_TOKEN = 2,
    MAILSUB_LOGIN_GET_AUTHORIZATION = 3, /**< the identity to act as */
    MAILSUB_LOGIN_GET_HOST = 4,          /**< name of the server, as it was verified */
    MAILSUB_LOGIN_GET_BINDING_TYPE = 5,  /**< "tls-exporter" or "tls-unique" */
    MAILSUB_LOGIN_GET_BINDING = 6        /**< data of the channel binding of that type */
};

/**
 * Read a property of the login.
 * @param login    what the mechanism was given
 * @param what     MAILSUB_LOGIN_GET_*
 * @param out_len  receives the octets; NULL when not wanted
 * @return lent until the function of the mechanism returns; "" when there is none; a string, save
 *         for the data of the binding
 * RFC 9266, RFC 5929; since 0.1
 */
MAILSUB_API const char *mailsub_login_get(const mailsub_login *login, int what, size_t *out_len);

/**
 * The mechanism by which the connection of a submission was logged in.
 * @param receipt  NULL counts as empty
 * @return such as "SCRAM-SHA-256"; "" when there was no login
 * Since 0.1
 */
MAILSUB_API const char *mailsub_receipt_get_login(const mailsub_receipt *receipt);

/**
 * What the server said inside the exchange about why it refuses: the error of OAUTHBEARER and
 * XOAUTH2, in JSON, or that of SCRAM.
 * @param receipt  NULL counts as empty
 * RFC 7628 section 3.2.2, RFC 5802 section 7; since 0.1
 */
MAILSUB_API const char *mailsub_receipt_get_login_text(const mailsub_receipt *receipt);

/**
 * Number of mechanisms that were considered, in the order of preference; behind them those that
 * the server offered and nobody here knows. 0 when no login was asked for or none was reached.
 * @param receipt  NULL counts as empty
 * Since 0.1
 */
MAILSUB_API size_t mailsub_receipt_count_mechanisms(const mailsub_receipt *receipt);

/**
 * Name of a mechanism that was considered.
 * @param receipt  the receipt
 * @param index    0 to the count - 1; outside, it is ""
 * Since 0.1
 */
MAILSUB_API const char *mailsub_receipt_get_mechanism(const mailsub_receipt *receipt, size_t index);

/**
 * What came of that mechanism, or why it was skipped.
 * @param receipt  the receipt
 * @param index    0 to the count - 1
 * @return MAILSUB_LOGIN_NOT_TRIED to _WITHHELD; MAILSUB_LOGIN_NOT_TRIED outside
 * Since 0.1
 */
MAILSUB_API int mailsub_receipt_get_mechanism_state(const mailsub_receipt *receipt, size_t index);

/**
 * Name of such a state, in English.
 * @param state  MAILSUB_LOGIN_*
 * @return static text; "?" when there is no such state
 * Thread: any; since 0.1
 */
MAILSUB_API const char *mailsub_login_state_name(int state);

MAILSUB_END_DECLS

#endif

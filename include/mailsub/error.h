/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file
 * The typed errors: one list, from which names, texts, groups, actions and exit statuses come.
 */
#ifndef MAILSUB_ERROR_H
#define MAILSUB_ERROR_H

#include <mailsub/export.h>

MAILSUB_BEGIN_DECLS

/** Whose matter an error is. The hundreds of its number say the same. */
enum {
    MAILSUB_GROUP_NONE = 0,
    MAILSUB_GROUP_USAGE = 1,    /**< the calling program or its settings */
    MAILSUB_GROUP_MESSAGE = 2,  /**< what the message was given */
    MAILSUB_GROUP_NETWORK = 3,  /**< name resolution, connection, time */
    MAILSUB_GROUP_TLS = 4,      /**< encryption and the server's certificate */
    MAILSUB_GROUP_PROTOCOL = 5, /**< the server broke RFC 5321 */
    MAILSUB_GROUP_REFUSED = 6,  /**< the server said no */
    MAILSUB_GROUP_POLICY = 7,   /**< this library's own rules said no */
    MAILSUB_GROUP_FATAL = 9     /**< memory, randomness, the operating system */
};

/** What to do next about an error. */
enum {
    MAILSUB_ACTION_NONE = 0,
    MAILSUB_ACTION_FIX_PROGRAM = 1,       /**< the call is wrong: mend the program */
    MAILSUB_ACTION_FIX_MESSAGE = 2,       /**< a person or the program must change the message */
    MAILSUB_ACTION_FIX_CONFIGURATION = 3, /**< server, login, certificate or rights */
    MAILSUB_ACTION_RETRY_LATER = 4,       /**< the same message may be submitted again later */
    MAILSUB_ACTION_CHECK_ARRIVAL = 5      /**< it may have arrived: ask before sending again */
};

/**
 * The errors: X(number, NAME, group, action, sysexit, text). Numbers are permanent; sysexit is the
 * status of sysexits(3) that a command should end with. A binding can build its list from this one.
 */
#define MAILSUB_ERROR_LIST(X)                                                                      \
    X(0, OK, NONE, NONE, 0, "success")                                                             \
    X(-101, E_INVALID, USAGE, FIX_PROGRAM, 64, "an argument is NULL or outside its range")         \
    X(-102, E_STATE, USAGE, FIX_PROGRAM, 70, "the object's state does not allow this call")        \
    X(-103, E_URL, USAGE, FIX_CONFIGURATION, 78, "the server URL is malformed")                    \
    X(-104, E_LIMIT, USAGE, FIX_MESSAGE, 65, "a ceiling of the library is reached")                \
    X(-105, E_CA, USAGE, FIX_CONFIGURATION, 78, "the CA certificates cannot be read")              \
    X(-106, E_CREDENTIALS, USAGE, FIX_CONFIGURATION, 78, "the credentials are unusable")           \
    X(-107, E_HOST_NAME, USAGE, FIX_CONFIGURATION, 78, "a host name is malformed")                 \
    X(-108, E_PIN, USAGE, FIX_CONFIGURATION, 78, "a pin or fingerprint is not a SHA-256")          \
    X(-109, E_CERTIFICATE, USAGE, FIX_CONFIGURATION, 78,                                           \
      "a client certificate or revocation list is unusable")                                       \
    X(-110, E_KEY, USAGE, FIX_CONFIGURATION, 78, "a signing key cannot be used")                   \
    X(-111, E_KEY_ACCESS, USAGE, FIX_CONFIGURATION, 78, "a signing key's file is open to others")  \
    X(-112, E_QUEUE_FULL, USAGE, RETRY_LATER, 75, "too many messages are pending in the session")  \
    X(-201, E_ADDRESS, MESSAGE, FIX_MESSAGE, 65, "a mailbox address is malformed")                 \
    X(-202, E_DOMAIN, MESSAGE, FIX_MESSAGE, 65, "a domain name is not valid (DNS, IDNA 2008)")     \
    X(-203, E_CONTROL, MESSAGE, FIX_MESSAGE, 65, "a forbidden control character")                  \
    X(-204, E_UTF8, MESSAGE, FIX_MESSAGE, 65, "text that is not valid UTF-8")                      \
    X(-205, E_HEADER_NAME, MESSAGE, FIX_MESSAGE, 65, "a header field name is malformed")           \
    X(-206, E_HEADER_OWNED, MESSAGE, FIX_PROGRAM, 65, "a header field that the library writes")    \
    X(-207, E_HEADER_REPEATED, MESSAGE, FIX_MESSAGE, 65,                                           \
      "a header field that may stand only once")                                                   \
    X(-208, E_HEADER_VALUE, MESSAGE, FIX_MESSAGE, 65, "a header field value is malformed")         \
    X(-209, E_NO_FROM, MESSAGE, FIX_MESSAGE, 65, "the message has no From mailbox")                \
    X(-210, E_NO_RECIPIENTS, MESSAGE, FIX_MESSAGE, 65, "the message has no recipient")             \
    X(-211, E_DATE, MESSAGE, FIX_MESSAGE, 65, "a date or zone is outside its range")               \
    X(-212, E_MESSAGE_ID, MESSAGE, FIX_MESSAGE, 65, "a Message-ID is malformed")                   \
    X(-213, E_MEDIA_TYPE, MESSAGE, FIX_MESSAGE, 65, "a media type is malformed or not allowed")    \
    X(-214, E_FILE_NAME, MESSAGE, FIX_MESSAGE, 65, "an attachment's file name is not usable")      \
    X(-215, E_FILE, MESSAGE, FIX_MESSAGE, 66, "an attachment's file cannot be read")               \
    X(-216, E_FILE_CHANGED, MESSAGE, FIX_MESSAGE, 66, "an attachment's file has changed")          \
    X(-217, E_SMTPUTF8, MESSAGE, FIX_MESSAGE, 65, "a local part needs SMTPUTF8")                   \
    X(-218, E_SINK, MESSAGE, FIX_PROGRAM, 74, "the sink did not take the message")                 \
    X(-219, E_NO_SENDER, MESSAGE, FIX_MESSAGE, 65, "several authors and no Sender")                \
    X(-220, E_LINE_TOO_LONG, MESSAGE, FIX_MESSAGE, 65, "a line beyond 998 octets that must stay")  \
    X(-221, E_8BIT, MESSAGE, FIX_MESSAGE, 65, "8-bit content that cannot be sent as it is")        \
    X(-222, E_SIGNED, MESSAGE, FIX_MESSAGE, 65, "a signature that the needed change would break")  \
    X(-223, E_ENCODING, MESSAGE, FIX_MESSAGE, 65,                                                  \
      "content that needs 8BITMIME or BINARYMIME, which the server lacks")                         \
    X(-224, E_CALENDAR, MESSAGE, FIX_MESSAGE, 65, "no invitation, or one with another method")     \
    X(-225, E_PARAMETER, MESSAGE, FIX_MESSAGE, 65, "a parameter of the delivery is malformed")     \
    X(-226, E_EXTENSION, MESSAGE, FIX_CONFIGURATION, 69,                                           \
      "the delivery that was asked for is not offered")                                            \
    X(-227, E_EXTENSION_LIMIT, MESSAGE, FIX_MESSAGE, 65,                                           \
      "the time that was asked for is outside what the server allows")                             \
    X(-228, E_AUTOMATIC, MESSAGE, FIX_MESSAGE, 65, "automatic mail, which must not be answered")   \
    X(-301, E_RESOLVE, NETWORK, FIX_CONFIGURATION, 68, "the server's name does not exist")         \
    X(-302, E_RESOLVE_AGAIN, NETWORK, RETRY_LATER, 75, "the server's name cannot be resolved now") \
    X(-303, E_CONNECT, NETWORK, RETRY_LATER, 75, "no connection to the server")                    \
    X(-304, E_TIMEOUT, NETWORK, RETRY_LATER, 75, "the server did not answer in time")              \
    X(-305, E_CONNECTION_LOST, NETWORK, RETRY_LATER, 75, "the connection was lost")                \
    X(-306, E_UNKNOWN_OUTCOME, NETWORK, CHECK_ARRIVAL, 74,                                         \
      "no reply to the complete message: it may or may not have been accepted")                    \
    X(-307, E_CANCELLED, NETWORK, RETRY_LATER, 75, "cancelled by the caller")                      \
    X(-308, E_PROXY, NETWORK, RETRY_LATER, 75, "the proxy could not connect to the server")        \
    X(-309, E_PROXY_LOGIN, NETWORK, FIX_CONFIGURATION, 77,                                         \
      "the proxy demands a login, or refused the one it got")                                      \
    X(-310, E_PROXY_REFUSED, NETWORK, FIX_CONFIGURATION, 69,                                       \
      "the proxy does not allow this connection")                                                  \
    X(-311, E_PROXY_PROTOCOL, NETWORK, FIX_CONFIGURATION, 76,                                      \
      "what the proxy answered is malformed")                                                      \
    X(-312, E_NO_SUCH_DOMAIN, NETWORK, FIX_CONFIGURATION, 68, "the domain does not exist")         \
    X(-313, E_NO_SERVICE, NETWORK, FIX_CONFIGURATION, 69,                                          \
      "the domain does not tell where its mail is submitted")                                      \
    X(-314, E_SERVICE_ABSENT, NETWORK, FIX_CONFIGURATION, 69,                                      \
      "the domain tells that it takes no submissions")                                             \
    X(-315, E_DNS_ANSWER, NETWORK, FIX_CONFIGURATION, 76,                                          \
      "what the name server answered is malformed")                                                \
    X(-401, E_TLS, TLS, FIX_CONFIGURATION, 76, "the TLS handshake or a TLS record failed")         \
    X(-402, E_TLS_UNTRUSTED, TLS, FIX_CONFIGURATION, 76,                                           \
      "the certificate's issuer is not trusted")                                                   \
    X(-403, E_TLS_NAME, TLS, FIX_CONFIGURATION, 76, "the certificate is for another host name")    \
    X(-404, E_TLS_DATES, TLS, FIX_CONFIGURATION, 76, "the certificate is not valid at this time")  \
    X(-405, E_TLS_CERTIFICATE, TLS, FIX_CONFIGURATION, 76, "the certificate is not acceptable")    \
    X(-406, E_TLS_NOT_OFFERED, TLS, FIX_CONFIGURATION, 76, "the server does not offer STARTTLS")   \
    X(-407, E_TLS_REFUSED, TLS, RETRY_LATER, 75, "the server refused to start TLS")                \
    X(-408, E_TLS_UNVERIFIED, TLS, FIX_CONFIGURATION, 76,                                          \
      "the message demands TLS with a verified certificate")                                       \
    X(-409, E_TLS_REVOKED, TLS, FIX_CONFIGURATION, 76, "the certificate is revoked")               \
    X(-410, E_TLS_PIN, TLS, FIX_CONFIGURATION, 76, "the server's key is not the expected one")     \
    X(-501, E_REPLY_MALFORMED, PROTOCOL, FIX_CONFIGURATION, 76, "a malformed reply")               \
    X(-502, E_REPLY_TOO_LONG, PROTOCOL, FIX_CONFIGURATION, 76, "a reply beyond all limits")        \
    X(-503, E_REPLY_EARLY, PROTOCOL, FIX_CONFIGURATION, 76, "a reply to a command not yet sent")   \
    X(-504, E_REPLY_UNEXPECTED, PROTOCOL, FIX_CONFIGURATION, 76, "a reply that does not fit")      \
    X(-505, E_AUTH_FORGED, PROTOCOL, FIX_CONFIGURATION, 76,                                        \
      "the server did not prove that it knows the password")                                       \
    X(-506, E_AUTH_DOWNGRADE, PROTOCOL, FIX_CONFIGURATION, 76,                                     \
      "the offer of channel binding was taken away on the way")                                    \
    X(-601, E_GREETING_REFUSED, REFUSED, FIX_CONFIGURATION, 69, "the server refuses this client")  \
    X(-602, E_UNAVAILABLE, REFUSED, RETRY_LATER, 75, "the server is not available now")            \
    X(-603, E_EHLO_REFUSED, REFUSED, FIX_CONFIGURATION, 69, "the server refused EHLO and HELO")    \
    X(-604, E_AUTH_REJECTED, REFUSED, FIX_CONFIGURATION, 77, "user name or password is wrong")     \
    X(-605, E_AUTH_DEFERRED, REFUSED, RETRY_LATER, 75, "the login cannot be checked now")          \
    X(-606, E_AUTH_NOT_OFFERED, REFUSED, FIX_CONFIGURATION, 77, "no usable login is offered")      \
    X(-607, E_AUTH_REQUIRED, REFUSED, FIX_CONFIGURATION, 77, "the server demands a login")         \
    X(-608, E_SENDER_REFUSED, REFUSED, FIX_CONFIGURATION, 77, "the sender was refused")            \
    X(-609, E_SENDER_DEFERRED, REFUSED, RETRY_LATER, 75, "the sender was refused for now")         \
    X(-610, E_RECIPIENTS_REFUSED, REFUSED, FIX_MESSAGE, 67, "the recipients were refused")         \
    X(-611, E_RECIPIENTS_DEFERRED, REFUSED, RETRY_LATER, 75,                                       \
      "the recipients were refused for now")                                                       \
    X(-612, E_PARTIAL, REFUSED, FIX_MESSAGE, 67, "accepted for some of the recipients only")       \
    X(-613, E_MESSAGE_REFUSED, REFUSED, FIX_MESSAGE, 65, "the message was refused")                \
    X(-614, E_MESSAGE_DEFERRED, REFUSED, RETRY_LATER, 75, "the message was refused for now")       \
    X(-615, E_MESSAGE_TOO_BIG, REFUSED, FIX_MESSAGE, 65, "the message is too big for the server")  \
    X(-616, E_COMMAND, REFUSED, FIX_CONFIGURATION, 69, "the server does not have this command")    \
    X(-617, E_COMMAND_ARGUMENT, REFUSED, FIX_MESSAGE, 65,                                          \
      "the server does not understand the command's argument")                                     \
    X(-618, E_COMMAND_REFUSED, REFUSED, FIX_CONFIGURATION, 77, "the command was refused")          \
    X(-619, E_COMMAND_DEFERRED, REFUSED, RETRY_LATER, 75, "the command was refused for now")       \
    X(-620, E_NOT_VERIFIED, REFUSED, FIX_PROGRAM, 69,                                              \
      "the server does not tell whether the mailbox exists")                                       \
    X(-621, E_SENDMAIL, REFUSED, FIX_CONFIGURATION, 69, "the sendmail command cannot do its work") \
    X(-622, E_DIRECTORY, REFUSED, FIX_CONFIGURATION, 73,                                           \
      "the directory for messages cannot be used")                                                 \
    X(-701, E_CLEAR_LOGIN, POLICY, FIX_CONFIGURATION, 78, "a login in clear is not allowed")       \
    X(-702, E_AUTH_ITERATIONS, POLICY, FIX_CONFIGURATION, 78,                                      \
      "the server's iteration count is out of bounds")                                             \
    X(-703, E_POLICY, POLICY, FIX_MESSAGE, 65, "the message breaks a rule of the policy")          \
    X(-704, E_RATE_LIMITED, POLICY, RETRY_LATER, 75, "the sender's quota is used up for now")      \
    X(-901, E_NOMEM, FATAL, RETRY_LATER, 71, "out of memory")                                      \
    X(-902, E_RANDOM, FATAL, RETRY_LATER, 71, "no random numbers")                                 \
    X(-903, E_SYSTEM, FATAL, RETRY_LATER, 71, "the operating system refused a resource")           \
    X(-904, E_CRYPTO, FATAL, FIX_CONFIGURATION, 78, "a cryptographic primitive is not available")  \
    X(-905, E_SIGNING, FATAL, RETRY_LATER, 75, "no signature could be made")                       \
    X(-906, E_STORE, FATAL, RETRY_LATER, 75, "the limiter's store does not answer")                \
    X(-907, E_STORE_DAMAGED, FATAL, FIX_CONFIGURATION, 74, "the limiter's store is damaged")       \
    X(-908, E_STORE_VERSION, FATAL, FIX_CONFIGURATION, 78,                                         \
      "the limiter's store is from a later version")                                               \
    X(-909, E_STORE_MISSING, FATAL, FIX_CONFIGURATION, 78,                                         \
      "the library for this kind of store is not installed")                                       \
    X(-910, E_STORE_UNSAFE, FATAL, FIX_CONFIGURATION, 77,                                          \
      "the limiter's file is open to others, or on a file system without reliable locks")

/** The error numbers: MAILSUB_OK and MAILSUB_E_INVALID to MAILSUB_E_STORE_UNSAFE. */
enum {
#define MAILSUB_ERROR_ENUM_(number, NAME, group, action, sysexit, text) MAILSUB_##NAME = (number),
    MAILSUB_ERROR_LIST(MAILSUB_ERROR_ENUM_)
#undef MAILSUB_ERROR_ENUM_
        MAILSUB_ERROR_END_ = 1
};

/**
 * Name of an error as it stands in a program.
 * @param code  any number
 * @return "MAILSUB_E_ADDRESS" and the like; "MAILSUB_E_?" when there is no such error. Static.
 * Thread: any; since 0.1
 */
MAILSUB_API const char *mailsub_error_name(int code);

/**
 * What an error means, in one line of English without a full stop.
 * @param code  any number
 * @return static text; "unknown error" when there is no such error
 * Thread: any; since 0.1
 */
MAILSUB_API const char *mailsub_strerror(int code);

/**
 * Whose matter an error is.
 * @param code  any number
 * @return MAILSUB_GROUP_*; MAILSUB_GROUP_NONE for MAILSUB_OK and for what is no error
 * Thread: any; since 0.1
 */
MAILSUB_API int mailsub_error_group(int code);

/**
 * What to do next about an error.
 * @param code  any number
 * @return MAILSUB_ACTION_*; MAILSUB_ACTION_NONE for MAILSUB_OK and for what is no error
 * Thread: any; since 0.1
 */
MAILSUB_API int mailsub_error_action(int code);

/**
 * The exit status, after sysexits(3), that a command should end with.
 * @param code  any number
 * @return 0 for MAILSUB_OK; 70 (EX_SOFTWARE) when there is no such error
 * Thread: any; since 0.1
 */
MAILSUB_API int mailsub_error_sysexit(int code);

/**
 * Walk the list of errors, for bindings and tests.
 * @param index     0 for MAILSUB_OK, then the errors in the order of their numbers
 * @param out_code  receives the number; not NULL
 * @return 0; MAILSUB_E_INVALID when out_code is NULL or index is behind the last
 * Thread: any; since 0.1
 */
MAILSUB_API int mailsub_error_at(size_t index, int *out_code);

MAILSUB_END_DECLS

#endif

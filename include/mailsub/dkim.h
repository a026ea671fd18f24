/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file
 * A DKIM signer: the key of a domain, and how it signs. It is made once, and shared by messages
 * (mailsub_message_sign_dkim) and configs (mailsub_config_add_dkim), in any threads.
 *
 * From the first of these calls on it is frozen, and setters return MAILSUB_E_STATE. Setters also
 * return MAILSUB_E_INVALID when the signer or a pointer that must not be NULL is NULL, and
 * MAILSUB_E_NOMEM.
 *
 * What is signed is the message as it leaves: written for another server, with another transfer
 * encoding, it has another signature. The time in it is that of the message's clock when it was
 * first signed, and stays: the same message submitted again has the same signature.
 * RFC 6376, RFC 8301, RFC 8463.
 */
#ifndef MAILSUB_DKIM_H
#define MAILSUB_DKIM_H

#include <mailsub/export.h>
#include <mailsub/system.h>

MAILSUB_BEGIN_DECLS

typedef struct mailsub_dkim mailsub_dkim;

/** How much of a change on the way a signature outlives, RFC 6376 section 3.4. */
enum {
    MAILSUB_DKIM_SIMPLE = 0, /**< none, save for empty lines at the end of the body */
    MAILSUB_DKIM_RELAXED = 1 /**< other white space, other folding, names in other letters */
};

/** What is done about a header field; one more than there are means that none can be added. */
enum {
    MAILSUB_DKIM_UNSIGNED = 0,
    MAILSUB_DKIM_SIGNED = 1,          /**< all of this name that there are */
    MAILSUB_DKIM_SEALED_IF_THERE = 2, /**< and one more, when there is one */
    MAILSUB_DKIM_SEALED = 3           /**< and one more, also when there is none */
};

/** How mailsub_dkim_record writes. */
enum {
    MAILSUB_DKIM_RECORD_TEXT = 0,    /**< the text of the record alone */
    MAILSUB_DKIM_RECORD_STRINGS = 1, /**< in quoted strings of at most 255 octets, RFC 1035 */
    MAILSUB_DKIM_RECORD_ZONE = 2     /**< a whole line of a zone file, its end included */
};

/** Most octets that a signature has. */
#define MAILSUB_DKIM_MAX_SIGNATURE 512
/** Most header fields that a signer knows, and most signers of a message. */
#define MAILSUB_DKIM_MAX_FIELDS 100
#define MAILSUB_DKIM_MAX_SIGNERS 8

/**
 * Create a signer without a key: relaxed header and body, a time, no expiry, no identity, and the
 * fields that RFC 6376 section 5.4.1 advises, with those of lists and of MIME.
 * @param allocator  memory for the signer; NULL for malloc
 * @param domain     the domain that answers for the mail, d=; UTF-8, kept as A-labels; two labels
 *                   at least
 * @param selector   names the key within the domain, s=: it is published at
 *                   selector._domainkey.domain
 * @param out_dkim   receives the signer, with one reference that the caller holds
 * @return 0; MAILSUB_E_DOMAIN domain or selector is malformed, or both together too long;
 *         MAILSUB_E_INVALID a NULL, or allocator is incomplete; MAILSUB_E_NOMEM
 * RFC 6376 section 3.5; since 0.1
 */
MAILSUB_API int mailsub_dkim_new(const mailsub_allocator *allocator, const char *domain,
                                 const char *selector, mailsub_dkim **out_dkim);

/**
 * Take a further reference.
 * @param dkim  the signer; NULL is allowed
 * @return dkim
 * Thread: any; since 0.1
 */
MAILSUB_API mailsub_dkim *mailsub_dkim_ref(mailsub_dkim *dkim);

/**
 * Give a reference back; the last one wipes the key and frees the signer.
 * @param dkim  NULL is allowed
 * Thread: any; since 0.1
 */
MAILSUB_API void mailsub_dkim_unref(mailsub_dkim *dkim);

/**
 * Set the private key: RSA of 1024 to 4096 bits (2048 are advised), which signs rsa-sha256, or
 * Ed25519, which signs ed25519-sha256. Not all verifiers know the latter: sign with an RSA key too.
 * @param dkim        the signer
 * @param pem         the key, PKCS #1 or PKCS #8; not NULL
 * @param len         its octets
 * @param passphrase  NULL when the key is not encrypted
 * @return 0; MAILSUB_E_KEY malformed, another kind or size, or a wrong passphrase
 * RFC 8301, RFC 8463; since 0.1
 */
MAILSUB_API int mailsub_dkim_set_key_pem(mailsub_dkim *dkim, const void *pem, size_t len,
                                         const char *passphrase);

/**
 * As mailsub_dkim_set_key_pem, from a regular file, which is read now.
 * @param dkim        the signer
 * @param path        the file; not NULL
 * @param passphrase  as there
 * @return as there; MAILSUB_E_KEY also: it cannot be read, or has more than 64 KiB;
 *         MAILSUB_E_KEY_ACCESS its group or others may read or write it
 * Since 0.1
 */
MAILSUB_API int mailsub_dkim_set_key_file(mailsub_dkim *dkim, const char *path,
                                          const char *passphrase);

/**
 * Sign with a key that stays where it is: in a PKCS #11 token or a TPM.
 * @param dkim  the signer
 * @param url   as GnuTLS knows it: "pkcs11:token=mail;object=dkim" (RFC 7512); not NULL
 * @param pin   NULL when none is needed, or the URL has it; kept until the signer is freed
 * @return 0; MAILSUB_E_KEY no such key, a wrong PIN, another kind or size, or it may not sign
 * RFC 7512; since 0.1
 */
MAILSUB_API int mailsub_dkim_set_key_url(mailsub_dkim *dkim, const char *url, const char *pin);

/**
 * Signs in place of the library.
 * @param context        what the program gave
 * @param hash           SHA-256 of what is signed. With RSA it is to be signed after PKCS #1
 *                       version 1.5 as a SHA-256 hash (RFC 8017 section 8.2); Ed25519 takes it for
 *                       the message (RFC 8463 section 3).
 * @param hash_len       its octets: 32
 * @param out_signature  room for MAILSUB_DKIM_MAX_SIGNATURE octets
 * @param out_len        receives the octets of the signature
 * @return 0; a negative MAILSUB_E_*, which writing the message then returns
 */
typedef int (*mailsub_dkim_sign_fn)(void *context, const void *hash, size_t hash_len,
                                    void *out_signature, size_t *out_len);

/**
 * Sign with a function of the program's own: for a key that a service keeps. Each signature is
 * verified with the public key before it leaves.
 * @param dkim        the signer
 * @param public_pem  the public key, SubjectPublicKeyInfo in PEM ("BEGIN PUBLIC KEY"); not NULL
 * @param len         its octets
 * @param sign        not NULL; called in the threads that write or submit messages
 * @param context     handed to sign; must outlive the signer
 * @return 0; MAILSUB_E_KEY malformed, or another kind or size
 * Since 0.1
 */
MAILSUB_API int mailsub_dkim_set_key_callback(mailsub_dkim *dkim, const void *public_pem,
                                              size_t len, mailsub_dkim_sign_fn sign, void *context);

/**
 * Choose the canonicalization, c=.
 * @param dkim    the signer
 * @param header  MAILSUB_DKIM_RELAXED, the default, or MAILSUB_DKIM_SIMPLE
 * @param body    the same
 * @return 0; MAILSUB_E_INVALID another value
 * RFC 6376 section 3.4; since 0.1
 */
MAILSUB_API int mailsub_dkim_set_canonicalization(mailsub_dkim *dkim, int header, int body);

/**
 * Say in whose name the domain signs, i=.
 * @param dkim      the signer
 * @param identity  "user@domain" or "@domain", where domain is the signer's or below it; UTF-8, the
 *                  domain kept as A-labels; NULL for none, the default
 * @return 0; MAILSUB_E_ADDRESS no such form, or too long; MAILSUB_E_DOMAIN the domain is malformed
 *         or not within the signer's; MAILSUB_E_UTF8; MAILSUB_E_CONTROL
 * RFC 6376 sections 2.6 and 3.5; since 0.1
 */
MAILSUB_API int mailsub_dkim_set_identity(mailsub_dkim *dkim, const char *identity);

/**
 * Choose whether a signature says when it was made, t=.
 * @param dkim   the signer
 * @param is_on  not 0, the default, to say it; 0 not to
 * @return 0; MAILSUB_E_INVALID the signer has a lifetime, which needs it
 * RFC 6376 section 3.5; since 0.1
 */
MAILSUB_API int mailsub_dkim_set_timestamp(mailsub_dkim *dkim, int is_on);

/**
 * Let signatures expire, x=. Queues keep mail for five days, and readers look at it later.
 * @param dkim       the signer
 * @param seconds    from the signature's time on, 1 to 315,360,000 (ten years); 0 for ever, the
 *                   default
 * @return 0; MAILSUB_E_INVALID outside its range, or the timestamp is off
 * RFC 6376 section 3.5; since 0.1
 */
MAILSUB_API int mailsub_dkim_set_lifetime(mailsub_dkim *dkim, int64_t seconds);

/**
 * Choose what is done about the header fields of a name. At first, From is sealed; sealed if they
 * are there are Sender, Reply-To, To, Cc, Subject, Date, Message-ID, In-Reply-To, References, the
 * List-* fields with List-Unsubscribe-Post, Feedback-ID, Auto-Submitted, MIME-Version,
 * Content-Type and Content-Transfer-Encoding; Resent-* are signed.
 * @param dkim  the signer
 * @param name  letters without regard to case; not NULL
 * @param mode  MAILSUB_DKIM_UNSIGNED to _SEALED; From is signed at least
 * @return 0; MAILSUB_E_HEADER_NAME malformed, or of a field that relays add, change or take away
 *         (Received, Return-Path, Bcc, DKIM-Signature and the like); MAILSUB_E_INVALID no such
 *         mode; MAILSUB_E_LIMIT there are MAILSUB_DKIM_MAX_FIELDS already
 * RFC 6376 sections 5.4 and 8.15, RFC 8058 section 4; since 0.1
 */
MAILSUB_API int mailsub_dkim_set_field(mailsub_dkim *dkim, const char *name, int mode);

/**
 * The domain, d=.
 * @param dkim  the signer
 * @return A-labels in small letters; "" when dkim is NULL; lent while the signer lives
 * Thread: any; since 0.1
 */
MAILSUB_API const char *mailsub_dkim_get_domain(const mailsub_dkim *dkim);

/**
 * The selector, s=.
 * @param dkim  the signer
 * @return as mailsub_dkim_get_domain
 * Thread: any; since 0.1
 */
MAILSUB_API const char *mailsub_dkim_get_selector(const mailsub_dkim *dkim);

/**
 * The algorithm, a=.
 * @param dkim  the signer
 * @return "rsa-sha256", "ed25519-sha256"; "" when there is no key, or dkim is NULL; static
 * Since 0.1
 */
MAILSUB_API const char *mailsub_dkim_get_algorithm(const mailsub_dkim *dkim);

/**
 * The size of the key.
 * @param dkim  the signer
 * @return bits; 256 for Ed25519; 0 when there is no key, or dkim is NULL
 * Since 0.1
 */
MAILSUB_API int mailsub_dkim_get_key_bits(const mailsub_dkim *dkim);

/**
 * The canonicalization of the header.
 * @param dkim  the signer
 * @return MAILSUB_DKIM_SIMPLE or _RELAXED; the latter when dkim is NULL
 * Since 0.1
 */
MAILSUB_API int mailsub_dkim_get_header_canonicalization(const mailsub_dkim *dkim);

/**
 * The canonicalization of the body.
 * @param dkim  the signer
 * @return as mailsub_dkim_get_header_canonicalization
 * Since 0.1
 */
MAILSUB_API int mailsub_dkim_get_body_canonicalization(const mailsub_dkim *dkim);

/**
 * The identity, i=.
 * @param dkim  the signer
 * @return with its domain as A-labels; NULL when there is none, or dkim is NULL; lent until it is
 *         set again
 * Since 0.1
 */
MAILSUB_API const char *mailsub_dkim_get_identity(const mailsub_dkim *dkim);

/**
 * Whether signatures say when they were made.
 * @param dkim  the signer
 * @return 1 or 0; 0 when dkim is NULL
 * Since 0.1
 */
MAILSUB_API int mailsub_dkim_get_timestamp(const mailsub_dkim *dkim);

/**
 * After how many seconds signatures expire.
 * @param dkim  the signer
 * @return 0 for never, or when dkim is NULL
 * Since 0.1
 */
MAILSUB_API int64_t mailsub_dkim_get_lifetime(const mailsub_dkim *dkim);

/**
 * Number of names of header fields that are signed.
 * @param dkim  NULL counts as none
 * Since 0.1
 */
MAILSUB_API size_t mailsub_dkim_count_fields(const mailsub_dkim *dkim);

/**
 * One of these, in the order in which they are signed.
 * @param dkim      the signer
 * @param index     from 0; below mailsub_dkim_count_fields
 * @param out_name  receives the name; lent until a field is set
 * @param out_mode  receives MAILSUB_DKIM_SIGNED to _SEALED
 * @return 0; MAILSUB_E_INVALID a NULL, or no such field
 * Since 0.1
 */
MAILSUB_API int mailsub_dkim_get_field(const mailsub_dkim *dkim, size_t index,
                                       const char **out_name, int *out_mode);

/**
 * What is done about the header fields of a name.
 * @param dkim  the signer
 * @param name  letters without regard to case
 * @return MAILSUB_DKIM_UNSIGNED to _SEALED; _UNSIGNED when an argument is NULL
 * Since 0.1
 */
MAILSUB_API int mailsub_dkim_get_field_mode(const mailsub_dkim *dkim, const char *name);

/**
 * The TXT record that has to be published at selector._domainkey.domain for the signatures to be
 * verified.
 * @param dkim      the signer; needs its key
 * @param form      MAILSUB_DKIM_RECORD_*
 * @param out_text  receives it; lent until another key is set
 * @return 0; MAILSUB_E_KEY there is no key; MAILSUB_E_INVALID a NULL, or no such form
 * RFC 6376 section 3.6, RFC 8463 section 4.2; since 0.1
 */
MAILSUB_API int mailsub_dkim_record(const mailsub_dkim *dkim, int form, const char **out_text);

MAILSUB_END_DECLS

#endif

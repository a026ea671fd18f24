/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The key of a DKIM signer, wherever it comes from, and the record that publishes it. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/memory.h"
#include "codec/base64.h"
#include "message/dkim.h"

enum {
    MAX_KEY_FILE = 64 * 1024,
    PIECE = 4096,
    MAX_STRING = 255 /* of a TXT record, RFC 1035 section 3.3 */
};

static void free_secret(mailsub_dkim *dkim, char *secret)
{
    if (secret)
        mailsub__wipe(secret, strlen(secret));
    mailsub__free(&dkim->allocator, secret);
}

void mailsub__dkim_deinit_key(mailsub_dkim *dkim)
{
    mailsub__key_deinit(&dkim->key);
    free_secret(dkim, dkim->pin);
    dkim->pin = NULL;
    for (int i = 0; i < MAILSUB__DKIM_N_RECORDS; i++) {
        mailsub__free(&dkim->allocator, dkim->records[i]);
        dkim->records[i] = NULL;
    }
}

/* The text of the record: "v=DKIM1; k=rsa; p=..." */
static int write_text(const mailsub__key *key, mailsub__buffer *out)
{
    mailsub__buffer public;
    mailsub__buffer_init(&public, out->allocator, SIZE_MAX / 4);
    int rc = mailsub__key_append_public(key, &public);
    if (!rc) {
        mailsub__buffer_append_str(out, "v=DKIM1; k=");
        mailsub__buffer_append_str(out, key->kind == MAILSUB__KEY_RSA ? "rsa" : "ed25519");
        mailsub__buffer_append_str(out, "; p=");
        mailsub__slice octets = mailsub__buffer_slice(&public);
        rc = mailsub__base64_append(out, octets.ptr, octets.len);
    }
    mailsub__buffer_deinit(&public);
    return rc;
}

/* The text holds neither quotes nor backslashes. */
static int write_strings(mailsub__slice text, mailsub__buffer *out)
{
    for (size_t at = 0; at < text.len; at += MAX_STRING) {
        size_t n = text.len - at < MAX_STRING ? text.len - at : MAX_STRING;
        mailsub__buffer_append_str(out, at > 0 ? " \"" : "\"");
        mailsub__buffer_append(out, text.ptr + at, n);
        mailsub__buffer_append_char(out, '"');
    }
    return out->error;
}

static int write_zone(const mailsub_dkim *dkim, const char *strings, mailsub__buffer *out)
{
    mailsub__buffer_append_str(out, dkim->selector);
    mailsub__buffer_append_str(out, "._domainkey.");
    mailsub__buffer_append_str(out, dkim->domain);
    mailsub__buffer_append_str(out, ". IN TXT ");
    mailsub__buffer_append_str(out, strings);
    return mailsub__buffer_append_char(out, '\n');
}

static int write_record(const mailsub_dkim *dkim, const mailsub__key *key, int form,
                        mailsub__buffer *out, char *const *made)
{
    if (form == MAILSUB_DKIM_RECORD_TEXT)
        return write_text(key, out);
    if (form == MAILSUB_DKIM_RECORD_STRINGS)
        return write_strings(mailsub__slice_str(made[MAILSUB_DKIM_RECORD_TEXT]), out);
    return write_zone(dkim, made[MAILSUB_DKIM_RECORD_STRINGS], out);
}

/* Each form is made from the one before it. */
static int make_records(const mailsub_dkim *dkim, const mailsub__key *key, char **records)
{
    mailsub__buffer out;
    mailsub__buffer_init(&out, &dkim->allocator, SIZE_MAX / 4);
    int rc = MAILSUB_OK;
    for (int form = 0; form < MAILSUB__DKIM_N_RECORDS && !rc; form++) {
        mailsub__buffer_reset(&out);
        rc = write_record(dkim, key, form, &out, records);
        if (rc)
            break;
        mailsub__slice text = mailsub__buffer_slice(&out);
        records[form] = mailsub__dkim_copy(dkim, text.ptr, text.len);
        if (!records[form])
            rc = MAILSUB_E_NOMEM;
    }
    mailsub__buffer_deinit(&out);
    return rc;
}

/* Put a key, which is taken over, in the place of the old one; pin too, which may be NULL. */
static int replace_key(mailsub_dkim *dkim, mailsub__key *key, char *pin)
{
    char *records[MAILSUB__DKIM_N_RECORDS] = {NULL};
    int rc = make_records(dkim, key, records);
    if (rc) {
        for (int i = 0; i < MAILSUB__DKIM_N_RECORDS; i++)
            mailsub__free(&dkim->allocator, records[i]);
        mailsub__key_deinit(key);
        free_secret(dkim, pin);
        return rc;
    }
    mailsub__dkim_deinit_key(dkim);
    memcpy(dkim->records, records, sizeof records);
    dkim->key = *key;
    dkim->pin = pin;
    dkim->sign = NULL;
    dkim->sign_context = NULL;
    return MAILSUB_OK;
}

static int set_pem(mailsub_dkim *dkim, mailsub__slice pem, const char *passphrase)
{
    mailsub__key key;
    int rc = mailsub__key_from_pem(&key, pem, passphrase);
    return rc ? rc : replace_key(dkim, &key, NULL);
}

int mailsub_dkim_set_key_pem(mailsub_dkim *dkim, const void *pem, size_t len,
                             const char *passphrase)
{
    int rc = mailsub__dkim_begin_change(dkim);
    if (!rc && !pem)
        rc = MAILSUB_E_INVALID;
    return rc ? rc : set_pem(dkim, mailsub__slice_of(pem, len), passphrase);
}

/*
 * Who can read the key can sign in the domain's name, and who can write it can make the program
 * sign with a key of his own. Asked of the open file, so that it cannot be another one later.
 */
static int check_access(int fd)
{
    struct stat facts;
    if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode))
        return MAILSUB_E_KEY;
    const mode_t others = S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH;
    return facts.st_mode & others ? MAILSUB_E_KEY_ACCESS : MAILSUB_OK;
}

static int read_all(int fd, mailsub__buffer *out)
{
    for (;;) {
        char *room;
        int rc = mailsub__buffer_reserve(out, PIECE, &room);
        if (rc)
            return rc;
        ssize_t n = read(fd, room, PIECE);
        if (n == 0)
            return MAILSUB_OK;
        if (n > 0 && out->len + (size_t)n > MAX_KEY_FILE)
            return MAILSUB_E_KEY;
        if (n < 0 && errno != EINTR)
            return MAILSUB_E_KEY;
        mailsub__buffer_commit(out, n > 0 ? (size_t)n : 0);
    }
}

/* Not blocking, so that a FIFO under this name cannot hold up the program. */
static int open_key(const char *path)
{
    int fd;
    do {
        fd = mailsub__fd_lift(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    } while (fd < 0 && errno == EINTR);
    return fd;
}

int mailsub_dkim_set_key_file(mailsub_dkim *dkim, const char *path, const char *passphrase)
{
    int rc = mailsub__dkim_begin_change(dkim);
    if (!rc && !path)
        rc = MAILSUB_E_INVALID;
    if (rc)
        return rc;
    int fd = open_key(path);
    if (fd < 0)
        return MAILSUB_E_KEY;
    mailsub__buffer pem;
    mailsub__buffer_init_secret(&pem, &dkim->allocator, MAX_KEY_FILE + PIECE);
    rc = check_access(fd);
    if (!rc)
        rc = read_all(fd, &pem);
    close(fd);
    if (!rc)
        rc = set_pem(dkim, mailsub__buffer_slice(&pem), passphrase);
    mailsub__buffer_deinit(&pem);
    return rc;
}

int mailsub_dkim_set_key_url(mailsub_dkim *dkim, const char *url, const char *pin)
{
    int rc = mailsub__dkim_begin_change(dkim);
    if (!rc && !url)
        rc = MAILSUB_E_INVALID;
    if (rc)
        return rc;
    char *copy = pin ? mailsub__dkim_copy(dkim, pin, strlen(pin)) : NULL;
    if (pin && !copy)
        return MAILSUB_E_NOMEM;
    mailsub__key key;
    rc = mailsub__key_from_url(&key, url, copy);
    if (rc) {
        free_secret(dkim, copy);
        return rc;
    }
    return replace_key(dkim, &key, copy);
}

int mailsub_dkim_set_key_callback(mailsub_dkim *dkim, const void *public_pem, size_t len,
                                  mailsub_dkim_sign_fn sign, void *context)
{
    int rc = mailsub__dkim_begin_change(dkim);
    if (!rc && (!public_pem || !sign))
        rc = MAILSUB_E_INVALID;
    if (rc)
        return rc;
    mailsub__key key;
    rc = mailsub__key_from_public_pem(&key, mailsub__slice_of(public_pem, len));
    if (!rc)
        rc = replace_key(dkim, &key, NULL);
    if (rc)
        return rc;
    dkim->sign = sign;
    dkim->sign_context = context;
    return MAILSUB_OK;
}

const char *mailsub_dkim_get_algorithm(const mailsub_dkim *dkim)
{
    if (!dkim || !dkim->key.public)
        return "";
    return dkim->key.kind == MAILSUB__KEY_RSA ? "rsa-sha256" : "ed25519-sha256";
}

int mailsub_dkim_get_key_bits(const mailsub_dkim *dkim)
{
    return dkim && dkim->key.public ? (int)dkim->key.n_bits : 0;
}

int mailsub_dkim_record(const mailsub_dkim *dkim, int form, const char **out_text)
{
    if (!dkim || !out_text || form < 0 || form >= MAILSUB__DKIM_N_RECORDS)
        return MAILSUB_E_INVALID;
    if (!dkim->key.public)
        return MAILSUB_E_KEY;
    *out_text = dkim->records[form];
    return MAILSUB_OK;
}

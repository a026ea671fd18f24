/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SCRAM-SHA-1, SCRAM-SHA-256 (RFC 5802, RFC 7677) and their -PLUS forms, which are bound to the TLS
 * connection (RFC 5056; RFC 9266, RFC 5929): each side proves to the other that it knows the
 * password, and neither shows it.
 *
 *   client-first   n,,n=user,r=nonce          server-first  r=nonce+,s=salt,i=count
 *   client-final   c=binding,r=nonce+,p=proof server-final  v=signature, or e=error
 *
 * A server that says 235 without a right signature has proven nothing: that is no login. The header
 * before the first comma tells "p" with a binding; "y" when this side could bind and the server did
 * not offer it, at which a server that did offer it notices that somebody changed its offer; "n"
 * when this side cannot bind.
 */
#include "smtp/scram.h"

#include "base/memory.h"
#include "codec/base64.h"
#include "codec/saslprep.h"
#include "smtp/mechanism.h"

/* In base64 24 characters, of which none is forbidden in a nonce. */
enum { NONCE_LEN = 18, MAX_MESSAGE = 64 * 1024 };

enum stage { BEGUN, FIRST_SENT, PROOF_SENT, SERVER_PROVEN, SERVER_REFUSED };

struct scram {
    enum mailsub__hash hash;
    enum stage stage;
    mailsub__buffer header;   /* the part before the message, which binds */
    mailsub__buffer nonce;    /* ours */
    mailsub__buffer messages; /* all that both sides said, as far as it is signed */
    mailsub__buffer password; /* secret: prepared */
    mailsub__buffer scratch;  /* secret */
    unsigned char signature[MAILSUB__MAX_DIGEST_LEN]; /* that the server has to show */
};

static int cheated(mailsub_login *login, const char *how)
{
    login->detail = how;
    return MAILSUB_E_AUTH_FORGED;
}

void mailsub__scram_end(mailsub_login *login)
{
    struct scram *scram = login->state;
    if (!scram)
        return;
    mailsub__buffer_deinit(&scram->header);
    mailsub__buffer_deinit(&scram->nonce);
    mailsub__buffer_deinit(&scram->messages);
    mailsub__buffer_deinit(&scram->password);
    mailsub__buffer_deinit(&scram->scratch);
    mailsub__wipe(scram, sizeof *scram);
    mailsub__free(login->allocator, scram);
    login->state = NULL;
}

/* ---- the client's first message ---- */

/* A name prepared, with comma and equals sign written as RFC 5802 section 5.1 says. */
static int append_name(struct scram *scram, mailsub__buffer *out, mailsub__slice name)
{
    mailsub__buffer_reset(&scram->scratch);
    int rc = mailsub__saslprep_append(&scram->scratch, name);
    mailsub__slice prepared = mailsub__buffer_slice(&scram->scratch);
    for (size_t i = 0; rc == MAILSUB_OK && i < prepared.len; i++) {
        if (prepared.ptr[i] == ',')
            rc = mailsub__buffer_append_str(out, "=2C");
        else if (prepared.ptr[i] == '=')
            rc = mailsub__buffer_append_str(out, "=3D");
        else
            rc = mailsub__buffer_append_char(out, prepared.ptr[i]);
    }
    return rc;
}

static int make_header(mailsub_login *login, struct scram *scram)
{
    const mailsub__binding *binding = login->binding;
    bool can_bind = binding->type[0] != '\0' && login->binding_wanted;
    mailsub__buffer *out = &scram->header;
    if (login->mechanism->flags & MAILSUB__MECHANISM_BINDS) {
        mailsub__buffer_append_str(out, "p=");
        mailsub__buffer_append_str(out, binding->type);
    } else {
        mailsub__buffer_append_char(out, can_bind && !login->binding_offered ? 'y' : 'n');
    }
    mailsub__buffer_append_char(out, ',');
    if (login->authorization[0] != '\0') {
        mailsub__buffer_append_str(out, "a=");
        int rc = append_name(scram, out, mailsub__slice_str(login->authorization));
        if (rc)
            return rc;
    }
    return mailsub__buffer_append_char(out, ',');
}

static int make_nonce(mailsub_login *login, struct scram *scram)
{
    unsigned char octets[NONCE_LEN];
    int rc = login->random ? login->random->fill(login->random->context, octets, sizeof octets)
                           : MAILSUB_E_RANDOM;
    return rc ? rc : mailsub__base64_append(&scram->nonce, octets, sizeof octets);
}

/* The password prepared; in that form it is a secret too. */
static int prepare_password(mailsub_login *login, struct scram *scram)
{
    int rc = mailsub__saslprep_append(&scram->password,
                                      mailsub__buffer_slice(&login->credentials->password));
    return rc ? rc : mailsub__secrets_add(login->secrets, mailsub__buffer_slice(&scram->password));
}

static int begin(mailsub_login *login, enum mailsub__hash hash)
{
    struct scram *scram = mailsub__alloc_zeroed(login->allocator, sizeof *scram);
    if (!scram)
        return MAILSUB_E_NOMEM;
    scram->hash = hash;
    mailsub__buffer_init(&scram->header, login->allocator, MAX_MESSAGE);
    mailsub__buffer_init(&scram->nonce, login->allocator, MAX_MESSAGE);
    mailsub__buffer_init(&scram->messages, login->allocator, MAX_MESSAGE);
    mailsub__buffer_init_secret(&scram->password, login->allocator, MAX_MESSAGE);
    mailsub__buffer_init_secret(&scram->scratch, login->allocator, MAX_MESSAGE);
    login->state = scram;
    return MAILSUB_OK;
}

static int say_first(mailsub_login *login, enum mailsub__hash hash)
{
    int rc = begin(login, hash);
    if (rc)
        return rc;
    struct scram *scram = login->state;
    rc = make_header(login, scram);
    if (rc == MAILSUB_OK)
        rc = make_nonce(login, scram);
    if (rc == MAILSUB_OK)
        rc = prepare_password(login, scram);
    if (rc)
        return rc;
    mailsub__buffer_append_str(&scram->messages, "n=");
    rc = append_name(scram, &scram->messages, mailsub__buffer_slice(&login->credentials->user));
    if (rc)
        return rc;
    mailsub__buffer_append_str(&scram->messages, ",r=");
    rc = mailsub__buffer_append_slice(&scram->messages, mailsub__buffer_slice(&scram->nonce));
    if (rc)
        return rc;
    scram->stage = FIRST_SENT;
    login->is_open = true;
    mailsub__buffer_append_slice(&login->answer, mailsub__buffer_slice(&scram->header));
    return mailsub__buffer_append_slice(&login->answer, mailsub__buffer_slice(&scram->messages));
}

/* ---- the client's final message ---- */

static int check_first(mailsub_login *login, const mailsub__scram_first *first)
{
    const struct scram *scram = login->state;
    mailsub__slice ours = mailsub__buffer_slice(&scram->nonce);
    if (first->nonce.len <= ours.len || memcmp(first->nonce.ptr, ours.ptr, ours.len) != 0)
        return cheated(login, "the server's nonce is not ours with its own behind");
    if (first->n_iterations < MAILSUB__SCRAM_MIN_ITERATIONS) {
        login->detail = "the server asks for fewer than 4096 iterations";
        return MAILSUB_E_AUTH_ITERATIONS;
    }
    if (first->n_iterations > MAILSUB__SCRAM_MAX_ITERATIONS) {
        login->detail = "the server asks for more than 2,000,000 iterations";
        return MAILSUB_E_AUTH_ITERATIONS;
    }
    return MAILSUB_OK;
}

/* "c=" and what binds, "r=" and the nonce: the final message without its proof. */
static int make_final(mailsub_login *login, struct scram *scram, mailsub__slice nonce)
{
    mailsub__buffer *out = &login->answer;
    mailsub__buffer_reset(&scram->scratch);
    mailsub__buffer_append_slice(&scram->scratch, mailsub__buffer_slice(&scram->header));
    if (login->mechanism->flags & MAILSUB__MECHANISM_BINDS)
        mailsub__buffer_append(&scram->scratch, login->binding->data, login->binding->len);
    if (scram->scratch.error)
        return scram->scratch.error;
    mailsub__slice bound = mailsub__buffer_slice(&scram->scratch);
    mailsub__buffer_append_str(out, "c=");
    mailsub__base64_append(out, bound.ptr, bound.len);
    mailsub__buffer_append_str(out, ",r=");
    return mailsub__buffer_append_slice(out, nonce);
}

static int append_proof(mailsub_login *login, const struct scram *scram,
                        const unsigned char *octets)
{
    mailsub__buffer *out = &login->answer;
    mailsub__buffer_append_str(out, ",p=");
    size_t before = out->len;
    int rc = mailsub__base64_append(out, octets, mailsub__hash_len(scram->hash));
    if (rc)
        return rc;
    mailsub__slice all = mailsub__buffer_slice(out);
    return mailsub__secrets_add(login->secrets,
                                mailsub__slice_of(all.ptr + before, all.len - before));
}

static int say_proof(mailsub_login *login, const mailsub__scram_first *first)
{
    struct scram *scram = login->state;
    unsigned char proof[MAILSUB__MAX_DIGEST_LEN];
    mailsub__buffer_append_char(&scram->messages, ',');
    int rc = mailsub__buffer_append_slice(&scram->messages, mailsub__buffer_slice(&login->answer));
    mailsub__buffer_reset(&scram->scratch);
    if (rc == MAILSUB_OK)
        rc = mailsub__base64_append_decoded(&scram->scratch, first->salt.ptr, first->salt.len);
    if (rc)
        return rc;
    mailsub__scram_proof_input input = {
        .hash = scram->hash,
        .password = mailsub__buffer_slice(&scram->password),
        .salt = mailsub__buffer_slice(&scram->scratch),
        .n_iterations = first->n_iterations,
        .auth_message = mailsub__buffer_slice(&scram->messages),
    };
    rc = mailsub__scram_prove(&input, proof, scram->signature);
    if (rc == MAILSUB_OK)
        rc = append_proof(login, scram, proof);
    mailsub__wipe(proof, sizeof proof);
    return rc;
}

/* The server says e=: keep why; its reply 535 follows an empty answer. */
static int take_refusal(mailsub_login *login, mailsub__slice error)
{
    static const mailsub__slice downgrade = {"server-does-support-channel-binding", 35};
    struct scram *scram = login->state;
    mailsub__login_keep_text(login, error);
    login->downgraded = mailsub__slice_equal(error, downgrade);
    login->is_open = true;
    scram->stage = SERVER_REFUSED;
    return MAILSUB_OK;
}

static int take_first(mailsub_login *login, mailsub__slice message)
{
    struct scram *scram = login->state;
    mailsub__scram_first first;
    mailsub__slice error;
    if (mailsub__scram_read_attribute(message, 'e', &error))
        return take_refusal(login, error);
    int rc = mailsub__scram_read_first(message, &first);
    if (rc == MAILSUB_OK)
        rc = check_first(login, &first);
    if (rc)
        return rc;
    mailsub__buffer_append_char(&scram->messages, ',');
    rc = mailsub__buffer_append_slice(&scram->messages, message);
    if (rc == MAILSUB_OK)
        rc = make_final(login, scram, first.nonce);
    if (rc == MAILSUB_OK)
        rc = say_proof(login, &first);
    scram->stage = PROOF_SENT;
    return rc;
}

/* ---- the server's final message ---- */

static int take_final(mailsub_login *login, mailsub__slice message)
{
    struct scram *scram = login->state;
    mailsub__slice value;
    if (mailsub__scram_read_attribute(message, 'e', &value))
        return take_refusal(login, value);
    if (!mailsub__scram_read_attribute(message, 'v', &value))
        return MAILSUB_E_REPLY_MALFORMED;
    mailsub__buffer_reset(&scram->scratch);
    int rc = mailsub__base64_append_decoded(&scram->scratch, value.ptr, value.len);
    if (rc)
        return rc;
    mailsub__slice shown = mailsub__buffer_slice(&scram->scratch);
    if (shown.len != mailsub__hash_len(scram->hash) ||
        !mailsub__equal_secret(shown.ptr, scram->signature, shown.len))
        return cheated(login, "the server's signature is wrong: it does not know the password");
    scram->stage = SERVER_PROVEN;
    login->is_open = true;
    return MAILSUB_OK; /* with an empty answer (RFC 4954 section 4) */
}

static int step(mailsub_login *login, mailsub__slice challenge, enum mailsub__hash hash)
{
    struct scram *scram = login->state;
    if (!scram)
        return say_first(login, hash);
    switch (scram->stage) {
    case FIRST_SENT:
        return take_first(login, challenge);
    case PROOF_SENT:
        return take_final(login, challenge);
    case BEGUN:
    case SERVER_PROVEN:
    case SERVER_REFUSED:
        break;
    }
    return MAILSUB_E_REPLY_UNEXPECTED;
}

int mailsub__scram_sha1_step(mailsub_login *login, mailsub__slice challenge)
{
    return step(login, challenge, MAILSUB__SHA1);
}

int mailsub__scram_sha256_step(mailsub_login *login, mailsub__slice challenge)
{
    return step(login, challenge, MAILSUB__SHA256);
}

int mailsub__scram_accept(mailsub_login *login)
{
    const struct scram *scram = login->state;
    if (scram && scram->stage == SERVER_PROVEN)
        return MAILSUB_OK;
    return cheated(login, "the server claims success without a proof that it knows the password");
}

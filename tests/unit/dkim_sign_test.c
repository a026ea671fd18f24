/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signatures on whole messages. That they verify is shown with other programs in
 * tests/integration/dkim.py; here is what they cover, and what happens around them.
 */
#include "message_kit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/key.h"
#include "dkim_keys.h"

static void ok(int rc)
{
    assert_int_equal(rc, MAILSUB_OK);
}

static mailsub_dkim *signer_on(const mailsub_allocator *allocator, const char *domain,
                               const char *selector, const char *pem)
{
    mailsub_dkim *dkim = NULL;
    int rc = mailsub_dkim_new(allocator, domain, selector, &dkim);
    if (!rc)
        rc = mailsub_dkim_set_key_pem(dkim, pem, strlen(pem), NULL);
    if (rc) {
        assert_int_equal(rc, MAILSUB_E_NOMEM);
        mailsub_dkim_unref(dkim);
        return NULL;
    }
    return dkim;
}

static mailsub_dkim *signer(const char *domain, const char *selector, const char *pem)
{
    return signer_on(NULL, domain, selector, pem);
}

static mailsub_message *letter(struct unit_heap *heap)
{
    mailsub_message *message = kit_message_on(heap);
    ok(mailsub_message_set_from(message, "a@a.de", NULL));
    ok(mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "b@b.de", NULL));
    ok(mailsub_message_set_text(message, "Hi\n", 3));
    return message;
}

/* Sign and give the reference away. */
static void sign(mailsub_message *message, mailsub_dkim *dkim)
{
    ok(mailsub_message_sign_dkim(message, dkim));
    mailsub_dkim_unref(dkim);
}

#define LETTER                                                                                     \
    KIT_DATE "From: a@a.de\r\nTo: b@b.de\r\n" KIT_ID                                               \
             "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"                    \
             "Content-Transfer-Encoding: 7bit\r\n\r\nHi\r\n"

static char *field_of(const char *text, size_t len)
{
    char *field = malloc(len + 1);
    assert_non_null(field);
    memcpy(field, text, len);
    field[len] = '\0';
    return field;
}

/* The first DKIM-Signature of a message up to the value of b=; the caller frees it. */
static char *front_of(const struct kit_text *text)
{
    assert_memory_equal(text->data, "DKIM-Signature: ", 16);
    const char *end = strstr(text->data, " b=");
    assert_non_null(end);
    return field_of(text->data, (size_t)(end - text->data));
}

static void assert_front(mailsub_message *message, const char *want)
{
    struct kit_text text = kit_write(message);
    char *front = front_of(&text);
    assert_string_equal(front, want);
    free(front);
    free(text.data);
}

static void a_signature_is_put_on_top(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = letter(&heap);
    sign(message, signer("a.de", "s", KEY_ED25519));
    struct kit_text text = kit_write(message);
    char *front = front_of(&text);
    assert_string_equal(
        front, "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=a.de; s=s;\r\n"
               " t=1700000000; h=From:From:To:To:Date:Date:Message-ID:Message-ID:MIME-Version\r\n"
               " :MIME-Version:Content-Type:Content-Type:Content-Transfer-Encoding\r\n"
               " :Content-Transfer-Encoding; bh=j+uJ1+KwQjMpdNiCngwvlv2FTzZnzkokoCYASnN36NE=;\r\n");
    free(front);
    assert_string_equal(text.data + text.len - strlen(LETTER), LETTER);
    free(text.data);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void options_are_written(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = letter(&heap);
    mailsub_dkim *dkim = signer("a.de", "s", KEY_ED25519);
    ok(mailsub_dkim_set_canonicalization(dkim, MAILSUB_DKIM_SIMPLE, MAILSUB_DKIM_RELAXED));
    ok(mailsub_dkim_set_identity(dkim, "\"a; =\"@x.a.de"));
    ok(mailsub_dkim_set_lifetime(dkim, 60));
    ok(mailsub_dkim_set_field(dkim, "Content-Type", MAILSUB_DKIM_UNSIGNED));
    ok(mailsub_dkim_set_field(dkim, "Content-Transfer-Encoding", MAILSUB_DKIM_SIGNED));
    ok(mailsub_dkim_set_field(dkim, "List-Unsubscribe", MAILSUB_DKIM_SEALED));
    sign(message, dkim);
    assert_front(
        message,
        "DKIM-Signature: v=1; a=ed25519-sha256; c=simple/relaxed; d=a.de; s=s;\r\n"
        " i=\"a=3B=20=3D\"@x.a.de; t=1700000000; x=1700000060; h=From:From:To:To:Date\r\n"
        " :Date:Message-ID:Message-ID:List-Unsubscribe:MIME-Version:MIME-Version\r\n"
        " :Content-Transfer-Encoding; bh=j+uJ1+KwQjMpdNiCngwvlv2FTzZnzkokoCYASnN36NE=;\r\n");
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void lines_keep_to_78_octets(void **state)
{
    (void)state;
    static const char *const keys[] = {KEY_ED25519, KEY_RSA};
    struct unit_heap heap = {0};
    for (size_t len = 1; len < 60; len++) {
        char selector[64] = {0};
        memset(selector, 'a', len);
        mailsub_message *message = letter(&heap);
        sign(message, signer("a.de", selector, keys[len % 2]));
        struct kit_text text = kit_write(message);
        char *end;
        for (char *line = text.data; *line; line = end + 2) {
            end = strstr(line, "\r\n");
            assert_non_null(end);
            assert_true(end - line <= 78);
        }
        free(text.data);
        mailsub_message_free(message);
    }
}

static void several_signers_sign(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = letter(&heap);
    mailsub_dkim *rsa = signer("a.de", "r", KEY_RSA);
    sign(message, mailsub_dkim_ref(rsa));
    sign(message, signer("a.de", "e", KEY_ED25519));
    sign(message, rsa); /* twice counts once */
    assert_int_equal(mailsub_message_count_signers(message), 2);
    assert_ptr_equal(mailsub_message_get_signer(message, 0), rsa);
    assert_null(mailsub_message_get_signer(message, 2));
    struct kit_text text = kit_write(message);
    const char *first = strstr(text.data, "a=rsa-sha256");
    const char *second = strstr(text.data, "a=ed25519-sha256");
    assert_non_null(first);
    assert_true(first < second);
    free(text.data);
    ok(mailsub_message_sign_dkim(message, NULL));
    assert_int_equal(mailsub_message_count_signers(message), 0);
    kit_assert_written(message, LETTER);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void there_is_a_most_of_signers(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = letter(&heap);
    for (int i = 0; i < MAILSUB_DKIM_MAX_SIGNERS; i++)
        sign(message, signer("a.de", "s", KEY_ED25519));
    mailsub_dkim *dkim = signer("a.de", "s", KEY_ED25519);
    assert_int_equal(mailsub_message_sign_dkim(message, dkim), MAILSUB_E_LIMIT);
    const char *field;
    assert_int_equal(mailsub_message_get_error(message, &field), MAILSUB_E_LIMIT);
    assert_string_equal(field, "DKIM-Signature");
    mailsub_dkim_unref(dkim);
    mailsub_message_free(message);
}

static int tick(void *context, int64_t *out_unix_s, int32_t *out_zone_min)
{
    int64_t *now = context;
    *out_unix_s = (*now)++;
    *out_zone_min = 0;
    return MAILSUB_OK;
}

/* Also for another server in between, whose message is another one. */
static void writing_again_gives_the_same_signature(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    int64_t now = 1000;
    const mailsub_clock clock = {.size = sizeof clock, .context = &now, .now = tick};
    mailsub_message *message = letter(&heap);
    ok(mailsub_message_set_clock(message, &clock));
    ok(mailsub_message_set_text(message, "\303\244\n", 3));
    sign(message, signer("a.de", "s", KEY_ED25519));
    struct kit_text first = kit_write(message);
    struct kit_text other = {0};
    ok(mailsub_message_write_for(message, MAILSUB_CAN_8BITMIME, kit_sink, &other));
    assert_non_null(strstr(other.data, "Content-Transfer-Encoding: 8bit"));
    char *front = front_of(&first);
    char *other_front = front_of(&other);
    assert_string_not_equal(front, other_front); /* bh= */
    kit_assert_written(message, first.data);
    free(front);
    free(other_front);
    free(first.data);
    free(other.data);
    mailsub_message_free(message);
}

static void the_time_is_that_of_the_clock_and_not_of_the_date(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    int64_t now = 1800000000;
    const mailsub_clock clock = {.size = sizeof clock, .context = &now, .now = tick};
    mailsub_message *message = letter(&heap);
    ok(mailsub_message_set_clock(message, &clock));
    ok(mailsub_message_set_date(message, 1900000000, 0));
    sign(message, signer("a.de", "s", KEY_ED25519));
    struct kit_text text = kit_write(message);
    assert_non_null(strstr(text.data, " t=1800000000;"));
    assert_int_equal(now, 1800000001);
    free(text.data);
    now = -5;
    mailsub_message *copy;
    ok(mailsub_message_dup(message, &copy));
    ok(mailsub_message_set_clock(copy, &clock));
    assert_int_equal(mailsub_message_count_signers(copy), 1);
    struct kit_text none = {0};
    assert_int_equal(mailsub_message_write(copy, kit_sink, &none), MAILSUB_E_DATE);
    assert_int_equal(none.len, 0);
    mailsub_message_free(copy);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

/* What a session reads is what was announced. */
static void the_size_counts_signatures(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = letter(&heap);
    sign(message, signer("a.de", "s", KEY_RSA));
    const char *detail;
    ok(mailsub__message_prepare(message, 0, &detail));
    struct kit_text whole = kit_write(message);
    for (size_t room = 1; room < 100; room += 7) {
        mailsub__source source;
        struct kit_text read = {0};
        ok(mailsub__message_open(message, &source));
        ok(kit_read(&source, room, &read));
        assert_int_equal(read.len, mailsub__message_size(message));
        assert_string_equal(read.data, whole.data);
        free(read.data);
    }
    free(whole.data);
    mailsub_message_free(message);
}

/* A function of the program's own: signs with the key at its context, or fails as it says. */
struct remote {
    mailsub__key key;
    int rc;
    size_t len; /* 0: the right one */
    size_t n_calls;
};

static int sign_remotely(void *context, const void *hash, size_t hash_len, void *out,
                         size_t *out_len)
{
    struct remote *remote = context;
    remote->n_calls++;
    assert_int_equal(hash_len, 32);
    size_t len;
    ok(mailsub__key_sign(&remote->key, hash, out, &len));
    *out_len = remote->len ? remote->len : len;
    return remote->rc;
}

static mailsub_dkim *remote_signer(struct remote *remote)
{
    mailsub_dkim *dkim;
    ok(mailsub_dkim_new(NULL, "a.de", "s", &dkim));
    ok(mailsub_dkim_set_key_callback(dkim, KEY_ED25519_PUBLIC, strlen(KEY_ED25519_PUBLIC),
                                     sign_remotely, remote));
    return dkim;
}

static void a_function_signs_as_the_key_does(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    struct remote remote = {.n_calls = 0};
    ok(mailsub__key_from_pem(&remote.key, mailsub__slice_str(KEY_ED25519), NULL));
    mailsub_message *message = letter(&heap);
    sign(message, signer("a.de", "s", KEY_ED25519));
    struct kit_text text = kit_write(message);
    ok(mailsub_message_sign_dkim(message, NULL));
    sign(message, remote_signer(&remote));
    kit_assert_written(message, text.data);
    kit_assert_written(message, text.data);
    assert_int_equal(remote.n_calls, 1);
    free(text.data);
    mailsub_message_free(message);
    mailsub__key_deinit(&remote.key);
}

static void assert_unsigned(mailsub_message *message, int want)
{
    struct kit_text text = {0};
    assert_int_equal(mailsub_message_write(message, kit_sink, &text), want);
    assert_int_equal(text.len, 0);
}

static void what_a_function_makes_is_not_trusted(void **state)
{
    (void)state;
    static const struct remote rows[] = {
        {.rc = MAILSUB_E_TIMEOUT}, {.rc = 1}, {.len = 63}, {.len = 513}, {.len = SIZE_MAX},
    };
    static const int want[] = {MAILSUB_E_TIMEOUT, MAILSUB_E_SIGNING, MAILSUB_E_SIGNING,
                               MAILSUB_E_SIGNING, MAILSUB_E_SIGNING};
    struct unit_heap heap = {0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct remote remote = rows[i];
        ok(mailsub__key_from_pem(&remote.key, mailsub__slice_str(KEY_ED25519), NULL));
        mailsub_message *message = letter(&heap);
        sign(message, remote_signer(&remote));
        assert_unsigned(message, want[i]);
        assert_string_equal(mailsub__message_detail(message), "a.de");
        mailsub_message_free(message);
        mailsub__key_deinit(&remote.key);
    }
    /* The signature of another key. */
    struct remote remote = {.n_calls = 0};
    ok(mailsub__key_from_pem(&remote.key, mailsub__slice_str(KEY_ENCRYPTED), "secret"));
    mailsub_message *message = letter(&heap);
    sign(message, remote_signer(&remote));
    assert_unsigned(message, MAILSUB_E_SIGNING);
    mailsub_message_free(message);
    mailsub__key_deinit(&remote.key);
}

struct existing_row {
    const char *name;
    const char *in;
    int want;
    const char *want_names; /* part of the new signature */
};

#define FIELDS "From: a@a.de\nDate: Tue, 14 Nov 2023 23:13:20 +0100\nMessage-ID: <1@a.de>\n"
#define OLD "DKIM-Signature: v=1; d=b.de; s=s; "

static const struct existing_row existing_rows[] = {
    {"without a signature", FIELDS "\nHi\n", 0, "h=From:From:Date:Date:Message-ID:Message-ID;"},
    {"all instances are signed", "Resent-To: b@b.de\n" FIELDS "Resent-To: c@c.de\n\nHi\n", 0,
     ":Message-ID:Resent-To\r\n :Resent-To; bh="},
    {"with a signature", OLD "h=From; bh=x; b=y\n" FIELDS "\nHi\n", 0,
     "h=From:From:Date:Date:Message-ID:Message-ID;"},
    {"a signature that names all others",
     OLD "h=From:DKIM-Signature; bh=x; b=y\n" OLD "h=From; bh=x; b=y\n" FIELDS "\nHi\n", 0,
     "h=From:From"},
    {"a signature that forbids further ones",
     OLD "h=From:dkim-signature; bh=x; b=y\n" FIELDS "\nHi\n", MAILSUB_E_SIGNED, NULL},
    {"ARC that names all",
     "ARC-Message-Signature: i=1; h=From: DKIM-Signature ; b=y\n" OLD "h=From; b=y\n" FIELDS
     "\nHi\n",
     0, "h=From:From"},
    {"ARC that forbids further ones",
     "ARC-Message-Signature: i=1; h=From:DKIM-Signature:DKIM-Signature; b=y\n" OLD
     "h=From; b=y\n" FIELDS "\nHi\n",
     MAILSUB_E_SIGNED, NULL},
};

static void check_existing_row(void **state)
{
    const struct existing_row *row = *state;
    mailsub_message *message;
    ok(mailsub_message_from_bytes(NULL, row->in, strlen(row->in), 0, &message));
    struct kit_text before = kit_write(message);
    sign(message, signer("a.de", "s", KEY_ED25519));
    if (row->want) {
        assert_unsigned(message, row->want);
        assert_string_equal(mailsub__message_detail(message), "DKIM-Signature");
    } else {
        struct kit_text text = kit_write(message);
        char *front = front_of(&text);
        assert_non_null(strstr(front, row->want_names));
        assert_string_equal(text.data + text.len - before.len, before.data);
        free(front);
        free(text.data);
        mailsub_message *copy;
        ok(mailsub_message_dup(message, &copy));
        assert_int_equal(mailsub_message_count_signers(copy), 1);
        mailsub_message_free(copy);
    }
    free(before.data);
    mailsub_message_free(message);
}

/* Signers offered by a session, by domain and selector; the message is from x@mail.a.de. */
struct offer_row {
    const char *name;
    const char *own[2];
    const char *offered[4][2];
    const char *want; /* the selectors that sign, in their order */
};

static const struct offer_row offer_rows[] = {
    {"nobody", {NULL}, {{NULL}}, ""},
    {"the domain", {NULL}, {{"mail.a.de", "1"}}, "1"},
    {"the domain above", {NULL}, {{"a.de", "1"}}, "1"},
    {"the nearest one", {NULL}, {{"a.de", "1"}, {"mail.a.de", "2"}, {"de.de", "3"}}, "2"},
    {"several of one domain",
     {NULL},
     {{"mail.a.de", "1"}, {"b.de", "2"}, {"mail.a.de", "3"}},
     "13"},
    {"a domain below", {NULL}, {{"x.mail.a.de", "1"}}, ""},
    {"a domain that only ends like it", {NULL}, {{"ail.a.de", "1"}}, ""},
    {"beside its own", {"b.de", "0"}, {{"a.de", "1"}}, "01"},
    {"the same as its own", {"a.de", "1"}, {{"a.de", "1"}, {"a.de", "2"}}, "12"},
};

static void check_offer_row(void **state)
{
    const struct offer_row *row = *state;
    struct unit_heap heap = {0};
    mailsub_message *message = letter(&heap);
    ok(mailsub_message_set_from(message, "x@mail.a.de", NULL));
    if (row->own[0])
        sign(message, signer(row->own[0], row->own[1], KEY_ED25519));
    struct kit_text alone = kit_write(message);
    mailsub_dkim *items[4];
    mailsub__dkim_list offered = {.items = items};
    for (; offered.n < 4 && row->offered[offered.n][0]; offered.n++)
        items[offered.n] =
            signer(row->offered[offered.n][0], row->offered[offered.n][1], KEY_ED25519);
    mailsub__message_offer_signers(message, &offered);
    const char *detail;
    ok(mailsub__message_prepare(message, 0, &detail));
    mailsub__source source;
    struct kit_text text = {0};
    ok(mailsub__message_open(message, &source));
    ok(kit_read(&source, 1000, &text));
    char found[8] = "";
    const char *at = text.data;
    for (size_t n = 0; (at = strstr(at, " s=")); at++)
        found[n++] = at[3];
    assert_string_equal(found, row->want);
    free(text.data);
    /* Writing knows nothing of it, not even while it is being sent. */
    assert_true(mailsub__message_lock(message));
    kit_assert_written(message, alone.data);
    mailsub__message_unlock(message);
    mailsub__message_offer_signers(message, NULL);
    while (offered.n > 0)
        mailsub_dkim_unref(items[--offered.n]);
    kit_assert_written(message, alone.data);
    free(alone.data);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void too_many_offered_signers_are_told(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = letter(&heap);
    mailsub_dkim *items[MAILSUB_DKIM_MAX_SIGNERS];
    mailsub__dkim_list offered = {.items = items};
    for (; offered.n < MAILSUB_DKIM_MAX_SIGNERS; offered.n++) {
        char selector[] = {(char)('a' + offered.n), '\0'};
        items[offered.n] = signer("a.de", selector, KEY_ED25519);
    }
    sign(message, signer("b.de", "s", KEY_ED25519));
    mailsub__message_offer_signers(message, &offered);
    const char *detail;
    assert_int_equal(mailsub__message_prepare(message, 0, &detail), MAILSUB_E_LIMIT);
    assert_string_equal(detail, "DKIM-Signature");
    mailsub__message_offer_signers(message, NULL);
    while (offered.n > 0)
        mailsub_dkim_unref(items[--offered.n]);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

/* Between the hash and the sending. */
static void a_file_that_changes_is_told(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    char path[] = "/tmp/mailsub-dkim-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "abc", 3), 3);
    mailsub_message *message = letter(&heap);
    ok(mailsub_message_attach_file(message, path, "a.bin", NULL));
    sign(message, signer("a.de", "s", KEY_ED25519));
    struct kit_text text = kit_write(message);
    assert_non_null(strstr(text.data, "YWJj\r\n"));
    free(text.data);
    text = (struct kit_text){0};
    /* Of the same length; the clock of the file system may be too coarse for a test. */
    const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    assert_int_equal(pwrite(fd, "abd", 3, 0), 3);
    assert_int_equal(futimens(fd, times), 0);
    assert_int_equal(mailsub_message_write(message, kit_sink, &text), MAILSUB_E_FILE_CHANGED);
    free(text.data);
    close(fd);
    unlink(path);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

/* A signed message with all that takes memory; out gets it. */
static int sign_and_write(struct unit_heap *heap, struct kit_text *out)
{
    mailsub_allocator allocator = unit_allocator(heap);
    mailsub_message *message = kit_message_on(heap);
    if (!message)
        return MAILSUB_E_NOMEM;
    mailsub_dkim *rsa = signer_on(&allocator, "a.de", "r", KEY_RSA);
    mailsub_dkim *ed25519 = signer_on(&allocator, "a.de", "e", KEY_ED25519);
    int rc = rsa && ed25519 ? MAILSUB_OK : MAILSUB_E_NOMEM;
    if (!rc)
        rc = mailsub_message_set_from(message, "a@a.de", NULL);
    if (!rc)
        rc = mailsub_message_attach_data(message, "a.bin", NULL, "abc", 3);
    if (!rc)
        rc = mailsub_message_sign_dkim(message, rsa);
    if (!rc)
        rc = mailsub_message_sign_dkim(message, ed25519);
    if (!rc)
        rc = mailsub_message_write(message, kit_sink, out);
    mailsub_dkim_unref(rsa);
    mailsub_dkim_unref(ed25519);
    mailsub_message_free(message);
    return rc;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct unit_heap plenty = {0};
    struct kit_text want = {0};
    ok(sign_and_write(&plenty, &want));
    int rc = MAILSUB_E_NOMEM;
    size_t n = 0;
    while (rc) {
        struct unit_heap heap = {.fail_at = ++n};
        struct kit_text text = {0};
        rc = sign_and_write(&heap, &text);
        assert_true(rc == MAILSUB_OK || rc == MAILSUB_E_NOMEM);
        assert_int_equal(heap.n_live, 0);
        if (!rc)
            assert_string_equal(text.data, want.data);
        free(text.data);
    }
    free(want.data);
    assert_true(n > 20);
}

int main(void)
{
    struct CMUnitTest tests[48] = {
        cmocka_unit_test(a_file_that_changes_is_told),
        cmocka_unit_test(a_function_signs_as_the_key_does),
        cmocka_unit_test(a_signature_is_put_on_top),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(lines_keep_to_78_octets),
        cmocka_unit_test(options_are_written),
        cmocka_unit_test(several_signers_sign),
        cmocka_unit_test(the_size_counts_signatures),
        cmocka_unit_test(the_time_is_that_of_the_clock_and_not_of_the_date),
        cmocka_unit_test(there_is_a_most_of_signers),
        cmocka_unit_test(too_many_offered_signers_are_told),
        cmocka_unit_test(what_a_function_makes_is_not_trusted),
        cmocka_unit_test(writing_again_gives_the_same_signature),
    };
    size_t n_tests = 13;
    UNIT_ADD_ROWS(tests, n_tests, existing_rows, check_existing_row);
    UNIT_ADD_ROWS(tests, n_tests, offer_rows, check_offer_row);
    return UNIT_RUN(tests, n_tests);
}

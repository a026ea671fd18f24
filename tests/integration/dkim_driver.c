/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes signed messages for other programs to verify: dkim_driver DIRECTORY. There it finds the
 * keys NAME.pem of the signers below; it writes the messages CASE.eml, and to standard output each
 * signer's name with tab and its TXT record. With --url URL PIN FILE, it writes one message that a
 * key in a token signs.
 */
#include <mailsub/mailsub.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOMAIN "signer.example"

enum { RSA, SMALL, ED25519, N_KEYS };

static const char *const key_names[N_KEYS] = {"rsa2048", "rsa1024", "ed25519"};

/* Which keys sign. */
static const struct {
    const char *name;
    unsigned keys;
} signer_sets[] = {
    {"rsa", 1u << RSA},
    {"small", 1u << SMALL},
    {"ed25519", 1u << ED25519},
    {"both", 1u << RSA | 1u << ED25519},
};

#define HEADER                                                                                     \
    "Received: from a.example by b.example; Mon, 1 Jun 2026 10:00:00 +0200\n"                      \
    "From: Ann <ann@" DOMAIN ">\n"                                                                 \
    "To: ben@ours.example,\n\tcleo@ours.example\n"                                                 \
    "Subject:  odd \t white \n \t space \n"                                                        \
    "Date: Mon, 1 Jun 2026 10:00:00 +0200\n"                                                       \
    "Message-ID: <1@" DOMAIN ">\n"
#define HEADER_8BIT                                                                                \
    HEADER "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"                          \
           "Content-Transfer-Encoding: 8bit\n"

static const struct body {
    const char *name;
    uint32_t capabilities;
    const char *text; /* of a message that is built; NULL: raw is one that exists */
    const char *raw;
    size_t n_octets; /* of an attachment */
} bodies[] = {
    {.name = "7bit", .text = "Hello.\n"},
    {.name = "qp", .text = "Gr\303\274\303\237e = equal, and white space  \n\t\n.\nFrom here\n"},
    {.name = "base64", .text = "\346\227\245\346\234\254\350\252\236\n\n\346\227\245\n"},
    {.name = "8bit",
     .capabilities = MAILSUB_CAN_8BITMIME,
     .text = "Gr\303\274\303\237e,  zwei Leerzeichen\n\nund eine leere Zeile"},
    {.name = "empty", .text = ""},
    {.name = "empty-lines", .text = "\n\na\n\n\n\n"},
    {.name = "attachment", .text = "Here it is.\n", .n_octets = 200000},
    {.name = "binary",
     .capabilities = MAILSUB_CAN_8BITMIME | MAILSUB_CAN_BINARYMIME,
     .text = "Here it is.\n",
     .n_octets = 100000},
    {.name = "raw-empty", .raw = HEADER},
    {.name = "raw-no-line-end", .raw = HEADER "\nHi"},
    {.name = "raw-empty-lines", .raw = HEADER "\na\n\n\n\n"},
    {.name = "raw-only-empty-lines", .raw = HEADER "\n\n\n\n"},
    {.name = "raw-white", .raw = HEADER "\na  b \t\n\t c \n \t\n \n"},
    {.name = "raw-only-white", .raw = HEADER "\n \n\t\n"},
    {.name = "raw-8bit",
     .capabilities = MAILSUB_CAN_8BITMIME,
     .raw = HEADER_8BIT "\nGr\303\274\303\237e\n \303\244  \n"},
    {.name = "raw-8bit-encoded", .raw = HEADER_8BIT "\nGr\303\274\303\237e\n \303\244  \n"},
    {.name = "raw-twice",
     .raw = "Resent-To: a@ours.example\n" HEADER "Resent-To: b@ours.example\n\nHi\n"},
    {.name = "raw-list", .raw = HEADER "List-Id: <a.b.example>\nX-Odd : 1\n\nHi\n"},
};

static void need(int rc, const char *what)
{
    if (rc == MAILSUB_OK)
        return;
    fprintf(stderr, "%s: %s\n", what, mailsub_error_name(rc));
    exit(1);
}

static int to_file(void *file, const void *data, size_t len)
{
    return fwrite(data, 1, len, file) == len ? 0 : -1;
}

static void write_file(mailsub_message *message, uint32_t capabilities, const char *path)
{
    FILE *file = fopen(path, "wb");
    if (!file)
        exit(1);
    need(mailsub_message_write_for(message, capabilities, to_file, file), path);
    if (fclose(file) != 0)
        exit(1);
}

/* Octets of every kind, save for line ends: what binary content is to DKIM stands nowhere. */
static void attach(mailsub_message *message, size_t n_octets)
{
    unsigned char *octets = malloc(n_octets);
    uint32_t state = 4711;
    if (!octets)
        exit(1);
    for (size_t i = 0; i < n_octets; i++) {
        state = state * 1664525 + 1013904223;
        octets[i] = (unsigned char)(state >> 24);
        if (octets[i] == '\r' || octets[i] == '\n')
            octets[i] = ' ';
    }
    need(mailsub_message_attach_data(message, "a.bin", NULL, octets, n_octets), "attach");
    free(octets);
}

static mailsub_message *make_message(const struct body *body)
{
    mailsub_message *message;
    if (body->raw) {
        need(mailsub_message_from_bytes(NULL, body->raw, strlen(body->raw), 0, &message), "raw");
        return message;
    }
    need(mailsub_message_new(NULL, &message), "new");
    need(mailsub_message_set_from(message, "ann@" DOMAIN, "\303\204nn"), "from");
    need(mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "ben@ours.example", "Ben"),
         "to");
    need(
        mailsub_message_set_subject(message, "  A  subject  with  spaces, and Gr\303\274\303\237e"),
        "subject");
    need(mailsub_message_add_header(message, "List-Unsubscribe", "<https://ours.example/u?1>",
                                    MAILSUB_NUL_TERMINATED),
         "unsubscribe");
    need(mailsub_message_add_header(message, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click",
                                    MAILSUB_NUL_TERMINATED),
         "post");
    need(mailsub_message_set_text(message, body->text, strlen(body->text)), "text");
    if (body->n_octets > 0)
        attach(message, body->n_octets);
    return message;
}

static mailsub_dkim *make_signer(const char *directory, int key, int header, int body)
{
    char path[4096];
    mailsub_dkim *dkim;
    snprintf(path, sizeof path, "%s/%s.pem", directory, key_names[key]);
    need(mailsub_dkim_new(NULL, DOMAIN, key_names[key], &dkim), "dkim");
    need(mailsub_dkim_set_key_file(dkim, path, NULL), path);
    need(mailsub_dkim_set_canonicalization(dkim, header, body), "canonicalization");
    need(mailsub_dkim_set_identity(dkim, "\"\303\244;\"@b\303\274cher." DOMAIN), "identity");
    need(mailsub_dkim_set_lifetime(dkim, 7 * 24 * 60 * 60), "lifetime");
    return dkim;
}

/* Write one case with the header and body forms that its number has as bits. */
static void write_case(const char *directory, const struct body *body, size_t set, int forms)
{
    static const char *const form_names[] = {"simple", "relaxed"};
    char path[4096];
    mailsub_message *message = make_message(body);
    for (int key = 0; key < N_KEYS; key++) {
        if (!(signer_sets[set].keys & 1u << key))
            continue;
        mailsub_dkim *dkim = make_signer(directory, key, forms & 1, forms >> 1);
        need(mailsub_message_sign_dkim(message, dkim), "sign");
        mailsub_dkim_unref(dkim);
    }
    snprintf(path, sizeof path, "%s/%s,%s,%s,%s.eml", directory, body->name, signer_sets[set].name,
             form_names[forms & 1], form_names[forms >> 1]);
    write_file(message, body->capabilities, path);
    mailsub_message_free(message);
}

/* One that is signed already gets another signature. */
static void sign_again(const char *directory)
{
    char path[4096];
    mailsub_message *message;
    snprintf(path, sizeof path, "%s/raw-white,rsa,simple,simple.eml", directory);
    need(mailsub_message_from_file(NULL, path, 0, &message), path);
    mailsub_dkim *dkim = make_signer(directory, SMALL, MAILSUB_DKIM_RELAXED, MAILSUB_DKIM_RELAXED);
    need(mailsub_message_sign_dkim(message, dkim), "sign");
    mailsub_dkim_unref(dkim);
    snprintf(path, sizeof path, "%s/signed-again,rsa,relaxed,relaxed.eml", directory);
    write_file(message, 0, path);
    mailsub_message_free(message);
}

static int sign_by_url(const char *url, const char *pin, const char *path)
{
    const char *record;
    mailsub_dkim *dkim;
    mailsub_message *message = make_message(&bodies[0]);
    need(mailsub_dkim_new(NULL, DOMAIN, "token", &dkim), "dkim");
    need(mailsub_dkim_set_key_url(dkim, url, pin), "key");
    need(mailsub_dkim_record(dkim, MAILSUB_DKIM_RECORD_TEXT, &record), "record");
    printf("token\t%s\n", record);
    need(mailsub_message_sign_dkim(message, dkim), "sign");
    mailsub_dkim_unref(dkim);
    write_file(message, 0, path);
    mailsub_message_free(message);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "--url") == 0)
        return sign_by_url(argv[2], argv[3], argv[4]);
    if (argc != 2)
        return 64;
    for (int key = 0; key < N_KEYS; key++) {
        const char *record;
        mailsub_dkim *dkim = make_signer(argv[1], key, 1, 1);
        need(mailsub_dkim_record(dkim, MAILSUB_DKIM_RECORD_TEXT, &record), "record");
        printf("%s\t%s\n", key_names[key], record);
        mailsub_dkim_unref(dkim);
    }
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        for (size_t set = 0; set < sizeof signer_sets / sizeof signer_sets[0]; set++) {
            for (int forms = 0; forms < 4; forms++)
                write_case(argv[1], &bodies[i], set, forms);
        }
    }
    sign_again(argv[1]);
    return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of the policy check: each has a message that breaks it, and one near it that does not.
 * Every row starts from a message that no rule has anything against.
 */
#include "message_kit.h"

#include <stdio.h>
#include <unistd.h>

#include <mailsub/class.h>
#include <mailsub/policy.h>

#include "dkim_keys.h"
#include "message/state.h"

enum { NOW = 1700000000 };

#define TEXT                                                                                       \
    "Dear reader,\n\nyour book is ready at the desk of the main library until Friday.\n"           \
    "See https://library.example.org/orders/1 for the opening hours.\n"
#define HTML                                                                                       \
    "<p>Dear reader,</p><p>your book is ready at the desk of the main library until Friday.</p>"   \
    "<p>See <a href='https://library.example.org/orders/1'>your order</a> for the opening "        \
    "hours.</p>"

static void ok(int rc)
{
    assert_int_equal(rc, MAILSUB_OK);
}

static void set_html(mailsub_message *message, const char *html)
{
    ok(mailsub_message_set_html(message, html, MAILSUB_NUL_TERMINATED));
}

static void set_text(mailsub_message *message, const char *text)
{
    ok(mailsub_message_set_text(message, text, MAILSUB_NUL_TERMINATED));
}

static void add_header(mailsub_message *message, const char *name, const char *value)
{
    ok(mailsub_message_add_header(message, name, value, MAILSUB_NUL_TERMINATED));
}

static void add_to(mailsub_message *message, const char *address)
{
    ok(mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, address, NULL));
}

static void attach(mailsub_message *message, const char *name, const void *data, size_t len)
{
    ok(mailsub_message_attach_data(message, name, NULL, data, len));
}

static mailsub_message *plain_message(struct unit_heap *heap)
{
    mailsub_message *message = kit_message_on(heap);
    ok(mailsub_message_set_from(message, "desk@library.example.org", "City library"));
    add_to(message, "reader@example.net");
    ok(mailsub_message_set_subject(message, "Your book is ready"));
    set_text(message, TEXT);
    set_html(message, HTML);
    return message;
}

static void nothing(mailsub_message *message)
{
    (void)message;
}

/* Who sends. */
static void noreply_from(mailsub_message *m)
{
    ok(mailsub_message_set_from(m, "no-reply@library.example.org", NULL));
}

static void noreply_path(mailsub_message *m)
{
    ok(mailsub_message_set_return_path(m, "DoNotReply2@library.example.org"));
}

static void replies_from(mailsub_message *m)
{
    ok(mailsub_message_set_from(m, "replies@library.example.org", NULL));
}

static void null_path(mailsub_message *m)
{
    ok(mailsub_message_set_return_path(m, ""));
}

static void null_path_of_answer(mailsub_message *m)
{
    null_path(m);
    ok(mailsub_message_set_reply(m, "From: reader@example.net\n", MAILSUB_NUL_TERMINATED));
}

static void null_path_by_field(mailsub_message *m)
{
    null_path(m);
    add_header(m, "Auto-Submitted", "auto-replied (vacation)");
}

static void foreign_path(mailsub_message *m)
{
    ok(mailsub_message_set_return_path(m, "bounces@mailer.example.com"));
}

static void own_path(mailsub_message *m)
{
    ok(mailsub_message_set_return_path(m, "bounces@mailer.library.example.org"));
}

static void sibling_path(mailsub_message *m)
{
    ok(mailsub_message_set_return_path(m, "bounces@mailer.example.org"));
}

static void foreign_sender(mailsub_message *m)
{
    ok(mailsub_message_set_sender(m, "robot@other.example.com", NULL));
}

static void two_owners_below_a_suffix(mailsub_message *m)
{
    ok(mailsub_message_set_from(m, "a@one.co.uk", NULL));
    ok(mailsub_message_set_return_path(m, "a@two.co.uk"));
}

static void tagged_path(mailsub_message *m)
{
    ok(mailsub_message_set_return_path(m, "desk+reader=example.net@library.example.org"));
}

static const mailsub_facts other_login = {.size = sizeof(mailsub_facts),
                                          .login = "office@library.example.org"};
static const mailsub_facts own_login = {.size = sizeof(mailsub_facts),
                                        .login = "Desk@Library.Example.Org"};
static const mailsub_facts bare_login = {.size = sizeof(mailsub_facts), .login = "ab12cde"};

static void cyrillic_from(mailsub_message *m)
{
    ok(mailsub_message_set_from(m, "desk@p\u0430ypal.example.org", NULL));
}

static void cyrillic_link(mailsub_message *m)
{
    set_text(m, TEXT "https://p\u0430ypal.example/\n");
}

static void whole_cyrillic_link(mailsub_message *m)
{
    set_html(m, HTML "<a href=https://\u0430\u0440\u0440\u04cf\u0435.com/>shop</a>");
}

static void russian_name(mailsub_message *m)
{
    set_text(m, TEXT "https://\u043f\u043e\u0447\u0442\u0430.example/ "
                     "https://\u0441\u0443\u043f.\u0440\u0444/\n");
}

static void german_name(mailsub_message *m)
{
    ok(mailsub_message_set_from(m, "desk@b\u00fccherei.example.org", NULL));
}

static void japanese_name(mailsub_message *m)
{
    set_text(m, TEXT "https://abc\u65e5\u672c.example/\n");
}

/* Header. */
static void old_date(mailsub_message *m)
{
    ok(mailsub_message_set_date(m, NOW - 86401, 0));
}

static void recent_date(mailsub_message *m)
{
    ok(mailsub_message_set_date(m, NOW - 86400, 0));
}

static void early_date(mailsub_message *m)
{
    ok(mailsub_message_set_date(m, NOW + 1801, 0));
}

static void near_date(mailsub_message *m)
{
    ok(mailsub_message_set_date(m, NOW + 1800, -300));
}

static void no_subject(mailsub_message *m)
{
    ok(mailsub_message_set_subject(m, NULL));
}

static void blank_subject(mailsub_message *m)
{
    ok(mailsub_message_set_subject(m, "  "));
}

static void short_subject(mailsub_message *m)
{
    ok(mailsub_message_set_subject(m, "?"));
}

static void local_id(mailsub_message *m)
{
    ok(mailsub_message_set_message_id(m, "1@localhost"));
}

static void bare_id(mailsub_message *m)
{
    ok(mailsub_message_set_message_id(m, "1@web7"));
}

static void private_id(mailsub_message *m)
{
    ok(mailsub_message_set_message_id(m, "1@web7.fritz.box.local"));
}

static void bare_author(mailsub_message *m)
{
    ok(mailsub_message_set_from(m, "root@web7", NULL));
}

static void full_id(mailsub_message *m)
{
    ok(mailsub_message_set_message_id(m, "1@localhost.example.org"));
}

/* Recipients. */
static void add_many(mailsub_message *m, int n, int field)
{
    char address[40];
    for (int i = 0; i < n; i++) {
        snprintf(address, sizeof address, "reader%d@example.net", i);
        ok(mailsub_message_add_recipient(m, field, address, NULL));
    }
}

static void twenty_one_seen(mailsub_message *m)
{
    add_many(m, 10, MAILSUB_RECIPIENT_TO);
    add_many(m, 10, MAILSUB_RECIPIENT_CC);
}

static void twenty_seen(mailsub_message *m)
{
    add_many(m, 19, MAILSUB_RECIPIENT_TO);
}

static void hundred_blind(mailsub_message *m)
{
    add_many(m, 100, MAILSUB_RECIPIENT_BCC);
}

static void twice(mailsub_message *m)
{
    ok(mailsub_message_add_recipient(m, MAILSUB_RECIPIENT_BCC, "Reader@EXAMPLE.net", NULL));
}

static void nearly_twice(mailsub_message *m)
{
    add_to(m, "reader@example.com");
    add_to(m, "reader2@example.net");
}

/* Bulk mail. */
static void bulk(mailsub_message *m)
{
    ok(mailsub_message_set_bulk(m, "news.library.example.org", "https://library.example.org/u/1",
                                NULL, NULL));
}

static void bulk_by_field(mailsub_message *m)
{
    add_header(m, "Precedence", "bulk");
}

static void bulk_by_mail_only(mailsub_message *m)
{
    bulk_by_field(m);
    add_header(m, "List-Unsubscribe", "<mailto:u@library.example.org>");
    add_header(m, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
}

static void bulk_without_post(mailsub_message *m)
{
    add_header(m, "List-Id", "<news.library.example.org>");
    add_header(m, "List-Unsubscribe", "<https://library.example.org/u/1>");
}

static void first_class(mailsub_message *m)
{
    add_header(m, "Precedence", "first-class");
}

static void bulk_to_two(mailsub_message *m)
{
    bulk(m);
    add_to(m, "other@example.net");
}

static void two(mailsub_message *m)
{
    add_to(m, "other@example.net");
}

static void transactional(mailsub_message *m)
{
    ok(mailsub_message_set_transactional(m));
}

static void transactional_list(mailsub_message *m)
{
    transactional(m);
    add_header(m, "List-Unsubscribe", "<https://library.example.org/u/1>");
}

static void post_alone(mailsub_message *m)
{
    add_header(m, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
}

static void notification(mailsub_message *m)
{
    ok(mailsub_message_set_notification(m, "due.library.example.org",
                                        "https://library.example.org/u/1"));
}

static const mailsub_facts relay_signs = {.size = sizeof(mailsub_facts), .relay_signs = 1};

/* Texts. */
static void html_alone(mailsub_message *m)
{
    ok(mailsub_message_set_text(m, NULL, 0));
    ok(mailsub_message_set_text_from_html(m, 0));
}

static void html_of_pictures(mailsub_message *m)
{
    ok(mailsub_message_set_text(m, NULL, 0));
    set_html(m, "<p><img src='cid:a@b'></p>");
}

static void html_with_made_text(mailsub_message *m)
{
    ok(mailsub_message_set_text(m, NULL, 0));
}

static void text_alone(mailsub_message *m)
{
    ok(mailsub_message_set_html(m, NULL, 0));
}

static void pointing_text(mailsub_message *m)
{
    set_text(m, "Please use a program that shows HTML.\n");
}

static void stub_text(mailsub_message *m)
{
    set_text(m, "HTML!\n");
}

static void left_over_text(mailsub_message *m)
{
    set_text(m,
             "Welcome, Anna! Thank you for joining our weekly cooking course, bring an apron.\n");
}

static void similar_text(mailsub_message *m)
{
    set_text(m,
             "DEAR READER!\nYour book is ready - at the desk of the main library - until Friday."
             "\n* opening hours: https://library.example.org/orders/1?a=b\n\n-- \nCity library\n");
}

static void entities(mailsub_message *m)
{
    set_text(
        m, "Gr\u00fc\u00dfe aus der B\u00fccherei: Ihre f\u00fcnf B\u00fccher sind f\u00e4llig\n");
    set_html(m, "<style>p {color: red}</style>Gr&uuml;&szlig;e aus&nbsp;der "
                "B&#252;cherei:<br>Ihre f&uuml;nf B&uuml;cher sind f&auml;llig");
}

static void japanese(mailsub_message *m)
{
    set_text(m, "\u3054\u4e88\u7d04\u306e\u672c\u304c\u5c4a\u304d\u307e\u3057\u305f\u3002\n");
    set_html(m, "<p>\u3054\u4e88\u7d04\u306e<b>\u672c</b>\u304c\u5c4a\u304d\u307e\u3057\u305f</p>");
}

/* Links. */
static void short_link(mailsub_message *m)
{
    set_text(m, TEXT "More: HTTPS://user@WWW.BIT.LY:443/3abc.\n");
}

static void short_link_in_html(mailsub_message *m)
{
    set_html(m, HTML "<a href='https:&#47;/tiny%75rl.com/abc'>more</a>");
}

static void short_bare_link(mailsub_message *m)
{
    set_text(m, TEXT "More: bit.ly/3abc\n");
}

static void long_link(mailsub_message *m)
{
    set_text(m, TEXT "https://bit.ly.example.org/ https://example.org/bit.ly/3 bit.ly "
                     "https://habit.ly/1 and/or t.co.\n");
}

static void other_target(mailsub_message *m)
{
    set_html(m, HTML "<a href='https://evil.example/'>https://library.example.org/</a>");
}

static void other_target_by_name(mailsub_message *m)
{
    set_html(m, HTML "<A HREF=https://library.example.org@evil.example/><b>www.bank.</b>de</A>");
}

static void same_target(mailsub_message *m)
{
    set_html(m, HTML "<a href='https://click.example.org/?u=library'>library.example.org/orders</a>"
                     "<a href='https://example.org/a.pdf'>report.pdf</a>"
                     "<a href='https://example.org/'>Shop at bank.de today</a>"
                     "<a href='mailto:a@example.net'>a@example.com</a>"
                     "<a href='https://example.net/'>a@example.com</a>");
}

static void plain_link(mailsub_message *m)
{
    set_text(m, TEXT "<http://library.example.org/>\n");
}

static void plain_link_in_html(mailsub_message *m)
{
    set_html(m, HTML "<a href=HTTP:/library.example.org>shop</a>");
}

static void near_links(mailsub_message *m)
{
    set_text(m, TEXT "http://localhost:8080/ http: //x and http:// www.library.example.org\n");
}

/* Parts. */
static char zeros[1024 * 1024];

static void large(mailsub_message *m)
{
    attach(m, "plan.pdf", zeros, sizeof zeros);
    add_many(m, 25, MAILSUB_RECIPIENT_BCC);
}

static void large_to_few(mailsub_message *m)
{
    attach(m, "plan.pdf", zeros, sizeof zeros);
    add_many(m, 24, MAILSUB_RECIPIENT_BCC);
}

static void program_by_name(mailsub_message *m)
{
    attach(m, "invoice.pdf.EXE", "x", 1);
}

static void program_by_name_and_dot(mailsub_message *m)
{
    attach(m, "invoice.scr. ", "x", 1);
}

static void program_by_content(mailsub_message *m)
{
    char data[256] = "MZ";
    data[0x3c] = (char)0x80;
    memcpy(data + 0x80, "PE\0\0", 4);
    attach(m, "invoice.pdf", data, sizeof data);
}

static void program_of_linux(mailsub_message *m)
{
    attach(m, "tool", "\177ELF\2\1\1", 7);
}

static void program_in_file(mailsub_message *m)
{
    ok(mailsub_message_attach_file(m, "/proc/self/exe", "notes.txt", "text/plain"));
}

static void no_programs(mailsub_message *m)
{
    attach(m, "exe", "MZ is how it begins, and this is a text", 39);
    attach(m, "invoice.exe.pdf", "%PDF-1.4", 8);
    attach(m, "empty", "", 0);
    ok(mailsub_message_attach_file(m, "/proc/version", "version.txt", NULL));
}

/* A local header, an entry of the central directory, and the end of a zip archive. */
static void attach_zip(mailsub_message *m, const char *name, char flags, bool with_local)
{
    char data[256] = {0};
    size_t len = strlen(name);
    size_t at = 0;
    if (with_local) {
        memcpy(data, "PK\3\4", 4);
        data[6] = flags;
        data[26] = (char)len;
        memcpy(data + 30, name, len);
        at = 30 + len;
    } else {
        memcpy(data, "PK\3\4", 4);
        data[6] = 8; /* its length is told later */
        at = 60;
    }
    size_t central = at;
    memcpy(data + at, "PK\1\2", 4);
    data[at + 8] = flags;
    data[at + 28] = (char)len;
    memcpy(data + at + 46, name, len);
    at += 46 + len;
    memcpy(data + at, "PK\5\6", 4);
    data[at + 16] = (char)central;
    attach(m, "files.zip", data, at + 22);
}

static void encrypted_zip(mailsub_message *m)
{
    attach_zip(m, "a.txt", 1, true);
}

static void encrypted_central(mailsub_message *m)
{
    attach_zip(m, "a.txt", 9, false);
}

static void plain_zip(mailsub_message *m)
{
    attach_zip(m, "a.txt", 8, true);
}

static void zip_with_program(mailsub_message *m)
{
    attach_zip(m, "dir/a.js", 8, false);
}

static void encrypted_rar4(mailsub_message *m)
{
    static const char data[] = "Rar!\x1a\x07\x00"
                               "\0\0\x73\0\0\x0d\0\0\0\0\0\0\0"
                               "\0\0\x74\x04\x80\x10\0\0\0\0\0\0\0\0\0\0";
    attach(m, "files.rar", data, sizeof data - 1);
}

static void encrypted_rar4_names(mailsub_message *m)
{
    static const char data[] = "Rar!\x1a\x07\x00"
                               "\0\0\x73\x80\0\x0d\0\0\0\0\0\0\0";
    attach(m, "files.rar", data, sizeof data - 1);
}

static void plain_rar4(mailsub_message *m)
{
    static const char data[] = "Rar!\x1a\x07\x00"
                               "\0\0\x73\0\0\x0d\0\0\0\0\0\0\0"
                               "\0\0\x74\0\x80\x10\0\0\0\0\0\0\0\0\0\0";
    attach(m, "files.rar", data, sizeof data - 1);
}

static void encrypted_rar5_names(mailsub_message *m)
{
    static const char data[] = "Rar!\x1a\x07\x01\x00"
                               "\1\2\3\4\x03\x04\x00\x00";
    attach(m, "files.rar", data, sizeof data - 1);
}

static void encrypted_rar5(mailsub_message *m)
{
    /* The archive's header, and a file's with an extra area of one record. */
    static const char data[] = "Rar!\x1a\x07\x01\x00"
                               "\1\2\3\4\x03\x01\x00\x00"
                               "\1\2\3\4\x06\x02\x01\x02\x00\x01\x01";
    attach(m, "files.rar", data, sizeof data - 1);
}

static void plain_rar5(mailsub_message *m)
{
    static const char data[] = "Rar!\x1a\x07\x01\x00"
                               "\1\2\3\4\x03\x01\x00\x00"
                               "\1\2\3\4\x06\x02\x01\x02\x00\x01\x02";
    attach(m, "files.rar", data, sizeof data - 1);
}

static void attach_7z(mailsub_message *m, const char *coder)
{
    char data[48] = "7z\xbc\xaf\x27\x1c";
    data[20] = 16; /* the header's length; it stands at once behind */
    memcpy(data + 36, coder, 4);
    attach(m, "files.7z", data, sizeof data);
}

static void encrypted_7z(mailsub_message *m)
{
    attach_7z(m, "\x06\xf1\x07\x01");
}

static void plain_7z(mailsub_message *m)
{
    attach_7z(m, "\x03\x03\x01\x01");
}

/* Keys. */
static void sign_with(mailsub_message *m, const char *pem)
{
    mailsub_dkim *dkim;
    ok(mailsub_dkim_new(NULL, "example.org", "2026", &dkim));
    ok(mailsub_dkim_set_key_pem(dkim, pem, strlen(pem), NULL));
    ok(mailsub_message_sign_dkim(m, dkim));
    mailsub_dkim_unref(dkim);
}

static void sign_with_1024(mailsub_message *m)
{
    sign_with(m, KEY_RSA);
}

static void sign_with_ed25519(mailsub_message *m)
{
    sign_with(m, KEY_ED25519);
}

static void signed_bulk(mailsub_message *m)
{
    bulk(m);
    sign_with_ed25519(m);
}

/* The server. */
static const mailsub_facts small_server = {.size = sizeof(mailsub_facts), .max_size = 600};
static const mailsub_facts large_server = {.size = sizeof(mailsub_facts), .max_size = 60000};
static const mailsub_facts local_helo = {.size = sizeof(mailsub_facts),
                                         .helo_name = "localhost.localdomain"};
static const mailsub_facts bare_helo = {.size = sizeof(mailsub_facts), .helo_name = "web7"};
static const mailsub_facts address_helo = {.size = sizeof(mailsub_facts),
                                           .helo_name = "[10.0.0.7]"};
static const mailsub_facts full_helo = {.size = sizeof(mailsub_facts),
                                        .helo_name = "web7.example.org"};
static const char *const own_key[] = {"example.com", "Example.ORG"};
static const char *const other_key[] = {"ample.org", "example.com"};
static const mailsub_facts has_key = {
    .size = sizeof(mailsub_facts), .signing_domains = own_key, .n_signing_domains = 2};
static const mailsub_facts has_other_key = {
    .size = sizeof(mailsub_facts), .signing_domains = other_key, .n_signing_domains = 2};

struct rule_row {
    const char *name;
    const char *rule;
    bool fires;
    void (*build)(mailsub_message *message);
    const mailsub_facts *facts;
    const char *where;
};

#define BREAKS true
#define KEEPS false

static const struct rule_row rule_rows[] = {
    {"From no-reply", "noreply-sender", BREAKS, noreply_from, NULL, "From"},
    {"return path donotreply", "noreply-sender", BREAKS, noreply_path, NULL, "envelope"},
    {"From replies", "noreply-sender", KEEPS, replies_from, NULL, NULL},
    {"null sender", "null-sender", BREAKS, null_path, NULL, "envelope"},
    {"null sender of an answer", "null-sender", KEEPS, null_path_of_answer, NULL, NULL},
    {"null sender of what says it is one", "null-sender", KEEPS, null_path_by_field, NULL, NULL},
    {"return path elsewhere", "sender-mismatch", BREAKS, foreign_path, NULL, "envelope"},
    {"return path below", "sender-mismatch", KEEPS, own_path, NULL, NULL},
    {"return path beside", "sender-mismatch", KEEPS, sibling_path, NULL, NULL},
    {"Sender elsewhere", "sender-mismatch", BREAKS, foreign_sender, NULL, "Sender"},
    {"two owners below co.uk", "sender-mismatch", BREAKS, two_owners_below_a_suffix, NULL,
     "envelope"},
    {"login of another", "sender-mismatch", BREAKS, nothing, &other_login, "envelope"},
    {"login in other letters", "sender-mismatch", KEEPS, nothing, &own_login, NULL},
    {"login that is no address", "sender-mismatch", KEEPS, nothing, &bare_login, NULL},
    {"return path with a tag", "sender-mismatch", KEEPS, tagged_path, &own_login, NULL},
    {"Cyrillic in Latin in From", "lookalike-domain", BREAKS, cyrillic_from, NULL, "From"},
    {"Cyrillic in Latin in a link", "lookalike-domain", BREAKS, cyrillic_link, NULL, "text"},
    {"Cyrillic that looks Latin", "lookalike-domain", BREAKS, whole_cyrillic_link, NULL, "html"},
    {"Russian words", "lookalike-domain", KEEPS, russian_name, NULL, NULL},
    {"a German word", "lookalike-domain", KEEPS, german_name, NULL, NULL},
    {"Han beside Latin", "lookalike-domain", KEEPS, japanese_name, NULL, NULL},
    {"a day and a second ago", "date-skew", BREAKS, old_date, NULL, "Date"},
    {"a day ago", "date-skew", KEEPS, recent_date, NULL, NULL},
    {"in half an hour and a second", "date-skew", BREAKS, early_date, NULL, "Date"},
    {"in half an hour", "date-skew", KEEPS, near_date, NULL, NULL},
    {"no subject", "missing-subject", BREAKS, no_subject, NULL, "Subject"},
    {"blank subject", "missing-subject", BREAKS, blank_subject, NULL, "Subject"},
    {"short subject", "missing-subject", KEEPS, short_subject, NULL, NULL},
    {"identifier of localhost", "message-id-host", BREAKS, local_id, NULL, "Message-ID"},
    {"identifier of a bare name", "message-id-host", BREAKS, bare_id, NULL, "Message-ID"},
    {"identifier of a private name", "message-id-host", BREAKS, private_id, NULL, "Message-ID"},
    {"identifier made from a bare name", "message-id-host", BREAKS, bare_author, NULL, "From"},
    {"identifier of a full name", "message-id-host", KEEPS, full_id, NULL, NULL},
    {"twenty-one are seen", "many-visible-recipients", BREAKS, twenty_one_seen, NULL, "To"},
    {"twenty are seen", "many-visible-recipients", KEEPS, twenty_seen, NULL, NULL},
    {"a hundred are not seen", "many-visible-recipients", KEEPS, hundred_blind, NULL, NULL},
    {"the same in other letters", "duplicate-recipient", BREAKS, twice, NULL, "envelope"},
    {"nearly the same", "duplicate-recipient", KEEPS, nearly_twice, NULL, NULL},
    {"Precedence without a way out", "bulk-without-unsubscribe", BREAKS, bulk_by_field, NULL,
     "List-Unsubscribe"},
    {"a way out by mail", "bulk-without-unsubscribe", BREAKS, bulk_by_mail_only, NULL,
     "List-Unsubscribe"},
    {"a way out by hand", "bulk-without-unsubscribe", BREAKS, bulk_without_post, NULL,
     "List-Unsubscribe"},
    {"the class of bulk mail", "bulk-without-unsubscribe", KEEPS, bulk, NULL, NULL},
    {"Precedence first-class", "bulk-without-unsubscribe", KEEPS, first_class, NULL, NULL},
    {"bulk mail unsigned", "unsubscribe-not-signed", BREAKS, bulk, NULL, "List-Unsubscribe-Post"},
    {"bulk mail that the server signs", "unsubscribe-not-signed", KEEPS, bulk, &relay_signs, NULL},
    {"no bulk mail", "unsubscribe-not-signed", KEEPS, nothing, NULL, NULL},
    {"bulk mail to two", "bulk-to-many-in-one", BREAKS, bulk_to_two, NULL, "envelope"},
    {"bulk mail to one", "bulk-to-many-in-one", KEEPS, bulk, NULL, NULL},
    {"mail to two", "bulk-to-many-in-one", KEEPS, two, NULL, NULL},
    {"transactional mail of a list", "class-fields", BREAKS, transactional_list, NULL,
     "List-Unsubscribe"},
    {"one click without a URL", "class-fields", BREAKS, post_alone, NULL, "List-Unsubscribe-Post"},
    {"transactional mail", "class-fields", KEEPS, transactional, NULL, NULL},
    {"a notification", "class-fields", KEEPS, notification, NULL, NULL},
    {"bulk mail", "class-fields", KEEPS, bulk, NULL, NULL},
    {"HTML alone", "html-without-text", BREAKS, html_alone, NULL, "html"},
    {"HTML of pictures", "html-without-text", BREAKS, html_of_pictures, NULL, "html"},
    {"HTML with a text that is made", "html-without-text", KEEPS, html_with_made_text, NULL, NULL},
    {"text alone", "html-without-text", KEEPS, text_alone, NULL, NULL},
    {"a text that is made", "text-made-of-html", BREAKS, html_with_made_text, NULL, "text"},
    {"a text that is set", "text-made-of-html", KEEPS, nothing, NULL, NULL},
    {"a text that points to the HTML", "text-differs-from-html", BREAKS, pointing_text, NULL,
     "text"},
    {"a text of one word", "text-differs-from-html", BREAKS, stub_text, NULL, "text"},
    {"a text of another mail", "text-differs-from-html", BREAKS, left_over_text, NULL, "text"},
    {"a text with additions", "text-differs-from-html", KEEPS, similar_text, NULL, NULL},
    {"a text in other characters", "text-differs-from-html", KEEPS, entities, NULL, NULL},
    {"a text without words", "text-differs-from-html", KEEPS, japanese, NULL, NULL},
    {"a shortened link", "url-shortener", BREAKS, short_link, NULL, "text"},
    {"a shortened link in HTML", "url-shortener", BREAKS, short_link_in_html, NULL, "html"},
    {"a shortened link without a scheme", "url-shortener", BREAKS, short_bare_link, NULL, "text"},
    {"links that look shortened", "url-shortener", KEEPS, long_link, NULL, NULL},
    {"a link to elsewhere", "link-text-mismatch", BREAKS, other_target, NULL, "html"},
    {"a name that leads elsewhere", "link-text-mismatch", BREAKS, other_target_by_name, NULL,
     "html"},
    {"links to the same", "link-text-mismatch", KEEPS, same_target, NULL, NULL},
    {"a link without TLS", "plain-http-link", BREAKS, plain_link, NULL, "text"},
    {"a link without TLS in HTML", "plain-http-link", BREAKS, plain_link_in_html, NULL, "html"},
    {"links to this host", "plain-http-link", KEEPS, near_links, NULL, NULL},
    {"26 copies of a MiB", "large-attachment", BREAKS, large, NULL, "attachment"},
    {"25 copies of a MiB", "large-attachment", KEEPS, large_to_few, NULL, NULL},
    {"a program by its name", "executable-attachment", BREAKS, program_by_name, NULL,
     "attachment 1"},
    {"a program by its name to Windows", "executable-attachment", BREAKS, program_by_name_and_dot,
     NULL, "attachment 1"},
    {"a program by its content", "executable-attachment", BREAKS, program_by_content, NULL,
     "attachment 1"},
    {"a program of Linux", "executable-attachment", BREAKS, program_of_linux, NULL, "attachment 1"},
    {"a program in a file", "executable-attachment", BREAKS, program_in_file, NULL, "attachment 1"},
    {"a program in an archive", "executable-attachment", BREAKS, zip_with_program, NULL,
     "attachment 1"},
    {"no programs", "executable-attachment", KEEPS, no_programs, NULL, NULL},
    {"encrypted zip", "archive-encrypted", BREAKS, encrypted_zip, NULL, "attachment 1"},
    {"encrypted by its directory", "archive-encrypted", BREAKS, encrypted_central, NULL,
     "attachment 1"},
    {"plain zip", "archive-encrypted", KEEPS, plain_zip, NULL, NULL},
    {"encrypted RAR 4", "archive-encrypted", BREAKS, encrypted_rar4, NULL, "attachment 1"},
    {"encrypted names in RAR 4", "archive-encrypted", BREAKS, encrypted_rar4_names, NULL,
     "attachment 1"},
    {"plain RAR 4", "archive-encrypted", KEEPS, plain_rar4, NULL, NULL},
    {"encrypted RAR 5", "archive-encrypted", BREAKS, encrypted_rar5, NULL, "attachment 1"},
    {"encrypted names in RAR 5", "archive-encrypted", BREAKS, encrypted_rar5_names, NULL,
     "attachment 1"},
    {"plain RAR 5", "archive-encrypted", KEEPS, plain_rar5, NULL, NULL},
    {"encrypted 7z", "archive-encrypted", BREAKS, encrypted_7z, NULL, "attachment 1"},
    {"plain 7z", "archive-encrypted", KEEPS, plain_7z, NULL, NULL},
    {"too much for the server", "oversize", BREAKS, nothing, &small_server, "server"},
    {"not too much for the server", "oversize", KEEPS, nothing, &large_server, NULL},
    {"EHLO localhost.localdomain", "helo-name", BREAKS, nothing, &local_helo, "server"},
    {"EHLO with a bare name", "helo-name", BREAKS, nothing, &bare_helo, "server"},
    {"EHLO with an address", "helo-name", BREAKS, nothing, &address_helo, "server"},
    {"EHLO with a full name", "helo-name", KEEPS, nothing, &full_helo, NULL},
    {"a key that is not used", "unsigned", BREAKS, nothing, &has_key, "DKIM-Signature"},
    {"keys of others", "unsigned", KEEPS, nothing, &has_other_key, NULL},
    {"a key that is used", "unsigned", KEEPS, sign_with_ed25519, &has_key, NULL},
    {"bulk mail that is signed", "unsubscribe-not-signed", KEEPS, signed_bulk, NULL, NULL},
    {"a key of 1024 bits", "dkim-key-short", BREAKS, sign_with_1024, NULL, "DKIM-Signature"},
    {"a key of Ed25519", "dkim-key-short", KEEPS, sign_with_ed25519, NULL, NULL},
};

enum { N_ROWS = sizeof rule_rows / sizeof rule_rows[0] };

/* A policy in which every rule warns. */
static mailsub_policy *warning_policy(const mailsub_allocator *allocator)
{
    mailsub_policy *policy = NULL;
    if (mailsub_policy_new(allocator, MAILSUB_PROFILE_DEFAULT, &policy))
        return NULL;
    for (size_t i = 0; i < mailsub_rule_count(); i++)
        ok(mailsub_policy_set_severity(policy, mailsub_rule_get_id(i), MAILSUB_SEVERITY_WARNING));
    return policy;
}

static size_t count_of(const mailsub_findings *findings, const char *rule, size_t *out_index)
{
    size_t n = 0;
    for (size_t i = mailsub_findings_count(findings); i-- > 0;) {
        if (strcmp(mailsub_findings_get_rule(findings, i), rule) != 0)
            continue;
        n++;
        *out_index = i;
    }
    return n;
}

/* Rows bring other rules with them only where that cannot be helped. The message was found clean
   before, which counts for nothing once it, the facts or the policy are changed. */
static void check_rule(void **state)
{
    const struct rule_row *row = *state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub_message *message = plain_message(&heap);
    mailsub_policy *policy = warning_policy(&allocator);
    mailsub_findings *findings;
    ok(mailsub_findings_new(&allocator, &findings));
    ok(mailsub_message_check(message, policy, NULL, findings));
    assert_true(message->clean.is_known);
    row->build(message);
    ok(mailsub_message_check(message, policy, row->facts, findings));
    size_t index = 0;
    size_t n = count_of(findings, row->rule, &index);
    assert_int_equal(n > 0, row->fires);
    if (n > 0) {
        assert_string_equal(mailsub_findings_get_where(findings, index), row->where);
        assert_int_equal(mailsub_findings_get_severity(findings, index), MAILSUB_SEVERITY_WARNING);
        assert_string_equal(mailsub_findings_get_advice(findings, index),
                            mailsub_rule_get_advice(row->rule));
    }
    /* An error stops the message, and a rule that is off says nothing. */
    ok(mailsub_policy_set_severity(policy, row->rule, MAILSUB_SEVERITY_ERROR));
    assert_int_equal(mailsub_message_check(message, policy, row->facts, findings),
                     n > 0 ? MAILSUB_E_POLICY : MAILSUB_OK);
    assert_int_equal(mailsub_message_check(message, policy, row->facts, NULL),
                     n > 0 ? MAILSUB_E_POLICY : MAILSUB_OK);
    ok(mailsub_policy_set_severity(policy, row->rule, MAILSUB_SEVERITY_OFF));
    ok(mailsub_message_check(message, policy, row->facts, findings));
    assert_int_equal(count_of(findings, row->rule, &index), 0);
    ok(mailsub_message_set_subject(message, "It can be changed again"));
    mailsub_findings_free(findings);
    mailsub_policy_unref(policy);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

/* The same with each allocation failing: memory is short, or the answer is the same. */
static int check_once(const struct rule_row *row, struct unit_heap *heap, size_t fail_at, bool *out)
{
    struct unit_heap plenty = {0};
    mailsub_message *message = plain_message(heap);
    row->build(message);
    mailsub_policy *policy = warning_policy(NULL);
    mailsub_allocator allocator = unit_allocator(&plenty);
    mailsub_findings *findings;
    ok(mailsub_findings_new(&allocator, &findings));
    size_t before = heap->n_requests;
    heap->fail_at = fail_at ? before + fail_at : 0;
    plenty.fail_at = fail_at > 1000 ? plenty.n_requests + fail_at - 1000 : 0;
    if (plenty.fail_at)
        heap->fail_at = 0;
    int rc = mailsub_message_check(message, policy, row->facts, findings);
    size_t index;
    *out = count_of(findings, row->rule, &index) > 0;
    if (rc)
        assert_int_equal(mailsub_findings_count(findings), 0);
    heap->n_requests -= before;
    mailsub_findings_free(findings);
    assert_int_equal(plenty.n_live, 0);
    mailsub_policy_unref(policy);
    mailsub_message_free(message);
    return rc;
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS; i++) {
        struct unit_heap heap = {0};
        bool fires;
        ok(check_once(&rule_rows[i], &heap, 0, &fires));
        size_t n_requests = heap.n_requests;
        for (size_t at = 1; at <= n_requests; at++) {
            heap = (struct unit_heap){0};
            int rc = check_once(&rule_rows[i], &heap, at, &fires);
            assert_int_equal(heap.n_live, 0);
            if (rc == MAILSUB_OK)
                assert_int_equal(fires, rule_rows[i].fires);
            else
                assert_int_equal(rc, MAILSUB_E_NOMEM);
        }
        for (size_t at = 1001; at <= 1002 && rule_rows[i].fires; at++) {
            heap = (struct unit_heap){0};
            assert_int_equal(check_once(&rule_rows[i], &heap, at, &fires), MAILSUB_E_NOMEM);
        }
    }
}

static void every_rule_has_rows_of_both_kinds(void **state)
{
    (void)state;
    for (size_t i = 0; i < mailsub_rule_count(); i++) {
        unsigned seen = 0;
        for (size_t row = 0; row < N_ROWS; row++) {
            if (strcmp(rule_rows[row].rule, mailsub_rule_get_id(i)) == 0)
                seen |= rule_rows[row].fires ? 1u : 2u;
        }
        if (seen != 3)
            fail_msg("%s has no two rows", mailsub_rule_get_id(i));
    }
}

static void the_plain_message_breaks_no_rule(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = plain_message(&heap);
    mailsub_policy *policy = warning_policy(NULL);
    mailsub_findings *findings;
    ok(mailsub_findings_new(NULL, &findings));
    ok(mailsub_message_check(message, policy, NULL, findings));
    assert_int_equal(mailsub_findings_count(findings), 0);
    ok(mailsub_message_set_text(message, TEXT, MAILSUB_NUL_TERMINATED));
    ok(mailsub_message_set_html(message, NULL, 0));
    ok(mailsub_message_check(message, policy, NULL, findings));
    assert_int_equal(mailsub_findings_count(findings), 0);
    mailsub_findings_free(findings);
    mailsub_policy_unref(policy);
    mailsub_message_free(message);
}

int main(void)
{
    static struct CMUnitTest tests[160] = {
        cmocka_unit_test(any_allocation_may_fail),
        cmocka_unit_test(every_rule_has_rows_of_both_kinds),
        cmocka_unit_test(the_plain_message_breaks_no_rule),
    };
    size_t n_tests = 3;
    UNIT_ADD_ROWS(tests, n_tests, rule_rows, check_rule);
    return UNIT_RUN(tests, n_tests);
}

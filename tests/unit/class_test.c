/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Classes of mail: the fields of each, what is refused, and which mail is not answered. */
#include "message_kit.h"

#include <mailsub/class.h>

#include "message/robot.h"

#define LIST_ID "News <news.a.de>"
#define URL "https://a.de/u?t=1"
#define ONE_CLICK "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"

static void ok(int rc)
{
    assert_int_equal(rc, MAILSUB_OK);
}

static mailsub_message *to_bob(struct unit_heap *heap)
{
    mailsub_message *message = kit_message_on(heap);
    ok(mailsub_message_set_from(message, "alice@a.de", NULL));
    ok(mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "bob@b.de", NULL));
    return message;
}

/* The fields that are added, all of them, in their order. */
static void assert_fields(const mailsub_message *message, const char *want)
{
    struct kit_text text = {0};
    const char *name;
    const char *value;
    for (size_t i = 0; i < mailsub_message_count_headers(message); i++) {
        ok(mailsub_message_get_header(message, i, &name, &value));
        kit_sink(&text, name, strlen(name));
        kit_sink(&text, ": ", 2);
        kit_sink(&text, value, strlen(value));
        kit_sink(&text, "\r\n", 2);
    }
    assert_string_equal(text.data ? text.data : "", want);
    free(text.data);
}

struct class_row {
    const char *name;
    int (*set)(mailsub_message *message);
    int want_class;
    const char *want;
};

static int set_transactional(mailsub_message *message)
{
    return mailsub_message_set_transactional(message);
}

static int set_notification(mailsub_message *message)
{
    return mailsub_message_set_notification(message, NULL, NULL);
}

static int set_full_notification(mailsub_message *message)
{
    return mailsub_message_set_notification(message, "disk.alerts.a.de", URL);
}

static int set_bulk(mailsub_message *message)
{
    return mailsub_message_set_bulk(message, LIST_ID, URL, NULL, NULL);
}

static int set_full_bulk(mailsub_message *message)
{
    return mailsub_message_set_bulk(message, "<news.a.de>", URL, "off+1@a.de", "1:2:3:a-de");
}

static int set_quoted_bulk(mailsub_message *message)
{
    return mailsub_message_set_bulk(message, LIST_ID, "HTTPS://[::1]/", "\"a>?&%\"@a.de", "a");
}

static int clear(mailsub_message *message)
{
    return mailsub_message_clear_class(message);
}

static const struct class_row class_rows[] = {
    {"transactional mail is generated", set_transactional, MAILSUB_CLASS_TRANSACTIONAL,
     "Auto-Submitted: auto-generated\r\n"},
    {"a notification is generated", set_notification, MAILSUB_CLASS_NOTIFICATION,
     "Auto-Submitted: auto-generated\r\n"},
    {"a notification may be sorted and switched off", set_full_notification,
     MAILSUB_CLASS_NOTIFICATION,
     "Auto-Submitted: auto-generated\r\nList-Id: <disk.alerts.a.de>\r\n"
     "List-Unsubscribe: <" URL ">\r\n" ONE_CLICK},
    {"bulk mail belongs to a list", set_bulk, MAILSUB_CLASS_BULK,
     "Precedence: bulk\r\nList-Id: " LIST_ID "\r\nList-Unsubscribe: <" URL ">\r\n" ONE_CLICK},
    {"bulk mail may name a mailbox and a group of complaints", set_full_bulk, MAILSUB_CLASS_BULK,
     "Precedence: bulk\r\nList-Id: <news.a.de>\r\n"
     "List-Unsubscribe: <" URL ">, <mailto:off+1@a.de>\r\n" ONE_CLICK
     "Feedback-ID: 1:2:3:a-de\r\n"},
    {"what no URL may hold is encoded", set_quoted_bulk, MAILSUB_CLASS_BULK,
     "Precedence: bulk\r\nList-Id: " LIST_ID "\r\n"
     "List-Unsubscribe: <HTTPS://[::1]/>, <mailto:%22a%3E%3F%26%25%22@a.de>\r\n" ONE_CLICK
     "Feedback-ID: a\r\n"},
    {"no class has no fields", clear, MAILSUB_CLASS_NONE, ""},
};

static void sets_the_fields(void **state)
{
    const struct class_row *row = *state;
    struct unit_heap heap = {0};
    mailsub_message *message = to_bob(&heap);
    assert_int_equal(mailsub_message_get_class(message), MAILSUB_CLASS_NONE);
    ok(row->set(message));
    assert_int_equal(mailsub_message_get_class(message), row->want_class);
    assert_fields(message, row->want);
    mailsub_message *copy;
    ok(mailsub_message_dup(message, &copy));
    assert_int_equal(mailsub_message_get_class(copy), row->want_class);
    assert_fields(copy, row->want);
    struct kit_text text = kit_write(copy);
    mailsub_message_free(copy);
    /* Every class takes the place of every other. */
    for (size_t i = 0; i < sizeof class_rows / sizeof class_rows[0]; i++) {
        ok(class_rows[i].set(message));
        ok(row->set(message));
        assert_fields(message, row->want);
    }
    kit_assert_written(message, text.data);
    free(text.data);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

struct refused_row {
    const char *name;
    const char *list_id;
    const char *url;
    const char *address;
    const char *feedback_id;
    int want;
    const char *want_field;
};

#define BAD_URL MAILSUB_E_HEADER_VALUE, "List-Unsubscribe"
#define BAD_FEEDBACK MAILSUB_E_HEADER_VALUE, "Feedback-ID"

static const struct refused_row refused_rows[] = {
    {"no list", NULL, URL, NULL, NULL, MAILSUB_E_INVALID, "List-Id"},
    {"no URL", LIST_ID, NULL, NULL, NULL, MAILSUB_E_INVALID, "List-Id"},
    {"an empty list", "", URL, NULL, NULL, MAILSUB_E_HEADER_VALUE, "List-Id"},
    {"a list without a dot", "news", URL, NULL, NULL, MAILSUB_E_HEADER_VALUE, "List-Id"},
    {"http", LIST_ID, "http://a.de/u", NULL, NULL, BAD_URL},
    {"mailto", LIST_ID, "mailto:a@a.de", NULL, NULL, BAD_URL},
    {"https without a host", LIST_ID, "https:///u", NULL, NULL, BAD_URL},
    {"https alone", LIST_ID, "https://", NULL, NULL, BAD_URL},
    {"an empty URL", LIST_ID, "", NULL, NULL, BAD_URL},
    {"a URL with a space", LIST_ID, "https://a.de/a b", NULL, NULL, BAD_URL},
    {"a URL that ends early", LIST_ID, "https://a.de/>, <http://b.de/", NULL, NULL, BAD_URL},
    {"a URL that is not ASCII", LIST_ID, "https://a.de/\u00fc", NULL, NULL, BAD_URL},
    {"no address", LIST_ID, URL, "", NULL, MAILSUB_E_ADDRESS, "List-Unsubscribe"},
    {"two addresses", LIST_ID, URL, "a@a.de, b@a.de", NULL, MAILSUB_E_ADDRESS, "List-Unsubscribe"},
    {"a local part that is not ASCII", LIST_ID, URL, "\u00fc@a.de", NULL, MAILSUB_E_SMTPUTF8,
     "List-Unsubscribe"},
    {"an empty Feedback-ID", LIST_ID, URL, NULL, "", BAD_FEEDBACK},
    {"a Feedback-ID of five words", LIST_ID, URL, NULL, "1:2:3:4:5", BAD_FEEDBACK},
    {"a Feedback-ID without a sender", LIST_ID, URL, NULL, "1:2:3:", BAD_FEEDBACK},
    {"a Feedback-ID with a space", LIST_ID, URL, NULL, "1: 2", BAD_FEEDBACK},
};

static void refuses_as_a_whole(void **state)
{
    const struct refused_row *row = *state;
    struct unit_heap heap = {0};
    mailsub_message *message = to_bob(&heap);
    ok(mailsub_message_set_transactional(message));
    assert_int_equal(
        mailsub_message_set_bulk(message, row->list_id, row->url, row->address, row->feedback_id),
        row->want);
    const char *field;
    assert_int_equal(mailsub_message_get_error(message, &field), row->want);
    assert_string_equal(field, row->want_field);
    assert_int_equal(mailsub_message_get_class(message), MAILSUB_CLASS_TRANSACTIONAL);
    assert_fields(message, "Auto-Submitted: auto-generated\r\n");
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

struct reply_row {
    const char *name;
    const char *parent;
    int want;
    const char *want_recipient;
    const char *want_subject;
    const char *want_fields; /* behind Auto-Submitted */
};

#define FROM_BOB "Return-Path: <bob@b.de>\r\nFrom: Bob <bob.b@b.de>\r\n"
#define AUTOMATIC MAILSUB_E_AUTOMATIC, NULL, NULL, NULL
#define ANSWERED MAILSUB_OK, "bob@b.de", "Auto: your message", ""

static const struct reply_row reply_rows[] = {
    {"a whole header is answered",
     FROM_BOB "Subject: Hello\r\nMessage-ID: <2@b.de>\r\nReferences: <1@b.de>\r\n\r\nList-Id: <a>",
     MAILSUB_OK, "bob@b.de", "Auto: Hello",
     "In-Reply-To: <2@b.de>\r\nReferences: <1@b.de> <2@b.de>\r\n"},
    {"an encoded subject is decoded", FROM_BOB "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n", MAILSUB_OK,
     "bob@b.de", "Auto: Gr\u00fc\u00dfe", ""},
    {"a subject that cannot be read is not repeated", FROM_BOB "Subject: \xff\n", ANSWERED},
    {"a subject in an unknown charset is not repeated", FROM_BOB "Subject: =?x?q?a?=\n", ANSWERED},
    {"a folded subject is one line", FROM_BOB "Subject: a\n b\n", MAILSUB_OK, "bob@b.de",
     "Auto: a b", ""},
    {"In-Reply-To stands for References", FROM_BOB "In-Reply-To: <1@b.de>\nMessage-ID: <2@b.de>\n",
     MAILSUB_OK, "bob@b.de", "Auto: your message",
     "In-Reply-To: <2@b.de>\r\nReferences: <1@b.de> <2@b.de>\r\n"},
    {"a malformed identifier begins no thread", FROM_BOB "Message-ID: 2\n", ANSWERED},
    {"From is answered where there is no Return-Path", "From: Bob <bob@b.de>\n", ANSWERED},
    {"Auto-Submitted: no", FROM_BOB "Auto-Submitted: No (a person)\n", ANSWERED},
    {"Precedence: first-class", FROM_BOB "Precedence: first-class\n", ANSWERED},
    {"a multipart/mixed", FROM_BOB "Content-Type: multipart/mixed; boundary=a\n", ANSWERED},
    {"reports may be suppressed", FROM_BOB "X-Auto-Response-Suppress: DR, RN, NRN\n", ANSWERED},
    {"nobody to answer", "Subject: a\n", MAILSUB_E_ADDRESS, NULL, NULL, NULL},
    {"a malformed sender", "From: bob\n", MAILSUB_E_ADDRESS, NULL, NULL, NULL},
    {"a group of nobody", "From: nobody:;\n", MAILSUB_E_ADDRESS, NULL, NULL, NULL},
    {"an empty header", "", MAILSUB_E_ADDRESS, NULL, NULL, NULL},
    {"Auto-Submitted: auto-replied", FROM_BOB "auto-submitted: auto-replied\n", AUTOMATIC},
    {"Auto-Submitted: auto-generated; x", FROM_BOB "Auto-Submitted: auto-generated; a=b\n",
     AUTOMATIC},
    {"Auto-Submitted without a value", FROM_BOB "Auto-Submitted:\n", AUTOMATIC},
    {"Precedence: bulk", FROM_BOB "Precedence: Bulk\n", AUTOMATIC},
    {"Precedence: list", FROM_BOB "Precedence: list\n", AUTOMATIC},
    {"Precedence: junk", FROM_BOB "Precedence: junk\n", AUTOMATIC},
    {"List-Id", FROM_BOB "List-Id: <a.b.de>\n", AUTOMATIC},
    {"List-Post", FROM_BOB "LIST-POST: NO\n", AUTOMATIC},
    {"a null Return-Path", "Return-Path: <>\nFrom: bob@b.de\n", AUTOMATIC},
    {"an empty Return-Path", "Return-Path:\nFrom: bob@b.de\n", AUTOMATIC},
    {"a report", FROM_BOB "Content-Type: Multipart/Report; report-type=delivery-status\n",
     AUTOMATIC},
    {"suppressed answers", FROM_BOB "X-Auto-Response-Suppress: DR, OOF\n", AUTOMATIC},
    {"all suppressed", FROM_BOB "X-Auto-Response-Suppress: All\n", AUTOMATIC},
    {"a bounce of Exim", FROM_BOB "X-Failed-Recipients: a@a.de\n", AUTOMATIC},
    {"MAILER-DAEMON", "From: MAILER-DAEMON@b.de\n", AUTOMATIC},
    {"an owner of a list", "Return-Path: <owner-list@b.de>\n", AUTOMATIC},
    {"a mailbox for requests", "Return-Path: <list-request@b.de>\n", AUTOMATIC},
    {"bounces of a list", "Return-Path: <list-bounces@b.de>\n", AUTOMATIC},
    {"no-reply", "From: Shop <no-reply@b.de>\n", AUTOMATIC},
};

static void answers(void **state)
{
    const struct reply_row *row = *state;
    struct unit_heap heap = {0};
    mailsub_message *message = kit_message_on(&heap);
    ok(mailsub_message_set_from(message, "alice@a.de", NULL));
    assert_int_equal(mailsub_message_set_reply(message, row->parent, MAILSUB_NUL_TERMINATED),
                     row->want);
    const char *text;
    ok(mailsub_message_get_subject(message, &text));
    if (row->want) {
        assert_null(text);
        assert_int_equal(mailsub_message_count_recipients(message), 0);
        assert_int_equal(mailsub_message_get_class(message), MAILSUB_CLASS_NONE);
        assert_int_equal(mailsub_message_count_mailboxes(message, "Return-Path"), 0);
        assert_fields(message, "");
    } else {
        assert_string_equal(text, row->want_subject);
        assert_int_equal(mailsub_message_count_recipients(message), 1);
        ok(mailsub_message_get_recipient(message, 0, &text));
        assert_string_equal(text, row->want_recipient);
        assert_int_equal(mailsub_message_get_class(message), MAILSUB_CLASS_REPLY);
        assert_int_equal(mailsub__message_sender(message).len, 0);
        struct kit_text want = {0};
        kit_sink(&want, "Auto-Submitted: auto-replied\r\n", 30);
        if (*row->want_fields)
            kit_sink(&want, row->want_fields, strlen(row->want_fields));
        assert_fields(message, want.data);
        free(want.data);
    }
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void what_is_set_stays(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = to_bob(&heap);
    ok(mailsub_message_set_subject(message, "Mine"));
    ok(mailsub_message_set_return_path(message, "answers@a.de"));
    ok(mailsub_message_set_reply(message, "From: eve@e.de\nSubject: Yours\n",
                                 MAILSUB_NUL_TERMINATED));
    const char *text;
    ok(mailsub_message_get_subject(message, &text));
    assert_string_equal(text, "Mine");
    assert_int_equal(mailsub_message_count_recipients(message), 1);
    ok(mailsub_message_get_recipient(message, 0, &text));
    assert_string_equal(text, "bob@b.de");
    assert_int_equal(mailsub__message_sender(message).len, strlen("answers@a.de"));
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void a_long_subject_is_cut_between_characters(void **state)
{
    (void)state;
    char parent[2000];
    strcpy(parent, "From: bob@b.de\nSubject: a");
    for (int i = 0; i < 300; i++)
        strcat(parent, "\u00fc");
    struct unit_heap heap = {0};
    mailsub_message *message = kit_message_on(&heap);
    ok(mailsub_message_set_from(message, "alice@a.de", NULL));
    ok(mailsub_message_set_reply(message, parent, MAILSUB_NUL_TERMINATED));
    const char *text;
    ok(mailsub_message_get_subject(message, &text));
    assert_int_equal(strlen(text), 255);
    ok(mailsub_message_set_subject(message, text)); /* valid UTF-8 */
    mailsub_message_free(message);
}

/* What another program wrote into its header becomes no field and no recipient here. */
static void a_hostile_parent_adds_nothing(void **state)
{
    (void)state;
    static const char *const parents[] = {
        "From: bob@b.de\nSubject: a\rEVIL: b\n",
        "From: bob@b.de\nSubject: =?utf-8?q?a=0D=0AEVIL:_b?=\n",
        "From: bob@b.de\nMessage-ID: <1@b\rEVIL: b>\n",
        "From: bob@b.de\nMessage-ID: <1@b>\nReferences: <1@b>\r\n\xff\x01 <EVIL: b>\n",
        "From: bob@b.de\nReferences: \rEVIL: b\n",
        "Subject: a\nFrom: \"a\\\rEVIL: b\" <bob@b.de>, eve@e.de\n",
        "Return-Path: <bob@b.de>, <eve@e.de>\nFrom: a@a.de\n",
    };
    for (size_t i = 0; i < sizeof parents / sizeof parents[0]; i++) {
        struct unit_heap heap = {0};
        mailsub_message *message = kit_message_on(&heap);
        ok(mailsub_message_set_from(message, "alice@a.de", NULL));
        ok(mailsub_message_set_reply(message, parents[i], MAILSUB_NUL_TERMINATED));
        assert_int_equal(mailsub_message_count_recipients(message), 1);
        struct kit_text text = kit_write(message);
        assert_null(strstr(text.data, "\nEVIL"));
        assert_null(strstr(text.data, "\rEVIL"));
        assert_null(strstr(text.data, "eve@e.de"));
        free(text.data);
        mailsub_message_free(message);
        assert_int_equal(heap.n_live, 0);
    }
}

static int build(struct unit_heap *heap)
{
    mailsub_message *message = kit_message_on(heap);
    if (!message)
        return MAILSUB_E_NOMEM;
    mailsub_message_set_from(message, "alice@a.de", NULL);
    /* So that the room in the message itself is used up. */
    char name[200];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    for (int i = 0; i < 8; i++)
        mailsub_message_add_header(message, "X-Fill", name, MAILSUB_NUL_TERMINATED);
    if (mailsub_message_get_error(message, NULL) == MAILSUB_OK)
        set_full_bulk(message);
    if (mailsub_message_get_error(message, NULL) == MAILSUB_OK) {
        int rc = mailsub_message_set_reply(
            message, FROM_BOB "Subject: Hello\r\nMessage-ID: <2@b.de>\r\n", MAILSUB_NUL_TERMINATED);
        assert_int_equal(mailsub_message_count_recipients(message), rc ? 0 : 1);
        assert_int_equal(mailsub_message_get_class(message),
                         rc ? MAILSUB_CLASS_BULK : MAILSUB_CLASS_REPLY);
    }
    int rc = mailsub_message_get_error(message, NULL);
    /* Also after a failure the message can be used. */
    mailsub_message_clear_error(message);
    if (!rc)
        rc = mailsub_message_set_notification(message, LIST_ID, URL);
    mailsub_message_free(message);
    return rc;
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    ok(build(&heap));
    assert_int_equal(heap.n_live, 0);
    size_t n_requests = heap.n_requests;
    assert_true(n_requests > 5);
    for (size_t i = 1; i <= n_requests; i++) {
        heap = (struct unit_heap){.fail_at = i};
        assert_int_equal(build(&heap), MAILSUB_E_NOMEM);
        assert_int_equal(heap.n_live, 0);
    }
}

static void an_existing_message_keeps_its_fields(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = kit_message_on(&heap);
    static const char text[] = "From: a@a.de\r\n\r\n";
    ok(mailsub__message_adopt(message, mailsub__slice_of(text, sizeof text - 1), NULL, 0));
    for (size_t i = 0; i < sizeof class_rows / sizeof class_rows[0]; i++)
        assert_int_equal(class_rows[i].set(message), MAILSUB_E_STATE);
    assert_int_equal(mailsub_message_set_reply(message, "From: b@b.de\n", 13), MAILSUB_E_STATE);
    mailsub_message_free(message);
}

static void null_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof class_rows / sizeof class_rows[0]; i++)
        assert_int_equal(class_rows[i].set(NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_message_set_reply(NULL, "", 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_message_get_class(NULL), MAILSUB_CLASS_NONE);
    struct unit_heap heap = {0};
    mailsub_message *message = to_bob(&heap);
    assert_int_equal(mailsub_message_set_reply(message, NULL, 0), MAILSUB_E_INVALID);
    mailsub_message_free(message);
}

static void robots_are_known_by_whole_words(void **state)
{
    (void)state;
    static const char *const robots[] = {
        "noreply",   "No-Reply",        "shop.no_reply",       "donotreply",     "do-not-reply2",
        "noreply+1", "nicht-antworten", "neantworten.noreply", "ne.pas.repondre"};
    static const char *const people[] = {
        "reply", "carnoreplyhan", "noreplyer", "casino.reply", "no", "replyno", "norep",
        "",      "antworten",     "info",      "neil.o-reply"};
    for (size_t i = 0; i < sizeof robots / sizeof robots[0]; i++)
        assert_true(mailsub__robot_is_noreply(mailsub__slice_str(robots[i])));
    for (size_t i = 0; i < sizeof people / sizeof people[0]; i++)
        assert_false(mailsub__robot_is_noreply(mailsub__slice_str(people[i])));
    assert_true(mailsub__robot_is_program(mailsub__slice_str("bounces+a=b.de")));
    assert_false(mailsub__robot_is_program(mailsub__slice_str("bob")));
}

struct verp_row {
    const char *name;
    const char *sender;
    const char *recipient;
    int want;
    const char *want_path;
};

static const struct verp_row verp_rows[] = {
    {"the recipient stands in the sender", "news@a.de", "bob@b.de", MAILSUB_OK,
     "news+bob=b.de@a.de"},
    {"the recipient's own marks stay", "n@a.de", "bob+x=y@b.de", MAILSUB_OK, "n+bob+x=y=b.de@a.de"},
    {"IDN is written as A-labels", "n@\u00fc.de", "bob@\u00e4.de", MAILSUB_OK,
     "n+bob=xn--4ca.de@xn--tda.de"},
    {"a name that needs SMTPUTF8", "n@a.de", "b\u00f6b@b.de", MAILSUB_OK, "n+b\u00f6b=b.de@a.de"},
    {"just not too long", "news-of-the-library@a.de",
     "a-long-name-of-a-reader@a-domains.example.de", MAILSUB_OK,
     "news-of-the-library+a-long-name-of-a-reader=a-domains.example.de@a.de"},
    {"too long", "news-of-the-library@a.de", "a-long-name-of-a-reader@a-domains.example.org",
     MAILSUB_E_LIMIT, NULL},
    {"quotes", "n@a.de", "\"a b\"@b.de", MAILSUB_E_ADDRESS, NULL},
    {"an address for a domain", "n@a.de", "bob@[192.0.2.1]", MAILSUB_E_ADDRESS, NULL},
    {"a recipient that is none", "n@a.de", "bob", MAILSUB_E_ADDRESS, NULL},
};

/* A sender that cannot name anybody. */
static const struct verp_row bad_sender_rows[] = {
    {"no sender", "", "bob@b.de", MAILSUB_E_ADDRESS, NULL},
    {"a sender with a field", "n@a.de\r\nEVIL: a", "bob@b.de", MAILSUB_E_CONTROL, NULL},
    {"a sender in quotes", "\"a b\"@a.de", "bob@b.de", MAILSUB_E_ADDRESS, NULL},
    {"a sender at an address", "n@[192.0.2.1]", "bob@b.de", MAILSUB_E_ADDRESS, NULL},
    {"a sender that needs SMTPUTF8", "n\u00f6@a.de", "bob@b.de", MAILSUB_E_SMTPUTF8, NULL},
};

static void names_the_recipient(void **state)
{
    const struct verp_row *row = *state;
    char path[MAILSUB_MAX_ADDRESS + 1] = "kept";
    char again[MAILSUB_MAX_ADDRESS + 1];
    assert_int_equal(mailsub_verp_get_sender(row->sender, row->recipient, path, sizeof path),
                     row->want);
    assert_string_equal(path, row->want ? "kept" : row->want_path);
    if (row->want)
        return;
    assert_int_equal(
        mailsub_verp_get_sender(row->sender, row->recipient, again, strlen(row->want_path)),
        MAILSUB_E_LIMIT);
    ok(mailsub_verp_get_recipient(row->sender, path, again, sizeof again));
    /* As it goes on the wire: its domain in A-labels. */
    ok(mailsub_verp_get_sender(row->sender, again, again, sizeof again));
    assert_string_equal(again, path);
    assert_int_equal(mailsub_verp_get_recipient(row->sender, path, again, 5), MAILSUB_E_LIMIT);
}

static void a_bad_sender_names_nobody(void **state)
{
    const struct verp_row *row = *state;
    struct unit_heap heap = {0};
    char path[MAILSUB_MAX_ADDRESS + 1];
    mailsub_message *message = kit_message_on(&heap);
    ok(mailsub_message_set_return_path(message, "kept@a.de"));
    assert_int_equal(mailsub_message_set_verp(message, row->sender), row->want);
    assert_int_equal(mailsub_message_get_verp(message), 0);
    const char *address;
    const char *name;
    ok(mailsub_message_get_mailbox(message, "Return-Path", 0, &address, &name));
    assert_string_equal(address, "kept@a.de");
    assert_int_equal(mailsub_verp_get_sender(row->sender, row->recipient, path, sizeof path),
                     row->want);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void a_return_path_ends_the_naming(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = kit_message_on(&heap);
    mailsub_message *copy = NULL;
    ok(mailsub_message_set_verp(message, "n@a.de"));
    assert_int_equal(mailsub_message_get_verp(message), 1);
    ok(mailsub_message_dup(message, &copy));
    assert_int_equal(mailsub_message_get_verp(copy), 1);
    mailsub_message_free(copy);
    ok(mailsub_message_set_return_path(message, NULL));
    assert_int_equal(mailsub_message_get_verp(message), 0);
    assert_int_equal(mailsub_message_count_mailboxes(message, "Return-Path"), 0);
    assert_int_equal(mailsub_message_get_verp(NULL), 0);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void other_addresses_name_nobody(void **state)
{
    (void)state;
    static const char *const others[] = {"n@a.de",          "n+bob@a.de",   "n+bob=b.de@b.de",
                                         "m+bob=b.de@a.de", "n+=b.de@a.de", "n+bob=@a.de",
                                         "nn+bob=b.de@a.de"};
    char out[MAILSUB_MAX_ADDRESS + 1] = "kept";
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(mailsub_verp_get_recipient("n@a.de", others[i], out, sizeof out),
                         MAILSUB_E_ADDRESS);
    assert_int_equal(mailsub_verp_get_recipient(NULL, "a@b.de", out, sizeof out),
                     MAILSUB_E_INVALID);
    assert_int_equal(mailsub_message_set_verp(NULL, "a@b.de"), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_verp_get_sender("a@b.de", NULL, out, sizeof out), MAILSUB_E_INVALID);
    assert_string_equal(out, "kept");
}

int main(void)
{
    static struct CMUnitTest tests[96] = {
        cmocka_unit_test(what_is_set_stays),
        cmocka_unit_test(a_long_subject_is_cut_between_characters),
        cmocka_unit_test(a_hostile_parent_adds_nothing),
        cmocka_unit_test(any_allocation_may_fail),
        cmocka_unit_test(an_existing_message_keeps_its_fields),
        cmocka_unit_test(null_is_refused),
        cmocka_unit_test(robots_are_known_by_whole_words),
        cmocka_unit_test(other_addresses_name_nobody),
        cmocka_unit_test(a_return_path_ends_the_naming),
    };
    size_t n_tests = 9;
    UNIT_ADD_ROWS(tests, n_tests, verp_rows, names_the_recipient);
    UNIT_ADD_ROWS(tests, n_tests, bad_sender_rows, a_bad_sender_names_nobody);
    UNIT_ADD_ROWS(tests, n_tests, class_rows, sets_the_fields);
    UNIT_ADD_ROWS(tests, n_tests, refused_rows, refuses_as_a_whole);
    UNIT_ADD_ROWS(tests, n_tests, reply_rows, answers);
    return UNIT_RUN(tests, n_tests);
}

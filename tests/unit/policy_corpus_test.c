/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ordinary mail of applications, written for this test: receipts, resets, newsletters in several
 * languages, invoices, alerts. No profile has an error to tell of any of it, neither when it is
 * built nor when it exists already; and the default has not even a warning.
 *
 * data/mail/NAME.txt: From, To, Subject, Class and Attach; an empty line; the text; and, behind a
 * line "--html--", the HTML.
 */
#include "message_kit.h"

#include <dirent.h>
#include <stdio.h>

#include <mailsub/class.h>
#include <mailsub/policy.h>

enum { MOST_MAILS = 100, MOST_OCTETS = 64 * 1024, LEAST_MAILS = 30 };

static void ok(int rc)
{
    assert_int_equal(rc, MAILSUB_OK);
}

static char *load(const char *name)
{
    const char *folder = getenv("MAILSUB_TEST_DATA");
    assert_non_null(folder);
    char path[600];
    snprintf(path, sizeof path, "%s/mail/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = calloc(1, MOST_OCTETS);
    assert_non_null(text);
    assert_true(fread(text, 1, MOST_OCTETS - 1, file) > 0);
    fclose(file);
    return text;
}

static void set_class(mailsub_message *message, const char *class)
{
    if (strcmp(class, "transactional") == 0)
        ok(mailsub_message_set_transactional(message));
    else if (strcmp(class, "notification") == 0)
        ok(mailsub_message_set_notification(message, "alerts.example.org", NULL));
    else if (strcmp(class, "bulk") == 0)
        ok(mailsub_message_set_bulk(message, "news.example.org", "https://example.org/off/1", NULL,
                                    NULL));
    else
        assert_string_equal(class, "none");
}

static void set_field(mailsub_message *message, const char *name, const char *value)
{
    static const char content[] = "%PDF-1.4 or whatever it is";
    if (strcmp(name, "Class") == 0)
        set_class(message, value);
    else if (strcmp(name, "Attach") == 0)
        ok(mailsub_message_attach_data(message, value, NULL, content, sizeof content));
    else
        ok(mailsub_message_add_header(message, name, value, MAILSUB_NUL_TERMINATED));
}

static mailsub_message *build(struct unit_heap *heap, char *text)
{
    mailsub_message *message = kit_message_on(heap);
    char *line = text;
    while (*line != '\n') {
        char *end = strchr(line, '\n');
        *end = '\0';
        char *value = strstr(line, ": ");
        assert_non_null(value);
        *value = '\0';
        set_field(message, line, value + 2);
        line = end + 1;
    }
    static const char mark[] = "--html--\n";
    char *html = strstr(++line, mark);
    ok(mailsub_message_set_text(message, line,
                                html ? (size_t)(html - line) : MAILSUB_NUL_TERMINATED));
    if (html)
        ok(mailsub_message_set_html(message, html + strlen(mark), MAILSUB_NUL_TERMINATED));
    return message;
}

static void check(mailsub_message *message, int profile, bool no_warning)
{
    const mailsub_facts facts = {.size = sizeof facts,
                                 .helo_name = "app.example.org",
                                 .max_size = 10 * 1024 * 1024,
                                 .relay_signs = 1};
    mailsub_policy *policy;
    mailsub_findings *findings;
    ok(mailsub_policy_new(NULL, profile, &policy));
    ok(mailsub_findings_new(NULL, &findings));
    int rc = mailsub_message_check(message, policy, &facts, findings);
    for (size_t i = 0; i < mailsub_findings_count(findings); i++) {
        if (rc || no_warning)
            fail_msg("%s: %s: %s", mailsub_findings_get_rule(findings, i),
                     mailsub_findings_get_where(findings, i),
                     mailsub_findings_get_detail(findings, i));
    }
    ok(rc);
    mailsub_findings_free(findings);
    mailsub_policy_unref(policy);
}

static void has_no_error(void **state)
{
    struct unit_heap heap = {0};
    char *text = load(*state);
    mailsub_message *message = build(&heap, text);
    free(text);
    check(message, MAILSUB_PROFILE_DEFAULT, true);
    check(message, MAILSUB_PROFILE_STRICT, false);
    if (mailsub_message_get_class(message) != MAILSUB_CLASS_NONE)
        check(message, MAILSUB_PROFILE_BULK, false);
    struct kit_text written = kit_write(message);
    mailsub_message_free(message);
    message = kit_message_on(&heap);
    ok(mailsub__message_adopt(message, mailsub__slice_of(written.data, written.len), NULL, 0));
    check(message, MAILSUB_PROFILE_DEFAULT, true);
    mailsub_message_free(message);
    free(written.data);
    assert_int_equal(heap.n_live, 0);
}

int main(void)
{
    static struct CMUnitTest tests[MOST_MAILS];
    static char names[MOST_MAILS][64];
    size_t n_tests = 0;
    char path[600];
    const char *data = getenv("MAILSUB_TEST_DATA");
    snprintf(path, sizeof path, "%s/mail", data ? data : "");
    DIR *folder = opendir(path);
    if (!folder)
        return 1;
    const struct dirent *entry;
    while (n_tests < MOST_MAILS && (entry = readdir(folder)) != NULL) {
        size_t len = strlen(entry->d_name);
        if (len < 5 || len >= sizeof names[0] || strcmp(entry->d_name + len - 4, ".txt") != 0)
            continue;
        strcpy(names[n_tests], entry->d_name);
        tests[n_tests] = (struct CMUnitTest){
            .name = names[n_tests], .test_func = has_no_error, .initial_state = names[n_tests]};
        n_tests++;
    }
    closedir(folder);
    return n_tests < LEAST_MAILS ? 1 : UNIT_RUN(tests, n_tests);
}

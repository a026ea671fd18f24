/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random requests. Where an argument is hostile the call has to be refused, and where none is it
 * has to succeed. Half of the refusals are forgiven (mailsub_message_clear_error), and the message
 * must then be what the other calls asked for. Now and then the message is copied on the way, and
 * either of the two goes on.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "property.h"

bool request_judge(struct request *request, int rc, bool allowed, const char *field)
{
    static char complaint[256];
    if ((rc == MAILSUB_OK) == allowed) {
        if (allowed)
            return true;
        const char *told;
        bool kept = mailsub_message_get_error(request->message, &told) == rc;
        request->asked->n_refused++;
        if (kept && strcmp(told, field) == 0) {
            request->stop = random_in_100(50);
            if (!request->stop)
                mailsub_message_clear_error(request->message);
            return false;
        }
        snprintf(complaint, sizeof complaint, "%s was blamed, not %s", told, field);
    } else {
        snprintf(complaint, sizeof complaint, "%s: %s", field,
                 allowed ? mailsub_error_name(rc) : "accepted against the rules");
    }
    request->wrong = complaint;
    request->stop = true;
    return false;
}

static void ask_subject(struct request *request)
{
    static const size_t sizes[] = {3, 20, 100};
    if (request->stop || random_in_100(10))
        return;
    bool spoilt = random_in_100(3);
    bool by_name = random_in_100(10);
    struct text subject = random_line(ONE_OF(sizes), spoilt);
    int rc = by_name
                 ? mailsub_message_add_header(request->message, "subject", subject.ptr, subject.len)
                 : mailsub_message_set_subject(request->message, subject.ptr);
    if (request_judge(request, rc, !spoilt, by_name ? "subject" : "Subject"))
        request->asked->subject = subject;
}

/* ---- other fields ---- */

static const char *const bad_names[] = {
    "",    "A B",          "A:",       "A\r\nB",         "\303\244",
    "Bcc", "Content-Type", "Received", "DKIM-Signature", "MIME-Version"};

#define URL_800 "<https://b.de/" HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED ">"
#define HUNDRED                                                                                    \
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"  \
    "123456789"

/* Fields with a syntax of their own; value NULL: given is refused. */
static const struct {
    const char *name, *given, *value;
    enum header_kind kind;
} known[] = {
    {"Auto-Submitted", "auto-generated", "auto-generated", HEADER_RAW},
    {"auto-submitted", " auto-replied   (vacation) ", "auto-replied (vacation)", HEADER_RAW},
    {"Auto-Submitted", "\303\244", NULL, HEADER_RAW},
    {"Precedence", "bulk", "bulk", HEADER_RAW},
    {"Importance", "High", "High", HEADER_RAW},
    {"Importance", "very high", NULL, HEADER_RAW},
    {"Priority", "non-urgent", "non-urgent", HEADER_RAW},
    {"Priority", "now", NULL, HEADER_RAW},
    {"Sensitivity", "personal", "personal", HEADER_RAW},
    {"X-Priority", "1 (Highest)", "1 (Highest)", HEADER_RAW},
    {"List-Id", "<news.b.de>", "\n<news.b.de>", HEADER_LIST_ID},
    {"List-Id", "\"News, all\" <news.b.de>", "News, all\n<news.b.de>", HEADER_LIST_ID},
    {"List-Id", "Gr\303\274\303\237e von\344\275\240\345\245\275 uns <a.b.c>",
     "Gr\303\274\303\237e von\344\275\240\345\245\275 uns\n<a.b.c>", HEADER_LIST_ID},
    {"List-Id", "news.b.de", NULL, HEADER_LIST_ID},
    {"List-Id", "<news>", NULL, HEADER_LIST_ID},
    {"List-Help", "<mailto:help@b.de?subject=a,b>", "<mailto:help@b.de?subject=a,b>", HEADER_RAW},
    {"List-Help", "https://b.de/", NULL, HEADER_RAW},
    {"List-Help", "<https://b.de/a b>", NULL, HEADER_RAW},
    {"List-Unsubscribe", "<https://b.de/u?x=1,2>,<mailto:u@b.de>",
     "<https://b.de/u?x=1,2>, <mailto:u@b.de>", HEADER_RAW},
    {"List-Unsubscribe", URL_800 ", <mailto:u@b.de>", URL_800 ", <mailto:u@b.de>", HEADER_RAW},
    {"List-Unsubscribe-Post", "List-Unsubscribe=One-Click", "List-Unsubscribe=One-Click",
     HEADER_RAW},
    {"List-Unsubscribe-Post", "yes", NULL, HEADER_RAW},
    {"List-Post", "NO", "NO", HEADER_RAW},
    {"List-Owner", "<mailto:o@b.de>", "<mailto:o@b.de>", HEADER_RAW},
    {"List-Archive", "<https://b.de/archive/>", "<https://b.de/archive/>", HEADER_RAW},
    {"List-Subscribe", "<https://b.de/s>", "<https://b.de/s>", HEADER_RAW},
    {"Keywords", "a, b c,d.e , Gr\303\274\303\237e", "a\nb c\nd.e\nGr\303\274\303\237e",
     HEADER_PHRASES},
    {"Keywords", "a,,b", NULL, HEADER_PHRASES},
    {"Supersedes", "<1.2@b.de>", "<1.2@b.de>", HEADER_RAW},
    {"References", "<1.2@b.de>\t<\"a\"@b>  <x@[y]>", NULL, HEADER_RAW},
    {"References", "<1.2@b.de>\t<a.b@c>  <x@[y]>", "<1.2@b.de> <a.b@c> <x@[y]>", HEADER_RAW},
    {"References", "1.2@b.de", NULL, HEADER_RAW},
    {"In-Reply-To", "<1.2@b.de>", "<1.2@b.de>", HEADER_RAW},
    {"Errors-To", "<A@M\303\274nchen.de>", "A@xn--mnchen-3ya.de", HEADER_RAW},
    {"Errors-To", "a@b.de,(c) <c@d.de>", "a@b.de, c@d.de", HEADER_RAW},
    {"Errors-To", "a@b.de; c@d.de", NULL, HEADER_RAW},
    {"Keywords", "\"a, b\" ,c", "a, b\nc", HEADER_PHRASES},
    {"Disposition-Notification-To", "\"a b\"@b.de", "\"a b\"@b.de", HEADER_RAW},
    {"Return-Receipt-To", "a@b..de", NULL, HEADER_RAW},
    {"Organization",
     "Gr\303\274n & S\303\266hne  =?x?=", "Gr\303\274n & S\303\266hne  =?x?=", HEADER_TEXT},
    {"Organization", " ", NULL, HEADER_TEXT},
};

static bool has_header(const struct asked *asked, const char *name)
{
    for (size_t i = 0; i < asked->n_headers; i++) {
        if (strcasecmp(asked->headers[i].name.ptr, name) == 0)
            return true;
    }
    return false;
}

static void note_header(struct asked *asked, struct asked_header header)
{
    asked->headers[asked->n_headers++] = header;
}

static void ask_known(struct request *request)
{
    size_t i = random_below(N_OF(known));
    bool allowed = known[i].value && !has_header(request->asked, known[i].name);
    bool repeats = known[i].value && !allowed && strcmp(known[i].name, "Keywords") == 0;
    if (repeats)
        return; /* several would be read as one */
    struct text given = random_keep_str(known[i].given);
    int rc = mailsub_message_add_header(request->message, known[i].name, given.ptr, given.len);
    if (request_judge(request, rc, allowed, known[i].name))
        note_header(request->asked,
                    (struct asked_header){random_keep_str(known[i].name), given,
                                          random_keep_str(known[i].value), known[i].kind});
}

static void ask_unknown(struct request *request)
{
    bool spoilt = random_in_100(3);
    bool bad_name = random_in_100(3);
    char plain[32];
    snprintf(plain, sizeof plain, "X-%zu", request->asked->n_headers);
    struct text name = random_keep_str(bad_name ? ONE_OF(bad_names) : plain);
    if (!bad_name && random_in_100(10) && !has_header(request->asked, "Comments"))
        name = random_keep_str("Comments");
    struct text value = random_line(random_in_100(50) ? 3 : 20, spoilt);
    int rc = mailsub_message_add_header(request->message, name.ptr, value.ptr, value.len);
    bool well_formed = strspn(name.ptr, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-"
                                        "0123456789") == name.len &&
                       name.len > 0;
    if (request_judge(request, rc, !spoilt && !bad_name, well_formed ? name.ptr : "header"))
        note_header(request->asked, (struct asked_header){name, value, value, HEADER_TEXT});
}

static void ask_headers(struct request *request)
{
    static const size_t numbers[] = {0, 0, 1, 3, 6};
    for (size_t n = ONE_OF(numbers); n > 0 && !request->stop; n--) {
        if (random_in_100(50))
            ask_known(request);
        else
            ask_unknown(request);
    }
}

/* The message that is answered, with its own references, and junk between them. */
static void ask_parent(struct request *request)
{
    static const size_t numbers[] = {0, 1, 5, 19, 40};
    static const char *const between[] = {" ", "\t", "", " (c) ", " <broken ", " x@y "};
    struct asked *asked = request->asked;
    if (request->stop || has_header(asked, "References") || has_header(asked, "In-Reply-To"))
        return;
    bool bad = random_in_100(5);
    struct text given = random_keep("", 0);
    unsigned base = (unsigned)random_below(1000000);
    size_t n = ONE_OF(numbers);
    char id[64];
    for (size_t i = 0; i < n; i++) {
        snprintf(id, sizeof id, "<%u.%zu@host%zu.example>", base, i, i % 3);
        random_grow(&given, id);
        random_grow(&given, ONE_OF(between));
    }
    struct text all = random_keep("", 0);
    for (size_t i = 0; i <= n; i++) {
        snprintf(id, sizeof id, "<%u.%zu@host%zu.example>", base, i, i % 3);
        random_grow(&all, i > 0 ? " " : "");
        random_grow(&all, id);
    }
    struct text last = random_keep_str(id);
    int rc = mailsub_message_set_parent(request->message, bad ? "<a b@c>" : last.ptr, given.ptr);
    if (!request_judge(request, rc, !bad, "In-Reply-To"))
        return;
    static const struct text none = {NULL, 0};
    note_header(asked,
                (struct asked_header){random_keep_str("In-Reply-To"), none, last, HEADER_RAW});
    note_header(asked,
                (struct asked_header){random_keep_str("References"), none, all, HEADER_CHAIN});
}

/* ---- identity ---- */

static void ask_date(struct request *request)
{
    static const struct {
        int64_t date;
        int32_t zone;
        bool allowed;
    } dates[] = {{0, 0, true},
                 {1, -1, true},
                 {951782400, 840, true},
                 {1732228260, -720, true},
                 {253402300799, 0, true},
                 {253402300799, 1, false},
                 {-1, 0, false},
                 {1732228260, 1439, true},
                 {1732228260, -1440, false},
                 {4102444800, 345, true}};
    size_t i = random_below(N_OF(dates));
    if (request->stop || random_in_100(80))
        return;
    int rc = mailsub_message_set_date(request->message, dates[i].date, dates[i].zone);
    if (!request_judge(request, rc, dates[i].allowed, "Date"))
        return;
    request->asked->date = dates[i].date;
    request->asked->zone = dates[i].zone;
}

static void ask_message_id(struct request *request)
{
    static const char *const ids[] = {"1@b.de", "<2.x@b.de>", "a!b$@[192.0.2.1]"};
    static const char *const bad[] = {"",      "a",           "<a@b",      "a@b>",
                                      "a b@c", "a@b\r\nX: y", "\303\244@b"};
    bool spoilt = random_in_100(10);
    if (request->stop || random_in_100(80))
        return;
    struct text id = random_keep_str(spoilt ? ONE_OF(bad) : ONE_OF(ids));
    int rc = mailsub_message_set_message_id(request->message, id.ptr);
    if (!request_judge(request, rc, !spoilt, "Message-ID"))
        return;
    bool bare = id.ptr[0] != '<';
    struct text whole = random_keep("", 0);
    random_grow(&whole, bare ? "<" : "");
    random_grow(&whole, id.ptr);
    random_grow(&whole, bare ? ">" : "");
    request->asked->message_id = whole;
}

/* Go on with a copy, or with what it was copied from. */
static void copy_at_times(struct request *request)
{
    mailsub_message *copy;
    if (!random_in_100(8))
        return;
    if (mailsub_message_dup(request->message, &copy) != MAILSUB_OK) {
        request->wrong = "dup";
        return;
    }
    if (random_in_100(50)) {
        mailsub_message_free(request->message);
        request->message = copy;
        return;
    }
    /* What becomes of the copy is nothing to the original. */
    mailsub_message_set_subject(copy, "of the copy");
    mailsub_message_set_text(copy, "of the copy", MAILSUB_NUL_TERMINATED);
    mailsub_message_add_header(copy, "X-Copy", "x", 1);
    mailsub_message_free(copy);
}

static int fixed_now(void *context, int64_t *out_unix_s, int32_t *out_zone_min)
{
    (void)context;
    *out_unix_s = ASKED_DATE;
    *out_zone_min = ASKED_ZONE;
    return MAILSUB_OK;
}

const char *request_make(uint64_t seed, struct asked *asked, mailsub_message **out_message)
{
    static const mailsub_clock clock = {.size = sizeof clock, .now = fixed_now};
    static const mailsub_random random = {.size = sizeof random, .fill = random_fill};
    static void (*const steps[])(struct request * request) = {
        request_mailboxes, copy_at_times, ask_subject,    copy_at_times,   ask_parent,
        ask_headers,       ask_date,      ask_message_id, request_content, copy_at_times};
    random_start(seed);
    memset(asked, 0, sizeof *asked);
    asked->date = ASKED_DATE;
    asked->zone = ASKED_ZONE;
    struct request request = {.asked = asked};
    if (mailsub_message_new(NULL, &request.message) != MAILSUB_OK)
        return "no memory";
    mailsub_message_set_clock(request.message, &clock);
    mailsub_message_set_random(request.message, &random);
    for (size_t i = 0; i < N_OF(steps); i++)
        steps[i](&request);
    tree_make(asked);
    *out_message = request.message;
    return request.wrong;
}

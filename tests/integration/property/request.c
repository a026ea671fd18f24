/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random requests. Strings are put together from pieces; where one of them is hostile the call has
 * to be refused, and where none is it has to succeed. Half of the refusals are forgiven
 * (mailsub_message_clear_error), and the message must then be what the other calls asked for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "property.h"

#define N_OF(array) (sizeof(array) / sizeof(array)[0])
#define REPEAT_10(text) text text text text text text text text text text

const char *const list_names[N_LISTS] = {"From", "Sender", "Reply-To", "To", "Cc"};

static const char *const pieces[] = {
    "a",
    "word",
    "Hello",
    REPEAT_10("xyz"),
    REPEAT_10("longer.") "74",
    REPEAT_10("ninety990"),
    " ",
    " ",
    " ",
    " ",
    "  ",
    ".",
    ",",
    ";",
    ":",
    "<",
    ">",
    "@",
    "(",
    ")",
    "[",
    "]",
    "\"",
    "\\",
    "'",
    "=",
    "?",
    "_",
    "=?",
    "?=",
    "=?utf-8?q?a?=",
    "=?UTF-8?B?YQ==?=",
    "=20",
    "&amp;",
    "%",
    "/",
    "\303\244",
    "Gr\303\274\303\237e",
    "\344\275\240\345\245\275",
    "\360\237\230\200",
    "e\314\201",
    "\342\200\256",
    "\327\251",
    "\330\243\331\207\331\204",
    REPEAT_10("\342\202\254\342\202\254\342\202\254\342\202\254"),
    "\357\273\277",
    "\302\240",
    "\343\200\200",
    "\364\217\277\277",
};

static const char *const text_pieces[] = {
    "\n", "\r\n", "\r",   "\n\n", "\n.",  "\nFrom ", "\n--", "\n--=_",
    "\t", " \n",  "\t\n", "\033", "\177", "\f",      "x=y",  REPEAT_10(REPEAT_10("a long line ")),
    ".",  "From", "=",    "<p>",  "</p>", "word ",   "\n",   "another word ",
};

/* Never allowed in a line of text. */
static const char *const hostile[] = {
    "\r\nEVIL: line", "\r",           "\n",       "\r\n ",    "\r\n\r\nbody", "\001",
    "\033",           "\177",         "\302\205", "\302\237", "\342\200\250", "\342\200\251",
    "\300\212",       "\355\240\200", "\377",     "caf\351",  "\340\200\212",
};

static const char *const local_parts[] = {
    "a",       "first.last", "a+b",     "!#$%&'*+-/=?^_`{|}~", "\"a b\"",   "\"a@b\"",
    "\"a,b\"", "\"<a>\"",    "\".a.\"", "\"a\\\"b\\\\\"",      "someone-1", "x.y.z",
};

static const struct {
    const char *given;
    const char *wanted;
} domains[] = {
    {"b.de", "b.de"},
    {"EXAMPLE.Com", "example.com"},
    {"localhost", "localhost"},
    {"m\303\274nchen.de", "xn--mnchen-3ya.de"},
    {"[192.0.2.1]", "[192.0.2.1]"},
    {"[IPv6:2001:DB8::1]", "[IPv6:2001:db8::1]"},
};

static const char *const bad_addresses[] = {
    "",
    "a",
    "@b.de",
    "a@",
    "a b@c.de",
    "a@b@c.de",
    "a..b@c.de",
    ".a@b.de",
    "a@-b.de",
    "a@b..de",
    "a@b.de, c@d.de",
    "<a@b.de>",
    "a@b.de\r\nRCPT TO:<c@d.de>",
    "a@[1.2.3]",
    "\"a@b.de",
    "a@b.de>",
    "a(b)@c.de",
};

static const char *const bad_names[] = {"",
                                        "A B",
                                        "A:",
                                        "A\r\nB",
                                        "\303\244",
                                        "Bcc",
                                        "Content-Type",
                                        "From",
                                        "Received",
                                        "DKIM-Signature",
                                        "MIME-Version"};
static const char *const bad_types[] = {
    "text", "text/", "/x", "a b/c", "multipart/mixed", "text/plain; charset", "text/x\r\nEVIL: x"};
static const char *const good_types[] = {"application/pdf", "text/plain", "IMAGE/x-y.z+w"};

static struct {
    uint64_t state;
    char pool[1 << 20];
    size_t used;
} here;

static uint64_t next(void)
{
    here.state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = here.state;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static size_t below(size_t n)
{
    return (size_t)(next() % n);
}

static bool in_100(size_t share)
{
    return below(100) < share;
}

#define ONE_OF(array) (array)[below(N_OF(array))]

static struct text keep(const char *data, size_t len)
{
    if (here.used + len + 1 > sizeof here.pool)
        abort();
    char *copy = here.pool + here.used;
    memcpy(copy, data, len);
    copy[len] = '\0';
    here.used += len + 1;
    return (struct text){copy, len};
}

static struct text keep_str(const char *text)
{
    return keep(text, strlen(text));
}

/* A text that grows at the end of the pool. */
static void grow(struct text *text, const char *piece)
{
    size_t len = strlen(piece);
    if (here.used + len > sizeof here.pool)
        abort();
    memcpy(here.pool + here.used - 1, piece, len + 1);
    here.used += len;
    text->len += len;
}

/* Any character that is allowed everywhere. */
static void grow_character(struct text *text)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {{' ', '~'},       {0xa0, 0x17f},    {0x370, 0x3ff},     {0x4e00, 0x9fff},
                  {0x202a, 0xd7ff}, {0xe000, 0xfffd}, {0x10000, 0x10ffff}};
    size_t i = below(N_OF(ranges));
    uint32_t c = ranges[i].first + (uint32_t)below(ranges[i].last - ranges[i].first + 1);
    char octets[5] = {0};
    if (c < 0x80) {
        octets[0] = (char)c;
    } else if (c < 0x800) {
        octets[0] = (char)(0xc0 | c >> 6);
        octets[1] = (char)(0x80 | (c & 63));
    } else if (c < 0x10000) {
        octets[0] = (char)(0xe0 | c >> 12);
        octets[1] = (char)(0x80 | (c >> 6 & 63));
        octets[2] = (char)(0x80 | (c & 63));
    } else {
        octets[0] = (char)(0xf0 | c >> 18);
        octets[1] = (char)(0x80 | (c >> 12 & 63));
        octets[2] = (char)(0x80 | (c >> 6 & 63));
        octets[3] = (char)(0x80 | (c & 63));
    }
    grow(text, octets);
}

/* At most n pieces; a hostile one among them when it is to be spoilt. */
static struct text random_line(size_t n, bool spoilt)
{
    struct text text = keep("", 0);
    n = 1 + below(n);
    size_t at = below(n);
    for (size_t i = 0; i < n; i++) {
        if (spoilt && i == at)
            grow(&text, ONE_OF(hostile));
        else if (in_100(15))
            grow_character(&text);
        else
            grow(&text, ONE_OF(pieces));
    }
    return text;
}

static struct text random_body(size_t n)
{
    struct text text = keep("", 0);
    n = below(n + 1);
    for (size_t i = 0; i < n; i++) {
        if (in_100(50))
            grow(&text, ONE_OF(text_pieces));
        else if (in_100(20))
            grow_character(&text);
        else
            grow(&text, ONE_OF(pieces));
    }
    return text;
}

/* ---- calls ---- */

struct request {
    mailsub_message *message;
    struct asked *asked;
    bool stop; /* the message keeps an error: nothing more is asked */
    const char *wrong;
};

/* Whether the call did as it should; true when what it asked for now counts. */
static bool judge(struct request *request, int rc, bool allowed, const char *field)
{
    static char complaint[256];
    if ((rc == MAILSUB_OK) == allowed) {
        if (allowed)
            return true;
        const char *told;
        bool kept = mailsub_message_get_error(request->message, &told) == rc;
        request->asked->n_refused++;
        if (kept && strcmp(told, field) == 0) {
            request->stop = in_100(50);
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

typedef int mailbox_fn(mailsub_message *message, const char *address, const char *name);

static int add_to(mailsub_message *message, const char *address, const char *name)
{
    return mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, address, name);
}

static int add_cc(mailsub_message *message, const char *address, const char *name)
{
    return mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_CC, address, name);
}

static struct asked_mailbox random_mailbox(const char *local, struct text *out_given)
{
    if (!local)
        local = ONE_OF(local_parts);
    size_t at = below(N_OF(domains));
    char address[256];
    int len = snprintf(address, sizeof address, "%s@%s", local, domains[at].given);
    *out_given = keep(address, (size_t)len);
    len = snprintf(address, sizeof address, "%s@%s", local, domains[at].wanted);
    return (struct asked_mailbox){{NULL, 0}, keep(address, (size_t)len)};
}

static void ask_mailbox(struct request *request, int list, mailbox_fn *call)
{
    struct asked_list *asked = &request->asked->lists[list];
    if (request->stop)
        return;
    struct text given;
    struct asked_mailbox mailbox = random_mailbox(NULL, &given);
    bool bad_name = in_100(2);
    bool bad_address = in_100(2);
    if (bad_address)
        given = keep_str(ONE_OF(bad_addresses));
    if (bad_name || in_100(70))
        mailbox.name = random_line(in_100(50) ? 5 : 25, bad_name);
    int rc = call(request->message, given.ptr, mailbox.name.ptr);
    if (judge(request, rc, !bad_name && !bad_address, list_names[list]))
        asked->items[asked->n++] = mailbox;
}

static void ask_blind(struct request *request)
{
    struct asked *asked = request->asked;
    if (request->stop)
        return;
    char local[32];
    snprintf(local, sizeof local, "blind%u", (unsigned)below(1000000000));
    struct text given;
    struct asked_mailbox mailbox = random_mailbox(local, &given);
    int rc = mailsub_message_add_recipient(request->message, MAILSUB_RECIPIENT_BCC, given.ptr,
                                           in_100(50) ? "Blind Name" : NULL);
    if (judge(request, rc, true, "Bcc"))
        asked->blind[asked->n_blind++] = mailbox.address;
}

static void ask_many(struct request *request, int list, mailbox_fn *call)
{
    static const size_t numbers[] = {0, 1, 1, 2, 12};
    for (size_t n = ONE_OF(numbers); n > 0; n--)
        ask_mailbox(request, list, call);
}

static void ask_subject(struct request *request)
{
    static const size_t sizes[] = {3, 20, 100};
    if (request->stop || in_100(10))
        return;
    bool spoilt = in_100(3);
    struct text subject = random_line(ONE_OF(sizes), spoilt);
    int rc = mailsub_message_set_subject(request->message, subject.ptr);
    if (judge(request, rc, !spoilt, "Subject"))
        request->asked->subject = subject;
}

static void ask_header(struct request *request)
{
    struct asked *asked = request->asked;
    if (request->stop)
        return;
    bool spoilt = in_100(3);
    bool bad_name = in_100(3);
    char plain[8];
    snprintf(plain, sizeof plain, "X-%zu", asked->n_headers);
    struct text name = keep_str(bad_name ? ONE_OF(bad_names) : plain);
    struct text value = random_line(in_100(50) ? 3 : 20, spoilt);
    int rc = mailsub_message_add_header(request->message, name.ptr, value.ptr, value.len);
    bool well_formed = strspn(name.ptr, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-"
                                        "0123456789") == name.len &&
                       name.len > 0;
    if (judge(request, rc, !spoilt && !bad_name, well_formed ? name.ptr : "header")) {
        asked->header_names[asked->n_headers] = name;
        asked->header_values[asked->n_headers++] = value;
    }
}

static void ask_body(struct request *request, bool html)
{
    static const size_t sizes[] = {2, 10, 60};
    static const struct text bad[] = {{"a\0b", 3}, {"\377", 1}, {"\300\200", 2}, {"caf\351", 4}};
    if (request->stop || in_100(40))
        return;
    bool spoilt = in_100(3);
    struct text body = random_body(ONE_OF(sizes));
    if (spoilt)
        body = ONE_OF(bad);
    if (html) /* read back is what was asked for, not what is made of it */
        mailsub_message_set_text_from_html(request->message, 0);
    int rc = html ? mailsub_message_set_html(request->message, body.ptr, body.len)
                  : mailsub_message_set_text(request->message, body.ptr, body.len);
    if (judge(request, rc, !spoilt, html ? "html" : "text"))
        *(html ? &request->asked->html : &request->asked->text) = body;
}

/* A file name without what makes it a path. */
static struct text random_file_name(bool spoilt)
{
    struct text name = random_line(8, spoilt);
    char *octets = here.pool + (name.ptr - here.pool);
    for (size_t i = 0; i < name.len; i++) {
        if (octets[i] == '/' || octets[i] == '\\')
            octets[i] = '-';
    }
    grow(&name, "x");
    return name;
}

static void ask_file(struct request *request)
{
    static const size_t sizes[] = {0, 1, 56, 57, 58, 114, 3000};
    struct asked *asked = request->asked;
    if (request->stop)
        return;
    bool bad_name = in_100(3);
    bool bad_type = in_100(3);
    struct asked_file file = {.name = random_file_name(bad_name && in_100(50))};
    if (bad_name && strpbrk(file.name.ptr, "\r\n\033\177\377") == NULL)
        file.name = keep_str("../etc/passwd");
    if (bad_type || in_100(70))
        file.type = keep_str(bad_type ? ONE_OF(bad_types) : ONE_OF(good_types));
    size_t len = ONE_OF(sizes);
    file.content = keep("", 0);
    here.used += len;
    if (here.used > sizeof here.pool)
        abort();
    file.content.len = len;
    for (size_t i = 0; i < len; i++)
        here.pool[(size_t)(file.content.ptr - here.pool) + i] = (char)next();
    here.pool[here.used - 1] = '\0';
    int rc = mailsub_message_attach_data(request->message, file.name.ptr, file.type.ptr,
                                         file.content.ptr, len);
    if (judge(request, rc, !bad_name && !bad_type, "attachment"))
        asked->files[asked->n_files++] = file;
}

static int fixed_now(void *context, int64_t *out_unix_s, int32_t *out_zone_min)
{
    (void)context;
    *out_unix_s = ASKED_DATE;
    *out_zone_min = 60;
    return MAILSUB_OK;
}

static int fill(void *context, void *out, size_t n_bytes)
{
    (void)context;
    for (size_t i = 0; i < n_bytes; i++)
        ((unsigned char *)out)[i] = (unsigned char)next();
    return MAILSUB_OK;
}

static void ask_all(struct request *request)
{
    static const size_t numbers[] = {0, 0, 1, 3};
    ask_mailbox(request, FROM, mailsub_message_set_from);
    if (in_100(20))
        ask_mailbox(request, SENDER, mailsub_message_set_sender);
    ask_many(request, TO, add_to);
    ask_many(request, CC, add_cc);
    ask_many(request, REPLY_TO, mailsub_message_add_reply_to);
    for (size_t n = ONE_OF(numbers); n > 0; n--)
        ask_blind(request);
    ask_subject(request);
    for (size_t n = ONE_OF(numbers); n > 0; n--)
        ask_header(request);
    ask_body(request, false);
    ask_body(request, true);
    for (size_t n = ONE_OF(numbers); n > 0; n--)
        ask_file(request);
}

const char *request_make(uint64_t seed, struct asked *asked, mailsub_message **out_message)
{
    static const mailsub_clock clock = {.size = sizeof clock, .now = fixed_now};
    static const mailsub_random random = {.size = sizeof random, .fill = fill};
    here.state = seed * UINT64_C(0xd1342543de82ef95);
    here.used = 0;
    *asked = (struct asked){.n_blind = 0};
    struct request request = {.asked = asked};
    if (mailsub_message_new(NULL, &request.message) != MAILSUB_OK)
        return "no memory";
    mailsub_message_set_clock(request.message, &clock);
    mailsub_message_set_random(request.message, &random);
    ask_all(&request);
    *out_message = request.message;
    return request.wrong;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random mailboxes: one by one, and in lists as careless programs write them. */
#include <stdio.h>
#include <string.h>

#include "property.h"

const char *const list_names[N_LISTS] = {"From", "Sender", "Reply-To", "To", "Cc"};

static const char *const local_parts[] = {
    "a",       "first.last", "a+b",     "!#$%&'*+-/=?^_`{|}~", "\"a b\"",   "\"a@b\"",
    "\"a,b\"", "\"<a>\"",    "\".a.\"", "\"a\\\"b\\\\\"",      "someone-1", "x.y.z",
};

static const char *const utf8_local_parts[] = {
    "j\303\266rg",       "\347\224\250\346\210\267", "\"\303\244 b\"",
    "\303\244.\303\266", "\360\237\230\200",
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

static const char *const bad_lists[] = {
    "a@b.de c@d.de", "a@b.de; c@d.de",     "<a@b.de", "G: a@b.de", "a@b.de, G: H: a@b.de;;",
    "\"a <a@b.de>",  "a@b.de,\r\n c@d.de",
};

static const char *const group_names[] = {"Team", "A & B", "Gr\303\266\303\237e", "a, b", "x;y"};

typedef int mailbox_fn(mailsub_message *message, const char *address, const char *name);

static int add_to(mailsub_message *message, const char *address, const char *name)
{
    return mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, address, name);
}

static int add_cc(mailsub_message *message, const char *address, const char *name)
{
    return mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_CC, address, name);
}

static bool is_ascii(struct text text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] >= 0x80)
            return false;
    }
    return true;
}

static struct text join(const char *local, const char *domain)
{
    char address[256];
    int len = snprintf(address, sizeof address, "%s@%s", local, domain);
    return random_keep(address, (size_t)len);
}

/* Its name is still to be chosen. */
static struct asked_item random_mailbox(const struct request *request, const char *local,
                                        struct text *out_given)
{
    if (!local)
        local = request->may_smtputf8 && random_in_100(40) ? ONE_OF(utf8_local_parts)
                                                           : ONE_OF(local_parts);
    size_t at = random_below(N_OF(domains));
    *out_given = join(local, domains[at].given);
    return (struct asked_item){.kind = MAILBOX, .address = join(local, domains[at].wanted)};
}

static void note(struct asked *asked, int list, struct asked_item item)
{
    struct asked_list *items = &asked->lists[list];
    items->items[items->n++] = item;
    bool utf8 = !is_ascii(item.address);
    asked->header_is_utf8 |= utf8;
    asked->needs_smtputf8 |= utf8;
    if ((list == TO || list == CC) && item.kind == MAILBOX)
        asked->recipients[asked->n_recipients++] = item.address;
}

static void ask_mailbox(struct request *request, int list, mailbox_fn *call)
{
    if (request->stop)
        return;
    struct text given;
    struct asked_item item = random_mailbox(request, NULL, &given);
    bool bad_name = random_in_100(2);
    bool bad_address = random_in_100(2);
    if (bad_address)
        given = random_keep_str(ONE_OF(bad_addresses));
    if (!bad_address && !request->may_smtputf8 && random_in_100(1)) {
        given = join(ONE_OF(utf8_local_parts), "b.de");
        bad_address = true;
    }
    if (bad_name || random_in_100(70))
        item.name = random_line(random_in_100(50) ? 5 : 25, bad_name);
    int rc = call(request->message, given.ptr, item.name.ptr);
    if (!request_judge(request, rc, !bad_name && !bad_address, list_names[list]))
        return;
    if (call == mailsub_message_set_from || call == mailsub_message_set_sender)
        request->asked->lists[list].n = 0;
    note(request->asked, list, item);
}

static void note_blind(struct asked *asked, struct text address)
{
    asked->blind[asked->n_blind++] = address;
    asked->recipients[asked->n_recipients++] = address;
    asked->needs_smtputf8 |= !is_ascii(address);
}

static struct asked_item random_blind(const struct request *request, struct text *out_given)
{
    char local[64];
    snprintf(local, sizeof local, "blind%u%s", (unsigned)random_below(1000000000),
             request->may_smtputf8 && random_in_100(20) ? "\303\244" : "");
    return random_mailbox(request, local, out_given);
}

static void ask_blind(struct request *request)
{
    if (request->stop)
        return;
    struct text given;
    struct asked_item item = random_blind(request, &given);
    int rc = mailsub_message_add_recipient(request->message, MAILSUB_RECIPIENT_BCC, given.ptr,
                                           random_in_100(50) ? "Blind Name" : NULL);
    if (request_judge(request, rc, true, "Bcc"))
        note_blind(request->asked, item.address);
}

/* ---- lists ---- */

static void grow_space(struct text *text)
{
    static const char *const spaces[] = {"", " ", "  ", " \t", " (c)", "(a, <x@y.de> (b) \\) )"};
    random_grow(text, ONE_OF(spaces));
}

/* A name as it may stand in a list: in quotes, or as one long encoded word. */
static struct text listed_name(struct text name)
{
    struct text listed = random_keep("", 0);
    bool encoded = random_in_100(50);
    random_grow(&listed, encoded ? "=?utf-8?q?" : "\"");
    for (size_t i = 0; i < name.len; i++) {
        char piece[8] = {name.ptr[i], '\0'};
        if (encoded)
            snprintf(piece, sizeof piece, "=%02X", (unsigned char)name.ptr[i]);
        else if (strchr("\"\\", name.ptr[i]))
            snprintf(piece, sizeof piece, "\\%c", name.ptr[i]);
        random_grow(&listed, piece);
    }
    random_grow(&listed, encoded ? "?=" : "\"");
    return listed;
}

static struct text listed_mailbox(struct text name, struct text address)
{
    static const char *const routes[] = {"", "", "@r.de:", "@r.de,@s.de:"};
    struct text shown = name.ptr ? listed_name(name) : name;
    const char *route = ONE_OF(routes);
    struct text listed = random_keep("", 0);
    grow_space(&listed);
    if (shown.ptr)
        random_grow(&listed, shown.ptr);
    if (shown.ptr || random_in_100(30)) {
        grow_space(&listed);
        random_grow(&listed, "<");
        random_grow(&listed, route);
        random_grow(&listed, address.ptr);
        random_grow(&listed, ">");
    } else {
        random_grow(&listed, address.ptr);
    }
    grow_space(&listed);
    return listed;
}

/* Texts that were kept, as one. */
static struct text joined(const struct text *texts, size_t n)
{
    struct text all = random_keep("", 0);
    for (size_t i = 0; i < n; i++)
        random_grow(&all, texts[i].ptr);
    return all;
}

struct list {
    struct asked_item items[24];
    struct text texts[48];
    size_t n_items;
    size_t n_texts;
    bool in_group;
    bool is_first; /* of the list, or of the group */
};

static void list_put(struct list *list, struct asked_item item, struct text text)
{
    static const char *const commas[] = {",", ",,", " , "};
    if (!list->is_first)
        list->texts[list->n_texts++] = random_keep_str(ONE_OF(commas));
    list->is_first = false;
    list->items[list->n_items++] = item;
    list->texts[list->n_texts++] = text;
}

static void list_begin_group(struct list *list)
{
    struct text name = random_keep_str(ONE_OF(group_names));
    struct text given = listed_name(name);
    random_grow(&given, random_in_100(50) ? ":" : " (c) : ");
    list_put(list, (struct asked_item){.kind = GROUP, .name = name}, given);
    list->in_group = list->is_first = true;
}

static void list_end_group(struct list *list)
{
    list->items[list->n_items++] = (struct asked_item){.kind = GROUP_END};
    list->texts[list->n_texts++] = random_keep_str(random_in_100(50) ? ";" : " ; ");
    list->in_group = list->is_first = false;
}

static void random_list(const struct request *request, bool blind, struct list *list)
{
    *list = (struct list){.is_first = true};
    for (size_t n = 1 + random_below(5); n > 0; n--) {
        if (!list->in_group && random_in_100(20))
            list_begin_group(list);
        if (!list->in_group || random_in_100(70)) {
            struct text given;
            struct asked_item item =
                blind ? random_blind(request, &given) : random_mailbox(request, NULL, &given);
            if (random_in_100(60))
                item.name = random_line(5, false);
            list_put(list, item, listed_mailbox(item.name, given));
        }
        if (list->in_group && random_in_100(60))
            list_end_group(list);
    }
    if (list->in_group)
        list_end_group(list);
}

static void ask_list(struct request *request, int field)
{
    static const char *const names[] = {"To", "Cc", "Bcc"};
    bool blind = field == MAILSUB_RECIPIENT_BCC;
    if (request->stop)
        return;
    struct list list;
    random_list(request, blind, &list);
    struct text text = joined(list.texts, list.n_texts);
    bool bad = random_in_100(5);
    if (bad)
        text = random_keep_str(ONE_OF(bad_lists));
    size_t len = random_in_100(50) ? text.len : MAILSUB_NUL_TERMINATED;
    int rc = mailsub_message_add_recipients(request->message, field, text.ptr, len);
    if (!request_judge(request, rc, !bad, names[field]))
        return;
    for (size_t i = 0; i < list.n_items; i++) {
        if (!blind)
            note(request->asked, field == MAILSUB_RECIPIENT_TO ? TO : CC, list.items[i]);
        else if (list.items[i].kind == MAILBOX)
            note_blind(request->asked, list.items[i].address);
    }
}

/* ---- */

static void ask_many(struct request *request, int list, mailbox_fn *call)
{
    static const size_t numbers[] = {0, 0, 1, 1, 2, 12};
    for (size_t n = ONE_OF(numbers); n > 0; n--)
        ask_mailbox(request, list, call);
}

static void ask_return_path(struct request *request)
{
    struct text given;
    struct asked_item item = random_mailbox(request, NULL, &given);
    bool null = random_in_100(30);
    if (request->stop)
        return;
    int rc = mailsub_message_set_return_path(request->message, null ? "" : given.ptr);
    if (!request_judge(request, rc, true, "Return-Path"))
        return;
    request->asked->sender = null ? random_keep("", 0) : item.address;
    request->asked->needs_smtputf8 |= !null && !is_ascii(item.address);
}

void request_mailboxes(struct request *request)
{
    static const size_t numbers[] = {0, 0, 1, 3};
    bool several = random_in_100(10);
    if (random_in_100(15)) {
        request->may_smtputf8 = true;
        mailsub_message_allow_smtputf8(request->message, 1);
    }
    ask_mailbox(request, FROM, mailsub_message_set_from);
    for (size_t n = several ? 1 + random_below(3) : 0; n > 0; n--)
        ask_mailbox(request, FROM, mailsub_message_add_from);
    if (random_in_100(several ? 90 : 20))
        ask_mailbox(request, SENDER, mailsub_message_set_sender);
    ask_many(request, TO, add_to);
    if (random_in_100(30))
        ask_list(request, (int)random_below(3));
    ask_many(request, CC, add_cc);
    if (random_in_100(10))
        ask_list(request, (int)random_below(3));
    ask_many(request, REPLY_TO, mailsub_message_add_reply_to);
    for (size_t n = ONE_OF(numbers); n > 0; n--)
        ask_blind(request);
    if (random_in_100(15))
        ask_return_path(request);
}

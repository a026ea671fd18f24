/* SPDX-License-Identifier: 0BSD */
/*
 * Addresses as programs of this host write them: "root", "root (Cron Daemon)". No submission server
 * takes them, so each gets a domain, and a name may stand for somebody elsewhere (aliases).
 *
 * Only what is clearly an address without a domain is touched; all else is left to the library,
 * which parses it, and refuses what is wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "command.h"
#include "sendmail.h"

/* An address list that is read from one end to the other, and written anew. */
struct scan {
    struct work *work;
    const char *at;
    FILE *out;
    bool has_aliases;
};

/* What one entry of the list consists of. */
struct entry {
    const char *name; /* its only word that is no comment */
    size_t name_len;
    size_t n_words;
    bool has_at;
};

/* The setting, what Debian keeps in /etc/mailname, or the name of this host. */
const char *origin_of(struct work *work)
{
    const char *named = setting_of(work, OPTION_ORIGIN);
    size_t len;
    if (named)
        return named;
    if (!work->origin && access("/etc/mailname", R_OK) == 0) {
        char *data = read_whole(work, "/etc/mailname", 0, &len);
        char *rest = data;
        char *line = data ? next_line(&rest) : NULL;
        line = line ? trim(line) : NULL;
        if (line && strchr(line, '.'))
            work->origin = copy_text(line, strlen(line));
        free(data);
    }
    if (!work->origin) {
        char host[256] = "localhost";
        if (gethostname(host, sizeof host - 1) != 0 || host[0] == '\0')
            strcpy(host, "localhost");
        work->origin = copy_text(host, strlen(host));
    }
    return work->origin;
}

/* Behind a comment, which may hold others; at the end when it is not closed. */
static const char *skip_comment(const char *text)
{
    unsigned depth = 0;
    for (; *text != '\0'; text++) {
        depth += *text == '(';
        if (*text == '\\' && text[1] != '\0')
            text++;
        else if (*text == ')' && --depth == 0)
            return text + 1;
    }
    return text;
}

static const char *skip_quoted(const char *text)
{
    for (text++; *text != '\0' && *text != '"'; text++) {
        if (*text == '\\' && text[1] != '\0')
            text++;
    }
    return *text == '"' ? text + 1 : text;
}

/* Behind the entry that begins here; what stands in < > is an entry of its own. */
static const char *measure(const char *text, struct entry *entry)
{
    while (*text != '\0' && !strchr(",;:<>", *text)) {
        size_t n_white = strspn(text, " \t\r\n");
        if (n_white > 0) {
            text += n_white;
            continue;
        }
        if (*text == '(') {
            text = skip_comment(text);
            continue;
        }
        const char *begin = text;
        while (*text != '\0' && !strchr(",;:<>( \t\r\n", *text)) {
            entry->has_at |= *text == '@';
            text = *text == '"' ? skip_quoted(text) : text + 1;
        }
        entry->name = begin;
        entry->name_len = (size_t)(text - begin);
        entry->n_words++;
    }
    return text;
}

/* What the file of aliases says of a name, to be freed; or NULL. "name: address, address" */
static char *find_alias(struct work *work, const char *name, size_t name_len)
{
    const char *path = setting_of(work, OPTION_ALIASES);
    char *found = NULL;
    char *fallback = NULL;
    size_t len;
    char *data = path ? read_whole(work, path, 0, &len) : NULL;
    char *rest = data;
    for (char *line; rest && !found && (line = next_line(&rest)) != NULL;) {
        char *colon = strchr(line, ':');
        if (*line == '#' || !colon)
            continue;
        *colon = '\0';
        const char *word = trim(line);
        char *value = trim(colon + 1);
        if (strlen(word) == name_len && strncasecmp(word, name, name_len) == 0)
            found = copy_text(value, strlen(value));
        else if (strcmp(word, "default") == 0 && !fallback)
            fallback = copy_text(value, strlen(value));
    }
    free(data);
    if (found)
        free(fallback);
    return found ? found : fallback;
}

static void put_name(struct scan *scan, const struct entry *entry)
{
    char *alias = scan->has_aliases ? find_alias(scan->work, entry->name, entry->name_len) : NULL;
    /* One step: an alias of an alias is qualified, and not looked up. */
    char *address = alias ? qualify(scan->work, alias, false) : NULL;
    if (address)
        fputs(address, scan->out);
    else
        fprintf(scan->out, "%.*s@%s", (int)entry->name_len, entry->name, origin_of(scan->work));
    free(address);
    free(alias);
}

/*
 * One entry. It is an address without a domain when it is one word without an @, and neither the
 * name of what stands in < > behind it nor that of a group.
 */
static void put_entry(struct scan *scan)
{
    struct entry entry = {.name = NULL};
    const char *begin = scan->at;
    const char *end = measure(begin, &entry);
    bool is_address = entry.n_words == 1 && !entry.has_at && *end != '<' && *end != ':';
    if (is_address) {
        fwrite(begin, 1, (size_t)(entry.name - begin), scan->out);
        put_name(scan, &entry);
        begin = entry.name + entry.name_len;
    }
    fwrite(begin, 1, (size_t)(end - begin), scan->out);
    if (*end != '\0')
        putc(*end++, scan->out);
    scan->at = end;
}

char *qualify(struct work *work, const char *list, bool has_aliases)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = need(open_memstream(&text, &len));
    struct scan scan = {.work = work, .at = list, .out = out, .has_aliases = has_aliases};
    while (*scan.at != '\0')
        put_entry(&scan);
    fclose(out);
    return need(text);
}

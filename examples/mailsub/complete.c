/* SPDX-License-Identifier: 0BSD */
/* The header of a message from a program of this host, made fit for a submission server. */
#include <ctype.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "command.h"
#include "sendmail.h"

static const char *const authors[] = {"From", "Sender", "Reply-To"};
static const char *const recipients[] = {"To", "Cc", "Bcc"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_among(const char *const *names, size_t n, const char *name, size_t len)
{
    static const char resent[] = "Resent-";
    if (len > sizeof resent - 1 && strncasecmp(name, resent, sizeof resent - 1) == 0) {
        name += sizeof resent - 1;
        len -= sizeof resent - 1;
    }
    for (size_t i = 0; i < n; i++) {
        if (strlen(names[i]) == len && strncasecmp(names[i], name, len) == 0)
            return true;
    }
    return false;
}

/* Behind the field that begins here, its further lines included. */
static const char *field_end(const char *field, const char *end)
{
    while (field < end) {
        const char *line = memchr(field, '\n', (size_t)(end - field));
        field = line ? line + 1 : end;
        if (field >= end || (*field != ' ' && *field != '\t'))
            break;
    }
    return field;
}

/* "Name <user@host>" of whoever runs this, as the header lacks a From. */
static void put_author(struct work *work, const struct sendmail *mail, FILE *out)
{
    const struct passwd *user = getpwuid(getuid());
    const char *login = user && user->pw_name[0] != '\0' ? user->pw_name : "nobody";
    const char *address = mail->sender && *mail->sender != '\0' ? mail->sender : login;
    char *qualified = qualify(work, address, false);
    fputs("From: ", out);
    if (mail->full_name) {
        putc('"', out);
        for (const char *c = mail->full_name; *c != '\0'; c++) {
            if (*c == '"' || *c == '\\')
                putc('\\', out);
            putc(iscntrl((unsigned char)*c) ? ' ' : *c, out);
        }
        fprintf(out, "\" <%s>\n", qualified);
    } else {
        fprintf(out, "%s\n", qualified);
    }
    free(qualified);
}

/* A field as it stands, or with its addresses qualified. One with a NUL is left to the library, which
   refuses it: what stands behind that would be lost, and the line's end with it. */
static void put_field(struct work *work, const char *field, size_t len, FILE *out)
{
    const char *colon = memchr(field, ':', len);
    size_t name_len = colon ? (size_t)(colon - field) : 0;
    while (name_len > 0 && (field[name_len - 1] == ' ' || field[name_len - 1] == '\t'))
        name_len--;
    bool is_author = is_among(authors, COUNT(authors), field, name_len);
    bool is_recipient = is_among(recipients, COUNT(recipients), field, name_len);
    if ((!is_author && !is_recipient) || memchr(field, '\0', len)) {
        fwrite(field, 1, len, out);
        return;
    }
    size_t head = (size_t)(colon - field) + 1;
    char *value = copy_text(field + head, len - head);
    char *list = qualify(work, value, !is_author);
    fwrite(field, 1, head, out);
    fputs(list, out);
    free(list);
    free(value);
}

char *complete_header(struct work *work, const struct sendmail *mail, const char *data, size_t len,
                      size_t *out_len)
{
    const char *end = data + len;
    const char *at = data;
    bool has_author = false;
    char *whole = NULL;
    FILE *out = need(open_memstream(&whole, out_len));
    while (at < end && *at != '\n' && strncmp(at, "\r\n", 2) != 0) {
        const char *next = field_end(at, end);
        bool is_mailbox = at == data && strncmp(at, "From ", 5) == 0;
        if (!is_mailbox && !memchr(at, ':', (size_t)(next - at)))
            break; /* the body, without an empty line in front */
        has_author |= strncasecmp(at, "From", 4) == 0 && at[4 + strspn(at + 4, " \t")] == ':';
        if (!is_mailbox)
            put_field(work, at, (size_t)(next - at), out);
        at = next;
    }
    if (!has_author)
        put_author(work, mail, out);
    if (at < end && *at != '\n' && *at != '\r')
        putc('\n', out);
    fwrite(at, 1, (size_t)(end - at), out);
    fclose(out);
    return need(whole);
}

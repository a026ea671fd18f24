/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/deposit.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mailsub/error.h>

#include "base/fd.h"
#include "net/clock.h"

#define PATH_LEN (MAILSUB__DEPOSIT_NAME_LEN + 16)
/* Of this host's name, which only helps to tell names apart. */
#define MAX_HOST 16

/* Where a form keeps its files, by name. */
static const struct form {
    const char *temporary; /* while the content comes */
    const char *final;
    const char *seen;       /* the directory in which it shows */
    const char *remnant[3]; /* what there may be of one that was not finished */
} forms[] = {
    [MAILSUB__DEPOSIT_MAILDIR] = {"tmp/%s", "new/%s", "new", {"tmp/%s"}},
    [MAILSUB__DEPOSIT_DIRECTORY] = {".%s.eml.part",
                                    "%s.eml",
                                    ".",
                                    {".%s.eml.part", ".%s.json.part", "%s.json"}},
};

void mailsub__deposit_init(mailsub__deposit *deposit, enum mailsub__deposit_form form,
                           const char *path)
{
    *deposit = (mailsub__deposit){.path = path, .form = form, .directory = -1};
}

/* ---- names ---- */

/* The first label of this host's name; what has a meaning in a Maildir's names is left out. */
static void find_host(char out[MAX_HOST + 1])
{
    char host[256];
    size_t n = 0;
    if (gethostname(host, sizeof host) != 0)
        memcpy(host, "localhost", sizeof "localhost");
    host[sizeof host - 1] = '\0';
    for (const char *at = host; *at != '\0' && *at != '.' && n < MAX_HOST; at++) {
        bool is_plain = mailsub__ascii_is_alpha(*at) || mailsub__ascii_is_digit(*at) || *at == '-';
        out[n++] = is_plain ? *at : '_';
    }
    out[n] = '\0';
}

/*
 * Time, process, number and 64 random bits; and the host, which Maildir wants. No two processes on
 * any host come to the same one, and nobody can guess it. False: no random numbers.
 */
static bool choose_name(mailsub__deposit *deposit)
{
    char front[64];
    uint64_t noise;
    mailsub_instant now;
    if (mailsub__system_random.fill(NULL, &noise, sizeof noise) != 0)
        return false;
    mailsub__clock_instant(true, &now);
    snprintf(front, sizeof front, "%" PRId64 ".P%ldQ%uR%016" PRIx64, now.unix_ms / 1000,
             (long)getpid(), ++deposit->n_begun % 100000, noise);
    char host[MAX_HOST + 1] = "";
    if (deposit->form == MAILSUB__DEPOSIT_MAILDIR)
        find_host(host);
    snprintf(deposit->name, sizeof deposit->name, "%s%s%s", front, host[0] != '\0' ? "." : "",
             host);
    return true;
}

/* The path of a file of this message, within the directory. */
static const char *fill(const mailsub__deposit *deposit, const char *pattern, char out[PATH_LEN])
{
    const char *at = strstr(pattern, "%s");
    snprintf(out, PATH_LEN, "%.*s%s%s", (int)(at - pattern), pattern, deposit->name, at + 2);
    return out;
}

static const struct form *form_of(const mailsub__deposit *deposit)
{
    return &forms[deposit->form];
}

/* ---- the directory ---- */

static int open_directory(int at, const char *path)
{
    return mailsub__fd_lift(openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/* A file system with nothing to write back (EINVAL) has no need of it. */
static int sync_it(int fd)
{
    int result;
    do
        result = fsync(fd);
    while (result != 0 && errno == EINTR);
    return result == 0 || errno == EINVAL ? 0 : errno;
}

/* That a directory was made: its parent, which may not be readable, and mostly need not be. */
static void sync_parent(int fd)
{
    int parent = open_directory(fd, "..");
    if (parent >= 0)
        sync_it(parent);
    mailsub__fd_close(&parent);
}

/* A Maildir is made where it is missing, as mail systems do; but not the directories above it: a
   disk that is not mounted would be shadowed by one. */
static int open_maildir(mailsub__deposit *deposit)
{
    static const char *const parts[] = {"tmp", "new", "cur"};
    bool is_made = false;
    int fd = open_directory(AT_FDCWD, deposit->path);
    if (fd < 0 && errno == ENOENT) {
        is_made = mkdir(deposit->path, S_IRWXU) == 0;
        fd = is_made || errno == EEXIST ? open_directory(AT_FDCWD, deposit->path) : -1;
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && fd >= 0; i++) {
        if (mkdirat(fd, parts[i], S_IRWXU) == 0) {
            deposit->is_new = true;
        } else if (errno != EEXIST) {
            int error = errno;
            mailsub__fd_close(&fd);
            errno = error;
        }
    }
    if (is_made && fd >= 0)
        sync_parent(fd);
    return fd;
}

/* A new file of this message for the spool. 0 or an errno. */
static int make_file(const mailsub__deposit *deposit, const char *pattern, mailsub__spool *spool)
{
    char path[PATH_LEN];
    int fd = openat(deposit->directory, fill(deposit, pattern, path),
                    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    fd = mailsub__fd_lift(fd);
    if (fd < 0)
        return errno;
    mailsub__spool_take(spool, fd);
    return 0;
}

/* It does not take the place of another file, where the file system can see to that. */
static int move_file(const mailsub__deposit *deposit, const char *from, const char *to)
{
    char old[PATH_LEN];
    char new[PATH_LEN];
    int at = deposit->directory;
    fill(deposit, from, old);
    fill(deposit, to, new);
    if (renameat2(at, old, at, new, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return errno;
    return renameat(at, old, at, new) == 0 ? 0 : errno;
}

/* ---- the envelope ---- */

static void write_text(mailsub__spool *spool, const char *text)
{
    mailsub__spool_write(spool, text, strlen(text));
}

/*
 * Return-Path stands first (RFC 5321 section 4.4). Delivered-To only where it gives no recipient
 * away to another one.
 */
static void write_trace(const mailsub__letter *letter, mailsub__spool *spool)
{
    write_text(spool, "Return-Path: <");
    write_text(spool, letter->addresses);
    write_text(spool, ">\n");
    if (letter->n_addresses != 2)
        return;
    write_text(spool, "Delivered-To: ");
    write_text(spool, letter->addresses + strlen(letter->addresses) + 1);
    write_text(spool, "\n");
}

/* RFC 8259 section 7. No control can be in an address; one here would still do no harm. */
static void write_string(mailsub__spool *spool, const char *text)
{
    write_text(spool, "\"");
    for (const char *at = text; *at != '\0'; at++) {
        char escape[8] = {*at, '\0'};
        if (*at == '"' || *at == '\\')
            snprintf(escape, sizeof escape, "\\%c", *at);
        else if ((unsigned char)*at < ' ')
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned)*at);
        write_text(spool, escape);
    }
    write_text(spool, "\"");
}

static void write_envelope(const mailsub__letter *letter, mailsub__spool *spool)
{
    const char *at = letter->addresses;
    write_text(spool, "{\"sender\":");
    write_string(spool, at);
    write_text(spool, ",\"recipients\":[");
    for (size_t i = 1; i < letter->n_addresses; i++) {
        at += strlen(at) + 1;
        write_text(spool, i > 1 ? "," : "");
        write_string(spool, at);
    }
    write_text(spool, letter->eight_bit ? "],\"body\":\"8BITMIME\"" : "],\"body\":\"7BIT\"");
    write_text(spool, letter->utf8 ? ",\"smtputf8\":true}\n" : ",\"smtputf8\":false}\n");
}

/* ---- from begin to finish ---- */

int mailsub__deposit_begin(mailsub__deposit *deposit, const mailsub__letter *letter,
                           mailsub__spool *spool)
{
    deposit->is_new = false;
    if (!choose_name(deposit))
        return EAGAIN;
    deposit->directory = deposit->form == MAILSUB__DEPOSIT_MAILDIR
                             ? open_maildir(deposit)
                             : open_directory(AT_FDCWD, deposit->path);
    if (deposit->directory < 0)
        return errno;
    int error = make_file(deposit, form_of(deposit)->temporary, spool);
    if (error != 0)
        mailsub__deposit_drop(deposit); /* a file whose descriptor could not be lifted */
    else if (deposit->form == MAILSUB__DEPOSIT_MAILDIR)
        write_trace(letter, spool);
    return error;
}

/* All that the spool was given is on the disk. */
static int settle(mailsub__spool *spool)
{
    return mailsub__spool_flush(spool) ? sync_it(spool->fd) : spool->error;
}

/* It is seen before the message is. */
static int show_envelope(const mailsub__deposit *deposit, const mailsub__letter *letter,
                         mailsub__spool *spool)
{
    int error = make_file(deposit, ".%s.json.part", spool);
    if (error == 0) {
        write_envelope(letter, spool);
        error = settle(spool);
    }
    return error == 0 ? move_file(deposit, ".%s.json.part", "%s.json") : error;
}

/* 0: it shows, and *out_seen is the directory in which it does. */
static int show(const mailsub__deposit *deposit, const mailsub__letter *letter,
                mailsub__spool *spool, int *out_seen)
{
    const struct form *form = form_of(deposit);
    int error = settle(spool);
    if (error == 0 && deposit->form == MAILSUB__DEPOSIT_DIRECTORY)
        error = show_envelope(deposit, letter, spool);
    if (error == 0 && deposit->is_new)
        error = sync_it(deposit->directory);
    if (error != 0)
        return error;
    int seen = open_directory(deposit->directory, form->seen); /* before it is too late to fail */
    if (seen < 0)
        return errno;
    error = move_file(deposit, form->temporary, form->final);
    if (error != 0)
        mailsub__fd_close(&seen);
    *out_seen = seen;
    return error;
}

enum mailsub__deposit_end mailsub__deposit_finish(mailsub__deposit *deposit,
                                                  const mailsub__letter *letter,
                                                  mailsub__spool *spool, int *out_error)
{
    int seen = -1;
    *out_error = show(deposit, letter, spool, &seen);
    if (*out_error != 0) {
        mailsub__deposit_drop(deposit);
        return MAILSUB__DEPOSIT_FAILED;
    }
    *out_error = sync_it(seen);
    mailsub__fd_close(&seen);
    mailsub__fd_close(&deposit->directory);
    return *out_error == 0 ? MAILSUB__DEPOSIT_DONE : MAILSUB__DEPOSIT_UNSURE;
}

void mailsub__deposit_drop(mailsub__deposit *deposit)
{
    const struct form *form = form_of(deposit);
    char path[PATH_LEN];
    if (deposit->directory < 0)
        return;
    for (size_t i = 0; i < sizeof form->remnant / sizeof form->remnant[0]; i++) {
        if (form->remnant[i])
            unlinkat(deposit->directory, fill(deposit, form->remnant[i], path), 0);
    }
    mailsub__fd_close(&deposit->directory);
}

void mailsub__deposit_abandon(mailsub__deposit *deposit, bool closed)
{
    if (closed)
        deposit->directory = -1;
    mailsub__fd_close(&deposit->directory);
}

const char *mailsub__deposit_get_name(const mailsub__deposit *deposit)
{
    return deposit->name;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Zip (APPNOTE.TXT): general purpose bit 0 of an entry, in the central directory at the end, and in
 * the local headers at the front where there is none. RAR 4 and 5: flags of the archive's and the
 * files' headers. 7z: AES among the coders, which stands in the clear even when the names do not.
 * Programs: Windows, ELF.
 *
 * Not handled: archives within archives, and headers of 7z that are compressed, where the coder of
 * the header itself still shows AES when the names are encrypted.
 */
#include "message/archive.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <mailsub/error.h>

#include "base/memory.h"

enum { FRONT = MAILSUB__ARCHIVE_FRONT, TAIL = MAILSUB__ARCHIVE_TAIL };
enum { MOST_ENTRIES = 4096 }; /* looked at in one archive */

typedef struct octets {
    const uint8_t *ptr;
    size_t len;
} octets;

static uint32_t le16(const uint8_t *p)
{
    return (uint32_t)(p[0] | p[1] << 8);
}

static uint32_t le32(const uint8_t *p)
{
    return le16(p) | le16(p + 2) << 16;
}

static uint64_t le64(const uint8_t *p)
{
    return le32(p) | (uint64_t)le32(p + 4) << 32;
}

static bool begins(octets data, const char *mark, size_t len)
{
    return data.len >= len && memcmp(data.ptr, mark, len) == 0;
}

static octets from(octets data, size_t at)
{
    return (octets){data.ptr + at, data.len - at};
}

bool mailsub__archive_is_program_name(mailsub__slice name)
{
    static const char *const ends[] = {
        "ade", "adp", "apk", "appx", "bat", "cab", "chm", "cmd",  "com", "cpl",
        "dll", "dmg", "exe", "hta",  "img", "ins", "iso", "isp",  "jar", "jnlp",
        "js",  "jse", "lnk", "mde",  "mjs", "msc", "msi", "msix", "msp", "mst",
        "nsh", "pif", "ps1", "psm1", "reg", "scr", "sct", "shb",  "sys", "vb",
        "vbe", "vbs", "vhd", "vhdx", "vxd", "wsc", "wsf", "wsh",  "xll", "xpi",
    };
    while (name.len > 0 && (name.ptr[name.len - 1] == '.' || name.ptr[name.len - 1] == ' '))
        name.len--; /* Windows leaves them out */
    const char *dot = memrchr(name.ptr, '.', name.len);
    if (!dot)
        return false;
    mailsub__slice end = mailsub__slice_of(dot + 1, name.len - (size_t)(dot - name.ptr) - 1);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (mailsub__slice_equal_nocase(end, mailsub__slice_str(ends[i])))
            return true;
    }
    return false;
}

/* "MZ" alone begins many a text: the header that it points to decides. */
static bool is_program(octets front)
{
    enum { POINTER = 0x3c };
    if (begins(front,
               "\x7f"
               "ELF",
               4))
        return true;
    if (!begins(front, "MZ", 2) || front.len < POINTER + 4)
        return false;
    uint32_t at = le32(front.ptr + POINTER);
    return at < front.len && begins(from(front, at), "PE\0\0", 4);
}

/* One entry of a zip archive: its flags and its name. */
static void note_entry(mailsub__archive *out, uint32_t flags, mailsub__slice name)
{
    if (flags & 1u)
        out->is_encrypted = true;
    if (out->program[0] != '\0' || !mailsub__archive_is_program_name(name))
        return;
    const char *slash = memrchr(name.ptr, '/', name.len);
    if (slash)
        name = mailsub__slice_of(slash + 1, name.len - (size_t)(slash - name.ptr) - 1);
    size_t n = name.len < sizeof out->program ? name.len : sizeof out->program - 1;
    memcpy(out->program, name.ptr, n);
    out->program[n] = '\0';
}

/* Entries of the central directory from data on; their number. */
static size_t walk_central(octets data, mailsub__archive *out)
{
    enum { FIXED = 46 };
    size_t n = 0;
    while (n < MOST_ENTRIES && data.len >= FIXED && begins(data, "PK\1\2", 4)) {
        size_t name_len = le16(data.ptr + 28);
        size_t len = FIXED + name_len + le16(data.ptr + 30) + le16(data.ptr + 32);
        if (len > data.len)
            break;
        note_entry(out, le16(data.ptr + 8), mailsub__slice_of(data.ptr + FIXED, name_len));
        data = from(data, len);
        n++;
    }
    return n;
}

/* Local headers one behind the other, as far as they say how long their content is. */
static void walk_local(octets data, mailsub__archive *out)
{
    enum { FIXED = 30 };
    for (size_t n = 0; n < MOST_ENTRIES && data.len >= FIXED && begins(data, "PK\3\4", 4); n++) {
        uint32_t flags = le16(data.ptr + 6);
        size_t name_len = le16(data.ptr + 26);
        size_t len = FIXED + name_len + le16(data.ptr + 28);
        if (len > data.len)
            return;
        note_entry(out, flags, mailsub__slice_of(data.ptr + FIXED, name_len));
        uint32_t content = le32(data.ptr + 18);
        if ((flags & 1u << 3) || content > data.len - len)
            return; /* the length stands behind the content, or the content goes on */
        data = from(data, len + content);
    }
}

/* tail is the end of the archive, and begins at its octet at. */
static void look_into_zip(octets front, octets tail, uint64_t at, mailsub__archive *out)
{
    enum { END_FIXED = 22 };
    walk_local(front, out);
    for (size_t i = tail.len >= END_FIXED ? tail.len - END_FIXED + 1 : 0; i-- > 0;) {
        octets end = from(tail, i);
        if (!begins(end, "PK\5\6", 4))
            continue;
        uint64_t start = le32(end.ptr + 16);
        if (start >= at && start - at < tail.len)
            walk_central(from(tail, (size_t)(start - at)), out);
        return;
    }
}

static void look_into_rar4(octets data, mailsub__archive *out)
{
    enum { HEAD = 7, MARK = 7, ARCHIVE = 0x73, FILE_HEAD = 0x74, HAS_CONTENT = 0x8000 };
    data = from(data, MARK);
    for (size_t n = 0; n < MOST_ENTRIES && data.len >= HEAD + 4; n++) {
        uint32_t type = data.ptr[2];
        uint32_t flags = le16(data.ptr + 3);
        uint64_t len = le16(data.ptr + 5);
        if (len < HEAD)
            return;
        out->is_encrypted |= type == ARCHIVE && (flags & 0x80u);
        out->is_encrypted |= type == FILE_HEAD && (flags & 0x04u);
        if (flags & HAS_CONTENT)
            len += le32(data.ptr + HEAD);
        if (len > data.len)
            return;
        data = from(data, (size_t)len);
    }
}

/* A number of RAR 5: seven bits an octet, the lowest first. False: it is cut off, or too long. */
static bool take_vint(octets *data, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < data->len && i < 9; i++) {
        *out |= (uint64_t)(data->ptr[i] & 0x7fu) << (7 * i);
        if (!(data->ptr[i] & 0x80u)) {
            *data = from(*data, i + 1);
            return true;
        }
    }
    return false;
}

/* Whether the extra area of a file's header holds an encryption record, of type 1. */
static bool has_rar5_encryption(octets extra)
{
    uint64_t len;
    uint64_t type;
    while (take_vint(&extra, &len) && len > 0 && len <= extra.len) {
        octets record = {extra.ptr, (size_t)len};
        if (take_vint(&record, &type) && type == 1)
            return true;
        extra = from(extra, (size_t)len);
    }
    return false;
}

static void look_into_rar5(octets data, mailsub__archive *out)
{
    enum { MARK = 8, CRC = 4, FILE_HEAD = 2, SERVICE = 3, ENCRYPTION = 4, EXTRA = 1, CONTENT = 2 };
    data = from(data, MARK);
    for (size_t n = 0; n < MOST_ENTRIES && data.len > CRC; n++) {
        octets rest = from(data, CRC);
        uint64_t len;
        if (!take_vint(&rest, &len) || len > rest.len)
            return;
        octets head = {rest.ptr, (size_t)len};
        octets next = from(rest, (size_t)len);
        uint64_t type;
        uint64_t flags;
        uint64_t extra_len = 0;
        uint64_t content_len = 0;
        if (!take_vint(&head, &type) || !take_vint(&head, &flags) ||
            ((flags & EXTRA) && !take_vint(&head, &extra_len)) ||
            ((flags & CONTENT) && !take_vint(&head, &content_len)))
            return;
        out->is_encrypted |= type == ENCRYPTION;
        if ((type == FILE_HEAD || type == SERVICE) && extra_len > 0 && extra_len <= head.len)
            out->is_encrypted |= has_rar5_encryption(from(head, head.len - (size_t)extra_len));
        if (type == ENCRYPTION || content_len > next.len)
            return;
        data = from(next, (size_t)content_len);
    }
}

/* The coder 7zAES, 06 F1 07 01, in the header at the end, whose place the front tells. */
static void look_into_7z(octets front, octets tail, uint64_t at, mailsub__archive *out)
{
    enum { FIXED = 32 };
    if (front.len < FIXED)
        return;
    uint64_t start = le64(front.ptr + 12);
    uint64_t len = le64(front.ptr + 20);
    if (start > UINT64_MAX - FIXED || start + FIXED < at || start + FIXED - at > tail.len)
        return;
    octets header = from(tail, (size_t)(start + FIXED - at));
    if (len < header.len)
        header.len = (size_t)len;
    out->is_encrypted |= memmem(header.ptr, header.len, "\x06\xf1\x07\x01", 4) != NULL;
}

/* Octets from at on, at most room; in memory they are not copied. */
static int read_at(const mailsub__archive_source *source, uint64_t at, char *room, octets *data)
{
    if (source->data) {
        data->ptr = (const uint8_t *)source->data + at;
        return MAILSUB_OK;
    }
    size_t n = 0;
    while (n < data->len) {
        ssize_t got = pread(source->fd, room + n, data->len - n, (off_t)(at + n));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return MAILSUB_E_FILE;
        if (got == 0)
            break;
        n += (size_t)got;
    }
    *data = (octets){(const uint8_t *)room, n};
    return MAILSUB_OK;
}

static bool needs_tail(octets front)
{
    return begins(front, "PK\3\4", 4) || begins(front, "7z\xbc\xaf\x27\x1c", 6);
}

static void look(octets front, octets tail, uint64_t tail_at, mailsub__archive *out)
{
    out->is_program = is_program(front);
    if (begins(front, "PK\3\4", 4))
        look_into_zip(front, tail, tail_at, out);
    else if (begins(front, "Rar!\x1a\x07\x00", 7))
        look_into_rar4(front, out);
    else if (begins(front, "Rar!\x1a\x07\x01\x00", 8))
        look_into_rar5(front, out);
    else if (begins(front, "7z\xbc\xaf\x27\x1c", 6))
        look_into_7z(front, tail, tail_at, out);
}

static octets octets_of(mailsub__slice text)
{
    return (octets){(const uint8_t *)text.ptr, text.len};
}

bool mailsub__archive_needs_tail(mailsub__slice front)
{
    return needs_tail(octets_of(front));
}

void mailsub__archive_judge(mailsub__slice front, mailsub__slice tail, uint64_t tail_at,
                            mailsub__archive *out)
{
    *out = (mailsub__archive){.is_program = false};
    look(octets_of(front), octets_of(tail), tail_at, out);
}

int mailsub__archive_look(const mailsub__archive_source *source, const mailsub_allocator *allocator,
                          mailsub__archive *out)
{
    *out = (mailsub__archive){.is_program = false};
    if (source->len == 0)
        return MAILSUB_OK;
    octets front = {NULL, source->len < FRONT ? (size_t)source->len : FRONT};
    octets tail = {NULL, source->len < TAIL ? (size_t)source->len : TAIL};
    uint64_t tail_at = source->len - tail.len;
    char *room = NULL;
    if (!source->data) {
        room = mailsub__alloc(allocator, front.len + tail.len);
        if (!room)
            return MAILSUB_E_NOMEM;
    }
    size_t front_len = front.len;
    int rc = read_at(source, 0, room, &front);
    if (!rc && !needs_tail(front))
        tail.len = 0;
    if (!rc && tail.len > 0)
        rc = read_at(source, tail_at, room ? room + front_len : NULL, &tail);
    if (!rc)
        look(front, tail, tail_at, out);
    mailsub__free(allocator, room);
    return rc;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules about attachments, and about size. */
#include <stdio.h>

#include "message/check_parts.h"

static uint64_t times(uint64_t a, uint64_t b)
{
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

void mailsub__check_total(mailsub__check *check, uint64_t total)
{
    const mailsub_message *message = check->message;
    size_t n = message->n_recipients > 0 ? message->n_recipients : 1;
    if (times(total, n) <= (uint64_t)check->policy->thresholds[MAILSUB__THRESHOLD_ATTACHED])
        return;
    char detail[80];
    int len = snprintf(detail, sizeof detail, "%llu octets to %zu recipients",
                       (unsigned long long)total, n);
    mailsub__check_tell_one(check, MAILSUB__RULE_LARGE_ATTACHMENT, "attachment", "%",
                            mailsub__slice_of(detail, (size_t)len));
}

void mailsub__check_name_attachment(char where[MAILSUB__CHECK_WHERE_SIZE], size_t number)
{
    snprintf(where, MAILSUB__CHECK_WHERE_SIZE, "attachment %zu", number);
}

bool mailsub__check_file_name(mailsub__check *check, mailsub__slice name, const char *where)
{
    if (!mailsub__archive_is_program_name(name))
        return false;
    mailsub__check_tell_one(check, MAILSUB__RULE_EXECUTABLE, where, "%", name);
    return true;
}

void mailsub__check_archive(mailsub__check *check, mailsub__slice name,
                            const mailsub__archive *archive, const char *where)
{
    const mailsub__slice inside[2] = {mailsub__slice_str(archive->program), name};
    if (archive->is_program)
        mailsub__check_tell_one(check, MAILSUB__RULE_EXECUTABLE, where, "% is a program", name);
    else if (archive->program[0] != '\0')
        mailsub__check_tell(check, MAILSUB__RULE_EXECUTABLE, where, "% within %", inside);
    if (archive->is_encrypted)
        mailsub__check_tell_one(check, MAILSUB__RULE_ENCRYPTED_ARCHIVE, where, "%", name);
}

static void check_content(mailsub__check *check, const struct mailsub__part *part,
                          const char *where)
{
    mailsub__archive_source source = {.len = part->len, .data = part->data, .fd = -1};
    mailsub__archive archive;
    int rc = MAILSUB_OK;
    if (part->path)
        rc = mailsub__part_open(part, &source.fd);
    if (!rc)
        rc = mailsub__archive_look(&source, &check->message->allocator, &archive);
    if (source.fd >= 0)
        mailsub__part_close(source.fd);
    if (rc) {
        check->error = rc;
        if (rc != MAILSUB_E_NOMEM)
            check->message->detail = part->path;
        return;
    }
    mailsub__check_archive(check, part->file_name.len > 0 ? part->file_name : part->media_type,
                           &archive, where);
}

static void check_part(mailsub__check *check, const struct mailsub__part *part, size_t number)
{
    char where[MAILSUB__CHECK_WHERE_SIZE];
    mailsub__check_name_attachment(where, number);
    if (mailsub__check_file_name(check, part->file_name, where))
        return;
    if (part->len > 0 && (mailsub__check_wants(check, MAILSUB__RULE_EXECUTABLE) ||
                          mailsub__check_wants(check, MAILSUB__RULE_ENCRYPTED_ARCHIVE)))
        check_content(check, part, where);
}

void mailsub__check_parts(mailsub__check *check)
{
    const struct mailsub__part *part = check->message->first_part;
    uint64_t total = 0;
    for (const struct mailsub__part *at = part; at; at = at->next)
        total += at->len;
    mailsub__check_total(check, total);
    for (size_t number = 1; part && !check->error; part = part->next, number++)
        check_part(check, part, number);
}

void mailsub__check_size(mailsub__check *check)
{
    uint64_t size;
    if (check->facts->max_size == 0 || !mailsub__check_wants(check, MAILSUB__RULE_OVERSIZE))
        return;
    check->error = mailsub__message_measure(check->message, &size);
    if (check->error || size <= check->facts->max_size)
        return;
    char detail[80];
    int len = snprintf(detail, sizeof detail, "%llu octets, and the server takes %llu",
                       (unsigned long long)size, (unsigned long long)check->facts->max_size);
    mailsub__check_tell_one(check, MAILSUB__RULE_OVERSIZE, "server", "%",
                            mailsub__slice_of(detail, (size_t)len));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "message/message_id.h"

#include <assert.h>
#include <uuid.h>

#include <mailsub/error.h>

#include "message/atom.h"

/* no-fold-literal = "[" *dtext "]" */
static bool is_literal(mailsub__slice text)
{
    if (text.len < 2 || text.ptr[0] != '[' || text.ptr[text.len - 1] != ']')
        return false;
    for (size_t i = 1; i < text.len - 1; i++) {
        char c = text.ptr[i];
        if (c <= 0x20 || c >= 0x7f || c == '[' || c == ']' || c == '\\')
            return false;
    }
    return true;
}

bool mailsub__message_id_is_valid(mailsub__slice id)
{
    const char *at = memchr(id.ptr, '@', id.len);
    if (!at || id.len > MAILSUB__MESSAGE_ID_LONGEST)
        return false;
    mailsub__slice left = mailsub__slice_of(id.ptr, (size_t)(at - id.ptr));
    mailsub__slice right = mailsub__slice_of(at + 1, id.len - left.len - 1);
    return mailsub__atom_is_dot_atom(left) &&
           (mailsub__atom_is_dot_atom(right) || is_literal(right));
}

int mailsub__message_id_generate(char out[MAILSUB__MESSAGE_ID_SIZE], const mailsub_random *random,
                                 mailsub__slice domain)
{
    assert(domain.len <= MAILSUB_MAX_DOMAIN);
    /* Not uuid_generate_random: it seeds the program's random() anew (util-linux 2.38). */
    uuid_t uuid;
    int rc = random->fill(random->context, uuid, sizeof uuid);
    if (rc)
        return rc;
    uuid[6] = (unsigned char)((uuid[6] & 0x0f) | 0x40); /* version 4 */
    uuid[8] = (unsigned char)((uuid[8] & 0x3f) | 0x80); /* variant of RFC 4122 */
    out[0] = '<';
    uuid_unparse_lower(uuid, out + 1);
    char *end = out + 37;
    *end++ = '@';
    end = mempcpy(end, domain.ptr, domain.len);
    *end++ = '>';
    *end = '\0';
    return MAILSUB_OK;
}

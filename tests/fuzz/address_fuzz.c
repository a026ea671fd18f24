/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Invariants, in both forms: what is accepted is printable within the limits, without angle
 * brackets, commas or spaces outside of quotes; parsing it again gives the same; what is refused
 * leaves the output alone. The forms differ in nothing but local parts that are not ASCII.
 */
#include <string.h>

#include "fuzz.h"

#include "codec/utf8.h"
#include "message/address.h"
#include "message/line.h"

/* Octets beyond ASCII passed the check of the line. */
static bool is_printable(char c)
{
    return (unsigned char)c >= ' ' && c != 0x7f;
}

/* Octets of the quoted string at the front, quotes included; 0: none. */
static size_t quoted_len(const char *text)
{
    if (*text != '"')
        return 0;
    size_t n = 1;
    while (text[n] != '"') {
        n += text[n] == '\\';
        FUZZ_CHECK(is_printable(text[n]));
        n++;
    }
    return n + 1;
}

static void check_written(const mailsub__address *address)
{
    FUZZ_CHECK(strlen(address->text) == address->len);
    FUZZ_CHECK(address->len <= MAILSUB_MAX_ADDRESS);
    FUZZ_CHECK(address->local_len > 0 && address->local_len <= MAILSUB_MAX_LOCAL_PART);
    FUZZ_CHECK(address->text[address->local_len] == '@');
    size_t quoted = quoted_len(address->text);
    FUZZ_CHECK(quoted == 0 || quoted == address->local_len);
    const char *rest = address->text + quoted;
    FUZZ_CHECK(strpbrk(rest, " <>,;()\"\\") == NULL);
    FUZZ_CHECK(strchr(rest, '@') == strrchr(rest, '@'));
    for (; *rest; rest++)
        FUZZ_CHECK(*rest != ' ' && is_printable(*rest));
}

static int parse(mailsub__slice text, enum mailsub__address_form form)
{
    mailsub__address address;
    mailsub__address again;
    memset(&address, '?', sizeof address);
    again = address;
    int rc = mailsub__address_parse(text, form, &address);
    if (rc != MAILSUB_OK) {
        FUZZ_CHECK(rc == MAILSUB_E_ADDRESS || rc == MAILSUB_E_DOMAIN || rc == MAILSUB_E_SMTPUTF8);
        FUZZ_CHECK(memcmp(&address, &again, sizeof address) == 0);
        return rc;
    }
    check_written(&address);
    FUZZ_CHECK(form == MAILSUB__ADDRESS_UTF8 ||
               mailsub__ascii_only(mailsub__address_slice(&address)));
    FUZZ_CHECK(mailsub__address_parse(mailsub__address_slice(&address), form, &again) ==
               MAILSUB_OK);
    FUZZ_CHECK(strcmp(address.text, again.text) == 0);
    return MAILSUB_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mailsub__slice text = mailsub__slice_of(data, size);
    if (mailsub__line_check(text, MAILSUB__LINE_NO_TAB) != MAILSUB_OK)
        return 0;
    int ascii = parse(text, MAILSUB__ADDRESS_ASCII);
    int utf8 = parse(text, MAILSUB__ADDRESS_UTF8);
    FUZZ_CHECK(ascii == utf8 || (ascii == MAILSUB_E_SMTPUTF8 && utf8 == MAILSUB_OK));
    return 0;
}

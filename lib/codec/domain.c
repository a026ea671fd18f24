/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Domain names. Plain ASCII names take a path of their own: no memory, and labels such as
 * "r3---sn-x", which DNS knows but IDNA has no word for, stay what they are. All others, and names
 * that hold A-labels already, go through libidn2; whatever it answers must still be a host name
 * (RFC 952, RFC 1123 section 2.1).
 */
#include "codec/domain.h"

#include <idn2.h>
#include <string.h>

#include <mailsub/error.h>

#include "codec/utf8.h"

enum {
    MAX_LABEL = 63, /* RFC 1035 section 2.3.4 */
    MAX_NAME = 253, /* the 255 octets there, without the first length and the root */
    /* 253 characters of four octets, and then some that normalisation will take away. */
    MAX_INPUT = 2047,
};

static bool is_ldh(char c)
{
    return mailsub__ascii_is_alpha(c) || mailsub__ascii_is_digit(c) || c == '-';
}

static bool is_label(mailsub__slice label)
{
    if (label.len == 0 || label.len > MAX_LABEL)
        return false;
    if (label.ptr[0] == '-' || label.ptr[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++) {
        if (!is_ldh(label.ptr[i]))
            return false;
    }
    return true;
}

/*
 * A name that ends in a number is an IPv4 address to inet_aton and so to many resolvers, "10.1" and
 * "0x7f000001" too: it would not be looked up in DNS, but connected to.
 */
static bool is_number(mailsub__slice label)
{
    bool hex = label.len >= 2 && label.ptr[0] == '0' && mailsub__ascii_lower(label.ptr[1]) == 'x';
    for (size_t i = hex ? 2 : 0; i < label.len; i++) {
        char c = mailsub__ascii_lower(label.ptr[i]);
        if (!mailsub__ascii_is_digit(c) && !(hex && c >= 'a' && c <= 'f'))
            return false;
    }
    return true;
}

/* The characters of plain names, in lower case; NUL: another one. */
static const char plain[256] = {
    ['a'] = 'a', ['b'] = 'b', ['c'] = 'c', ['d'] = 'd', ['e'] = 'e', ['f'] = 'f', ['g'] = 'g',
    ['h'] = 'h', ['i'] = 'i', ['j'] = 'j', ['k'] = 'k', ['l'] = 'l', ['m'] = 'm', ['n'] = 'n',
    ['o'] = 'o', ['p'] = 'p', ['q'] = 'q', ['r'] = 'r', ['s'] = 's', ['t'] = 't', ['u'] = 'u',
    ['v'] = 'v', ['w'] = 'w', ['x'] = 'x', ['y'] = 'y', ['z'] = 'z', ['0'] = '0', ['1'] = '1',
    ['2'] = '2', ['3'] = '3', ['4'] = '4', ['5'] = '5', ['6'] = '6', ['7'] = '7', ['8'] = '8',
    ['9'] = '9', ['-'] = '-', ['.'] = '.', ['A'] = 'a', ['B'] = 'b', ['C'] = 'c', ['D'] = 'd',
    ['E'] = 'e', ['F'] = 'f', ['G'] = 'g', ['H'] = 'h', ['I'] = 'i', ['J'] = 'j', ['K'] = 'k',
    ['L'] = 'l', ['M'] = 'm', ['N'] = 'n', ['O'] = 'o', ['P'] = 'p', ['Q'] = 'q', ['R'] = 'r',
    ['S'] = 's', ['T'] = 't', ['U'] = 'u', ['V'] = 'v', ['W'] = 'w', ['X'] = 'x', ['Y'] = 'y',
    ['Z'] = 'z'};

/*
 * Nearly all names, in one pass: labels of letters, digits and single hyphens, the last of which
 * begins with a letter. False for all others, good or not.
 */
static bool copy_plain(mailsub__slice domain, char out[MAILSUB_MAX_DOMAIN + 1])
{
    char name[MAX_NAME];
    size_t label = 0; /* where it begins */
    if (domain.len == 0 || domain.len > MAX_NAME)
        return false;
    for (size_t i = 0; i < domain.len; i++) {
        name[i] = plain[(unsigned char)domain.ptr[i]];
        if (name[i] > '.')
            continue;
        char before = i > 0 ? name[i - 1] : '.';
        if (name[i] == '\0' || before == '.' || before == '-' || i - label > MAX_LABEL)
            return false;
        if (name[i] == '.')
            label = i + 1;
    }
    char last = name[domain.len - 1];
    if (last == '.' || last == '-' || domain.len - label > MAX_LABEL ||
        mailsub__ascii_is_digit(name[label]))
        return false;
    memcpy(out, name, domain.len);
    out[domain.len] = '\0';
    return true;
}

static mailsub__slice first_label(mailsub__slice name)
{
    const char *dot = memchr(name.ptr, '.', name.len);
    return dot ? mailsub__slice_of(name.ptr, (size_t)(dot - name.ptr)) : name;
}

static bool is_host_name(mailsub__slice name)
{
    if (name.len > MAX_NAME)
        return false;
    for (;;) {
        mailsub__slice label = first_label(name);
        if (!is_label(label))
            return false;
        if (label.len == name.len)
            return !is_number(label);
        name = (mailsub__slice){name.ptr + label.len + 1, name.len - label.len - 1};
    }
}

/* ASCII characters that DNS knows but host names do not must not reach libidn2, see to_a_labels. */
static bool may_be_domain(mailsub__slice domain)
{
    for (size_t i = 0; i < domain.len; i++) {
        char c = domain.ptr[i];
        if ((unsigned char)c < 0x80 && c != '.' && !is_ldh(c))
            return false;
    }
    return domain.len > 0 && domain.len <= MAX_INPUT;
}

static bool has_a_label(mailsub__slice domain)
{
    for (;;) {
        mailsub__slice label = first_label(domain);
        mailsub__slice prefix = mailsub__slice_of(label.ptr, label.len < 4 ? label.len : 4);
        if (mailsub__slice_equal_nocase(prefix, mailsub__slice_str("xn--")))
            return true;
        if (label.len == domain.len)
            return false;
        domain = (mailsub__slice){domain.ptr + label.len + 1, domain.len - label.len - 1};
    }
}

/* What libidn2 makes of a name; A-labels in it are checked by a round trip. */
static int look_up(const char *domain, int flags, char **out_name)
{
    uint8_t *name = NULL;
    int rc = idn2_lookup_u8((const uint8_t *)domain, &name, flags);
    if (rc == IDN2_MALLOC)
        return MAILSUB_E_NOMEM;
    if (rc != IDN2_OK)
        return MAILSUB_E_DOMAIN;
    *out_name = (char *)name;
    return MAILSUB_OK;
}

/*
 * With the STD3 rules libidn2 (2.3.3) does not refuse what they forbid but leaves it out: from
 * "a\uff3fb.de" it makes "ab.de", and mail would go to a stranger. Without them it lets some
 * symbols pass that IDNA 2008 forbids (U+2260). Where both answers agree neither has happened.
 */
static int to_a_labels(mailsub__slice domain, char **out_name)
{
    char text[MAX_INPUT + 1];
    memcpy(text, domain.ptr, domain.len);
    text[domain.len] = '\0';

    const int flags = IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT;
    char *name = NULL;
    char *strict_name = NULL;
    int rc = look_up(text, flags, &name);
    if (rc)
        goto out;
    rc = look_up(text, flags | IDN2_USE_STD3_ASCII_RULES, &strict_name);
    if (rc)
        goto out;
    if (strcmp(name, strict_name) != 0) {
        rc = MAILSUB_E_DOMAIN;
        goto out;
    }
    *out_name = name;
    name = NULL;
    rc = MAILSUB_OK;
out:
    idn2_free(name);
    idn2_free(strict_name);
    return rc;
}

static void write_lower(mailsub__slice name, char *out)
{
    for (size_t i = 0; i < name.len; i++)
        out[i] = mailsub__ascii_lower(name.ptr[i]);
    out[name.len] = '\0';
}

int mailsub__domain_to_ascii(mailsub__slice domain, char out[MAILSUB_MAX_DOMAIN + 1])
{
    if (copy_plain(domain, out))
        return MAILSUB_OK;
    if (!may_be_domain(domain))
        return MAILSUB_E_DOMAIN;
    char *looked_up = NULL;
    mailsub__slice name = domain;
    if (!mailsub__ascii_only(domain) || has_a_label(domain)) {
        int rc = to_a_labels(domain, &looked_up);
        if (rc)
            return rc;
        name = mailsub__slice_str(looked_up);
    }
    bool valid = is_host_name(name);
    if (valid)
        write_lower(name, out);
    idn2_free(looked_up);
    return valid ? MAILSUB_OK : MAILSUB_E_DOMAIN;
}

int mailsub__domain_to_unicode(mailsub__slice domain, char *out, size_t room)
{
    char text[MAILSUB_MAX_DOMAIN + 1];
    if (domain.len > MAILSUB_MAX_DOMAIN || !may_be_domain(domain))
        return MAILSUB_E_DOMAIN;
    memcpy(text, domain.ptr, domain.len);
    text[domain.len] = '\0';
    char *name = NULL;
    int rc = idn2_to_unicode_8z8z(text, &name, 0);
    if (rc != IDN2_OK)
        return rc == IDN2_MALLOC ? MAILSUB_E_NOMEM : MAILSUB_E_DOMAIN;
    size_t len = strlen(name);
    if (len < room)
        memcpy(out, name, len + 1);
    idn2_free(name);
    return len < room ? MAILSUB_OK : MAILSUB_E_DOMAIN;
}

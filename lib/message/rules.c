/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is said of each rule. The words stand apart from the severities so that both can be read at
 * a glance; the compiler sees to it that no rule is without either.
 */
#include "message/rules.h"

#include <string.h>

enum { O = MAILSUB_SEVERITY_OFF, W = MAILSUB_SEVERITY_WARNING, E = MAILSUB_SEVERITY_ERROR };

#define RULE(NAME, id, normal, strict, bulk) [MAILSUB__RULE_##NAME] = {id, {normal, strict, bulk}},
const mailsub__rule mailsub__rules[MAILSUB__N_RULES] = {MAILSUB__RULES(RULE)};
#undef RULE

struct words {
    const char *text;
    const char *reason;
    const char *reference;
    const char *advice;
};

static const struct words words[MAILSUB__N_RULES] = {
    [MAILSUB__RULE_NOREPLY_SENDER] =
        {"the sender says that nobody reads its mail",
         "bounces and complaints reach nobody, so that dead addresses stay in use; operators lock "
         "senders that cannot be reached",
         "RFC 5321 section 4.4, RFC 5322 section 3.6.2",
         "send from a mailbox that is read, if only by a program"},
    [MAILSUB__RULE_NULL_SENDER] =
        {"the null sender stands on mail that is no answer",
         "it is kept for bounces and automatic answers; other mail with it is taken for forged "
         "bounces, and what fails is lost in silence",
         "RFC 5321 section 4.5.5, RFC 3834 section 3.3",
         "leave the return path to From, or set a mailbox that takes bounces"},
    [MAILSUB__RULE_SENDER_MISMATCH] =
        {"login, envelope sender, From and Sender do not agree",
         "a relay lets an account send only in its own name, and receivers (SPF, DMARC) take "
         "anything else for forged",
         "RFC 6409 section 6.1, RFC 7489 section 3.1",
         "send in the account's own name, and name others in Reply-To"},
    [MAILSUB__RULE_HTML_WITHOUT_TEXT] =
        {"the HTML has no plain text beside it",
         "not everybody reads HTML, and spam filters count mail without text as spam",
         "RFC 2046 section 5.1.4", "set a text, or let the library make one of the HTML"},
    [MAILSUB__RULE_TEXT_MADE_OF_HTML] =
        {"the plain text is made of the HTML by the library",
         "a text that was written for readers of text says more than one that was derived",
         "RFC 2046 section 5.1.4", "set a text of its own"},
    [MAILSUB__RULE_TEXT_DIFFERS] =
        {"plain text and HTML say different things",
         "alternatives are the same in different forms; a text that only points to the HTML, or is "
         "left over from another mail, is a mark of spam",
         "RFC 2046 section 5.1.4", "say the same in both, or leave the text to the library"},
    [MAILSUB__RULE_DATE_SKEW] =
        {"the Date lies in the past or in the future",
         "such mail is sorted where nobody looks, and is a mark of spam; its cause is mostly a "
         "wrong clock or a queue that stood still",
         "RFC 5322 section 3.6.1",
         "leave the Date to the library, and keep the host's clock right"},
    [MAILSUB__RULE_URL_SHORTENER] =
        {"a link leads through a URL shortener",
         "it hides where it leads, and is blocked together with all the abuse of the same "
         "shortener",
         "RFC 3986 section 7.6", "link to the page itself"},
    [MAILSUB__RULE_LINK_TEXT_MISMATCH] = {"a link shows one host and leads to another",
                                          "that is how phishing looks, and filters judge by it",
                                          "RFC 3986 section 7.6",
                                          "show words, or the host that the link leads to"},
    [MAILSUB__RULE_PLAIN_HTTP_LINK] =
        {"a link leads to a page without encryption",
         "whoever is on the way reads and changes what is behind it; browsers warn of it",
         "RFC 9110 section 17.1", "link with https"},
    [MAILSUB__RULE_LARGE_ATTACHMENT] =
        {"attachments times recipients are large",
         "every recipient's mailbox and backup keeps a copy; many mailboxes take 25 MiB at most",
         "RFC 1870 section 1", "offer the file for download and send a link to it"},
    [MAILSUB__RULE_OVERSIZE] = {"the message is larger than the server takes",
                                "the server refuses it as soon as it hears its size",
                                "RFC 1870 section 6.1",
                                "send less, or offer large files for download"},
    [MAILSUB__RULE_MANY_VISIBLE] =
        {"many recipients see one another's addresses",
         "addresses are personal data, and answers to all multiply the mail",
         "RFC 5322 section 3.6.3", "send each recipient a message of his own, or use Bcc"},
    [MAILSUB__RULE_DUPLICATE_RECIPIENT] =
        {"a recipient stands in the envelope twice",
         "each counts against the sender's quota, and some servers deliver both",
         "RFC 5321 section 4.1.1.3", "add each address once"},
    [MAILSUB__RULE_MISSING_SUBJECT] = {"there is no Subject",
                                       "readers take it for spam, and so do filters",
                                       "RFC 5322 section 3.6.5",
                                       "set a subject that says what the mail is about"},
    [MAILSUB__RULE_NO_UNSUBSCRIBE] =
        {"bulk mail cannot be unsubscribed from in one click",
         "who cannot leave a list calls it spam, and large providers refuse bulk mail without it",
         "RFC 2369 section 3.2, RFC 8058 section 3.1",
         "call mailsub_message_set_bulk with an https URL for each recipient"},
    [MAILSUB__RULE_UNSIGNED_UNSUBSCRIBE] =
        {"one-click unsubscription is not covered by a DKIM signature",
         "without a signature receivers must not offer it, as anybody could have put it there",
         "RFC 8058 section 4", "sign the message, or say in the facts that the server signs"},
    [MAILSUB__RULE_BULK_TO_MANY] =
        {"bulk mail goes to many recipients in one message",
         "nobody can then unsubscribe for himself alone, and a bounce does not tell whom it is for",
         "RFC 8058 section 3.1", "send each recipient a message of his own"},
    [MAILSUB__RULE_CLASS_FIELDS] =
        {"a header field does not fit the kind of mail",
         "receivers, vacation responders and filters go by these fields, and by their agreement",
         "RFC 3834 section 5, RFC 2919 section 3",
         "set the class with its one call, and none of its fields apart"},
    [MAILSUB__RULE_EXECUTABLE] =
        {"an attachment is a program",
         "nearly all servers refuse it, some lock the sender, for this is how malware travels",
         "RFC 2046 section 4.5.1", "offer it for download"},
    [MAILSUB__RULE_ENCRYPTED_ARCHIVE] =
        {"an attached archive is encrypted",
         "no virus scanner can look into it, so many servers refuse or quarantine it",
         "APPNOTE.TXT section 4.4.4",
         "encrypt the mail (S/MIME, OpenPGP), or offer the file behind a login"},
    [MAILSUB__RULE_LOOKALIKE_DOMAIN] =
        {"a domain mixes scripts, or looks like another one",
         "letters of other alphabets that look alike are how domains are forged",
         "UTS 39 section 5, RFC 5890 section 4.4", "use a domain in one script"},
    [MAILSUB__RULE_MESSAGE_ID_HOST] =
        {"the Message-ID names no public host",
         "an identifier made from localhost or a bare name is not unique, and a mark of spam",
         "RFC 5322 section 3.6.4",
         "leave the Message-ID to the library, and send from a full domain"},
    [MAILSUB__RULE_HELO_NAME] =
        {"the name in EHLO is no full name of a host",
         "servers note it in every Received field, and some refuse such clients",
         "RFC 5321 sections 2.3.5 and 4.1.4",
         "set the host's full name with mailsub_config_set_helo_name"},
    [MAILSUB__RULE_UNSIGNED] =
        {"the message of a domain that has a key is not signed",
         "receivers that know the domain to sign take unsigned mail for forged",
         "RFC 6376 section 6.3, RFC 7489 section 3", "sign the message with the domain's key"},
    [MAILSUB__RULE_SHORT_KEY] =
        {"a DKIM key of RSA has less than 2048 bits",
         "keys of 1024 bits are within reach of those who would forge, and some receivers ignore "
         "their signatures",
         "RFC 8301 section 3.2",
         "publish a key of 2048 bits under a new selector and sign with it"},
};

size_t mailsub__rule_find(const char *id)
{
    size_t i = 0;
    while (i < MAILSUB__N_RULES && (!id || strcmp(mailsub__rules[i].id, id) != 0))
        i++;
    return i;
}

static const struct words *words_of(const char *id)
{
    static const struct words none = {"", "", "", ""};
    size_t i = mailsub__rule_find(id);
    return i < MAILSUB__N_RULES ? &words[i] : &none;
}

size_t mailsub_rule_count(void)
{
    return MAILSUB__N_RULES;
}

const char *mailsub_rule_get_id(size_t index)
{
    return index < MAILSUB__N_RULES ? mailsub__rules[index].id : "";
}

const char *mailsub_rule_get_text(const char *id)
{
    return words_of(id)->text;
}

const char *mailsub_rule_get_reason(const char *id)
{
    return words_of(id)->reason;
}

const char *mailsub_rule_get_reference(const char *id)
{
    return words_of(id)->reference;
}

const char *mailsub_rule_get_advice(const char *id)
{
    return words_of(id)->advice;
}

int mailsub_rule_get_severity(const char *id, int profile)
{
    size_t i = mailsub__rule_find(id);
    if (i == MAILSUB__N_RULES || profile < 0 || profile >= MAILSUB__N_PROFILES)
        return MAILSUB_SEVERITY_OFF;
    return mailsub__rules[i].severity[profile];
}

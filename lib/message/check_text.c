/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules about the texts: whether there is a plain one, and whether it says what the HTML says. */
#include "base/memory.h"
#include "codec/utf8.h"
#include "message/check_links.h"

static mailsub__slice slice_of(const struct mailsub__text *text)
{
    return mailsub__slice_of(text->data, text->len);
}

/* The words need room, which is taken only where there is something to compare. */
static void check_both(mailsub__check *check, mailsub__slice text, mailsub__slice html)
{
    if (!mailsub__check_wants(check, MAILSUB__RULE_TEXT_DIFFERS)) {
        mailsub__check_links_in_text(check, text, NULL);
        mailsub__check_links_in_html(check, html, NULL);
        return;
    }
    mailsub__word_pair *words = mailsub__alloc(&check->message->allocator, sizeof *words);
    if (!words) {
        check->error = MAILSUB_E_NOMEM;
        return;
    }
    mailsub__word_pair_init(words);
    mailsub__check_links_in_text(check, text, &words->text);
    mailsub__check_links_in_html(check, html, &words->html);
    if (mailsub__word_pair_differs(words))
        mailsub__check_tell_one(check, MAILSUB__RULE_TEXT_DIFFERS, "text", "",
                                MAILSUB__SLICE_EMPTY);
    mailsub__free(&check->message->allocator, words);
}

/* HTML without a text of the program's own. */
static void check_html_alone(mailsub__check *check)
{
    mailsub_message *message = check->message;
    mailsub__slice made = MAILSUB__SLICE_EMPTY;
    mailsub__check_links_in_html(check, slice_of(&message->html), NULL);
    if (!message->html_is_alone && !check->error &&
        mailsub__check_wants(check, MAILSUB__RULE_HTML_WITHOUT_TEXT)) {
        check->error = mailsub__message_derive_text(message, &made);
        if (!check->error && made.len == 0)
            mailsub__check_tell_one(check, MAILSUB__RULE_HTML_WITHOUT_TEXT, "html",
                                    "it shows nothing that could be said in text",
                                    MAILSUB__SLICE_EMPTY);
    }
    if (message->html_is_alone)
        mailsub__check_tell_one(check, MAILSUB__RULE_HTML_WITHOUT_TEXT, "html", "",
                                MAILSUB__SLICE_EMPTY);
    else
        mailsub__check_tell_one(check, MAILSUB__RULE_TEXT_MADE_OF_HTML, "text", "",
                                MAILSUB__SLICE_EMPTY);
}

void mailsub__check_texts(mailsub__check *check)
{
    const mailsub_message *message = check->message;
    if (message->existing)
        mailsub__check_existing(check);
    else if (message->text.data && message->html.data)
        check_both(check, slice_of(&message->text), slice_of(&message->html));
    else if (message->html.data)
        check_html_alone(check);
    else if (message->text.data)
        mailsub__check_links_in_text(check, slice_of(&message->text), NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The message as a whole: life, errors, surroundings, identity, and handing it out. */
#include "message/message.h"

#include <assert.h>

#include "base/memory.h"
#include "message/state.h"

enum { WRITE_PIECE = 16 * 1024 };

int mailsub__message_create(const mailsub_allocator *allocator, const mailsub_clock *system_clock,
                            const mailsub_random *system_random, mailsub_message **out_message)
{
    assert(system_clock->now && system_random->fill);
    mailsub_allocator table;
    if (!out_message || mailsub__allocator_init(&table, allocator) != MAILSUB_OK)
        return MAILSUB_E_INVALID;
    mailsub_message *message = mailsub__alloc(&table, sizeof *message);
    if (!message)
        return MAILSUB_E_NOMEM;
    memset(message, 0, offsetof(mailsub_message, seed));
    message->allocator = table;
    mailsub__arena_init(&message->arena, &message->allocator, message->seed, sizeof message->seed);
    mailsub__image_init(&message->image, &message->allocator);
    mailsub__buffer_init(&message->derived, &message->allocator, SIZE_MAX / 4);
    message->system_clock = message->clock = *system_clock;
    message->system_random = message->random = *system_random;
    message->delivery.envelope_id = MAILSUB__SLICE_EMPTY;
    message->delivery.submitter = MAILSUB__SLICE_EMPTY;
    message->detail = "";
    mailsub__reader_init(&message->reader, &message->image);
    *out_message = message;
    return MAILSUB_OK;
}

void mailsub_message_free(mailsub_message *message)
{
    if (!message)
        return;
    mailsub__reader_deinit(&message->reader);
    mailsub__image_deinit(&message->image);
    mailsub__free(&message->allocator, message->text.data);
    mailsub__free(&message->allocator, message->html.data);
    mailsub__buffer_deinit(&message->derived);
    mailsub__free(&message->allocator, message->calendar.data);
    mailsub__existing_free(message->existing, &message->allocator);
    mailsub__dkim_set_clear(&message->signers);
    mailsub__arena_deinit(&message->arena);
    mailsub_allocator allocator = message->allocator;
    mailsub__free(&allocator, message);
}

int mailsub__message_begin_any_change(const mailsub_message *message)
{
    if (!message)
        return MAILSUB_E_INVALID;
    return message->is_locked ? MAILSUB_E_STATE : MAILSUB_OK;
}

int mailsub__message_begin_change(const mailsub_message *message)
{
    int rc = mailsub__message_begin_any_change(message);
    return !rc && message->existing ? MAILSUB_E_STATE : rc;
}

int mailsub__message_begin_addition(const mailsub_message *message, enum mailsub__message_part part)
{
    int rc = mailsub__message_begin_any_change(message);
    if (rc || !message->existing)
        return rc;
    const bool stands_already[] = {
        [MAILSUB__MESSAGE_DATE] = message->existing->has_date,
        [MAILSUB__MESSAGE_FROM] = message->existing->has_from,
        [MAILSUB__MESSAGE_ID] = message->existing->message_id != NULL,
        /* One author needs none. */
        [MAILSUB__MESSAGE_SENDER] = message->existing->has_sender || !message->more_from.first,
    };
    return stands_already[part] ? MAILSUB_E_STATE : MAILSUB_OK;
}

int mailsub__message_end_change(mailsub_message *message, const char *field, int rc)
{
    if (!message)
        return rc;
    if (rc == MAILSUB_OK) {
        message->image.is_made = false;
        message->clean.is_known = false;
    } else if (message->error == MAILSUB_OK && rc != MAILSUB_E_STATE) {
        /* MAILSUB_E_STATE says something of the caller, and the message is on its way. */
        assert(strlen(field) < sizeof message->error_field);
        message->error = rc;
        strcpy(message->error_field, field);
    }
    return rc;
}

int mailsub_message_get_error(const mailsub_message *message, const char **out_field)
{
    if (!message)
        return MAILSUB_E_INVALID;
    if (out_field)
        *out_field = message->error_field;
    return message->error;
}

int mailsub_message_clear_error(mailsub_message *message)
{
    if (!message)
        return MAILSUB_E_INVALID;
    message->error = MAILSUB_OK;
    message->error_field[0] = '\0';
    return MAILSUB_OK;
}

static int replace_clock(mailsub_message *message, const mailsub_clock *clock)
{
    if (clock && (clock->size < sizeof *clock || !clock->now))
        return MAILSUB_E_INVALID;
    message->clock = clock ? *clock : message->system_clock;
    return MAILSUB_OK;
}

int mailsub_message_set_clock(mailsub_message *message, const mailsub_clock *clock)
{
    int rc = mailsub__message_begin_any_change(message);
    if (!rc)
        rc = replace_clock(message, clock);
    return mailsub__message_end_change(message, "Date", rc);
}

static int replace_random(mailsub_message *message, const mailsub_random *random)
{
    if (random && (random->size < sizeof *random || !random->fill))
        return MAILSUB_E_INVALID;
    message->random = random ? *random : message->system_random;
    return MAILSUB_OK;
}

int mailsub_message_set_random(mailsub_message *message, const mailsub_random *random)
{
    int rc = mailsub__message_begin_any_change(message);
    if (!rc)
        rc = replace_random(message, random);
    return mailsub__message_end_change(message, "Message-ID", rc);
}

size_t mailsub_message_count_recipients(const mailsub_message *message)
{
    return message ? message->n_recipients : 0;
}

/* So that a file that is gone is noticed before anything is sent, and not in the middle. */
static int check_files(mailsub_message *message)
{
    if (message->existing) {
        int rc = mailsub__existing_check(message->existing);
        if (rc)
            message->detail = message->existing->source.path;
        return rc;
    }
    for (const struct mailsub__part *part = message->first_part; part; part = part->next) {
        if (!part->path)
            continue;
        int fd;
        int rc = mailsub__part_open(part, &fd);
        if (rc) {
            message->detail = part->path;
            return rc;
        }
        mailsub__part_close(fd);
    }
    return MAILSUB_OK;
}

/* No changing call has failed, and there are authors: then there is an envelope sender too. */
static int check_authors(mailsub_message *message)
{
    message->detail = "";
    if (message->error) {
        message->detail = message->error_field;
        return message->error;
    }
    if (!message->from.is_set) {
        message->detail = "From";
        return MAILSUB_E_NO_FROM;
    }
    if (message->more_from.first && !message->sender.is_set) {
        message->detail = "Sender";
        return MAILSUB_E_NO_SENDER;
    }
    return MAILSUB_OK;
}

/* All that _prepare does, but for recipients. */
static int make_ready(mailsub_message *message, mailsub__image *image, uint32_t capabilities,
                      const mailsub__dkim_list *offered)
{
    int rc = check_authors(message);
    if (!rc)
        rc = check_files(message);
    return rc ? rc : mailsub__layout_make(message, image, capabilities, offered);
}

static int check_recipients(mailsub_message *message)
{
    if (message->n_recipients > 0)
        return MAILSUB_OK;
    message->detail = "To";
    return MAILSUB_E_NO_RECIPIENTS;
}

int mailsub__message_prepare(mailsub_message *message, uint32_t capabilities,
                             const char **out_detail)
{
    int rc = make_ready(message, &message->image, capabilities, message->offered_signers);
    if (!rc)
        rc = check_recipients(message);
    *out_detail = message->detail;
    return rc;
}

int mailsub__message_prepare_envelope(mailsub_message *message, const char **out_detail)
{
    int rc = check_authors(message);
    if (rc == MAILSUB_E_NO_FROM && message->return_path.is_set) {
        message->detail = "";
        rc = MAILSUB_OK;
    }
    if (!rc)
        rc = check_recipients(message);
    *out_detail = message->detail;
    return rc;
}

void mailsub__message_offer_signers(mailsub_message *message, const mailsub__dkim_list *offered)
{
    message->offered_signers = offered;
}

int mailsub__message_measure(mailsub_message *message, uint64_t *out_size)
{
    int rc = message->image.is_made
                 ? MAILSUB_OK
                 : make_ready(message, &message->image, 0, message->offered_signers);
    if (!rc)
        *out_size = message->image.size;
    return rc;
}

mailsub__slice mailsub__message_sender(const mailsub_message *message)
{
    if (message->return_path.is_set)
        return message->return_path.mailbox.address;
    return message->more_from.first ? message->sender.mailbox.address
                                    : message->from.mailbox.address;
}

const mailsub__slice *mailsub__message_recipients(const mailsub_message *message)
{
    return (const mailsub__slice *)(const void *)message->recipients_slot.room;
}

uint64_t mailsub__message_size(const mailsub_message *message)
{
    assert(message->image.is_made);
    return message->image.size;
}

enum mailsub__body_encoding mailsub__message_body(const mailsub_message *message)
{
    assert(message->image.is_made);
    return message->image.domain;
}

static int read_source(void *context, char *out, size_t room, size_t *out_len)
{
    mailsub_message *message = context;
    int rc = mailsub__reader_read(&message->reader, out, room, out_len);
    message->detail = message->reader.detail;
    return rc;
}

int mailsub__message_open(mailsub_message *message, mailsub__source *out_source)
{
    assert(message->image.is_made);
    mailsub__reader_deinit(&message->reader);
    *out_source = (mailsub__source){.context = message, .read = read_source};
    return MAILSUB_OK;
}

void mailsub__message_close(mailsub_message *message)
{
    mailsub__reader_deinit(&message->reader);
}

const char *mailsub__message_detail(const mailsub_message *message)
{
    return message->detail;
}

bool mailsub__message_lock(mailsub_message *message)
{
    if (message->is_locked)
        return false;
    message->is_locked = true;
    return true;
}

void mailsub__message_unlock(mailsub_message *message)
{
    assert(message->is_locked);
    message->is_locked = false;
}

static int write_image(const mailsub__image *image, mailsub_sink_fn sink, void *context)
{
    char piece[WRITE_PIECE];
    mailsub__reader reader; /* of its own: a session may be reading the message too */
    mailsub__reader_init(&reader, image);
    int rc = MAILSUB_OK;
    for (size_t len = 1; !rc && len > 0;) {
        rc = mailsub__reader_read(&reader, piece, sizeof piece, &len);
        if (!rc && len > 0 && sink(context, piece, len) != 0)
            rc = MAILSUB_E_SINK;
    }
    mailsub__reader_deinit(&reader);
    return rc;
}

int mailsub_message_write_for(mailsub_message *message, uint32_t capabilities, mailsub_sink_fn sink,
                              void *context)
{
    const uint32_t known = MAILSUB_CAN_8BITMIME | MAILSUB_CAN_BINARYMIME;
    if (!message || !sink || (capabilities & ~known))
        return MAILSUB_E_INVALID;
    /* What a session is reading stays as it is: another layout gets an image of its own. */
    mailsub__image own;
    mailsub__image_init(&own, &message->allocator);
    bool is_other = message->image.capabilities != capabilities ||
                    message->image.signers.n != message->signers.n;
    bool is_taken = message->is_locked && is_other;
    mailsub__image *image = is_taken ? &own : &message->image;
    int rc = make_ready(message, image, capabilities, NULL);
    if (!rc)
        rc = write_image(image, sink, context);
    mailsub__image_deinit(&own);
    return rc;
}

int mailsub_message_write(mailsub_message *message, mailsub_sink_fn sink, void *context)
{
    return mailsub_message_write_for(message, 0, sink, context);
}

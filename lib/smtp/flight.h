/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Commands in flight: sent, or on their way out, and not answered. A first-in first-out queue,
 * because replies come in the order of the commands (RFC 2920 section 3.2).
 */
#ifndef MAILSUB_SMTP_FLIGHT_H
#define MAILSUB_SMTP_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include <mailsub/system.h>

/* End of a command whose last octet is not yet made. */
#define MAILSUB__FLIGHT_OPEN UINT64_MAX

struct mailsub__round;

typedef struct mailsub__flight {
    uint64_t end;                 /* where the command ends in the stream of all octets sent */
    struct mailsub__round *round; /* of MAIL to END; NULL: the command is not about a message */
    uint32_t which; /* RCPT: the recipient's index; BDAT: octets of the chunk behind the line */
    uint8_t state;  /* whose reply is awaited: MAILSUB__STATE_* */
} mailsub__flight;

typedef struct mailsub__flights {
    const mailsub_allocator *allocator;
    mailsub__flight *ring;
    size_t capacity; /* a power of two */
    size_t first;
    size_t n;
} mailsub__flights;

/* MAILSUB_E_NOMEM. From now on there is room for a first command, whatever memory does. */
int mailsub__flights_init(mailsub__flights *flights, const mailsub_allocator *allocator);
void mailsub__flights_deinit(mailsub__flights *flights);
void mailsub__flights_clear(mailsub__flights *flights);

/*
 * Is there room for one more? False at the ceiling, or when memory is short: wait for a reply then,
 * which makes room. Never false while nothing is in flight.
 */
bool mailsub__flights_reserve(mailsub__flights *flights);
void mailsub__flights_push(mailsub__flights *flights, mailsub__flight flight);
/* The oldest; NULL: nothing is in flight. */
mailsub__flight *mailsub__flights_head(const mailsub__flights *flights);
/* The youngest; there must be one. */
mailsub__flight *mailsub__flights_tail(const mailsub__flights *flights);
mailsub__flight mailsub__flights_pop(mailsub__flights *flights);

#endif

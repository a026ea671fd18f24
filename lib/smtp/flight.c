/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/flight.h"

#include <assert.h>
#include <string.h>

#include "base/memory.h"

enum {
    FIRST_CAPACITY = 16,
    /* 96 KiB of memory; commands for some 150 KiB on the wire, which keeps long paths full. */
    MAX_CAPACITY = 4096
};

int mailsub__flights_init(mailsub__flights *flights, const mailsub_allocator *allocator)
{
    *flights = (mailsub__flights){.allocator = allocator, .capacity = FIRST_CAPACITY};
    flights->ring = mailsub__alloc_array(allocator, FIRST_CAPACITY, sizeof *flights->ring);
    return flights->ring ? MAILSUB_OK : MAILSUB_E_NOMEM;
}

void mailsub__flights_deinit(mailsub__flights *flights)
{
    mailsub__free(flights->allocator, flights->ring);
    flights->ring = NULL;
}

void mailsub__flights_clear(mailsub__flights *flights)
{
    flights->n = 0;
}

static mailsub__flight *at(const mailsub__flights *flights, size_t i)
{
    return &flights->ring[(flights->first + i) & (flights->capacity - 1)];
}

bool mailsub__flights_reserve(mailsub__flights *flights)
{
    if (flights->n < flights->capacity)
        return true;
    if (flights->capacity >= MAX_CAPACITY)
        return false;
    size_t capacity = flights->capacity * 2;
    mailsub__flight *ring = mailsub__alloc_array(flights->allocator, capacity, sizeof *ring);
    if (!ring)
        return false;
    for (size_t i = 0; i < flights->n; i++)
        ring[i] = *at(flights, i);
    mailsub__free(flights->allocator, flights->ring);
    flights->ring = ring;
    flights->capacity = capacity;
    flights->first = 0;
    return true;
}

void mailsub__flights_push(mailsub__flights *flights, mailsub__flight flight)
{
    assert(flights->n < flights->capacity);
    *at(flights, flights->n++) = flight;
}

mailsub__flight *mailsub__flights_head(const mailsub__flights *flights)
{
    return flights->n > 0 ? at(flights, 0) : NULL;
}

mailsub__flight *mailsub__flights_tail(const mailsub__flights *flights)
{
    assert(flights->n > 0);
    return at(flights, flights->n - 1);
}

mailsub__flight mailsub__flights_pop(mailsub__flights *flights)
{
    assert(flights->n > 0);
    mailsub__flight head = *at(flights, 0);
    flights->first = (flights->first + 1) & (flights->capacity - 1);
    flights->n--;
    return head;
}

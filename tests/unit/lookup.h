/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * getaddrinfo for tests, linked in its place (-Wl,--wrap): no test asks the network. Names that it
 * does not know, and addresses, go to the system's, for localhost.
 */
#ifndef MAILSUB_TESTS_LOOKUP_H
#define MAILSUB_TESTS_LOOKUP_H

#include <stddef.h>

/* Names looked up so far, addresses not counted. */
size_t lookup_count(void);
/* Wait until so many have begun. */
void lookup_await(size_t n);
/* Let one look-up of "slow.test" go on. */
void lookup_release(void);

#endif

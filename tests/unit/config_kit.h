/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of configs share. */
#ifndef MAILSUB_TESTS_CONFIG_KIT_H
#define MAILSUB_TESTS_CONFIG_KIT_H

#include "unit.h"

#include <mailsub/config.h>
#include <mailsub/error.h>

#include "session/config.h"

static inline mailsub_config *kit_config(const char *url)
{
    mailsub_config *config = NULL;
    assert_int_equal(mailsub_config_new(NULL, &config), MAILSUB_OK);
    assert_int_equal(mailsub_config_set_url(config, url), MAILSUB_OK);
    return config;
}

/* What set does to a new config fails at each allocation and leaves nothing behind. */
static inline void kit_config_fail_each(int (*set)(mailsub_config *config))
{
    for (size_t fail_at = 1;; fail_at++) {
        struct unit_heap heap = {.fail_at = fail_at};
        mailsub_allocator allocator = unit_allocator(&heap);
        mailsub_config *config = NULL;
        int rc = mailsub_config_new(&allocator, &config);
        if (rc == MAILSUB_OK)
            rc = set(config);
        mailsub_config_unref(config);
        assert_int_equal(heap.n_live, 0);
        if (heap.n_requests < fail_at) {
            assert_int_equal(rc, MAILSUB_OK);
            return;
        }
        assert_int_equal(rc, MAILSUB_E_NOMEM);
    }
}

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an engine takes from a config. */
#ifndef MAILSUB_SESSION_SETTINGS_H
#define MAILSUB_SESSION_SETTINGS_H

#include "session/config.h"

/* Strings are borrowed from the config; helo_name is NULL where it has none. */
void mailsub__settings_fill(mailsub__engine_settings *out, const mailsub_config *config);

#endif

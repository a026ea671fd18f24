/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an engine takes from a config. */
#ifndef MAILSUB_SESSION_SETTINGS_H
#define MAILSUB_SESSION_SETTINGS_H

#include "session/config.h"

/* Strings are borrowed from the config; helo_name is NULL where it has none. The server is the
   first, if there is one. */
void mailsub__settings_fill(mailsub__engine_settings *out, const mailsub_config *config);
/* It is this one of the config's. */
void mailsub__settings_set_server(mailsub__engine_settings *out, const mailsub_config *config,
                                  const mailsub__server *server);

/*
 * What a message is laid out for, now that the server has said what it can: MAILSUB_CAN_*. Content
 * without lines goes by BDAT only, so the config has to let that be used (RFC 3030 section 3).
 */
uint32_t mailsub__settings_layout(const mailsub__engine *engine, const mailsub_config *config);

#endif

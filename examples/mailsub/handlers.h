/* SPDX-License-Identifier: 0BSD */
/* The handlers of the option table, by the file that has them. */
#ifndef MAILSUB_COMMAND_HANDLERS_H
#define MAILSUB_COMMAND_HANDLERS_H

#include "options.h"

/* compose.c */
OPTION_DECLARE(message_smtputf8)
OPTION_DECLARE(message_raw)
OPTION_DECLARE(message_from)
OPTION_DECLARE(message_sender)
OPTION_DECLARE(message_to)
OPTION_DECLARE(message_cc)
OPTION_DECLARE(message_bcc)
OPTION_DECLARE(message_return_path)
OPTION_DECLARE(message_verp)
OPTION_DECLARE(message_reply_to)
OPTION_DECLARE(message_subject)
OPTION_DECLARE(message_header)
OPTION_DECLARE(message_class)
OPTION_DECLARE(message_date)
OPTION_DECLARE(message_message_id)
OPTION_DECLARE(message_in_reply_to)
/* content.c */
OPTION_DECLARE(message_text)
OPTION_DECLARE(message_html)
OPTION_DECLARE(message_flowed)
OPTION_DECLARE(message_calendar)
OPTION_DECLARE(message_attach)
OPTION_DECLARE(message_embed)
/* delivery.c */
OPTION_DECLARE(message_dsn)
OPTION_DECLARE(message_dsn_return)
OPTION_DECLARE(message_deliver_by)
OPTION_DECLARE(message_hold_for)
OPTION_DECLARE(message_hold_until)
OPTION_DECLARE(message_priority)
OPTION_DECLARE(message_require_tls)
OPTION_DECLARE(message_submitter)
/* rules.c */
OPTION_DECLARE(policy_profile)
OPTION_DECLARE(policy_set)
OPTION_DECLARE(limit_add)
/* connect.c */
OPTION_DECLARE(config_dkim)
OPTION_DECLARE(config_relay_signs)
OPTION_DECLARE(config_server)
OPTION_DECLARE(config_lmtp)
OPTION_DECLARE(config_helo)
OPTION_DECLARE(config_source)
OPTION_DECLARE(config_proxy)
OPTION_DECLARE(config_timeout)
OPTION_DECLARE(config_deadline)
OPTION_DECLARE(config_all_or_none)
OPTION_DECLARE(config_missing)
OPTION_DECLARE(config_chunk_size)
OPTION_DECLARE(config_overlap)
OPTION_DECLARE(config_connections)
OPTION_DECLARE(config_authorize)
OPTION_DECLARE(config_auth)
OPTION_DECLARE(config_trace)
/* encrypt.c */
OPTION_DECLARE(config_tls)
OPTION_DECLARE(config_min_tls)
OPTION_DECLARE(config_tls_priority)
OPTION_DECLARE(config_ca)
OPTION_DECLARE(config_crl)
OPTION_DECLARE(config_cert)
OPTION_DECLARE(config_verify_name)
OPTION_DECLARE(config_pin)
OPTION_DECLARE(config_fingerprint)
OPTION_DECLARE(config_insecure_no_tls)
OPTION_DECLARE(config_insecure_no_verify)
OPTION_DECLARE(config_insecure_clear_login)

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file
 * libmailsub: compliant mail submission for applications. This header includes all the others.
 *
 * A message says what to send, a config where and how, a session sends it, and a receipt tells what
 * became of every recipient. Start with mailsub(7).
 */
#ifndef MAILSUB_MAILSUB_H
#define MAILSUB_MAILSUB_H

#include <mailsub/auth.h>
#include <mailsub/class.h>
#include <mailsub/config.h>
#include <mailsub/delivery.h>
#include <mailsub/discovery.h>
#include <mailsub/dkim.h>
#include <mailsub/engine.h>
#include <mailsub/error.h>
#include <mailsub/export.h>
#include <mailsub/extension.h>
#include <mailsub/limiter.h>
#include <mailsub/log.h>
#include <mailsub/message.h>
#include <mailsub/policy.h>
#include <mailsub/receipt.h>
#include <mailsub/session.h>
#include <mailsub/store.h>
#include <mailsub/system.h>
#include <mailsub/version.h>

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/state.h"

#include "smtp/engine_private.h"

const mailsub__state_row mailsub__states[MAILSUB__N_STATES] = {
#define ROW(NAME, stage_, timeout_, group_, send_, yz2, yz3, yz4, yz5)                             \
    [MAILSUB__STATE_##NAME] = {                                                                    \
        .name = #NAME,                                                                             \
        .stage = MAILSUB_STAGE_##stage_,                                                           \
        .timeout = MAILSUB_TIMEOUT_##timeout_,                                                     \
        .group = (group_),                                                                         \
        .send = mailsub__##send_,                                                                  \
        .answer = {mailsub__##yz2, mailsub__##yz3, mailsub__##yz4, mailsub__##yz5},                \
    },
    MAILSUB__STATE_LIST(ROW)
#undef ROW
};

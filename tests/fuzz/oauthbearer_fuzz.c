/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OAUTHBEARER with a server that says anything: see sasl.h. */
#include "sasl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sasl_end end = sasl_play("OAUTHBEARER", true, data, size);
    FUZZ_CHECK(!end.accepted || end.n_answers == 0);
    return 0;
}

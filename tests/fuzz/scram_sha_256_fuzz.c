/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SCRAM-SHA-256 with a server that says anything: see sasl.h. The signature decides. */
#include "sasl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sasl_end end = sasl_play("SCRAM-SHA-256", false, data, size);
    /* A success without the right signature is none: only the seed with it can get there. */
    FUZZ_CHECK(!end.accepted || end.n_answers == 2);
    return 0;
}

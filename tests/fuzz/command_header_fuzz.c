/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The header that mailsub-sendmail completes. Invariants: what comes out ends with the body that
 * went in, and has a From where the library can read it at all; completed once more it keeps it.
 */
#include <string.h>

#include "fuzz.h"

#include "command.h"
#include "sendmail.h"

static void add_origin(struct work *work)
{
    static char origin[] = "ours.example";
    const struct setting setting = {
        .option = option_at(OPTION_ORIGIN), .value = origin, .source = SOURCE_COMMAND};
    settings_add(work, &setting);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct work work = {.program = "fuzz", .command = ON_SEND | ON_SENDMAIL, .is_quiet = true};
    const struct sendmail mail = {.sender = "app", .full_name = "A \"B\" \\ C"};
    size_t len;
    size_t again_len;
    /* The command hands over what is NUL-terminated besides. */
    char *text = fuzz_alloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    add_origin(&work);
    char *whole = complete_header(&work, &mail, text, size, &len);
    char *again = complete_header(&work, &mail, whole, len, &again_len);
    const char *body = memmem(text, size, "\n\n", 2);
    size_t body_len = body ? (size_t)(text + size - body) - 1 : 0;
    FUZZ_CHECK(len >= body_len && again_len >= body_len);
    if (body_len > 0) {
        FUZZ_CHECK(memcmp(whole + len - body_len, body + 1, body_len) == 0);
        FUZZ_CHECK(memcmp(again + again_len - body_len, body + 1, body_len) == 0);
    }
    free(again);
    free(whole);
    free(text);
    work_free(&work);
    return 0;
}

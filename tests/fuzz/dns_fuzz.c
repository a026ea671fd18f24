/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The input is what a name server answers, but for the ID, which is put right. Invariants: on
 * success every target is a name of host characters with labels of 1 to 63 octets, on failure there
 * is a reason and nothing was counted; the order by priority and weight loses no record.
 */
#include <string.h>

#include "fuzz.h"

#include "net/srv.h"

static int fill(void *context, void *out, size_t n_bytes)
{
    unsigned char *next = context;
    memset(out, (*next)++, n_bytes);
    return MAILSUB_OK;
}

static void check_target(const char *target)
{
    size_t len = strlen(target);
    size_t label = 0;
    FUZZ_CHECK(len <= 253);
    for (size_t i = 0; len > 0 && i <= len; i++) {
        char c = target[i];
        if (c == '.' || c == '\0') {
            FUZZ_CHECK(label >= 1 && label <= 63);
            label = 0;
            continue;
        }
        FUZZ_CHECK((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_');
        label++;
    }
}

static unsigned long sum_of(const mailsub__dns_srv *records, size_t n)
{
    unsigned long sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += records[i].priority * 3ul + records[i].weight * 5ul + records[i].port * 7ul +
               strlen(records[i].target);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char octets[MAILSUB__DNS_MAX_QUESTION];
    size_t len = 0;
    if (size < 2 || size > MAILSUB__DNS_MAX_ANSWER)
        return 0;
    FUZZ_CHECK(mailsub__dns_write_question((uint16_t)(data[0] << 8 | data[1]),
                                           mailsub__slice_str("_submissions._tcp.example.org"),
                                           MAILSUB__DNS_SRV, octets, &len) == MAILSUB_OK);
    mailsub__slice question = mailsub__slice_of(octets, len);
    mailsub__slice answer = mailsub__slice_of(data, size);
    static mailsub__dns_srv records[MAILSUB__DNS_MAX_SRV];
    size_t n = 77;
    const char *reason = "";
    int rc = mailsub__dns_parse_srv(question, answer, records, &n, &reason);
    if (rc) {
        FUZZ_CHECK(n == 77 && reason[0] != '\0');
        FUZZ_CHECK(rc == MAILSUB_E_DNS_ANSWER || rc == MAILSUB_E_RESOLVE_AGAIN ||
                   rc == MAILSUB_E_NO_SUCH_DOMAIN);
        return 0;
    }
    FUZZ_CHECK(n <= MAILSUB__DNS_MAX_SRV && mailsub__dns_is_answer(question, answer));
    for (size_t i = 0; i < n; i++)
        check_target(records[i].target);
    unsigned long before = sum_of(records, n);
    unsigned char seed = data[0];
    mailsub_random random = {.size = sizeof random, .context = &seed, .fill = fill};
    FUZZ_CHECK(mailsub__srv_order(records, n, &random) == MAILSUB_OK);
    FUZZ_CHECK(sum_of(records, n) == before);
    for (size_t i = 1; i < n; i++)
        FUZZ_CHECK(records[i - 1].priority <= records[i].priority);
    return 0;
}

/* SPDX-License-Identifier: 0BSD */
/* What is told: what happened, at which stage, what the server said, and what to do. */
#include <stdarg.h>
#include <stdio.h>

#include "command.h"

const char *advice_of(int code)
{
    static const char *const advice[] = {
        [MAILSUB_ACTION_NONE] = "",
        [MAILSUB_ACTION_FIX_PROGRAM] = "mend the call; mailsub --help lists the options",
        [MAILSUB_ACTION_FIX_MESSAGE] = "change the message or its recipients, and send it again",
        [MAILSUB_ACTION_FIX_CONFIGURATION] =
            "keep the message until server, login, certificate or rights are mended",
        [MAILSUB_ACTION_RETRY_LATER] = "send the same message again later",
        [MAILSUB_ACTION_CHECK_ARRIVAL] = "it may have arrived: find out before it is sent again",
    };
    return advice[mailsub_error_action(code)];
}

static void begin(const struct work *work)
{
    if (work->has_bar)
        fputs("\r\x1b[K", stderr);
    fprintf(stderr, "%s: ", work->program);
    if (work->line > 0)
        fprintf(stderr, "line %zu: ", work->line);
}

void say(const struct work *work, const char *format, ...)
{
    va_list arguments;
    if (work->is_quiet)
        return;
    begin(work);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

static void tell(const char *label, const char *text)
{
    if (*text != '\0')
        fprintf(stderr, "  %s: %s\n", label, text);
}

int fail(const struct work *work, int code, const char *format, ...)
{
    va_list arguments;
    if (work->is_quiet)
        return code;
    begin(work);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n  error: %s: %s\n", mailsub_error_name(code), mailsub_strerror(code));
    tell("do", advice_of(code));
    return code;
}

int sink_to_file(void *context, const void *data, size_t len)
{
    return fwrite(data, 1, len, context) == len ? 0 : -1;
}

static void tell_reply(int code, const char *enhanced, const char *text)
{
    if (code != 0)
        fprintf(stderr, "%d %s%s%s", code, enhanced, *enhanced ? " " : "", text);
}

static void tell_recipients(const mailsub_receipt *receipt)
{
    for (size_t i = 0; i < mailsub_receipt_count_recipients(receipt); i++) {
        int reply = mailsub_receipt_get_recipient_reply_code(receipt, i);
        fprintf(stderr, "  <%s> %s%s", mailsub_receipt_get_recipient(receipt, i),
                mailsub_outcome_name(mailsub_receipt_get_outcome(receipt, i)),
                reply != 0 ? ": " : "");
        tell_reply(reply, mailsub_receipt_get_recipient_enhanced_status(receipt, i),
                   mailsub_receipt_get_recipient_reply_text(receipt, i));
        fputc('\n', stderr);
    }
}

static void tell_findings(const mailsub_findings *findings)
{
    for (size_t i = 0; i < mailsub_findings_count(findings); i++)
        fprintf(stderr, "  %s: %s: %s %s\n    %s\n",
                mailsub_findings_get_severity(findings, i) == MAILSUB_SEVERITY_ERROR ? "error"
                                                                                     : "warning",
                mailsub_findings_get_rule(findings, i), mailsub_findings_get_where(findings, i),
                mailsub_findings_get_detail(findings, i), mailsub_findings_get_advice(findings, i));
}

/* Where several were asked: each that could not be used. */
static void tell_servers(const mailsub_receipt *receipt)
{
    size_t n = mailsub_receipt_count_failed_servers(receipt);
    for (size_t i = 0; n > 1 && i < n; i++)
        fprintf(stderr, "  tried: %s: %s\n", mailsub_receipt_get_failed_server(receipt, i),
                mailsub_strerror(mailsub_receipt_get_failed_server_code(receipt, i)));
}

static void tell_failure(const struct work *work, int code)
{
    const mailsub_receipt *receipt = work->receipt;
    fprintf(stderr, "%s: %s\n", work->program, mailsub_strerror(code));
    tell("error", mailsub_error_name(code));
    tell("stage", mailsub_stage_name(mailsub_receipt_get_stage(receipt)));
    if (mailsub_receipt_get_reply_code(receipt) != 0) {
        fputs("  server: ", stderr);
        tell_reply(mailsub_receipt_get_reply_code(receipt),
                   mailsub_receipt_get_enhanced_status(receipt),
                   mailsub_receipt_get_reply_text(receipt));
        fputc('\n', stderr);
    }
    tell("detail", mailsub_receipt_get_detail(receipt));
    tell_servers(receipt);
    tell("login", mailsub_receipt_get_login_text(receipt));
    tell_findings(mailsub_receipt_get_findings(receipt));
    tell_recipients(receipt);
    tell("do", advice_of(code));
    int64_t wait_s = mailsub_receipt_get_retry_after(receipt, 1);
    if (wait_s > 0)
        fprintf(stderr, "  again in: %lld s\n", (long long)wait_s);
}

int report(const struct work *work, int code)
{
    if (is_set(work, OPTION_JSON)) {
        if (mailsub_receipt_write_json(work->receipt, sink_to_file, stdout) != MAILSUB_OK ||
            fflush(stdout) != 0)
            return fail(work, MAILSUB_E_SINK, "standard output");
    }
    if (work->is_quiet)
        return code;
    if (code != MAILSUB_OK) {
        tell_failure(work, code);
        return code;
    }
    for (size_t i = 0; i < mailsub_receipt_count_warnings(work->receipt); i++)
        say(work, "warning: %s", mailsub_receipt_get_warning(work->receipt, i));
    if (work->is_verbose)
        mailsub_receipt_write(work->receipt, sink_to_file, stderr);
    else if ((work->command & ON_SENDMAIL) == 0) /* whose callers take every word for an error */
        tell_findings(mailsub_receipt_get_findings(work->receipt));
    return code;
}

/* SPDX-License-Identifier: 0BSD */
/* The library's objects, made of the settings stage by stage. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"

/* What a person may do on a command line, a file cannot know: what is not said is not guessed. */
static int add_operands(struct work *work)
{
    int rc = MAILSUB_OK;
    for (size_t i = 0; rc == MAILSUB_OK && i < work->n_operands; i++) {
        rc = mailsub_message_add_recipients(work->message, MAILSUB_RECIPIENT_TO, work->operands[i],
                                            MAILSUB_NUL_TERMINATED);
        if (rc)
            fail(work, rc, "recipient \"%s\"", work->operands[i]);
    }
    return rc;
}

int make_message(struct work *work)
{
    int rc = mailsub_message_new(NULL, &work->message);
    if (rc)
        return fail(work, rc, "no message can be made");
    work->is_existing = false;
    rc = settings_apply(work, STAGE_MESSAGE);
    return rc ? rc : add_operands(work);
}

const char *author_of(const struct work *work)
{
    const char *address = "";
    const char *name;
    if (!work->message ||
        mailsub_message_get_mailbox(work->message, "From", 0, &address, &name) != MAILSUB_OK)
        return "";
    return address ? address : "";
}

/* $XDG_STATE_HOME/mailsub/limits: a count in memory would be forgotten when the command ends. */
static char *default_store(void)
{
    const char *state = getenv("XDG_STATE_HOME");
    char *home =
        state && *state == '/' ? copy_text(state, strlen(state)) : expand_home("~/.local/state");
    char *folder = join_text(home, "/mailsub", "");
    for (char *slash = folder + 1; *home == '/' && (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        mkdir(folder, 0700);
        *slash = '/';
    }
    mkdir(folder, 0700);
    char *url = *home == '/' ? join_text("file:", folder, "/limits") : NULL;
    free(folder);
    free(home);
    return url;
}

int make_limiter(struct work *work)
{
    const char *named = setting_of(work, OPTION_LIMIT_STORE);
    if (!named && !is_set(work, OPTION_LIMIT))
        return MAILSUB_OK;
    char *url = named ? copy_text(named, strlen(named)) : default_store();
    if (!url)
        return fail(work, MAILSUB_E_URL, "--limit-store is missing, and so is HOME");
    int rc = mailsub_limiter_open(NULL, url, &work->limiter);
    wipe_text(url);
    if (rc)
        return fail(work, rc, "limit-store");
    return settings_apply(work, STAGE_LIMITER);
}

static int use_limiter(struct work *work)
{
    static const struct word ways[] = {{"fail", MAILSUB_WHEN_LIMITED_FAIL},
                                       {"wait", MAILSUB_WHEN_LIMITED_WAIT},
                                       {"part", MAILSUB_WHEN_LIMITED_PART}};
    const char *named = setting_of(work, OPTION_WHEN_LIMITED);
    int way = MAILSUB_WHEN_LIMITED_FAIL;
    if (named && !parse_word(WORDS(ways), named, &way))
        return fail(work, MAILSUB_E_INVALID, "when-limited: fail, wait or part");
    int rc = make_limiter(work);
    if (rc == MAILSUB_OK && work->limiter)
        rc = mailsub_config_set_limiter(work->config, work->limiter, way);
    return rc;
}

int make_config(struct work *work)
{
    if (!is_set(work, OPTION_SERVER))
        return fail(work, MAILSUB_E_URL,
                    "no server: give --server, MAILSUB_URL, or server in mailsub.conf(5)");
    int rc = mailsub_config_new(NULL, &work->config);
    if (rc)
        return fail(work, rc, "no config can be made");
    rc = settings_apply(work, STAGE_CONFIG);
    if (rc == MAILSUB_OK)
        rc = login_set_up(work);
    if (rc == MAILSUB_OK)
        rc = settings_apply(work, STAGE_POLICY);
    if (rc == MAILSUB_OK && work->policy)
        rc = mailsub_config_set_policy(work->config, work->policy);
    if (rc == MAILSUB_OK && (work->command & ON_SEND) != 0 && !is_set(work, OPTION_DRY_RUN))
        rc = use_limiter(work);
    return rc;
}

int make_session(struct work *work)
{
    int rc = make_config(work);
    if (rc)
        return rc;
    rc = mailsub_session_new(work->config, &work->session);
    return rc ? fail(work, rc, "no session can be made") : MAILSUB_OK;
}

int make_receipt(struct work *work)
{
    int rc = mailsub_receipt_new(NULL, &work->receipt);
    return rc ? fail(work, rc, "no receipt can be made") : MAILSUB_OK;
}

int make_session_for(struct work *work, const char *from)
{
    int rc = settings_choose(work, from);
    if (rc == MAILSUB_OK)
        rc = make_session(work);
    return rc == MAILSUB_OK ? make_receipt(work) : rc;
}

void work_free(struct work *work)
{
    mailsub_session_free(work->session);
    mailsub_receipt_free(work->receipt);
    mailsub_message_free(work->message);
    mailsub_config_unref(work->config);
    mailsub_policy_unref(work->policy);
    mailsub_limiter_unref(work->limiter);
    wipe_text(work->secret);
    free(work->origin);
    settings_free(work);
    free(work->operands);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The error list of error.h as a table, and the questions that can be asked of it. */
#include <mailsub/error.h>

struct error_row {
    int code;
    int group;
    int action;
    int sysexit;
    const char *name;
    const char *text;
};

#define ERROR_ROW(number, NAME, group, action, sysexit, text)                                      \
    {number, MAILSUB_GROUP_##group, MAILSUB_ACTION_##action, sysexit, "MAILSUB_" #NAME, text},
static const struct error_row errors[] = {MAILSUB_ERROR_LIST(ERROR_ROW)};
#undef ERROR_ROW

#define N_ERRORS (sizeof errors / sizeof errors[0])

static const struct error_row *find(int code)
{
    for (size_t i = 0; i < N_ERRORS; i++) {
        if (errors[i].code == code)
            return &errors[i];
    }
    return NULL;
}

const char *mailsub_error_name(int code)
{
    const struct error_row *row = find(code);
    return row ? row->name : "MAILSUB_E_?";
}

const char *mailsub_strerror(int code)
{
    const struct error_row *row = find(code);
    return row ? row->text : "unknown error";
}

int mailsub_error_group(int code)
{
    const struct error_row *row = find(code);
    return row ? row->group : MAILSUB_GROUP_NONE;
}

int mailsub_error_action(int code)
{
    const struct error_row *row = find(code);
    return row ? row->action : MAILSUB_ACTION_NONE;
}

int mailsub_error_sysexit(int code)
{
    const struct error_row *row = find(code);
    return row ? row->sysexit : 70;
}

int mailsub_error_at(size_t index, int *out_code)
{
    if (!out_code || index >= N_ERRORS)
        return MAILSUB_E_INVALID;
    *out_code = errors[index].code;
    return MAILSUB_OK;
}

/* SPDX-License-Identifier: 0BSD */
/*
 * A line of a batch: a JSON object whose names are those of the options for messages. "text" and
 * "html" are the texts themselves, "text-file" and "html-file" the files that hold them; a list
 * stands for an option that may be repeated, and "id" is told again in the receipt.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "command.h"

#include "batch.h"

static bool is_for_lines(const struct option *option)
{
    return option->stage == STAGE_MESSAGE || (option->flags & OPT_LINE) != 0;
}

/* A name that is no option's, and the option that it stands for. */
static const struct alias {
    const char *name;
    enum option_id id;
    bool is_data;
} aliases[] = {
    {"text", OPTION_TEXT, true},
    {"html", OPTION_HTML, true},
    {"text-file", OPTION_TEXT, false},
    {"html-file", OPTION_HTML, false},
};

static const struct option *find(const char *name, bool *out_is_data)
{
    *out_is_data = false;
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++) {
        if (strcmp(aliases[i].name, name) == 0) {
            *out_is_data = aliases[i].is_data;
            return option_at(aliases[i].id);
        }
    }
    const struct option *option = option_find(name, strlen(name));
    return option && is_for_lines(option) ? option : NULL;
}

static int take_value(struct work *work, const char *name, const struct option *option,
                      bool is_data, const json_t *value)
{
    char number[32];
    struct setting setting = {.option = option, .source = SOURCE_LINE, .is_data = is_data};
    if (option->argument && json_is_string(value)) {
        setting.value = copy_text(json_string_value(value), json_string_length(value));
    } else if (option->argument && json_is_integer(value)) {
        snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
        setting.value = copy_text(number, strlen(number));
    } else if (!option->argument && json_is_boolean(value)) {
        const char *word = json_is_true(value) ? "" : "no";
        setting.value = copy_text(word, strlen(word));
    } else {
        return fail(work, MAILSUB_E_INVALID, "\"%s\": a value of another kind is wanted", name);
    }
    settings_add(work, &setting);
    free(setting.value);
    return MAILSUB_OK;
}

static int take_member(struct work *work, const char *name, const json_t *value)
{
    bool is_data;
    const struct option *option = find(name, &is_data);
    if (!option)
        return fail(work, MAILSUB_E_INVALID, "\"%s\" is no option for a message", name);
    if (!json_is_array(value))
        return take_value(work, name, option, is_data, value);
    if ((option->flags & OPT_REPEAT) == 0)
        return fail(work, MAILSUB_E_INVALID, "\"%s\" takes one value", name);
    int rc = MAILSUB_OK;
    for (size_t i = 0; rc == MAILSUB_OK && i < json_array_size(value); i++)
        rc = take_value(work, name, option, is_data, json_array_get(value, i));
    return rc;
}

int object_take(struct work *work, const char *line, char **out_id)
{
    json_error_t error;
    const char *name;
    json_t *value;
    int rc = MAILSUB_OK;
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &error);
    *out_id = NULL;
    if (!json_is_object(object)) {
        rc = fail(work, MAILSUB_E_INVALID, "%s", object ? "no JSON object" : error.text);
        json_decref(object);
        return rc;
    }
    json_object_foreach(object, name, value)
    {
        if (strcmp(name, "id") == 0)
            *out_id = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        else if (rc == MAILSUB_OK)
            rc = take_member(work, name, value);
    }
    json_decref(object);
    return rc;
}

/* SPDX-License-Identifier: 0BSD */
/* Numbers, times and words as they stand in options. What is not understood whole is refused. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "command.h"

bool parse_number(const char *text, int64_t least, int64_t most, int64_t *out_number)
{
    char *end;
    errno = 0;
    if (strspn(text, "+-0123456789") == 0)
        return false;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < least || number > most)
        return false;
    *out_number = number;
    return true;
}

bool parse_time(const char *text, int64_t *out_ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"", 1000},     {"ms", 1},      {"s", 1000},     {"m", 60000},
                 {"min", 60000}, {"h", 3600000}, {"d", 86400000}, {"w", 7 * 86400000}};
    size_t n_digits = strspn(text, "0123456789");
    if (n_digits == 0 || n_digits > 12)
        return false;
    int64_t number = strtoll(text, NULL, 10);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(text + n_digits, units[i].name) == 0 && number <= INT64_MAX / units[i].ms) {
            *out_ms = number * units[i].ms;
            return true;
        }
    }
    return false;
}

bool parse_word(const struct word *words, size_t n, const char *text, int *out_value)
{
    for (size_t i = 0; i < n; i++) {
        if (strcasecmp(words[i].name, text) == 0) {
            *out_value = words[i].value;
            return true;
        }
    }
    return false;
}

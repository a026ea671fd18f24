/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "deposit_kit.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY 65534

static char place[64];

void deposit_make_place(void)
{
    snprintf(place, sizeof place, "/tmp/mailsub-deposit-%ld", (long)getpid());
    if (mkdir(place, 0755) != 0)
        abort();
}

static int remove_one(const char *path, const struct stat *facts, int kind, struct FTW *where)
{
    (void)facts;
    (void)kind;
    return where->level > 0 ? remove(path) : 0;
}

void deposit_empty_place(void)
{
    nftw(place, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void deposit_remove_place(void)
{
    deposit_empty_place();
    rmdir(place);
}

const char *deposit_path(const char *name)
{
    static char paths[4][256];
    static size_t turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", place, name);
    return path;
}

size_t deposit_count(const char *name)
{
    size_t n = 0;
    DIR *directory = opendir(deposit_path(name));
    if (!directory)
        return 0;
    while (readdir(directory))
        n++;
    closedir(directory);
    return n - 2;
}

bool deposit_has_only(const char *start, const char *end)
{
    bool result = true;
    const struct dirent *entry;
    DIR *directory = opendir(deposit_path("d"));
    if (!directory)
        return true;
    while ((entry = readdir(directory))) {
        size_t len = strlen(entry->d_name);
        if (entry->d_type == DT_REG)
            result &= strncmp(entry->d_name, start, strlen(start)) == 0 && len > strlen(end) &&
                      strcmp(entry->d_name + len - strlen(end), end) == 0;
    }
    closedir(directory);
    return result;
}

const struct deposit_text *deposit_read(const char *directory, const char *name)
{
    static struct deposit_text text;
    char path[512];
    snprintf(path, sizeof path, "%s/%s", deposit_path(directory), name);
    FILE *file = fopen(path, "r");
    text.len = file ? fread(text.octets, 1, sizeof text.octets - 1, file) : 0;
    text.octets[text.len] = '\0';
    if (file)
        fclose(file);
    return &text;
}

void deposit_give_up_rights(void)
{
    if (geteuid() == 0 && seteuid(NOBODY) != 0)
        abort();
}

void deposit_take_rights(void)
{
    if (getuid() == 0 && seteuid(0) != 0)
        abort();
}

void deposit_do_nothing(void)
{
}

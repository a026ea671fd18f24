/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a fuzz target over files, in place of libFuzzer: replay FILE|DIRECTORY... Every octet string
 * that is a prefix of a short file is run too, so that input which ends early is always covered.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

enum { MAX_PATH = 4096, MAX_PREFIXED = 512 };

/* A block of its own for each run: ASan and valgrind see a read behind the end. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *exact = fuzz_alloc(size);
    if (size > 0)
        memcpy(exact, data, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

static void die(const char *path)
{
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    exit(1);
}

static void run_file(const char *path, size_t file_size)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        die(path);
    uint8_t *data = fuzz_alloc(file_size);
    size_t size = fread(data, 1, file_size, file);
    if (size != file_size)
        die(path);
    fclose(file);
    for (size_t len = 0; len < size && size <= MAX_PREFIXED; len++)
        run(data, len);
    run(data, size);
    free(data);
}

/* The number of files run. */
static size_t run_path(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        die(path);
    if (!S_ISDIR(status.st_mode)) {
        run_file(path, (size_t)status.st_size);
        return 1;
    }
    DIR *directory = opendir(path);
    if (!directory)
        die(path);
    size_t n_files = 0;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char inner[MAX_PATH];
        if (entry->d_name[0] == '.')
            continue;
        int len = snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        FUZZ_CHECK(len > 0 && (size_t)len < sizeof inner);
        n_files += run_path(inner);
    }
    closedir(directory);
    return n_files;
}

int main(int argc, char **argv)
{
    size_t n_files = 0;
    for (int i = 1; i < argc; i++)
        n_files += run_path(argv[i]);
    printf("%zu files\n", n_files);
    return n_files > 0 ? 0 : 1;
}

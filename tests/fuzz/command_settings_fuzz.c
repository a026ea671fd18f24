/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A settings file of mailsub(1), and one of msmtp, which the first octet chooses. Invariants: it is
 * taken or refused, no setting is of an option that may not stand in a file, and an account can be
 * chosen for any author.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

#include "command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct work work = {.program = "fuzz", .command = ON_SEND, .is_quiet = true};
    char path[64];
    if (size == 0)
        return 0;
    int fd = memfd_create("settings", MFD_CLOEXEC);
    FUZZ_CHECK(fd >= 0 && write(fd, data + 1, size - 1) == (ssize_t)size - 1);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int rc = data[0] == 'm' ? msmtprc_read(&work, path)
                            : settings_read_file(&work, path, SOURCE_USER, true);
    FUZZ_CHECK(rc == MAILSUB_OK || rc == MAILSUB_E_INVALID || rc == MAILSUB_E_CREDENTIALS ||
               rc == MAILSUB_E_URL);
    for (size_t i = 0; i < work.settings.n; i++)
        FUZZ_CHECK((work.settings.entries[i].option->flags & OPT_FILE) != 0);
    if (rc == MAILSUB_OK)
        FUZZ_CHECK(settings_choose(&work, "ada@ours.example") == MAILSUB_OK);
    setting_of(&work, OPTION_USER);
    close(fd);
    work_free(&work);
    return 0;
}

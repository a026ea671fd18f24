/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mailsub/error.h>

#include "leftovers.h"
#include "net/trust.h"
#include "pki.h"

struct pem_row {
    const char *name;
    const char *parts[3]; /* "1" and "2" stand for the authorities */
    int want;
    int want_authorities;
};

static const struct pem_row pems[] = {
    {"one certificate", {"1"}, MAILSUB_OK, 1},
    {"two certificates", {"1", "2"}, MAILSUB_OK, 2},
    {"words around them", {"# mine\n", "1", "\nthe end\n"}, MAILSUB_OK, 1},
    {"empty", {""}, MAILSUB_E_CA, 0},
    {"no certificate", {"-----BEGIN NONSENSE-----\n"}, MAILSUB_E_CA, 0},
    {"binary", {"\x30\x82\x01\x02\xff"}, MAILSUB_E_CA, 0},
    {"cut short", {"-----BEGIN CERTIFICATE-----\nMIIB\n"}, MAILSUB_E_CA, 0},
    {"not X.509",
     {"-----BEGIN CERTIFICATE-----\nMIIBAAAA\n-----END CERTIFICATE-----\n"},
     MAILSUB_E_CA,
     0},
    {"one good and one that is not X.509",
     {"1", "-----BEGIN CERTIFICATE-----\nMIIBAAAA\n-----END CERTIFICATE-----\n"},
     MAILSUB_E_CA,
     0},
};

static size_t assemble(const struct pem_row *row, char *out, size_t room)
{
    size_t len = 0;
    for (size_t i = 0; i < 3 && row->parts[i]; i++) {
        const char *part = row->parts[i];
        if (strcmp(part, "1") == 0)
            part = (const char *)pki_authority.pem.data;
        else if (strcmp(part, "2") == 0)
            part = (const char *)pki_stranger.pem.data;
        assert_true(len + strlen(part) <= room);
        memcpy(out + len, part, strlen(part));
        len += strlen(part);
    }
    return len;
}

static void check_trust(mailsub__trust *trust, int want_authorities)
{
    const mailsub__trust_handles *handles = NULL;
    assert_int_equal(mailsub__trust_load(trust, &handles), MAILSUB_OK);
    assert_non_null(handles->credentials);
    assert_non_null(handles->priority);
    assert_int_equal(handles->n_authorities, want_authorities);
}

/* What a config does with PEM, from memory or from a file. */
static int trust_pem(const mailsub_allocator *allocator, mailsub__slice pem,
                     mailsub__trust **out_trust)
{
    mailsub__trust *trust;
    int rc = mailsub__trust_new(allocator, &trust);
    if (rc)
        return rc;
    rc = mailsub__trust_set_authorities(trust, pem);
    if (rc)
        mailsub__trust_free(trust);
    else
        *out_trust = trust;
    return rc;
}

static int trust_file(const mailsub_allocator *allocator, const char *path,
                      mailsub__trust **out_trust, int *out_os_error)
{
    mailsub__trust *trust;
    int rc = mailsub__trust_new(allocator, &trust);
    if (rc)
        return rc;
    rc = mailsub__trust_set_authorities_file(trust, path, out_os_error);
    if (rc)
        mailsub__trust_free(trust);
    else
        *out_trust = trust;
    return rc;
}

static void write_file(const char *path, const char *data, size_t len)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void pem_is_read(void **state)
{
    const struct pem_row *row = *state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    char pem[8192];
    size_t len = assemble(row, pem, sizeof pem);
    mailsub__trust *trust = NULL;
    assert_int_equal(trust_pem(&allocator, mailsub__slice_of(pem, len), &trust), row->want);
    assert_int_equal(trust != NULL, row->want == MAILSUB_OK);
    if (trust)
        check_trust(trust, row->want_authorities);
    mailsub__trust_free(trust);

    char path[] = "/tmp/mailsub-trust-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    write_file(path, pem, len);
    int os_error = 77;
    trust = NULL;
    assert_int_equal(trust_file(&allocator, path, &trust, &os_error), row->want);
    assert_int_equal(os_error, 0);
    if (trust)
        check_trust(trust, row->want_authorities);
    mailsub__trust_free(trust);
    unlink(path);
    assert_int_equal(heap.n_live, 0);
}

static void unreadable_files_say_why(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    size_t n_before = count_descriptors();
    char directory[] = "/tmp/mailsub-trust-XXXXXX";
    assert_non_null(mkdtemp(directory));
    char fifo[64];
    snprintf(fifo, sizeof fifo, "%s/fifo", directory);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    const struct {
        const char *path;
        int os_error;
    } files[] = {{"/nonexistent/ca.pem", ENOENT}, {directory, EISDIR}, {fifo, 0}};
    for (size_t i = 0; i < 3; i++) {
        mailsub__trust *trust = NULL;
        int os_error = 77;
        assert_int_equal(trust_file(&allocator, files[i].path, &trust, &os_error), MAILSUB_E_CA);
        assert_int_equal(os_error, files[i].os_error);
        assert_null(trust);
    }
    unlink(fifo);
    rmdir(directory);
    assert_int_equal(heap.n_live, 0);
    assert_int_equal(count_descriptors(), n_before);
}

static void more_than_16_mib_is_refused(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    char path[] = "/tmp/mailsub-trust-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, pki_authority.pem.data, pki_authority.pem.size),
                     pki_authority.pem.size);
    assert_int_equal(ftruncate(fd, (16 << 20) + 1), 0);
    close(fd);
    mailsub__trust *trust = NULL;
    int os_error;
    assert_int_equal(trust_file(&allocator, path, &trust, &os_error), MAILSUB_E_CA);
    unlink(path);
    assert_int_equal(heap.n_live, 0);
}

static void *load(void *context)
{
    const mailsub__trust_handles *handles = NULL;
    return mailsub__trust_load(context, &handles) == MAILSUB_OK ? handles->credentials : NULL;
}

static void the_system_is_loaded_once(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__trust *trust = NULL;
    assert_int_equal(mailsub__trust_new(&allocator, &trust), MAILSUB_OK);
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, load, trust), 0);
    void *first = load(trust);
    assert_non_null(first);
    for (size_t i = 0; i < 4; i++) {
        void *other = NULL;
        pthread_join(threads[i], &other);
        assert_ptr_equal(other, first);
    }
    mailsub__trust_free(trust);
    mailsub__trust_free(NULL);
    assert_int_equal(heap.n_live, 0);
}

static void each_failing_allocation_is_told(void **state)
{
    (void)state;
    char path[] = "/tmp/mailsub-trust-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    write_file(path, (const char *)pki_authority.pem.data, pki_authority.pem.size);
    int rc = MAILSUB_E_NOMEM;
    for (size_t n = 1; rc == MAILSUB_E_NOMEM; n++) {
        struct unit_heap heap = {.fail_at = n};
        mailsub_allocator allocator = unit_allocator(&heap);
        mailsub__trust *trust = NULL;
        int os_error;
        rc = trust_file(&allocator, path, &trust, &os_error);
        assert_true(rc == MAILSUB_OK || (rc == MAILSUB_E_NOMEM && !trust));
        mailsub__trust_free(trust);
        assert_int_equal(heap.n_live, 0);
    }
    unlink(path);
}

int main(void)
{
    struct CMUnitTest tests[4 + sizeof pems / sizeof pems[0]] = {
        cmocka_unit_test(unreadable_files_say_why),
        cmocka_unit_test(more_than_16_mib_is_refused),
        cmocka_unit_test(the_system_is_loaded_once),
        cmocka_unit_test(each_failing_allocation_is_told),
    };
    size_t n_tests = 4;
    UNIT_ADD_ROWS(tests, n_tests, pems, pem_is_read);
    return _cmocka_run_group_tests("trust", tests, n_tests, pki_set_up, pki_tear_down);
}

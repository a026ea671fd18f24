/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "message_kit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "codec/base64.h"

static void ok(int rc)
{
    assert_int_equal(rc, MAILSUB_OK);
}

static mailsub_message *to_bob(struct unit_heap *heap)
{
    mailsub_message *message = kit_message_on(heap);
    ok(mailsub_message_set_from(message, "alice@a.de", NULL));
    ok(mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "bob@b.de", NULL));
    return message;
}

struct refused_row {
    const char *name;
    const char *file_name;
    const char *media_type;
    int want;
};

static const struct refused_row refused_rows[] = {
    {"empty name", "", NULL, MAILSUB_E_FILE_NAME},
    {"dot", ".", NULL, MAILSUB_E_FILE_NAME},
    {"two dots", "..", NULL, MAILSUB_E_FILE_NAME},
    {"slash", "a/b", NULL, MAILSUB_E_FILE_NAME},
    {"backslash", "a\\b", NULL, MAILSUB_E_FILE_NAME},
    {"absolute path", "/etc/passwd", NULL, MAILSUB_E_FILE_NAME},
    {"tab", "a\tb", NULL, MAILSUB_E_CONTROL},
    {"line end", "a\r\nb", NULL, MAILSUB_E_CONTROL},
    {"line separator", "a\xe2\x80\xa8", NULL, MAILSUB_E_CONTROL},
    {"Latin-1", "\xe4.txt", NULL, MAILSUB_E_UTF8},
    {"empty type", "a", "", MAILSUB_E_MEDIA_TYPE},
    {"no subtype", "a", "text", MAILSUB_E_MEDIA_TYPE},
    {"empty subtype", "a", "text/", MAILSUB_E_MEDIA_TYPE},
    {"no top type", "a", "/plain", MAILSUB_E_MEDIA_TYPE},
    {"two slashes", "a", "text/a/b", MAILSUB_E_MEDIA_TYPE},
    {"space", "a", "text /plain", MAILSUB_E_MEDIA_TYPE},
    {"mark in front", "a", "text/.x", MAILSUB_E_MEDIA_TYPE},
    {"multipart", "a", "Multipart/mixed", MAILSUB_E_MEDIA_TYPE},
    {"message", "a", "message/partial", MAILSUB_E_MEDIA_TYPE},
    {"line end in the type", "a", "text/plain\r\nX: y", MAILSUB_E_CONTROL},
};

static void check_refused_row(void **state)
{
    const struct refused_row *row = *state;
    struct unit_heap heap = {0};
    mailsub_message *message = to_bob(&heap);
    struct kit_text before = kit_write(message);
    assert_int_equal(mailsub_message_attach_data(message, row->file_name, row->media_type, "x", 1),
                     row->want);
    const char *field;
    assert_int_equal(mailsub_message_get_error(message, &field), row->want);
    assert_string_equal(field, "attachment");
    ok(mailsub_message_clear_error(message));
    assert_int_equal(
        mailsub_message_attach_file(message, "/proc/self/exe", row->file_name, row->media_type),
        row->want);
    ok(mailsub_message_clear_error(message));
    kit_assert_written(message, before.data);
    free(before.data);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

/* A file of the test's own. */
static char path[] = "/tmp/mailsub-attachment-XXXXXX";

static void write_file(const char *data, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static int make_path(void **state)
{
    (void)state;
    strcpy(path + sizeof path - 7, "XXXXXX");
    int fd = mkstemp(path);
    if (fd < 0)
        return -1;
    close(fd);
    return 0;
}

static int remove_path(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

static size_t count_descriptors(void)
{
    size_t n = 0;
    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void a_file_is_what_the_same_octets_are(void **state)
{
    (void)state;
    static char data[150001];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(i * i >> 7);
    const size_t lens[] = {0, 1, 56, 57, 58, 48 * 1024, 48 * 1024 + 1, 150000, 150001};
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        struct unit_heap heap = {0};
        write_file(data, lens[i]);
        mailsub_message *in_memory = to_bob(&heap);
        mailsub_message *in_file = to_bob(&heap);
        ok(mailsub_message_set_text(in_memory, "a", 1));
        ok(mailsub_message_set_text(in_file, "a", 1));
        ok(mailsub_message_attach_data(in_memory, "x", "image/png", data, lens[i]));
        ok(mailsub_message_attach_file(in_file, path, "x", "image/png"));
        size_t n_descriptors = count_descriptors();
        struct kit_text want = kit_write(in_memory);
        kit_assert_written(in_file, want.data);
        const char *detail;
        ok(mailsub__message_prepare(in_file, 0, &detail));
        assert_int_equal(mailsub__message_size(in_file), want.len);
        const size_t rooms[] = {1, 3, 76, 77, 78, 79, 4096, 1000000};
        for (size_t r = 0; r < sizeof rooms / sizeof rooms[0]; r++) {
            mailsub__source source;
            ok(mailsub__message_open(in_file, &source));
            struct kit_text text = {0};
            ok(kit_read(&source, rooms[r], &text));
            assert_string_equal(text.data, want.data);
            free(text.data);
        }
        mailsub__message_close(in_file);
        assert_int_equal(count_descriptors(), n_descriptors);
        free(want.data);
        mailsub_message_free(in_memory);
        mailsub_message_free(in_file);
        assert_int_equal(heap.n_live, 0);
    }
}

static void the_name_is_the_last_component(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = to_bob(&heap);
    ok(mailsub_message_attach_file(message, path, NULL, NULL));
    struct kit_text text = kit_write(message);
    char want[100];
    snprintf(want, sizeof want, "filename=%s\r\n", path + strlen("/tmp/"));
    assert_non_null(strstr(text.data, want));
    free(text.data);
    mailsub_message_free(message);
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = to_bob(&heap);
    size_t n_descriptors = count_descriptors();
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    const char *const paths[] = {path, "/dev/null", "/dev/tty", "/tmp", "/nowhere/at/all", ""};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        assert_int_equal(mailsub_message_attach_file(message, paths[i], "x", NULL), MAILSUB_E_FILE);
    assert_int_equal(count_descriptors(), n_descriptors);
    mailsub_message_free(message);
}

enum change { SHRINK, GROW, VANISH, BECOME_A_FIFO };

static void change_file(enum change change)
{
    static char data[200001];
    switch (change) {
    case SHRINK:
        assert_int_equal(truncate(path, 50000), 0);
        break;
    case GROW:
        write_file(data, sizeof data);
        break;
    case VANISH:
        unlink(path);
        break;
    case BECOME_A_FIFO:
        unlink(path);
        assert_int_equal(mkfifo(path, 0600), 0);
        break;
    }
}

struct change_row {
    const char *name;
    enum change change;
    int want;         /* before the reading begins */
    int want_reading; /* in the middle of it, the file being open */
};

static const struct change_row change_rows[] = {
    {"shrinks", SHRINK, MAILSUB_E_FILE_CHANGED, MAILSUB_E_FILE_CHANGED},
    {"grows", GROW, MAILSUB_E_FILE_CHANGED, MAILSUB_E_FILE_CHANGED},
    {"vanishes", VANISH, MAILSUB_E_FILE, MAILSUB_OK},
    {"becomes a FIFO", BECOME_A_FIFO, MAILSUB_E_FILE, MAILSUB_OK},
};

/* Read until the file is open, change it, and read on. */
static int read_over_change(mailsub_message *message, enum change change)
{
    mailsub__source source;
    ok(mailsub__message_open(message, &source));
    struct kit_text text = {0};
    char piece[60000];
    size_t len;
    ok(source.read(source.context, piece, sizeof piece, &len));
    assert_int_equal(len, sizeof piece);
    change_file(change);
    int rc = kit_read(&source, 1000, &text);
    if (rc) {
        assert_int_equal(source.read(source.context, piece, sizeof piece, &len), rc);
        assert_string_equal(mailsub__message_detail(message), path);
    }
    free(text.data);
    return rc;
}

static void check_change_row(void **state)
{
    const struct change_row *row = *state;
    make_path(NULL);
    static char data[200000];
    struct unit_heap heap = {0};
    struct kit_text text = {0};
    write_file(data, sizeof data);
    size_t n_descriptors = count_descriptors();
    mailsub_message *message = to_bob(&heap);
    ok(mailsub_message_attach_file(message, path, NULL, NULL));
    const char *detail;
    ok(mailsub__message_prepare(message, 0, &detail));
    assert_int_equal(read_over_change(message, row->change), row->want_reading);
    assert_int_equal(mailsub__message_prepare(message, 0, &detail), row->want);
    assert_string_equal(detail, path);
    assert_int_equal(mailsub_message_write(message, kit_sink, &text), row->want);
    assert_int_equal(text.len, 0);
    ok(mailsub_message_get_error(message, NULL));

    unlink(path);
    write_file(data, sizeof data);
    ok(mailsub_message_write(message, kit_sink, &text));
    free(text.data);
    mailsub_message_free(message);
    assert_int_equal(count_descriptors(), n_descriptors);
    assert_int_equal(heap.n_live, 0);
    remove_path(NULL);
}

static void there_is_a_most_of_attachments(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = to_bob(&heap);
    size_t n_descriptors = count_descriptors();
    for (size_t i = 0; i < MAILSUB_MAX_ATTACHMENTS; i++)
        ok(mailsub_message_attach_file(message, path, NULL, NULL));
    assert_int_equal(count_descriptors(), n_descriptors);
    assert_int_equal(mailsub_message_attach_file(message, path, NULL, NULL), MAILSUB_E_LIMIT);
    assert_int_equal(mailsub_message_attach_data(message, "a", NULL, "", 0), MAILSUB_E_LIMIT);
    ok(mailsub_message_clear_error(message));
    struct kit_text text = kit_write(message);
    free(text.data);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void a_large_file_takes_little_memory(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    assert_int_equal(truncate(path, 30 << 20), 0);
    mailsub_message *message = to_bob(&heap);
    ok(mailsub_message_attach_file(message, path, NULL, NULL));
    struct kit_text text = {0};
    mailsub__source source;
    const char *detail;
    ok(mailsub__message_prepare(message, 0, &detail));
    ok(mailsub__message_open(message, &source));
    static char piece[65536];
    uint64_t size = 0;
    for (size_t len = 1; len > 0; size += len)
        ok(source.read(source.context, piece, sizeof piece, &len));
    assert_int_equal(size, mailsub__message_size(message));
    assert_true(size > mailsub__base64_encoded_len(30 << 20));
    assert_true(heap.n_live <= 4);
    free(text.data);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void disposition_is_folded_between_parameters(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = to_bob(&heap);
    char name[2001] = "";
    while (strlen(name) < 1990)
        strcat(name, "\xc3\xa4; b\"c ");
    ok(mailsub_message_attach_data(message, name, NULL, "x", 1));
    struct kit_text text = kit_write(message);
    for (const char *line = text.data; *line;) {
        const char *end = strstr(line, "\r\n");
        assert_true(end - line <= 78);
        line = end + 2;
    }
    free(text.data);
    mailsub_message_free(message);
}

int main(void)
{
    struct CMUnitTest tests[64] = {
        cmocka_unit_test_setup_teardown(a_file_is_what_the_same_octets_are, make_path, remove_path),
        cmocka_unit_test_setup_teardown(the_name_is_the_last_component, make_path, remove_path),
        cmocka_unit_test_setup_teardown(what_is_no_file_is_refused, make_path, remove_path),
        cmocka_unit_test_setup_teardown(there_is_a_most_of_attachments, make_path, remove_path),
        cmocka_unit_test_setup_teardown(a_large_file_takes_little_memory, make_path, remove_path),
        cmocka_unit_test(disposition_is_folded_between_parameters),
    };
    size_t n_tests = 6;
    UNIT_ADD_ROWS(tests, n_tests, refused_rows, check_refused_row);
    UNIT_ADD_ROWS(tests, n_tests, change_rows, check_change_row);
    return UNIT_RUN(tests, n_tests);
}

/* SPDX-License-Identifier: 0BSD */
/*
 * Files in a message: a picture that the HTML shows, a table made in memory, and files of any size,
 * which are read while they are sent and so take no memory.
 *
 *   attachments URL FROM TO FILE...   submits one message with these files
 *   attachments                       shows it against a server of its own
 */
#include <mailsub/mailsub.h>
#include <mailsub/testing.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A picture of one pixel. */
static const unsigned char logo[] = {0x89, 'P', 'N',  'G',  '\r', '\n', 0x1a, '\n', 0,    0, 0, 13,
                                     'I',  'H', 'D',  'R',  0,    0,    0,    1,    0,    0, 0, 1,
                                     8,    0,   0,    0,    0,    0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0,
                                     10,   'I', 'D',  'A',  'T',  0x78, 0x9c, 0x63, 0x68, 0, 0, 0,
                                     0x82, 0,   0x81, 0x77, 0xcd, 0x72, 0xb6, 0,    0,    0, 0, 'I',
                                     'E',  'N', 'D',  0xae, 0x42, 0x60, 0x82};

/* The library names the picture; the HTML has to be told how. */
static void add_html(mailsub_message *message)
{
    char html[256];
    if (mailsub_message_embed_data(message, NULL, "image/png", logo, sizeof logo) != MAILSUB_OK)
        return;
    size_t last = mailsub_message_count_parts(message) - 1;
    snprintf(html, sizeof html,
             "<p><img src=\"cid:%s\" alt=\"Library\"> Here are your files.</p>\n",
             mailsub_message_get_part_content_id(message, last));
    mailsub_message_set_html(message, html, MAILSUB_NUL_TERMINATED);
}

/* The builder keeps the first error and tells which part it was about. */
static int build(mailsub_message *message, const char *from, const char *to, char **files)
{
    static const char table[] = "title;shelf\n\"Effi Briest\";4711\n";
    mailsub_message_set_from(message, from, "Bücherei");
    mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, to, NULL);
    mailsub_message_set_subject(message, "Your files");
    add_html(message);
    mailsub_message_attach_data(message, "Bücher.csv", "text/csv; header=present", table,
                                sizeof table - 1);
    for (; *files; files++)
        mailsub_message_attach_file(message, *files, NULL, NULL);
    const char *field;
    int rc = mailsub_message_get_error(message, &field);
    if (rc)
        fprintf(stderr, "%s: %s\n", field, mailsub_strerror(rc));
    return rc;
}

static int submit(const char *url, const char *from, const char *to, char **files)
{
    mailsub_config *config = NULL;
    mailsub_session *session = NULL;
    mailsub_message *message = NULL;
    int rc = mailsub_config_new(NULL, &config);
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_url(config, url);
    if (rc == MAILSUB_OK)
        rc = mailsub_session_new(config, &session);
    if (rc == MAILSUB_OK)
        rc = mailsub_message_new(NULL, &message);
    if (rc == MAILSUB_OK)
        rc = build(message, from, to, files);
    if (rc == MAILSUB_OK)
        rc = mailsub_session_submit(session, message, NULL);
    printf("%s\n", mailsub_strerror(rc));
    mailsub_session_free(session);
    mailsub_message_free(message);
    mailsub_config_unref(config);
    return rc;
}

/* A file that is there while the message is sent. */
static int make_file(char *path)
{
    static const char text[] = "All is well.\n";
    int fd = mkstemp(path);
    if (fd < 0)
        return -1;
    ssize_t n = write(fd, text, sizeof text - 1);
    close(fd);
    return n == sizeof text - 1 ? 0 : -1;
}

/* 0 when the server got the parts that were sent. */
static int show(void)
{
    mailsub_testing_server *server = NULL;
    char path[] = "/tmp/report.XXXXXX";
    char *files[] = {path, NULL};
    char *missing[] = {(char[]){"/nonexistent"}, NULL};
    int wrong = 1;
    if (make_file(path) == 0 &&
        mailsub_testing_server_new(MAILSUB_TESTING_PIPELINING, &server) == MAILSUB_OK &&
        mailsub_testing_server_start(server) == MAILSUB_OK) {
        const char *url = mailsub_testing_server_get_url(server);
        wrong = submit(url, "lib@example.org", "bob@example.net", files) != MAILSUB_OK;
        wrong += submit(url, "lib@example.org", "bob@example.net", missing) != MAILSUB_E_FILE;
        const char *content = mailsub_testing_server_get_content(server, 0, NULL);
        wrong += !content || !strstr(content, "multipart/related") ||
                 !strstr(content, "filename*=UTF-8''B%C3%BCcher.csv") ||
                 !strstr(content, "report.");
    }
    unlink(path);
    mailsub_testing_server_free(server);
    return wrong;
}

int main(int argc, char **argv)
{
    if (argc == 1)
        return show() == 0 ? 0 : 1;
    if (argc < 4) {
        fprintf(stderr, "Usage: attachments URL FROM TO FILE...\n");
        return 64;
    }
    return mailsub_error_sysexit(submit(argv[1], argv[2], argv[3], argv + 4));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Three processes: this one, the watcher and the program. The watcher is a copy of this process in
 * which other threads may have held any lock, so it calls only what is safe in a signal handler. It
 * reports over a socket of messages, and kills the program when it is told to. When this process
 * ends, the watcher goes too and lets the program finish: its input is complete.
 */
#include "net/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/close_range.h>

#include <mailsub/error.h>

#include "base/fd.h"
#include "base/memory.h"

/* What the watcher reports. */
struct report {
    enum mailsub__command_end end;
    int number;
};

/* What the watcher and the program need to know. */
struct plan {
    const char *path;
    char *const *argv;
    int input;
    int output;  /* where the program's words go */
    int reports; /* the watcher's end of the socket */
};

struct mailsub__command {
    const mailsub_allocator *allocator;
    mailsub__poller *poller;
    pid_t watcher; /* 0: none */
    int reports;   /* our end of the socket; -1: nothing runs */
    int words;     /* our end of the pipe */
    struct report report;
    char text[MAILSUB__COMMAND_TEXT_LEN];
    size_t len;
};

int mailsub__command_new(const mailsub_allocator *allocator, mailsub__poller *poller,
                         mailsub__command **out_command)
{
    mailsub__command *command = mailsub__alloc_zeroed(allocator, sizeof *command);
    if (!command)
        return MAILSUB_E_NOMEM;
    command->allocator = allocator;
    command->poller = poller;
    command->reports = -1;
    command->words = -1;
    *out_command = command;
    return MAILSUB_OK;
}

void mailsub__command_free(mailsub__command *command)
{
    if (!command)
        return;
    mailsub__command_kill(command);
    mailsub__free(command->allocator, command);
}

/* ---- in the program's process, before it is the program ---- */

_Noreturn static void become_program(const struct plan *plan)
{
    sigset_t none;
    sigemptyset(&none);
    if (dup2(plan->input, STDIN_FILENO) == STDIN_FILENO &&
        dup2(plan->output, STDOUT_FILENO) == STDOUT_FILENO &&
        dup2(plan->output, STDERR_FILENO) == STDERR_FILENO) {
        /* What the application forgot to mark is none of the program's business. */
        close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execv(plan->path, plan->argv);
    }
    const struct report report = {MAILSUB__COMMAND_UNRUN, errno};
    send(plan->reports, &report, sizeof report, MSG_NOSIGNAL);
    _exit(127);
}

/* ---- in the watcher ---- */

_Noreturn static void leave(const struct plan *plan, enum mailsub__command_end end, int number)
{
    const struct report report = {end, number};
    send(plan->reports, &report, sizeof report, MSG_NOSIGNAL);
    _exit(0);
}

/* The application's handlers are code for another process. Those that are ignored count too: the
   program would inherit that, and the kernel would keep no status. */
static void forget_handlers(void)
{
    struct sigaction usual = {.sa_handler = SIG_DFL};
    for (int i = 1; i < NSIG; i++)
        sigaction(i, &usual, NULL); /* fails for those that nobody can catch */
}

/* What is inherited and not needed stays open as long as the watcher lives, such as the
   application's own connections. */
static void close_others(const struct plan *plan)
{
    int low = plan->reports;
    close_range(0, (unsigned)low - 1, 0);
    close_range((unsigned)low + 1, ~0U, 0);
}

/* An order came from the application, or it has ended. */
static void obey(const struct plan *plan, pid_t program)
{
    char order;
    if (recv(plan->reports, &order, 1, 0) != 1)
        _exit(0);
    /* One that has changed its user may not be killed. */
    if (kill(program, SIGKILL) != 0)
        leave(plan, MAILSUB__COMMAND_LOST, errno);
}

_Noreturn static void watch(const struct plan *plan)
{
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGCHLD);
    forget_handlers();
    pid_t program = _Fork();
    if (program == 0)
        become_program(plan);
    if (program < 0)
        leave(plan, MAILSUB__COMMAND_UNRUN, errno);
    close_others(plan);
    int signals = signalfd(-1, &ends, 0);
    for (;;) {
        int status = 0;
        struct pollfd entries[2] = {{plan->reports, POLLIN, 0}, {signals, POLLIN, 0}};
        if (waitpid(program, &status, signals < 0 ? 0 : WNOHANG) == program)
            leave(plan, WIFEXITED(status) ? MAILSUB__COMMAND_EXITED : MAILSUB__COMMAND_KILLED,
                  WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
        if (poll(entries, 2, -1) > 0 && entries[0].revents)
            obey(plan, program);
        struct signalfd_siginfo scrap;
        if (entries[1].revents && read(signals, &scrap, sizeof scrap) < 0)
            leave(plan, MAILSUB__COMMAND_LOST, errno);
    }
}

/* ---- here ---- */

/*
 * A process like that of fork(), but without a signal for its end, so that only a wait that asks for
 * such children sees it, and without the application's handlers of pthread_atfork.
 */
static pid_t fork_watcher(void)
{
    return (pid_t)syscall(SYS_clone, 0UL, 0UL, 0UL, 0UL, 0UL);
}

/* No handler of the application may run in the watcher. */
static pid_t start_watcher(const struct plan *plan)
{
    sigset_t all;
    sigset_t old;
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &old) != 0)
        return -1;
    pid_t watcher = fork_watcher();
    if (watcher == 0)
        watch(plan);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    errno = error;
    return watcher;
}

static void drop(mailsub__command *command)
{
    if (command->reports >= 0)
        mailsub__poller_remove(command->poller, command->reports);
    if (command->words >= 0)
        mailsub__poller_remove(command->poller, command->words);
    mailsub__fd_close(&command->reports);
    mailsub__fd_close(&command->words);
    /* It ends as soon as it has reported. */
    while (command->watcher > 0 && waitpid(command->watcher, NULL, __WALL) < 0 && errno == EINTR)
        ;
    command->watcher = 0;
}

static void end(mailsub__command *command, enum mailsub__command_end how, int number)
{
    command->report = (struct report){how, number};
    drop(command);
}

/* Both ends above the standard descriptors, which the program's are put on. */
static bool lift_both(int ends[2])
{
    for (int i = 0; i < 2; i++)
        ends[i] = mailsub__fd_lift(ends[i]);
    return ends[0] >= 0 && ends[1] >= 0;
}

static bool open_channels(int reports[2], int words[2])
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, reports) == 0 &&
           lift_both(reports) && pipe2(words, O_CLOEXEC) == 0 && lift_both(words) &&
           fcntl(words[0], F_SETFL, O_NONBLOCK) == 0;
}

void mailsub__command_start(mailsub__command *command, const char *path, char *const argv[],
                            int input)
{
    int reports[2] = {-1, -1};
    int words[2] = {-1, -1};
    command->text[0] = '\0';
    command->len = 0;
    if (open_channels(reports, words) && lseek(input, 0, SEEK_SET) == 0) {
        const struct plan plan = {path, argv, input, words[1], reports[1]};
        command->watcher = start_watcher(&plan);
    } else {
        command->watcher = -1;
    }
    int error = errno;
    mailsub__fd_close(&reports[1]);
    mailsub__fd_close(&words[1]);
    command->reports = reports[0];
    command->words = words[0];
    if (command->watcher < 0) {
        command->watcher = 0;
        end(command, MAILSUB__COMMAND_UNRUN, error);
    } else if (mailsub__poller_add(command->poller, command->reports, true, false) ||
               mailsub__poller_add(command->poller, command->words, true, false)) {
        mailsub__command_kill(command);
        command->report = (struct report){MAILSUB__COMMAND_LOST, errno};
    }
}

bool mailsub__command_is_running(const mailsub__command *command)
{
    return command->reports >= 0;
}

/* A line end becomes a blank, and what is not printable a question mark. */
static void keep_words(mailsub__command *command, const char *data, size_t len)
{
    for (size_t i = 0; i < len && command->len < sizeof command->text - 1; i++) {
        bool is_space = data[i] == '\n' || data[i] == '\r' || data[i] == '\t' || data[i] == ' ';
        bool is_clean = data[i] > ' ' && data[i] <= '~';
        if (is_space && (command->len == 0 || command->text[command->len - 1] == ' '))
            continue;
        command->text[command->len++] = is_space ? ' ' : '?';
        if (is_clean)
            command->text[command->len - 1] = data[i];
    }
    command->text[command->len] = '\0';
}

/* All that it has said so far is taken, however much, so that it never waits for us. */
static void listen_to(mailsub__command *command)
{
    char data[4096];
    for (int i = 0; i < 64 && command->words >= 0; i++) {
        ssize_t n = read(command->words, data, sizeof data);
        if (n > 0) {
            keep_words(command, data, (size_t)n);
            continue;
        }
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        mailsub__poller_remove(command->poller, command->words);
        mailsub__fd_close(&command->words);
    }
}

void mailsub__command_process(mailsub__command *command)
{
    struct report report;
    if (command->reports < 0)
        return;
    listen_to(command);
    ssize_t n = recv(command->reports, &report, sizeof report, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    listen_to(
        command); /* what it said last; what its own children go on saying is not waited for */
    if (n == sizeof report)
        end(command, report.end, report.number);
    else
        end(command, MAILSUB__COMMAND_LOST, 0);
}

void mailsub__command_kill(mailsub__command *command)
{
    struct report report = {MAILSUB__COMMAND_LOST, 0};
    if (command->reports < 0)
        return;
    send(command->reports, "K", 1, MSG_NOSIGNAL);
    while (recv(command->reports, &report, sizeof report, 0) < 0 && errno == EINTR)
        ;
    end(command, report.end, report.number);
}

void mailsub__command_abandon(mailsub__command *command, bool closed)
{
    if (closed) {
        command->reports = -1;
        command->words = -1;
    }
    command->watcher = 0;
    drop(command);
}

enum mailsub__command_end mailsub__command_get_end(const mailsub__command *command, int *out_number)
{
    *out_number = command->report.number;
    return command->report.end;
}

const char *mailsub__command_get_text(const mailsub__command *command)
{
    return command->text;
}

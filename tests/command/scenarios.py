#!/usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""scenarios.py MAILSUB FAKE_SERVER: what takes more than one run of mailsub(1), or a look from
outside: quotas from run to run, an interrupt, the terminal, and where a password could be seen.
"""

import os
import pty
import re
import resource
import select
import signal
import sys
import time

from harness import (SECRET, TIMEOUT, FakeServer, Place, Skip, mail, play, run, wait_for_line,
                     wrapper)

HUNG = ("rule", "MAIL", "", "")
LOGIN = ("implicit-tls", "auth-plain", "user", "ada", SECRET)


def quota_is_kept_between_runs(scene):
    with Place() as place, FakeServer(scene.fake_server) as server:
        env = place.environment({})
        quota = ["--limit", "3/24h"]
        sent = [run([scene.program, *mail(server, place, *quota)], env).returncode
                for _ in range(4)]
        assert sent == [0, 0, 0, 75], sent
        show = [scene.program, "limits", "show", "ada@ours.example", *quota]
        assert b"3 of 3" in run(show, env).stdout
        assert run([scene.program, "limits", "reset", "ada@ours.example", *quota],
                   env).returncode == 0
        assert b"0 of 3" in run(show, env).stdout
        log = place.write("log", f"{int(time.time()) - 60} ada@ours.example 2\n")
        assert run([scene.program, "limits", "import", log, *quota], env).returncode == 0
        assert b"2 of 3" in run(show, env).stdout, run(show, env).stdout
    assert len(server.messages) == 3


def dry_run_uses_no_quota(scene):
    with Place() as place, FakeServer(scene.fake_server) as server:
        env = place.environment({})
        for _ in range(3):
            done = run([scene.program, *mail(server, place, "--limit", "1/24h", "--dry-run")], env)
            assert done.returncode == 0, done.stderr
    assert not server.messages


def interrupt_is_told(scene):
    with Place() as place, FakeServer(scene.fake_server, *HUNG) as server:
        process = scene.start(place, *mail(server, place, "--trace"))
        assert wait_for_line(process, "C: MAIL")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 75, process.returncode
        assert b"MAILSUB_E_CANCELLED" in err, err


def read(path):
    with open(path, "rb") as file:
        return file.read()


def password_is_not_in_ps(scene):
    """Neither in the arguments nor in the environment, while it is in use."""
    if wrapper():
        raise Skip("the kernel shows what valgrind was started with, and not what its program has")
    with Place() as place, FakeServer(scene.fake_server, *LOGIN, *HUNG) as server:
        url = server.url.replace("://", "://ada:" + SECRET.replace(" ", "%20") + "@")
        arguments = mail(server, place, "--trace")
        del arguments[1:3]
        process = scene.start(place, *arguments, MAILSUB_URL=url)
        try:
            assert wait_for_line(process, "C: MAIL")
            for name in "cmdline", "environ":
                seen = read(f"/proc/{process.pid}/{name}")
                assert b"correct" not in seen, (name, seen)
        finally:
            process.kill()
            process.communicate()


def password_is_not_in_a_core(scene):
    with Place() as place, FakeServer(scene.fake_server, *LOGIN, *HUNG) as server:
        secret = place.write("secret", SECRET)
        limit = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (limit[1], limit[1]))
        process = scene.start(place, *mail(server, place, "--trace", "-u", "ada",
                                           "--password-file", secret))
        resource.setrlimit(resource.RLIMIT_CORE, limit)
        assert wait_for_line(process, "C: MAIL")
        process.send_signal(signal.SIGABRT)
        process.stdout.read()
        process.stderr.read()
        _, status = os.waitpid(process.pid, 0)
        process.returncode = -signal.SIGABRT
        assert os.WIFSIGNALED(status) and not os.WCOREDUMP(status), status


def type_password(descriptor):
    """Answer the prompt; return what the terminal showed."""
    shown = b""
    until = time.monotonic() + TIMEOUT
    is_answered = False
    while time.monotonic() < until:
        if not select.select([descriptor], [], [], 1)[0]:
            continue
        try:
            data = os.read(descriptor, 4096)
        except OSError:
            break
        if not data:
            break
        shown += data
        if b"Password of ada at localhost:" in shown and not is_answered:
            os.write(descriptor, SECRET.encode() + b"\n")
            is_answered = True
    return shown


def need_terminal():
    try:
        for descriptor in os.openpty():
            os.close(descriptor)
    except OSError as error:  # a chroot without /dev/pts
        raise Skip(f"no terminal can be made: {error}") from error


def terminal_is_asked(scene):
    need_terminal()
    with Place() as place, FakeServer(scene.fake_server, *LOGIN) as server:
        arguments = scene.command(*mail(server, place, "-u", "ada"))
        env = place.environment({})
        pid, descriptor = pty.fork()
        if pid == 0:
            os.execvpe(arguments[0], arguments, env)
        shown = type_password(descriptor)
        _, status = os.waitpid(pid, 0)
        os.close(descriptor)
        assert status == 0, (status, shown)
        assert SECRET.encode() not in shown, shown
    assert [message.login for message in server.messages] == ["ada"]


def password_on_the_command_line_ends_it_before_anything_is_sent(scene):
    with Place() as place, FakeServer(scene.fake_server, *LOGIN) as server:
        arguments = mail(server, place)
        arguments[2] = server.url.replace("://", "://ada:pass@")
        done = run([scene.program, *arguments], place.environment({}))
        assert done.returncode == 78 and b"ada:pass" not in done.stderr
    assert "connection 1" not in server.transcript


def help_lists_the_options_of_each_command(scene):
    with Place() as place:
        env = place.environment({})
        for command in "send", "check", "probe", "etrn", "limits", "discover", "version":
            done = run([scene.program, command, "--help"], env)
            names = re.findall(rb"^ .{5}--([a-z0-9-]+)", done.stdout, re.M)
            assert done.returncode == 0 and b"help" in names and len(names) == len(set(names))


SCENARIOS = (quota_is_kept_between_runs, dry_run_uses_no_quota, interrupt_is_told,
             password_is_not_in_ps, password_is_not_in_a_core, terminal_is_asked,
             password_on_the_command_line_ends_it_before_anything_is_sent,
             help_lists_the_options_of_each_command)


if __name__ == "__main__":
    sys.exit(play(SCENARIOS, *sys.argv[1:]))

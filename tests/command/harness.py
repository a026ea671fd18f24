# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of mailsub(1) share: a fake server for each run, and the run itself."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))

from tap import Tap

SECRET = "correct horse battery"
TIMEOUT = 300  # for valgrind


def wrapper():
    return shlex.split(os.environ.get("MAILSUB_TEST_WRAPPER", ""))


class Message:
    def __init__(self, words, content):
        self.login = self.sender = ""
        self.recipients = []
        self.content = content.decode("utf-8", "replace").replace("\r\n", "\n")
        for name, value in words:
            if name == "recipient":
                self.recipients.append(value)
            else:
                setattr(self, name, value)

    def header(self, name):
        """A field's value, unfolded; "" when there is none."""
        head = self.content.split("\n\n", 1)[0]
        found = re.search(rf"^{name}: ?((?:.|\n[ \t])*)$", head, re.I | re.M)
        return re.sub(r"\n[ \t]", " ", found[1]) if found else ""


class FakeServer:
    """tests/integration/fake_server for one test; what it saw is complete behind the with block."""

    def __init__(self, program, *words):
        self.process = subprocess.Popen([program, *words], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.words = words
        self.messages = []
        self.transcript = ""
        self.errors = 0

    def __enter__(self):
        self.port = int(self.process.stdout.readline())
        self.ca = b"".join(iter(self.process.stdout.readline, b".\n")).decode()
        scheme = "smtp"
        if "implicit-tls" in self.words:
            scheme = "submissions"
        elif "starttls" in self.words:
            scheme = "submission"
        self.scheme = scheme
        self.url = f"{scheme}://localhost:{self.port}"
        return self

    def __exit__(self, *_):
        out, transcript = self.process.communicate()
        self.transcript = transcript.decode("utf-8", "replace")
        while found := re.match(rb"message (\d+)\n(.*?)\n\n", out, re.S):
            start = found.end()
            end = start + int(found[1])
            words = [line.decode().split(" ", 1) for line in found[2].split(b"\n")]
            words = [(word + [""])[:2] for word in words]
            self.messages.append(Message(words, out[start:end]))
            out = out[end:]
        self.errors = int(out.split()[-1])


class Place:
    """A directory with files of one run, which also is its home."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="mailsub-command-")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def file(self, name):
        return os.path.join(self.path, name)

    def write(self, name, data, mode=0o600):
        path = self.file(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
        os.chmod(path, mode)
        return path

    def call_it(self, program, name):
        """The program by another name."""
        if not name:
            return program
        os.symlink(os.path.abspath(program), self.file(name))
        return self.file(name)

    def environment(self, more):
        kept = ("PATH", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS",
                "ASAN_SYMBOLIZER_PATH")
        env = {name: os.environ[name] for name in kept if name in os.environ}
        env.update({"HOME": self.path, "LC_ALL": "C.UTF-8"})
        env.update(more)
        return env


def run(arguments, env, stdin=b"", **options):
    """Run a program in a session of its own, so that it finds no terminal."""
    return subprocess.run([*wrapper(), *arguments], env=env, input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=TIMEOUT, check=False,
                          start_new_session=True, **options)


class Scenario:
    def __init__(self, program, fake_server):
        self.program = program
        self.fake_server = fake_server

    def command(self, *arguments):
        return [*wrapper(), self.program, *arguments]

    def start(self, place, *arguments, stdin=False, **env):
        """A run that is not waited for."""
        return subprocess.Popen(self.command(*arguments), env=place.environment(env),
                                stdin=subprocess.PIPE if stdin else subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, start_new_session=True)


def mail(server, place, *more):
    return ["send", "--server", server.url, "--ca", place.write("ca.pem", server.ca), "--from",
            "ada@ours.example", "--text", place.write("text", "Hello.\n"), "bob@theirs.example",
            *more]


def wait_for_line(process, start):
    """Read standard error until a line of the trace begins so."""
    for line in process.stderr:
        if line.decode().startswith(start):
            return True
    return False


class Skip(Exception):
    """A scenario needs what the machine does not have."""


def play(scenarios, program, fake_server):
    """Run scenarios, functions that assert; return the exit status."""
    tap = Tap()
    scene = Scenario(program, fake_server)
    for scenario in scenarios:
        name = scenario.__name__.replace("_", " ")
        try:
            scenario(scene)
            tap.point(True, name)
        except Skip as reason:
            tap.point(True, f"{name} # SKIP {reason}")
        except (AssertionError, OSError, ValueError, subprocess.TimeoutExpired) as error:
            tap.point(False, name, repr(error))
    tap.plan()
    return int(tap.failed)

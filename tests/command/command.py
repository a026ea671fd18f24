#!/usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""command.py MAILSUB FAKE_SERVER GROUP: run mailsub(1) as the rows of a group say.

With the group "table" it is checked instead that the rows use each option and each exit status.
No run may show the secret, on either output.
"""

import glob
import os
import re
import resource
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))

from harness import SECRET, FakeServer, Place, run, wrapper
from rows import GROUPS
from tap import Tap

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
# EX_SOFTWARE has no row: it is MAILSUB_E_STATE, calls of the library in an order that it does not
# allow. A run that came to it would be an error of the command to mend. EX_OSFILE has no error.
STATUSES = {0, 64, 65, 66, 67, 68, 69, 71, 73, 74, 75, 76, 77, 78}
KEY = """-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----
"""


def fill(text, values):
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], found[0]), text)


class Check:
    """What is wrong with a run."""

    def __init__(self):
        self.problems = []

    def that(self, is_so, problem):
        if not is_so:
            self.problems.append(problem)

    def contains(self, text, parts, where):
        for part in parts:
            self.that(part in text, f"{where} lacks {part!r}")


def check_message(check, row, server):
    if row.n_messages is not None:
        check.that(len(server.messages) == row.n_messages, f"{len(server.messages)} messages")
    check.contains(server.transcript, row.dialogue, "the dialogue")
    if not server.messages:
        return
    message = server.messages[0]
    for name, value in row.fields.items():
        check.that(re.fullmatch(value, message.header(name), re.S),
                   f"{name} is {message.header(name)!r}")
    check.contains(message.content, row.content, "the message")
    for part in row.lacks:
        check.that(part not in message.content, f"the message has {part!r}")
    for name in ("sender", "recipients", "login"):
        wanted = getattr(row, name)
        check.that(wanted is None or wanted == getattr(message, name),
                   f"{name}: {getattr(message, name)!r}")


def check_run(check, row, done, server):
    out = done.stdout.decode("utf-8", "replace")
    err = done.stderr.decode("utf-8", "replace")
    wanted = row.status if isinstance(row.status, tuple) else (row.status,)
    check.that(wanted == (None,) or done.returncode in wanted, f"exit status {done.returncode}")
    check.contains(err, row.err, "standard error")
    check.contains(out, row.out, "standard output")
    check.that(not row.silent or not out + err, "it is not silent")
    for part in SECRET, SECRET.replace(" ", "%20"):
        check.that(part not in out + err, "the secret is shown")
    check.that(server.errors == 0 or row.is_unknown, "the server counted errors of the client")
    check_message(check, row, server)
    if check.problems:
        check.problems += (f"out: {line}" for line in out.splitlines())
        check.problems += (f"err: {line}" for line in err.splitlines())
        check.problems += (f"dialogue: {line}" for line in server.transcript.splitlines())


def check_made(check, row, place, values):
    for pattern, parts in row.made.items():
        found = glob.glob(place.file(pattern))
        check.that(len(found) == 1, f"files {pattern}: {found}")
        for path in found:
            with open(path, encoding="utf-8", newline="") as file:
                check.contains(file.read(), [fill(part, values) for part in parts], pattern)


def set_limits(limits):
    for name, value in limits.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))


def run_row(program, fake_server, row):
    check = Check()
    if row.limits and wrapper():
        return []  # valgrind needs more for itself
    with Place() as place, FakeServer(fake_server, *row.server) as server:
        ca = place.write("ca.pem", server.ca)
        values = {"url": server.url, "port": str(server.port), "scheme": server.scheme, "ca": ca,
                  "dir": place.path, "secret": SECRET, "key": KEY, "now": str(int(time.time()))}
        for name, text in row.files.items():
            place.write(name, fill(text, values), row.modes.get(name, 0o600))
        env = place.environment({name: fill(text, values) for name, text in row.env.items()})
        done = run([place.call_it(program, row.program), *(fill(word, values) for word in row.arguments)], env,
                   row.stdin.encode(), preexec_fn=lambda: set_limits(row.limits))
        check_made(check, row, place, values)
    check_run(check, row, done, server)
    return check.problems


def options():
    with open(os.path.join(SOURCE, "examples/mailsub/options.h"), encoding="utf-8") as file:
        text = file.read()
    return re.findall(r'X\((\w+), (0|\'.\'),\s+"([a-z0-9-]+)"', text.replace("\\\n", "\n"))


def check_table(tap):
    """Each option, and each exit status, is in a row."""
    rows = [row for group in GROUPS.values() for row in group]
    words = {word.split("=")[0] for row in rows for word in row.arguments}
    words |= {line.split(" = ")[0] for row in rows for text in row.files.values()
              for line in text.splitlines()}
    found = options()
    tap.point(len(found) > 60, "the table of options is understood", str(len(found)))
    for _, letter, name in found:
        letter = "-" + letter.strip("'")
        of_sendmail = name in ("origin", "aliases") and name in words
        used = of_sendmail or f"--{name}" in words or any(
            word.startswith(letter) and not word.startswith("--") for word in words)
        tap.point(used, f"a row uses --{name}")
    seen = {status for row in rows
            for status in (row.status if isinstance(row.status, tuple) else (row.status,))}
    for status in sorted(STATUSES):
        tap.point(status in seen, f"a row ends with {status}")
    words = " ".join(word for row in GROUPS["sendmail"] for word in row.arguments)
    for flag in "ti", "oi", "f", "r", "F", "N", "R", "V", "B", "bm", "bs", "v", "C":
        tap.point(re.search(rf"(^| )-{flag}", words), f"a row calls sendmail with -{flag}")
    names = [row.name for row in rows]
    tap.point(len(names) == len(set(names)), "each row has a name of its own")


def main(program, fake_server, group):
    tap = Tap()
    if group == "table":
        check_table(tap)
    for row in GROUPS.get(group, ()):
        try:
            problems = run_row(program, fake_server, row)
        except (subprocess.TimeoutExpired, OSError, ValueError) as error:
            problems = [repr(error)]
        tap.point(not problems, row.name, *problems)
    tap.plan()
    return int(tap.failed)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

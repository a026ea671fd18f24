# SPDX-License-Identifier: LGPL-2.1-or-later
"""Test programs run against a server, and their points under one plan."""

import ctypes
import os
import re
import shlex
import signal
import subprocess
import sys
import time

# Loaded early: little is safe to do between fork and exec.
LIBC = ctypes.CDLL(None)

POINT = re.compile(r"^(not ok|ok)\b\s*\d*(.*)$")
PLAN = re.compile(r"^1\.\.(\d+)")


class Tap:
    """The one plan that the points of all the programs become."""

    def __init__(self):
        self.n_points = 0
        self.failed = False

    def point(self, passed, name, *details):
        self.n_points += 1
        self.failed |= not passed
        print(f"{'ok' if passed else 'not ok'} {self.n_points} - {name}")
        for line in "\n".join(map(str, details)).splitlines() if not passed else ():
            print(f"# {line}")
        sys.stdout.flush()

    def plan(self):
        print(f"1..{self.n_points}", flush=True)

    def pass_on(self, program, stream):
        """Renumber a program's points; return whether it kept its plan."""
        planned = seen = 0
        for line in stream:
            line = line.rstrip("\n")
            point = POINT.match(line)
            plan = PLAN.match(line)
            if point:
                seen += 1
                name = point[2].strip(" -") or f"{program} {seen}"
                self.point(point[1] == "ok", name)
            elif plan:
                planned = int(plan[1])
            elif line:
                print(line if line.startswith("#") else f"# {line}", flush=True)
        return seen > 0 and seen == planned


def die_with_parent():
    """In a program: be killed when this process is."""
    pr_set_pdeathsig = 1
    LIBC.prctl(pr_set_pdeathsig, signal.SIGKILL)


def run_program(tap, server, path):
    """Run one program against the server and pass its points on."""
    name = os.path.basename(path)
    env = {**os.environ, **server.environment(), "CMOCKA_MESSAGE_OUTPUT": "TAP"}
    wrapper = shlex.split(env.pop("MAILSUB_TEST_WRAPPER", ""))
    began = time.monotonic()
    with subprocess.Popen([*wrapper, path], env=env, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          errors="replace", preexec_fn=die_with_parent) as process:
        try:
            kept_plan = tap.pass_on(name, process.stdout)
        except BaseException:
            process.kill()
            raise
    print(f"# {name}: {time.monotonic() - began:.1f} s")
    # cmocka's status is its number of failed tests, which are points already.
    tap.point(kept_plan and 0 <= process.returncode < 77,
              f"{name} ran to its end", f"exit status {process.returncode}")

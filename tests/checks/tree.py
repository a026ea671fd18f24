# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the checks share: the files of the source tree, and C code without its comments."""
import os
import re
import sys

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
SKIPPED = 77  # the exit status by which meson knows a test that could not be made
ROOMS = ("include", "lib", "man", "examples", "tests", "bindings", ".ci")

# The longest that looks like one token wins: a comment in a string is part of the string.
TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def files(*rooms):
    """Yield the paths, from the root on, of all files in these directories, and of the root."""
    for room in rooms or ROOMS:
        for folder, folders, names in os.walk(os.path.join(ROOT, room)):
            folders[:] = sorted(f for f in folders if not f.startswith((".", "__", "build")))
            for name in sorted(names):
                yield os.path.relpath(os.path.join(folder, name), ROOT)
    if not rooms:
        for name in sorted(os.listdir(ROOT)):
            if os.path.isfile(os.path.join(ROOT, name)):
                yield name


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def is_c(path):
    return path.endswith((".c", ".h", ".h.in"))


def code(text):
    """C source with comments and literals blanked; every line keeps its number."""
    def blank(match):
        token = match.group()
        return token[0] + token[-1] if token[0] in "\"'" else re.sub(r"[^\n]", " ", token)
    return TOKEN.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def declared(header):
    """The functions that a public header exports."""
    return set(re.findall(r"MAILSUB_API\b[^;(]*?\b(mailsub_\w+)\s*\(", code(read(header))))


def finish(problems):
    """Print what is wrong and end with the status that says whether something is."""
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)

#!/usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""moving.py MAILSUB FAKE_SERVER: what mailsub(1) tells those who come from other commands to write
is run, line by line as it stands there. Only the server and the file of the password have other
names here.
"""

import os
import re
import subprocess
import sys

from harness import SECRET, TIMEOUT, FakeServer, Place, wrapper
from tap import Tap

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "man", "mailsub.1")
# The commands of a vendor's list, each of which has to have its entry.
COMMANDS = ("Python", "Perl", "curl", "msmtp", "sendmail , through a relay by Postfix",
            "sendmail , through a relay by Exim", "openssl s_client", "s-nail", "mutt", "mailx",
            "mail ,")
MESSAGE = "From: app@example.org\nTo: bob@example.net\nSubject: Report\n\nAll is well.\n"
MSMTPRC = ("account default\nhost localhost\nport {port}\ntls on\ntls_starttls off\n"
           "tls_trust_file {ca}\nauth on\nuser app\npasswordeval cat {dir}/password\n")


def entries():
    """Yield the name of each command, and what is to be written in its place."""
    with open(PAGE, encoding="utf-8") as file:
        text = file.read()
    start = text.index(".Sh COMING FROM OTHER COMMANDS")
    text = text[start:text.index(".Sh SEE ALSO", start)]
    for part in re.split(r"^\.It Sy ", text, flags=re.M)[1:]:
        shown = re.findall(r"^\.Bd -literal.*\n((?:.*\n)*?)\.Ed\n", part, re.M)
        yield part.split("\n", 1)[0], shown[-1].replace("\\e", "\\")


def fill_place(place, server, program):
    values = {"port": str(server.port), "ca": place.write("ca.pem", server.ca), "dir": place.path}
    place.write("password", SECRET + "\n")
    place.write("message.eml", MESSAGE)
    place.write("report.txt", "All is well.\n")
    place.write("table.csv", "a;b\n")
    place.write(".msmtprc", re.sub(r"\{(\w+)\}", lambda found: values[found[1]], MSMTPRC))
    place.write(".config/mailsub/config",
                f"server = {server.url}\nca = {values['ca']}\nuser = app\n"
                f"password-file = {place.path}/password\n")
    os.mkdir(place.file("bin"))
    for name in "mailsub", "mailsub-sendmail":
        os.mkdir(place.file(f"bin/{name}.real"))
        real = place.file(f"bin/{name}.real/{name}")
        os.symlink(os.path.abspath(program), real)
        place.write(f"bin/{name}", f"#!/bin/sh\nexec {' '.join(wrapper())} {real} \"$@\"\n", 0o755)


def run_line(program, fake_server, line):
    """Run one; return what is wrong."""
    tls = "starttls" if "submission://" in line else "implicit-tls"
    with Place() as place, FakeServer(fake_server, tls, "pipelining", "auth-plain", "user", "app",
                                      SECRET) as server:
        fill_place(place, server, program)
        line = line.replace("mail.example.org", f"localhost:{server.port}")
        line = line.replace("/etc/app/password", place.file("password"))
        env = place.environment({})
        # For a call that names the server itself, and so not the login of the settings.
        env["PATH"] = place.file("bin") + ":" + env["PATH"]
        done = subprocess.run(["sh", "-c", line], env=env, cwd=place.path, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=TIMEOUT, start_new_session=True)
    problems = []
    if done.returncode:
        problems.append(f"exit status {done.returncode}")
    if "check" not in line:
        found = [(message.sender, message.recipients, message.login, message.header("Subject"))
                 for message in server.messages]
        if found != [("app@example.org", ["bob@example.net"], "app", "Report")]:
            problems.append(repr(found))
        if any("All is well." not in message.content for message in server.messages):
            problems.append("the text is missing")
        if "table.csv" in line and "table.csv" not in server.messages[0].content:
            problems.append("the attachment is missing")
    elif b"C: EHLO" not in done.stdout:
        problems.append("no dialogue is shown")
    if problems:
        problems += [line, *done.stdout.decode(errors="replace").splitlines()]
    return problems


def main(program, fake_server):
    tap = Tap()
    found = list(entries())
    for wanted in COMMANDS:
        tap.point(any(name.startswith(wanted) for name, _ in found), f"an entry for {wanted}")
    for name, line in found:
        problems = run_line(program, fake_server, line)
        tap.point(not problems, name, *problems)
    tap.plan()
    return int(tap.failed)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

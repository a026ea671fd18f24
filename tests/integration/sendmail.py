#!/usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""sendmail.py [--required] DRIVER FAKE_SERVER: submit through the sendmail commands of Postfix, Exim
and msmtp.

Postfix's and Exim's put the message into a queue of their own below /tmp, which nobody serves, and
msmtp takes it to the fake server. The system's own configuration is neither read nor touched. What
is not there is skipped; with --required that is a failure.
"""

import glob
import os
import shutil
import subprocess
import sys
import tempfile

from relays import UNPACKED
from submitter import Submitter
from tap import Tap, die_with_parent

POSTFIX = "/usr/sbin/sendmail"
EXIM = os.path.join(UNPACKED, "exim4/usr/sbin/exim4")
RECIPIENTS = ("one@theirs.example", "-oQ/tmp@theirs.example")

MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {0}/queue
data_directory = {0}/queue
myhostname = mx.ours.example
inet_interfaces = loopback-only
message_size_limit = {1}
"""
EXIM_CONF = """\
primary_hostname = mx.ours.example
spool_directory = {0}/spool
log_file_path = {0}/log/%slog
keep_environment =
trusted_users = root
message_size_limit = {1}
begin acl
begin routers
begin transports
"""
MSMTP_CONF = """\
account default
host 127.0.0.1
port {0}
"""


class Place(Submitter):
    """A directory with the wrappers that name a command's own configuration."""

    def write(self, name, text, mode=0o644):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def submit(self, command, *envelope, front=()):
        return super().submit(f"sendmail:{command}", *envelope, front=front)


def check_text(tap, name, text):
    """The content is there, as a whole, and nobody read a recipient in it."""
    tap.point("\nfirst\n" in text.replace("\r", "") and text.rstrip().endswith("last"),
              f"{name}: the content is whole", text)
    tap.point("theirs.example" not in text, f"{name}: no recipient shows in it", text)


def postfix(tap, place):
    for name in ("queue", "queue/maildrop"):
        os.mkdir(place.path(name))
    command = place.write("postfix", f"#!/bin/sh\nMAIL_CONFIG={place.root}\nexport MAIL_CONFIG\n"
                          f'exec {POSTFIX} "$@"\n', 0o755)
    place.write("master.cf", "")
    place.write("main.cf", MAIN_CF.format(place.root, 100000))
    told = place.submit(command, "bounces@ours.example", *RECIPIENTS)
    tap.point(told[0] == "MAILSUB_OK", "Postfix: taken", *told)
    (queued,) = glob.glob(place.path("queue/maildrop/*"))
    env = {**os.environ, "MAIL_CONFIG": place.root}
    text = subprocess.run(["/usr/sbin/postcat", queued], env=env, text=True, check=True,
                          stdout=subprocess.PIPE).stdout
    envelope, _, content = text.partition("*** MESSAGE CONTENTS")
    content = content.partition("*** HEADER EXTRACTED")[0].partition("\n")[2]
    for line in ("sender: bounces@ours.example", *(f"recipient: {one}" for one in RECIPIENTS)):
        tap.point(f"\n{line}\n" in envelope, f"Postfix: {line}", envelope)
    check_text(tap, "Postfix", content)
    os.unlink(queued)
    told = place.submit(command, "", RECIPIENTS[0])
    tap.point(told[0] == "MAILSUB_OK", "Postfix: the empty sender is taken", *told)
    place.write("main.cf", MAIN_CF.format(place.root, 20))
    told = place.submit(command, "bounces@ours.example", RECIPIENTS[0])
    tap.point(told[0] != "MAILSUB_OK" and "large" in told[1] or "big" in told[1],
              "Postfix: too big", *told)
    place.write("main.cf", MAIN_CF.format(place.root, 100000))
    shutil.rmtree(place.path("queue"))
    told = place.submit(command, "bounces@ours.example", RECIPIENTS[0])
    tap.point(told[0] not in ("MAILSUB_OK", "MAILSUB_E_UNKNOWN_OUTCOME"),
              "Postfix: without a queue it is refused", *told)


def as_installed(place):
    """The command in front of another that lets Exim find the user of its package; None: it may
    not be run."""
    for name, line in (("passwd", "Debian-exim:x:64000:64000::/nonexistent:/usr/sbin/nologin\n"),
                       ("group", "Debian-exim:x:64000:\n")):
        with open(f"/etc/{name}", encoding="utf-8") as file:
            place.write(name, file.read() + line)
    front = ["unshare", "--mount", "--propagation", "private", "sh", "-c",
             f"mount --bind {place.path('passwd')} /etc/passwd && "
             f'mount --bind {place.path("group")} /etc/group && exec "$@"', "sh"]
    tried = subprocess.run([*front, "true"], stderr=subprocess.DEVNULL, check=False)
    return front if tried.returncode == 0 else None


def exim(tap, place):
    front = as_installed(place)
    if not front:
        print("# Exim is skipped: no mounts of one's own are allowed")
        return
    for name in ("spool", "log"):
        os.mkdir(place.path(name))
        os.chmod(place.path(name), 0o777)
    command = place.write("exim", f"#!/bin/sh\nexec {EXIM} -C {place.path('exim.conf')} -odq "
                          '"$@"\n', 0o755)
    place.write("exim.conf", EXIM_CONF.format(place.root, "100K"))
    told = place.submit(command, "bounces@ours.example", *RECIPIENTS, front=front)
    tap.point(told[0] == "MAILSUB_OK", "Exim: taken", *told)
    (header,) = glob.glob(place.path("spool/input/*-H"))
    with open(header, encoding="utf-8") as file:
        envelope = file.read()
    with open(header[:-1] + "D", encoding="utf-8") as file:
        content = file.read()
    for line in ("<bounces@ours.example>", *RECIPIENTS):
        tap.point(f"\n{line}\n" in envelope, f"Exim: {line}", envelope)
    check_text(tap, "Exim", content)
    told = place.submit(command, "", RECIPIENTS[0], front=front)
    tap.point(told[0] == "MAILSUB_OK", "Exim: the empty sender is taken", *told)
    place.write("exim.conf", EXIM_CONF.format(place.root, "20"))
    told = place.submit(command, "bounces@ours.example", RECIPIENTS[0], front=front)
    tap.point(told[0] not in ("MAILSUB_OK", "MAILSUB_E_UNKNOWN_OUTCOME"), "Exim: too big", *told)
    place.write("exim.conf", "what is this\n")
    told = place.submit(command, "bounces@ours.example", RECIPIENTS[0], front=front)
    tap.point(told[0] == "MAILSUB_E_SENDMAIL", "Exim: a configuration that is none", *told)


def msmtp(tap, place, fake_server):
    server = subprocess.Popen([fake_server, "pipelining", "enhanced", "rule", "RCPT", "<bad@",
                               "550 5.1.1 No such user"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              preexec_fn=die_with_parent)
    port = int(server.stdout.readline())
    while server.stdout.readline() != ".\n":
        pass
    command = place.write("msmtp", f'#!/bin/sh\nexec msmtp -C {place.path("msmtp.conf")} "$@"\n',
                          0o755)
    place.write("msmtp.conf", MSMTP_CONF.format(port), 0o600)
    told = place.submit(command, "bounces@ours.example", RECIPIENTS[0])
    tap.point(told[0] == "MAILSUB_OK", "msmtp: taken", *told)
    told = place.submit(command, "bounces@ours.example", "bad@theirs.example")
    tap.point(told[0] not in ("MAILSUB_OK", "MAILSUB_E_UNKNOWN_OUTCOME") and "No such user" in
              told[1], "msmtp: the server's refusal is told", *told)
    taken, _ = server.communicate("")
    tap.point("\nsender bounces@ours.example\nrecipient one@theirs.example\n" in taken and
              taken.count("\nSubject: ") == 1, "msmtp: the message arrived once", taken)
    content = taken[taken.index("\n\n") + 2:taken.rindex("errors")]
    check_text(tap, "msmtp", content)
    told = place.submit(command, "bounces@ours.example", RECIPIENTS[0])
    tap.point(told[0] == "MAILSUB_E_MESSAGE_DEFERRED", "msmtp: nobody listens", *told)


def main(arguments):
    tap = Tap()
    required = "--required" in arguments
    driver, fake_server = [word for word in arguments if not word.startswith("--")]
    kinds = {
        "Postfix": (lambda place: postfix(tap, place), os.path.exists("/usr/sbin/postcat")),
        "Exim": (lambda place: exim(tap, place), os.path.exists(EXIM)),
        "msmtp": (lambda place: msmtp(tap, place, fake_server), bool(shutil.which("msmtp"))),
    }
    if os.geteuid() != 0:
        print("1..0 # SKIP other configurations of Postfix and Exim are taken from root only")
        return 0
    for name, (run, is_there) in kinds.items():
        if not is_there:
            tap.point(not required, f"{name} is not installed # SKIP")
            continue
        with tempfile.TemporaryDirectory(prefix="mailsub-sendmail-", dir="/tmp") as root:
            os.chmod(root, 0o755)
            run(Place(driver, root))
    tap.plan()
    return int(tap.failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

#!/usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""deposit.py [--required] DRIVER: what other programs read where messages become files, and what
becomes of a message when the disk is full or may not be written to.

Dovecot and Python's mailbox read the Maildir, and Python's email the files of a directory. The disk
is a small one in memory, mounted where nobody else sees it.
"""

import email
import email.policy
import glob
import json
import mailbox
import os
import shutil
import subprocess
import sys
import tempfile

from submitter import Submitter
from tap import Tap

DOVEADM = "/usr/bin/doveadm"
DOVECOT_CONF = """\
base_dir = {0}/run
mail_location = maildir:{0}/Mail
mail_home = {0}
mail_uid = {1}
mail_gid = {2}
first_valid_uid = 0
first_valid_gid = 0
log_path = /dev/stderr
ssl = no
stats_writer_socket_path =
"""
NOBODY = 65534
SENDER = "bounces@ours.example"
RECIPIENTS = ("one@theirs.example", "two@theirs.example")


class Place(Submitter):
    """A directory in which something is submitted to."""

    def submit(self, scheme, name, *envelope):
        return super().submit(f"{scheme}:{self.path(name)}", *envelope)


def python_reads(tap, place):
    told = place.submit("maildir", "Mail", SENDER, RECIPIENTS[0])
    tap.point(told[0] == "MAILSUB_OK", "a message goes to a Maildir", *told)
    box = mailbox.Maildir(place.path("Mail"), create=False)
    (key,) = box.keys()
    tap.point(told[1].endswith(f"queued as {key}"), "the queue id is the key of it", told[1], key)
    message = box[key]
    tap.point(message.get_subdir() == "new" and message["Return-Path"] == f"<{SENDER}>" and
              message["Delivered-To"] == RECIPIENTS[0] and message["Subject"] == "by a command",
              "Python reads the Maildir", message.as_string())
    told = place.submit("maildir", "Mail", "", *RECIPIENTS)
    tap.point(told[0] == "MAILSUB_OK" and len(box) == 2, "a second one is there beside it", *told)


def dovecot_reads(tap, place):
    conf = place.path("dovecot.conf")
    owner = os.geteuid() or NOBODY  # Dovecot opens no mail as root
    if os.geteuid() == 0:
        for folder, _, names in os.walk(place.root):
            for path in folder, *(os.path.join(folder, name) for name in names):
                os.chown(path, NOBODY, NOBODY)
    with open(conf, "w", encoding="utf-8") as file:
        file.write(DOVECOT_CONF.format(place.root, owner, NOBODY if owner == NOBODY else
                                       os.getegid()))
    done = subprocess.run([DOVEADM, "-c", conf, "-f", "json", "fetch",
                           "hdr.return-path hdr.delivered-to hdr.subject body", "mailbox", "INBOX",
                           "all"], env={"USER": "root", "HOME": place.root}, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300)
    found = json.loads(done.stdout or "[]")
    tap.point(len(found) == 2 and {mail["hdr.return-path"] for mail in found} ==
              {"<>", f"<{SENDER}>"} and all(mail["hdr.subject"] == "by a command" and
              mail["body"].replace("\r", "").startswith("first\n") for mail in found),
              "Dovecot reads the Maildir", done.stdout, done.stderr)


def a_directory_is_read(tap, place):
    os.mkdir(place.path("out"))
    told = place.submit("directory", "out", SENDER, *RECIPIENTS)
    tap.point(told[0] == "MAILSUB_OK", "a message goes to a directory", *told)
    name = told[1].rpartition(" ")[2]
    tap.point(sorted(os.listdir(place.path("out"))) == [f"{name}.eml", f"{name}.json"],
              "its files have the name of the queue id", *os.listdir(place.path("out")))
    with open(place.path("out", f"{name}.json"), encoding="utf-8") as file:
        envelope = json.load(file)
    tap.point(envelope == {"sender": SENDER, "recipients": list(RECIPIENTS), "body": "7BIT",
                           "smtputf8": False}, "the envelope is JSON", envelope)
    with open(place.path("out", f"{name}.eml"), "rb") as file:
        octets = file.read()
    message = email.message_from_bytes(octets, policy=email.policy.SMTP)
    tap.point(not message.defects and message["Return-Path"] is None and
              message.get_content().splitlines() == ["first", ".", "last"], "Python reads the message", octets)
    tap.point(octets.count(b"\n") == octets.count(b"\r\n"), "each line ends in CRLF", octets)


def a_disk_fails(tap, place):
    """In a namespace of its own: see main."""
    disk = place.path("disk")
    os.mkdir(disk)
    for options, fill, name in (("size=64k", True, "full"), ("size=64k,ro", False, "read-only")):
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", disk], check=True)
        if fill:
            with open(os.path.join(disk, "filler"), "wb", buffering=0) as file:
                try:
                    while file.write(bytes(4096)):
                        pass
                except OSError:
                    pass
        for scheme in "maildir", "directory":
            told = place.submit(scheme, "disk", SENDER, *RECIPIENTS)
            tap.point(told[0] == "MAILSUB_E_MESSAGE_DEFERRED", f"{scheme}: the disk is {name}",
                      *told)
            left = [path for path in glob.glob(f"{disk}/**", recursive=True, include_hidden=True)
                    if os.path.isfile(path) and not path.endswith("filler")]
            tap.point(not left, f"{scheme}: nothing is left on the {name} disk", *left)
        if fill:
            os.unlink(os.path.join(disk, "filler"))
            told = place.submit("maildir", "disk", SENDER, *RECIPIENTS)
            tap.point(told[0] == "MAILSUB_OK", "with room again the message is taken", *told)
        subprocess.run(["umount", disk], check=True)


def main(arguments):
    tap = Tap()
    required = "--required" in arguments
    (driver,) = [word for word in arguments if not word.startswith("--")]
    if not os.environ.get("MAILSUB_TEST_UNSHARED"):
        tried = subprocess.run(["unshare", "--mount", "--propagation", "private", "true"],
                               stderr=subprocess.DEVNULL, check=False)
        if tried.returncode == 0:
            os.environ["MAILSUB_TEST_UNSHARED"] = "yes"
            os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable,
                                  "-B", *sys.argv])
    with tempfile.TemporaryDirectory(prefix="mailsub-deposit-", dir="/tmp") as root:
        place = Place(driver, root)
        python_reads(tap, place)
        if shutil.which(DOVEADM):
            dovecot_reads(tap, place)
        else:
            tap.point(not required, "Dovecot is not installed # SKIP")
        a_directory_is_read(tap, place)
        if os.environ.get("MAILSUB_TEST_UNSHARED"):
            a_disk_fails(tap, place)
        else:
            print("# small disks are skipped: no mounts of one's own are allowed")
    tap.plan()
    return int(tap.failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

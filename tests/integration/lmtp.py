#!/usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""lmtp.py [--required] DRIVER: submit by LMTP over a Unix socket to Dovecot's delivery (RFC 2033),
which gives a reply to each recipient behind the content.

Dovecot is started for this test alone, below /tmp. Where it is not there, or may not be started, the
test is skipped; with --required that is a failure.
"""

import glob
import mailbox
import os
import signal
import subprocess
import sys
import tempfile
import time

from tap import Tap, die_with_parent

DOVECOT = "/usr/sbin/dovecot"
NOBODY = 65534
CONF = """\
base_dir = {0}/run
state_dir = {0}/run
log_path = {0}/log
protocols = lmtp
hostname = mx.ours.example
ssl = no
mail_location = maildir:~/Maildir
mail_plugins = quota
quota_full_tempfail = {1}
first_valid_uid = 1
auth_username_format = %n
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = passwd-file
  args = {0}/users
}}
plugin {{
  quota = maildir:User quota
}}
service lmtp {{
  unix_listener {0}/socket {{
    mode = 0666
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""
ANN, FULL, NOBODY_HERE = (f"{name}@ours.example" for name in ("ann", "full", "nosuch"))
SENDER = "bounces@ours.example"
START_SECONDS = 60


class Dovecot:
    """Running from `with` to its end."""

    def __init__(self, root, tempfail):
        self.root = root
        self.socket = os.path.join(root, "socket")
        self.write("users", "".join(f"{name}::{NOBODY}:{NOBODY}::{root}/{name}::{more}\n"
                                    for name, more in (("ann", ""),
                                                       ("full", "userdb_quota_rule=*:bytes=1"))))
        conf = self.write("dovecot.conf", CONF.format(root, tempfail))
        for name in "ann", "full":
            os.mkdir(os.path.join(root, name))
            os.chown(os.path.join(root, name), NOBODY, NOBODY)
        self.process = subprocess.Popen([DOVECOT, "-F", "-c", conf], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT,
                                        preexec_fn=die_with_parent)

    def write(self, name, text):
        path = os.path.join(self.root, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def __enter__(self):
        until = time.monotonic() + START_SECONDS
        while not os.path.exists(self.socket):
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("Dovecot did not start:\n" + self.log())
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def log(self):
        try:
            with open(os.path.join(self.root, "log"), encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def mail(self, name):
        return list(mailbox.Maildir(os.path.join(self.root, name, "Maildir"), create=True))


def submit(driver, server, *recipients):
    """The code's name, and outcome and enhanced status of each recipient by its address."""
    done = subprocess.run([driver, f"lmtp+unix:{server.socket}", SENDER, *recipients], text=True,
                          stdout=subprocess.PIPE, check=True, timeout=300)
    code, _, _, *fates = done.stdout.splitlines()
    return code, {fate.split(" ")[2]: tuple(fate.split(" ")[:2]) for fate in fates}


def check(tap, driver, server, full):
    told = submit(driver, server, ANN)
    tap.point(told == ("MAILSUB_OK", {ANN: ("accepted", "2.0.0")}), "one recipient is accepted", told,
              server.log())
    told = submit(driver, server, ANN, FULL, NOBODY_HERE)
    tap.point(told == ("MAILSUB_E_PARTIAL", {ANN: ("accepted", "2.0.0"), FULL: full,
                                             NOBODY_HERE: ("refused", "5.1.1")}),
              f"each recipient has a reply of its own: accepted, {full[0]}, refused", told,
              server.log())
    told = submit(driver, server, FULL)
    tap.point(told[1] == {FULL: full} and told[0] != "MAILSUB_E_PARTIAL",
              f"a full mailbox alone: {full[0]}", told)
    told = submit(driver, server, NOBODY_HERE)
    tap.point(told == ("MAILSUB_E_RECIPIENTS_REFUSED", {NOBODY_HERE: ("refused", "5.1.1")}),
              "an unknown recipient alone is refused", told)
    mail = server.mail("ann")
    tap.point(len(mail) == 2 and all(one["Return-Path"] == f"<{SENDER}>" and
                                     one.get_payload().startswith("first\n=2E\n") for one in mail),
              "what was accepted was delivered once", *map(str, mail))
    tap.point(not server.mail("full"), "what was not accepted was not delivered")


def main(arguments):
    tap = Tap()
    required = "--required" in arguments
    (driver,) = [word for word in arguments if not word.startswith("--")]
    if os.geteuid() != 0 or not os.path.exists("/usr/lib/dovecot/lmtp"):
        if not required:
            print("1..0 # SKIP dovecot-lmtpd is not there, or may be started by root only")
            return 0
        tap.point(False, "Dovecot's LMTP service can be started")
    for tempfail, full in (("yes", ("deferred", "4.2.2")), ("no", ("refused", "5.2.2"))):
        with tempfile.TemporaryDirectory(prefix="mailsub-lmtp-", dir="/tmp") as root:
            os.chmod(root, 0o755)
            with Dovecot(root, tempfail) as server:
                check(tap, driver, server, full)
    tap.plan()
    return int(tap.failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

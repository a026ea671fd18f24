#!/usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gssapi.py [--required] GSASL: log in by Kerberos, with the example's mechanism, to Dovecot.

A KDC with two realms that trust one another, and Dovecot's submission service, which takes no login
but GSSAPI (RFC 4752), are started for this test alone, below /tmp; what is in /etc is neither read
nor written. Before Dovecot stands a recorder, which ends TLS: that nothing is sent without a login
is seen on the wire. Where they are not there, or may not be started, the test is skipped; with
--required that is a failure. MAILSUB_TEST_WRAPPER is put before GSASL, MAILSUB_TEST_KEEP=1 keeps the
directory.
"""

import contextlib
import os
import select
import shlex
import shutil
import signal
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time

import postfix
import relays
from tap import Tap, die_with_parent

REALM, OTHER_REALM = "OURS.EXAMPLE", "THEIRS.EXAMPLE"
SERVICE = f"smtp/localhost@{REALM}"
ALICE, BOB, STRANGER = f"alice@{REALM}", f"bob@{REALM}", f"alice@{OTHER_REALM}"
PASSWORD = "correct horse"
PROGRAMS = {"/usr/sbin/krb5kdc": "krb5-kdc", "/usr/sbin/kdb5_util": "krb5-kdc",
            "/usr/sbin/kadmin.local": "krb5-admin-server", "/usr/bin/kinit": "krb5-user",
            "/usr/lib/dovecot/modules/auth/libmech_gssapi.so": "dovecot-gssapi",
            "/usr/lib/dovecot/submission": "dovecot-submissiond"}
SUPPRESSIONS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "gssapi")
WAIT_SECONDS = 60

# No name is looked up anywhere: "localhost" is the server's name as it stands.
KRB5_CONF = """\
[libdefaults]
    default_realm = {ours}
    dns_lookup_kdc = false
    dns_lookup_realm = false
    dns_canonicalize_hostname = false
    qualify_shortname = ""
    rdns = false
    udp_preference_limit = 1
[realms]
    {ours} = {{
        kdc = 127.0.0.1:{port}
    }}
    {theirs} = {{
        kdc = 127.0.0.1:{port}
    }}
[domain_realm]
    localhost = {ours}
"""
KDC_CONF = """\
[kdcdefaults]
    kdc_listen = ""
    kdc_tcp_listen = 127.0.0.1:{port}
[realms]
    {ours} = {{
        database_name = {root}/kdc/ours
        key_stash_file = {root}/kdc/ours.stash
    }}
    {theirs} = {{
        database_name = {root}/kdc/theirs
        key_stash_file = {root}/kdc/theirs.stash
    }}
[logging]
    default = FILE:{root}/kdc.log
"""
# $ALL: Dovecot 2.3 would look for a key of the service "submission", but clients ask for that of
# "smtp", which RFC 4954 gives to submission too.
# k5principals: alice need not be a user of this host for her ticket to be hers.
DOVECOT_CONF = """\
base_dir = {root}/run
state_dir = {root}/run
log_path = {root}/dovecot.log
import_environment = TZ KRB5_CONFIG={root}/krb5.conf KRB5RCACHENAME=file2:{root}/replays/cache
protocols = submission
listen = 127.0.0.1
hostname = mx.ours.example
ssl = no
auth_mechanisms = gssapi
auth_krb5_keytab = {root}/etc/keytab
auth_gssapi_hostname = "$ALL"
auth_failure_delay = 0
auth_verbose = yes
submission_relay_host = 127.0.0.1
submission_relay_port = {sink}
submission_relay_trusted = no
mail_location = maildir:{root}/mail
first_valid_uid = 1
passdb {{
  driver = passwd-file
  args = {root}/etc/logins
}}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home={root}/mail
}}
service submission-login {{
  inet_listener submission {{
    port = {submission}
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


class Recorder:
    """Ends TLS before a server, and keeps what the clients say to it."""

    def __init__(self, directory, port):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(directory, "server.pem"),
                                os.path.join(directory, "server.key"))
        self.said = b""
        self.ended = threading.Semaphore(0)
        recorder = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                try:
                    with contextlib.suppress(OSError), \
                            context.wrap_socket(self.request, server_side=True) as client, \
                            socket.create_connection(("127.0.0.1", port)) as server:
                        recorder.carry(client, server)
                finally:
                    recorder.ended.release()

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def carry(self, client, server):
        """Until one of both leaves. One thread alone uses the connection of TLS."""
        while True:
            ready = [client] if client.pending() else select.select([client, server], [], [])[0]
            for one in ready:
                data = one.recv(65536)
                if not data:
                    return
                if one is client:
                    self.said += data
                (server if one is client else client).sendall(data)

    def take_lines(self):
        """What was said on the one connection since the last call, when it has ended."""
        if not self.ended.acquire(timeout=WAIT_SECONDS):
            raise RuntimeError("the connection did not end")
        said, self.said = self.said, b""
        return said.decode().split("\r\n")

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Kerberized(relays.Relay):
    """Dovecot's submission service and its KDC."""

    name = "gssapi"
    schemes = ("SUBMISSION",)

    def check_host(self):
        missing = {package for path, package in PROGRAMS.items() if not os.path.exists(path)}
        if missing:
            raise postfix.Unavailable(f"packages are missing: {' '.join(sorted(missing))}")

    def __init__(self, keep=False):
        super().__init__(keep)
        self._kdc = None

    def command(self):
        for name in ("kdc", "replays", "mail"):
            os.mkdir(self.path(name))
        shutil.chown(self.path("replays"), "dovecot")
        os.chmod(self.path("mail"), 0o777)
        self._start_kdc()
        self.write("etc/logins", f"alice:::::::k5principals={ALICE}\n", 0o640)
        for name in ("logins", "keytab"):
            shutil.chown(self.path("etc", name), group="dovecot")
            os.chmod(self.path("etc", name), 0o640)
        config = self.write("etc/dovecot.conf", DOVECOT_CONF.format(
            root=self.root, sink=self.sink.port, submission=self.ports[0]))
        return ["/usr/sbin/dovecot", "-F", "-c", config]

    def _start_kdc(self):
        (port,) = relays.free_ports(1)
        words = {"root": self.root, "port": port, "ours": REALM, "theirs": OTHER_REALM}
        self.write("krb5.conf", KRB5_CONF.format(**words))
        self.write("kdc.conf", KDC_CONF.format(**words))
        for realm in (REALM, OTHER_REALM):
            self.run("/usr/sbin/kdb5_util", "-r", realm, "-P", "master", "create", "-s")
            # By this key OTHER_REALM vouches for its users: their tickets are good, and strange.
            self.administer(realm, f"addprinc -pw trust krbtgt/{REALM}@{OTHER_REALM}"
                            if realm == OTHER_REALM else f"addprinc -randkey {SERVICE}")
        self.administer(REALM, f"addprinc -pw trust krbtgt/{REALM}@{OTHER_REALM}")
        self.administer(REALM, f"ktadd -k {self.path('etc', 'keytab')} {SERVICE}")
        for principal in (ALICE, BOB, STRANGER):
            self.administer(principal.split("@")[1], f'addprinc -pw "{PASSWORD}" {principal}')
        self._kdc = postfix.Daemon("krb5kdc", ["/usr/bin/env", *self.kerberos_words(),
                                               "/usr/sbin/krb5kdc", "-n", "-r", REALM, "-r",
                                               OTHER_REALM, "-P", self.path("kdc.pid")],
                                   self._output)
        self._guardian.watch(self._kdc.process.pid)
        self.wait_for(lambda: self._kdc.check() or postfix.Server._listens(port), "the KDC")

    def kerberos(self, tickets="none"):
        """The environment in which a program knows this realm alone, and these tickets."""
        return {"KRB5_CONFIG": self.path("krb5.conf"), "KRB5_KDC_PROFILE": self.path("kdc.conf"),
                "KRB5CCNAME": f"FILE:{self.path('scratch', tickets)}",
                "KRB5_KTNAME": f"FILE:{self.path('scratch', 'no-keytab')}",
                "KRB5_CLIENT_KTNAME": f"FILE:{self.path('scratch', 'no-keytab')}"}

    def kerberos_words(self):
        return [f"{name}={value}" for name, value in self.kerberos().items()]

    def run(self, *command, tickets="none", typed=""):
        done = subprocess.run(command, env={**os.environ, **self.kerberos(tickets)}, input=typed,
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stdout}")

    def administer(self, realm, query):
        self.run("/usr/sbin/kadmin.local", "-r", realm, "-q", query)

    def kinit(self, principal, tickets, *options):
        self.run("/usr/bin/kinit", *options, principal, tickets=tickets, typed=f"{PASSWORD}\n")

    def has_valid(self, tickets):
        return subprocess.run(["/usr/bin/klist", "-s"], check=False,
                              env={**os.environ, **self.kerberos(tickets)}).returncode == 0

    @staticmethod
    def wait_for(is_so, what):
        until = time.monotonic() + WAIT_SECONDS
        while not is_so():
            if time.monotonic() > until:
                raise RuntimeError(f"waited too long for {what}")
            time.sleep(0.02)

    def stop(self):
        kdc, self._kdc = self._kdc, None
        stopped = kdc is None or kdc.stop()
        return super().stop() and stopped

    def logs(self):
        return ["output", "kdc.log", "dovecot.log"]


def submit(server, recorder, example, tickets):
    """Status, output, and what was said on the wire."""
    command = [*shlex.split(os.environ.get("MAILSUB_TEST_WRAPPER", "")), example, "GSSAPI",
               f"submissions://alice@localhost:{recorder.port}", "alice@ours.example",
               "you@example.net", server.path("tls", "ca.pem")]
    env = {**os.environ, **server.kerberos(tickets),
           "VALGRIND_OPTS": f"--suppressions={SUPPRESSIONS}.supp",
           "LSAN_OPTIONS": f"suppressions={SUPPRESSIONS}.lsan:print_suppressions=0"}
    done = subprocess.run(command, env=env, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                          preexec_fn=die_with_parent)
    return done.returncode, done.stdout, recorder.take_lines()


def check_success(tap, server, recorder, example):
    server.kinit(ALICE, "alice")
    status, told, lines = submit(server, recorder, example, "alice")
    tap.point(status == 0 and told.endswith(", login by GSSAPI\n"), "alice logs in by her ticket",
              status, told, *lines)
    tap.point(any(line.startswith("MAIL FROM:<alice@ours.example>") for line in lines)
              and all(len(line) <= 510 for line in lines if line.startswith("AUTH ")),
              "her token, longer than a command line, waits for the server to ask", *lines)
    kept = server.path("sink", "1.eml")
    tap.point(os.path.exists(kept), "her message goes on to the next hop")
    if os.path.exists(kept):
        with open(kept, encoding="utf-8") as file:
            tap.point("Sent by way of libgsasl." in file.read(), "it is the one that was submitted")
        os.unlink(kept)


def check_refusals(tap, server, recorder, example):
    """Who has no ticket, and who has one that the server does not take: code and what is sent."""
    server.kinit(BOB, "bob")
    server.kinit(STRANGER, "stranger")
    # For the service alone: a KDC takes a ticket for itself five minutes longer, for clocks that
    # differ. And the library wants it to be past its end, where klist(1) wants it to be there.
    server.kinit(ALICE, "expired", "-l", "1s", "-S", SERVICE)
    server.wait_for(lambda: not server.has_valid("expired"), "a ticket to expire")
    ended = time.time()
    server.wait_for(lambda: time.time() >= ended + 1, "the next second")
    for name, tickets, want, logs_in in (
            ("no ticket", "none", (78, "the credentials are unusable"), False),
            ("a ticket that has expired", "expired", (78, "the credentials are unusable"), False),
            ("the ticket of bob", "bob", (77, "user name or password is wrong"), True),
            ("alice of another realm", "stranger", (77, "user name or password is wrong"), True)):
        status, told, lines = submit(server, recorder, example, tickets)
        tap.point((status, told) == (want[0], f"{want[1]}, login by \n"), f"{name}: {want[1]}",
                  status, told, *lines)
        verbs = {line.split(" ")[0] for line in lines}
        tap.point("EHLO" in verbs and ("AUTH" in verbs) == logs_in
                  and not verbs & {"MAIL", "RCPT", "DATA", "BDAT"}, f"{name}: nothing is sent",
                  *lines)


def check(tap, server, example):
    recorder = server.serve_too(Recorder(server.path("tls"), server.ports[0]))
    check_success(tap, server, recorder, example)
    check_refusals(tap, server, recorder, example)
    left = os.listdir(server.path("sink"))
    tap.point(not left and server.sink.n_messages == 1, "nothing was delivered twice or unasked",
              *left)
    tap.point(server.stop(), "Dovecot and the KDC stop when they are told to")


def main(arguments):
    tap = Tap()
    required = "--required" in arguments
    (example,) = [word for word in arguments if not word.startswith("--")]
    # Meson ends what takes too long by this signal; the servers are to be stopped then.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        with Kerberized(keep=bool(os.environ.get("MAILSUB_TEST_KEEP"))) as server:
            check(tap, server, example)
            if tap.failed:
                server.print_logs()
    except postfix.Unavailable as reason:
        if not required:
            print(f"1..0 # SKIP {reason}")
            return 0
        tap.point(False, "a KDC and Dovecot with GSSAPI can be run", reason)
    tap.plan()
    return int(tap.failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

#!/usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The services that libmailsub is for, each one set up as its operator runs it; tests only.

A Postfix with its Dovecot (postfix.py) has a service, which is a port, for each of these ways in.
Their names begin with the row that they stand for:

    L1  local relay on the application's own host
    L2  the sendmail command of that host, which is a path instead of a port
    D1  departmental relay: 587 and 25 with STARTTLS, 465 with TLS
    D2  smarthost that knows its network
    P1  people's clients: TLS, login, owned senders, a quota of recipients
    P2  relays: TLS wanted, no login, senders that are verified first, a quota
    P3  applications: login with a function account, client's addresses, bounces
    R1  a mail server that receives through a relay: unknown recipients refused
    C1  delivery by certificates of both sides, on port 25; Dovecot's submission service for EXTERNAL
    C2  the same on a port of one's own
    C3  ETRN

Where the row says which port, it is that port, on an address of 127.0.0.0/8 that nobody else uses.
Besides there are services that fail: what a full disk, and a process that is killed, look like.
"""

import contextlib
import ctypes
import os
import random
import shutil
import socket
import socketserver
import subprocess
import threading

import postfix
import relays
from postfix import DOMAIN, IMPLICIT, SASL, STARTTLS

LOGINS = {**postfix.LOGINS, "app": "f\u00fcr Bescheide", "locked": "locked out"}
SENDER_LOGINS = {**postfix.SENDER_LOGINS, f"app@{DOMAIN}": "app", f"quota@{DOMAIN}": "alice"}
MAILBOXES = (*postfix.MAILBOXES, "app")

# Domains that this server relays to: one that takes all and forgets it, one whose host sleeps
# until it is woken, one whose mailboxes are dead, which shows after the message was accepted.
BULK, ASLEEP, DEAD = "bulk.example", "asleep.example", "dead.example"

# The queue's file system: what is full there is full.
DISK = "16m"

# Answers of the policy server, by policy context: what it says to a recipient.
LIMITS = {"quota_250": (250, "550 5.7.1 Quota of 250 recipients in 24 hours is used up"),
          "quota_1000": (1000, "450 4.7.1 Quota of 1000 recipients in 24 hours is used up"),
          "quota_10000": (10000, "450 4.7.1 Quota of 10000 recipients in 24 hours is used up")}
SLOW_SECONDS = 0.4


def policy(context):
    return f"check_policy_service {{ $policy, policy_context={context} }}"


LOGIN_DEMANDED = ("reject_authenticated_sender_login_mismatch, permit_sasl_authenticated,"
                  " check_sender_access static:{530 5.7.0 Authentication required}")
NO_SUCH_DOMAIN = ("check_recipient_access"
                  " inline:{{nosuch.example = 550 5.1.2 Domain does not exist}}")
FOREIGN_CLIENT = "check_client_access cidr:{{127.0.0.0/8 554 5.7.1 This address may not send}}"

PERSON = {**SASL, "smtpd_sender_restrictions": LOGIN_DEMANDED,
          "smtpd_relay_restrictions": "permit_sasl_authenticated, reject",
          "smtpd_recipient_restrictions": f"{NO_SUCH_DOMAIN}, {policy('quota_250')}",
          "cleanup_service_name": "cleanup_author"}
RELAY = {**STARTTLS, "smtpd_sender_restrictions": "reject_unverified_sender"}
APPLICATION = {**SASL, "smtpd_sender_restrictions": LOGIN_DEMANDED}
KNOWN_CLIENT = {"smtpd_tls_ask_ccert": "yes", "smtpd_relay_restrictions":
                "permit_tls_clientcerts, reject", "smtpd_delay_reject": "yes"}
CERTIFIED = {**STARTTLS, **KNOWN_CLIENT, "smtpd_tls_chain_files": "othername"}

# Its process names itself in the greeting, and takes messages that no buffer holds.
TOLD = {"smtpd_banner": "$myhostname ESMTP $process_id", "message_size_limit": "0"}

# Name of a service -> its differences from main.cf.
SERVICES = {
    "l1": {},
    "l1_login": {**SASL, "smtpd_tls_auth_only": "no"},
    "l1_snakeoil": {**STARTTLS, "smtpd_tls_chain_files": "stranger"},
    "d1_25": {**STARTTLS},
    "d1_465": {**IMPLICIT},
    "d1_587": {"smtpd_tls_security_level": "encrypt"},
    "d1_login": {**APPLICATION, "smtpd_tls_security_level": "encrypt"},
    "d1_stripped": {"smtpd_discard_ehlo_keywords": "starttls"},
    "d1_othername": {**IMPLICIT, "smtpd_tls_chain_files": "othername"},
    "d2": {**STARTTLS, "smtpd_client_restrictions": "permit_mynetworks, reject"},
    "d2_clear": {"smtpd_client_restrictions": "permit_mynetworks, reject"},
    "d2_foreign": {**STARTTLS, "smtpd_client_restrictions": FOREIGN_CLIENT},
    "d2_foreign_late": {**STARTTLS, "smtpd_client_restrictions": FOREIGN_CLIENT,
                        "smtpd_delay_reject": "yes"},
    "p1_465": {**IMPLICIT, **PERSON},
    "p1_587": {"smtpd_tls_security_level": "encrypt", **PERSON},
    "p2": {**RELAY},
    "p2_slow": {**STARTTLS, "smtpd_recipient_restrictions": policy("slow")},
    "p2_unnamed": {**STARTTLS, "smtpd_recipient_restrictions": policy("quota_1000")},
    "p2_named": {**STARTTLS, "smtpd_recipient_restrictions": policy("quota_10000")},
    "p2_strict": {**STARTTLS, "smtpd_hard_error_limit": "20"},
    "p3_465": {**IMPLICIT, **APPLICATION},
    "p3_587": {"smtpd_tls_security_level": "encrypt", **APPLICATION},
    "p3_foreign": {**IMPLICIT, **APPLICATION, "smtpd_client_restrictions": FOREIGN_CLIENT},
    "p3_held": {**IMPLICIT, **APPLICATION, "smtpd_end_of_data_restrictions": policy("held")},
    "r1": {"smtpd_tls_security_level": "encrypt"},
    "r1_small": {"smtpd_tls_security_level": "encrypt", "message_size_limit": "20000"},
    "r1_stranger": {"smtpd_tls_security_level": "encrypt", "smtpd_tls_chain_files": "stranger"},
    "c1": {**CERTIFIED},
    "c1_stranger": {**CERTIFIED, "smtpd_tls_chain_files": "stranger"},
    "c1_demanded": {**CERTIFIED, "smtpd_tls_security_level": "encrypt",
                    "smtpd_tls_req_ccert": "yes"},
    "c2": {**IMPLICIT, **KNOWN_CLIENT, "smtpd_tls_chain_files": "othername"},
    "c3": {},
    "c3_broken": {"flush_service_name": "nonexistent"},
    "c3_forbidden": {"smtpd_etrn_restrictions": "reject"},
    "c3_login": {**STARTTLS, **SASL,
                 "smtpd_etrn_restrictions": "permit_sasl_authenticated, reject"},
    "c3_without": {"smtpd_discard_ehlo_keywords": "etrn"},
    "full_reserve": {"queue_minfree": "1000000000000"},
    "full_unsaid": {"message_size_limit": "0", "cleanup_service_name": "cleanup_any_size",
                    "smtpd_discard_ehlo_keywords": "size"},
    # Postfix starts nothing for a minute where a process was killed early: a service for each.
    "killed_greeting": {**TOLD},
    "killed_ehlo": {**IMPLICIT, **TOLD},
    "killed_data": {**TOLD},
    "killed_data_tls": {**IMPLICIT, **TOLD},
    "killed_chunks": {**TOLD},
    "killed_late": {**TOLD,
                    "smtpd_end_of_data_restrictions": policy("never")},
}
# Those with the port of their row.
STANDARD_PORTS = {"l1": 25, "d1_25": 25, "d1_465": 465, "d1_587": 587, "d2": 25, "p1_465": 465,
                  "p1_587": 587, "p2": 25, "p3_465": 465, "p3_587": 587, "r1": 25, "c1": 25}

# Name of a sendmail command -> how its configuration differs from the servers' main.cf.
COMMANDS = {
    "l2": {},
    "l2_forbidden": {"authorized_submit_users": ""},
    "l2_small": {"message_size_limit": "20000"},
}

# Client certificate -> issuer, the name in it.
CLIENTS = {"client": ("clientca", "alice"), "nobody": ("clientca", "mallory"),
           "foreigner": ("otherca", "alice")}
TOKEN_URL = "pkcs11:token=mailsub-services;object=client"
TOKEN_PIN = "1234"

# Postfix wants room for more than one message of its limit before it takes any.
MAIN_CF = postfix.MAIN_CF.replace("message_size_limit = 104857600",
                                  "message_size_limit = 8000000") + """
policy = inet:127.0.0.1:{policy}
smtpd_policy_service_timeout = 60s
recipient_delimiter = +
smtpd_hard_error_limit = 1000

relay_domains = {bulk}, {asleep}, {dead}
relay_recipient_maps = regexp:{root}/config/relay_recipients
transport_maps = texthash:{root}/config/transports
minimal_backoff_time = 3600s
maximal_backoff_time = 3600s
# A sender is asked for at its own server; the first answer is 450, the last one is final.
address_verify_poll_count = 1
unverified_sender_reject_code = 550
smtp_tls_security_level = none

smtpd_tls_CAfile = {root}/tls/clientca.pem
relay_clientcerts = texthash:{root}/config/clients
smtpd_tls_fingerprint_digest = sha256
"""

MASTER_CF = postfix.MASTER_CF + """\
pickup    unix  n       -       -       60      1       pickup
verify    unix  -       -       n       -       1       verify
discard   unix  -       -       n       -       -       discard
smtp      unix  -       -       n       -       -       smtp
cleanup_author unix n   -       n       -       0       cleanup
    -o header_checks=regexp:{root}/config/authors
cleanup_any_size unix n -       n       -       0       cleanup
    -o message_size_limit=0
"""

DOVECOT_CONF = postfix.DOVECOT_CONF.replace("passdb {{", """\
passdb {{
  driver = passwd-file
  args = username_format=%u {root}/config/locked
  deny = yes
}}
passdb {{""", 1)

# A login by certificate: Dovecot hands the name in it to its EXTERNAL. Postfix 3.7 cannot.
EXTERNAL_CONF = relays.DOVECOT_CONF.replace("auth_mechanisms =", """\
ssl_ca = <{root}/tls/clientca.pem
ssl_require_crl = no
ssl_verify_client_cert = yes
auth_ssl_username_from_cert = yes
auth_mechanisms = external plain #""", 1).replace("passdb {{", """\
passdb {{
  driver = passwd-file
  mechanisms = external
  args = scheme=plain username_format=%u {root}/etc/certified
  override_fields = nopassword=y
}}
passdb {{""", 1)


class Policy:
    """A policy server for Postfix (SMTPD_POLICY_README): it counts, takes its time, or is silent."""

    def __init__(self, thinking):
        self.thinking = thinking
        self.counts = {}
        self.lock = threading.Lock()
        self.closing = threading.Event()
        server = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                with contextlib.suppress(ConnectionError):
                    while request := dict(self.attributes()):
                        self.wfile.write(f"action={server.answer(request)}\n\n".encode())

            def attributes(self):
                while line := self.rfile.readline().decode().rstrip("\n"):
                    yield line.split("=", 1)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 32

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request):
        context = request["policy_context"]
        if context == "slow":
            self.closing.wait(SLOW_SECONDS)
        if context == "never":
            with open(self.thinking, "w", encoding="ascii"):
                pass
            self.closing.wait()
        if context == "held":
            return "HOLD more than was agreed"
        return self.count(context, request["sender"]) if context in LIMITS else "DUNNO"

    def count(self, context, sender):
        limit, refusal = LIMITS[context]
        with self.lock:
            used = self.counts.get((context, sender), 0)
            if used == limit:
                return refusal
            self.counts[(context, sender)] = used + 1
        return "DUNNO"

    def close(self):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()


class Refuser(relays.Sink):
    """A next hop that refuses one command, until a file says that it no longer does."""

    def __init__(self, directory, verb, reply, until=""):
        super().__init__(directory)
        self.verb = verb
        self.reply = reply
        self.until = until

    def serve(self, reader, writer):
        if os.path.exists(self.until):
            super().serve(reader, writer)
            return
        with contextlib.suppress(ConnectionError):
            writer.write(b"220 next.example ESMTP\r\n")
            while line := reader.readline():
                verb = line[:4].upper()
                reply = self.reply if verb == self.verb else "250 2.0.0 Ok"
                writer.write(reply.encode() + b"\r\n")
                if verb == b"QUIT":
                    return


class External(relays.Dovecot):
    """Dovecot's submission service with logins by certificate; it relays to a service of Postfix."""

    def __init__(self, server):
        super().__init__(server.keep)
        self.server = server

    def command(self):
        command = super().command()
        self.write("etc/certified", "alice:\n", 0o640)
        shutil.chown(self.path("etc", "certified"), group="dovecot")
        self.write("etc/dovecot.conf", EXTERNAL_CONF.format(
            root=self.root, sink=self.server.ports["c1_next"], submissions=self.ports[0],
            submission=self.ports[1]))
        return command

    def _make_certificate(self):
        for name in ("server.pem", "clientca.pem"):
            shutil.copy(self.server.path("tls", name), self.path("tls", name))
        shutil.copy(self.server.path("tls", "key"), self.path("tls", "server.key"))
        os.chmod(self.path("tls", "server.key"), 0o600)


def own_mounts():
    """From now on see mounts that nobody else sees; false where that is not allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    clone_newns, ms_rec_private = 0x00020000, 0x4000 | 0x40000
    return (libc.unshare(clone_newns) == 0
            and libc.mount(b"none", b"/", None, ms_rec_private, None) == 0)


def free_address():
    """An address of this host on which all the ports that the rows name are free; or None."""
    for _ in range(20):
        address = f"127.{random.randint(1, 254)}.{random.randint(0, 255)}.{random.randint(1, 254)}"
        sockets = []
        try:
            for port in set(STANDARD_PORTS.values()):
                sockets.append(socket.socket())
                sockets[-1].bind((address, port))
            return address
        except OSError:
            continue
        finally:
            for sock in sockets:
                sock.close()
    return None


class Server(postfix.Server):
    """All the services, running from `with` to its end."""

    service_table = {**SERVICES, "c1_next": {}}
    logins = LOGINS
    sender_logins = SENDER_LOGINS
    mailboxes = MAILBOXES
    main_cf = MAIN_CF
    master_cf = MASTER_CF
    dovecot_conf = DOVECOT_CONF

    def __init__(self, keep=False):
        super().__init__(keep)
        # A row a address: rows share ports.
        rows = {name.split("_")[0] for name in STANDARD_PORTS}
        self.addresses = {row: free_address() for row in sorted(rows)}
        names = "".join(f'ip_address = "{address}"\n'
                        for address in self.addresses.values() if address)
        self.certificates = dict(self.certificates)
        issuer, text, until = self.certificates["server"]
        self.certificates["server"] = (issuer, f"{text}\n{names}", until)
        self.has_small_disk = False
        self.has_token = False
        self.policy = self.sleeper = self.dead = self.external = None

    def address(self, service):
        if service in STANDARD_PORTS:
            return self.addresses[service.split("_")[0]] or "127.0.0.1"
        return "127.0.0.1"

    def __exit__(self, *exception):
        for service in (self.policy, self.sleeper, self.dead):
            if service:
                service.close()
        super().__exit__(*exception)

    def stop(self):
        external, self.external = self.external, None
        if external:
            external.__exit__(None, None, None)
        if self.policy:
            self.policy.closing.set()
        killed = super().stop()
        if self.has_small_disk:
            self.has_small_disk = False
            subprocess.run(["umount", self.path("queue")], check=False)
        return killed

    def print_logs(self):
        super().print_logs()
        if self.external:
            self.external.print_logs()

    def environment(self):
        env = {**super().environment(),
               "MAILSUB_TLS": self.path("tls"),
               "MAILSUB_AWAKE": self.sleeper.until,
               "MAILSUB_SINK": self.sleeper.directory,
               "MAILSUB_PORT_C1_EXTERNAL": str(self.external.ports[0]),
               "MAILSUB_PORT_C1_EXTERNAL_STARTTLS": str(self.external.ports[1]),
               **{f"MAILSUB_HOST_{name.upper()}": self.address(name) for name in STANDARD_PORTS},
               **{f"MAILSUB_COMMAND_{name.upper()}": self.path("config", name, "sendmail")
                  for name in (*COMMANDS, "l2_missing")}}
        if self.has_small_disk:
            env["MAILSUB_SMALL_DISK"] = "1"
        if self.has_token:
            env.update(SOFTHSM2_CONF=self.path("config", "softhsm2.conf"),
                       MAILSUB_TOKEN_URL=TOKEN_URL, MAILSUB_TOKEN_PIN=TOKEN_PIN)
        return env

    def _start(self):
        os.mkdir(self.path("sink"))
        self.policy = Policy(self.path("thinking"))
        self.sleeper = Refuser(self.path("sink"), b"MAIL", "451 4.3.2 Asleep", self.path("awake"))
        self.dead = Refuser(self.path("sink"), b"RCPT", "550 5.1.1 This mailbox is dead")
        super()._start()
        self.external = External(self).__enter__()

    def _make_queue(self):
        os.mkdir(self.path("queue"))
        # Debian's own example: a queue on a partition of its own.
        self.has_small_disk = own_mounts() and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=755", "tmpfs", self.path("queue")],
            check=False, stderr=subprocess.DEVNULL).returncode == 0
        super()._make_queue()

    def _choose_ports(self):
        super()._choose_ports()
        for name, port in STANDARD_PORTS.items():
            if self.addresses[name.split("_")[0]]:
                self.ports[name] = port

    def _make_certificates(self):
        super()._make_certificates()
        self._certify("clientca", "", "ca\ncert_signing_key\n", "2049-12-31")
        for name, (issuer, user) in CLIENTS.items():
            self._certify(name, issuer, "tls_www_client\nsigning_key\n", "2049-12-31", user)
        self.has_token = self._fill_token()

    def _fill_token(self):
        """The client's key and certificate into a PKCS #11 token, where SoftHSM is installed."""
        if not shutil.which("softhsm2-util") or not shutil.which("p11tool"):
            return False
        os.mkdir(self.path("tokens"))
        self._write("softhsm2.conf", f"directories.tokendir = {self.path('tokens')}\n"
                                     "objectstore.backend = file\n")
        env = {**os.environ, "SOFTHSM2_CONF": self.path("config", "softhsm2.conf")}
        label = TOKEN_URL.split("=")[1].split(";")[0]
        commands = [["softhsm2-util", "--init-token", "--free", "--label", label, "--pin",
                     TOKEN_PIN, "--so-pin", "5678"]]
        for kind in ("privkey", "certificate"):
            commands.append(["p11tool", "--login", "--set-pin", TOKEN_PIN, "--write", "--label",
                             "client", f"--load-{kind}={self.path('tls', 'client.pem')}",
                             f"pkcs11:token={label}"])
        for command in commands:
            done = subprocess.run(command, env=env, text=True, check=False, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
            if done.returncode:
                raise RuntimeError(f"{' '.join(command)}: {done.stdout}")
        return True

    def _fill(self):
        return {**super()._fill(), "policy": self.policy.port, "bulk": BULK, "asleep": ASLEEP,
                "dead": DEAD}

    def _write_config(self):
        super()._write_config()
        self._write("relay_recipients", f"/^r[0-9]+@{BULK}$/ ok\n/@({ASLEEP}|{DEAD})$/ ok\n")
        self._write_table("transports", {
            BULK: "discard:", ASLEEP: f"smtp:[127.0.0.1]:{self.sleeper.port}",
            DEAD: f"smtp:[127.0.0.1]:{self.dead.port}"})
        self._write("authors", "/^From:.*<eve@/ REJECT 5.7.1 Author is not owned by this login\n")
        self._write("locked", "locked:x\n", 0o640)
        shutil.chown(self.path("config", "locked"), group="dovecot")
        self._write_table("clients", {self._fingerprint("client"): "client"})
        for name, changes in COMMANDS.items():
            self._write_command(name, changes)

    def _write_command(self, name, changes):
        """Postfix's sendmail as this server's, with a main.cf of its own."""
        os.mkdir(self.path("config", name))
        # Of a setting that stands there twice, the command would warn.
        kept = [line for line in self.main_cf.format(**self._fill()).splitlines()
                if line.partition(" =")[0] not in changes]
        self._write(f"{name}/main.cf", "\n".join(
            [*kept, *(f"{key} = {value}" for key, value in changes.items()), ""]))
        self._write(f"{name}/sendmail", f"#!/bin/sh\nMAIL_CONFIG={self.path('config', name)}\n"
                    'export MAIL_CONFIG\nexec /usr/sbin/sendmail "$@"\n', 0o755)

    def _fingerprint(self, name):
        """As Postfix writes it."""
        done = subprocess.run(["/usr/bin/certtool", "--fingerprint", "--hash=sha256",
                               "--infile", self.path("tls", name + ".pem")], text=True, check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        digits = done.stdout.split()[-1].upper()
        return ":".join(digits[at:at + 2] for at in range(0, len(digits), 2))


if __name__ == "__main__":
    with Server() as shown:
        postfix.show(shown)

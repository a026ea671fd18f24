#!/usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Dovecot's submission service, Exim and OpenSMTPD, for the integration tests only.

Each relays what it takes to a sink in this process, which keeps the octets that arrive. Everything
lives in one directory under /tmp, on free loopback ports, and is gone at the end.

Exim and OpenSMTPD cannot be installed beside Postfix. tests/install unpacks their packages into
UNPACKED instead, and here they run in a mount namespace of their own, in which /usr, /etc and the
state directories look as if the package were installed. What is mounted there is seen by nobody
else, and is gone with the last process of the server.
"""

import contextlib
import os
import shutil
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import postfix

DOMAIN = "ours.example"
USER, PASSWORD, TOKEN = "alice", "correct horse", "t0k.en-of.alice"
UNPACKED = os.environ.get("MAILSUB_UNPACKED", "/var/cache/mailsub-tests")
START_SECONDS = 20


def free_ports(count):
    """Ports of 127.0.0.1 that nobody uses now."""
    sockets = [socket.socket() for _ in range(count)]
    for sock in sockets:
        sock.bind(("127.0.0.1", 0))
    ports = [sock.getsockname()[1] for sock in sockets]
    for sock in sockets:
        sock.close()
    return ports


class Sink:
    """The next hop: takes every message, and writes each to a file."""

    def __init__(self, directory):
        self.directory = directory
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                sink.serve(self.rfile, self.wfile)

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.n_messages = 0
        self.lock = threading.Lock()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def serve(self, reader, writer):
        """One client, until it leaves."""
        def say(text):
            writer.write(text.encode() + b"\r\n")

        with contextlib.suppress(ConnectionError):
            say("220 sink.example ESMTP")
            while line := reader.readline():
                verb = line[:4].upper()
                if verb == b"EHLO":
                    say("250-sink.example\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 104857600")
                elif verb == b"DATA":
                    say("354 go on")
                    self.keep(reader)
                    say("250 2.0.0 kept")
                else:
                    say("221 bye" if verb == b"QUIT" else "250 2.0.0 ok")
                if verb == b"QUIT":
                    return

    def keep(self, reader):
        """Take a content and store it; whoever reads the directory sees a file when it is whole."""
        lines = []
        while (line := reader.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        with self.lock:
            self.n_messages += 1
            name = f"{self.n_messages}.eml"
        hidden = os.path.join(self.directory, f".{name}.new")
        with open(hidden, "wb") as file:
            file.write(b"".join(lines))
        os.rename(hidden, os.path.join(self.directory, name))

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class TokenService:
    """Dovecot asks here, by HTTP, what a token is good for (RFC 7662, roughly)."""

    def __init__(self):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                query = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query)
                given = query.get("token", [""])[0]
                bearer = self.headers.get("Authorization", "")
                good = TOKEN in (given, bearer.removeprefix("Bearer "))
                body = (f'{{"active":true,"username":"{USER}","email":"{USER}"}}' if good
                        else '{"active":false}').encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Relay:
    """One server, running from `with` to its end. A subclass says which."""

    name = ""
    schemes = ("SUBMISSIONS", "SUBMISSION")

    def __init__(self, keep=False):
        if os.geteuid() != 0:
            raise postfix.Unavailable("the servers are started by root only")
        if not os.path.exists("/usr/bin/certtool"):
            raise postfix.Unavailable("packages are missing: gnutls-bin")
        self.check_host()
        postfix.adopt_orphans()
        self.keep = keep
        self.root = ""
        self.ports = []
        self._daemon = None
        self._guardian = None
        self._output = None
        self._services = []

    def __enter__(self):
        self.root = tempfile.mkdtemp(prefix=f"mailsub-{self.name}-", dir="/tmp")
        os.chmod(self.root, 0o755)
        self._guardian = postfix.Guardian(self.root)
        try:
            for name in ("tls", "sink", "etc", "scratch"):
                os.mkdir(self.path(name))
            self.ports = free_ports(len(self.schemes))
            self.sink = self.serve_too(Sink(self.path("sink")))
            self._make_certificate()
            self._output = open(self.path("output"), "wb")
            self._daemon = postfix.Daemon(self.name, self.command(), self._output)
            self._guardian.watch(self._daemon.process.pid)
            self._await_start()
        except BaseException:
            self.print_logs()
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        for service in self._services:
            service.close()
        if self._output:
            self._output.close()
        if self.keep:
            print(f"# kept: {self.root}", flush=True)
        else:
            shutil.rmtree(self.root, ignore_errors=True)
        self._guardian.dismiss()

    def check_host(self):
        """Raise Unavailable unless the server is there."""

    def command(self):
        """Write the configuration; the command that runs the server in the foreground."""
        raise NotImplementedError

    def logs(self):
        """Files that tell what went wrong."""
        return ["output"]

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def write(self, name, text, mode=0o644):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            os.chmod(file.fileno(), mode)
            file.write(text)
        return self.path(name)

    def serve_too(self, service):
        self._services.append(service)
        return service

    def environment(self):
        return {"MAILSUB_RELAY": self.name, "MAILSUB_CA": self.path("tls", "ca.pem"),
                "MAILSUB_SINK": self.path("sink"),
                **{f"MAILSUB_PORT_{scheme}": str(port)
                   for scheme, port in zip(self.schemes, self.ports)}}

    def stop(self):
        """Return whether the server went by itself."""
        daemon, self._daemon = self._daemon, None
        return daemon is None or daemon.stop()

    def print_logs(self):
        for name in self.logs():
            with contextlib.suppress(FileNotFoundError):
                with open(self.path(name), encoding="utf-8", errors="replace") as file:
                    for line in file:
                        print(f"# {name}: {line}", end="")

    def _await_start(self):
        until = time.monotonic() + START_SECONDS
        while not all(postfix.Server._listens(port) for port in self.ports):
            self._daemon.check()
            if time.monotonic() > until:
                raise RuntimeError(f"{self.name} did not start in time")
            time.sleep(0.02)

    def _make_certificate(self):
        def certtool(*arguments):
            subprocess.run(["/usr/bin/certtool", *arguments], cwd=self.path("tls"), check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        self.write("tls/ca.cfg", 'cn = "relays"\nca\ncert_signing_key\n'
                                 'expiration_date = "2049-12-31"\n')
        self.write("tls/server.cfg", 'cn = "localhost"\ndns_name = "localhost"\ntls_www_server\n'
                                     'signing_key\nexpiration_date = "2049-12-31"\n')
        for name in ("ca", "server"):
            certtool("--generate-privkey", "--ecc", "--outfile", f"{name}.key")
        certtool("--generate-self-signed", "--load-privkey", "ca.key", "--template", "ca.cfg",
                 "--outfile", "ca.pem")
        certtool("--generate-certificate", "--load-privkey", "server.key", "--load-ca-certificate",
                 "ca.pem", "--load-ca-privkey", "ca.key", "--template", "server.cfg", "--outfile",
                 "server.pem")


DOVECOT_CONF = """\
base_dir = {root}/run
state_dir = {root}/run
log_path = {root}/dovecot.log
protocols = submission
listen = 127.0.0.1
hostname = mx.ours.example
ssl = yes
ssl_cert = <{root}/tls/server.pem
ssl_key = <{root}/tls/server.key
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256 oauthbearer xoauth2
auth_failure_delay = 0
submission_relay_host = 127.0.0.1
submission_relay_port = {sink}
submission_relay_trusted = no
submission_max_mail_size = 20M
mail_location = maildir:{root}/mail
first_valid_uid = 1
passdb {{
  driver = passwd-file
  mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
  args = scheme=plain username_format=%u {root}/etc/logins
}}
passdb {{
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = {root}/etc/oauth2.conf
}}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home={root}/mail
}}
service submission-login {{
  inet_listener submission {{
    port = {submission}
  }}
  inet_listener submissions {{
    port = {submissions}
    ssl = yes
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


class Dovecot(Relay):
    """Dovecot's submission service: Debian 12 has 2.3, which binds no login to TLS."""

    name = "dovecot"

    def check_host(self):
        if not os.path.exists("/usr/lib/dovecot/submission"):
            raise postfix.Unavailable("packages are missing: dovecot-submissiond")

    def command(self):
        tokens = self.serve_too(TokenService())
        os.mkdir(self.path("mail"), 0o777)
        os.chmod(self.path("mail"), 0o777)
        os.chmod(self.path("tls", "server.key"), 0o600)
        self.write("etc/logins", f"{USER}:{PASSWORD}\n", 0o640)
        shutil.chown(self.path("etc", "logins"), group="dovecot")
        self.write("etc/oauth2.conf", f"tokeninfo_url = http://127.0.0.1:{tokens.port}/?token=\n"
                   "introspection_mode = get\nusername_attribute = username\n"
                   "active_attribute = active\nactive_value = true\n")
        config = self.write("etc/dovecot.conf", DOVECOT_CONF.format(
            root=self.root, sink=self.sink.port, submissions=self.ports[0],
            submission=self.ports[1]))
        return ["/usr/sbin/dovecot", "-F", "-c", config]

    def logs(self):
        return ["output", "dovecot.log"]


def in_namespace(script):
    """The command that runs lines of sh where mounts are seen by nobody else."""
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", "\n".join(script)]


class Unpacked(Relay):
    """A server whose package is only unpacked, in a namespace where it looks installed."""

    package = ""
    users = ()

    def check_host(self):
        if not os.path.isdir(os.path.join(UNPACKED, self.package, "usr")):
            raise postfix.Unavailable(f"package {self.package} is not unpacked, see tests/install")
        if not shutil.which("unshare"):
            raise postfix.Unavailable("there is no unshare")
        # In a container or a chroot even root may not be allowed to.
        tried = subprocess.run(in_namespace([self.overlay("usr")]), capture_output=True, text=True)
        if tried.returncode:
            raise postfix.Unavailable(f"no mount namespace of its own: {tried.stderr.strip()}")

    def overlay(self, directory):
        """The command that lays the package's directory over the system's."""
        return (f"mount -t overlay overlay -o lowerdir={UNPACKED}/{self.package}/{directory}:"
                f"/{directory} /{directory}")

    def configure(self):
        """Write what belongs into /etc, below etc/; return the command in the namespace."""
        raise NotImplementedError

    def command(self):
        command = self.configure()
        lines = {"passwd": "", "group": ""}
        for number, user in enumerate(self.users, 64000):
            lines["passwd"] += f"{user}:x:{number}:{number}::/nonexistent:/usr/sbin/nologin\n"
            lines["group"] += f"{user}:x:{number}:\n"
        for name, added in lines.items():
            with open(f"/etc/{name}", encoding="utf-8") as file:
                self.write(f"etc/{name}", file.read() + added)
        script = ["set -e",
                  self.overlay("usr"),
                  f"mount -t overlay overlay -o lowerdir={self.path('etc')}:/etc /etc",
                  "for place in /var/spool /var/lib /var/log /run; do",
                  "    mount -t tmpfs tmpfs $place",
                  "done",
                  *self.prepare(),
                  "exec " + " ".join(command)]
        return in_namespace(script)

    def prepare(self):
        """Commands in the namespace, before the server."""
        return []


EXIM_CONF = """\
primary_hostname = mx.ours.example
local_interfaces = 127.0.0.1
daemon_smtp_ports = {submissions} : {submission}
tls_on_connect_ports = {submissions}
log_file_path = {root}/log/%slog
log_selector = +tls_peerdn +smtp_protocol_error +smtp_syntax_error
tls_advertise_hosts = *
tls_certificate = {root}/tls/server.pem
tls_privatekey = {root}/tls/server.key
auth_advertise_hosts = ${{if eq{{$tls_in_cipher}}{{}}{{}}{{*}}}}
pipelining_advertise_hosts = *
chunking_advertise_hosts = *
dsn_advertise_hosts = *
smtputf8_advertise_hosts = *
message_size_limit = 20M
host_lookup =
rfc1413_hosts =
never_users =
acl_smtp_rcpt = check_recipient
qualify_domain = ours.example
keep_environment =

begin acl
check_recipient:
  deny    !authenticated = *
          message = Authentication required
  deny    local_parts = nobody
          message = Unknown user
  accept  control = submission/sender_retain

begin routers
sink:
  driver = manualroute
  route_list = * 127.0.0.1 byname
  self = send
  transport = sink

begin transports
sink:
  driver = smtp
  port = {sink}
  allow_localhost
  hosts_try_fastopen =
  hosts_try_chunking =
  hosts_avoid_tls = *

begin retry
* * F,1h,1m

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{{user}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${{if and{{{{eq{{$auth1}}{{{user}}}}}{{eq{{$auth2}}{{{password}}}}}}}}}
  server_set_id = $auth1
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${{if eq{{$auth1}}{{{user}}}{{{password}}}fail}}
  server_set_id = $auth1
"""


class Exim(Unpacked):
    name = "exim"
    package = "exim4"
    users = ("Debian-exim",)

    def configure(self):
        os.mkdir(self.path("log"))
        os.chmod(self.path("log"), 0o777)
        os.chmod(self.path("tls", "server.key"), 0o644)
        self.write("etc/exim4/exim4.conf", EXIM_CONF.format(
            root=self.root, sink=self.sink.port, submissions=self.ports[0],
            submission=self.ports[1], user=USER, password=PASSWORD))
        return ["/usr/sbin/exim4", "-bdf", "-q1m"]

    def prepare(self):
        return ["install -d -o Debian-exim -g Debian-exim -m 750 /var/spool/exim4 /var/lib/exim4",
                "install -d -o Debian-exim -g Debian-exim -m 755 /run/exim4 /var/log/exim4"]

    def logs(self):
        return ["output", "log/mainlog", "log/paniclog", "log/rejectlog"]


OPENSMTPD_CONF = """\
smtp max-message-size 20M
listen on 127.0.0.1 port {port} hostname mx.ours.example
action "sink" relay host smtp://127.0.0.1:{sink}
match from any for rcpt-to "nobody@ours.example" reject
match from any for any action "sink"
"""


class OpenSMTPD(Unpacked):
    """In clear and without a login: version 6.8 of Debian 12 cannot do TLS with its OpenSSL 3.

    The process that keeps the keys hands them to OpenSSL in a way that version 3 has no room for
    (https://github.com/OpenSMTPD/OpenSMTPD/issues/1171): every handshake ends with an internal
    error, by RSA and by ECDSA. And it takes a login only inside TLS.
    """

    name = "opensmtpd"
    package = "opensmtpd"
    users = ("opensmtpd", "opensmtpq")
    schemes = ("SMTP",)

    def configure(self):
        self.write("etc/smtpd.conf", OPENSMTPD_CONF.format(port=self.ports[0],
                                                           sink=self.sink.port))
        return ["/usr/sbin/smtpd", "-d"]

    def prepare(self):
        return ["install -d -m 711 /var/spool/smtpd", "install -d -m 755 /var/lib/opensmtpd",
                "install -d -m 755 /var/lib/opensmtpd/empty"]


RELAYS = (Dovecot, Exim, OpenSMTPD)

if __name__ == "__main__":
    import sys
    with next(kind for kind in RELAYS if kind.name == sys.argv[1])() as shown:
        postfix.show(shown)
        shown.print_logs()

#!/usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real Postfix with Dovecot's SASL, for the integration tests only.

Everything lives in one directory under /tmp: configuration, queue, logs, certificates, mailboxes.
The system's own Postfix and Dovecot, and what is in /etc, are neither read nor touched; of the
packages only the programs are used. The master processes are started directly instead of through
`postfix start`, because that one checks and repairs files that belong to the system's instance.

Postfix drops privileges to the users of its package, so root is needed. The services, and what
each one is for, are the table SERVICES.
"""

import contextlib
import ctypes
import glob
import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

DOMAIN = "ours.example"
MAILBOXES = ("ann", "ben", "cleo")
LOGINS = {"alice": "correct horse", "bob": "b\u00e4ttery=st\u00e4ple"}
# No process may own the mailboxes by accident: virtual(8) writes them as this user.
MAIL_UID = 65534
START_SECONDS = 20
STOP_SECONDS = 10

# The recipients and senders that are treated in a special way, RFC 5321 reply codes in Postfix's
# access(5) notation.
RECIPIENT_ACCESS = {
    f"later@{DOMAIN}": "450 4.2.0 Mailbox is busy, try again later",
    f"full@{DOMAIN}": "452 4.2.2 Mailbox is full",
}
SENDER_ACCESS = {
    f"banned@{DOMAIN}": "550 5.7.1 This sender may not send",
    f"unchecked@{DOMAIN}": "450 4.1.8 The sender cannot be verified now",
}
END_OF_DATA_ACCESS = {
    f"scanner-down@{DOMAIN}": "451 4.7.1 The content scanner is not available",
}
SENDER_LOGINS = {f"alice@{DOMAIN}": "alice", f"bob@{DOMAIN}": "bob"}

IMPLICIT = {"smtpd_tls_wrappermode": "yes"}
STARTTLS = {"smtpd_tls_security_level": "may"}
SASL = {"smtpd_sasl_auth_enable": "yes"}

# Name of a service -> its differences from main.cf, which offers neither TLS nor a login.
SERVICES = {
    "plain": {},
    "plain_login": {**SASL, "smtpd_tls_auth_only": "no"},
    "starttls": {**STARTTLS, **SASL},
    "starttls_nologin": {**STARTTLS},
    "login_mechanism": {**STARTTLS, **SASL, "smtpd_sasl_mechanism_filter": "login"},
    "submission": {
        **SASL,
        "smtpd_tls_security_level": "encrypt",
        "smtpd_sender_restrictions": "reject_authenticated_sender_login_mismatch,"
        " permit_sasl_authenticated, check_sender_access static:{530 5.7.0 Authentication required}",
    },
    "smtps": {**IMPLICIT, **SASL},
    # The default of Postfix: whatever is refused is refused in reply to RCPT.
    "late_refusal": {"smtpd_delay_reject": "yes"},
    "no_extensions": {"smtpd_discard_ehlo_keywords": "pipelining, chunking, size, 8bitmime,"
                      " enhancedstatuscodes, dsn, smtputf8, vrfy, etrn"},
    # Takes whoever is named, and delivers nothing.
    "counted": {"smtpd_recipient_restrictions": "check_recipient_access static:DISCARD",
                "smtpd_reject_unlisted_recipient": "no"},
    "small": {"message_size_limit": "20000"},
    "small_unsaid": {"message_size_limit": "20000", "smtpd_discard_ehlo_keywords": "size"},
    "impatient": {"smtpd_timeout": "1s"},
    "unwelcoming": {"smtpd_client_restrictions": "reject"},
    "busy": {"smtpd_client_restrictions": "check_client_access static:{450 4.3.2 Too busy}"},
    "othername": {**IMPLICIT, "smtpd_tls_chain_files": "othername"},
    "othername_starttls": {**STARTTLS, "smtpd_tls_chain_files": "othername"},
    "stranger": {**IMPLICIT, "smtpd_tls_chain_files": "stranger"},
    "stranger_starttls": {**STARTTLS, "smtpd_tls_chain_files": "stranger"},
    "expired": {**IMPLICIT, "smtpd_tls_chain_files": "expired"},
    # OpenDKIM verifies what comes in, where it is installed.
    "verified": {"smtpd_milters": "opendkim", "milter_default_action": "tempfail"},
}

# The keys of RFC 8463 appendix A, as tests/unit/dkim_keys.h has them, in place of DNS.
DKIM_RECORDS = {
    f"ed25519._domainkey.{DOMAIN}":
        "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    f"rsa._domainkey.{DOMAIN}":
        "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhd"
        "R6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5"
        "QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB",
}
OPENDKIM = "/usr/sbin/opendkim"

# Name of a certificate -> its issuer, its names, its last day.
CERTIFICATES = {
    "server": ("ca", 'dns_name = "localhost"\nip_address = "127.0.0.1"', "2049-12-31"),
    "othername": ("ca", 'dns_name = "mail.elsewhere.example"', "2049-12-31"),
    "stranger": ("otherca", 'dns_name = "localhost"\nip_address = "127.0.0.1"', "2049-12-31"),
    "expired": ("ca", 'dns_name = "localhost"\nip_address = "127.0.0.1"', "2020-12-31"),
}

MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
command_directory = /usr/sbin
daemon_directory = {daemons}
maillog_file = {root}/postfix.log
maillog_file_prefixes = {root}
mail_owner = postfix
setgid_group = postdrop
import_environment = MAIL_CONFIG TZ LANG=C POSTLOG_SERVICE POSTLOG_HOSTNAME

myhostname = mx.{domain}
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = loopback-only
inet_protocols = ipv4
alias_maps =
alias_database =
disable_dns_lookups = yes
smtpd_peername_lookup = no
default_transport = error:5.1.2 nothing leaves this host
relay_transport = error:5.1.2 nothing leaves this host
local_transport = error:5.1.1 nobody lives here

virtual_mailbox_domains = {domain}
virtual_mailbox_base = {root}/mail
virtual_mailbox_maps = texthash:{root}/config/mailboxes
virtual_uid_maps = static:{mail_uid}
virtual_gid_maps = static:{mail_uid}
virtual_minimum_uid = 1
virtual_mailbox_limit = 0
mailbox_size_limit = 0
message_size_limit = 104857600

# The octets that arrive are the octets that are kept.
local_header_rewrite_clients =
header_checks = regexp:{root}/config/header_checks

# No punishment: a test does nothing else but fail.
smtpd_error_sleep_time = 0
smtpd_client_connection_count_limit = 0

# A refusal comes as the reply to the command that it is about.
smtpd_delay_reject = no
smtpd_sender_restrictions = check_sender_access texthash:{root}/config/senders
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access texthash:{root}/config/recipients
smtpd_end_of_data_restrictions = check_sender_access texthash:{root}/config/end_of_data
smtpd_sender_login_maps = texthash:{root}/config/sender_logins

smtpd_tls_chain_files = {root}/tls/server.pem
smtpd_tls_received_header = yes
smtpd_tls_auth_only = yes
smtpd_tls_loglevel = 1
smtpd_tls_dh1024_param_file = auto
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_sasl_authenticated_header = yes
"""

MASTER_CF = """\
postlog   unix-dgram n -      n       -       1       postlogd
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
virtual   unix  -       n       n       -       -       virtual
anvil     unix  -       -       n       -       1       anvil
"""

DOVECOT_CONF = """\
base_dir = {root}/dovecot
state_dir = {root}/dovecot
log_path = {root}/dovecot.log
protocols =
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login scram-sha-256
auth_failure_delay = 0
passdb {{
  driver = passwd-file
  args = scheme=plain username_format=%u {root}/config/logins
}}
userdb {{
  driver = static
  args = uid={mail_uid} gid={mail_uid} home=/nonexistent
}}
service auth {{
  unix_listener {root}/queue/private/auth {{
    mode = 0660
    user = postfix
    group = postfix
  }}
}}
# No growing delay for an address whose logins fail.
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""

# A verifier only; the client on this host is no internal one, whose mail it would let pass.
OPENDKIM_CONF = """\
Mode v
Socket inet:{milter}@127.0.0.1
InternalHosts 192.0.2.1
AuthservID mx.{domain}
TestDNSData file:{root}/config/dkim_records
UserID nobody
Syslog no
"""

QUEUE_DIRECTORIES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold",
                     "incoming", "private", "saved", "trace")


class Unavailable(Exception):
    """This host cannot run the servers; the text says what is missing."""


def postfix_daemons():
    """Where the package put Postfix's daemons."""
    done = subprocess.run(["/usr/sbin/postconf", "-dh", "daemon_directory"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return done.stdout.strip()


def check_host():
    """Raise Unavailable unless everything that the servers need is there."""
    programs = {"/usr/sbin/postconf": "postfix", "/usr/sbin/dovecot": "dovecot-core",
                "/usr/bin/certtool": "gnutls-bin"}
    missing = sorted(package for path, package in programs.items() if not os.path.exists(path))
    if missing:
        raise Unavailable("packages are missing: " + " ".join(missing))
    if os.geteuid() != 0:
        raise Unavailable("Postfix is started by root only")
    for name in ("postfix", "dovecot", "dovenull"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            raise Unavailable(f"there is no user {name}") from None


def adopt_orphans():
    """Become the parent of what a master leaves behind, so that none stays as a zombie."""
    pr_set_child_subreaper = 36
    ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1)


def _processes_of_session(session):
    """Numbers of the living processes of a session; the dead ones that are ours are collected."""
    found = []
    for stat in glob.glob("/proc/[0-9]*/stat"):
        with contextlib.suppress(OSError), open(stat, encoding="ascii", errors="replace") as file:
            # The program's name stands in parentheses and may hold spaces.
            state, parent, _, its_session = file.read().rpartition(")")[2].split()[:4]
            pid = int(stat.split("/")[2])
            if int(its_session) != session:
                continue
            if state != "Z":
                found.append(pid)
            elif int(parent) == os.getpid():
                os.waitpid(pid, os.WNOHANG)
    return found


class Guardian:
    """A process that cleans up when this one is killed: nobody else would.

    PR_SET_PDEATHSIG does not serve: the kernel forgets it when Postfix's master changes its
    effective user. The guardian sees the end of its pipe instead, which cannot fail to come.
    """

    def __init__(self, root):
        reader, self._writer = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.setsid()
            os.close(self._writer)
            try:
                self._guard(reader, root)
            finally:
                os._exit(0)
        os.close(reader)

    def watch(self, session):
        """Have a session ended, should this process be killed."""
        os.write(self._writer, f"{session}\n".encode())

    def dismiss(self):
        """Everything was cleaned up, or is to be kept."""
        os.write(self._writer, b"dismissed\n")
        os.close(self._writer)
        os.waitpid(self._pid, 0)

    @staticmethod
    def _guard(reader, root):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        with open(reader, encoding="ascii") as pipe:
            lines = pipe.read().split()
        if "dismissed" in lines:
            return
        for session in map(int, lines):
            for pid in _processes_of_session(session):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        shutil.rmtree(root, ignore_errors=True)


class Daemon:
    """A master process that stays in the foreground, in a session of its own with its children."""

    def __init__(self, name, command, log):
        self.name = name
        self.log = log
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                        start_new_session=True)

    def check(self):
        """Raise when the process has ended."""
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended with status {self.process.returncode}")

    def stop(self):
        """End the session; return whether every process went by itself."""
        session = self.process.pid
        self.process.terminate()
        until = time.monotonic() + STOP_SECONDS
        while time.monotonic() < until:
            if self.process.poll() is not None and not _processes_of_session(session):
                return True
            time.sleep(0.02)
        for pid in _processes_of_session(session):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        return False


class Server:
    """Postfix and Dovecot, running from `with` to its end. A subclass may say what differs."""

    service_table = SERVICES
    certificates = CERTIFICATES
    logins = LOGINS
    sender_logins = SENDER_LOGINS
    main_cf = MAIN_CF
    master_cf = MASTER_CF
    dovecot_conf = DOVECOT_CONF
    mailboxes = MAILBOXES

    def __init__(self, keep=False):
        check_host()
        adopt_orphans()
        self.keep = keep
        self.root = ""
        self.ports = {}
        self.refusing_port = 0
        self.milter_port = 0
        self.services = dict(self.service_table)
        if not os.path.exists(OPENDKIM):
            self.services.pop("verified", None)
        self._bound = None
        self._daemons = []
        self._guardian = None
        self._output = None

    def __enter__(self):
        # Postfix's unprivileged daemons pass through this directory.
        self.root = tempfile.mkdtemp(prefix="mailsub-postfix-", dir="/tmp")
        os.chmod(self.root, 0o711)
        self._guardian = Guardian(self.root)
        try:
            self._start()
        except BaseException:
            self.print_logs()
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        if self._bound:
            self._bound.close()
        if self._output:
            self._output.close()
        if self.keep:
            print(f"# kept: {self.root}", flush=True)
        else:
            shutil.rmtree(self.root, ignore_errors=True)
        self._guardian.dismiss()

    def stop(self):
        """Stop both; return the names of those that had to be killed."""
        killed = [daemon.name for daemon in reversed(self._daemons) if not daemon.stop()]
        self._daemons = []
        return killed

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def environment(self):
        """What a test program is told: services, CAs, mailboxes, room for files."""
        env = {f"MAILSUB_PORT_{name.upper()}": str(port) for name, port in self.ports.items()}
        env["MAILSUB_PORT_REFUSING"] = str(self.refusing_port)
        env["MAILSUB_CA"] = self.path("tls", "ca.pem")
        env["MAILSUB_MAIL"] = self.path("mail")
        env["MAILSUB_SCRATCH"] = self.root
        return env

    def address(self, service):
        """Where a service listens."""
        del service
        return "127.0.0.1"

    def log(self):
        """What Postfix has logged so far."""
        with contextlib.suppress(FileNotFoundError):
            with open(self.path("postfix.log"), encoding="utf-8", errors="replace") as file:
                return file.read()
        return ""

    def print_logs(self):
        for name in ("output", "postfix.log", "dovecot.log"):
            with contextlib.suppress(FileNotFoundError):
                with open(self.path(name), encoding="utf-8", errors="replace") as file:
                    for line in file:
                        print(f"# {name}: {line}", end="")

    def queued(self):
        """Names of the messages that Postfix has not finished."""
        names = []
        for queue in ("incoming", "active", "deferred", "hold", "corrupt"):
            for _, _, files in os.walk(self.path("queue", queue)):
                names += files
        return names

    def stored(self):
        """Paths of the messages that lie in the mailboxes."""
        return glob.glob(self.path("mail", "*", "new", "*"))

    def _start(self):
        for name in ("config", "tls"):
            os.mkdir(self.path(name), 0o755)
        os.mkdir(self.path("mail"), 0o700)
        os.chown(self.path("mail"), MAIL_UID, MAIL_UID)
        self._make_queue()
        self._make_certificates()
        self._choose_ports()
        self._write_config()
        self._output = open(self.path("output"), "wb")
        self._run("Dovecot", "/usr/sbin/dovecot", "-F", "-c", self.path("config", "dovecot.conf"))
        self._wait(lambda: os.path.exists(self.path("queue", "private", "auth")))
        if "verified" in self.services:
            self._run("OpenDKIM", OPENDKIM, "-f", "-x", self.path("config", "opendkim.conf"))
            self._wait(lambda: self._listens(self.milter_port))
        self._run("Postfix", os.path.join(postfix_daemons(), "master"), "-c", self.path("config"))
        for name, port in self.ports.items():
            self._wait(lambda name=name, port=port: self._listens(port, self.address(name)))

    def _run(self, name, *command):
        self._daemons.append(Daemon(name, command, self._output))
        self._guardian.watch(self._daemons[-1].process.pid)

    def _wait(self, ready):
        until = time.monotonic() + START_SECONDS
        while not ready():
            for daemon in self._daemons:
                daemon.check()
            if time.monotonic() > until:
                raise RuntimeError("the servers did not start in time")
            time.sleep(0.02)

    @staticmethod
    def _listens(port, address="127.0.0.1"):
        """Whether the port is bound, without a connection that would show up in the log."""
        with open("/proc/net/tcp", encoding="ascii") as file:
            listening = {line.split()[1] for line in file if line.split()[3] == "0A"}
        return f"{socket.inet_aton(address)[::-1].hex().upper()}:{port:04X}" in listening

    def _make_queue(self):
        """What `postfix start` would create, with the owners that it would give."""
        owner = pwd.getpwnam("postfix").pw_uid
        group = grp.getgrnam("postdrop").gr_gid
        for name in ("queue", "queue/pid"):
            os.makedirs(self.path(name), 0o755, exist_ok=True)
        os.mkdir(self.path("data"), 0o700)
        os.chown(self.path("data"), owner, -1)
        for name in QUEUE_DIRECTORIES:
            os.mkdir(self.path("queue", name), 0o700)
            os.chown(self.path("queue", name), owner, -1)
        for name, mode in (("public", 0o2710), ("maildrop", 0o1730)):
            os.mkdir(self.path("queue", name))
            os.chown(self.path("queue", name), owner, group)
            os.chmod(self.path("queue", name), mode)

    def _certtool(self, *arguments):
        done = subprocess.run(["/usr/bin/certtool", *arguments], cwd=self.path("tls"), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode:
            raise RuntimeError(f"certtool {' '.join(arguments)}: {done.stdout}")

    def _make_certificates(self):
        self._certtool("--generate-privkey", "--key-type=ecdsa", "--curve=secp256r1",
                       "--no-text", "--outfile=key")
        for name in ("ca", "otherca"):
            self._certify(name, "", "ca\ncert_signing_key\n", "2049-12-31")
        for name, (issuer, names, until) in self.certificates.items():
            self._certify(name, issuer, f"{names}\ntls_www_server\nsigning_key\n", until)

    def _certify(self, name, issuer, text, until, common_name=""):
        """Make name.pem: for a CA the certificate, for the others key and certificate."""
        with open(self.path("tls", "template"), "w", encoding="utf-8") as file:
            file.write(f'cn = "{common_name or "mailsub test " + name}"\n{text}'
                       'activation_date = "2020-01-01 00:00:00"\n'
                       f'expiration_date = "{until} 00:00:00"\n')
        if not issuer:
            self._certtool("--generate-privkey", "--key-type=ecdsa", "--curve=secp256r1",
                           "--no-text", f"--outfile={name}.key")
            self._certtool("--generate-self-signed", f"--load-privkey={name}.key", "--no-text",
                           "--template=template", f"--outfile={name}.pem")
            return
        self._certtool("--generate-certificate", "--load-privkey=key", "--no-text",
                       f"--load-ca-privkey={issuer}.key", f"--load-ca-certificate={issuer}.pem",
                       "--template=template", "--outfile=certificate")
        with open(self.path("tls", name + ".pem"), "w", encoding="ascii") as out:
            os.chmod(out.fileno(), 0o600)
            for part in ("key", "certificate"):
                with open(self.path("tls", part), encoding="ascii") as file:
                    out.write(file.read())

    def _choose_ports(self):
        """Take free ports from the kernel. One stays bound and never listens: it refuses."""
        sockets = []
        for _ in range(len(self.services) + 2):
            sockets.append(socket.socket())
            sockets[-1].bind(("127.0.0.1", 0))
        ports = [sock.getsockname()[1] for sock in sockets]
        self._bound = sockets.pop()
        self.refusing_port = ports.pop()
        self.milter_port = ports.pop()
        self.ports = dict(zip(self.services, ports))
        for sock in sockets:
            sock.close()

    def _write(self, name, text, mode=0o644):
        with open(self.path("config", name), "w", encoding="utf-8") as file:
            os.chmod(file.fileno(), mode)
            file.write(text)

    def _write_table(self, name, rows):
        self._write(name, "".join(f"{key} {value}\n" for key, value in rows.items()))

    def _fill(self):
        """What stands for the names in braces in the files below."""
        return {"root": self.root, "domain": DOMAIN, "mail_uid": MAIL_UID,
                "daemons": postfix_daemons(), "milter": self.milter_port}

    def _write_config(self):
        fill = self._fill()
        self._write("main.cf", self.main_cf.format(**fill))
        self._write("master.cf", self.master_cf.format(**fill)
                    + "".join(map(self._master_entry, self.services)))
        self._write("dovecot.conf", self.dovecot_conf.format(**fill))
        self._write("logins", "".join(f"{user}:{password}\n"
                                      for user, password in self.logins.items()), 0o640)
        shutil.chown(self.path("config", "logins"), group="dovecot")
        self._write_table("mailboxes", {f"{name}@{DOMAIN}": f"{name}/" for name in self.mailboxes})
        self._write_table("recipients", RECIPIENT_ACCESS)
        self._write_table("senders", SENDER_ACCESS)
        self._write_table("end_of_data", END_OF_DATA_ACCESS)
        self._write_table("sender_logins", self.sender_logins)
        self._write_table("dkim_records", DKIM_RECORDS)
        self._write("opendkim.conf", OPENDKIM_CONF.format(**fill))
        self._write("header_checks", "/^X-Refuse-Me:/ REJECT 5.7.1 Content is not wanted here\n")

    def _master_entry(self, service):
        lines = [f"{self.address(service)}:{self.ports[service]} inet n - n - - smtpd"]
        for name, value in self.services[service].items():
            if name == "smtpd_tls_chain_files":
                value = self.path("tls", value + ".pem")
            if name == "smtpd_milters":
                value = f"inet:127.0.0.1:{self.milter_port}"
            lines.append(f"    -o {{ {name} = {value} }}")
        return "\n".join(lines) + "\n"


def show(server):
    """For a person: say where the servers are, and keep them running until interrupted."""
    for key, value in server.environment().items():
        print(f"{key}={value}", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()


if __name__ == "__main__":
    with Server() as shown:
        show(shown)

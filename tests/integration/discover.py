#!/usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""discover.py [--required] MAILSUB: mailsub discover asks dnsmasq, and name servers that lie.

The system's resolver knows the name servers of /etc/resolv.conf and port 53, so the test makes
itself a network, in which there is only a loopback, and a mount, by which the file is its own; the
system's is not touched. Where the kernel does not allow that, or there is no dnsmasq, it is skipped.
"""

import fcntl
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from tap import Tap, die_with_parent

DNSMASQ = shutil.which("dnsmasq", path="/usr/sbin:/usr/bin:/sbin:/bin")
UNSHARE = ["unshare", "--mount", "--net", "--propagation", "private"]
SRV, SOA = 33, 6

# What dnsmasq knows: service, domain, and target, port, priority, weight.
RECORDS = [
    ("submissions", "good.test", "mail.good.test,465,20,5"),
    ("submissions", "good.test", "backup.good.test,2465,30,0"),
    ("submission", "good.test", "mail.good.test,587,10,0"),
    ("submission", "hosted.test", "smtp.provider.test,587,0,1"),
    ("submissions", "root.test", ".,0,0,0"),
    ("submissions", "xn--bcher-kva.test", "mail.xn--bcher-kva.test,465,1,0"),
    ("submissions", "address.test", "192.0.2.1,465,1,0"),
    # Beyond 512 octets, so that the answer comes over TCP.
    *(("submissions", "many.test", f"host-with-a-long-name-{i}.many.test,465,{i},0")
      for i in range(1, 21)),
]
GOOD = ["submissions://mail.good.test:465", "submissions://backup.good.test:2465",
        "submission://mail.good.test:587"]


def bring_up_loopback():
    siocsifflags, iff_up, iff_running = 0x8914, 0x1, 0x40
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, siocsifflags,
                    struct.pack("16sh14x", b"lo", iff_up | iff_running))


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as any_socket:
            any_socket.bind(("::1", 0))
        return True
    except OSError:
        return False


def start_dnsmasq(log):
    """Wait until it takes connections, or return None."""
    addresses = ["127.0.0.1"] + ["::1"] * has_ipv6()
    records = [f"--srv-host=_{service}._tcp.{domain},{rest}" for service, domain, rest in RECORDS]
    process = subprocess.Popen(
        [DNSMASQ, "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", "--user=root",
         "--no-resolv", "--no-hosts", "--bind-interfaces", "--local=/test/",
         "--host-record=bare.test,192.0.2.7",
         *[f"--listen-address={address}" for address in addresses], *records],
        stdout=log, stderr=subprocess.STDOUT, preexec_fn=die_with_parent)
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", 53), timeout=5).close()
            return process
        except OSError:
            time.sleep(0.02)
    return None


class FalseServer:
    """Answers a datagram on an address of its own with those that a function makes of it, and a
    connection with what another makes."""

    def __init__(self, address, datagrams, stream=None):
        self.names = []
        self.datagrams, self.stream = datagrams, stream
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((address, 53))
        self.tcp = socket.create_server((address, 53))
        for run in self.serve_udp, self.serve_tcp:
            threading.Thread(target=run, daemon=True).start()

    def serve_udp(self):
        while True:
            question, peer = self.udp.recvfrom(65535)
            self.names.append(name_of(question))
            for answer in self.datagrams(question):
                self.udp.sendto(answer, peer)

    def serve_tcp(self):
        kept = []
        while True:
            connection, _ = self.tcp.accept()
            kept.append(connection)
            if self.stream:
                self.stream(connection)


def name_of(question):
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1:at + 1 + question[at]].decode())
        at += question[at] + 1
    return ".".join(labels)


def answer(question, flags=0x8180, target=b"\4mail\3one\4test\0", n=1, port=465):
    """An answer with one server, or none."""
    head = question[:2] + struct.pack(">HHHHH", flags, 1, n, 0, 0)
    record = struct.pack(">HHHIHHHH", 0xc00c, SRV, 1, 60, 6 + len(target), 1, 0, port) + target
    return head + question[12:] + record * n


def is_first(question):
    return name_of(question).startswith("_submissions.")


def only_first(question):
    return answer(question, n=int(is_first(question)))


def liar(question):
    """Forged answers, which do not know ID or question, before the right one."""
    evil = b"\4evil\4test\0"
    other = question.replace(b"one", b"two")
    yield answer(bytes([question[0] ^ 1]) + question[1:], target=evil)
    yield answer(other, target=evil)
    yield answer(question, flags=0x0180, target=evil)
    yield question
    yield b""
    yield b"\0" * 7
    yield only_first(question)


def loop(question):
    """A name whose second label is its first: it stands 18 octets behind the question."""
    return b"\1x" + struct.pack(">H", 0xc000 | len(question) + 18)


def framed(octets):
    return struct.pack(">H", len(octets)) + octets


def read_question(connection):
    (length,) = struct.unpack(">H", connection.recv(2, socket.MSG_WAITALL))
    return connection.recv(length, socket.MSG_WAITALL)


def in_pieces(connection):
    for octet in framed(only_first(read_question(connection))):
        connection.send(bytes([octet]))


def hang_up(connection):
    read_question(connection)
    connection.send(b"\1\0abc")
    connection.close()


def truncated(question):
    return [answer(question, flags=0x8380, n=0)]


# Name, lines of resolv.conf, arguments, status, URLs, what stands on standard error.
ROWS = [
    ("two services", ["127.0.0.1"], ["good.test"], 0, GOOD, []),
    ("a provider's host is told of", ["127.0.0.1"], ["hosted.test"], 0,
     ["submission://smtp.provider.test:587"], ["smtp.provider.test is not in hosted.test"]),
    ("an answer over TCP", ["127.0.0.1"], ["many.test"], 0,
     [f"submissions://host-with-a-long-name-{i}.many.test:465" for i in range(1, 21)], []),
    ("TCP alone", ["127.0.0.1", "options use-vc"], ["good.test"], 0, GOOD, []),
    ("a name server by IPv6", ["::1"], ["good.test"], 0, GOOD, []),
    ("an internationalized domain", ["127.0.0.1"], ["bücher.test"], 0,
     ["submissions://mail.xn--bcher-kva.test:465"], []),
    ("no such domain", ["127.0.0.1"], ["nobody.test"], 68, [],
     ["nobody.test: the domain does not exist", "MAILSUB_E_NO_SUCH_DOMAIN", "slip"]),
    ("no records", ["127.0.0.1"], ["bare.test"], 69, [], ["MAILSUB_E_NO_SERVICE"]),
    ("decidedly not available", ["127.0.0.1"], ["root.test"], 69, [], ["MAILSUB_E_SERVICE_ABSENT"]),
    ("an address for a host", ["127.0.0.1"], ["address.test"], 76, [],
     ["192.0.2.1", "MAILSUB_E_DNS_ANSWER"]),
    ("a name server that refuses", ["127.0.0.1"], ["example.org"], 75, [],
     ["MAILSUB_E_RESOLVE_AGAIN", "again later"]),
    ("nobody is there", ["127.0.0.99"], ["good.test"], 75, [], ["MAILSUB_E_RESOLVE_AGAIN"]),
    ("nobody is there, and then somebody", ["127.0.0.99", "127.0.0.1"], ["good.test"], 0, GOOD, []),
    ("one is silent, and another is not", ["127.0.0.2", "127.0.0.1", "options timeout:1"],
     ["good.test"], 0, GOOD, []),
    ("one fails, and another does not", ["127.0.0.3", "127.0.0.1"], ["good.test"], 0, GOOD, []),
    ("silence has an end", ["127.0.0.2"], ["--deadline", "300ms", "good.test"], 75, [],
     ["MAILSUB_E_TIMEOUT"]),
    ("silence of several is no longer", ["127.0.0.2"] * 3, ["--deadline", "300ms", "good.test"], 75,
     [], ["MAILSUB_E_TIMEOUT"]),
    ("silence over TCP has an end", ["127.0.0.4"], ["--deadline", "300ms", "good.test"], 75, [],
     ["MAILSUB_E_TIMEOUT"]),
    ("forged answers are passed over", ["127.0.0.5"], ["one.test"], 0,
     ["submissions://mail.one.test:465"], []),
    ("forged answers alone are none", ["127.0.0.6"], ["--deadline", "300ms", "one.test"], 75, [],
     ["MAILSUB_E_TIMEOUT"]),
    ("an answer by octets", ["127.0.0.7"], ["one.test"], 0, ["submissions://mail.one.test:465"], []),
    ("an answer that is cut", ["127.0.0.8"], ["one.test"], 75, [], ["MAILSUB_E_RESOLVE_AGAIN"]),
    ("an answer with a loop", ["127.0.0.9"], ["one.test"], 76, [],
     ["a pointer does not lead back", "MAILSUB_E_DNS_ANSWER"]),
    ("a server with port 0", ["127.0.0.10"], ["one.test"], 76, [], ["port 0"]),
]


def start_false_servers():
    return [
        FalseServer("127.0.0.2", lambda question: []),
        FalseServer("127.0.0.3", lambda question: [answer(question, flags=0x8182, n=0)]),
        FalseServer("127.0.0.4", truncated),
        FalseServer("127.0.0.5", liar),
        FalseServer("127.0.0.6", lambda question: list(liar(question))[:-1]),
        FalseServer("127.0.0.7", truncated, in_pieces),
        FalseServer("127.0.0.8", truncated, hang_up),
        FalseServer("127.0.0.9", lambda question: [answer(question, target=loop(question))]),
        FalseServer("127.0.0.10", lambda question: [answer(question, port=0)]),
    ]


def run(program, lines, arguments):
    """With the file's own octets: what is mounted stays, only its content changes."""
    text = "".join(f"{line if ' ' in line else 'nameserver ' + line}\n" for line in lines)
    with open("/etc/resolv.conf", "w", encoding="utf-8") as file:
        file.write("search good.test\n" + text)
    return subprocess.run([program, "discover", *arguments], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=60)


def check_row(tap, program, name, lines, arguments, status, urls, told):
    done = run(program, lines, arguments)
    found = [line.split("\t")[0] for line in done.stdout.splitlines()]
    tap.point(done.returncode == status and found == urls
              and all(word in done.stderr for word in told) and bool(told) == bool(done.stderr),
              name, done.returncode, done.stdout, done.stderr)


def check_json(tap, program):
    done = run(program, ["127.0.0.1"], ["--json", "hosted.test"])
    told = json.loads(done.stdout)
    tap.point(told == {
        "code": 0, "name": "MAILSUB_OK", "text": "success", "detail": "", "domain": "hosted.test",
        "servers": [{"url": "submission://smtp.provider.test:587", "host": "smtp.provider.test",
                     "port": 587, "tls": "starttls", "priority": 0, "weight": 1,
                     "in_domain": False}]}, "JSON", done.stdout)
    done = run(program, ["127.0.0.1"], ["-qj", "nobody.test"])
    told = json.loads(done.stdout)
    tap.point(done.returncode == 68 and done.stderr == "" and told["servers"] == []
              and told["name"] == "MAILSUB_E_NO_SUCH_DOMAIN", "JSON of a failure", done.stdout)


def check_text(tap, program):
    done = run(program, ["127.0.0.1"], ["good.test"])
    tap.point(done.stdout.splitlines()[0]
              == "submissions://mail.good.test:465\tpriority 20\tweight 5\tin good.test",
              "a line of text", done.stdout)
    done = run(program, ["127.0.0.1"], ["-q", "good.test"])
    tap.point((done.returncode, done.stdout, done.stderr) == (0, "", ""), "--quiet")


def check_names(tap, servers):
    """The search list was never applied, and the other service was asked for, too."""
    names = [name for server in servers for name in server.names]
    wanted = {f"_{service}._tcp.{domain}" for service in ("submissions", "submission")
              for domain in ("good.test", "one.test")}
    tap.point(set(names) == wanted, "only these names are asked for", sorted(set(names)))


def inside(program):
    """In the network and the mounts of the test's own."""
    tap = Tap()
    bring_up_loopback()
    with tempfile.TemporaryDirectory(prefix="mailsub-discover-", dir="/tmp") as root:
        own = os.path.join(root, "resolv.conf")
        with open(own, "w", encoding="utf-8"):
            pass
        subprocess.run(["mount", "--bind", own, "/etc/resolv.conf"], check=True)
        try:
            with open(os.path.join(root, "log"), "w+", encoding="utf-8") as log:
                dnsmasq = start_dnsmasq(log)
                if not dnsmasq:
                    log.seek(0)
                    tap.point(False, "dnsmasq runs", log.read())
                    return tap
                servers = start_false_servers()
                for row in ROWS:
                    if row[1] != ["::1"] or has_ipv6():
                        check_row(tap, program, *row)
                check_json(tap, program)
                check_text(tap, program)
                check_names(tap, servers)
                dnsmasq.kill()
                dnsmasq.wait()
        finally:
            subprocess.run(["umount", "/etc/resolv.conf"], check=False)
    return tap


def why_not():
    if os.geteuid() != 0:
        return "a network of one's own is made by root only"
    if not DNSMASQ:
        return "dnsmasq is not installed"
    if not os.path.exists("/etc/resolv.conf"):
        return "there is no /etc/resolv.conf to put another in place of"
    done = subprocess.run([*UNSHARE, "mount", "--bind", "/etc/resolv.conf", "/etc/resolv.conf"],
                          stderr=subprocess.DEVNULL, check=False)
    return None if done.returncode == 0 else "the kernel allows no network of one's own"


def main(arguments):
    program = [word for word in arguments if not word.startswith("--")][0]
    if "--inside" in arguments:
        tap = inside(program)
        tap.plan()
        return int(tap.failed)
    reason = why_not()
    if reason and "--required" in arguments:
        print(f"not ok 1 - {reason}\n1..1")
        return 1
    if reason:
        print(f"1..0 # SKIP {reason}")
        return 0
    os.execvp(UNSHARE[0], [*UNSHARE, sys.executable, "-B", __file__, "--inside", program])
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

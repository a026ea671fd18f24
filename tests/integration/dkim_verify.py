#!/usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""dkim_verify.py [--required] dkim_driver [dkim] [opendkim_verify]: others verify what is signed.

dkim_driver writes a message for every algorithm, canonicalization, kind of body and transfer
encoding. dkimpy verifies each signature, and so does OpenDKIM's library when its command is given;
DNS is a table. Then dkimpy is shown each message with one thing changed, and must refuse it. At
last a key in a PKCS #11 token signs, where SoftHSM is installed, and examples/dkim.c does.

Without dkimpy all is skipped; with --required that is a failure.
"""
import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile

try:
    import dkim
    import nacl  # noqa: F401: dkimpy's Ed25519
except ImportError:
    dkim = None

DOMAIN = "signer.example"
KEYS = {
    "rsa2048": ["--key-type=rsa", "--bits=2048"],
    "rsa1024": ["--key-type=rsa", "--bits=1024"],
    "ed25519": ["--key-type=ed25519"],
}
SELECTORS = {"rsa": {"rsa2048"}, "small": {"rsa1024"}, "ed25519": {"ed25519"},
             "both": {"rsa2048", "ed25519"}}


class Tap:
    def __init__(self):
        self.n_points = 0
        self.failed = False

    def point(self, problems, name):
        self.n_points += 1
        self.failed |= bool(problems)
        print(f"{'not ok' if problems else 'ok'} {self.n_points} - {name}")
        for problem in problems:
            print(f"# {problem}")
        sys.stdout.flush()


def run(*command, **options):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, **options).stdout


def make_keys(work):
    for name, options in KEYS.items():
        path = os.path.join(work, name + ".pem")
        run("certtool", "--generate-privkey", "--no-text", *options, f"--outfile={path}",
            stderr=subprocess.DEVNULL)
        os.chmod(path, 0o600)


def read_records(text):
    """The driver's lines, as a table of DNS."""
    rows = (line.split("\t") for line in text.splitlines())
    return {f"{selector}._domainkey.{DOMAIN}.": record for selector, record in rows}


class Verifier:
    def __init__(self, records):
        self.records = records

    def lookup(self, name, timeout=5):
        del timeout
        return self.records.get(name.decode()).encode()

    def accepts(self, message, index):
        try:
            return dkim.DKIM(message).verify(index, dnsfunc=self.lookup)
        except (dkim.DKIMException, AttributeError):
            return False

    def selectors(self, message):
        """Of the signatures that verify, and the number of all."""
        found = []
        fields = [value for name, value in dkim.rfc822_parse(message)[0]
                  if name.lower() == b"dkim-signature"]
        for index, value in enumerate(fields):
            if self.accepts(message, index):
                found.append(re.search(rb"\bs=([^;\s]+)", value)[1].decode())
        return found, len(fields)


def split(path):
    """Body, signers, header form, body form of a case, as its name has them."""
    return os.path.basename(path).removesuffix(".eml").split(",")


def wanted(path):
    body, signers, *_ = split(path)
    return SELECTORS[signers] | ({"rsa1024"} if body == "signed-again" else set())


def by_body(paths):
    groups = collections.defaultdict(list)
    for path in paths:
        groups[split(path)[0]].append(path)
    return groups


def check_dkimpy(tap, verifier, paths):
    for body, group in by_body(paths).items():
        problems = []
        for path in group:
            with open(path, "rb") as file:
                found, n_signatures = verifier.selectors(file.read())
            if set(found) != wanted(path) or n_signatures != len(found):
                problems.append(f"{path}: {found} of {n_signatures}")
        tap.point(problems, f"dkimpy verifies {len(group)} messages: {body}")


def check_opendkim(tap, command, records, paths, work):
    table = os.path.join(work, "records")
    with open(table, "w", encoding="ascii") as file:
        for name, record in records.items():
            file.write(f"{name.removesuffix('.')} {record}\n")
    passed = collections.defaultdict(set)
    for line in run(command, table, *paths).splitlines():
        path, selector, result = line.split("\t")
        passed[path].add(selector if result == "pass" else "failed: " + selector)
    for body, group in by_body(paths).items():
        problems = [f"{path}: {passed[path]}" for path in group if passed[path] != wanted(path)]
        tap.point(problems, f"OpenDKIM verifies {len(group)} messages: {body}")


def in_header(what, new, count=1):
    def change(message):
        head, gap, body = message.partition(b"\r\n\r\n")
        changed = re.sub(what, new, head, count=count, flags=re.M | re.I)
        return None if changed == head else changed + gap + body
    return change


def in_body(change):
    def changed(message):
        head, gap, body = message.partition(b"\r\n\r\n")
        new = change(body)
        return None if new == body else head + gap + new
    return changed


def flip(at):
    """Another letter in place of one octet."""
    def change(body):
        letters = [match.start() for match in re.finditer(rb"[A-Za-z0-9]", body)]
        if not letters:
            return body
        where = letters[int(at * (len(letters) - 1))]
        return body[:where] + (b"x" if body[where:where + 1] != b"x" else b"y") + body[where + 1:]
    return change


# Everything that must break every signature. None: the message has nothing to be changed so.
CHANGES = {
    "the first letter of the body": in_body(flip(0.0)),
    "a letter in the middle of the body": in_body(flip(0.5)),
    "the last letter of the body": in_body(flip(1.0)),
    "a line behind the body": in_body(lambda body: body + b"More.\r\n"),
    "a letter in the subject": in_header(rb"^Subject:(\s+)(=\?UTF-8\?Q\?_*)?[A-Za-z]",
                                         rb"Subject:\1\2z"),
    "another author": in_header(rb"<ann@", rb"<bob@"),
    "a second author": lambda message: b"From: <eve@evil.example>\r\n" + message,
    "a second subject": lambda message: b"Subject: Buy\r\n" + message,
    "a second author at the end": in_header(rb"\Z", rb"\r\nFrom: <eve@evil.example>"),
    "no date": in_header(rb"^Date: .*\r\n", b""),
    "another way to unsubscribe": in_header(rb"u\?1", b"u?2"),
    "a second way to unsubscribe": lambda message: (
        b"List-Unsubscribe: <https://evil.example/>\r\n" + message
        if b"\r\nList-Unsubscribe:" in message else None),
    "no one-click": in_header(rb"^List-Unsubscribe-Post: .*\r\n", b""),
    "another content type": in_header(rb"^Content-Type: ([a-z]+)/", rb"Content-Type: \1/x"),
    "another time of signing": in_header(rb" t=1", b" t=2", 0),
    "another domain": in_header(rb" d=signer", b" d=singer", 0),
}


def check_changes(tap, verifier, paths):
    for name, change in CHANGES.items():
        problems = []
        n_changed = 0
        for path in paths:
            if split(path)[1] == "small":
                continue
            with open(path, "rb") as file:
                changed = change(file.read())
            if changed is None:
                continue
            n_changed += 1
            found, _ = verifier.selectors(changed)
            if found:
                problems.append(f"{path}: {found}")
        if n_changed == 0:
            problems.append("no message could be changed so")
        tap.point(problems, f"{n_changed} messages are refused with {name}")


def check_harmless(tap, verifier, paths):
    """What a relaxed signature outlives, and a simple one does not."""
    problems = []
    for path in paths:
        body, signers, header_form, body_form = split(path)
        if signers != "both" or body == "signed-again":
            continue
        with open(path, "rb") as file:
            message = file.read()
        folded = in_header(rb"^Date: ", b"DATE:  ")(message)
        if bool(verifier.selectors(folded)[0]) != (header_form == "relaxed"):
            problems.append(f"{path}: white space in the header")
        spaced = in_body(lambda text: re.sub(rb"([a-z])\r\n", rb"\1 \t\r\n", text))(message)
        if spaced and bool(verifier.selectors(spaced)[0]) != (body_form == "relaxed"):
            problems.append(f"{path}: white space in the body")
        longer = in_body(lambda text: text + b"\r\n\r\n")(message)
        # A body that is nothing at all is not even one empty line, when it is relaxed.
        if not verifier.selectors(longer)[0]:
            problems.append(f"{path}: empty lines behind the body")
    tap.point(problems, "relaxed signatures outlive other white space, simple ones do not")


def check_token(tap, driver, work):
    """A key in a token of SoftHSM; the object's private part never leaves it."""
    if not shutil.which("softhsm2-util") or not shutil.which("p11tool"):
        print("# no softhsm2 or p11tool: a key in a token is not tried")
        return
    config = os.path.join(work, "softhsm2.conf")
    os.mkdir(os.path.join(work, "tokens"))
    with open(config, "w", encoding="ascii") as file:
        file.write(f"directories.tokendir = {work}/tokens\nobjectstore.backend = file\n")
    env = {**os.environ, "SOFTHSM2_CONF": config}
    run("softhsm2-util", "--init-token", "--free", "--label", "mailsub", "--pin", "1234",
        "--so-pin", "5678", env=env)
    run("p11tool", "--login", "--set-pin", "1234", "--write", "--label", "dkim", "--mark-private",
        f"--load-privkey={work}/rsa2048.pem", "pkcs11:token=mailsub", env=env,
        stderr=subprocess.STDOUT)
    url = "pkcs11:token=mailsub;object=dkim;type=private"
    path = os.path.join(work, "token.eml")
    record = run(driver, "--url", url, "1234", path, env=env)
    with open(path, "rb") as file:
        found, _ = Verifier(read_records(record)).selectors(file.read())
    tap.point([] if found == ["token"] else [f"{found}"], "a key in a PKCS #11 token signs")
    failed = subprocess.run([driver, "--url", url, "9999", path], env=env, check=False, text=True,
                            stderr=subprocess.PIPE)
    tap.point([] if "MAILSUB_E_KEY" in failed.stderr else [failed.stderr], "a wrong PIN is refused")


def check_example(tap, example, work):
    """What the program writes verifies with the line that it tells for the zone file."""
    done = subprocess.run([example, os.path.join(work, "rsa2048.pem"), DOMAIN, "app1",
                           f"me@{DOMAIN}"], check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    name, _, strings = done.stderr.decode().partition(" IN TXT ")
    record = "".join(re.findall(r'"([^"]*)"', strings))
    problems = [] if all(len(text) <= 255 for text in re.findall(r'"([^"]*)"', strings)) else [
        strings]
    found, _ = Verifier({name: record}).selectors(done.stdout)
    tap.point(problems if found == ["app1"] else [f"{found}, {name}"], "examples/dkim.c signs")
    open_key = os.path.join(work, "open.pem")
    shutil.copy(os.path.join(work, "rsa2048.pem"), open_key)
    os.chmod(open_key, 0o644)
    refused = subprocess.run([example, open_key, DOMAIN, "app1", f"me@{DOMAIN}"], check=False,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    tap.point([] if refused.returncode == 78 and "MAILSUB_E_KEY_ACCESS" in refused.stderr
              and not refused.stdout else [refused.stderr],
              "a key that everybody may read is refused")


def main(arguments):
    tap = Tap()
    required = "--required" in arguments
    programs = {os.path.basename(argument): argument for argument in arguments
                if argument != "--required"}
    driver = programs["dkim_driver"]
    if not dkim or not shutil.which("certtool"):
        if not required:
            print("1..0 # SKIP packages are missing: python3-dkim python3-nacl gnutls-bin")
            return 0
        tap.point(["python3-dkim python3-nacl gnutls-bin"], "all packages are there")
        print(f"1..{tap.n_points}")
        return 1
    with tempfile.TemporaryDirectory() as work:
        make_keys(work)
        records = read_records(run(driver, work))
        verifier = Verifier(records)
        paths = sorted(os.path.join(work, name) for name in os.listdir(work)
                       if name.endswith(".eml"))
        check_dkimpy(tap, verifier, paths)
        if "opendkim_verify" in programs:
            check_opendkim(tap, programs["opendkim_verify"], records, paths, work)
        else:
            print("# no libopendkim-dev: OpenDKIM is not asked")
        check_changes(tap, verifier, paths)
        check_harmless(tap, verifier, paths)
        check_token(tap, driver, work)
        if "dkim" in programs:
            check_example(tap, programs["dkim"], work)
    print(f"1..{tap.n_points}")
    return int(tap.failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

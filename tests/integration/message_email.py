#!/usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""message_email.py DRIVER [COUNT [SEED]]: what the library writes, Python's email package reads.

Asks message_driver for messages, some chosen and COUNT random ones, parses each with policy.default
and compares names, addresses, subject, fields, texts and attachments with what was asked for. Each
message must also keep the raw rules: CRLF only, 7-bit, 998, 78 where a line can be folded, encoded
words of at most 75 characters, fields that may stand once once, no trace of blind recipients.
"""
import base64
import email
import email.policy
import random
import re
import subprocess
import sys
import tempfile

SINGLE = ("date", "from", "sender", "reply-to", "to", "cc", "message-id", "subject", "mime-version",
          "in-reply-to", "references", "content-type", "content-transfer-encoding",
          "content-disposition")

ADDRESS_FIELDS = (b"from", b"sender", b"reply-to", b"to", b"cc")
QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*"', re.S)
WORD = re.compile(rb"=\?[^? ]+\?[QqBb]\?[^? ]*\?=")

PIECES = ["a", "word", "Hello", "x" * 30, "y" * 74, "z" * 90, "w" * 1100, " ", " ", " ", "  ", ".",
          ",", ";", ":", "<", ">", "@", "(", ")", "[", "]", '"', "\\", "'", "=", "?", "_", "=?",
          "?=", "=?utf-8?q?a?=", "=?UTF-8?B?YQ==?=", "=20", "&amp;", "%", "/",
          "\u00e4", "Gr\u00fc\u00dfe", "\u4f60\u597d", "\U0001f600", "e\u0301", "\u202e", "\u05e9",
          "\u0623\u0647\u0644\u0627", "\u20ac" * 40, "\ufeff", "\u00a0", "\u3000", "\U0010ffff"]
TEXT_PIECES = PIECES + ["\n", "\r\n", "\r", "\n\n", "\n.", "\nFrom ", "\n--", "\n--=_", "\t", " \n",
                        "\t\n", "\x1b", "\x7f", "\x0c", "a long line " * 90, "\u4f60" * 500, "x=y"]
LOCAL_PARTS = ["a", "first.last", "a+b", "!#$%&'*+-/=?^_`{|}~", '"a b"', '"a@b"', '"a\\"b\\\\"',
               '"a,b"', '"<a>"', '".a."', '"plain"', "x" * 64]
DOMAINS = [("b.de", "b.de"), ("EXAMPLE.Com", "example.com"), ("localhost", "localhost"),
           ("m\u00fcnchen.de", "xn--mnchen-3ya.de"), ("[192.0.2.1]", "[192.0.2.1]"),
           ("[IPv6:2001:DB8::1]", "[IPv6:2001:db8::1]"),
           ("a." * 60 + "example.org", "a." * 60 + "example.org")]


class Problem(Exception):
    pass


def check(condition, *what):
    if not condition:
        raise Problem(" ".join(str(part) for part in what))


class Driver:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def build(self, requests, capabilities=0):
        lines = []
        for verb, *arguments in requests:
            words = [verb]
            for argument in arguments:
                if isinstance(argument, str):
                    argument = argument.encode()
                words.append("-" if argument is None else argument.hex())
            lines.append(" ".join(words) + "\n")
        lines.append("write " + str(capabilities).encode().hex() + "\n")
        self.process.stdin.write("".join(lines).encode())
        self.process.stdin.flush()
        status, *rest = self.process.stdout.readline().decode().split()
        if status != "ok":
            raise Problem("refused: " + " ".join(rest))
        return self.process.stdout.read(int(rest[0]))

    def close(self):
        self.process.stdin.close()
        check(self.process.wait() == 0, "the driver failed")


def check_header_block(block):
    """The rules of the header of a message or a part."""
    names = []
    for field in re.split(rb"\r\n(?![ \t])", block):
        name, colon, _ = field.partition(b":")
        check(colon and re.fullmatch(rb"[!-9;-~]+", name), "no field:", field[:80])
        names.append(name.decode().lower())
        for line in field.split(b"\r\n"):
            check(line.strip(b" \t"), "a line of white space in", name)
            # A space with one word or more on each side: a fold would be possible there.
            can_fold = re.search(rb"[^ \t:] [^ \t]", QUOTED.sub(b"q", line))
            check(len(line) <= 78 or not can_fold, "could be folded:", line[:100])
            has_word = WORD.search(line)
            check(len(line) <= 76 or not has_word, "long for an encoded word:", line[:100])
            for word in WORD.findall(line):
                check(len(word) <= 75, "a long encoded word:", word)
        if name.lower() in ADDRESS_FIELDS:
            for quoted in QUOTED.findall(field):
                check(not WORD.search(quoted), "an encoded word in quotes:", quoted)
    for name in names:
        check(names.count(name) == 1 or name not in SINGLE, "twice:", name)
    check("bcc" not in names, "a Bcc field")
    return names


def check_raw(octets, blind):
    check(re.search(rb"\r(?!\n)|(?<!\r)\n", octets) is None, "a bare CR or LF")
    check(re.search(rb"[^\t\r\n\x20-\x7e]", octets) is None, "not 7-bit, or a control")
    check(max(map(len, octets.split(b"\r\n"))) <= 998, "a line beyond 998")
    check(octets.endswith(b"\r\n"), "no last line end")
    header, empty, _ = octets.partition(b"\r\n\r\n")
    check(empty, "no empty line")
    names = check_header_block(header)
    for name in ("date", "from", "message-id", "mime-version"):
        check(name in names, "no", name)
    for address in blind:
        check(address.encode() not in octets, "a blind recipient:", address)


def decoded(phrase):
    """What RFC 2047 says that a phrase with encoded words is."""
    return str(email.policy.default.header_factory("Subject", phrase))


def phrases(value, want):
    """Cut the value of a field with these mailboxes into their phrases."""
    for name, address in want:
        if name:
            phrase, _, value = value.partition("<" + address + ">")
        else:
            phrase, value = "", value[value.index(address) + len(address):]
        yield phrase.strip()
        value = value.lstrip(", ")


def content_of(address):
    """Local part without quotes and backslashes, and domain."""
    local, _, domain = address.rpartition("@")
    if local.startswith('"'):
        local = re.sub(r"\\(.)", r"\1", local[1:-1])
    return local, domain


def python_reads(name, phrase):
    """Python 3.11 changes white space between and inside the encoded words of a phrase."""
    return "=?" not in phrase or ("?= =?" not in phrase and not re.search(r"\s{2}", name))


def check_mailboxes(message, field, want):
    if not want:
        check(field not in message, "unwanted", field)
        return
    header = message[field]
    check(not header.defects, field, header.defects)
    found = [(address.username, address.domain) for address in header.addresses]
    check(found == [content_of(address) for _, address in want], field, found, "is not", want)
    value = next(raw for key, raw in message.raw_items() if key == field).replace("\r\n", "")
    for found, (name, _), phrase in zip(header.addresses, want, phrases(value, want)):
        if "=?" in phrase:
            check(decoded(phrase) == name, field, repr(decoded(phrase)), "is not", repr(name))
        if python_reads(name, phrase):
            check(found.display_name == name, field, repr(found.display_name), "is not", repr(name))


def lines_of(text):
    """As a text arrives: line ends are one kind, and the last line has one."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if not text or text.endswith("\n") else text + "\n"


def check_part(part):
    check(not part.defects, part.get_content_type(), part.defects)
    for name, value in part.items():
        check(not value.defects, name, value.defects)


def check_text(part, want):
    check(part["Content-Type"].params["charset"] == "utf-8", "charset")
    found = part.get_payload(decode=True).decode("utf-8").replace("\r\n", "\n")
    check("\r" not in found, "a bare CR in the text")
    check(found == lines_of(want), "text", repr(found[:200]), "is not", repr(want[:200]))


def check_structure(message, asked):
    """The texts and attachments, and that the tree is no deeper than it has to be."""
    texts = [(kind, asked[kind]) for kind in ("plain", "html") if asked.get(kind) is not None]
    files = asked["files"]
    if not texts and not files:
        texts = [("plain", "")]
    parts = [message]
    if files and len(files) + len(texts) > 1:
        check(message.get_content_type() == "multipart/mixed", message.get_content_type())
        parts = list(message.iter_parts())
    if texts:
        first = parts.pop(0)
        versions = [first]
        if len(texts) == 2:
            check(first.get_content_type() == "multipart/alternative", first.get_content_type())
            versions = list(first.iter_parts())
        check(len(versions) == len(texts), "number of texts")
        for part, (kind, text) in zip(versions, texts):
            check(part.get_content_type() == "text/" + kind, part.get_content_type())
            check_text(part, text)
    check(len(parts) == len(files), "number of attachments", len(parts), len(files))
    for part, (name, media_type, content) in zip(parts, files):
        check(part.get_content_disposition() == "attachment", "disposition")
        check(part.get_content_type() == (media_type or "application/octet-stream").lower(), "type")
        # get_filename() trims.
        check(part.get_filename() == name.strip(), "file name", part.get_filename(), "is not", name)
        check(part.get_payload(decode=True) == content, "content of", name)


def check_parsed(octets, asked):
    message = email.message_from_bytes(octets, policy=email.policy.default)
    for part in message.walk():
        check_part(part)
    for field in ("From", "Sender", "Reply-To", "To", "Cc"):
        check_mailboxes(message, field, asked[field])
    check(message["Subject"] == asked["subject"], "Subject", repr(message["Subject"]), "is not",
          repr(asked["subject"]))
    for name, value in asked["headers"]:
        found = message.get_all(name)
        check(value in found, name, found, "is not", repr(value))
    check(message["Date"].datetime.timestamp() == 1732228260, "Date", message["Date"])
    check(re.fullmatch(r"<[^<>@ ]+@[^<>@ ]+>", message["Message-ID"]), message["Message-ID"])
    check_structure(message, asked)


class Request:
    """What a message is asked to be, beside the calls that ask for it."""

    def __init__(self):
        self.calls = []
        self.blind = []
        self.asked = {field: [] for field in ("From", "Sender", "Reply-To", "To", "Cc")}
        self.asked.update(subject=None, headers=[], files=[])

    def mailbox(self, verb, field, address, want, name=None):
        self.calls.append((verb, address, name))
        if field:
            self.asked[field].append((name or "", want))
        else:
            self.blind.append(want)
        return self

    def subject(self, text):
        self.calls.append(("subject", text))
        self.asked["subject"] = text
        return self

    def header(self, name, value):
        self.calls.append(("header", name, value))
        self.asked["headers"].append((name, value))
        return self

    def body(self, kind, text):
        self.calls.append(("text" if kind == "plain" else "html", text))
        self.asked[kind] = text
        return self

    def data(self, name, media_type, content):
        self.calls.append(("data", name, media_type, content))
        self.asked["files"].append((name, media_type, content))
        return self

    def file(self, name, media_type, path, content):
        self.calls.append(("file", name, media_type, path))
        self.asked["files"].append((name, media_type, content))
        return self


def chosen():
    def start():
        return Request().mailbox("from", "From", "a@b.de", "a@b.de", "A")

    yield start()
    yield start().subject("")
    for text in (" ", "\t", " a", "a ", "a  b", "a\tb", "\u00e4  \u00f6", "a \u00e4  b", "x" * 5000,
                 "=?utf-8?q?=41?=", "a =?utf-8?q?a b?= c", "=?", "\u00e4 =?x?=", "a" * 70 + " " * 20 + "b",
                 "\u20ac" * 3000, ("word " * 400).strip(), ("w\u00f6rd " * 400).strip(), " " * 300):
        yield start().subject(text).header("X-Text", "x " + text + "\u00e4")
        if "\t" not in text:
            request = start().mailbox("to", "To", "c@d.de", "c@d.de", text)
            yield request.data("a" + text.replace("/", "") + "b", None, b"x")
    for text in ("", "\n", "a", "a\n", "a\r\nb\rc\n\r", ".\n..\n", "From me\n", "a \n\t\n", "x" * 3000,
                 "\u4f60" * 2000, "--=_\n--=_a--\n", "\n" * 100):
        for other in (None, "", "<p>\u00e4</p>\n"):
            for files in (0, 1, 2):
                request = start().body("plain", text)
                if other is not None:
                    request.body("html", other)
                for number in range(files):
                    request.data(f"{number}.bin", "text/csv", text.encode() * number)
                yield request
    yield start().data("only.bin", "Image/PNG", bytes(range(256)) * 100)
    yield start().header("References", " ".join(f"<{n}.{n}@host.example>" for n in range(200)))
    yield start().header("List-Unsubscribe", "<https://b.de/" + "x" * 800 + ">, <mailto:u@b.de>")


def random_text(rng, pieces, most):
    return "".join(rng.choice(pieces) for _ in range(rng.randrange(1, most)))


def random_mailbox(rng, request, verb, field):
    local = rng.choice(LOCAL_PARTS)
    domain, want_domain = rng.choice(DOMAINS)
    want_local = "plain" if local == '"plain"' else local
    name = rng.choice((None, random_text(rng, PIECES, 6), random_text(rng, PIECES, 30)))
    if field is None:
        local = want_local = f"blind{rng.randrange(10 ** 9)}"
    request.mailbox(verb, field, f"{local}@{domain}", f"{want_local}@{want_domain}", name)


def random_list(rng, request):
    """Ask for mailboxes of To by one list, as careless programs write it."""
    space = ("", " ", "  ", " \t", " (c)", "(a, <x@y.de> (b) \\) )")
    listed = Request()
    for _ in range(rng.choice((1, 2, 12))):
        random_mailbox(rng, listed, "to", "To")
    elements = []
    for _, address, name in listed.calls:
        if name and rng.random() < 0.5:
            name = f"=?utf-8?b?{base64.b64encode(name.encode()).decode()}?="
        elif name:
            name = '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
        if name or rng.random() < 0.3:
            address = f"{name or ''}{rng.choice(space)}<{rng.choice(('', '@r.de:'))}{address}>"
        elements.append(rng.choice(space) + address + rng.choice(space))
    text = rng.choice((",", ",,", " , ")).join(elements) + rng.choice(("", ",", ", E (c) :;"))
    request.calls.append(("to-list", text))
    request.asked["To"] += listed.asked["To"]


def random_request(rng, path, content):
    request = Request()
    random_mailbox(rng, request, "from", "From")
    several = rng.random() < 0.1
    if several:
        random_mailbox(rng, request, "add-from", "From")
    if several or rng.random() < 0.2:
        random_mailbox(rng, request, "sender", "Sender")
    for verb, field in (("to", "To"), ("cc", "Cc"), ("bcc", None), ("reply-to", "Reply-To")):
        for _ in range(rng.choice((0, 1, 1, 2, 12))):
            random_mailbox(rng, request, verb, field)
    if rng.random() < 0.3:
        random_list(rng, request)
    if rng.random() < 0.9:
        request.subject(random_text(rng, PIECES + ["\t"], rng.choice((3, 20, 100))))
    for number in range(rng.choice((0, 0, 1, 3))):
        request.header(f"X-{number}", random_text(rng, PIECES + ["\t"], rng.choice((3, 20))))
    for kind in ("plain", "html"):
        if rng.random() < 0.6:
            request.body(kind, random_text(rng, TEXT_PIECES, rng.choice((2, 10, 60))))
    for _ in range(rng.choice((0, 0, 1, 3))):
        name = random_text(rng, [piece for piece in PIECES if piece not in "/\\"], 8) + "x"
        media_type = rng.choice((None, "application/pdf", "text/plain", "IMAGE/x-y.z+w"))
        if rng.random() < 0.3:
            request.file(name, media_type, path, content)
        else:
            request.data(name, media_type, rng.randbytes(rng.choice((0, 1, 56, 57, 58, 5000))))
    return request


def run(driver, request, label):
    octets = b""
    try:
        octets = driver.build(request.calls)
        check_raw(octets, request.blind)
        check_parsed(octets, request.asked)
        return True
    except Problem as problem:
        print(f"{label}: {problem}\n{request.calls}\n{octets[:3000].decode('ascii', 'replace')}")
        return False


def main():
    driver = Driver(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    rng = random.Random(seed)
    content = rng.randbytes(123457)
    failed = total = 0
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        for number, request in enumerate(chosen()):
            failed += not run(driver, request, f"chosen message {number}")
            total += 1
        for number in range(count):
            failed += not run(driver, random_request(rng, file.name, content),
                              f"random message {number} of seed {seed}")
            total += 1
            if failed > 20:
                break
    driver.close()
    print(f"{total - failed} messages came back as asked for, {failed} did not")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())

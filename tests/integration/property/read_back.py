# SPDX-License-Identifier: LGPL-2.1-or-later
"""Python's email package (policy.default) reads a message and compares it with what was asked.

What was asked is what property.c tells as JSON: lists of mailboxes and groups, fields and how they
are read, and the MIME tree.
"""
import datetime
import email
import email.policy
import re

PARSED = email.policy.default
UTF8 = email.policy.default.clone(utf8=True)
QUOTED_PHRASE = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*', re.S)


class Problem(Exception):
    pass


def check(condition, *what):
    if not condition:
        raise Problem(" ".join(str(part) for part in what))


def same(what, found, want):
    check(found == want, what, repr(found)[:300], "is not", repr(want)[:300])


def decoded(phrase):
    """What RFC 2047 says that a phrase with encoded words is."""
    return str(PARSED.header_factory("Subject", phrase))


def phrase_of(text):
    quoted = QUOTED_PHRASE.fullmatch(text)
    if quoted:
        return re.sub(r"\\(.)", r"\1", quoted.group(1), flags=re.S)
    return decoded(text.strip()) if "=?" in text else text.strip()


def content_of(address):
    """Local part without quotes and backslashes, and domain."""
    local, _, domain = address.rpartition("@")
    if local.startswith('"'):
        local = re.sub(r"\\(.)", r"\1", local[1:-1])
    return local, domain


def raw(message, field):
    values = [value for name, value in message.raw_items() if name.lower() == field.lower()]
    check(len(values) == 1, field, "stands", len(values), "times")
    return re.sub(r"\r?\n(?=[ \t])", "", values[0])


def python_reads(name, phrase):
    """Python 3.11 changes white space between and inside the encoded words of a phrase."""
    return "=?" not in phrase or ("?= =?" not in phrase and not re.search(r"\s{2}", name))


def take(pattern, value, field):
    found = re.match(pattern, value, re.S)
    check(found, field, "goes on with", repr(value[:80]))
    return found.group(1) or "", value[found.end():]


# What may stand in front of the address, and of the colon of a group.
PHRASE = r'\s*,?\s*((?:"(?:[^"\\]|\\.)*"|[^"<:;])*)'


def check_value(field, value, items):
    """The value as it is written, taken apart by what has to be there."""
    for kind, name, address in items:
        if kind == "end":
            _, value = take(r"\s*()?;", value, field)
        elif kind == "group":
            phrase, value = take(PHRASE + ":", value, field)
            same(field, phrase_of(phrase), name)
        elif name or value.lstrip(" ,\r\n\t").startswith("<"):
            phrase, value = take(PHRASE, value, field)
            check(value.startswith(f"<{address}>"), field, repr(value[:80]), "is not", address)
            value = value[len(address) + 2:]
            same(field, phrase_of(phrase), name or "")
        else:
            _, value = take(r"\s*(,)?\s*", value, field)
            check(value.startswith(address), field, repr(value[:80]), "is not", address)
            value = value[len(address):]
    check(not value.strip(), field, "ends with", repr(value))


def check_mailboxes(message, field, items):
    if not items:
        return check(field not in message, "unwanted", field)
    value = raw(message, field)
    check_value(field, value, items)
    header = message[field]
    defects = [defect for defect in header.defects if "non-ASCII" not in str(defect)]
    check(not defects, field, defects)
    mailboxes = [(name or "", address) for kind, name, address in items if kind == "mailbox"]
    found = [(address.username, address.domain) for address in header.addresses]
    same(field, found, [content_of(address) for _, address in mailboxes])
    for found, (name, _) in zip(header.addresses, mailboxes):
        if "=?" not in value:
            same(field, found.display_name, name)
    groups = [len(group.addresses) for group in header.groups if group.display_name is not None]
    same("groups of " + field, groups, group_sizes(items))
    return None


def group_sizes(items):
    sizes, at = [], 0
    for i, (kind, _, _) in enumerate(items):
        if kind == "group":
            at = i
        elif kind == "end":
            sizes.append(i - at - 1)
    return sizes


def cut_phrases(value):
    """The phrases between the commas that are not in quotes."""
    return [phrase_of(part) for part in re.findall(r'((?:"(?:[^"\\]|\\.)*"|[^",])+),?', value)]


def check_header(message, name, value, kind):
    found = raw(message, name)
    if kind == "text":
        return same(name, str(message[name]), value)
    if kind == "raw":
        return same(name, found.strip(), value)
    if kind == "phrases":
        return same(name, cut_phrases(found), value.split("\n"))
    if kind == "list-id":
        phrase, _, identifier = found.rpartition("<")
        return same(name, phrase_of(phrase) + "\n<" + identifier, value)
    first, *last = found.split()
    chain = value.split()
    check(first == chain[0] and chain[len(chain) - len(last):] == last and len(last) < len(chain),
          name, found)
    return check(len(last) >= min(len(chain) - 1, 15), name, "is cut short:", found)


def lines_of(text):
    """As a text arrives: line ends are one kind, and the last line has one."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if not text or text.endswith("\n") else text + "\n"


def as_paragraphs(text):
    """What is read of a flowed text: no spaces at the ends of lines, nor one behind the marks."""
    lines = []
    for line in lines_of(text).split("\n")[:-1]:
        marks, content = re.fullmatch(r"(>*)(.*)", line, re.S).groups()
        if marks and content.startswith(" "):
            content = content[1:]
        lines.append(marks + (content if content == "-- " else content.rstrip(" ")) + "\n")
    return "".join(lines)


def unflowed(text):
    """Undo format=flowed (RFC 3676): each paragraph on a line, behind its marks."""
    out, flows = [], False
    for line in text.split("\n")[:-1]:
        marks, content = re.fullmatch(r"(>*) ?(.*)", line, re.S).groups()
        out.append((("" if flows else marks) + content))
        flows = content.endswith(" ") and content != "-- "
        if not flows:
            out.append("\n")
    return "".join(out)


def check_content(part, node):
    payload = part.get_payload(decode=True)
    want = node["content"]
    if node["kind"] == "octets":
        return same("content of " + node["type"], payload, bytes.fromhex(want))
    found = payload.decode("utf-8").replace("\r\n", "\n")
    check("\r" not in found, "a bare CR in the text")
    if want is None:
        return check(found, "nothing was made of the HTML")
    if node["kind"] == "flowed":
        return same("paragraphs", unflowed(found), as_paragraphs(want))
    return same(node["type"], found, lines_of(want))


def check_part_header(part, node):
    for name, value in part.items():
        check(name.lower() in ("from", "to", "cc", "reply-to", "sender") or not value.defects,
              name, getattr(value, "defects", ""))
    check(not part.defects, node["type"], part.defects)
    same("type", part.get_content_type(), node["type"])
    for name, value in node["params"].items():
        same(name, part["Content-Type"].params.get(name), value)
    same("disposition", part.get_content_disposition(), node["disposition"])
    # get_filename() trims.
    name = node["name"]
    if name is None:
        check("Content-Disposition" not in part or "filename" not in part["Content-Disposition"].params,
              "unwanted file name")
    else:
        same("file name", part.get_filename(), name.strip())
    identifier = part["Content-ID"]
    if node["id"] is None:
        check(identifier is None, "unwanted Content-ID", identifier)
    elif node["id"]:
        same("Content-ID", str(identifier), f"<{node['id']}>")
    else:
        check(re.fullmatch(r"<[^<>@ ]+@[^<>@ ]+>", str(identifier)), "Content-ID", identifier)


def check_node(part, node):
    check_part_header(part, node)
    kids = node["kids"]
    if not kids:
        return check_content(part, node)
    parts = part.get_payload()
    check(isinstance(parts, list), node["type"], "has no parts")
    same("number of parts", len(parts), len(kids))
    for inner, kid in zip(parts, kids):
        if node["type"] == "message/rfc822":
            check_content(inner, kid)
        else:
            check_node(inner, kid)
    return None


def check_date(message, want):
    """Without datetime's own arithmetic, which ends where the zone leaves its years."""
    stamp = message["Date"].datetime
    found = (stamp.replace(tzinfo=None) - datetime.datetime(1970, 1, 1)
             - (stamp.utcoffset() or datetime.timedelta(0)))
    same("Date", found.total_seconds(), float(want))


def check_message(octets, asked):
    message = email.message_from_bytes(octets, policy=PARSED)
    header = message
    if asked["utf8"]:  # parsed from octets, raw UTF-8 is something unknown
        text = octets.partition(b"\r\n\r\n")[0].decode() + "\r\n\r\n"
        header = email.message_from_string(text, policy=UTF8)
    for field in ("From", "Sender", "Reply-To", "To", "Cc"):
        check_mailboxes(header, field, asked[field])
    check("Bcc" not in message and "Return-Path" not in message, "a field that is never sent")
    subject = header["Subject"]
    same("Subject", None if subject is None else str(subject), asked["subject"])
    for name, value, kind in asked["headers"]:
        check_header(header, name, value, kind)
    check_date(header, asked["date"])
    identifier = str(header["Message-ID"])
    check(re.fullmatch(r"<[^<>@ ]+@[^<>@ ]+>", identifier), identifier)
    check(asked["id"] in (None, identifier), identifier, "is not", asked["id"])
    check_node(message, asked["tree"])

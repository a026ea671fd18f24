#!/usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""message_parts.py DRIVER: each kind of field and part once, read back by Python's email package.

message_email.py asks for texts and files, at random too, and property/ for everything at random.
Here stands what people would ask for by hand, each with the tree that it has to become: embedded
images, invitations, paragraphs, groups, answers, lists, SMTPUTF8, and messages that exist already,
each for servers with and without 8BITMIME and BINARYMIME.
"""
import os
import sys

from message_email import Driver, Problem, check_raw

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "property"))
import read_back  # noqa: E402

PNG = bytes(range(256)) * 3
CALENDAR = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Tr\u00e4ffen\r\nEND:VCALENDAR\r\n"
INNER = "Subject: inner\r\nFrom: i@j.de\r\n\r\nHi\r\n"
UTF8 = {"charset": "utf-8"}


def node(media_type, content=None, kind="octets", kids=(), **more):
    found = {"type": media_type, "params": {}, "disposition": None, "name": None, "id": None,
             "kind": kind, "kids": list(kids),
             "content": content.hex() if isinstance(content, bytes) else content}
    found.update(more)
    return found


def text(content, subtype="plain", **params):
    return node("text/" + subtype, content, "text", params={**UTF8, **params})


def file(name, media_type, content):
    return node(media_type, content, disposition="attachment", name=name)


def image(identifier):
    return node("image/png", PNG, disposition="inline", id=identifier)


def alternative(*kids):
    return node("multipart/alternative", kids=kids)


def mixed(*kids):
    return node("multipart/mixed", kids=kids)


def related(root, *kids):
    return node("multipart/related", kids=(root,) + kids, params={"type": root["type"]})


def flowed(content):
    return node("text/plain", content, "flowed", params={**UTF8, "format": "flowed"})


INVITE = node("application/ics", CALENDAR, "text", disposition="attachment", name="invite.ics")
EVENT = text(CALENDAR, "calendar", method="REQUEST")
MESSAGE = node("message/rfc822", kids=[text("Hi\r\n")], disposition="attachment", name="m.eml")


def bodies():
    """Calls, and the tree that they ask for."""
    plain, html = ("text", "Gr\u00fc\u00dfe\n"), ("html", "<p>Gr\u00fc\u00dfe</p>\n")
    embed = ("embed", "logo@b.de", "image/png", PNG)
    both = alternative(text(plain[1]), text(html[1], "html"))
    yield [html, embed], related(text(html[1], "html"), image("logo@b.de"))
    yield [plain, html, embed], related(both, image("logo@b.de"))
    yield [plain, html, embed, ("data", "a.png", None, PNG)], mixed(
        related(both, image("logo@b.de")), file("a.png", "image/png", PNG))
    yield [plain, embed], mixed(text(plain[1]), image("logo@b.de"))
    yield [html, embed, ("embed", "<b@b.de>", "image/png", PNG)], related(
        text(html[1], "html"), image("logo@b.de"), image("b@b.de"))
    yield [("html-and-text", "<p>to read</p>")], alternative(
        text(None), text("<p>to read</p>", "html"))
    yield [("calendar", "REQUEST", CALENDAR)], mixed(EVENT, INVITE)
    yield [plain, html, ("calendar", "request", CALENDAR)], mixed(
        alternative(text(plain[1]), text(html[1], "html"), EVENT), INVITE)
    yield [plain, html, embed, ("calendar", "REQUEST", CALENDAR)], mixed(
        related(alternative(text(plain[1]), text(html[1], "html"), EVENT), image("logo@b.de")),
        INVITE)
    for content in ("word " * 100 + "\n> " + "quoted " * 50 + "\n-- \nme\n", " a\n.b\nFrom c\n>> d\n"):
        yield [("text", content), ("flowed",)], flowed(content)
        yield [("text", content), ("flowed",), html], alternative(flowed(content),
                                                                  text(html[1], "html"))
    yield [("data", "m.eml", None, INNER)], MESSAGE
    yield [plain, ("data", "m.eml", "message/rfc822", INNER.replace("\r", ""))], mixed(
        text(plain[1]), MESSAGE)
    yield [plain, ("data", "\u4f60\u597d \"1\".csv", "text/csv; header=present", b"1;2")], mixed(
        text(plain[1]), node("text/csv", b"1;2", disposition="attachment",
                             name="\u4f60\u597d \"1\".csv", params={"header": "present"}))


def headers():
    """Calls, and changes of what is asked."""
    group = [["group", "Gr\u00fcne, alle", None], ["mailbox", "A B", "a@b.de"],
             ["mailbox", None, "c@d.de"], ["end", None, None], ["group", "Empty", None],
             ["end", None, None]]
    yield [("to-list", '=?utf-8?q?Gr=C3=BCne=2C_alle?=: "A B" <a@b.de>, c@d.de (c);, Empty:;')], {"To": group}
    yield [("smtputf8",), ("to", "j\u00f6rg@b.de", "J\u00f6rg"), ("cc", "a@m\u00fcnchen.de", None)], {
        "To": [["mailbox", "J\u00f6rg", "j\u00f6rg@b.de"]],
        "Cc": [["mailbox", None, "a@xn--mnchen-3ya.de"]], "utf8": True}
    yield [("add-from", "b@b.de", "B"), ("sender", "s@b.de", None)], {
        "From": [["mailbox", "A", "a@b.de"], ["mailbox", "B", "b@b.de"]],
        "Sender": [["mailbox", None, "s@b.de"]]}
    chain = " ".join(f"<{n}@b.de>" for n in range(60))
    yield [("parent", "<60@b.de>", chain)], {"headers": [
        ["In-Reply-To", "<60@b.de>", "raw"], ["References", chain + " <60@b.de>", "chain"]]}
    yield [("date", "0", "-720"), ("message-id", "x.y@b.de")], {"date": 0, "id": "<x.y@b.de>"}
    fields = [["List-Id", "\u00dcber uns\n<u.b.de>", "list-id"],
              ["List-Unsubscribe", "<https://b.de/1>, <mailto:u@b.de>", "raw"],
              ["List-Unsubscribe-Post", "List-Unsubscribe=One-Click", "raw"],
              ["List-Post", "NO", "raw"], ["Precedence", "bulk", "raw"],
              ["Importance", "high", "raw"], ["Keywords", "a b\n\u00e4, \u00f6".replace(", ", "\n"), "phrases"],
              ["Organization", "S\u00f6hne  & Co", "text"], ["Comments", " \u20ac" * 100, "text"]]
    given = {"List-Id": "\u00dcber uns <u.b.de>", "Keywords": "a b, \u00e4,\u00f6"}
    yield [("header", name, given.get(name, value)) for name, value, _ in fields], {"headers": fields}


def requests():
    start = [("from", "a@b.de", "A"), ("to", "c@d.de", None)]
    asked = {"From": [["mailbox", "A", "a@b.de"]], "To": [["mailbox", None, "c@d.de"]], "Sender": [],
             "Reply-To": [], "Cc": [], "subject": None, "headers": [], "utf8": False, "id": None,
             "date": 1732228260, "tree": text("Hi\n")}
    for calls, tree in bodies():
        yield start + calls, {**asked, "tree": tree}
    for calls, changes in headers():
        own = "To" in changes
        yield start[:1 if own else 2] + calls + [("text", "Hi\n")], {**asked, **changes}


def run(driver, calls, asked):
    """For each kind of server, and as an existing message."""
    for capabilities in (0, 1, 3):
        octets = driver.build(calls, capabilities)
        if capabilities == 0 and not asked["utf8"]:
            check_raw(octets, [])
        read_back.check_message(octets, asked)
        if capabilities < 2 and not asked["utf8"]:
            again = driver.build([("existing", octets, None)], capabilities)
            read_back.check(again == octets, "an existing message of ours is changed")
            unix = octets.replace(b"\r\n", b"\n")
            again = driver.build([("existing", unix, None)], capabilities)
            read_back.check(again == octets, "line ends of LF make another message")


def main():
    driver = Driver(sys.argv[1])
    failed = total = 0
    for calls, asked in requests():
        total += 1
        try:
            run(driver, calls, asked)
        except (Problem, read_back.Problem) as problem:
            failed += 1
            print(f"{problem}\n{calls}")
    driver.close()
    print(f"{total - failed} messages came back as asked for, {failed} did not")
    return failed > 0 or total < 20


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""python_job.py build|attach COUNT SINK FILE...: the jobs of bench_build and bench_attach with
Python's email package, the same line of JSON printed."""
import email.message
import email.policy
import email.utils
import json
import resource
import sys
import time


def start(subject):
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["From"] = "Alice Example <alice@example.com>"
    message["To"] = "Bob Example <bob@example.org>"
    message["Subject"] = subject
    message["Date"] = email.utils.localtime()
    message["Message-ID"] = email.utils.make_msgid(domain="example.com")
    return message


def build(text, html):
    message = start("Grüße aus München: Rechnung 4711")
    message.set_content(text.decode(), cte="quoted-printable")
    message.add_alternative(html.decode(), subtype="html", cte="quoted-printable")
    return message


def attach(content):
    message = start("The file")
    message.set_content("Here it is.\n")
    message.add_attachment(content, "application", "octet-stream", filename="file.bin")
    return message


def main():
    job, count, sink, *paths = sys.argv[1:]
    inputs = [open(path, "rb").read() for path in paths]
    n_bytes = 0
    octets = b""
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    for _ in range(int(count)):
        octets = {"build": build, "attach": attach}[job](*inputs).as_bytes()
        n_bytes += len(octets)
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_SELF)
    if sink not in ("memory", "null"):
        with open(sink, "wb") as file:
            file.write(octets)
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    print(json.dumps({
        "program": "python_" + job, "messages": int(count), "bytes": n_bytes,
        "wall_s": round(wall, 6), "user_s": round(after.ru_utime - before.ru_utime, 6),
        "system_s": round(after.ru_stime - before.ru_stime, 6), "peak_rss_kib": peak}))


main()

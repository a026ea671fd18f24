#!/usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""python_job.py JOB COUNT SINK FILE...: what bench.h says, in Python: the jobs build, attach and
addresses with the email package, html with html2text, and w3m, which is html with that program."""
import email.message
import email.policy
import email.utils
import json
import resource
import subprocess
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
    return message.as_bytes()


def attach(content):
    message = start("The file")
    message.set_content("Here it is.\n")
    message.add_attachment(content, "application", "octet-stream", filename="file.bin")
    return message.as_bytes()


def addresses(content):
    if not email.utils.getaddresses([content.decode()]):
        sys.exit("nothing was parsed")
    return content  # the octets that were read


def html(content):
    import html2text
    return html2text.HTML2Text(bodywidth=0).handle(content.decode()).encode()


def w3m(content):
    words = ["w3m", "-dump", "-T", "text/html", "-I", "utf-8", "-O", "utf-8"]
    return subprocess.run(words, input=content, stdout=subprocess.PIPE, check=True).stdout


JOBS = {job.__name__: job for job in (build, attach, addresses, html, w3m)}


def seconds():
    """Processor time of this program and of those that it ran: user, system."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(part.ru_utime for part in both), sum(part.ru_stime for part in both)


def main():
    job, count, sink, *paths = sys.argv[1:]
    inputs = [open(path, "rb").read() for path in paths]
    n_bytes = 0
    octets = b""
    before, began = seconds(), time.monotonic()
    for _ in range(int(count)):
        octets = JOBS[job](*inputs)
        n_bytes += len(octets)
    wall, after = time.monotonic() - began, seconds()
    if sink not in ("memory", "null"):
        with open(sink, "wb") as file:
            file.write(octets)
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    peak = max(peak, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    print(json.dumps({
        "program": "python_" + job, "messages": int(count), "bytes": n_bytes,
        "wall_s": round(wall, 6), "user_s": round(after[0] - before[0], 6),
        "system_s": round(after[1] - before[1], 6), "peak_rss_kib": peak}))


main()

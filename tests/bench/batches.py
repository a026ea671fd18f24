# SPDX-License-Identifier: LGPL-2.1-or-later
"""The job of tests/bench/run that is about mailsub send --batch: small messages over one connection
to a local sink, the fake server, beside a program that posts the same messages and does nothing else.
"""
import json
import os
import resource
import statistics
import subprocess
import time

MESSAGES = 10000
PER_RECEIPT = 2.0  # times the bare program's, by what reads JSON, and writes journal and receipts


class Sink:
    """The fake server, which drops what it gets."""

    def __init__(self, build, *words):
        self.process = subprocess.Popen(
            [os.path.join(build, "tests", "bench", "sink"), "discard", "pipelining",
             *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def __enter__(self):
        self.url = f"smtp://localhost:{int(self.process.stdout.readline())}"
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


def once(words):
    """Seconds on the clock, and of the processor, that a program takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    subprocess.run(words, stdout=subprocess.DEVNULL, check=True)
    wall = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, sum(getattr(after, name) - getattr(before, name)
                     for name in ("ru_utime", "ru_stime"))


def measure_with(bench, kind, *words):
    count = max(1, int(MESSAGES * bench.options.scale))
    lines = os.path.join(bench.work, "batch")
    journal = os.path.join(bench.work, "journal")
    with open(lines, "w", encoding="ascii") as file:
        for i in range(count):
            file.write(json.dumps({"id": i, "to": "bob@theirs.example", "subject": f"Message {i}",
                                   "text": "Hello.\n"}) + "\n")
    mailsub = os.path.join(bench.build, "examples", "mailsub", "mailsub")
    posting = os.path.join(bench.build, "tests", "bench", "posting")
    runs = []
    for _ in range(bench.options.rounds):
        with Sink(bench.build, *words) as sink:
            bare = once([posting, sink.url, str(count)])
            if os.path.exists(journal):
                os.unlink(journal)
            batch = once([mailsub, "send", "--server", sink.url, "--from", "ada@ours.example",
                          "--batch", lines, "--journal", journal])
            runs.append((*bare, *batch))
    bare, bare_cpu, batch, batch_cpu = (statistics.median(column) for column in zip(*runs))
    print(f"\nbatch, {kind}: {count} messages over one connection")
    for name, wall, spent in (("bare program", bare, bare_cpu), ("mailsub", batch, batch_cpu)):
        print(f"    {name:14}{wall / count * 1e6:8.1f} us{spent / count * 1e6:8.1f} us of processor "
              f"time a message, {count / wall:,.0f}/s")
    print(f"    mailsub takes {statistics.median(run[2] / run[0] for run in runs):.2f} times as "
          "long; 1.25 is to be reached")
    bench.check("processor time beside the bare program",
                statistics.median(run[3] / run[1] for run in runs), PER_RECEIPT)


def measure(bench):
    measure_with(bench, "DATA")
    measure_with(bench, "CHUNKING", "chunking")

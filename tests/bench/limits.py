# SPDX-License-Identifier: LGPL-2.1-or-later
"""The jobs of tests/bench/run that count senders; see limiter.h for their programs.

What is told is the time of a decision, as processor time too: of the client, and of the server
where there is one. Files lie in memory (/dev/shm) when there is such a place: how fast a disk makes
something last is not ours, and would hide what is.
"""
import json
import os
import shutil
import signal
import statistics
import subprocess
import tempfile

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
SENDERS = 1000000
MUCH = 1000000000  # a limit that nobody reaches


class Limits:
    def __init__(self, bench):
        self.bench = bench
        self.rounds = bench.options.rounds
        self.count = lambda n: max(1, int(n * bench.options.scale))
        lib = os.path.join(bench.build, "lib")
        self.environment = {**os.environ, "LD_LIBRARY_PATH": lib}
        self.server = None

    def words(self, who, where, limit, senders, count, how="threads", workers=1):
        program = os.path.join(self.bench.build, "tests", "bench", who + "_limiter")
        return [program, where, *(str(number) for number in (limit, senders, count)), how,
                str(workers)]

    def has(self, who):
        return os.access(self.words(who, "", 0, 0, 0)[0], os.X_OK)

    def served_s(self):
        """Processor time of the server until now."""
        if not self.server:
            return 0
        with open(f"/proc/{self.server.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * TICK_S

    def once(self, *args):
        """Seconds a decision: on the clock, and of processors; and the row itself."""
        before = self.served_s()
        senders, count = args[3:5]
        done = subprocess.run(self.words(*args), stdout=subprocess.PIPE, check=True, text=True,
                              env=self.environment)
        row = json.loads(done.stdout)
        spent = row["user_s"] + row["system_s"]
        # The server has answered the first round too, which the program does not time.
        served = (self.served_s() - before) / (senders + count)
        return row["wall_s"] / row["decisions"], spent / row["decisions"] + served, row

    def take_turns(self, title, programs):
        """The rows of each program, told by their medians and beside those of the first."""
        print(f"\n{title}")
        runs = {name: [] for name in programs}
        for _ in range(self.rounds):
            for name, args in programs.items():
                runs[name].append(self.once(*args))
        first = next(iter(runs.values()))
        for name, own in runs.items():
            ratios = [statistics.median(run[i] / base[i] for run, base in zip(own, first))
                      for i in (0, 1)]
            wall, spent = (statistics.median(run[i] for run in own) for i in (0, 1))
            line = f"    {name:28}{wall * 1e6:10.3f} us {spent * 1e6:10.3f} us of processor time"
            if own is not first:
                line += f"; {ratios[0]:.2f} times, {ratios[1]:.2f} by processor time"
            print(line)
        return {name: [run[2] for run in own] for name, own in runs.items()}

    def instructions(self, args, counts=(20000, 120000)):
        """Of one decision more, once the senders are there: a file grows but once."""
        self.once(*args, 1)
        numbers = []
        for count in counts:
            words = self.words(*args[:3], args[3], count)
            done = subprocess.run(["valgrind", "--tool=callgrind",
                                   "--callgrind-out-file=/dev/null", *words],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True,
                                  text=True, env=self.environment)
            numbers.append(int(done.stderr.rsplit("Collected : ", 1)[1].split()[0]))
        return (numbers[1] - numbers[0]) / (counts[1] - counts[0])

    def grows(self, what, one, other, at_most=1.1):
        """Instructions of a decision must not depend on how many there are."""
        if not self.bench.options.instructions:
            return
        few, many = self.instructions(one), self.instructions(other)
        print(f"    {what}: {few:,.0f} and {many:,.0f} instructions a decision")
        self.bench.check(f"times the instructions, {what}", many / few, at_most)


def most(rows, name):
    return max(row[name] for row in rows)


def measure_memory(limits):
    count = limits.count(2000000)
    memory = ("mailsub", "memory:", 10000, SENDERS, count)
    found = limits.take_turns(
        "limiter, in memory, two windows, 1,000,000 senders; 1.8 times wanted",
        {"a bare table of GCRA cells": ("gcra", "", 10000, SENDERS, count), "mailsub": memory})
    limits.bench.check("bytes a sender", most(found["mailsub"], "bytes_a_sender"), 128)
    limits.take_turns(
        "limiter, in memory, two threads; 0.62 times by the clock wanted, where two processors are"
        " free",
        {"one thread": memory, "two threads": (*memory, "threads", 2)})
    limits.take_turns("limiter, in memory: more senders, and a larger limit",
                      {"10,000 senders": ("mailsub", "memory:", 10000, 10000, count),
                       "100,000 senders": ("mailsub", "memory:", 10000, 100000, count),
                       "1,000,000 senders": memory,
                       "the same, limit 1,000,000,000": ("mailsub", "memory:", MUCH, SENDERS,
                                                         count)})
    few = ("mailsub", "memory:", 10000, 1000)
    limits.grows("100,000 senders instead of 1,000", few, ("mailsub", "memory:", 10000, 100000))
    limits.grows("a limit of 1,000,000,000 instead of 10,000", few,
                 ("mailsub", "memory:", MUCH, 1000))


def measure_file(limits, place):
    def url(name):
        return "file:" + os.path.join(place, name)

    count = limits.count(200000)
    limits.take_turns("limiter, in a file, one process; 6 us wanted",
                      {"1 sender": ("mailsub", url("one"), MUCH, 1, count),
                       "1,000 senders": ("mailsub", url("many"), MUCH, 1000, count),
                       "100,000 senders": ("mailsub", url("most"), MUCH, 100000, count),
                       "1,000 senders, limit 10,000": ("mailsub", url("less"), 10000, 1000,
                                                       count)})
    found = limits.take_turns("limiter, in a file, 16 processes",
                              {"16 processes": ("mailsub", url("shared"), MUCH, 16,
                                                limits.count(1000000), "processes", 16)})
    share = statistics.median(row["slowest_share"] for row in found["16 processes"])
    print(f"    the slowest process: {share:.2f} of the mean; 0.5 wanted")
    limits.grows("100,000 senders in a file instead of 1,000",
                 ("mailsub", url("many"), MUCH, 1000), ("mailsub", url("most"), MUCH, 100000), 1.3)


def measure_sqlite(limits, place):
    if not limits.has("sqlite"):
        print("\nmissing, left out: SQLite (Debian package libsqlite3-dev)")
        return
    count = limits.count(30000)
    bare = ("sqlite", os.path.join(place, "bare.sqlite"), MUCH, 1000)
    ours = ("mailsub", "sqlite:" + os.path.join(place, "limits.sqlite"), MUCH, 1000)
    limits.take_turns("limiter, in SQLite; 1.2 times wanted",
                      {"a bare transaction": (*bare, count), "mailsub": (*ours, count)})
    if limits.bench.options.instructions:
        numbers = [limits.instructions(args, (500, 3500)) for args in (bare, ours)]
        # Half of the time is the system's, which is not counted here.
        print("    {:,.0f} and {:,.0f} instructions of the program".format(*numbers))


def measure_redis(limits, place):
    path = shutil.which("redis-server")
    if not path or not limits.has("redisbare"):
        print("\nmissing, left out: Redis (Debian packages redis-server, libhiredis-dev)")
        return
    socket = os.path.join(place, "redis.sock")
    limits.server = subprocess.Popen(
        [path, "--port", "0", "--unixsocket", socket, "--save", "", "--dir", place],
        stdout=subprocess.PIPE, text=True)
    try:
        for line in limits.server.stdout:
            if "ready to accept connections" in line.lower():
                break
        count = limits.count(20000)
        limits.take_turns(
            "limiter, in Redis, over a local socket; 1.15 times wanted, client and server together",
            {"a bare script of two GCRA cells": ("redisgcra", socket, MUCH, 1000, count),
             "mailsub": ("mailsub", "redis+unix://" + socket, MUCH, 1000, count),
             "a script that does nothing": ("redisbare", socket, MUCH, 1000, count)})
        limits.take_turns("limiter, in Redis: more senders",
                          {"10 senders": ("mailsub", "redis+unix://" + socket, MUCH, 10, count),
                           "20,000 senders": ("mailsub", "redis+unix://" + socket, MUCH, 20000,
                                              count)})
    finally:
        limits.server.send_signal(signal.SIGTERM)
        limits.server.wait()
        limits.server = None


def measure(bench):
    limits = Limits(bench)
    memory = "/dev/shm"
    where = memory if os.access(memory, os.W_OK) else None
    measure_memory(limits)
    with tempfile.TemporaryDirectory(prefix="mailsub-bench.", dir=where) as place:
        measure_file(limits, place)
        measure_sqlite(limits, place)
        measure_redis(limits, place)

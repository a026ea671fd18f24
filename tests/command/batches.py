#!/usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""batches.py MAILSUB FAKE_SERVER: batches that are killed, interrupted and resumed."""

import collections
import json
import signal
import sys

from harness import TIMEOUT, FakeServer, Place, play, run

N_LINES = 1500
ACCEPTED = 0
UNKNOWN = -306


def lines(n):
    return "".join(json.dumps({"id": i, "to": "bob@theirs.example", "subject": f"Message {i}",
                               "text": "Hello.\n"}) + "\n" for i in range(n))


def batch(server, place, *more):
    return ["send", "--server", server.url, "--from", "ada@ours.example", "--batch",
            place.file("batch"), "--journal", place.file("journal"), "--quiet", *more]


def receipts(output):
    """What the lines that were written whole say."""
    return [json.loads(line) for line in output.splitlines(keepends=True) if line.endswith(b"\n")]


def code_of(receipt):
    return receipt.get("receipt", receipt).get("code")


def numbers(receipts_, code):
    return {receipt["line"] - 1 for receipt in receipts_ if code_of(receipt) == code}


def arrived(server):
    """How often each message arrived."""
    return collections.Counter(int(message.header("Subject").split()[1])
                               for message in server.messages)


def kill_behind(scene, place, server, n):
    """Begin a batch, and kill it when so many receipts have been seen. Return all of them."""
    process = scene.start(place, *batch(server, place))
    seen = b"".join(process.stdout.readline() for _ in range(n))
    process.send_signal(signal.SIGKILL)
    seen += process.stdout.read()
    process.stdout.close()
    process.stderr.close()
    process.wait(TIMEOUT)
    return receipts(seen)


def killed_batch_is_resumed_and_nothing_is_sent_twice(scene):
    with Place() as place, FakeServer(scene.fake_server, "pipelining") as server:
        place.write("batch", lines(N_LINES))
        seen = []
        for n in (1, 7, 40):
            seen += kill_behind(scene, place, server, n)
        env = place.environment({})
        last = receipts(run([scene.program, *batch(server, place)], env).stdout)
        accepted = numbers(seen, ACCEPTED) | numbers(last, ACCEPTED)
        skipped = {receipt["line"] - 1 for receipt in last if receipt.get("skipped")}
        unknown = numbers(last, UNKNOWN)
        again = run([scene.program, *batch(server, place, "--resend-unknown")], env)
        resent = numbers(receipts(again.stdout), ACCEPTED)
    assert len(last) == N_LINES, len(last)
    assert accepted | skipped | unknown == set(range(N_LINES))
    assert resent == unknown and again.returncode == 0, (again.returncode, resent, unknown)
    times = arrived(server)
    assert set(times) == set(range(N_LINES))
    doubled = {number for number, n in times.items() if n > 1}
    assert doubled <= unknown, doubled - unknown
    # A message that was sent again can be known by its Message-ID.
    ids = collections.defaultdict(set)
    for message in server.messages:
        ids[message.header("Subject")].add(message.header("Message-ID"))
    assert all(len(found) == 1 for found in ids.values())


def finished_batch_is_skipped(scene):
    with Place() as place, FakeServer(scene.fake_server) as server:
        place.write("batch", lines(20))
        env = place.environment({})
        for _ in range(2):
            assert run([scene.program, *batch(server, place)], env).returncode == 0
    assert arrived(server) == dict.fromkeys(range(20), 1)


def refused_lines_are_sent_by_the_next_run(scene):
    with Place() as place:
        env = place.environment({})
        place.write("batch", lines(3))
        with FakeServer(scene.fake_server, "rule", "RCPT", "", "451 4.7.1 Later") as server:
            assert run([scene.program, *batch(server, place)], env).returncode == 75
        assert not server.messages
        with FakeServer(scene.fake_server) as server:
            assert run([scene.program, *batch(server, place)], env).returncode == 0
        assert len(server.messages) == 3


def journal_of_another_input_is_refused(scene):
    with Place() as place, FakeServer(scene.fake_server) as server:
        env = place.environment({})
        place.write("batch", lines(3))
        assert run([scene.program, *batch(server, place)], env).returncode == 0
        place.write("batch", lines(3).replace("Hello", "Hallo"))
        assert run([scene.program, *batch(server, place)], env).returncode == 70
    assert len(server.messages) == 3


def torn_end_of_a_journal_is_taken_away(scene):
    with Place() as place, FakeServer(scene.fake_server) as server:
        env = place.environment({})
        place.write("batch", lines(3))
        assert run([scene.program, *batch(server, place)], env).returncode == 0
        with open(place.file("journal"), "a", encoding="ascii") as file:
            file.write("s 4 0123")
        place.write("batch", lines(4))
        assert run([scene.program, *batch(server, place)], env).returncode == 0
        with open(place.file("journal"), encoding="ascii") as file:
            assert "0123s" not in file.read()
    assert arrived(server) == dict.fromkeys(range(4), 1)


def interrupted_batch_tells_and_is_resumed(scene):
    with Place() as place:
        place.write("batch", lines(50))
        with FakeServer(scene.fake_server, "rule", "RCPT", "", "") as server:
            process = scene.start(place, *batch(server, place)[:-1], "--trace")
            for line in process.stderr:
                if line.startswith(b"C: RCPT"):
                    break
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=TIMEOUT)
            assert process.returncode == 75, process.returncode
            assert numbers(receipts(out), -307)
        env = place.environment({})
        with FakeServer(scene.fake_server) as server:
            assert run([scene.program, *batch(server, place)], env).returncode == 0
        assert arrived(server) == dict.fromkeys(range(50), 1)


def input_that_comes_slowly_is_sent_as_it_comes(scene):
    with Place() as place, FakeServer(scene.fake_server) as server:
        arguments = ["send", "--server", server.url, "--from", "ada@ours.example", "--batch", "-"]
        process = scene.start(place, *arguments, stdin=True)
        for line in lines(3).splitlines(keepends=True):
            process.stdin.write(line.encode())
            process.stdin.flush()
            assert code_of(json.loads(process.stdout.readline())) == ACCEPTED
        process.communicate(timeout=TIMEOUT)
        assert process.returncode == 0
    assert "connection 2" not in server.transcript


SCENARIOS = (killed_batch_is_resumed_and_nothing_is_sent_twice, finished_batch_is_skipped,
             refused_lines_are_sent_by_the_next_run, journal_of_another_input_is_refused,
             torn_end_of_a_journal_is_taken_away, interrupted_batch_tells_and_is_resumed,
             input_that_comes_slowly_is_sent_as_it_comes)

if __name__ == "__main__":
    sys.exit(play(SCENARIOS, *sys.argv[1:]))

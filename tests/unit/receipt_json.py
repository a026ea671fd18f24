#!/usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/unit/receipt_json.py PROGRAM: Python's json reads the receipts that PROGRAM writes."""
import json
import subprocess
import sys

TEXT = {"name", "text", "action", "stage", "detail", "message_id", "queue_id", "server"}
KEYS = TEXT | {"code", "reply", "sysexit", "retry_after", "failed_servers", "tls", "login",
               "dropped", "warnings", "findings", "pending", "lines", "recipients"}
SERVER = {"server", "code", "name", "text", "action", "stage", "reply", "detail"}
RECIPIENT = {"address", "outcome", "code", "name", "text", "action", "stage", "reply",
             "transaction", "safe_to_retry"}
FINDING = {"rule", "severity", "where", "detail", "advice"}


def no_duplicates(pairs):
    keys = [key for key, _ in pairs]
    assert len(set(keys)) == len(keys), keys
    return dict(pairs)


def read(line):
    receipt = json.loads(line, object_pairs_hook=no_duplicates)
    assert set(receipt) == KEYS, set(receipt) ^ KEYS
    assert all(isinstance(receipt[key], str) for key in TEXT)
    assert all(set(recipient) == RECIPIENT for recipient in receipt["recipients"])
    assert all(set(server) == SERVER for server in receipt["failed_servers"])
    assert all(set(finding) == FINDING for finding in receipt["findings"])
    assert all(isinstance(text, str) for finding in receipt["findings"] for text in finding.values())
    return receipt


def check_full(receipt):
    assert receipt["code"] == -612 and receipt["name"] == "MAILSUB_E_PARTIAL"
    assert receipt["stage"] == "end_of_data" and receipt["action"] == "fix_message"
    assert receipt["reply"] == {"code": 250, "enhanced": "2.0.0", "text": "queued as 4XyZ"}
    assert receipt["sysexit"] == 67 and receipt["retry_after"] == 300
    # An octet that is no UTF-8 becomes one U+FFFD; controls come back as they were.
    assert receipt["detail"] == "/tmp/caf\ufffd\x01\x7f\ufffd\ufffd\ufffd\U0001f600\ufffd\ufffd"
    assert receipt["message_id"] == "<1@example.org>" and receipt["queue_id"] == "4XyZ"
    assert receipt["tls"] == {"version": "TLS1.3", "cipher": "AES", "verified": True,
                              "resumed": True, "fingerprint": "", "names": ""}
    assert receipt["server"] == "submission://b.example.org:587"
    assert [(server["server"], server["name"], server["stage"], server["detail"])
            for server in receipt["failed_servers"]] == [
        ("smtp://a.example.org:25", "MAILSUB_E_UNAVAILABLE", "greeting", ""),
        ("smtp+unix:/run/x", "MAILSUB_E_CONNECT", "connect", "nobody listens")]
    assert receipt["failed_servers"][0]["reply"] == {"code": 421, "enhanced": "4.3.2",
                                                     "text": 'not "now"'}
    assert receipt["failed_servers"][1]["reply"] is None
    assert receipt["login"] == {"mechanisms": [], "text": ""}
    assert receipt["dropped"] == ["AUTH", "DSN"]
    assert len(receipt["warnings"]) == 1 and receipt["warnings"][0].startswith("DSN ")
    assert [(finding["rule"], finding["severity"], finding["where"], finding["detail"])
            for finding in receipt["findings"]] == [
        ("missing-subject", "warning", "Subject", ""),
        ("our-own", "error", "attachment 2", 'says "\U0001f600"')]
    assert receipt["findings"][0]["advice"] and receipt["findings"][1]["advice"] == ""
    assert receipt["pending"] == 7 and receipt["lines"] == ["one", "two"]
    assert [recipient["outcome"] for recipient in receipt["recipients"]] == [
        "accepted", "refused", "deferred", "not_attempted"]
    assert [recipient["safe_to_retry"] for recipient in receipt["recipients"]] == [
        False, False, True, True]
    assert [recipient["transaction"] for recipient in receipt["recipients"]] == [1, 1, 2, 0]
    assert receipt["recipients"][1]["address"] == "j\u00fcrgen@example.org"
    assert receipt["recipients"][1]["reply"]["text"] == 'no "such" user \\ j\u00fcrgen'
    assert receipt["recipients"][2]["address"] == '"a\\"b"@example.org'
    assert receipt["recipients"][2]["action"] == "retry_later"
    assert receipt["recipients"][3]["reply"] is None


def check_lost(receipt):
    assert receipt["name"] == "MAILSUB_E_CONNECT" and receipt["reply"] is None
    assert receipt["server"] == "" and receipt["failed_servers"] == []
    assert receipt["tls"] is None and receipt["pending"] is None
    assert receipt["recipients"] == [] and receipt["findings"] == []
    assert receipt["retry_after"] == 300 and receipt["stage"] == "connect"


def main(program):
    done = subprocess.run([program], stdout=subprocess.PIPE, check=True)
    lines = done.stdout.decode("utf-8").split("\n")
    assert len(lines) == 3 and lines[2] == "", lines
    check_full(read(lines[0]))
    check_lost(read(lines[1]))


main(*sys.argv[1:])

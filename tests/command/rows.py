# SPDX-License-Identifier: LGPL-2.1-or-later
"""The runs of mailsub(1) as rows: what it is given, and what is to come of it.

In arguments, files and the environment {url}, {port}, {ca}, {dir} and {secret} are filled in.
Files whose name begins with "secret" hold a secret and get the mode 0600 unless it is given.
"""

from harness import SECRET

# What most runs begin with; a row's own arguments follow.
SEND = ["send", "--server", "{url}", "--from", "ada@ours.example", "--subject", "Hello",
        "--text", "{dir}/text", "bob@theirs.example"]
BARE = ["send", "--server", "{url}", "--from", "ada@ours.example", "bob@theirs.example"]
TLS = ["implicit-tls"]
LOGIN = ["implicit-tls", "auth-plain", "auth-scram-sha-256", "require-auth", "user", "ada", SECRET]
TOKEN = ["implicit-tls", "auth-oauthbearer", "require-auth", "user", "ada", "t0k.en"]
RAW = "From: ada@ours.example\nTo: bob@theirs.example\nBcc: carol@theirs.example\n\nHello.\n"
ICS = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\nMETHOD:REQUEST\r\n"
       "END:VCALENDAR\r\n")


def offers(*keywords):
    return ["rule", "EHLO", "", "\n".join([f"250-{word}" for word in ("fake", *keywords)]
                                         + ["250 PIPELINING"])]


class Row:
    """One run. What is not said is not looked at, but for the status: 0."""

    def __init__(self, name, arguments, server=(), **more):
        self.name = name
        self.arguments = list(arguments)
        self.server = list(server)
        self.status = more.pop("status", 0)
        self.env = more.pop("env", {})
        self.files = {"text": "Hello, Bob.\n", **more.pop("files", {})}
        self.modes = more.pop("modes", {})
        self.stdin = more.pop("stdin", "")
        self.err = more.pop("err", [])          # stands in standard error
        self.out = more.pop("out", [])          # stands in standard output
        self.silent = more.pop("silent", False)  # nothing on either
        self.fields = more.pop("fields", {})    # header fields of the one message
        self.content = more.pop("content", [])  # stands in it
        self.lacks = more.pop("lacks", [])      # does not
        self.sender = more.pop("sender", None)
        self.recipients = more.pop("recipients", None)
        self.login = more.pop("login", None)
        self.dialogue = more.pop("dialogue", [])  # stands in what the server saw
        self.n_messages = more.pop("n_messages", None)
        # The fake server does not know what the row asks for: only the dialogue is looked at.
        self.is_unknown = more.pop("is_unknown", False)
        if self.is_unknown:
            self.status = self.n_messages = None
        self.program = more.pop("program", None)  # the name that it is called by
        self.made = more.pop("made", {})  # path with * of the one file, and what stands in it
        self.limits = more.pop("limits", {})  # of the process, such as NOFILE
        assert not more, more


def sent(name, options, server=(), **more):
    """A plain submission with further options."""
    return Row(name, SEND + list(options), server, **{"n_messages": 1, **more})


def asked(name, options, server, dialogue, **more):
    """A submission that asks for what the fake server cannot do."""
    return Row(name, SEND + list(options), server, dialogue=dialogue, is_unknown=True, **more)


def refused(name, options, status, server=(), **more):
    return Row(name, SEND + list(options), server, status=status, **{"n_messages": 0, **more})


MESSAGE = [
    sent("a plain message", [], silent=True, sender="ada@ours.example", login="",
         recipients=["bob@theirs.example"], content=["Hello, Bob."],
         fields={"From": "ada@ours.example", "To": "bob@theirs.example", "Subject": "Hello"}),
    Row("--from with a name", ["send", "--server={url}", "-f", "Käthe <kaethe@ours.example>",
                               "-sHello", "--text=-", "bob@theirs.example"], stdin="Hi.\n",
        sender="kaethe@ours.example", content=["Hi."], n_messages=1),
    sent("--sender", ["--sender", "office@ours.example"], fields={"Sender": "office@ours.example"}),
    sent("--to, --cc and --bcc, repeated",
         ["--to", "c@theirs.example, D <d@theirs.example>", "--cc", "e@theirs.example", "--cc",
          "f@theirs.example", "--bcc", "g@theirs.example"],
         recipients=[f"{name}@theirs.example" for name in ("c", "d", "e", "f", "g", "bob")],
         fields={"Cc": "e@theirs.example, f@theirs.example", "Bcc": ""}),
    sent("--return-path", ["--return-path", "bounces@ours.example"], sender="bounces@ours.example"),
    sent("--return-path with nothing", ["--return-path", ""], sender=""),
    Row("--verp", ["send", "--server", "{url}", "--from", "ada@ours.example", "--to",
                   "bob@theirs.example", "--text", "{dir}/text", "--verp", "news@ours.example"],
        sender="news+bob=theirs.example@ours.example", n_messages=1),
    sent("--reply-to", ["--reply-to", "a@ours.example, b@ours.example"],
         fields={"Reply-To": "a@ours.example, b@ours.example"}),
    sent("--html", ["--html", "{dir}/page"], files={"page": "<p>Hello, <b>Bob</b>.</p>\n"},
         content=["text/html", "text/plain"]),
    sent("--flowed", ["--flowed"], content=["format=flowed"]),
    sent("--calendar", ["--calendar", "REQUEST:{dir}/ics"], files={"ics": ICS},
         content=["text/calendar"]),
    sent("--attach with a guessed type", ["--attach", "{dir}/a.csv"], files={"a.csv": "a;b\n"},
         content=["text/csv", "a.csv"]),
    sent("--attach with type and name", ["-a", "{dir}/a.csv:application/x-test:b.dat"],
         files={"a.csv": "a;b\n"}, content=["application/x-test", "b.dat"]),
    sent("--attach a file with a colon", ["-a", "{dir}/a:b.csv"], files={"a:b.csv": "a;b\n"},
         content=["text/csv"]),
    sent("--embed", ["--html", "{dir}/page", "--embed", "{dir}/x.png:image/png:logo@ours.example"],
         files={"page": '<img src="cid:logo@ours.example" alt="x">', "x.png": "x"},
         content=["Content-ID: <logo@ours.example>", "image/png"]),
    sent("--header", ["--header", "X-Batch: 7", "--header", "Organization: Bücherei"],
         fields={"X-Batch": "7"}),
    sent("--class transactional", ["--class", "transactional"],
         fields={"Auto-Submitted": "auto-generated"}),
    sent("--class notification with --list-id",
         ["--class", "notification", "--list-id", "builds.ours.example", "--unsubscribe",
          "https://ours.example/u/1"],
         fields={"List-Id": "<builds.ours.example>"}),
    sent("--class bulk with all that belongs to it",
         ["--class", "bulk", "--list-id", "news.ours.example", "--unsubscribe",
          "https://ours.example/u/1", "--unsubscribe-to", "leave@ours.example", "--feedback-id",
          "a:b:c:ours", "--policy-set", "unsubscribe-not-signed=off"],
         fields={"Precedence": "bulk", "Feedback-ID": "a:b:c:ours",
                 "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
         content=["leave@ours.example", "https://ours.example/u/1"]),
    sent("--date", ["--date", "Mon, 01 Jun 2026 10:00:00 +0200", "--policy-set", "date-skew=off"],
         fields={"Date": "Mon, 01 Jun 2026 10:00:00 \\+0200"}),
    sent("--date in seconds", ["--date", "@0", "--policy-set", "date-skew=off"],
         fields={"Date": "Thu, 01 Jan 1970 00:00:00 \\+0000"}),
    sent("--message-id", ["--message-id", "1@ours.example"],
         fields={"Message-ID": "<1@ours.example>"}),
    sent("--in-reply-to and --references",
         ["--in-reply-to", "<2@x.example>", "--references", "<1@x.example>"],
         fields={"In-Reply-To": "<2@x.example>", "References": "<1@x.example> <2@x.example>"}),
    asked("--smtputf8", ["--smtputf8", "--bcc", "käthe@theirs.example"], offers("SMTPUTF8"),
          ["MAIL FROM:<ada@ours.example> SMTPUTF8"]),
    Row("--raw", ["send", "--server", "{url}", "--raw", "{dir}/m", "dave@theirs.example"],
        files={"m": RAW}, recipients=["dave@theirs.example"], sender="ada@ours.example",
        fields={"Bcc": ""}, n_messages=1),
    Row("--raw from standard input with -t", ["send", "-S", "{url}", "--raw", "-", "-t"],
        stdin=RAW, recipients=["bob@theirs.example", "carol@theirs.example"], n_messages=1),
    Row("--raw and a From that is missing",
        ["send", "--server", "{url}", "--raw", "-", "-f", "ada@ours.example", "bob@theirs.example"],
        stdin="Subject: x\n\nHello.\n", fields={"From": "ada@ours.example"}, n_messages=1),
]

DELIVERY = [
    asked("--dsn, --dsn-return and --envelope-id",
          ["-N", "success,failure", "-R", "headers", "--envelope-id", "e-1"], offers("DSN"),
          ["NOTIFY=SUCCESS,FAILURE", "RET=HDRS", "ENVID=e-1"]),
    asked("--deliver-by", ["--deliver-by", "4h"], offers("DELIVERBY"), ["BY=14400;R"]),
    asked("--deliver-by with a notice", ["--deliver-by", "90:notify"], offers("DELIVERBY"),
          ["BY=90;N"]),
    asked("--hold-for", ["--hold-for", "10m"], offers("FUTURERELEASE 86400 2099-01-01T00:00:00Z"),
          ["HOLDFOR=600"]),
    asked("--hold-until", ["--hold-until", "@4070908800"],
          offers("FUTURERELEASE 999999999 2199-01-01T00:00:00Z"),
          ["HOLDUNTIL=2099-01-01T00:00:00Z"]),
    asked("--priority", ["--priority", "3"], offers("MT-PRIORITY"), ["MT-PRIORITY=3"]),
    asked("--submitter", ["--submitter", "eve@ours.example"], offers("AUTH PLAIN"),
          ["AUTH=eve@ours.example"]),
    refused("--require-tls without TLS", ["--require-tls"], 76, err=["verified"]),
    sent("--missing drop", ["-N", "never", "--missing", "DSN=drop"], silent=True),
    sent("a warning of what is missing", ["-N", "never"], err=["warning: DSN"]),
    refused("--missing fail", ["-N", "never", "--missing", "DSN=fail"], 69, err=["DSN"]),
    refused("--missing of no extension", ["--missing", "FOO=drop"], 64, err=["--missing"]),
]

RULES = [
    refused("--policy strict", ["--policy", "strict", "--reply-to", "no-reply@ours.example",
                                "--subject=", "--from=noreply@ours.example"], 64),
    Row("a policy that refuses", ["send", "--server", "{url}", "--from", "noreply@ours.example",
                                  "--policy", "strict", "--text", "{dir}/text", "-s", "x",
                                  "bob@theirs.example"], status=65, err=["noreply-sender"]),
    Row("--policy-set off", ["send", "--server", "{url}", "--from", "noreply@ours.example",
                             "--policy", "strict", "--policy-set", "noreply-sender=off", "--text",
                             "{dir}/text", "-s", "x", "bob@theirs.example", "--policy-set",
                             "unsigned=off"], n_messages=1),
    sent("--policy-set with a number", ["--policy-set", "many-visible-recipients=0"],
         err=["many-visible-recipients"]),
    refused("--policy-set of no rule", ["--policy-set", "foo=off"], 64, err=["--policy-set"]),
    refused("--policy of no name", ["--policy", "foo"], 64, err=["default, strict, bulk or none"]),
    sent("--dkim", ["--dkim", "ours.example:s1:{dir}/secret.pem"], files={"secret.pem": "{key}"},
         fields={"DKIM-Signature": ".*d=ours.example.*s=s1.*"}),
    refused("--dkim with a key in sight", ["--dkim", "ours.example:s1:{dir}/key.pem"], 78,
            files={"key.pem": "{key}"}, modes={"key.pem": 0o644}, err=["open to others"]),
    refused("--dkim without a key", ["--dkim", "ours.example"], 64, err=["DOMAIN:SELECTOR:FILE"]),
    sent("--relay-signs", ["--relay-signs", "--policy-set", "unsigned=error"]),
    sent("--limit that is kept", ["--limit", "1/24h", "--limit-store", "file:{dir}/limits"]),
    refused("--limit that is not", ["--limit", "1/24h", "--cc", "carol@theirs.example"], 75,
            err=["quota"]),
    sent("--when-limited part", ["--limit", "ada@ours.example=1/24h", "--when-limited", "part",
                                 "--cc", "carol@theirs.example"], status=67,
         recipients=["carol@theirs.example"]),
    refused("--when-limited of no name", ["--limit", "1/1h", "--when-limited", "foo"], 64),
    refused("--limit malformed", ["--limit", "1 a day"], 64, err=["--limit"]),
    refused("--limit-store that is none", ["--limit", "1/1h", "--limit-store", "foo:x"], 78),
]

SERVER = [
    sent("implicit TLS with --ca", ["--ca", "{ca}"], TLS),
    sent("STARTTLS with --ca", ["--ca", "{ca}"], ["starttls"]),
    refused("an authority that is not trusted", [], 76, TLS, err=["MAILSUB_E_TLS_UNTRUSTED"]),
    refused("--verify-name of another", ["--ca", "{ca}", "--verify-name", "other.example"], 76,
            TLS, err=["MAILSUB_E_TLS_NAME"]),
    refused("--pin of another key", ["--ca", "{ca}", "--pin", "00" * 32], 76, TLS,
            err=["MAILSUB_E_TLS_PIN"]),
    refused("--fingerprint of another certificate", ["--fingerprint", "00" * 32], 76, TLS),
    sent("--min-tls", ["--ca", "{ca}", "--min-tls", "1.3"], TLS),
    sent("--tls-priority", ["--ca", "{ca}", "--tls-priority", "SECURE128"], TLS),
    refused("--tls-priority malformed", ["--tls-priority", "FOO"], 64, TLS),
    refused("--tls starttls where it is not offered", ["--tls", "starttls"], 76,
            err=["MAILSUB_E_TLS_NOT_OFFERED", "stage: "]),
    refused("--crl that cannot be read", ["--crl", "{dir}/text"], 78),
    refused("--cert and --key that cannot be read", ["--cert", "{dir}/text", "--key", "{dir}/text"],
            78, TLS),
    sent("--insecure-no-verify", ["--insecure-no-verify"], TLS),
    sent("--insecure-no-tls", ["--insecure-no-tls"], ["starttls"]),
    sent("--insecure-clear-login",
         ["--insecure-clear-login", "-u", "ada", "--password-file", "{dir}/secret"],
         ["auth-plain", "auth-clear", "user", "ada", SECRET], files={"secret": "{secret}\n"},
         login="ada"),
    refused("a login in clear", ["-u", "ada", "--password-file", "{dir}/secret",
                                 "--insecure-no-tls"], 78,
            ["auth-plain", "auth-clear", "user", "ada", SECRET], files={"secret": "{secret}\n"},
            err=["MAILSUB_E_CLEAR_LOGIN"]),
    sent("--helo", ["--helo", "host.ours.example"], dialogue=["EHLO host.ours.example"]),
    refused("--helo malformed", ["--helo", "a b"], 78),
    asked("--lmtp", ["--lmtp"], ["rule", "LHLO", "", "250 fake"], ["LHLO"]),
    refused("--timeout of a phase", ["--timeout", "command=50ms"], 75, ["rule", "MAIL", "", ""],
            err=["MAILSUB_E_TIMEOUT"]),
    refused("--timeout of all phases", ["--timeout", "50ms"], 75, ["rule", "MAIL", "", ""]),
    refused("--timeout of no phase", ["--timeout", "foo=1s"], 64),
    refused("--deadline", ["--deadline", "50ms"], 75, ["rule", "MAIL", "", ""]),
    sent("--chunk-size and --overlap", ["--chunk-size", "0", "--overlap", "1"]),
    sent("--source", ["--source", "127.0.0.1"]),
    refused("--source that is no address", ["--source", "here"], 78, err=["--source"]),
    Row("--proxy that is not there", ["send", "-S", "submissions://mail.example.org", "-f",
                                      "ada@ours.example", "bob@theirs.example", "--text",
                                      "{dir}/text", "--proxy", "socks5://127.0.0.1:1"], status=75,
        err=["MAILSUB_E_CONNECT"]),
    refused("--proxy that is none", ["--proxy", "ftp://x"], 78, err=["--proxy"]),
    refused("a password in the URL of a proxy", ["--proxy", "http://a:{secret}@127.0.0.1"], 78,
            err=["seen by everybody"]),
    refused("--connections out of range", ["--connections", "0"], 64, err=["1 to 100"]),
    refused("--overlap out of range", ["--overlap", "0"], 64, err=["1 to 1000"]),
    refused("--all-or-none", ["--all-or-none", "--cc", "bad@theirs.example"], 67,
            ["rule", "RCPT", "<bad@", "550 5.1.1 No such user"], err=["No such user"]),
    sent("--trace", ["--trace"], err=["S: 220", "C: MAIL FROM:<ada@ours.example>"]),
    sent("--trace shows no secret",
         ["--trace", "--ca", "{ca}", "-u", "ada", "--password-file", "{dir}/secret", "--auth",
          "PLAIN"], LOGIN, files={"secret": "{secret}\n"}, login="ada", err=["C: AUTH PLAIN"]),
    sent("--verbose", ["-v"], err=["recipient: <bob@theirs.example> accepted"]),
    sent("--json", ["--json"], out=['"code":0', '"outcome":"accepted"']),
    refused("--json of a failure", ["-j", "-q"], 67, ["rule", "RCPT", "", "550 5.1.1 No"],
            out=['"sysexit":67', '"reply":{"code":550'], err=[]),
    refused("--quiet", ["-q"], 67, ["rule", "RCPT", "", "550 5.1.1 No"], silent=True),
    Row("--dry-run", SEND + ["--dry-run"], n_messages=0, dialogue=["RCPT TO", "RSET"]),
    Row("--dry-run and a refusal", SEND + ["-n"], ["rule", "RCPT", "", "550 5.1.1 No"], status=67),
    Row("--print", ["send", "--from", "ada@ours.example", "--text", "{dir}/text", "-s", "Hello",
                    "bob@theirs.example", "--print"], out=["Subject: Hello", "Hello, Bob."]),
    Row("--help", ["send", "--help"], out=["--password-file FILE"]),
]

LOGINS = [
    sent("--password-file", ["--ca", "{ca}", "--user", "ada", "--password-file", "{dir}/secret"],
         LOGIN, files={"secret": "{secret}\nmore\n"}, login="ada"),
    sent("--password-file by the home directory",
         ["--ca", "{ca}", "--user", "ada", "--password-file", "~/secret"], LOGIN,
         files={"secret": "{secret}"}, login="ada"),
    refused("--password-file in sight",
            ["--ca", "{ca}", "--user", "ada", "--password-file", "{dir}/secret"], 78, LOGIN,
            files={"secret": "{secret}"}, modes={"secret": 0o640}, err=["chmod 600"]),
    refused("--password-file that is missing",
            ["--ca", "{ca}", "--user", "ada", "--password-file", "{dir}/secret"], 78, LOGIN,
            err=["No such file"]),
    sent("--password-command",
         ["--ca", "{ca}", "--user", "ada", "--password-command", "cat {dir}/secret"], LOGIN,
         files={"secret": "{secret}\n"}, login="ada"),
    refused("--password-command that fails",
            ["--ca", "{ca}", "--user", "ada", "--password-command", "cat {dir}/secret; false"], 78,
            LOGIN, files={"secret": "{secret}\n"}, err=["the command for the secret"]),
    sent("--token-file", ["--ca", "{ca}", "--user", "ada", "--token-file", "{dir}/secret"], TOKEN,
         files={"secret": "t0k.en\n"}, login="ada"),
    sent("--token-command", ["--ca", "{ca}", "--user", "ada", "--token-command", "echo t0k.en"],
         TOKEN, login="ada"),
    refused("a token that is refused", ["--ca", "{ca}", "--user", "ada", "--token-command",
                                        "echo other"], 77, TOKEN),
    sent("$CREDENTIALS_DIRECTORY", ["--ca", "{ca}", "--user", "ada"], LOGIN, login="ada",
         files={"run/mailsub.password": "{secret}\n"}, env={"CREDENTIALS_DIRECTORY": "{dir}/run"}),
    sent("a token in $CREDENTIALS_DIRECTORY", ["--ca", "{ca}", "--user", "ada"], TOKEN,
         login="ada", files={"run/mailsub.token": "t0k.en\n"},
         env={"CREDENTIALS_DIRECTORY": "{dir}/run"}),
    sent("~/.netrc", ["--ca", "{ca}", "--user", "ada"], LOGIN, login="ada", files={".netrc":
         'machine other login ada password x\nmachine localhost login eve password y\n'
         'machine localhost\n  password "{secret}"\n'.replace('"{secret}"', SECRET.split()[0])
         + "  login ada\n"}, status=77, n_messages=0),
    sent("~/.netrc with the right password", ["--ca", "{ca}", "--user", "ada"],
         ["implicit-tls", "auth-plain", "user", "ada", "one-word"], login="ada",
         files={".netrc": "machine localhost password one-word login ada\n"}),
    refused("~/.netrc in sight", ["--ca", "{ca}", "--user", "ada"], 78, LOGIN,
            files={".netrc": "machine localhost login ada password x\n"}, modes={".netrc": 0o644},
            err=["chmod 600"]),
    refused("no secret anywhere", ["--ca", "{ca}", "--user", "ada"], 78, LOGIN,
            err=["MAILSUB_E_CREDENTIALS"]),
    refused("a secret without a user", ["--ca", "{ca}", "--password-file", "{dir}/secret"], 78,
            LOGIN, files={"secret": "{secret}"}, err=["--user is missing"]),
    refused("a wrong password", ["--ca", "{ca}", "--user", "ada", "--password-command", "echo x"],
            77, LOGIN, err=["stage: AUTH", "server: 535"]),
    refused("no login where one is demanded", ["--ca", "{ca}"], 77, LOGIN),
    sent("--auth", ["--ca", "{ca}", "--user", "ada", "--password-file", "{dir}/secret", "--auth",
                    "SCRAM-SHA-256"], LOGIN, files={"secret": "{secret}"}, login="ada",
         dialogue=["AUTH SCRAM-SHA-256"]),
    refused("--auth of no mechanism", ["--auth", "FOO"], 64, err=["--auth"]),
    refused("--auth that is not offered", ["--ca", "{ca}", "--user", "ada", "--password-file",
                                           "{dir}/secret", "--auth", "LOGIN"], 77, LOGIN,
            files={"secret": "{secret}"}, err=["MAILSUB_E_AUTH_NOT_OFFERED"]),
    refused("--authorize", ["--ca", "{ca}", "--user", "ada", "--authorize", "eve",
                            "--password-file", "{dir}/secret", "--auth", "PLAIN"], 77, LOGIN,
            files={"secret": "{secret}"}),
    Row("the user in the URL", ["send", "--server", "{scheme}://%61da@localhost:{port}", "--ca",
                                "{ca}", "-f", "ada@ours.example", "--text", "{dir}/text",
                                "--password-file", "{dir}/secret", "bob@theirs.example"], LOGIN,
        files={"secret": "{secret}"}, login="ada", n_messages=1),
    Row("a password in the URL of the command line",
        ["send", "--server", "{scheme}://ada:{secret}@localhost:{port}", "-f", "ada@ours.example",
         "bob@theirs.example"], LOGIN, status=78, n_messages=0, err=["seen by everybody"]),
    Row("a password in the URL of a store",
        SEND + ["--limit-store", "redis://ada:{secret}@localhost", "--limit", "1/1h"], status=78,
        err=["seen by everybody"]),
]


CONF = "server = {url}\nca = {ca}\nuser = ada\npassword-file = {dir}/secret\n"
PLAIN = ["send", "-f", "ada@ours.example", "--text", "{dir}/text", "bob@theirs.example"]
MSMTPRC = ("# comment\ndefaults\ntls on\nlogfile ~/.msmtp.log\n\naccount base\nhost localhost\n"
           "port {port}\ntls_trust_file {ca}\ntls_starttls off\nauth on\nuser ada\n"
           "account ours : base\nfrom ada@ours.example\npasswordeval cat {dir}/secret\n"
           "account default : ours\n")


def found(name, arguments, server=LOGIN, **more):
    """A submission whose server stands elsewhere than on the command line."""
    files = {"secret": "{secret}", **more.pop("files", {})}
    return Row(name, arguments, server, files=files, **{"n_messages": 1, "login": "ada", **more})


SOURCES = [
    found("MAILSUB_URL", PLAIN + ["--ca", "{ca}"],
          env={"MAILSUB_URL": "{scheme}://ada:correct%20horse%20battery@localhost:{port}"}),
    found("the user's file", PLAIN, files={".config/mailsub/config": CONF}),
    found("the user's file by $XDG_CONFIG_HOME", PLAIN, files={"xdg/mailsub/config": CONF},
          env={"XDG_CONFIG_HOME": "{dir}/xdg"}),
    found("--config", PLAIN + ["-C", "{dir}/conf"], files={"conf": CONF}),
    found("--config instead of the user's", PLAIN + ["--config", "{dir}/conf"],
          files={"conf": CONF, ".config/mailsub/config": "server = smtp://localhost:1\n"}),
    found("the command line before the environment", PLAIN + ["--server", "{url}"],
          env={"MAILSUB_URL": "smtp://localhost:1"}, files={".config/mailsub/config": CONF}),
    found("the environment before the file", PLAIN, env={"MAILSUB_URL": "{url}"},
          files={".config/mailsub/config": CONF.replace("{url}", "smtp://localhost:1")},
          server=TLS, login=""),
    found("a login of a file without a server", PLAIN, env={"MAILSUB_URL": "{url}"},
          files={".config/mailsub/config": CONF.replace("server = {url}\n", "")}),
    found("a login stays with the server beside it", PLAIN + ["--server", "{url}"],
          files={".config/mailsub/config": CONF.replace("{url}", "{scheme}://127.0.0.1:{port}")},
          status=77, n_messages=0),
    found("a login stays with the server of its section", PLAIN,
          files={".config/mailsub/config": CONF.replace("{url}", "smtp://localhost:1")
                 + "[x]\nfor = @ours.example\nserver = {url}\n"}, server=TLS, login=""),
    found("a login of the same server by another user's URL", PLAIN + [
        "--server", "{scheme}://eve@localhost:{port}"], files={".config/mailsub/config": CONF}),
    found("a second server, for a first that is dead", PLAIN + ["-v"], err=[
        "failed: smtp://localhost:1: no connection", "server: s"],
          files={".config/mailsub/config": "server = smtp://localhost:1\n" + CONF}),
    found("one of the servers beside a login", PLAIN + ["--server", "{url}"],
          files={".config/mailsub/config": "server = smtp://localhost:1\n" + CONF}),
    found("a login stays when a server is added", PLAIN + [
        "--server", "{url}", "--server", "smtp://localhost:1"], status=77, n_messages=0,
          files={".config/mailsub/config": CONF}),
    found("the servers of a section instead of those before", PLAIN, err=["tried: smtp://x.invalid"],
          files={".config/mailsub/config": CONF + "[x]\nfor = @ours.example\n"
                 "server = smtp://x.invalid\nserver = smtp://localhost:1\n"}, status=75,
          n_messages=0),
    found("an account by its address", PLAIN, files={".config/mailsub/config":
          "server = smtp://localhost:1\n[other]\nfor = @ours.example\nserver = smtp://x.invalid\n"
          "[mine]\nfor = eve@ours.example, ADA@ours.example\n" + CONF}),
    found("an account by its domain", PLAIN, files={".config/mailsub/config":
          "[other]\nfor = @theirs.example\nserver = smtp://x.invalid\n"
          "[mine]\nfor = @ours.example\n" + CONF}),
    found("--account", PLAIN + ["-A", "mine"], files={".config/mailsub/config":
          "[other]\nfor = @ours.example\nserver = smtp://x.invalid\n[mine]\n" + CONF}),
    found("the account named default", PLAIN, files={".config/mailsub/config":
          "[default]\n" + CONF}),
    found("the author of an account", ["send", "-A", "mine", "--text", "{dir}/text",
                                       "bob@theirs.example"], sender="ada@ours.example",
          files={".config/mailsub/config": "[mine]\nfrom = ada@ours.example\n" + CONF}),
    found("a password in a private file", PLAIN, files={".config/mailsub/config":
          "server = {scheme}://ada:correct%20horse%20battery@localhost:{port}\nca = {ca}\n"}),
    Row("a password in a file in sight", PLAIN, LOGIN, status=78, err=[":1: a password"],
        files={".config/mailsub/config": "server = smtp://ada:{secret}@localhost\n"},
        modes={".config/mailsub/config": 0o644}),
    found("a switch in a file that is off", PLAIN,
          files={".config/mailsub/config": CONF + "require-tls = no\nrelay-signs = yes\n"}),
    Row("a setting that is none", PLAIN, status=64, err=["config:2: there is no setting foo"],
        files={".config/mailsub/config": "# x\nfoo = 1\n"}),
    Row("an option that is no setting", PLAIN, status=64, err=["no setting subject"],
        files={".config/mailsub/config": "subject = x\n"}),
    Row("a switch with a value", PLAIN, status=64, err=["yes or no"],
        files={".config/mailsub/config": "lmtp = 1\n"}),
    Row("a line that is none", PLAIN, status=64, err=["name = value"],
        files={".config/mailsub/config": "server\n"}),
    Row("a section that is none", PLAIN, status=64, err=["[name]"],
        files={".config/mailsub/config": "[x\n"}),
    Row("a --config that is missing", PLAIN + ["--config", "{dir}/none"], status=66),
    Row("an account that is missing", PLAIN + ["--account", "none"], status=64),
    found("--msmtprc", PLAIN + ["--msmtprc", "{dir}/rc"], files={"rc": MSMTPRC}),
    found("--msmtprc by the account", PLAIN + ["--msmtprc", "{dir}/rc", "-A", "ours"],
          files={"rc": MSMTPRC}),
    found("--msmtprc with a password", PLAIN + ["--msmtprc", "{dir}/rc"],
          files={"rc": MSMTPRC.replace("passwordeval cat {dir}/secret", 'password "{secret}"')}),
    Row("--msmtprc with a password in sight", PLAIN + ["--msmtprc", "{dir}/rc"], status=64,
        files={"rc": "account a\npassword x\n"}, modes={"rc": 0o644}, err=["rc:2: a password"]),
    Row("--msmtprc with an unknown setting", PLAIN + ["--msmtprc", "{dir}/rc"], status=64,
        files={"rc": "account a\nfoo bar\n"}, err=["rc:2"]),
    Row("--msmtprc without a host", PLAIN + ["--msmtprc", "{dir}/rc"], status=78,
        files={"rc": "account a\n"}, err=["no host"]),
    Row("--msmtprc and --config", PLAIN + ["--msmtprc", "x", "--config", "y"], status=64),
    found("--msmtprc with STARTTLS", PLAIN + ["--msmtprc", "{dir}/rc"],
          ["starttls", *LOGIN[1:]], files={"rc": MSMTPRC.replace("tls_starttls off", "auth plain")
                                           .replace("auth on\n", "")}),
    Row("--msmtprc without TLS", PLAIN + ["--msmtprc", "{dir}/rc"], ["starttls"], n_messages=1,
        files={"rc": "account default\nhost localhost\nport {port}\ntls off\nauth off\n"}),
]

FAILURES = [
    Row("no command", [], status=64, err=["Usage:"]),
    Row("no such command", ["foo"], status=64, err=["Usage:"]),
    Row("an option that is none", SEND + ["--foo"], status=64, err=["there is no option --foo"]),
    Row("a letter that is none", SEND + ["-Z"], status=64, err=["there is no option -Z"]),
    Row("an option without its value", SEND + ["--cc"], status=64, err=["--cc needs a value"]),
    Row("a letter without its value", SEND + ["-N"], status=64, err=["-N needs a value"]),
    Row("a value for a switch", SEND + ["--json=x"], status=64, err=["takes no value"]),
    Row("an option twice", SEND + ["--subject", "x"], status=64, err=["stands twice"]),
    Row("an option of another command", ["etrn", "--subject", "x"], status=64,
        err=["has no meaning here"]),
    Row("behind -- all is an operand", ["send", "--server", "{url}", "-f", "ada@ours.example", "--",
                                        "--foo"], status=65),
    Row("no server", ["send", "-f", "ada@ours.example", "bob@theirs.example"], status=78,
        err=["no server", "do: "]),
    Row("a server that is malformed", ["send", "--server", "foo://x", "-f", "ada@ours.example",
                                       "bob@theirs.example"], status=78, err=["--server"]),
    Row("an address that is malformed", BARE + ["--to", "bob"], status=65,
        err=["--to: To", "MAILSUB_E_ADDRESS", "do: change the message"]),
    Row("an injected field", BARE + ["--subject", "a\nBcc: eve@x.example"], status=65,
        err=["--subject: Subject", "MAILSUB_E_CONTROL"]),
    Row("an injected field in --header", BARE + ["--header", "X: a\r\nBcc: eve@x.example"],
        status=65),
    Row("a --header without a colon", BARE + ["--header", "X"], status=65, err=["Name: value"]),
    Row("a file that is missing", BARE + ["--text", "{dir}/none"], status=66,
        err=["No such file"]),
    Row("an attachment that is missing", BARE + ["--attach", "{dir}/none"], status=66),
    Row("a --class that is none", BARE + ["--class", "spam"], status=64),
    Row("a --class bulk without its list", BARE + ["--class", "bulk"], status=64),
    Row("a --calendar without a method", BARE + ["--calendar", "x"], status=64),
    Row("a --dsn that is none", BARE + ["--dsn", "foo"], status=64),
    Row("a --dsn-return that is none", BARE + ["--dsn-return", "foo"], status=64),
    Row("a --deliver-by that is none", BARE + ["--deliver-by", "soon"], status=64),
    Row("a --hold-for that is none", BARE + ["--hold-for", "1x"], status=64),
    Row("a --hold-until that is none", BARE + ["--hold-until", "1"], status=64),
    Row("a --priority that is none", BARE + ["--priority", "10"], status=64),
    Row("a --date that is none", BARE + ["--date", "@x"], status=65),
    refused("recipients that are refused", [], 67, ["rule", "RCPT", "", "550 5.1.1 No such user"],
            err=["MAILSUB_E_RECIPIENTS_REFUSED", "stage: RCPT TO", "<bob@theirs.example> refused: "
                 "550 5.1.1 No such user", "do: change the message"]),
    Row("a host that does not exist", ["send", "--server", "smtp://none.invalid", "-f",
                                       "ada@ours.example", "bob@theirs.example"],
        status=(68, 75)),  # 75 where there is no name server
    refused("a server that refuses", [], 69, ["rule", "", "", "554 No"], err=["stage: greeting"]),
    refused("a message without a reply", ["--timeout", "end=50ms"], 74, ["rule", ".", "", ""],
            err=["MAILSUB_E_UNKNOWN_OUTCOME", "do: it may have arrived"], n_messages=None),
    refused("a server that is not available", [], 75, ["rule", "", "", "421 Later"],
            err=["do: send the same message again later", "again in: "]),
    refused("a message that is refused", [], 65, ["rule", ".", "", "554 5.6.0 No"]),
    refused("a sender that is refused", [], 77, ["rule", "MAIL", "", "550 5.7.1 No"]),
]

def local(name, url, status=0, **more):
    """A submission that no server is asked to take."""
    return Row(name, ["send", "--server", url] + SEND[3:], status=status, n_messages=0, **more)


LOCAL = [
    local("a Maildir", "maildir:{dir}/Mail", silent=True,
          made={"Mail/new/*": ["Return-Path: <ada@ours.example>\nDelivered-To: bob@theirs.example\n",
                               "Hello, Bob.\n"]}),
    local("a directory", "directory:{dir}", silent=True,
          made={"*.eml": ["Subject: Hello\r\n", "Hello, Bob.\r\n"],
                "*.json": ['{"sender":"ada@ours.example","recipients":["bob@theirs.example"],']}),
    local("a directory that is missing", "directory:{dir}/none", 73,
          err=["MAILSUB_E_DIRECTORY", "No such file or directory", "do: keep the message until server"]),
    local("a Maildir with a login", "maildir:{dir}/Mail", 77, env={"PATH": "/usr/bin:/bin"},
          files={".config/mailsub/config": "user = ada\npassword-command = echo {secret}\n"},
          err=["MAILSUB_E_AUTH_NOT_OFFERED"]),
    local("a sendmail command", "sendmail:{dir}/sendmail", silent=True, modes={"sendmail": 0o700},
          files={"sendmail": "#!/bin/sh\n(echo \"$@\"; cat) >{dir}/got\n"},
          made={"got": ["-i -f ada@ours.example -- bob@theirs.example\n", "Hello, Bob.\n"]}),
    local("a sendmail command that fails", "sendmail:{dir}/sendmail", 75, modes={"sendmail": 0o700},
          files={"sendmail": "#!/bin/sh\necho the queue is full >&2\nexit 75\n"},
          err=["(EX_TEMPFAIL): the queue is full"]),
    local("a sendmail command that is missing", "sendmail:{dir}/none", 69,
          err=["MAILSUB_E_SENDMAIL", "No such file or directory"]),
    local("no descriptors", "maildir:{dir}/Mail", 71, limits={"NOFILE": 4},
          err=["MAILSUB_E_SYSTEM"]),
]

MAIL = "From: ada@ours.example\nTo: bob@theirs.example\nSubject: x\n\nHello.\n.\nMore.\n"
CRON = ("From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@host> /bin/backup\n"
        "Auto-Submitted: auto-generated\n\nDisk full.\n")
SETTINGS = "server = {url}\norigin = ours.example\n"
ALIASES = "# who reads it\nroot: admin@theirs.example, eve\ndefault: all@theirs.example\n"


def piped(name, arguments, stdin=MAIL, **more):
    """A message that is handed to the sendmail personality."""
    files = {".config/mailsub/config": SETTINGS, **more.pop("files", {})}
    return Row(name, arguments, more.pop("server", ()), stdin=stdin, program="mailsub-sendmail",
               files=files, **{"n_messages": 1, "silent": True, **more})


def failed(name, arguments, status, stdin=MAIL, **more):
    return piped(name, arguments, stdin, status=status, n_messages=0, silent=False, **more)


def dialogue(*lines):
    return "".join(line + "\r\n" for line in lines)


SENDMAIL = [
    piped("sendmail: recipients on the command line", ["-i", "carol@theirs.example"],
          recipients=["carol@theirs.example"], sender="ada@ours.example", content=["More."],
          fields={"To": "bob@theirs.example"}),
    Row("sendmail: by the name sendmail", ["-i", "carol@theirs.example"], stdin=MAIL,
        program="sendmail", files={".config/mailsub/config": SETTINGS}, n_messages=1),
    piped("sendmail: a lone dot ends the message", ["carol@theirs.example"], content=["Hello.\n"],
          lacks=["More."]),
    piped("sendmail -oi", ["-oi", "-t"], recipients=["bob@theirs.example"], content=["More."]),
    piped("sendmail -ti", ["-ti"], recipients=["bob@theirs.example"], content=["More."]),
    piped("sendmail -t with recipients", ["-t", "-i", "carol@theirs.example"],
          recipients=["bob@theirs.example", "carol@theirs.example"]),
    piped("sendmail -t with Bcc", ["-t"], stdin="Bcc: carol@theirs.example\n" + MAIL,
          recipients=["carol@theirs.example", "bob@theirs.example"], fields={"Bcc": ""}),
    piped("sendmail -t with Resent fields", ["-t", "-i"],
          stdin="Resent-From: eve@ours.example\nResent-To: dave@theirs.example\n" + MAIL,
          recipients=["dave@theirs.example"], sender="eve@ours.example"),
    failed("sendmail -t without recipients", ["-t"], 65, stdin="From: a@ours.example\n\nx\n",
           err=["MAILSUB_E_NO_RECIPIENTS"]),
    failed("sendmail without recipients", [], 64, err=["no recipients"]),
    piped("sendmail -f", ["-f", "bounces@ours.example", "-t"], sender="bounces@ours.example"),
    piped("sendmail -r attached", ["-rbounces@ours.example", "-t"],
          sender="bounces@ours.example"),
    piped("sendmail -f with nothing", ["-f", "", "-t"], sender=""),
    piped("sendmail -f <>", ["-f", "<>", "-t"], sender=""),
    piped("sendmail -f without a domain", ["-f", "www-data", "-t"],
          sender="www-data@ours.example"),
    piped("sendmail -F where From is missing",
          ["-F", "The \"Library\"", "-f", "app@ours.example", "carol@theirs.example"],
          stdin="Subject: x\n\nHello.\n",
          fields={"From": '"The \\\\"Library\\\\"" <app@ours.example>'}),
    piped("sendmail and a message without a From", ["carol@theirs.example"],
          stdin="Subject: x\n\nHello.\n", fields={"From": ".*@ours.example"}),
    piped("sendmail and a message without a header", ["carol@theirs.example"],
          stdin="Hello you.\n", content=["\n\nHello you."]),
    piped("sendmail -N, -R and -V", ["-N", "never", "-R", "hdrs", "-V", "e-1", "-t"],
          server=offers("DSN"), is_unknown=True, silent=False,
          dialogue=["NOTIFY=NEVER", "RET=HDRS", "ENVID=e-1"]),
    piped("sendmail -V alone", ["-V", "e-1", "-t"], server=offers("DSN"), is_unknown=True,
          silent=False, dialogue=["ENVID=e-1"]),
    piped("sendmail -v", ["-v", "-t"], silent=False, err=["C: MAIL FROM"]),
    piped("sendmail -B", ["-B", "8BITMIME", "-t"]),
    failed("sendmail -B of no type", ["-B", "9BIT", "-t"], 64),
    piped("sendmail -C", ["-C", "{dir}/conf", "-t"], files={
        "conf": SETTINGS, ".config/mailsub/config": "server = smtp://localhost:1\n"}),
    piped("sendmail with the usual options that mean nothing here",
          ["-Am", "-bm", "-d0", "-em", "-G", "-h", "5", "-L", "tag", "-m", "-n", "-O", "x=y", "-odb",
           "-oem", "-p", "esmtp", "-U", "-X", "/dev/null", "-i", "--", "bob@theirs.example"]),
    piped("sendmail and an operand that begins with a dash", ["-i", "--", "-x@theirs.example"],
          recipients=["-x@theirs.example"]),
    failed("sendmail and an option that is none", ["-Z"], 64, err=["no option -Z"]),
    failed("sendmail and a value that is missing", ["-f"], 64, err=["-f needs a value"]),
    failed("sendmail and a mode that is none", ["-bd"], 64, err=["-bd"]),
    failed("sendmail -bp", ["-bp"], 0, out=["Mail queue is empty"]),
    failed("sendmail -q", ["-q30m"], 0),
    failed("sendmail -bi", ["-bi"], 0),
    failed("sendmail without a server", ["-t"], 78, files={".config/mailsub/config": ""}),
    failed("sendmail and a refusal", ["-t"], 67, server=["rule", "RCPT", "", "550 5.1.1 No"],
           err=["550 5.1.1 No"]),
    failed("sendmail and a server that is not available", ["-t"], 75,
           server=["rule", "", "", "421 Later"]),
    piped("sendmail and cron", ["-i", "-FCronDaemon", "-B8BITMIME", "-oem", "root"], stdin=CRON,
          recipients=["root@ours.example"], sender="root@ours.example",
          fields={"From": r"root@ours.example \(Cron Daemon\)", "To": "root@ours.example"}),
    piped("sendmail and the aliases of root", ["-t"], stdin=CRON, files={
        ".config/mailsub/config": SETTINGS + "aliases = {dir}/aliases\n", "aliases": ALIASES},
          recipients=["admin@theirs.example", "eve@ours.example"], sender="root@ours.example"),
    piped("sendmail and the aliases of others", ["daemon,bob@theirs.example"], stdin=CRON, files={
        ".config/mailsub/config": SETTINGS + "aliases = {dir}/aliases\n", "aliases": ALIASES},
          recipients=["all@theirs.example", "bob@theirs.example"]),
    piped("sendmail and names, groups and comments in addresses", ["-t"],
          stdin='From: "Joe, (x)" <joe>\nTo: (all) friends: bob (the, one), "c d";,\n Eve <eve>, '
                "f@theirs.example\n\nx\n", sender="joe@ours.example",
          recipients=["bob@ours.example", '"c d"@ours.example', "eve@ours.example",
                      "f@theirs.example"]),
    piped("sendmail and the account of the author", ["-t"], files={".config/mailsub/config":
          "server = smtp://localhost:1\n[x]\nfor = ada@ours.example\nserver = {url}\n"}),
    piped("sendmail and a mailbox file's line in front", ["-t"],
          stdin="From ada Mon Jun  1 10:00:00 2026\n" + MAIL),
    failed("sendmail and an injected field", ["-t", "-f", "a@ours.example\nBcc: x@y.example"], 65),
    piped("sendmail -bs", ["-bs"], stdin=dialogue(
        "EHLO here", "MAIL FROM:<bounces@ours.example>", "RCPT TO:<carol@theirs.example>",
        "RCPT TO:<dave@theirs.example>", "DATA", "From: ada@ours.example", "", "..", "Hello.", ".",
        "QUIT"), silent=False, sender="bounces@ours.example", content=["\n\n.\nHello."],
        recipients=["carol@theirs.example", "dave@theirs.example"],
        out=["250 2.0.0 Ok: queued as FAKE-1", "221 2.0.0 Bye"]),
    piped("sendmail -bs and commands out of order", ["-bs"], stdin=dialogue(
        "RCPT TO:<a@theirs.example>", "DATA", "MAIL FROM:x", "NOOP", "VRFY x", "FOO", "HELO here",
        "MAIL FROM:<>", "MAIL FROM:<>", "RCPT TO:<>", "RSET", "QUIT"), silent=False, n_messages=0,
        out=["503 5.5.1 MAIL comes first", "503 5.5.1 RCPT comes first", "501 5.5.4 MAIL FROM:<>",
             "252 ", "500 5.5.2 ", "501 5.5.4 RCPT TO", "503 5.5.1 There is"]),
    piped("sendmail -bs and a refusal", ["-bs"], stdin=dialogue(
        "EHLO here", "MAIL FROM:<ada@ours.example>", "RCPT TO:<bad@theirs.example>",
        "RCPT TO:<bob@theirs.example>", "DATA", "From: ada@ours.example", "", "x", ".", "QUIT"),
        server=["rule", "RCPT", "<bad@", "550 5.1.1 No such user"], silent=False, n_messages=0,
        out=["550 5.1.1 No such user"], err=["No such user"]),
    piped("sendmail -bs and a server that is not there", ["-bs"], stdin=dialogue(
        "EHLO here", "MAIL FROM:<ada@ours.example>", "RCPT TO:<bob@theirs.example>", "DATA",
        "From: ada@ours.example", "", "x", ".", "QUIT"), silent=False, n_messages=0,
        files={".config/mailsub/config": "server = smtp://localhost:1\n"}, out=["451 4.3.0 "],
        err=["MAILSUB_E_CONNECT"]),
    piped("sendmail -bs and an end within a message", ["-bs"], stdin=dialogue(
        "EHLO here", "MAIL FROM:<ada@ours.example>", "RCPT TO:<bob@theirs.example>", "DATA",
        "From: ada@ours.example", "", "x"), silent=False, n_messages=0),
]


def batch(name, lines, arguments=(), **more):
    """Lines that are submitted together."""
    return Row(name, ["send", "--server", "{url}", "--from", "ada@ours.example", "--batch",
                      "{dir}/batch", *arguments], more.pop("server", ()),
               files={"batch": "".join(line + "\n" for line in lines), **more.pop("files", {})},
               **{"n_messages": len(lines), **more})


LINE = '{"id": %s, "to": "%s@theirs.example", "subject": "Hello", "text": "Hello."}'

BATCH = [
    batch("a batch", [LINE % (i, name) for i, name in enumerate(("bob", "carol", "dave"))],
          out=['{"line":1,"id":0,"receipt":{"code":0', '{"line":3,"id":2,"receipt":{"code":0'],
          content=["Hello."], sender="ada@ours.example"),
    Row("-b from standard input", ["send", "-S", "{url}", "-f", "ada@ours.example", "-b", "-"],
        stdin=LINE % ('"x"', "bob"), n_messages=1, out=['"id":"x"']),
    batch("a batch with every kind of value", [
        '{"from": "Eve <eve@ours.example>", "to": ["bob@theirs.example", "carol@theirs.example"], '
        '"html": "<p>Hi <b>x</b></p>", "attach": ["{dir}/text:text/plain:a.txt"], "flowed": true, '
        '"priority": 0, "header": ["X-A: 1", "X-B: 2"], "class": "notification", '
        '"list-id": "builds.ours.example", "subject": "x", "text-file": "{dir}/text"}'],
          sender="eve@ours.example", recipients=["bob@theirs.example", "carol@theirs.example"],
          fields={"X-A": "1", "X-B": "2", "List-Id": "<builds.ours.example>"},
          content=["a.txt", "Hi <b>x</b>", "Hello, Bob."]),
    batch("a batch whose options are what its lines have in common",
          ['{"to": "bob@theirs.example", "text": "x"}'], ["--subject", "All", "--html",
                                                           "{dir}/page"],
          files={"page": "<p>x</p>"}, fields={"Subject": "All"}, content=["text/html"]),
    batch("a batch with a switch that a line takes back",
          ['{"to": "bob@theirs.example", "text": "x", "require-tls": false}'], ["--require-tls"]),
    batch("a batch with lines that are none",
          ["nonsense", "[1]", '{"to": 5.5}', '{"foo": 1}', '{"subject": ["a"]}', '{"flowed": "x"}',
           '{"to": "x", "to": "y"}', '{"to": "bob"}', '{"server": "smtp://x"}', "",
           LINE % (9, "bob")],
          status=64, n_messages=1, out=['{"line":1,"code":-101', '{"line":8,"code":-201',
                                        '{"line":11,"id":9,"receipt"'],
          err=["line 4: ", '"foo" is no option', "takes one value", "another kind", "duplicate"]),
    batch("a batch over several connections", [LINE % (i, "bob") for i in range(300)],
          ["--connections", "2"], dialogue=["connection 2"]),
    batch("a batch with a refusal", [LINE % (0, "bob"), LINE % (1, "bad"), LINE % (2, "carol")],
          server=["rule", "RCPT", "<bad@", "550 5.1.1 No"], status=67, n_messages=2,
          out=['{"line":2,"id":1,"receipt":{"code":-610']),
    batch("a batch that logs in with a wrong password, once", [LINE % (i, "bob") for i in range(999)],
          ["--ca", "{ca}", "--user", "ada", "--password-command", "echo x", "--auth", "PLAIN"],
          server=LOGIN, status=77, n_messages=0),
    batch("a batch with operands", [LINE % (0, "bob")], ["carol@theirs.example"], status=64,
          n_messages=0),
    Row("a batch that is missing", ["send", "-S", "{url}", "-b", "{dir}/none"], status=66),
    batch("a batch with --journal", [LINE % (0, "bob"), LINE % (1, "carol")],
          ["--journal", "{dir}/journal"]),
    batch("a batch with a journal that is none", [LINE % (0, "bob")],
          ["--journal", "{dir}/text"], status=66, n_messages=0, err=["is no journal"]),
    batch("a batch with --resend-unknown", [LINE % (0, "bob")],
          ["--journal", "{dir}/journal", "--resend-unknown"]),
    batch("a batch with -v", [LINE % (0, "bob")], ["-v"], err=["1 lines done, 0 failed"]),
]

OTHERS = [
    Row("version", ["version"], out=["libmailsub 0.", "GnuTLS 3.", "libidn2 2.", "TLS 1.2 1.3",
                                     "SCRAM-SHA-256-PLUS"]),
    Row("version --json", ["version", "--json"], out=['"GnuTLS":"3.', '"tls":["1.2","1.3"]']),
    Row("--version", ["--version"], out=["libmailsub 0."]),
    Row("--help of the command", ["--help"], out=["probe"]),
    Row("check of a server", ["check", "--server", "{url}", "--ca", "{ca}"],
        [*TLS, "pipelining", "enhanced"],
        out=["offers: PIPELINING", "tls: TLS1.3", "fingerprint: ", "certificate: localhost"]),
    Row("check of a login", ["check", "--server", "{url}", "--ca", "{ca}", "-u", "ada",
                             "--password-file", "{dir}/secret"], LOGIN,
        files={"secret": "{secret}"}, out=["SCRAM-SHA-256 accepted"]),
    Row("check of a server that refuses", ["check", "--server", "{url}"], TLS, status=76,
        err=["MAILSUB_E_TLS_UNTRUSTED"]),
    Row("check --json", ["check", "--server", "{url}", "--ca", "{ca}", "--json"], TLS,
        out=['"offers":[', '"server":{"code":0']),
    Row("check of a message", ["check", "-f", "noreply@ours.example", "-s", "x", "--text",
                               "{dir}/text", "bob@theirs.example"], out=["noreply-sender"]),
    Row("check of a message that must not leave",
        ["check", "-f", "noreply@ours.example", "-s", "x", "--text", "{dir}/text", "--policy",
         "strict", "bob@theirs.example"], status=65, out=["noreply-sender"]),
    Row("check --json of a message", ["check", "-f", "noreply@ours.example", "-s", "x", "--text",
                                      "{dir}/text", "bob@theirs.example", "-j"],
        out=['"findings":[{"rule":"']),
    Row("check of the second of two servers", ["check", "-S", "smtp://localhost:1", "-S", "{url}"],
        out=["failed: smtp://localhost:1: no connection", "server: smtp://localhost:"]),
    Row("check of the first of two servers", ["check", "-S", "{url}", "-S", "smtp://localhost:1"],
        out=["server: smtp://localhost:"]),
    Row("check --json of two servers", ["check", "-S", "smtp://localhost:1", "-S", "{url}", "-j"],
        out=['"failed_servers":[{"server":"smtp://localhost:1","code":-303']),
    Row("a server twice", ["check", "-S", "{url}", "-S", "{url}"], status=78,
        err=["named already"]),
    Row("two servers with a user each", ["check", "-S", "smtp://a@localhost:1", "-S",
                                         "smtp://b@localhost:2"], status=78,
        err=["the login is that of the first URL"]),
    Row("check of nothing", ["check"], status=78, err=["no server"]),
    Row("probe", ["probe", "--server", "{url}", "-f", "ada@ours.example", "bob@theirs.example",
                  "bad@theirs.example"], ["rule", "RCPT", "<bad@", "550 5.1.1 No"], status=67,
        out=["bob@theirs.example\twould be accepted", "bad@theirs.example\trefused"],
        n_messages=0),
    Row("probe from nobody", ["probe", "--server", "{url}", "--return-path", "",
                              "bob@theirs.example"], out=["would be accepted"],
        dialogue=["MAIL FROM:<>"]),
    Row("probe of nobody", ["probe", "--server", "{url}"], status=64),
    Row("etrn", ["etrn", "--server", "{url}", "ours.example"],
        [*offers("ETRN"), "rule", "ETRN", "", "253 5 pending messages for ours.example started"],
        out=["ours.example\t253 ", "\t5\n"]),
    Row("etrn that is not offered", ["etrn", "--server", "{url}", "ours.example"], status=69),
    Row("etrn for nothing", ["etrn", "--server", "{url}"], status=64),
    Row("discover of nothing", ["discover"], status=64, err=["which domain?"]),
    Row("discover of two", ["discover", "a.example", "b.example"], status=64,
        err=["which domain?"]),
    Row("discover of an address", ["discover", "ada@ours.example"], status=65,
        err=["ada@ours.example: ", "MAILSUB_E_DOMAIN", "behind the @"]),
    Row("discover of an address, as JSON", ["discover", "-j", "ada@ours.example"], status=65,
        out=['{"code":-202,"name":"MAILSUB_E_DOMAIN"', '"domain":"","servers":[]}']),
    Row("discover of what would forge a line", ["discover", "a.example\nmailsub: b"], status=65,
        err=["a.example?mailsub: b"]),
    Row("discover with --quiet", ["discover", "-q", "192.0.2.1"], status=65, silent=True),
    Row("discover with a wrong --deadline", ["discover", "--deadline", "soon", "ours.example"],
        status=64, err=["--deadline soon"]),
    Row("discover with no time", ["discover", "--deadline", "0", "ours.example"], status=64),
    Row("discover with a server", ["discover", "--server", "{url}", "ours.example"], status=64,
        err=["--server"]),
    Row("discover where the settings are wrong", ["discover", "-"], status=65,
        env={"MAILSUB_URL": "nonsense"}, err=["MAILSUB_E_DOMAIN"]),
    Row("limits import", ["limits", "import", "{dir}/sent", "--limit", "250/24h", "--limit-store",
                          "file:{dir}/limits"], files={"sent": "# old\n{now} ada@ours.example 7\n"}),
    Row("limits import of nonsense", ["limits", "import", "{dir}/sent", "--limit", "250/24h"],
        files={"sent": "yesterday ada@ours.example 7\n"}, status=64, err=["sent:1"]),
    Row("limits show", ["limits", "show", "ada@ours.example", "--limit", "250/24h"],
        out=["0 of 250 in 86400 s\t250 left"]),
    Row("limits show --json", ["limits", "show", "ada@ours.example", "--limit", "250/24h", "-j"],
        out=['"limit":250', '"left":250']),
    Row("limits show of who has none", ["limits", "show", "ada@ours.example", "--limit",
                                        "@x.example=1/1h"], err=["has no limit"]),
    Row("limits reset", ["limits", "reset", "ada@ours.example", "--limit", "250/24h"]),
    Row("limits without an action", ["limits"], status=64),
    Row("limits without a limit", ["limits", "show", "ada@ours.example"], status=64),
    Row("limits of a file", ["limits", "show", "ada@ours.example", "--config", "{dir}/conf"],
        files={"conf": "limit = 9/1h\n"}, out=["0 of 9 in 3600 s"]),
]

GROUPS = {"message": MESSAGE, "delivery": DELIVERY, "rules": RULES, "server": SERVER,
          "login": LOGINS, "sources": SOURCES, "failures": FAILURES,
          "local": LOCAL, "others": OTHERS, "sendmail": SENDMAIL, "batch": BATCH}

"""Nothing that a stranger must not know is left in a text; what helps him is."""

from __future__ import annotations

import base64
import json
import time
from urllib.parse import quote

import pytest
from diaspora_pod.boot.render import render, write
from diaspora_pod.machine import Machine
from diaspora_pod.operator.redaction import HIDDEN, Redactor

from . import samples

DATABASE = "a<%=1+1%>'#:\\,%s$x{}[]&*!|>`-~"
MAIL = 'BM+8"f,x\\y$z#w'
SESSION = "0a" * 64
PEM = """-----BEGIN RSA PRIVATE KEY-----
MIIEowIBAAKCAQEAwJ5hQ0tQb3Jl8w1x5d2gq0Zk6Qm0nB1s3vVwR9c8tYfX2pLk
q9o1Zk3mJYt7c8E5zq0vWn6x2b4d8f1h3j5k7l9p0r2t4v6x8z1A3C5E7G9I1K3M
ab+c/dE1==
-----END RSA PRIVATE KEY-----"""

# Lines as logs have them → what must not be left of each.
PLANTED = {
    f"password: {DATABASE}": DATABASE,
    f"it was given {json.dumps(MAIL)}": json.dumps(MAIL)[1:-1],
    f"postgres://diaspora:{quote(DATABASE, safe='')}@host/x": quote(DATABASE, safe=""),
    f"AUTH LOGIN {base64.b64encode(MAIL.encode()).decode()}": base64.b64encode(
        MAIL.encode()
    ).decode(),
    f"secret_key_base is {SESSION}": SESSION,
    "GET /users/password/edit?reset_password_token=q1W2e3R4t5Y6u7I8o9P0 HTTP/1.1": "q1W2e3R4t5Y6",
    "Parameters: {reset_password_token: q1-W2_short}": "q1-W2_short",
    "token q1W2e3R4t5Y6u7I8o9P0": "q1W2e3R4t5Y6u7I8o9P0",
    'nginx: "GET /i/3f9a0c1d2e4b" 200': "3f9a0c1d2e4b",
    "the invitation: 3f9a0c1d2e4b": "3f9a0c1d2e4b",
    "GET /users/confirm_email/0123456789abcdef0123456789abcd": "0123456789abcdef",
    "/uploads/users/diaspora_alice_data_5c9f.json.gz": "5c9f",
    "Cookie: _diaspora_session=BAh7CEkiD3Nlc3Npb25faWQ=; remember_user_token=W1sxXQ": "W1sxXQ",
    "cookie was BAh7CEkiD3Nlc3Npb25faWQGOgZFVEkiJTlmMTIzNDU2Nzg5MGFiY2RlZg==": "BAh7CEkiD3",
    "https://s3.amazonaws.com/x?X-Amz-Signature=abc123&X-Amz-Credential=A": "abc123",
    "Authorization: Bearer 0123456789abcdef0123": "0123456789abcdef0123",
    "AccessKeyId ASIAIOSFODNN7EXAMPLE": "ASIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY1 is the role's": "wJalrXUtnFEMI",
    "SecretAccessKey: wJalrXUt/K7MDENG": "wJalrXUt/K7MDENG",
    "client_secret=abc def": "abc",
    '"api_key": "k-1"': "k-1",
    "https://alice:open-sesame@example.org/": "open-sesame",
    "mail to alice@example.org was refused": "alice@example.org",
    "carol@pod.example.com follows dave@other.example": "dave@other.example",
    "User: arn:aws:sts::123456789012:assumed-role/pod": "123456789012",
    "198.51.100.7 asks": "198.51.100.7",
    "2001:db8::7 asks": "2001:db8::7",
}


@pytest.fixture
def redact(machine: Machine) -> Redactor:
    key = f"{PEM}\n"
    secrets = samples.secrets(
        database_password=DATABASE, mail_password=MAIL, session_secret=SESSION, oidc_key=key
    )
    write(machine, render(machine, samples.settings(), secrets))
    return Redactor(machine)


@pytest.mark.parametrize("line", PLANTED)
def test_what_a_stranger_must_not_know_is_taken_out(redact: Redactor, line: str) -> None:
    text = redact(f"before\n{line}\nafter\n")
    assert PLANTED[line] not in text
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")


def test_a_private_key_is_taken_out_whole_and_line_by_line(redact: Redactor) -> None:
    body = PEM.splitlines()[1:-1]
    dated = "\n".join(f"2026-11-28 03:55:31 web: {line}" for line in PEM.splitlines())
    inspected = repr(PEM)
    for text in (redact(PEM), redact(dated), redact(inspected), redact("\n".join(body))):
        assert not [line for line in body if line in text]
    # One that is not the pod's own: of a user, say.
    other = PEM.replace("wJ5h", "xK6i").replace("ab+c", "ef+g")
    text = redact(other)
    assert not [line for line in other.splitlines()[1:-1] if line in text]
    assert HIDDEN in text


@pytest.mark.parametrize(
    "line",
    [
        '2026-11-28 03:55:31 nginx.service: 10.0.1.7 "GET /people" 503 16 0.004',
        "diaspora-web.service: Failed with result 'oom-kill'.",
        'PG::ConnectionBad: connection to server at "pod.cluster-abc" failed: timeout expired',
        "app/models/user.rb:42:in `find_by'",
        "diaspora-v0.9.1.0-x86_64-1",
        '127.0.0.1 "GET /" 200 16 0.004',
        "Workers::ReceivePublic: Faraday::TimeoutError",
        "the step database: waiting: 2 others are connected",
        "s3fs: HTTP response code 403, returning EPERM: /opt/diaspora/public/uploads/images",
    ],
)
def test_what_helps_stays(redact: Redactor, line: str) -> None:
    assert redact(line) == line


def test_one_visitor_has_one_number_in_all_texts(redact: Redactor) -> None:
    first = redact("198.51.100.7 asks, 203.0.113.9 asks")
    assert first == "[address 1] asks, [address 2] asks"
    assert redact("203.0.113.9 again") == "[address 2] again"


def test_a_pod_that_never_came_to_its_secrets_has_none_to_take_out(machine: Machine) -> None:
    assert Redactor(machine)("nothing") == "nothing"


def test_a_secret_that_is_empty_hides_nothing(machine: Machine) -> None:
    write(machine, render(machine, samples.settings(), samples.secrets(mail_password="")))
    assert Redactor(machine)("a text") == "a text"


@pytest.mark.parametrize(
    "word", ["Ab1-", "/a", "a:", "a.b@", "password=", "?x/", "-----BEGIN PRIVATE KEY-----"]
)
def test_a_line_that_somebody_made_long_takes_no_minutes(redact: Redactor, word: str) -> None:
    began = time.monotonic()
    redact(f"{word * 12_000}!")
    assert time.monotonic() - began < 20

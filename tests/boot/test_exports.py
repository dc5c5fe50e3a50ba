"""Addresses of what was exported: what they say, and who asks how."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from diaspora_pod import cli, exports
from diaspora_pod.errors import Transient
from diaspora_pod.machine import Machine

from . import samples

NAME = "diaspora_bob_photos_Zm9v-_x.zip"


def signed(name: str) -> str:
    return f"https://bucket/{name}?signature"


def unable(_name: str) -> str:
    raise Transient("no keys yet")


@contextlib.contextmanager
def serving(path: Path, sign: exports.Sign, idle: float = 0.3) -> Iterator[None]:
    """While the program listens at a socket; it must end by itself."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        thread = threading.Thread(target=exports.serve, args=(listening, sign, idle))
        thread.start()
        yield
        thread.join(idle + 10)
        assert not thread.is_alive()


def ask(path: Path, question: bytes) -> str:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.sendall(question)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(4096), b"")).decode()


def get(path: Path, asked: str, method: str = "GET") -> str:
    return ask(path, f"{method} {asked} HTTP/1.0\r\nHost: exports\r\n\r\n".encode())


def test_an_address_is_the_buckets_own_for_one_file_and_five_minutes() -> None:
    for region in ("eu-west-1", "us-east-1"):
        parts = urlsplit(exports.address(samples.settings(region=region), NAME))
        bucket = samples.SETTINGS["bucket"]
        assert parts.scheme == "https"
        assert parts.netloc == f"{bucket}.s3.{region}.amazonaws.com"
        assert parts.path == f"/uploads/users/{NAME}"
        said = {key: value for key, (value,) in parse_qs(parts.query).items()}
        # The way of signing that new buckets take.
        assert said["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
        assert said["X-Amz-Expires"] == "300"
        assert said["response-content-disposition"] == "attachment"
        assert said["response-cache-control"] == "private, no-store"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_asks_by_name_is_sent_there_unnoticed(tmp_path: Path, method: str) -> None:
    path = tmp_path / "socket"
    with serving(path, signed):
        answers = [get(path, f"/{name}", method) for name in (NAME, "other.json.gz")]
    for answer, name in zip(answers, (NAME, "other.json.gz"), strict=True):
        assert answer.startswith("HTTP/1.0 302 ")
        assert f"\r\nLocation: https://bucket/{name}?signature\r\n" in answer
        assert "\r\nCache-Control: no-store\r\n" in answer
        assert "\r\nReferrer-Policy: no-referrer\r\n" in answer


@pytest.mark.parametrize(
    "wrong",
    ["/", "/a/b", "/../images/a", "/..", "/.a", "/a?b", "/a%2fb", "/ä", "a", "/a\\b"],
)
def test_what_is_no_name_gets_no_address(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "socket"
    with serving(path, signed):
        assert get(path, wrong).startswith("HTTP/1.0 404 ")


def test_without_keys_it_says_so_and_is_asked_again(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "socket"
    with serving(path, unable):
        assert [get(path, "/a")[:13] for _ in range(2)] == ["HTTP/1.0 503 "] * 2
    assert "no keys yet" in "".join(capfd.readouterr())


def test_who_says_nothing_or_nonsense_keeps_nobody_from_asking(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with serving(path, signed):
        assert ask(path, b"") == ""
        ask(path, b"\0" * 70_000)
        with socket.socket(socket.AF_UNIX) as gone:
            gone.connect(str(path))
        assert " 302 " in get(path, "/a")


def test_the_command_listens_where_systemd_does(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        monkeypatch.setattr(exports, "LISTENING", listening.detach())
        asked: list[str] = []

        def serve(_listening: socket.socket, sign: exports.Sign) -> None:
            asked.append(sign(NAME))

        monkeypatch.setattr(exports, "serve", serve)
        assert cli.main(["exports"], machine) == 0
    assert f"/uploads/users/{NAME}?" in asked[0]

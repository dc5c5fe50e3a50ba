"""Redis' protocol."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from diaspora_pod import redis
from diaspora_pod.errors import Transient


class Wire(io.BytesIO):
    """Answers what it is given; ``sent`` is what was asked."""

    def __init__(self, answers: bytes) -> None:
        super().__init__(answers)
        self.sent = b""

    def write(self, data: Any) -> int:
        self.sent += data
        return len(data)


@pytest.mark.parametrize(
    "answer, value",
    [
        (b"+OK\r\n", "OK"),
        (b":7\r\n", 7),
        (b"$-1\r\n", None),
        (b"$4\r\n\xf0\x9f\x90\x98\r\n", "🐘"),
        (b"*2\r\n$1\r\na\r\n*1\r\n:1\r\n", ["a", [1]]),
        (b"*0\r\n", []),
    ],
)
def test_each_kind_of_answer_is_understood(answer: bytes, value: Any) -> None:
    wire = Wire(answer)
    assert redis.Redis(wire).call("GET", "é") == value
    assert wire.sent == b"*2\r\n$3\r\nGET\r\n$2\r\n\xc3\xa9\r\n"


def test_bytes_that_are_no_text_come_back_as_they_were() -> None:
    wire = Wire(b"$2\r\n\xff\x00\r\n+OK\r\n")
    client = redis.Redis(wire)
    client.call("SET", client.call("GET", "a"))
    assert wire.sent.endswith(b"$2\r\n\xff\x00\r\n")


@pytest.mark.parametrize("answer", [b"-OOM command not allowed\r\n", b"", b"$4\r\nab", b"$x\r\n"])
def test_a_queue_that_refuses_or_breaks_off_is_told(answer: bytes) -> None:
    with pytest.raises(Transient, match="the queue: "):
        redis.Redis(Wire(answer)).call("PING")


def test_a_queue_that_is_away_is_told(tmp_path: Path) -> None:
    with pytest.raises(Transient, match="the queue: "), redis.connected(tmp_path / "none"):
        pytest.fail("is not there")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()

        def answer() -> None:
            with listening.accept()[0] as link:
                link.recv(100)
                link.sendall(b"+PONG\r\n")

        threading.Thread(target=answer, daemon=True).start()
        yield path


def test_it_is_reached_by_its_socket(server: Path) -> None:
    with redis.connected(server) as client:
        assert client.call("PING") == "PONG"

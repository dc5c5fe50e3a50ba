"""Asking Redis, by its socket: the few words of its protocol that a client needs."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, cast

from .errors import Transient
from .machine import REDIS_SOCKET

TIMEOUT = 30


class Redis:
    """A connection; texts go in and come out as UTF-8, whatever bytes are in them."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def call(self, *words: str) -> Any:
        """One command's answer: text, number, list or None; raises Transient."""
        return self.together([words])[0]

    def together(self, commands: Sequence[Sequence[str]]) -> list[Any]:
        """Send commands at once; their answers in order. Raises Transient for one that is refused.

        Between ``MULTI`` and ``EXEC`` all are done or, where Redis refuses one, none.
        """
        try:
            self._stream.write(b"".join(_spelled(words) for words in commands))
            self._stream.flush()
            answers = [self._answer() for _ in commands]
        except (OSError, ValueError) as error:
            raise Transient(f"the queue: {type(error).__name__}: {error}") from error
        for answer in answers:
            if isinstance(answer, _Refusal):
                raise Transient(f"the queue: {answer.reason}")
        return answers

    def _answer(self) -> Any:
        line = self._stream.readline()
        if not line.endswith(b"\r\n"):
            raise OSError("the connection broke off")
        kind, rest = line[:1], line[1:-2].decode("utf-8", "surrogateescape")
        if kind == b"-":
            return _Refusal(rest)
        if kind == b":":
            return int(rest)
        if kind == b"+":
            return rest
        size = int(rest)
        if size < 0:
            return None
        if kind == b"*":
            return [self._answer() for _ in range(size)]
        data = self._stream.read(size + 2)
        if len(data) != size + 2:
            raise OSError("the connection broke off")
        return data[:-2].decode("utf-8", "surrogateescape")


class _Refusal:
    def __init__(self, reason: str) -> None:
        self.reason = reason


@contextlib.contextmanager
def connected(path: Path = REDIS_SOCKET) -> Iterator[Redis]:
    """A connection to the pod's queue; raises Transient where there is none."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.settimeout(TIMEOUT)
        try:
            link.connect(str(path))
        except OSError as error:
            raise Transient(f"the queue: {error}") from error
        with link.makefile("rwb") as stream:
            yield Redis(cast("IO[bytes]", stream))


def _spelled(words: Sequence[str]) -> bytes:
    parts = [word.encode("utf-8", "surrogateescape") for word in words]
    spelled = b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
    return b"*%d\r\n%s" % (len(parts), spelled)

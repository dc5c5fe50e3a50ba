"""The VPC's name server: AWS's names and the pod's own, to addresses of the rehearsal."""

from __future__ import annotations

import socketserver
import struct
from typing import Any

from ..network import Namespace
from .serving import run

_A = 1
_NO_SUCH_NAME = 3


class Names:
    """Names and their addresses; ``*.`` in front of a name stands for one label before it."""

    def __init__(self) -> None:
        self._addresses: dict[str, str] = {}

    def add(self, name: str, address: str) -> None:
        """Have a name answer with an address."""
        self._addresses[name.lower()] = address

    def address(self, name: str) -> str | None:
        """The address of a name, or None."""
        name = name.lower().rstrip(".")
        _, _, parent = name.partition(".")
        return self._addresses.get(name) or self._addresses.get(f"*.{parent}")

    def serve(self, namespace: Namespace, address: str) -> None:
        """Answer over UDP."""
        names = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                query, socket = self.request
                if answer := names.answer(query):
                    socket.sendto(answer, self.client_address)

        with namespace.inside():
            server: Any = socketserver.ThreadingUDPServer((address, 53), Handler)
        run(server)

    def answer(self, query: bytes) -> bytes | None:
        """The answer to a question of one name; only addresses of version 4 are known."""
        if len(query) < 17:
            return None
        name, end = _name(query)
        kind = int.from_bytes(query[end : end + 2], "big")
        question = query[12 : end + 4]
        address = self.address(name)
        records = b""
        if address and kind == _A:
            # The name is a pointer to the one in the question; it is good for no time at all.
            data = bytes(map(int, address.split(".")))
            records = struct.pack(">HHHIH", 0xC00C, _A, 1, 0, 4) + data
        flags = 0x8580 | (0 if address else _NO_SUCH_NAME)
        counts = struct.pack(">HHHH", 1, 1 if records else 0, 0, 0)
        return query[:2] + flags.to_bytes(2, "big") + counts + question + records


def _name(query: bytes) -> tuple[str, int]:
    """The name in the question, and where its type starts."""
    labels, position = [], 12
    while length := query[position]:
        labels.append(query[position + 1 : position + 1 + length].decode("ascii", "replace"))
        position += length + 1
    return ".".join(labels), position + 1

"""Somebody's web server on the internet: pages that no reader should read to their end."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from ..authority import Authority
from ..network import Vpc
from .names import Names
from .serving import QuietHandler, serve_http

_PIECE = b" " * 65536
_HEAD = (
    b"<html><head><title>A page</title><meta property='og:title' content='A page'/>"
    b"<meta property='og:type' content='website'/>"
    b"<meta property='og:url' content='http://stranger.example.com/short'/>"
    b"<meta property='og:image' content='http://stranger.example.com/a.png'/></head><body>"
)


@dataclass(frozen=True)
class Reading:
    """What one reader took: ``sent`` bytes (none where only headers were asked), all or not."""

    host: str
    sent: int
    whole: bool


class Stranger:
    """Has one page for all paths but ``/short``: ``size`` bytes, said beforehand or in chunks.

    ``readings`` are those of the page that are over.
    """

    ADDRESS = "192.0.2.80"

    def __init__(self, vpc: Vpc, names: Names, authority: Authority, *hosts: str) -> None:
        self.size = 0
        self.says_size = False
        self.readings: list[Reading] = []
        for host in hosts:
            names.add(host, self.ADDRESS)
        vpc.add_address(self.ADDRESS)
        context = authority.certificate(*hosts).server_context()
        serve_http(vpc.aws, (self.ADDRESS, 80), self._handler())
        serve_http(vpc.aws, (self.ADDRESS, 443), self._handler(), context)

    def _handler(self) -> type[QuietHandler]:
        stranger = self

        class Handler(QuietHandler):
            def do_GET(self) -> None:  # noqa: N802
                if self.path == "/short":
                    self.answer(200, _HEAD, {"Content-Type": "text/html"})
                else:
                    stranger._send_page(self)

            do_HEAD = do_GET  # noqa: N815

        return Handler

    def _send_page(self, request: QuietHandler) -> None:
        request.close_connection = True
        request.send_response_only(200)
        request.send_header("Content-Type", "text/html")
        if self.says_size:
            request.send_header("Content-Length", str(self.size))
        else:
            request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        sent = 0 if request.command == "HEAD" else self._send_body(request)
        host = request.headers.get("Host", "")
        self.readings.append(Reading(host, sent, whole=sent >= self.size))

    def _send_body(self, request: QuietHandler) -> int:
        sent = 0
        # Whoever has read enough goes away.
        with contextlib.suppress(OSError):
            for piece in (_HEAD, *[_PIECE] * (self.size // len(_PIECE))):
                request.wfile.write(piece if self.says_size else _chunk(piece))
                sent += len(piece)
            if not self.says_size:
                request.wfile.write(_chunk(b""))
        return sent


def _chunk(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)

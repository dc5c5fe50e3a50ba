"""Servers in threads of the rehearsal, listening inside one of its networks."""

from __future__ import annotations

import contextlib
import http.server
import socketserver
import ssl
import threading
from typing import Any

from ..network import Namespace


class QuietHandler(http.server.BaseHTTPRequestHandler):
    """A handler that keeps connections and writes no access log."""

    protocol_version = "HTTP/1.1"
    # A client that says nothing must not keep a thread for ever.
    timeout = 120

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""

    def answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        """Send a whole answer."""
        self.send_response_only(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self) -> bytes:
        """The whole body of the request, in one piece or in chunks."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(chunks)


class _HttpServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    context: ssl.SSLContext | None = None

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands in the connection's own thread: a slow client holds up nobody else."""
        if self.context:
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, *_arguments: Any) -> None:
        """Clients go away as they please; that is no fault of ours."""


def serve_http(
    namespace: Namespace | None,
    address: tuple[str, int],
    handler: type[QuietHandler],
    context: ssl.SSLContext | None = None,
) -> _HttpServer:
    """Listen in a namespace (the host's where none is given); ends with the rehearsal.

    With TLS where there is a context for it.
    """
    with namespace.inside() if namespace else contextlib.nullcontext():
        server = _HttpServer(address, handler)
    server.context = context
    run(server)
    return server


def run(server: socketserver.BaseServer) -> None:
    """Serve in a thread, until the rehearsal ends."""
    threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True
    ).start()

"""The address of what somebody exported, so that his browser fetches it from the bucket.

nginx asks, by the file's name, when the application has said that the visitor may have it. Nobody
but nginx can.
"""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import BaseServer
from typing import Any

from . import aws
from .errors import Trouble
from .progress import say
from .settings import Settings

FOLDER = "uploads/users"
# New credentials come at least five minutes before the old ones end (EC2 User Guide, "Retrieve
# security credentials from instance metadata"), and an address ends with those that signed it.
SECONDS = 300
# So long without a question, and the program ends.
IDLE = 60
# For one question, which nginx has ready.
PATIENCE = 5
# The first file that systemd hands over: a socket that listens.
LISTENING = 3
_NAME = re.compile(r"/([A-Za-z0-9_-][A-Za-z0-9_.-]*)")

Sign = Callable[[str], str]


def address(settings: Settings, name: str) -> str:
    """Where a file can be fetched for the next minutes; raises Transient or Permanent."""
    with aws.troubles(f"the address of {FOLDER}/{name}"):
        # Named, or boto3 would sign as it did before, which S3 refuses in newer buckets.
        s3 = aws.client("s3", settings.region, signature_version="s3v4")
        return str(
            s3.generate_presigned_url(
                "get_object",
                Params={
                    "Bucket": settings.bucket,
                    "Key": f"{FOLDER}/{name}",
                    "ResponseCacheControl": "private, no-store",
                    "ResponseContentDisposition": "attachment",
                },
                ExpiresIn=SECONDS,
            )
        )


def serve(listening: socket.socket, sign: Sign, idle: float = IDLE) -> None:
    """Answer questions, one after another, until none has come for so many seconds."""
    server = BaseServer("", _handler(sign))
    listening.settimeout(idle)
    while True:
        try:
            connection, _ = listening.accept()
        except TimeoutError:
            return
        with connection, contextlib.suppress(OSError):
            server.finish_request(connection, ("nginx", 0))


def _handler(sign: Sign) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = PATIENCE

        def do_GET(self) -> None:
            name = _NAME.fullmatch(self.path)
            if name is None:
                self._answer(HTTPStatus.NOT_FOUND)
                return
            try:
                found = sign(name[1])
            except Trouble as trouble:
                say(f"exports: {trouble}")
                self._answer(HTTPStatus.SERVICE_UNAVAILABLE)
            else:
                self._answer(HTTPStatus.FOUND, found)

        do_HEAD = do_GET  # noqa: N815

        def _answer(self, status: HTTPStatus, location: str = "") -> None:
            self.send_response_only(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Cache-Control", "no-store")
            # The pod's pages are nobody's business, not even by name.
            self.send_header("Referrer-Policy", "no-referrer")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing: nginx keeps the log of visitors."""

    return Handler

"""A bucket in memory, for the smoke boot: as much of S3 as s3fs and the boot program want.

Its argument is the port. It asks nobody who they are.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

# By the path, which begins with the bucket's name: the headers that come back, and the content.
OBJECTS: dict[str, tuple[dict[str, str], bytes]] = {}
NOW = "2000-01-01T00:00:00.000Z"


class Requests(BaseHTTPRequestHandler):
    """Answers one request after another."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        """An object's headers."""
        self._give()

    def do_GET(self) -> None:
        """An object, or a list of them where the path is the bucket's."""
        if self._name().strip("/").count("/") == 0:
            asked = parse_qs(urlsplit(self.path).query)
            self._list(asked.get("prefix", [""])[0])
        else:
            self._give()

    def do_PUT(self) -> None:
        """Keep an object, from the request or from another one."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        source = self.headers.get("x-amz-copy-source")
        if source is not None:
            body = OBJECTS[unquote(source)][1]
        kept = {name: value for name, value in self.headers.items() if _is_kept(name)}
        OBJECTS[self._name()] = kept, body
        self._answer(200, b"<CopyObjectResult/>" if source else b"")

    def do_DELETE(self) -> None:
        """Forget an object."""
        OBJECTS.pop(self._name(), None)
        self._answer(204)

    def _name(self) -> str:
        return unquote(urlsplit(self.path).path)

    def _give(self) -> None:
        if self._name() not in OBJECTS:
            self._answer(404)
            return
        headers, body = OBJECTS[self._name()]
        self._answer(200, body, headers)

    def _list(self, prefix: str) -> None:
        names = [name.split("/", 2)[2] for name in OBJECTS]
        listed = "".join(
            f"<Contents><Key>{escape(name)}</Key><Size>1</Size>"
            f"<LastModified>{NOW}</LastModified></Contents>"
            for name in names
            if name.startswith(prefix)
        )
        self._answer(200, f"<ListBucketResult>{listed}</ListBucketResult>".encode())

    def _answer(self, status: int, body: bytes = b"", headers: Mapping[str, str] = {}) -> None:
        self.send_response(status)
        common = {
            "Content-Length": str(len(body)),
            "ETag": '"smoke"',
            "Last-Modified": formatdate(usegmt=True),
        }
        for name, value in {**headers, **common}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _is_kept(name: str) -> bool:
    return name.lower().startswith("x-amz-meta-") or name.lower() == "content-type"


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Requests).serve_forever()

"""Asking for pages: as nginx asks the application, and as the front asks nginx."""

from __future__ import annotations

import http.server
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from diaspora_pod import web
from diaspora_pod.errors import Permanent, Transient


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server: Any = self.server
        server.seen.append((self.path, dict(self.headers.items())))
        self.send_response(server.status)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"page")

    def log_message(self, *_: Any) -> None:
        pass

    def address_string(self) -> str:
        return "test"


class UnixServer(socketserver.UnixStreamServer):
    def get_request(self) -> Any:
        request, _ = super().get_request()
        return request, ("test", 0)


@contextmanager
def serving(server: Any, status: int) -> Iterator[Any]:
    server.status, server.seen = status, []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def application(path: Path, status: int = 200) -> Iterator[Any]:
    with serving(UnixServer(str(path), Handler), status) as server:
        yield server


@contextmanager
def nginx(status: int = 200) -> Iterator[Any]:
    with serving(http.server.HTTPServer(("127.0.0.1", 0), Handler), status) as server:
        yield server


def test_the_application_is_asked_as_nginx_would(tmp_path: Path) -> None:
    with application(tmp_path / "web.sock") as server:
        web.ask_application(tmp_path / "web.sock", "/users/sign_in", "pod.example.org")
    ((path, headers),) = server.seen
    assert path == "/users/sign_in"
    assert headers["Host"] == "pod.example.org"
    assert headers["X-Forwarded-Proto"] == "https"


def test_nginx_is_asked_as_the_front_would() -> None:
    with nginx() as server:
        web.ask_nginx("/", "pod.example.org", server.server_port)
    ((path, headers),) = server.seen
    assert path == "/"
    assert headers["Host"] == "pod.example.org"
    assert headers["X-Client-Proto"] == "https"
    assert headers["X-Client-IP"] == "127.0.0.1"
    assert not [name for name in headers if name.startswith("X-Forwarded")]


@pytest.mark.parametrize(
    "status, kind",
    [
        (500, Transient),
        (502, Transient),
        (504, Transient),
        (429, Transient),
        (301, Permanent),
        (403, Permanent),
        (404, Permanent),
        (204, Permanent),
    ],
)
def test_only_a_page_is_an_answer(tmp_path: Path, status: int, kind: type[Exception]) -> None:
    with (
        application(tmp_path / "web.sock", status),
        pytest.raises(kind, match=f"/ answers {status}"),
    ):
        web.ask_application(tmp_path / "web.sock", "/", "pod.example.org")


def test_an_application_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    with pytest.raises(Transient, match="FileNotFoundError"):
        web.ask_application(tmp_path / "web.sock", "/", "pod.example.org")
    with nginx() as server:
        port = server.server_port
    with pytest.raises(Transient, match="ConnectionRefusedError"):
        web.ask_nginx("/", "pod.example.org", port)


def test_the_pod_is_given_as_long_as_the_front_gives_it() -> None:
    assert web.NGINX_TIMEOUT == 30
    assert web.APPLICATION_TIMEOUT > 45

"""Asking the pod for a page: at the application's socket, and through nginx as the front does."""

from __future__ import annotations

import http.client
import socket
from pathlib import Path

from .errors import Permanent, Transient

# A database that wakes takes most of it.
APPLICATION_TIMEOUT = 60
# As long as the front waits.
NGINX_TIMEOUT = 30


class _SocketConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=APPLICATION_TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(APPLICATION_TIMEOUT)
        self.sock.connect(str(self._path))


def ask_application(socket_path: Path, page: str, domain: str) -> None:
    """Want a page from the application itself, as nginx would ask for it."""
    headers = {"Host": domain, "X-Forwarded-Proto": "https", "X-Forwarded-For": "127.0.0.1"}
    _want(_SocketConnection(socket_path), page, headers)


def ask_nginx(page: str, domain: str, port: int = 80) -> None:
    """Want a page from nginx, as the front would ask for it."""
    headers = {"Host": domain, "X-Client-Proto": "https", "X-Client-IP": "127.0.0.1"}
    _want(http.client.HTTPConnection("127.0.0.1", port, timeout=NGINX_TIMEOUT), page, headers)


def _want(connection: http.client.HTTPConnection, page: str, headers: dict[str, str]) -> None:
    """Raise Transient where there is no answer or a server's error, Permanent for any but 200."""
    try:
        connection.request("GET", page, headers=headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise Transient(f"{page}: {type(error).__name__}: {error}") from error
    finally:
        connection.close()
    if answer.status != 200:
        kind = Transient if answer.status >= 500 or answer.status == 429 else Permanent
        raise kind(f"{page} answers {answer.status}")

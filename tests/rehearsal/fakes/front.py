"""The front: an HTTP API as the template configures it, and visitors who come to it.

What matters of an HTTP API to a pod: it holds a request and its answer whole, folds X-Forwarded-*
into Forwarded, maps headers as the integration says, and has limits of size and time.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..authority import Authority
from ..network import Namespace, Vpc
from .serving import QuietHandler, serve_http

MOST_BODY = 10 * 1024 * 1024
MOST_HEADERS = 10_240
SECONDS = 30
_HOP_BY_HOP = {
    *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailers"),
    *("transfer-encoding", "upgrade", "content-length", "expect"),
}


@dataclass(frozen=True)
class Answer:
    """What a visitor got; names of headers are in lower case, repeated ones joined by commas."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        """The body read as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Route:
    """One API: where it leads, and the header mappings of its integration.

    ``mappings`` are RequestParameters of the rendered template: ``overwrite:header.NAME`` → value.
    """

    address: str
    mappings: Mapping[str, str]


class Front:
    """All HTTP APIs of the region, at one address."""

    def __init__(self, vpc: Vpc, authority: Authority, stranger: Authority) -> None:
        self.routes: dict[str, Route] = {}
        self._vpc = vpc
        self._authority = authority
        self._stranger = stranger
        self._served: dict[str, Any] = {}
        self._context = authority.certificate("front.example.net").server_context()
        # Each name has a certificate of its own, as each custom domain has.
        self._context.sni_callback = self._choose_certificate
        serve_http(vpc.aws, (vpc.FRONT, 443), self._handler(), self._context)

    def add(self, host: str, route: Route) -> None:
        """Lead a host name to a machine."""
        self.routes[host] = route
        self.certificate_of("us", host)

    def certificate_of(self, whose: str, host: str) -> None:
        """Show a stranger's certificate for a host name; "us" is the right one."""
        authority = self._authority if whose == "us" else self._stranger
        self._served[host] = authority.certificate(host).server_context()

    def _choose_certificate(self, socket: Any, name: str | None, _context: Any) -> None:
        if name in self._served:
            socket.context = self._served[name]

    def _handler(self) -> type[QuietHandler]:
        front = self

        class Handler(QuietHandler):
            def handle_any(self) -> None:
                front._serve(self)

            do_GET = do_POST = do_PUT = do_PATCH = handle_any  # noqa: N815
            do_DELETE = do_HEAD = do_OPTIONS = handle_any  # noqa: N815

        return Handler

    def _serve(self, request: QuietHandler) -> None:
        host = request.headers.get("Host", "").lower()
        length = int(request.headers.get("Content-Length") or 0)
        if length > MOST_BODY:
            # Read all the same: a client that is still sending would not see the answer.
            request.body()
            _refuse(request, 413, "Request Entity Too Large")
        elif _header_bytes(request) > MOST_HEADERS:
            _refuse(request, 431, "Request Header Fields Too Large")
        elif host not in self.routes:
            _refuse(request, 404, "Not Found")
        else:
            self._pass_on(request, self.routes[host], request.body())

    def _pass_on(self, request: QuietHandler, route: Route, body: bytes) -> None:
        client = request.client_address[0]
        headers = mapped(list(request.headers.items()), route.mappings, client)
        try:
            answer = exchange(
                self._vpc.aws,
                self._vpc.LINK,
                (route.address, 80),
                request.command,
                request.path,
                headers,
                body,
            )
        except (OSError, http.client.HTTPException):
            # An HTTP API says the same for a pod that is slow and for one that is not there.
            _refuse(request, 503, "Service Unavailable")
        else:
            self._give_back(request, *answer)

    @staticmethod
    def _give_back(
        request: QuietHandler, status: int, headers: list[tuple[str, str]], body: bytes
    ) -> None:
        if len(body) > MOST_BODY:
            _refuse(request, 500, "Internal Server Error")
            return
        request.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _HOP_BY_HOP:
                request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(body)


def mapped(
    headers: list[tuple[str, str]], mappings: Mapping[str, str], client: str
) -> list[tuple[str, str]]:
    """The headers that reach the pod: folded, then mapped as the integration says."""
    host = next((value for name, value in headers if name.lower() == "host"), "")
    before = "".join(f"for={value};" for name, value in headers if _is_forwarded_for(name))
    kept = [
        (name, value)
        for name, value in headers
        if name.lower() not in _HOP_BY_HOP
        and not name.lower().startswith("x-forwarded-")
        and name.lower() != "forwarded"
    ]
    kept.append(("Forwarded", f"{before}by=203.0.113.10;for={client};host={host};proto=https"))
    kept.append(("Via", "HTTP/1.1 AmazonAPIGateway"))
    for mapping, value in mappings.items():
        verb, _, target = mapping.partition(":header.")
        assert verb == "overwrite", f"the rehearsal's front knows no {verb}"
        kept = [(name, old) for name, old in kept if name.lower() != target.lower()]
        kept.append((target, client if value == "$context.identity.sourceIp" else value))
    return kept


def exchange(
    namespace: Namespace,
    source: str,
    target: tuple[str, int],
    method: str,
    path: str,
    headers: list[tuple[str, str]],
    body: bytes,
    *,
    context: Any = None,
    server_name: str = "",
    seconds: float = SECONDS,
) -> tuple[int, list[tuple[str, str]], bytes]:
    """One request over a connection of its own; raises TimeoutError when it takes too long."""
    ends = time.monotonic() + seconds
    with namespace.inside():
        connection = socket.create_connection(target, timeout=seconds, source_address=(source, 0))
    with connection:
        if context:
            connection = context.wrap_socket(connection, server_hostname=server_name)
        client = http.client.HTTPConnection(target[0])
        client.sock = connection
        client.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            client.putheader(name, value.encode("latin-1", "replace"))
        if body or method in ("POST", "PUT", "PATCH"):
            client.putheader("Content-Length", str(len(body)))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            # A server may answer before it has read everything.
            client.endheaders(body)
        connection.settimeout(max(0.1, ends - time.monotonic()))
        answer = client.getresponse()
        content = answer.read()
        return answer.status, answer.getheaders(), content


class Visitor:
    """Somebody on the internet who comes to one host of the front."""

    def __init__(self, vpc: Vpc, authority: Authority, host: str) -> None:
        self.host = host
        self._vpc = vpc
        self._context = authority.client_context()

    def get(self, path: str, headers: Mapping[str, str] | None = None, **more: Any) -> Answer:
        """Ask for a page."""
        return self.request("GET", path, headers=headers, **more)

    def post(
        self, path: str, body: bytes, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Answer:
        """Send something."""
        return self.request("POST", path, body=body, headers=headers, **more)

    def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        source: str = Vpc.VISITORS[0],
        seconds: float = 60,
    ) -> Answer:
        """One request; redirects are not followed. ``source`` is one of Vpc.VISITORS."""
        began = time.monotonic()
        given = {"Host": self.host, "User-Agent": "visitor", "Accept": "*/*", **(headers or {})}
        status, received, content = exchange(
            self._vpc.visitor,
            source,
            (self._vpc.FRONT, 443),
            method,
            path,
            list(given.items()),
            body,
            context=self._context,
            server_name=self.host,
            seconds=seconds,
        )
        return answer_of(status, received, content, began)


def answer_of(status: int, headers: list[tuple[str, str]], body: bytes, began: float) -> Answer:
    """An answer as tests read it."""
    joined: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        joined[key] = f"{joined[key]}, {value}" if key in joined else value
    return Answer(status, joined, body, time.monotonic() - began)


def _is_forwarded_for(name: str) -> bool:
    return name.lower() == "x-forwarded-for"


def _header_bytes(request: QuietHandler) -> int:
    """Request line and headers together, which is what the limit is about."""
    sizes = (len(name) + len(value) for name, value in request.headers.items())
    return len(request.requestline) + sum(sizes)


def _refuse(request: QuietHandler, status: int, message: str) -> None:
    """The front's own answer, in the words that an HTTP API uses."""
    body = json.dumps({"message": message}).encode()
    request.answer(status, body, {"Content-Type": "application/json"})

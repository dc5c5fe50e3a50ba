"""AWS's services under their own names: each at an address of its own, behind TLS.

S3 and SSM are moto's. Whoever asks has to show keys that instance metadata handed out and that have
not ended, or an address signed with them. Those are used from outside: for them alone it is looked
at what the role may. The template's own tests see to the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.test import EnvironBuilder, run_wsgi_app

from ..authority import Authority
from ..network import Vpc
from . import cloudwatch, presigned
from .cloudformation import CloudFormation
from .metadata import Metadata
from .names import Names
from .notices import Topics
from .serving import QuietHandler, serve_http

_FIRST_ADDRESS = 20
_SERVICES = ("s3", "ssm", "logs", "cloudformation", "monitoring", "sns")
_KEY = re.compile(r"Credential=([^/]+)/")
_Answer = tuple[int, list[tuple[str, str]], bytes]


@dataclass(frozen=True)
class Call:
    """One call of an API. ``action`` is the API's name for it; for S3 the method and the path."""

    service: str
    action: str
    host: str
    key: str
    status: int


class Ssm:
    """Parameter Store as a person sees it in the console."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.refuse = False

    def put(self, name: str, value: str) -> None:
        """Make a parameter, or its next version."""
        self._client.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)

    def get(self, name: str) -> str | None:
        """The newest value of a parameter."""
        try:
            answer = self._client.get_parameter(Name=name, WithDecryption=True)
        except self._client.exceptions.ParameterNotFound:
            return None
        return str(answer["Parameter"]["Value"])

    def names(self) -> list[str]:
        """All names, sorted."""
        pages = self._client.get_paginator("describe_parameters").paginate()
        return sorted(parameter["Name"] for page in pages for parameter in page["Parameters"])

    def delete(self, name: str) -> None:
        """Delete a parameter."""
        self._client.delete_parameter(Name=name)


class Services:
    """All services of one region."""

    def __init__(self, vpc: Vpc, names: Names, authority: Authority, metadata: Metadata) -> None:
        self.region = "eu-west-1"
        self.cloudformation = CloudFormation()
        self.logs = cloudwatch.Logs()
        self.topics = Topics()
        self.calls: list[Call] = []
        # What signs addresses: a rendered role.
        self.role: Mapping[str, Any] | None = None
        self._down: set[str] = set()
        self._last: dict[str, str] = {}
        self._metadata = metadata
        self._moto = DomainDispatcherApplication(create_backend_app)
        for number, service in enumerate(_SERVICES, _FIRST_ADDRESS):
            self._serve(service, f"{vpc.SERVICES}{number}", vpc, names, authority)
        own = serve_http(None, ("127.0.0.1", 0), self._handler(""))
        self._own_address = f"http://127.0.0.1:{own.server_port}"
        self.ssm = Ssm(self._client("ssm"))
        self.s3 = self._client("s3")

    def reset(self) -> None:
        """Everything as in an account that was never used."""
        self.calls.clear()
        self._down.clear()
        self._last.clear()
        self.logs.reset()
        self.topics.reset()
        self.cloudformation.reset()
        self.ssm.refuse = False
        self.role = None
        self._ask_moto("moto", "POST", "/moto-api/reset", {"Host": "localhost"}, b"")

    def down(self, service: str, after: str = "") -> None:
        """Have a service answer 503; with ``after`` once it has answered a call that begins so."""
        assert service in _SERVICES, service
        if after:
            self._last[service] = after
        else:
            self._down.add(service)

    def up(self, service: str) -> None:
        """Have it answer again."""
        self._down.discard(service)
        self._last.pop(service, None)

    def _client(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name=self.region,
            endpoint_url=self._own_address,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=Config(proxies={}, s3={"addressing_style": "path"}),
        )

    def _serve(
        self, service: str, address: str, vpc: Vpc, names: Names, authority: Authority
    ) -> None:
        name = f"{service}.{self.region}.amazonaws.com"
        served = [name, f"*.{name}"] if service == "s3" else [name]
        for host in served:
            names.add(host, address)
        vpc.add_address(address)
        context = authority.certificate(*served).server_context()
        serve_http(vpc.aws, (address, 443), self._handler(service), context)

    def _handler(self, service: str) -> type[QuietHandler]:
        """A handler for one service; the nameless one is the tests' own way in, and sees all."""
        services = self

        class Handler(QuietHandler):
            def handle_any(self) -> None:
                headers = dict(self.headers.items())
                answer = services.respond if service else services._ask_moto
                status, sent, body = answer(service, self.command, self.path, headers, self.body())
                self.send_response_only(status)
                for name, value in sent:
                    self.send_header(name, value)
                if not any(name.lower() == "content-length" for name, _ in sent):
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any  # noqa: N815

        return Handler

    def respond(
        self, service: str, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> _Answer:
        """The answer to a machine's call, which is noted down."""
        given = {name.lower(): value for name, value in headers.items()}
        found = _KEY.search(given.get("authorization", ""))
        key = found[1] if found else presigned.key_of(path)
        action = self._action(service, method, path, given, body)
        refusal = self._refusal(service, key, method, path, given)
        answer = refusal or self._answer(service, action, method, path, headers, body)
        self.calls.append(Call(service, action, given.get("host", ""), key, answer[0]))
        if service in self._last and action.startswith(self._last[service]):
            self.down(service)
        return answer

    def _action(
        self, service: str, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> str:
        if service == "s3":
            return f"{method} {path}"
        if "x-amz-target" in headers:
            return headers["x-amz-target"].rpartition(".")[2]
        return self.cloudformation.action(body) or path.rpartition("/")[2]

    def _refusal(
        self, service: str, key: str, method: str, path: str, headers: dict[str, str]
    ) -> _Answer | None:
        if service in self._down:
            return 503, [], b""
        keys = self._metadata.good(key)
        if keys is None:
            return _error(service, 403 if service == "s3" else 400, "ExpiredToken")
        if "authorization" not in headers:
            host = headers.get("host", "")
            if not presigned.is_signed(method, host, path, keys, self.region):
                return _error(service, 403, "SignatureDoesNotMatch")
            if not presigned.may(self.role, method, host, path):
                return _error(service, 403, "AccessDenied")
        elif "x-amz-security-token" not in headers:
            return _error(service, 403 if service == "s3" else 400, "ExpiredToken")
        if service == "ssm" and self.ssm.refuse:
            return _error(service, 400, "AccessDenied")
        return None

    def _answer(
        self,
        service: str,
        action: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
    ) -> _Answer:
        if service in ("s3", "ssm"):
            return self._ask_moto(service, method, path, headers, body)
        if service == "logs":
            status, kind, content = self.logs.respond(action, body)
        elif service == "cloudformation":
            status, kind, content = self.cloudformation.respond(body)
        elif service == "sns":
            status, kind, content = self.topics.respond(body)
        else:
            status, kind, content = cloudwatch.put_metrics()
        return status, [("Content-Type", kind)], content

    def _ask_moto(
        self, _service: str, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> _Answer:
        host = headers.get("Host", "localhost")
        headers = {k: v for k, v in headers.items() if k.lower() != "transfer-encoding"}
        builder = EnvironBuilder(
            path=path, method=method, headers=headers, data=body, base_url=f"https://{host}"
        )
        environ = {**builder.get_environ(), "RAW_URI": path, "REQUEST_URI": path}
        chunks, status, sent = run_wsgi_app(self._moto, environ)
        return int(status.split()[0]), list(sent.items()), b"".join(chunks)


def _error(service: str, status: int, code: str) -> _Answer:
    if service in ("ssm", "logs"):
        kind = "application/x-amz-json-1.1"
        body = json.dumps({"__type": f"{code}Exception", "message": "refused"})
    else:
        kind = "application/xml"
        body = f"<Error><Code>{code}</Code><Message>refused</Message></Error>"
        if service != "s3":
            body = f"<ErrorResponse>{body}</ErrorResponse>"
    return status, [("Content-Type", kind)], body.encode()

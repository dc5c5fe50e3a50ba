"""Instance metadata as EC2 serves it to machines that want version 2: no token, no answer."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass, field
from http import HTTPStatus

from ..network import Namespace
from .serving import QuietHandler, serve_http

ROLE = "pod-PodRole-REHEARSAL"
# How long EC2's keys are good for.
_LIFE = 6 * 3600.0


@dataclass(frozen=True)
class Instance:
    """What EC2 knows about one machine; ``address`` is how it is told apart."""

    instance_id: str
    address: str
    user_data: str
    region: str
    account: str


@dataclass(frozen=True)
class Asked:
    """One request to the metadata service."""

    address: str
    method: str
    path: str
    status: int


@dataclass
class Credentials:
    """Keys of the role, good until ``ends`` (seconds since 1970)."""

    ends: float
    key: str = field(default_factory=lambda: f"ASIA{secrets.token_hex(8).upper()}")
    secret: str = field(default_factory=lambda: secrets.token_hex(20))
    token: str = field(default_factory=lambda: secrets.token_hex(100))


class Metadata:
    """The service at 169.254.169.254; set ``down`` and it answers 503."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all instances, requests and keys."""
        self.down = False
        self.instances: dict[str, Instance] = {}
        self.requests: list[Asked] = []
        self._tokens: dict[str, float] = {}
        self._credentials = [_new_credentials(_LIFE)]

    def add(self, instance: Instance) -> None:
        """Let a machine be known."""
        self.instances[instance.address] = instance

    def rotate(self, life: float = _LIFE) -> None:
        """Hand out other keys from now on, good for ``life`` seconds; older ones until they end."""
        self._credentials.append(_new_credentials(life))

    def expire(self) -> None:
        """End all keys that were handed out, and hand out others."""
        for credentials in self._credentials:
            credentials.ends = time.time()
        self.rotate()

    def good(self, key: str) -> Credentials | None:
        """The keys with this access key, if they were handed out and have not ended."""
        now = time.time()
        return next((it for it in self._credentials if it.key == key and it.ends > now), None)

    def serve(self, namespace: Namespace, address: str) -> None:
        """Answer machines."""
        metadata = self

        class Handler(QuietHandler):
            def handle_any(self) -> None:
                client = self.client_address[0]
                status, text = metadata.respond(
                    client, self.command, self.path, {k.lower(): v for k, v in self.headers.items()}
                )
                metadata.requests.append(Asked(client, self.command, self.path, status))
                self.answer(status, text.encode(), {"Content-Type": "text/plain"})

            do_GET = do_PUT = do_POST = do_HEAD = handle_any  # noqa: N815

        serve_http(namespace, (address, 80), Handler)

    def respond(
        self, client: str, method: str, path: str, headers: dict[str, str]
    ) -> tuple[int, str]:
        """Status and text for a request."""
        if self.down:
            return HTTPStatus.SERVICE_UNAVAILABLE, ""
        if path == "/latest/api/token":
            return self._new_token(method, headers)
        if self._tokens.get(headers.get("x-aws-ec2-metadata-token", ""), 0) < time.time():
            return HTTPStatus.UNAUTHORIZED, ""
        instance = self.instances.get(client)
        text = self._documents(instance).get(path.removesuffix("/")) if instance else None
        if method != "GET" or text is None:
            return HTTPStatus.NOT_FOUND, ""
        return HTTPStatus.OK, text

    def _new_token(self, method: str, headers: dict[str, str]) -> tuple[int, str]:
        life = headers.get("x-aws-ec2-metadata-token-ttl-seconds", "")
        # EC2 gives none to a request that came through a proxy.
        if method != "PUT" or not life.isdigit() or "x-forwarded-for" in headers:
            return HTTPStatus.BAD_REQUEST, ""
        token = secrets.token_urlsafe(42)
        self._tokens[token] = time.time() + int(life)
        return HTTPStatus.OK, token

    def _documents(self, instance: Instance) -> dict[str, str]:
        identity = {
            "accountId": instance.account,
            "architecture": "x86_64",
            "availabilityZone": f"{instance.region}a",
            "instanceId": instance.instance_id,
            "privateIp": instance.address,
            "region": instance.region,
            "version": "2017-09-30",
        }
        data = "/latest/meta-data"
        return {
            "/latest/user-data": instance.user_data,
            "/latest/dynamic/instance-identity/document": json.dumps(identity),
            f"{data}/instance-id": instance.instance_id,
            f"{data}/local-ipv4": instance.address,
            f"{data}/placement/region": instance.region,
            f"{data}/placement/availability-zone": f"{instance.region}a",
            f"{data}/services/domain": "amazonaws.com",
            f"{data}/iam/security-credentials": ROLE,
            f"{data}/iam/security-credentials/{ROLE}": self._credentials_document(),
        }

    def _credentials_document(self) -> str:
        now = self._credentials[-1]
        return json.dumps(
            {
                "Code": "Success",
                "LastUpdated": _date(time.time()),
                "Type": "AWS-HMAC",
                "AccessKeyId": now.key,
                "SecretAccessKey": now.secret,
                "Token": now.token,
                "Expiration": _date(now.ends),
            }
        )


def _new_credentials(life: float) -> Credentials:
    return Credentials(ends=time.time() + life)


def _date(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))

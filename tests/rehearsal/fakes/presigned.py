"""Addresses of S3 that are signed beforehand: whoever has one asks without keys of his own.

S3 makes the signature anew, and looks then whether those who signed may do it from where the
request comes: not from inside the VPC, for a visitor.
"""

from __future__ import annotations

import calendar
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from ...iam import allowed
from ..stack import ACCOUNT
from . import metadata

_ACTIONS = {"GET": "s3:GetObject", "HEAD": "s3:GetObject"}


def key_of(path: str) -> str:
    """The access key that an address was signed with; nothing where it was not."""
    return _query(path).get("X-Amz-Credential", "").partition("/")[0]


def is_signed(method: str, host: str, path: str, keys: metadata.Credentials, region: str) -> bool:
    """Whether the address was signed with these keys for this method, and has not ended."""
    query = _query(path)
    signature = query.pop("X-Amz-Signature", "")
    if query.get("X-Amz-Security-Token") != keys.token:
        return False
    signed_at, life = query.get("X-Amz-Date", ""), int(query.get("X-Amz-Expires", 0))
    ends = calendar.timegm(time.strptime(signed_at, "%Y%m%dT%H%M%SZ")) + life
    if time.time() > ends:
        return False
    return signature == _signature(method, host, urlsplit(path).path, query, keys, region)


def may(role: Mapping[str, Any] | None, method: str, host: str, path: str) -> bool:
    """Whether the role may do it for somebody who is outside of the VPC."""
    bucket = host.partition(".s3.")[0]
    arn = f"arn:aws:s3:::{bucket}{urlsplit(path).path}"
    action = _ACTIONS.get(method, "s3:PutObject")
    return role is not None and allowed(role, action, arn, {"aws:ResourceAccount": ACCOUNT})


def _signature(
    method: str,
    host: str,
    path: str,
    query: Mapping[str, str],
    keys: metadata.Credentials,
    region: str,
) -> str:
    asked = "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in query.items())
    request = AWSRequest(method=method, url=f"https://{host}{path}?{asked}")
    request.context["timestamp"] = query["X-Amz-Date"]
    auth = S3SigV4QueryAuth(Credentials(keys.key, keys.secret), "s3", region)
    text = auth.string_to_sign(request, auth.canonical_request(request))
    return str(auth.signature(text, request))


def _query(path: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(path).query))

"""Talking to AWS: what may pass by waiting and what stays, and the metadata service's second
version only."""

from __future__ import annotations

import io
import urllib.request
from typing import Any

import botocore.exceptions as raised
import pytest
from diaspora_pod import aws
from diaspora_pod.errors import Permanent, Transient


def answered(code: str, status: int = 400) -> raised.ClientError:
    error = {"Error": {"Code": code, "Message": "words"}}
    return raised.ClientError({**error, "ResponseMetadata": {"HTTPStatusCode": status}}, "Call")


def tls(text: str) -> raised.SSLError:
    return raised.SSLError(endpoint_url="https://ssm", error=text)


TRANSIENT = {
    "no credentials yet": raised.NoCredentialsError(),
    "half of the credentials": raised.PartialCredentialsError(provider="x", cred_var="y"),
    "credentials that do not come": raised.CredentialRetrievalError(provider="x", error_msg="y"),
    "metadata away": raised.MetadataRetrievalError(error_msg="x"),
    "no network": raised.EndpointConnectionError(endpoint_url="https://ssm"),
    "no connection in time": raised.ConnectTimeoutError(endpoint_url="https://ssm"),
    "no answer in time": raised.ReadTimeoutError(endpoint_url="https://ssm"),
    "connection lost": raised.ConnectionClosedError(endpoint_url="https://ssm"),
    "TLS broken off": tls("EOF occurred in violation of protocol"),
    "a clock that is behind": tls("[SSL: CERTIFICATE_VERIFY_FAILED] certificate is not yet valid"),
    "a clock that is ahead": tls("[SSL: CERTIFICATE_VERIFY_FAILED] certificate has expired"),
    "an answer cut short": raised.IncompleteReadError(actual_bytes=1, expected_bytes=2),
    "a server's error": answered("Whatever", 500),
    "a server away": answered("Whatever", 503),
    "too many calls by status": answered("Whatever", 429),
    **{code: answered(code) for code in sorted(aws.TRANSIENT_CODES)},
}
PERMANENT = {
    "access denied": answered("AccessDeniedException"),
    "access denied by S3": answered("AccessDenied", 403),
    "no such bucket": answered("NoSuchBucket", 404),
    "no such parameter": answered("ParameterNotFound"),
    "a key of KMS that is gone": answered("InvalidKeyId"),
    "no region of that name": raised.InvalidRegionError(region_name="a b"),
    "a call that is none": raised.ParamValidationError(report="x"),
}


@pytest.mark.parametrize("error", TRANSIENT.values(), ids=TRANSIENT)
def test_what_passes_by_waiting_is_waited_for(error: Exception) -> None:
    with pytest.raises(Transient, match="the subject"), aws.troubles("the subject"):
        raise error


@pytest.mark.parametrize("error", PERMANENT.values(), ids=PERMANENT)
def test_what_stays_is_told(error: Exception) -> None:
    with pytest.raises(Permanent, match="the subject"), aws.troubles("the subject"):
        raise error


def test_mistakes_of_ours_are_neither() -> None:
    with pytest.raises(KeyError), aws.troubles("the subject"):
        raise KeyError


def test_a_client_gives_up_by_itself_and_leaves_trying_again_to_us() -> None:
    config = aws.client("ssm", "eu-west-1").meta.config
    assert 0 < config.connect_timeout <= 10
    assert 0 < config.read_timeout <= 30
    assert config.retries["total_max_attempts"] == 1


def test_a_region_that_is_none_is_told() -> None:
    with pytest.raises(Permanent, match="ssm"):
        aws.client("ssm", "a region;")


@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1"])
def test_s3_is_asked_in_the_stacks_region_by_the_buckets_name(region: str) -> None:
    url = aws.client("s3", region).generate_presigned_url(
        "get_object", Params={"Bucket": "pod", "Key": "uploads/images/"}
    )
    assert url.startswith(f"https://pod.s3.{region}.amazonaws.com/uploads/images/")


def test_credentials_are_looked_for_again_at_each_try() -> None:
    assert aws.client("ssm", "eu-west-1") is not aws.client("ssm", "eu-west-1")


class Metadata:
    """A metadata service that demands a token, as version 2 does."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.timeouts: list[float] = []

    def open(self, request: urllib.request.Request, timeout: float) -> io.BytesIO:
        self.asked.append((request.get_method(), request.full_url))
        self.timeouts.append(timeout)
        headers = {name.lower(): value for name, value in request.header_items()}
        if request.get_method() == "PUT":
            assert int(headers["x-aws-ec2-metadata-token-ttl-seconds"]) > 0
            return io.BytesIO(b"a token")
        assert headers["x-aws-ec2-metadata-token"] == "a token"
        return io.BytesIO(b"i-0123456789abcdef0\n")


@pytest.fixture
def metadata(monkeypatch: pytest.MonkeyPatch) -> Metadata:
    service = Metadata()
    monkeypatch.setattr(urllib.request, "build_opener", lambda *handlers: service)
    return service


def test_the_instance_id_is_asked_for_with_a_token(metadata: Metadata) -> None:
    assert aws.instance_id() == "i-0123456789abcdef0"
    assert metadata.asked == [
        ("PUT", "http://169.254.169.254/latest/api/token"),
        ("GET", "http://169.254.169.254/latest/meta-data/instance-id"),
    ]
    assert all(0 < timeout <= 5 for timeout in metadata.timeouts)


def test_the_metadata_service_is_never_asked_through_a_proxy(
    monkeypatch: pytest.MonkeyPatch, metadata: Metadata
) -> None:
    seen: list[Any] = []

    def build(*handlers: Any) -> Metadata:
        seen.extend(handlers)
        return metadata

    monkeypatch.setattr(urllib.request, "build_opener", build)
    monkeypatch.setenv("http_proxy", "http://proxy.example")
    aws.instance_id()
    assert seen
    assert all(handler.proxies == {} for handler in seen)


def test_a_metadata_service_that_is_away_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, metadata: Metadata
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(metadata, "open", refuse)
    with pytest.raises(Transient, match="instance metadata"):
        aws.instance_id()

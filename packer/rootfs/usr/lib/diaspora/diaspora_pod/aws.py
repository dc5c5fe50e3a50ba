"""Talking to AWS: the instance's own id, clients, and which of their errors pass by waiting."""

from __future__ import annotations

import contextlib
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

from .errors import Permanent, Transient

METADATA = "http://169.254.169.254/latest"
METADATA_TIMEOUT = 3
METADATA_ATTEMPTS = 3
# Bounds for one call, which is tried once: whoever makes it has patience of its own.
CONNECT_TIMEOUT = 5
READ_TIMEOUT = 20

TRANSIENT_CODES = {
    # Too much at once, or AWS's own trouble with a status that does not say so.
    "ConditionalRequestConflict",
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "PriorRequestNotComplete",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    # Credentials that are just being renewed or not known everywhere yet; a clock just being set.
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}


def client(service: str, region: str, **more: Any) -> Any:
    """A client whose calls end in bounded time; raises Transient or Permanent.

    Made anew for each try: one that found no credentials would never look for them again.
    ``more`` is for its configuration.
    """
    import boto3
    import botocore.config
    import botocore.session

    session = botocore.session.get_session()
    session.set_config_variable("metadata_service_timeout", METADATA_TIMEOUT)
    session.set_config_variable("metadata_service_num_attempts", METADATA_ATTEMPTS)
    session.set_config_variable("ec2_metadata_v1_disabled", True)
    config = botocore.config.Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        retries={"mode": "standard", "total_max_attempts": 1},
        s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
        **more,
    )
    with troubles(service):
        return boto3.Session(botocore_session=session).client(
            service, region_name=region, config=config
        )


@contextlib.contextmanager
def troubles(subject: str) -> Iterator[None]:
    """Turn what boto3 raises into Transient or Permanent, with the subject in front."""
    import botocore.exceptions as raised

    try:
        yield
    except (raised.ClientError, raised.BotoCoreError) as error:
        kind = Transient if is_transient(error) else Permanent
        raise kind(f"{subject}: {error}") from error


def is_transient(error: Exception) -> bool:
    """Whether a botocore error may be gone at the next try."""
    import botocore.exceptions as raised

    if isinstance(error, raised.ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 or status == 429 or error_code(error) in TRANSIENT_CODES
    # SSLError is one of these too: a machine whose clock is not set yet believes no certificate,
    # and OpenSSL says so in many ways.
    return isinstance(
        error,
        (
            raised.ConnectionError,
            raised.HTTPClientError,
            raised.IncompleteReadError,
            raised.NoCredentialsError,
            raised.PartialCredentialsError,
            raised.CredentialRetrievalError,
            raised.MetadataRetrievalError,
        ),
    )


def error_code(error: Exception) -> str:
    """AWS's name for an error that it answered, or nothing."""
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


def instance_id() -> str:
    """This instance's id, by version 2 of the metadata service; raises Transient."""
    try:
        token = _ask("PUT", "/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "60"})
        return _ask("GET", "/meta-data/instance-id", {"X-aws-ec2-metadata-token": token})
    except (OSError, ValueError) as error:
        raise Transient(f"instance metadata: {error}") from error


def _ask(method: str, path: str, headers: dict[str, str]) -> str:
    request = urllib.request.Request(METADATA + path, method=method, headers=headers)
    # The metadata service is on this machine's own link, whatever proxy the environment names.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=METADATA_TIMEOUT) as response:
        return str(response.read().decode("ascii").strip())

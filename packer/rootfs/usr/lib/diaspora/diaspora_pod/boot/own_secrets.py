"""The secrets that the first boot of a pod makes up and that every later one reads again."""

from __future__ import annotations

import re
import secrets
import subprocess
from collections.abc import Callable
from typing import Any

from ..errors import Permanent, Transient
from . import parameters

SESSION_SECRET = "session-secret"
OIDC_KEY = "oidc-key"
DOMAIN_NAME = "domain-name"
SESSION_SECRET_LENGTH = 128
OIDC_KEY_BITS = 4096

_PEM = re.compile(
    r"-----BEGIN (?P<kind>(RSA )?PRIVATE KEY)-----\n"
    r"([A-Za-z0-9+/=]{1,76}\n)+"
    r"-----END (?P=kind)-----\n?"
)


def claim(ssm: Any, path: str, domain: str) -> None:
    """Note down at the first boot whose secrets these are; raises Permanent for another pod's.

    Two pods with the same secrets would believe each other's sessions.
    """
    owner = _keep(ssm, f"{path}/{DOMAIN_NAME}", lambda: domain)
    if owner != domain:
        raise Permanent(
            f"the secrets below {path} are another pod's, and not {domain}'s: "
            "give SecretsPath another path"
        )


def session_secret(ssm: Any, path: str) -> str:
    """What signs sessions and password resets: hexadecimal, because it becomes Ruby code."""
    secret = _keep(ssm, f"{path}/{SESSION_SECRET}", new_session_secret)
    if not is_session_secret(secret):
        raise Permanent(
            f"the SSM parameter {path}/{SESSION_SECRET} is not {SESSION_SECRET_LENGTH} "
            "hexadecimal digits"
        )
    return secret


def oidc_key(ssm: Any, path: str) -> str:
    """The RSA key that signs OpenID Connect's tokens, as PEM."""
    key = _keep(ssm, f"{path}/{OIDC_KEY}", new_oidc_key)
    if not is_oidc_key(key):
        raise Permanent(
            f"the SSM parameter {path}/{OIDC_KEY} is not an RSA key of {OIDC_KEY_BITS} bits as PEM"
        )
    return key


def _keep(ssm: Any, name: str, new: Callable[[], str]) -> str:
    found = parameters.find(ssm, name)
    if found is not None:
        return found
    made = new()
    if parameters.make(ssm, name, made):
        return made
    # Another machine was faster: its secret counts, and may take a moment to be seen here.
    found = parameters.find(ssm, name)
    if found is None:
        raise Transient(f"the SSM parameter {name} has just been made and is not seen yet")
    return found


def new_session_secret() -> str:
    """A new session secret."""
    return secrets.token_hex(SESSION_SECRET_LENGTH // 2)


def new_oidc_key() -> str:
    """A new key, which leaves no trace on the disk."""
    return _openssl("genrsa", str(OIDC_KEY_BITS)).stdout


def is_session_secret(text: str) -> bool:
    """Whether the text is hexadecimal of the right length, and nothing else."""
    return re.fullmatch(f"[0-9a-f]{{{SESSION_SECRET_LENGTH}}}", text) is not None


def is_oidc_key(text: str) -> bool:
    """Whether the text is one PEM block, without a password, that OpenSSL takes for such a key."""
    if _PEM.fullmatch(text) is None:
        return False
    answer = _openssl("rsa", "-check", "-noout", "-modulus", given=text)
    modulus = re.search(r"^Modulus=([0-9A-F]+)$", answer.stdout, re.MULTILINE)
    return (
        # Its status does not tell: it ends with 0 for a key that it finds wrong.
        "RSA key ok" in answer.stdout
        and modulus is not None
        and int(modulus[1], 16).bit_length() == OIDC_KEY_BITS
    )


def _openssl(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """The key goes in and out by pipes: never by a command line, which everybody can read."""
    return subprocess.run(
        ["openssl", *arguments], input=given, capture_output=True, text=True, check=False
    )

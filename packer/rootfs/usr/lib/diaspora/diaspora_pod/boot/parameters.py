"""Secrets in SSM Parameter Store: those that a person made, in the version that is meant."""

from __future__ import annotations

from typing import Any

from ..aws import error_code, troubles
from ..errors import Permanent


def read(ssm: Any, name: str, version: str) -> str:
    """The text of one version of a parameter, with or without a slash in front of its name.

    Raises Permanent where there is none, or no right to read it; Transient otherwise.
    """
    found = find(ssm, f"{name}:{version}")
    if found is None:
        raise Permanent(f"the SSM parameter {name} is missing, or has no version {version}")
    return found


def find(ssm: Any, name: str) -> str | None:
    """The text of a parameter, or None where there is none."""
    with troubles(f"the SSM parameter {name}"):
        try:
            answer = ssm.get_parameter(Name=name, WithDecryption=True)
        except Exception as error:
            if error_code(error) in ("ParameterNotFound", "ParameterVersionNotFound"):
                return None
            raise
    return str(answer["Parameter"]["Value"])


def make(ssm: Any, name: str, value: str) -> bool:
    """Keep a new secret; False where another machine was faster. Never overwrites one."""
    with troubles(f"the SSM parameter {name}"):
        try:
            ssm.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=False)
        except Exception as error:
            if error_code(error) == "ParameterAlreadyExists":
                return False
            raise
    return True

"""What stands between the internet and the pod: certificate, front, and the domain's records."""

from __future__ import annotations

from dataclasses import dataclass

from troposphere import AWSHelperFn


@dataclass(frozen=True)
class Front:
    """``host`` is the pod's name; ``target`` and its hosted zone ``zone`` are what records lead to.

    The latter two may be there only while the stack owns the domain.
    """

    host: AWSHelperFn
    target: AWSHelperFn
    zone: AWSHelperFn

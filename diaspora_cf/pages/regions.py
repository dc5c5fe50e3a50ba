"""Where a pod can run: the regions that have all that the default answers ask for.

The list is computed from what cfn-lint knows of AWS by ``tests/pages/test_regions.py``, which fails
where it is another one. Which zones have no VPC link is AWS's word.
"""

from __future__ import annotations

from typing import Any

# Every type of every template, and the default machine. In alphabetical order.
REGIONS = (
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
)
# Zones of these that have none, by their ids: a letter means another zone in each account
# (API Gateway Developer Guide, "Set up VPC links V2", availability by region; seen 2026-11-27).
ZONES_WITHOUT_LINK = {
    "ap-northeast-1": ("apne1-az3",),
    "ca-central-1": ("cac1-az4",),
    "eu-west-3": ("euw3-az2",),
    "us-east-1": ("use1-az3",),
    "us-west-1": ("usw1-az2",),
}


def regions_list(_: dict[str, Any]) -> str:
    """The regions as Markdown, each with the zones that a pod must not be in."""
    return ", ".join(f"{region}{_but(region)}" for region in REGIONS) + "."


def _but(region: str) -> str:
    zones = ZONES_WITHOUT_LINK.get(region, ())
    return f" (not zone {' or '.join(zones)})" if zones else ""

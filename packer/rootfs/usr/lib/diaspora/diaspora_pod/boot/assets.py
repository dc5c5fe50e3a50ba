"""Public assets in the bucket, so that a page from before an upgrade finds those that it names.

Only those travel that the image's build knew, by name and content: its own, and those of releases
before. What somebody plants in the bucket who has taken a pod over is served by no pod after it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .. import files
from ..aws import troubles
from ..machine import Machine
from ..progress import say
from ..settings import Settings

FOLDER = "assets"
# Newest first, until this many bytes: some eight images' worth.
MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Stored:
    """An asset in the bucket; ``name`` is its path below the folder of assets."""

    name: str
    size: int
    modified: float


def known(machine: Machine) -> dict[str, str]:
    """The names of all assets that the image's build knew, each with its content's SHA-256."""
    lines = machine.known_assets.read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def exchange(machine: Machine, settings: Settings, s3: Any) -> None:
    """Fetch other images' assets first, for they are asked for; then keep this one's.

    Raises Transient or Permanent; what was done until then stays.
    """
    digests = known(machine)
    own = {name for name in digests if (machine.own_assets / name).is_file()}
    with troubles(f"the bucket {settings.bucket}"):
        stored = [asset for asset in _stored(s3, settings.bucket) if asset.name in digests]
        fetched = _fetch(machine, settings.bucket, s3, _wanted(stored, own), digests)
        kept = _keep(machine, settings.bucket, s3, own - {asset.name for asset in stored})
    say(f"assets: {fetched} fetched from the bucket, {kept} copied into it")


def _stored(s3: Any, bucket: str) -> Iterator[Stored]:
    prefix = f"{FOLDER}/"
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        for entry in page.get("Contents", []):
            name = entry["Key"].removeprefix(prefix)
            yield Stored(name, entry["Size"], entry["LastModified"].timestamp())


def _wanted(stored: list[Stored], own: set[str]) -> Iterator[Stored]:
    """Other images' assets, the newest first, within bounds."""
    room = MOST_BYTES
    for asset in sorted(stored, key=lambda asset: asset.modified, reverse=True):
        if asset.name not in own and asset.size <= room:
            room -= asset.size
            yield asset


def _fetch(
    machine: Machine,
    bucket: str,
    s3: Any,
    wanted: Iterator[Stored],
    digests: Mapping[str, str],
) -> int:
    count = 0
    for asset in wanted:
        path = machine.older_assets / asset.name
        if path.exists():
            continue
        answer = s3.get_object(Bucket=bucket, Key=f"{FOLDER}/{asset.name}")
        content = answer["Body"].read()
        if hashlib.sha256(content).hexdigest() != digests[asset.name]:
            say(f"assets: what the bucket has as {asset.name} is something else, and left there")
            continue
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        files.write(path, content, mode=0o644, owner=machine.owner, group=machine.group)
        count += 1
    return count


def _keep(machine: Machine, bucket: str, s3: Any, names: set[str]) -> int:
    for name in sorted(names):
        content = (machine.own_assets / name).read_bytes()
        s3.put_object(Bucket=bucket, Key=f"{FOLDER}/{name}", Body=content)
    return len(names)

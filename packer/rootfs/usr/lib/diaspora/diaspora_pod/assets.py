"""Public assets in the bucket, so that a page from before an upgrade finds those that it names.

Only files whose name holds their content's fingerprint travel: such a name means one content for
ever. The list of them, which Sprockets keeps beside them, is each image's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import files
from .aws import troubles
from .machine import Machine
from .progress import say
from .settings import Settings

FOLDER = "assets"
# Newest first, until this many bytes: some eight images' worth.
MOST_BYTES = 64 * 1024 * 1024
# No part of a name may begin with a dot: neither Sprockets' list nor a way out of the folder.
_FINGERPRINTED = re.compile(r"([\w-][\w.@-]*/)*[\w-][\w.@-]*-[0-9a-f]{64}\.[\w.]*\w")


@dataclass(frozen=True)
class Stored:
    """An asset in the bucket; ``name`` is its path below the folder of assets."""

    name: str
    size: int
    modified: float


def is_fingerprinted(name: str) -> bool:
    """Whether a file's name says what is in it, and leads nowhere else."""
    return _FINGERPRINTED.fullmatch(name) is not None


def exchange(machine: Machine, settings: Settings, s3: Any) -> None:
    """Fetch other images' assets first, for they are asked for; then keep this one's.

    Raises Transient or Permanent; what was done until then stays.
    """
    with troubles(f"the bucket {settings.bucket}"):
        stored = list(_stored(s3, settings.bucket))
        own = {name for name in _names(machine.own_assets) if is_fingerprinted(name)}
        fetched = _fetch(machine, settings.bucket, s3, _wanted(stored, own))
        kept = _keep(machine, settings.bucket, s3, own - {asset.name for asset in stored})
    say(f"assets: {fetched} fetched from the bucket, {kept} copied into it")


def _stored(s3: Any, bucket: str) -> Iterator[Stored]:
    prefix = f"{FOLDER}/"
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        for entry in page.get("Contents", []):
            name = entry["Key"].removeprefix(prefix)
            if is_fingerprinted(name):
                yield Stored(name, entry["Size"], entry["LastModified"].timestamp())


def _wanted(stored: list[Stored], own: set[str]) -> Iterator[Stored]:
    """Other images' assets, the newest first, within bounds."""
    room = MOST_BYTES
    for asset in sorted(stored, key=lambda asset: asset.modified, reverse=True):
        if asset.name not in own and asset.size <= room:
            room -= asset.size
            yield asset


def _fetch(machine: Machine, bucket: str, s3: Any, wanted: Iterator[Stored]) -> int:
    count = 0
    for asset in wanted:
        path = machine.older_assets / asset.name
        if path.exists():
            continue
        answer = s3.get_object(Bucket=bucket, Key=f"{FOLDER}/{asset.name}")
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        files.write(
            path, answer["Body"].read(), mode=0o644, owner=machine.owner, group=machine.group
        )
        count += 1
    return count


def _keep(machine: Machine, bucket: str, s3: Any, names: set[str]) -> int:
    for name in sorted(names):
        content = (machine.own_assets / name).read_bytes()
        s3.put_object(Bucket=bucket, Key=f"{FOLDER}/{name}", Body=content)
    return len(names)


def _names(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.relative_to(folder).as_posix()

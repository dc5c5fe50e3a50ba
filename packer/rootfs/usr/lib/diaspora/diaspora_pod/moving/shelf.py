"""Hand-overs in the bucket: what machines that have ended left for the one that comes after them.

Each is one object, there when it is whole. Whoever wants to take it writes his name beside it, and
S3 refuses the second who does (User Guide, "conditional writes"). The names stay: what was taken
and is handed over once more, by a machine that had no answer, is not taken twice.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from typing import IO, Any, cast

from ..aws import error_code, troubles
from ..errors import Permanent
from ..jobs import SETS, Entry
from ..settings import Settings
from . import upload

FOLDER = "handover"
# When it was made, and by which machine.
NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z-i-[0-9a-f]+")
TAKER = ".taker"


class Shelf:
    """The hand-overs of pods that share their secrets, of which one owns the domain.

    Every call raises Transient or Permanent.
    """

    def __init__(self, s3: Any, settings: Settings) -> None:
        self._s3 = s3
        self._bucket = settings.bucket
        self._folder = f"{FOLDER}{settings.secrets_path}/"

    def names(self) -> list[str]:
        """What lies there, the newest first."""
        found = (key.removeprefix(self._folder) for key in self._keys(self._folder))
        return sorted((name for name in found if NAME.fullmatch(name)), reverse=True)

    def has_seen(self, name: str) -> bool:
        """Whether it has arrived; it may be taken and gone by now."""
        return bool(self._keys(self._key(name)))

    def send(self, name: str, entries: Iterable[Entry]) -> None:
        """Send jobs of any size, whole or not at all."""
        upload.send(self._s3, self._bucket, self._key(name), _Chunks(_compressed(entries)))

    def claim(self, name: str, instance: str) -> str:
        """Say that an instance takes it; returns the one that does: the first who said so."""
        place = {"Bucket": self._bucket, "Key": self._key(name) + TAKER}
        with self._troubles():
            try:
                self._s3.put_object(**place, Body=instance.encode(), IfNoneMatch="*")
                return instance
            except Exception as error:
                if error_code(error) != "PreconditionFailed":
                    raise
            return str(self._s3.get_object(**place)["Body"].read().decode())

    def entries(self, name: str) -> Iterator[Entry]:
        """Its jobs as they come; Permanent, at the end maybe, where it is not what was sent."""
        with self._troubles():
            answer = self._s3.get_object(Bucket=self._bucket, Key=self._key(name))
            yield from _read(answer["Body"])

    def remove(self, name: str) -> None:
        """Take it away; who took it stays written there."""
        with self._troubles():
            self._s3.delete_object(Bucket=self._bucket, Key=self._key(name))

    def _key(self, name: str) -> str:
        return self._folder + name

    def _keys(self, prefix: str) -> list[str]:
        with self._troubles():
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix
            )
            return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def _troubles(self) -> Any:
        return troubles(f"the bucket {self._bucket}")


def _compressed(entries: Iterable[Entry]) -> Iterator[bytes]:
    """A line for each job, and at the end how many there were."""
    made = zlib.compressobj(level=1, wbits=zlib.MAX_WBITS | 16)
    count = 0
    for entry in entries:
        count += 1
        yield made.compress(_line([entry.place, entry.job, entry.time]))
    yield made.compress(_line(count)) + made.flush()


def _line(value: object) -> bytes:
    return json.dumps(value).encode() + b"\n"


def _read(stream: Any) -> Iterator[Entry]:
    count, told = 0, None
    try:
        with gzip.GzipFile(fileobj=cast("IO[bytes]", stream), mode="rb") as lines:
            for line in lines:
                if isinstance(found := json.loads(line), int):
                    told = found
                    continue
                count += 1
                yield _entry(*found)
    except (EOFError, OSError, TypeError, ValueError, zlib.error) as error:
        raise Permanent(f"it is not whole: {error}") from error
    if told != count:
        raise Permanent(f"it is not whole: {count} jobs instead of {told}")


def _entry(place: str, job: str, time: str) -> Entry:
    if place not in SETS and not place.startswith("queue:"):
        raise ValueError(f"{place} is no place for jobs")
    return Entry(place, job, time)


class _Chunks:
    """What comes in pieces of any size, as a stream."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._held = bytearray()

    def read(self, amount: int) -> bytes:
        """So many bytes, and fewer only at the end."""
        while len(self._held) < amount and (chunk := next(self._chunks, None)) is not None:
            self._held += chunk
        data = bytes(self._held[:amount])
        del self._held[:amount]
        return data

"""A dump in the bucket: the database, the jobs that waited, and what it must be to be whole.

The manifest comes last: without it there is no dump.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import IO, Any, cast

from ..aws import error_code, troubles
from ..errors import Permanent
from . import upload

FOLDER = "transfer"
NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z")


@dataclass(frozen=True)
class Manifest:
    """What a dump holds: ``rows`` by table, ``schema`` the migrations, ``size`` in bytes."""

    domain: str
    application: str
    server: int
    schema: list[int]
    rows: dict[str, int]
    jobs: int
    size: int
    sha256: str


class Transfer:
    """One dump, by its name; every call raises Transient or Permanent."""

    def __init__(self, s3: Any, bucket: str, name: str) -> None:
        if NAME.fullmatch(name) is None:
            raise Permanent(f"{name} is no name of a dump, which looks like 20261231T235959Z")
        self._s3 = s3
        self._bucket = bucket
        self.name = name

    def send_database(self, stream: Measured) -> None:
        """Send a stream of any length, a piece in memory at a time; what breaks off is not kept."""
        upload.send(self._s3, self._bucket, self._key("database"), stream)

    def send_jobs(self, text: str) -> None:
        """Send the jobs that waited."""
        self._send("jobs", text)

    def send_manifest(self, manifest: Manifest) -> None:
        """Make the dump whole."""
        self._send("manifest", json.dumps(asdict(manifest), indent=1))

    def database(self, manifest: Manifest) -> Measured:
        """The database's stream, piece by piece; ``Measured.want`` says whether it was whole."""
        return Measured(cast("IO[bytes]", _Pieces(self._piece, manifest.size)))

    def manifest(self) -> Manifest:
        """What the dump must be; Permanent where there is no whole one of this name."""
        text = self._read("manifest")
        if text is None:
            raise Permanent(f"the bucket {self._bucket} has no whole dump {self.name}")
        try:
            return Manifest(**json.loads(text))
        except (ValueError, TypeError) as error:
            raise Permanent(f"the manifest of {self.name} cannot be read: {error}") from error

    def jobs(self) -> str:
        """The jobs that waited, as they were sent."""
        text = self._read("jobs")
        if text is None:
            raise Permanent(f"the dump {self.name} has no jobs")
        return text

    def are_taken(self) -> bool:
        """Whether a pod has taken the jobs."""
        return self._read("jobs-taken") is not None

    def take(self) -> None:
        """Say that the jobs are taken."""
        self._send("jobs-taken", "")

    def _key(self, part: str) -> str:
        return f"{FOLDER}/{self.name}/{part}"

    def _send(self, part: str, text: str) -> None:
        with self._troubles():
            self._s3.put_object(Bucket=self._bucket, Key=self._key(part), Body=text.encode())

    def _read(self, part: str) -> str | None:
        with self._troubles():
            try:
                answer = self._s3.get_object(Bucket=self._bucket, Key=self._key(part))
            except Exception as error:
                if error_code(error) == "NoSuchKey":
                    return None
                raise
            return str(answer["Body"].read().decode())

    def _piece(self, start: int) -> bytes:
        def ask() -> bytes:
            with self._troubles():
                try:
                    answer = self._s3.get_object(
                        Bucket=self._bucket,
                        Key=self._key("database"),
                        Range=f"bytes={start}-{start + upload.PIECE - 1}",
                    )
                except Exception as error:
                    if error_code(error) == "InvalidRange":
                        # It is shorter than it was.
                        return b""
                    raise
                return bytes(answer["Body"].read())

        return upload.patiently(ask)

    def _troubles(self) -> Any:
        return troubles(f"the bucket {self._bucket}")


class Measured:
    """A stream, of which is known afterwards how much it was, and what.

    ``ended`` is called when it is over, and may raise: what then reads it does not take the part
    for the whole.
    """

    def __init__(self, stream: IO[bytes], ended: Callable[[], None] = lambda: None) -> None:
        self._stream = stream
        self._ended = ended
        self._hash = hashlib.sha256()
        self.size = 0

    def read(self, amount: int = -1) -> bytes:
        """Up to so many bytes; none at the end."""
        data = self._stream.read(amount)
        if not data:
            self._ended()
        self._hash.update(data)
        self.size += len(data)
        return data

    @property
    def sha256(self) -> str:
        """Of what was read so far."""
        return self._hash.hexdigest()

    def want(self, manifest: Manifest) -> None:
        """Raise Permanent where what was read is not the dump that was sent."""
        if (self.size, self.sha256) != (manifest.size, manifest.sha256):
            raise Permanent("the dump is not whole: it is not what was sent to the bucket")


class _Pieces(io.RawIOBase):
    """An object of the bucket as a file that is read from its beginning."""

    def __init__(self, piece: Callable[[int], bytes], size: int) -> None:
        self._piece = piece
        self._size = size
        self._asked = 0
        self._held = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._held and self._asked < self._size:
            self._held = memoryview(self._piece(self._asked))
            self._asked += upload.PIECE
        count = min(len(buffer), len(self._held))
        buffer[:count] = self._held[:count]
        self._held = self._held[count:]
        return count

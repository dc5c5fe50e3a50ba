"""Sending a stream to the bucket piece by piece: whole, or not at all."""

from __future__ import annotations

import base64
import contextlib
import zlib
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from .. import patience
from ..aws import troubles
from ..errors import Trouble
from ..progress import say

# What is held in memory. S3 takes 10,000 pieces: 80 GB.
PIECE = 8 * 1024 * 1024
# For one request; some half a minute.
ATTEMPTS = 6
CHECKSUM = "CRC32"
T = TypeVar("T")


class Stream(Protocol):
    """What is sent."""

    def read(self, amount: int) -> bytes:
        """Up to so many bytes; none at the end."""


def send(s3: Any, bucket: str, key: str, stream: Stream) -> None:
    """Send a stream of any length; what breaks off is not kept. Raises Transient or Permanent.

    The object is there when all of it is: S3 makes it of its parts at the end.
    """
    place = {"Bucket": bucket, "Key": key}

    def begin() -> str:
        with troubles(f"the bucket {bucket}"):
            begun = s3.create_multipart_upload(**place, ChecksumAlgorithm=CHECKSUM)
            return str(begun["UploadId"])

    def complete() -> None:
        with troubles(f"the bucket {bucket}"):
            s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})

    upload = {**place, "UploadId": patiently(begin)}
    try:
        pieces = iter(lambda: stream.read(PIECE), b"")
        parts = [_send_part(s3, upload, *piece) for piece in enumerate(pieces, 1)]
        patiently(complete)
    except BaseException:
        with contextlib.suppress(Trouble), troubles(f"the bucket {bucket}"):
            s3.abort_multipart_upload(**upload)
        raise


def patiently(action: Callable[[], T]) -> T:
    """Do one request until it works, for some half a minute."""
    return patience.patiently(action, lambda reason: say(f"waiting: {reason}"), attempts=ATTEMPTS)


def _send_part(s3: Any, upload: dict[str, str], number: int, piece: bytes) -> dict[str, Any]:
    # Said at the beginning, with each part and at the end: what a version of boto3 adds by
    # itself in some of them, S3 refuses where it is not in all.
    checksum = {"ChecksumCRC32": base64.b64encode(zlib.crc32(piece).to_bytes(4, "big")).decode()}

    def send_it() -> str:
        with troubles(f"the bucket {upload['Bucket']}"):
            answer = s3.upload_part(
                **upload, **checksum, PartNumber=number, Body=piece, ChecksumAlgorithm=CHECKSUM
            )
            return str(answer["ETag"])

    return {"PartNumber": number, "ETag": patiently(send_it), **checksum}

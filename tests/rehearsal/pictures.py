"""Pictures and forms, as a browser sends them."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterable

BOUNDARY = "a-boundary-that-is-in-no-picture"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def noise(width: int, height: int, seed: int = 0) -> bytes:
    """A PNG of noise, which no compression makes smaller: some three bytes for each pixel."""
    dots = random.Random(seed)
    return png(width, height, (dots.randbytes(3 * width) for _ in range(height)))


def png(width: int, height: int, rows: Iterable[bytes]) -> bytes:
    """A PNG of rows from the top; each is red, green and blue of its pixels, a byte each."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    content = zlib.compress(b"".join(b"\0" + row for row in rows), 1)
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", content) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def photo_form(picture: bytes) -> bytes:
    """The body of a form that uploads a photo; its header is FORM."""
    disposition = 'Content-Disposition: form-data; name="qqfile"; filename="photo.png"'
    head = f"--{BOUNDARY}\r\n{disposition}\r\nContent-Type: image/png\r\n\r\n"
    return head.encode() + picture + f"\r\n--{BOUNDARY}--\r\n".encode()


def is_webp(picture: bytes) -> bool:
    """Whether these bytes are a WebP picture, whole and with nothing behind it."""
    length = 8 + int.from_bytes(picture[4:8], "little")
    return picture[:4] == b"RIFF" and picture[8:12] == b"WEBP" and len(picture) == length


def width(picture: bytes) -> int:
    """The width of a PNG or WebP picture in pixels; raises ValueError for anything else."""
    if picture[:8] == b"\x89PNG\r\n\x1a\n":
        return int.from_bytes(picture[16:20], "big")
    if not is_webp(picture):
        raise ValueError(f"neither PNG nor WebP: {picture[:16]!r}")
    if picture[12:16] == b"VP8X":
        return int.from_bytes(picture[24:27], "little") + 1
    if picture[12:16] == b"VP8L":
        return (int.from_bytes(picture[21:23], "little") & 0x3FFF) + 1
    return int.from_bytes(picture[26:28], "little") & 0x3FFF


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)

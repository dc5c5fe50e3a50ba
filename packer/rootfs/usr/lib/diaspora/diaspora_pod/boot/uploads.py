"""The folders of the bucket that are mounted for uploads."""

from __future__ import annotations

from typing import Any

from ..aws import troubles
from ..settings import Settings

FOLDERS = ("images", "users")
# What s3fs takes for a folder.
CONTENT_TYPE = "application/x-directory"


def make_folder(s3: Any, settings: Settings, name: str) -> None:
    """Put the empty object that s3fs wants to find before it mounts the folder, if it is missing.

    Raises Transient or Permanent.
    """
    key = f"uploads/{name}/"
    with troubles(f"the bucket {settings.bucket}"):
        # A list and no HEAD, whose errors have no words.
        found = s3.list_objects_v2(Bucket=settings.bucket, Prefix=key, MaxKeys=1)
        if not any(entry["Key"] == key for entry in found.get("Contents", [])):
            s3.put_object(Bucket=settings.bucket, Key=key, Body=b"", ContentType=CONTENT_TYPE)

"""What brings back files of the bucket, and what takes them home, against a stand-in of S3."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import pytest

from .blocks import OPEN, holding
from .desk import Desk, make_bucket

PHOTO, THUMB = "uploads/images/a.webp", "uploads/images/thumb_small_a.webp"
OTHER = "uploads/images/b.webp"
DUMP = "transfer/20261231T235959Z/database"


@dataclass(frozen=True)
class Bucket:
    """A bucket of its own for one test."""

    desk: Desk
    name: str

    @property
    def s3(self) -> Any:
        return self.desk.s3

    def put(self, *keys: str) -> None:
        for key in keys:
            self.s3.put_object(Bucket=self.name, Key=key, Body=key.encode())

    def delete(self, *keys: str) -> None:
        for key in keys:
            self.s3.delete_object(Bucket=self.name, Key=key)

    def keys(self) -> set[str]:
        found = self.s3.list_objects_v2(Bucket=self.name)
        return {entry["Key"] for entry in found.get("Contents", [])}

    def run(self, words: str, **open_words: str) -> str:
        """Run the block that holds the words; what it prints."""
        text = holding(words).replace(OPEN["BUCKET"], self.name)
        for word, value in open_words.items():
            text = text.replace(word, value)
        answer = self.desk.run(text)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout


@pytest.fixture
def bucket(desk: Desk) -> Bucket:
    name = f"pod-{uuid.uuid4()}"
    make_bucket(desk.s3, name)
    return Bucket(desk, name)


def test_a_deleted_photo_is_found_and_comes_back(bucket: Bucket) -> None:
    bucket.put(PHOTO, OTHER)
    bucket.delete(PHOTO)
    _, key, version = bucket.run("DeleteMarkers[?IsLatest].").split()
    assert key == PHOTO
    bucket.run("uploads/images/NAME", NAME="a.webp", VERSION=version)
    assert bucket.keys() == {PHOTO, OTHER}


def test_all_that_was_deleted_since_a_time_comes_back_and_nothing_else(bucket: Bucket) -> None:
    bucket.put(PHOTO, THUMB)
    bucket.delete(PHOTO, THUMB)
    bucket.run("LastModified>=", TIME="2999-12-31T00:00")
    assert bucket.keys() == set()
    bucket.run("LastModified>=", TIME="2026-01-01T00:00")
    assert bucket.keys() == {PHOTO, THUMB}


def test_the_bucket_is_taken_home_without_the_images_own_assets(bucket: Bucket) -> None:
    bucket.put(PHOTO, DUMP, "assets/a.css")
    bucket.run("aws s3 sync")
    home = bucket.desk.folder / "pod"
    files = {str(file.relative_to(home)) for file in home.rglob("*") if file.is_file()}
    assert files == {PHOTO, DUMP}

"""The bucket's folders, as s3fs wants to find them."""

from __future__ import annotations

import pytest
from diaspora_pod.boot.uploads import FOLDERS, make_folder
from diaspora_pod.errors import Permanent, Transient

from . import samples
from .fakes import stubbed

BUCKET = "pod-assetsbucket-1a2b3c"


@pytest.mark.parametrize("name", FOLDERS)
def test_a_missing_folder_is_made_as_an_empty_object(name: str) -> None:
    key = f"uploads/{name}/"
    with stubbed("s3") as (s3, stub):
        # What lies in the folder is not the folder.
        found = {"Contents": [{"Key": f"{key}photo.webp"}]}
        stub.add_response("list_objects_v2", found, {"Bucket": BUCKET, "Prefix": key, "MaxKeys": 1})
        stub.add_response(
            "put_object",
            {},
            {
                "Bucket": BUCKET,
                "Key": key,
                "Body": b"",
                "ContentType": "application/x-directory",
            },
        )
        make_folder(s3, samples.settings(), name)


def test_a_folder_that_is_there_is_left_alone() -> None:
    with stubbed("s3") as (s3, stub):
        stub.add_response("list_objects_v2", {"Contents": [{"Key": "uploads/images/"}]})
        make_folder(s3, samples.settings(), "images")


@pytest.mark.parametrize(
    "code, status, kind",
    [
        ("NoSuchBucket", 404, Permanent),
        ("AccessDenied", 403, Permanent),
        ("SlowDown", 503, Transient),
    ],
)
def test_troubles_name_the_bucket(code: str, status: int, kind: type[Exception]) -> None:
    with stubbed("s3") as (s3, stub):
        stub.add_client_error("list_objects_v2", code, http_status_code=status)
        with pytest.raises(kind, match=BUCKET):
            make_folder(s3, samples.settings(), "images")

"""A dump in the bucket: whole with its manifest, read in pieces, never taken for whole when cut."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import zlib
from dataclasses import replace

import pytest
from diaspora_pod.errors import Permanent, Transient
from diaspora_pod.moving import upload
from diaspora_pod.moving.transfer import Manifest, Measured, Transfer

from .fakes import stubbed
from .moving import NAME, Bucket

DATA = bytes(range(256)) * 10
MANIFEST = Manifest(
    domain="pod.example.org",
    application="v0.9.1.0",
    server=170_005,
    schema=[0, 20160829170244],
    rows={"notes": 3},
    jobs=2,
    size=len(DATA),
    sha256=hashlib.sha256(DATA).hexdigest(),
)


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def made(bucket: Bucket) -> Transfer:
    return Transfer(bucket, "bucket", NAME)


@pytest.mark.parametrize("name", ["", "../uploads", "20261128T001500Z/", "newest", "2026\n"])
def test_a_name_that_is_none_never_reaches_the_bucket(bucket: Bucket, name: str) -> None:
    with pytest.raises(Permanent, match="no name of a dump"):
        Transfer(bucket, "bucket", name)


def test_what_is_sent_is_read_again(made: Transfer) -> None:
    made.send_jobs("jobs")
    made.send_manifest(MANIFEST)
    assert (made.jobs(), made.manifest()) == ("jobs", MANIFEST)


def test_without_its_manifest_there_is_no_dump(made: Transfer) -> None:
    made.send_database(Measured(io.BytesIO(DATA)))
    made.send_jobs("jobs")
    with pytest.raises(Permanent, match=f"no whole dump {NAME}"):
        made.manifest()


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"{}"])
def test_a_manifest_that_is_none_is_told(made: Transfer, bucket: Bucket, text: bytes) -> None:
    bucket.objects[f"transfer/{NAME}/manifest"] = text
    with pytest.raises(Permanent, match="cannot be read"):
        made.manifest()


@pytest.mark.parametrize("piece", [1, 100, len(DATA), 10**6])
def test_it_is_read_in_pieces_and_measured(
    made: Transfer, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    made.send_database(Measured(io.BytesIO(DATA)))
    monkeypatch.setattr(upload, "PIECE", piece)
    stream = made.database(MANIFEST)
    assert b"".join(iter(lambda: stream.read(33), b"")) == DATA
    stream.want(MANIFEST)


def test_a_part_or_something_else_is_not_whole(made: Transfer) -> None:
    stream = Measured(io.BytesIO(DATA))
    stream.read(5)
    with pytest.raises(Permanent, match="not whole"):
        stream.want(MANIFEST)
    stream.read()
    stream.want(MANIFEST)
    with pytest.raises(Permanent, match="not whole"):
        stream.want(replace(MANIFEST, sha256="0" * 64))


def test_a_piece_that_does_not_come_is_asked_for_again(
    made: Transfer, bucket: Bucket, no_pauses: None
) -> None:
    made.send_database(Measured(io.BytesIO(gzip.compress(DATA))))
    failures = [Transient("SlowDown")] * 3

    def fail(key: str) -> None:
        if failures:
            raise failures.pop()

    bucket.fails = fail
    size = len(bucket.part("database"))
    stream = made.database(replace(MANIFEST, size=size))
    assert gzip.decompress(stream.read(10**6)) == DATA
    assert failures == []


def test_a_stream_that_ends_in_trouble_is_not_sent_as_if_it_were_whole(
    made: Transfer, bucket: Bucket
) -> None:
    def trouble() -> None:
        raise Permanent("pg_dump ended with 1")

    with pytest.raises(Permanent, match="ended with 1"):
        made.send_database(Measured(io.BytesIO(DATA), trouble))
    assert (bucket.objects, bucket.aborted) == ({}, 1)


def test_a_part_that_is_not_taken_is_sent_again(
    made: Transfer, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, no_pauses: None
) -> None:
    monkeypatch.setattr(upload, "PIECE", 1000)
    failures = [Transient("SlowDown")] * 3

    def fail(key: str) -> None:
        if len(bucket.parts) == 1 and failures:
            raise failures.pop()

    bucket.fails = fail
    made.send_database(Measured(io.BytesIO(DATA)))
    assert (bucket.part("database"), failures) == (DATA, [])


def test_aws_gets_a_checksum_at_the_beginning_with_each_part_and_at_the_end() -> None:
    place = {"Bucket": "bucket", "Key": f"transfer/{NAME}/database"}
    checksum = {"ChecksumCRC32": base64.b64encode(zlib.crc32(DATA).to_bytes(4, "big")).decode()}
    with stubbed("s3") as (s3, stub):
        stub.add_response(
            "create_multipart_upload", {"UploadId": "1"}, {**place, "ChecksumAlgorithm": "CRC32"}
        )
        upload = {**place, "UploadId": "1"}
        part = {"PartNumber": 1, "Body": DATA, "ChecksumAlgorithm": "CRC32"}
        stub.add_response("upload_part", {"ETag": "e"}, {**upload, **part, **checksum})
        parts = {"Parts": [{"PartNumber": 1, "ETag": "e", **checksum}]}
        stub.add_response("complete_multipart_upload", {}, {**upload, "MultipartUpload": parts})
        Transfer(s3, "bucket", NAME).send_database(Measured(io.BytesIO(DATA)))


def test_jobs_are_taken_once(made: Transfer) -> None:
    assert not made.are_taken()
    made.take()
    assert made.are_taken()

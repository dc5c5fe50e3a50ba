"""Hand-overs in the bucket: whole or none, and taken by the first who says so."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest
from diaspora_pod.errors import Permanent, Transient
from diaspora_pod.jobs import Entry
from diaspora_pod.moving import upload
from diaspora_pod.moving.shelf import Shelf

from . import samples
from .fakes import stubbed
from .moving import Bucket

NAME = "20261128T031900Z-i-0123456789abcdef0"
KEY = f"handover/diaspora/pod/{NAME}"
ENTRIES = [
    Entry("queue:urgent", '{"args": ["🐘 \udcff"]}'),
    Entry("queue:urgent", "\n"),
    Entry("retry", "{}", "1764288000.5"),
]


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def shelf(bucket: Bucket) -> Shelf:
    return Shelf(bucket, samples.settings())


def test_what_is_sent_is_read_again(shelf: Shelf) -> None:
    shelf.send(NAME, ENTRIES)
    assert list(shelf.entries(NAME)) == ENTRIES


def test_it_is_small_in_the_bucket_and_none_of_it_legible(shelf: Shelf, bucket: Bucket) -> None:
    shelf.send(NAME, ENTRIES * 100)
    assert list(bucket.objects) == [KEY]
    assert len(bucket.objects[KEY]) < 1000


@pytest.mark.parametrize("piece", [1, 7, 10**6])
def test_pieces_have_the_size_that_s3_wants(
    shelf: Shelf, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(upload, "PIECE", piece)
    shelf.send(NAME, ENTRIES)
    assert {len(part) for part in bucket.parts[:-1]} <= {piece}
    assert list(shelf.entries(NAME)) == ENTRIES


def test_one_that_breaks_off_is_none(shelf: Shelf, bucket: Bucket) -> None:
    def broken() -> Iterator[Entry]:
        yield ENTRIES[0]
        raise Transient("the queue: the connection broke off")

    with pytest.raises(Transient):
        shelf.send(NAME, broken())
    assert (shelf.names(), bucket.aborted) == ([], 1)


def test_each_is_found_the_newest_first_and_nothing_else(shelf: Shelf, bucket: Bucket) -> None:
    earlier = NAME.replace("2026", "2025")
    for name in (earlier, NAME):
        shelf.send(name, ENTRIES)
        shelf.claim(name, "i-1")
    # A pod whose secrets lie below ours, one whose path begins like ours, and what is no name.
    for key in (f"handover/diaspora/pod/b/{NAME}", f"handover/diaspora/pod-2/{NAME}", KEY + "x"):
        bucket.objects[key] = b""
    assert shelf.names() == [NAME, earlier]


def test_it_belongs_to_the_first_who_says_so(shelf: Shelf) -> None:
    assert shelf.claim(NAME, "i-1") == "i-1"
    assert shelf.claim(NAME, "i-2") == "i-1"
    # A machine that was started anew in the midst of it goes on.
    assert shelf.claim(NAME, "i-1") == "i-1"


def test_what_was_taken_is_gone_and_is_remembered(shelf: Shelf) -> None:
    assert not shelf.has_seen(NAME)
    shelf.send(NAME, ENTRIES)
    assert shelf.has_seen(NAME)
    shelf.claim(NAME, "i-1")
    shelf.remove(NAME)
    assert shelf.names() == []
    assert shelf.has_seen(NAME)
    assert shelf.claim(NAME, "i-2") == "i-1"


def test_two_who_ask_in_the_same_moment_are_told_to_ask_again() -> None:
    with stubbed("s3") as (s3, stub):
        stub.add_client_error("put_object", "ConditionalRequestConflict", http_status_code=409)
        with pytest.raises(Transient):
            Shelf(s3, samples.settings()).claim(NAME, "i-1")


def test_aws_is_asked_to_refuse_the_second() -> None:
    place = {"Bucket": samples.SETTINGS["bucket"], "Key": f"{KEY}.taker"}
    with stubbed("s3") as (s3, stub):
        stub.add_response("put_object", {}, {**place, "Body": b"i-1", "IfNoneMatch": "*"})
        assert Shelf(s3, samples.settings()).claim(NAME, "i-1") == "i-1"


def test_a_right_that_is_missing_is_told() -> None:
    with stubbed("s3") as (s3, stub):
        stub.add_client_error("put_object", "AccessDenied", http_status_code=403)
        with pytest.raises(Permanent, match="AccessDenied"):
            Shelf(s3, samples.settings()).claim(NAME, "i-1")


def whole() -> bytes:
    bucket = Bucket()
    Shelf(bucket, samples.settings()).send(NAME, ENTRIES)
    return bucket.objects[KEY]


@pytest.mark.parametrize("end", range(0, len(whole()), 5))
def test_one_that_is_cut_anywhere_is_not_whole(shelf: Shelf, bucket: Bucket, end: int) -> None:
    bucket.objects[KEY] = whole()[:end]
    with pytest.raises(Permanent, match="not whole"):
        list(shelf.entries(NAME))


@pytest.mark.parametrize("place", range(10, len(whole()), 5))
def test_one_with_a_wrong_byte_is_not_whole(shelf: Shelf, bucket: Bucket, place: int) -> None:
    data = bytearray(whole())
    data[place] ^= 0xFF
    bucket.objects[KEY] = bytes(data)
    with pytest.raises(Permanent, match="not whole"):
        list(shelf.entries(NAME))


@pytest.mark.parametrize(
    "lines", [b"", b"1\n", b"[]\n0\n", b'["a", "b", ""]\n1\n', b"{}\n", b"x\n"]
)
def test_what_is_something_else_is_not_whole(shelf: Shelf, bucket: Bucket, lines: bytes) -> None:
    bucket.objects[KEY] = gzip.compress(lines)
    with pytest.raises(Permanent, match="not whole"):
        list(shelf.entries(NAME))


def test_trouble_of_who_reads_is_not_taken_for_damage(shelf: Shelf) -> None:
    shelf.send(NAME, ENTRIES)
    with pytest.raises(OSError, match="of the reader"):
        for _ in shelf.entries(NAME):
            raise OSError("of the reader")


def test_one_that_is_gone_is_told(shelf: Shelf) -> None:
    with pytest.raises(Permanent, match="NoSuchKey"):
        list(shelf.entries(NAME))

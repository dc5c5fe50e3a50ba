"""What nginx keeps of the bucket's photos on the disk, for how long, and what it never keeps.

All stories here look at one and the same pod. What they call photos was never a picture.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import median

import pytest

from .figures import Figures
from .patience import until
from .pod import Pod

KEPT = "/var/cache/diaspora-photos"
PUBLIC = "/opt/diaspora/public"
PHOTO = random.Random(0).randbytes(100_000)
# For so long nobody is asked whether a photo is still there; s3fs then believes what it knows.
MINUTE, BELIEVED = 60, 5
SHORT, LONG = "public, max-age=60", "public, max-age=604800"
# By turns, for the host has other things to do.
REQUESTS, ROUNDS = 50, 12


@pytest.fixture(scope="module")
def minute_later(pod: Pod) -> dict[str, str]:
    """Photos that many have looked at, longer ago than nginx believes; one was deleted since."""
    paths = {name: _photo(pod, name) for name in ("popular", "deleted")}
    with ThreadPoolExecutor(10) as people:
        for path in paths.values():
            asked = [people.submit(pod.front.get, f"{path}?{it}") for it in range(30)]
            assert {task.result().body for task in asked} == {PHOTO}
    pod.machine.succeed(f"rm {PUBLIC}{paths['deleted']}")
    time.sleep(MINUTE + BELIEVED)
    return paths


def test_a_photo_that_many_look_at_is_read_once(
    pod: Pod, minute_later: dict[str, str], figures: Figures
) -> None:
    path = minute_later["popular"]
    before = len(pod.aws.calls)
    looked = _count(pod, f"HEAD {path}")
    assert pod.front.get(path).body == PHOTO
    # It was looked whether it is still the same.
    assert _count(pod, f"HEAD {path}") > looked
    asked = str(len(pod.aws.calls) - before)
    figures.add("photos", "S3 requests for a look at a photo that is kept", asked)
    assert _count(pod, f"GET {path}") == 1


def test_a_photo_that_was_deleted_is_gone_and_does_not_come_back(
    pod: Pod, minute_later: dict[str, str]
) -> None:
    path = minute_later["deleted"]
    assert pod.front.get(path).status == 404
    with _bucket_away(pod):
        assert pod.front.get(path).status != 200
    until(lambda: pod.front.get(minute_later["popular"]).status == 200, every=1)
    assert pod.front.get(path).status == 404


def test_while_the_bucket_is_away_nothing_older_than_a_minute_is_shown(pod: Pod) -> None:
    path = _photo(pod, "away")
    assert pod.front.get(path).body == PHOTO
    with _bucket_away(pod):
        assert pod.front.get(path).body == PHOTO
        refused = until(lambda: pod.front.get(path).status != 200, MINUTE + 10, every=5)
        assert refused > BELIEVED
    # It is still kept, and was changed by nobody.
    until(lambda: pod.front.get(path).body == PHOTO, every=1)
    assert _count(pod, f"GET {path}") == 1


def test_parts_and_heads_and_what_a_browser_has_already_come_from_the_disk(pod: Pod) -> None:
    path = _photo(pod, "parts")
    head = pod.front.request("HEAD", path)
    assert (head.status, head.headers["cache-control"], head.body) == (200, LONG, b"")
    part = pod.front.get(path, headers={"Range": "bytes=100-199"})
    assert (part.status, part.body) == (206, PHOTO[100:200])
    whole = pod.front.get(path)
    assert whole.headers["x-content-type-options"] == "nosniff"
    for condition in (
        {"If-None-Match": whole.headers["etag"]},
        {"If-Modified-Since": whole.headers["last-modified"]},
    ):
        same = pod.front.get(path, headers=condition)
        assert (same.status, same.body, same.headers["cache-control"]) == (304, b"", LONG)
    other = pod.front.get(path, headers={"If-None-Match": '"another"'})
    assert (other.status, other.body) == (200, PHOTO)
    assert _count(pod, f"GET {path}") == 1


@pytest.mark.parametrize(
    "name, size, caching",
    [
        ("thumb_small_a.webp", 9_999, LONG),
        ("thumb_small_a.webp", 10_000, SHORT),
        ("thumb_medium_a.jpg", 9_999, LONG),
        ("thumb_medium_a.jpg", 3_000_000, SHORT),
        ("thumb_large_a.webp", 99_999, LONG),
        ("thumb_large_a.webp", 100_000, SHORT),
        ("scaled_full_a.png", 399_999, LONG),
        ("scaled_full_a.png", 400_000, SHORT),
        ("scaled_full_a.webp", 1_000_000, SHORT),
        # It is never made small.
        ("a.webp", 3_000_000, LONG),
        ("thumb_small_a.gif", 3_000_000, LONG),
        # There was no room to read it.
        ("a.webp", 0, "no-store"),
        ("thumb_small_a.webp", 0, "no-store"),
    ],
)
def test_what_is_larger_than_a_small_picture_is_soon_looked_at_again(
    pod: Pod, name: str, size: int, caching: str
) -> None:
    # A name of its own: a file's nginx believes for a minute.
    key = f"uploads/images/{name.replace('a.', f'a{size}.')}"
    pod.aws.s3.put_object(Bucket=pod.settings["bucket"], Key=key, Body=bytes(size))
    for _ in range(2):
        assert pod.front.get(f"/{key}").headers["cache-control"] == caching
    assert _is_kept(pod, f"/{key}") == (size > 0)


def test_nothing_but_photos_is_kept(pod: Pod) -> None:
    key = "uploads/users/diaspora_bob_photos_token.zip"
    pod.aws.s3.put_object(Bucket=pod.settings["bucket"], Key=key, Body=PHOTO)
    assert pod.front.get("/user/download_photos", headers={"Cookie": "user=bob"}).status == 302
    assert pod.front.get(f"/{key}").status == 404
    assert pod.front.get("/uploads/images/nobody-has-this.webp").status == 404
    pages = ("/", "/people", "/robots.txt")
    assert {pod.front.get(page).status for page in pages} == {200}
    names = pod.machine.succeed(f"grep --recursive --text --only-matching '^KEY: .*' {KEPT}")
    assert {
        line.partition("KEY: ")[2].startswith("/uploads/images/") for line in names.split()[1::2]
    }
    assert "users" not in names


def test_a_photo_is_the_same_from_the_disk_from_what_is_kept_and_from_the_bucket(
    pod: Pod, figures: Figures
) -> None:
    """How fast each is, is printed: three ways in one run, to the same content."""
    path = _photo(pod, "fast")
    pod.machine.succeed(f"install --mode=0644 {PUBLIC}{path} {PUBLIC}/plain.webp")
    ways = {
        "disk": "http://127.0.0.1/plain.webp",
        "kept": f"http://127.0.0.1{path}",
        "s3fs": f"--unix-socket /run/diaspora-photos/photos.sock http://photos{path}",
    }
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way, words in ways.items():
            seconds[way] += _seconds(pod, words)
    contents = {
        pod.machine.succeed(f"curl --silent {words} | sha256sum") for words in ways.values()
    }
    pod.machine.succeed(f"rm {PUBLIC}/plain.webp")
    half = {way: median(taken) for way, taken in seconds.items()}
    what = "a photo of 100 kB, of a plain file's speed"
    figures.add("photos", f"{what}: kept by nginx", f"{half['disk'] / half['kept']:.2f}")
    figures.add("photos", f"{what}: by s3fs alone", f"{half['disk'] / half['s3fs']:.3f}")
    # A last packet that is kept back comes after 40 ms.
    late = sum(taken > 0.035 for taken in seconds["kept"])
    figures.add("photos", "of them later than 35 ms", f"{late} of {len(seconds['kept'])}")
    assert len(contents) == 1


def _photo(pod: Pod, name: str) -> str:
    """The path of a photo that the bucket has from now on."""
    key = f"uploads/images/{name}.webp"
    pod.aws.s3.put_object(Bucket=pod.settings["bucket"], Key=key, Body=PHOTO)
    return f"/{key}"


def _count(pod: Pod, action: str) -> int:
    """How often S3 was asked for exactly this."""
    return sum(call.action == action for call in pod.aws.calls)


def _is_kept(pod: Pod, path: str) -> bool:
    return pod.machine.run(f"grep --recursive --text --quiet '^KEY: {path}$' {KEPT}")[0] == 0


@contextmanager
def _bucket_away(pod: Pod) -> Iterator[None]:
    pod.aws.down("s3")
    try:
        yield
    finally:
        pod.aws.up("s3")


def _seconds(pod: Pod, words: str) -> list[float]:
    """What each of some requests takes that the machine itself makes by one connection."""
    told = f"curl --silent --fail --output /dev/null --write-out '%{{time_total}}\\n' {words}"
    return [float(line) for line in pod.machine.succeed(f"{told}?[1-{REQUESTS}]").split()]

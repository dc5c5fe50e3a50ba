"""What is exported and imported by diaspora* itself, and is larger than the front passes."""

from __future__ import annotations

import io
import re
import zipfile

import pytest

from ..fakes.front import MOST_BODY
from ..figures import Figures
from ..patience import until
from ..pictures import is_webp, noise
from ..pod import Pod
from .person import Person, make_account

# Of noise, which WebP makes little smaller.
PICTURES = 32
FRONT = "front"


@pytest.fixture(scope="module")
def photos(bob: Person) -> list[int]:
    """The numbers of the photos that he has uploaded."""
    answers = [bob.upload(noise(2600, 1000, seed)) for seed in range(PICTURES)]
    assert {answer.status for answer in answers} == {200}
    return [answer.json()["data"]["photo"]["id"] for answer in answers]


@pytest.fixture(scope="module")
def bob(pod: Pod) -> Person:
    """Somebody with many photos."""
    return _somebody(pod, "bob")


@pytest.fixture(scope="module")
def archive(pod: Pod, bob: Person, photos: list[int]) -> bytes:
    """All his photos, as he gets them."""
    assert len(photos) == PICTURES
    return _exported(pod, bob, "photos")


def test_an_archive_of_photos_comes_from_the_bucket(archive: bytes, figures: Figures) -> None:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert len(opened.namelist()) == PICTURES
    assert len(archive) > 4 * MOST_BODY
    size = f"{len(archive) / 1e6:.0f} MB of {MOST_BODY / 1e6:.0f}"
    figures.add(FRONT, "an archive of photos, which the front would not pass", size)


def test_nobody_else_gets_it(pod: Pod, bob: Person, archive: bytes) -> None:
    assert archive
    address = bob.get("/user/download_photos").headers["location"]
    found = re.search(r"/uploads/users/diaspora_bob_photos_[^?]+", address)
    assert found is not None, address
    for person in (bob, Person(pod)):
        assert person.get(found[0]).status == 404
    stranger = Person(pod).get("/user/download_photos")
    assert (stranger.status, "/users/sign_in" in stranger.headers["location"]) == (302, True)
    # Who has exported nothing is led nowhere, and not to what others have.
    carol = _somebody(pod, "carol")
    assert "location" not in carol.get("/user/download_photos").headers


def test_what_is_too_large_for_a_browser_is_imported_by_a_command(
    pod: Pod, bob: Person, photos: list[int], archive: bytes, figures: Figures
) -> None:
    """From the bucket, as whoever has no file on the machine does it."""
    post = {"status_message": {"text": "mine"}, "aspect_ids": ["public"], "photos": photos[:1]}
    assert bob.send("/status_messages", post).status == 201
    profile, all_photos = "transfer/bob.json.gz", "transfer/bob.zip"
    _put(pod, profile, _exported(pod, bob, "profile"))
    _put(pod, all_photos, archive)
    refused = pod.machine.fail(f"diaspora-pod import bob {profile}", seconds=180)
    assert "bob's own account" in refused, refused.splitlines()[-8:]
    # On another pod there would be none of it.
    name = pod.database.psql(f"SELECT remote_photo_name FROM photos WHERE id = {photos[0]}").strip()
    path = f"/uploads/images/{name}"
    pod.aws.s3.delete_object(Bucket=pod.settings["bucket"], Key=path.lstrip("/"))

    # Nor would there be somebody with his address.
    pod.database.psql("UPDATE users SET email = 'moved@example.org' WHERE username = 'bob'")

    told = pod.machine.succeed(f"diaspora-pod import robert {profile} {all_photos}", seconds=300)
    assert "The account robert is made" in told, told.splitlines()[-8:]
    assert _posts_of(pod, "robert") == "1"
    until(lambda: is_webp(pod.front.get(path).body), every=6)
    assert pod.machine.succeed("ls /var/tmp | grep import || true") == ""
    figures.add(FRONT, "the same archive, imported by diaspora-pod", "its photos are there")


def _somebody(pod: Pod, name: str) -> Person:
    password = make_account(pod, name, f"{name}@example.org")
    person = Person(pod)
    assert person.log_in(name, password).status == 302
    return person


def _exported(pod: Pod, person: Person, kind: str) -> bytes:
    """What somebody gets who asks for it on the page of settings."""
    page, link = "/user/edit", f"/user/download_{kind}"
    assert person.submit(page, f"/user/export_{kind}", {}).status == 302
    until(lambda: f'href="{link}"' in person.get(page).text, 180, every=1)
    answer = person.get(link)
    assert answer.status == 302, answer.text
    fetched = pod.aws.fetch(answer.headers["location"])
    assert fetched.status == 200, fetched.text
    return fetched.body


def _posts_of(pod: Pod, name: str) -> str:
    return pod.database.psql(
        "SELECT count(*) FROM posts JOIN people ON people.id = posts.author_id "
        f"WHERE people.diaspora_handle LIKE '{name}@%'"
    ).strip()


def _put(pod: Pod, key: str, body: bytes) -> None:
    pod.aws.s3.put_object(Bucket=pod.settings["bucket"], Key=key, Body=body)

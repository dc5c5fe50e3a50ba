"""Two pods, two domains, two clusters: what people of one write arrives at the other.

They reach each other through the front, as all pods of the world do, and believe the rehearsal's
authority and no other.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timezone
from typing import Any

import pytest

from ..aws import Aws
from ..figures import Figures
from ..patience import until
from ..pictures import is_webp, noise
from ..pod import Pod, Pods
from .neighbours import (
    ALICE,
    DAVE,
    FIRST_RETRY,
    FRIENDS,
    inhabitant,
    notices,
    relationship,
    stream,
    write,
)
from .person import Person


@pytest.fixture(scope="module")
def pair(module_pods: Pods, region: Aws) -> tuple[Pod, Pod]:
    """Two pods that have never heard of each other."""
    ours = module_pods.launch()
    theirs = module_pods.launch("friends", region.database_of("friends"), **FRIENDS)
    for pod in (ours, theirs):
        signal = pod.wait_for_signal()
        assert signal.status == "SUCCESS", f"{signal.step}\n{pod.machine.journal()}"
    return ours, theirs


@pytest.fixture(scope="module")
def pod(pair: tuple[Pod, Pod]) -> Pod:
    """Where Alice lives."""
    return pair[0]


@pytest.fixture(scope="module")
def friends(pair: tuple[Pod, Pod]) -> Pod:
    """Where Dave lives."""
    return pair[1]


@pytest.fixture(scope="module")
def alice(pod: Pod) -> Person:
    """Who follows Dave."""
    return inhabitant(pod, ALICE)


@pytest.fixture(scope="module")
def dave(friends: Pod) -> Person:
    """Who writes; the admin of his pod too."""
    return inhabitant(friends, DAVE)


@pytest.fixture(scope="module")
def followed(alice: Person, dave: Person) -> float:
    """Alice follows Dave: the seconds until he is told."""
    assert alice.follow(DAVE).status == 200
    return until(lambda: "started sharing" in notices(dave), FIRST_RETRY, every=0.1)


@pytest.fixture(scope="module")
def mutual(followed: float, alice: Person, dave: Person) -> float:
    """Dave follows Alice too: the seconds until her pod knows."""
    assert dave.follow(ALICE).status == 200
    return until(lambda: relationship(alice, DAVE) == "mutual", FIRST_RETRY, every=0.1)


def test_whoever_is_looked_up_by_handle_is_found(
    friends: Pod, alice: Person, dave: Person, figures: Figures
) -> None:
    began = time.monotonic()
    found = alice.find(DAVE)
    seconds = time.monotonic() - began
    figures.add("federation", "a handle of another pod is found", f"{seconds:.1f} s")
    own = friends.aws.database_of("friends")
    assert found["guid"] == own.psql(f"SELECT guid FROM people WHERE diaspora_handle = '{DAVE}'")
    for asked in ("/.well-known/webfinger", f"/hcard/users/{found['guid']}"):
        assert f'"GET {asked}" 200' in _asked(friends)


def test_whoever_is_followed_is_told(followed: float, dave: Person, figures: Figures) -> None:
    why = "20 s more where two first messages meet: one fails, and is read again"
    figures.add("federation", "a first follower is told", f"{followed:.1f} s", "", why)
    assert ALICE in notices(dave)
    assert relationship(dave, ALICE) == "sharing"


def test_whoever_follows_back_is_known_as_a_friend(
    mutual: float, dave: Person, figures: Figures
) -> None:
    figures.add("federation", "a friend who follows back is known", f"{mutual:.1f} s")
    assert relationship(dave, ALICE) == "mutual"


def test_a_public_post_arrives(
    pod: Pod, followed: float, alice: Person, dave: Person, figures: Figures
) -> None:
    seconds = _send(dave, alice, "Good morning, everybody", "public")
    figures.add("federation", "a public post, from sending to the stream", f"{seconds:.1f} s")
    post = stream(alice)["Good morning, everybody"]
    assert (post["author"]["diaspora_id"], post["public"]) == (DAVE, True)
    assert '"POST /receive/public" 202' in _asked(pod)


def test_a_limited_post_arrives_encrypted_for_its_reader_alone(
    pod: Pod, mutual: float, alice: Person, dave: Person, figures: Figures
) -> None:
    before = _asked(pod)
    seconds = _send(dave, alice, "For friends alone", dave.aspect("Friends"))
    figures.add("federation", "a limited post, from sending to the stream", f"{seconds:.1f} s")
    post = stream(alice)["For friends alone"]
    assert (post["author"]["diaspora_id"], post["public"]) == (DAVE, False)
    ways = re.findall(r'"POST /receive/(\S+?)(?:/\S+)?" 202', _asked(pod).removeprefix(before))
    assert set(ways) == {"users"}
    for home in (alice, dave):
        stranger = Person(home.pod).get(f"/posts/{post['guid']}")
        assert (stranger.status, "For friends alone" in stranger.text) == (302, False)


@pytest.mark.parametrize("whom", ["public", "Friends"])
def test_comments_and_likes_go_back(
    whom: str, mutual: float, alice: Person, dave: Person, figures: Figures
) -> None:
    text = f"What do you think? ({whom})"
    _send(dave, alice, text, whom if whom == "public" else dave.aspect(whom))
    theirs = f"/posts/{stream(alice)[text]['id']}"
    began = time.monotonic()
    assert alice.send(f"{theirs}/comments", {"text": "It is fine"}).status == 201
    assert alice.send(f"{theirs}/likes", {}).status == 201
    post = f"/posts/{stream(dave)[text]['id']}"
    until(lambda: "It is fine" in dave.get(f"{post}/comments.json").text, every=0.1)
    until(lambda: ALICE in dave.get(f"{post}/likes.json").text, every=0.1)
    seconds = time.monotonic() - began
    figures.add("federation", f"comment and like of a post ({whom})", f"{seconds:.1f} s")
    (comment,) = dave.get(f"{post}/comments.json").json()
    assert comment["author"]["diaspora_id"] == ALICE


def test_a_photo_is_shown_from_its_own_pod(
    friends: Pod, followed: float, alice: Person, dave: Person
) -> None:
    number = dave.upload(noise(800, 600)).json()["data"]["photo"]["id"]
    _send(dave, alice, "Look at this", "public", photos=[number])
    (photo,) = stream(alice)["Look at this"]["photos"]
    home = f"https://{friends.stack.host}"
    for url in photo["sizes"].values():
        assert url.startswith(f"{home}/uploads/images/")
        shown = friends.front.get(url.removeprefix(home))
        assert (shown.status, is_webp(shown.body)) == (200, True)


@contextmanager
def _away(pod: Pod) -> Iterator[None]:
    pod.machine.systemctl("stop nginx")
    try:
        yield
    finally:
        pod.machine.systemctl("start nginx")


@contextmanager
def _not_believed(pod: Pod) -> Iterator[None]:
    pod.aws.front.certificate_of("nobody", pod.stack.host)
    try:
        yield
    finally:
        pod.aws.front.certificate_of("us", pod.stack.host)


@pytest.mark.parametrize(
    ("fault", "seen"),
    [(_away, "HTTP status code was: 503"), (_not_believed, "peer_failed_verification")],
)
def test_what_cannot_be_delivered_waits_until_it_can(
    fault: Callable[[Pod], AbstractContextManager[None]],
    seen: str,
    pod: Pod,
    followed: float,
    alice: Person,
    dave: Person,
    figures: Figures,
) -> None:
    text = f"Are you there? ({seen})"
    with fault(pod):
        assert write(dave, text, "public") == 201
        until(lambda: "Workers::SendPublic" in _scheduled(dave))
        (known,) = dave.get("/admin/pods.json").json()
        assert (known["host"], known["error"]) == (pod.stack.host, f"FederationError: {seen}")
    wait = _seconds_to_second_try(_scheduled(dave))
    figures.add("federation", f"not delivered ({seen}): the second try in", f"{wait:.0f} s")
    assert text not in stream(alice)
    # Nobody has to wait that long: an admin sends it now.
    assert _send_now(dave).endswith("/sidekiq/scheduled")
    until(lambda: text in stream(alice))


def _send(writer: Person, reader: Person, text: str, whom: str | int, **more: Any) -> float:
    """Write a post; returns the seconds until it is in the reader's stream."""
    began = time.monotonic()
    assert write(writer, text, whom, **more) == 201
    until(lambda: text in stream(reader), every=0.1)
    return time.monotonic() - began


def _asked(pod: Pod) -> str:
    """What a pod was asked through the front, and its answers."""
    return pod.machine.journal("nginx")


def _scheduled(admin: Person) -> str:
    """What an admin sees of the jobs that wait for their time."""
    return admin.get("/sidekiq/scheduled").text


def _seconds_to_second_try(page: str) -> float:
    (at,) = re.findall(r'datetime="([^"]+)Z"', page.partition("<table")[2].partition("</table")[0])
    when = datetime.fromisoformat(at).replace(tzinfo=timezone.utc)
    return (when - datetime.now(timezone.utc)).total_seconds()


def _send_now(admin: Person) -> str:
    """Press the page's button for its one job; returns where that leads."""
    page = _scheduled(admin)
    (key,) = re.findall(r"name='key\[\]' value='([^']+)'", page)
    form = page.partition('action="/sidekiq/scheduled"')[2]
    token = re.search(r"name='authenticity_token' value='([^']+)'", form)
    assert token is not None, page
    filled = {"authenticity_token": token[1], "key[]": key, "add_to_queue": "Add to queue"}
    return admin.submit("/stream", "/sidekiq/scheduled", filled).headers["location"]

"""What people of another pod write arrives when its reader comes, at once where somebody is there.

Both pods have the plain patience. In each direction somebody writes while the other's pod sleeps,
and while the other reads.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from ..aws import Aws
from ..fakes.database import Database
from ..figures import Figures
from ..gate import NOTICED, SOON, connected, fall_asleep, waiting
from ..patience import until
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

DIRECTIONS = ("to ours", "to theirs")


@dataclass(frozen=True)
class Side:
    """Somebody of one pod, and the cluster that the pod has."""

    person: Person
    handle: str
    database: Database

    @property
    def pod(self) -> Pod:
        """Where the person lives."""
        return self.person.pod

    def asks(self, sql: str) -> str:
        """What the database says, asked past the pod."""
        return self.database.psql(sql)


@pytest.fixture(scope="module")
def sides(module_pods: Pods, region: Aws) -> tuple[Side, Side]:
    """Alice and Dave, who follow each other."""
    there = region.database_of("friends")
    ours, theirs = module_pods.launch(), module_pods.launch("friends", there, **FRIENDS)
    for pod in (ours, theirs):
        assert pod.wait_for_signal().status == "SUCCESS"
    alice = Side(inhabitant(ours, ALICE), ALICE, region.database)
    dave = Side(inhabitant(theirs, DAVE), DAVE, there)
    assert alice.person.follow(DAVE).status == 200
    until(lambda: "started sharing" in notices(dave.person), FIRST_RETRY)
    assert dave.person.follow(ALICE).status == 200
    until(lambda: relationship(alice.person, DAVE) == "mutual", FIRST_RETRY)
    return alice, dave


@pytest.fixture(params=DIRECTIONS)
def direction(sides: tuple[Side, Side], request: pytest.FixtureRequest) -> tuple[Side, Side]:
    """Who writes, and who reads."""
    return sides[::-1] if request.param == DIRECTIONS[0] else sides


def test_what_is_written_waits_for_its_reader_and_is_all_there_when_he_comes(
    direction: tuple[Side, Side], figures: Figures
) -> None:
    writer, reader = direction
    number, taken_back = _before(writer, reader, "sleep")
    fall_asleep(reader.pod)
    _write_public(writer, number, taken_back, "sleep")
    until(lambda: waiting(reader.pod) >= 4)
    time.sleep(NOTICED)
    assert waiting(reader.pod) >= 4
    assert not connected(reader.pod)
    assert _public(reader, "sleep") == [False] * 4
    assert "A post (sleep)" in stream(writer.person)
    began = time.monotonic()
    assert reader.person.get("/stream").status == 200
    until(lambda: _public(reader, "sleep") == [True] * 4, SOON, every=0.1)
    seconds = time.monotonic() - began
    figures.add("federation", "what waited is there after the first page", f"{seconds:.1f} s")
    assert "A post (sleep)" in stream(reader.person)


def test_what_is_written_while_somebody_is_there_arrives_at_once(
    direction: tuple[Side, Side], figures: Figures
) -> None:
    writer, reader = direction
    number, taken_back = _before(writer, reader, "presence")
    _write_public(writer, number, taken_back, "presence")

    def arrived() -> bool:
        reader.person.get("/stream.json")
        return _public(reader, "presence") == [True] * 4

    seconds = until(arrived, SOON, every=0.1)
    figures.add("federation", "the same while somebody reads", f"{seconds:.1f} s")


@pytest.mark.parametrize("there", [False, True], ids=["nobody is there", "somebody is there"])
def test_private_messages_and_new_followers_arrive(
    direction: tuple[Side, Side], there: bool
) -> None:
    writer, reader = direction
    text = f"Between us ({there})"
    handle = f"{'erin' if there else 'frank'}@{writer.pod.stack.host}"
    newcomer = inhabitant(writer.pod, handle)
    if not there:
        fall_asleep(reader.pod)
    recipient = writer.person.find(reader.handle)["id"]
    message = {"person_ids": str(recipient), "conversation": {"subject": "Hello", "text": text}}
    assert writer.person.send("/conversations", message).status == 200
    assert newcomer.follow(reader.handle).status == 200
    until(lambda: handle in notices(reader.person), FIRST_RETRY)
    assert reader.asks(f"SELECT count(*) FROM messages WHERE text = '{text}'") == "1"


def _before(writer: Side, reader: Side, when: str) -> tuple[int, int]:
    """The number, on the writer's pod, of a question of the reader's, and of a mistake."""
    question, mistake = f"A question ({when})", f"A mistake ({when})"
    assert write(reader.person, question, "public") == 201
    until(lambda: question in stream(writer.person))
    assert write(writer.person, mistake, "public") == 201
    until(lambda: mistake in stream(reader.person))
    known = stream(writer.person)
    return known[question]["id"], known[mistake]["id"]


def _write_public(writer: Side, question: int, mistake: int, when: str) -> None:
    """A post, a comment, a like, and a retraction."""
    person = writer.person
    assert write(person, f"A post ({when})", "public") == 201
    assert person.send(f"/posts/{question}/comments", {"text": f"A comment ({when})"}).status == 201
    assert person.send(f"/posts/{question}/likes", {}).status == 201
    assert person.submit("/stream", f"/posts/{mistake}", {"_method": "delete"}).status == 302


def _public(reader: Side, when: str) -> list[bool]:
    """Which of the four have arrived."""
    asked: tuple[tuple[str, Callable[[str], bool]], ...] = (
        (f"SELECT count(*) FROM posts WHERE text = 'A post ({when})'", _some),
        (f"SELECT count(*) FROM comments WHERE text = 'A comment ({when})'", _some),
        (f"SELECT likes_count FROM posts WHERE text = 'A question ({when})'", _some),
        (f"SELECT count(*) FROM posts WHERE text = 'A mistake ({when})'", lambda it: it == "0"),
    )
    return [arrived(reader.asks(sql)) for sql, arrived in asked]


def _some(count: str) -> bool:
    return int(count) > 0

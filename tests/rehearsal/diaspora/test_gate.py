"""What people of another pod write arrives when its reader comes, at once where somebody is there.

Both pods have the patience of the template's default. In each direction somebody writes while the
other's pod sleeps, and while the other reads.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest

from ..aws import Aws
from ..fakes.database import Database
from ..figures import Figures
from ..gate import NOTICED, SOON, connected, fall_asleep, waiting
from ..patience import until
from ..pod import Pod, Pods
from ..quiet import PATIENT
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
KINDS = 5


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


@pytest.fixture(scope="module")
def sides(module_pods: Pods, region: Aws) -> tuple[Side, Side]:
    """Alice and Dave, who follow each other."""
    there = region.database_of("friends")
    ours = module_pods.launch(**PATIENT)
    theirs = module_pods.launch("friends", there, **FRIENDS, **PATIENT)
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
    letter = _Letter(writer, reader, "asleep")
    letter.prepare()
    fall_asleep(reader.pod)
    letter.send()
    until(lambda: waiting(reader.pod) >= KINDS)
    time.sleep(NOTICED)
    assert (connected(reader.pod), letter.arrived()) == (False, [False] * KINDS)
    assert waiting(reader.pod) >= KINDS
    began = time.monotonic()
    assert reader.person.get("/stream").status == 200
    until(lambda: letter.arrived() == [True] * KINDS, SOON, every=0.1)
    seconds = time.monotonic() - began
    figures.add("federation", "what waited is there after the first page", f"{seconds:.1f} s")
    assert letter.post in stream(reader.person)


def test_what_is_written_while_somebody_is_there_arrives_at_once(
    direction: tuple[Side, Side], figures: Figures
) -> None:
    writer, reader = direction
    letter = _Letter(writer, reader, "there")
    letter.prepare()
    letter.send()

    def arrived() -> bool:
        reader.person.get("/stream.json")
        return letter.arrived() == [True] * KINDS

    seconds = until(arrived, SOON, every=0.1)
    figures.add("federation", "the same while somebody reads", f"{seconds:.1f} s")


@pytest.mark.parametrize("name", ["erin", "frank"])
def test_a_new_follower_arrives_whether_anybody_is_there_or_not(
    direction: tuple[Side, Side], name: str
) -> None:
    writer, reader = direction
    handle = f"{name}@{writer.pod.stack.host}"
    newcomer = inhabitant(writer.pod, handle)
    if name == "frank":
        fall_asleep(reader.pod)
    assert newcomer.follow(reader.handle).status == 200
    until(lambda: handle in notices(reader.person), FIRST_RETRY)


class _Letter:
    """All kinds of messages that somebody can send to another, with texts of their own."""

    def __init__(self, writer: Side, reader: Side, when: str) -> None:
        self._writer = writer
        self._reader = reader
        self._about = f"from {writer.handle}, {when}"
        self.post = f"A post {self._about}"

    def prepare(self) -> None:
        """What has to be there first: a question of the reader's, and a mistake of the writer's."""
        question, mistake = f"A question {self._about}", f"A mistake {self._about}"
        assert write(self._reader.person, question, "public") == 201
        until(lambda: question in stream(self._writer.person))
        assert write(self._writer.person, mistake, "public") == 201
        until(lambda: mistake in stream(self._reader.person))
        known = stream(self._writer.person)
        self._question, self._mistake = known[question]["id"], known[mistake]["id"]
        self._recipient = self._writer.person.find(self._reader.handle)["id"]

    def send(self) -> None:
        """A post, a comment, a like, a retraction, and a private message."""
        person, question = self._writer.person, f"/posts/{self._question}"
        assert write(person, self.post, "public") == 201
        assert (
            person.send(f"{question}/comments", {"text": f"A comment {self._about}"}).status == 201
        )
        assert person.send(f"{question}/likes", {}).status == 201
        retracted = person.submit("/stream", f"/posts/{self._mistake}", {"_method": "delete"})
        assert retracted.status == 302
        message = {"subject": "Hello", "text": f"A message {self._about}"}
        told = {"person_ids": str(self._recipient), "conversation": message}
        assert person.send("/conversations", told).status == 200

    def arrived(self) -> list[bool]:
        """Which of them are there, by the database of the reader's pod."""
        question = f"SELECT id FROM posts WHERE text = 'A question {self._about}'"
        asked = (
            f"SELECT EXISTS (SELECT FROM posts WHERE text = '{self.post}')",
            f"SELECT EXISTS (SELECT FROM comments WHERE text = 'A comment {self._about}')",
            f"SELECT EXISTS (SELECT FROM likes WHERE target_id IN ({question}))",
            f"SELECT NOT EXISTS (SELECT FROM posts WHERE text = 'A mistake {self._about}')",
            f"SELECT EXISTS (SELECT FROM messages WHERE text = 'A message {self._about}')",
        )
        return [self._reader.database.psql(sql) == "t" for sql in asked]

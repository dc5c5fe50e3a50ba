"""What a machine hands over at its end, and what the next one takes: once, whole or not at all."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from diaspora_pod import aws, cli, files, jobs, log_group, redis, units
from diaspora_pod.errors import Permanent, Transient
from diaspora_pod.machine import Machine
from diaspora_pod.moving import handover, shelf

from . import samples
from .moving import Bucket
from .queues import Queue

FOLDER = "handover/diaspora/pod/"
WAITING = {
    "queues": ["default", "patient"],
    "queue:default": ["b", "a"],
    "queue:patient": ['{"enqueued_at": 1764288000.5}'],
    "retry": {"c": "1764288000.5"},
}


@dataclass
class World:
    """Two machines of one pod, of which one looks at a time, and the bucket between them."""

    bucket: Bucket = field(default_factory=Bucket)
    queues: dict[str, Queue] = field(default_factory=dict)
    me: str = "i-01"
    off: bool = True
    held: bool = False
    told: list[tuple[str, str]] = field(default_factory=list)

    @property
    def queue(self) -> Queue:
        return self.queues.setdefault(self.me, Queue())

    def lies_there(self) -> list[str]:
        return [key for key in self.bucket.objects if not key.endswith(shelf.TAKER)]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, machine: Machine, no_pauses: None) -> World:
    world = World()
    world.queue.keys = json.loads(json.dumps(WAITING))
    (machine.root / "var/lib/diaspora-handover").mkdir(parents=True)

    def ship(logs: object, group: str, stream: str, lines: list[Any]) -> None:
        world.told.extend((stream, line.text) for line in lines)

    monkeypatch.setattr(aws, "client", lambda service, region: world.bucket)
    monkeypatch.setattr(aws, "instance_id", lambda: world.me)
    monkeypatch.setattr(redis, "connected", lambda: world.queue.connected())
    monkeypatch.setattr(units, "is_switched_off", lambda: world.off)
    monkeypatch.setattr(units, "is_held", lambda unit: world.held)
    monkeypatch.setattr(log_group, "ship", ship)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    return world


def settings(machine: Machine, **changes: str) -> None:
    machine.settings.write_text(json.dumps({**samples.SETTINGS, **changes}), encoding="utf-8")


# The machine that ends ----------------------------------------------------------------------------


def test_everything_goes_and_is_taken_as_it_was(world: World, machine: Machine) -> None:
    handover.give(machine)
    assert world.queue.waits() == {}
    assert not machine.handed_over.exists()
    world.me = "i-02"
    handover.take(machine)
    assert world.queue.waits() == {key: WAITING[key] for key in WAITING if key != "queues"}
    assert world.lies_there() == []
    assert [stream for stream, _ in world.told] == ["i-01", "i-02"]
    assert "4 jobs are handed over" in world.told[0][1]
    assert "4 jobs go on here" in world.told[1][1]


def test_its_name_says_when_and_by_whom(world: World, machine: Machine) -> None:
    handover.give(machine)
    (key,) = world.bucket.objects
    assert shelf.NAME.fullmatch(key.removeprefix(FOLDER))
    assert key.endswith("-i-01")


def test_a_machine_that_is_only_started_anew_keeps_everything(
    world: World, machine: Machine
) -> None:
    world.off = False
    machine.settings.write_text("{")
    handover.give(machine)
    assert (world.queue.keys, world.bucket.objects) == (WAITING, {})


def test_where_nothing_waits_nothing_is_written(world: World, machine: Machine) -> None:
    world.queue.keys = {"queues": ["default"], "cron_jobs": ["daily"]}
    handover.give(machine)
    assert (world.bucket.objects, world.told) == ({}, [])


def test_a_pod_that_does_no_jobs_hands_none_over(world: World, machine: Machine) -> None:
    settings(machine, owns_domain="no")
    handover.give(machine)
    assert (world.queue.keys, world.bucket.objects) == (WAITING, {})


def test_after_a_dump_nothing_is_handed_over_for_it_is_in_the_dump(
    world: World, machine: Machine
) -> None:
    world.held = True
    handover.give(machine)
    assert (world.queue.keys, world.bucket.objects) == (WAITING, {})


def fails(world: World, error: Exception, times: float = float("inf")) -> None:
    left = [times]

    def fail(key: str) -> None:
        if left[0] > 0:
            left[0] -= 1
            raise error

    world.bucket.fails = fail


def test_a_bucket_that_is_away_for_a_moment_is_waited_for(world: World, machine: Machine) -> None:
    fails(world, Transient("503"), 3)
    handover.give(machine)
    assert len(world.lies_there()) == 1
    assert world.queue.waits() == {}


@pytest.mark.parametrize("error", [Transient("503"), Permanent("AccessDenied")])
def test_what_cannot_be_handed_over_stays_and_is_told_in_the_log_group(
    world: World, machine: Machine, error: Exception
) -> None:
    fails(world, error)
    with pytest.raises(type(error)):
        handover.give(machine)
    assert world.queue.keys == WAITING
    ((stream, text),) = world.told
    assert stream == "i-01"
    assert f"not handed over, and lost with this machine: 4 jobs: {error}" in text


def test_what_takes_too_long_is_told(world: World, machine: Machine) -> None:
    def end(key: str) -> None:
        raise SystemExit(143)

    world.bucket.fails = end
    with pytest.raises(SystemExit):
        handover.give(machine)
    assert "it took too long" in world.told[0][1]


def test_a_queue_that_does_not_answer_at_the_end_is_told(
    world: World, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> Any:
        raise Transient("the queue: Connection refused")

    monkeypatch.setattr(redis, "connected", away)
    with pytest.raises(Transient):
        handover.give(machine)
    assert "lost with this machine: what waits: the queue: Connection" in world.told[0][1]


# A machine that ended in the midst of it, and boots again -----------------------------------------


def interrupted(world: World, machine: Machine, before: str) -> None:
    """The power goes before Redis is told so."""

    def cut(words: Any) -> None:
        if words[0] == before:
            raise KeyboardInterrupt

    world.queue.before = cut
    with pytest.raises(KeyboardInterrupt):
        handover.give(machine)
    world.queue.before = lambda words: None


@pytest.mark.parametrize("before", ["UNLINK", "WAITAOF"])
def test_what_has_arrived_counts_in_the_bucket_and_no_longer_here(
    world: World, machine: Machine, before: str
) -> None:
    interrupted(world, machine, before)
    handover.settle(machine)
    assert world.queue.waits() == {}
    assert not machine.handed_over.exists()
    handover.take(machine)
    assert world.queue.waits() == {key: WAITING[key] for key in WAITING if key != "queues"}


def test_what_another_machine_has_taken_meanwhile_is_not_done_twice(
    world: World, machine: Machine
) -> None:
    interrupted(world, machine, "UNLINK")
    world.me = "i-02"
    handover.take(machine)
    assert len(world.queue.waits()) == 3
    world.me = "i-01"
    handover.settle(machine)
    handover.take(machine)
    assert world.queue.waits() == {}


def test_what_has_never_arrived_counts_here(world: World, machine: Machine) -> None:
    world.bucket.objects[f"{FOLDER}20260101T000000Z-i-07"] = b"of another one"
    fails(world, Transient("503"))
    with pytest.raises(Transient):
        handover.give(machine)
    fails(world, Transient("503"), 3)
    handover.settle(machine)
    assert world.queue.keys == WAITING
    assert not machine.handed_over.exists()


def test_an_ordinary_boot_asks_nobody(
    world: World, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws, "client", None)
    machine.settings.write_text("{")
    handover.settle(machine)
    assert world.queue.asked == []


def test_what_was_taken_and_comes_to_lie_there_again_is_not_taken_twice(
    world: World, machine: Machine
) -> None:
    """The machine that sent it had no answer, and sends it once more."""
    handover.give(machine)
    again = dict(world.bucket.objects)
    world.me = "i-02"
    handover.take(machine)
    world.bucket.objects.update(again)
    handover.take(machine)
    world.me = "i-03"
    handover.take(machine)
    assert world.queue.waits() == {}
    assert sum("go on here" in text for _, text in world.told) == 2
    assert "0 jobs go on here" in world.told[-1][1]


# The machine that comes after it ------------------------------------------------------------------


def test_a_pod_that_does_no_jobs_takes_none(world: World, machine: Machine) -> None:
    handover.give(machine)
    settings(machine, owns_domain="no")
    world.me = "i-02"
    handover.take(machine)
    assert world.queue.waits() == {}
    assert len(world.lies_there()) == 1


def test_two_ends_in_a_row_are_both_taken_and_the_oldest_is_done_first(
    world: World, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, job in enumerate(("older", "newer")):
        monkeypatch.setattr(handover, "new_name", lambda n=number: f"2026112{n}T000000Z")
        world.queue.keys = {"queues": ["default"], "queue:default": [job]}
        handover.give(machine)
    world.me = "i-02"
    handover.take(machine)
    assert world.queue.waits() == {"queue:default": ["newer", "older"]}


def test_what_is_away_is_left_to_the_next_look(world: World, machine: Machine) -> None:
    handover.give(machine)
    world.me = "i-02"
    fails(world, Transient("503"), 1)
    with pytest.raises(Transient):
        handover.take(machine)
    assert world.queue.waits() == {}
    handover.take(machine)
    assert len(world.queue.waits()) == 3


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda data: data[:-10],
    "empty": lambda data: b"",
    "something else": lambda data: b"nonsense",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_one_that_is_damaged_is_told_puts_nothing_and_keeps_no_other_from_being_taken(
    world: World, machine: Machine, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    handover.give(machine)
    (key,) = world.lies_there()
    world.bucket.objects[key] = DAMAGE[damage](world.bucket.objects[key])
    world.queue.keys = {"queues": ["low"], "queue:low": ["whole"]}
    monkeypatch.setattr(handover, "new_name", lambda: "20200101T000000Z")
    handover.give(machine)
    world.me = "i-02"
    with pytest.raises(Permanent, match="not all"):
        handover.take(machine)
    # It is told once.
    handover.take(machine)
    assert world.queue.waits() == {"queue:low": ["whole"]}
    assert world.lies_there() == [key]
    assert sum("cannot be taken: it is not whole" in text for _, text in world.told) == 1


@pytest.mark.parametrize("before", ["EVAL", "WAITAOF", "delete"])
def test_a_kill_in_the_midst_of_taking_takes_once(
    world: World, machine: Machine, before: str
) -> None:
    handover.give(machine)
    world.me = "i-02"

    def cut(words: Any) -> None:
        if before in words:
            raise KeyboardInterrupt

    world.queue.before = cut
    if before == "delete":
        world.bucket.delete_object = lambda **_: cut(["delete"])  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        handover.take(machine)
    world.queue.before = lambda words: None
    world.bucket.__dict__.pop("delete_object", None)
    world.me = "i-03"
    handover.take(machine)
    assert world.queue.waits() == {}
    world.me = "i-02"
    handover.take(machine)
    assert world.queue.waits() == {key: WAITING[key] for key in WAITING if key != "queues"}
    assert world.lies_there() == []


def test_it_leaves_the_bucket_only_when_the_queue_has_it_on_the_disk(
    world: World, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    handover.give(machine)
    world.me = "i-02"

    def away(queue: object) -> None:
        raise Transient("the queue does not reach the disk")

    monkeypatch.setattr(jobs, "sync", away)
    with pytest.raises(Transient):
        handover.take(machine)
    assert len(world.lies_there()) == 1


def test_while_a_dump_reads_the_queue_nothing_comes_into_it(world: World, machine: Machine) -> None:
    handover.give(machine)
    world.me = "i-02"
    with files.alone(machine.run / "moving"), pytest.raises(Permanent, match="under way"):
        handover.take(machine)
    world.held = True
    with pytest.raises(Transient, match="a dump was made"):
        handover.take(machine)
    assert world.queue.waits() == {}
    world.held = False
    handover.take(machine)
    assert len(world.queue.waits()) == 3


def test_a_log_group_that_is_away_keeps_nobody(
    world: World, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise Transient("503")

    monkeypatch.setattr(log_group, "ship", away)
    handover.give(machine)
    assert len(world.lies_there()) == 1


def test_the_command_ends_with_1_where_something_is_lost(world: World, machine: Machine) -> None:
    assert cli.main(["handover", "settle"], machine) == 0
    fails(world, Permanent("AccessDenied"))
    assert cli.main(["handover", "give"], machine) == 1

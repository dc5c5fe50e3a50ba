"""Jobs are read whatever holds them, put before newer ones, all or none, and once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, cast

import pytest
from diaspora_pod import jobs
from diaspora_pod.errors import Permanent, Transient
from diaspora_pod.jobs import Entry
from diaspora_pod.redis import Redis

from .queues import Queue

JOB = json.dumps({"class": "Workers::Send", "queue": "high", "jid": "1", "args": ["🐘"]})


def queue() -> Queue:
    return Queue(
        **{
            "queues": ["patient", "default"],
            "queue:default": ["b", "a"],
            "queue:patient": [],
            "diaspora:running": [JOB],
            "retry": {"c": "1764288000.5"},
            "cron_jobs:default": ["cron_job:default:daily"],
            "stat:processed": "17",
        }
    )


def redis(queue: Queue) -> Redis:
    return cast(Redis, queue)


def test_what_is_to_be_done_now_is_counted_with_what_is_being_done() -> None:
    assert jobs.unfinished(redis(queue())) == 3


def test_all_are_counted_with_those_that_wait_for_a_time() -> None:
    assert jobs.count(redis(queue())) == 4


def test_every_job_is_read_those_too_that_a_killed_process_left() -> None:
    found = jobs.read(redis(queue()))
    assert found.queues == {"default": ["b", "a"], "high": [JOB]}
    assert found.sets == {"retry": [["c", "1764288000.5"]], "schedule": [], "dead": []}
    assert found.count == 4
    assert jobs.parse(found.text()) == found
    assert list(found.entries()) == list(jobs.entries(redis(queue())))


def test_what_is_no_job_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    places = {entry.place for entry in jobs.entries(redis(queue()))}
    assert places == {"queue:default", "queue:high", "retry"}


@pytest.mark.parametrize("at_once", [1, 2, 3, 100])
def test_a_long_queue_is_read_a_few_at_a_time_in_its_order(
    monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(jobs, "AT_ONCE", at_once)
    long = Queue(**{"queues": ["a"], "queue:a": list("12345"), "dead": dict.fromkeys("67", "8")})
    found = "".join(entry.job for entry in jobs.entries(redis(long)))
    assert found == "1234567"


def test_jobs_are_put_before_newer_ones() -> None:
    other = Queue(**{"queues": ["default"], "queue:default": ["newer"], "retry": {"d": "2"}})
    assert jobs.put(redis(other), jobs.entries(redis(queue())), "name") == 4
    # sidekiq takes from the right.
    assert other.keys["queue:default"] == ["newer", "b", "a"]
    assert other.keys["queue:high"] == [JOB]
    assert other.keys["retry"] == {"c": "1764288000.5", "d": "2"}
    assert set(other.keys["queues"]) == {"default", "high"}


def test_jobs_of_a_name_are_put_once() -> None:
    other = Queue()
    assert jobs.put(redis(other), [Entry("queue:a", "1")], "name") == 1
    assert jobs.put(redis(other), [Entry("queue:a", "1")], "name") == 0
    assert jobs.put(redis(other), [Entry("queue:a", "2")], "another") == 1
    assert other.keys["queue:a"] == ["1", "2"]


def test_what_breaks_off_puts_nothing_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "PUT_BYTES", 1)

    def broken() -> Iterator[Entry]:
        yield Entry("queue:a", "1")
        raise Permanent("it is not whole")

    other = Queue()
    with pytest.raises(Permanent):
        jobs.put(redis(other), broken(), "name")
    assert other.keys == {}
    assert jobs.put(redis(other), [Entry("queue:a", "1")], "name") == 1


def test_a_queue_that_is_full_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "PUT_BYTES", 2)
    other = Queue()

    def refuse(words: Sequence[str]) -> None:
        if words[0] == "RPUSH" and len(other.keys.get(words[1], [])) == 2:
            raise Transient("OOM command not allowed")

    other.before = refuse
    with pytest.raises(Transient, match="OOM"):
        jobs.put(redis(other), [Entry("queue:a", job) for job in "12345"], "name")
    assert other.keys == {}


def test_what_was_brought_before_a_kill_is_brought_anew() -> None:
    other = Queue(**{f"{jobs.COMING}:queue:a": ["1"]})
    jobs.put(redis(other), [Entry("queue:a", "1"), Entry("queue:a", "2")], "name")
    assert other.waits() == {"queue:a": ["1", "2"]}


def test_no_jobs_are_nothing_to_do() -> None:
    other = Queue()
    assert jobs.put(redis(other), [], "name") == 0
    assert other.waits() == {}


def test_all_jobs_are_dropped_at_once_and_nothing_else() -> None:
    there = queue()
    jobs.drop(redis(there))
    assert sum(words[0] == "UNLINK" for words in there.asked) == 1
    assert there.waits() == {
        "cron_jobs:default": ["cron_job:default:daily"],
        "stat:processed": "17",
    }


def test_a_queue_that_reaches_no_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    there: Any = queue()
    jobs.sync(there)
    there._waitaof = lambda *_: [0, 0]
    with pytest.raises(Transient, match="does not reach the disk"):
        jobs.sync(there)

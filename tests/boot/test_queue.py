"""What a podmin sees of jobs, and has done again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from diaspora_pod import redis
from diaspora_pod.operator import queue

NOW = 1_764_288_000.0
TEXT = "what somebody wrote"


def job(kind: str = "Workers::SendPublic", name: str = "medium", **more: Any) -> str:
    return json.dumps({"class": kind, "queue": name, "jid": "1", "args": [TEXT], **more})


class Redis:
    """As much of Redis as jobs ask for; a member that ``vanishes`` is taken by somebody else."""

    def __init__(self, **keys: Any) -> None:
        self.keys: dict[str, Any] = keys
        self.vanishes: set[str] = set()

    def call(self, *words: str) -> Any:
        command, key = words[0], words[1]
        found = self.keys.get(key, [])
        if command in ("LLEN", "HLEN", "ZCARD"):
            return len(found)
        if command == "LINDEX":
            return found[-1] if found else None
        if command == "EVAL":
            return self._move(*words[3:])
        return list(found)

    def _move(self, source: str, target: str, member: str, name: str, new: str) -> int:
        if member in self.vanishes:
            return 0
        self.keys[source].remove(member)
        self.keys["queues"] = sorted({*self.keys["queues"], name})
        self.keys.setdefault(target, []).insert(0, new)
        return len(self.keys[target])

    @contextmanager
    def connected(self) -> Iterator[Redis]:
        yield self


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Redis:
    """Some jobs of each kind."""
    found = Redis(
        **{
            "queues": ["medium", "patient", "urgent"],
            "queue:medium": [job(enqueued_at=NOW - 60), job(enqueued_at=NOW - 1200)],
            "queue:patient": [job(name="patient", enqueued_at=NOW - 7200)],
            "queue:urgent": [],
            "diaspora:running": ["{}"],
            "retry": [job(error_class="Faraday::TimeoutError", retry_count=3)],
            "schedule": ["{}", "{}"],
            "dead": [job(name="patient", retry_queue="urgent", error_class="NoMethodError")],
        }
    )
    monkeypatch.setattr(redis, "connected", found.connected)
    return found


def test_all_jobs_are_counted_and_how_long_the_oldest_of_each_queue_has_waited(
    there: Redis,
) -> None:
    counts = queue.read_counts(there, NOW)  # type: ignore[arg-type]
    assert counts == queue.Counts(
        (queue.Waiting("medium", 2, 1200.0), queue.Waiting("patient", 1, 7200.0)), 1, 1, 2, 1
    )
    assert queue.told(counts) == (
        "3 wait, the oldest for 2 hours; 1 running, 1 to try again, 2 planned, 1 given up"
    )


def test_a_clock_that_was_set_back_makes_no_job_younger_than_it_is(there: Redis) -> None:
    (first, *_) = queue.read_counts(there, NOW - 9000).queues  # type: ignore[arg-type]
    assert first.oldest == 0.0


def test_what_failed_is_told_by_its_kind_and_never_what_was_in_it(there: Redis) -> None:
    told = "\n".join([*queue.show_failed(), *queue.show_counts()])
    assert "Workers::SendPublic: Faraday::TimeoutError" in told
    assert "Workers::SendPublic: NoMethodError" in told
    assert TEXT not in told


def test_what_failed_is_done_again_at_once_and_nowhere_where_it_would_wait(there: Redis) -> None:
    assert list(queue.retry()) == ["2 jobs to be done now that had failed"]
    assert (there.keys["retry"], there.keys["dead"]) == ([], [])
    again = json.loads(there.keys["queue:medium"][0])
    assert (again["args"], again["retry_count"]) == ([TEXT], 2)
    assert again["enqueued_at"] > NOW
    (urgent,) = there.keys["queue:urgent"]
    assert json.loads(urgent)["queue"] == "urgent"


def test_what_sidekiq_takes_in_the_same_moment_is_done_once(there: Redis) -> None:
    there.vanishes = set(there.keys["retry"])
    assert list(queue.retry()) == ["1 job to be done now that had failed"]
    assert len(there.keys["queue:medium"]) == 2


def test_no_jobs_are_told_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis, "connected", Redis().connected)
    assert list(queue.show_counts()) == ["0 wait; 0 running, 0 to try again, 0 planned, 0 given up"]

"""``diaspora-pod jobs``: how many there are, which failed, and having these tried again."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .. import redis
from ..jobs import RUNNING, SETS
from ..redis import Redis
from .words import count, since

# Where messages of other pods wait, which may: messages_wait.rb.
PATIENT = "patient"
# What failed: what is tried again by itself, and what was given up.
FAILED = ("retry", "dead")
MOST_SHOWN = 20
# Out of one and into the other, or neither: sidekiq's own clock may be taking it just now.
MOVE = """
if redis.call('ZREM', KEYS[1], ARGV[1]) == 1 then
  redis.call('SADD', 'queues', ARGV[2])
  return redis.call('LPUSH', KEYS[2], ARGV[3])
end
return 0
"""


@dataclass(frozen=True)
class Waiting:
    """The jobs of one queue, and for how many seconds the oldest has waited."""

    queue: str
    count: int
    oldest: float


@dataclass(frozen=True)
class Counts:
    """How many jobs there are: of queues, running, and of each set that waits for a time."""

    queues: tuple[Waiting, ...]
    running: int
    retry: int
    schedule: int
    dead: int


def read_counts(queue: Redis, now: float) -> Counts:
    """Count all jobs. ``now`` is in seconds since 1970."""
    names = sorted(queue.call("SMEMBERS", "queues"))
    found = (_waiting(queue, name, now) for name in names)
    return Counts(
        tuple(waiting for waiting in found if waiting.count),
        queue.call("HLEN", RUNNING),
        **{name: queue.call("ZCARD", name) for name in SETS},
    )


def _waiting(queue: Redis, name: str, now: float) -> Waiting:
    key = f"queue:{name}"
    # New ones come in from the left.
    oldest = queue.call("LINDEX", key, "-1")
    began = float(json.loads(oldest).get("enqueued_at", now)) if oldest else now
    return Waiting(name, queue.call("LLEN", key), max(0.0, now - began))


def told(counts: Counts) -> str:
    """The counts in one line."""
    waiting = sum(found.count for found in counts.queues)
    oldest = max((found.oldest for found in counts.queues), default=0.0)
    words = f"{waiting} wait{f', the oldest for {since(oldest)}' if waiting else ''}"
    return (
        f"{words}; {counts.running} running, {counts.retry} to try again, "
        f"{counts.schedule} planned, {counts.dead} given up"
    )


def show_counts() -> Iterator[str]:
    """Lines that tell how many jobs there are; raises Transient where the queue is away."""
    with redis.connected() as queue:
        counts = read_counts(queue, time.time())
    yield told(counts)
    for found in counts.queues:
        yield f"  {found.queue:<12} {found.count:>6}, the oldest for {since(found.oldest)}"
    if counts.retry or counts.dead:
        yield "Which failed: diaspora-pod jobs failed. Try them again: diaspora-pod jobs retry"


def show_failed() -> Iterator[str]:
    """Lines that tell what failed, and of what; never what was in it, which is people's."""
    with redis.connected() as queue:
        failed = {name: _jobs(queue, name) for name in FAILED}
    titles = {"retry": "tried again by themselves", "dead": "given up"}
    for name, jobs in failed.items():
        yield f"{count(len(jobs), 'job')} {titles[name]}"
        kinds = Counter((job["class"], job.get("error_class", "?")) for job in jobs)
        for (kind, error), number in kinds.most_common(MOST_SHOWN):
            yield f"  {number:>5} {kind}: {error}"


def retry() -> Iterator[str]:
    """Have everything that failed tried again now; lines that tell how many."""
    with redis.connected() as queue:
        moved = sum(
            _move(queue, name, member)
            for name in FAILED
            for member in queue.call("ZRANGE", name, "0", "-1")
        )
    yield f"{count(moved, 'job')} to be done now that had failed"


def _jobs(queue: Redis, name: str) -> list[dict[str, Any]]:
    return [json.loads(member) for member in queue.call("ZRANGE", name, "0", "-1")]


def _move(queue: Redis, name: str, member: str) -> bool:
    job = json.loads(member)
    # Who asks for it does not want it to wait for others: not where such jobs wait.
    job["queue"] = job.get("retry_queue", job["queue"])
    # As sidekiq does it: this try is not one of those that it has.
    if "retry_count" in job:
        job["retry_count"] -= 1
    job["enqueued_at"] = time.time()
    place = f"queue:{job['queue']}"
    moved = queue.call("EVAL", MOVE, "2", name, place, member, job["queue"], json.dumps(job))
    return bool(moved)

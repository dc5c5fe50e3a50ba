"""The jobs that wait in Redis: counted, read, and put into another pod's queue."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from .redis import Redis

# What sidekiq calls the sets of jobs that wait for a time, and of those that were given up.
SETS = ("retry", "schedule", "dead")
# Jobs that run, by running_jobs.rb; after a kill they are found here and nowhere else.
RUNNING = "diaspora:running"


@dataclass(frozen=True)
class Jobs:
    """Jobs as sidekiq spells them: of each queue in its order; of each set with their times."""

    queues: dict[str, list[str]]
    sets: dict[str, list[list[str]]]

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(map(len, self.queues.values())) + sum(map(len, self.sets.values()))

    def text(self) -> str:
        """What ``parse`` reads again, in ASCII, whatever the jobs hold."""
        return json.dumps(asdict(self))


def parse(text: str) -> Jobs:
    """Read what ``Jobs.text`` wrote."""
    return Jobs(**json.loads(text))


def unfinished(redis: Redis) -> int:
    """How many jobs are to be done now or are being done."""
    counts = [redis.call("LLEN", f"queue:{name}") for name in redis.call("SMEMBERS", "queues")]
    return int(sum(counts) + redis.call("HLEN", RUNNING))


def read(redis: Redis) -> Jobs:
    """Every job that is there. Nobody may be working at them."""
    queues = {
        name: redis.call("LRANGE", f"queue:{name}", "0", "-1")
        for name in sorted(redis.call("SMEMBERS", "queues"))
    }
    for job in redis.call("HVALS", RUNNING):
        queues.setdefault(json.loads(job)["queue"], []).append(job)
    return Jobs(
        queues={name: found for name, found in queues.items() if found},
        sets={name: _pairs(redis.call("ZRANGE", name, "0", "-1", "WITHSCORES")) for name in SETS},
    )


def put(redis: Redis, jobs: Jobs) -> None:
    """Put jobs before those that have come since, all or none; raises Transient."""
    commands = [["SADD", "queues", name] for name in jobs.queues]
    # sidekiq takes from the right: these are older than what has come since, and are done first.
    commands += [["RPUSH", f"queue:{name}", *found] for name, found in jobs.queues.items()]
    commands += [
        ["ZADD", name, time, job] for name, pairs in jobs.sets.items() for job, time in pairs
    ]
    if commands:
        redis.together([["MULTI"], *commands, ["EXEC"]])


def _pairs(flat: Sequence[str]) -> list[list[str]]:
    """Members and their scores, which Redis tells one after the other."""
    return [list(pair) for pair in zip(flat[::2], flat[1::2], strict=True)]

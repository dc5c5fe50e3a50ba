"""The jobs that wait in Redis: counted, read, put into another pod's queue, and taken away.

Nothing else of what is there travels. Which jobs come by the clock each sidekiq says anew when it
starts; counts of what was done, and who works here, are of this machine.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from .errors import Transient
from .redis import Redis

# What sidekiq calls the sets of jobs that wait for a time, and of those that were given up.
SETS = ("retry", "schedule", "dead")
# Jobs that run, by running_jobs.rb; after a kill they are found here and nowhere else.
RUNNING = "diaspora:running"
# The names of what was put here, so that nothing is put twice.
TAKEN = "diaspora:taken"
COMING = "diaspora:coming"
# Read at once: a message has half a megabyte at most.
AT_ONCE = 100
# Put at once: Redis counts what it is being told as memory that is in use.
PUT_BYTES = 1024 * 1024
# Milliseconds for what Redis does every second.
SYNC = 10_000

# What comes is there already, under names of its own: it becomes the queue, and the few that have
# come since are put behind it. Told in a transaction, a long queue would be in memory three times.
JOIN = """
if redis.call('SADD', KEYS[1], ARGV[1]) == 0 then return 0 end
for i = 2, #KEYS, 2 do
  local coming, place = KEYS[i], KEYS[i + 1]
  if redis.call('TYPE', coming).ok == 'list' then
    while redis.call('LMOVE', place, coming, 'RIGHT', 'LEFT') do end
    redis.call('SADD', 'queues', string.sub(place, 7))
  else
    local since = redis.call('ZRANGE', place, 0, -1, 'WITHSCORES')
    for j = 1, #since, 2 do redis.call('ZADD', coming, since[j + 1], since[j]) end
  end
  redis.call('RENAME', coming, place)
end
return 1
"""


@dataclass(frozen=True)
class Entry:
    """A job as sidekiq spells it, and where it waits: the name in Redis; its time in a set."""

    place: str
    job: str
    time: str = ""


@dataclass(frozen=True)
class Jobs:
    """Jobs as sidekiq spells them: of each queue in its order; of each set with their times."""

    queues: dict[str, list[str]]
    sets: dict[str, list[list[str]]]

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(map(len, self.queues.values())) + sum(map(len, self.sets.values()))

    def entries(self) -> Iterator[Entry]:
        """Each of them, those of a queue in its order."""
        for name, found in self.queues.items():
            yield from (Entry(_queue(name), job) for job in found)
        for name, pairs in self.sets.items():
            yield from (Entry(name, job, time) for job, time in pairs)

    def text(self) -> str:
        """What ``parse`` reads again, in ASCII, whatever the jobs hold."""
        return json.dumps(asdict(self))


def parse(text: str) -> Jobs:
    """Read what ``Jobs.text`` wrote."""
    return Jobs(**json.loads(text))


def unfinished(redis: Redis) -> int:
    """How many jobs are to be done now or are being done."""
    counts = [redis.call("LLEN", _queue(name)) for name in redis.call("SMEMBERS", "queues")]
    return int(sum(counts) + redis.call("HLEN", RUNNING))


def count(redis: Redis) -> int:
    """How many jobs there are at all."""
    return unfinished(redis) + int(sum(redis.call("ZCARD", name) for name in SETS))


def entries(redis: Redis) -> Iterator[Entry]:
    """Every job that is there, a few at a time. Nobody may be working at them."""
    for name in sorted(redis.call("SMEMBERS", "queues")):
        place = _queue(name)
        for start in range(0, redis.call("LLEN", place), AT_ONCE):
            found = redis.call("LRANGE", place, str(start), str(start + AT_ONCE - 1))
            yield from (Entry(place, job) for job in found)
    for job in redis.call("HVALS", RUNNING):
        yield Entry(_queue(json.loads(job)["queue"]), job)
    for place in SETS:
        for start in range(0, redis.call("ZCARD", place), AT_ONCE):
            bounds = (str(start), str(start + AT_ONCE - 1))
            flat = redis.call("ZRANGE", place, *bounds, "WITHSCORES")
            pairs = zip(flat[::2], flat[1::2], strict=True)
            yield from (Entry(place, job, time) for job, time in pairs)


def read(redis: Redis) -> Jobs:
    """Every job that is there, at once."""
    found = Jobs({}, {name: [] for name in SETS})
    for entry in entries(redis):
        if entry.time:
            found.sets[entry.place].append([entry.job, entry.time])
        else:
            found.queues.setdefault(entry.place.removeprefix("queue:"), []).append(entry.job)
    return found


def put(redis: Redis, coming: Iterable[Entry], name: str) -> int:
    """Put jobs before those that have come since: all or none, and those of a name once.

    Returns how many; none where those of that name were put before. Raises Transient, and what
    ``coming`` raises.
    """
    if redis.call("SISMEMBER", TAKEN, name):
        return 0
    _forget(redis)
    try:
        places = _bring(redis, coming)
        keys = [TAKEN, *(word for place in places for word in (_coming(place), place))]
        joined = redis.call("EVAL", JOIN, str(len(keys)), *keys, name)
        return sum(places.values()) if joined else 0
    finally:
        with contextlib.suppress(Transient):
            _forget(redis)


def drop(redis: Redis) -> None:
    """Take every job away, all or none; raises Transient."""
    queues = [_queue(name) for name in redis.call("SMEMBERS", "queues")]
    redis.call("UNLINK", *queues, *SETS, RUNNING)


def sync(redis: Redis) -> None:
    """Return once a power cut can no longer take back what was done; raises Transient."""
    kept, _ = redis.call("WAITAOF", "1", "0", str(SYNC))
    if kept < 1:
        raise Transient("the queue does not reach the disk")


def _bring(redis: Redis, coming: Iterable[Entry]) -> dict[str, int]:
    """Put jobs where nobody looks for any; returns how many are to be in which place."""
    places: dict[str, int] = {}
    words: list[list[str]] = []
    size = 0
    for entry in coming:
        places[entry.place] = places.get(entry.place, 0) + 1
        words.append(_added(entry))
        size += len(entry.job)
        if size >= PUT_BYTES:
            redis.together(words)
            words, size = [], 0
    redis.together(words)
    return places


def _added(entry: Entry) -> list[str]:
    place = _coming(entry.place)
    # sidekiq takes from the right: the oldest was read last, and is the first again.
    return ["ZADD", place, entry.time, entry.job] if entry.time else ["RPUSH", place, entry.job]


def _forget(redis: Redis) -> None:
    """Take away what a try before this one has brought."""
    if found := redis.call("KEYS", f"{COMING}:*"):
        redis.call("UNLINK", *found)


def _coming(place: str) -> str:
    return f"{COMING}:{place}"


def _queue(name: str) -> str:
    return f"queue:{name}"

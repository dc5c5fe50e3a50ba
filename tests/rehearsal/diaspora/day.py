"""A drawn day, played against a real pod: only what nobody would notice is skipped.

Where nobody is connected to the database and no job is to be done, all that waits is made older by
what is left until something happens. A day's few hours of connections are played as they are.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import inf

from diaspora_cf.cost.arrivals import Arrival

from ..fakes.sessions import Session
from ..pod import Pod
from .life import Life

HOUR = 3600.0
# What the web server answers by what it remembers: pages that were loaded, and strangers' visits.
REMEMBERED = ("tab", "stranger")
# So long after the last connection has ended whoever looks at that has seen it.
NOTICED = 6.0
# So long before something happens the clock runs as it does: sidekiq looks every few seconds.
EARLY = 1.0
LOOK_EVERY = 0.25
# Text and not JSON: Lua's would write other numbers and lists than it read.
_OLDER = """
local seconds, key = tonumber(ARGV[1]), 'queue:patient'
for place, job in ipairs(redis.call('LRANGE', key, 0, -1)) do
  local older = string.gsub(job, '"enqueued_at":([%d.]+)', function (at)
    return string.format('"enqueued_at":%.6f', tonumber(at) - seconds)
  end)
  redis.call('LSET', key, place - 1, older)
end
for _, key in ipairs({'retry', 'schedule'}) do
  for _, job in ipairs(redis.call('ZRANGE', key, 0, -1)) do
    redis.call('ZINCRBY', key, -seconds, job)
  end
end
"""
# Jobs that are to be done now; when the oldest that waits was put there; when the next one is due.
_STATE = """
local now = redis.call('HLEN', 'diaspora:running')
for _, queue in ipairs(redis.call('SMEMBERS', 'queues')) do
  if queue ~= 'patient' then now = now + redis.call('LLEN', 'queue:' .. queue) end
end
local oldest = redis.call('LINDEX', 'queue:patient', -1)
local since = oldest and string.match(oldest, '"enqueued_at":([%d.]+)') or ''
local due = ''
for _, key in ipairs({'retry', 'schedule'}) do
  local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  if first[2] and (due == '' or tonumber(first[2]) < tonumber(due)) then due = first[2] end
end
return now .. ' ' .. (since == '' and '-' or since) .. ' ' .. (due == '' and '-' or due)
"""


@dataclass
class Clock:
    """The drawn day's: it runs as the real one does, and jumps.

    ``jumps`` are the real times, in seconds since 1970, and what the drawn clock was ahead since.
    """

    jumps: list[tuple[float, float]] = field(default_factory=list)

    def start(self, drawn: float) -> None:
        """Set it."""
        now = time.time()
        self.jumps = [(now, drawn - now)]

    def now(self) -> float:
        """Seconds from the first midnight."""
        return time.time() + self.jumps[-1][1]

    def jump(self, seconds: float) -> None:
        """Be later by so much."""
        self.jumps.append((time.time(), self.jumps[-1][1] + seconds))

    def drawn(self, real: float) -> float:
        """What it showed at a real time."""
        return real + next(ahead for at, ahead in reversed(self.jumps) if at <= real)


class Player:
    """Plays arrivals to one pod, where messages wait for so many minutes.

    ``web``: its web server remembers some things by a clock of its own, which never jumps.
    """

    def __init__(self, pod: Pod, life: Life, patience: float, *, web: bool) -> None:
        self.clock = Clock()
        self._pod = pod
        self._life = life
        self._patience = patience * 60
        self._web = web

    def play(self, arrivals: Iterable[Arrival], start: float, end: float) -> None:
        """Have everything happen that does from one time of the drawn day to another."""
        played = [it for it in arrivals if start <= it.at < end]
        self.clock.start(start)
        for number, (at, kind) in enumerate(played):
            self._wait_for(at, _first_of(REMEMBERED, played[number:]))
            self._life.happen(kind)
            self._pod.machine.say(f"{at / HOUR:.2f} h: {kind}")
        self._wait_for(end)

    def connected(self) -> list[Session]:
        """The database's connections by its log, on the drawn clock, up to now."""
        now = time.time()
        return [
            Session(self.clock.drawn(it.began), self.clock.drawn(min(it.ended, now)))
            for it in self._pod.database.sessions(self.clock.jumps[0][0])
        ]

    def _wait_for(self, at: float, remembered: float = inf) -> None:
        """Wait until a time; at the other the web server must have forgotten what was before."""
        rested = False
        while (left := at - self.clock.now()) > 0:
            spare = remembered - self.clock.now() - self._remembers_for()
            gap = min(left, spare, self._nothing_for()) - EARLY
            # Looked at twice: a job that was taken a moment ago is nowhere until it is begun.
            if gap > EARLY and rested:
                self._skip(gap)
            rested = gap > EARLY
            time.sleep(max(0.0, min(LOOK_EVERY, at - self.clock.now())))

    def _remembers_for(self) -> float:
        return max(0.0, self._life.settles - time.time()) if self._web else 0

    def _nothing_for(self) -> float:
        """For how many seconds nothing happens by itself."""
        running, since, due = self._redis(_STATE).split()
        now = time.time()
        if running != "0" or self._is_in_use(now):
            return 0
        first = inf if since == "-" else float(since) + self._patience
        return min(first, inf if due == "-" else float(due)) - now

    def _is_in_use(self, now: float) -> bool:
        noticed = now - (NOTICED if self._patience else 0)
        return any(session.ended > noticed for session in self._pod.database.sessions())

    def _skip(self, seconds: float) -> None:
        self._redis(_OLDER, seconds)
        self.clock.jump(seconds)

    def _redis(self, script: str, *arguments: float) -> str:
        given = " ".join(f"{argument:.3f}" for argument in arguments)
        return self._pod.machine.succeed(
            f"redis-cli -s /run/redis/redis-server.sock EVAL {shlex.quote(script)} 0 {given}"
        )


def _first_of(kinds: tuple[str, ...], arrivals: list[Arrival]) -> float:
    return next((it.at for it in arrivals if it.kind in kinds), inf)


def billed(sessions: Sequence[Session], pause: float) -> tuple[float, int]:
    """Hours for which a database is billed that pauses so long after its last connection; wakes."""
    seconds, wakes, until = 0.0, 0, -inf
    for session in sorted(sessions, key=lambda it: it.began):
        wakes += session.began >= until
        seconds += max(0.0, session.ended + pause - max(session.began, until))
        until = max(until, session.ended + pause)
    return seconds / HOUR, wakes

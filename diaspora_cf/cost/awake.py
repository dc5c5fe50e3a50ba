"""How long the database is awake in a day, which is most of the bill.

Aurora bills from the first connection until ``SecondsUntilAutoPause`` after the last one has
closed, so it is the number of wakes that costs, not the work that is done in them. Days are drawn
by chance and played one after the other: the same question gets the same answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from math import fsum

from .arrivals import Pair, a_day, pairs
from .machines import DAY, HOUR, Machine
from .profiles import Profile

SEED = 1
# "It can take up to 15 seconds for the database to resume. After resuming, the database will be
# billed" (AWS Database Blog, "Introducing scaling to 0 capacity with Amazon Aurora Serverless v2").
# That the seconds before are billed too is assumed.
RESUME_SECONDS = 15.0
# What the image does where messages may wait, in its messages_wait.rb and strangers.rb.
WAITING = frozenset({"public", "private", "job retry", "send retry"})
FROM_MEMORY = frozenset({"tab", "lookup"})
MOST_WAITING = 300
STRANGERS_A_DAY, VISIT_SECONDS = 4, 120.0
# So many arrivals bring the bill's standard error, that of eight seeds, to four cents for the quiet
# pod (seven where nothing waits), nine for ten people, twenty for a hundred.
ARRIVALS = 200_000
MOST_DAYS, LEAST_DAYS = 1820, 7


@dataclass(frozen=True)
class Awake:
    """What a simulation found: of a day, on average.

    ``hours`` are billed, ``wakes`` are counted by what woke it, and ``waited_minutes`` is the mean
    of those messages that had to wait.
    """

    hours: float
    wakes: Mapping[str, float]
    waited_minutes: float


class _Database:
    """What Aurora bills: it wakes at the first connection, and pauses after the last one."""

    def __init__(self, pause: float) -> None:
        self.pause = pause
        self.open_until = self.billed_until = 0.0
        self.billed = 0.0
        self.wakes = Counter[str]()

    def connect(self, at: float, seconds: float, kind: str) -> None:
        """Somebody asks at a time, and is connected for so many seconds."""
        if at >= self.billed_until:
            self.wakes[kind] += 1
            # On top, and not within: who waits for it does all that follows later.
            self.billed += RESUME_SECONDS
            self.billed_until = at
        self.open_until = max(self.open_until, at + seconds)
        until = self.open_until + self.pause
        self.billed += until - self.billed_until
        self.billed_until = until


class _Gate:
    """Where messages wait, until the database is in use or the oldest has waited long enough."""

    def __init__(self, patience_minutes: float, seconds: float) -> None:
        self.patience = patience_minutes * 60
        self.seconds = seconds
        self.waiting: list[float] = []
        self.waited: list[float] = []

    def opened(self, at: float, seconds: float) -> float:
        """For how long a connection lasts that lets through what waits."""
        if not self.waiting:
            return seconds
        self.waited += [at - since for since in self.waiting]
        self.waiting = []
        return max(seconds, self.seconds)

    def due(self) -> float:
        """When it opens by itself."""
        if len(self.waiting) >= MOST_WAITING:
            return self.waiting[-1]
        return self.waiting[0] + self.patience


class _Strangers:
    """How many of them may wake it within a day; one who did may look around for a while."""

    def __init__(self) -> None:
        self.wakes: list[float] = []

    def may_ask(self, at: float) -> bool:
        """Whether one may who comes while nobody is connected; who then wakes it is counted."""
        if self.wakes and at < self.wakes[-1] + VISIT_SECONDS:
            return True
        self.wakes = [wake for wake in self.wakes if wake >= at - DAY]
        if len(self.wakes) >= STRANGERS_A_DAY:
            return False
        self.wakes.append(at)
        return True


def simulate(
    arrivals: Iterable[Pair],
    days: int,
    seconds: Mapping[str, float],
    patience: float,
    pause: float,
) -> Awake:
    """Play so many days' arrivals, in their order, against the database.

    ``seconds`` is for how long each kind is connected, ``patience`` for how many minutes messages
    wait (0: all that lets it sleep is off), ``pause`` after how many seconds it falls asleep.
    """
    database = _Database(pause)
    gate = _Gate(patience, seconds["batch"])
    strangers = _Strangers()
    for at, kind in arrivals:
        if gate.waiting:
            _let_through(gate, database, at)
        if patience and at >= database.open_until:
            if kind in WAITING:
                gate.waiting.append(at)
                continue
            if kind in FROM_MEMORY or (kind == "stranger" and not strangers.may_ask(at)):
                continue
        if seconds[kind]:
            database.connect(at, gate.opened(at, seconds[kind]), kind)
    _let_through(gate, database, days * DAY)
    return _a_day(database, gate, days)


def _let_through(gate: _Gate, database: _Database, until: float) -> None:
    """What has waited long enough by then wakes the database."""
    while gate.waiting and (due := gate.due()) <= until:
        database.connect(due, gate.opened(due, 0), "batch")


def _a_day(database: _Database, gate: _Gate, days: int) -> Awake:
    return Awake(
        # Resuming aside, no day has more; the last pause may pass the last midnight.
        hours=min(24.0, database.billed / HOUR / days),
        wakes={kind: count / days for kind, count in database.wakes.most_common()},
        waited_minutes=fsum(gate.waited) / 60 / max(1, len(gate.waited)),
    )


def enough_days(profile: Profile) -> int:
    """For how many days a profile is drawn: whole weeks, fewer where much happens in each.

    Raises ValueError where it is too much to be drawn.
    """
    each = fsum(a_day(profile).values())
    if each > ARRIVALS:
        raise ValueError(f"{each:,.0f} arrivals a day; up to {ARRIVALS:,} are drawn")
    days = ARRIVALS / (1 + each)
    return 7 * round(min(MOST_DAYS, max(LEAST_DAYS, days)) / 7)


@cache
def awake(profile: Profile, machine: Machine, pause: float) -> Awake:
    """How long the database is awake under a profile's use of a machine."""
    days = enough_days(profile)
    arrivals = pairs(profile, days, SEED, machine)
    seconds = machine.seconds(profile.pods_known)
    return simulate(arrivals, days, seconds, machine.patience, pause)

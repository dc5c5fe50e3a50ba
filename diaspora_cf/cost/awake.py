"""How long the database is awake in a day, which is most of the bill.

Aurora bills from the first connection until ``SecondsUntilAutoPause`` after the last one has
closed, so it is the number of wakes that costs, not the work that is done in them. Everything here
is spread evenly over the day and not by chance, so that the same question gets the same answer;
real messages come in bunches, which leaves longer pauses between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .profiles import Profile

DAY = 24 * 60 * 60
HOUR = 60 * 60
# (start, seconds connected)
Connection = tuple[float, float]


@dataclass(frozen=True)
class Event:
    """Something that asks the database, and for how long it is connected by that alone.

    ``seconds`` include the 5 that our pool keeps an idle connection.
    """

    name: str
    seconds: float
    source: str


_MEASURED = "measured on diaspora* v0.9.1.0 with idle_timeout 5, PostgreSQL's log, 2026-11-23"
JOBS = (
    Event("CheckBirthday", 5, _MEASURED),
    Event("CleanupOldExports", 6, _MEASURED),
    Event("CleanupPendingPhotos", 9, _MEASURED),
    Event("RecurringPodCheck", 8, f"{_MEASURED}, no other pods known"),
)
RECHECK = Event("RecheckScheduledPods", 10, _MEASURED)
STRANGER = Event("a stranger's page", 7, f"{_MEASURED}: a public profile")
INBOUND = Event("a public message", 8, "not measured: taken to be a page's, /stream's")


@dataclass(frozen=True)
class Machine:
    """How an installation of diaspora* treats its database.

    ``idle_seconds`` is how long an idle connection stays open; ``jobs_at`` the hours of the four
    daily jobs; ``rechecks`` how often a day scheduled pods are looked at; ``asking`` the share of
    strangers' requests that ask the database at all.
    """

    name: str
    text: str
    idle_seconds: float
    jobs_at: tuple[float, float, float, float]
    rechecks: int
    asking: float

    def connected(self, event: Event) -> float:
        """Seconds that one event keeps a connection open on this machine."""
        return event.seconds - MEASURED_IDLE_SECONDS + self.idle_seconds


MEASURED_IDLE_SECONDS = 5
STOCK = Machine(
    "stock",
    "diaspora* as it comes",
    # idle_timeout 300, looked at every 60 s: gone after 320 s, as measured.
    idle_seconds=320,
    # Hours that an installation draws by lot, but for midnight.
    jobs_at=(0, 5, 11, 17),
    rechecks=48,
    asking=1.0,
)
OURS = Machine(
    "image",
    "as the image sets it up",
    idle_seconds=MEASURED_IDLE_SECONDS,
    jobs_at=(3, 3.02, 3.04, 3.06),
    rechecks=1,
    # The landing page and login ask nothing; that they are half of it is an assumption.
    asking=0.5,
)


def billed_minutes(connections: Iterable[Connection], pause_seconds: float) -> float:
    """Minutes a day for which the database is billed.

    ``connections`` are the day's connections; each keeps it awake for its own seconds and the
    pause. What overlaps is counted once, also over midnight, as every day is taken to be the same.
    """
    minutes = 0.0
    end = 0.0
    for start, stop in sorted(_spans(connections, pause_seconds)):
        minutes += max(0.0, stop - max(start, end)) / 60
        end = max(end, stop)
    return minutes


def _spans(connections: Iterable[Connection], pause: float) -> Iterator[tuple[float, float]]:
    """Each connection's awake time within the day; what passes midnight starts the next one."""
    for start, seconds in connections:
        length = min(seconds + pause, DAY)
        stop = start + length
        yield start, min(stop, DAY)
        if stop > DAY:
            yield 0.0, stop - DAY


def day(profile: Profile, machine: Machine, wait_minutes: int = 0) -> list[Connection]:
    """A day's connections. Public messages may wait ``wait_minutes`` and be done together; that
    is not built yet, so that the figure for it is a promise only.
    """
    return [
        *_presence(profile, machine),
        *_jobs(machine),
        *_spread(profile.stranger_requests_per_hour * machine.asking * 24, machine, STRANGER),
        *_messages(profile, machine, wait_minutes),
    ]


def _presence(profile: Profile, machine: Machine) -> Iterator[Connection]:
    """People come between 8:00 and 22:00; while one is there, the database is."""
    if not profile.stretches:
        return
    length = profile.present_minutes * 60 / profile.stretches
    gap = 14 * HOUR / profile.stretches
    for stretch in range(profile.stretches):
        yield 8 * HOUR + stretch * gap, length + machine.idle_seconds


def _jobs(machine: Machine) -> Iterator[Connection]:
    for job, hour in zip(JOBS, machine.jobs_at, strict=True):
        yield hour * HOUR, machine.connected(job)
    first = machine.jobs_at[-1] * HOUR
    for number in range(machine.rechecks):
        yield (first + number * DAY / machine.rechecks) % DAY, machine.connected(RECHECK)


def _messages(profile: Profile, machine: Machine, wait_minutes: int) -> Iterator[Connection]:
    count = profile.inbound_per_hour * 24
    if wait_minutes:
        count = min(count, DAY / (wait_minutes * 60))
    return _spread(count, machine, INBOUND)


def _spread(count: float, machine: Machine, event: Event) -> Iterator[Connection]:
    """So many events a day, at equal distances."""
    for number in range(round(count)):
        yield number * DAY / round(count), machine.connected(event)

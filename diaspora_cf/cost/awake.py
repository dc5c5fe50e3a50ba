"""How long the database is awake in a day, which is most of the bill.

Aurora bills from the first connection until ``SecondsUntilAutoPause`` after the last one has
closed, so it is the number of wakes that costs, not the work that is done in them. Everything here
is spread evenly over the day and not by chance, so that the same question gets the same answer;
real messages come in bunches, which leaves longer pauses between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from .profiles import Profile

DAY = 24 * 60 * 60
HOUR = 60 * 60
# (start, seconds connected)
Connection = tuple[float, float]


@dataclass(frozen=True)
class Event:
    """Something that asks the database, and for how long it is connected by that alone.

    ``seconds`` include the 5 that our pool keeps an idle connection; 0: it does not ask.
    """

    name: str
    seconds: float
    source: str


_MEASURED = "measured on diaspora* v0.9.1.0 with idle_timeout 5, PostgreSQL's log, 2026-11-23"
# Of each daily job by its class.
JOBS = {
    event.name: event
    for event in (
        Event("CheckBirthday", 5, _MEASURED),
        Event("CleanCachedFiles", 0, _MEASURED),
        Event("CleanupOldExports", 6, _MEASURED),
        Event("CleanupPendingPhotos", 9, _MEASURED),
        Event("QueueUsersForRemoval", 0, f"{_MEASURED}; it is switched off"),
        Event("RecheckScheduledPods", 10, _MEASURED),
        Event("RecurringPodCheck", 8, f"{_MEASURED}, no other pods known"),
    )
}
STRANGER = Event("a stranger's page", 7, f"{_MEASURED}: a public profile")
INBOUND = Event("a public message", 8, "not measured: taken to be a page's, /stream's")


@dataclass(frozen=True)
class Machine:
    """How an installation of diaspora* treats its database.

    ``idle_seconds`` is how long an idle connection stays open; ``jobs`` the hours of the day at
    which each daily job runs; ``asking`` the share of strangers' requests that ask the database.
    """

    name: str
    text: str
    idle_seconds: float
    jobs: Mapping[str, tuple[float, ...]]
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
    # Hours that an installation draws by lot, but for midnight and for every half hour.
    jobs=MappingProxyType(
        {
            "CheckBirthday": (0,),
            "CleanupOldExports": (5,),
            "CleanupPendingPhotos": (11,),
            "RecurringPodCheck": (17,),
            "RecheckScheduledPods": tuple(number / 2 for number in range(48)),
        }
    ),
    asking=1.0,
)
SCHEDULE = (
    Path(__file__).resolve().parents[2]
    / "packer/rootfs/usr/share/diaspora/templates/schedule.yml.j2"
)


@cache
def ours() -> Machine:
    """Our image; its daily jobs are those that its boot program plans."""
    return Machine(
        "image",
        "as the image sets it up",
        idle_seconds=MEASURED_IDLE_SECONDS,
        jobs=planned(SCHEDULE.read_text("utf-8")),
        # The landing page and login ask nothing; that they are half of it is an assumption.
        asking=0.5,
    )


def planned(schedule: str) -> dict[str, tuple[float, ...]]:
    """The hours of each job in the image's schedule, counted from the pod's own first minute."""
    jobs = re.findall(
        r":cron: \{\{ first_minute \+ (\d+) \}\} (\d+) \* \* (?:\*|\{\{ \w+ \}\})\n"
        r"  :class: Workers::(\w+)",
        schedule,
    )
    return {name: (int(hour) + int(minute) / 60,) for minute, hour, name in jobs}


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
    for name, hours in machine.jobs.items():
        for hour in hours if JOBS[name].seconds else ():
            yield hour * HOUR, machine.connected(JOBS[name])


def _messages(profile: Profile, machine: Machine, wait_minutes: int) -> Iterator[Connection]:
    count = profile.inbound_per_hour * 24
    if wait_minutes:
        count = min(count, DAY / (wait_minutes * 60))
    # A third of their distance later than strangers: chance does not let them coincide either.
    return _spread(count, machine, INBOUND, later=1 / 3)


def _spread(
    count: float, machine: Machine, event: Event, later: float = 0.0
) -> Iterator[Connection]:
    """So many events a day, at equal distances, ``later`` by a share of that."""
    for number in range(round(count)):
        yield (number + later) * DAY / round(count), machine.connected(event)

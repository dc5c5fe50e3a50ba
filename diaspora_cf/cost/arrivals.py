"""What happens to a pod, drawn by chance: the same profile, days and seed make the same arrivals.

People and what they send come between 7 and 23 h, other pods and strangers around the clock, each
without memory of the one before (Poisson). Each kind has chance of its own, so that another rate
of one kind leaves all others where they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import accumulate, chain, repeat
from math import exp
from random import Random
from typing import NamedTuple

from .machines import DAY, HOUR, Job, Machine, image
from .profiles import Profile

WAKING = (7 * HOUR, 23 * HOUR)
# Between a person's pages: assumed.
PAGE_GAP = 40.0
# diaspora*'s page asks for its notifications so often: app/assets/javascripts/app/collections/
# notifications.js.
POLL_GAP = 300.0


class Arrival(NamedTuple):
    """Something happens: seconds from the first midnight, and what it is."""

    at: float
    kind: str


# The same without the names: there are some hundred thousand.
Pair = tuple[float, str]


def draw(profile: Profile, days: int, seed: int, machine: Machine | None = None) -> list[Arrival]:
    """Everything that happens in so many days, in its order.

    ``machine`` has the cron jobs, and says whom its database answers; by default it is our image.
    What would follow after the last day happens on the first instead, as if of the days before.
    """
    return list(map(Arrival._make, pairs(profile, days, seed, machine or image())))


def pairs(profile: Profile, days: int, seed: int, machine: Machine) -> list[Pair]:
    """The same, for who only counts."""
    found = [*_world(profile, days, seed), *_planned(machine.jobs, days)]
    if machine.landing_asks:
        found += _arrive("stranger", profile.landings, days, _chance(seed, "landing"))
    # What is sorted already, as the world is, takes no time.
    return sorted(found)


@lru_cache(maxsize=2)
def _world(profile: Profile, days: int, seed: int) -> list[Pair]:
    """Everything but the machine's part; kept, because a pod is asked about more than once."""
    public = _times(profile.public_per_hour * 24, days, _chance(seed, "public"))
    sent = _times(profile.sent, days, _chance(seed, "sent"), WAKING)
    whole = days * DAY
    found = chain(
        zip(public, repeat("public")),
        _job_retries(public, profile.receive_fails, _chance(seed, "job retry")),
        _send_retries(sent, profile.dead, _chance(seed, "send retry")),
        _arrive("private", profile.private, days, _chance(seed, "private"), WAKING),
        _arrive("lookup", profile.lookups, days, _chance(seed, "lookup")),
        _arrive("fetch", profile.fetches, days, _chance(seed, "fetch")),
        _arrive("stranger", profile.strangers, days, _chance(seed, "stranger")),
        _people(profile, days, _chance(seed, "page")),
    )
    return sorted([(at % whole, kind) for at, kind in found])


def a_day(profile: Profile) -> dict[str, float]:
    """How many arrivals of each kind a day has on average, cron jobs aside."""
    sessions = profile.people * profile.sessions
    public = profile.public_per_hour * 24
    return {
        "public": public,
        "private": profile.private,
        "job retry": public * profile.receive_fails * sum(_TRIES) / len(_TRIES),
        "send retry": profile.sent * profile.dead * len(_SEND_TRIES),
        "page": sessions * (1 + profile.session_minutes * 60 / PAGE_GAP),
        "tab": sessions * _polls(profile.tab_hours * HOUR),
        "lookup": profile.lookups,
        "fetch": profile.fetches,
        "stranger": profile.strangers,
    }


def _polls(open_seconds: float) -> float:
    """How often a tab asks that stays open for so long on average."""
    if not open_seconds:
        return 0.0
    stays = exp(-POLL_GAP / open_seconds)
    return stays / (1 - stays)


def _chance(seed: int, kind: str) -> Random:
    # A text is hashed in the same way by every Python.
    return Random(f"{seed} {kind}")


def _arrive(
    kind: str, rate: float, days: int, chance: Random, hours: tuple[float, float] = (0, DAY)
) -> Iterator[Pair]:
    return zip(_times(rate, days, chance, hours), repeat(kind))


def _times(
    rate: float, days: int, chance: Random, hours: tuple[float, float] = (0, DAY)
) -> list[float]:
    """So many times a day on average, between two hours of it.

    How many there are in all is not left to chance: only when, so that fewer days are enough.
    """
    start, end = hours
    span = end - start
    times = sorted([chance.random() * days * span for _ in range(round(rate * days))])
    return [at + at // span * (DAY - span) + start for at in times]


# sidekiq tries a job that failed again after count^4 + 15 s and some (its job_retry.rb), ten times
# where diaspora.toml says nothing else. That half of them succeed earlier is assumed.
_TRIES = (4, 6, 10, 10)


def _job_retries(public: list[float], fails: float, chance: Random) -> Iterator[Pair]:
    for first in chance.sample(public, round(len(public) * fails)):
        gaps = (
            count**4 + 15 + chance.random() * 10 * (count + 1)
            for count in range(chance.choice(_TRIES))
        )
        yield from _after(first, gaps, "job retry")


# app/workers/send_base.rb: nine more times over 16.8 hours.
_SEND_TRIES = range(1, 10)


def _send_retries(sent: list[float], dead: float, chance: Random) -> Iterator[Pair]:
    for first in chance.sample(sent, round(len(sent) * dead)):
        gaps = ((n + 3) ** 4 + chance.random() * 30 * (n + 1) for n in _SEND_TRIES)
        yield from _after(first, gaps, "send retry")


def _after(first: float, gaps: Iterable[float], kind: str) -> Iterator[Pair]:
    times = accumulate(gaps, initial=first)
    next(times)
    return zip(times, repeat(kind))


def _people(profile: Profile, days: int, chance: Random) -> Iterator[Pair]:
    """Sessions: pages with pauses between them, then a tab that is left open."""
    sessions = profile.people * profile.sessions
    for start in _times(sessions, days, chance, WAKING):
        at = last = start
        end = start + _about(profile.session_minutes * 60, chance)
        while at <= end:
            yield at, "page"
            last = at
            at += chance.expovariate(1 / PAGE_GAP)
        closed = last + _about(profile.tab_hours * HOUR, chance)
        while (last := last + POLL_GAP) < closed:
            yield last, "tab"


def _about(mean: float, chance: Random) -> float:
    return chance.expovariate(1 / mean) if mean else 0.0


def _planned(jobs: Iterable[Job], days: int) -> Iterator[Pair]:
    for job in jobs:
        for day in range(0, days, job.every_days):
            for hour in job.hours:
                yield day * DAY + hour * HOUR, job.name

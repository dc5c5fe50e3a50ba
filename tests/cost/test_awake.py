"""How long the database is awake: what each thing that happens adds to a day."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diaspora_cf.cost.arrivals import Arrival, draw
from diaspora_cf.cost.awake import (
    MOST_WAITING,
    RESUME_SECONDS,
    STRANGERS_A_DAY,
    VISIT_SECONDS,
    Awake,
    awake,
    enough_days,
    simulate,
)
from diaspora_cf.cost.machines import STOCK, Machine, image
from diaspora_cf.cost.profiles import PROFILES

PAUSE = 300
WAKE = RESUME_SECONDS + PAUSE
NOON = 12 * 60 * 60.0
PATIENCE = 60
QUIET = PROFILES["quiet"]
MESSAGES = ("public", "private", "job retry", "send retry")
REMEMBERED = ("tab", "lookup")
SECONDS = dict.fromkeys(
    (*MESSAGES, *REMEMBERED, "page", "fetch", "stranger", "batch", "CheckBirthday"), 10.0
)


def played(*arrivals: tuple[float, str], patience: int = 0, days: int = 1) -> Awake:
    """What a few arrivals make of so many days; each is connected for ten seconds."""
    inside = [Arrival(at, kind) for at, kind in arrivals]
    return simulate(inside, days, SECONDS | {"CleanCachedFiles": 0}, patience, PAUSE)


def billed(*arrivals: tuple[float, str], patience: int = 0) -> float:
    """The seconds that are billed."""
    return played(*arrivals, patience=patience).hours * 3600


def test_a_day_without_a_connection_is_not_billed() -> None:
    assert billed() == 0


def test_one_wake_costs_its_seconds_the_pause_and_the_resuming() -> None:
    assert billed((NOON, "page")) == pytest.approx(WAKE + 10)


def test_wakes_apart_are_each_paid_for() -> None:
    assert billed((0, "page"), (NOON, "page")) == pytest.approx(2 * (WAKE + 10))


def test_who_comes_within_the_pause_only_lengthens_it() -> None:
    assert billed((NOON, "page"), (NOON + 200, "page")) == pytest.approx(WAKE + 210)
    assert billed((NOON, "page"), (NOON + 5, "page")) == pytest.approx(WAKE + 15)


def test_a_job_that_asks_nothing_wakes_nobody() -> None:
    assert billed((NOON, "CleanCachedFiles")) == 0


@pytest.mark.parametrize("kind", MESSAGES)
def test_what_may_wait_wakes_it_when_it_has_waited_long_enough(kind: str) -> None:
    alone = played((NOON, kind), patience=PATIENCE)
    assert alone.wakes == {"batch": 1}
    assert alone.waited_minutes == PATIENCE
    assert played((NOON, kind)).wakes == {kind: 1}


def test_messages_that_wait_for_each_other_wake_it_once() -> None:
    several = [(NOON + minute * 60, "public") for minute in range(PATIENCE)]
    assert billed(*several, patience=PATIENCE) == pytest.approx(WAKE + 10)


def test_who_comes_lets_in_what_waits() -> None:
    both = played((NOON, "public"), (NOON + 600, "page"), patience=PATIENCE)
    assert both.wakes == {"page": 1}
    assert both.waited_minutes == 10


def test_a_message_that_comes_while_somebody_is_there_does_not_wait() -> None:
    there = played((NOON, "page"), (NOON + 5, "public"), patience=PATIENCE)
    assert (there.wakes, there.waited_minutes) == ({"page": 1}, 0)
    assert there.hours * 3600 == pytest.approx(WAKE + 15)


def test_too_many_that_wait_do_not_wait_longer() -> None:
    flood = [(NOON + number, "public") for number in range(MOST_WAITING)]
    assert played(*flood, patience=PATIENCE).waited_minutes < MOST_WAITING / 60
    (wake,) = played(*flood, patience=PATIENCE).wakes.items()
    assert wake == ("batch", 1)


@pytest.mark.parametrize("kind", REMEMBERED)
def test_what_is_answered_from_memory_wakes_nobody(kind: str) -> None:
    assert billed((NOON, kind), patience=PATIENCE) == 0
    assert billed((NOON, kind)) > 0


@pytest.mark.parametrize("kind", ["page", "fetch", "CheckBirthday"])
def test_what_cannot_wait_wakes_it_at_once(kind: str) -> None:
    assert played((NOON, kind), patience=PATIENCE).wakes == {kind: 1}


def test_strangers_wake_it_a_few_times_within_any_day() -> None:
    hourly = [(hour * 3600.0, "stranger") for hour in range(48)]
    assert played(*hourly, patience=PATIENCE, days=2).wakes == {"stranger": STRANGERS_A_DAY}
    assert played(*hourly, days=2).wakes == {"stranger": 24}


def test_a_stranger_who_woke_it_may_look_around_for_a_while() -> None:
    visits = [NOON + 3600 * hour for hour in range(STRANGERS_A_DAY + 2)]
    pages = [(at + later, "stranger") for at in visits for later in (0, VISIT_SECONDS / 2)]
    seen = played(*pages, patience=PATIENCE)
    assert seen.wakes == {"stranger": STRANGERS_A_DAY}
    assert seen.hours * 3600 == pytest.approx(STRANGERS_A_DAY * (WAKE + VISIT_SECONDS / 2 + 10))


def test_a_stranger_who_comes_while_somebody_is_there_is_none_of_the_few() -> None:
    there = [(NOON, "page"), *((NOON + second, "stranger") for second in range(1, 9))]
    later = [(NOON + 3600 * hour, "stranger") for hour in range(1, 9)]
    assert played(*there, *later, patience=PATIENCE).wakes["stranger"] == STRANGERS_A_DAY


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("machine", [image(), image(240), STOCK], ids=["0", "240", "stock"])
def test_no_day_has_more_hours_than_a_day(name: str, machine: Machine) -> None:
    arrivals = draw(PROFILES[name], 1, 1, machine)
    seconds = machine.seconds(PROFILES[name].pods_known)
    assert 0 < simulate(arrivals, 1, seconds, machine.patience, PAUSE).hours <= 24


def test_the_quiet_pod_is_awake_all_day_where_nothing_waits() -> None:
    assert awake(QUIET, image(), PAUSE).hours > 20
    assert awake(QUIET, STOCK, PAUSE).hours > 20


def test_the_longer_messages_wait_the_longer_it_sleeps() -> None:
    hours = [awake(QUIET, image(patience), PAUSE).hours for patience in (0, 30, 60, 120, 240)]
    assert hours == sorted(hours, reverse=True)


def test_another_seed_moves_the_quiet_pods_bill_by_cents() -> None:
    machine, days = image(240), enough_days(QUIET)
    seconds = machine.seconds(QUIET.pods_known)
    hours = [
        simulate(draw(QUIET, days, seed, machine), days, seconds, 240, PAUSE).hours
        for seed in (1, 2)
    ]
    # An hour a day more is some two dollars a month.
    assert abs(hours[0] - hours[1]) < 0.1
    assert hours[0] == awake(QUIET, machine, PAUSE).hours


def test_whole_weeks_are_drawn_so_that_a_weekly_job_has_its_share() -> None:
    assert {enough_days(profile) % 7 for profile in PROFILES.values()} == {0}
    assert enough_days(replace(QUIET, public_per_hour=5000)) == 7


def test_what_is_too_much_to_be_drawn_is_told_and_not_tried() -> None:
    with pytest.raises(ValueError, match="arrivals a day"):
        awake(replace(QUIET, public_per_hour=1e9), image(240), PAUSE)

"""How long the database is awake: the arithmetic, and what each event adds to a day."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diaspora_cf.cost.awake import DAY, JOBS, STOCK, Machine, billed_minutes, day, ours
from diaspora_cf.cost.profiles import PROFILES

PAUSE = 300
ALONE = replace(PROFILES["alone"], present_minutes=0, stretches=0)


def test_a_day_without_a_connection_is_not_billed() -> None:
    assert billed_minutes([], PAUSE) == 0


def test_one_wake_costs_its_seconds_and_the_pause() -> None:
    assert billed_minutes([(3600, 60)], PAUSE) == pytest.approx(6)


def test_wakes_apart_are_each_paid_for() -> None:
    assert billed_minutes([(0, 60), (3600, 60)], PAUSE) == pytest.approx(12)


def test_wakes_that_overlap_are_counted_once() -> None:
    assert billed_minutes([(0, 60), (30, 60), (200, 60)], PAUSE) == pytest.approx(560 / 60)


def test_a_long_connection_swallows_the_short_ones_in_it() -> None:
    assert billed_minutes([(0, 3600), (60, 5), (1800, 5)], PAUSE) == pytest.approx(65)


def test_what_passes_midnight_starts_the_next_day() -> None:
    assert billed_minutes([(DAY - 60, 60)], PAUSE) == pytest.approx(6)
    assert billed_minutes([(DAY - 60, 60), (0, 60)], PAUSE) == pytest.approx(7)


def test_the_order_of_events_does_not_matter() -> None:
    events = [(4000, 60), (0, 60), (100, 400)]
    assert billed_minutes(events, PAUSE) == billed_minutes(events[::-1], PAUSE)


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("machine", [ours(), STOCK], ids=lambda machine: machine.name)
def test_no_day_has_more_minutes_than_a_day(name: str, machine: Machine) -> None:
    connections = day(PROFILES[name], machine)
    assert 0 < billed_minutes(connections, PAUSE) <= 24 * 60 + 1e-6


def test_a_pod_that_nobody_visits_wakes_once_a_day_as_our_image_sets_it_up() -> None:
    minutes = billed_minutes(day(ALONE, ours()), PAUSE)
    # Three minutes of jobs after each other, the pause, and nothing else.
    assert 5 < minutes < 12


def test_what_is_counted_is_what_the_image_plans_and_diaspora_has() -> None:
    assert set(ours().jobs) == set(JOBS)
    assert len(JOBS) == 7
    assert {int(hour) for hours in ours().jobs.values() for hour in hours} == {3}


def test_the_same_pod_as_it_comes_is_awake_for_a_third_of_the_day() -> None:
    assert billed_minutes(day(ALONE, STOCK), PAUSE) > 24 * 60 / 3


def test_twenty_messages_an_hour_keep_it_awake_all_day() -> None:
    busy = replace(ALONE, inbound_per_hour=20)
    assert billed_minutes(day(busy, ours()), PAUSE) == pytest.approx(24 * 60)


def test_messages_that_wait_for_each_other_wake_it_once_each_time() -> None:
    busy = replace(ALONE, inbound_per_hour=20)
    alone = billed_minutes(day(ALONE, ours()), PAUSE)
    waiting = billed_minutes(day(busy, ours(), wait_minutes=60), PAUSE)
    # 24 wakes of 8 s and the pause; one of them falls into the daily jobs.
    assert waiting - alone == pytest.approx(23 * 308 / 60, rel=0.05)


def test_waiting_never_makes_more_wakes_than_there_are_messages() -> None:
    few = replace(ALONE, inbound_per_hour=0.1)
    assert billed_minutes(day(few, ours(), wait_minutes=1), PAUSE) == pytest.approx(
        billed_minutes(day(few, ours()), PAUSE)
    )


def test_half_of_strangers_requests_ask_our_image_and_all_ask_stock_diaspora() -> None:
    visited = replace(ALONE, stranger_requests_per_hour=2)
    image = len(day(visited, ours())) - len(day(ALONE, ours()))
    stock = len(day(visited, STOCK)) - len(day(ALONE, STOCK))
    assert (image, stock) == (24, 48)

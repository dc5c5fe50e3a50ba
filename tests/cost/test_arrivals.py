"""What happens to a pod: drawn by chance, and always the same for the same question.

What it does not prove: that anybody's pod sees so much. The rates are assumptions.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from diaspora_cf.cost.arrivals import POLL_GAP, a_day, draw
from diaspora_cf.cost.machines import DAY, HOUR, STOCK, Machine, image
from diaspora_cf.cost.profiles import PROFILES, nobody

QUIET = PROFILES["quiet"]
BY_DAY = ("private", "page")
# A machine that has no jobs of its own.
IDLE = replace(image(), jobs=())


def test_the_same_question_gets_the_same_answer_and_another_seed_another() -> None:
    assert draw(QUIET, 7, 1) == draw(QUIET, 7, 1)
    assert draw(QUIET, 7, 1) != draw(QUIET, 7, 2)


def test_what_is_drawn_is_the_same_on_every_python() -> None:
    (first,) = draw(replace(nobody(QUIET), fetches=1), 1, 1, machine=IDLE)
    assert (round(first.at, 6), first.kind) == (59776.449595, "fetch")


def test_arrivals_come_in_their_order_within_the_days() -> None:
    arrivals = draw(PROFILES["ten"], 3, 1)
    assert arrivals == sorted(arrivals)
    assert arrivals[0].at >= 0
    assert arrivals[-1].at < 3 * DAY


@pytest.mark.parametrize("name", ["alone", "quiet", "ten"])
def test_each_kind_comes_as_often_as_its_rate_says(name: str) -> None:
    days = 28
    counted = Counter(arrival.kind for arrival in draw(PROFILES[name], days, 1, machine=IDLE))
    for kind, rate in a_day(PROFILES[name]).items():
        # Chance decides how long a session is, and what fails.
        assert counted[kind] / days == pytest.approx(rate, rel=0.2), kind


def test_messages_and_strangers_come_exactly_as_often_only_when_is_chance() -> None:
    counted = Counter(arrival.kind for arrival in draw(QUIET, 1, 1))
    assert [counted[kind] for kind in ("public", "private", "lookup", "fetch", "stranger")] == [
        QUIET.public_per_hour * 24,
        QUIET.private,
        QUIET.lookups,
        QUIET.fetches,
        QUIET.strangers,
    ]


def test_people_sleep_and_other_pods_do_not() -> None:
    hours: dict[str, set[int]] = {}
    for arrival in draw(replace(QUIET, session_minutes=0), 28, 1):
        hours.setdefault(arrival.kind, set()).add(int(arrival.at % DAY // HOUR))
    assert all(hours[kind] == set(range(7, 23)) for kind in BY_DAY)
    assert hours["public"] == set(range(24))


def test_more_of_one_kind_leaves_all_others_where_they_were() -> None:
    def others(fetches: float) -> list[tuple[float, str]]:
        arrivals = draw(replace(QUIET, fetches=fetches), 3, 1)
        return [arrival for arrival in arrivals if arrival.kind != "fetch"]

    assert others(40) == others(0)


def test_a_tab_that_is_left_open_asks_every_five_minutes() -> None:
    once = replace(nobody(QUIET), people=1, sessions=1, tab_hours=2)
    page, *tabs = draw(once, 1, 4, machine=IDLE)
    assert {tab.kind for tab in tabs} == {"tab"}
    gaps = [later.at - earlier.at for earlier, later in zip([page, *tabs], tabs, strict=False)]
    assert gaps == pytest.approx([POLL_GAP] * len(gaps))


def test_a_pod_that_does_not_answer_is_tried_nine_times_more_in_seventeen_hours() -> None:
    dead = replace(nobody(QUIET), sent=1 / 7, dead=1)
    tried = [arrival.at for arrival in draw(dead, 7, 2, machine=IDLE)]
    assert len(tried) == 9
    assert tried[-1] - tried[0] == pytest.approx(16.8 * HOUR, rel=0.02)


def test_what_passes_the_last_midnight_comes_on_the_first_day() -> None:
    late = replace(nobody(QUIET), sent=20, dead=1)
    arrivals = draw(late, 1, 1, machine=IDLE)
    assert len(arrivals) == 180
    # Nobody writes before seven: those are tried again since the day before.
    assert arrivals[0].at < 7 * HOUR


def test_cron_jobs_are_those_of_the_machine_that_is_asked_about() -> None:
    jobs = {job.name for job in image().jobs}
    assert jobs <= {arrival.kind for arrival in draw(QUIET, 1, 1)}
    assert not jobs & {arrival.kind for arrival in draw(QUIET, 1, 1, machine=IDLE)}


def test_the_landing_page_asks_stock_diaspora_only() -> None:
    def strangers(machine: Machine) -> int:
        return sum(arrival.kind == "stranger" for arrival in draw(QUIET, 1, 1, machine))

    assert strangers(image(240)) == strangers(image()) == QUIET.strangers
    assert strangers(STOCK) == QUIET.strangers + QUIET.landings

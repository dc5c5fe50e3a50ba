"""The machines that are compared, and that they are the ones that are built."""

from __future__ import annotations

import json
import re

import pytest

from diaspora_cf.cost.arrivals import a_day
from diaspora_cf.cost.awake import MOST_WAITING, STRANGERS_A_DAY, VISIT_SECONDS
from diaspora_cf.cost.machines import SECONDS_FILE, STOCK, image, planned
from diaspora_cf.cost.profiles import PROFILES
from diaspora_cf.generator import ROOT

QUIET = PROFILES["quiet"]
APPLICATION = ROOT / "packer/rootfs/usr/share/diaspora/application"
PLAN = ":cron: {{ first_minute + 6 }} 3 * * %s\n  :class: Workers::RecurringPodCheck"


def test_every_kind_of_event_has_its_seconds() -> None:
    jobs = {job.name for job in (*image().jobs, *STOCK.jobs)}
    known = set(json.loads(SECONDS_FILE.read_text("utf-8"))["seconds"])
    assert known == {*a_day(QUIET), "batch", *jobs}


def test_what_is_counted_is_what_the_image_plans_and_diaspora_has() -> None:
    assert len(image().jobs) == 7
    assert {int(hour) for job in image().jobs for hour in job.hours} == {3}


def test_pods_are_checked_weekly_where_messages_wait() -> None:
    assert [
        planned(PLAN % "{{ pod_check_day }}", patience)[0].every_days for patience in (0, 240)
    ] == [1, 7]
    assert planned(PLAN % "*", 240)[0].every_days == 1


def test_a_plan_for_other_days_is_not_taken_for_a_daily_one() -> None:
    with pytest.raises(ValueError, match="RecurringPodCheck runs on days"):
        planned(PLAN % "1-5", 240)


def test_the_check_of_pods_is_longer_the_more_are_known() -> None:
    none, many = (image().seconds(pods)["RecurringPodCheck"] for pods in (0, 300))
    assert many > none + 300


def test_stock_diaspora_keeps_an_idle_connection_and_a_job_that_asks_nothing_has_none() -> None:
    ours, theirs = image().seconds(0), STOCK.seconds(0)
    longer = STOCK.idle_seconds - image().idle_seconds
    assert theirs["page"] == ours["page"] + longer
    assert theirs["CleanCachedFiles"] == ours["CleanCachedFiles"] == 0


def test_what_waits_and_who_may_wake_it_are_counted_as_the_image_has_them() -> None:
    def constant(file: str, name: str) -> int:
        found = re.search(rf"^ +{name} = (\d+)$", (APPLICATION / file).read_text("utf-8"), re.M)
        assert found, f"{file} has no {name}"
        return int(found[1])

    assert constant("config/initializers/messages_wait.rb", "MOST") == MOST_WAITING
    assert constant("lib/strangers.rb", "A_DAY") == STRANGERS_A_DAY
    assert constant("lib/strangers.rb", "VISIT") == VISIT_SECONDS

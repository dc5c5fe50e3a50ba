"""How an installation of diaspora* treats its database: ours, and diaspora* as it comes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DAY = 24 * 60 * 60.0
HOUR = 60 * 60.0
SECONDS_FILE = Path(__file__).with_name("seconds.json")
SCHEDULE_FILE = (
    Path(__file__).resolve().parents[2]
    / "packer/rootfs/usr/share/diaspora/templates/schedule.yml.j2"
)
# For how long each pod is asked in the check of pods, of which many are gone: assumed. The test's
# own time-outs are 6 and 12 s (lib/connection_tester.rb).
SECONDS_A_POD = 1.5


@dataclass(frozen=True)
class Job:
    """A cron job: the hours at which it runs, every day or every so many days."""

    name: str
    hours: tuple[float, ...]
    every_days: int = 1


@dataclass(frozen=True)
class Machine:
    """How an installation treats its database.

    ``idle_seconds`` is how long an idle connection stays open, ``landing_asks`` whether landing
    page and sign-in ask the database. ``patience`` is for how many minutes messages may wait; 0
    means that nothing waits, and that nothing is answered from memory.
    """

    name: str
    text: str
    idle_seconds: float
    jobs: tuple[Job, ...]
    landing_asks: bool = False
    patience: int = 0

    def seconds(self, pods_known: float) -> dict[str, float]:
        """For how long each kind of event keeps a connection open by itself; 0: it does not ask."""
        read = json.loads(SECONDS_FILE.read_text("utf-8"))
        longer = self.idle_seconds - read["measured"]["idle_seconds"]
        found = {kind: seconds and seconds + longer for kind, seconds in read["seconds"].items()}
        found["RecurringPodCheck"] += pods_known * SECONDS_A_POD
        return found


STOCK = Machine(
    "stock",
    "diaspora* as it comes",
    # idle_timeout 300, looked at every 60 s: gone after 320 s, as measured.
    idle_seconds=320,
    # Hours that an installation draws by lot, but for midnight and for every half hour.
    jobs=(
        Job("CheckBirthday", (0,)),
        Job("CleanupOldExports", (5,)),
        Job("CleanupPendingPhotos", (11,)),
        Job("RecurringPodCheck", (17,)),
        Job("RecheckScheduledPods", tuple(number / 2 for number in range(48))),
    ),
    landing_asks=True,
)


@cache
def image(patience: int = 0) -> Machine:
    """Our image; its jobs are those that its boot program plans for this patience."""
    waits = f", messages wait up to {patience} minutes" if patience else ", nothing waits"
    return Machine(
        "image",
        f"as the image sets it up{waits}",
        idle_seconds=5,
        jobs=planned(SCHEDULE_FILE.read_text("utf-8"), patience),
        patience=patience,
    )


_PLAN = re.compile(
    r":cron: \{\{ first_minute \+ (?P<minute>\d+) \}\} (?P<hour>\d+) \* \* (?P<day>.+)\n"
    r"  :class: Workers::(?P<name>\w+)"
)
# What the boot program fills in: a day of the week where messages wait, else every one.
_POD_CHECK_DAY = "{{ pod_check_day }}"


def planned(schedule: str, patience: int) -> tuple[Job, ...]:
    """The jobs of the image's schedule, their hours counted from the pod's own first minute."""
    return tuple(_job(plan, patience) for plan in _PLAN.finditer(schedule))


def _job(plan: re.Match[str], patience: int) -> Job:
    if plan["day"] not in ("*", _POD_CHECK_DAY):
        raise ValueError(f"{plan['name']} runs on days that are not understood: {plan['day']}")
    hour = int(plan["hour"]) + int(plan["minute"]) / 60
    weekly = patience > 0 and plan["day"] == _POD_CHECK_DAY
    return Job(plan["name"], (hour,), every_days=7 if weekly else 1)

"""For how long each thing that happens to a pod keeps the database connected, by its own log.

The figures are those of the machine that it ran on, and no story compares them to anything. Most of
each are the five to ten seconds for which the pool keeps what nobody uses any more.
"""

from __future__ import annotations

import re
import statistics
import time
from math import inf
from pathlib import Path

import pytest

from ..fakes.far_pod import FarPod
from ..figures import Figures
from ..patience import until
from ..pod import Pod
from .conftest import ADMIN, jobs
from .life import Life
from .person import Person

# Those of a day in diaspora_cf/cost/arrivals.py, and the image's cron jobs by their classes.
KINDS = (
    *("public", "private", "job retry", "send retry", "page", "tab", "lookup", "fetch", "stranger"),
    *("CheckBirthday", "CleanupOldExports", "CleanupPendingPhotos", "RecheckScheduledPods"),
    "RecurringPodCheck",
)
SILENT = ("CleanCachedFiles", "QueueUsersForRemoval")
# The pool looks this often for what nobody uses: a connection's end depends on when it began.
REAPED_EVERY = 5
TIMES = 4
# What the gate lets through at once on a quiet pod that waits for two hours.
BATCH = 40
PRESSURE = Path("/proc/pressure/cpu")


@pytest.fixture(scope="module")
def life(pod: Pod, password: str, far: FarPod) -> Life:
    """What may happen to the pod."""
    alice = Person(pod)
    assert alice.log_in(ADMIN[0], password).status == 302
    return Life(pod, far, [alice])


@pytest.mark.parametrize("kind", KINDS)
def test_what_asks_the_database_lets_go_of_it_again(
    kind: str, pod: Pod, life: Life, figures: Figures
) -> None:
    pressed = _Pressed()
    seen = [_connected(pod, life, kind, number / TIMES) for number in range(TIMES)]
    _note(figures, kind, seen, pressed)


def test_what_comes_at_once_is_one_connection(pod: Pod, life: Life, figures: Figures) -> None:
    pressed = _Pressed()
    seen = [_connected(pod, life, "public", number / TIMES, BATCH) for number in range(TIMES)]
    _note(figures, "batch", seen, pressed)


@pytest.mark.parametrize("kind", SILENT)
def test_a_job_that_has_no_need_of_the_database_leaves_it_alone(
    kind: str, pod: Pod, life: Life, figures: Figures
) -> None:
    until(lambda: _rests(pod))
    began = time.time()
    life.happen(kind)
    time.sleep(2)
    assert (jobs(pod), pod.database.sessions(began)) == (0, [])
    figures.connected[kind] = 0


class _Pressed:
    """For which share of the time some process waits for a processor, from here on."""

    def __init__(self) -> None:
        self._began = (time.monotonic(), self._waited())

    def share(self) -> float:
        """The share until now."""
        at, waited = self._began
        return (self._waited() - waited) / (time.monotonic() - at)

    @staticmethod
    def _waited() -> float:
        found = re.search(r"^some .* total=(\d+)$", PRESSURE.read_text(), re.M)
        assert found is not None
        return int(found[1]) / 1_000_000


def _connected(pod: Pod, life: Life, kind: str, phase: float, count: int = 1) -> float:
    """Seconds from the first connection to the end of the last one, after it happened so often.

    It happens at a phase, from 0 to 1, of the pool's clock.
    """
    until(lambda: _rests(pod))
    time.sleep((phase * REAPED_EVERY - time.time()) % REAPED_EVERY)
    began = time.time()
    for _ in range(count):
        life.happen(kind)
    until(lambda: pod.database.sessions(began) != [] and _rests(pod), 120)
    sessions = pod.database.sessions(began)
    return max(session.ended for session in sessions) - sessions[0].began


def _rests(pod: Pod) -> bool:
    """Whether no job is left, and nobody is connected."""
    return jobs(pod) == 0 and all(session.ended < inf for session in pod.database.sessions())


def _note(figures: Figures, kind: str, seen: list[float], pressed: _Pressed) -> None:
    usual = statistics.median(seen)
    # The machine's own chance is no part of what is kept.
    figures.connected[kind] = round(2 * usual) / 2
    told = f"{usual:.1f} s ({min(seen):.1f} to {max(seen):.1f})"
    why = f"some process waited for a processor in {pressed.share():.0%} of the time"
    figures.add("seconds of connection", kind, told, "", why)

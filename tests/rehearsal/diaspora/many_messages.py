"""Messages that wait, by the hundred and by the thousand: none is lost, and nobody is held up.

It takes half an hour, and is told by name only:
``sudo make rehearse-sleep ARGS=tests/rehearsal/diaspora/many_messages.py``.
"""

from __future__ import annotations

import re
import statistics
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from ..fakes.far_pod import PUBLIC, FarPod
from ..figures import Figures
from ..gate import fall_asleep, waiting
from ..memory import memory
from ..patience import until
from ..pod import Pod
from .conftest import ADMIN, jobs
from .life import Life
from .person import Person

CLOSINGS = 50
EACH = 8
KILL_EVERY = 10
TEN_THOUSAND = 10_000
MIB = 1024 * 1024
UNITS = ("diaspora-web.service", "diaspora-sidekiq.service", "redis-server.service")


@pytest.fixture(scope="module")
def answers() -> dict[str, str]:
    """Messages may wait for four hours."""
    return {"FederationPatience": "240"}


@pytest.fixture(scope="module")
def alice(pod: Pod, password: str) -> Person:
    """Whose page has what waits let through."""
    person = Person(pod)
    assert person.log_in(ADMIN[0], password).status == 302
    return person


@pytest.fixture(scope="module")
def life(pod: Pod, far: FarPod, alice: Person) -> Life:
    """What may happen to the pod."""
    return Life(pod, far, [alice])


def test_what_waits_asks_neither_processor_nor_database(
    pod: Pod, life: Life, figures: Figures
) -> None:
    fall_asleep(pod)
    for _ in range(EACH):
        life.public_message()
    before, began = _processor(pod), time.time()
    time.sleep(60)
    used = _processor(pod) - before
    assert pod.database.sessions(began) == []
    assert waiting(pod) == EACH
    figures.add("messages that wait", "sidekiq's processor time in a minute", f"{used:.2f} s")


def test_no_message_is_lost_in_fifty_closings_with_kills(
    pod: Pod, life: Life, alice: Person, figures: Figures
) -> None:
    before = len(life.sent)
    opened = []
    for number in range(CLOSINGS):
        fall_asleep(pod)
        for _ in range(EACH):
            life.public_message()
        waited = waiting(pod)
        if number % KILL_EVERY == 0:
            _kill(pod)
        began = time.monotonic()
        assert alice.get("/stream").status == 200
        if number % KILL_EVERY == 1:
            _kill(pod)
        # Whoever was killed is back when the page's connection has ended: he who reads, reads on.
        until(lambda: alice.get("/stream").status == 200 and _all_arrived(life), 120)
        if number % KILL_EVERY > 1:
            opened.append(time.monotonic() - began)
        assert waited >= EACH
    sent, arrived = len(life.sent) - before, len(life.arrived()) - before
    kills = 2 * CLOSINGS // KILL_EVERY
    part = "messages that wait"
    figures.add(part, f"{CLOSINGS} closings, {kills} kills: sent, arrived", f"{sent}, {arrived}")
    told = f"{statistics.median(opened):.1f} s, {max(opened):.1f} s at most"
    figures.add(part, f"{EACH} that waited are there after a page within", told)
    assert arrived == sent == CLOSINGS * EACH


def test_ten_thousand_that_came_while_sidekiq_was_stopped_starve_nobody(
    pod: Pod, far: FarPod, life: Life, alice: Person, figures: Figures
) -> None:
    before, known = memory(pod.machine), len(life.arrived())
    pod.machine.systemctl("stop diaspora-sidekiq")
    statuses = _send_many(pod, far)
    assert statuses == {202: TEN_THOUSAND}
    full = memory(pod.machine)
    alone = statistics.median(alice.get("/stream").seconds for _ in range(5))
    began = time.monotonic()
    pod.machine.systemctl("start diaspora-sidekiq --no-block")
    pages = []
    while jobs(pod) or len(life.arrived()) < known + TEN_THOUSAND:
        page = alice.get("/stream")
        assert page.status == 200
        pages.append(page.seconds)
        assert time.monotonic() - began < 1800
        time.sleep(1)
    took = time.monotonic() - began
    after = memory(pod.machine)
    part = f"{TEN_THOUSAND} messages at once"
    figures.add(part, "all are there after", f"{took:.0f} s")
    told = f"{statistics.median(pages):.2f} s, {max(pages):.2f} s at most; {alone:.2f} s alone"
    figures.add(part, "a person's page meanwhile", told)
    for unit in UNITS:
        seen = (found.get(unit, 0) / MIB for found in (before, full, after))
        told = "{:.0f} MiB, {:.0f} MiB, {:.0f} MiB".format(*seen)
        figures.add(part, f"`{unit}` before, while they wait, after", told)


def _all_arrived(life: Life) -> bool:
    return len(life.arrived()) == len(life.sent)


def _kill(pod: Pod) -> None:
    # Whoever is killed again and again is started ever later.
    pod.machine.systemctl("reset-failed diaspora-sidekiq")
    pod.machine.systemctl("kill --signal=KILL diaspora-sidekiq")


def _processor(pod: Pod) -> float:
    """Seconds of a processor that sidekiq has used since it started."""
    (file,) = pod.machine.group.rglob("diaspora-sidekiq.service/cpu.stat")
    found = re.search(r"^usage_usec (\d+)$", file.read_text(), re.M)
    assert found is not None
    return int(found[1]) / 1_000_000


def _send_many(pod: Pod, far: FarPod) -> Counter[int]:
    """Past the front, which is no faster than its one process; from many addresses."""

    def send(number: int) -> int:
        client = {"X-Client-IP": f"192.0.2.{number % 250}", "X-Client-Proto": "https"}
        body = far.erin.post(f"message {number} of many")
        return pod.inside("POST", "/receive/public", {**PUBLIC, **client}, body).status

    with ThreadPoolExecutor(8) as pool:
        return Counter(pool.map(send, range(TEN_THOUSAND)))

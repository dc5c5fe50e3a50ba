"""The quiet pod's day, drawn by chance and played: billed by the database's log and by simulation.

It takes an hour and more, and is told by name only:
``sudo make rehearse-sleep ARGS=tests/rehearsal/diaspora/whole_day.py``.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from diaspora_cf.cost.arrivals import Arrival, draw
from diaspora_cf.cost.awake import RESUME_SECONDS, SEED, Awake, simulate
from diaspora_cf.cost.machines import HOUR, image
from diaspora_cf.cost.profiles import PROFILES
from diaspora_cf.resources.database.aurora import SECONDS_UNTIL_PAUSE

from ..aws import Aws
from ..fakes.far_pod import FarPod
from ..figures import Figures
from ..patience import until
from ..pod import Pod, Pods
from .conftest import ADMIN, jobs
from .day import Player, billed
from .life import Life
from .person import Person, make_account

PEOPLE = (ADMIN, ("bob", "bob@example.net"), ("carol", "carol@example.net"))
# The pods that ours knows here: Erin's, and one that is gone.
PODS_KNOWN = 2
WEB_SIDE = "opt/diaspora/config/initializers/sleeping_database.rb"


@dataclass(frozen=True)
class Way:
    """One way to set up a pod, and the hours of the day that are played to it.

    ``web``: its web server answers what it can without the database.
    """

    name: str
    stack: str
    hours: tuple[int, int]
    patience: int
    web: bool

    @property
    def arrivals(self) -> list[Arrival]:
        """What happens meanwhile."""
        start, end = self.hours
        day = draw(PROFILES["quiet"], 1, SEED, image(self.patience))
        return [it for it in day if start * HOUR <= it.at < end * HOUR]

    def simulated(self) -> Awake:
        """What the simulation says of the same arrivals."""
        seconds = image(self.patience).seconds(PODS_KNOWN)
        # It knows the image as a whole: what asks where the web does nothing is a page to it.
        asks = {} if self.web else dict.fromkeys(("private", "tab", "lookup", "stranger"), "page")
        # The simulation ends at midnight, with what still waits then.
        later = (24 - self.hours[1]) * HOUR
        arrivals = [(at + later, asks.get(kind, kind)) for at, kind in self.arrivals]
        return simulate(arrivals, 1, seconds, self.patience, SECONDS_UNTIL_PAUSE)


WAYS = (
    # Awake so often that some hours of them take as long as a day of the last.
    Way("as it was", "was", (3, 9), 0, web=False),
    Way("the gate alone", "gate", (3, 15), 240, web=False),
    Way("everything", "all", (0, 24), 240, web=True),
)


@dataclass(frozen=True)
class Played:
    """How a day went: hours billed, wakes, and what became of the messages.

    ``delays`` are the seconds, on the drawn clock, from sending to being there; ``answered`` those
    after which a sender has his answer.
    """

    hours: float
    wakes: int
    sent: int
    delays: list[float]
    answered: float
    took: float


@pytest.fixture
def lives(pods: Pods, aws: Aws, far: FarPod) -> dict[str, tuple[Pod, Life]]:
    """A pod for each way, with its people."""
    launched = {way.name: _launched(pods, aws, way) for way in WAYS}
    return {name: (pod, _settled(pod, far)) for name, pod in launched.items()}


def test_a_drawn_day_costs_what_the_simulation_says(
    lives: dict[str, tuple[Pod, Life]], figures: Figures
) -> None:
    with ThreadPoolExecutor(len(WAYS)) as pool:
        played = list(pool.map(lambda way: _play(*lives[way.name], way), WAYS))
    for way, day in zip(WAYS, played, strict=True):
        _note(figures, way, day)
    for way, day in zip(WAYS, played, strict=True):
        assert len(day.delays) == day.sent
        assert day.hours == pytest.approx(way.simulated().hours, rel=0.1)


def _launched(pods: Pods, aws: Aws, way: Way) -> Pod:
    names = {"DomainName": f"{way.stack}.example.net", "HostedZoneId": "Z9876543210ABCDEFGHIJ"}
    patience = {"FederationPatience": str(way.patience)}
    pod = pods.prepare(way.stack, aws.database_of(way.stack), **names, **patience)
    if not way.web:
        (pod.machine.root / WEB_SIDE).unlink()
    pod.start()
    return pod


def _settled(pod: Pod, far: FarPod) -> Life:
    assert pod.wait_for_signal(600).status == "SUCCESS"
    return Life(pod, far, list(_people(pod)))


def _people(pod: Pod) -> Iterator[Person]:
    for name, mail in PEOPLE:
        person = Person(pod)
        assert person.log_in(name, make_account(pod, name, mail)).status == 302
        yield person


def _play(pod: Pod, life: Life, way: Way) -> Played:
    until(lambda: jobs(pod) == 0)
    began = time.monotonic()
    player = Player(pod, life, way.patience, web=way.web)
    player.play(way.arrivals, way.hours[0] * HOUR, way.hours[1] * HOUR)
    hours, wakes = billed(player.connected(), SECONDS_UNTIL_PAUSE)
    # What still waits is there when somebody comes.
    life.happen("page")
    until(lambda: jobs(pod) == 0)
    arrived = life.arrived()
    drawn = player.clock.drawn
    delays = [drawn(arrived[text]) - drawn(at) for text, at in life.sent.items() if text in arrived]
    hours += wakes * RESUME_SECONDS / HOUR
    answered = statistics.median(life.answered)
    return Played(hours, wakes, len(life.sent), delays, answered, time.monotonic() - began)


def _note(figures: Figures, way: Way, day: Played) -> None:
    start, end = way.hours
    part = f"a drawn day, {way.name}, {start} to {end} h"
    simulated = way.simulated()
    figures.add(part, "billed by the log, simulated", f"{day.hours:.2f} h, {simulated.hours:.2f} h")
    wakes = sum(simulated.wakes.values())
    figures.add(part, "wakes by the log, simulated", f"{day.wakes}, {wakes:.0f}")
    mean, most = statistics.mean(day.delays), max(day.delays)
    told = f"{day.sent}, {len(day.delays)}; after {mean / 60:.1f} minutes, {most / 60:.0f} at most"
    figures.add(part, "public messages sent, arrived", told)
    figures.add(part, "a sender has his answer after", f"{day.answered:.2f} s")
    figures.add(part, "played within", f"{day.took / 60:.0f} minutes")

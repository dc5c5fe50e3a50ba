"""A machine is replaced, as an update of the stack does it: one database, one bucket, one front.

CloudFormation makes the new machine beside the old one, waits for its signal, turns the front, and
only then ends the old one.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

from .pod import Pod, Pods


def beside(pods: Pods, old: Pod, **answers: str) -> Pod:
    """The machine that comes after ``old``, started; the front leads to the old one still."""
    new = pods.make(old.stack.name, old.database, **answers)
    new.start()
    return new


def replace(pods: Pods, old: Pod, **answers: str) -> Pod:
    """The machine that has come after ``old``, which is ended by now."""
    new = beside(pods, old, **answers)
    signal = new.wait_for_signal()
    assert signal.status == "SUCCESS", f"{signal.step}\n{new.machine.journal()[-6000:]}"
    new.take_front()
    old.machine.terminate()
    return new


@dataclass(frozen=True)
class Visit:
    """One request: when it began, how long it took, and its status; 0 is no answer at all."""

    began: float
    seconds: float
    status: int


@dataclass
class Visits:
    """What somebody got who kept asking."""

    found: list[Visit] = field(default_factory=list)

    @property
    def failed(self) -> list[Visit]:
        """Those that were not answered as they should be."""
        return [visit for visit in self.found if not 200 <= visit.status < 400]

    @property
    def outage(self) -> float:
        """The most seconds from the end of one good answer to that of the next."""
        good = [visit.began + visit.seconds for visit in self.found if visit not in self.failed]
        return max((later - earlier for earlier, later in pairwise(good)), default=0.0)


@contextmanager
def visited(pod: Pod, path: str = "/people", every: float = 0.2) -> Iterator[Visits]:
    """Somebody asks the pod's front for a page again and again, as long as the block lasts."""
    visits, over = Visits(), threading.Event()

    def keep_asking() -> None:
        while not over.is_set():
            visits.found.append(_visit(pod, path))
            over.wait(every)

    asking = threading.Thread(target=keep_asking)
    asking.start()
    try:
        yield visits
    finally:
        over.set()
        asking.join()


def _visit(pod: Pod, path: str) -> Visit:
    began = time.monotonic()
    try:
        status = pod.front.get(path).status
    except (OSError, http.client.HTTPException):
        status = 0
    return Visit(began, time.monotonic() - began, status)

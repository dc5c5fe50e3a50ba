"""Waiting until trouble is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from .errors import Transient

LONGEST_PAUSE = 30.0
T = TypeVar("T")


def patiently(
    action: Callable[[], T],
    waiting: Callable[[str], None],
    *,
    attempts: float = float("inf"),
    sleep: Callable[[float], None] | None = None,
) -> T:
    """Do the action until it raises no Transient, and return its result.

    ``waiting`` is told each reason. Pauses double from one second to LONGEST_PAUSE. The last of
    the ``attempts`` raises its Transient; by default there is no last one: who ends a first boot
    is the watcher, and nobody ends a later one.
    """
    attempt, pause = 1, 1.0
    while True:
        try:
            return action()
        except Transient as trouble:
            if attempt >= attempts:
                raise
            waiting(str(trouble))
        (sleep or time.sleep)(pause)
        attempt, pause = attempt + 1, min(2 * pause, LONGEST_PAUSE)

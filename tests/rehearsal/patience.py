"""Waiting until something holds."""

from __future__ import annotations

import time
from collections.abc import Callable

from .log import Broken


def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    """Ask twice a second until the answer is yes; raises Broken after ``seconds``."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise Broken(f"it did not hold within {seconds} s")
        time.sleep(0.5)

"""Waiting until something holds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .log import Broken


def until(holds: Callable[[], bool], seconds: float = 60, every: float = 0.5) -> float:
    """Ask ``every`` so many seconds until the answer is yes; returns how many it took.

    Raises Broken after ``seconds``.
    """
    began = time.monotonic()
    while not holds():
        if time.monotonic() > began + seconds:
            raise Broken(f"it did not hold within {seconds} s")
        time.sleep(every)
    return time.monotonic() - began


@contextmanager
def repeating(action: Callable[[], None], every: float = 0.5) -> Iterator[None]:
    """While something is done again and again, each time after so many seconds."""
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(every):
            action()

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()

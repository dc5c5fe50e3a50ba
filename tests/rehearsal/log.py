"""Says where the rehearsal is."""

from __future__ import annotations

import time

_BEGAN = time.monotonic()


def say(text: str) -> None:
    """Print one line with the seconds since the rehearsal began."""
    print(f"[{time.monotonic() - _BEGAN:6.1f} s] {text}", flush=True)


class Broken(AssertionError):  # noqa: N818 - read aloud, it is what it says
    """What a machine, a wait or a step of the bake came to, in words for a person."""

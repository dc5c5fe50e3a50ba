"""``diaspora-pod logs [PART]``: what the pod, or one part of it, has said."""

from __future__ import annotations

import os
from typing import NoReturn

from ..journal import UNITS

# What a person calls a part → its units.
PARTS = {
    "all": UNITS,
    "boot": ("diaspora-prepare", "diaspora-migrate", "diaspora-signal", "cloud-final"),
    "front": ("nginx",),
    "jobs": ("diaspora-sidekiq",),
    "mounts": ("diaspora-mount@*",),
    "photos": ("diaspora-photos",),
    "queue": ("redis-server",),
    "web": ("diaspora-web", "diaspora-warm"),
}


def command(part: str, lines: int, *, follow: bool) -> list[str]:
    """The words that show it."""
    shown = ["journalctl", "--no-pager", "--no-hostname", f"--lines={lines}"]
    units = [f"--unit={unit}" for unit in PARTS[part]]
    return [*shown, *(["--follow"] if follow else []), *units]


def show(part: str, lines: int, *, follow: bool) -> NoReturn:
    """Become the program that shows it."""
    words = command(part, lines, follow=follow)
    os.execvp(words[0], words)

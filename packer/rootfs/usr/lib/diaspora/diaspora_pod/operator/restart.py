"""Whether the machine may restart itself just now, for an update's sake."""

from __future__ import annotations

import contextlib

from .. import files, units
from ..boot.steps import MIGRATE
from ..errors import Transient
from ..machine import Machine

# By whose processes people are on the machine. Not systemd's sessions: Session Manager makes none.
WAYS_IN = {
    "login": "the console",
    "sshd-session": "ssh",
    "ssm-document-worker": "a document of Systems Manager",
    "ssm-session-worker": "Session Manager",
}
# What the kernel keeps of a process's name.
LONGEST_NAME = 15


def want_nobody_at_work(machine: Machine) -> None:
    """Raise Transient, which says what it would interrupt. The pod's own users are not asked."""
    if found := _ways_in(machine):
        raise Transient(f"somebody is on the machine, by {' and '.join(found)}")
    if files.is_held(machine.moving):
        raise Transient("the pod is being moved")
    # On its way, or waiting for the database, it is activating.
    if units.states([MIGRATE.unit])[MIGRATE.unit].active == "activating":
        raise Transient("the database is brought to this image's schema")


def _ways_in(machine: Machine) -> list[str]:
    running = set()
    for file in (machine.root / "proc").glob("[0-9]*/comm"):
        # Processes come and go.
        with contextlib.suppress(OSError):
            running.add(file.read_text("utf-8", errors="replace").strip())
    return [way for name, way in WAYS_IN.items() if name[:LONGEST_NAME] in running]

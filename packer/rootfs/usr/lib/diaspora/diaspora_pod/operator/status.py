"""``diaspora-pod status``: ten lines for whoever looks because something is wrong.

A database that sleeps goes on sleeping, unless it is meant to be asked. A mount is looked up, and
not looked into: it might not answer.
"""

from __future__ import annotations

import platform
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone

from .. import units
from ..boot.migrate import remarked
from ..boot.steps import Step, steps
from ..errors import Trouble
from ..machine import Machine
from ..settings import Settings
from ..units import State
from . import facts, findings
from .findings import Found
from .words import count, since

# A unit that became ready later than this was started once more since.
LONGEST_BOOT = 30 * 60
WIDTH, COLUMN = 79, 11


@dataclass(frozen=True)
class Line:
    """What is said of one thing."""

    name: str
    found: Found

    def text(self) -> str:
        """The line, and more lines where it is long; an exclamation mark where something is wrong.

        It has no colour: it is read in a browser, and in mails.
        """
        mark = "!" if self.found.wrong else " "
        first = f"{mark} {self.name:<{COLUMN}}"
        return textwrap.fill(
            self.found.words,
            width=WIDTH,
            initial_indent=first,
            subsequent_indent=" " * len(first),
            break_on_hyphens=False,
        )


def lines(machine: Machine, told: Settings, *, ask_database: bool = False) -> Iterator[Line]:
    """Every line; of what cannot be found out, the reason."""
    asked: dict[str, Callable[[Machine, Settings], Found]] = {
        "units": findings.running,
        "mounts": findings.mounted,
        "database": ask if ask_database else _connections,
        "jobs": findings.jobs,
        "disk": findings.room,
        "memory": _memory,
        "versions": _versions,
        "image": _image,
        "reboot": findings.reboot,
        "last boot": _boot,
    }
    for name, look in asked.items():
        try:
            yield Line(name, look(machine, told))
        except (Trouble, OSError, ValueError, LookupError) as error:
            yield Line(name, Found(str(error) or type(error).__name__, wrong=True))


def ask(_: Machine, told: Settings) -> Found:
    """Ask the database, which wakes for it; raises Trouble."""
    return Found(f"answers; {count(len(findings.applied(told)), 'migration')} done")


def _connections(machine: Machine, told: Settings) -> Found:
    number = facts.connections(machine, int(told.database_port))
    if number:
        return Found(f"in use, by {count(number, 'connection')} from here")
    return Found("nobody is connected: it may sleep. status --database asks it")


def _memory(machine: Machine, _: Settings) -> Found:
    found = facts.memory(machine)
    return Found(f"{found.available} of {found.total} MB available, {found.swapped} MB swapped out")


def _versions(machine: Machine, _: Settings) -> Found:
    found = facts.image(machine)
    return Found(f"diaspora* {found.version}, {found.system}, Linux {platform.release()}")


def _image(machine: Machine, _: Settings) -> Found:
    found = facts.image(machine)
    words = f"{found.name}, {since(time.time() - found.built)} old"
    if newer := remarked(machine):
        return Found(f"{words}: {newer}", wrong=True)
    return Found(words)


def _boot(_: Machine, told: Settings) -> Found:
    wanted = steps(told.runs_jobs)
    found = units.states([step.unit for step in wanted])
    started = units.machine_started()
    at = datetime.fromtimestamp(time.time() - time.monotonic() + started, timezone.utc)
    parts = [_ready(step, found.get(step.unit, State()), started) for step in wanted]
    return Found(f"{at:%Y-%m-%d %H:%M} UTC; seconds until each was ready: {', '.join(parts)}")


def _ready(step: Step, state: State, started: float) -> str:
    """When a step's unit was ready, in seconds after the machine's start."""
    if state.active != "active":
        return f"{step.name} not"
    seconds = state.entered - started
    return f"{step.name} {seconds:.0f}" if seconds < LONGEST_BOOT else f"{step.name} anew"

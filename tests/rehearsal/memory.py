"""How much memory a machine's processes have, and the most that they had meanwhile."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .machine import Machine

_EVERY = 0.1  # seconds


@dataclass
class Peak:
    """The most that was seen, in bytes: of all processes, and of each by its unit."""

    total: int = 0
    at_peak: dict[str, int] | None = None


def memory(machine: Machine) -> dict[str, int]:
    """Bytes of each unit's processes: what they share is counted once (PSS of Linux).

    Files that the kernel keeps in memory for no process in particular are not in it.
    """
    units: dict[str, int] = {}
    for file in sorted(machine.group.rglob("cgroup.procs")):
        used = sum(_share(process) for process in file.read_text().split())
        if used:
            units[file.parent.name] = units.get(file.parent.name, 0) + used
    return units


@contextmanager
def peak(machine: Machine) -> Iterator[Peak]:
    """Look ten times a second while the block runs."""
    seen, done = Peak(), threading.Event()

    def look() -> None:
        while not done.wait(_EVERY):
            units = memory(machine)
            if (total := sum(units.values())) > seen.total:
                seen.total, seen.at_peak = total, units

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()


def _share(process: str) -> int:
    # It may be gone by now.
    with contextlib.suppress(OSError):
        found = re.search(
            r"^Pss:\s+(\d+) kB", Path(f"/proc/{process}/smaps_rollup").read_text(), re.M
        )
        return int(found[1]) * 1024 if found else 0
    return 0

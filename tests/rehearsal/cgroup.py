"""Control groups: one for each machine, and others where it is to have little memory or processor.

Two machines that shared one would end each other's processes.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from pathlib import Path

MEMORY = Path("/sys/fs/cgroup/memory")
PROCESSOR = Path("/sys/fs/cgroup/cpu")


def run_group(run: str) -> Path:
    """The folder of a run's groups in the host's cgroup v2 tree, below the group we are in."""
    return _mount_point() / _own_group() / f"diaspora-rehearsal-{run}"


def join(group: Path) -> None:
    """Make a group and put the calling process into it."""
    group.mkdir(parents=True, exist_ok=True)
    (group / "cgroup.procs").write_text(str(os.getpid()))


class Memory:
    """What a machine's processes may have together, with the files that the kernel keeps for them.

    Only the first version of control groups lets us bound what no systemd of the host's has made:
    ``MEMORY`` is there where the host has it.
    """

    def __init__(self, name: str, most: int, swap: int) -> None:
        self.folder = MEMORY / f"diaspora-rehearsal-{name}"
        self.folder.mkdir(exist_ok=True)
        self._set("limit_in_bytes", most)
        self._set("memsw.limit_in_bytes", most + swap)
        self._set("swappiness", 10 if swap else 0)

    def killed(self) -> int:
        """How many processes the kernel has ended for want of memory."""
        return self._number("oom_control", "oom_kill")

    def swapped(self) -> int:
        """Bytes that are in swap now."""
        return self._number("stat", "total_swap")

    def _set(self, name: str, value: int) -> None:
        (self.folder / f"memory.{name}").write_text(str(value))

    def _number(self, name: str, line: str) -> int:
        text = (self.folder / f"memory.{name}").read_text()
        found = re.search(rf"^{line} (\d+)$", text, re.M)
        assert found is not None, text
        return int(found[1])


class Processor:
    """How much of the host's processors a machine's processes may use together.

    For the same reason only where the host has the first version: ``PROCESSOR`` is there then.
    """

    _PERIOD = 100_000  # microseconds

    def __init__(self, name: str) -> None:
        self.folder = PROCESSOR / f"diaspora-rehearsal-{name}"
        self.folder.mkdir(exist_ok=True)

    def allow(self, share: float) -> None:
        """From now on this much of one processor."""
        for name, value in (("period", self._PERIOD), ("quota", round(share * self._PERIOD))):
            (self.folder / f"cpu.cfs_{name}_us").write_text(str(value))


def remove(group: Path) -> None:
    """Remove a group and all below it; the processes in it have to be gone or going."""
    for _ in range(20):
        for folder in sorted(group.rglob("*"), reverse=True):
            if folder.is_dir():
                with contextlib.suppress(OSError):
                    folder.rmdir()
        with contextlib.suppress(OSError):
            group.rmdir()
        if not group.exists():
            return
        time.sleep(0.1)


def _mount_point() -> Path:
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, folder, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(folder)
    raise RuntimeError("no cgroup v2 tree is mounted: systemd-nspawn cannot boot a machine here")


def _own_group() -> str:
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    return next(line for line in lines if line.startswith("0::")).removeprefix("0::/")

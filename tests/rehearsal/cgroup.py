"""A control group for each machine: two that share one would end each other's processes."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path


def run_group(run: str) -> Path:
    """The folder of a run's groups in the host's cgroup v2 tree, below the group we are in."""
    return _mount_point() / _own_group() / f"diaspora-rehearsal-{run}"


def join(group: Path) -> None:
    """Make a group and put the calling process into it."""
    group.mkdir(parents=True, exist_ok=True)
    (group / "cgroup.procs").write_text(str(os.getpid()))


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

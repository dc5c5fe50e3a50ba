"""The rehearsal's own little world: when it ends, however it ends, nothing of it is left.

Everything runs as children of one process in namespaces of its own. When that dies, the kernel ends
all of them, and takes the mounts, the network namespaces and their links along. What it cannot take
is a folder and some empty control groups; the next run removes those of runs that are gone.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from . import cgroup

CACHE = Path(os.environ.get("REHEARSAL_CACHE", "/var/cache/diaspora-rehearsal"))
RUN = "DIASPORA_REHEARSAL_RUN"
_SET_PARENT_DEATH_SIGNAL = 1


def die_with_parent() -> None:
    """Have the kernel end this process when the one that started it is gone."""
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def run_isolated(arguments: Sequence[str]) -> int:
    """Run ``python -m tests.rehearsal`` once more, inside; returns its exit status."""
    remove_leftovers()
    run = CACHE / "runs" / f"{os.getpid()}-{int(time.time())}"
    run.mkdir(parents=True)
    with (run / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            return _run_inside(run, arguments)
        finally:
            _remove(run)


def remove_leftovers() -> None:
    """Remove what runs have left that were killed: those whose lock is free."""
    for run in sorted((CACHE / "runs").glob("*")):
        with (run / "lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            _remove(run)


def enter() -> Path:
    """What the inner process does first; returns the run's folder.

    Names of networks and the folders of systemd-nspawn are this run's alone from here on.
    """
    run = Path(os.environ[RUN])
    for folder in ("/run/netns", "/run/systemd/nspawn"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=True)
    return run


def _run_inside(run: Path, arguments: Sequence[str]) -> int:
    command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    child = subprocess.Popen(
        [*command, sys.executable, "-u", "-m", "tests.rehearsal", *arguments],
        env={**os.environ, RUN: str(run)},
        preexec_fn=die_with_parent,
    )

    def end(_signal: int, _frame: FrameType | None) -> None:
        child.kill()

    # The terminal sends its interrupt to the inner process too, which then ends in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    return child.wait()


def _remove(run: Path) -> None:
    cgroup.remove(cgroup.run_group(run.name))
    shutil.rmtree(run, ignore_errors=True)

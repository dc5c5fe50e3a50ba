"""The whole rehearsal: bakes once, then runs the stories in lanes, side by side.

A lane is a rehearsal of its own, with its own machines and networks. One story waits for ten
minutes, as it has to; the others are told meanwhile.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

from .isolation import die_with_parent
from .log import say

HERE = Path(__file__).parent
_NIGHT = [str(HERE / "test_long_night.py")]
# They want another application.
_DIASPORA = str(HERE / "diaspora")
_PHOTOS = [str(HERE / f"test_{name}.py") for name in ("photos", "reboot", "settings")]
# What fails has to stand for a while before it is told, and a database to be asked nothing: these
# wait, too.
_FAILURES = [str(HERE / "test_failures.py")]
_DATABASE = [str(HERE / f"test_{name}.py") for name in ("database", "moving")]
_GATE = [str(HERE / "test_gate.py")]
# One machine comes after another.
_UPDATES = [
    str(HERE / f"test_{name}.py") for name in ("upgrade", "rollback", "rotation", "left_undone")
]
_ELSEWHERE = [*_NIGHT, *_PHOTOS, *_FAILURES, *_DATABASE, *_GATE, *_UPDATES, _DIASPORA]
LANES = {
    "stories": [str(HERE), *(f"--ignore={file}" for file in _ELSEWHERE)],
    "failures": _FAILURES,
    "database": _DATABASE,
    "gate": _GATE,
    "photos": _PHOTOS,
    "updates": _UPDATES,
    "night": _NIGHT,
}
# What `make rehearse-diaspora` tells, in one lane, and what it writes.
DIASPORA = [_DIASPORA, str(HERE / "test_photos.py"), "--report=diaspora", "--seconds"]
# What takes too long for it. pytest finds by themselves only files whose names begin with test.
_LONG = [f"{_DIASPORA}/{name}.py" for name in ("whole_day", "many_messages")]
SLEEP = [*_LONG, "--report=sleep"]
# What measures for how long nobody is served, with the stand-in, in one lane.
_MEASURED = ["test_moving.py::test_everything_that_was_there_is_there"]
OUTAGES = [*(f"{HERE}/{story}" for story in _MEASURED), "--report=outages"]


def run_all() -> int:
    """Bake, then run every story; returns a status."""
    if status := _wait([_start("bake", ["bake"])]):
        return status
    status = _wait([_start(name, arguments) for name, arguments in LANES.items()])
    say("the rehearsal was a success" if status == 0 else "the rehearsal FAILED")
    return status


def _start(name: str, arguments: list[str]) -> subprocess.Popen[str]:
    """Start a lane; what it says comes out with its name in front."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "tests.rehearsal", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        preexec_fn=die_with_parent,
    )

    def repeat() -> None:
        assert process.stdout
        for line in process.stdout:
            print(f"{name:8} | {line}", end="", flush=True)

    threading.Thread(target=repeat).start()
    return process


def _wait(processes: list[subprocess.Popen[str]]) -> int:
    """Wait for all; the first status that is not 0. Whoever ends us ends them, in order."""

    def end(_number: int, _frame: object) -> None:
        for process in processes:
            process.terminate()

    # The terminal sends its interrupt to the lanes too. To ignore it would have them ignore it.
    signal.signal(signal.SIGINT, lambda *_: None)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    statuses = [process.wait() for process in processes]
    return next((status for status in statuses if status), 0)

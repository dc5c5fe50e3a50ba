"""The whole rehearsal: bakes once, then runs the stories in lanes, side by side.

A lane is a rehearsal of its own, with its own machines and networks. Much of it is waiting, for
what has to stand for a while or for a database to be asked nothing; others are told meanwhile.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from .isolation import die_with_parent
from .log import say

HERE = Path(__file__).parent
# They want another application.
_DIASPORA = str(HERE / "diaspora")
# Those that take longest come first; whatever is named in none is a story of the last.
_STORIES = {
    "database": ("database", "moving"),
    "handover": ("handover",),
    "updates": ("upgrade", "rollback", "rotation", "left_undone"),
    "gate": ("gate",),
    "photos": ("photos", "kept_photos", "exports", "reboot", "settings"),
    "failures": ("failures", "operator"),
    "night": ("long_night", "worries"),
}
_NAMED = {
    lane: [str(HERE / f"test_{name}.py") for name in names] for lane, names in _STORIES.items()
}
_ELSEWHERE = [_DIASPORA, *(file for files in _NAMED.values() for file in files)]
LANES = {**_NAMED, "stories": [str(HERE), *(f"--ignore={file}" for file in _ELSEWHERE)]}
# More of them hold each other up, on two processors, until a story gives up waiting.
SIDE_BY_SIDE = 5
# What `make rehearse-diaspora` tells, in one lane, and what it writes.
DIASPORA = [_DIASPORA, str(HERE / "test_photos.py"), "--report=diaspora", "--seconds"]
# What takes too long for it. pytest finds by themselves only files whose names begin with test.
_LONG = [f"{_DIASPORA}/{name}.py" for name in ("whole_day", "many_messages")]
SLEEP = [*_LONG, "--report=sleep"]
# What measures for how long nobody is served, with the stand-in, in one lane.
_MEASURED = [
    "test_moving.py::test_everything_that_was_there_is_there",
    "test_handover.py",
    "test_rotation.py",
    "test_updates.py",
]
OUTAGES = [*(f"{HERE}/{story}" for story in _MEASURED), "--report=outages"]


def run_all() -> int:
    """Bake, then run every story; returns a status."""
    if status := _run({"bake": ["bake"]}):
        return status
    status = _run(LANES)
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


def _run(lanes: Mapping[str, list[str]]) -> int:
    """Run lanes, some at a time; a status that is not 0, if any. Whoever ends us ends them."""
    waiting = list(lanes.items())
    running: list[subprocess.Popen[str]] = []
    status = 0

    def end(_number: int, _frame: object) -> None:
        waiting.clear()
        for process in running:
            process.terminate()

    # The terminal sends its interrupt to the lanes too. To ignore it would have them ignore it.
    signal.signal(signal.SIGINT, lambda *_: waiting.clear())
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    while waiting or running:
        while waiting and len(running) < SIDE_BY_SIDE:
            running.append(_start(*waiting.pop(0)))
        time.sleep(0.5)
        for process in [it for it in running if it.poll() is not None]:
            running.remove(process)
            status = status or process.returncode
    return status

"""The watcher of an instance's first boot: it tells CloudFormation how it ended, and where.

It runs beside the boot and is part of none of it, so that nothing that fails takes it along.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..errors import Trouble
from ..progress import Note, say
from ..units import State
from .steps import ANSWER, Step

POLL = 1.0
# What fails may work at the next try: a right that IAM has not spread yet, a bucket that was just
# made. It counts when it has failed for so many seconds without a break.
STANDS = 90.0
# A unit that came back this often without staying will not get better.
MAX_RESTARTS = 3


@dataclass(frozen=True)
class Eyes:
    """What the watcher sees; tests show it anything.

    ``answer`` raises Trouble while the pod does not answer as the front will ask it.
    """

    states: Callable[[Sequence[str]], Mapping[str, State]]
    failure: Callable[[str], Note | None]
    progress: Callable[[str], Note | None]
    answer: Callable[[], None]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def watch(steps: Sequence[Step], eyes: Eyes, started: float, deadline: float) -> Note | None:
    """Watch until the boot is over: None where it worked, otherwise where it failed, and of what.

    ``deadline`` is in seconds after ``started``, by the clock of ``eyes``.
    """
    done: set[str] = set()
    failing_since: float | None = None
    while True:
        states = eyes.states([step.unit for step in steps])
        _tell_progress(steps, states, done, eyes.clock() - started)
        pending = _first_pending(steps, states, eyes)
        if pending is None:
            return None
        now = eyes.clock()
        failed = _noted_failure(steps, eyes) or _failed_unit(steps, states, eyes)
        if failed is None:
            failing_since = None
        elif failing_since is None:
            failing_since = now
        elif now - failing_since >= STANDS:
            return failed
        if now - started >= deadline:
            return failed or Note(pending.step, _too_late(pending, deadline))
        eyes.sleep(POLL)


def _too_late(pending: Note, deadline: float) -> str:
    return f"not done after {deadline:.0f} s: {pending.reason}"


def _noted_failure(steps: Sequence[Step], eyes: Eyes) -> Note | None:
    """What the first program that failed has noted down."""
    notes = (eyes.failure(step.command) for step in steps if step.command)
    return next((note for note in notes if note is not None), None)


def _tell_progress(
    steps: Sequence[Step], states: Mapping[str, State], done: set[str], seconds: float
) -> None:
    for step in steps:
        if _is_active(states, step) and step.unit not in done:
            done.add(step.unit)
            say(f"{step.unit} is ready after {seconds:.0f} s")


def _first_pending(steps: Sequence[Step], states: Mapping[str, State], eyes: Eyes) -> Note | None:
    """The first step that is not done, or None; the last one is that the pod answers."""
    for step in steps:
        if not _is_active(states, step):
            return _where(step, states, eyes)
    try:
        eyes.answer()
    except Trouble as trouble:
        return Note(ANSWER, str(trouble))
    return None


def _failed_unit(steps: Sequence[Step], states: Mapping[str, State], eyes: Eyes) -> Note | None:
    for step in steps:
        state = states.get(step.unit, State())
        if _is_active(states, step):
            continue
        if state.active == "failed" or state.restarts >= MAX_RESTARTS:
            return _where(step, states, eyes)
    return None


def _where(step: Step, states: Mapping[str, State], eyes: Eyes) -> Note:
    """The step that a unit is at, as exactly as its program says."""
    state = states.get(step.unit, State())
    told = eyes.progress(step.command) if step.command else None
    reason = f"{step.unit} is {state.active}"
    if state.restarts or state.result not in ("", "success"):
        reason += f" ({state.result}, started again {state.restarts} times)"
    if told is None:
        return Note(step.name, reason)
    return Note(told.step, told.reason or reason)


def _is_active(states: Mapping[str, State], step: Step) -> bool:
    return states.get(step.unit, State()).active in ("active", "reloading")

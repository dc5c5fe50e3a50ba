"""Where each command of the program is, and what ended it, for the watcher to read."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from . import files
from .errors import Trouble
from .machine import Machine


@dataclass(frozen=True)
class Note:
    """A step of the boot, and what it waits for, failed of, or is to be known of it."""

    step: str
    reason: str = ""


class Progress:
    """Notes down the steps of one command, in files that last until the next boot."""

    def __init__(self, machine: Machine, command: str) -> None:
        self._machine = machine
        self._command = command
        self._step = ""

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Say that the step has begun; what ends it for good is noted as the boot's failure."""
        self._step = name
        self._note("")
        try:
            yield
        except Trouble as trouble:
            self._fail(str(trouble))
            raise
        except Exception as error:
            # A mistake of ours. Its own text may quote anything, so only its kind is told.
            self._fail(f"{type(error).__name__}, a mistake in the program: see the log")
            raise
        self._forgive()

    def waiting(self, reason: str) -> None:
        """Say what is being waited for, to the log once and to the watcher."""
        if read_progress(self._machine, self._command) != Note(self._step, reason):
            say(f"{self._step}: waiting: {reason}")
            self._note(reason)

    def remark(self, reason: str) -> None:
        """Say what is to be known of the step though nothing waits for it; the log has it too."""
        say(f"{self._step}: {reason}")
        self._note(reason)

    def _note(self, reason: str) -> None:
        path = _progress_file(self._machine, self._command)
        _write(self._machine, path, Note(self._step, reason))

    def _fail(self, reason: str) -> None:
        note = Note(self._step, reason)
        say(f"{note.step}: {note.reason}")
        _write(self._machine, _failure_file(self._machine, self._command), note)

    def _forgive(self) -> None:
        """What failed in this step before is over."""
        file = _failure_file(self._machine, self._command)
        failure = _read(file)
        if failure is not None and failure.step == self._step:
            file.unlink(missing_ok=True)


def say(line: str) -> None:
    """Write one line to the log."""
    print(" ".join(line.split()), file=sys.stderr, flush=True)


def read_failure(machine: Machine, command: str) -> Note | None:
    """The step in which a command failed for good and why, or None."""
    return _read(_failure_file(machine, command))


def read_progress(machine: Machine, command: str) -> Note | None:
    """The step that a command is at and what it waits for, or None before it began."""
    return _read(_progress_file(machine, command))


def _failure_file(machine: Machine, command: str) -> Path:
    return machine.run / f"failure-{command}"


def _progress_file(machine: Machine, command: str) -> Path:
    return machine.run / f"progress-{command}"


def _write(machine: Machine, path: Path, note: Note) -> None:
    files.make_folder(machine.run)
    content = json.dumps(asdict(note))
    files.write(path, content, mode=0o644, owner=machine.owner, group=machine.group)


def _read(path: Path) -> Note | None:
    try:
        return Note(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None

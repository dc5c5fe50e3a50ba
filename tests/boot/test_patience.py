"""Patience with what passes, and notes of where a command is."""

from __future__ import annotations

import json
import stat

import pytest
from diaspora_pod.errors import Permanent, Transient
from diaspora_pod.machine import Machine
from diaspora_pod.patience import LONGEST_PAUSE, patiently
from diaspora_pod.progress import Note, Progress, read_failure, read_progress, say

from .fakes import Pauses, never


def failing(times: int, error: Exception) -> list[Exception]:
    return [error] * times


class Action:
    """Raises what it is given, one after the other, then returns."""

    def __init__(self, troubles: list[Exception]) -> None:
        self.troubles = troubles
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.troubles:
            raise self.troubles.pop(0)
        return "done"


def test_what_works_is_done_once_and_without_a_pause() -> None:
    action = Action([])
    assert patiently(action, pytest.fail, sleep=never) == "done"
    assert action.calls == 1


def test_transient_trouble_is_waited_for_with_growing_pauses() -> None:
    pauses = Pauses()
    told: list[str] = []
    action = Action(failing(8, Transient("away")))
    assert patiently(action, told.append, sleep=pauses) == "done"
    assert pauses.taken == [1, 2, 4, 8, 16, 30, 30, 30]
    assert told == ["away"] * 8


def test_a_reboot_never_gives_up() -> None:
    pauses = Pauses(most=2000)
    with pytest.raises(Pauses.EnoughError):
        patiently(Action(failing(5000, Transient("away"))), lambda _: None, sleep=pauses)
    assert max(pauses.taken) == LONGEST_PAUSE == 30


def test_permanent_trouble_is_not_waited_for() -> None:
    with pytest.raises(Permanent):
        patiently(Action([Permanent("denied")]), pytest.fail, sleep=never)


def test_the_last_of_counted_attempts_raises() -> None:
    action = Action(failing(9, Transient("away")))
    with pytest.raises(Transient):
        patiently(action, lambda _: None, attempts=3, sleep=lambda _: None)
    assert action.calls == 3


# Notes --------------------------------------------------------------------------------------------


@pytest.fixture
def progress(machine: Machine) -> Progress:
    return Progress(machine, "prepare")


def test_the_step_that_a_command_is_at_is_noted(machine: Machine, progress: Progress) -> None:
    assert read_progress(machine, "prepare") is None
    with progress.step("secrets"):
        assert read_progress(machine, "prepare") == Note("secrets")


def test_what_a_step_waits_for_is_noted_and_said_once(
    machine: Machine, progress: Progress, capsys: pytest.CaptureFixture[str]
) -> None:
    with progress.step("secrets"):
        for _ in range(3):
            progress.waiting("no network")
        assert read_progress(machine, "prepare") == Note("secrets", "no network")
    assert capsys.readouterr().err.splitlines() == ["secrets: waiting: no network"]


def test_what_ends_a_step_is_noted_as_the_failure_and_said(
    machine: Machine, progress: Progress, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Permanent), progress.step("secrets"):
        raise Permanent("access denied")
    assert read_failure(machine, "prepare") == Note("secrets", "access denied")
    assert capsys.readouterr().err.splitlines() == ["secrets: access denied"]


def test_the_failure_can_be_read_by_a_person(machine: Machine, progress: Progress) -> None:
    with pytest.raises(Permanent), progress.step("secrets"):
        raise Permanent("access denied")
    path = machine.run / "failure-prepare"
    assert json.loads(path.read_text()) == {"step": "secrets", "reason": "access denied"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_mistake_of_ours_fails_the_step_without_quoting_anything(
    machine: Machine, progress: Progress
) -> None:
    with pytest.raises(ValueError), progress.step("render"):
        raise ValueError("the password is x")
    failure = read_failure(machine, "prepare")
    assert failure is not None
    assert failure.step == "render"
    assert "ValueError" in failure.reason
    assert "password" not in failure.reason


def test_a_step_that_works_at_last_forgives_its_failure(
    machine: Machine, progress: Progress
) -> None:
    with pytest.raises(Permanent), progress.step("secrets"):
        raise Permanent("access denied")
    with progress.step("settings"):
        pass
    assert read_failure(machine, "prepare") is not None
    with progress.step("secrets"):
        pass
    assert read_failure(machine, "prepare") is None


def test_a_line_of_the_log_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    say("one\n  two\r\nthree")
    assert capsys.readouterr().err == "one two three\n"

"""What systemd says of units."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from diaspora_pod import units
from diaspora_pod.boot.steps import steps
from diaspora_pod.errors import Transient
from diaspora_pod.units import State

SAID = """\
Id=diaspora-prepare.service
ActiveState=active
NRestarts=0
Result=success
ActiveEnterTimestampMonotonic=12500000

Id=diaspora-mount@images.service
ActiveState=activating
NRestarts=2
Result=exit-code
"""


def test_each_unit_is_read_from_its_block() -> None:
    assert units.parse(SAID) == {
        "diaspora-prepare.service": State("active", 0, "success", 12.5),
        "diaspora-mount@images.service": State("activating", 2, "exit-code"),
    }


def test_a_unit_without_restarts_has_none() -> None:
    # Targets and devices have no such property.
    assert units.parse("Id=a.target\nActiveState=active\n") == {"a.target": State("active")}


def test_systemd_is_asked_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def run(command: list[str], **options: Any) -> Any:
        asked.append((command, options))
        return subprocess.CompletedProcess(command, 0, SAID, "")

    monkeypatch.setattr(subprocess, "run", run)
    assert len(units.states(["a.service", "b.service"])) == 2
    ((command, options),) = asked
    assert command[:2] == ["systemctl", "show"]
    assert command[-2:] == ["a.service", "b.service"]
    assert options["timeout"] > 0


@pytest.mark.parametrize(
    "error", [subprocess.CalledProcessError(1, "x"), subprocess.TimeoutExpired("x", 1)]
)
def test_a_systemd_that_does_not_answer_is_asked_again_later(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def run(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(subprocess, "run", run)
    assert units.states(["a.service"]) == {}


@pytest.mark.parametrize(("said", "seconds"), [(b"12500000\n", 12.5), (b"\n", 0.0), (b"", 0.0)])
def test_the_machines_start_is_that_of_its_systemd(
    monkeypatch: pytest.MonkeyPatch, said: bytes, seconds: float
) -> None:
    answer = subprocess.CompletedProcess([], 0, said)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: answer)
    assert units.machine_started() == seconds


def test_the_steps_are_in_the_order_of_the_boot() -> None:
    assert [step.name for step in steps(runs_jobs=True)] == [
        "firewall",
        "settings",
        "mount-images",
        "mount-users",
        "database",
        "redis",
        "web",
        "warm",
        "sidekiq",
        "photos",
        "nginx",
    ]


def test_a_pod_that_runs_no_jobs_does_not_wait_for_sidekiq() -> None:
    assert "sidekiq" not in [step.name for step in steps(runs_jobs=False)]


def test_systemd_is_told_what_to_do_and_has_time_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(
        subprocess, "run", lambda command, **options: told.append((command, options))
    )
    units.control("mask", "--now", "a.service")
    ((command, options),) = told
    assert command == ["systemctl", "mask", "--quiet", "--now", "a.service"]
    # A web server's start, on the tenth of a processor.
    assert options["timeout"] >= 600


def test_a_systemd_that_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "systemctl"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Transient, match=r"systemctl start a\.service"):
        units.control("start", "a.service")


def answers(monkeypatch: pytest.MonkeyPatch, said: str) -> list[list[str]]:
    asked: list[list[str]] = []

    def run(command: list[str], **options: Any) -> Any:
        asked.append(command)
        return subprocess.CompletedProcess(command, 0, said, "")

    monkeypatch.setattr(subprocess, "run", run)
    return asked


# As systemctl says it, without its head.
GOING_DOWN = """\
1520 diaspora-handover.service stop  running
1498 {}            start waiting
1533 system.slice              stop  waiting
"""


@pytest.mark.parametrize("target", ["poweroff.target", "halt.target"])
def test_a_machine_that_is_switched_off_is_known(
    monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    asked = answers(monkeypatch, GOING_DOWN.format(target))
    assert units.is_switched_off()
    assert asked[0][-2:] == ["list-jobs", "--no-legend"]


ON = ["reboot.target", "kexec.target", "soft-reboot.target"]


@pytest.mark.parametrize(
    "said", [*map(GOING_DOWN.format, ON), "1 diaspora-web.service stop running\n", ""]
)
def test_a_machine_that_is_started_anew_or_stays_is_not(
    monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    answers(monkeypatch, said)
    assert not units.is_switched_off()


def test_a_poweroff_that_was_called_off_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, "7 poweroff.target stop waiting\n")
    assert not units.is_switched_off()


@pytest.mark.parametrize("state, held", [("masked", True), ("loaded", False), ("", False)])
def test_a_unit_that_somebody_holds_is_known(
    monkeypatch: pytest.MonkeyPatch, state: str, held: bool
) -> None:
    asked = answers(monkeypatch, f"{state}\n")
    assert units.is_held("diaspora-sidekiq.service") is held
    assert asked[0][-1] == "diaspora-sidekiq.service"


def test_a_systemd_that_does_not_answer_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], **options: Any) -> Any:
        raise subprocess.TimeoutExpired(command, 1)

    monkeypatch.setattr(subprocess, "run", run)
    assert not units.is_switched_off()
    assert not units.is_held("a.service")

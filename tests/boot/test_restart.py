"""The machine restarts itself only when nobody is at work on it."""

from __future__ import annotations

import pytest
from diaspora_pod import files, units
from diaspora_pod.boot.steps import MIGRATE
from diaspora_pod.errors import Transient
from diaspora_pod.machine import Machine
from diaspora_pod.operator.restart import WAYS_IN, want_nobody_at_work
from diaspora_pod.units import State


@pytest.fixture(autouse=True)
def migrated(monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(monkeypatch, "active")


def migrate(monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    monkeypatch.setattr(units, "states", lambda names: {MIGRATE.unit: State(state)})


def run(machine: Machine, name: str) -> None:
    """A process of that name, as the kernel tells it."""
    folder = machine.root / "proc/4711"
    folder.mkdir(parents=True)
    (folder / "comm").write_text(f"{name[:15]}\n", "utf-8")


def test_a_machine_that_is_left_alone_may_restart(machine: Machine) -> None:
    run(machine, "puma")
    want_nobody_at_work(machine)


@pytest.mark.parametrize("name", WAYS_IN)
def test_nobody_is_thrown_out(machine: Machine, name: str) -> None:
    run(machine, name)
    with pytest.raises(Transient, match=f"on the machine, by {WAYS_IN[name]}"):
        want_nobody_at_work(machine)


@pytest.mark.parametrize("name", ["amazon-ssm-agent", "ssm-agent-worker", "sshd", "sshd-auth"])
def test_who_waits_for_people_is_nobody(machine: Machine, name: str) -> None:
    run(machine, name)
    want_nobody_at_work(machine)


def test_a_move_is_not_cut_off(machine: Machine) -> None:
    with files.alone(machine.moving), pytest.raises(Transient, match="moved"):
        want_nobody_at_work(machine)
    # What it has left behind means nothing.
    assert machine.moving.exists()
    want_nobody_at_work(machine)


def test_a_migration_is_not_cut_off(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(monkeypatch, "activating")
    with pytest.raises(Transient, match="schema"):
        want_nobody_at_work(machine)

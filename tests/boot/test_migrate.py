"""The schema: equal, older or newer than the image; migrated by one machine, under a lock."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from diaspora_pod.boot import migrate
from diaspora_pod.boot.migrate import ATTEMPTS, Migration
from diaspora_pod.errors import Permanent
from diaspora_pod.machine import Machine
from diaspora_pod.progress import Progress, read_failure, read_progress

from .fakes import Database, OperationalError, Pauses, never

KNOWN = {0, 20160829170244, 20230604015559}


@pytest.fixture(autouse=True)
def image(machine: Machine, psycopg2: ModuleType) -> None:
    """An image with three migrations, the first without a date as diaspora's is."""
    for name in ("0000_create_schema.rb", "20160829170244_a.rb", "20230604015559_b.rb"):
        (machine.app / "db/migrate" / name).touch()
    (machine.app / "db/migrate/README").touch()


class Rake:
    """``rake db:migrate``, ending with the status that it is given after some looks."""

    def __init__(self, shared: Database, *statuses: int, looks: int = 0) -> None:
        self.shared = shared
        self.statuses = list(statuses)
        self.looks = looks
        self.starts = 0
        self.killed = False
        self.under_lock: list[bool] = []
        self.status: int | None = None

    def __call__(self, machine: Machine) -> Any:
        self.starts += 1
        self.under_lock.append(self.shared.locked_by is not None)
        self.status = None
        return self

    def wait(self, timeout: float | None = None) -> int:
        if self.looks and not self.killed:
            self.looks -= 1
            raise subprocess.TimeoutExpired("rake", timeout or 0)
        self.status = self.statuses.pop(0) if not self.killed else -9
        if self.status == 0:
            self.shared.versions = set(KNOWN)
        return self.status

    def poll(self) -> int | None:
        return self.status

    def kill(self) -> None:
        self.killed = True


def run(
    machine: Machine,
    shared: Database,
    rake: Any = None,
    sleep: Callable[[float], None] = never,
) -> None:
    progress = Progress(machine, "migrate")
    start = rake or (lambda _: pytest.fail("starts Rails"))
    Migration(machine, progress, shared.connect, start=start, sleep=sleep).run()


def test_a_schema_that_is_the_images_costs_no_start_of_rails(machine: Machine) -> None:
    shared = Database(set(KNOWN))
    run(machine, shared)
    assert shared.connections == 1
    assert not any("lock" in statement for statement in shared.statements)


@pytest.mark.parametrize("versions", [None, set(), {0}, KNOWN - {20160829170244}])
def test_an_older_schema_is_migrated_under_the_lock(
    machine: Machine, versions: set[int] | None
) -> None:
    shared = Database(versions)
    rake = Rake(shared, 0)
    run(machine, shared, rake)
    assert rake.starts == 1
    assert rake.under_lock == [True]
    assert shared.locked_by is None


LATER = 20991231000000


def test_a_schema_newer_than_the_image_is_no_reason_to_stop_and_is_said(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = Database(KNOWN | {LATER})
    run(machine, shared)
    assert shared.versions == KNOWN | {LATER}
    assert read_failure(machine, "migrate") is None
    told = read_progress(machine, "migrate")
    assert told is not None
    assert told.step == "schema-newer"
    assert f"does not know {LATER}, and goes on" in told.reason
    assert f"schema-newer: {told.reason}" in capsys.readouterr().err


@pytest.mark.parametrize("versions", [set(KNOWN), {0}])
def test_of_a_schema_that_is_not_newer_nothing_is_said(
    machine: Machine, versions: set[int], capsys: pytest.CaptureFixture[str]
) -> None:
    shared = Database(versions)
    run(machine, shared, Rake(shared, 0))
    assert "newer" not in capsys.readouterr().err


def test_an_image_that_knows_others_than_the_database_stops_the_boot_by_name(
    machine: Machine,
) -> None:
    shared = Database({0, LATER})
    with pytest.raises(Permanent, match=str(LATER)):
        run(machine, shared)
    failure = read_failure(machine, "migrate")
    assert failure is not None
    assert failure.step == "schema-newer"
    assert shared.versions == {0, LATER}


def test_an_image_without_migrations_is_no_newer_schema(machine: Machine) -> None:
    for path in (machine.app / "db/migrate").glob("*.rb"):
        path.unlink()
    with pytest.raises(Permanent, match="image is broken"):
        run(machine, Database(set(KNOWN)))


def test_the_time_to_restore_to_is_logged_before_a_migration(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = Database({0})

    class Watched(Rake):
        def __call__(self, machine: Machine) -> Any:
            assert "restore point: 20" in capsys.readouterr().err
            return super().__call__(machine)

    run(machine, shared, Watched(shared, 0))


def test_an_empty_database_needs_no_time_to_restore_to(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = Database(None)
    run(machine, shared, Rake(shared, 0))
    assert "restore point" not in capsys.readouterr().err


def test_a_database_that_is_away_is_waited_for_by_name(machine: Machine) -> None:
    pauses = Pauses()
    shared = Database(set(KNOWN))
    away = [OperationalError("Connection refused")] * 5

    def refuse(statement: str) -> None:
        if away:
            told = read_progress(machine, "migrate")
            assert told is not None
            assert told.step == "database"
            raise away.pop()

    shared.before = refuse
    run(machine, shared, sleep=pauses)
    assert len(pauses.taken) == 5


def test_another_machine_that_migrates_is_waited_for_and_its_work_is_not_done_again(
    machine: Machine,
) -> None:
    shared = Database({0})
    other = shared.connect()
    shared.locked_by = other

    def finish_after_two(seconds: float) -> None:
        if seconds >= 2:
            shared.versions = set(KNOWN)
            other.close()

    run(machine, shared, sleep=finish_after_two)
    assert shared.locked_by is None


@pytest.mark.parametrize(("made", "stops"), [(KNOWN | {LATER}, False), ({0, LATER}, True)])
def test_what_a_newer_image_has_done_meanwhile_is_judged_again(
    machine: Machine, made: set[int], stops: bool
) -> None:
    shared = Database({0})

    def migrate_meanwhile(statement: str) -> None:
        if "lock" in statement:
            shared.versions = made

    shared.before = migrate_meanwhile
    with pytest.raises(Permanent) if stops else contextlib.nullcontext():
        run(machine, shared)
    assert shared.versions == made
    told = read_failure(machine, "migrate") if stops else read_progress(machine, "migrate")
    assert told is not None
    assert f"newer than this image, which does not know {LATER}" in told.reason


def test_a_migration_that_fails_is_tried_again_and_then_told(machine: Machine) -> None:
    shared = Database({0})
    rake = Rake(shared, *[1] * ATTEMPTS)
    with pytest.raises(Permanent, match="db:migrate ended with 1"):
        run(machine, shared, rake, Pauses())
    assert rake.starts == ATTEMPTS
    failure = read_failure(machine, "migrate")
    assert failure is not None
    assert failure.step == "migrate"


def test_a_migration_that_waited_too_long_for_a_lock_works_the_next_time(machine: Machine) -> None:
    shared = Database({0})
    rake = Rake(shared, 1, 0)
    run(machine, shared, rake, Pauses())
    assert rake.starts == 2


def test_a_migration_does_not_go_on_without_its_lock(machine: Machine) -> None:
    shared = Database({0})
    rake = Rake(shared, looks=3)
    lost = [OperationalError("SSL connection has been closed unexpectedly")]

    def lose(statement: str) -> None:
        if statement == "SELECT 1" and lost:
            raise lost.pop()

    def back(seconds: float) -> None:
        assert rake.killed
        shared.versions = set(KNOWN)

    shared.before = lose
    run(machine, shared, rake, back)
    assert (rake.starts, rake.killed) == (1, True)


def test_a_database_lost_during_a_migration_is_no_fault_of_the_migration(machine: Machine) -> None:
    shared = Database({0})
    rake = Rake(shared, *[1] * 20, 0)
    losses = [OperationalError("server closed the connection unexpectedly")] * 20

    def lose(statement: str) -> None:
        if statement == "SELECT 1" and losses:
            raise losses.pop()

    shared.before = lose
    run(machine, shared, rake, Pauses())
    assert rake.starts == 21


def test_the_real_process_is_looked_after(machine: Machine, monkeypatch: Any) -> None:
    monkeypatch.setattr(migrate, "LOOK", 0.05)
    shared = Database({0})
    looks: list[str] = []

    def note(statement: str) -> None:
        if statement == "SELECT 1":
            looks.append(statement)
            shared.versions = set(KNOWN)

    shared.before = note
    run(machine, shared, lambda _: subprocess.Popen(["sleep", "0.3"]))
    assert len(looks) >= 2

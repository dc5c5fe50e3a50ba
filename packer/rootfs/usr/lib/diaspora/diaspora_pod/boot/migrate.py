"""Bringing the database's schema to the image's: equal, older or newer.

Newer is what an image meets after an update that failed behind its migration: CloudFormation goes
back to the old image, and nobody takes a migration back. A pod that stopped there would end the
rollback nowhere, and would be gone for good at its next reboot. So it goes on, and says so.
"""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .. import database
from ..application import start_migration
from ..errors import Permanent, Transient
from ..machine import Machine
from ..patience import patiently
from ..progress import Progress, read_progress, say

ATTEMPTS = 5
# Seconds between two looks at the lock while a migration runs.
LOOK = 5.0
NEWER = "schema-newer"


class Migration:
    """One run of the boot's last step before the pod itself: it cannot be taken back.

    ``reach`` makes a connection; ``start`` starts the application's own migration.
    """

    def __init__(
        self,
        machine: Machine,
        progress: Progress,
        reach: Callable[[], Any],
        *,
        start: Callable[[Machine], subprocess.Popen[bytes]] = start_migration,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._machine = machine
        self._progress = progress
        self._reach = reach
        self._start = start
        self._sleep = sleep
        self._failures = 0

    def run(self) -> None:
        """Migrate where the database is older, go on where it is newer; raises Permanent."""
        with self._progress.step("database"):
            known = known_versions(self._machine.app)
            applied = self._patiently(self._applied)
        with self._progress.step(NEWER):
            refuse_apart(applied, known)
        with self._progress.step("migrate"):
            if known - applied:
                applied = self._patiently(lambda: self._migrate(known))
            else:
                say("the database's schema has all that the image brings")
        # Last, so that what is noted of it stays until the next boot.
        if newer := applied - known:
            with self._progress.step(NEWER):
                self._progress.remark(goes_on(newer))

    def _patiently(self, action: Callable[[], Any]) -> Any:
        return patiently(action, self._progress.waiting, sleep=self._sleep)

    def _applied(self) -> set[int]:
        with contextlib.closing(self._reach()) as connection:
            return database.applied_versions(connection)

    def _migrate(self, known: set[int]) -> set[int]:
        with contextlib.closing(self._reach()) as connection:
            database.take_lock(connection)
            # Again, because another machine may have been at it until now.
            applied = database.applied_versions(connection)
            refuse_apart(applied, known)
            if known - applied:
                _tell(applied, known)
                self._rake(connection)
            return applied | known

    def _rake(self, connection: Any) -> None:
        process = self._start(self._machine)
        try:
            status = _wait(process, lambda: database.keep_lock(connection))
        finally:
            # Without the lock it must not go on.
            _end(process)
        if status != 0:
            database.keep_lock(connection)
            self._failed(status)

    def _failed(self, status: int) -> None:
        self._failures += 1
        trouble = f"bin/rake db:migrate ended with {status}, {self._failures} of {ATTEMPTS} times"
        if self._failures >= ATTEMPTS:
            raise Permanent(f"{trouble}: see the log")
        raise Transient(trouble)


def known_versions(app: Path) -> set[int]:
    """The migrations that the image brings."""
    names = [path.name for path in (app / "db/migrate").glob("[0-9]*_*.rb")]
    if not names:
        raise Permanent(f"{app} has no migrations: the image is broken")
    return {int(name.partition("_")[0]) for name in names}


def refuse_apart(applied: set[int], known: set[int]) -> None:
    """Raise Permanent where database and image each have migrations that the other does not know.

    Neither is older: what the image would change now is not what its migrations were written for.
    """
    if known - applied:
        refuse_newer(applied, known)


def goes_on(newer: set[int]) -> str:
    """What is to be known of a pod that goes on though its image does not know these migrations."""
    return (
        f"the database's schema is newer than this image, which does not know {_listed(newer)}, "
        "and goes on: what those have taken away or made a duty fails here. Update to the image "
        "that made them, or a newer one"
    )


def remarked(machine: Machine) -> str:
    """What was said at this boot of a database that is newer than the image, or nothing."""
    note = read_progress(machine, "migrate")
    return note.reason if note is not None and note.step == NEWER else ""


def refuse_newer(applied: set[int], known: set[int]) -> None:
    """Raise Permanent where the database has seen migrations that the image does not know."""
    if unknown := applied - known:
        raise Permanent(
            f"the database's schema is newer than this image, which does not know "
            f"{_listed(unknown)}: use the image that made it, or a newer one"
        )


def _listed(versions: set[int]) -> str:
    return ", ".join(map(str, sorted(versions)))


def _tell(applied: set[int], known: set[int]) -> None:
    say(f"{len(known - applied)} migrations to do")
    if applied:
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        say(f"restore point: {now} is the time to restore the database to, if this goes wrong")


def _wait(process: subprocess.Popen[bytes], keep_lock: Callable[[], None]) -> int:
    while True:
        try:
            return process.wait(timeout=LOOK)
        except subprocess.TimeoutExpired:
            keep_lock()


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
        process.wait()

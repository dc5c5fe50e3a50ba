"""``sudo diaspora-pod dump``: the last word of this database, in the bucket, for another stack.

Web and jobs are stopped for good before, and start again by themselves only where it fails.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any

from .. import application, database, jobs, redis, units
from ..boot.steps import SIDEKIQ, WEB
from ..database import Login
from ..errors import Permanent, Transient
from ..machine import Machine
from ..patience import patiently
from ..progress import say
from ..settings import Settings
from . import rows
from .transfer import Manifest, Measured, Transfer

# Seconds for the jobs that are to be done at once; what is left then travels.
DRAIN = 300.0
# Half a minute for connections that are being closed.
ATTEMPTS = 6
TARGET = "diaspora.target"


class Dump:
    """One dump of the pod; ``reach`` makes a connection to its database."""

    def __init__(
        self,
        machine: Machine,
        settings: Settings,
        transfer: Transfer,
        login: Login,
        *,
        reach: Callable[[Login], Any] = database.connect,
        start: Callable[[Machine, Login, str], subprocess.Popen[bytes]] = application.start_dump,
    ) -> None:
        self._machine = machine
        self._settings = settings
        self._transfer = transfer
        self._login = login
        self._reach = reach
        self._start = start

    def run(self) -> None:
        """Stop what writes, and send everything; raises Trouble, and then all runs again."""
        with contextlib.closing(self._reach(self._login)) as connection, _held() as began:
            # The connection keeps the database awake, and messages that wait for that come too.
            hold(WEB.unit)
            _drain()
            hold(SIDEKIQ.unit)
            patiently(lambda: _want_alone(connection), waiting, attempts=ATTEMPTS)
            with redis.connected() as queue:
                left = jobs.read(queue)
            self._transfer.send_jobs(left.text())
            manifest = self._send_database(connection, left.count)
            self._transfer.send_manifest(manifest)
        _tell(self._transfer.name, manifest, time.monotonic() - began)

    def _send_database(self, connection: Any, jobs_left: int) -> Manifest:
        schema = database.applied_versions(connection)
        with database.troubles(), connection.cursor() as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            snapshot = cursor.fetchone()[0]
            counted = rows.count(cursor)
            if rows.large_objects(cursor):
                raise Permanent("the database has large objects, which diaspora* knows nothing of")
            stream = self._send(snapshot)
        return Manifest(
            domain=self._settings.domain_name,
            application=_application(self._machine),
            server=connection.server_version,
            schema=sorted(schema),
            rows=counted,
            jobs=jobs_left,
            size=stream.size,
            sha256=stream.sha256,
        )

    def _send(self, snapshot: str) -> Measured:
        process = self._start(self._machine, self._login, snapshot)
        assert process.stdout

        def want_success() -> None:
            # The end of its output alone may be that of its life.
            if status := process.wait():
                raise Permanent(f"pg_dump ended with {status}: its own words are above")

        stream = Measured(process.stdout, want_success)
        try:
            self._transfer.send_database(stream)
        finally:
            process.kill()
            process.wait()
        return stream


def new_name() -> str:
    """A name for a dump that is made now."""
    return datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")


def hold(unit: str) -> None:
    """Stop a unit, and let nobody start it, at a reboot neither."""
    units.control("mask", "--now", unit)


def resume() -> None:
    """Let web and jobs start again, and start them."""
    units.control("unmask", WEB.unit, SIDEKIQ.unit)
    start()


def start() -> None:
    """Start what belongs to the pod and does not run, and wait for web.

    A target that is active starts what it wants, and waits for none of it.
    """
    units.control("start", TARGET, WEB.unit)


@contextlib.contextmanager
def _held() -> Iterator[float]:
    """Whatever ends what is done meanwhile lets the pod run again."""
    try:
        yield time.monotonic()
    except BaseException:
        resume()
        say("the pod runs again as before")
        raise


def _drain() -> None:
    """Give jobs that are to be done now their time, where they are done at all."""
    until = time.monotonic() + DRAIN
    with redis.connected() as queue:
        while _works() and (left := jobs.unfinished(queue)) and time.monotonic() < until:
            say(f"waiting: {left} jobs are being done")
            time.sleep(2)


def _works() -> bool:
    found = units.states([SIDEKIQ.unit]).get(SIDEKIQ.unit)
    return found is not None and found.active == "active"


def _want_alone(connection: Any) -> None:
    """Raise Transient while somebody else may write."""
    with database.troubles(), connection.cursor() as cursor:
        if others := rows.others(cursor):
            raise Transient(f"{others} others are connected to the database: see that they end")


def _application(machine: Machine) -> str:
    manifest = json.loads(machine.manifest.read_text(encoding="utf-8"))
    return str(manifest["diaspora"]["version"])


def waiting(reason: str) -> None:
    """Say what is being waited for."""
    say(f"waiting: {reason}")


def _tell(name: str, manifest: Manifest, seconds: float) -> None:
    say(
        f"{sum(manifest.rows.values())} rows of {len(manifest.rows)} tables are in the bucket, "
        f"{manifest.size / 1_000_000:.1f} MB, and {manifest.jobs} jobs; it took {seconds:.0f} s"
    )
    say(f"On the other stack's pod: sudo diaspora-pod load {name}")
    say("Web and jobs stay stopped here. To go back: sudo diaspora-pod resume")

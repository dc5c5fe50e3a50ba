"""``sudo diaspora-pod load NAME``: another stack's dump becomes this pod's database, or nothing.

``sudo diaspora-pod take-jobs NAME``: what waited in that pod's queue goes on here.
"""

from __future__ import annotations

import contextlib
import gzip
import time
import zlib
from collections.abc import Callable
from typing import IO, Any, cast

from .. import database, jobs, redis, units
from ..boot.migrate import known_versions, refuse_newer
from ..boot.steps import MIGRATE, WEB
from ..database import Login
from ..errors import Permanent
from ..machine import Machine
from ..patience import patiently
from ..progress import say
from ..settings import Settings
from . import rows, script
from .dump import ATTEMPTS, start, waiting
from .transfer import Manifest, Transfer

# Somebody else's transaction is not waited for without end.
LOCK_TIMEOUT = "SET LOCAL lock_timeout = '30s'"


class Load:
    """One load of a dump; ``reach`` makes a connection to this pod's database."""

    def __init__(
        self,
        machine: Machine,
        settings: Settings,
        transfer: Transfer,
        login: Login,
        *,
        reach: Callable[[Login], Any] = database.connect,
    ) -> None:
        self._machine = machine
        self._settings = settings
        self._transfer = transfer
        self._login = login
        self._reach = reach

    def run(self) -> None:
        """Load the dump, whole or not at all; raises Trouble. Web is new afterwards either way."""
        began = time.monotonic()
        refuse_owner(self._settings)
        manifest = self._transfer.manifest()
        refuse_foreign(manifest, self._settings)
        refuse_newer(set(manifest.schema), known_versions(self._machine.app))
        units.control("stop", WEB.unit)
        try:
            self._load(manifest)
        finally:
            # An image newer than the dump migrates now, as at a boot.
            units.control("restart", MIGRATE.unit)
            start()
        say(
            f"{sum(manifest.rows.values())} rows of {len(manifest.rows)} tables are here, as many "
            f"as there were; it took {time.monotonic() - began:.0f} s"
        )
        if manifest.jobs:
            say(
                f"{manifest.jobs} jobs wait in the bucket. When this stack owns the domain, on its "
                f"pod: sudo diaspora-pod take-jobs {self._transfer.name}"
            )

    def _load(self, manifest: Manifest) -> None:
        with contextlib.closing(self._reach(self._login)) as connection:
            # What a load before this one was ended in is being rolled back, maybe.
            patiently(lambda: database.take_lock(connection), waiting, attempts=ATTEMPTS)
            refuse_older_server(manifest, connection.server_version)
            with database.troubles(), connection.cursor() as cursor:
                cursor.execute("BEGIN")
                cursor.execute(LOCK_TIMEOUT)
                self._replace(cursor, manifest)
                cursor.execute("COMMIT")
                # Or the first pages would be planned for empty tables.
                cursor.execute("ANALYZE")

    def _replace(self, cursor: Any, manifest: Manifest) -> None:
        if found := rows.used(cursor):
            raise Permanent(
                f"this database is in use: there are rows in {', '.join(found[:5])}. A dump is "
                "loaded into a new one only"
            )
        rows.drop(cursor)
        stream = self._transfer.database(manifest)
        try:
            with gzip.GzipFile(fileobj=cast("IO[bytes]", stream), mode="rb") as lines:
                script.run(cursor, iter(lines))
        except (EOFError, OSError, zlib.error) as error:
            raise Permanent(f"the dump is not whole: {error}") from error
        stream.want(manifest)
        refuse_other_rows(manifest, rows.count(cursor))


def take_jobs(settings: Settings, transfer: Transfer) -> None:
    """Put what waited in the other pod's queue into this one's, once; raises Trouble."""
    if not settings.runs_jobs:
        raise Permanent("this pod does no jobs, and loses them when its stack gets the domain")
    if transfer.are_taken():
        raise Permanent(f"the jobs of {transfer.name} were taken before")
    waited = jobs.parse(transfer.jobs())
    with redis.connected() as queue:
        jobs.put(queue, waited.entries(), transfer.name)
        jobs.sync(queue)
    transfer.take()
    say(f"{waited.count} jobs go on here")


def refuse_owner(settings: Settings) -> None:
    """Raise Permanent on a pod that people may be using."""
    if settings.runs_jobs:
        raise Permanent("this stack owns the domain: a dump is loaded where OwnsDomain is no")


def refuse_foreign(manifest: Manifest, settings: Settings) -> None:
    """Raise Permanent for the dump of another domain: people's addresses would change."""
    if manifest.domain != settings.domain_name:
        raise Permanent(f"this is a dump of {manifest.domain}, and not of {settings.domain_name}")


def refuse_older_server(manifest: Manifest, server: int) -> None:
    """Raise Permanent where the server is of an older PostgreSQL than the one that was dumped."""
    theirs, ours = manifest.server // 10_000, server // 10_000
    if ours < theirs:
        raise Permanent(f"the dump is of PostgreSQL {theirs}, and this database of {ours}")


def refuse_other_rows(manifest: Manifest, found: dict[str, int]) -> None:
    """Raise Permanent where a table has another number of rows than it had."""
    wrong = sorted(
        table for table in {*manifest.rows, *found} if manifest.rows.get(table) != found.get(table)
    )
    if wrong:
        raise Permanent(f"the rows are not those that were dumped: {', '.join(wrong[:5])}")

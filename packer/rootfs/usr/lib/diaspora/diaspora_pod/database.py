"""Reaching the database, and telling its passing troubles from those that stay."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .errors import Permanent, Transient
from .machine import DATABASE_AUTHORITIES
from .settings import Settings

# The cluster holds a connection while it wakes, which takes half a minute and sometimes more.
CONNECT_TIMEOUT = 45
# Any number, the same in every version of this program.
MIGRATION_LOCK = 0x64696173706F7261
NO_SUCH_TABLE = "42P01"

# libpq gives these no code, only words. Whatever is not here may be over in a moment.
PERMANENT_WORDS = (
    "authentication failed",
    "certificate verify failed",
    "does not match host name",
    "server does not support SSL",
    "root certificate file",
    "no pg_hba.conf entry",
)
PERMANENT_PATTERN = re.compile(r'(role|database) ".*" does not exist')


@dataclass(frozen=True)
class Login:
    """How to reach the database."""

    host: str
    port: str
    name: str
    username: str
    password: str = field(repr=False)


def login(settings: Settings, username: str, password: str) -> Login:
    """The login that the settings mean."""
    return Login(
        settings.database_host,
        settings.database_port,
        settings.database_name,
        username,
        password,
    )


def connect(to: Login) -> Any:
    """A connection whose server has proved who it is; raises Transient or Permanent."""
    import psycopg2

    with troubles():
        connection = psycopg2.connect(
            host=to.host,
            port=to.port,
            dbname=to.name,
            user=to.username,
            password=to.password,
            sslmode="verify-full",
            sslrootcert=str(DATABASE_AUTHORITIES),
            connect_timeout=CONNECT_TIMEOUT,
            application_name="diaspora-pod",
            # Notice within a minute that the other side is gone.
            keepalives_idle=15,
            keepalives_interval=10,
            keepalives_count=3,
        )
    connection.autocommit = True
    return connection


@contextlib.contextmanager
def troubles() -> Iterator[None]:
    """Turn what psycopg2 raises into Transient or Permanent."""
    import psycopg2

    try:
        yield
    except psycopg2.Error as error:
        kind = Transient if is_transient(error) else Permanent
        raise kind(f"the database: {' '.join(str(error).split())}") from error


def is_transient(error: Exception) -> bool:
    """Whether an error of psycopg2 may be gone at the next try."""
    text = str(error)
    if any(words in text for words in PERMANENT_WORDS) or PERMANENT_PATTERN.search(text):
        return False
    import psycopg2

    return isinstance(error, (psycopg2.OperationalError, psycopg2.InterfaceError))


def applied_versions(connection: Any) -> set[int]:
    """The migrations that the database has seen; none in an empty one."""
    import psycopg2

    with troubles(), connection.cursor() as cursor:
        try:
            cursor.execute("SELECT version FROM schema_migrations")
        except psycopg2.Error as error:
            if error.pgcode == NO_SUCH_TABLE:
                return set()
            raise
        return {int(version) for (version,) in cursor.fetchall()}


def take_lock(connection: Any) -> None:
    """Be the one that migrates until the connection ends; raises Transient if another one is."""
    with troubles(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", (MIGRATION_LOCK,))
        if not cursor.fetchone()[0]:
            raise Transient("another machine is migrating the database")


def keep_lock(connection: Any) -> None:
    """See that the connection, and with it the lock, is still there; raises Transient if not."""
    with troubles(), connection.cursor() as cursor:
        cursor.execute("SELECT 1")

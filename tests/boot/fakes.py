"""Stand-ins for what is not there in a test: the database's client, AWS, a clock."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import boto3
from botocore.stub import Stubber


@functools.cache
def aws_client(service: str) -> Any:
    return boto3.client(
        service, region_name="eu-west-1", aws_access_key_id="A", aws_secret_access_key="S"
    )


@contextlib.contextmanager
def stubbed(service: str) -> Iterator[tuple[Any, Stubber]]:
    """A client that knows only the answers that it is given, each to be asked for just once."""
    client = aws_client(service)
    with Stubber(client) as stubber:
        yield client, stubber
        stubber.assert_no_pending_responses()


def never(seconds: float) -> None:
    raise AssertionError(f"waits {seconds} s, and should not")


class Pauses:
    """A sleep that takes no time and remembers; after ``most`` pauses it raises EnoughError."""

    class EnoughError(Exception):
        """The test has seen enough."""

    def __init__(self, most: int = 100) -> None:
        self.taken: list[float] = []
        self._most = most

    def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)
        if len(self.taken) >= self._most:
            raise self.EnoughError


class DatabaseError(Exception):
    """As psycopg2's: a text, and a code where the server answered at all."""

    def __init__(self, text: str = "", pgcode: str | None = None) -> None:
        super().__init__(text)
        self.pgcode = pgcode


class OperationalError(DatabaseError):
    pass


class InterfaceError(DatabaseError):
    pass


class ProgrammingError(DatabaseError):
    pass


def psycopg2_module() -> ModuleType:
    module = ModuleType("psycopg2")
    values: dict[str, Any] = {
        "Error": DatabaseError,
        "OperationalError": OperationalError,
        "InterfaceError": InterfaceError,
        "ProgrammingError": ProgrammingError,
    }
    module.__dict__.update(values)
    return module


class Database:
    """A database with a table of versions, which several connections see."""

    def __init__(self, versions: set[int] | None) -> None:
        self.versions = versions
        self.locked_by: Connection | None = None
        self.statements: list[str] = []
        self.connections = 0
        self.before: Callable[[str], None] = lambda statement: None

    def connect(self) -> Connection:
        self.connections += 1
        return Connection(self)


class Connection:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.autocommit = False
        self.closed = False
        self._rows: list[tuple[Any, ...]] = []

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def cursor(self) -> Connection:
        return self

    def close(self) -> None:
        self.closed = True
        if self.database.locked_by is self:
            self.database.locked_by = None

    def execute(self, statement: str, values: tuple[Any, ...] = ()) -> None:
        self.database.statements.append(statement)
        self.database.before(statement)
        if "schema_migrations" in statement:
            if self.database.versions is None:
                raise ProgrammingError('relation "schema_migrations" does not exist', "42P01")
            self._rows = [(str(version),) for version in self.database.versions]
        elif "pg_try_advisory_lock" in statement:
            free = self.database.locked_by in (None, self)
            if free:
                self.database.locked_by = self
            self._rows = [(free,)]
        else:
            self._rows = [(1,)]

    def fetchone(self) -> tuple[Any, ...]:
        return self._rows[0]

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self._rows

"""Reaching the database: TLS that proves it, and which troubles pass."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from diaspora_pod import database
from diaspora_pod.errors import Permanent, Transient

from . import samples
from .fakes import Database, InterfaceError, OperationalError, ProgrammingError

CONNECT = 'connection to server at "db" (10.0.2.5), port 5432 failed: '
# The words of libpq 15 to 17, as they were seen.
TRANSIENT = {
    "no name yet": 'could not translate host name "db" to address: Name or service not known',
    "refused": CONNECT + "Connection refused Is the server running on that host?",
    "no answer": CONNECT + "timeout expired",
    "no way there": CONNECT + "Network is unreachable",
    "broken off": CONNECT + "server closed the connection unexpectedly",
    "TLS broken off": CONNECT + "SSL error: unexpected eof while reading",
    "starting": CONNECT + "FATAL:  the database system is starting up",
    "stopping": CONNECT + "FATAL:  the database system is shutting down",
    "full": CONNECT + "FATAL:  sorry, too many clients already",
}
PERMANENT = {
    "password": CONNECT + 'FATAL:  password authentication failed for user "pod"',
    "PAM": CONNECT + 'FATAL:  PAM authentication failed for user "pod"',
    "no user": CONNECT + 'FATAL:  role "pod" does not exist',
    "no database": CONNECT + 'FATAL:  database "diaspora" does not exist',
    "another authority": CONNECT + "SSL error: certificate verify failed",
    "another name": CONNECT + 'server certificate for "x" does not match host name "db"',
    "another name of many": CONNECT
    + 'server certificate for "x" (and 1 other name) does not match host name "db"',
    "no TLS": CONNECT + "server does not support SSL, but SSL was required",
    "no authorities": CONNECT + 'root certificate file "/x/rds-ca.pem" does not exist',
    "not let in": CONNECT + 'FATAL:  no pg_hba.conf entry for host "10.0.0.5", user "pod"',
    "one of two addresses": "connection to server at db (fd00::5) failed: Network is unreachable\n"
    + CONNECT
    + 'FATAL:  password authentication failed for user "pod"',
}


def login() -> database.Login:
    return database.login(samples.settings(), "pod", "the password")


@pytest.mark.parametrize("text", TRANSIENT.values(), ids=TRANSIENT)
def test_a_database_that_is_away_is_waited_for(psycopg2: ModuleType, text: str) -> None:
    def refuse(**_: Any) -> None:
        raise OperationalError(text)

    psycopg2.__dict__["connect"] = refuse
    with pytest.raises(Transient):
        database.connect(login())


@pytest.mark.parametrize("text", PERMANENT.values(), ids=PERMANENT)
def test_a_database_that_will_never_let_us_in_is_told(psycopg2: ModuleType, text: str) -> None:
    def refuse(**_: Any) -> None:
        raise OperationalError(text)

    psycopg2.__dict__["connect"] = refuse
    with pytest.raises(Permanent, match=r"^the database: ") as told:
        database.connect(login())
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "error, kind",
    [
        (InterfaceError("connection already closed"), Transient),
        (OperationalError("terminating connection", "57P01"), Transient),
        (ProgrammingError("permission denied", "42501"), Permanent),
    ],
)
def test_troubles_of_a_statement_are_told_apart_too(
    psycopg2: ModuleType, error: Exception, kind: type[Exception]
) -> None:
    with pytest.raises(kind), database.troubles():
        raise error


def test_the_connection_wants_proof_and_waits_for_a_database_that_wakes(
    psycopg2: ModuleType,
) -> None:
    given: dict[str, Any] = {}
    made = Database({0}).connect()

    def connect(**options: Any) -> Any:
        given.update(options)
        return made

    psycopg2.__dict__["connect"] = connect
    assert database.connect(login()) is made
    assert made.autocommit is True
    assert given["sslmode"] == "verify-full"
    assert given["sslrootcert"] == "/usr/share/diaspora/rds-ca.pem"
    assert given["connect_timeout"] >= 45
    assert (given["host"], given["port"], given["dbname"]) == (
        "pod.cluster-abc.eu-west-1.rds.amazonaws.com",
        "5432",
        "diaspora",
    )
    assert (given["user"], given["password"]) == ("pod", "the password")


def test_the_password_does_not_show_when_the_login_is_printed() -> None:
    assert "the password" not in repr(login())


@pytest.mark.parametrize("versions", [{0}, {0, 20160829170244}, set()])
def test_versions_are_numbers_as_rails_keeps_them(psycopg2: ModuleType, versions: set[int]) -> None:
    assert database.applied_versions(Database(versions).connect()) == versions


def test_an_empty_database_has_seen_nothing(psycopg2: ModuleType) -> None:
    assert database.applied_versions(Database(None).connect()) == set()


def test_only_one_machine_has_the_lock(psycopg2: ModuleType) -> None:
    shared = Database({0})
    first, second = shared.connect(), shared.connect()
    database.take_lock(first)
    with pytest.raises(Transient, match="another machine"):
        database.take_lock(second)
    first.close()
    database.take_lock(second)

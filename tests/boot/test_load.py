"""A load: whole or not at all, into a new database only, of a dump that is whole and ours."""

from __future__ import annotations

import hashlib
import json
import signal
from collections.abc import Callable
from dataclasses import asdict, replace
from types import ModuleType
from typing import Any

import pytest
from diaspora_pod import aws, database, files, redis, units
from diaspora_pod.errors import Permanent, Transient
from diaspora_pod.machine import Machine
from diaspora_pod.moving import commands as moving
from diaspora_pod.moving import load
from diaspora_pod.moving.load import Load
from diaspora_pod.moving.transfer import Manifest, Transfer

from . import samples
from .fakes import DatabaseError
from .moving import FRESH, NAME, SCRIPT, Bucket, Tables, compressed
from .queues import Queue

AGAIN = [
    ("restart", "diaspora-migrate.service"),
    ("start", "diaspora.target", "diaspora-web.service"),
]
SETTINGS = samples.settings(owns_domain="no")


def manifest(data: bytes, **changes: Any) -> Manifest:
    made = Manifest(
        domain="pod.example.org",
        application="v0.9.1.0",
        server=170_005,
        schema=[0, 20160829170244],
        rows={"notes": 3, "schema_migrations": 2},
        jobs=0,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )
    return replace(made, **changes)


class Pod:
    """A pod with a new database beside a bucket with a dump."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.done: list[Any] = []
        self.settings = SETTINGS
        self.bucket = Bucket()
        self.tables = Tables(FRESH)
        self.put(compressed())

    def put(self, data: bytes, **changes: Any) -> None:
        text = json.dumps(asdict(manifest(data, **changes)))
        self.bucket.objects[f"transfer/{NAME}/database"] = data
        self.bucket.objects[f"transfer/{NAME}/manifest"] = text.encode()

    def load(self) -> None:
        transfer = Transfer(self.bucket, "bucket", NAME)
        login = database.login(self.settings, "pod", "password")
        reach = lambda _: self.tables  # noqa: E731
        Load(self.machine, self.settings, transfer, login, reach=reach).run()


@pytest.fixture
def pod(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, psycopg2: ModuleType, no_pauses: None
) -> Pod:
    for name in ("0000_a.rb", "20160829170244_b.rb", "20230604015559_c.rb"):
        (machine.app / "db/migrate" / name).touch()
    pod = Pod(machine)
    monkeypatch.setattr(units, "control", lambda *words: pod.done.append(words))
    return pod


def test_a_dump_takes_the_place_of_what_a_fresh_pod_has(pod: Pod) -> None:
    pod.load()
    assert pod.tables.rows == {"notes": 3, "schema_migrations": 2}
    assert pod.done == [("stop", "diaspora-web.service"), *AGAIN]


def test_everything_is_one_transaction_and_statistics_come_after_it(pod: Pod) -> None:
    pod.load()
    begin, commit = pod.tables.done.index("BEGIN"), pod.tables.done.index("COMMIT")
    dropped = [n for n, text in enumerate(pod.tables.done) if text.startswith("DROP TABLE")]
    assert [begin < n < commit for n in dropped] == [True]
    assert pod.tables.done[commit + 1 :] == ["ANALYZE"]
    assert sum(text == "COMMIT" for text in pod.tables.done) == 1


REFUSED_BEFORE: dict[str, Callable[[Pod], object]] = {
    "OwnsDomain is no": lambda pod: setattr(pod, "settings", samples.settings()),
    "no whole dump": lambda pod: pod.bucket.objects.pop(f"transfer/{NAME}/manifest"),
    "dump of other.example": lambda pod: pod.put(compressed(), domain="other.example"),
    "newer than this image": lambda pod: pod.put(compressed(), schema=[0, 20991231000000]),
}


@pytest.mark.parametrize("words", REFUSED_BEFORE)
def test_what_does_not_fit_is_refused_before_anything_is_stopped(pod: Pod, words: str) -> None:
    REFUSED_BEFORE[words](pod)
    with pytest.raises(Permanent, match=words):
        pod.load()
    assert (pod.done, pod.tables.done) == ([], [])


def _lose(pod: Pod) -> None:
    def lose(statement: str) -> None:
        if "ADD CONSTRAINT" in statement:
            raise DatabaseError("server closed the connection unexpectedly")

    pod.tables.before = lose


def _vanish(pod: Pod) -> None:
    def vanish(key: str) -> None:
        if key.endswith("/database"):
            raise Transient("503")

    pod.bucket.fails = vanish


REFUSED: dict[str, Callable[[Pod], object]] = {
    "in use: there are rows in notes": lambda pod: setattr(
        pod, "tables", Tables({**FRESH, "notes": 1})
    ),
    "PostgreSQL 18": lambda pod: pod.put(compressed(), server=180_001),
    "it is not what was sent": lambda pod: pod.put(compressed(), sha256="0" * 64),
    "ends among": lambda pod: pod.put(compressed(SCRIPT[: SCRIPT.index("2\t")])),
    "rows are not those that were dumped: notes": lambda pod: pod.put(
        compressed(), rows={"notes": 4, "schema_migrations": 2}
    ),
    "closed the connection": _lose,
    "503": _vanish,
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_goes_wrong_leaves_the_database_as_it_was_and_web_running(
    pod: Pod, words: str
) -> None:
    REFUSED[words](pod)
    before = dict(pod.tables.rows)
    with pytest.raises((Permanent, Transient), match=words):
        pod.load()
    assert pod.tables.rows == before
    assert "COMMIT" not in pod.tables.done
    assert pod.done[-2:] == AGAIN


@pytest.mark.parametrize("end", [*range(0, len(compressed()), 10), -1])
def test_a_dump_that_is_cut_anywhere_is_not_whole(pod: Pod, end: int) -> None:
    pod.bucket.objects[f"transfer/{NAME}/database"] = compressed()[:end]
    with pytest.raises(Permanent, match="the dump is not whole"):
        pod.load()
    assert pod.tables.rows == FRESH


@pytest.mark.parametrize("place", range(10, len(compressed()), 10))
def test_a_dump_with_a_wrong_byte_anywhere_is_not_loaded(pod: Pod, place: int) -> None:
    data = bytearray(compressed())
    data[place] ^= 0xFF
    pod.bucket.objects[f"transfer/{NAME}/database"] = bytes(data)
    with pytest.raises(Permanent):
        pod.load()
    assert pod.tables.rows == FRESH


def test_visitors_riddles_are_no_use_of_a_pod(pod: Pod) -> None:
    pod.tables = Tables({**FRESH, "simple_captcha_data": 4})
    pod.load()
    assert pod.tables.rows == {"notes": 3, "schema_migrations": 2}


def test_a_load_twice_is_refused(pod: Pod) -> None:
    pod.load()
    with pytest.raises(Permanent, match="in use"):
        pod.load()


# Jobs ---------------------------------------------------------------------------------------------

JOBS = json.dumps({"queues": {"default": ["a"]}, "sets": {"retry": [["b", "1.5"]]}})


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Queue:
    queue = Queue()
    monkeypatch.setattr(redis, "connected", queue.connected)
    return queue


@pytest.fixture
def transfer() -> Transfer:
    made = Transfer(Bucket(), "bucket", NAME)
    made.send_jobs(JOBS)
    return made


def test_jobs_go_on_once(queue: Queue, transfer: Transfer) -> None:
    load.take_jobs(samples.settings(), transfer)
    with pytest.raises(Permanent, match="were taken before"):
        load.take_jobs(samples.settings(), transfer)
    assert queue.waits() == {"queue:default": ["a"], "retry": {"b": "1.5"}}


def test_jobs_that_were_put_and_not_noted_down_are_not_put_again(
    queue: Queue, transfer: Transfer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody ended the command between the two."""
    load.take_jobs(samples.settings(), transfer)
    queue.keys["queue:default"] = []
    monkeypatch.setattr(transfer, "are_taken", lambda: False)
    load.take_jobs(samples.settings(), transfer)
    assert "queue:default" not in queue.waits()


def test_a_pod_that_does_no_jobs_takes_none(queue: Queue, transfer: Transfer) -> None:
    with pytest.raises(Permanent, match="does no jobs"):
        load.take_jobs(SETTINGS, transfer)
    assert (queue.asked, transfer.are_taken()) == ([], False)


# The commands -------------------------------------------------------------------------------------


def test_one_command_at_a_time(machine: Machine) -> None:
    with files.alone(machine.run / "moving"), pytest.raises(Permanent, match="under way"):
        moving.run(machine, "dump", "")


@pytest.mark.parametrize("command, move", [("dump", "Dump"), ("load", "Load")])
def test_a_command_reads_the_login_and_moves(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, command: str, move: str
) -> None:
    moved: list[Any] = []

    class Noted:
        def __init__(self, *given: Any) -> None:
            moved.extend(given)

        def run(self) -> None:
            moved.append("run")

    login = database.login(SETTINGS, "pod", "password")
    monkeypatch.setattr(moving, move, Noted)
    monkeypatch.setattr(moving, "read_login", lambda *_: login)
    monkeypatch.setattr(aws, "client", lambda *_: None)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    moving.run(machine, command, NAME)
    assert (moved[2].name, moved[3], moved[4]) == (NAME, login, "run")

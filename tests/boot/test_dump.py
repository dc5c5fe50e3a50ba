"""A dump: what is stopped, in which order, what is sent, and that a failure undoes it."""

from __future__ import annotations

import json
import os
import pwd
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from diaspora_pod import application, cli, database, redis, units
from diaspora_pod.errors import Permanent, Transient
from diaspora_pod.machine import Machine
from diaspora_pod.moving import commands as moving
from diaspora_pod.moving import dump
from diaspora_pod.moving.dump import Dump
from diaspora_pod.moving.transfer import Transfer
from diaspora_pod.units import State

from . import samples
from .fakes import DatabaseError
from .moving import FRESH, NAME, Bucket, Process, Tables, compressed
from .queues import Queue

WEB, SIDEKIQ = "diaspora-web.service", "diaspora-sidekiq.service"
RESUMED = [("unmask", WEB, SIDEKIQ), ("start", "diaspora.target", "diaspora-web.service")]
LOGIN = database.login(samples.settings(), "pod", r"a:b\c")


class Pod:
    """Everything around a dump, and what was done to it in order."""

    def __init__(self) -> None:
        self.done: list[Any] = []
        self.bucket = Bucket()
        self.tables = Tables({**FRESH, "notes": 7})
        self.queue = Queue()
        self.process = Process(compressed())

    def start(self, machine: Machine, login: database.Login, snapshot: str) -> Any:
        self.done.append(("pg_dump", snapshot))
        return self.process


@pytest.fixture
def pod(
    monkeypatch: pytest.MonkeyPatch, psycopg2: ModuleType, no_pauses: None, machine: Machine
) -> Pod:
    pod = Pod()
    monkeypatch.setattr(units, "control", lambda *words: pod.done.append(words))
    monkeypatch.setattr(units, "states", lambda _: {SIDEKIQ: State("active")})
    monkeypatch.setattr(redis, "connected", pod.queue.connected)
    monkeypatch.setattr(dump, "_application", lambda _: "v0.9.1.0")
    return pod


def run(pod: Pod, machine: Machine) -> None:
    transfer = Transfer(pod.bucket, "bucket", NAME)
    settings = samples.settings()
    reach = lambda _: pod.tables  # noqa: E731
    Dump(machine, settings, transfer, LOGIN, reach=reach, start=pod.start).run()


def test_web_stops_first_then_jobs_and_then_the_database_is_read(
    pod: Pod, machine: Machine
) -> None:
    run(pod, machine)
    assert pod.done == [
        ("mask", "--now", WEB),
        ("mask", "--now", SIDEKIQ),
        ("pg_dump", "00000003-1"),
    ]


def test_the_manifest_says_what_the_dump_is(pod: Pod, machine: Machine) -> None:
    pod.queue.keys = {"queues": ["default"], "queue:default": []}
    run(pod, machine)
    manifest = json.loads(pod.bucket.part("manifest"))
    assert manifest["rows"] == {**FRESH, "notes": 7}
    assert manifest["size"] == len(pod.bucket.part("database")) == len(compressed())
    assert manifest["schema"] == [0, 20160829170244]
    assert (manifest["domain"], manifest["application"]) == ("pod.example.org", "v0.9.1.0")
    assert (manifest["server"], manifest["jobs"]) == (170_005, 0)
    assert list(pod.bucket.objects)[-1].endswith("/manifest")


def test_rows_are_counted_in_the_moment_that_is_dumped(pod: Pod, machine: Machine) -> None:
    run(pod, machine)
    begun = pod.tables.done.index("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    counted = [n for n, text in enumerate(pod.tables.done) if "count(*) FROM public" in text]
    assert min(counted) > begun


def test_jobs_are_done_before_they_are_stopped(
    pod: Pod, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    pod.queue.keys = {"queues": ["default"], "queue:default": ["a", "b"]}

    def work(seconds: float) -> None:
        assert ("mask", "--now", SIDEKIQ) not in pod.done
        pod.queue.keys["queue:default"].pop()

    monkeypatch.setattr(time, "sleep", work)
    run(pod, machine)
    assert json.loads(pod.bucket.part("jobs"))["queues"] == {}


def test_jobs_that_take_too_long_travel(
    pod: Pod, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    pod.queue.keys = {"queues": ["default"], "queue:default": ["a"], "retry": {"b": "1.5"}}
    monkeypatch.setattr(dump, "DRAIN", 0.0)
    run(pod, machine)
    assert json.loads(pod.bucket.part("jobs")) == {
        "queues": {"default": ["a"]},
        "sets": {"retry": [["b", "1.5"]], "schedule": [], "dead": []},
    }
    assert json.loads(pod.bucket.part("manifest"))["jobs"] == 2


def test_a_pod_without_jobs_is_not_waited_for(
    pod: Pod, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    pod.queue.keys = {"queues": ["default"], "queue:default": ["a"]}
    monkeypatch.setattr(units, "states", lambda _: {SIDEKIQ: State("inactive")})
    run(pod, machine)
    assert json.loads(pod.bucket.part("manifest"))["jobs"] == 1


FAILURES: dict[str, Callable[[Pod], object]] = {
    "pg_dump fails": lambda pod: setattr(pod, "process", Process(compressed()[:20], 1)),
    "the bucket refuses": lambda pod: setattr(pod.bucket, "fails", _refuse),
    "somebody else is connected": lambda pod: setattr(pod.tables, "others", 1),
    "large objects": lambda pod: setattr(pod.tables, "large_objects", 1),
    "the database is lost": lambda pod: setattr(pod.tables, "before", _lost),
    "the terminal goes away": lambda pod: setattr(pod.bucket, "fails", _hang_up),
}


def _refuse(key: str) -> None:
    raise Permanent("AccessDenied")


def _lost(statement: str) -> None:
    if "count" in statement:
        raise DatabaseError("gone")


def _hang_up(key: str) -> None:
    raise SystemExit(129)


@pytest.mark.parametrize("failure", FAILURES)
def test_what_fails_leaves_the_pod_as_it_was_and_no_dump(
    pod: Pod, machine: Machine, failure: str
) -> None:
    FAILURES[failure](pod)
    with pytest.raises((Permanent, Transient, SystemExit)):
        run(pod, machine)
    assert pod.done[-2:] == RESUMED
    assert not any(key.endswith("/manifest") for key in pod.bucket.objects)


def test_what_was_stopped_is_started_by_a_word(pod: Pod) -> None:
    dump.resume()
    assert pod.done == RESUMED


def test_the_name_is_the_time() -> None:
    assert re.fullmatch(r"\d{8}T\d{6}Z", dump.new_name())


@pytest.mark.parametrize("words", [["dump"], ["resume"], ["load", NAME], ["take-jobs", NAME]])
def test_only_root_moves_a_pod(
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(moving, "run", lambda *_: pytest.fail("moves"))
    assert cli.main(words, machine) == 1
    assert f"sudo diaspora-pod {words[0]}" in capsys.readouterr().err


# The program itself -------------------------------------------------------------------------------


@pytest.fixture
def started(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What a ``pg_dump`` of ours is told, and what it finds in its password file."""
    program = tmp_path / "bin/pg_dump"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\n"
        'echo "arguments $*"; env | sed "s/^/env /"\n'
        'stat -L -c "mode %a" "$PGPASSFILE"; sed "s/^/password /" "$PGPASSFILE"\n'
    )
    program.chmod(0o755)
    monkeypatch.setattr(application, "PATH", f"{program.parent}:/usr/bin:/bin")
    process = application.start_dump(machine, LOGIN, "00000003-1")
    assert process.stdout
    said = process.stdout.read().decode()
    assert process.wait() == 0
    pairs = (line.partition(" ") for line in said.splitlines())
    found: dict[str, str] = {}
    for key, _, value in pairs:
        found[key] = found.get(key, "") + value + "\n"
    return found


def test_the_password_is_in_a_file_that_nobody_else_may_read_and_nowhere_else(
    started: dict[str, str],
) -> None:
    assert started["password"] == "*:*:*:*:a\\:b\\\\c\n"
    assert started["mode"] == "600\n"
    assert LOGIN.password not in started["arguments"] + started["env"]


def test_the_password_file_is_in_no_folder(started: dict[str, str]) -> None:
    assert re.search(r"^PGPASSFILE=/dev/fd/\d+$", started["env"], re.MULTILINE)


def test_it_wants_proof_of_the_server_and_dumps_nothing_that_wants_a_superuser(
    started: dict[str, str],
) -> None:
    assert "PGSSLMODE=verify-full\n" in started["env"]
    assert "PGSSLROOTCERT=/usr/share/diaspora/rds-ca.pem\n" in started["env"]
    for option in ("--no-owner", "--no-privileges", "--no-comments", "--exclude-extension=*"):
        assert option in started["arguments"].split()


def test_it_runs_as_the_applications_user(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(subprocess, "Popen", lambda _, **rest: given.update(rest))
    application.start_dump(machine, replace(LOGIN, password="x"), "1")
    assert given["user"] == pwd.getpwnam(machine.app_user).pw_uid
    assert len(given["pass_fds"]) == 1

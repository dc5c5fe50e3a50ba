"""A support bundle: what is in it, where it goes, and the podmin's other commands."""

from __future__ import annotations

import io
import json
import os
import tarfile
from typing import Any

import pytest
from botocore.exceptions import ClientError
from diaspora_pod import aws, cli, files, journal, redis
from diaspora_pod.boot.render import render, write
from diaspora_pod.errors import Transient
from diaspora_pod.machine import Machine
from diaspora_pod.operator import bundle, console, logs, status
from diaspora_pod.operator.findings import Found

from . import samples

PASSWORD = "a<%=1+1%>'#:x"
PARTS = {
    *("status.txt", "jobs.txt", "settings.json", "image.json", "units.txt", "failed.txt"),
    *("timers.txt", "disk.txt", "inodes.txt", "memory.txt", "processes.txt", "journal.txt"),
}


class S3:
    def __init__(self, refuses: bool = False) -> None:
        self.objects: dict[str, bytes] = {}
        self._refuses = refuses

    def put_object(self, Bucket: str, Key: str, Body: bytes) -> None:  # noqa: N803
        if self._refuses:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "PutObject")
        self.objects[Key] = Body


@pytest.fixture
def pod(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine that was told its secrets, and has said some of them."""

    def away() -> object:
        raise Transient("the queue: nobody listens")

    write(
        machine,
        render(machine, samples.settings(), samples.secrets(database_password=PASSWORD)),
    )
    (machine.root / "usr/share/diaspora").unlink()
    machine.manifest.parent.mkdir()
    machine.manifest.write_text('{"gems": ["rails-6.1.7.10"]}')
    machine.schema.symlink_to(samples.SCHEMA)
    machine.support_bundle.parent.mkdir(parents=True)
    line = journal.Line(0, f"web: {PASSWORD} of alice@example.org at 198.51.100.7")
    monkeypatch.setattr(journal, "read", lambda *, every_boot: [line] if every_boot else [])
    monkeypatch.setattr(status, "lines", lambda *_: iter(()))
    monkeypatch.setattr(redis, "connected", away)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return machine


def unpacked(packed: bytes) -> dict[str, str]:
    found = {}
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            file = archive.extractfile(member)
            assert file
            found[member.name.partition("/")[2]] = file.read().decode()
    return found


def test_logs_and_state_are_in_it_and_no_secret(pod: Machine) -> None:
    parts = unpacked(bundle.make(pod, samples.settings(), "support-1"))
    assert set(parts) == PARTS
    assert (
        parts["journal.txt"] == "1970-01-01 00:00:00 web: [hidden] of [somebody] at [address 1]\n"
    )
    assert json.loads(parts["settings.json"])["database_password_version"] == "12"
    assert "alice" not in parts["settings.json"]
    # Of what looks like an address, a version stays where no address can be.
    assert "rails-6.1.7.10" in parts["image.json"]


def test_what_cannot_be_had_is_told_in_its_place(pod: Machine) -> None:
    parts = unpacked(bundle.make(pod, samples.settings(), "support-1"))
    assert parts["jobs.txt"] == "the queue: nobody listens\n" * 2


def test_no_part_holds_what_jobs_or_programs_were_given() -> None:
    commands = " ".join(bundle.COMMANDS.values())
    assert "ps " in commands
    assert not {"args", "command", "cmd", "-f", "aux", "environ"} & set(
        commands.replace(",", " ").split()
    )


def test_it_goes_to_the_bucket_and_is_kept_for_root(
    pod: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    s3 = S3()
    monkeypatch.setattr(aws, "client", lambda *_: s3)
    assert cli.main(["support-bundle"], pod) == 0
    ((key, sent),) = s3.objects.items()
    assert key.startswith("support/support-")
    assert key in capsys.readouterr().out
    assert pod.support_bundle.read_bytes() == sent
    assert pod.support_bundle.stat().st_mode & 0o777 == 0o600


def test_a_bucket_that_is_away_leaves_it_on_the_machine_and_says_where(
    pod: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(aws, "client", lambda *_: S3(refuses=True))
    assert cli.main(["support-bundle"], pod) == 1
    assert pod.support_bundle.exists()
    assert str(pod.support_bundle) in capsys.readouterr().err


def test_a_disk_that_is_full_keeps_it_from_nobody(
    pod: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    s3 = S3()
    monkeypatch.setattr(aws, "client", lambda *_: s3)
    monkeypatch.setattr(files, "write", full)
    assert cli.main(["support-bundle"], pod) == 0
    assert len(s3.objects) == 1
    assert "No space left" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["status"], ["jobs", "retry"], ["console"], ["support-bundle"]])
def test_only_root_looks_and_asks(
    pod: Machine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert cli.main(words, pod) == 1
    assert capsys.readouterr().err == f"diaspora-pod: only root may: sudo diaspora-pod {words[0]}\n"


def test_status_ends_with_1_where_something_is_to_be_done(
    pod: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lines(*wrong: bool) -> Any:
        found = [status.Line("units", Found("so", it)) for it in wrong]
        return lambda *_, **__: iter(found)

    monkeypatch.setattr(status, "lines", lines(False, False))
    assert cli.main(["status"], pod) == 0
    monkeypatch.setattr(status, "lines", lines(True, False))
    assert cli.main(["status"], pod) == 1
    assert "! units      so" in capsys.readouterr().out


def test_a_part_of_the_pod_has_the_log_of_its_units(
    pod: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run: list[list[str]] = []

    def become(_: str, words: list[str]) -> None:
        run.append(words)
        raise SystemExit(0)

    monkeypatch.setattr(os, "execvp", become)
    for words in (["logs", "jobs", "--follow", "-n", "5"], ["logs"]):
        with pytest.raises(SystemExit):
            cli.main(words, pod)
    assert run[0][0] == "journalctl"
    assert {"--follow", "--lines=5", "--unit=diaspora-sidekiq"} <= set(run[0])
    assert {f"--unit={unit}" for unit in logs.PARTS["all"]} <= set(run[1])
    assert "--follow" not in run[1]


def test_the_console_is_the_applications_and_has_no_terminal_of_roots(pod: Machine) -> None:
    words = console.command(pod)
    assert words[0] == "systemd-run"
    assert {"--pty", "--pipe", f"--uid={pod.app_user}", "--setenv=RAILS_ENV=production"} <= set(
        words
    )
    assert f"--property=EnvironmentFile={pod.run}/application.env" in words
    assert words[-2:] == [f"{pod.app}/bin/rails", "console"]

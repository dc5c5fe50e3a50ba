"""Importing an account: what is taken for what, and what the application is given."""

from __future__ import annotations

import io
import os
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from diaspora_pod import aws, cli, files
from diaspora_pod.errors import Permanent
from diaspora_pod.machine import Machine
from diaspora_pod.operator import commands
from diaspora_pod.operator.import_account import import_account

from .fakes import stubbed


class Application:
    """Remembers what it was given, and what was in it."""

    def __init__(self, status: int = 0) -> None:
        self.status = status
        self.command: Sequence[str] = []
        self.contents: list[bytes] = []
        self.folders: set[Path] = set()

    def __call__(
        self, machine: Machine, command: Sequence[str]
    ) -> subprocess.CompletedProcess[bytes]:
        self.command = command
        paths = [Path(path) for path in command[4:] if path]
        self.contents = [path.read_bytes() for path in paths]
        self.folders = {path.parent for path in paths}
        return subprocess.CompletedProcess(command, self.status)


@pytest.fixture
def machine(machine: Machine) -> Machine:
    (machine.root / "var/tmp").mkdir(parents=True)
    return machine


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where somebody has put files."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "data.json.gz").write_bytes(b"packed")
    (folder / "data.json").write_bytes(b"{}")
    (folder / "photos.zip").write_bytes(archive("a.webp", "b.webp"))
    (folder / "data.zip").write_bytes(archive("data.json"))
    return folder


def archive(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return made.getvalue()


@pytest.mark.parametrize(
    "given, profile, photos",
    [
        (["data.json.gz"], "data.json.gz", ""),
        (["data.json"], "data.json", ""),
        (["data.zip"], "data.zip", ""),
        (["photos.zip"], "", "photos.zip"),
        (["photos.zip", "data.json.gz"], "data.json.gz", "photos.zip"),
        (["data.zip", "photos.zip"], "data.zip", "photos.zip"),
    ],
)
def test_each_file_is_taken_for_what_it_holds(
    machine: Machine, home: Path, given: list[str], profile: str, photos: str
) -> None:
    application = Application()
    import_account(machine, "alice", [str(home / name) for name in given], run=application)
    *command, for_profile, for_photos = application.command
    assert command == ["bin/rails", "runner", str(machine.import_script), "alice"]
    assert [Path(path).name for path in (for_profile, for_photos)] == [profile, photos]
    named = [name for name in (profile, photos) if name]
    assert application.contents == [(home / name).read_bytes() for name in named]


def test_the_application_has_the_files_for_itself_and_none_is_left(
    machine: Machine, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It unpacks beside them."""
    application = Application()
    given: list[str] = []
    monkeypatch.setattr(os, "chown", lambda path, uid, gid: given.append(Path(path).name))
    import_account(machine, "alice", [str(home / "photos.zip")], run=application)
    (folder,) = application.folders
    # The folder last, in which the application could then put links.
    assert given == ["photos.zip", folder.name]
    assert folder.parent == machine.root / "var/tmp"
    assert not folder.exists()


def test_a_file_of_the_bucket_is_fetched(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    application = Application()
    asked = {"Bucket": "pod-assetsbucket-1a2b3c", "Key": "transfer/bob/data.json.gz"}
    with stubbed("s3") as (s3, stub):
        monkeypatch.setattr(aws, "client", lambda service, region: s3)
        stub.add_response("get_object", {"Body": Body(b"content")}, asked)
        import_account(machine, "bob", ["transfer/bob/data.json.gz"], run=application)
    assert application.contents == [b"content"]


class Body(io.BytesIO):
    """As boto3's."""

    def iter_chunks(self, size: int) -> list[bytes]:
        return list(iter(lambda: self.read(size), b""))


def test_a_bucket_without_the_file_is_told(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stubbed("s3") as (s3, stub):
        monkeypatch.setattr(aws, "client", lambda service, region: s3)
        stub.add_client_error("get_object", "NoSuchKey", http_status_code=404)
        with pytest.raises(Permanent, match=r"transfer/data\.zip in the bucket"):
            import_account(machine, "bob", ["transfer/data.zip"], run=Application())


@pytest.mark.parametrize(
    "given, says",
    [
        (["data.tar"], r"data\.tar is no \.json, \.json\.gz or \.zip"),
        (["nothing.zip"], r"nothing\.zip cannot be read: No such file"),
        (["broken.zip"], r"broken\.zip is no archive, or not all of one"),
        (["data.json", "data.zip"], r"both data\.json and data\.zip hold profile"),
    ],
)
def test_what_cannot_be_imported_is_told_before_anything_is(
    machine: Machine, home: Path, given: list[str], says: str
) -> None:
    (home / "broken.zip").write_bytes(archive("a.webp")[:-10])
    application = Application()
    with pytest.raises(Permanent, match=says):
        import_account(machine, "alice", [str(home / name) for name in given], run=application)
    assert application.command == []
    assert list((machine.root / "var/tmp").iterdir()) == []


def test_a_refusal_of_the_application_is_a_failure(machine: Machine, home: Path) -> None:
    with pytest.raises(Permanent, match="alice has not all"):
        import_account(machine, "alice", [str(home / "photos.zip")], run=Application(1))


def test_only_root_imports(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(commands, "import_account", lambda *_: pytest.fail("imports"))
    assert cli.main(["import", "alice", "photos.zip"], machine) == 1
    assert "sudo diaspora-pod import" in capsys.readouterr().err


def test_nobody_restarts_the_machine_or_moves_the_pod_while_an_account_is_imported(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[bool] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(
        commands, "import_account", lambda *_: held.append(files.is_held(machine.moving))
    )
    assert cli.main(["import", "alice", "photos.zip"], machine) == 0
    assert held == [True]

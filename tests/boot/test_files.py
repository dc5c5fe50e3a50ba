"""Files are written whole or not at all, for whom they are meant, and through no symlink."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from diaspora_pod import files
from diaspora_pod.machine import Machine


def write(machine: Machine, path: Path, content: str | bytes, mode: int = 0o640) -> None:
    files.write(path, content, mode=mode, owner=machine.owner, group=machine.group)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_a_file_has_the_mode_that_was_asked_for(machine: Machine, mode: int, umask: int) -> None:
    before = os.umask(umask)
    try:
        write(machine, machine.root / "file", "text", mode)
    finally:
        os.umask(before)
    assert stat.S_IMODE((machine.root / "file").stat().st_mode) == mode


def test_text_is_utf_8_and_bytes_stay(machine: Machine) -> None:
    write(machine, machine.root / "text", "é🐘")
    write(machine, machine.root / "bytes", b"\xff\x00")
    assert (machine.root / "text").read_bytes() == "é🐘".encode()
    assert (machine.root / "bytes").read_bytes() == b"\xff\x00"


def test_nobody_else_can_read_a_file_before_it_is_complete(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    monkeypatch.setattr(
        os, "fchown", lambda fd, uid, gid: seen.append(stat.S_IMODE(os.fstat(fd).st_mode))
    )
    write(machine, machine.root / "file", "secret", 0o644)
    assert seen == [0o600]


def test_the_owner_and_the_group_are_set(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "fchown", lambda fd, uid, gid: asked.append((uid, gid)))
    write(machine, machine.root / "file", "text")
    assert asked == [(os.getuid(), os.getgid())]


def test_an_unknown_owner_leaves_no_file(machine: Machine) -> None:
    with pytest.raises(KeyError):
        files.write(machine.root / "file", "text", mode=0o600, owner="nobody-of-that-name")
    assert not (machine.root / "file").exists()


@pytest.mark.parametrize("call", ["fchown", "fchmod", "fsync", "rename"])
def test_what_fails_on_the_way_leaves_the_old_file(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = machine.root / "etc/file"
    write(machine, path, "old")

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(OSError, match="no space left"):
        write(machine, path, "new")
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert {entry.name for entry in path.parent.iterdir()} == {"file", "diaspora"}


def test_a_reader_sees_the_old_or_the_new_and_nothing_between(machine: Machine) -> None:
    path = machine.root / "file"
    contents = [letter * 200_000 for letter in "ab"]
    write(machine, path, contents[0])
    torn: list[str] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            text = path.read_text()
            if text not in contents:
                torn.append(text[:10])

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(40):
        write(machine, path, contents[turn % 2])
    stop.set()
    reader.join()
    assert torn == []


def test_a_symlink_in_the_files_place_is_replaced_and_not_followed(machine: Machine) -> None:
    victim = machine.root / "victim"
    victim.write_text("untouched")
    (machine.root / "file").symlink_to(victim)
    write(machine, machine.root / "file", "text")
    assert victim.read_text() == "untouched"
    assert not (machine.root / "file").is_symlink()


def test_a_symlink_in_the_place_of_the_unfinished_file_is_not_followed(machine: Machine) -> None:
    victim = machine.root / "victim"
    victim.write_text("untouched")
    (machine.root / ".file.new").symlink_to(victim)
    write(machine, machine.root / "file", "text")
    assert victim.read_text() == "untouched"
    assert (machine.root / "file").read_text() == "text"


def test_a_folder_that_is_a_symlink_is_refused(machine: Machine) -> None:
    (machine.root / "elsewhere").mkdir()
    (machine.root / "folder").symlink_to(machine.root / "elsewhere")
    with pytest.raises(OSError):
        write(machine, machine.root / "folder/file", "text")
    assert list((machine.root / "elsewhere").iterdir()) == []


def test_what_a_crash_left_is_cleared_away(machine: Machine) -> None:
    (machine.root / ".file.new").write_text("half of a secr")
    write(machine, machine.root / "file", "text")
    assert not (machine.root / ".file.new").exists()


def test_a_folder_is_open_to_all_whatever_the_umask(machine: Machine) -> None:
    before = os.umask(0o077)
    try:
        files.make_folder(machine.root / "folder")
    finally:
        os.umask(before)
    assert stat.S_IMODE((machine.root / "folder").stat().st_mode) == 0o755


def test_a_folder_that_is_there_keeps_its_mode(machine: Machine) -> None:
    (machine.root / "folder").mkdir(mode=0o700)
    files.make_folder(machine.root / "folder")
    assert stat.S_IMODE((machine.root / "folder").stat().st_mode) == 0o700


def test_two_programs_that_write_the_same_file_do_not_collide(machine: Machine) -> None:
    """Two mounts that failed together did: of 2 x 1,500 writes 165 raised."""
    texts = ("a" * 3000, "b" * 3000)
    with ProcessPoolExecutor(2) as pool:
        running = [pool.submit(write_often, machine, text) for text in texts]
        seen = set(read_while(running, machine.root / "note"))
        assert [task.result() for task in running] == [300, 300]
    assert seen <= set(texts)
    assert [path.name for path in machine.root.glob("*note*")] == ["note"]


def write_often(machine: Machine, text: str) -> int:
    for _ in range(300):
        write(machine, machine.root / "note", text)
    return 300


def read_while(running: list[Future[int]], file: Path) -> Iterator[str]:
    while not all(task.done() for task in running):
        if file.exists():
            yield file.read_text()

"""Folders that are made once, under a name that says what they were made of.

Each has a lock beside it: who makes the folder holds it alone, who uses it holds it with others for
as long as the process lives. What nobody holds may be removed.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from stat import S_IXUSR
from typing import IO

from .isolation import CACHE
from .log import say

# Of each kind the newest few are kept, so that going back and forth costs nothing.
_KEEP = 3
_held: list[IO[str]] = []


def digest(*parts: str | Path) -> str:
    """A short hash of texts, files and folders, with the names in them and what can be run."""
    total = hashlib.sha256()
    for part in parts:
        for name, content in _contents(part):
            for piece in (name.encode(), content):
                total.update(str(len(piece)).encode() + b":" + piece)
    return total.hexdigest()[:16]


def cached(kind: str, key: str, make: Callable[[Path], None]) -> Path:
    """The folder ``kind/key`` of the cache; ``make`` fills it where it is not there yet.

    Two runs at once make it once. A folder that was not finished is made anew.
    """
    folder = CACHE / kind / key
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = _lock_of(folder).open("w")
    if not _try(lock, fcntl.LOCK_EX):
        if not folder.exists():
            say(f"{kind}: {key} is being made by another run; waits for it")
        fcntl.flock(lock, fcntl.LOCK_SH)
    if folder.exists():
        say(f"{kind}: {key} is in the cache")
    else:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Another run may have made it while this one waited.
        if not folder.exists():
            _make(folder, make)
    fcntl.flock(lock, fcntl.LOCK_SH)
    _held.append(lock)
    folder.touch()
    _forget_old(folder.parent)
    return folder


def _make(folder: Path, make: Callable[[Path], None]) -> None:
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    make(unfinished)
    unfinished.rename(folder)


def _contents(part: str | Path) -> Iterable[tuple[str, bytes]]:
    if isinstance(part, str):
        yield "", part.encode()
        return
    folder = part if part.is_dir() else part.parent
    files = sorted(part.rglob("*")) if part.is_dir() else [part]
    for file in files:
        if "__pycache__" in file.parts:
            continue
        # Neither where the folder lies nor the umask of who checked it out is any of its contents.
        name = f"{file.relative_to(folder)} {bool(file.lstat().st_mode & S_IXUSR)}"
        if file.is_symlink():
            yield name, str(file.readlink()).encode()
        elif file.is_file():
            yield name, file.read_bytes()


def _forget_old(kind: Path) -> None:
    """Remove what is old or unfinished and used by nobody."""
    folders = sorted(
        (folder for folder in kind.iterdir() if folder.is_dir()),
        key=lambda folder: folder.stat().st_mtime,
        reverse=True,
    )
    finished = [folder for folder in folders if folder.suffix != ".unfinished"]
    unfinished = [folder for folder in folders if folder.suffix == ".unfinished"]
    for folder in [*finished[_KEEP:], *unfinished]:
        with _lock_of(folder).open("w") as lock:
            if _try(lock, fcntl.LOCK_EX):
                shutil.rmtree(folder, ignore_errors=True)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f".{folder.name.removesuffix('.unfinished')}.lock")


def _try(lock: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

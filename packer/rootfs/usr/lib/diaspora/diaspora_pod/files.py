"""Writing a file whole or not at all, with its owner and mode, and never through a symlink."""

from __future__ import annotations

import contextlib
import fcntl
import grp
import os
import pwd
from collections.abc import Iterator
from pathlib import Path

from .errors import Permanent


def write(
    path: Path, content: str | bytes, *, mode: int, owner: str = "root", group: str = "root"
) -> None:
    """Put a file in place of whatever has its name; a reader sees the old content or the new.

    Raises OSError where the folder is missing or a symlink, and KeyError for an unknown owner.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    uid, gid = pwd.getpwnam(owner).pw_uid, grp.getgrnam(group).gr_gid
    # A name of its own that no reader looks for. What a crash left there goes first.
    unfinished = f".{path.name}.new"
    with _open_folder(path.parent) as folder:
        # One at a time: two programs that write the same file would take each other's away.
        fcntl.flock(folder, fcntl.LOCK_EX)
        try:
            _write_new(unfinished, data, folder, mode, uid, gid)
            os.rename(unfinished, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            _remove(unfinished, folder)
            raise
        os.fsync(folder)


def make_folder(path: Path) -> None:
    """Make a folder that everybody may look into, if it is missing, whatever the umask."""
    if not path.is_dir():
        path.mkdir(parents=True)
        path.chmod(0o755)


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Do something that nobody else does meanwhile; raises Permanent where somebody does."""
    make_folder(path.parent)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Permanent("another one is under way on this machine") from error
        yield


def is_held(path: Path) -> bool:
    """Whether somebody is ``alone`` with that file just now."""
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


@contextlib.contextmanager
def _open_folder(path: Path) -> Iterator[int]:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield folder
    finally:
        os.close(folder)


def _write_new(name: str, data: bytes, folder: int, mode: int, uid: int, gid: int) -> None:
    _remove(name, folder)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    # Nobody else may read it until it is complete.
    with os.fdopen(os.open(name, flags, 0o600, dir_fd=folder), "wb") as file:
        file.write(data)
        os.fchown(file.fileno(), uid, gid)
        os.fchmod(file.fileno(), mode)
        file.flush()
        os.fsync(file.fileno())


def _remove(name: str, folder: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)

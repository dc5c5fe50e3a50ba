"""``sudo diaspora-pod import NAME FILE...``: what somebody exported, into an account of this pod.

A browser can send it too, but the front takes no more than 10 MB.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from .. import application, aws
from ..errors import Permanent
from ..machine import Machine
from ..moving.transfer import FOLDER
from ..settings import load

Run = Callable[[Machine, Sequence[str]], "subprocess.CompletedProcess[bytes]"]
PROFILE, PHOTOS = "profile", "photos"
# By its name's end diaspora* knows how a file is packed.
_ENDS = (".json", ".json.gz", ".zip")


def import_account(
    machine: Machine,
    name: str,
    sources: Sequence[str],
    *,
    run: Run = application.run_interactively,
) -> None:
    """Import a profile, photos, or both; ``name`` is an account, made where it is missing.

    A source is a file, or below ``transfer/`` an object of the bucket. Raises Trouble; where the
    application refuses, it has said why by then.
    """
    with _folder(machine) as folder:
        given = _sorted([_fetch(machine, source, folder) for source in sources])
        _give_away(machine, folder)
        paths = [str(given.get(kind, "")) for kind in (PROFILE, PHOTOS)]
        command = ["bin/rails", "runner", str(machine.import_script), name, *paths]
        if run(machine, command).returncode != 0:
            raise Permanent(f"{name} has not all of what was exported")


@contextlib.contextmanager
def _folder(machine: Machine) -> Iterator[Path]:
    """A folder on the disk: /tmp is memory, and the application unpacks beside what it is given."""
    place = machine.root / "var/tmp"
    with tempfile.TemporaryDirectory(prefix="diaspora-import-", dir=place) as folder:
        yield Path(folder)


def _fetch(machine: Machine, source: str, folder: Path) -> Path:
    """Copy a source into the folder; raises Trouble where it cannot be had."""
    name = Path(source).name
    if not name.endswith(_ENDS):
        raise Permanent(f"{source} is no {', '.join(_ENDS[:-1])} or {_ENDS[-1]}")
    target = folder / name
    if source.startswith(f"{FOLDER}/"):
        _download(machine, source, target)
        return target
    try:
        shutil.copyfile(source, target)
    except OSError as error:
        raise Permanent(f"{source} cannot be read: {error.strerror}") from error
    return target


def _download(machine: Machine, key: str, target: Path) -> None:
    settings = load(machine)
    with aws.troubles(f"{key} in the bucket {settings.bucket}"):
        answer = aws.client("s3", settings.region).get_object(Bucket=settings.bucket, Key=key)
        with target.open("wb") as file:
            for piece in answer["Body"].iter_chunks(1 << 20):
                file.write(piece)


def _sorted(files: Sequence[Path]) -> dict[str, Path]:
    """The files by what they hold; raises Permanent for two of a kind."""
    found: dict[str, Path] = {}
    for file in files:
        kind = PHOTOS if _holds_photos(file) else PROFILE
        if kind in found:
            raise Permanent(f"both {found[kind].name} and {file.name} hold {kind}")
        found[kind] = file
    return found


def _holds_photos(file: Path) -> bool:
    """Whether it is an archive with no profile in it."""
    if file.suffix != ".zip":
        return False
    try:
        with zipfile.ZipFile(file) as archive:
            return not any(name.endswith(".json") for name in archive.namelist())
    except zipfile.BadZipFile as error:
        raise Permanent(f"{file.name} is no archive, or not all of one") from error


def _give_away(machine: Machine, folder: Path) -> None:
    """Last: root writes nothing where the application's user can put a link."""
    user = pwd.getpwnam(machine.app_user)
    for path in (*folder.iterdir(), folder):
        os.chown(path, user.pw_uid, user.pw_gid)

"""``diaspora-pod support-bundle``: what somebody needs who helps, and no secret.

It is for strangers: logs, state, settings and versions, out of which secrets, people and their
addresses are taken. The database is not asked; what is in jobs, and what people wrote, stays here.
"""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timezone
from typing import Any

from .. import files, journal, settings
from ..aws import troubles
from ..errors import Trouble
from ..machine import Machine
from ..settings import Settings
from . import queue, status
from .redaction import Redactor

# The bucket forgets what is in here after some days.
FOLDER = "support"
# They name secrets and hold none; and their versions and names look like addresses and secrets.
PLAIN = ("image.json", "settings.json")
# Of the settings, whose pod it is.
PERSONAL = ("admin_account", "admin_email", "stack_id")
TIMEOUT = 60
# Programs that print no environment of others, and no arguments.
COMMANDS = {
    "units.txt": "systemctl list-units --all --full --no-pager",
    "failed.txt": "systemctl status --full --no-pager --state=failed",
    "timers.txt": "systemctl list-timers --all --full --no-pager",
    # Not the mounts of the bucket, which may not answer.
    "disk.txt": "df --human-readable --exclude-type=fuse.s3fs",
    "inodes.txt": "df --inodes --exclude-type=fuse.s3fs",
    "memory.txt": "free --mega",
    "processes.txt": "ps -e --sort=-rss -o user,pid,rss,pcpu,etime,comm",
}


def new_name() -> str:
    """A name for a bundle that is made now."""
    return datetime.now(timezone.utc).strftime("support-%Y%m%dT%H%M%SZ")


def make(machine: Machine, told: Settings, name: str) -> bytes:
    """The bundle, as a compressed archive; whatever cannot be had is told in its place."""
    redact = Redactor(machine)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for file, text in _parts(machine, told):
            content = (text if file in PLAIN else redact(text)).encode("utf-8", "replace")
            entry = tarfile.TarInfo(f"{name}/{file}")
            entry.size, entry.mtime = len(content), int(time.time())
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def keep(machine: Machine, bundle: bytes) -> None:
    """Keep it on this machine, in place of the one before, for nobody but root."""
    files.write(
        machine.support_bundle, bundle, mode=0o600, owner=machine.owner, group=machine.group
    )


def send(s3: Any, told: Settings, name: str, bundle: bytes) -> str:
    """Put it into the bucket; its key there. Raises Transient or Permanent."""
    key = f"{FOLDER}/{name}.tar.gz"
    with troubles(f"the bucket {told.bucket}"):
        s3.put_object(Bucket=told.bucket, Key=key, Body=bundle)
    return key


def _parts(machine: Machine, told: Settings) -> Iterator[tuple[str, str]]:
    yield "status.txt", _lines(line.text() for line in status.lines(machine, told))
    yield "jobs.txt", _lines(_tried(queue.show_counts)) + _lines(_tried(queue.show_failed))
    known = {key: it for key, it in settings.read(machine).items() if key not in PERSONAL}
    yield "settings.json", json.dumps(known, indent=1)
    yield "image.json", machine.manifest.read_text("utf-8")
    for file, command in COMMANDS.items():
        yield file, _output(command)
    yield "journal.txt", _lines(_dated(line) for line in journal.read(every_boot=True))


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _tried(show: Callable[[], Iterator[str]]) -> Iterator[str]:
    try:
        yield from show()
    except Trouble as trouble:
        yield str(trouble)


def _output(command: str) -> str:
    try:
        answer = subprocess.run(
            command.split(), capture_output=True, text=True, check=False, timeout=TIMEOUT
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"{command}: {error}\n"
    return answer.stdout + answer.stderr


def _dated(line: journal.Line) -> str:
    at = datetime.fromtimestamp(line.time / 1000, timezone.utc)
    return f"{at:%Y-%m-%d %H:%M:%S} {line.text}"

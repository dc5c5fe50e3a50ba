"""What can be seen of the pod, and whether it is right. Only ``applied`` asks who is paid for."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass

from .. import aws, database, redis, units
from ..boot.prepare import read_database_secrets
from ..boot.steps import steps
from ..boot.uploads import FOLDERS
from ..machine import Machine
from ..settings import Settings
from ..units import State
from . import facts, queue
from .queue import Counts, Waiting
from .words import MINUTE, gigabytes

# Per cent of the disk, and of its inodes.
FULL = 85
# Seconds: what is to be done at once is done by then, or nobody is at it.
LATE = 30 * 60


@dataclass(frozen=True)
class Found:
    """What was found, in a few words, and whether somebody has to do something about it."""

    words: str
    wrong: bool = False


def running(_: Machine, told: Settings) -> Found:
    """Whether every unit of the boot runs, and no other of the machine has failed."""
    wanted = [step.unit for step in steps(told.runs_jobs)]
    found = units.states(wanted)
    idle = [unit for unit in wanted if found.get(unit, State()).active != "active"]
    wrong = [
        f"{unit} {'is ' + found[unit].active if unit in found else 'has failed'}"
        for unit in sorted({*idle, *units.failed()})
    ]
    return Found(", ".join(wrong) or f"all {len(wanted)} run", bool(wrong))


def mounted(machine: Machine, _: Settings) -> Found:
    """Whether the bucket's folders are where they belong."""
    there = facts.mounts(machine)
    uploads = machine.app / "public/uploads"
    missing = [f"uploads/{name}" for name in FOLDERS if uploads / name not in there]
    if missing:
        return Found(f"missing: {', '.join(missing)}", wrong=True)
    return Found(", ".join(f"uploads/{name}" for name in FOLDERS))


def jobs(_: Machine, told: Settings) -> Found:
    """Whether jobs are done; raises Transient where the queue is away."""
    with redis.connected() as link:
        counts = queue.read_counts(link, time.time())
    words = queue.told(counts)
    if not told.runs_jobs:
        return Found(f"{words}; this stack does none, as another owns the domain")
    return Found(words, wrong=bool(late(counts, told)))


def late(counts: Counts, told: Settings) -> list[Waiting]:
    """The queues whose oldest job has waited for longer than is meant."""
    meant = {queue.PATIENT: int(told.federation_patience) * MINUTE}
    return [it for it in counts.queues if it.oldest > LATE + meant.get(it.queue, 0)]


def room(machine: Machine, _: Settings) -> Found:
    """Whether there is room on the disk."""
    found = facts.disk(machine)
    words = f"{found.used} % of {gigabytes(found.size)} full, {found.inodes} % of inodes"
    return Found(words, wrong=max(found.used, found.inodes) >= FULL)


def reboot(machine: Machine, _: Settings) -> Found:
    """Whether an update waits for a reboot."""
    if facts.reboot_required(machine):
        return Found("is required by an update", wrong=True)
    return Found("not required")


def applied(told: Settings) -> set[int]:
    """The migrations that the database has seen: it wakes for that. Raises Trouble, and soon."""
    login = database.login(told, *read_database_secrets(aws.client("ssm", told.region), told))
    with contextlib.closing(database.connect(login)) as connection:
        return database.applied_versions(connection)

"""What there may be to worry about: each look says what it sees, or nothing where all is well.

None asks the database, which would wake it, nor loads the application.
"""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .. import redis, units
from ..boot.migrate import remarked
from ..boot.steps import steps
from ..errors import Transient
from ..machine import AUTHORITIES, DATABASE_AUTHORITIES, Machine
from ..redis import Redis
from ..settings import Settings
from . import findings, queue
from .findings import FULL, LATE

MINUTE, HOUR, DAY = 60, 3600, 86400
# Snaps and the like have no room by design.
READ_ONLY = ("squashfs", "iso9660")
# An update restarts what runs, and a web server has ten minutes to start (its TimeoutStartSec).
PAUSE, LOOKS = 30, 22
# What waits in Redis for a time of its own, in the words of people.
PLANNED = {"retry": "those to be tried again", "schedule": "those that are planned"}
# A machine that restarts itself has done so in the night before.
RESTARTED = 26 * HOUR
OLD_IMAGE = 60 * DAY
# Both are tried every day; nobody publishes nothing for so long.
UPDATED, PUBLISHED = 3 * DAY, 14 * DAY
ENDING = 90 * DAY
# Who signs for AWS's services, and for most other pods (Let's Encrypt).
RELIED_ON = ("Amazon", "Starfield Technologies, Inc.", "Internet Security Research Group")


@dataclass(frozen=True)
class Look:
    """Where to look, and when: ``now`` is in seconds since 1970."""

    machine: Machine
    settings: Settings
    now: float


def full_disks(look: Look) -> str:
    """The disks of the machine's own that are nearly full, by blocks or by inodes."""
    found = []
    for place in _disks(look.machine):
        disk = os.statvfs(look.machine.root / place.lstrip("/"))
        space = _per_cent(disk.f_blocks - disk.f_bfree, disk.f_bavail)
        inodes = _per_cent(disk.f_files - disk.f_ffree, disk.f_favail)
        if max(space, inodes) > FULL:
            found.append(f"{place} is {space} % full, and {inodes} % of its inodes are taken")
    return "; ".join(found)


def _disks(machine: Machine) -> list[str]:
    """Where they are mounted, each once. A bucket is no disk, and might not answer."""
    found: dict[str, str] = {}
    for line in (machine.root / "proc/self/mounts").read_text("utf-8").splitlines():
        source, place, kind = line.split()[:3]
        if place == "/" or (source.startswith("/dev/") and kind not in READ_ONLY):
            found.setdefault(source, place)
    return list(found.values())


def _per_cent(used: int, free: int) -> int:
    """As df has it. Some file systems count no inodes."""
    return 100 * used // (used + free) if used + free else 0


def idle_units(look: Look, sleep: Callable[[float], None] = time.sleep) -> str:
    """What failed on the machine, and what of the pod does not come up though it has time."""
    idle = _idle(look)
    for _ in range(LOOKS - 1):
        if not idle:
            break
        sleep(PAUSE)
        idle = _idle(look)
    failed = dict.fromkeys(units.failed(), "failed")
    return ", ".join(f"{unit} ({state})" for unit, state in sorted({**idle, **failed}.items()))


def _idle(look: Look) -> dict[str, str]:
    wanted = [step.unit for step in steps(look.settings.runs_jobs)]
    states = units.states(wanted)
    if not states:
        raise Transient("systemd does not answer")
    return {unit: states[unit].active for unit in wanted if states[unit].active != "active"}


def late_jobs(look: Look) -> str:
    """The queues whose oldest job has waited for longer than is meant."""
    if not look.settings.runs_jobs:
        return ""
    with redis.connected() as link:
        return "; ".join([*_late_queues(look, link), *_late_plans(look, link)])


def _late_queues(look: Look, link: Redis) -> Iterator[str]:
    for late in findings.late(queue.read_counts(link, look.now), look.settings):
        yield f"the oldest job in the queue {late.queue} has waited for {_minutes(late.oldest)}"


def _late_plans(look: Look, link: Redis) -> Iterator[str]:
    for name, words in PLANNED.items():
        first = link.call("ZRANGE", name, "0", "0", "WITHSCORES")
        if first and (late := look.now - float(first[1])) > LATE:
            yield f"the first job of {words} is {_minutes(late)} late"


def wanted_restart(look: Look) -> str:
    """Since when an update wants the machine to be restarted, and which."""
    mark = look.machine.root / "run/reboot-required"
    try:
        since = mark.stat().st_mtime
    except FileNotFoundError:
        return ""
    if look.settings.reboots_itself and look.now - since < RESTARTED:
        return ""
    packages = _words(mark.with_name("reboot-required.pkgs"))
    for_their_sake = f", for {', '.join(packages)}" if packages else ""
    return f"since {_date(since)}{for_their_sake}"


def old_image(look: Look) -> str:
    """When the image was built, which is when it was written what is in it."""
    built = look.machine.manifest.stat().st_mtime
    return f"it was built on {_date(built)}" if look.now - built > OLD_IMAGE else ""


def newer_database(look: Look) -> str:
    """Which migrations the database has seen that the image does not know."""
    return remarked(look.machine)


def missing_updates(look: Look) -> str:
    """What unattended-upgrades leaves out, and whether lists and updates come at all."""
    root = look.machine.root
    held = _words(root / "var/lib/unattended-upgrades/kept-back")
    # Until there is one: since this machine was told what it is.
    begun = look.machine.settings
    done = _newest([begun, root / "var/lib/apt/periodic/upgrade-stamp"])
    published = _newest([begun, *(root / "var/lib/apt/lists").glob("*Release")])
    seen = [
        f"held back: {', '.join(held)}" if held else "",
        f"none was installed since {_date(done)}" if look.now - done > UPDATED else "",
        f"the newest list is of {_date(published)}" if look.now - published > PUBLISHED else "",
    ]
    return "; ".join(filter(None, seen))


def ending_authorities(look: Look) -> str:
    """Which authorities end soon, of those whose certificates the pod has to believe."""
    root = look.machine.root
    found = {
        f"{_name(it)} on {_date(_end(it))}"
        for it in (
            *_authorities(root / DATABASE_AUTHORITIES.relative_to("/")),
            *filter(_is_relied_on, _authorities(root / AUTHORITIES.relative_to("/"))),
        )
        if _end(it) - look.now < ENDING
    }
    return ", ".join(sorted(found))


Certificate = dict[str, Any]


def _authorities(file: Path) -> list[Certificate]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(file)
    return context.get_ca_certs()


def _is_relied_on(certificate: Certificate) -> bool:
    return _subject(certificate).get("organizationName") in RELIED_ON


def _name(certificate: Certificate) -> str:
    subject = _subject(certificate)
    return subject.get("commonName") or ", ".join(subject.values())


def _subject(certificate: Certificate) -> dict[str, str]:
    return {name: value for ((name, value), *_) in certificate["subject"]}


def _end(certificate: Certificate) -> float:
    return ssl.cert_time_to_seconds(str(certificate["notAfter"]))


def _newest(files: list[Path]) -> float:
    return max(file.stat().st_mtime for file in files if file.exists())


def _words(file: Path) -> list[str]:
    """What a file lists, each once; nothing where it is not there."""
    try:
        return sorted(set(file.read_text("utf-8").split()))
    except FileNotFoundError:
        return []


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // MINUTE} minutes"


def _date(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d}"

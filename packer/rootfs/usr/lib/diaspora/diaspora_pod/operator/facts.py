"""What the machine says of itself, read and never asked over a network."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from ..machine import Machine

ESTABLISHED = "01"


@dataclass(frozen=True)
class Disk:
    """How full the machine's disk is, in per cent, and its size in bytes."""

    used: int
    inodes: int
    size: int


@dataclass(frozen=True)
class Memory:
    """The machine's memory in MB."""

    total: int
    available: int
    swapped: int


@dataclass(frozen=True)
class Image:
    """What the machine was made from; ``built`` in seconds since 1970."""

    name: str
    version: str
    system: str
    built: float


def disk(machine: Machine) -> Disk:
    """The disk on which everything lies but what people upload."""
    found = os.statvfs(machine.root)
    return Disk(
        used=_percent(found.f_blocks - found.f_bavail, found.f_blocks),
        inodes=_percent(found.f_files - found.f_favail, found.f_files),
        size=found.f_blocks * found.f_frsize,
    )


def memory(machine: Machine) -> Memory:
    """The memory, as the kernel counts it."""
    text = (machine.root / "proc/meminfo").read_text("utf-8")
    kb = {name: int(number) for name, number in re.findall(r"^(\w+):\s+(\d+)", text, re.MULTILINE)}
    swapped = kb["SwapTotal"] - kb["SwapFree"]
    return Memory(kb["MemTotal"] // 1024, kb["MemAvailable"] // 1024, swapped // 1024)


def mounts(machine: Machine) -> set[Path]:
    """Where something is mounted. Nobody is asked who might not answer."""
    lines = (machine.root / "proc/self/mounts").read_text("utf-8").splitlines()
    return {Path(line.split()[1]) for line in lines}


def connections(machine: Machine, port: int) -> int:
    """How many connections from here to that port are established, of whomever."""
    return sum(
        _leads_to(line.split(), f":{port:04X}")
        for table in ("proc/net/tcp", "proc/net/tcp6")
        for line in (machine.root / table).read_text("utf-8").splitlines()
    )


def _leads_to(columns: list[str], port: str) -> bool:
    return columns[3] == ESTABLISHED and columns[2].endswith(port)


def reboot_required(machine: Machine) -> bool:
    """Whether an update waits for a reboot."""
    return (machine.root / "run/reboot-required").exists()


def image(machine: Machine) -> Image:
    """What the image says of itself. It was built when that was written."""
    manifest = json.loads(machine.manifest.read_text("utf-8"))
    return Image(
        name=manifest["name"],
        version=manifest["diaspora"]["version"],
        system=manifest["system"],
        built=machine.manifest.stat().st_mtime,
    )


def _percent(part: int, whole: int) -> int:
    """Rounded up: what is called full must not be fuller. Some file systems count no inodes."""
    return -(-100 * part // whole) if whole else 0

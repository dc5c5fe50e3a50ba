"""Numbers in the words of people."""

from __future__ import annotations

MINUTE, HOUR, DAY = 60, 3600, 86400


def count(number: int, thing: str) -> str:
    """So many things."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def since(seconds: float) -> str:
    """A span of time, in its largest unit of which there are two, or one."""
    for unit, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if seconds >= 2 * unit:
            return count(int(seconds // unit), name)
    return count(int(seconds), "second")


def gigabytes(number: int) -> str:
    """Bytes, in the units that disks are sold by."""
    return f"{number / 1e9:.1f} GB"


def kilobytes(number: int) -> str:
    """Bytes of a small file."""
    return f"{number / 1e3:.0f} KB"

"""The pod's log, out of the machine's journal."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# cloud-final ran the user data; without it nothing here would have started.
UNITS = ("diaspora-*", "nginx.service", "redis-server.service", "cloud-final.service")
# The last ones of a boot that goes in circles; far more than any other has.
MAX_LINES = 20_000
TIMEOUT = 60


@dataclass(frozen=True)
class Line:
    """A line of the log; ``time`` in milliseconds since 1970."""

    time: int
    text: str


def read(*, every_boot: bool = False) -> list[Line]:
    """What the pod's units have logged, in this boot or in all; nothing if there is no journal."""
    since = [] if every_boot else ["--boot"]
    try:
        # What was written a moment ago, too.
        subprocess.run(["journalctl", "--sync"], capture_output=True, check=False, timeout=TIMEOUT)
        answer = subprocess.run(
            ["journalctl", *since, "--output=json", "--all", f"--lines={MAX_LINES}"]
            + [f"--unit={unit}" for unit in UNITS],
            capture_output=True,
            check=False,
            timeout=TIMEOUT,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return list(parse(answer.stdout))


def parse(output: bytes) -> Iterator[Line]:
    """Read ``journalctl --output=json``: one object a line."""
    for row in output.splitlines():
        try:
            entry = json.loads(row)
            yield Line(int(entry["__REALTIME_TIMESTAMP"]) // 1000, _text(entry))
        except (ValueError, KeyError, TypeError):
            continue


def _text(entry: dict[str, Any]) -> str:
    message = entry.get("MESSAGE") or ""
    if isinstance(message, list):
        # What is no UTF-8 comes as a list of bytes.
        message = bytes(message).decode("utf-8", errors="replace")
    source = entry.get("_SYSTEMD_UNIT") or entry.get("UNIT") or "?"
    if source == "init.scope":
        source = entry.get("UNIT", source)
    return f"{source}: {message}"

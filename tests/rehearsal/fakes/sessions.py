"""Who was connected to a PostgreSQL, and for how long, by its own log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

# What is read here: the time, in seconds since 1970, and the process of the connection.
LOG_SETTINGS = """
log_connections = on
log_disconnections = on
log_line_prefix = '%n [%p] '
"""
_LINE = re.compile(
    r"^(?P<at>[\d.]+) \[(?P<process>\d+)\] LOG:  "
    r"(?:connection (?P<comes>authorized)|disconnection): .*?\buser=(?P<user>\S+) database="
)


@dataclass(frozen=True)
class Session:
    """A connection, in seconds since 1970; ``ended`` is infinite while it is open."""

    began: float
    ended: float


def sessions_of(user: str, log: str) -> list[Session]:
    """The connections of one user, in the order in which they began."""
    return sorted(_found(user, log), key=lambda session: session.began)


def _found(user: str, log: str) -> Iterator[Session]:
    opened: dict[str, float] = {}
    for line in log.splitlines():
        found = _LINE.match(line)
        if found is None or found["user"] != user:
            continue
        at, process = float(found["at"]), found["process"]
        if found["comes"]:
            opened[process] = at
        elif process in opened:
            yield Session(opened.pop(process), at)
    yield from (Session(began, inf) for began in opened.values())

"""For how long something is missing to visitors, by the rehearsal's reports: a table."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Outage:
    """Something that happens to a pod, and what visitors have meanwhile.

    ``part`` and ``figure`` are how a story of the rehearsal calls what it measures of it.
    """

    what: str
    part: str
    figure: str
    meanwhile: str


OUTAGES = (
    Outage(
        "A new machine boots: any change, an upgrade",
        "first boot",
        "signal of success",
        "nothing is missing: the old machine serves until the new one has signalled",
    ),
    Outage(
        "One machine takes the place of another",
        "What comes after a machine",
        "longest between two answers, seconds",
        "nothing is missing",
    ),
    Outage(
        "The database's password changes, and the new machine is there before the database's",
        "Rotation",
        "the new pod first: from the change to the front",
        "whoever is connected notices nothing, others read that the pod is waking up",
    ),
    Outage(
        "A database is dumped, for a move",
        "Moving",
        "dump, seconds",
        "a page says that the pod is waking up; other pods send again",
    ),
    Outage(
        "It is loaded into the second stack",
        "Moving",
        "load until pages answer, seconds",
        "the same",
    ),
    Outage(
        "The machine restarts",
        "reboot",
        "first page, from the order on",
        "no page; other pods send again",
    ),
    Outage(
        "It restarts in the night for an update's sake",
        "Updates",
        "a restart for an update's sake, from the last page to the next",
        "the same",
    ),
    Outage(
        "The database sleeps, and takes 20 seconds to wake",
        "database away",
        "asleep for 20 s: the page is back after",
        "landing page and login answer, the rest says that the pod is waking up",
    ),
    Outage(
        "The database's connections end without a word, as where its machine is lost",
        "database away",
        "connections that died silently are given up after",
        "the same",
    ),
    Outage(
        "The mount of the bucket breaks",
        "photos",
        "s3fs killed: the next photo is taken after at most",
        "pages answer, uploads are refused",
    ),
    Outage(
        "The bucket is out of reach; counted from when it is back",
        "photos",
        "bucket cannot be reached, then back: a photo is taken after",
        "the same, and photos are missing",
    ),
    Outage(
        "SES does not answer for a moment",
        "mail",
        "SES away for a moment: from the form to SES",
        "nothing is missing: the mail comes later",
    ),
)


def outages_table(reports: Iterable[str]) -> str:
    """The outages that a report, a page of Markdown, has a figure of; others are left out."""
    measured: dict[tuple[str, str], str] = {}
    for report in reports:
        measured |= _figures(report)
    rows = [
        f"| {outage.what} | {_with_unit(outage, measured[key])} | {outage.meanwhile} |"
        for outage in OUTAGES
        if (key := (outage.part.lower(), outage.figure)) in measured
    ]
    return "\n".join(["| What happens | for | Visitors meanwhile |", "|---|--:|---|", *rows])


def _with_unit(outage: Outage, value: str) -> str:
    """How long it took, without what else the report says of it."""
    seconds = value.partition(";")[0]
    return f"{seconds} s" if outage.figure.endswith(", seconds") else seconds


def _figures(report: str) -> dict[tuple[str, str], str]:
    """What was measured, by the table that it stands in and by its name there."""
    found: dict[tuple[str, str], str] = {}
    part = ""
    for line in report.splitlines():
        if line.startswith("#"):
            part = line.lstrip("# ").lower()
        elif cells := re.match(r"\| (.+?) \| (.+?) \|", line):
            found[part, cells[1]] = cells[2]
    return found

"""The commands of a podmin: what they print. They end with 0, or with 1 where one has to act."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence

from .. import aws, files
from ..errors import Trouble
from ..machine import Machine
from ..progress import say
from ..settings import load
from . import admin, bundle, console, doctor, logs, queue, status
from .import_account import import_account
from .words import kilobytes

JOBS = {"count": queue.show_counts, "failed": queue.show_failed, "retry": queue.retry}


def run(machine: Machine, given: argparse.Namespace) -> int:
    """Run one of them; raises Trouble."""
    table: dict[str, Callable[[], int]] = {
        "status": lambda: _status(machine, ask_database=given.database),
        "doctor": lambda: _doctor(machine),
        "logs": lambda: logs.show(given.part, given.lines, follow=given.follow),
        "console": lambda: console.open_console(machine),
        "admin": lambda: _admin(machine, given.name, given.email, unseen=given.unseen),
        "import": lambda: _import(machine, given.name, given.files),
        "jobs": lambda: _print(JOBS[given.what]()),
        "support-bundle": lambda: _support(machine),
    }
    return table[given.command]()


def ask_as_app(machine: Machine, name: str) -> int:
    """One of the doctor's questions, asked as whoever we are."""
    found = doctor.answer(machine, load(machine), name)
    print(found.trouble or found.found)
    return int(bool(found.trouble))


def _status(machine: Machine, *, ask_database: bool) -> int:
    wrong = False
    for line in status.lines(machine, load(machine), ask_database=ask_database):
        print(line.text(), flush=True)
        wrong |= line.found.wrong
    return int(wrong)


def _doctor(machine: Machine) -> int:
    print("Everything is asked once, and a database that sleeps wakes for it.", flush=True)
    wrong = 0
    for finding in doctor.visit(machine, load(machine)):
        print(doctor.text(finding), flush=True)
        wrong += bool(finding.trouble)
    print(f"{wrong} wrong." if wrong else "All is well.")
    return int(wrong > 0)


def _admin(machine: Machine, name: str, email: str, *, unseen: bool) -> int:
    if unseen:
        admin.grant_unseen(machine, load(machine), name, email)
    else:
        admin.grant(machine, name, email)
    return 0


def _import(machine: Machine, name: str, sources: Sequence[str]) -> int:
    # Nobody restarts the machine meanwhile, nor moves the pod.
    with files.alone(machine.moving):
        import_account(machine, name, sources)
    return 0


def _print(lines: Iterator[str]) -> int:
    for line in lines:
        print(line)
    return 0


def _support(machine: Machine) -> int:
    told, name = load(machine), bundle.new_name()
    made = bundle.make(machine, told, name)
    try:
        bundle.keep(machine, made)
    except OSError as error:
        # A full disk is among what it may have to tell of.
        say(f"it is not kept here: {machine.support_bundle}: {error.strerror}")
    print(f"{kilobytes(len(made))}: logs, state, settings and versions, without secrets, names of")
    print("people and their addresses. Read it all the same before you send it to anybody.")
    try:
        key = bundle.send(aws.client("s3", told.region), told, name, made)
    except Trouble as trouble:
        say(f"{trouble}: it is here only, if at all: {machine.support_bundle}")
        raise
    print(f"It is in the bucket {told.bucket}, for some days: {key}")
    print("S3 console > the bucket > that file > Download.")
    return 0

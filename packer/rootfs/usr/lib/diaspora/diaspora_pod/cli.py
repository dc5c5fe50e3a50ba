"""The commands of ``diaspora-pod``: those that the boot's units run, and those of a podmin."""

from __future__ import annotations

import argparse
import contextlib
import functools
import os
import socket
from collections.abc import Callable, Iterator, Sequence

from . import aws, database, exports, web
from .boot import assets, uploads
from .boot.first_boot import watch_first_boot
from .boot.migrate import Migration
from .boot.prepare import prepare, read_login
from .errors import Permanent, Trouble
from .machine import WEB_SOCKET, Machine
from .moving import commands as moving
from .moving import handover
from .operator import typed
from .patience import patiently
from .progress import Progress, say
from .settings import load

# Asked once, they answer from then on while the database sleeps.
# The login page first: whoever asks for it is no stranger, who wakes the database four times a day.
WARMED_PAGES = ("/users/sign_in", "/")
# A minute and a half for each; jobs wait meanwhile.
WARM_ATTEMPTS = 8


def main(arguments: Sequence[str] | None = None, machine: Machine | None = None) -> int:
    """Run one command; returns 0, or 1 where a person has to put something right."""
    given = parser().parse_args(arguments)
    machine = machine or Machine()
    try:
        return _run(given, machine) or 0
    except Trouble:
        # Said already, by who met it.
        return 1


def parser() -> argparse.ArgumentParser:
    """What a command line may be."""
    made = argparse.ArgumentParser(prog="diaspora-pod", description=__doc__)
    commands = made.add_subparsers(dest="command", required=True)
    commands.add_parser("prepare", help="write every file that the other units read")
    prefix = commands.add_parser("prefix", help="make a folder of the bucket ready to be mounted")
    prefix.add_argument("name", choices=uploads.FOLDERS)
    commands.add_parser("migrate", help="bring the database's schema to the image's")
    commands.add_parser("warm", help="ask for the pages that must answer without a database")
    commands.add_parser("assets", help="exchange public assets with the bucket")
    commands.add_parser("exports", help="tell nginx the bucket's address of what was exported")
    typed.add_parsers(commands)
    commands.add_parser("dump", help="stop the pod, and send its database to the bucket")
    commands.add_parser("resume", help="start again what dump has stopped")
    loaded = commands.add_parser("load", help="make another stack's dump this pod's database")
    taken = commands.add_parser("take-jobs", help="go on with the jobs that waited at a dump")
    for command in (loaded, taken):
        command.add_argument("name", metavar="NAME", help="the name that dump has told")
    commands.add_parser("worries", help="mail the admin what is wrong with the machine")
    commands.add_parser("may-restart", help="fail if a restart would interrupt somebody's work")
    handed = commands.add_parser("handover", help="pass what waits on to the next machine")
    handed.add_argument("part", choices=("settle", "give", "take"))
    commands.add_parser("watch", help="signal how this instance's first boot ended")
    return made


def _run(given: argparse.Namespace, machine: Machine) -> int | None:
    commands: dict[str, Callable[[], int | None]] = {
        "prepare": lambda: prepare(machine, Progress(machine, "prepare")),
        "prefix": lambda: _prefix(machine, given.name),
        "migrate": lambda: _migrate(machine),
        "warm": lambda: _warm(machine),
        "assets": lambda: _assets(machine),
        "exports": lambda: _exports(machine),
        "dump": lambda: _move(machine, "dump"),
        "resume": lambda: _move(machine, "resume"),
        "load": lambda: _move(machine, "load", given.name),
        "take-jobs": lambda: _move(machine, "take-jobs", given.name),
        "worries": lambda: _worries(machine),
        "may-restart": lambda: _may_restart(machine),
        "handover": lambda: _hand_over(machine, given.part),
        "watch": lambda: watch_first_boot(machine),
        **dict.fromkeys(typed.COMMANDS, lambda: _operate(given, machine)),
    }
    return commands[given.command]()


def _prefix(machine: Machine, name: str) -> None:
    progress = Progress(machine, f"prefix-{name}")

    def make() -> None:
        s3 = aws.client("s3", settings.region)
        uploads.make_folder(s3, settings, name)

    with progress.step(f"mount-{name}"):
        settings = load(machine)
        patiently(make, progress.waiting)


def _migrate(machine: Machine) -> None:
    progress = Progress(machine, "migrate")
    with progress.step("database"):
        login = read_login(load(machine), progress.waiting)
    Migration(machine, progress, lambda: database.connect(login)).run()


def _warm(machine: Machine) -> None:
    progress = Progress(machine, "warm")
    with progress.step("warm"):
        domain = load(machine).domain_name
        for page in WARMED_PAGES:
            ask = functools.partial(web.ask_application, WEB_SOCKET, page, domain)
            patiently(ask, progress.waiting, attempts=WARM_ATTEMPTS)


def _assets(machine: Machine) -> None:
    """No step of the boot: what goes wrong here is told to the log, and fails no first boot."""
    settings = load(machine)

    def exchange() -> None:
        assets.exchange(machine, settings, aws.client("s3", settings.region))

    try:
        patiently(exchange, lambda reason: say(f"waiting: {reason}"))
    except Permanent as trouble:
        say(str(trouble))
        raise


def _hand_over(machine: Machine, part: str) -> None:
    try:
        handover.run(machine, part)
    except Trouble as trouble:
        say(str(trouble))
        raise


def _exports(machine: Machine) -> None:
    settings = load(machine)
    with socket.socket(fileno=exports.LISTENING) as listening:
        exports.serve(listening, functools.partial(exports.address, settings))


@contextlib.contextmanager
def _by_root(words: str) -> Iterator[None]:
    """Refuse anybody else, and say what goes wrong to whoever typed the command."""
    try:
        if os.geteuid() != 0:
            raise Permanent(f"only root may: sudo diaspora-pod {words}")
        yield
    except Trouble as trouble:
        say(f"diaspora-pod: {trouble}")
        raise


def _operate(given: argparse.Namespace, machine: Machine) -> int:
    # Much that no unit of the boot needs.
    from .operator import commands

    if given.command == "doctor" and given.ask:
        return commands.ask_as_app(machine, given.ask)
    with _by_root(given.command):
        return commands.run(machine, given)


def _move(machine: Machine, command: str, name: str = "") -> None:
    with _by_root(f"{command} {'NAME' if name else ''}".strip()):
        moving.run(machine, command, name)


def _worries(machine: Machine) -> None:
    # No unit of the boot needs it.
    from .operator import mailing

    with _by_root("worries"):
        mailing.mail_worries(machine)


def _may_restart(machine: Machine) -> None:
    from .operator import restart

    with _by_root("may-restart"):
        restart.want_nobody_at_work(machine)

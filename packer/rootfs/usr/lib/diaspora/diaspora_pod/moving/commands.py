"""Moving a pod to another database: the commands that a person types on the pods of two stacks."""

from __future__ import annotations

import signal

from .. import aws, files
from ..boot.prepare import read_login
from ..machine import Machine
from ..settings import load
from .dump import Dump, new_name, resume, waiting
from .load import Load, take_jobs
from .transfer import Transfer


def run(machine: Machine, command: str, name: str) -> None:
    """Run ``dump``, ``resume``, ``load`` or ``take-jobs``, one at a time; raises Trouble.

    A terminal that goes away ends it in order.
    """
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, _end)
    with files.alone(machine.moving):
        if command == "resume":
            resume()
        else:
            _through_the_bucket(machine, command, name or new_name())


def _through_the_bucket(machine: Machine, command: str, name: str) -> None:
    settings = load(machine)
    transfer = Transfer(aws.client("s3", settings.region), settings.bucket, name)
    if command == "take-jobs":
        take_jobs(settings, transfer)
        return
    login = read_login(settings, waiting)
    move = Dump if command == "dump" else Load
    move(machine, settings, transfer, login).run()


def _end(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)

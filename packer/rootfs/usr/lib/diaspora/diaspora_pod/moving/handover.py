"""What waits in a machine's queue goes on in the machine that comes after it.

``give`` is a machine's last word, ``take`` looks for those of others. The new machine is there
first: CloudFormation ends the old one when the new one has signalled. A queue that machines share
is handed over by none of them.
"""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator

from .. import aws, files, jobs, log_group, redis, units
from ..boot.steps import SIDEKIQ
from ..errors import Permanent, Transient, Trouble
from ..journal import Line
from ..machine import Machine
from ..patience import patiently
from ..progress import say
from ..settings import Settings, load
from .dump import new_name, waiting
from .shelf import Shelf

# Seconds: EC2 waits a few minutes for all of a machine, and says no number.
ATTEMPTS = 4
# The log must not take that time.
LOG_ATTEMPTS = 2
# Names of those that are of no use, told once in a boot.
REFUSED = "handover-refused"


def run(machine: Machine, part: str) -> None:
    """Do ``settle``, ``give`` or ``take``; raises Trouble."""
    {"settle": settle, "give": give, "take": take}[part](machine)


def settle(machine: Machine) -> None:
    """At a boot, forget the jobs that this machine handed over when it went down.

    Where it ended in the midst of that, they are in its own file still, and in the bucket too.
    """
    try:
        name = machine.handed_over.read_text(encoding="ascii")
    except FileNotFoundError:
        return
    settings = load(machine)

    def forget() -> None:
        if not Shelf(aws.client("s3", settings.region), settings).has_seen(name):
            say(f"{name} has never arrived: what is in the queue here counts")
            return
        with redis.connected() as queue:
            jobs.drop(queue)
            jobs.sync(queue)
        say(f"{name} has arrived in the bucket: what is in the queue here counts no longer")

    patiently(forget, waiting)
    machine.handed_over.unlink()


def give(machine: Machine) -> None:
    """At the machine's end, hand over what waits in its queue; raises Trouble where that fails."""
    if not units.is_switched_off():
        say("the machine goes on: what waits stays in its queue")
        return
    settings = load(machine)
    if not settings.runs_jobs:
        say("this pod does no jobs, and hands none over")
        return
    if units.is_held(SIDEKIQ.unit):
        say("a dump was made here, and the jobs are in it")
        return
    with _told(settings, "what waits"), redis.connected() as queue:
        count = jobs.count(queue)
    if not count:
        say("nothing waits, and nothing is handed over")
        return
    with _told(settings, f"{count} jobs"), redis.connected() as queue:
        name = _give(machine, settings, queue)
    tell(settings, f"{count} jobs are handed over: {name}")


def _give(machine: Machine, settings: Settings, queue: redis.Redis) -> str:
    instance = patiently(aws.instance_id, waiting, attempts=ATTEMPTS)
    name = f"{new_name()}-{instance}"
    owner = {"owner": machine.owner, "group": machine.group}
    files.write(machine.handed_over, name, mode=0o644, **owner)
    Shelf(aws.client("s3", settings.region), settings).send(name, jobs.entries(queue))
    jobs.drop(queue)
    jobs.sync(queue)
    machine.handed_over.unlink()
    return name


@contextlib.contextmanager
def _told(settings: Settings, what: str) -> Iterator[None]:
    """Whatever ends the hand-over is told where somebody reads it: the machine is gone."""
    # What systemd sends when it took too long.
    signal.signal(signal.SIGTERM, _end)
    try:
        yield
    except (Trouble, SystemExit) as trouble:
        reason = str(trouble) if isinstance(trouble, Trouble) else "it took too long"
        tell(settings, f"not handed over, and lost with this machine: {what}: {reason}")
        raise


def _end(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def take(machine: Machine) -> None:
    """Take what others have handed over; raises Trouble where something could not be taken.

    What passes by waiting is left to the next look.
    """
    settings = load(machine)
    if not settings.runs_jobs:
        return
    shelf = Shelf(aws.client("s3", settings.region), settings)
    refused = _refused(machine)
    names = [name for name in shelf.names() if name not in refused]
    if names:
        # A dump reads the queue, once, and nothing may come into it after that.
        with files.alone(machine.moving):
            _take_all(machine, settings, shelf, names)


def _take_all(machine: Machine, settings: Settings, shelf: Shelf, names: list[str]) -> None:
    if units.is_held(SIDEKIQ.unit):
        raise Transient("a dump was made here, and the next pod takes what comes")
    instance = aws.instance_id()
    failed = False
    # The oldest last: what is put last is done first.
    for name in names:
        try:
            _take(settings, shelf, name, instance)
        except Permanent as trouble:
            failed = True
            _refuse(machine, name)
            tell(settings, f"{name} cannot be taken: {trouble}")
    if failed:
        raise Permanent("not all that was handed over could be taken")


def _take(settings: Settings, shelf: Shelf, name: str, instance: str) -> None:
    taker = shelf.claim(name, instance)
    if taker != instance:
        say(f"{name} is taken by {taker}")
        return
    with redis.connected() as queue:
        count = jobs.put(queue, shelf.entries(name), name)
        # Not before it is on the disk.
        jobs.sync(queue)
    shelf.remove(name)
    tell(settings, f"{count} jobs go on here: {name}")


def _refused(machine: Machine) -> set[str]:
    try:
        return set((machine.run / REFUSED).read_text(encoding="ascii").split())
    except FileNotFoundError:
        return set()


def _refuse(machine: Machine, name: str) -> None:
    names = "\n".join(sorted({*_refused(machine), name}))
    owner = {"owner": machine.owner, "group": machine.group}
    files.write(machine.run / REFUSED, names, mode=0o644, **owner)


def tell(settings: Settings, text: str) -> None:
    """Say something, in the pod's log group too; fails of nothing."""
    say(text)
    line = Line(int(time.time() * 1000), f"diaspora-handover: {text}")

    def ship() -> None:
        logs = aws.client("logs", settings.region)
        log_group.ship(logs, settings.log_group, aws.instance_id(), [line])

    try:
        patiently(ship, waiting, attempts=LOG_ATTEMPTS)
    except Trouble as trouble:
        say(f"the log stays on this machine: {trouble}")

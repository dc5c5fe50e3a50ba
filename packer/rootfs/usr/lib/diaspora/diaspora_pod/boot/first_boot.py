"""The first boot of an instance: recognised, watched, and told to CloudFormation once."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .. import aws, files, journal, log_group, settings, units, web
from ..errors import Permanent, Transient
from ..machine import CONSOLE, Machine
from ..patience import patiently
from ..progress import Note, read_failure, read_progress, say
from .migrate import NEWER
from .steps import MIGRATE, steps
from .watch import Eyes, watch

# CloudFormation's limit for the id that its event shows.
MAX_UNIQUE_ID = 64
# The log must not keep the signal waiting: CloudFormation gives up by itself in the end.
LOG_ATTEMPTS = 3
# Seconds, where the settings are too broken to say them: they fail long before.
DEADLINE = 960.0
# What the front asks of a pod that is up.
PAGES = ("/.well-known/nodeinfo", "/")


@dataclass(frozen=True)
class Stack:
    """Who waits for the signal. Read without the schema: bad settings have to be signalled too."""

    region: str
    stack_id: str
    resource: str
    log_group: str
    domain: str
    runs_jobs: bool
    deadline: float


def read_stack(machine: Machine) -> Stack:
    """Raises Permanent where the settings do not even say whom to tell."""
    values = settings.read(machine)
    try:
        return Stack(
            region=str(values["region"]),
            stack_id=str(values["stack_id"]),
            resource=str(values["signal_resource"]),
            log_group=str(values.get("log_group", "")),
            domain=str(values.get("domain_name", "")),
            runs_jobs=values.get("owns_domain") == "yes",
            deadline=_seconds(values.get("first_boot_deadline")),
        )
    except KeyError as error:
        raise Permanent(f"{machine.settings} does not say whom to signal: no {error}") from error


def _seconds(value: object) -> float:
    return float(value) if isinstance(value, str) and value.isdecimal() else DEADLINE


def is_first_boot(machine: Machine, instance: str) -> bool:
    """Whether this instance has not signalled yet; an image may carry another one's mark."""
    try:
        return machine.signalled.read_text(encoding="ascii").strip() != instance
    except FileNotFoundError:
        return True


def watch_first_boot(machine: Machine) -> None:
    """Watch the boot and signal its end, unless this instance has done so before."""
    instance = patiently(aws.instance_id, lambda reason: say(f"waiting: {reason}"))
    if not is_first_boot(machine, instance):
        say("no first boot of this instance: nothing to signal")
        return
    try:
        stack = read_stack(machine)
    except Permanent as trouble:
        announce(f"the first boot failed at the step settings: {trouble}")
        raise
    started = units.machine_started()
    failed = watch(steps(stack.runs_jobs), _eyes(machine, stack), started, stack.deadline)
    Herald(machine, stack, instance).tell(failed)


def _eyes(machine: Machine, stack: Stack) -> Eyes:
    def answer() -> None:
        for page in PAGES:
            web.ask_nginx(page, stack.domain)

    return Eyes(
        states=units.states,
        failure=lambda command: read_failure(machine, command),
        progress=lambda command: read_progress(machine, command),
        answer=answer,
    )


class Herald:
    """Tells how a first boot ended: people first, then the log group, then CloudFormation."""

    def __init__(
        self,
        machine: Machine,
        stack: Stack,
        instance: str,
        *,
        client: Callable[[str, str], Any] = aws.client,
        read_journal: Callable[[], list[journal.Line]] = journal.read,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._machine = machine
        self._stack = stack
        self._instance = instance
        self._client = client
        self._read_journal = read_journal
        self._sleep = sleep

    def tell(self, failed: Note | None) -> None:
        """Tell that it worked, or at which step it failed. Fails of nothing itself."""
        remark = _remark(self._machine)
        line = "the first boot worked"
        if failed is not None:
            line = f"the first boot failed at the step {failed.step}: {failed.reason}"
        elif remark is not None:
            line = f"{line}, with a remark of the step {remark.step}: {remark.reason}"
        announce(line)
        self._ship_log()
        self._signal("SUCCESS" if failed is None else "FAILURE", failed or remark)
        self._mark()

    def _ship_log(self) -> None:
        lines = self._read_journal()

        def ship() -> None:
            logs = self._client("logs", self._stack.region)
            log_group.ship(logs, self._stack.log_group, self._instance, lines)

        try:
            patiently(ship, self._waiting, attempts=LOG_ATTEMPTS, sleep=self._sleep)
        except (Permanent, Transient) as trouble:
            say(f"the log stays on this machine: {trouble}")

    def _signal(self, status: str, shown: Note | None) -> None:
        # What is told as done outlives a power cut: nobody else syncs what cloud-init wrote.
        os.sync()

        def signal() -> None:
            cloudformation = self._client("cloudformation", self._stack.region)
            with aws.troubles("the signal to CloudFormation"):
                cloudformation.signal_resource(
                    StackName=self._stack.stack_id,
                    LogicalResourceId=self._stack.resource,
                    UniqueId=unique_id(self._instance, shown),
                    Status=status,
                )

        try:
            patiently(signal, self._waiting, sleep=self._sleep)
        except Permanent as trouble:
            # A stack that waits for no signal, say. The pod is none the worse for it.
            say(f"not signalled: {trouble}")

    def _mark(self) -> None:
        machine = self._machine
        files.make_folder(machine.signalled.parent)
        files.write(
            machine.signalled,
            f"{self._instance}\n",
            mode=0o644,
            owner=machine.owner,
            group=machine.group,
        )

    def _waiting(self, reason: str) -> None:
        say(f"waiting: {reason}")


def unique_id(instance: str, shown: Note | None) -> str:
    """What the stack's event shows: the instance, and the step that failed or has a remark."""
    return (instance if shown is None else f"{instance}.{shown.step}")[:MAX_UNIQUE_ID]


def _remark(machine: Machine) -> Note | None:
    """What whoever looks at the stack has to know of a boot that worked, or None."""
    told = read_progress(machine, MIGRATE.command)
    return told if told is not None and told.step == NEWER else None


def announce(line: str) -> None:
    """Write one line to the log and to the console, which EC2 shows of any machine."""
    say(line)
    with contextlib.suppress(OSError), CONSOLE.open("w", encoding="utf-8") as console:
        console.write(f"\ndiaspora-pod: {' '.join(line.split())}\n")

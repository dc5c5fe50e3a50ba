"""What systemd says of units."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

from .errors import Transient

TIMEOUT = 30
# A web server has 10 minutes to start, on the tenth of a processor.
CONTROL_TIMEOUT = 900
PROPERTIES = ("Id", "ActiveState", "NRestarts", "Result", "ActiveEnterTimestampMonotonic")
# What systemd starts when a machine is switched off, and not when it is started anew.
OFF = ("poweroff.target", "halt.target")


@dataclass(frozen=True)
class State:
    """A unit's state: ``active`` as systemd names it, and how often it was started again.

    ``entered`` is when it became active, in the seconds of time.monotonic().
    """

    active: str = "unknown"
    restarts: int = 0
    result: str = ""
    entered: float = 0.0


def states(units: Iterable[str]) -> dict[str, State]:
    """The state of each unit; empty where systemd does not answer."""
    try:
        answer = subprocess.run(
            ["systemctl", "show", f"--property={','.join(PROPERTIES)}", *units],
            capture_output=True,
            text=True,
            check=True,
            timeout=TIMEOUT,
        )
    except subprocess.SubprocessError:
        return {}
    return parse(answer.stdout)


def failed() -> list[str]:
    """Every unit of the machine that failed; raises Transient where systemd does not answer."""
    command = ["systemctl", "list-units", "--state=failed", "--plain", "--no-legend"]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=TIMEOUT
        )
    except subprocess.SubprocessError as error:
        raise Transient(f"systemctl list-units: {error}") from error
    return [line.split()[0] for line in answer.stdout.splitlines()]


def control(verb: str, *units: str) -> None:
    """Have systemd start, stop, mask units or the like; raises Transient where it does not."""
    command = ["systemctl", verb, "--quiet", *units]
    try:
        subprocess.run(command, check=True, timeout=CONTROL_TIMEOUT)
    except subprocess.SubprocessError as error:
        raise Transient(f"systemctl {verb} {' '.join(units)}: {error}") from error


def is_held(unit: str) -> bool:
    """Whether somebody has forbidden to start a unit; not where systemd does not answer."""
    return _asked("show", "--property=LoadState", "--value", unit).strip() == "masked"


def is_switched_off() -> bool:
    """Whether the machine is being switched off; not where it is only started anew.

    EC2 presses the same button to stop a machine and to end it for good.
    """
    jobs = (line.split() for line in _asked("list-jobs", "--no-legend").splitlines())
    return any(job[1:3] == [target, "start"] for job in jobs for target in OFF)


def machine_started() -> float:
    """When this machine's systemd began, in the seconds of time.monotonic().

    What came before, CloudFormation has counted and nobody here: EC2's start of the machine, and
    the kernel's. 0 where systemd does not answer, which is when the kernel began.
    """
    command = ["systemctl", "show", "--property=UserspaceTimestampMonotonic", "--value"]
    try:
        answer = subprocess.run(command, capture_output=True, check=True, timeout=TIMEOUT)
        return int(answer.stdout) / 1_000_000
    except (subprocess.SubprocessError, ValueError):
        return 0.0


def _asked(*words: str) -> str:
    """What systemctl answers; nothing where it does not."""
    command = ["systemctl", "--no-pager", *words]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=TIMEOUT
        )
    except subprocess.SubprocessError:
        return ""
    return answer.stdout


def parse(text: str) -> dict[str, State]:
    """Read what ``systemctl show`` says: a block of lines for each unit."""
    blocks = (
        dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        for block in text.split("\n\n")
    )
    return {
        block["Id"]: State(
            block.get("ActiveState", ""),
            int(block.get("NRestarts") or 0),
            block.get("Result", ""),
            int(block.get("ActiveEnterTimestampMonotonic") or 0) / 1_000_000,
        )
        for block in blocks
        if "Id" in block
    }

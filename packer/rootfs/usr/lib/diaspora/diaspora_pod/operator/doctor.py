"""``diaspora-pod doctor``: asks for everything that the pod needs, and says what to do."""

from __future__ import annotations

import subprocess
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from .. import application
from ..errors import Permanent, Transient
from ..machine import Machine
from ..settings import Settings
from . import app_checks, machine_checks
from .check import Check, Finding, examine
from .status import WIDTH

CHECKS = (*machine_checks.CHECKS, *app_checks.CHECKS)
PROGRAM = "/usr/sbin/diaspora-pod"
# A database that wakes takes most of it.
PATIENCE = 60
# Each of the application's is a Python of its own, and a small machine has little memory.
AT_ONCE = 3
COLUMN = 15


def visit(machine: Machine, told: Settings) -> Iterator[Finding]:
    """Ask every check that concerns this pod; what came of each, in their order."""
    asked = [check for check in CHECKS if check.concerns(told)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(lambda check: _examine(check, machine, told), asked)


def answer(machine: Machine, told: Settings, name: str) -> Finding:
    """Ask one check as whoever we are."""
    check = next(check for check in CHECKS if check.name == name)
    return examine(check, lambda: check.ask(machine, told))


def text(finding: Finding) -> str:
    """What is told of one check, in lines of a bearable length."""
    state = "WRONG" if finding.trouble else "ok   "
    told = _filled(f"{state} {finding.check.name:<{COLUMN}}", finding.trouble or finding.found)
    if not finding.trouble:
        return told
    return "\n".join([told, _filled(f"      {'what to do':<{COLUMN}}", finding.check.remedy)])


def _filled(first: str, words: str) -> str:
    return textwrap.fill(
        words,
        width=WIDTH,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_on_hyphens=False,
        break_long_words=False,
    )


def _examine(check: Check, machine: Machine, told: Settings) -> Finding:
    if check.as_app:
        return examine(check, lambda: _ask_as_app(machine, check.name))
    return examine(check, lambda: check.ask(machine, told))


def _ask_as_app(machine: Machine, name: str) -> str:
    process = application.start_program(machine, [PROGRAM, "doctor", "--ask", name])
    try:
        output, _ = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired as error:
        # Who waits for a mount that is dead may not hear it, and is not waited for.
        process.kill()
        raise Transient(f"no answer within {PATIENCE} s") from error
    words = output.decode("utf-8", "replace").strip()
    if process.returncode != 0:
        raise Permanent(words or f"ended with {process.returncode}")
    return words

"""Mailing worries to the admin through the stack's topic, each now and then."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from typing import Any

from .. import aws, files
from ..errors import Trouble
from ..machine import Machine
from ..progress import say
from ..settings import Settings, load
from .sights import DAY, Look
from .worries import WORRIES, Worry

# What SNS takes as a subject is less than 100 characters of ASCII (its API reference, "Publish").
MAX_SUBJECT = 99
Told = dict[str, float]


def mail_worries(
    machine: Machine,
    worries: Iterable[Worry] = WORRIES,
    *,
    client: Callable[[str, str], Any] = aws.client,
    clock: Callable[[], float] = time.time,
) -> None:
    """Look at everything once, and mail what was not mailed of late. Raises Permanent.

    What cannot be looked at or mailed is told to the log, and tried again at the next time.
    """
    settings = load(machine)
    look = Look(machine, settings, clock())
    told = _read(machine)
    for worry in worries:
        seen = _see(worry, look)
        if not seen or _is_fresh(told.get(worry.cause), worry, look.now):
            continue
        say(f"{worry.title}: {seen}")
        if _mail(settings, worry, seen, client):
            told[worry.cause] = look.now
            _write(machine, told)


def subject(settings: Settings, worry: Worry) -> str:
    """What a mail is called, in which its pod is named."""
    return f"{settings.domain_name}: {worry.title}"[:MAX_SUBJECT]


def text(settings: Settings, worry: Worry, seen: str) -> str:
    """What a mail says."""
    often = "day" if worry.days == 1 else f"{worry.days} days"
    return (
        f"What the pod {settings.domain_name} sees: {worry.title}: {seen}.\n\n"
        f"What it means: {worry.means}\n\n"
        f"What to do: {worry.remedy}\n\n"
        f"For as long as it is so, this comes every {often}.\n"
    )


def _see(worry: Worry, look: Look) -> str:
    try:
        return worry.see(look)
    # Whatever it is: the one that cannot be seen keeps no other from being told.
    except Exception as error:
        say(f"{worry.cause}: not seen: {type(error).__name__}: {error}")
        return ""


def _is_fresh(told: float | None, worry: Worry, now: float) -> bool:
    """Whether it was mailed already. In the future it was not: the clock was set back."""
    return told is not None and 0 <= now - told < worry.days * DAY


def _mail(settings: Settings, worry: Worry, seen: str, client: Callable[[str, str], Any]) -> bool:
    """Whether it was told. A stack whose template has no topic for it leaves it to the log."""
    if not settings.alarm_topic:
        return True
    try:
        sns = client("sns", settings.region)
        with aws.troubles("the admin's topic"):
            sns.publish(
                TopicArn=settings.alarm_topic,
                Subject=subject(settings, worry),
                Message=text(settings, worry, seen),
            )
    except Trouble as trouble:
        say(f"not mailed, and tried again within the hour: {trouble}")
        return False
    return True


def _read(machine: Machine) -> Told:
    """When what was mailed last. What cannot be read is mailed once more."""
    try:
        told = json.loads(machine.worries.read_text("utf-8"))
        return {str(cause): float(when) for cause, when in told.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _write(machine: Machine, told: Told) -> None:
    content = json.dumps(told)
    files.make_folder(machine.worries.parent)
    files.write(machine.worries, content, mode=0o644, owner=machine.owner, group=machine.group)

"""What a check is: a question, who asks it, and what to do where the answer is no."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import Trouble
from ..machine import Machine
from ..settings import Settings


@dataclass(frozen=True)
class Check:
    """One thing that the pod needs.

    ``ask`` returns what it found, in few words, and raises Trouble where it is not right;
    ``remedy`` is what a person then does. ``as_app``: whether it is asked as the application's
    user. ``concerns``: whether it is asked at all, with these settings.
    """

    name: str
    remedy: str
    ask: Callable[[Machine, Settings], str]
    as_app: bool = False
    concerns: Callable[[Settings], bool] = lambda told: True


@dataclass(frozen=True)
class Finding:
    """What came of a check: either what was found, or what is wrong."""

    check: Check
    found: str = ""
    trouble: str = ""


def examine(check: Check, ask: Callable[[], str]) -> Finding:
    """Ask; whatever goes wrong is wrong with what was asked, and ends no doctor's visit."""
    try:
        return Finding(check, found=ask())
    except Trouble as trouble:
        return Finding(check, trouble=str(trouble))
    except (OSError, ValueError, LookupError, subprocess.SubprocessError) as error:
        return Finding(check, trouble=f"{type(error).__name__}: {error}")

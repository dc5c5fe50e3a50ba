"""``sudo diaspora-pod admin NAME EMAIL``: the pod's first account, and who may administer it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence

from . import application
from .errors import Permanent
from .machine import Machine

Run = Callable[[Machine, Sequence[str]], "subprocess.CompletedProcess[bytes]"]


def grant(
    machine: Machine, name: str, email: str, *, run: Run = application.run_interactively
) -> None:
    """Make the account if it is missing, and make it an admin.

    A new account's password is printed, once. Raises Permanent where the application refuses,
    which has said why by then.
    """
    script = str(machine.admin_script)
    if run(machine, ["bin/rails", "runner", script, name, email]).returncode != 0:
        raise Permanent(f"{name} was not made an admin")

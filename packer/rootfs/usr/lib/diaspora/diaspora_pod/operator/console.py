"""``diaspora-pod console``: the application's own console."""

from __future__ import annotations

import os
from typing import NoReturn

from ..machine import Machine

# A second Rails in the memory of a small machine: it goes before all that serves people.
OOM_SCORE = 900


def command(machine: Machine) -> list[str]:
    """The words that open it, with what the web server's unit has.

    systemd gives it a terminal of its own: what the pod's user runs on root's could type there.
    """
    settings = {
        "EnvironmentFile": str(machine.run / "application.env"),
        "OOMScoreAdjust": str(OOM_SCORE),
        "PrivateTmp": "yes",
        "UMask": "0027",
    }
    environment = {
        "HOME": "/var/lib/diaspora",
        "LANG": "C.UTF-8",
        "PGCONNECT_TIMEOUT": "45",
        "RAILS_ENV": "production",
        "RUBYOPT": "-W0",
        "TMPDIR": "/var/tmp",
    }
    return [
        *("systemd-run", "--quiet", "--collect", "--wait", "--pty", "--pipe"),
        *(f"--uid={machine.app_user}", f"--gid={machine.app_group}"),
        f"--working-directory={machine.app}",
        *(f"--property={name}={value}" for name, value in settings.items()),
        *(f"--setenv={name}={value}" for name, value in environment.items()),
        *(str(machine.app / "bin/rails"), "console"),
    ]


def open_console(machine: Machine) -> NoReturn:
    """Become the program that opens it."""
    words = command(machine)
    os.execvp(words[0], words)

"""The application's own commands, run as its own user."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence

from .machine import Machine

# A change of a table that waits behind a long query makes everybody wait behind itself.
LOCK_TIMEOUT = "10s"
# Seconds in which the database answers that it wakes for: 30 and more after a day of sleep.
CONNECT_TIMEOUT = "45"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def start_migration(machine: Machine) -> subprocess.Popen[bytes]:
    """Start ``rake db:migrate``, which writes to our log.

    As root it would leave files behind that the application cannot read, and would run what the
    application's user could have changed.
    """
    return _start(machine, ["bin/rake", "db:migrate"], PGOPTIONS=f"-c lock_timeout={LOCK_TIMEOUT}")


def run_interactively(
    machine: Machine, command: Sequence[str]
) -> subprocess.CompletedProcess[bytes]:
    """Run a command of the application, which writes to whoever called us."""
    process = _start(machine, command)
    return subprocess.CompletedProcess(command, process.wait())


def _start(machine: Machine, command: Sequence[str], **more: str) -> subprocess.Popen[bytes]:
    user = pwd.getpwnam(machine.app_user)
    return subprocess.Popen(
        command,
        cwd=machine.app,
        env={**_environment(user), **more},
        stdin=subprocess.DEVNULL,
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=os.getgrouplist(user.pw_name, user.pw_gid),
    )


def _environment(user: pwd.struct_passwd) -> dict[str, str]:
    """Nothing of ours is passed on but the folder for temporary files."""
    return {
        "HOME": user.pw_dir,
        "LANG": "C.UTF-8",
        "PATH": PATH,
        "PGCONNECT_TIMEOUT": CONNECT_TIMEOUT,
        "RAILS_ENV": "production",
        "USER": user.pw_name,
        **{name: os.environ[name] for name in ("TMPDIR",) if name in os.environ},
    }

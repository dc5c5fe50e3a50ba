"""The application's own commands, run as its own user."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence

from .database import Login
from .machine import DATABASE_AUTHORITIES, Machine

# A change of a table that waits behind a long query makes everybody wait behind itself.
LOCK_TIMEOUT = "10s"
# Seconds in which the database answers that it wakes for: 30 and more after a day of sleep.
CONNECT_TIMEOUT = "45"
# What diaspora* says whenever it is loaded (config/initializers/enforce_ssl.rb).
CHATTER = b"Rack::SSL is enabled\n"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def start_migration(machine: Machine) -> subprocess.Popen[bytes]:
    """Start ``rake db:migrate``, which writes to our log.

    As root it would leave files behind that the application cannot read, and would run what the
    application's user could have changed.
    """
    return _start(machine, ["bin/rake", "db:migrate"], PGOPTIONS=f"-c lock_timeout={LOCK_TIMEOUT}")


def run_interactively(
    machine: Machine, command: Sequence[str], *, inherited: Sequence[int] = ()
) -> subprocess.CompletedProcess[bytes]:
    """Run a command of the application, which writes to whoever called us, and warns of nothing."""
    process = _start(machine, command, stdout=subprocess.PIPE, inherited=inherited, RUBYOPT="-W0")
    for line in process.stdout or ():
        if line != CHATTER:
            sys.stdout.write(line.decode("utf-8", "replace"))
            sys.stdout.flush()
    return subprocess.CompletedProcess(command, process.wait())


def start_program(machine: Machine, command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a command as the application's user, whose answer is its output."""
    return _start(machine, command, stdout=subprocess.PIPE)


def start_dump(machine: Machine, to: Login, snapshot: str) -> subprocess.Popen[bytes]:
    """Start ``pg_dump``, whose output is the database as that snapshot sees it.

    Not as root: it reads what a server says.
    """
    command = [
        *("pg_dump", f"--snapshot={snapshot}", "--compress=gzip:1", "--no-owner"),
        # Another kind of database has its own. Nothing of diaspora*'s is in any of these.
        *("--no-privileges", "--no-comments", "--exclude-extension=*", "--no-large-objects"),
    ]
    escaped = re.sub(r"([\\:])", r"\\\1", to.password)
    with memory_file(machine, f"*:*:*:*:{escaped}\n".encode()) as file:
        return _start(
            machine,
            command,
            stdout=subprocess.PIPE,
            inherited=(file,),
            PGHOST=to.host,
            PGPORT=to.port,
            PGDATABASE=to.name,
            PGUSER=to.username,
            PGSSLMODE="verify-full",
            PGSSLROOTCERT=str(DATABASE_AUTHORITIES),
            PGAPPNAME="diaspora-pod",
            PGPASSFILE=f"/dev/fd/{file}",
        )


@contextlib.contextmanager
def memory_file(machine: Machine, content: bytes = b"") -> Iterator[int]:
    """A file of the application's that is in no folder: gone with the last who has it open."""
    user = pwd.getpwnam(machine.app_user)
    file = os.memfd_create("diaspora-pod")
    try:
        os.fchmod(file, 0o600)
        os.fchown(file, user.pw_uid, user.pw_gid)
        os.write(file, content)
        yield file
    finally:
        os.close(file)


def _start(
    machine: Machine,
    command: Sequence[str],
    *,
    stdout: int | None = None,
    inherited: Sequence[int] = (),
    **more: str,
) -> subprocess.Popen[bytes]:
    user = pwd.getpwnam(machine.app_user)
    return subprocess.Popen(
        command,
        cwd=machine.app,
        env={**_environment(user), **more},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        pass_fds=inherited,
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

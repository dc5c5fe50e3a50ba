"""``sudo diaspora-pod admin NAME EMAIL``: the pod's first account, and who may administer it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from typing import Any

from .. import application, aws
from ..errors import Permanent
from ..machine import Machine
from ..settings import Settings
from .bundle import FOLDER

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]
MAIL = "mail"


def grant(
    machine: Machine, name: str, email: str, *, run: Run = application.run_interactively
) -> None:
    """Make the account if it is missing, and make it an admin.

    A new account's password is printed, once. Raises Permanent where the application refuses,
    which has said why by then.
    """
    _run(run, machine, [name, email])


def grant_unseen(
    machine: Machine,
    told: Settings,
    name: str,
    email: str,
    *,
    run: Run = application.run_interactively,
    client: Callable[[str, str], Any] = aws.client,
) -> None:
    """The same, where what is printed is kept: no password is.

    The account's owner sets one by a link, which is mailed, or waits in the bucket where no mail
    is sent. Raises Trouble.
    """
    if told.sends_mail and told.runs_jobs:
        _run(run, machine, [name, email, MAIL])
        return
    with application.memory_file(machine) as file:
        _run(run, machine, [name, email, f"/dev/fd/{file}"], inherited=(file,))
        link = os.pread(file, 4096, 0)
    key = f"{FOLDER}/password-of-{name}-{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}.txt"
    with aws.troubles(f"the bucket {told.bucket}"):
        client("s3", told.region).put_object(Bucket=told.bucket, Key=key, Body=link)
    print(f"The link to set its password is in the bucket {told.bucket}: {key}")
    print("S3 console > the bucket > that file > Open. It works once, within two days.")


def _run(run: Run, machine: Machine, words: Sequence[str], inherited: Sequence[int] = ()) -> None:
    command = ["bin/rails", "runner", str(machine.admin_script), *words]
    if run(machine, command, inherited=inherited).returncode != 0:
        raise Permanent(f"{words[0]} was not made an admin")

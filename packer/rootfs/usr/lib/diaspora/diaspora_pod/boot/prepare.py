"""The first step of each boot: settings and secrets become the files that all others read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import aws, database, files
from ..machine import Machine
from ..patience import patiently
from ..progress import Progress, say
from ..settings import Settings, load, unknown
from . import own_secrets, parameters
from .render import Secrets, render, write

# Files on whose being there units depend.
RUNS_JOBS = "runs-jobs"
REBOOTS_ITSELF = "reboots-itself"


def prepare(machine: Machine, progress: Progress) -> None:
    """Read settings and secrets and write all files; raises Permanent."""
    with progress.step("settings"):
        settings = load(machine)
        for key in unknown(machine):
            say(f"settings: {key} is of a newer template: this image does not know it and goes on")
    with progress.step("secrets"):
        secrets = patiently(lambda: read_secrets(settings), progress.waiting)
    with progress.step("render"):
        write(machine, render(machine, settings, secrets))
        _mark(machine, RUNS_JOBS, settings.runs_jobs)
        _mark(machine, REBOOTS_ITSELF, settings.reboots_itself)


def read_secrets(settings: Settings) -> Secrets:
    """Every secret, of which the pod's own are made up if this is its first boot."""
    ssm = aws.client("ssm", settings.region)
    username, password = read_database_secrets(ssm, settings)
    mail_username, mail_password = "", ""
    if settings.sends_mail:
        mail_username = parameters.read(
            ssm, settings.mail_username_key, settings.mail_username_version
        )
        mail_password = parameters.read(
            ssm, settings.mail_password_key, settings.mail_password_version
        )
    own_secrets.claim(ssm, settings.secrets_path, settings.domain_name)
    return Secrets(
        session_secret=own_secrets.session_secret(ssm, settings.secrets_path),
        oidc_key=own_secrets.oidc_key(ssm, settings.secrets_path),
        database_username=username,
        database_password=password,
        mail_username=mail_username,
        mail_password=mail_password,
    )


def read_database_secrets(ssm: Any, settings: Settings) -> tuple[str, str]:
    """The database's user name and password, in the versions that the cluster has."""
    return (
        parameters.read(ssm, settings.database_username_key, settings.database_username_version),
        parameters.read(ssm, settings.database_password_key, settings.database_password_version),
    )


def read_login(settings: Settings, waiting: Callable[[str], None]) -> database.Login:
    """How to reach the database; raises Permanent."""

    def read() -> tuple[str, str]:
        return read_database_secrets(aws.client("ssm", settings.region), settings)

    return database.login(settings, *patiently(read, waiting))


def _mark(machine: Machine, name: str, is_so: bool) -> None:
    mark = machine.run / name
    if is_so:
        files.write(mark, "", mode=0o644, owner=machine.owner, group=machine.group)
    else:
        mark.unlink(missing_ok=True)

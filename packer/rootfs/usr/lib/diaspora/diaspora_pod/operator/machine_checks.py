"""What root asks: the machine, and AWS by the machine's own role."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

from .. import aws, web
from ..aws import troubles
from ..boot import own_secrets, parameters
from ..boot.migrate import known_versions, refuse_newer
from ..boot.prepare import read_database_secrets
from ..errors import Permanent
from ..machine import Machine
from ..settings import Settings
from . import findings, sights
from .check import Check
from .findings import Found
from .sights import Look
from .words import count

TIMEOUT = 30


def _want(look: Callable[[Machine, Settings], Found]) -> Callable[[Machine, Settings], str]:
    """A finding as a check: what is wrong is trouble."""

    def ask(machine: Machine, told: Settings) -> str:
        found = look(machine, told)
        if found.wrong:
            raise Permanent(found.words)
        return found.words

    return ask


def _see(sight: Callable[[Look], str], well: str) -> Callable[[Machine, Settings], str]:
    """What the pod mails as a check: it is right where nothing is seen."""

    def ask(machine: Machine, told: Settings) -> str:
        if seen := sight(Look(machine, told, time.time())):
            raise Permanent(seen)
        return well

    return ask


def _clock(_: Machine, __: Settings) -> str:
    if _run("systemd-detect-virt", "--container").returncode == 0:
        return "that of the machine around this container"
    if _run("timedatectl", "show", "--property=NTPSynchronized", "--value").stdout != "yes\n":
        raise Permanent("it follows no time server")
    return "follows a time server"


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT)


def _metadata(_: Machine, __: Settings) -> str:
    return f"this is {aws.instance_id()}"


def _secrets(_: Machine, told: Settings) -> str:
    ssm = aws.client("ssm", told.region)
    read_database_secrets(ssm, told)
    if told.sends_mail:
        parameters.read(ssm, told.mail_username_key, told.mail_username_version)
        parameters.read(ssm, told.mail_password_key, told.mail_password_version)
    for name in (own_secrets.SESSION_SECRET, own_secrets.OIDC_KEY):
        if parameters.find(ssm, f"{told.secrets_path}/{name}") is None:
            raise Permanent(f"the SSM parameter {told.secrets_path}/{name} is missing")
    return "all can be read"


def _bucket(_: Machine, told: Settings) -> str:
    s3 = aws.client("s3", told.region)
    with troubles(f"the bucket {told.bucket}"):
        s3.list_objects_v2(Bucket=told.bucket, Prefix="uploads/", MaxKeys=1)
    return "answers"


def _schema(machine: Machine, told: Settings) -> str:
    applied = findings.applied(told)
    known = known_versions(machine.app)
    refuse_newer(applied, known)
    if missing := known - applied:
        raise Permanent(f"{count(len(missing), 'migration')} of this image were not done")
    return "is the image's"


def _pages(_: Machine, told: Settings) -> str:
    web.ask_nginx("/", told.domain_name)
    return "are answered"


CHECKS = (
    Check(
        "units",
        "sudo diaspora-pod logs says why; sudo systemctl restart UNIT tries once more.",
        _want(findings.running),
    ),
    Check(
        "disk",
        "sudo journalctl --vacuum-size=50M makes some room at once; for more, update the stack "
        "with a larger PodDiskSize.",
        _want(findings.room),
    ),
    Check(
        "reboot",
        "sudo reboot: pages are away for less than a minute, and no job is lost.",
        _want(findings.reboot),
    ),
    Check(
        "image",
        "Build a new one, and update the stack with its id as PodAMI.",
        _see(sights.old_image, "is new enough"),
    ),
    Check(
        "updates",
        "sudo apt-get update, then sudo unattended-upgrade --verbose says what keeps them. A new "
        "image has all of them.",
        _see(sights.missing_updates, "get in"),
    ),
    Check(
        "certificates",
        "Update the stack with a PodAMI of the newest release; sudo apt-get install "
        "ca-certificates may do where the name has no RDS in it.",
        _see(sights.ending_authorities, f"outlast the next {sights.ENDING // sights.DAY} days"),
    ),
    Check(
        "clock",
        "sudo systemctl restart chrony. A clock that is minutes off has AWS refuse everything.",
        _clock,
    ),
    Check(
        "metadata",
        "EC2 console > the instance > Actions > Instance settings > Modify instance metadata "
        "options: enabled, version 2.",
        _metadata,
    ),
    Check(
        "secrets",
        "See that each SSM parameter which the stack's answers name is there, in that version.",
        _secrets,
    ),
    Check(
        "bucket",
        "S3 console: see that the bucket is there, and that no policy of yours denies it.",
        _bucket,
    ),
    Check(
        "mounts",
        "sudo diaspora-pod logs mounts says why. They mount by themselves once the bucket answers.",
        _want(findings.mounted),
    ),
    Check(
        "jobs",
        "sudo diaspora-pod logs jobs says what keeps them; without memory, a larger "
        "PodInstanceType helps.",
        _want(findings.jobs),
    ),
    Check(
        "schema",
        "Newer: update the stack with the PodAMI that made it, or a newer one. Not done: "
        "sudo systemctl restart diaspora-migrate.",
        _schema,
    ),
    Check(
        "pages",
        "sudo diaspora-pod logs web says why; sudo systemctl restart diaspora-web starts anew.",
        _pages,
    ),
)

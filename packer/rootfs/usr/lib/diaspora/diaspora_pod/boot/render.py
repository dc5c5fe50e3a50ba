"""Rendering the files that the pod's parts read: from settings and secrets to text."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from .. import files
from ..machine import (
    AUTHORITIES,
    DATABASE_AUTHORITIES,
    REDIS_SOCKET,
    WEB_PID,
    WEB_SOCKET,
    Machine,
)
from ..settings import Settings
from . import escaping

# Each for people, and in plain text for whatever reads no HTML.
PAGES = tuple(
    f"{page}.{kind}" for page in ("waking", "resting", "too-large") for kind in ("html", "txt")
)
# One after the other, a minute each.
DAILY_JOBS = 7
EVERY_DAY = "*"


@dataclass(frozen=True)
class Secrets:
    """What only the application may read. The mail's are empty where no mail is sent."""

    session_secret: str = field(repr=False)
    oidc_key: str = field(repr=False)
    database_username: str = field(repr=False)
    database_password: str = field(repr=False)
    mail_username: str = field(default="", repr=False)
    mail_password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Rendered:
    """A file to be: its place, its text, and whether only root and the application may read it."""

    path: Path
    content: str = field(repr=False)
    secret: bool


def render(machine: Machine, settings: Settings, secrets: Secrets) -> list[Rendered]:
    """Make every file's text; raises Permanent where a setting fits no file."""
    fill = _Filler(machine, settings, secrets)
    config = machine.app / "config"
    return [
        Rendered(config / "diaspora.toml", fill("diaspora.toml.j2"), True),
        Rendered(config / "database.yml", fill("database.yml.j2"), True),
        Rendered(config / "schedule.yml", fill("schedule.yml.j2"), True),
        Rendered(config / "oidc_key.pem", secrets.oidc_key, True),
        Rendered(config / "initializers/secret_token.rb", fill("secret_token.rb.j2"), True),
        Rendered(machine.nginx / "pod.conf", fill("nginx-pod.conf.j2"), False),
        Rendered(machine.run / "application.env", fill("application.env.j2"), False),
        Rendered(machine.run / "mount.env", fill("mount.env.j2"), False),
        *(Rendered(machine.pages / page, fill(f"pages/{page}.j2"), False) for page in PAGES),
    ]


def write(machine: Machine, rendered: list[Rendered]) -> None:
    """Write the files: what is secret for the application's group, all else for everybody."""
    for folder in (machine.nginx, machine.pages, machine.run):
        files.make_folder(folder)
    for file in rendered:
        files.write(
            file.path,
            file.content,
            mode=0o640 if file.secret else 0o644,
            owner=machine.owner,
            group=machine.app_group if file.secret else machine.group,
        )


def first_minute(domain: str) -> int:
    """The minute of the planned hour at which a pod's daily jobs begin, 0 to 52.

    Each pod's own, or all pods of this image would check all others at the same minute.
    """
    return int.from_bytes(_lot(domain)[:8], "big") % (60 - DAILY_JOBS)


def pod_check_day(settings: Settings) -> str:
    """The day at which the other pods are checked, as cron has it: the pod's own, or every one."""
    return str(_lot(settings.domain_name)[8] % 7) if settings.waits else EVERY_DAY


def _lot(domain: str) -> bytes:
    """Bytes by chance, for each domain always the same."""
    return hashlib.sha256(domain.encode()).digest()


class _Filler:
    """Fills templates, of which each writes every value through its own format's filter."""

    def __init__(self, machine: Machine, settings: Settings, secrets: Secrets) -> None:
        import jinja2

        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(machine.templates),
            # A name that is misspelt in a template is an error, not an empty text.
            undefined=jinja2.StrictUndefined,
            autoescape=lambda name: name is not None and name.endswith(".html.j2"),
            trim_blocks=True,
            keep_trailing_newline=True,
        )
        self._templates.filters.update(toml=escaping.toml, yaml=escaping.yaml, word=escaping.word)
        self._values = {
            "settings": settings,
            "secrets": secrets,
            "authorities": str(AUTHORITIES),
            "database_authorities": str(DATABASE_AUTHORITIES),
            "redis_socket": str(REDIS_SOCKET),
            "web_socket": str(WEB_SOCKET),
            "web_pid": str(WEB_PID),
            "first_minute": first_minute(settings.domain_name),
            "pod_check_day": pod_check_day(settings),
        }

    def __call__(self, template: str) -> str:
        return self._templates.get_template(template).render(self._values)

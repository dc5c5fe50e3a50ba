"""What the application needs, asked as its own user: with its files, rights and firewall."""

from __future__ import annotations

import contextlib
import http.client
import re
import secrets
import smtplib
import socket
import ssl
import subprocess
import tempfile

from .. import database, redis
from ..boot import escaping
from ..errors import Permanent, Transient
from ..machine import AUTHORITIES, Machine
from ..settings import Settings
from .check import Check

TIMEOUT = 20
METADATA = ("169.254.169.254", 80)
SMTP_PORT = 587
# As large as the smallest that a person sees.
PICTURE = ("convert", "-size", "50x50", "xc:red", "webp:-")


def _names(_: Machine, told: Settings) -> str:
    for host in (told.database_host, *_fronts(told), f"s3.{told.region}.amazonaws.com"):
        try:
            socket.getaddrinfo(host, 443)
        except OSError as error:
            raise Transient(f"{host}: {error}") from error
    return "are found"


def _fronts(told: Settings) -> list[str]:
    """Another stack's front is none of this pod's business."""
    return [told.domain_name] if told.runs_jobs else []


def _credentials(_: Machine, __: Settings) -> str:
    with contextlib.suppress(OSError), socket.create_connection(METADATA, timeout=3):
        raise Permanent("the application reaches the machine's credentials")
    return "are out of reach, as they must be"


def _authorities(_: Machine, __: Settings) -> str:
    try:
        known = ssl.create_default_context(cafile=str(AUTHORITIES)).get_ca_certs()
    except (OSError, ssl.SSLError) as error:
        raise Permanent(f"{AUTHORITIES}: {error}") from error
    if not known:
        raise Permanent(f"{AUTHORITIES} holds none")
    return f"{len(known)} are known"


def _queue(_: Machine, __: Settings) -> str:
    with redis.connected() as link:
        # A full one answers a PING as well.
        link.call("SET", "diaspora:doctor", "asks", "EX", "5")
    return "takes jobs"


def _uploads(machine: Machine, _: Settings) -> str:
    for name in ("images", "users"):
        # A name that nobody has: for that one the bucket has to be asked.
        path = machine.app / "public/uploads" / name / f".doctor-{secrets.token_hex(4)}"
        try:
            path.stat()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise Transient(f"uploads/{name}: {error.strerror}") from error
    return "can be read"


def _folders(machine: Machine, _: Settings) -> str:
    for folder in ("tmp", "log", "public/uploads/tmp"):
        try:
            with tempfile.TemporaryFile(dir=machine.app / folder) as file:
                file.write(b"\0" * 4096)
        except OSError as error:
            raise Transient(f"{folder}: {error.strerror}") from error
    return "can be written to"


def _pictures(_: Machine, __: Settings) -> str:
    try:
        made = subprocess.run(PICTURE, capture_output=True, check=True, timeout=TIMEOUT).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise Permanent(f"ImageMagick: {error}") from error
    if made[8:12] != b"WEBP":
        raise Permanent("ImageMagick makes no WebP")
    return "are made small"


def _way(_: Machine, told: Settings) -> str:
    address = (told.database_host, int(told.database_port))
    try:
        with socket.create_connection(address, timeout=TIMEOUT):
            return "is open"
    except OSError as error:
        raise Transient(f"{told.database_host}: {error}") from error


def _login(machine: Machine, _: Settings) -> str:
    database.connect(rendered_login(machine)).close()
    return "works"


def rendered_login(machine: Machine) -> database.Login:
    """The login as the application reads it from its own file."""
    text = (machine.app / "config/database.yml").read_text("utf-8")
    found = dict(re.findall(r"^  (\w+): (.*)$", text, re.MULTILINE))
    host, name, username, password = (
        escaping.read(found[key]) for key in ("host", "database", "username", "password")
    )
    return database.Login(host, found["port"], name, username, password)


def _mail(_: Machine, told: Settings) -> str:
    context = ssl.create_default_context(cafile=str(AUTHORITIES))
    try:
        with smtplib.SMTP(told.mail_host, SMTP_PORT, timeout=TIMEOUT) as server:
            server.starttls(context=context)
            server.ehlo()
    except (OSError, smtplib.SMTPException) as error:
        raise Transient(f"{told.mail_host}: {error}") from error
    return "the server answers, with TLS; the login is not tried"


def _front(_: Machine, told: Settings) -> str:
    context = ssl.create_default_context(cafile=str(AUTHORITIES))
    link = http.client.HTTPSConnection(told.domain_name, timeout=TIMEOUT, context=context)
    try:
        link.request("GET", "/.well-known/nodeinfo")
        status = link.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise Transient(f"https://{told.domain_name}: {error}") from error
    finally:
        link.close()
    if status != 200:
        raise Transient(f"https://{told.domain_name}/.well-known/nodeinfo answers {status}")
    return f"https://{told.domain_name} answers"


CHECKS = (
    Check(
        "names",
        "The VPC's name server does not answer, or does not know it: resolvectl status. A domain "
        "of one's own: see its record at whoever holds its DNS.",
        _names,
        as_app=True,
    ),
    Check(
        "credentials",
        "sudo systemctl reload-or-restart metadata-firewall. Who has run code in the pod meanwhile "
        "may have the role's keys: update the stack, which makes a new machine.",
        _credentials,
        as_app=True,
    ),
    Check(
        "authorities",
        "sudo apt-get install --reinstall ca-certificates, then sudo update-ca-certificates.",
        _authorities,
        as_app=True,
    ),
    Check(
        "queue",
        "sudo systemctl restart redis-server. Full (OOM): sudo diaspora-pod jobs says of what.",
        _queue,
        as_app=True,
    ),
    Check(
        "uploads",
        "See what bucket says. If that is right: sudo systemctl restart diaspora-mount@images "
        "diaspora-mount@users.",
        _uploads,
        as_app=True,
    ),
    Check(
        "folders",
        "See what disk says. If that is right: sudo systemd-tmpfiles --create.",
        _folders,
        as_app=True,
    ),
    Check(
        "pictures",
        "sudo apt-get install --reinstall imagemagick; or build a new image.",
        _pictures,
        as_app=True,
    ),
    Check(
        "database-port",
        "RDS console: see that it is available, and that nobody changed its security group.",
        _way,
        as_app=True,
    ),
    Check(
        "database-login",
        "Authentication failed: its password is not that of DatabasePasswordVersion; store the "
        "right one in SSM as a new version, and update the stack with that. Else see the line "
        "above.",
        _login,
        as_app=True,
    ),
    Check(
        "mail",
        "See that MailDomain's region has SES, and that port 587 is not closed to it; a refused "
        "login is told by sudo diaspora-pod logs jobs.",
        _mail,
        as_app=True,
        concerns=lambda told: told.sends_mail,
    ),
    Check(
        "front",
        "See what pages says. If that is right: the certificate, the domain's record, and the API "
        "in the CloudFormation console.",
        _front,
        as_app=True,
        concerns=lambda told: told.runs_jobs,
    ),
)

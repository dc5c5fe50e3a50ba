"""How this host reaches package archives: mirror, proxies and authorities, from its own settings.

Nothing of it is typed anywhere else, so the rehearsal runs behind a company's mirror as it does at
home. All of it is taken from the machine again when the bake is done.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

DEBIAN = "http://deb.debian.org/debian"
SECURITY = "http://deb.debian.org/debian-security"
_NPM = "https://registry.npmjs.org/"
_PROXIES = ("http_proxy", "https_proxy", "no_proxy")
_AUTHORITIES = Path("/usr/local/share/ca-certificates")


@dataclass(frozen=True)
class HostSettings:
    """Addresses of archives, and what apt, npm and TLS need to be told to reach them.

    ``apt`` is text for apt.conf, ``environment`` holds proxies, ``authorities`` are files in PEM.
    """

    mirror: str
    security: str
    apt: str
    npm_registry: str
    environment: dict[str, str]
    authorities: tuple[Path, ...]


def host_settings() -> HostSettings:
    """Read the host's settings."""
    archives = _archives()
    return HostSettings(
        mirror=_first(archives, r"/debian/?$", DEBIAN),
        security=_first(archives, r"/debian-security/?$", SECURITY),
        apt=_apt_settings(),
        npm_registry=_npm_registry(),
        environment=_proxies(),
        authorities=tuple(sorted(_AUTHORITIES.rglob("*.crt"))),
    )


def _archives() -> list[str]:
    """The addresses in apt's sources, in both of its formats."""
    folder = Path("/etc/apt")
    files = [folder / "sources.list", *sorted(folder.glob("sources.list.d/*"))]
    lines = [
        line
        for file in files
        if file.suffix in (".list", ".sources") and file.is_file()
        for line in file.read_text().splitlines()
        if re.match(r"(deb|URIs:)\s", line)
    ]
    return [word for line in lines for word in line.split() if "://" in word]


def _first(addresses: list[str], pattern: str, default: str) -> str:
    return next((address for address in addresses if re.search(pattern, address)), default)


def _apt_settings() -> str:
    """Proxies, authorities and the like: how apt fetches, and not what."""
    dump = subprocess.run(
        ["apt-config", "dump", "Acquire"], check=True, capture_output=True, text=True
    ).stdout
    wanted = r"Acquire::(https?::|Check-|Retries)"
    return "".join(f"{line}\n" for line in dump.splitlines() if re.match(wanted, line))


def _npm_registry() -> str:
    """The registry that npm is told to use; empty where that is its own."""
    if not shutil.which("npm"):
        return ""
    answer = subprocess.run(
        ["npm", "config", "get", "registry"], check=True, capture_output=True, text=True
    ).stdout.strip()
    return "" if answer == _NPM else answer


def _proxies() -> dict[str, str]:
    names = [*_PROXIES, *(name.upper() for name in _PROXIES)]
    return {name: os.environ[name] for name in names if name in os.environ}

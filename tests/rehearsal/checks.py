"""What the host has to offer. ``python -m tests.rehearsal.checks`` prints the missing packages.

With ``diaspora`` behind it, those for the browser too, which looks at diaspora* itself.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

# What is asked for → the package of Debian and Ubuntu that brings it.
_COMMANDS = {
    "git": "git",
    "ip": "iproute2",
    "mkfs.ext4": "e2fsprogs",
    "mmdebstrap": "mmdebstrap",
    "nft": "nftables",
    "nsenter": "util-linux",
    "openssl": "openssl",
    "packer": "packer",
    "psql": "postgresql-client",
    "slirp4netns": "slirp4netns",
    "ssh-keygen": "openssh-client",
    "sysctl": "procps",
    "systemd-nspawn": "systemd-container",
}
_BROWSER = {"certutil": "libnss3-tools", "chromium": "chromium"}
_FILES = {
    "/usr/lib/postgresql/*/bin/postgres": "postgresql",
    "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
}
# What the host's kernel has to offer, and no package brings.
_KERNEL = {
    "/dev/fuse": "FUSE (modprobe fuse)",
    "/sys/fs/cgroup/**/cgroup.controllers": "control groups of version 2",
}
# Its licence is no longer free: later releases than these have no package.
_NO_PACKAGE = (
    "; where there is no package packer (Debian 13, say), take HashiCorp's: "
    "https://developer.hashicorp.com/packer/install"
)
# Debian keeps what only root needs where a plain user's PATH does not look.
_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


def missing_packages(looks: bool = False) -> list[str]:
    """The packages that have to be installed before a rehearsal can run, sorted.

    ``looks``: whether it looks at the pod with a browser.
    """
    wanted = {**_COMMANDS, **(_BROWSER if looks else {})}
    commands = {package for name, package in wanted.items() if not shutil.which(name, path=_PATH)}
    files = {package for path, package in _FILES.items() if not _there(path)}
    return sorted(commands | files)


def fault(looks: bool = False) -> str:
    """Why no rehearsal can run here, in one line; empty where one can."""
    if os.geteuid() != 0:
        return "the rehearsal boots machines and makes networks for them: run it as root (sudo)"
    if packages := missing_packages(looks):
        hint = _NO_PACKAGE if "packer" in packages else ""
        return f"the rehearsal needs packages: apt-get install {' '.join(packages)}{hint}"
    for path, what in _KERNEL.items():
        if not _there(path):
            return f"the rehearsal needs {what}"
    return ""


def _there(path: str) -> bool:
    return any(Path("/").glob(path[1:]))


if __name__ == "__main__":
    print(*missing_packages(looks=sys.argv[1:] == ["diaspora"]))

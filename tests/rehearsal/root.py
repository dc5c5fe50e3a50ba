"""The raw machine: what a cloud provider's image is before anybody has touched it."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .cache import cached, digest
from .host import HostSettings
from .log import say

BUILDER = "packer"
_PACKAGES = """
    apt ca-certificates cloud-init curl dbus iproute2 kmod locales netbase openssh-server procps
    python3 sudo systemd systemd-sysv udev
""".split()
# What Node reads instead of the system's store. There is no harm in it where nothing was added.
_STORE = {"NODE_EXTRA_CA_CERTS": "/etc/ssl/certs/ca-certificates.crt"}


@dataclass(frozen=True)
class Suite:
    """Which distribution the raw machine is made of.

    An archive other than Debian's is for whoever reaches one; it was never run.
    """

    name: str
    mirror: str
    components: str

    @classmethod
    def chosen(cls, host: HostSettings) -> Suite:
        """The suite that SUITE and MIRROR name; Debian 13 from the host's mirror otherwise."""
        name = os.environ.get("SUITE") or "trixie"
        return cls(
            name=name,
            mirror=os.environ.get("MIRROR") or host.mirror,
            components="main" if name == "trixie" else "main universe",
        )

    def sources(self, host: HostSettings) -> list[str]:
        """The lines of sources.list."""
        lines = [f"deb {self.mirror} {self.name} {self.components}"]
        lines += [f"deb {self.mirror} {self.name}-updates {self.components}"]
        if self.name == "trixie":
            lines += [f"deb {host.security} {self.name}-security {self.components}"]
        return lines


def raw_root(suite: Suite, host: HostSettings) -> Path:
    """The raw machine's tree, from the cache or made now; nobody may write into it."""
    key = digest(Path(__file__), *suite.sources(host), repr(host), *host.authorities)
    return cached("roots", key, lambda folder: _make(folder, suite, host))


def _make(folder: Path, suite: Suite, host: HostSettings) -> None:
    say(f"root: mmdebstrap makes {suite.name} from {suite.mirror}")
    settings = folder.with_name(f"{folder.name}.apt.conf")
    settings.write_text(host.apt)
    command = ["mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory", "--quiet"]
    command += [f"--include={','.join(_PACKAGES)}", f"--aptopt={settings}"]
    subprocess.run([*command, suite.name, str(folder), *suite.sources(host)], check=True)
    settings.unlink()
    _trust(folder, host)
    _write(folder, "etc/environment", _environment(host))
    _add_builder(folder, host)
    _write(folder, "etc/hostname", "rehearsal\n")
    _write(folder, "etc/hosts", "127.0.0.1 localhost\n127.0.1.1 rehearsal\n::1 localhost\n")
    # The network of a machine is made before it starts, as EC2's is.
    _write(
        folder,
        "etc/cloud/cloud.cfg.d/99-rehearsal.cfg",
        "datasource_list: [NoCloud, None]\nnetwork: {config: disabled}\n",
    )
    say("root: made")


def _trust(folder: Path, host: HostSettings) -> None:
    """Add the authorities that the host was told to trust, as its administrator would."""
    for authority in host.authorities:
        shutil.copy(authority, folder / "usr/local/share/ca-certificates")
    subprocess.run(
        ["chroot", folder, "update-ca-certificates"], check=True, stdout=subprocess.DEVNULL
    )


def _environment(host: HostSettings) -> str:
    return "".join(f'{name}="{value}"\n' for name, value in {**host.environment, **_STORE}.items())


def _add_builder(folder: Path, host: HostSettings) -> None:
    """The account that Packer logs in with, as a cloud's image has one: sudo, no password."""
    subprocess.run(
        ["chroot", folder, "useradd", "--create-home", "--shell", "/bin/bash", BUILDER], check=True
    )
    kept = " ".join({**host.environment, **_STORE})
    _write(
        folder,
        f"etc/sudoers.d/{BUILDER}",
        f'{BUILDER} ALL=(ALL) NOPASSWD:ALL\nDefaults env_keep += "{kept}"\n',
        0o440,
    )


def _write(folder: Path, name: str, text: str, mode: int = 0o644) -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(mode)

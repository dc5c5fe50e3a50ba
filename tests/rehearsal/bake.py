"""The bake: Packer itself, with the provisioners of ``packer_pod.json``, on a raw machine.

Of the template only the builder is another one: an account reached by SSH instead of a machine that
EC2 starts. What the rest says is run as it stands.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .cache import cached, digest
from .host import HostSettings, host_settings
from .isolation import CACHE
from .layers import overlay, unmount
from .log import say
from .machine import Machine
from .network import Outside
from .packer import Step, run_packer, template_to_run
from .report import fingerprints
from .root import BUILDER, Suite, raw_root
from .sources import STANDIN, Sources

ROOT = Path(__file__).resolve().parents[2]
PACKER = ROOT / "packer"
TEMPLATE = PACKER / "packer_pod.json"
_LOG = "packer.log"


@dataclass(frozen=True)
class Image:
    """A baked image: ``layers`` make its tree, topmost first.

    ``packer`` is the template that Packer was given, ``log`` what it wrote. ``repository`` is where
    the application came from: an address, or a folder of the host. ``fingerprints`` are the
    report's, of the packer/ that it was made of.
    """

    layers: tuple[Path, ...]
    steps: tuple[Step, ...]
    packer: dict[str, Any]
    log: str
    repository: str
    fingerprints: dict[str, str]

    @property
    def manifest(self) -> dict[str, Any]:
        """What the image says of itself."""
        file = self.layers[0] / "usr/share/diaspora/manifest.json"
        manifest: dict[str, Any] = json.loads(file.read_text())
        return manifest


def bake(run: Path, tree: Path = ROOT) -> Image:
    """The image of a tree of this project: from the cache, or baked now."""
    host = host_settings()
    raw = raw_root(Suite.chosen(host), host)
    # A copy, so that what is baked is what the key says even where somebody edits meanwhile.
    packer = shutil.copytree(tree / PACKER.name, run / PACKER.name, symlinks=True)
    seen = fingerprints(packer)
    template = json.loads((packer / TEMPLATE.name).read_text())
    standin = tree / STANDIN.relative_to(ROOT)
    sources = Sources.chosen(template["variables"]["diaspora_version"], standin)
    key = digest(raw.name, packer, *sources.contents(), host.npm_registry)
    folder = cached(
        "images", key, lambda folder: _Bake(run, packer, host, sources).make(folder, raw)
    )
    return Image(
        layers=(folder / "changes", raw),
        steps=tuple(Step(**step) for step in json.loads((folder / "steps.json").read_text())),
        packer=json.loads((folder / TEMPLATE.name).read_text()),
        log=(folder / _LOG).read_text(),
        repository=sources.repository,
        fingerprints=seen,
    )


@dataclass(frozen=True)
class _Bake:
    """One bake; ``packer`` is a folder that it may change."""

    run: Path
    packer: Path
    host: HostSettings
    sources: Sources

    def make(self, folder: Path, raw: Path) -> None:
        """Fill a folder with an image: what changed on the raw machine, and how."""
        began = time.monotonic()
        with ExitStack() as stack:
            root = overlay(folder, [raw])
            stack.callback(unmount, root)
            outside = Outside()
            stack.callback(outside.close)
            variables = stack.enter_context(self.sources.served(self.run, outside))
            variables["npm_registry"] = self.host.npm_registry
            machine = self._machine(root, outside)
            stack.callback(machine.end)
            template = self._template(self._give_key(machine))
            machine.start()
            machine.wait_for_open_port(22)
            shutil.copy(template, folder)
            try:
                steps = run_packer(template, variables, outside.gateway, folder / _LOG)
            finally:
                shutil.copy(folder / _LOG, CACHE / "last-bake.log")
            machine.shutdown()
        (folder / "steps.json").write_text(json.dumps([vars(step) for step in steps], indent=1))
        say(f"bake: done in {time.monotonic() - began:.0f} s")

    def _machine(self, root: Path, outside: Outside) -> Machine:
        folder = self.run / "machines" / "bake"
        folder.mkdir(parents=True)
        machine = Machine("bake", root, folder, outside.machine)
        machine.write("/etc/resolv.conf", f"nameserver {outside.NAMES}\n")
        return machine

    def _give_key(self, machine: Machine) -> Path:
        """An SSH key for the builder's account, as EC2 puts one into a new machine; its file."""
        key = self.run / "builder-key"
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "rehearsal", "-f", str(key)]
        subprocess.run(command, check=True)
        home = f"/home/{BUILDER}"
        machine.write(f"{home}/.ssh/authorized_keys", key.with_suffix(".pub").read_text(), 0o600)
        machine.succeed(f"chown -R {BUILDER}: {home}/.ssh")
        return key

    def _template(self, key: Path) -> Path:
        """The template with our builder, where the committed one lay: it names files beside it."""
        builder = {
            "type": "null",
            "ssh_host": Outside.GUEST,
            "ssh_username": BUILDER,
            "ssh_private_key_file": str(key),
            "ssh_timeout": "1m",
        }
        file = self.packer / TEMPLATE.name
        template = template_to_run(json.loads(file.read_text()), builder)
        file.write_text(json.dumps(template, indent=2))
        return file

"""Prints what the image is made of, as JSON. Its argument is the folder of the build."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

APP = Path("/opt/diaspora")


def main() -> None:
    """Gather the parts and print them."""
    build = Path(sys.argv[1])
    manifest = {
        "name": os.environ["IMAGE_NAME"],
        "architecture": platform.machine(),
        "system": _assignments(Path("/etc/os-release"))["PRETTY_NAME"],
        "diaspora": {
            "version": os.environ["DIASPORA_VERSION"],
            "repository": os.environ["DIASPORA_REPOSITORY"],
            "commit": (build / "commit").read_text("utf-8").strip(),
        },
        "pins": _assignments(build / "pins.env"),
        "gems": _gems(),
        "packages": _packages(),
    }
    print(json.dumps(manifest, indent=1))


def _assignments(path: Path) -> dict[str, str]:
    """The NAME=VALUE lines of a file that a shell could read."""
    lines = path.read_text("utf-8").splitlines()
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name: value.strip('"') for name, value in pairs}


def _gems() -> list[str]:
    return sorted(path.stem for path in APP.glob("vendor/bundle/ruby/*/specifications/*.gemspec"))


def _packages() -> dict[str, str]:
    listing = subprocess.run(
        ["dpkg-query", "--show", "--showformat", "${binary:Package}\t${Version}\n"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return dict(line.split("\t") for line in listing.splitlines())


if __name__ == "__main__":
    main()

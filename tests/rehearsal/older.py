"""An older commit of this repository, of which an image is baked to be upgraded.

``python -m tests.rehearsal.older`` fetches it, where a shallow clone has not got it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# Named in full: nothing shorter can be fetched.
COMMIT = "501b0808c1e76bc1a6aebc4221676760b01988e9"
_ROOT = Path(__file__).resolve().parents[2]
# Who runs the rehearsal is root, and the clone somebody else's.
_GIT = ("git", "-c", "safe.directory=*", "-C", str(_ROOT))
# What an image is made of, and the template that tells it.
_PARTS = ("packer", "templates", "tests/rehearsal/standin")


def is_there() -> bool:
    """Whether this clone has the commit."""
    asked = (*_GIT, "cat-file", "-e", f"{COMMIT}^{{commit}}")
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def write_tree(folder: Path) -> Path:
    """Write the commit's files into a folder, which is returned."""
    folder.mkdir(parents=True)
    archive = subprocess.run((*_GIT, "archive", COMMIT, *_PARTS), check=True, capture_output=True)
    subprocess.run(("tar", "--extract", f"--directory={folder}"), check=True, input=archive.stdout)
    return folder


def fetch() -> None:
    """Bring the commit here, from where the clone came from; says so where that cannot be done."""
    if is_there():
        return
    asked = (*_GIT, "fetch", "--quiet", "--depth=1", "origin", COMMIT)
    if subprocess.run(asked, check=False).returncode != 0:
        print(f"{COMMIT[:7]} cannot be fetched: no older image is upgraded", file=sys.stderr)


if __name__ == "__main__":
    fetch()

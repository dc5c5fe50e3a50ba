"""For how long events keep the database connected: measured by stories, read by ``make cost``.

``make generate`` writes what follows from it anew.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "diaspora_cf/cost/seconds.json"
_DATABASE = ROOT / "packer/rootfs/usr/share/diaspora/templates/database.yml.j2"


def write(version: str, seconds: Mapping[str, float]) -> None:
    """Write the file for a version of diaspora*, as one of whoever owns the project's folder."""
    measured = {
        "application": f"diaspora* {version}",
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "idle_seconds": _idle_seconds(),
    }
    text = json.dumps({"measured": measured, "seconds": dict(seconds)}, indent=2)
    FILE.write_text(f"{text}\n")
    owner = ROOT.stat()
    os.chown(FILE, owner.st_uid, owner.st_gid)


def _idle_seconds() -> int:
    """For how long the image keeps a connection that nobody uses, as its template says."""
    found = re.search(r"^  idle_timeout: (\d+)$", _DATABASE.read_text(), re.M)
    assert found is not None
    return int(found[1])

"""The reports of rehearsals of diaspora*, written by the runs themselves when all was green.

``python -m tests.rehearsal.report`` says, one line each, what has changed since it was written.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import groupby
from pathlib import Path
from typing import Any

from .cache import digest
from .figures import Figure, Figures

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "docs/rehearsal-diaspora.md"
SLEEP = ROOT / "docs/rehearsal-sleep.md"
OUTAGES = ROOT / "docs/rehearsal-outages.md"
PICTURES = ROOT / "docs/diaspora"
PACKER = ROOT / "packer"
# What the report is about → where it is in packer/.
SUBJECTS = {"packer/": "", "the boot program": "rootfs/usr/lib/diaspora"}
_PACKAGES = {
    "Ruby": "ruby3.3",
    "Redis": "redis-server",
    "nginx": "nginx",
    "s3fs": "s3fs",
    "ImageMagick": "imagemagick",
    "systemd": "systemd",
}
# Of the host: what the rehearsal is made with.
_PROGRAMS = {
    "Packer": ("packer", "version"),
    "PostgreSQL": ("psql", "--version"),
    "browser": ("chromium", "--version"),
}
_HEAD = """\
# diaspora\\* itself, rehearsed

Written by `make rehearse-diaspora` when every story below was green. [rehearsal.md](rehearsal.md)
says what it is, and what it does not prove. *By hand* is what was measured of the same diaspora\\*
on the same system without this image ({by_hand}). Seconds are of one machine with two processors.
"""
_BY_HAND = "2026-11-23, Debian 13, x86_64"
_SLEEP_HEAD = """\
# What lets the database sleep, rehearsed with diaspora\\* itself

Written by `make rehearse-sleep` when every story below was green. [rehearsal.md](rehearsal.md) says
what it is, and what it does not prove. Arrivals are drawn as [cost.md](cost.md) has them; the time
between connections is skipped and nothing else. Seconds are of one machine with two processors.
"""
_OUTAGES_HEAD = """\
# For how long nobody is served, rehearsed with the stand-in

Written by `make rehearse-outages` when every story below was green. [rehearsal.md](rehearsal.md)
says what it is, and what it does not prove. Seconds are of one machine with two processors.
"""


@dataclass(frozen=True)
class Page:
    """Where a report is, what it begins with, and what was run."""

    file: Path
    head: str
    application: str = "diaspora\\*"


PAGES = {
    "diaspora": Page(REPORT, _HEAD.format(by_hand=_BY_HAND)),
    "sleep": Page(SLEEP, _SLEEP_HEAD),
    "outages": Page(OUTAGES, _OUTAGES_HEAD, "the stand-in, in place of diaspora\\*"),
}


@dataclass(frozen=True)
class Run:
    """What was run: ``manifest`` is what the image says of itself.

    ``fingerprints`` are those of what it was made of, ``commit`` names the tree when it began.
    """

    manifest: Mapping[str, Any]
    fingerprints: Mapping[str, str]
    commit: str


def write(page: Page, run: Run, figures: Figures) -> None:
    """Write a report and its pictures, as files of whoever owns the project's folder."""
    if figures.screenshots:
        shutil.rmtree(PICTURES, ignore_errors=True)
        PICTURES.mkdir()
    for shot in figures.screenshots:
        shutil.copy(shot.file, PICTURES)
    page.file.write_text(_text(page, run, figures))
    owner = ROOT.stat()
    for path in (page.file, PICTURES, *PICTURES.iterdir()):
        os.chown(path, owner.st_uid, owner.st_gid)


def changed() -> list[str]:
    """What is no longer what the report was written of, by name."""
    text = REPORT.read_text() if REPORT.exists() else ""
    now = fingerprints(PACKER)
    return [name for name, value in now.items() if f"| {name} | `{value}` |" not in text]


def fingerprints(packer: Path) -> dict[str, str]:
    """Of each subject in a folder packer/, by its name."""
    return {name: _fingerprint(packer / path) for name, path in SUBJECTS.items()}


def commit() -> str:
    """The commit of this tree, and whether it was changed since."""
    git = ("git", "-c", "safe.directory=*", "-C", str(ROOT))
    name = _output(*git, "rev-parse", "--short", "HEAD")
    changes = _output(*git, "status", "--porcelain")
    return f"{name}, with changes that were not committed yet" if changes else name


def _fingerprint(folder: Path) -> str:
    """A short hash of a folder's files and their names, the same in every checkout."""
    files = (file for file in sorted(folder.rglob("*")) if "__pycache__" not in file.parts)
    return digest(*(f"{file.relative_to(folder)}\n{_content(file)}" for file in files))


def _content(file: Path) -> str:
    if file.is_symlink():
        return str(file.readlink())
    return file.read_bytes().hex() if file.is_file() else ""


def _text(page: Page, run: Run, figures: Figures) -> str:
    parts = [page.head, "## What was run\n", _subject(page, run)]
    parts += ["## Figures\n", *_tables(figures.measured)]
    parts += ["## What was proved\n", *_stories(figures.told)]
    if figures.screenshots:
        parts += ["## What a visitor saw\n", *_pictures(figures)]
    return "\n".join(parts)


def _subject(page: Page, run: Run) -> str:
    manifest = run.manifest
    diaspora = manifest["diaspora"]
    # Not every rehearsal needs a browser.
    programs = {name: it for name, it in _PROGRAMS.items() if shutil.which(it[0])}
    rows = {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        page.application: f"{diaspora['version']} ({diaspora['commit']})",
        "this project": run.commit,
        **{name: f"`{value}`" for name, value in run.fingerprints.items()},
        "system": f"{manifest['system']}, {manifest['architecture']}",
        **{name: manifest["packages"][package] for name, package in _PACKAGES.items()},
        **{name: _output(*command) for name, command in programs.items()},
    }
    return _table(("", ""), rows.items())


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _tables(measured: Iterable[Figure]) -> Iterable[str]:
    by_part = sorted(measured, key=lambda figure: figure.part)
    for part, figures in groupby(by_part, key=lambda figure: figure.part):
        yield f"### {part.capitalize()}\n"
        rows = [(figure.what, figure.here, figure.before, figure.why) for figure in figures]
        yield _table(("", "here", "by hand", "why they differ"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _stories(told: Iterable[str]) -> Iterable[str]:
    """The stories by the file they stand in, their names read aloud."""
    for file, names in groupby(told, key=lambda story: story.partition("::")[0]):
        yield f"[{Path(file).name}](../{file})\n"
        yield "\n".join(f"- {_aloud(name)}" for name in names) + "\n"


def _aloud(story: str) -> str:
    name = story.rpartition("::")[2].removeprefix("test_")
    return re.sub(r"_", " ", name)


def _pictures(figures: Figures) -> Iterable[str]:
    for shot in figures.screenshots:
        yield f"### {shot.caption}\n\n![{shot.caption}](diaspora/{shot.file.name})\n"


if __name__ == "__main__":
    for name in changed():
        print(
            f"warning: {name} is not what {REPORT.relative_to(ROOT)} was written of: "
            "sudo make rehearse-diaspora"
        )

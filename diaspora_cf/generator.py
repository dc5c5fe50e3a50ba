"""Builds stacks into files, and compares files with what the stacks would write."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .cost.table import cost_table
from .packer_policy import packer_policy
from .pages.diagram import mermaid
from .pages.outages import outages_table
from .pages.readme import parameter_table, splice
from .pages.regions import regions_list
from .stacks import STACKS
from .template.emitter import emit
from .template.stack import Stack

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
OPERATIONS = ROOT / "docs/operations.md"
# What it is generated from, each written by a rehearsal of that name.
REPORTS = ROOT / "docs"
# README part → the stack that it shows, and how.
README_PARTS: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "picture": ("low_cost", mermaid),
    "cost": ("low_cost", cost_table),
    "regions": ("low_cost", regions_list),
    "parameters": ("low_cost", parameter_table),
}


class GenerateError(Exception):
    """What went wrong, in one line that says what to do."""


@dataclass(frozen=True)
class Artifact:
    """A file that belongs to a stack or to the image, and what it has to hold."""

    stack: str
    path: Path
    text: str


def templates(names: Iterable[str], out: Path) -> list[Artifact]:
    """The templates of these stacks, below the folder ``out``."""
    return [_template(name, out) for name in names]


def readme(names: Iterable[str]) -> list[Artifact]:
    """The README with the parts that show these stacks written anew."""
    parts = {
        part: show(_build(stack).to_dict())
        for part, (stack, show) in README_PARTS.items()
        if stack in set(names)
    }
    return [_page("README", README, parts)]


def operations() -> list[Artifact]:
    """The page of what a podmin does, with the outages as they were measured."""
    return [_page("operations", OPERATIONS, {"outages": outages_table(reports())})]


def reports() -> list[str]:
    """The reports of rehearsals that are there."""
    return [_read(path) for path in sorted(REPORTS.glob("rehearsal-*.md"))]


def policy() -> list[Artifact]:
    """The rights of whoever builds the image."""
    return [Artifact("packer", ROOT / "packer" / "iam_policy.json", packer_policy())]


def differences(artifacts: Iterable[Artifact]) -> list[str]:
    """For each artifact that is not what the file holds, its stack and the first lines."""
    return [
        f"{artifact.stack}: {_shown(artifact.path)} is not what the generator writes; "
        f"run `make generate`\n{difference}"
        for artifact in artifacts
        if (difference := _difference(artifact))
    ]


def write(artifacts: Iterable[Artifact]) -> None:
    """Replace the files, each in one step and none before all of them could be written."""
    written: list[tuple[Path, Path]] = []
    try:
        for artifact in artifacts:
            written.append((_write_beside(artifact), artifact.path))
        for temporary, path in written:
            temporary.replace(path)
    except OSError as error:
        for temporary, _ in written:
            temporary.unlink(missing_ok=True)
        raise GenerateError(
            f"cannot write {error.filename or 'a file'}: {error.strerror}; choose another --out"
        ) from error


def _build(name: str) -> Stack:
    try:
        stack = STACKS[name]()
        stack.to_dict()
    except (AttributeError, TypeError, ValueError) as error:
        line = " ".join(str(error).split())
        raise GenerateError(f"stack {name} cannot be built: {line}") from error
    return stack


def _template(name: str, out: Path) -> Artifact:
    stack = _build(name)
    source = f"diaspora_cf/stacks/{name}.py"
    text = emit(stack.to_dict(), stack.headings, source)
    return Artifact(name, out / name / "cf_template.yml", text)


def _page(name: str, path: Path, parts: Mapping[str, str]) -> Artifact:
    """A page with its generated parts written anew."""
    try:
        return Artifact(name, path, splice(_read(path), parts))
    except ValueError as error:
        raise GenerateError(f"{_shown(path)}: {error}") from error


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise GenerateError(str(error)) from error


def _difference(artifact: Artifact, lines: int = 12) -> str:
    """The first differing lines as a unified diff; empty where there is no difference."""
    try:
        found = artifact.path.read_text("utf-8")
    except FileNotFoundError:
        return "  the file is missing"
    diff = difflib.unified_diff(
        found.splitlines(), artifact.text.splitlines(), "committed", "generated", "", "", 1, ""
    )
    return "\n".join(f"  {line}" for line in list(diff)[:lines])


def _write_beside(artifact: Artifact) -> Path:
    """Write the text to a temporary file next to its target, for a rename that is atomic."""
    artifact.path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=artifact.path.parent, prefix=f".{artifact.path.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(artifact.text)
        os.fchmod(file.fileno(), 0o644)
    return Path(name)


def _shown(path: Path) -> str:
    return os.path.relpath(path)

"""The blocks of shell commands in the project's pages."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from diaspora_cf.generator import ROOT

PAGES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "tests/rehearsal/README.md",
    *sorted((ROOT / "docs").glob("*.md")),
)
_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A block; ``place`` is its page and the number of its first line."""

    place: str
    text: str


def blocks() -> Iterator[Block]:
    """All blocks of shell commands, in the order of the pages."""
    for page in PAGES:
        text = page.read_text("utf-8")
        for found in _FENCE.finditer(text):
            if found[1] == "sh":
                line = text.count("\n", 0, found.start()) + 1
                place = f"{page.relative_to(ROOT)}:{line}"
                yield Block(place, textwrap.dedent(found[2]))


def languages() -> set[str]:
    """What the fences of all pages say that they hold."""
    return {found[1] for page in PAGES for found in _FENCE.finditer(page.read_text("utf-8"))}

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
# What a page leaves open → what somebody would write there.
OPEN = {
    "ARN": "arn:aws:iam::123456789012:policy/packer",
    "A-BUCKET-OF-YOURS": "bucket",
    "BUCKET": "photos",
    "ami-…": "ami-0123456789abcdef0",
    "Z…": "Z0123456789ABCDEFGHIJ",
    "THE-ADDRESS-OF-THIS-PROJECT": "https://example.org/project.git",
}
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


BLOCKS = list(blocks())


def filled(block: Block) -> str:
    """The text of a block, with what it leaves open filled in."""
    text = block.text
    for word, value in OPEN.items():
        text = re.sub(rf"(?<![\w-]){re.escape(word)}(?![\w-])", value, text)
    return text


def holding(words: str) -> str:
    """The one block that holds these words, with what it leaves open filled in."""
    (found,) = [block for block in BLOCKS if words in block.text]
    return filled(found)

"""What the stories measured and what they looked at, for whoever reads the report."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from .log import say


@dataclass(frozen=True)
class Figure:
    """One thing measured. ``part`` is the table it belongs to; values are text with their units.

    ``before`` is what was seen of the same application without this image, ``why`` what the two
    differ by.
    """

    part: str
    what: str
    here: str
    before: str
    why: str


@dataclass(frozen=True)
class Screenshot:
    """A picture of what a visitor saw."""

    file: Path
    caption: str


@dataclass
class Figures:
    """Filled by the stories, in their order. ``folder`` is where pictures are put meanwhile.

    ``told`` are the stories that were green, as pytest names them. ``connected`` holds for how many
    seconds each kind of event keeps the database connected.
    """

    folder: Path
    told: list[str] = field(default_factory=list)
    measured: list[Figure] = field(default_factory=list)
    screenshots: list[Screenshot] = field(default_factory=list)
    connected: dict[str, float] = field(default_factory=dict)

    def add(self, part: str, what: str, here: str, before: str = "", why: str = "") -> None:
        """Note something measured, and say it in the log."""
        seen = f" (before: {before})" if before else ""
        say(f"figure: {part}: {what}: {here}{seen}")
        self.measured.append(Figure(part, what, here, before, why))

    def screenshot(self, name: str, caption: str) -> Path:
        """Where to write a picture; ``name`` is that of its file, without ``.png``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / f"{name}.png"
        self.screenshots.append(Screenshot(file, caption))
        return file

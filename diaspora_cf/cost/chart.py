"""Draws what every profile costs a month with each kind of database, as SVG.

``python -m diaspora_cf.cost.chart`` writes one picture for light pages and one for dark ones.
Needs matplotlib, which only developers install.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from ..stacks import STACKS
from .bill import AURORA, INSTANCE, PROMISE, Case, low_cost_case
from .profiles import PROFILES
from .report import impatient

FOLDER = Path(__file__).resolve().parents[2] / "docs"
DOLLARS = 80
# Above the first profile's row: the marks' own words.
LEGEND = -1.0
# In a profile's row, Aurora's marks are above and the instance's is below.
ABOVE, BELOW = -0.12, 0.2


@dataclass(frozen=True)
class Theme:
    """Colours for one kind of page; what is drawn is the same."""

    name: str
    ink: str
    pale: str
    faint: str
    aurora: str
    instance: str
    promise: str
    paper: str


THEMES = (
    Theme("light", "#1f2328", "#59636e", "#d1d9e0", "#0969da", "#9a6700", "#cf222e", "#ffffff"),
    Theme("dark", "#e6edf3", "#9198a1", "#3d444d", "#58a6ff", "#e3b341", "#ff7b72", "#0d1117"),
)


def draw(template: Mapping[str, Any], theme: Theme) -> str:
    """The chart as SVG: the same text for the same numbers, whenever and wherever it is drawn."""
    with mpl.rc_context(_settings(theme)):
        figure = Figure(figsize=(8.6, 4.6))
        FigureCanvasSVG(figure)
        axes = figure.add_axes((0.235, 0.125, 0.745, 0.85))
        _draw_frame(axes, theme)
        _draw_legend(axes, theme, low_cost_case(template, PROFILES["quiet"]))
        for row, profile in enumerate(PROFILES.values()):
            _draw_profile(axes, theme, row, low_cost_case(template, profile))
        text = io.StringIO()
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    lines = [line.rstrip() for line in text.getvalue().splitlines()]
    return "\n".join(lines) + "\n"


def chart_files(template: Mapping[str, Any]) -> dict[str, str]:
    """Both pictures by file name."""
    return {f"cost-{theme.name}.svg": draw(template, theme) for theme in THEMES}


def _settings(theme: Theme) -> dict[str, Any]:
    return {
        # Ids in the file come from this, and not from the clock.
        "svg.hashsalt": "diaspora-cf",
        # Letters as paths of matplotlib's own font: no reader's fonts matter.
        "svg.fonttype": "path",
        "font.family": "DejaVu Sans",
        "font.size": 10,
        "text.color": theme.ink,
        "axes.labelcolor": theme.ink,
        "xtick.color": theme.ink,
        "axes.edgecolor": theme.faint,
    }


def _draw_frame(axes: Axes, theme: Theme) -> None:
    axes.set_xlim(0, DOLLARS)
    axes.set_ylim(len(PROFILES) - 0.4, LEGEND - 0.6)
    axes.set_xticks(range(0, DOLLARS + 1, 10))
    axes.set_yticks([])
    axes.set_xlabel("US dollars a month, eu-west-1, without tax")
    axes.grid(axis="x", color=theme.faint, linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.axvline(PROMISE, color=theme.promise, linewidth=1.2, linestyle=(0, (5, 3)), zorder=1)


def _draw_profile(axes: Axes, theme: Theme, row: int, case: Case) -> None:
    """A row: what it costs with each choice, each mark with its dollars."""
    waits, at_once = case.bill().total, impatient(case).bill().total
    instance = case.of_kind(INSTANCE).bill().total
    hours = f"{case.awake().hours:.1f} to {impatient(case).awake().hours:.1f} h a day awake"
    _write(axes, row + ABOVE, case.profile.name, theme.ink, weight="bold")
    _write(axes, row + BELOW, hours, theme.pale, size=8.5)
    line = [row + ABOVE] * 2
    axes.plot([waits, at_once], line, color=theme.aurora, linewidth=1.4, zorder=2)
    for kind, usd, place in (
        ("dot", waits, (0, 10)),
        ("ring", at_once, (0, 10)),
        ("square", instance, (15, 0)),
    ):
        height = row + (BELOW if kind == "square" else ABOVE)
        _draw_mark(axes, theme, kind, usd, height)
        _draw_dollars(axes, theme, kind, (usd, height), place)


def _write(axes: Axes, height: float, text: str, colour: str, **style: Any) -> None:
    """Words left of the axis."""
    axes.text(-2, height, text, color=colour, ha="right", va="center", **style)


def _colour(theme: Theme, kind: str) -> str:
    return theme.instance if kind == "square" else theme.aurora


def _draw_mark(axes: Axes, theme: Theme, kind: str, usd: float, height: float) -> None:
    colour = _colour(theme, kind)
    axes.plot(
        usd,
        height,
        "s" if kind == "square" else "o",
        markersize=7,
        markeredgecolor=colour,
        markerfacecolor=theme.paper if kind == "ring" else colour,
        zorder=4,
    )


def _draw_dollars(
    axes: Axes, theme: Theme, kind: str, point: tuple[float, float], place: tuple[float, float]
) -> None:
    """A mark's dollars, on a patch of paper where a line passes."""
    axes.annotate(
        f"{point[0]:.0f}",
        point,
        xytext=place,
        textcoords="offset points",
        color=_colour(theme, kind),
        ha="center",
        va="center",
        fontsize=9,
        bbox={"facecolor": theme.paper, "edgecolor": "none", "pad": 0.8},
        zorder=3,
    )


def _draw_legend(axes: Axes, theme: Theme, case: Case) -> None:
    """What the marks mean, in the space above the first row."""
    patience = case.machine.patience
    for place, (kind, text) in enumerate(
        (
            ("dot", f"{AURORA}, messages wait up to {patience} min"),
            ("ring", f"{AURORA}, nothing waits"),
            ("square", f"{INSTANCE}, never sleeps"),
        )
    ):
        height = LEGEND - 0.35 + place * 0.33
        _draw_mark(axes, theme, kind, 32, height)
        axes.text(34, height, text, va="center", fontsize=9)
    axes.text(PROMISE + 0.8, LEGEND - 0.35, f"${PROMISE:.0f}", color=theme.promise, va="center")


def main() -> int:
    """Write both pictures."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in chart_files(STACKS["low_cost"]().to_dict()).items():
        (FOLDER / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

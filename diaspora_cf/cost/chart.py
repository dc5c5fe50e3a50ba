"""Draws what a month costs against the hours that the database is awake, as SVG.

``python -m diaspora_cf.cost.chart`` writes one picture for light pages and one for dark ones.
Needs matplotlib, which only developers install.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from math import fsum
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from ..stacks import STACKS
from .bill import PROMISE, Bill, Case, low_cost_case
from .profiles import PROFILES
from .report import BATCH_MINUTES, batched
from .usage import HOURS

FOLDER = Path(__file__).resolve().parents[2] / "docs"
TYPES = ("t4g.micro", "t3a.micro", "t4g.small")
RDS_GB = 20


@dataclass(frozen=True)
class Theme:
    """Colours for one kind of page; what is drawn is the same."""

    name: str
    ink: str
    faint: str
    lines: tuple[str, str, str]
    promise: str
    paper: str


THEMES = (
    Theme("light", "#1f2328", "#d1d9e0", ("#0969da", "#8250df", "#bf8700"), "#cf222e", "#ffffff"),
    Theme("dark", "#e6edf3", "#3d444d", ("#58a6ff", "#bc8cff", "#e3b341"), "#ff7b72", "#0d1117"),
)


def draw(template: Mapping[str, Any], theme: Theme) -> str:
    """The chart as SVG: the same text for the same numbers, whenever and wherever it is drawn."""
    with mpl.rc_context(_settings(theme)):
        figure = Figure(figsize=(8.6, 5.0))
        FigureCanvasSVG(figure)
        axes = figure.add_axes((0.075, 0.115, 0.76, 0.83))
        _draw_frame(axes, theme)
        _draw_types(axes, theme, template)
        _draw_levels(axes, theme, template)
        _draw_profiles(axes, theme, template)
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
        "ytick.color": theme.ink,
        "axes.edgecolor": theme.faint,
    }


def _case(template: Mapping[str, Any], profile: str, **answers: str) -> Case:
    return low_cost_case(template, PROFILES[profile], **answers)


def _draw_frame(axes: Axes, theme: Theme) -> None:
    axes.set_xlim(0, 24.6)
    axes.set_ylim(0, 80)
    axes.set_xticks(range(0, 25, 4))
    axes.set_xlabel("hours a day that the database is awake")
    axes.set_ylabel("US dollars a month, eu-west-1, without tax")
    axes.grid(axis="y", color=theme.faint, linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _draw_types(axes: Axes, theme: Theme, template: Mapping[str, Any]) -> None:
    """A line for each instance type, with the quiet profile's use of everything else."""
    ends: list[tuple[float, str, str]] = []
    for kind, colour in zip(TYPES, theme.lines, strict=True):
        case = _case(template, "quiet", PodInstanceType=kind)
        totals = [case.bill(0).total, case.bill(24).total]
        axes.plot([0, 24], totals, color=colour, linewidth=1.8)
        ends.append((totals[1], kind, colour))
    for place, (total, kind, colour) in zip(_apart(ends), ends, strict=True):
        axes.annotate(
            f"{kind}  ${total:.0f}",
            (24, total),
            xytext=(25.0, place),
            color=colour,
            va="center",
            annotation_clip=False,
        )


def _apart(ends: list[tuple[float, str, str]], gap: float = 3.4) -> list[float]:
    """Heights for labels that would touch: in their order, a gap apart."""
    places = {}
    height = 0.0
    for total, kind, _ in sorted(ends):
        height = max(total - gap / 2, height + gap)
        places[kind] = height
    return [places[kind] for _, kind, _ in ends]


def _draw_levels(axes: Axes, theme: Theme, template: Mapping[str, Any]) -> None:
    """The promise, and a database that never sleeps of the smallest ordinary kind."""
    axes.axhline(PROMISE, color=theme.promise, linewidth=1.2, linestyle=(0, (5, 3)))
    axes.annotate(
        f"${PROMISE:.0f}",
        (24, PROMISE),
        xytext=(25.0, PROMISE),
        color=theme.promise,
        va="center",
        annotation_clip=False,
    )
    usd = always_on_rds(_case(template, "quiet"))
    axes.axhline(usd, color=theme.ink, linewidth=1.0, linestyle=(0, (1, 2)))
    axes.annotate(
        f"RDS t4g.micro,\nalways on  ${usd:.0f}",
        (24, usd),
        xytext=(25.0, usd + 1.5),
        color=theme.ink,
        va="center",
        annotation_clip=False,
    )


def always_on_rds(case: Case) -> float:
    """USD a month with the smallest RDS instance in Aurora's place."""
    asleep: Bill = case.bill(0)
    aurora = fsum(line.usd for line in asleep.lines if line.price.service == "Amazon Aurora")
    rds = HOURS * case.prices["rds.t4g.micro"].usd + RDS_GB * case.prices["rds.gp3"].usd
    return asleep.total - aurora + rds


def _draw_profiles(axes: Axes, theme: Theme, template: Mapping[str, Any]) -> None:
    """A dot for each profile as it is, a ring for what batching would make of it."""
    for name in PROFILES:
        case = _case(template, name)
        later = batched(case)
        now, then = case.bill(), later.bill()
        if then.awake_hours_a_day < now.awake_hours_a_day - 0.5:
            _draw_ring(axes, theme, name, then)
        axes.plot(now.awake_hours_a_day, now.total, "o", color=theme.ink, markersize=6, zorder=4)
    for names in _neighbours([(name, _case(template, name).bill()) for name in PROFILES]):
        _label_dots(axes, names)


def _neighbours(bills: list[tuple[str, Bill]]) -> list[list[tuple[str, Bill]]]:
    """Dots that lie so close that they share a label: within 2 hours and 3 dollars."""
    groups: list[list[tuple[str, Bill]]] = []
    for name, bill in sorted(bills, key=lambda pair: pair[1].total):
        first = groups[-1][0][1] if groups else None
        if (
            first is not None
            and bill.total - first.total < 3
            and abs(bill.awake_hours_a_day - first.awake_hours_a_day) < 2
        ):
            groups[-1].append((name, bill))
        else:
            groups.append([(name, bill)])
    return groups


def _label_dots(axes: Axes, dots: list[tuple[str, Bill]]) -> None:
    """The names: below the lines, but above them where they end at the top."""
    bill = dots[0][1]
    early, top = bill.awake_hours_a_day < 12, bill.total > 68
    axes.annotate(
        ", ".join(name for name, _ in dots),
        (bill.awake_hours_a_day, bill.total),
        xytext=(9 if early else -2, 8 if top else (-15 if early else -34)),
        textcoords="offset points",
        ha="left" if early else "right",
        fontweight="bold",
    )


def _draw_ring(axes: Axes, theme: Theme, name: str, bill: Bill) -> None:
    axes.plot(
        bill.awake_hours_a_day,
        bill.total,
        "o",
        markerfacecolor=theme.paper,
        markeredgecolor=theme.ink,
        markersize=6,
        zorder=3,
    )
    axes.annotate(
        f"{name}, if messages\nwaited {BATCH_MINUTES} min (not built)",
        (bill.awake_hours_a_day, bill.total),
        xytext=(9, -14),
        textcoords="offset points",
        va="center",
        fontsize=8.5,
    )


def main() -> int:
    """Write both pictures."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in chart_files(STACKS["low_cost"]().to_dict()).items():
        (FOLDER / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

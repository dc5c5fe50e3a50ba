"""A photo that nobody had to take: mountains at dusk, of soft colours and some grain."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from math import hypot, pi, sin

from ..pictures import png

Color = tuple[float, float, float]

_ZENITH: Color = (38, 70, 128)
_HORIZON: Color = (250, 176, 112)
_SUN: Color = (255, 236, 190)
_HAZE: Color = (236, 170, 130)
# Where the sun stands, and how large it is, in parts of the picture's width and height.
_SUN_X, _SUN_Y, _SUN_SIZE = 0.68, 0.46, 0.06


@dataclass(frozen=True)
class _Mountains:
    """One range: how far down, how high, how many to a picture, shifted by what, and its color."""

    down: float
    high: float
    many: float
    shift: float
    color: Color

    def ridge(self, width: int, height: int) -> list[float]:
        """Where it begins, for each column."""
        return [self._ridge(2 * pi * column / width) * height for column in range(width)]

    def _ridge(self, at: float) -> float:
        waves = 0.6 * sin(self.many * at + self.shift) + 0.3 * sin(2.7 * self.many * at)
        return self.down - self.high * (waves + 0.1 * sin(9 * self.many * at))


# From far to near: each hides what is behind it.
_RANGES = (
    _Mountains(0.62, 0.10, 2.1, 0.5, (122, 110, 146)),
    _Mountains(0.70, 0.07, 3.3, 1.9, (84, 86, 118)),
    _Mountains(0.80, 0.06, 2.7, 4.0, (44, 58, 74)),
    _Mountains(0.90, 0.04, 4.1, 2.2, (20, 32, 36)),
)


def landscape(width: int, height: int) -> bytes:
    """A PNG of that size, always the same one."""
    return png(width, height, _rows(width, height))


def _rows(width: int, height: int) -> Iterator[bytes]:
    grain = random.Random(0)
    ridges = [range_.ridge(width, height) for range_ in _RANGES]
    for row in range(height):
        sky = _mixed(_ZENITH, _HORIZON, (row / (0.66 * height)) ** 1.4)
        colors = (_color(column, row, width, height, sky, ridges) for column in range(width))
        yield b"".join(_grainy(color, grain.randint(-4, 4)) for color in colors)


def _color(
    column: int, row: int, width: int, height: int, sky: Color, ridges: list[list[float]]
) -> Color:
    for mountains, ridge in zip(reversed(_RANGES), reversed(ridges), strict=True):
        if (below := row - ridge[column]) > 0:
            return _mixed(mountains.color, _HAZE, 0.35 - below / (0.35 * height))
    away = hypot(column - _SUN_X * width, row - _SUN_Y * height) / (_SUN_SIZE * height)
    return sky if away > 6 else _mixed(_SUN, sky, max(0.0, (away - 1) / 5) ** 0.45)


def _mixed(one: Color, other: Color, part: float) -> Color:
    """A color between two: the first at ``part`` 0 and below, the second at 1 and above."""
    part = min(1.0, max(0.0, part))
    red, green, blue = (a + (b - a) * part for a, b in zip(one, other, strict=True))
    return red, green, blue


def _grainy(color: Color, grain: int) -> bytes:
    return bytes(max(0, min(255, round(value) + grain)) for value in color)

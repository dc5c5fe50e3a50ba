"""Unit prices with their sources; a price without a source is none."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PRICES_FILE = Path(__file__).with_name("prices.json")
# How a price was read, the best way first.
WAYS = ("price list", "quoted", "second-hand", "other region", "memory")
ANY_REGION = "any"


class UnknownRegionError(ValueError):
    """A region of which not every price is known; the text names what is missing."""


@dataclass(frozen=True)
class Price:
    """A unit's price in USD without tax, where it was read, and when.

    ``free`` units a month cost nothing: for ``everybody`` and for ever, or only in the account's
    ``free tier``.
    """

    key: str
    service: str
    unit: str
    usd: float
    region: str
    source: str
    date: str
    read: str
    free: float = 0.0
    free_for: str = ""
    note: str = ""


@dataclass(frozen=True)
class PriceList:
    """The prices of one region, by key."""

    region: str
    prices: dict[str, Price]

    def __getitem__(self, key: str) -> Price:
        """The price; raises UnknownRegionError where the region has none that is sourced."""
        if key not in self.prices:
            raise UnknownRegionError(f"no sourced price in {self.region} for {key}")
        return self.prices[key]

    def require(self, keys: Iterable[str]) -> None:
        """Raise UnknownRegionError with all the prices that are missing, in one line."""
        if missing := sorted(set(keys) - set(self.prices)):
            raise UnknownRegionError(f"no sourced price in {self.region} for {', '.join(missing)}")


def read_rows() -> list[dict[str, Any]]:
    """The rows of ``prices.json`` as they stand there."""
    rows: list[dict[str, Any]] = json.loads(PRICES_FILE.read_text("utf-8"))
    return rows


def price_list(region: str) -> PriceList:
    """The prices of a region; raises UnknownRegionError where there is none."""
    rows = [_price(row) for row in read_rows()]
    regions = sorted({row.region for row in rows} - {ANY_REGION})
    if region not in regions:
        offered = ", ".join(_offer(name, rows) for name in regions)
        raise UnknownRegionError(
            f"no prices for region {region!r}; there is {offered}; `make prices` asks AWS for more"
        )
    found = {row.key: row for row in rows if row.region in (ANY_REGION, region)}
    return PriceList(region, found)


def _offer(region: str, rows: list[Price]) -> str:
    """A region's name, and how much it lacks of what is known of any."""
    known = {row.key for row in rows if row.region in (ANY_REGION, region)}
    missing = len({row.key for row in rows} - known)
    return f"{region} ({missing} prices are missing)" if missing else f"{region} (complete)"


def _price(row: dict[str, Any]) -> Price:
    free = row.get("free", {})
    plain = {key: value for key, value in row.items() if key not in ("free", "query")}
    return Price(**plain, free=free.get("quantity", 0.0), free_for=free.get("whose", ""))

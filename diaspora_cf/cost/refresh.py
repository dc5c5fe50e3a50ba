"""Reads the prices anew from AWS's Price List API: ``make prices``.

Needs an account and boto3 (the extra ``prices``). A row that AWS does not answer, or answers with
several prices, stays as it is and is named, and the exit status is 1: none is dropped silently.
"""

from __future__ import annotations

import datetime
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from .prices import PRICES_FILE, read_rows

Row = dict[str, Any]
# The API answers in few regions, about all of them.
ENDPOINT_REGION = "us-east-1"


class PricingClient(Protocol):
    """What is used of boto3's client ``pricing``."""

    def get_products(self, **query: Any) -> dict[str, Any]:
        """One page of products."""


@dataclass(frozen=True)
class Refreshed:
    """The rows to be written, and a line for each that could not be read anew."""

    rows: list[Row]
    faults: list[str]


def refresh(rows: Iterable[Row], client: PricingClient, today: str) -> Refreshed:
    """Ask for every row that has a query; ``today`` (ISO) is the date of what was read anew."""
    refreshed: list[Row] = []
    faults: list[str] = []
    for row in rows:
        found = prices_of(client, row) if "query" in row else set()
        if len(found) == 1:
            refreshed.append(_updated(row, found.pop(), today))
            continue
        refreshed.append(row)
        if "query" in row:
            told = f"{len(found)} prices" if found else "no price"
            faults.append(f"{row['key']} in {row['region']}: {told}, kept {row['usd']:g}")
    return Refreshed(refreshed, faults)


def prices_of(client: PricingClient, row: Row) -> set[float]:
    """The different first-tier prices in USD above nothing that AWS has for a row's query."""
    found = {usd for product in _products(client, row) for usd in _first_tier(product)}
    return found - {0.0}


def _products(client: PricingClient, row: Row) -> Iterator[dict[str, Any]]:
    query = dict(row["query"])
    service = query.pop("ServiceCode")
    filters = [
        {"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in query.items()
    ]
    page: dict[str, Any] = {}
    while True:
        token = {"NextToken": page["NextToken"]} if page.get("NextToken") else {}
        page = client.get_products(ServiceCode=service, Filters=filters, **token)
        # Each product is a text of JSON inside the JSON.
        yield from map(json.loads, page["PriceList"])
        if not page.get("NextToken"):
            return


def _first_tier(product: dict[str, Any]) -> Iterator[float]:
    """The price where paying begins: the lowest tier that is not free."""
    for term in product["terms"].get("OnDemand", {}).values():
        tiers = [
            (float(tier.get("beginRange", 0)), float(tier["pricePerUnit"].get("USD", 0)))
            for tier in term["priceDimensions"].values()
        ]
        paid = sorted(tier for tier in tiers if tier[1] > 0)
        if paid:
            yield paid[0][1]


# AWS's units, where ours are larger: the price of one of ours is that of so many of theirs.
SCALE = {
    "million requests": 1e6,
    "million calls": 1e6,
    "thousand requests": 1e3,
    "thousand mails": 1e3,
}


def _updated(row: Row, usd: float, today: str) -> Row:
    return {
        **row,
        "usd": round(usd * SCALE.get(row["unit"], 1), 10),
        "source": "AWS Price List API",
        "date": today,
        "read": "price list",
    }


def main() -> int:
    """Refresh the file; returns 1 where a row could not be read anew, 2 without boto3."""
    try:
        import boto3
    except ImportError:
        print("prices: boto3 is missing: pip install -e '.[prices]'", file=sys.stderr)
        return 2
    client = boto3.client("pricing", region_name=ENDPOINT_REGION)
    result = refresh(read_rows(), client, datetime.date.today().isoformat())
    temporary = PRICES_FILE.with_suffix(".new")
    temporary.write_text(json.dumps(result.rows, indent=2, ensure_ascii=False) + "\n", "utf-8")
    temporary.replace(PRICES_FILE)
    for fault in result.faults:
        print(f"prices: {fault}", file=sys.stderr)
    return 1 if result.faults else 0


if __name__ == "__main__":
    sys.exit(main())

"""Prices have sources, and are read anew without losing one."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from diaspora_cf.cost.prices import WAYS, UnknownRegionError, price_list, read_rows
from diaspora_cf.cost.refresh import prices_of, refresh
from diaspora_cf.parameters.database import DATABASE_INSTANCE_CLASS
from diaspora_cf.parameters.machine import POD_INSTANCE_TYPE

ROW = {
    "key": "ec2.ipv4",
    "service": "Amazon VPC",
    "unit": "hour",
    "usd": 0.005,
    "region": "eu-west-1",
    "source": "somebody",
    "date": "2026-09-17",
    "read": "quoted",
    "query": {"ServiceCode": "AmazonVPC", "usagetype": "EU-PublicIPv4:InUseAddress"},
}


def product(*tiers: tuple[str, str], kind: str = "OnDemand") -> str:
    """One product in the form that the Price List API documents: JSON as a text."""
    dimensions = {
        str(number): {"beginRange": begin, "unit": "Hrs", "pricePerUnit": {"USD": usd}}
        for number, (begin, usd) in enumerate(tiers)
    }
    return json.dumps({"product": {}, "terms": {kind: {"T": {"priceDimensions": dimensions}}}})


class Recorded:
    """Answers by usage type, one page for each product."""

    def __init__(self, **answers: list[str]) -> None:
        self.answers = answers
        self.asked: list[dict[str, Any]] = []

    def get_products(self, **query: Any) -> dict[str, Any]:
        self.asked.append(query)
        products = next(iter(self.answers.values()))
        page = int(query.get("NextToken", "0"))
        more = {"NextToken": str(page + 1)} if page + 1 < len(products) else {}
        return {"PriceList": products[page : page + 1], **more}


def test_every_row_says_where_and_when_and_how_it_was_read() -> None:
    rows = read_rows()
    assert len(rows) > 30
    for row in rows:
        assert row["usd"] > 0, row
        assert row["read"] in WAYS, row
        assert all(row[field] for field in ("service", "unit", "region", "source", "date")), row


def test_no_price_is_there_twice() -> None:
    keys = [(row["key"], row["region"]) for row in read_rows()]
    assert len(keys) == len(set(keys))


def test_every_machine_that_the_template_offers_has_a_price() -> None:
    price_list("eu-west-1").require(f"ec2.{kind}" for kind in POD_INSTANCE_TYPE.allowed)
    families = {kind.split(".")[0] for kind in POD_INSTANCE_TYPE.allowed}
    price_list("eu-west-1").require(f"ec2.credits.{family}" for family in families)


def test_every_database_that_the_template_offers_has_a_price() -> None:
    classes = [kind.removeprefix("db.") for kind in DATABASE_INSTANCE_CLASS.allowed]
    price_list("eu-west-1").require(f"rds.{kind}" for kind in classes)
    families = {kind.split(".")[0] for kind in classes}
    price_list("eu-west-1").require(f"rds.credits.{family}" for family in families)


def test_a_region_says_what_it_lacks_and_makes_nothing_up() -> None:
    with pytest.raises(UnknownRegionError, match="eu-west-1"):
        price_list("mars-north-1")
    with pytest.raises(UnknownRegionError, match=r"ebs\.gp3, ec2\.ipv4"):
        price_list("us-east-1").require(["ec2.ipv4", "ebs.gp3", "aurora.acu"])


def test_a_price_is_read_anew_with_its_source_and_date() -> None:
    client = Recorded(any=[product(("0", "0.0060000000"))])
    result = refresh([ROW], client, "2026-12-01")
    (row,) = result.rows
    assert (row["usd"], row["read"], row["date"]) == (0.006, "price list", "2026-12-01")
    assert row["query"] == ROW["query"]
    assert result.faults == []
    assert client.asked[0]["ServiceCode"] == "AmazonVPC"
    assert client.asked[0]["Filters"] == [
        {"Type": "TERM_MATCH", "Field": "usagetype", "Value": "EU-PublicIPv4:InUseAddress"}
    ]


@pytest.mark.parametrize(
    ("answer", "told"),
    [([product(("0", "0"))], "no price"), ([product(("0", "1")), product(("0", "2"))], "2 prices")],
)
def test_a_row_without_one_clear_answer_is_kept_and_named(answer: list[str], told: str) -> None:
    result = refresh([ROW], Recorded(any=answer), "2026-12-01")
    assert result.rows == [ROW]
    (fault,) = result.faults
    assert "ec2.ipv4" in fault
    assert told in fault


def test_a_row_without_a_query_is_kept_in_silence() -> None:
    row = {key: value for key, value in ROW.items() if key != "query"}
    assert refresh([row], Recorded(any=[]), "2026-12-01").rows == [row]


def test_the_first_tier_that_costs_something_counts() -> None:
    tiers = product(("100", "0.09"), ("0", "0"), ("10240", "0.085"))
    assert prices_of(Recorded(any=[tiers]), ROW) == {0.09}


def test_reserved_prices_do_not_count() -> None:
    assert prices_of(Recorded(any=[product(("0", "1"), kind="Reserved")]), ROW) == set()


def test_a_unit_of_ours_that_is_larger_is_scaled() -> None:
    row = {**ROW, "unit": "million requests"}
    result = refresh([row], Recorded(any=[product(("0", "0.00000111"))]), "2026-12-01")
    assert result.rows[0]["usd"] == pytest.approx(1.11)


def test_a_region_is_offered_with_what_it_lacks() -> None:
    with pytest.raises(UnknownRegionError) as refused:
        price_list("xx-west-1")
    said = str(refused.value)
    assert "eu-west-1 (complete)" in said
    assert re.search(r"us-east-1 \(\d+ prices are missing\)", said)
    assert "\n" not in said

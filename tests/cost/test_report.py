"""The table, the JSON, the chart and the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from diaspora_cf.cost.__main__ import main
from diaspora_cf.cost.bill import low_cost_case
from diaspora_cf.cost.chart import chart_files
from diaspora_cf.cost.profiles import PROFILES
from diaspora_cf.cost.report import as_dict, cost_table, text
from diaspora_cf.generator import ROOT

Template = dict[str, Any]


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(list(arguments))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_the_json_adds_up_and_says_the_same_as_the_text(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, text, _ = told(capsys)
    assert status == 0
    whole = json.loads(told(capsys, "--json")[1])
    assert sum(row["usd"] for row in whole["rows"]) == pytest.approx(whole["total"], abs=1e-4)
    assert f"{whole['total']:.2f}" in text
    assert f"{whole['not_built']['total']:.3f}" in text
    assert "not built" in text


def test_what_is_not_built_is_said_to_be_so_and_only_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert told(capsys, "--batch", "60")[1].count("not built yet") == 1
    never = ("--json", "--parameter", "DatabaseMinCapacity=1")
    whole = json.loads(told(capsys, *never)[1])
    assert (whole["not_built"], whole["usd_per_awake_hour"]) == (None, None)


def test_answers_profile_and_machine_change_the_bill(capsys: pytest.CaptureFixture[str]) -> None:
    def total(*arguments: str) -> float:
        figure: float = json.loads(told(capsys, "--json", *arguments)[1])["total"]
        return figure

    base = total("--profile", "alone")
    assert total("--profile", "alone", "--parameter", "PodInstanceType=t4g.small") > base
    assert total("--profile", "alone", "--machine", "stock") > base
    assert total("--profile", "alone", "--free-tier") < base
    assert total("--profile", "quiet", "--batch", "60") < total("--profile", "quiet")


@pytest.mark.parametrize(
    ("arguments", "known"),
    [
        (("--region", "mars-1"), "eu-west-1"),
        (("--region", "us-east-1"), "ec2.t3a.micro"),
        (("--profile", "loud"), "quiet"),
        (("--stack", "cheap"), "low_cost"),
        (("--machine", "mine"), "stock"),
        (("--parameter", "Nothing=1"), "PodInstanceType"),
        (("--parameter", "PodInstanceType=m5.large"), "t3a.micro"),
        (("--parameter", "PodInstanceType"), "NAME=VALUE"),
        (("--batch", "-1"), "minutes"),
    ],
)
def test_what_is_unknown_is_told_in_one_line_with_what_is_known(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, str], known: str
) -> None:
    status, out, err = told(capsys, *arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert known in err


def test_the_readme_shows_the_computed_table(template: Template) -> None:
    assert cost_table(template) in (ROOT / "README.md").read_text("utf-8")


def test_the_pictures_are_drawn_from_the_same_numbers_byte_for_byte(template: Template) -> None:
    drawn = chart_files(template)
    assert len(drawn) == 2
    committed = {path.name: path.read_text("utf-8") for path in (ROOT / "docs").glob("cost-*.svg")}
    assert drawn == committed
    assert all(f"docs/{name}" in (ROOT / "README.md").read_text("utf-8") for name in drawn)


def test_another_price_makes_another_picture(
    template: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = chart_files(template)
    monkeypatch.setattr("diaspora_cf.cost.usage.DATABASE_GB", 100.0)
    assert chart_files(template) != before


@pytest.mark.parametrize(
    ("answers", "untrue"),
    [
        ({"DatabaseMinCapacity": "0.5"}, ("slept", "for each hour that it is awake", "awake 24")),
        ({"PodState": "offline"}, ("for each hour that it is awake", "with PodState offline")),
    ],
)
def test_a_bill_says_nothing_that_is_untrue_of_its_answers(
    template: Template, answers: dict[str, str], untrue: tuple[str, ...]
) -> None:
    usual = text(low_cost_case(template, PROFILES["quiet"]))
    assert "slept all month" in usual
    said = text(low_cost_case(template, PROFILES["quiet"], **answers))
    assert [words for words in untrue if words in said] == []


def test_a_database_that_never_sleeps_has_no_figure_of_its_sleep(template: Template) -> None:
    never = as_dict(low_cost_case(template, PROFILES["quiet"], DatabaseMinCapacity="1"))
    assert never["asleep_all_month"] is None
    assert never["awake_hours_a_day_at_20_usd"] is None

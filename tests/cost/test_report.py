"""The table, the JSON, the chart and the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from diaspora_cf.cost.__main__ import main
from diaspora_cf.cost.bill import KINDS, low_cost_case
from diaspora_cf.cost.chart import chart_files
from diaspora_cf.cost.profiles import PROFILES
from diaspora_cf.cost.report import as_dict, text
from diaspora_cf.cost.table import cost_table
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
    assert str(whole["nothing_waits"])[:5] in text
    assert f"awake {whole['awake_hours_a_day']:.1f} h a day" in text
    assert f"times a day: page {whole['wakes_a_day']['page']:.1f}, " in text
    assert all(f"{usd:.2f}" in text for usd in whole["kinds"].values())
    assert whole["rates"]["people"] == PROFILES["quiet"].people


@pytest.mark.parametrize("profile", ["quiet", "hundred"])
def test_the_cheaper_kind_is_named_with_its_price_whatever_was_asked_for(
    capsys: pytest.CaptureFixture[str], profile: str
) -> None:
    told_of = [
        told(capsys, "--profile", profile, "--parameter", f"DatabaseKind={kind}")[1]
        for kind in KINDS
    ]
    lines = [[it for it in text.splitlines() if "cheaper" in it] for text in told_of]
    assert lines[0] == lines[1]
    cheaper = KINDS[0] if profile == "quiet" else KINDS[1]
    assert lines[0][0].startswith(f"The cheaper database for this use: {cheaper}, ")
    assert "h awake a day on" in lines[0][1]


def test_answers_profile_and_machine_change_the_bill(capsys: pytest.CaptureFixture[str]) -> None:
    def total(*arguments: str) -> float:
        figure: float = json.loads(told(capsys, "--json", *arguments)[1])["total"]
        return figure

    base = total("--profile", "alone")
    assert total("--profile", "alone", "--parameter", "PodInstanceType=t4g.small") > base
    assert total("--profile", "alone", "--machine", "stock") > base
    assert total("--profile", "alone", "--free-tier") < base
    assert total("--profile", "alone,sessions=6") > base
    assert total("--parameter", "FederationPatience=0") > total()


@pytest.mark.parametrize(
    ("arguments", "known"),
    [
        (("--region", "mars-1"), "eu-west-1"),
        (("--region", "us-east-1"), "ec2.t3a.micro"),
        (("--region", "us-east-1"), "rds.t4g.micro"),
        (("--profile", "loud"), "quiet"),
        (("--stack", "cheap"), "low_cost"),
        (("--machine", "mine"), "stock"),
        (("--parameter", "Nothing=1"), "PodInstanceType"),
        (("--parameter", "PodInstanceType=m5.large"), "t3a.micro"),
        (("--parameter", "PodInstanceType"), "NAME=VALUE"),
        (("--parameter", "FederationPatience=7"), "240"),
        (("--profile", "quiet,visits=7"), "sessions"),
        (("--profile", "quiet,dead=7"), "share"),
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
        (
            {"PodState": "offline"},
            ("for each hour that it is awake", "with PodState offline", "cheaper"),
        ),
        (
            {"DatabaseKind": "rds-instance"},
            ("slept", "for each hour that it is awake", "wakes it", "FederationPatience"),
        ),
    ],
)
def test_a_bill_says_nothing_that_is_untrue_of_its_answers(
    template: Template, answers: dict[str, str], untrue: tuple[str, ...]
) -> None:
    usual = text(low_cost_case(template, PROFILES["quiet"]))
    assert "slept all month" in usual
    said = text(low_cost_case(template, PROFILES["quiet"], **answers))
    assert [words for words in untrue if words in said] == []


@pytest.mark.parametrize(
    "answers", [{"DatabaseMinCapacity": "1"}, {"DatabaseKind": "rds-instance"}]
)
def test_a_database_that_never_sleeps_has_no_figure_of_its_sleep(
    template: Template, answers: dict[str, str]
) -> None:
    never = as_dict(low_cost_case(template, PROFILES["quiet"], **answers))
    usual = as_dict(low_cost_case(template, PROFILES["quiet"]))
    assert {"asleep_all_month", "waited_minutes"} <= set(usual) - set(never)


def test_the_table_has_every_profile_and_every_answer_to_how_long_messages_wait(
    template: Template,
) -> None:
    rows = cost_table(template).splitlines()
    for name in PROFILES:
        assert [row for row in rows if row.startswith(f"| *{name}*: ")]
    assert [row for row in rows if row.startswith("| *quiet*: with twice the sessions |")]
    for minutes in template["Parameters"]["FederationPatience"]["AllowedValues"]:
        assert [
            row for row in rows if row.startswith((f"| {minutes} |", f"| {minutes} (default) |"))
        ]

"""What may go wrong is on the pages for it, and they tell of nothing that is no more.

Steps, alarms, mails and pages are read from the code. Not proved: that a remedy helps.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import diaspora_pod
from diaspora_pod.boot.steps import ANSWER, steps

from diaspora_cf.generator import ROOT

PROGRAM = Path(diaspora_pod.__file__).parent
PAGES = ROOT / "packer/rootfs/usr/share/diaspora/templates/pages"
TROUBLES = ROOT / "docs/troubleshooting.md"
EVENTS = ROOT / "docs/aws-events.md"
Template = dict[str, Any]


def test_every_step_of_a_boot_is_told_and_no_other() -> None:
    assert sorted(names("The steps of a boot")) == sorted(step_names())


def test_every_alarm_is_told_in_the_words_of_its_mail_and_no_other(template: Template) -> None:
    alarms = {
        title: found["Properties"]["AlarmDescription"]
        for title, found in template["Resources"].items()
        if found["Type"] == "AWS::CloudWatch::Alarm"
    }
    told = {name: words for name, words, _ in rows("Alarms")}
    assert told == {f"`{title}`": words for title, words in alarms.items()}


def test_every_mail_of_the_budget_is_told_and_no_other(template: Template) -> None:
    budget = template["Resources"]["Budget"]["Properties"]
    sent = [it["Notification"] for it in budget["NotificationsWithSubscribers"]]
    told = rows("The budget")
    assert [name for name, *_ in told] == [f"`{it['NotificationType']}`" for it in sent]
    for (_, when, _), it in zip(told, sent, strict=True):
        assert f"{it['Threshold']} %" in when


def test_every_page_in_place_of_diasporas_is_told_and_no_other() -> None:
    shown = {page.name.removesuffix(".html.j2") for page in PAGES.glob("*.html.j2")} - {"page"}
    assert set(names("What visitors see")) == shown


def test_what_is_told_to_fail_is_a_resource(template: Template) -> None:
    told = re.findall(r"\*\*(\w+)\*\*", EVENTS.read_text("utf-8"))
    assert len(set(told)) > 10
    assert set(told) <= set(template["Resources"])


def names(heading: str) -> list[str]:
    """What stands as code in the first cells of the table below a heading."""
    return [name for first, *_ in rows(heading) for name in re.findall("`([a-z-]+)`", first)]


def rows(heading: str) -> list[list[str]]:
    """The rows of the table below a heading, without its head."""
    sections = re.split(r"^##+ (.+)$", TROUBLES.read_text("utf-8"), flags=re.MULTILINE)
    section = sections[sections.index(heading) + 1]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    # No cell may hold a bar.
    assert {line.count("|") for line in lines} == {4}, heading
    return [line.strip("| ").split(" | ") for line in lines[1:]]


def step_names() -> set[str]:
    """All steps that a boot's failure may be named by."""
    found = {step.name for step in steps(runs_jobs=True)} | {ANSWER}
    put_together = []
    for module, name in _named_by_the_program():
        match name:
            case ast.Constant(value=str(text)):
                found.add(text)
            case ast.Name(id=constant):
                found.add(getattr(importlib.import_module(module), constant))
            case ast.JoinedStr():
                put_together.append(name)
            case _:
                raise AssertionError(f"{module} names a step by {ast.unparse(name)}")
    for name in put_together:
        assert any(re.fullmatch(_pattern(name), known) for known in found)
    return found


def _named_by_the_program() -> Iterator[tuple[str, ast.expr]]:
    """The modules that take a step, and how each names it."""
    for file in sorted(PROGRAM.rglob("*.py")):
        module = ".".join(file.relative_to(PROGRAM.parent).with_suffix("").parts)
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr="step"), args=[name]):
                    yield module, name


def _pattern(name: ast.JoinedStr) -> str:
    parts = (part.value if isinstance(part, ast.Constant) else None for part in name.values)
    return "".join(".+" if part is None else re.escape(str(part)) for part in parts)

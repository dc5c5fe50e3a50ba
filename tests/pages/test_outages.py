"""For how long nobody is served: what a page says is what the rehearsal's report says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from diaspora_cf.generator import OPERATIONS, ROOT, reports
from diaspora_cf.pages.outages import OUTAGES, Outage, outages_table

MEASURED = """\
### First boot

|  | here | by hand | why they differ |
| --- | --- | --- | --- |
| signal of success | 99.9 s | 1 s | another thing |

### Reboot

| first page, from the order on | 7.7 s |  |  |
"""


def test_a_figure_is_the_reports_own() -> None:
    table = outages_table([MEASURED])
    assert "| 99.9 s |" in table
    assert "| The machine restarts | 7.7 s |" in table


def test_what_the_report_lacks_leaves_no_hole() -> None:
    assert outages_table([MEASURED]).count("\n") == 1 + 2
    assert outages_table([]).count("\n") == 1


def test_a_figure_of_another_table_is_not_taken() -> None:
    assert "7.7 s" not in outages_table([MEASURED.replace("### Reboot", "### Else")])


def test_the_page_has_what_was_measured_last() -> None:
    assert outages_table(reports()) in OPERATIONS.read_text("utf-8")


def test_figures_of_several_reports_stand_in_one_table_each_with_its_unit() -> None:
    moving = "### Moving\n\n| dump, seconds | 12 |  | of the stand-in |\n"
    table = outages_table([MEASURED, moving])
    assert table.count("\n") == 1 + 3
    assert "| 12 s |" in table


def test_what_else_a_report_says_of_a_figure_stays_there() -> None:
    more = MEASURED.replace("7.7 s", "7.7 s; asked meanwhile: 3 times 503")
    assert "| The machine restarts | 7.7 s |" in outages_table([more])


@pytest.mark.parametrize("outage", OUTAGES, ids=lambda outage: outage.figure)
def test_an_outage_is_what_a_story_measures(outage: Outage) -> None:
    assert any(
        re.fullmatch(part, outage.part) and re.fullmatch(figure, outage.figure)
        for part, figure in figures()
    )


def figures() -> Iterator[tuple[str, str]]:
    """What stories call what they measure, as patterns: a name may be put together."""
    for file in sorted((ROOT / "tests/rehearsal").rglob("*.py")):
        tree = ast.parse(file.read_text("utf-8"))
        said = _said(tree)
        for node in ast.walk(tree):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="figures"), attr="add"),
                    args=[part, figure, *_],
                ):
                    yield _pattern(part, said), _pattern(figure, said)


def _said(tree: ast.AST) -> dict[str, str]:
    """What the names of a file may stand for, where it is said outright."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant() | ast.JoinedStr()):
                words = _pattern(node.value, {})
                found[name] = f"{found[name]}|{words}" if name in found else words
    return found


def _pattern(node: ast.expr, said: dict[str, str]) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return re.escape(text)
        case ast.JoinedStr(values=parts):
            return "".join(_pattern(part, said) for part in parts)
        case ast.FormattedValue():
            return ".+"
        case ast.Name(id=name) if name in said:
            return f"(?:{said[name]})"
    # Worked out: matches nothing.
    return r"(?!)"

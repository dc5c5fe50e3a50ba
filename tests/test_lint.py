"""cfn-lint finds nothing, and would: once per release in every region is `make lint`'s work."""

from __future__ import annotations

from pathlib import Path

import pytest
from cfnlint import api
from cfnlint.config import ManualArgs

from diaspora_cf.generator import ROOT

TEXT = (ROOT / "templates/low_cost/cf_template.yml").read_text("utf-8")


def findings(text: str) -> list[str]:
    config = ManualArgs(regions=["eu-west-1"], include_checks=["I"])
    return [f"{match.rule.id} {match.message}" for match in api.lint(text, config=config)]


def test_the_template_has_no_finding_of_any_level() -> None:
    assert findings(TEXT) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("      PubliclyAccessible: false", "      PubliclyAccesible: false"),
        ("!Ref PublicRouteTable", "!Ref PublicRouteTabel"),
        ("Engine: aurora-postgresql\n", "Engine: aurora-postgres\n"),
        ("    Condition: MakesCertificate", "    Condition: IsOnline"),
    ],
)
def test_a_slip_is_found(right: str, wrong: str) -> None:
    assert right in TEXT
    assert findings(TEXT.replace(right, wrong)) != []


def test_every_check_that_is_switched_off_stands_beside_its_resource_with_a_reason() -> None:
    sources = [path.read_text("utf-8") for path in Path(ROOT / "diaspora_cf").rglob("*.py")]
    off = [source for source in sources if "ignore_checks" in source]
    assert len(off) == 2
    for source in off:
        assert source.split('"ignore_checks": [')[1].lstrip().startswith("#")
    assert "ignore_checks" not in (ROOT / ".cfnlintrc").read_text("utf-8")

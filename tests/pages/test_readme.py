"""The README's generated parts: the picture and the questions."""

from __future__ import annotations

import re
from typing import Any

import pytest

from diaspora_cf.pages.diagram import ARROWS, BOXES, LEFT_OUT, PEOPLE, mermaid
from diaspora_cf.pages.readme import parameter_table, splice

Template = dict[str, Any]
# Services that a person wants to see: front, compute, storage, database, mail.
DRAWN = re.compile(
    "AWS::(ApiGatewayV2|ServiceDiscovery|Route53|CertificateManager|S3::Bucket$|SES"
    "|RDS::DB(Cluster|Instance)$|EC2::(Instance|LaunchTemplate|VPCEndpoint))"
)


def test_every_front_compute_storage_database_and_mail_resource_is_in_the_picture(
    template: Template,
) -> None:
    wanted = {r["Type"] for r in template["Resources"].values() if DRAWN.match(r["Type"])}
    assert len(wanted) > 12
    assert wanted <= {kind for box in BOXES for kind in box.types}


def test_the_picture_shows_what_the_template_says(template: Template) -> None:
    picture = mermaid(template)
    assert "EC2 t3a.micro" in picture
    assert "0 to 1 ACU" in picture
    template["Parameters"]["PodInstanceType"]["Default"] = "t4g.small"
    assert "EC2 t4g.small" in mermaid(template)


def test_a_box_is_gone_with_its_resources(template: Template) -> None:
    del template["Resources"]["MailIdentity"]
    picture = mermaid(template)
    assert "SES" not in picture
    assert "SMTP" not in picture


def test_a_type_that_nobody_thought_of_stops_the_generator(template: Template) -> None:
    template["Resources"]["New"] = {"Type": "AWS::SQS::Queue"}
    with pytest.raises(ValueError, match="AWS::SQS::Queue"):
        mermaid(template)


def test_no_type_is_both_drawn_and_left_out() -> None:
    assert not {kind for box in BOXES for kind in box.types} & set(LEFT_OUT)


def test_every_box_has_an_arrow() -> None:
    ends = {end for arrow in ARROWS for end in (arrow.source, arrow.target)}
    assert ends == {box.key for box in BOXES} | set(PEOPLE)


def test_the_table_holds_every_parameter_once(template: Template) -> None:
    table = parameter_table(template)
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [
        name
        for group in template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        for name in group["Parameters"]
    ]


def test_a_missing_or_doubled_marker_is_told() -> None:
    marks = "<!-- generated: x -->\n<!-- end: x -->"
    assert splice(marks, {"x": "new"}) == "<!-- generated: x -->\nnew\n<!-- end: x -->"
    for text in ("", marks * 2):
        with pytest.raises(ValueError, match="generated: x"):
            splice(text, {"x": "new"})

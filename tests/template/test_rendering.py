"""The offline renderer does what CloudFormation's documentation says of each function.

It is compared with the documentation's words, not with CloudFormation itself.
"""

from __future__ import annotations

import base64
from typing import Any

import pytest

from diaspora_cf.template.rendering import RenderError, failed_rules, parameter_faults, render

Template = dict[str, Any]


def evaluate(node: Any, **template: Any) -> Any:
    """The value of one property of one resource."""
    resources = {"Thing": {"Type": "T", "Properties": {"Value": node}}, **template.pop("more", {})}
    properties = render({"Resources": resources, **template}).resources["Thing"]["Properties"]
    return properties.get("Value")


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ({"Ref": "AWS::Region"}, "eu-west-1"),
        ({"Ref": "AWS::NoValue"}, None),
        ([1, {"Ref": "AWS::NoValue"}, 2], [1, 2]),
        ({"Fn::Sub": "${AWS::StackName} ${!literal} ${Thing} ${Thing.Arn}"}, None),
        ({"Fn::Sub": ["${A}-${AWS::Region}", {"A": {"Ref": "AWS::Partition"}}]}, "aws-eu-west-1"),
        ({"Fn::Join": ["/", {"Fn::Split": ["//", "a//b/c"]}]}, "a/b/c"),
        ({"Fn::Select": ["1", {"Fn::GetAZs": ""}]}, "eu-west-1b"),
        ({"Fn::Base64": "é"}, base64.b64encode("é".encode()).decode()),
        ({"Fn::Select": [1, {"Fn::Cidr": ["10.0.0.0/16", 2, 8]}]}, "10.0.1.0/24"),
        ({"Fn::Select": [1, {"Fn::Cidr": ["2001:db8::/56", 2, 64]}]}, "2001:db8:0:1::/64"),
        ({"Fn::Select": [1, {"Fn::Cidr": ["Vpc.Ipv6", 2, 64]}]}, "Vpc.Ipv6.1"),
        ({"Fn::FindInMap": ["M", "a", "b"]}, "c"),
        ({"Fn::GetAtt": ["Thing", "Endpoint.Address"]}, "Thing.Endpoint.Address"),
        ("{{resolve:ssm:x:1}}", "{{resolve:ssm:x:1}}"),
    ],
)
def test_a_function_gives_what_the_documentation_says(node: Any, value: Any) -> None:
    if value is None and "Fn::Sub" in node:
        value = "pod ${literal} Thing Thing.Arn"
    assert evaluate(node, Mappings={"M": {"a": {"b": "c"}}}) == value


def test_conditions_combine() -> None:
    template: Template = {
        "Parameters": {"P": {"Type": "String", "Default": "x"}},
        "Conditions": {
            "Is": {"Fn::Equals": [{"Ref": "P"}, "x"]},
            "IsNot": {"Fn::Not": [{"Condition": "Is"}]},
            "Both": {"Fn::And": [{"Condition": "Is"}, {"Condition": "IsNot"}]},
            "Either": {"Fn::Or": [{"Condition": "Is"}, {"Condition": "IsNot"}]},
        },
        "Resources": {},
    }
    wanted = {"Is": True, "IsNot": False, "Both": False, "Either": True}
    assert render(template).conditions == wanted
    assert render(template, {"P": "y"}).conditions == {**wanted, "Is": False, "IsNot": True}


OPTIONAL: Template = {
    "Parameters": {"Wanted": {"Type": "String", "Default": "no"}},
    "Conditions": {"Wants": {"Fn::Equals": [{"Ref": "Wanted"}, "yes"]}},
    "Resources": {
        "Maybe": {"Type": "T", "Condition": "Wants"},
        "Thing": {"Type": "T", "DependsOn": "Maybe", "Properties": {}},
    },
    "Outputs": {},
}


def with_value(node: Any) -> Template:
    thing = {**OPTIONAL["Resources"]["Thing"], "Properties": {"Value": node}}
    return {**OPTIONAL, "Resources": {**OPTIONAL["Resources"], "Thing": thing}}


def test_what_a_condition_leaves_out_is_not_there_and_nobody_waits_for_it() -> None:
    assert set(render(OPTIONAL).resources) == {"Thing"}
    assert set(render(OPTIONAL, {"Wanted": "yes"}).resources) == {"Maybe", "Thing"}


@pytest.mark.parametrize(
    "node",
    [{"Ref": "Maybe"}, {"Fn::GetAtt": ["Maybe", "Arn"]}, {"Fn::Sub": "${Maybe}"}],
)
def test_a_reference_to_what_is_left_out_is_told_with_both_names(node: Any) -> None:
    with pytest.raises(RenderError, match=r"Thing refers to Maybe"):
        render(with_value(node))
    assert render(with_value(node), {"Wanted": "yes"})


def test_a_guarded_reference_is_fine() -> None:
    guarded = {"Fn::If": ["Wants", {"Ref": "Maybe"}, "nothing"]}
    assert render(with_value(guarded)).resources["Thing"]["Properties"] == {"Value": "nothing"}


def test_an_output_of_what_is_left_out_is_told() -> None:
    with pytest.raises(RenderError, match="Out refers to Maybe"):
        render({**OPTIONAL, "Outputs": {"Out": {"Value": {"Ref": "Maybe"}}}})


@pytest.mark.parametrize(
    ("node", "told"),
    [
        ({"Ref": "Nobody"}, "Nobody"),
        ({"Fn::If": ["Nothing", 1, 2]}, "Nothing"),
        ({"Fn::Transform": {}}, "Fn::Transform"),
        ({"Fn::FindInMap": ["M", "a", "b"]}, "no"),
    ],
)
def test_what_is_not_there_is_told(node: Any, told: str) -> None:
    with pytest.raises(RenderError, match=told):
        render(with_value(node))


def test_waiting_for_what_was_never_there_is_told() -> None:
    with pytest.raises(RenderError, match="waits for Nobody"):
        render({"Resources": {"Thing": {"Type": "T", "DependsOn": ["Nobody"]}}})


def test_attributes_can_be_given() -> None:
    template = with_value({"Fn::Sub": "${Thing} ${Thing.Arn}"})
    rendered = render(template, attributes={"Thing": {"Ref": "i-1", "Arn": "arn:1"}})
    assert rendered.resources["Thing"]["Properties"] == {"Value": "i-1 arn:1"}


@pytest.mark.parametrize(
    ("parameter", "value", "fault"),
    [
        ({"AllowedValues": ["a", "b"]}, "c", "none of a, b"),
        ({"AllowedPattern": "a+"}, "ab", "does not match"),
        ({"AllowedPattern": "a+"}, "a\n", "does not match"),
        ({"AllowedPattern": r"\d+"}, "٣", "does not match"),
        ({"MinLength": 2}, "a", "shorter"),
        ({"MaxLength": "2"}, "aaa", "longer"),
        ({"AllowedPattern": "a", "ConstraintDescription": "Only a."}, "b", "Only a."),
    ],
)
def test_an_answer_that_does_not_fit_is_told(parameter: Any, value: str, fault: str) -> None:
    template = {"Parameters": {"P": {"Type": "String", **parameter}}, "Resources": {}}
    (told,) = parameter_faults(template, {"P": value})
    assert told.startswith("P: ")
    assert fault in told
    with pytest.raises(RenderError, match="P: "):
        render(template, {"P": value})


def test_missing_and_unknown_answers_are_told() -> None:
    template = {"Parameters": {"P": {"Type": "String"}}, "Resources": {}}
    assert parameter_faults(template, {"Q": "x"}) == [
        "no parameter Q; there is P",
        "P has to be given",
    ]


def test_a_rule_counts_only_under_its_condition() -> None:
    template = {
        "Parameters": {name: {"Type": "String", "Default": ""} for name in "AB"},
        "Rules": {
            "R": {
                "RuleCondition": {"Fn::Not": [{"Fn::Equals": [{"Ref": "A"}, ""]}]},
                "Assertions": [
                    {
                        "Assert": {"Fn::Contains": [["1", "2"], {"Ref": "B"}]},
                        "AssertDescription": "B is 1 or 2",
                    }
                ],
            }
        },
    }
    assert failed_rules(template, {}) == []
    assert failed_rules(template, {"A": "x", "B": "2"}) == []
    assert failed_rules(template, {"A": "x", "B": "3"}) == ["B is 1 or 2"]

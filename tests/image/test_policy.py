"""The rights of whoever builds the image are enough, and no more."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest

from diaspora_cf.packer_policy import packer_policy

from .samples import PACKER

# What Packer 1.6.6 asked of EC2, written down by a stand-in of it on 2026-11-24 for four builds: by
# Canonical's newest image, by ami_id, for arm64, and once more with force_deregister.
ASKED = """
AuthorizeSecurityGroupIngress CreateImage CreateKeyPair CreateSecurityGroup CreateTags DeleteKeyPair
DeleteSecurityGroup DeleteSnapshot DeregisterImage DescribeImages DescribeInstances
DescribeSecurityGroups DescribeVolumes RunInstances StopInstances TerminateInstances
""".split()
INSTANCE = "arn:aws:ec2:eu-west-1:111122223333:instance/i-1"
IMAGE = "arn:aws:ec2:eu-west-1::image/ami-1"
BUILD = {"ec2:ResourceTag/Name": "Packer: diaspora v0.9.1.0"}
POD = {"ec2:ResourceTag/Name": "my-pod"}


def statements() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(packer_policy())["Statement"]
    return found


def allowed(action: str, resource: str, context: dict[str, str]) -> bool:
    return any(
        action in statement["Action"]
        and any(fnmatchcase(resource, pattern) for pattern in statement["Resource"])
        and all(
            holds(operator, context.get(key), wanted)
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
        for statement in statements()
    )


def holds(operator: str, value: str | None, wanted: str | list[str]) -> bool:
    """Whether one condition of IAM holds, of the kinds that this policy uses."""
    assert operator in {"Null", "StringEquals", "StringLike"}
    if operator == "Null":
        return (value is None) == (wanted == "true")
    patterns = [wanted] if isinstance(wanted, str) else wanted
    return value is not None and any(fnmatchcase(value, pattern) for pattern in patterns)


def test_the_committed_policy_is_what_the_generator_writes() -> None:
    assert (PACKER / "iam_policy.json").read_text("utf-8") == packer_policy()


def test_all_that_packer_asks_for_is_allowed() -> None:
    actions = {action for statement in statements() for action in statement["Action"]}
    assert {f"ec2:{action}" for action in ASKED} <= actions


def test_no_right_is_a_wildcard() -> None:
    for statement in statements():
        assert all(
            action.startswith("ec2:") and "*" not in action for action in statement["Action"]
        )


def test_only_looking_around_is_allowed_everywhere() -> None:
    everywhere = [entry for entry in statements() if "*" in entry["Resource"]]
    assert [entry["Sid"] for entry in everywhere] == ["LookAround"]
    assert all(action.startswith("ec2:Describe") for action in everywhere[0]["Action"])


@pytest.mark.parametrize("action", ["ec2:StopInstances", "ec2:TerminateInstances"])
def test_a_pod_cannot_be_ended(action: str) -> None:
    assert allowed(action, INSTANCE, BUILD)
    assert not allowed(action, INSTANCE, POD)
    assert not allowed(action, INSTANCE, {})


def test_only_images_of_the_pod_can_be_removed() -> None:
    own = {"ec2:ResourceTag/Name": "diaspora-v0.9.1.0-x86_64-1"}
    assert allowed("ec2:DeregisterImage", IMAGE, own)
    assert not allowed("ec2:DeregisterImage", IMAGE, {"ec2:ResourceTag/Name": "payroll"})


def test_a_machine_can_be_named_while_it_is_made_and_never_later() -> None:
    name = {"aws:RequestTag/Name": "Packer: diaspora v0.9.1.0"}
    assert allowed("ec2:CreateTags", INSTANCE, {**name, "ec2:CreateAction": "RunInstances"})
    # Else a pod could be given the name of what may be ended.
    assert not allowed("ec2:CreateTags", INSTANCE, name)
    assert not allowed("ec2:CreateTags", INSTANCE, {**name, **POD})


def test_an_image_of_another_name_keeps_it() -> None:
    name = {"aws:RequestTag/Name": "diaspora-v0.9.1.0-x86_64-1"}
    assert allowed("ec2:CreateTags", IMAGE, name)
    own = {"ec2:ResourceTag/Name": "diaspora-v0.9.1.0-x86_64-1"}
    assert allowed("ec2:CreateTags", IMAGE, {**name, **own})
    assert not allowed("ec2:CreateTags", IMAGE, {**name, "ec2:ResourceTag/Name": "payroll"})

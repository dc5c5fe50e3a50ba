"""Policies are read by AWS as they were meant: their version, and whom they allow or deny."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..answers import CHOICES, HOSTED
from .breaking import Mutation, change, statement, unconditional_policy
from .reading import EVERYTHING, POD_ROLE, Template, properties, rendered
from .test_pod import settings


def documents(node: Any) -> Iterator[Any]:
    """Every policy document below a node."""
    if isinstance(node, dict):
        if "Statement" in node:
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from documents(child)


def test_every_policy_is_of_the_language_that_is_in_use(template: Template) -> None:
    # Without it AWS reads a document by the rules of 2008.
    found = list(documents(template["Resources"]))
    assert len(found) >= 10
    assert {document["Version"] for document in found} == {"2012-10-17"}


def test_rights_are_given_but_for_what_must_never_be(template: Template) -> None:
    denied = {
        it["Sid"]
        for document in documents(rendered(template, EVERYTHING).resources)
        for it in document["Statement"]
        if it["Effect"] != "Allow"
    }
    assert denied == {"TlsOnly", "NeverOverwriteSecrets"}


def test_rights_are_about_the_bucket_and_the_secrets_that_the_pod_is_told_of(
    template: Template,
) -> None:
    for choice in (HOSTED, EVERYTHING, CHOICES["existing bucket"]):
        told = settings(template, choice)
        named = [
            name
            for document in documents(rendered(template, choice).resources)
            for it in document["Statement"]
            for name in it.get("Resource", [])
        ]
        buckets = {re.split("[:/]", name)[5] for name in named if ":s3:" in name}
        assert buckets == {told["bucket"]}
        secrets = {name.split(":parameter")[1] for name in named if ":ssm:" in name}
        own = {name for name in secrets if name.startswith(f"{told['secrets_path']}/")}
        assert own
        assert secrets - own <= {value for key, value in told.items() if key.endswith("_key")}


def test_session_manager_has_rights_where_it_was_chosen_and_nowhere_else(
    template: Template,
) -> None:
    for choice in CHOICES.values():
        made = rendered(template, choice)
        chosen = made.parameters["SshAccess"] == "session-manager"
        assert ("ssmmessages:" in str(made.resources[POD_ROLE])) is chosen


def test_the_machine_takes_on_the_role_that_was_made_for_it(template: Template) -> None:
    (taken,) = properties(template, POD_ROLE)["AssumeRolePolicyDocument"]["Statement"]
    assert taken["Action"] == ["sts:AssumeRole"]
    assert properties(template, "PodInstanceProfile")["Roles"] == [POD_ROLE]
    launch = properties(template, "PodLaunchTemplate")["LaunchTemplateData"]
    assert launch["IamInstanceProfile"] == {"Arn": "PodInstanceProfile.Arn"}


def test_the_s3_endpoint_lets_everybody_inside_through_to_what_it_leads_to(
    template: Template,
) -> None:
    passed = properties(template, "S3Endpoint")["PolicyDocument"]["Statement"]
    assert {it["Principal"] for it in passed} == {"*"}


MUTATIONS: dict[str, Mutation] = {
    "every_policy_is_of_the_language_that_is_in_use": change(
        "S3Endpoint", "PolicyDocument", "Version", to="2008-10-17"
    ),
    "rights_are_given_but_for_what_must_never_be": lambda template: statement(
        template, "SignalOwnStack"
    ).__setitem__("Effect", "Deny"),
    "rights_are_about_the_bucket_and_the_secrets_that_the_pod_is_told_of": lambda template: (
        statement(template, "Uploads").__setitem__("Resource", ["arn:aws:s3:::another/uploads/*"])
    ),
    "session_manager_has_rights_where_it_was_chosen_and_nowhere_else": unconditional_policy(
        "session-manager"
    ),
    "the_machine_takes_on_the_role_that_was_made_for_it": change(
        "PodInstanceProfile", "Roles", to=["another"]
    ),
    "the_s3_endpoint_lets_everybody_inside_through_to_what_it_leads_to": change(
        "S3Endpoint", "PolicyDocument", "Statement", 0, "Principal", to="nobody"
    ),
}

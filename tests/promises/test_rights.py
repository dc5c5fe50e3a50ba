"""What the pod may do, and what it may not."""

from __future__ import annotations

from typing import Any

from ..answers import CHOICES, HOSTED, MAIL
from ..iam import allowed, statements
from .breaking import Mutation, change, grant, statement, unconditional_policy
from .reading import POD_ROLE, Template, properties, rendered

_SSM = "arn:aws:ssm:eu-west-1:123456789012:parameter"
_BUCKET = "arn:aws:s3:::AssetsBucket"


def may(template: Template, action: str, resource: str, **more: Any) -> bool:
    role = rendered(template, {**HOSTED, **MAIL}).resources[POD_ROLE]
    return allowed(role, action, resource, more.get("context"))


def test_the_pod_reads_the_secrets_that_it_was_told_of_and_no_others(template: Template) -> None:
    for name in ("database/username", "database/password", "mail/username", "mail/password"):
        assert may(template, "ssm:GetParameter", f"{_SSM}/diaspora/{name}")
    assert not may(template, "ssm:GetParameter", f"{_SSM}/diaspora/other/password")
    assert not may(template, "ssm:GetParametersByPath", f"{_SSM}/diaspora")


def test_the_pod_reads_no_mail_secret_while_mail_is_off(template: Template) -> None:
    role = rendered(template, HOSTED).resources[POD_ROLE]
    assert allowed(role, "ssm:GetParameter", f"{_SSM}/diaspora/database/password")
    assert not allowed(role, "ssm:GetParameter", f"{_SSM}/diaspora/mail/password")


def test_a_secret_without_a_leading_slash_has_the_same_arn(template: Template) -> None:
    choice = CHOICES["names of secrets without a slash"]
    role = rendered(template, choice).resources[POD_ROLE]
    assert allowed(role, "ssm:GetParameter", f"{_SSM}/pod-db-password")
    cluster = properties(template, "DatabaseCluster", choice)
    assert "{{resolve:ssm-secure:pod-db-password" in cluster["MasterUserPassword"]


def test_the_pod_makes_its_own_secrets_and_never_overwrites_one(template: Template) -> None:
    own = f"{_SSM}/diaspora/pod/secret-token"
    assert may(template, "ssm:GetParameter", own)
    assert may(template, "ssm:PutParameter", own, context={"ssm:Overwrite": "false"})
    assert not may(template, "ssm:PutParameter", own, context={"ssm:Overwrite": "true"})


def test_the_pod_makes_no_secret_elsewhere(template: Template) -> None:
    assert not may(template, "ssm:PutParameter", f"{_SSM}/diaspora/database/password")
    assert not may(template, "ssm:PutParameter", f"{_SSM}/diaspora/pod-other/secret-token")


def test_the_pod_keeps_uploads_and_assets_and_nothing_else_in_s3(template: Template) -> None:
    for action in ("GetObject", "PutObject", "DeleteObject", "AbortMultipartUpload"):
        assert may(template, f"s3:{action}", f"{_BUCKET}/uploads/images/a.webp")
        assert not may(template, f"s3:{action}", f"{_BUCKET}/other")
        assert not may(template, f"s3:{action}", "arn:aws:s3:::foreign/uploads/a.webp")
    for action in ("GetObject", "PutObject"):
        assert may(template, f"s3:{action}", f"{_BUCKET}/assets/main.css")
    assert not may(template, "s3:DeleteObject", f"{_BUCKET}/assets/main.css")
    assert may(template, "s3:ListBucket", _BUCKET)


def test_the_pod_cannot_undo_the_protection_of_its_photos(template: Template) -> None:
    for action in ("PutBucketPolicy", "PutBucketVersioning", "DeleteBucket", "DeleteBucketPolicy"):
        assert not may(template, f"s3:{action}", _BUCKET)
    assert not may(template, "s3:DeleteObjectVersion", f"{_BUCKET}/uploads/images/a.webp")


def test_the_pod_writes_its_own_log_and_no_other(template: Template) -> None:
    assert may(template, "logs:PutLogEvents", "PodLogGroup.Arn")
    assert may(template, "logs:CreateLogStream", "PodLogGroup.Arn")
    assert not may(template, "logs:PutLogEvents", "FrontLogGroup.Arn")
    assert not may(template, "logs:DeleteLogGroup", "PodLogGroup.Arn")


def test_the_pod_signals_its_own_stack_and_changes_none(template: Template) -> None:
    stack = "arn:aws:cloudformation:eu-west-1:123456789012:stack/pod/"
    role = rendered(template).resources[POD_ROLE]
    (signal,) = [s for s in statements(role) if s.get("Sid") == "SignalOwnStack"]
    assert signal["Action"] == ["cloudformation:SignalResource"]
    (resource,) = signal["Resource"]
    assert resource.startswith(stack)


def test_session_manager_gets_the_five_calls_that_it_needs_and_only_if_chosen(
    template: Template,
) -> None:
    calls = [
        "ssm:UpdateInstanceInformation",
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
    ]
    with_it = rendered(template).resources[POD_ROLE]
    without = rendered(template, CHOICES["shell from the VPC with a key"]).resources[POD_ROLE]
    assert all(allowed(with_it, call, "*") for call in calls)
    assert not any(allowed(without, call, "*") for call in calls)


def test_no_right_has_a_wildcard_action_or_is_unlimited_without_need(template: Template) -> None:
    found = statements(rendered(template, {**HOSTED, **MAIL}).resources[POD_ROLE])
    assert len(found) >= 8
    assert not [s for s in found if any("*" in action for action in s["Action"])]
    unlimited = {s["Sid"] for s in found if s["Resource"] == ["*"] and s["Effect"] == "Allow"}
    assert unlimited == {"SessionManager"}


def test_only_machines_take_on_the_role(template: Template) -> None:
    (taken,) = properties(template, POD_ROLE)["AssumeRolePolicyDocument"]["Statement"]
    assert taken["Principal"] == {"Service": ["ec2.amazonaws.com"]}


MUTATIONS: dict[str, Mutation] = {
    "the_pod_reads_the_secrets_that_it_was_told_of_and_no_others": grant(
        ["ssm:GetParameter"], [f"{_SSM}/diaspora/other/*"]
    ),
    "the_pod_reads_no_mail_secret_while_mail_is_off": unconditional_policy("mail-secrets"),
    "a_secret_without_a_leading_slash_has_the_same_arn": lambda template: statement(
        template, "ReadDatabaseSecrets"
    )["Resource"].__setitem__(
        1,
        {
            "Fn::Sub": "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter"
            "${DatabasePasswordKey}"
        },
    ),
    "the_pod_makes_its_own_secrets_and_never_overwrites_one": lambda template: statement(
        template, "NeverOverwriteSecrets"
    ).__setitem__("Action", ["ssm:DeleteParameter"]),
    "the_pod_makes_no_secret_elsewhere": grant(
        ["ssm:PutParameter"], [f"{_SSM}/diaspora/database/*"]
    ),
    "the_pod_keeps_uploads_and_assets_and_nothing_else_in_s3": grant(
        ["s3:PutObject"], ["arn:aws:s3:::AssetsBucket/other"]
    ),
    "the_pod_cannot_undo_the_protection_of_its_photos": grant(
        ["s3:DeleteObjectVersion"], ["arn:aws:s3:::AssetsBucket/*"]
    ),
    "the_pod_writes_its_own_log_and_no_other": grant(["logs:PutLogEvents"], ["FrontLogGroup.Arn"]),
    "the_pod_signals_its_own_stack_and_changes_none": lambda template: statement(
        template, "SignalOwnStack"
    ).__setitem__("Resource", ["arn:aws:cloudformation:eu-west-1:123456789012:stack/*"]),
    "session_manager_gets_the_five_calls_that_it_needs_and_only_if_chosen": unconditional_policy(
        "session-manager"
    ),
    "no_right_has_a_wildcard_action_or_is_unlimited_without_need": grant(
        ["sqs:*"], ["arn:aws:sqs:::nothing"]
    ),
    "only_machines_take_on_the_role": change(
        "PodRole",
        "AssumeRolePolicyDocument",
        "Statement",
        0,
        "Principal",
        "Service",
        to=["ec2.amazonaws.com", "lambda.amazonaws.com"],
    ),
}

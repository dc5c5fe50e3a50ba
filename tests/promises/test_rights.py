"""What the pod may do, and what it may not."""

from __future__ import annotations

from typing import Any

from diaspora_pod import exports
from diaspora_pod.boot.own_secrets import DOMAIN_NAME, OIDC_KEY, SESSION_SECRET
from diaspora_pod.moving import shelf, transfer
from diaspora_pod.operator import bundle

from ..answers import CHOICES, HOSTED, MAIL, MOVED
from ..iam import allowed, statements
from .breaking import Mutation, change, grant, statement, unconditional_policy
from .reading import POD_ROLE, Template, properties, rendered

_SSM = "arn:aws:ssm:eu-west-1:123456789012:parameter"
_BUCKET = "arn:aws:s3:::AssetsBucket"
_ACCOUNT = "123456789012"
_INSTANCE = f"arn:aws:ec2:eu-west-1:{_ACCOUNT}:instance/i-0123456789abcdef0"
_FROM_HERE = {"aws:ResourceAccount": _ACCOUNT, "aws:SourceVpce": "S3Endpoint"}
_HANDOVER = f"{_BUCKET}/{shelf.FOLDER}/diaspora/pod/20261231T235959Z-i-0123456789abcdef0"
_IN_THE_BUCKET = (
    ("s3:ListBucket", _BUCKET),
    ("s3:GetObject", f"{_BUCKET}/uploads/images/a.webp"),
    ("s3:PutObject", f"{_BUCKET}/uploads/images/a.webp"),
    ("s3:DeleteObject", f"{_BUCKET}/uploads/images/a.webp"),
    ("s3:AbortMultipartUpload", f"{_BUCKET}/uploads/images/a.webp"),
    ("s3:GetObject", f"{_BUCKET}/assets/main.css"),
    ("s3:PutObject", f"{_BUCKET}/assets/main.css"),
    ("s3:GetObject", f"{_BUCKET}/transfer/20261231T235959Z/database"),
    ("s3:PutObject", f"{_BUCKET}/transfer/20261231T235959Z/database"),
    ("s3:AbortMultipartUpload", f"{_BUCKET}/transfer/20261231T235959Z/database"),
    ("s3:PutObject", f"{_BUCKET}/support/support-20261231T235959Z.tar.gz"),
    ("s3:GetObject", _HANDOVER),
    ("s3:PutObject", _HANDOVER),
    ("s3:DeleteObject", _HANDOVER),
    ("s3:AbortMultipartUpload", _HANDOVER),
)

_CALLS = {
    "cloudformation:SignalResource",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:PutObject",
    "sns:Publish",
    "ssm:GetParameter",
    "ssm:PutParameter",
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
}


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
    for name in (SESSION_SECRET, OIDC_KEY, DOMAIN_NAME):
        own = f"{_SSM}/diaspora/pod/{name}"
        assert may(template, "ssm:GetParameter", own)
        assert may(template, "ssm:PutParameter", own, context={"ssm:Overwrite": "false"})
        assert not may(template, "ssm:PutParameter", own, context={"ssm:Overwrite": "true"})


def test_the_pod_makes_no_secret_elsewhere_and_no_other(template: Template) -> None:
    for name in ("diaspora/pod/other", "diaspora/database/password", "diaspora/pod-2/oidc-key"):
        assert not may(template, "ssm:PutParameter", f"{_SSM}/{name}")


def test_the_pod_keeps_uploads_and_assets_and_nothing_else_in_s3(template: Template) -> None:
    for action in ("GetObject", "PutObject", "DeleteObject", "AbortMultipartUpload"):
        photo = f"{_BUCKET}/uploads/images/a.webp"
        assert may(template, f"s3:{action}", photo, context=_FROM_HERE)
        assert not may(template, f"s3:{action}", f"{_BUCKET}/other", context=_FROM_HERE)
        foreign = "arn:aws:s3:::foreign/uploads/a.webp"
        assert not may(template, f"s3:{action}", foreign, context=_FROM_HERE)
    for action in ("GetObject", "PutObject"):
        assert may(template, f"s3:{action}", f"{_BUCKET}/assets/main.css", context=_FROM_HERE)
    assert not may(template, "s3:DeleteObject", f"{_BUCKET}/assets/main.css", context=_FROM_HERE)
    assert may(template, "s3:ListBucket", _BUCKET, context=_FROM_HERE)


def test_the_pod_sends_and_reads_dumps_and_leaves_it_to_the_bucket_to_forget_them(
    template: Template,
) -> None:
    dump = f"{_BUCKET}/{transfer.FOLDER}/20261231T235959Z/database"
    for action in ("GetObject", "PutObject", "AbortMultipartUpload"):
        assert may(template, f"s3:{action}", dump, context=_FROM_HERE)
    assert not may(template, "s3:DeleteObject", dump, context=_FROM_HERE)


def test_the_pod_leaves_in_the_bucket_what_a_podmin_fetches_and_never_sees_it_again(
    template: Template,
) -> None:
    left = f"{_BUCKET}/{bundle.FOLDER}/password-of-alice.txt"
    assert may(template, "s3:PutObject", left, context=_FROM_HERE)
    for action in ("GetObject", "DeleteObject", "AbortMultipartUpload"):
        assert not may(template, f"s3:{action}", left, context=_FROM_HERE)


def test_commands_come_by_the_rights_that_sessions_have_and_by_no_more(template: Template) -> None:
    """Not tried; the agent asks for ec2messages only where it does not get ssmmessages."""
    for action in ("ec2messages:GetMessages", "ssm:GetDocument", "ssm:SendCommand"):
        assert not may(template, action, "*")


def test_the_pod_hands_over_and_takes_below_its_own_secrets_path_and_no_other(
    template: Template,
) -> None:
    others = [_HANDOVER.replace("/diaspora/pod/", path) for path in ("/", "/diaspora/pod-2/")]
    for action in ("GetObject", "PutObject", "DeleteObject", "AbortMultipartUpload"):
        assert may(template, f"s3:{action}", _HANDOVER, context=_FROM_HERE)
        for other in others:
            assert not may(template, f"s3:{action}", other, context=_FROM_HERE)
    # What was deleted is an old version, which the bucket forgets.
    assert not may(template, "s3:DeleteObjectVersion", _HANDOVER, context=_FROM_HERE)


def test_pods_that_share_their_secrets_take_from_each_other(template: Template) -> None:
    role = rendered(template, {**HOSTED, **MOVED}).resources[POD_ROLE]
    bucket = f"arn:aws:s3:::{MOVED['ExistingBucketName']}"
    ours = _HANDOVER.replace(_BUCKET, bucket)
    theirs = ours.replace("/diaspora/pod/", f"{MOVED['SecretsPath']}/")
    assert allowed(role, "s3:GetObject", theirs, _FROM_HERE)
    assert not allowed(role, "s3:GetObject", ours, _FROM_HERE)


def test_credentials_that_were_carried_off_open_no_bucket(template: Template) -> None:
    elsewhere = {**_FROM_HERE, "aws:SourceVpce": "vpce-of-somebody-else"}
    for action, thing in _IN_THE_BUCKET:
        assert may(template, action, thing, context=_FROM_HERE)
        assert not may(template, action, thing, context=elsewhere)
        assert not may(template, action, thing, context={"aws:ResourceAccount": _ACCOUNT})


def test_a_bucket_that_has_become_somebody_elses_is_not_used(template: Template) -> None:
    theirs = {**_FROM_HERE, "aws:ResourceAccount": "999999999999"}
    export = ("s3:GetObject", f"{_BUCKET}/{exports.FOLDER}/a.gz")
    assert not any(may(template, *it, context=theirs) for it in (*_IN_THE_BUCKET, export))


def test_only_an_export_may_be_fetched_from_anywhere(template: Template) -> None:
    anywhere = {"aws:ResourceAccount": _ACCOUNT}
    assert may(template, "s3:GetObject", f"{_BUCKET}/{exports.FOLDER}/a.gz", context=anywhere)
    for action in ("PutObject", "DeleteObject"):
        thing = f"{_BUCKET}/{exports.FOLDER}/a.gz"
        assert not may(template, f"s3:{action}", thing, context=anywhere)


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


def test_the_pod_mails_the_admin_and_nobody_else(template: Template) -> None:
    assert may(template, "sns:Publish", "AlarmTopic")
    for other in ("arn:aws:sns:eu-west-1:123456789012:another-topic", "+491234567890", "*"):
        assert not may(template, "sns:Publish", other)
    for action in ("Subscribe", "SetTopicAttributes", "DeleteTopic"):
        assert not may(template, f"sns:{action}", "AlarmTopic")


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
    machine = {"ec2:SourceInstanceARN": _INSTANCE}
    with_it = rendered(template).resources[POD_ROLE]
    without = rendered(template, CHOICES["shell from the VPC with a key"]).resources[POD_ROLE]
    assert all(allowed(with_it, call, _INSTANCE, machine) for call in calls)
    assert not any(allowed(without, call, _INSTANCE, machine) for call in calls)
    # By no credentials but those of a machine, for no machine of another account.
    assert not allowed(with_it, calls[0], _INSTANCE)
    assert not allowed(with_it, calls[0], _INSTANCE.replace(_ACCOUNT, "999999999999"), machine)


def test_no_right_has_a_wildcard_action_or_is_unlimited_without_need(template: Template) -> None:
    found = statements(rendered(template, {**HOSTED, **MAIL}).resources[POD_ROLE])
    assert len(found) >= 8
    assert not [s for s in found if any("*" in action for action in s["Action"])]
    unlimited = {s["Sid"] for s in found if s["Resource"] == ["*"] and s["Effect"] == "Allow"}
    assert unlimited == {"SessionManager"}


def test_the_pod_may_call_these_and_nothing_else(template: Template) -> None:
    found = statements(rendered(template, {**HOSTED, **MAIL}).resources[POD_ROLE])
    called = {action for s in found if s["Effect"] == "Allow" for action in s["Action"]}
    assert called == _CALLS


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
    "the_pod_makes_no_secret_elsewhere_and_no_other": grant(
        ["ssm:PutParameter"], [f"{_SSM}/diaspora/pod/*"]
    ),
    "the_pod_keeps_uploads_and_assets_and_nothing_else_in_s3": grant(
        ["s3:PutObject"], ["arn:aws:s3:::AssetsBucket/other"]
    ),
    "the_pod_sends_and_reads_dumps_and_leaves_it_to_the_bucket_to_forget_them": grant(
        ["s3:DeleteObject"], ["arn:aws:s3:::AssetsBucket/transfer/*"]
    ),
    "the_pod_leaves_in_the_bucket_what_a_podmin_fetches_and_never_sees_it_again": grant(
        ["s3:GetObject"], ["arn:aws:s3:::AssetsBucket/support/*"]
    ),
    "commands_come_by_the_rights_that_sessions_have_and_by_no_more": grant(
        ["ec2messages:GetMessages"], ["*"]
    ),
    "the_pod_hands_over_and_takes_below_its_own_secrets_path_and_no_other": grant(
        ["s3:GetObject"], ["arn:aws:s3:::AssetsBucket/handover/*"]
    ),
    "pods_that_share_their_secrets_take_from_each_other": lambda template: statement(
        template, "Handover"
    ).__setitem__("Resource", ["arn:aws:s3:::my-pod-photos/handover/diaspora/pod/*"]),
    "credentials_that_were_carried_off_open_no_bucket": lambda template: statement(
        template, "Assets"
    )["Condition"]["StringEquals"].pop("aws:SourceVpce"),
    "a_bucket_that_has_become_somebody_elses_is_not_used": lambda template: statement(
        template, "Exports"
    ).pop("Condition"),
    "only_an_export_may_be_fetched_from_anywhere": lambda template: statement(template, "Exports")[
        "Action"
    ].append("s3:PutObject"),
    "the_pod_cannot_undo_the_protection_of_its_photos": grant(
        ["s3:DeleteObjectVersion"], ["arn:aws:s3:::AssetsBucket/*"]
    ),
    "the_pod_writes_its_own_log_and_no_other": grant(["logs:PutLogEvents"], ["FrontLogGroup.Arn"]),
    "the_pod_signals_its_own_stack_and_changes_none": lambda template: statement(
        template, "SignalOwnStack"
    ).__setitem__("Resource", ["arn:aws:cloudformation:eu-west-1:123456789012:stack/*"]),
    "the_pod_mails_the_admin_and_nobody_else": grant(
        ["sns:Publish"], ["arn:aws:sns:eu-west-1:123456789012:*"]
    ),
    "session_manager_gets_the_five_calls_that_it_needs_and_only_if_chosen": unconditional_policy(
        "session-manager"
    ),
    "no_right_has_a_wildcard_action_or_is_unlimited_without_need": grant(
        ["sqs:*"], ["arn:aws:sqs:::nothing"]
    ),
    "the_pod_may_call_these_and_nothing_else": lambda template: statement(template, "Assets")[
        "Action"
    ].append("s3:GetObjectVersion"),
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

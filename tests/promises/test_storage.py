"""Photos: closed, kept, and thought of when a stack goes or never came up."""

from __future__ import annotations

import json
import re
from typing import Any

from diaspora_pod.moving import shelf, transfer
from diaspora_pod.operator import bundle

from ..answers import CHOICES
from .breaking import Mutation, add, attribute, change, output
from .reading import DATABASES, POD_ROLE, Template, properties, rendered


def test_the_bucket_is_closed_to_the_public(template: Template) -> None:
    block = properties(template, "AssetsBucket")["PublicAccessBlockConfiguration"]
    assert block == dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )


def test_the_bucket_knows_one_owner_and_no_access_lists(template: Template) -> None:
    rules = properties(template, "AssetsBucket")["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]


def test_the_bucket_is_encrypted(template: Template) -> None:
    rules = properties(template, "AssetsBucket")["BucketEncryption"][
        "ServerSideEncryptionConfiguration"
    ]
    assert rules[0]["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


def test_the_bucket_keeps_old_versions_for_two_weeks_and_not_for_ever(template: Template) -> None:
    bucket = properties(template, "AssetsBucket")
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    expiring = [
        rule["NoncurrentVersionExpiration"]["NoncurrentDays"]
        for rule in bucket["LifecycleConfiguration"]["Rules"]
        if "NoncurrentVersionExpiration" in rule
        and rule["Status"] == "Enabled"
        and "Prefix" not in rule
    ]
    assert expiring == [14]


def test_what_was_deleted_or_never_finished_leaves_nothing_to_be_paid_for(
    template: Template,
) -> None:
    rules = properties(template, "AssetsBucket")["LifecycleConfiguration"]["Rules"]
    (forgetting,) = [rule for rule in rules if "ExpiredObjectDeleteMarker" in rule]
    assert forgetting["Status"] == "Enabled"
    assert forgetting["ExpiredObjectDeleteMarker"] is True
    assert forgetting["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}


def test_what_lies_in_the_bucket_for_a_person_to_fetch_is_forgotten_within_days(
    template: Template,
) -> None:
    """Dumps, and what is meant for a podmin's eyes."""
    found = forgotten(template)
    assert (found[f"{transfer.FOLDER}/"], found[f"{bundle.FOLDER}/"]) == (7, 7)


def test_what_no_machine_takes_is_forgotten_after_a_quarter_of_a_year(template: Template) -> None:
    assert forgotten(template)[f"{shelf.FOLDER}/"] == 90


def forgotten(template: Template) -> dict[str, int]:
    """After how many days what lies in a folder is gone."""
    rules = properties(template, "AssetsBucket")["LifecycleConfiguration"]["Rules"]
    forgetting = [rule for rule in rules if "Prefix" in rule and rule["Status"] == "Enabled"]
    # What has expired is an old version in a bucket that keeps them.
    assert {rule["NoncurrentVersionExpiration"]["NoncurrentDays"] for rule in forgetting} == {1}
    return {rule["Prefix"]: rule["ExpirationInDays"] for rule in forgetting}


def test_the_bucket_has_the_name_that_was_asked_for_or_one_of_its_own(template: Template) -> None:
    named = properties(template, "AssetsBucket", CHOICES["named bucket"])
    assert named["BucketName"] == "my-pod-photos"
    assert "BucketName" not in properties(template, "AssetsBucket")


def test_the_bucket_speaks_tls_only(template: Template) -> None:
    policy = properties(template, "AssetsBucketPolicy")
    assert policy["Bucket"] == "AssetsBucket"
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", ["s3:*"])
    assert statement["Principal"] == "*"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == ["arn:aws:s3:::AssetsBucket", "arn:aws:s3:::AssetsBucket/*"]


def test_a_bucket_that_is_there_is_used_and_not_made_again(template: Template) -> None:
    choice = CHOICES["existing bucket"]
    made = {title for title in rendered(template, choice).resources if "AssetsBucket" in title}
    assert made == set()
    assert "arn:aws:s3:::my-pod-photos" in json.dumps(properties(template, POD_ROLE, choice))
    assert rendered(template, choice).outputs["Bucket"] == "my-pod-photos"


def test_the_bucket_outlives_the_stack_and_a_failed_creation(template: Template) -> None:
    # Retain and not RetainExceptOnCreate: the pod has written into it by then, and a rollback
    # cannot delete a bucket that holds something.
    assert policies(template, "AssetsBucket") == ("Retain", "Retain")


def test_the_bucket_policy_stays_with_its_bucket(template: Template) -> None:
    assert policies(template, "AssetsBucketPolicy") == ("Retain", "Retain")


def test_the_database_leaves_a_snapshot(template: Template) -> None:
    for database in DATABASES:
        assert policies(template, database) == ("Snapshot", "Snapshot")


def test_the_database_writer_goes_without_a_snapshot_which_aws_would_refuse(
    template: Template,
) -> None:
    assert policies(template, "DatabaseWriter") == ("Delete", "Delete")


def test_the_pod_log_outlives_a_failed_creation_and_the_next_one_does_not_collide(
    template: Template,
) -> None:
    assert policies(template, "PodLogGroup") == ("Retain", "Retain")
    assert "LogGroupName" not in template["Resources"]["PodLogGroup"]["Properties"]


def test_visitors_addresses_do_not_outlive_the_stack(template: Template) -> None:
    assert policies(template, "FrontLogGroup") == ("Delete", "Delete")


def test_every_stateful_resource_is_thought_of(template: Template) -> None:
    stateful = re.compile(
        "AWS::(S3|RDS|DynamoDB|EFS|Logs|SecretsManager|SSM::Parameter|ElastiCache|SQS)"
    )
    found = {
        title
        for title, resource in template["Resources"].items()
        if stateful.match(resource["Type"])
    }
    without_data = {
        "DatabaseSubnetGroup",
        "DatabaseParameterGroup",
        "DatabaseInstanceParameterGroup",
    }
    # The app's own secrets are no resources: the pod writes them, and they stay.
    assert found - without_data == {
        "AssetsBucket",
        "AssetsBucketPolicy",
        "DatabaseCluster",
        "DatabaseInstance",
        "DatabaseWriter",
        "PodLogGroup",
        "FrontLogGroup",
    }


def policies(template: Template, title: str) -> tuple[str | None, str | None]:
    resource = template["Resources"][title]
    return resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")


_UNENCRYPTED: dict[str, list[Any]] = {
    "ServerSideEncryptionConfiguration": [
        {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "none"}}
    ]
}

MUTATIONS: dict[str, Mutation] = {
    "the_bucket_is_closed_to_the_public": change(
        "AssetsBucket", "PublicAccessBlockConfiguration", "BlockPublicPolicy", to=False
    ),
    "the_bucket_knows_one_owner_and_no_access_lists": change(
        "AssetsBucket", "OwnershipControls", "Rules", 0, "ObjectOwnership", to="ObjectWriter"
    ),
    "the_bucket_is_encrypted": change("AssetsBucket", "BucketEncryption", to=_UNENCRYPTED),
    "the_bucket_keeps_old_versions_for_two_weeks_and_not_for_ever": change(
        "AssetsBucket", "VersioningConfiguration", "Status", to="Suspended"
    ),
    "what_was_deleted_or_never_finished_leaves_nothing_to_be_paid_for": change(
        "AssetsBucket", "LifecycleConfiguration", "Rules", 1, "Status", to="Disabled"
    ),
    "what_lies_in_the_bucket_for_a_person_to_fetch_is_forgotten_within_days": change(
        "AssetsBucket", "LifecycleConfiguration", "Rules", 2, "Prefix", to="other/"
    ),
    "what_no_machine_takes_is_forgotten_after_a_quarter_of_a_year": change(
        "AssetsBucket", "LifecycleConfiguration", "Rules", 3, "ExpirationInDays", to=7
    ),
    "the_bucket_has_the_name_that_was_asked_for_or_one_of_its_own": change(
        "AssetsBucket", "BucketName", to={"Ref": "AWS::StackName"}
    ),
    "the_bucket_speaks_tls_only": change(
        "AssetsBucketPolicy", "PolicyDocument", "Statement", 0, "Effect", to="Allow"
    ),
    "a_bucket_that_is_there_is_used_and_not_made_again": output("Bucket", to="another-bucket"),
    "the_bucket_outlives_the_stack_and_a_failed_creation": attribute(
        "AssetsBucket", "DeletionPolicy", "RetainExceptOnCreate"
    ),
    "the_bucket_policy_stays_with_its_bucket": attribute(
        "AssetsBucketPolicy", "DeletionPolicy", "Delete"
    ),
    "the_database_leaves_a_snapshot": attribute("DatabaseCluster", "UpdateReplacePolicy", "Delete"),
    "the_database_writer_goes_without_a_snapshot_which_aws_would_refuse": attribute(
        "DatabaseWriter", "DeletionPolicy", "Snapshot"
    ),
    "the_pod_log_outlives_a_failed_creation_and_the_next_one_does_not_collide": change(
        "PodLogGroup", "LogGroupName", to="pod"
    ),
    "visitors_addresses_do_not_outlive_the_stack": attribute(
        "FrontLogGroup", "DeletionPolicy", "Retain"
    ),
    "every_stateful_resource_is_thought_of": add(
        "Another", {"Type": "AWS::DynamoDB::Table", "Properties": {}}
    ),
}

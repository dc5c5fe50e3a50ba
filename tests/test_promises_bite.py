"""Every promise breaks when it is broken: one mutation of the built template for each.

A mutation must fail exactly the promise that it is named for; a promise without a mutation fails
here too, so that no test among them can be one that never fails.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from diaspora_cf.rendering import RenderError

from . import test_promises

Template = dict[str, Any]
Mutation = Callable[[Template], object]
PROMISES: dict[str, Callable[[Template], None]] = {
    name.removeprefix("test_"): function
    for name, function in vars(test_promises).items()
    if name.startswith("test_")
}


def resource(template: Template, title: str) -> Any:
    return template["Resources"][title]


def change(title: str, *path: str | int, to: Any) -> Mutation:
    """A mutation that sets one property, by its path."""

    def mutate(template: Template) -> None:
        node = resource(template, title)["Properties"]
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = to

    return mutate


def attribute(title: str, name: str, to: Any) -> Mutation:
    """A mutation that sets one of a resource's own attributes."""
    return lambda template: resource(template, title).__setitem__(name, to)


def grant(actions: list[str], resources: list[str]) -> Mutation:
    """A mutation that gives the pod's role one right more."""
    extra = {
        "PolicyName": "extra",
        "PolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resources}],
        },
    }
    return lambda template: resource(template, "PodRole")["Properties"]["Policies"].append(extra)


def unconditional_policy(name: str) -> Mutation:
    """A mutation that gives the role one of its conditional policies for ever."""

    def mutate(template: Template) -> None:
        role = resource(template, "PodRole")["Properties"]
        role["Policies"] = [
            policy["Fn::If"][1] if "Fn::If" in policy and name in str(policy) else policy
            for policy in role["Policies"]
        ]

    return mutate


def output(name: str, to: Any) -> Mutation:
    return lambda template: template["Outputs"][name].__setitem__("Value", to)


def add(title: str, body: dict[str, Any]) -> Mutation:
    return lambda template: template["Resources"].__setitem__(title, body)


def drop(title: str) -> Mutation:
    return lambda template: template["Resources"].pop(title)


def unguard(title: str) -> Mutation:
    return lambda template: resource(template, title).pop("Condition")


def answer(name: str, to: str) -> Mutation:
    return lambda template: template["Parameters"][name].__setitem__("Default", to)


_NO_VALUE = {"Ref": "AWS::NoValue"}


def unless_restored(value: Any) -> dict[str, Any]:
    return {"Fn::If": ["Restores", _NO_VALUE, value]}


_SSM = "arn:aws:ssm:eu-west-1:123456789012:parameter"
_DATA = ("LaunchTemplateData",)
_OPEN_RULE = {
    "Type": "AWS::EC2::SecurityGroupIngress",
    "Properties": {
        "GroupId": {"Ref": "PodSecurityGroup"},
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
        "CidrIp": "0.0.0.0/0",
    },
}
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
    "the_bucket_keeps_old_versions_for_days_and_not_for_ever": change(
        "AssetsBucket", "VersioningConfiguration", "Status", to="Suspended"
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
    "the_database_is_encrypted": change(
        "DatabaseCluster", "StorageEncrypted", to=unless_restored(False)
    ),
    "the_database_speaks_tls_only": change(
        "DatabaseParameterGroup", "Parameters", "rds.force_ssl", to="0"
    ),
    "the_parameter_group_fits_the_engine": change(
        "DatabaseParameterGroup", "Family", to="aurora-postgresql16"
    ),
    "the_database_lies_in_private_subnets": change("DatabaseWriter", "PubliclyAccessible", to=True),
    "the_private_subnets_have_no_way_out": add(
        "PrivateRoute",
        {
            "Type": "AWS::EC2::Route",
            "Properties": {
                "RouteTableId": {"Ref": "PrivateRouteTable"},
                "DestinationCidrBlock": "0.0.0.0/0",
                "GatewayId": {"Ref": "InternetGateway"},
            },
        },
    ),
    "the_database_user_is_a_pinned_reference": change(
        "DatabaseCluster",
        "MasterUsername",
        to=unless_restored({"Fn::Sub": "{{resolve:ssm:${DatabaseUsernameKey}}}"}),
    ),
    "the_database_password_is_a_pinned_reference_and_nothing_else": change(
        "DatabaseCluster",
        "MasterUserPassword",
        to={"Fn::Sub": "{{resolve:ssm-secure:${DatabasePasswordKey}}}"},
    ),
    "secure_references_stand_only_where_cloudformation_takes_them": lambda template: template[
        "Outputs"
    ].__setitem__("Leak", {"Value": "{{resolve:ssm-secure:/diaspora/database/password:1}}"}),
    "the_database_may_fall_asleep_after_five_minutes": change(
        "DatabaseCluster",
        "ServerlessV2ScalingConfiguration",
        "SecondsUntilAutoPause",
        to={"Fn::If": ["MaySleep", 3600, _NO_VALUE]},
    ),
    "a_database_that_never_sleeps_is_given_no_pause": change(
        "DatabaseCluster", "ServerlessV2ScalingConfiguration", "SecondsUntilAutoPause", to=300
    ),
    "a_restore_takes_user_and_data_from_the_snapshot": change(
        "DatabaseCluster", "DatabaseName", to="diaspora_production"
    ),
    "a_first_creation_is_no_restore": change(
        "DatabaseCluster", "SnapshotIdentifier", to={"Ref": "DatabaseSnapshot"}
    ),
    "backups_are_kept_for_a_week": answer("BackupRetentionDays", "1"),
    "deletion_protection_is_off_at_first_so_that_a_failed_creation_can_be_undone": answer(
        "DatabaseDeletionProtection", "true"
    ),
    "nobody_gets_in_but_the_front_to_the_pod_and_the_pod_to_the_database": lambda template: [
        add("Open", {**_OPEN_RULE, "Condition": "UsesSessionManager"})(template)
    ],
    "ssh_is_open_to_the_connect_endpoint_only_where_that_was_chosen": change(
        "SshFromConnectEndpoint", "ToPort", to=443
    ),
    "ssh_is_open_to_the_vpc_only_where_that_was_chosen": change(
        "SshFromVpc", "CidrIp", to="0.0.0.0/0"
    ),
    "only_the_pod_may_call_out_to_the_internet": change(
        "DatabaseSecurityGroup",
        "SecurityGroupEgress",
        to=[{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}],
    ),
    "nothing_can_be_written_to_a_foreign_bucket_through_the_endpoint": change(
        "S3Endpoint",
        "PolicyDocument",
        "Statement",
        1,
        "Action",
        to=["s3:GetObject", "s3:PutObject"],
    ),
    "the_s3_endpoint_serves_every_route_table": change(
        "S3Endpoint", "RouteTableIds", to=[{"Ref": "PublicRouteTable"}]
    ),
    "the_metadata_service_answers_version_two_only": change(
        "PodLaunchTemplate", *_DATA, "MetadataOptions", "HttpTokens", to="optional"
    ),
    "the_pod_disk_is_encrypted_gp3": change(
        "PodLaunchTemplate", *_DATA, "BlockDeviceMappings", 0, "Ebs", "Encrypted", to=False
    ),
    "the_pod_has_an_address_from_which_it_reaches_other_pods": change(
        "PodLaunchTemplate", *_DATA, "NetworkInterfaces", 0, "AssociatePublicIpAddress", to=False
    ),
    "no_subnet_stands_beside_a_network_interface": change(
        "PodLaunchTemplate", *_DATA, "SecurityGroupIds", to=[{"Ref": "PodSecurityGroup"}]
    ),
    "the_pod_boots_with_its_full_cpu": change(
        "PodLaunchTemplate", *_DATA, "CreditSpecification", "CpuCredits", to="standard"
    ),
    "the_pod_must_signal_before_it_counts": lambda template: resource(template, "PodInstance")[
        "CreationPolicy"
    ]["ResourceSignal"].__setitem__("Count", 0),
    "the_pod_gives_up_while_cloudformation_still_listens": lambda template: _user_data(template)[
        1
    ].__setitem__("FirstBootDeadline", {"Fn::Base64": "1080"}),
    "any_change_of_the_settings_makes_a_new_pod": change(
        "PodInstance", "LaunchTemplate", "Version", to="$Latest"
    ),
    "what_the_pod_needs_to_boot_is_there_before_it": lambda template: resource(
        template, "PodInstance"
    )["DependsOn"].remove("DatabaseWriter"),
    "no_right_of_the_pod_comes_after_it": add(
        "Late", {"Type": "AWS::IAM::Policy", "Properties": {"Roles": [{"Ref": "PodRole"}]}}
    ),
    "the_user_data_fits_and_leaves_room": lambda template: _user_data(template).insert(
        0, _user_data(template).pop(0) + "#" * 16000
    ),
    "the_user_data_names_secrets_and_holds_none": lambda template: _user_data(template)[
        1
    ].__setitem__("PodName", "{{resolve:ssm:/diaspora/database/username:1}}"),
    "the_pod_reads_the_secrets_that_it_was_told_of_and_no_others": grant(
        ["ssm:GetParameter"], [f"{_SSM}/diaspora/other/*"]
    ),
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
    "the_pod_sees_the_domain_and_the_visitor_and_not_what_a_visitor_claims": change(
        "PodIntegration", "RequestParameters", "overwrite:header.X-Client-Proto", to="http"
    ),
    "every_path_reaches_the_pod": change("DefaultRoute", "RouteKey", to="ANY /{proxy+}"),
    "the_front_reaches_the_pod_through_the_vpc_link_and_cloud_map": change(
        "DiscoveryInstance", "InstanceAttributes", to={"AWS_INSTANCE_IPV4": "10.0.0.1"}
    ),
    "discovery_needs_no_paid_zone": add(
        "Paid", {"Type": "AWS::ServiceDiscovery::PrivateDnsNamespace", "Properties": {}}
    ),
    "the_front_is_throttled": change(
        "DefaultStage", "DefaultRouteSettings", "ThrottlingRateLimit", to=10000
    ),
    "the_front_logs_requests_without_their_queries": change(
        "DefaultStage", "AccessLogSettings", "DestinationArn", to="elsewhere"
    ),
    "the_default_endpoint_is_off_while_the_stack_owns_the_domain": change(
        "HttpApi", "DisableExecuteApiEndpoint", to=False
    ),
    "the_domain_speaks_tls_1_2_over_ipv4_and_ipv6": drop("DomainRecordIpv6"),
    "a_hosted_domain_gets_a_certificate_that_validates_itself": change(
        "Certificate", "ValidationMethod", to="EMAIL"
    ),
    "mail_records_are_made_only_where_they_are_asked_for": attribute(
        "DmarcRecord", "Condition", "MakesMailFrom"
    ),
    "broken_hardware_is_left_behind": change(
        "RecoveryAlarm", "MetricName", to="StatusCheckFailed_Instance"
    ),
    "a_hanging_system_is_rebooted_after_recovery_had_its_chance": change(
        "RebootAlarm", "EvaluationPeriods", to=1
    ),
    "every_alarm_mails_the_admin": change("AlarmMail", "Protocol", to="sms"),
    "unlimited_credits_never_come_without_their_alarm": change(
        "SurplusCreditsAlarm", "Threshold", to=100
    ),
    "a_database_that_does_not_sleep_for_a_day_is_told": change(
        "DatabaseAwakeAlarm", "Statistic", to="Maximum"
    ),
    "the_budget_mails_at_80_percent_and_at_a_forecast_of_100": change(
        "Budget", "Budget", "BudgetName", to="pod"
    ),
    "no_budget_is_made_for_an_amount_of_nothing": unguard("Budget"),
    "offline_takes_the_machine_and_keeps_the_data": attribute(
        "DatabaseWriter", "Condition", "IsOnline"
    ),
    "the_pod_signals_its_own_stack_and_changes_none": lambda template: _statement(
        template, "SignalOwnStack"
    ).__setitem__("Resource", ["arn:aws:cloudformation:eu-west-1:123456789012:stack/*"]),
    "the_pod_reads_no_mail_secret_while_mail_is_off": unconditional_policy("mail-secrets"),
    "a_secret_without_a_leading_slash_has_the_same_arn": lambda template: _statement(
        template, "ReadDatabaseSecrets"
    )["Resource"].__setitem__(
        1,
        {
            "Fn::Sub": "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter"
            "${DatabasePasswordKey}"
        },
    ),
    "the_pod_makes_its_own_secrets_and_never_overwrites_one": lambda template: _statement(
        template, "NeverOverwriteSecrets"
    ).__setitem__("Action", ["ssm:DeleteParameter"]),
    "session_manager_gets_the_five_calls_that_it_needs_and_only_if_chosen": unconditional_policy(
        "session-manager"
    ),
    "a_second_stack_is_tried_under_the_name_that_it_answers_to": output(
        "PodUrl", to={"Fn::Sub": "https://${DomainName}"}
    ),
    "a_second_stack_takes_nothing_from_the_first": attribute(
        "MailIdentity", "Condition", "HasHostedZone"
    ),
    "a_foreign_domain_waits_for_no_record": output("DnsRecord", to="none"),
}


def _user_data(template: Template) -> Any:
    """The program and its values."""
    data = resource(template, "PodLaunchTemplate")["Properties"]["LaunchTemplateData"]
    return data["UserData"]["Fn::Base64"]["Fn::Sub"]


def _statement(template: Template, sid: str) -> Any:
    policies = resource(template, "PodRole")["Properties"]["Policies"]
    documents = [p["PolicyDocument"] for p in policies if "PolicyDocument" in p]
    return next(s for d in documents for s in d["Statement"] if s.get("Sid") == sid)


def broken(template: Template) -> set[str]:
    """The promises that do not hold for this template."""
    return {name for name, promise in PROMISES.items() if not _holds(promise, template)}


def _holds(promise: Callable[[Template], None], template: Template) -> bool:
    try:
        promise(copy.deepcopy(template))
    except (AssertionError, KeyError, RenderError):
        return False
    return True


@pytest.mark.parametrize("name", PROMISES)
def test_breaking_a_promise_fails_exactly_its_test(name: str, template: Template) -> None:
    assert name in MUTATIONS, "a promise without a mutation may be one that never fails"
    MUTATIONS[name](template)
    assert broken(template) == {name}


def test_every_mutation_belongs_to_a_promise() -> None:
    assert set(MUTATIONS) <= set(PROMISES)

"""What the low cost template promises, each as a test of the built template.

Each takes the template alone and asserts that it looked at something. ``test_promises_bite``
breaks every one of them on purpose. None proves how AWS behaves: no AWS was asked.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from diaspora_cf.rendering import Rendered, render

from .answers import CHOICES, FOREIGN, HOSTED, IDENTITY, MAIL
from .iam import allowed, statements

Template = dict[str, Any]
OPEN = ("0.0.0.0/0", "::/0")
POD_ROLE = "PodRole"


def rendered(template: Template, choice: dict[str, str] | None = None) -> Rendered:
    return render(template, HOSTED if choice is None else choice)


def properties(template: Template, title: str, choice: dict[str, str] | None = None) -> Any:
    return rendered(template, choice).resources[title]["Properties"]


def of_type(template: Template, kind: str) -> dict[str, Any]:
    found = {
        title: resource
        for title, resource in template["Resources"].items()
        if resource["Type"] == kind
    }
    assert found, f"the template has no {kind}"
    return found


# Storage ----------------------------------------------------------------------------------------


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


def test_the_bucket_keeps_old_versions_for_days_and_not_for_ever(template: Template) -> None:
    bucket = properties(template, "AssetsBucket")
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    expiring = [
        rule["NoncurrentVersionExpiration"]["NoncurrentDays"]
        for rule in bucket["LifecycleConfiguration"]["Rules"]
        if "NoncurrentVersionExpiration" in rule and rule["Status"] == "Enabled"
    ]
    assert len(expiring) == 1
    assert 7 <= expiring[0] <= 30


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


# What happens to data when a stack goes, or never came up ----------------------------------------


def test_the_bucket_outlives_the_stack_and_a_failed_creation(template: Template) -> None:
    # Retain and not RetainExceptOnCreate: the pod has written into it by then, and a rollback
    # cannot delete a bucket that holds something.
    assert policies(template, "AssetsBucket") == ("Retain", "Retain")


def test_the_bucket_policy_stays_with_its_bucket(template: Template) -> None:
    assert policies(template, "AssetsBucketPolicy") == ("Retain", "Retain")


def test_the_database_leaves_a_snapshot(template: Template) -> None:
    assert policies(template, "DatabaseCluster") == ("Snapshot", "Snapshot")


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
    stateful = re.compile("AWS::(S3|RDS|DynamoDB|EFS|Logs|SecretsManager|SSM|ElastiCache|SQS)::")
    found = {
        title
        for title, resource in template["Resources"].items()
        if stateful.match(resource["Type"])
    }
    without_data = {"DatabaseSubnetGroup", "DatabaseParameterGroup"}
    # The app's own secrets are no resources: the pod writes them, and they stay.
    assert found - without_data == {
        "AssetsBucket",
        "AssetsBucketPolicy",
        "DatabaseCluster",
        "DatabaseWriter",
        "PodLogGroup",
        "FrontLogGroup",
    }


def policies(template: Template, title: str) -> tuple[str | None, str | None]:
    resource = template["Resources"][title]
    return resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")


# Database ---------------------------------------------------------------------------------------


def test_the_database_is_encrypted(template: Template) -> None:
    assert properties(template, "DatabaseCluster")["StorageEncrypted"] is True


def test_the_database_speaks_tls_only(template: Template) -> None:
    group = properties(template, "DatabaseParameterGroup")
    assert group["Parameters"] == {"rds.force_ssl": "1"}
    used = properties(template, "DatabaseCluster")["DBClusterParameterGroupName"]
    assert used == "DatabaseParameterGroup"


def test_the_parameter_group_fits_the_engine(template: Template) -> None:
    version = properties(template, "DatabaseCluster")["EngineVersion"]
    family = properties(template, "DatabaseParameterGroup")["Family"]
    assert family == f"aurora-postgresql{version.split('.')[0]}"


def test_the_database_lies_in_private_subnets(template: Template) -> None:
    assert properties(template, "DatabaseWriter")["PubliclyAccessible"] is False
    subnets = properties(template, "DatabaseSubnetGroup")["SubnetIds"]
    assert subnets == ["PrivateSubnetA", "PrivateSubnetB"]


def test_the_private_subnets_have_no_way_out(template: Template) -> None:
    tables = {
        association["Properties"]["SubnetId"]["Ref"]: association["Properties"]["RouteTableId"]
        for association in of_type(template, "AWS::EC2::SubnetRouteTableAssociation").values()
    }
    private = {tables[subnet]["Ref"] for subnet in ("PrivateSubnetA", "PrivateSubnetB")}
    routed = {
        route["Properties"]["RouteTableId"]["Ref"]
        for route in of_type(template, "AWS::EC2::Route").values()
    }
    assert not private & routed


def test_the_database_password_is_a_pinned_reference_and_nothing_else(template: Template) -> None:
    cluster = properties(template, "DatabaseCluster", {**HOSTED, "DatabasePasswordVersion": "7"})
    assert cluster["MasterUserPassword"] == "{{resolve:ssm-secure:/diaspora/database/password:7}}"


def test_the_database_user_is_a_pinned_reference(template: Template) -> None:
    cluster = properties(template, "DatabaseCluster", {**HOSTED, "DatabaseUsernameVersion": "3"})
    assert cluster["MasterUsername"] == "{{resolve:ssm:/diaspora/database/username:3}}"


def test_secure_references_stand_only_where_cloudformation_takes_them(template: Template) -> None:
    whole = json.dumps(template)
    cluster = template["Resources"]["DatabaseCluster"]["Properties"]["MasterUserPassword"]
    assert whole.count("resolve:ssm-secure") == json.dumps(cluster).count("ssm-secure") == 1


def test_the_database_may_fall_asleep_after_five_minutes(template: Template) -> None:
    scaling = properties(template, "DatabaseCluster")["ServerlessV2ScalingConfiguration"]
    assert scaling == {"MinCapacity": "0", "MaxCapacity": "1", "SecondsUntilAutoPause": 300}


def test_a_database_that_never_sleeps_is_given_no_pause(template: Template) -> None:
    cluster = properties(template, "DatabaseCluster", CHOICES["never asleep"])
    assert cluster["ServerlessV2ScalingConfiguration"] == {"MinCapacity": "0.5", "MaxCapacity": "1"}


def test_a_restore_takes_user_and_data_from_the_snapshot(template: Template) -> None:
    cluster = properties(template, "DatabaseCluster", CHOICES["restore"])
    assert cluster["SnapshotIdentifier"] == "pod-before-move"
    assert not {"MasterUsername", "DatabaseName", "StorageEncrypted"} & set(cluster)
    assert "MasterUserPassword" in cluster


def test_a_first_creation_is_no_restore(template: Template) -> None:
    assert "SnapshotIdentifier" not in properties(template, "DatabaseCluster")


def test_backups_are_kept_for_a_week(template: Template) -> None:
    assert properties(template, "DatabaseCluster")["BackupRetentionPeriod"] == "7"


def test_deletion_protection_is_off_at_first_so_that_a_failed_creation_can_be_undone(
    template: Template,
) -> None:
    assert properties(template, "DatabaseCluster")["DeletionProtection"] == "false"


# Who may talk to whom ---------------------------------------------------------------------------


def ingress(template: Template, choice: dict[str, str]) -> list[tuple[str, str, int, int, str]]:
    """Every rule that lets something in: group, protocol, ports, source."""
    resources = rendered(template, choice).resources
    rules = [
        (resource["Properties"]["GroupId"], resource["Properties"])
        for resource in resources.values()
        if resource["Type"] == "AWS::EC2::SecurityGroupIngress"
    ]
    rules += [
        (title, rule)
        for title, resource in resources.items()
        if resource["Type"] == "AWS::EC2::SecurityGroup"
        for rule in resource["Properties"].get("SecurityGroupIngress", [])
    ]
    return sorted(
        (
            group,
            rule["IpProtocol"],
            rule.get("FromPort", 0),
            rule.get("ToPort", 65535),
            rule.get("SourceSecurityGroupId") or rule.get("CidrIp") or rule["CidrIpv6"],
        )
        for group, rule in rules
    )


_ALWAYS = [
    ("DatabaseSecurityGroup", "tcp", 5432, 5432, "PodSecurityGroup"),
    ("PodSecurityGroup", "tcp", 80, 80, "VpcLinkSecurityGroup"),
]


def test_nobody_gets_in_but_the_front_to_the_pod_and_the_pod_to_the_database(
    template: Template,
) -> None:
    assert ingress(template, HOSTED) == _ALWAYS


def test_ssh_is_open_to_the_connect_endpoint_only_where_that_was_chosen(
    template: Template,
) -> None:
    added = set(ingress(template, CHOICES["shell by Instance Connect Endpoint"])) - set(_ALWAYS)
    assert added == {("PodSecurityGroup", "tcp", 22, 22, "ConnectEndpointSecurityGroup")}


def test_ssh_is_open_to_the_vpc_only_where_that_was_chosen(template: Template) -> None:
    added = set(ingress(template, CHOICES["shell from the VPC with a key"])) - set(_ALWAYS)
    assert added == {("PodSecurityGroup", "tcp", 22, 22, "10.0.0.0/16")}


def test_only_the_pod_may_call_out_to_the_internet(template: Template) -> None:
    callers = {
        title
        for title, group in of_type(template, "AWS::EC2::SecurityGroup").items()
        if any(
            rule.get("CidrIp") in OPEN or rule.get("CidrIpv6") in OPEN
            for rule in group["Properties"].get("SecurityGroupEgress", [{"CidrIp": OPEN[0]}])
        )
    }
    assert callers == {"PodSecurityGroup"}


def test_nothing_can_be_written_to_a_foreign_bucket_through_the_endpoint(
    template: Template,
) -> None:
    document = properties(template, "S3Endpoint")["PolicyDocument"]
    anywhere = [s["Action"] for s in document["Statement"] if s["Resource"] == ["*"]]
    own = [s["Resource"] for s in document["Statement"] if s["Action"] == ["s3:*"]]
    assert anywhere == [["s3:GetObject"]]
    assert own == [["arn:aws:s3:::AssetsBucket", "arn:aws:s3:::AssetsBucket/*"]]


def test_the_s3_endpoint_serves_every_route_table(template: Template) -> None:
    tables = list(of_type(template, "AWS::EC2::RouteTable"))
    assert properties(template, "S3Endpoint")["RouteTableIds"] == tables


# Pod --------------------------------------------------------------------------------------------


def launch_data(template: Template, choice: dict[str, str] | None = None) -> Any:
    return properties(template, "PodLaunchTemplate", choice)["LaunchTemplateData"]


def test_the_metadata_service_answers_version_two_only(template: Template) -> None:
    options = launch_data(template)["MetadataOptions"]
    assert options["HttpTokens"] == "required"
    assert options["HttpPutResponseHopLimit"] == 1


def test_the_pod_disk_is_encrypted_gp3(template: Template) -> None:
    (disk,) = launch_data(template)["BlockDeviceMappings"]
    assert disk["Ebs"]["Encrypted"] is True
    assert disk["Ebs"]["VolumeType"] == "gp3"


def test_the_pod_has_an_address_from_which_it_reaches_other_pods(template: Template) -> None:
    (interface,) = launch_data(template)["NetworkInterfaces"]
    assert interface["AssociatePublicIpAddress"] is True
    assert interface["Ipv6AddressCount"] == 1
    assert interface["SubnetId"] == "PublicSubnetA"


def test_no_subnet_stands_beside_a_network_interface(template: Template) -> None:
    beside = {"SubnetId", "SecurityGroupIds", "NetworkInterfaces"}
    assert not beside & set(template["Resources"]["PodInstance"]["Properties"])
    assert not {"SecurityGroupIds", "SecurityGroups"} & set(launch_data(template))


def test_the_pod_boots_with_its_full_cpu(template: Template) -> None:
    assert launch_data(template)["CreditSpecification"] == {"CpuCredits": "unlimited"}


def test_the_pod_must_signal_before_it_counts(template: Template) -> None:
    signal = template["Resources"]["PodInstance"]["CreationPolicy"]["ResourceSignal"]
    assert signal == {"Count": 1, "Timeout": "PT20M"}


def test_the_pod_gives_up_while_cloudformation_still_listens(template: Template) -> None:
    timeout = template["Resources"]["PodInstance"]["CreationPolicy"]["ResourceSignal"]["Timeout"]
    minutes = int(timeout.removeprefix("PT").removesuffix("M"))
    data = properties(template, "PodLaunchTemplate")["LaunchTemplateData"]["UserData"]
    (deadline,) = re.findall(r'"first_boot_deadline": "(.*)"', base64.b64decode(data).decode())
    seconds = int(base64.b64decode(deadline))
    assert 10 * 60 <= seconds <= (minutes - 3) * 60


def test_any_change_of_the_settings_makes_a_new_pod(template: Template) -> None:
    launch = template["Resources"]["PodInstance"]["Properties"]
    assert launch == {
        "LaunchTemplate": {
            "LaunchTemplateId": {"Ref": "PodLaunchTemplate"},
            "Version": {"Fn::GetAtt": ["PodLaunchTemplate", "LatestVersionNumber"]},
        }
    }


def test_what_the_pod_needs_to_boot_is_there_before_it(template: Template) -> None:
    reachable = needed_by(template, "PodInstance")
    assert reachable >= {
        "DatabaseWriter",
        "DatabaseIngressFromPod",
        "PublicRouteIpv4",
        "PublicRouteIpv6",
        "PublicSubnetARouteTableAssociation",
        "S3Endpoint",
        "PodIngressFromVpcLink",
        "PodRole",
        "PodLogGroup",
        "AssetsBucket",
    }


def test_no_right_of_the_pod_comes_after_it(template: Template) -> None:
    beside = {"AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy"}
    assert not beside & {resource["Type"] for resource in template["Resources"].values()}


def needed_by(template: Template, title: str) -> set[str]:
    """All resources that exist before this one: what it refers to or waits for, and so on."""
    found: set[str] = set()
    waiting = [title]
    while waiting:
        for name in referred(template["Resources"][waiting.pop()]) & set(template["Resources"]):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found


def referred(node: Any) -> set[str]:
    """The names that a part of a template refers to, in whatever way."""
    if isinstance(node, list):
        return {name for item in node for name in referred(item)}
    if not isinstance(node, dict):
        return set()
    names = {name for value in node.values() for name in referred(value)}
    names |= {node["Ref"]} if "Ref" in node else set()
    names |= {node["Fn::GetAtt"][0]} if "Fn::GetAtt" in node else set()
    if "Fn::Sub" in node:
        text = node["Fn::Sub"] if isinstance(node["Fn::Sub"], str) else node["Fn::Sub"][0]
        names |= {match.split(".")[0] for match in re.findall(r"\$\{([^!}]+)\}", text)}
    waits = node.get("DependsOn", [])
    return names | set([waits] if isinstance(waits, str) else waits)


def test_the_user_data_fits_and_leaves_room(template: Template) -> None:
    long = {**HOSTED, "PodName": "é" * 200, "DomainName": "a" * 60 + ".org"}
    assert 0 < len(launch_data(template, long)["UserData"]) * 3 / 4 < 12 * 1024


def test_the_user_data_names_secrets_and_holds_none(template: Template) -> None:
    data = json.dumps(
        template["Resources"]["PodLaunchTemplate"]["Properties"]["LaunchTemplateData"]["UserData"]
    )
    assert "DatabasePasswordKey" in data
    assert "resolve:" not in data


# Rights -----------------------------------------------------------------------------------------

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
    (statement,) = properties(template, POD_ROLE)["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": ["ec2.amazonaws.com"]}


# Front ------------------------------------------------------------------------------------------


def test_the_pod_sees_the_domain_and_the_visitor_and_not_what_a_visitor_claims(
    template: Template,
) -> None:
    sent = properties(template, "PodIntegration")["RequestParameters"]
    assert sent == {
        "overwrite:header.Host": "pod.example.org",
        "overwrite:header.X-Client-IP": "$context.identity.sourceIp",
        "overwrite:header.X-Client-Proto": "https",
    }


def test_a_second_stack_is_tried_under_the_name_that_it_answers_to(template: Template) -> None:
    choice = CHOICES["second stack, hosted"]
    sent = properties(template, "PodIntegration", choice)["RequestParameters"]
    assert sent["overwrite:header.Host"] == "HttpApi.execute-api.eu-west-1.amazonaws.com"
    assert (
        rendered(template, choice).outputs["PodUrl"] == f"https://{sent['overwrite:header.Host']}"
    )


def test_every_path_reaches_the_pod(template: Template) -> None:
    routes = [r["Properties"] for r in of_type(template, "AWS::ApiGatewayV2::Route").values()]
    assert [route["RouteKey"] for route in routes] == ["$default"]
    assert properties(template, "DefaultStage")["StageName"] == "$default"


def test_the_front_reaches_the_pod_through_the_vpc_link_and_cloud_map(template: Template) -> None:
    integration = properties(template, "PodIntegration")
    assert integration["ConnectionType"] == "VPC_LINK"
    assert integration["ConnectionId"] == "VpcLink"
    assert integration["IntegrationUri"] == "DiscoveryService.Arn"
    assert integration["PayloadFormatVersion"] == "1.0"
    attributes = properties(template, "DiscoveryInstance")["InstanceAttributes"]
    assert attributes == {
        "AWS_INSTANCE_IPV4": "PodInstance.PrivateIp",
        "AWS_INSTANCE_PORT": "80",
    }


def test_discovery_needs_no_paid_zone(template: Template) -> None:
    kinds = {resource["Type"] for resource in template["Resources"].values()}
    assert "AWS::ServiceDiscovery::HttpNamespace" in kinds
    assert not {k for k in kinds if "DnsNamespace" in k or k == "AWS::Route53::HostedZone"}


def test_the_front_is_throttled(template: Template) -> None:
    limits = properties(template, "DefaultStage")["DefaultRouteSettings"]
    assert 0 < limits["ThrottlingRateLimit"] <= 100
    assert 0 < limits["ThrottlingBurstLimit"] <= 200


def test_the_front_logs_requests_without_their_queries(template: Template) -> None:
    settings = properties(template, "DefaultStage")["AccessLogSettings"]
    assert settings["DestinationArn"] == "FrontLogGroup.Arn"
    fields = json.loads(settings["Format"])
    assert fields["path"] == "$context.path"
    assert "client" in fields


def test_the_default_endpoint_is_off_while_the_stack_owns_the_domain(template: Template) -> None:
    assert properties(template, "HttpApi")["DisableExecuteApiEndpoint"] is True
    second = properties(template, "HttpApi", CHOICES["second stack, hosted"])
    assert second["DisableExecuteApiEndpoint"] is False


def test_the_domain_speaks_tls_1_2_over_ipv4_and_ipv6(template: Template) -> None:
    (domain,) = properties(template, "CustomDomain")["DomainNameConfigurations"]
    assert domain["SecurityPolicy"] == "TLS_1_2"
    assert domain["IpAddressType"] == "dualstack"
    records = [
        resource["Properties"]["Type"]
        for resource in rendered(template).resources.values()
        if resource["Type"] == "AWS::Route53::RecordSet"
    ]
    assert records == ["A", "AAAA"]


def test_a_hosted_domain_gets_a_certificate_that_validates_itself(template: Template) -> None:
    certificate = properties(template, "Certificate")
    assert certificate["ValidationMethod"] == "DNS"
    assert certificate["DomainValidationOptions"] == [
        {"DomainName": "pod.example.org", "HostedZoneId": HOSTED["HostedZoneId"]}
    ]


def test_a_foreign_domain_waits_for_no_record(template: Template) -> None:
    foreign = rendered(template, FOREIGN)
    assert "Certificate" not in foreign.resources
    assert foreign.outputs["DnsRecord"] == "pod.example.org CNAME CustomDomain.RegionalDomainName"


def test_a_second_stack_takes_nothing_from_the_first(template: Template) -> None:
    second = rendered(template, CHOICES["second stack with mail"]).resources
    taken = {"AWS::Route53::RecordSet", "AWS::ApiGatewayV2::DomainName", "AWS::SES::EmailIdentity"}
    assert not taken & {resource["Type"] for resource in second.values()}
    # Its own certificate can be ready before it takes over.
    assert "Certificate" in second


# Mail -------------------------------------------------------------------------------------------


def test_mail_records_are_made_only_where_they_are_asked_for(template: Template) -> None:
    def records(choice: dict[str, str]) -> set[str]:
        return {title for title in rendered(template, choice).resources if title in _MAIL_RECORDS}

    assert records({**HOSTED, **MAIL}) == set()
    assert records({**HOSTED, **IDENTITY}) == {"DkimRecord1", "DkimRecord2", "DkimRecord3"}
    assert records(CHOICES["mail with DMARC"]) == {"DmarcRecord"}
    with_mail_from = records(CHOICES["mail with identity and MAIL FROM"])
    assert with_mail_from == set(_MAIL_RECORDS) - {"DmarcRecord"}


_MAIL_RECORDS = (
    "DkimRecord1",
    "DkimRecord2",
    "DkimRecord3",
    "MailFromMxRecord",
    "MailFromSpfRecord",
    "DmarcRecord",
)


# Alarms and money -------------------------------------------------------------------------------


def test_broken_hardware_is_left_behind(template: Template) -> None:
    alarm = properties(template, "RecoveryAlarm")
    assert alarm["MetricName"] == "StatusCheckFailed_System"
    assert "arn:aws:automate:eu-west-1:ec2:recover" in alarm["AlarmActions"]


def test_a_hanging_system_is_rebooted_after_recovery_had_its_chance(template: Template) -> None:
    alarm = properties(template, "RebootAlarm")
    assert alarm["MetricName"] == "StatusCheckFailed_Instance"
    assert "arn:aws:automate:eu-west-1:ec2:reboot" in alarm["AlarmActions"]
    recovery = properties(template, "RecoveryAlarm")
    assert alarm["EvaluationPeriods"] > recovery["EvaluationPeriods"]


def test_every_alarm_mails_the_admin(template: Template) -> None:
    resources = rendered(template, {**HOSTED, **MAIL}).resources
    mail = resources["AlarmMail"]["Properties"]
    assert (mail["Protocol"], mail["Endpoint"]) == ("email", "you@example.org")
    assert mail["TopicArn"] == "AlarmTopic"
    alarms = [r for r in resources.values() if r["Type"] == "AWS::CloudWatch::Alarm"]
    assert len(alarms) == 6
    assert all("AlarmTopic" in alarm["Properties"]["AlarmActions"] for alarm in alarms)


def test_unlimited_credits_never_come_without_their_alarm(template: Template) -> None:
    alarm = properties(template, "SurplusCreditsAlarm")
    assert alarm["MetricName"] == "CPUSurplusCreditsCharged"
    assert alarm["Threshold"] == 0
    standard = rendered(template, CHOICES["standard credits"]).resources
    assert "SurplusCreditsAlarm" not in standard


def test_a_database_that_does_not_sleep_for_a_day_is_told(template: Template) -> None:
    alarm = properties(template, "DatabaseAwakeAlarm")
    assert alarm["MetricName"] == "ServerlessDatabaseCapacity"
    assert alarm["Statistic"] == "Minimum"
    assert alarm["Period"] * alarm["EvaluationPeriods"] == 24 * 60 * 60
    assert "DatabaseAwakeAlarm" not in rendered(template, CHOICES["never asleep"]).resources


def test_the_budget_mails_at_80_percent_and_at_a_forecast_of_100(template: Template) -> None:
    budget = properties(template, "Budget")
    assert budget["Budget"]["BudgetLimit"] == {"Amount": "20", "Unit": "USD"}
    assert "BudgetName" not in budget["Budget"]
    told = {
        (n["Notification"]["NotificationType"], n["Notification"]["Threshold"])
        for n in budget["NotificationsWithSubscribers"]
    }
    assert told == {("ACTUAL", 80), ("FORECASTED", 100)}


def test_no_budget_is_made_for_an_amount_of_nothing(template: Template) -> None:
    assert "Budget" not in rendered(template, CHOICES["no budget"]).resources


def test_offline_takes_the_machine_and_keeps_the_data(template: Template) -> None:
    online = set(rendered(template).resources)
    offline = set(rendered(template, CHOICES["offline"]).resources)
    assert online - offline == {
        "PodInstance",
        "DiscoveryInstance",
        "RecoveryAlarm",
        "RebootAlarm",
        "SurplusCreditsAlarm",
        # The front answers errors meanwhile: that is meant.
        "FrontErrorAlarm",
    }
    assert offline < online

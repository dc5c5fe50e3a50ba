"""Who may talk to whom."""

from __future__ import annotations

from ..answers import CHOICES, HOSTED
from .breaking import Mutation, add, change
from .reading import OPEN, Template, of_type, properties, rendered


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


def test_zones_are_those_that_were_chosen_in_the_stacks_own_region(template: Template) -> None:
    chosen = CHOICES["chosen zones"]
    assert zones(template, chosen) == ["eu-west-1b", "eu-west-1b", "eu-west-1c"]
    assert zones(template, HOSTED) == ["eu-west-1a", "eu-west-1a", "eu-west-1b"]


def zones(template: Template, choice: dict[str, str]) -> list[str]:
    subnets = rendered(template, choice).resources
    return [
        subnets[title]["Properties"]["AvailabilityZone"]
        for title in ("PublicSubnetA", "PrivateSubnetA", "PrivateSubnetB")
    ]


def test_the_s3_endpoint_serves_every_route_table(template: Template) -> None:
    tables = list(of_type(template, "AWS::EC2::RouteTable"))
    assert properties(template, "S3Endpoint")["RouteTableIds"] == tables


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

MUTATIONS: dict[str, Mutation] = {
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
    "zones_are_those_that_were_chosen_in_the_stacks_own_region": change(
        "PrivateSubnetB",
        "AvailabilityZone",
        to={"Fn::If": ["ChoosesZones", {"Ref": "AvailabilityZone2"}, "eu-west-1b"]},
    ),
    "the_s3_endpoint_serves_every_route_table": change(
        "S3Endpoint", "RouteTableIds", to=[{"Ref": "PublicRouteTable"}]
    ),
}

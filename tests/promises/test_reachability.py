"""Where everything stands in the network, and whom it may call from there."""

from __future__ import annotations

from ipaddress import IPv4Network, ip_network
from itertools import combinations
from typing import Any

from diaspora_cf.template.rendering import render

from ..answers import HOSTED, INSTANCE
from .breaking import Mutation, change, resource
from .reading import EVERYTHING, OPEN, Template, needed_by, of_type, properties, rendered

_SUBNET = "AWS::EC2::Subnet"


def test_everything_stands_in_the_one_vpc(template: Template) -> None:
    assert list(of_type(template, "AWS::EC2::VPC")) == ["Vpc"]
    placed = {
        title: found["Properties"]["VpcId"]
        for title, found in rendered(template, EVERYTHING).resources.items()
        if "VpcId" in found.get("Properties", {})
    }
    assert len(placed) >= 10
    assert set(placed.values()) == {"Vpc"}


def test_subnets_divide_the_vpc_among_them(template: Template) -> None:
    whole = IPv4Network(properties(template, "Vpc")["CidrBlock"])
    parts = [
        IPv4Network(properties(template, title)["CidrBlock"])
        for title in of_type(template, _SUBNET)
    ]
    assert whole.is_private
    assert all(part.subnet_of(whole) for part in parts)
    # Each with AWS's five addresses taken, and room for what moves.
    assert min(part.num_addresses for part in parts) >= 256
    assert not [pair for pair in combinations(parts, 2) if pair[0].overlaps(pair[1])]


def test_public_subnets_have_an_ipv6_range_of_their_own(template: Template) -> None:
    assert properties(template, "VpcIpv6Block")["AmazonProvidedIpv6CidrBlock"] is True
    given = {"Vpc": {"Ipv6CidrBlocks": ["2001:db8:0:100::/56"]}}
    subnets = render(template, HOSTED, attributes=given).resources
    public = [title for title in of_type(template, _SUBNET) if title.startswith("Public")]
    ranges = [ip_network(subnets[title]["Properties"]["Ipv6CidrBlock"]) for title in public]
    # Subnets of IPv6 are /64, says the VPC user guide; no more are cut than are there.
    assert [str(it) for it in ranges] == [
        f"2001:db8:0:10{index}::/64" for index, _ in enumerate(public)
    ]
    # The range is there only once the block is, which nothing refers to.
    assert all("VpcIpv6Block" in needed_by(template, title) for title in public)


def test_the_database_writes_in_the_pods_zone(template: Template) -> None:
    # Between zones every byte costs, both ways.
    instance = properties(template, "DatabaseInstance", INSTANCE)
    for writing in (properties(template, "DatabaseWriter"), instance):
        assert writing["AvailabilityZone"] == "PublicSubnetA.AvailabilityZone"
    assert instance["MultiAZ"] is False


def test_every_subnet_has_the_routes_of_its_side(template: Template) -> None:
    tables = {
        it["SubnetId"]: it["RouteTableId"]
        for it in _all(template, "AWS::EC2::SubnetRouteTableAssociation")
    }
    assert tables == {
        title: "PublicRouteTable" if title.startswith("Public") else "PrivateRouteTable"
        for title in of_type(template, _SUBNET)
    }


def test_the_public_side_leads_to_the_internet_over_both_protocols(template: Template) -> None:
    routes = {
        (it["RouteTableId"], it.get("DestinationCidrBlock", it.get("DestinationIpv6CidrBlock")))
        for it in _all(template, "AWS::EC2::Route")
        if it["GatewayId"] == "InternetGateway"
    }
    assert routes == {("PublicRouteTable", anywhere) for anywhere in OPEN}
    attached = properties(template, "InternetGatewayAttachment")["InternetGatewayId"]
    assert attached == "InternetGateway"
    # EC2 refuses a route to a gateway that is not attached yet.
    for route in of_type(template, "AWS::EC2::Route"):
        assert "InternetGatewayAttachment" in needed_by(template, route)


def test_no_subnet_hands_out_addresses_unasked(template: Template) -> None:
    assert not any(it["MapPublicIpOnLaunch"] for it in _all(template, _SUBNET))


def test_names_are_resolved_inside_the_vpc(template: Template) -> None:
    # The database and S3 are known by name only.
    vpc = properties(template, "Vpc")
    assert (vpc["EnableDnsSupport"], vpc["EnableDnsHostnames"]) == (True, True)


def test_the_s3_endpoint_is_the_free_one_of_this_region(template: Template) -> None:
    endpoint = properties(template, "S3Endpoint")
    assert endpoint["VpcEndpointType"] == "Gateway"
    assert endpoint["ServiceName"] == "com.amazonaws.eu-west-1.s3"


def test_everything_calls_only_whom_it_has_business_with(template: Template) -> None:
    vpc = properties(template, "Vpc")["CidrBlock"]
    calls = {
        title: {
            (
                rule["IpProtocol"],
                rule.get("FromPort"),
                rule.get("ToPort"),
                rule.get("CidrIp", rule.get("CidrIpv6")),
            )
            for rule in properties(template, title, EVERYTHING)["SecurityGroupEgress"]
        }
        for title in of_type(template, "AWS::EC2::SecurityGroup")
    }
    assert calls == {
        "PodSecurityGroup": {("-1", None, None, anywhere) for anywhere in OPEN},
        # No rule at all would be AWS's own: everything to everywhere.
        "DatabaseSecurityGroup": {("-1", None, None, "127.0.0.1/32")},
        "DatabaseForLife": {("-1", None, None, "127.0.0.1/32")},
        "VpcLinkSecurityGroup": {("tcp", 80, 80, vpc)},
        "ConnectEndpointSecurityGroup": {("tcp", 22, 22, vpc)},
    }


def test_everything_wears_the_security_group_that_was_made_for_it(template: Template) -> None:
    made = rendered(template, EVERYTHING).resources
    launch = made["PodLaunchTemplate"]["Properties"]["LaunchTemplateData"]
    (interface,) = launch["NetworkInterfaces"]
    assert interface["DeviceIndex"] == 0
    assert {
        "pod": interface["Groups"],
        "cluster": made["DatabaseCluster"]["Properties"]["VpcSecurityGroupIds"],
        "instance": properties(template, "DatabaseInstance", INSTANCE)["VPCSecurityGroups"],
        "link": made["VpcLink"]["Properties"]["SecurityGroupIds"],
        "endpoint": made["ConnectEndpoint"]["Properties"]["SecurityGroupIds"],
    } == {
        "pod": ["PodSecurityGroup"],
        "cluster": ["DatabaseSecurityGroup"],
        "instance": ["DatabaseSecurityGroup"],
        "link": ["VpcLinkSecurityGroup"],
        "endpoint": ["ConnectEndpointSecurityGroup"],
    }


def test_the_connect_endpoint_stands_beside_the_pod_and_calls_under_its_own_address(
    template: Template,
) -> None:
    endpoint = properties(template, "ConnectEndpoint", EVERYTHING)
    assert endpoint["SubnetId"] == "PublicSubnetA"
    # The pod's rule lets the endpoint in, not the addresses of those who use it.
    assert endpoint["PreserveClientIp"] is False


def _all(template: Template, kind: str) -> list[dict[str, Any]]:
    """The properties of all resources of a type."""
    return [properties(template, title) for title in of_type(template, kind)]


MUTATIONS: dict[str, Mutation] = {
    "everything_stands_in_the_one_vpc": change("DatabaseSecurityGroup", "VpcId", to="vpc-1"),
    "subnets_divide_the_vpc_among_them": change("PrivateSubnetB", "CidrBlock", to="10.0.10.0/24"),
    "public_subnets_have_an_ipv6_range_of_their_own": lambda template: resource(
        template, "PublicSubnetA"
    ).pop("DependsOn"),
    "the_database_writes_in_the_pods_zone": change(
        "DatabaseWriter",
        "AvailabilityZone",
        to={"Fn::GetAtt": ["PrivateSubnetB", "AvailabilityZone"]},
    ),
    "every_subnet_has_the_routes_of_its_side": change(
        "PrivateSubnetBRouteTableAssociation", "RouteTableId", to={"Ref": "PublicRouteTable"}
    ),
    "the_public_side_leads_to_the_internet_over_both_protocols": lambda template: resource(
        template, "PublicRouteIpv6"
    ).pop("DependsOn"),
    "no_subnet_hands_out_addresses_unasked": change(
        "PrivateSubnetA", "MapPublicIpOnLaunch", to=True
    ),
    "names_are_resolved_inside_the_vpc": change("Vpc", "EnableDnsSupport", to=False),
    "the_s3_endpoint_is_the_free_one_of_this_region": change(
        "S3Endpoint", "VpcEndpointType", to="Interface"
    ),
    "everything_calls_only_whom_it_has_business_with": change(
        "DatabaseSecurityGroup", "SecurityGroupEgress", to=[]
    ),
    "everything_wears_the_security_group_that_was_made_for_it": change(
        "DatabaseCluster", "VpcSecurityGroupIds", to=[{"Ref": "PodSecurityGroup"}]
    ),
    "the_connect_endpoint_stands_beside_the_pod_and_calls_under_its_own_address": change(
        "ConnectEndpoint", "PreserveClientIp", to=True
    ),
}

"""The VPC: a public subnet for the pod, private ones for the database, and S3 without a detour."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from awacs import s3 as s3_actions
from awacs.aws import Principal
from troposphere import AWSHelperFn, Cidr, GetAtt, GetAZs, Ref, Select, Sub, Tags, ec2

from ..parameters.expert import AVAILABILITY_ZONE_1, AVAILABILITY_ZONE_2, CHOOSES_ZONES
from ..template.policies import allow, document
from ..template.question import Question
from ..template.stack import Stack
from .storage import Storage

VPC_RANGE = "10.0.0.0/16"
PUBLIC_RANGE = "10.0.0.0/24"
PRIVATE_RANGES = ("10.0.10.0/24", "10.0.11.0/24")


@dataclass(frozen=True)
class Vpc:
    """The VPC itself, its IPv6 range, and its way to the internet."""

    vpc: ec2.VPC
    ipv6: ec2.VPCCidrBlock
    gateway: ec2.InternetGateway
    attachment: ec2.VPCGatewayAttachment


@dataclass(frozen=True)
class Network:
    """The network's handles; ``ready`` names what must be there before a machine reaches anything.

    Subnets are ids, one in each of ``zones`` or in the first of them: ``public`` for the front,
    ``machines`` for the pod, ``private`` for the database.
    """

    vpc: Ref
    zones: tuple[AWSHelperFn, ...]
    public: tuple[AWSHelperFn, ...]
    machines: tuple[AWSHelperFn, ...]
    private: tuple[AWSHelperFn, ...]
    route_tables: tuple[AWSHelperFn, ...]
    ready: tuple[str, ...]


@dataclass(frozen=True)
class S3Endpoint:
    """The free way to S3; whoever is given rights by its id comes after it."""

    endpoint: Ref


def add_network(stack: Stack) -> Network:
    """Add VPC, gateway, subnets and routes."""
    made = add_vpc(stack)
    zones = _zones(stack)
    # One: the pod and the front's link share it. API Gateway has no links in some zones, and a link
    # that is given such a zone too is not made at all.
    public = add_subnet(stack, made, "PublicSubnetA", "public", zones[0], PUBLIC_RANGE, ipv6=True)
    private = [
        add_subnet(stack, made, f"PrivateSubnet{letter}", f"private {letter}", zone, addresses)
        for letter, zone, addresses in zip("AB", zones, PRIVATE_RANGES, strict=True)
    ]
    public_table = add_route_table(stack, made, "Public", [public])
    # No way out: the database talks to the pod and to nobody else.
    private_table = add_route_table(stack, made, "Private", private)
    routes = add_internet_routes(stack, made, public_table)
    return Network(
        vpc=Ref(made.vpc),
        zones=(GetAtt(public, "AvailabilityZone"),),
        public=(Ref(public),),
        machines=(Ref(public),),
        private=tuple(map(Ref, private)),
        route_tables=(Ref(public_table), Ref(private_table)),
        ready=(*routes, association_id(public)),
    )


def add_s3_endpoint(stack: Stack, network: Network, storage: Storage) -> S3Endpoint:
    """Add the free way to S3.

    Reading is open, because pictures of other pods may lie in buckets of this region; writing is
    not, so that a stolen credential carries nothing to somebody else's bucket from here.
    """
    endpoint = stack.add(
        ec2.VPCEndpoint(
            "S3Endpoint",
            ServiceName=Sub("com.amazonaws.${AWS::Region}.s3"),
            VpcEndpointType="Gateway",
            VpcId=network.vpc,
            RouteTableIds=list(network.route_tables),
            PolicyDocument=document(
                allow(
                    "OwnBucket",
                    [s3_actions.Action("*")],
                    storage.arn(),
                    storage.arn("/*"),
                    Principal=Principal("*"),
                ),
                allow("ReadAnything", [s3_actions.GetObject], "*", Principal=Principal("*")),
            ),
        )
    )
    return S3Endpoint(endpoint=Ref(endpoint))


def add_vpc(stack: Stack) -> Vpc:
    """Add the VPC with a range of IPv6 and a gateway to the internet, and no subnet."""
    vpc = stack.add(
        ec2.VPC(
            "Vpc",
            CidrBlock=VPC_RANGE,
            EnableDnsHostnames=True,
            EnableDnsSupport=True,
            Tags=_named(""),
        )
    )
    ipv6 = stack.add(
        ec2.VPCCidrBlock("VpcIpv6Block", VpcId=Ref(vpc), AmazonProvidedIpv6CidrBlock=True)
    )
    gateway = stack.add(ec2.InternetGateway("InternetGateway", Tags=_named("")))
    attachment = stack.add(
        ec2.VPCGatewayAttachment(
            "InternetGatewayAttachment", VpcId=Ref(vpc), InternetGatewayId=Ref(gateway)
        )
    )
    return Vpc(vpc, ipv6, gateway, attachment)


def add_subnet(
    stack: Stack,
    made: Vpc,
    title: str,
    name: str,
    zone: AWSHelperFn,
    addresses: str,
    *,
    ipv6: bool = False,
) -> ec2.Subnet:
    """Add a subnet; ``name`` is what the console shows of it, behind the stack's name."""
    return stack.add(
        ec2.Subnet(
            title,
            VpcId=Ref(made.vpc),
            AvailabilityZone=zone,
            CidrBlock=addresses,
            **(_ipv6_of(made) if ipv6 else {}),
            # Whoever wants an address here asks for it: the pod does, the front's link does not.
            MapPublicIpOnLaunch=False,
            Tags=_named(f" {name}"),
        )
    )


def _named(suffix: str) -> Tags:
    """A Name tag, which is what the console lists network parts by."""
    return Tags(Name=Sub("${AWS::StackName}" + suffix))


def _zones(stack: Stack) -> tuple[AWSHelperFn, AWSHelperFn]:
    """The two zones: the chosen ones, else AWS's first two."""
    return (
        stack.choose(CHOOSES_ZONES, _zone(AVAILABILITY_ZONE_1), Select(0, GetAZs(""))),
        stack.choose(CHOOSES_ZONES, _zone(AVAILABILITY_ZONE_2), Select(1, GetAZs(""))),
    )


def _zone(letter: Question) -> Sub:
    return Sub(f"${{AWS::Region}}${{{letter.name}}}")


def _ipv6_of(made: Vpc) -> dict[str, Any]:
    block = Select(0, GetAtt(made.vpc, "Ipv6CidrBlocks"))
    return {
        # The VPC's IPv6 range exists only once its block does, and nothing refers to that.
        "DependsOn": [made.ipv6.title],
        "Ipv6CidrBlock": Select(0, Cidr(block, 1, 64)),
    }


def add_route_table(
    stack: Stack, made: Vpc, side: str, subnets: Iterable[ec2.Subnet]
) -> ec2.RouteTable:
    """Add a side's route table, with its subnets and no way out of the VPC."""
    table = stack.add(
        ec2.RouteTable(f"{side}RouteTable", VpcId=Ref(made.vpc), Tags=_named(f" {side.lower()}"))
    )
    for subnet in subnets:
        stack.add(
            ec2.SubnetRouteTableAssociation(
                association_id(subnet), SubnetId=Ref(subnet), RouteTableId=Ref(table)
            )
        )
    return table


def association_id(subnet: ec2.Subnet) -> str:
    """What puts a subnet under its route table, and nothing else refers to."""
    return f"{subnet.title}RouteTableAssociation"


def add_internet_routes(stack: Stack, made: Vpc, table: ec2.RouteTable) -> tuple[str, str]:
    """Add both default routes; returns their ids, which nothing else refers to."""
    common = {
        "RouteTableId": Ref(table),
        "GatewayId": Ref(made.gateway),
        "DependsOn": [made.attachment.title],
    }
    ipv4 = stack.add(ec2.Route("PublicRouteIpv4", DestinationCidrBlock="0.0.0.0/0", **common))
    ipv6 = stack.add(ec2.Route("PublicRouteIpv6", DestinationIpv6CidrBlock="::/0", **common))
    return ipv4.title, ipv6.title

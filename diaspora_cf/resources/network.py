"""The VPC: a public subnet for the pod, private ones for the database, and S3 without a detour."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

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
class Network:
    """The network's handles; ``ready`` names what must be there before the pod reaches anything.

    ``public`` is the subnet's id; ``private`` holds the ids of two, the pod's zone first.
    """

    vpc: Ref
    zone: AWSHelperFn
    public: Ref
    private: tuple[Ref, Ref]
    route_tables: tuple[Ref, Ref]
    ready: tuple[str, ...]


@dataclass(frozen=True)
class S3Endpoint:
    """The free way to S3; whoever is given rights by its id comes after it."""

    endpoint: Ref


def add_network(stack: Stack) -> Network:
    """Add VPC, gateway, subnets and routes."""
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
    gateway, attachment = _add_internet_gateway(stack, vpc)
    zones = _zones(stack)
    # One: the pod and the front's link share it. API Gateway has no links in some zones, and a link
    # that is given such a zone too is not made at all.
    public = _public_subnet(stack, vpc, ipv6, zones[0])
    private = tuple(_private_subnet(stack, vpc, zones[i], i) for i in (0, 1))
    public_table = _add_route_table(stack, vpc, "Public", [public])
    # No way out: the database talks to the pod and to nobody else.
    private_table = _add_route_table(stack, vpc, "Private", private)
    routes = _add_internet_routes(stack, public_table, gateway, attachment)
    return Network(
        vpc=Ref(vpc),
        zone=GetAtt(public, "AvailabilityZone"),
        public=Ref(public),
        private=(Ref(private[0]), Ref(private[1])),
        route_tables=(Ref(public_table), Ref(private_table)),
        ready=(*routes, _association_id(public)),
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


def _add_internet_gateway(
    stack: Stack, vpc: ec2.VPC
) -> tuple[ec2.InternetGateway, ec2.VPCGatewayAttachment]:
    gateway = stack.add(ec2.InternetGateway("InternetGateway", Tags=_named("")))
    attachment = stack.add(
        ec2.VPCGatewayAttachment(
            "InternetGatewayAttachment", VpcId=Ref(vpc), InternetGatewayId=Ref(gateway)
        )
    )
    return gateway, attachment


def _public_subnet(
    stack: Stack, vpc: ec2.VPC, ipv6: ec2.VPCCidrBlock, zone: AWSHelperFn
) -> ec2.Subnet:
    return stack.add(
        ec2.Subnet(
            "PublicSubnetA",
            # The VPC's IPv6 range exists only once its block does, and nothing refers to that.
            DependsOn=[ipv6.title],
            VpcId=Ref(vpc),
            AvailabilityZone=zone,
            CidrBlock=PUBLIC_RANGE,
            Ipv6CidrBlock=Select(0, Cidr(Select(0, GetAtt(vpc, "Ipv6CidrBlocks")), 1, 64)),
            # Whoever wants an address here asks for it: the pod does, the front's link does not.
            MapPublicIpOnLaunch=False,
            Tags=_named(" public"),
        )
    )


def _private_subnet(stack: Stack, vpc: ec2.VPC, zone: AWSHelperFn, index: int) -> ec2.Subnet:
    letter = "AB"[index]
    return stack.add(
        ec2.Subnet(
            f"PrivateSubnet{letter}",
            VpcId=Ref(vpc),
            AvailabilityZone=zone,
            CidrBlock=PRIVATE_RANGES[index],
            MapPublicIpOnLaunch=False,
            Tags=_named(f" private {letter}"),
        )
    )


def _add_route_table(
    stack: Stack, vpc: ec2.VPC, side: str, subnets: Iterable[ec2.Subnet]
) -> ec2.RouteTable:
    table = stack.add(
        ec2.RouteTable(f"{side}RouteTable", VpcId=Ref(vpc), Tags=_named(f" {side.lower()}"))
    )
    for subnet in subnets:
        stack.add(
            ec2.SubnetRouteTableAssociation(
                _association_id(subnet), SubnetId=Ref(subnet), RouteTableId=Ref(table)
            )
        )
    return table


def _association_id(subnet: ec2.Subnet) -> str:
    return f"{subnet.title}RouteTableAssociation"


def _add_internet_routes(
    stack: Stack,
    table: ec2.RouteTable,
    gateway: ec2.InternetGateway,
    attachment: ec2.VPCGatewayAttachment,
) -> tuple[str, str]:
    """Both default routes; returns their ids, which nothing else refers to."""
    common = {
        "RouteTableId": Ref(table),
        "GatewayId": Ref(gateway),
        "DependsOn": [attachment.title],
    }
    ipv4 = stack.add(ec2.Route("PublicRouteIpv4", DestinationCidrBlock="0.0.0.0/0", **common))
    ipv6 = stack.add(ec2.Route("PublicRouteIpv6", DestinationIpv6CidrBlock="::/0", **common))
    return ipv4.title, ipv6.title

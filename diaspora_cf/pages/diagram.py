"""The picture of a stack, as a Mermaid flowchart drawn from the built template.

Every type of a resource is either drawn or said to be left out; a type that is in neither list
stops the generator, so that the picture cannot fall behind the template.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Box:
    """A box of the picture and the resource types that it stands for.

    ``label`` may name parameters in braces, of which the default is shown.
    """

    key: str
    label: str
    frame: str
    types: tuple[str, ...]


@dataclass(frozen=True)
class Arrow:
    """Who does what to whom."""

    source: str
    verb: str
    target: str


FRAMES = {
    "vpc": "VPC",
    "public": "public subnet: nothing gets in from the internet",
    "private": "private subnets: no way out",
}
# Frame → the frame around it; what is in no frame stands free.
INSIDE = {"public": "vpc", "private": "vpc"}

BOXES = (
    Box("dns", "Route 53<br>records of the domain", "", ("AWS::Route53::RecordSet",)),
    Box(
        "api",
        "API Gateway<br>HTTP API, custom domain",
        "",
        (
            "AWS::ApiGatewayV2::Api",
            "AWS::ApiGatewayV2::ApiMapping",
            "AWS::ApiGatewayV2::DomainName",
            "AWS::ApiGatewayV2::Integration",
            "AWS::ApiGatewayV2::Route",
            "AWS::ApiGatewayV2::Stage",
        ),
    ),
    Box("certificate", "ACM<br>certificate", "", ("AWS::CertificateManager::Certificate",)),
    Box(
        "discovery",
        "Cloud Map<br>where the pod is",
        "",
        (
            "AWS::ServiceDiscovery::HttpNamespace",
            "AWS::ServiceDiscovery::Instance",
            "AWS::ServiceDiscovery::Service",
        ),
    ),
    Box("link", "VPC link", "public", ("AWS::ApiGatewayV2::VpcLink",)),
    Box(
        "pod",
        "Pod: EC2 {PodInstanceType}<br>nginx, diaspora*, Redis, s3fs",
        "public",
        ("AWS::EC2::Instance", "AWS::EC2::LaunchTemplate"),
    ),
    Box(
        "shell",
        "Instance Connect Endpoint<br>where chosen",
        "public",
        ("AWS::EC2::InstanceConnectEndpoint",),
    ),
    Box("s3endpoint", "S3 endpoint", "vpc", ("AWS::EC2::VPCEndpoint",)),
    Box(
        "database",
        "Aurora PostgreSQL Serverless<br>{DatabaseMinCapacity} to {DatabaseMaxCapacity} ACU,"
        "<br>or an RDS instance",
        "private",
        ("AWS::RDS::DBCluster", "AWS::RDS::DBInstance"),
    ),
    Box("bucket", "S3 bucket<br>photos", "", ("AWS::S3::Bucket",)),
    Box("mail", "SES<br>mail", "", ("AWS::SES::EmailIdentity",)),
    Box("logs", "CloudWatch<br>logs", "", ("AWS::Logs::LogGroup",)),
    Box("commands", "Run Command<br>status, doctor, admin", "", ("AWS::SSM::Document",)),
    Box(
        "alarms",
        "CloudWatch alarms<br>and budget",
        "",
        (
            "AWS::Budgets::Budget",
            "AWS::CloudWatch::Alarm",
            "AWS::SNS::Subscription",
            "AWS::SNS::Topic",
        ),
    ),
)

# Not resources of the stack, but ends of its arrows.
PEOPLE = {
    "visitors": "Visitors and<br>other pods",
    "admin": "You",
    "secrets": "SSM Parameter Store<br>secrets",
}

ARROWS = (
    Arrow("visitors", "ask for the domain", "dns"),
    Arrow("visitors", "HTTPS", "api"),
    Arrow("certificate", "ends TLS in", "api"),
    Arrow("api", "asks where", "discovery"),
    Arrow("api", "HTTP", "link"),
    Arrow("link", "HTTP, port 80", "pod"),
    Arrow("pod", "SQL over TLS", "database"),
    Arrow("pod", "photos", "s3endpoint"),
    Arrow("s3endpoint", "for free", "bucket"),
    Arrow("pod", "reads once at boot", "secrets"),
    Arrow("pod", "SMTP", "mail"),
    Arrow("pod", "what happened", "logs"),
    Arrow("pod", "posts to other pods", "visitors"),
    Arrow("alarms", "recovers", "pod"),
    Arrow("alarms", "mails", "admin"),
    Arrow("admin", "asks in the console", "commands"),
    Arrow("commands", "by its agent", "pod"),
    Arrow("admin", "ssh", "shell"),
    Arrow("shell", "ssh", "pod"),
)

LEFT_OUT = {
    "AWS::EC2::InternetGateway": "every public subnet has one",
    "AWS::EC2::Route": "follows from the subnets' names",
    "AWS::EC2::RouteTable": "follows from the subnets' names",
    "AWS::EC2::SecurityGroup": "the arrows are the rules",
    "AWS::EC2::SecurityGroupIngress": "the arrows are the rules",
    "AWS::EC2::Subnet": "drawn as a frame",
    "AWS::EC2::SubnetRouteTableAssociation": "follows from the subnets' names",
    "AWS::EC2::VPC": "drawn as a frame",
    "AWS::EC2::VPCCidrBlock": "no thing of its own",
    "AWS::EC2::VPCGatewayAttachment": "no thing of its own",
    "AWS::IAM::InstanceProfile": "the arrows are the rights",
    "AWS::IAM::Role": "the arrows are the rights",
    "AWS::RDS::DBClusterParameterGroup": "no thing of its own",
    "AWS::RDS::DBParameterGroup": "no thing of its own",
    "AWS::RDS::DBSubnetGroup": "no thing of its own",
    "AWS::S3::BucketPolicy": "no thing of its own",
}


def mermaid(template: dict[str, Any]) -> str:
    """The stack as a Mermaid flowchart in a Markdown fence.

    Raises ValueError for a resource type that is neither drawn nor left out.
    """
    types = {resource["Type"] for resource in template["Resources"].values()}
    drawn = {kind for box in BOXES for kind in box.types}
    if unknown := types - drawn - set(LEFT_OUT):
        raise ValueError(f"the picture knows no {', '.join(sorted(unknown))}: add it to diagram.py")
    boxes = [box for box in BOXES if types & set(box.types)]
    defaults = {
        name: parameter.get("Default", "") for name, parameter in template["Parameters"].items()
    }
    lines = ["```mermaid", "flowchart LR"]
    lines += [f'  {key}(["{label}"])' for key, label in PEOPLE.items()]
    lines += _frame("", boxes, defaults, "  ")
    lines += _arrows({box.key for box in boxes} | set(PEOPLE))
    return "\n".join([*lines, "```"])


def _frame(name: str, boxes: Iterable[Box], defaults: dict[str, str], indent: str) -> list[str]:
    """The boxes of a frame, and the frames inside it."""
    boxes = tuple(boxes)
    lines = [
        f'{indent}{box.key}["{box.label.format_map(defaults)}"]'
        for box in boxes
        if box.frame == name
    ]
    for inner, label in FRAMES.items():
        if INSIDE.get(inner, "") != name:
            continue
        lines.append(f'{indent}subgraph {inner}["{label}"]')
        lines += _frame(inner, boxes, defaults, indent + "  ")
        lines.append(f"{indent}end")
    return lines


def _arrows(keys: set[str]) -> list[str]:
    return [
        f'  {arrow.source} -- "{arrow.verb}" --> {arrow.target}'
        for arrow in ARROWS
        if {arrow.source, arrow.target} <= keys
    ]

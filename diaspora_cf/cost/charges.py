"""Which resource types cost what: the quantities are read from the rendered template."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..resources.database.rds_instance import DISK_GB
from ..template.rendering import Rendered
from . import usage as use
from .prices import Price, PriceList
from .usage import Usage

Properties = dict[str, Any]


@dataclass(frozen=True)
class Line:
    """One row of a bill: a month's quantity at a unit price; ``fixed`` whatever people do."""

    what: str
    quantity: float
    price: Price
    fixed: bool = False
    free: float = 0.0

    @property
    def usd(self) -> float:
        """USD a month."""
        return max(0.0, self.quantity - self.free) * self.price.usd


@dataclass(frozen=True)
class Month:
    """What a charge is computed from: template, use, and how long the database is awake."""

    rendered: Rendered
    prices: PriceList
    usage: Usage
    awake_hours: float
    free_tier: bool = False

    def line(self, what: str, quantity: float, key: str, *, fixed: bool = False) -> Line:
        """A row; free units count where everybody has them, or where they are asked for."""
        price = self.prices[key]
        free = price.free if self.free_tier or price.free_for == "everybody" else 0.0
        return Line(what, quantity, price, fixed, free)


Charge = Callable[[Month, Properties], Iterator[Line]]


def _instance(month: Month, properties: Properties) -> Iterator[Line]:
    """A machine with the disk and the addresses of its launch template."""
    title = properties["LaunchTemplate"]["LaunchTemplateId"]
    data = month.rendered.resources[title]["Properties"]["LaunchTemplateData"]
    kind = data["InstanceType"]
    yield month.line(f"EC2 {kind}", use.HOURS, f"ec2.{kind}", fixed=True)
    public = sum(bool(i.get("AssociatePublicIpAddress")) for i in data["NetworkInterfaces"])
    if public:
        yield month.line("Public IPv4 address", public * use.HOURS, "ec2.ipv4", fixed=True)
    disks = sum(int(disk["Ebs"]["VolumeSize"]) for disk in data["BlockDeviceMappings"])
    yield month.line("EBS disk, gp3", disks, "ebs.gp3", fixed=True)


def _cluster(month: Month, properties: Properties) -> Iterator[Line]:
    acu_hours = month.awake_hours * awake_capacity(properties)
    fixed = never_sleeps(properties)
    yield month.line("Aurora, while awake", acu_hours, "aurora.acu", fixed=fixed)
    yield month.line("Aurora storage", use.DATABASE_GB, "aurora.storage", fixed=True)
    requests = month.awake_hours * use.DATABASE_REQUESTS_PER_AWAKE_HOUR
    yield month.line("Aurora input and output", requests / 1e6, "aurora.io")


def never_sleeps(cluster: Properties) -> bool:
    """Whether the cluster's minimum keeps it awake."""
    return float(cluster["ServerlessV2ScalingConfiguration"]["MinCapacity"]) > 0


def awake_capacity(cluster: Properties) -> float:
    """ACU while awake under little load: half of one is the least that runs."""
    return max(0.5, float(cluster["ServerlessV2ScalingConfiguration"]["MinCapacity"]))


def _database_machine(month: Month, properties: Properties) -> Iterator[Line]:
    """A cluster's member, which the cluster pays for, or a database of its own."""
    kind = properties["DBInstanceClass"]
    if "DBClusterIdentifier" in properties:
        if kind != "db.serverless":
            raise ValueError(f"no price is known for a {kind} in a cluster")
        return
    if properties.get("MultiAZ") or properties["StorageType"] != "gp3":
        raise ValueError(
            "no price is known for a database in two zones, or on another disk than gp3"
        )
    yield month.line(f"RDS {kind}", use.HOURS, kind.replace("db.", "rds."), fixed=True)
    # Backups of up to its size are free (AWS's price page of RDS). A restored one has the disk of
    # its snapshot, which is taken to be the least.
    disk = float(properties.get("AllocatedStorage", DISK_GB))
    yield month.line("RDS disk, gp3", disk, "rds.gp3", fixed=True)


def _api(month: Month, _properties: Properties) -> Iterator[Line]:
    # Metered in units of 512 KB: nearly all answers are one.
    yield month.line("API Gateway requests", month.usage.requests / 1e6, "api.requests")
    yield month.line("Cloud Map look-ups", month.usage.requests / 1e6, "cloudmap.calls")
    yield month.line("Data sent to visitors", month.usage.sent_gb, "transfer.out")


def _discovery(month: Month, _properties: Properties) -> Iterator[Line]:
    yield month.line("Cloud Map entry", 1, "cloudmap.resources", fixed=True)


def _alarm(month: Month, _properties: Properties) -> Iterator[Line]:
    yield month.line("CloudWatch alarms", 1, "cloudwatch.alarms", fixed=True)


def _topic(month: Month, _properties: Properties) -> Iterator[Line]:
    yield month.line("Mails to the admin", use.NOTIFICATIONS / 1e3, "sns.mails")


# What one resource of a type costs; equal rows are added up.
CHARGES: dict[str, Charge] = {
    "AWS::ApiGatewayV2::Api": _api,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::EC2::Instance": _instance,
    "AWS::RDS::DBCluster": _cluster,
    "AWS::RDS::DBInstance": _database_machine,
    "AWS::ServiceDiscovery::Instance": _discovery,
    "AWS::SNS::Topic": _topic,
}

# Why a type costs nothing of its own.
FREE: dict[str, str] = {
    "AWS::ApiGatewayV2::ApiMapping": "part of the API",
    "AWS::ApiGatewayV2::DomainName": "part of the API",
    "AWS::ApiGatewayV2::Integration": "part of the API",
    "AWS::ApiGatewayV2::Route": "part of the API",
    "AWS::ApiGatewayV2::Stage": "part of the API",
    "AWS::ApiGatewayV2::VpcLink": "free: AWS's price page lists nothing for an HTTP API's link",
    "AWS::Budgets::Budget": "free: budgets without actions",
    "AWS::CertificateManager::Certificate": "free: public certificates used with API Gateway",
    "AWS::EC2::InstanceConnectEndpoint": "free, says the EC2 user guide",
    "AWS::EC2::InternetGateway": "free; what passes it is in the row of data sent",
    "AWS::EC2::LaunchTemplate": "billed with the instance",
    "AWS::EC2::Route": "free",
    "AWS::EC2::RouteTable": "free",
    "AWS::EC2::SecurityGroup": "free",
    "AWS::EC2::SecurityGroupIngress": "free",
    "AWS::EC2::Subnet": "free",
    "AWS::EC2::SubnetRouteTableAssociation": "free",
    "AWS::EC2::VPC": "free",
    "AWS::EC2::VPCCidrBlock": "free",
    "AWS::EC2::VPCEndpoint": "free: a gateway endpoint",
    "AWS::EC2::VPCGatewayAttachment": "free",
    "AWS::IAM::InstanceProfile": "free",
    "AWS::IAM::Role": "free",
    "AWS::Logs::LogGroup": "billed by use, in the rows of logs",
    "AWS::RDS::DBClusterParameterGroup": "free",
    "AWS::RDS::DBParameterGroup": "free",
    "AWS::RDS::DBSubnetGroup": "free",
    "AWS::Route53::RecordSet": "free: the queries of aliases; the zone has its own row",
    "AWS::S3::Bucket": "billed by use, in the rows of S3: a bucket brought along costs the same",
    "AWS::S3::BucketPolicy": "free",
    "AWS::SES::EmailIdentity": "billed by use, in the row of mails",
    "AWS::SNS::Subscription": "billed with the topic",
    "AWS::SSM::Document": "free, and so is its use on EC2, says the Systems Manager user guide",
    "AWS::ServiceDiscovery::HttpNamespace": "free: it has no hosted zone",
    "AWS::ServiceDiscovery::Service": "billed with the entry and the look-ups",
}


def lines(month: Month) -> list[Line]:
    """Every row of a month's bill, the dearest first.

    Raises ValueError for a resource type that has neither a charge nor a reason to be free.
    """
    found = [*_by_resource(month), *_by_use(month)]
    return sorted(_added_up(found), key=lambda line: (-line.usd, line.what))


def _by_resource(month: Month) -> Iterator[Line]:
    for title, resource in month.rendered.resources.items():
        kind = resource["Type"]
        if kind in CHARGES:
            yield from CHARGES[kind](month, resource.get("Properties", {}))
        elif _is_paid(kind, resource):
            raise ValueError(f"no price for {title} ({kind}): add it to cost/charges.py")


def _is_paid(kind: str, resource: dict[str, Any]) -> bool:
    """Whether a type without a charge might cost something."""
    endpoint = resource.get("Properties", {}).get("VpcEndpointType", "Gateway")
    return kind not in FREE or endpoint != "Gateway"


def _by_use(month: Month) -> Iterator[Line]:
    """What costs by use, wherever it lies."""
    used = month.usage
    yield month.line("S3 storage, old versions too", used.bucket_gb, "s3.storage")
    yield month.line("S3 writes", used.bucket_writes / 1e3, "s3.writes")
    yield month.line("S3 reads", used.bucket_reads / 1e3, "s3.reads")
    yield month.line("Logs taken in", used.log_gb, "cloudwatch.ingestion")
    yield month.line("Logs kept", used.log_gb, "cloudwatch.storage")
    yield month.line("Snapshot of the image", use.IMAGE_GB, "ebs.snapshot", fixed=True)
    if month.rendered.parameters.get("HostedZoneId"):
        yield month.line("Route 53 hosted zone", 1, "route53.zone", fixed=True)
    if month.rendered.parameters.get("MailEnabled") == "true":
        yield month.line("SES mails", used.mails / 1e3, "ses.mails")


def _added_up(found: list[Line]) -> list[Line]:
    """Rows for the same thing as one."""
    whole: dict[str, Line] = {}
    for line in found:
        seen = whole.get(line.what)
        quantity = line.quantity + (seen.quantity if seen else 0.0)
        whole[line.what] = Line(line.what, quantity, line.price, line.fixed, line.free)
    return list(whole.values())

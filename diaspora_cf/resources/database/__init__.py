"""The database, of the kind that was chosen: closed in, and open to the pod alone."""

from __future__ import annotations

from dataclasses import dataclass

from troposphere import AWSHelperFn, Ref, Sub, ec2, rds

from ...parameters.database import RESTORES, USES_AURORA
from ...template.stack import Stack
from ..network import Network
from .aurora import add_cluster
from .postgresql import PORT, Place
from .rds_instance import add_instance


@dataclass(frozen=True)
class Database:
    """The database's handles: one kind's own, each there for its kind only, and what both have.

    ``machine`` is who answers: whoever refers to it comes after it. No ``DependsOn`` can say so,
    because each kind's machine is left out where the other was chosen.
    """

    cluster: Ref
    instance: Ref
    machine: AWSHelperFn
    endpoint: AWSHelperFn
    security_group: Ref


def add_database(stack: Stack, network: Network) -> Database:
    """Add a cluster with its one writer, or an instance, in the private subnets."""
    place = _add_place(stack, network)
    guard = _add_guard(stack, network)
    cluster, writer = add_cluster(stack, place, guard)
    instance = add_instance(stack, place, guard)
    return Database(
        cluster=cluster,
        instance=instance.machine,
        machine=stack.choose(USES_AURORA, writer.machine, instance.machine),
        endpoint=stack.choose(USES_AURORA, writer.endpoint, instance.endpoint),
        security_group=place.security_group,
    )


def add_database_access(stack: Stack, database: Database, client: Ref) -> str:
    """Let a client's security group connect; returns the rule's id.

    Its words name the machine, so that whoever waits for the rule waits for a database that
    answers. They are changed in place: a rule made anew would be taken for the one that goes.
    """
    rule = stack.add(
        ec2.SecurityGroupIngress(
            "DatabaseIngressFromPod",
            Description=Sub("PostgreSQL from the pod to ${Machine}", Machine=database.machine),
            GroupId=database.security_group,
            IpProtocol="tcp",
            FromPort=int(PORT),
            ToPort=int(PORT),
            SourceSecurityGroupId=client,
        )
    )
    return str(rule.title)


def _add_place(stack: Stack, network: Network) -> Place:
    security_group = stack.add(
        ec2.SecurityGroup(
            "DatabaseSecurityGroup",
            GroupDescription="Database: answers the pod, opens no connection itself",
            VpcId=network.vpc,
            SecurityGroupEgress=[_nothing()],
        )
    )
    subnets = stack.add(
        rds.DBSubnetGroup(
            "DatabaseSubnetGroup",
            DBSubnetGroupDescription="Private subnets of the database",
            SubnetIds=list(network.private),
        )
    )
    return Place(network.zones[0], Ref(subnets), Ref(security_group))


def _add_guard(stack: Stack, network: Network) -> str:
    """Make answers fail that would make another database, an empty one; returns the guard's id.

    Both databases wait for it. What describes a security group cannot be changed, so that another
    answer asks for another group, of the same name: CloudFormation replaces nothing that was given
    a name, and a VPC has each name once. Nobody wears it.
    """
    guard = stack.add(
        ec2.SecurityGroup(
            "DatabaseForLife",
            GroupName="The database of this stack is for life",
            GroupDescription=Sub(
                "${DatabaseKind} ${Begun} ${DatabaseUsernameKey}:${DatabaseUsernameVersion}",
                Begun=stack.choose(RESTORES, "restored", "new"),
            ),
            VpcId=network.vpc,
            SecurityGroupEgress=[_nothing()],
        )
    )
    return str(guard.title)


def _nothing() -> ec2.SecurityGroupRule:
    """Without any rule EC2 allows everything outbound."""
    return ec2.SecurityGroupRule(Description="Nothing", IpProtocol="-1", CidrIp="127.0.0.1/32")

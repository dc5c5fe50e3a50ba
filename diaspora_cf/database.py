"""Aurora PostgreSQL Serverless v2, which falls asleep when nobody is connected."""

from __future__ import annotations

from dataclasses import dataclass

from troposphere import GetAtt, NoValue, Ref, Sub, ec2, rds

from .network import Network
from .parameters.database import (
    BACKUP_RETENTION_DAYS,
    DATABASE_DELETION_PROTECTION,
    DATABASE_MAX_CAPACITY,
    DATABASE_MIN_CAPACITY,
    DATABASE_PASSWORD_KEY,
    DATABASE_PASSWORD_VERSION,
    DATABASE_SNAPSHOT,
    DATABASE_USERNAME_KEY,
    DATABASE_USERNAME_VERSION,
    MAY_SLEEP,
    RESTORES,
)
from .stack import Stack

ENGINE = "aurora-postgresql"
# A long-term support version: AWS patches it until February 2030 (its release calendar).
ENGINE_VERSION = "17.7"
PARAMETER_GROUP_FAMILY = "aurora-postgresql17"
DATABASE_NAME = "diaspora_production"
# Said to the cluster too: CloudFormation's handler gives a cluster without one 3306, PostgreSQL's
# included (aws-cloudformation-resource-providers-rds, ModelAdapter of the DBCluster).
PORT = "5432"
# Of the authorities that the image believes; by default it is the one that the account has chosen.
AUTHORITY = "rds-ca-rsa2048-g1"
# The least that Aurora accepts; every wake costs this pause on top of its own seconds.
SECONDS_UNTIL_PAUSE = 300


@dataclass(frozen=True)
class Database:
    """The cluster's handles; ``ready`` names what must be there before a connection succeeds."""

    cluster: Ref
    endpoint: GetAtt
    security_group: Ref
    ready: tuple[str, ...]


def add_database(stack: Stack, network: Network) -> Database:
    """Add the cluster with its one writer, in the private subnets."""
    security_group = _add_security_group(stack, network)
    cluster = _add_cluster(stack, network, security_group)
    writer = _add_writer(stack, network, cluster)
    return Database(
        cluster=Ref(cluster),
        endpoint=GetAtt(cluster, "Endpoint.Address"),
        security_group=Ref(security_group),
        # The endpoint's name exists before anything listens there.
        ready=(writer.title,),
    )


def add_database_access(stack: Stack, database: Database, client: Ref) -> str:
    """Let a client's security group connect; returns the rule's id."""
    rule = stack.add(
        ec2.SecurityGroupIngress(
            "DatabaseIngressFromPod",
            Description="PostgreSQL from the pod",
            GroupId=database.security_group,
            IpProtocol="tcp",
            FromPort=int(PORT),
            ToPort=int(PORT),
            SourceSecurityGroupId=client,
        )
    )
    return str(rule.title)


def _add_security_group(stack: Stack, network: Network) -> ec2.SecurityGroup:
    return stack.add(
        ec2.SecurityGroup(
            "DatabaseSecurityGroup",
            GroupDescription="Database: answers the pod, opens no connection itself",
            VpcId=network.vpc,
            # Without any rule EC2 allows everything outbound.
            SecurityGroupEgress=[
                ec2.SecurityGroupRule(Description="Nothing", IpProtocol="-1", CidrIp="127.0.0.1/32")
            ],
        )
    )


def _add_cluster(
    stack: Stack, network: Network, security_group: ec2.SecurityGroup
) -> rds.DBCluster:
    subnets = stack.add(
        rds.DBSubnetGroup(
            "DatabaseSubnetGroup",
            DBSubnetGroupDescription="Private subnets of the database",
            SubnetIds=list(network.private),
        )
    )
    parameters = stack.add(
        rds.DBClusterParameterGroup(
            "DatabaseParameterGroup",
            Description="TLS or nothing",
            Family=PARAMETER_GROUP_FAMILY,
            Parameters={"rds.force_ssl": "1"},
        )
    )
    return stack.add(
        rds.DBCluster(
            "DatabaseCluster",
            Metadata=_LINT_EXCEPTION,
            DeletionPolicy="Snapshot",
            UpdateReplacePolicy="Snapshot",
            Engine=ENGINE,
            EngineVersion=ENGINE_VERSION,
            # By default a version whose time is over goes on at a price for each ACU-hour.
            EngineLifecycleSupport="open-source-rds-extended-support-disabled",
            Port=int(PORT),
            **_contents(stack),
            ServerlessV2ScalingConfiguration=_scaling(stack),
            BackupRetentionPeriod=BACKUP_RETENTION_DAYS.ref,
            CopyTagsToSnapshot=True,
            DeletionProtection=DATABASE_DELETION_PROTECTION.ref,
            DBSubnetGroupName=Ref(subnets),
            DBClusterParameterGroupName=Ref(parameters),
            VpcSecurityGroupIds=[Ref(security_group)],
        )
    )


_LINT_EXCEPTION = {
    "cfn-lint": {
        "config": {
            "ignore_checks": [
                # Asks for MasterUsername beside MasterUserPassword. A restored cluster takes the
                # user from its snapshot, and the password from here, in a second step.
                "E3021",
            ]
        }
    }
}


def _contents(stack: Stack) -> dict[str, object]:
    """Where user, password and data come from: the answers, or a snapshot.

    The secrets' versions are pinned: an unpinned one would change under the stack's feet, at
    whichever update comes next. What a snapshot brings along must not be given beside it.
    """
    return {
        "SnapshotIdentifier": stack.choose(RESTORES, DATABASE_SNAPSHOT.ref),
        "DatabaseName": stack.choose(RESTORES, NoValue, DATABASE_NAME),
        "StorageEncrypted": stack.choose(RESTORES, NoValue, True),
        "MasterUsername": stack.choose(
            RESTORES,
            NoValue,
            _resolve("ssm", DATABASE_USERNAME_KEY.name, DATABASE_USERNAME_VERSION.name),
        ),
        "MasterUserPassword": _resolve(
            "ssm-secure", DATABASE_PASSWORD_KEY.name, DATABASE_PASSWORD_VERSION.name
        ),
    }


def _resolve(service: str, key: str, version: str) -> Sub:
    return Sub(f"{{{{resolve:{service}:${{{key}}}:${{{version}}}}}}}")


def _scaling(stack: Stack) -> rds.ServerlessV2ScalingConfiguration:
    return rds.ServerlessV2ScalingConfiguration(
        MinCapacity=DATABASE_MIN_CAPACITY.ref,
        MaxCapacity=DATABASE_MAX_CAPACITY.ref,
        # Refused beside any other minimum than 0.
        SecondsUntilAutoPause=stack.choose(MAY_SLEEP, SECONDS_UNTIL_PAUSE),
    )


def _add_writer(stack: Stack, network: Network, cluster: rds.DBCluster) -> rds.DBInstance:
    return stack.add(
        rds.DBInstance(
            "DatabaseWriter",
            # It holds no data: the cluster does. CloudFormation refuses Snapshot on a member.
            DeletionPolicy="Delete",
            UpdateReplacePolicy="Delete",
            DBClusterIdentifier=Ref(cluster),
            DBInstanceClass="db.serverless",
            Engine=ENGINE,
            AvailabilityZone=network.zone,
            CACertificateIdentifier=AUTHORITY,
            PubliclyAccessible=False,
            # A minor upgrade would leave the long-term support version.
            AutoMinorVersionUpgrade=False,
        )
    )

"""Aurora PostgreSQL Serverless v2, which falls asleep when nobody is connected."""

from __future__ import annotations

from troposphere import GetAtt, Ref, rds

from ...parameters.database import (
    DATABASE_MAX_CAPACITY,
    DATABASE_MIN_CAPACITY,
    DATABASE_SNAPSHOT,
    MAY_SLEEP,
    RESTORES,
    USES_AURORA,
)
from ...template.stack import Stack
from .postgresql import (
    AUTHORITY,
    DATABASE_NAME,
    PORT,
    TLS_OR_NOTHING,
    Place,
    Server,
    keeping,
    unless_restored,
)

ENGINE = "aurora-postgresql"
# A long-term support version: AWS patches it until February 2030 (its release calendar).
ENGINE_VERSION = "17.7"
PARAMETER_GROUP_FAMILY = "aurora-postgresql17"
# The least that Aurora accepts; every wake costs this pause on top of its own seconds.
SECONDS_UNTIL_PAUSE = 300


def add_cluster(stack: Stack, place: Place, guard: str) -> tuple[Ref, Server]:
    """Add the cluster, after its guard, with its one writer; returns the cluster and who answers.

    The endpoint's name exists before anything listens there: the writer does.
    """
    cluster = _add_cluster(stack, place, guard)
    writer = _add_writer(stack, place, cluster)
    return Ref(cluster), Server(Ref(writer), GetAtt(cluster, "Endpoint.Address"))


def _add_cluster(stack: Stack, place: Place, guard: str) -> rds.DBCluster:
    parameters = stack.add(
        rds.DBClusterParameterGroup(
            "DatabaseParameterGroup",
            Condition=stack.when(USES_AURORA),
            Description="TLS or nothing",
            Family=PARAMETER_GROUP_FAMILY,
            Parameters=TLS_OR_NOTHING,
        )
    )
    return stack.add(
        rds.DBCluster(
            "DatabaseCluster",
            Condition=stack.when(USES_AURORA),
            DependsOn=guard,
            Metadata=_LINT_EXCEPTION,
            Engine=ENGINE,
            EngineVersion=ENGINE_VERSION,
            Port=int(PORT),
            SnapshotIdentifier=stack.choose(RESTORES, DATABASE_SNAPSHOT.ref),
            DatabaseName=unless_restored(stack, DATABASE_NAME),
            **keeping(stack),
            ServerlessV2ScalingConfiguration=_scaling(stack),
            DBSubnetGroupName=place.subnets,
            DBClusterParameterGroupName=Ref(parameters),
            VpcSecurityGroupIds=[place.security_group],
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


def _scaling(stack: Stack) -> rds.ServerlessV2ScalingConfiguration:
    return rds.ServerlessV2ScalingConfiguration(
        MinCapacity=DATABASE_MIN_CAPACITY.ref,
        MaxCapacity=DATABASE_MAX_CAPACITY.ref,
        # Refused beside any other minimum than 0.
        SecondsUntilAutoPause=stack.choose(MAY_SLEEP, SECONDS_UNTIL_PAUSE),
    )


def _add_writer(stack: Stack, place: Place, cluster: rds.DBCluster) -> rds.DBInstance:
    return stack.add(
        rds.DBInstance(
            "DatabaseWriter",
            Condition=stack.when(USES_AURORA),
            # It holds no data: the cluster does. CloudFormation refuses Snapshot on a member.
            DeletionPolicy="Delete",
            UpdateReplacePolicy="Delete",
            DBClusterIdentifier=Ref(cluster),
            DBInstanceClass="db.serverless",
            Engine=ENGINE,
            AvailabilityZone=place.zone,
            CACertificateIdentifier=AUTHORITY,
            PubliclyAccessible=False,
            # A minor upgrade would leave the long-term support version.
            AutoMinorVersionUpgrade=False,
        )
    )
